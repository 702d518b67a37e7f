//! Groups.

use std::sync::Arc;

use super::attribute::{Attribute, list as attribute_list, open as open_attribute};
use super::dataset::Dataset;
use super::named::NamedType;
use super::path::{Found, follow, join, resolve};
use super::session::File;
use crate::error::{At, Error, Result};
use crate::format::message::link::{Link, Target};
use crate::model::links;
use crate::model::object::ObjectKind;
use crate::store::header::ObjectHeader;
use crate::wire::Addr;

/// Whatever object a path leads to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Node {
    /// A group.
    Group(Group),
    /// A dataset.
    Dataset(Dataset),
    /// A committed datatype.
    Type(NamedType),
}

impl Node {
    pub(crate) fn open(file: &File, address: Addr, path: String) -> Result<Node> {
        let header = file.header(address).on(&path)?;
        match header.kind() {
            ObjectKind::Group => Ok(Node::Group(Group { file: file.clone(), header, path })),
            ObjectKind::Dataset => Dataset::load(file, header, path).map(Node::Dataset),
            ObjectKind::Datatype => NamedType::load(file, header, path).map(Node::Type),
            ObjectKind::Unknown => {
                let e = Error::damaged("the header describes neither group nor dataset nor datatype");
                Err(e.within(&crate::format::header::V2, Some(address.raw())).on_path(&path))
            }
        }
    }
    /// The object's path, as it was opened.
    pub fn path(&self) -> &str {
        match self {
            Node::Group(g) => g.path(),
            Node::Dataset(d) => d.path(),
            Node::Type(t) => t.path(),
        }
    }
}

/// A group: a cheap handle, to be cloned and sent to other threads.
#[derive(Clone)]
pub struct Group {
    pub(crate) file: File,
    pub(crate) header: Arc<ObjectHeader>,
    pub(crate) path: String,
}

