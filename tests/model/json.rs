//! A model as JSON, for `judge.py`.

use serde_json::{Map, Value, json};

use crate::edit::model::{Array, Element, Is, Model, Target};

fn element(e: &Element) -> Value {
    match e {
        Element::Int(v) => json!(v),
        Element::Float(v) => json!(v),
        Element::Text(v) => json!(v),
        Element::List(v) => json!(v),
        Element::Pair(a, b) => json!([a, b]),
    }
}

fn array(a: &Array) -> Value {
    json!({"shape": a.dims, "elements": a.elements.iter().map(element).collect::<Vec<_>>()})
}

fn target(model: &Model, t: &Target) -> Value {
    match t {
        Target::Hard(id) => {
            let path = model.paths().into_iter().find(|(_, i)| i == id).map(|(path, _)| path);
            json!({"hard": path})
        }
        Target::Soft(to) => json!({"soft": to}),
        Target::External(file, path) => json!({"external": [file, path]}),
    }
}

/// All objects by path.
pub(crate) fn describe(model: &Model) -> Value {
    let mut out = Map::new();
    for (path, id) in model.paths() {
        let object = &model.objects[&id];
        let attributes: Map<String, Value> =
            object.attributes.iter().map(|(n, a)| (n.clone(), array(a))).collect();
        let mut described = json!({"attributes": attributes, "comment": object.comment});
        match &object.is {
            Is::Group(links) => {
                let links: Map<String, Value> =
                    links.iter().map(|(n, t)| (n.clone(), target(model, t))).collect();
                described["links"] = Value::Object(links);
            }
            Is::Data(data) => described["data"] = array(&data.array),
            Is::Type => described["type"] = json!(true),
        }
        out.insert(path, described);
    }
    Value::Object(out)
}
