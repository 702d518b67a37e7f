//! Prints what the node API sees in a file, as one JSON object: path to node.
//!
//! ```text
//! cargo run --release --example node_describe -- FILE
//! ```
//!
//! Values carry their Python type: `["int", "5"]`, `["tuple", [["float", "0.5"]]]`, `["bytes", "6100ff"]`.

use h5::node::python::PyValue;
use h5::node::{Mode, Node, NodeFile};
use serde_json::{Map, Value, json};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A number of an array: those that are no number as text, bytes in hexadecimal.
fn number(value: &PyValue) -> Value {
    match value.plain() {
        PyValue::Float(v) if v.is_nan() => json!("nan"),
        PyValue::Float(v) if v.is_infinite() => json!(if *v > 0.0 { "inf" } else { "-inf" }),
        PyValue::Float(v) => json!(v),
        PyValue::Bool(v) => json!(v),
        PyValue::Complex(v) => json!([number(&PyValue::Float(v.re)), number(&PyValue::Float(v.im))]),
        PyValue::Bytes(bytes) => json!({ "bytes_hex": hex(bytes) }),
        PyValue::Str(text) => json!(text),
        PyValue::None => Value::Null,
        PyValue::Int(v) => serde_json::from_str(&v.to_string()).unwrap_or_else(|_| json!(v.to_string())),
        other => json!({ "repr": other.to_string() }),
    }
}

fn tagged(value: &PyValue) -> Value {
    let all = |items: &[PyValue]| items.iter().map(tagged).collect::<Vec<_>>();
    match value {
        PyValue::None => json!(["none"]),
        PyValue::Bool(v) => json!(["bool", v]),
        PyValue::Str(text) => json!(["str", text]),
        PyValue::Bytes(bytes) => json!(["bytes", hex(bytes)]),
        PyValue::Int(v) => json!(["int", v.to_string()]),
        PyValue::Float(v) => json!(["float", PyValue::Float(*v).to_string()]),
        PyValue::Complex(v) => {
            json!(["complex", PyValue::Float(v.re).to_string(), PyValue::Float(v.im).to_string()])
        }
        PyValue::Tuple(items) => json!(["tuple", all(items)]),
        PyValue::List(items) => json!(["list", all(items)]),
        PyValue::Dict(pairs) => {
            json!(["dict", pairs.iter().map(|(k, v)| vec![tagged(k), tagged(v)]).collect::<Vec<_>>()])
        }
        PyValue::DateTime(v) => json!(["datetime", v.to_string()]),
        PyValue::Date(v) => json!(["date", v.to_string()]),
        PyValue::Time(v) => json!(["time", v.to_string()]),
        PyValue::Scalar(scalar) => tagged(scalar.value()),
        PyValue::Array(array) => {
            json!([
                "ndarray",
                array.dtype(),
                array.shape(),
                array.values().iter().map(number).collect::<Vec<_>>()
            ])
        }
        PyValue::Other(other) => tagged(&other.to_dict()),
        other => json!(["other", other.to_string()]),
    }
}

fn described(node: &Node) -> h5::Result<Value> {
    let attrs = node.attrs().to_map()?;
    let mut out = Map::new();
    out.insert("node".into(), json!(node.class_name()));
    out.insert("name".into(), json!(node.name()));
    out.insert("title".into(), attrs.get("TITLE").map_or(Value::Null, tagged));
    let attrs: Map<String, Value> = attrs.iter().map(|(name, v)| (name.clone(), tagged(v))).collect();
    out.insert("attrs".into(), Value::Object(attrs));
    match node {
        Node::Group(group) => out.insert("children".into(), json!(group.children_name()?)),
        Node::CArray(array) => out.insert("len".into(), json!(array.len()?)),
        Node::EArray(array) => out.insert("len".into(), json!(array.len()?)),
        Node::VlArray(array) => out.insert("len".into(), json!(array.len()?)),
        Node::Table(table) => out.insert("len".into(), json!(table.len()?)),
        Node::StringArray(array) => {
            out.insert("len".into(), json!(array.len()?));
            let strings = array.read_values()?;
            out.insert("strings".into(), json!(strings.iter().map(tagged).collect::<Vec<_>>()))
        }
        _ => None,
    };
    Ok(Value::Object(out))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: node_describe FILE")?;
    let file = NodeFile::open(path, Mode::Read)?;
    let mut out = Map::new();
    for node in file.walk_nodes("/")? {
        out.insert(node.path().to_string(), described(&node)?);
    }
    println!("{}", Value::Object(out));
    Ok(())
}
