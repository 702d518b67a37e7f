//! The h5 crate as a peer of the bench: workloads R1 to R8 and W1 to W6.

use std::path::Path;

use bench_core::*;
use h5::format::message::link::Target;
use h5::ndarray::ArrayView1;
use h5::{Attribute, CharSet, Datatype, File, Group, H5Type, Node, OpenOptions, StringPadding, Value};

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

fn create(path: &Path) -> Res<File> {
    Ok(OpenOptions::new().parallel(std::env::var_os("H5_PAR").is_some()).create(path)?)
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
    fn w1(&mut self, path: &Path, data: &[f64]) -> Res<()> {
        let file = create(path)?;
        file.root()?.write_dataset("x", &ArrayView1::from(data))?;
        Ok(file.close()?)
    }
    fn w2(&mut self, path: &Path, s: &Sizes, data: &[f32]) -> Res<()> {
        let file = create(path)?;
        let root = file.root()?;
        let new = root.new_dataset::<f32>().shape(s.r2_shape.map(|n| n as u64)).chunk(s.r2_chunk.map(|n| n as u64));
        new.shuffle().deflate(4).create("x")?.write_raw(data)?;
        Ok(file.close()?)
    }
    fn w3(&mut self, path: &Path, s: &Sizes) -> Res<()> {
        let file = create(path)?;
        let root = file.root()?;
        let d = root.new_dataset::<f64>().shape([0]).resizable().chunk([s.w3_chunk as u64]).create("x")?;
        for i in 0..s.w3_rows {
            d.append(0, &[w3_value(i)])?;
        }
        Ok(file.close()?)
    }
    fn w3b(&mut self, path: &Path, s: &Sizes) -> Res<()> {
        let file = create(path)?;
        let root = file.root()?;
        let frame = FRAME as u64;
        let new = root.new_dataset::<u16>().shape([0, frame, frame]).max_shape([None, Some(frame), Some(frame)]);
        let d = new.chunk([1, frame, frame]).create("x")?;
        let mut buffer = vec![0; FRAME * FRAME];
        for k in 0..s.w3b_frames {
            w3b_frame(k, &mut buffer);
            d.append(0, &buffer)?;
            if k % 100 == 99 {
                file.commit()?;
            }
        }
        Ok(file.close()?)
    }
    fn w4(&mut self, path: &Path, s: &Sizes) -> Res<()> {
        let file = create(path)?;
        let root = file.root()?;
        let d = root.new_dataset::<Vec<u8>>().shape([0]).resizable().chunk([1024]).create("x")?;
        let mut row = vec![Vec::new()];
        for i in 0..s.w4_rows {
            w4_row(i, &mut row[0]);
            d.append(0, &row)?;
        }
        Ok(file.close()?)
    }
    fn w5(&mut self, path: &Path, s: &Sizes) -> Res<()> {
        let file = create(path)?;
        let root = file.root()?;
        for i in 0..s.w5_groups {
            let g = root.create_group(&format!("g{i:06}"))?;
            g.set_attribute("i", &(i as i64))?;
            g.set_attribute("f", &(i as f64 * 0.5))?;
            let a: Vec<f64> = (0..4).map(|j| (i + j) as f64).collect();
            g.new_attribute("a").list(&a)?;
            g.set_attribute_str("n", &format!("sonde é {i}"))?;
            g.new_attribute("u").datatype(Datatype::fixed_string(2, StringPadding::NullPadded, CharSet::Ascii)?).stored(&[], b"mm")?;
        }
        Ok(file.close()?)
    }
    fn w6(&mut self, path: &Path, s: &Sizes) -> Res<()> {
        let file = OpenOptions::new().parallel(std::env::var_os("H5_PAR").is_some()).open_rw(path)?;
        for i in 0..s.w6_attrs {
            file.dataset(&format!("d{i}"))?.set_attribute("gain", &(i as f64 * 2.0))?;
        }
        let add: Vec<f64> = (0..100).map(|i| i as f64).collect();
        for i in 0..s.w6_appends {
            file.dataset(&format!("d{i}"))?.append(0, &add)?;
        }
        Ok(file.close()?)
    }
}

fn main() {
    main_with(Box::new(Ours))
}
