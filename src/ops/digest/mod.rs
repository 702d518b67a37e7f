//! A canonical description of a file as JSON, for comparing files: every object with its type, space,
//! layout, filters and attributes, and a hash of its values.
//!
//! - [`canonical`]: the canonical encoding of values that is hashed
//! - [`describe`]: types, spaces, layouts and links as JSON

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::api::attribute::{Attribute, found};
use crate::api::dataset::Dataset;
use crate::api::file::{File, OpenOptions};
use crate::api::opener::External;
use crate::api::path::Node;
use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::message::dataspace::Dataspace;
use crate::format::message::datatype::Datatype;
use crate::format::message::link::Link;
use crate::format::selection::Span;
use crate::store::header::ObjectHeader;
use crate::wire::Addr;

pub mod canonical;
pub mod describe;

use canonical::Canonical;
use describe::text;

/// What to hash.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Hash everything; else large datasets are sampled.
    pub full: bool,
}

/// Bytes of elements up to which everything is hashed, and bytes hashed of more.
const LIMIT_BYTES: u64 = 64 << 20;
const SAMPLE_BYTES: u64 = 16 << 20;
/// The same for types of variable length, in elements.
const LIMIT_ELEMENTS: u64 = 1_000_000;
const SAMPLE_ELEMENTS: u64 = 100_000;
/// Elements are read and hashed in pieces of about this many bytes.
const PIECE_BYTES: u64 = 8 << 20;

/// An object of the walk.
pub(crate) struct Met {
    path: Vec<u8>,
    address: Addr,
    node: Result<Node>,
    links: Vec<Link>,
    broken: Option<Error>,
}

/// A file with the path of each of its objects.
pub(crate) struct Described<'f> {
    pub(crate) file: &'f File,
    pub(crate) paths: HashMap<Addr, Vec<u8>>,
    options: Options,
}

/// Describes the file at `path`; where it cannot be opened, the description says why.
pub fn digest_path(path: &Path, options: &Options) -> Value {
    match OpenOptions::new().external(External::Anywhere).open(path) {
        Ok(file) => digest(&file, options),
        Err(e) => json!({"format": "h5oracle/1", "error": e.to_string()}),
    }
}

/// Describes an open file.
pub fn digest(file: &File, options: &Options) -> Value {
    let mut met = Vec::new();
    let walked = file.visit(&mut |v| {
        met.push(Met { path: v.path, address: v.address, node: v.node, links: v.links, broken: v.broken });
        Ok(())
    });
    let paths = met.iter().map(|m| (m.address, m.path.clone())).collect();
    let d = Described { file, paths, options: *options };
    let objects: Vec<Value> = met.iter().map(|m| Value::Object(d.object(m))).collect();
    let mut out = Map::new();
    out.insert("format".into(), json!("h5oracle/1"));
    if let Some(name) = file.path().and_then(Path::file_name) {
        out.insert("file".into(), json!(name.to_string_lossy()));
    }
    match walked {
        Ok(()) => out.insert("objects".into(), Value::Array(objects)),
        Err(e) => out.insert("error".into(), json!(e.to_string())),
    };
    Value::Object(out)
}

