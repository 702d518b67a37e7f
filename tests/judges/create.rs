//! What we write, read by libhdf5: every bound, datatype, layout, index, filter, kind of link and attribute.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use h5::api::group::Node;
use h5::filter::stages::{Bits, BloscCodec, SzipCoding};
use h5::format::selection::StoredSelection;
use h5::model::reference::Part;
use h5::ndarray::{ArrayD, IxDyn};
use h5::{
    Bound, ByteOrder, Dataset, DatasetBuilder, Datatype, File, FilterStage, Group, OpenOptions, Reference,
    ReferenceKind, Selection, Span, Value,
};
use serde_json::{Value as Json, json};

use crate::dump::{compare_dumps, dump, listed, paths};
use crate::foreign::{agrees, ask, compare, dump_refuses, folder, settle};
use crate::kinds::{self, Kind};

/// A file that was made, and what is in it.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bound: Bound,
    /// Values by path, as [`dump`] lists them.
    pub(crate) written: Json,
}

impl Made {
    /// Whether libhdf5 1.10 and 1.14 are to read it.
    pub(crate) fn is_for_old(&self) -> bool {
        self.bound < Bound::V200
    }
    /// Whether h5dump 1.10 is to read all of it.
    pub(crate) fn is_for_dump(&self) -> bool {
        self.is_for_old() && !self.name.starts_with("plugins")
    }
    /// Whether the libhdf5 of PyTables is: it has no szip.
    pub(crate) fn is_for_tables(&self) -> bool {
        self.is_for_dump() && !self.name.starts_with("szip")
    }
}

/// A value that was written: path, attribute, dimensions, values.
type Written = (String, Option<String>, Option<Vec<u64>>, Vec<Value>);

/// Makes a file and keeps what it writes.
struct Maker {
    file: File,
    root: Group,
    bound: Bound,
    written: Vec<Written>,
}

fn same(builder: DatasetBuilder) -> DatasetBuilder {
    builder
}

fn array(dims: &[u64], values: &[Value]) -> ArrayD<Value> {
    let dims: Vec<usize> = dims.iter().map(|d| *d as usize).collect();
    ArrayD::from_shape_vec(IxDyn(&dims), values.to_vec()).unwrap()
}

impl Maker {
    fn dataset(
        &mut self,
        path: &str,
        datatype: &Datatype,
        dims: &[u64],
        value: &dyn Fn(usize) -> Value,
        with: impl FnOnce(DatasetBuilder) -> DatasetBuilder,
    ) -> Dataset {
        let values: Vec<Value> = (0..dims.iter().product::<u64>() as usize).map(value).collect();
        let builder = with(self.root.new_dataset_of(datatype.clone()).shape(dims));
        let dataset = builder.create(path).unwrap_or_else(|e| panic!("{e}"));
        dataset.write(&array(dims, &values)).unwrap_or_else(|e| panic!("{e}"));
        assert!(dataset.datatype().same_as(datatype), "{path}: {}", dataset.datatype().describe());
        self.written.push((format!("/{path}"), None, Some(dims.to_vec()), values));
        dataset
    }
    /// Says what a dataset holds that was written in another way.
    fn says(&mut self, path: &str, dims: &[u64], value: &dyn Fn(usize) -> Value) {
        let values: Vec<Value> = (0..dims.iter().product::<u64>() as usize).map(value).collect();
        self.written.retain(|(p, a, ..)| p.trim_start_matches('/') != path || a.is_some());
        self.written.push((format!("/{path}"), None, Some(dims.to_vec()), values));
    }
    fn attribute(
        &mut self,
        path: &str,
        name: &str,
        datatype: &Datatype,
        dims: &[u64],
        value: &dyn Fn(usize) -> Value,
    ) {
        let values: Vec<Value> = (0..dims.iter().product::<u64>() as usize).map(value).collect();
        let node = self.root.get(path).unwrap().unwrap();
        let new = match &node {
            Node::Group(g) => g.new_attribute(name),
            Node::Dataset(d) => d.new_attribute(name),
            Node::Type(t) => t.new_attribute(name),
            _ => panic!("{path}"),
        };
        let new = new.datatype(datatype.clone());
        match dims {
            [] => new.value(&values[0]),
            dims => new.array(&array(dims, &values)),
        }
        .unwrap_or_else(|e| panic!("{e}"));
        self.keep_attribute(path, name, Some(dims), values);
    }
    fn keep_attribute(&mut self, path: &str, name: &str, dims: Option<&[u64]>, values: Vec<Value>) {
        self.forget_attribute(path, name);
        let path = path.to_string();
        self.written.push((path, Some(name.to_string()), dims.map(<[u64]>::to_vec), values));
    }
    fn forget_attribute(&mut self, path: &str, name: &str) {
        self.written.retain(|(p, a, ..)| p != path || a.as_deref() != Some(name));
    }
    /// Closes the file; gives what is in it.
    fn finish(self) -> Json {
        let paths = paths(&self.file);
        let mut out = json!({});
        for (path, attribute, dims, values) in &self.written {
            let listed = listed(dims.as_deref(), values, &paths);
            if out.get(path).is_none() {
                out[path] = json!({"attributes": {}});
            }
            match attribute {
                Some(name) => out[path]["attributes"][name] = listed,
                None => out[path]["value"] = listed,
            }
        }
        self.file.close().unwrap();
        out
    }
}

