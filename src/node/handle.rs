//! What all nodes have in common.

use std::fmt;

use super::attributes::Attributes;
use super::object::Object;
use super::python::PyValue;
use super::session::NodeFile;
use crate::error::{Error, Result};
use crate::wire::Addr;

/// A node of a file: what groups and arrays have in common. [`Group`](super::Group), [`CArray`](super::CArray) and the others lead to it.
#[derive(Clone)]
pub struct Handle {
    pub(super) file: NodeFile,
    pub(super) object: Object,
}

impl Handle {
    /// The path from the root: `/RawData/Scan000`.
    pub fn path(&self) -> &str {
        self.object.path()
    }
    /// The last part of the path; `/` for the root.
    pub fn name(&self) -> &str {
        match self.path().rsplit('/').next() {
            Some(name) if !name.is_empty() => name,
            _ => "/",
        }
    }
    /// The title; empty where there is none.
    pub fn title(&self) -> Result<String> {
        Ok(match self.attrs().find("TITLE")? {
            Some(PyValue::Str(title)) => title,
            Some(other) => other.to_string(),
            None => String::new(),
        })
    }
    /// Gives the node a title.
    pub fn set_title(&self, title: &str) -> Result<()> {
        self.attrs().set_plain("TITLE", title)
    }
    /// The attributes.
    pub fn attrs(&self) -> Attributes {
        Attributes::new(self.file.clone(), self.object.clone())
    }
    /// The value of an attribute; an error where there is none.
    pub fn get_attr(&self, name: &str) -> Result<PyValue> {
        self.attrs().get(name)
    }
    /// Sets an attribute.
    pub fn set_attr(&self, name: &str, value: impl Into<PyValue>) -> Result<()> {
        self.attrs().set(name, value)
    }
    /// Whether there is an attribute of this name.
    pub fn has_attr(&self, name: &str) -> Result<bool> {
        self.attrs().contains(name)
    }
    /// The file it is in; the same that it was opened from.
    pub fn file(&self) -> &NodeFile {
        &self.file
    }
    /// Whether both are the same object of the same file.
    pub fn is_same(&self, other: &Handle) -> bool {
        self.file.is_same(&other.file) && self.address() == other.address()
    }
    /// An error where the object was deleted since.
    pub(super) fn alive(&self) -> Result<()> {
        match self.object.is_valid() {
            true => Ok(()),
            false => Err(Error::not_found("there is no such node any more").on_path(self.path())),
        }
    }
    pub(super) fn address(&self) -> Addr {
        self.object.address()
    }
    /// Whether this is an array.
    pub fn is_array(&self) -> bool {
        matches!(self.object, Object::Dataset(_))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path())
    }
}

/// Where a node is: its path (with or without the leading `/`), or the node.
pub trait Location {
    /// The path from the root.
    fn location(&self) -> String;
    /// The node, where it is one.
    fn handle(&self) -> Option<&Handle> {
        None
    }
}

impl Location for str {
    fn location(&self) -> String {
        let parts: Vec<&str> = self.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
        format!("/{}", parts.join("/"))
    }
}

impl Location for String {
    fn location(&self) -> String {
        self.as_str().location()
    }
}

impl<L: Location + ?Sized> Location for &L {
    fn location(&self) -> String {
        (**self).location()
    }
    fn handle(&self) -> Option<&Handle> {
        (**self).handle()
    }
}