impl Described<'_> {
    fn object(&self, m: &Met) -> Map<String, Value> {
        let mut o = Map::new();
        o.insert("path".into(), text(&m.path));
        let node = match &m.node {
            Ok(node) => node,
            Err(e) => {
                let kind = self.kind_of_broken(m.address);
                o.insert("kind".into(), json!(kind));
                o.insert("error".into(), json!(e.to_string()));
                return o;
            }
        };
        let header = match node {
            Node::Group(g) => &g.header,
            Node::Dataset(d) => &d.header,
            Node::Type(t) => &t.header,
        };
        if let Some(comment) = header.comment() {
            o.insert("comment".into(), text(&comment));
        }
        self.attributes(header, node.path(), &mut o);
        match node {
            Node::Group(group) => {
                o.insert("kind".into(), json!("group"));
                let links = m.links.iter().map(|l| describe::link(self, group, &m.path, l));
                o.insert("links".into(), links.collect());
                if let Some(e) = &m.broken {
                    o.insert("links_error".into(), json!(e.to_string()));
                }
            }
            Node::Dataset(dataset) => {
                o.insert("kind".into(), json!("dataset"));
                if let Err(e) = self.dataset(dataset, &mut o) {
                    o.insert("error".into(), json!(e.to_string()));
                }
            }
            Node::Type(named) => {
                o.insert("kind".into(), json!("datatype"));
                let mut t = describe::datatype(named.datatype());
                t.insert("committed".into(), self.path_text(header.address));
                o.insert("type".into(), Value::Object(t));
            }
        }
        o
    }
    /// The kind of an object whose header can be read but whose description breaks off.
    fn kind_of_broken(&self, address: Addr) -> &'static str {
        match self.file.header(address) {
            Ok(header) => describe::kind_name(header.kind()),
            Err(_) => "unknown",
        }
    }
    pub(crate) fn path_text(&self, address: Addr) -> Value {
        self.paths.get(&address).map_or(json!("?"), |p| text(p))
    }
    fn attributes(&self, header: &ObjectHeader, path: &str, o: &mut Map<String, Value>) {
        let (list, broken) = found(self.file, header, path);
        o.insert("attributes".into(), list.iter().map(|a| Value::Object(self.attribute(a))).collect());
        if let Some(e) = broken {
            o.insert("attributes_error".into(), json!(e.to_string()));
        }
    }
    fn attribute(&self, a: &Attribute) -> Map<String, Value> {
        let mut o = Map::new();
        o.insert("name".into(), text(a.name_bytes()));
        let described = a.parts().and_then(|parts| {
            self.type_and_space(&parts.datatype, parts.committed, &parts.space, &mut o);
            let mut hash = Canonical::new(self, &parts.datatype);
            hash.update(&parts.data)?;
            hash.finish(&mut o);
            Ok(())
        });
        if let Err(e) = described {
            o.insert("error".into(), json!(e.to_string()));
        }
        o
    }
    fn type_and_space(
        &self,
        t: &Datatype,
        committed: Option<Addr>,
        s: &Dataspace,
        o: &mut Map<String, Value>,
    ) {
        let mut described = describe::datatype(t);
        if let Some(address) = committed {
            described.insert("committed".into(), self.path_text(address));
        }
        o.insert("type".into(), Value::Object(described));
        o.insert("space".into(), describe::space(s, None));
    }
    fn dataset(&self, dataset: &Dataset, o: &mut Map<String, Value>) -> Result<()> {
        let info = dataset.info();
        self.type_and_space(&info.datatype, info.committed, &info.space, o);
        o.insert("layout".into(), describe::layout(dataset)?);
        o.insert("filters".into(), describe::filters(&info.filters));
        o.insert("fill".into(), describe::fill(self, info));
        let dims = dataset.dims()?;
        o.insert("space".into(), describe::space(&info.space, Some(dims)));
        self.values(dataset, dims, o)
    }
    fn values(&self, dataset: &Dataset, dims: &[u64], o: &mut Map<String, Value>) -> Result<()> {
        let t = dataset.datatype();
        let mut hash = Canonical::new(self, t);
        let total = dataset.len()?;
        if total == 0 {
            hash.finish(o);
            return Ok(());
        }
        let size = u64::from(t.size);
        let (unit, limit, sample) = match t.is_variable() {
            true => (1, LIMIT_ELEMENTS, SAMPLE_ELEMENTS),
            false => (size, LIMIT_BYTES, SAMPLE_BYTES),
        };
        let first = dims.first().copied().unwrap_or(1);
        let row = total.checked_div(first).unwrap_or(0);
        let row_units = row.saturating_mul(unit);
        let mut rows = first;
        if !self.options.full && total.saturating_mul(unit) > limit {
            if dims.is_empty() || row_units > limit {
                o.insert("digest".into(), Value::Null);
                o.insert("skipped".into(), json!("large"));
                return Ok(());
            }
            rows = sample.checked_div(row_units).unwrap_or(1).max(1).min(first);
            o.insert("sampled".into(), json!(rows));
        }
        self.hash_rows(dataset, dims, (rows, row.saturating_mul(size)), &mut hash)?;
        hash.finish(o);
        Ok(())
    }
    /// Reads and hashes the first `rows` of a dataset, some chunks' height at a time.
    fn hash_rows(
        &self,
        dataset: &Dataset,
        dims: &[u64],
        (rows, row_bytes): (u64, u64),
        hash: &mut Canonical<'_>,
    ) -> Result<()> {
        let Some(rest) = dims.get(1..) else { return hash.update(&dataset.read_stored(&Selection::All)?) };
        let height = dataset.chunk_shape().and_then(|c| c.first().copied()).unwrap_or(1).max(1);
        let fit = PIECE_BYTES.checked_div(row_bytes.max(1)).unwrap_or(1);
        let step = fit.max(1).next_multiple_of(height);
        // A chunk of great height is not worth more memory than a few pieces.
        let step =
            if step.saturating_mul(row_bytes) > PIECE_BYTES.saturating_mul(16) { fit.max(1) } else { step };
        let mut at = 0u64;
        while at < rows {
            let n = step.min(rows.saturating_sub(at));
            let mut spans = vec![Span::range(at, n)];
            spans.extend(rest.iter().map(|d| Span::range(0, *d)));
            self.hash_slab(dataset, spans, hash)?;
            at = at.saturating_add(n);
        }
        Ok(())
    }
    /// Hashes one slab, in parts where a single row is larger than memory should hold.
    fn hash_slab(&self, dataset: &Dataset, spans: Vec<Span>, hash: &mut Canonical<'_>) -> Result<()> {
        let bytes =
            spans.iter().map(|s| s.block).fold(u64::from(dataset.datatype().size), u64::saturating_mul);
        let split = spans.iter().position(|s| s.block > 1);
        if let Some(d) = split.filter(|_| bytes > LIMIT_BYTES.saturating_mul(2)) {
            let Some(span) = spans.get(d) else { return Ok(()) };
            let half = span.block.div_ceil(2);
            for (start, len) in
                [(span.start, half), (span.start.saturating_add(half), span.block.saturating_sub(half))]
            {
                let mut part = spans.clone();
                if let Some(s) = part.get_mut(d) {
                    *s = Span::range(start, len);
                }
                self.hash_slab(dataset, part, hash)?;
            }
            return Ok(());
        }
        hash.update(&dataset.read_stored(&Selection::Slab(spans))?)
    }
}
