//! Groups of nodes.

use std::ops::Deref;

use super::handle::Handle;
use super::object::Object;
use super::session::NodeFile;
use crate::api::group;
use crate::error::Result;

/// A group: nodes by name.
#[derive(Clone)]
pub struct Group {
    pub(super) handle: Handle,
}

impl Deref for Group {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Group {
    pub(super) fn object(&self) -> Result<&group::Group> {
        self.handle.object.group()
    }
    /// The names of the nodes in it, sorted by their bytes.
    pub fn children_name(&self) -> Result<Vec<String>> {
        let mut names = self.object()?.names()?;
        names.sort_unstable();
        Ok(names)
    }
    /// Whether there is a node of this name.
    pub fn contains(&self, name: &str) -> Result<bool> {
        Ok(self.object()?.names()?.iter().any(|n| n == name))
    }
    /// The number of nodes in it.
    pub fn len(&self) -> Result<usize> {
        self.object()?.len()
    }
    /// Whether nothing is in it.
    pub fn is_empty(&self) -> Result<bool> {
        self.object()?.is_empty()
    }
    /// Deletes everything that is in it.
    pub fn remove_children(&self) -> Result<()> {
        self.file.writable()?;
        self.file.settle()?;
        let group = self.object()?;
        for name in group.names()? {
            group.delete(&name)?;
        }
        Ok(())
    }
}

impl Handle {
    /// The group it is in; none for the root.
    pub fn parent_node(&self) -> Result<Option<Group>> {
        match self.path() {
            "/" => Ok(None),
            path => {
                let (parent, _) = path.rsplit_once('/').unwrap_or(("", path));
                let parent = if parent.is_empty() { "/" } else { parent };
                self.file.group_at(parent).map(Some)
            }
        }
    }
}

impl NodeFile {
    pub(super) fn group_at(&self, path: &str) -> Result<Group> {
        let object = Object::Group(self.h5file().group(path)?);
        Ok(Group { handle: Handle { file: self.clone(), object } })
    }
    /// The root group.
    pub fn root(&self) -> Result<Group> {
        let object = Object::Group(self.h5file().root()?);
        Ok(Group { handle: Handle { file: self.clone(), object } })
    }
}
