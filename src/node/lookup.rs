//! Finding nodes.

use std::collections::BTreeMap;

use super::data::DynArray;
use super::group::Group;
use super::handle::{Handle, Location};
use super::node::Node;
use super::object::Object;
use super::python::PyValue;
use super::session::NodeFile;
use crate::api::group;
use crate::error::{Error, Result};
use crate::format::message::link::Target;

impl Group {
    /// The nodes in it by name, sorted by the bytes of their names. Soft and external links are followed; those
    /// that lead nowhere, and committed types, are left out.
    pub fn children(&self) -> Result<BTreeMap<String, Node>> {
        self.members(true)
    }
    /// The nodes that hard links lead to, or all that links lead to.
    pub(super) fn members(&self, followed: bool) -> Result<BTreeMap<String, Node>> {
        let group = self.object()?;
        let mut out = BTreeMap::new();
        for link in group.links()? {
            if !followed && !matches!(link.target, Target::Hard(_)) {
                continue;
            }
            let Some(found) = group.follow(&link)? else { continue };
            if let Some(node) = self.file.node_of(found)? {
                out.insert(String::from_utf8_lossy(&link.name).into_owned(), node);
            }
        }
        Ok(out)
    }
    /// The node of this name.
    pub fn get_child(&self, name: &str) -> Result<Node> {
        let found = self.object()?.get(name)?.map(|found| self.file.node_of(found)).transpose()?.flatten();
        found.ok_or_else(|| Error::not_found("there is no such node").on_path(&format!("{}/{name}", self.path()).location()))
    }
}

impl NodeFile {
    pub(super) fn node_of(&self, found: group::Node) -> Result<Option<Node>> {
        let object = match found {
            group::Node::Group(group) => Object::Group(group),
            group::Node::Dataset(dataset) => Object::Dataset(dataset),
            _ => return Ok(None),
        };
        Node::new(Handle { file: self.clone(), object }).map(Some)
    }
    /// The node at a path; soft and external links are followed.
    pub fn get_node(&self, location: impl Location) -> Result<Node> {
        if let Some(own) = location.handle().filter(|h| h.file.is_same(self)) {
            own.alive()?;
            return Node::new(own.clone());
        }
        let path = location.location();
        let found = match self.h5file().get(&path)? {
            Some(found) => self.node_of(found)?,
            None => None,
        };
        found.ok_or_else(|| Error::not_found("there is no such node").on_path(&path))
    }
    /// Whether the root says that this is a file of nodes: by the versions of PyTables or PyMoDAQ, or its class.
    pub fn has_nodes(&self) -> Result<bool> {
        let attrs = self.root()?.attrs();
        let is_stamped = attrs.contains("PYTABLES_FORMAT_VERSION")? || attrs.contains("pymodaq_version")?;
        Ok(is_stamped || attrs.find("CLASS")?.is_some_and(|class| class.as_str() == Some("GROUP")))
    }
    /// The group at a path.
    pub fn group(&self, location: impl Location) -> Result<Group> {
        self.get_node(location)?.into_group()
    }
    /// Whether there is a node at a path.
    pub fn contains(&self, location: impl Location) -> Result<bool> {
        Ok(self.h5file().get(&location.location())?.is_some())
    }
    /// The nodes in a group by name.
    pub fn get_children(&self, location: impl Location) -> Result<BTreeMap<String, Node>> {
        self.group(location)?.children()
    }
    /// The parent of a node; none for the root.
    pub fn get_parent_node(&self, location: impl Location) -> Result<Option<Group>> {
        self.get_node(location)?.parent_node()
    }
    /// The first group in a group, by name, with this title; none where there is none.
    pub fn get_group_by_title(&self, location: impl Location, title: &str) -> Result<Option<Group>> {
        for (_, child) in self.get_children(location)? {
            if let Node::Group(group) = child
                && group.title()? == title
            {
                return Ok(Some(group));
            }
        }
        Ok(None)
    }
    /// Whether a group has a node of this name, whatever the case of its letters.
    pub fn is_node_in_group(&self, location: impl Location, name: &str) -> Result<bool> {
        let names = self.group(location)?.children_name()?;
        Ok(names.iter().any(|n| n.to_lowercase() == name.to_lowercase()))
    }
    /// Whether the node at a path has an attribute of this name.
    pub fn has_attr(&self, location: impl Location, name: &str) -> Result<bool> {
        self.get_node(location)?.has_attr(name)
    }
    /// The value of an attribute of the node at a path; an error where there is none.
    pub fn get_attr(&self, location: impl Location, name: &str) -> Result<PyValue> {
        self.get_node(location)?.get_attr(name)
    }
    /// Sets an attribute of the node at a path.
    pub fn set_attr(&self, location: impl Location, name: &str, value: impl Into<PyValue>) -> Result<()> {
        self.get_node(location)?.set_attr(name, value)
    }
    /// All elements of the array at a path, in its own dtype.
    pub fn read(&self, location: impl Location) -> Result<DynArray> {
        match self.get_node(location)? {
            Node::CArray(array) => array.read_any(),
            Node::EArray(array) => array.read_any(),
            other => Err(Error::usage(format!("a {} has no elements of one shape", other.class_name()))
                .on_path(other.path())),
        }
    }
}

