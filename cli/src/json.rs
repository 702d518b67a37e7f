//! Objects and values as JSON.

use h5::model::object::ObjectKind;
use h5::ndarray::{ArrayD, ArrayViewD};
use h5::ops::digest::canonical::hex;
use h5::ops::show::{Fill, Layout, LinkTo, Object, Shown, ShownDataset, ShownLink};
use h5::ops::tree::Leads;
use h5::{Attribute, Value};
use serde_json::{Map, Value as Json, json};

use crate::nodes::Told;

/// What an object is, in a word.
pub(crate) fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Group => "group",
        ObjectKind::Dataset => "dataset",
        ObjectKind::Datatype => "datatype",
        _ => "unknown object",
    }
}

/// All about an object.
pub(crate) fn object(
    shown: &Shown,
    attributes: Json,
    slice: &str,
    values: Option<Json>,
    error: Option<&h5::Error>,
) -> Json {
    let mut o = match &shown.object {
        Object::Group { links, count, ordered } => json!({
            "kind": "group", "link_count": count, "creation_order": ordered,
            "links": links.iter().map(link).collect::<Vec<_>>(),
        }),
        Object::Dataset(d) => dataset(d),
        Object::Type(t) => json!({"kind": "datatype", "type": t.describe(), "size": t.size}),
        _ => json!({}),
    };
    if let Some(o) = o.as_object_mut() {
        let t = &shown.times;
        o.insert("path".into(), json!(shown.path));
        o.insert("address".into(), json!(shown.address));
        o.insert("hard_links".into(), json!(shown.references));
        o.insert("comment".into(), json!(shown.comment));
        let times = json!({"created": t.created, "modified": t.modified, "changed": t.changed, "accessed": t.accessed});
        o.insert("times".into(), times);
        o.insert("attributes".into(), attributes);
        if matches!(shown.object, Object::Dataset(_)) {
            o.insert("slice".into(), json!(slice));
            o.insert("values".into(), json!(values));
        }
        let errors = shown.broken.iter().chain(error).map(ToString::to_string);
        o.insert("errors".into(), errors.collect());
    }
    o
}

fn link(l: &ShownLink) -> Json {
    let leads = |leads: &Leads| match leads {
        Leads::To(k) => json!(kind(*k)),
        _ => Json::Null,
    };
    match &l.to {
        LinkTo::Hard(to) => json!({"name": l.name, "link": "hard", "to": to.as_ref().ok().map(|k| kind(*k))}),
        LinkTo::Soft(path, to) => json!({"name": l.name, "link": "soft", "target": path, "to": leads(to)}),
        LinkTo::External(file, path, to) => {
            json!({"name": l.name, "link": "external", "file": file, "target": path, "to": leads(to)})
        }
        LinkTo::User(class) => json!({"name": l.name, "link": "user", "class": class}),
        _ => json!({"name": l.name}),
    }
}

fn dataset(d: &ShownDataset) -> Json {
    let layout = match &d.layout {
        Layout::Compact => json!({"class": "compact"}),
        Layout::Contiguous(address) => json!({"class": "contiguous", "address": address}),
        Layout::Virtual => json!({"class": "virtual"}),
        Layout::Chunked { chunk, bytes, written, of, index } => json!({
            "class": "chunked", "chunk": chunk, "chunk_bytes": bytes, "index": index,
            "chunks": of, "chunks_written": written.as_ref().ok(),
        }),
        _ => Json::Null,
    };
    let filter = |f: &h5::ops::show::ShownFilter| {
        json!({"id": f.stage.id, "name": f.name, "client_data": f.stage.client_data, "decodable": f.known,
            "optional": f.stage.optional})
    };
    let fill = match &d.fill {
        Fill::Undefined => json!({"defined": false}),
        Fill::Value(v) => json!({"defined": true, "value": value(v)}),
        Fill::Bytes(b) => json!({"defined": true, "bytes": hex(b)}),
        _ => json!({"defined": true, "value": 0}),
    };
    let external = d
        .external
        .iter()
        .map(|p| json!({"file": String::from_utf8_lossy(&p.file), "offset": p.offset, "bytes": p.bytes}));
    let sources = d.sources.iter().map(|(file, path)| json!({"file": file, "path": path}));
    json!({
        "kind": "dataset", "type": d.datatype.describe(), "element_size": d.datatype.size,
        "shape": d.shape.as_ref().ok(), "max_shape": d.max_shape, "layout": layout,
        "filters": d.filters.iter().map(filter).collect::<Vec<_>>(),
        "stored_bytes": d.stored_bytes.as_ref().ok(), "bytes": d.bytes, "fill": fill,
        "external": external.collect::<Vec<_>>(), "sources": sources.collect::<Vec<_>>(),
    })
}

/// Attributes with all their values. What cannot be read is told in `broken`, too.
pub(crate) fn attributes(all: &[Attribute], told: &Told, broken: &mut Vec<String>) -> Json {
    let one = |a: &Attribute| -> h5::Result<Json> {
        let values = a.reader().lossy(true).read::<Value>()?;
        let shape = a.shape()?;
        let python = told.attribute(&a.name(), &shape);
        let mut o = json!({"type": a.datatype()?.describe(), "shape": shape, "value": array(&values)});
        if let (Some(o), Some((value, _))) = (o.as_object_mut(), python) {
            o.insert("python".into(), json!(value));
        }
        Ok(o)
    };
    let mut out = Map::new();
    for a in all {
        let described = one(a).unwrap_or_else(|e| {
            broken.push(e.to_string());
            json!({"error": e.to_string()})
        });
        out.insert(a.name(), described);
    }
    Json::Object(out)
}

/// Adds class and title of a node.
pub(crate) fn add_node(object: &mut Json, told: &Told) {
    if let (Some(o), Some(class)) = (object.as_object_mut(), told.class_name()) {
        o.insert("class".into(), json!(class));
        o.insert("title".into(), json!(told.title().unwrap_or_default()));
    }
}

/// Nested lists of the values; what JSON has no form for is text.
pub(crate) fn array(values: &ArrayD<Value>) -> Json {
    nested(values.view())
}

fn nested(values: ArrayViewD<'_, Value>) -> Json {
    if values.ndim() == 0 {
        return values.first().map_or(Json::Null, value);
    }
    values.outer_iter().map(nested).collect()
}

/// A value as JSON.
pub(crate) fn value(v: &Value) -> Json {
    match v {
        Value::Integer(v) | Value::Time(v) => json!(v),
        Value::Unsigned(v) | Value::Bitfield(v) => json!(v),
        Value::Float(v) if v.is_finite() => json!(v),
        Value::Bool(v) => json!(v),
        Value::String(v) => json!(v),
        Value::Complex(v) if v.re.is_finite() && v.im.is_finite() => json!([v.re, v.im]),
        Value::Array(items) | Value::Sequence(items) => items.iter().map(value).collect(),
        Value::Compound(members) => {
            let members = members.iter().map(|(name, v)| (name.to_string(), value(v)));
            Json::Object(members.collect())
        }
        other => json!(other.to_string()),
    }
}
