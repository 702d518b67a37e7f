//! What the nodes of PyMoDAQ and PyTables tell beyond what is stored: title, class, values of Python.
//!
//! Where there is nothing of that, or it cannot be read, everything here is empty and the stored things are shown.

use std::cell::OnceCell;
use std::collections::HashMap;

use h5::ndarray::ArrayD;
use h5::node::python::unpickle;
use h5::node::{Node, NodeFile, NodeOptions, PyValue};
use h5::{File, Value};

/// The nodes of a file, if it is one of nodes.
pub(crate) struct Nodes(Option<NodeFile>);

impl Nodes {
    /// The nodes of a file whose root says that it has some; none where what is stored is asked for.
    pub(crate) fn of(file: &File, raw: bool) -> Nodes {
        let nodes = if raw { None } else { NodeOptions::new().of(file.clone()).ok() };
        Nodes(nodes.filter(|file| file.has_nodes().unwrap_or(false)))
    }
    /// What the node at a path tells.
    pub(crate) fn at(&self, path: &str) -> Told {
        let Some(node) = self.0.as_ref().and_then(|file| file.get_node(path).ok()) else {
            return Told::default();
        };
        let title = node.title().ok().filter(|title| !title.is_empty());
        Told { node: Some(node), title, values: OnceCell::new() }
    }
}

/// What a node tells of itself; nothing where an object is no node.
#[derive(Default)]
pub(crate) struct Told {
    node: Option<Node>,
    title: Option<String>,
    /// Its attributes, once one was asked for.
    values: OnceCell<HashMap<String, PyValue>>,
}

impl Told {
    /// Its title, if it has one.
    pub(crate) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
    /// Python's name of its class.
    pub(crate) fn class_name(&self) -> Option<&'static str> {
        self.node.as_ref().map(Node::class_name)
    }
    /// Its class, where that says more than the type of its elements does.
    pub(crate) fn class(&self) -> Option<&'static str> {
        Some(match self.node.as_ref()? {
            Node::EArray(_) => "earray",
            Node::VlArray(_) => "vlarray",
            Node::StringArray(_) => "string array",
            Node::Table(_) => "table",
            _ => return None,
        })
    }
    /// An attribute as Python writes its value, and the name of its type. None for arrays: they are shown as stored.
    pub(crate) fn attribute(&self, name: &str, shape: &[u64]) -> Option<(String, String)> {
        let node = self.node.as_ref().filter(|_| shape.is_empty())?;
        let all = || {
            node.attrs().each().unwrap_or_default().into_iter().filter_map(|(name, v)| Some((name, v.ok()?)))
        };
        let value = self.values.get_or_init(|| all().collect()).get(name)?;
        Some((value.to_string(), value.type_name().to_string()))
    }
    /// Puts the strings of a string array in the place of the bytes that they are stored as.
    pub(crate) fn decode(&self, values: &mut ArrayD<Value>) {
        if matches!(self.node, Some(Node::StringArray(_))) {
            values.map_inplace(|stored| {
                if let Some(text) = text_of(stored) {
                    *stored = Value::String(text);
                }
            });
        }
    }
}

/// The string that a row of bytes stands for.
fn text_of(stored: &Value) -> Option<String> {
    let Value::Sequence(items) = stored else { return None };
    let byte = |item: &Value| match item {
        Value::Unsigned(v) => u8::try_from(*v).ok(),
        _ => None,
    };
    let bytes: Vec<u8> = items.iter().map(byte).collect::<Option<_>>()?;
    match unpickle(&bytes).ok()? {
        PyValue::Str(text) => Some(text),
        _ => None,
    }
}
