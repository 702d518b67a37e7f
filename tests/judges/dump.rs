//! Values as JSON, in the form in which the foreign libraries list them.

use std::collections::HashMap;
use std::path::Path;

use h5::api::group::Node;
use h5::format::message::dataspace::SpaceClass;
use h5::wire::Addr;
use h5::{External, File, OpenOptions, Reference, Value};
use serde_json::{Map, Value as Json, json};

/// The paths of a file's objects.
pub(crate) type Paths = HashMap<Addr, String>;

pub(crate) fn paths(file: &File) -> Paths {
    let mut out = HashMap::new();
    let visited = file.visit(&mut |v| {
        out.insert(v.address, String::from_utf8_lossy(&v.path).into_owned());
        Ok(())
    });
    visited.unwrap();
    out
}

fn real(v: f64) -> Json {
    match v {
        v if v.is_finite() => json!(v),
        v if v.is_nan() => json!("nan"),
        v => json!(if v > 0.0 { "inf" } else { "-inf" }),
    }
}

fn hex(bytes: &[u8]) -> Json {
    let digits: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    Json::from(format!("0x{digits}"))
}

/// One element.
pub(crate) fn json_of(value: &Value, paths: &Paths) -> Json {
    let all = |items: &[Value]| items.iter().map(|v| json_of(v, paths)).collect::<Vec<_>>();
    match value {
        Value::Float(v) => real(*v),
        Value::Complex(v) => json!({"re": real(v.re), "im": real(v.im)}),
        Value::String(v) => Json::from(v.as_str()),
        Value::Bytes(v) => hex(v),
        Value::Bool(v) => Json::from(*v),
        Value::Compound(members) => {
            let members = members.iter().map(|(n, v)| (n.to_string(), json_of(v, paths)));
            Json::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) | Value::Sequence(items) => Json::from(all(items)),
        Value::Reference(Reference::Null) => Json::Null,
        Value::Reference(Reference::To { object, .. }) => json!({"ref": paths.get(object)}),
        Value::Unsigned(v) | Value::Bitfield(v) => Json::from(*v),
        other => other.as_i64().map_or_else(|| Json::from(other.to_string()), Json::from),
    }
}

/// All elements: none for a null dataspace, one for a scalar.
pub(crate) fn listed(dims: Option<&[u64]>, values: &[Value], paths: &Paths) -> Json {
    match dims {
        None => Json::Null,
        Some([]) => values.first().map_or(Json::Null, |v| json_of(v, paths)),
        Some(dims) => {
            let flat: Vec<Json> = values.iter().map(|v| json_of(v, paths)).collect();
            json!({"shape": dims, "flat": flat})
        }
    }
}

/// All values of a file, as our reader sees them.
pub(crate) fn dump(path: &Path) -> Json {
    let file = OpenOptions::new().external(External::Anywhere).open(path).unwrap();
    let paths = paths(&file);
    let mut out = Map::new();
    let visited = file.visit(&mut |v| {
        let path = String::from_utf8_lossy(&v.path).into_owned();
        let node = v.node?;
        let attributes = match &node {
            Node::Group(g) => g.attributes()?,
            Node::Dataset(d) => d.attributes()?,
            Node::Type(t) => t.attributes()?,
            _ => Vec::new(),
        };
        let mut named = Map::new();
        for a in attributes {
            let space = a.space()?;
            let dims = (space.class != SpaceClass::Null).then(|| a.shape()).transpose()?;
            let values: Vec<Value> = a.read_raw()?;
            named.insert(a.name(), listed(dims.as_deref(), &values, &paths));
        }
        let mut object = json!({"attributes": named});
        if let Node::Dataset(d) = &node {
            let dims = (d.info().space.class != SpaceClass::Null).then(|| d.shape()).transpose()?;
            let values: Vec<Value> = d.read_raw()?;
            object["value"] = listed(dims.as_deref(), &values, &paths);
        }
        out.insert(path, object);
        Ok(())
    });
    visited.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Json::Object(out)
}

/// Compares two lists of values; what h5py cannot read is passed over, and counted.
pub(crate) fn compare_dumps(name: &str, expected: &Json, found: &Json, out: &mut Vec<String>) -> Vec<String> {
    let mut unread = Vec::new();
    let empty = Map::new();
    for (path, found) in found.as_object().unwrap_or(&empty) {
        let Some(expected) = expected.get(path) else { continue };
        let mut one = |at: String, expected: &Json, found: &Json| match found.get("unread") {
            Some(why) => unread.push(format!("{at}: {why}")),
            None => super::foreign::compare(&at, expected, found, out),
        };
        if let (Some(e), Some(f)) = (expected.get("value"), found.get("value")) {
            one(format!("{name} {path}"), e, f);
        }
        for (attribute, f) in found["attributes"].as_object().unwrap_or(&empty) {
            if let Some(e) = expected["attributes"].get(attribute) {
                one(format!("{name} {path}@{attribute}"), e, f);
            }
        }
    }
    unread
}