impl Group {
    /// Its header as it is now.
    pub(crate) fn now(&self) -> Result<Arc<ObjectHeader>> {
        self.file.header_now(&self.header)
    }
    pub(crate) fn at(file: &File, address: Addr, path: String) -> Result<Group> {
        match Node::open(file, address, path)? {
            Node::Group(g) => Ok(g),
            other => Err(file.no_such(other.path(), "group")),
        }
    }
    /// The path it was opened by.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The file it is in.
    pub fn file(&self) -> &File {
        &self.file
    }
    /// The address of its header.
    pub fn address(&self) -> Addr {
        self.header.address
    }
    /// Its links, sorted by the bytes of their names.
    pub fn links(&self) -> Result<Vec<Link>> {
        let (links, broken) = self.links_found();
        broken.map_or(Ok(links), Err)
    }
    /// The links that can be read, sorted by name, and what broke.
    pub fn links_found(&self) -> (Vec<Link>, Option<Error>) {
        let mut out = Vec::new();
        let result = self.now().and_then(|header| {
            links::each(self.file.container(), &header, &mut |link| {
                out.push(link);
                Ok(())
            })
        });
        out.sort_by(|a, b| a.name.cmp(&b.name));
        (out, result.on(&self.path).err())
    }
    /// Its links in the order of their creation, where the group tracks it; else by name.
    pub fn links_by_creation(&self) -> Result<Vec<Link>> {
        let mut out = self.links()?;
        out.sort_by_key(|l| l.order);
        Ok(out)
    }
    /// The names of its links, sorted.
    pub fn names(&self) -> Result<Vec<String>> {
        Ok(self.links()?.iter().map(|l| String::from_utf8_lossy(&l.name).into_owned()).collect())
    }
    /// The number of its links.
    pub fn len(&self) -> Result<usize> {
        let mut n = 0usize;
        links::each(self.file.container(), &*self.now()?, &mut |_| {
            n = n.saturating_add(1);
            Ok(())
        })?;
        Ok(n)
    }
    /// Whether it has no link.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Whether something is at this path (relative to the group, or absolute).
    pub fn contains(&self, path: &str) -> Result<bool> {
        Ok(self.find(path)?.is_some())
    }
    fn find(&self, path: &str) -> Result<Option<Found>> {
        let links_left = self.file.container().store.limits.max_links;
        resolve(&self.file, self.header.address, path.as_bytes(), links_left).on(&self.full(path))
    }
    pub(crate) fn full(&self, path: &str) -> String {
        if path.starts_with('/') { path.to_string() } else { join(&self.path, path.trim_end_matches('/')) }
    }
    /// Whatever object is at this path; none where there is none.
    pub fn get(&self, path: &str) -> Result<Option<Node>> {
        let Some(found) = self.find(path)? else { return Ok(None) };
        found.file.node_at(found.address, self.full(path)).map(Some)
    }
    fn need(&self, path: &str, what: &str) -> Result<Node> {
        self.get(path)?.ok_or_else(|| self.file.no_such(&self.full(path), what))
    }
    /// The group at this path (relative to the group, or absolute).
    pub fn group(&self, path: &str) -> Result<Group> {
        match self.need(path, "group")? {
            Node::Group(g) => Ok(g),
            other => Err(self.file.no_such(other.path(), "group (but another object)")),
        }
    }
    /// The dataset at this path.
    pub fn dataset(&self, path: &str) -> Result<Dataset> {
        match self.need(path, "dataset")? {
            Node::Dataset(d) => Ok(d),
            other => Err(self.file.no_such(other.path(), "dataset (but another object)")),
        }
    }
    /// The committed datatype at this path.
    pub fn named_type(&self, path: &str) -> Result<NamedType> {
        match self.need(path, "datatype")? {
            Node::Type(t) => Ok(t),
            other => Err(self.file.no_such(other.path(), "datatype (but another object)")),
        }
    }
    /// The object that a link of this group leads to; none where it leads nowhere.
    pub fn follow(&self, link: &Link) -> Result<Option<Node>> {
        let path = join(&self.path, &String::from_utf8_lossy(&link.name));
        let links_left = self.file.container().store.limits.max_links;
        match follow(&self.file, self.header.address, link, links_left).on(&path)? {
            Some(found) => found.file.node_at(found.address, path).map(Some),
            None => Ok(None),
        }
    }
    /// What kind of object a link leads to; none where it leads nowhere.
    pub fn kind_of(&self, link: &Link) -> Result<Option<ObjectKind>> {
        let links_left = self.file.container().store.limits.max_links;
        match follow(&self.file, self.header.address, link, links_left)? {
            Some(found) => Ok(Some(found.file.header(found.address)?.kind())),
            None => Ok(None),
        }
    }
    /// The groups among its members, soft and external links not followed.
    pub fn groups(&self) -> Result<Vec<Group>> {
        self.members(|n| if let Node::Group(g) = n { Some(g) } else { None })
    }
    /// The datasets among its members, soft and external links not followed.
    pub fn datasets(&self) -> Result<Vec<Dataset>> {
        self.members(|n| if let Node::Dataset(d) = n { Some(d) } else { None })
    }
    fn members<T>(&self, keep: impl Fn(Node) -> Option<T>) -> Result<Vec<T>> {
        let mut out = Vec::new();
        for link in self.links()?.iter().filter(|l| matches!(l.target, Target::Hard(_))) {
            out.extend(self.follow(link)?.and_then(&keep));
        }
        Ok(out)
    }
    /// Its attributes, sorted by name.
    pub fn attributes(&self) -> Result<Vec<Attribute>> {
        attribute_list(&self.file, &*self.now()?, &self.path)
    }
    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Result<Attribute> {
        open_attribute(&self.file, &*self.now()?, &self.path, name)
    }
    /// The object's comment.
    pub fn comment(&self) -> Option<String> {
        self.now().ok()?.comment().map(|c| String::from_utf8_lossy(&c).into_owned())
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Group").field(&self.path).finish()
    }
}