/// Every datatype: contiguous, compact, in filtered chunks that grew.
fn types(m: &mut Maker) {
    for Kind { name, datatype, value } in kinds::all(m.bound) {
        m.dataset(&format!("contiguous/{name}"), &datatype, &[7], &value, same);
        m.dataset(&format!("scalar/{name}"), &datatype, &[], &|_| value(3), same);
        m.dataset(&format!("compact/{name}"), &datatype, &[2, 3], &value, DatasetBuilder::compact);
        let path = format!("chunked/{name}");
        let d = m.dataset(&path, &datatype, &[5], &value, |b| b.resizable().chunk([4]).shuffle().deflate(6));
        d.append(0, &(5..11).map(&value).collect::<Vec<_>>()).unwrap();
        m.says(&path, &[11], &value);
    }
    references(m);
}

/// Every datatype as attributes of one and of many values.
fn typed_attributes(m: &mut Maker) {
    m.root.create_group("attributes").unwrap();
    for Kind { name, datatype, value } in kinds::all(m.bound) {
        m.attribute("/attributes", &format!("{name} one"), &datatype, &[], &|_| value(2));
        m.attribute("/attributes", &format!("{name} many"), &datatype, &[2, 2], &value);
    }
}

type References = (&'static str, ReferenceKind, Box<dyn Fn(usize) -> Value>);

fn references(m: &mut Maker) {
    let int = kinds::integer(4, true, ByteOrder::Little);
    let target = m.dataset("target", &int, &[10, 20], &|i| Value::Integer(i as i64), same);
    let group = m.root.create_group("target group").unwrap();
    let whole = |object| Value::Reference(Reference::To { object, file: None, part: Part::Whole });
    let (a, b) = (target.address(), group.address());
    let object = move |i: usize| match i % 3 {
        0 => whole(a),
        1 => Value::Reference(Reference::Null),
        _ => whole(b),
    };
    let region = move |i: usize| {
        let span = |start, stride, count, block| Span { start, stride, count, block };
        let selection = match i % 4 {
            0 => StoredSelection::Regular(vec![span(1, 3, 2, 2), span(4, 1, 1, 5)]),
            1 => StoredSelection::Points { rank: 2, coordinates: vec![1, 2, 9, 19, 0, 0] },
            2 => StoredSelection::All,
            _ => return Value::Reference(Reference::Null),
        };
        Value::Reference(Reference::To { object: a, file: None, part: Part::Region(Ok(selection)) })
    };
    let mut all: Vec<References> = vec![
        ("objects", ReferenceKind::OldObject, Box::new(object)),
        ("regions", ReferenceKind::OldRegion, Box::new(region)),
    ];
    if m.bound == Bound::V200 {
        all.push(("wide new objects", ReferenceKind::Object, Box::new(object)));
        all.push(("wide new regions", ReferenceKind::Region, Box::new(region)));
    }
    for (name, kind, value) in all {
        let datatype = Datatype::reference(kind);
        m.dataset(&format!("references/{name}"), &datatype, &[6], &value, same);
        let path = format!("references/{name} chunked");
        m.dataset(&path, &datatype, &[5], &value, |b| b.resizable().chunk([2]).deflate(1));
        m.attribute("/references", name, &datatype, &[3], &value);
        let (list, row) = (
            Datatype::vlen(datatype.clone()),
            Datatype::compound(&[("n", kinds::integer(2, true, ByteOrder::Little)), ("to", datatype)]),
        );
        m.dataset(
            &format!("references/wide list of {name}"),
            &list,
            &[3],
            &|i| Value::Sequence((0..i).map(&value).collect()),
            same,
        );
        let member =
            |i: usize| Value::Compound(vec![("n".into(), Value::Integer(i as i64)), ("to".into(), value(i))]);
        m.dataset(&format!("references/row of {name}"), &row.unwrap(), &[4], &member, same);
    }
}

/// Extents, maximum dimensions and chunks, by the kind of index that 1.10 takes for them.
type Extent = (&'static str, &'static [u64], &'static [Option<u64>], &'static [u64]);
const INDEXES: [Extent; 9] = [
    ("single", &[6, 7], &[Some(6), Some(7)], &[6, 7]),
    ("fixed", &[11, 7], &[Some(40), Some(7)], &[4, 3]),
    ("fixed paged", &[1100], &[Some(1100)], &[1]),
    ("extensible", &[11, 7], &[None, Some(7)], &[4, 3]),
    ("extensible across", &[7, 11], &[Some(7), None], &[3, 4]),
    ("extensible long", &[1300], &[None], &[1]),
    ("tree", &[11, 7], &[None, None], &[4, 3]),
    ("tree large", &[30, 20], &[None, None], &[1, 1]),
    ("rank 5", &[2, 3, 2, 3, 4], &[Some(2), None, Some(2), Some(3), Some(9)], &[1, 2, 2, 2, 3]),
];

fn layouts(m: &mut Maker) {
    let int = kinds::integer(4, true, ByteOrder::Little);
    let float = Datatype::float(8, ByteOrder::Big).unwrap();
    let text = Datatype::var_string(h5::CharSet::Utf8);
    let number = |i: usize| Value::Integer(i as i64 - 5);
    let real = |i: usize| Value::Float(i as f64 / 8.0);
    let word = |i: usize| Value::String(format!("word {i}"));
    for (name, dims, max, chunk) in INDEXES {
        let with = |b: DatasetBuilder| b.max_shape(max).chunk(chunk);
        m.dataset(&format!("int {name}"), &int, dims, &number, with);
        m.dataset(&format!("filtered {name}"), &int, dims, &number, |b| with(b).shuffle().deflate(3));
        if dims.iter().product::<u64>() < 500 {
            m.dataset(&format!("float {name}"), &float, dims, &real, |b| with(b).fletcher32());
            m.dataset(&format!("text {name}"), &text, dims, &word, with);
            let edges = |b| with(b).deflate(3).edges_unfiltered();
            m.dataset(&format!("edges {name}"), &int, dims, &number, edges);
            m.dataset(&format!("early {name}"), &int, dims, &number, |b| with(b).allocate_early());
        }
        // Only some chunks are written, the rest reads as the fill value.
        let path = format!("partly {name}");
        let filled = with(m.root.new_dataset_of(int.clone()).shape(dims)).fill_value(-7i32);
        let d = filled.deflate(1).create(&path).unwrap();
        let spans: Vec<Span> = dims.iter().map(|n| Span::range(n / 2, 1)).collect();
        d.write_selected(&Selection::Slab(spans), &[42i32]).unwrap();
        let place = dims.iter().fold(0, |at, n| at * n + n / 2) as usize;
        m.says(&path, dims, &move |i| Value::Integer(if i == place { 42 } else { -7 }));
    }
    let implicit = |b: DatasetBuilder| b.chunk([4, 3]).allocate_early().fill_value(9i32);
    m.dataset("implicit", &int, &[11, 7], &number, implicit);
    m.root.new_dataset_of(int.clone()).shape([9, 5]).chunk([4, 3]).allocate_early().create("zeros").unwrap();
    m.says("zeros", &[9, 5], &|_| Value::Integer(0));
    m.dataset("compact", &float, &[3, 5], &real, DatasetBuilder::compact);
    m.dataset("contiguous", &float, &[3, 5], &real, DatasetBuilder::contiguous);
    let filled = m.root.new_dataset_of(int.clone()).shape([6]).fill_value(13i32);
    filled.create("unwritten").unwrap();
    m.says("unwritten", &[6], &|_| Value::Integer(13));
    m.root
        .new_dataset_of(int.clone())
        .shape([6])
        .fill_value(13i32)
        .allocate_early()
        .create("filled")
        .unwrap();
    m.says("filled", &[6], &|_| Value::Integer(13));
    m.dataset("never filled", &int, &[6], &number, |b| b.fill_value(13i32).fill_never());
    m.root
        .new_dataset_of(text.clone())
        .shape([3])
        .fill_value("leer".to_string())
        .create("text fill")
        .unwrap();
    m.says("text fill", &[3], &|_| Value::String("leer".into()));
    m.root.new_dataset_of(int.clone()).shape([0, 4]).resizable().create("empty").unwrap();
    m.says("empty", &[0, 4], &number);
    m.root.new_dataset_of(int.clone()).null().create("null").unwrap();
    m.written.push(("/null".into(), None, None, Vec::new()));
    m.dataset("scalar", &int, &[], &number, same);
    // Shrunk, and grown again.
    let d = m.dataset("resized", &int, &[11, 7], &number, |b| b.max_shape([None, None]).chunk([4, 3]));
    d.resize([5, 4]).unwrap();
    d.resize([6, 8]).unwrap();
    m.says("resized", &[6, 8], &|i| match (i / 8, i % 8) {
        (r @ 0..5, c @ 0..4) => number(r * 7 + c),
        _ => Value::Integer(0),
    });
    let (one, two) = (external_name(m, "a"), external_name(m, "b"));
    let parts = [(one.as_str(), 16, Some(40)), (two.as_str(), 0, None)];
    m.dataset("external", &int, &[30], &number, |b| b.external(&parts));
}

/// The name of a file of raw data beside the file.
fn external_name(m: &Maker, which: &str) -> String {
    let stem = m.file.path().unwrap().file_stem().unwrap().to_string_lossy().into_owned();
    format!("{stem}-{which}.raw")
}

type Filters = Vec<FilterStage>;

fn standard_filters() -> Vec<(&'static str, Filters)> {
    use FilterStage as F;
    vec![
        ("deflate", vec![F::deflate(9)]),
        ("shuffle deflate", vec![F::shuffle(), F::deflate(1)]),
        ("fletcher", vec![F::fletcher32()]),
        ("nbit", vec![F::nbit()]),
        ("nbit deflate", vec![F::nbit(), F::deflate(6)]),
        ("scale", vec![F::scale_offset_integer(0)]),
        ("all", vec![F::shuffle(), F::deflate(6), F::fletcher32()]),
    ]
}

fn szip_filters() -> Vec<(&'static str, Filters)> {
    use FilterStage as F;
    vec![
        ("szip nn", vec![F::szip(SzipCoding::NearestNeighbour, 8)]),
        ("szip ec", vec![F::szip(SzipCoding::Entropy, 4)]),
    ]
}

fn plugin_filters() -> Vec<(&'static str, Filters)> {
    use FilterStage as F;
    vec![
        ("lzf", vec![F::lzf()]),
        ("shuffle lzf", vec![F::shuffle(), F::lzf()]),
        ("lz4", vec![F::lz4()]),
        ("zstd", vec![F::zstd(3)]),
        ("bzip2", vec![F::bzip2(9)]),
        ("blosc lz4", vec![F::blosc(BloscCodec::Lz4, 5, true)]),
        ("blosc zlib", vec![F::blosc(BloscCodec::Zlib, 9, false)]),
        ("bitshuffle", vec![F::bitshuffle(Bits::Plain)]),
        ("bitshuffle lz4", vec![F::bitshuffle(Bits::Lz4)]),
        ("bitshuffle zstd", vec![F::bitshuffle(Bits::Zstd)]),
        ("all", vec![F::shuffle(), F::zstd(1), F::fletcher32()]),
    ]
}

fn filtered(m: &mut Maker, filters: Vec<(&str, Filters)>) {
    use ByteOrder::{Big, Little};
    let numbers = [
        ("u1", kinds::integer(1, false, Little)),
        ("i2be", kinds::integer(2, true, Big)),
        ("i4", kinds::integer(4, true, Little)),
        ("u8be", kinds::integer(8, false, Big)),
        ("f4", Datatype::float(4, Little).unwrap()),
        ("f8be", Datatype::float(8, Big).unwrap()),
        ("narrow", kinds::narrow(4, true, Little, 3, 17)),
        ("narrow be", kinds::narrow(2, false, Big, 2, 9)),
    ];
    for (name, stages) in filters {
        for (type_name, datatype) in &numbers {
            let is_float = type_name.starts_with('f');
            if name == "scale" && is_float {
                continue;
            }
            let value = move |i: usize| match is_float {
                true => Value::Float(i as f64 / 4.0),
                false => Value::Unsigned((i * i % 120) as u64),
            };
            let with = |b: DatasetBuilder| stages.iter().cloned().fold(b, DatasetBuilder::filter);
            m.dataset(&format!("{name}/{type_name}"), datatype, &[20, 11], &value, |b| {
                with(b.resizable().chunk([12, 10]))
            });
            // Noise does not get smaller.
            let noise = move |i: usize| match is_float {
                true => Value::Float(((i as f64 * 1.7).sin() * 1024.0).floor() / 1024.0),
                false => Value::Unsigned((i as u64 * 0x9e37_79b9) >> 8 & 0x7f),
            };
            m.dataset(&format!("{name}/{type_name} noise"), datatype, &[200], &noise, |b| {
                with(b.chunk([200]))
            });
        }
    }
}

fn filters(m: &mut Maker) {
    filtered(m, standard_filters());
    let f4 = Datatype::float(4, ByteOrder::Little).unwrap();
    m.dataset("scale/f4", &f4, &[30], &|i| Value::Float((i as f64 / 4.0).floor()), |b| {
        b.chunk([8]).filter(FilterStage::scale_offset_float(1))
    });
    let nested = kinds::all(m.bound).into_iter().find(|k| k.name == "compound nested").unwrap();
    m.dataset("nbit/compound", &nested.datatype, &[9], &nested.value, |b| {
        b.resizable().chunk([4]).filter(FilterStage::nbit())
    });
}

fn szip(m: &mut Maker) {
    filtered(m, szip_filters());
}

fn plugins(m: &mut Maker) {
    filtered(m, plugin_filters());
}

fn groups(m: &mut Maker) {
    let root = m.root.clone();
    let int = kinds::integer(4, true, ByteOrder::Little);
    for (group, count) in [("few", 3), ("some", 9), ("many", 400)] {
        for i in 0..count {
            let name = format!("{group}/{:03} {}", i * 7 % count, if i % 5 == 0 { "größer" } else { "x" });
            match i % 4 {
                0 => drop(root.create_group(&name).unwrap()),
                1 => root.link_soft(&format!("/few/{i}"), &name).unwrap(),
                2 => root.link_external("target.h5", "/a", &name).unwrap(),
                _ => drop(m.dataset(&name, &int, &[2], &|j| Value::Integer((i + j) as i64), same)),
            }
        }
    }
    root.create_group(&format!("long/{}", "n".repeat(400))).unwrap();
    root.create_group("a/b/c/d/e/f/g/h").unwrap();
    m.dataset("a/b/data", &int, &[3], &|i| Value::Integer(i as i64), same);
    root.link_hard("a/b/data", "a/data again").unwrap();
    root.link_hard("a/b", "a/c/up").unwrap();
    if m.bound == Bound::V200 {
        // PyTables walks in circles without end.
        root.link_hard("/", "a/root").unwrap();
    }
    root.link_soft("a/b/data", "to data").unwrap();
    root.link_soft("nowhere", "to nothing").unwrap();
    root.link_external("nowhere.h5", "/x", "to no file").unwrap();
    root.create_group("old/place").unwrap();
    root.rename("old/place", "new/place").unwrap();
    for i in 0..400 {
        root.create_group(&format!("thinned/{i:03}")).unwrap();
    }
    (0..400).filter(|i| i % 100 != 0).for_each(|i| root.delete(&format!("thinned/{i:03}")).unwrap());
    root.group("a/b").unwrap().set_comment("ein Kommentar, größer").unwrap();
    root.dataset("a/b/data").unwrap().set_comment("of data").unwrap();
    let named = root.commit_type("types/row", kinds::all(m.bound)[0].datatype.clone()).unwrap();
    let d = root.new_dataset_of_named(&named).shape([4]).create("types/of row").unwrap();
    d.write_raw(&(0..4).map(Value::Integer).collect::<Vec<_>>()).unwrap();
    m.says("types/of row", &[4], &|i| Value::Integer(i as i64));
    d.new_attribute("named").committed_type(&named).value(&Value::Integer(3)).unwrap();
    named.new_attribute("self").committed_type(&named).value(&Value::Integer(5)).unwrap();
    m.keep_attribute("/types/row", "self", Some(&[]), vec![Value::Integer(5)]);
}

fn attributes(m: &mut Maker) {
    let int = kinds::integer(4, true, ByteOrder::Big);
    let text = Datatype::var_string(h5::CharSet::Utf8);
    let number = |i: usize| Value::Integer(i as i64 * 3);
    let word = |i: usize| Value::String(format!("größer {i}"));
    m.dataset("data", &int, &[3], &number, same);
    m.root.commit_type("type", text.clone()).unwrap();
    for (group, count) in [("few", 3), ("some", 9), ("many", 150)] {
        m.root.create_group(group).unwrap();
        let paths = [&format!("/{group}"), "/data", "/type"];
        for path in &paths[..if count < 100 { 3 } else { 1 }] {
            for i in 0..count {
                match i % 3 {
                    0 => m.attribute(path, &format!("{group} {i}"), &int, &[], &number),
                    1 => m.attribute(path, &format!("{group} ä {i}"), &text, &[2], &word),
                    _ => m.attribute(path, &format!("{group} {i}"), &int, &[2, 3], &number),
                }
            }
        }
    }
    m.root.create_group("changed").unwrap();
    for i in 0..40 {
        m.attribute("/changed", &format!("a{i}"), &text, &[], &word);
    }
    for i in (0..40).step_by(3) {
        m.root.group("changed").unwrap().delete_attribute(&format!("a{i}")).unwrap();
        m.forget_attribute("/changed", &format!("a{i}"));
    }
    m.attribute("/changed", "a1", &int, &[500], &number);
    m.attribute("/changed", "a2", &int, &[], &number);
    m.root.group("changed").unwrap().rename_attribute("a4", "a4 renamed").unwrap();
    m.forget_attribute("/changed", "a4");
    m.keep_attribute("/changed", "a4 renamed", Some(&[]), vec![word(0)]);
    m.root.new_attribute("null").datatype(int.clone()).empty().unwrap();
    m.keep_attribute("/", "null", None, Vec::new());
    m.attribute("/", "large", &int, &[15_000], &number);
    if m.bound > Bound::Earliest {
        m.attribute("/few", "larger", &int, &[17_000], &number);
    }
}

type Content = (&'static str, fn(&mut Maker));
const CONTENTS: [Content; 8] = [
    ("types", types),
    ("typed attributes", typed_attributes),
    ("layouts", layouts),
    ("filters", filters),
    ("szip", szip),
    ("plugins", plugins),
    ("groups", groups),
    ("attributes", attributes),
];
/// Those that are made once more, with both versions of object headers, with a user block, tracked orders and times.
const TRACKED: [&str; 3] = ["layouts", "groups", "attributes"];

const BOUNDS: [(Bound, &str); 4] =
    [(Bound::Earliest, "earliest"), (Bound::V18, "v18"), (Bound::V110, "v110"), (Bound::V200, "v200")];

fn make(path: &Path, options: &OpenOptions, bound: Bound, content: fn(&mut Maker)) -> Json {
    let file = options.clone().bound(bound).create(path).unwrap();
    let mut maker = Maker { root: file.root().unwrap(), file, bound, written: Vec::new() };
    content(&mut maker);
    maker.finish()
}

/// A file that external links lead to.
pub(crate) fn make_target(folder: &Path) {
    let target = File::create(folder.join("target.h5")).unwrap();
    target.root().unwrap().write_dataset("a", &array(&[2], &[Value::Integer(1), Value::Integer(2)])).unwrap();
    target.close().unwrap();
}

/// All files, made once.
fn originals() -> &'static [Made] {
    static MADE: OnceLock<Vec<Made>> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = folder("create");
        make_target(&folder);
        let mut out = Vec::new();
        for (bound, bound_name) in BOUNDS {
            for (content_name, content) in CONTENTS {
                let plain = OpenOptions::new();
                let tracked = plain.clone().user_block(1024).track_order(true).track_times(true);
                for (options, suffix) in [(plain, ""), (tracked, " tracked")] {
                    let tracked = matches!(bound, Bound::Earliest | Bound::V110);
                    let made = tracked && TRACKED.contains(&content_name);
                    if !suffix.is_empty() && !made {
                        continue;
                    }
                    let name = format!("{content_name} {bound_name}{suffix}");
                    let path = folder.join(format!("{name}.h5"));
                    let written = make(&path, &options, bound, content);
                    out.push(Made { name, path, bound, written });
                }
            }
        }
        out
    })
}

