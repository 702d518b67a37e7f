//! What is in a file, entry by entry, as a tree to be printed.

use std::collections::HashMap;

use super::text::{clipped, value_text};
use crate::api::attribute::{Attribute, found};
use crate::api::group::{Group, Node};
use crate::api::path::join;
use crate::api::session::File;
use crate::api::value::Value;
use crate::error::{Error, Result};
use crate::format::message::link::{Link, Target};
use crate::model::object::ObjectKind;
use crate::store::header::ObjectHeader;
use crate::wire::Addr;

/// What to walk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Levels below the start; none: all.
    pub depth: Option<usize>,
    /// Attributes, too.
    pub attributes: bool,
}

/// One line of the tree.
#[derive(Debug)]
pub struct Entry {
    /// Levels below the start.
    pub depth: usize,
    /// For each level whether this entry or its parent there is the last one.
    pub last: Vec<bool>,
    /// The name; the path for the start.
    pub name: String,
    /// The path of the object or link; of an attribute, that of its object.
    pub path: String,
    /// What it is.
    pub what: What,
}

/// What a line of the tree is.
#[derive(Debug)]
#[non_exhaustive]
pub enum What {
    /// A group and the number of its links.
    Group(usize),
    /// A dataset.
    Dataset {
        /// Type of an element.
        datatype: String,
        /// Current dimensions; an error where they follow from sources that cannot be read.
        shape: Result<Vec<u64>>,
        /// Maximum dimensions; none: unlimited.
        max_shape: Vec<Option<u64>>,
    },
    /// A committed datatype.
    Datatype(String),
    /// An object that was met before, under this path.
    Again(String),
    /// A soft link.
    Soft(String, Leads),
    /// An external link: file and path.
    External(String, String, Leads),
    /// A user-defined link of this class.
    User(u8),
    /// An attribute: type, dimensions, and the start of its value.
    Attribute {
        /// Type of an element.
        datatype: String,
        /// Dimensions.
        shape: Vec<u64>,
        /// Its value, or the first ones.
        value: Result<String>,
    },
    /// Something that cannot be read.
    Broken(Error),
}

/// Where a soft or an external link leads.
#[derive(Debug)]
#[non_exhaustive]
pub enum Leads {
    /// To an object of this kind.
    To(ObjectKind),
    /// To nothing: file or object do not exist.
    Nowhere,
    /// It cannot be followed.
    Barred(Error),
}

impl What {
    /// What could not be read of this entry. That a link may not be followed is none of it.
    pub fn error(&self) -> Option<&Error> {
        match self {
            What::Broken(e) | What::Dataset { shape: Err(e), .. } | What::Attribute { value: Err(e), .. } => {
                Some(e)
            }
            What::Soft(_, Leads::Barred(e)) | What::External(_, _, Leads::Barred(e)) => {
                (e.is_damaged() || e.is_io()).then_some(e)
            }
            _ => None,
        }
    }
}

/// Characters of an attribute's value that are shown.
const VALUE_CHARACTERS: usize = 60;
/// Elements of an attribute that are shown.
const VALUE_ELEMENTS: usize = 8;
/// Elements of an attribute that are read for it.
const READ_ELEMENTS: u64 = 100_000;
/// Levels of groups that are listed: a hostile file nests without end.
const MAX_LEVELS: usize = 1000;

/// A group whose links are being listed.
struct Open {
    group: Group,
    links: std::vec::IntoIter<Link>,
    broken: Option<Error>,
}

struct Walk<'v> {
    options: Options,
    seen: HashMap<Addr, String>,
    /// The groups from the start down to the one at hand.
    open: Vec<Open>,
    /// For each of them whether it is the last of its parent.
    last: Vec<bool>,
    visit: &'v mut dyn FnMut(Entry) -> Result<()>,
}

/// Visits what is at `path` and below it, in the order of printing. Ends early where `visit` fails; what is
/// damaged becomes an entry of its own.
pub fn tree(
    file: &File,
    path: &str,
    options: &Options,
    visit: &mut dyn FnMut(Entry) -> Result<()>,
) -> Result<()> {
    let start = if path == "/" {
        Node::Group(file.root()?)
    } else {
        file.get(path)?.ok_or_else(|| Error::not_found("there is no object here").on_path(path))?
    };
    let mut walk =
        Walk { options: *options, seen: HashMap::new(), open: Vec::new(), last: Vec::new(), visit };
    walk.node(start, path.to_string())?;
    while let Some(open) = walk.open.last_mut() {
        match (open.links.next(), open.broken.take()) {
            (Some(link), broken) => {
                let is_last = open.links.len() == 0 && broken.is_none();
                open.broken = broken;
                let group = open.group.clone();
                walk.last.push(is_last);
                let levels = walk.open.len();
                walk.link(&group, link)?;
                if walk.open.len() == levels {
                    walk.last.pop();
                }
            }
            (None, Some(e)) => {
                let path = open.group.path().to_string();
                walk.below("…", &path, What::Broken(e), true)?;
            }
            (None, None) => {
                walk.open.pop();
                walk.last.pop();
            }
        }
    }
    Ok(())
}

