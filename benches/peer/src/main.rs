//! The h5 crate as a peer of the bench: read workloads R1 to R8.

use std::path::Path;

use bench_core::*;
use h5::format::message::link::Target;
use h5::{Attribute, File, Group, H5Type, Node, OpenOptions, Value};

#[derive(Clone, H5Type)]
struct Row {
    id: i64,
    t: f64,
    x: f32,
    y: f32,
    k: i32,
    flag: u8,
    q: u8,
    lvl: u16,
    tag: [u8; 8],
}

struct Ours;

/// One thread unless `H5_PAR` is set: the other peers have one, too.
fn open(path: &Path) -> Res<File> {
    Ok(OpenOptions::new().parallel(std::env::var_os("H5_PAR").is_some()).open(path)?)
}

fn tally(attributes: Vec<Attribute>, out: &mut Tally) -> Res<()> {
    for a in attributes {
        let name = a.name();
        let values = a.read::<Value>()?;
        match values.first() {
            Some(Value::Integer(v)) => out.int(&name, *v),
            Some(Value::Unsigned(v)) => out.int(&name, *v as i64),
            Some(Value::String(s)) => out.text(&name, s),
            Some(Value::Float(v)) if values.ndim() == 0 => out.float(&name, *v),
            Some(Value::Float(_)) => {
                let all: Vec<f64> = values.iter().filter_map(|v| if let Value::Float(f) = v { Some(*f) } else { None }).collect();
                out.floats(&name, &all);
            }
            other => return Err(format!("attribute {name}: {other:?}").into()),
        }
    }
    Ok(())
}

fn walk(group: &Group, out: &mut Tally) -> Res<()> {
    for link in group.links()? {
        if !matches!(link.target, Target::Hard(_)) {
            continue;
        }
        out.object(&String::from_utf8_lossy(&link.name));
        match group.follow(&link)? {
            Some(Node::Group(g)) => {
                tally(g.attributes()?, out)?;
                walk(&g, out)?;
            }
            Some(Node::Dataset(d)) => tally(d.attributes()?, out)?,
            _ => {}
        }
    }
    Ok(())
}

impl Peer for Ours {
    fn name(&self) -> String {
        if std::env::var_os("H5_PAR").is_some() { "h5+par" } else { "h5" }.into()
    }
    fn probe(&mut self, path: &Path, dataset: &str, kind: &str) -> Res<Vec<u8>> {
        let d = open(path)?.dataset(dataset)?;
        Ok(if kind == "str" { join(&d.read_raw::<String>()?) } else { d.read_stored(&h5::Selection::All)? })
    }
    fn r1(&mut self, path: &Path) -> Res<Deferred> {
        let v = open(path)?.dataset("x")?.read_raw::<f64>()?;
        Ok(Box::new(move || sum_f64(&v)))
    }
    fn r2(&mut self, path: &Path, _: &Sizes) -> Res<Deferred> {
        let v = open(path)?.dataset("x")?.read_raw::<f32>()?;
        Ok(Box::new(move || sum_f32(&v)))
    }
    fn r3(&mut self, path: &Path, starts: &[[usize; 3]], count: [usize; 3]) -> Res<Deferred> {
        let d = open(path)?.dataset("x")?;
        let mut out = Vec::new();
        for [a, b, c] in starts {
            let slab = d.read_slice::<f32, _>(h5::ndarray::s![*a..a + count[0], *b..b + count[1], *c..c + count[2]])?;
            out.extend_from_slice(slab.as_slice().ok_or("not contiguous")?);
        }
        Ok(Box::new(move || sum_f32(&out)))
    }
    fn r4(&mut self, path: &Path) -> Res<Tally> {
        let mut out = Tally::default();
        walk(&open(path)?.root()?, &mut out)?;
        Ok(out)
    }
    fn r5(&mut self, path: &Path) -> Res<Deferred> {
        let v = open(path)?.dataset("s")?.read_raw::<String>()?;
        Ok(Box::new(move || {
            let mut sum = ByteSum::default();
            v.iter().for_each(|s| sum.item(s.as_bytes()));
            sum.get()
        }))
    }
    fn r6(&mut self, path: &Path) -> Res<Deferred> {
        let rows = open(path)?.dataset("t")?.read_raw::<Row>()?;
        Ok(Box::new(move || {
            let mut raw = Vec::with_capacity(rows.len() * ROW_SIZE);
            for r in &rows {
                raw.extend_from_slice(&r.id.to_le_bytes());
                raw.extend_from_slice(&r.t.to_le_bytes());
                raw.extend_from_slice(&r.x.to_le_bytes());
                raw.extend_from_slice(&r.y.to_le_bytes());
                raw.extend_from_slice(&r.k.to_le_bytes());
                raw.extend_from_slice(&[r.flag, r.q]);
                raw.extend_from_slice(&r.lvl.to_le_bytes());
                raw.extend_from_slice(&r.tag);
            }
            sum_rows(&raw)
        }))
    }
    fn r6b(&mut self, path: &Path) -> Res<Deferred> {
        let t = open(path)?.dataset("t")?.read_field::<f64>("t")?;
        Ok(Box::new(move || sum_f64(t.as_slice().unwrap_or_default())))
    }
    fn r7(&mut self, path: &Path, points: &[[usize; 2]]) -> Res<Deferred> {
        let d = open(path)?.dataset("x")?;
        let mut out = Vec::new();
        for [a, b] in points {
            let one = d.read_slice::<f32, _>(h5::ndarray::s![*a..a + 1, *b..b + 1])?;
            out.extend(one.first());
        }
        Ok(Box::new(move || sum_f32(&out)))
    }
    fn r8(&mut self, path: &Path) -> Res<f64> {
        Ok(open(path)?.dataset("x")?.attribute("gain")?.read_scalar::<f64>()?)
    }
}

fn main() {
    main_with(Box::new(Ours))
}
