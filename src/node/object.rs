//! The objects behind nodes.

use crate::api::attribute::{Attribute, write::AttributeBuilder};
use crate::api::dataset::Dataset;
use crate::api::group;
use crate::error::{Error, Result};
use crate::wire::Addr;

/// An object of a file that is a node: a group or a dataset.
#[derive(Clone)]
pub(super) enum Object {
    Group(group::Group),
    Dataset(Dataset),
}

impl Object {
    pub(super) fn path(&self) -> &str {
        match self {
            Object::Group(g) => g.path(),
            Object::Dataset(d) => d.path(),
        }
    }
    pub(super) fn address(&self) -> Addr {
        match self {
            Object::Group(g) => g.address(),
            Object::Dataset(d) => d.address(),
        }
    }
    pub(super) fn is_valid(&self) -> bool {
        match self {
            Object::Group(g) => g.is_valid(),
            Object::Dataset(d) => d.is_valid(),
        }
    }
    pub(super) fn attributes(&self) -> Result<Vec<Attribute>> {
        match self {
            Object::Group(g) => g.attributes(),
            Object::Dataset(d) => d.attributes(),
        }
    }
    pub(super) fn new_attribute(&self, name: &str) -> AttributeBuilder {
        match self {
            Object::Group(g) => g.new_attribute(name),
            Object::Dataset(d) => d.new_attribute(name),
        }
    }
    pub(super) fn delete_attribute(&self, name: &str) -> Result<()> {
        match self {
            Object::Group(g) => g.delete_attribute(name),
            Object::Dataset(d) => d.delete_attribute(name),
        }
    }
    pub(super) fn group(&self) -> Result<&group::Group> {
        match self {
            Object::Group(group) => Ok(group),
            Object::Dataset(d) => Err(Error::usage("this is no group").on_path(d.path())),
        }
    }
    pub(super) fn dataset(&self) -> Result<&Dataset> {
        match self {
            Object::Dataset(dataset) => Ok(dataset),
            Object::Group(g) => Err(Error::usage("this is no array").on_path(g.path())),
        }
    }
}