impl Walk<'_> {
    /// Gives an entry at the level of `self.last`.
    fn give(&mut self, name: String, path: &str, what: What) -> Result<()> {
        let last = self.last.clone();
        (self.visit)(Entry { depth: last.len(), last, name, path: path.to_string(), what })
    }
    /// Gives an entry one level below.
    fn below(&mut self, name: &str, path: &str, what: What, is_last: bool) -> Result<()> {
        self.last.push(is_last);
        let given = self.give(name.to_string(), path, what);
        self.last.pop();
        given
    }
    fn node(&mut self, node: Node, name: String) -> Result<()> {
        let path = node.path().to_string();
        match node {
            Node::Group(group) => {
                self.seen.insert(group.header.address, path);
                self.group(group, name)
            }
            Node::Dataset(d) => {
                self.seen.insert(d.header.address, path.clone());
                let what = What::Dataset {
                    datatype: d.datatype().describe(),
                    shape: d.shape(),
                    max_shape: d.max_shape(),
                };
                self.give(name, &path, what)?;
                self.attributes(&d.file, &d.header, &path, false)
            }
            Node::Type(t) => {
                self.seen.insert(t.header.address, path.clone());
                self.give(name, &path, What::Datatype(t.datatype().describe()))?;
                self.attributes(&t.file, &t.header, &path, false)
            }
        }
    }
    fn group(&mut self, group: Group, name: String) -> Result<()> {
        let (links, broken) = group.links_found();
        let path = group.path().to_string();
        self.give(name, &path, What::Group(links.len()))?;
        let deeper = self.options.depth.is_none_or(|d| self.last.len() < d);
        let more = deeper && (!links.is_empty() || broken.is_some());
        self.attributes(&group.file, &group.header, &path, more)?;
        if more && self.open.len() >= MAX_LEVELS {
            let e = Error::limit(format!("groups nested deeper than {MAX_LEVELS}")).on_path(&path);
            return self.below("…", &path, What::Broken(e), true);
        }
        if more {
            self.open.push(Open { group, links: links.into_iter(), broken });
        }
        Ok(())
    }
    fn link(&mut self, group: &Group, link: Link) -> Result<()> {
        let name = String::from_utf8_lossy(&link.name).into_owned();
        let path = join(group.path(), &name);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let what = match &link.target {
            Target::Hard(address) => {
                if let Some(first) = self.seen.get(address) {
                    What::Again(first.clone())
                } else {
                    match group.file().node_at(*address, path.clone()) {
                        Ok(node) => return self.node(node, name),
                        Err(e) => What::Broken(e),
                    }
                }
            }
            Target::Soft(target) => What::Soft(text(target), leads(group, &link)),
            Target::External { file, path } => What::External(text(file), text(path), leads(group, &link)),
            Target::User { class, .. } => What::User(*class),
        };
        self.give(name, &path, what)
    }
    fn attributes(&mut self, file: &File, header: &ObjectHeader, path: &str, more: bool) -> Result<()> {
        if !self.options.attributes {
            return Ok(());
        }
        let (all, broken) = found(file, header, path);
        let count = all.len();
        for (i, a) in all.iter().enumerate() {
            let is_last = i.saturating_add(1) == count && broken.is_none() && !more;
            let what = attribute(a).unwrap_or_else(What::Broken);
            self.below(&format!("@{}", a.name()), path, what, is_last)?;
        }
        match broken {
            Some(e) => self.below("@…", path, What::Broken(e), !more),
            None => Ok(()),
        }
    }
}

/// Where a link leads.
pub(super) fn leads(group: &Group, link: &Link) -> Leads {
    match group.kind_of(link) {
        Ok(Some(kind)) => Leads::To(kind),
        Ok(None) => Leads::Nowhere,
        Err(e) => Leads::Barred(e),
    }
}

fn attribute(a: &Attribute) -> Result<What> {
    let parts = a.parts()?;
    let shape = parts.space.dims.iter().map(|d| d.0).collect();
    Ok(What::Attribute { datatype: parts.datatype.describe(), shape, value: preview(a) })
}

/// The first values of an attribute in one line.
fn preview(a: &Attribute) -> Result<String> {
    let elements = a.space()?.elements()?;
    if elements > READ_ELEMENTS {
        return Ok(format!("[… {elements} elements]"));
    }
    let values = a.reader().lossy(true).read::<Value>()?;
    let text = match (values.ndim(), values.first()) {
        (0, Some(value)) => value_text(value),
        _ => {
            let shown: Vec<String> = values.iter().take(VALUE_ELEMENTS).map(value_text).collect();
            let more = if values.len() > VALUE_ELEMENTS { ", …" } else { "" };
            format!("[{}{more}]", shown.join(", "))
        }
    };
    Ok(clipped(&text, VALUE_CHARACTERS).into_owned())
}