/// Some of the files, copied into a folder of this name.
pub(crate) fn copies(name: &str, wanted: fn(&Made) -> bool) -> Vec<Made> {
    let originals = originals();
    let folder = folder(name);
    for entry in std::fs::read_dir(originals[0].path.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let copy = |m: &Made| Made { path: folder.join(m.path.file_name().unwrap()), ..m.clone() };
    originals.iter().filter(|m| wanted(m)).map(copy).collect()
}

pub(crate) fn command(what: &str, path: &Path) -> Json {
    json!({"do": what, "path": path, "aside": true})
}

/// Nothing that h5py cannot read but what is known to be so.
pub(crate) fn only_wide(unread: &[String], wrong: &mut Vec<String>) {
    wrong.extend(unread.iter().filter(|u| !u.contains("wide ")).cloned());
}

#[test]
fn libhdf5_reads_what_was_written() {
    let made = originals();
    let mut wrong = Vec::new();
    let commands: Vec<Json> = made.iter().map(|m| command("look", &m.path)).collect();
    let Some(answers) = ask("h5py", &commands) else { return };
    for (m, answer) in made.iter().zip(&answers) {
        agrees(&m.name, &m.path, answer, &mut wrong);
        let unread = compare_dumps(&m.name, &m.written, &answer["dump"], &mut wrong);
        only_wide(&unread, &mut wrong);
        // Nothing of what was written is missing.
        let ours = dump(&m.path);
        for (path, object) in m.written.as_object().unwrap() {
            for (name, value) in object["attributes"].as_object().unwrap() {
                let at = format!("{} {path}@{name} (ours)", m.name);
                compare(&at, value, &ours[path]["attributes"][name], &mut wrong);
            }
            compare(&format!("{} {path} (ours)", m.name), &object["value"], &ours[path]["value"], &mut wrong);
        }
    }
    settle(&wrong);
}

#[test]
fn older_libraries_read_what_is_for_them() {
    let made = originals();
    let mut wrong: Vec<String> =
        made.iter().filter(|m| m.is_for_dump()).filter_map(|m| dump_refuses(&m.path)).collect();
    let for_tables: Vec<&Made> = made.iter().filter(|m| m.is_for_tables()).collect();
    let look = |m: &&Made| {
        let mut command = command("look", &m.path);
        // PyTables dies of a group with attributes of so many types.
        command["own"] = json!(!m.name.starts_with("typed"));
        command
    };
    let commands: Vec<Json> = for_tables.iter().map(look).collect();
    let mut known = 0;
    let Some(answers) = ask("tables", &commands) else { return };
    for (m, answer) in for_tables.iter().zip(&answers) {
        agrees(&m.name, &m.path, answer, &mut wrong);
        compare_dumps(&format!("{} by PyTables", m.name), &m.written, &answer["tables"], &mut wrong);
        known += answer["tables"].as_object().map_or(0, |t| t.len());
    }
    assert!(known > 1000, "PyTables knows {known} datasets");
    settle(&wrong);
}
