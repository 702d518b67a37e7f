//! Nodes deleted, renamed, moved, copied, and led to by links.

use super::create::check_name;
use super::session::NodeFile;
use super::group::Group;
use super::handle::{Handle, Location};
use super::node::Node;
use crate::error::{At, Error, Result};

impl NodeFile {
    /// The path of a node that is there; of a node that was given, only if it is still the one at its path.
    fn path_to(&self, location: impl Location) -> Result<String> {
        let path = location.location();
        let known = location.handle().filter(|h| h.file.is_same(self)).map(Handle::address);
        match self.h5file().get(&path)? {
            Some(found) if known.is_none_or(|address| address == found.address()) => Ok(path),
            _ => Err(Error::not_found("there is no such node").on_path(&path)),
        }
    }
    /// Deletes the node at a path and all below it.
    pub fn remove_node(&self, location: impl Location) -> Result<()> {
        self.writable().on(&location.location())?;
        self.settle()?;
        let path = self.path_to(location)?;
        self.h5file().root()?.delete(&path)
    }
    /// Gives a node another name in its group.
    pub fn rename_node(&self, location: impl Location, name: &str) -> Result<Node> {
        let path = location.location();
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        self.moved(location, parent, name)
    }
    /// Moves a node into another group, under a name.
    pub fn move_node(&self, location: impl Location, into: impl Location, name: &str) -> Result<Node> {
        let parent = self.group(into)?.path().to_string();
        self.moved(location, &parent, name)
    }
    fn moved(&self, location: impl Location, parent: &str, name: &str) -> Result<Node> {
        self.writable().on(&location.location())?;
        self.settle()?;
        let path = &self.path_to(location)?;
        check_name(name, path)?;
        let to = format!("{parent}/{name}").location();
        if path.as_str() == "/" {
            return Err(Error::usage("the root stays where it is").on_path(path));
        }
        if to != *path && self.contains(to.as_str())? {
            return Err(Error::usage("something is at this path already").on_path(&to));
        }
        self.h5file().root()?.rename(path, &to)?;
        self.get_node(to)
    }
    /// Copies a node and all below it into a group, which may be of another file, under a name.
    pub fn copy_node(&self, location: impl Location, into: &Group, name: &str) -> Result<Node> {
        into.file().writable()?;
        check_name(name, into.path())?;
        self.settle()?;
        let path = self.path_to(location)?;
        let Some(source) = self.h5file().get(&path)? else {
            return Err(Error::not_found("there is no such node").on_path(&path));
        };
        into.object()?.copy(&source, name)?;
        into.get_child(name)
    }
    /// Makes a soft link in a group to a path, which need not be there.
    pub fn create_soft_link(&self, location: impl Location, name: &str, target: &str) -> Result<()> {
        self.place(location, name)?.object()?.link_soft(target, name)
    }
    /// Makes an external link in a group to a path in another file.
    pub fn create_external_link(&self, location: impl Location, name: &str, file: &str, target: &str) -> Result<()> {
        self.place(location, name)?.object()?.link_external(file, target, name)
    }
}
