//! An open file.

use h5::node::{NodeOptions, PyValue};
use h5::{Node, OpenOptions};
use js_sys::{Array, Object, Reflect};
use serde_json::{Value, json};
use std::cell::OnceCell;
use wasm_bindgen::prelude::*;

use crate::describe::{self, Gather};
use crate::error::{Result, Throw, thrown};
use crate::json::{Json, Types};
use crate::source::Source;
use crate::values::{self, Names};

/// An open file. Every call may throw an error of kind `Missing`, where its source is [sparse](Source::sparse).
#[wasm_bindgen]
pub struct H5 {
    file: h5::File,
    types: Types,
    names: OnceCell<Names>,
    no_names: Names,
}

/// An object of JavaScript with these properties.
pub(crate) fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let out = Object::new();
    for (name, value) in properties {
        Reflect::set(&out, &(*name).into(), value).unwrap_or(false);
    }
    out.into()
}

fn shape(dims: &[usize]) -> JsValue {
    dims.iter().map(|n| JsValue::from_f64(*n as f64)).collect::<Array>().into()
}

/// What JavaScript has for a value of Python: texts, numbers, truths, lists; `null` for all else.
fn plain(value: &PyValue) -> Value {
    let value = value.plain();
    if let Some(items) = value.items() {
        return items.iter().map(plain).collect();
    }
    let number = || value.as_i64().map(Value::from).or_else(|| value.as_f64().map(Value::from));
    let text = || value.as_str().map(Value::from);
    value.as_bool().map(Value::from).or_else(text).or_else(number).unwrap_or_default()
}

impl H5 {
    pub(crate) fn of(file: h5::File) -> H5 {
        H5 { file, types: Types::default(), names: OnceCell::new(), no_names: Names::default() }
    }
    fn node(&self, path: &str) -> h5::Result<Node> {
        let found = self.file.get(path)?;
        found.ok_or_else(|| h5::Error::not_found("there is no such object").on_path(path))
    }
    /// The names of objects, where values of this type need them.
    fn names(&self, stored: &h5::Datatype) -> h5::Result<&Names> {
        if !values::has_references(stored) {
            return Ok(&self.no_names);
        }
        if let Some(known) = self.names.get() {
            return Ok(known);
        }
        let names = Names::of(&self.file)?;
        Ok(self.names.get_or_init(|| names))
    }
    fn described(&self, path: &str, members: bool) -> h5::Result<String> {
        let mut json = Json::new(&self.types);
        match self.node(path)? {
            Node::Group(group) if members => describe::list(&mut json, &group)?,
            node => describe::object(&mut json, &node, path)?,
        }
        Ok(json.end())
    }
    fn told_members(&self, path: &str) -> h5::Result<String> {
        let mut json = Json::new(&self.types);
        match self.node(path)? {
            Node::Group(group) => describe::members(&mut json, &group)?,
            _ => return Err(h5::Error::usage("this is no group: it has no members").on_path(path)),
        }
        Ok(json.end())
    }
    fn all_paths(&self) -> h5::Result<Vec<String>> {
        let mut paths = Vec::new();
        describe::each_object(&self.file, &mut |visited| {
            if visited.path != b"/" {
                paths.push(String::from_utf8_lossy(&visited.path).into_owned());
            }
        })?;
        Ok(paths)
    }
    fn attribute_values(&self, path: &str) -> h5::Result<JsValue> {
        let all = match self.node(path)? {
            Node::Group(g) => g.attributes()?,
            Node::Dataset(d) => d.attributes()?,
            Node::Type(t) => t.attributes()?,
            _ => Vec::new(),
        };
        let (mut json, values, mut gather) = (Json::new(&self.types), Array::new(), Gather::default());
        json.list(&all, |json, a| {
            let before = json.len();
            let told = describe::attribute(json, a).inspect_err(|_| {
                json.cut(before);
                describe::broken_attribute(json, a);
            });
            let value = || values::attribute(self.names(&*a.datatype()?)?, a);
            match told.and_then(|()| value()) {
                Ok(value) => drop(values.push(&value)),
                Err(e) if e.is_missing() => gather.miss(&e),
                Err(e) => drop(values.push(&thrown(&e))),
            }
        });
        gather.end().map(|()| Array::of2(&json.end().into(), &values).into())
    }
    fn told(&self, path: &str) -> h5::Result<Value> {
        let nodes = NodeOptions::new().of(self.file.clone())?;
        if !nodes.has_nodes()? {
            return Ok(Value::Null);
        }
        let node = nodes.get_node(path)?;
        let text = |(name, value): (String, h5::Result<PyValue>)| match value {
            Ok(value) => json!({"name": name, "text": value.to_string(), "value": plain(&value)}),
            Err(e) => json!({"name": name, "text": e.to_string()}),
        };
        let attributes: Vec<Value> = node.attrs().each()?.into_iter().map(text).collect();
        Ok(json!({"class": node.class_name(), "title": node.title()?, "attributes": attributes}))
    }
    fn elements(&self, path: &str, slice: Option<&str>, past: bool) -> h5::Result<JsValue> {
        let dataset = self.file.dataset(path)?;
        if past && let Some(direct) = values::direct(&dataset, slice)? {
            return Ok(object(&[
                ("shape", shape(&direct.shape)),
                ("offset", (direct.offset as f64).into()),
                ("array", values::array_name(direct.kind).into()),
            ]));
        }
        let read = values::dataset(self.names(dataset.datatype())?, &dataset, slice)?;
        Ok(object(&[("shape", shape(&read.shape)), ("data", read.data)]))
    }
}

#[wasm_bindgen]
impl H5 {
    /// Opens a file.
    #[wasm_bindgen(constructor)]
    pub fn open(source: &Source) -> Result<H5> {
        OpenOptions::new().from_source(source.bytes()).map(H5::of).thrown()
    }
    /// An object as JSON, a group without its members.
    pub fn describe(&self, path: &str) -> Result<String> {
        self.described(path, false).thrown()
    }
    /// A group with its members as JSON, each described.
    pub fn list(&self, path: &str) -> Result<String> {
        self.described(path, true).thrown()
    }
    /// The members of a group as JSON, without their attributes.
    pub fn members(&self, path: &str) -> Result<String> {
        self.told_members(path).thrown()
    }
    /// The paths of all objects, as JSON.
    pub fn paths(&self) -> Result<String> {
        self.all_paths().map(|v| json!(v).to_string()).thrown()
    }
    /// The attributes of an object: their descriptions as JSON, and a list of their values, or of the errors that they gave.
    pub fn attributes(&self, path: &str) -> Result<JsValue> {
        self.attribute_values(path).thrown()
    }
    /// Selected elements of a dataset, `{shape, data}`; `slice` as numpy writes it. With `past`, data that lie in the file
    /// as a typed array has them are told as `{shape, offset, array}`, to be read past this crate.
    pub fn read(&self, path: &str, slice: Option<String>, past: bool) -> Result<JsValue> {
        self.elements(path, slice.as_deref(), past).thrown()
    }
    /// What the node API knows of an object, as JSON: class, title, attributes as Python shows them. `null` where the file
    /// is none of nodes.
    pub fn node_info(&self, path: &str) -> Result<String> {
        self.told(path).map(|v| v.to_string()).thrown()
    }
    /// The whole file described, as `h5 digest` does it.
    pub fn digest(&self, full: bool) -> String {
        h5::ops::digest::digest(&self.file, &h5::ops::digest::Options { full }).to_string()
    }
}
