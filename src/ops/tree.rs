//! What is in a file, entry by entry, as a tree to be printed.

use std::collections::HashMap;

use crate::api::attribute::Attribute;
use crate::api::group::{Group, Node};
use crate::api::path::join;
use crate::api::session::File;
use crate::api::value::Value;
use crate::error::{Error, Result};
use crate::format::message::link::Target;
use crate::model::object::ObjectKind;
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
        /// Current dimensions; `None` where they follow from sources that cannot be read.
        shape: Option<Vec<u64>>,
        /// Maximum dimensions; none: unlimited.
        max_shape: Vec<Option<u64>>,
    },
    /// A committed datatype.
    Datatype(String),
    /// An object that was met before, under this path.
    Again(String),
    /// A soft link, and what it leads to.
    Soft(String, Option<ObjectKind>),
    /// An external link (file and path), and what it leads to.
    External(String, String, Option<ObjectKind>),
    /// A user-defined link of this class.
    User(u8),
    /// An attribute: type, dimensions, and the start of its value.
    Attribute {
        /// Type of an element.
        datatype: String,
        /// Dimensions.
        shape: Vec<u64>,
        /// Its value, or the first ones.
        value: String,
    },
    /// Something that cannot be read.
    Broken(Error),
}

/// Characters of an attribute's value that are shown.
const VALUE_CHARACTERS: usize = 60;
/// Elements of an attribute that are shown.
const VALUE_ELEMENTS: usize = 8;

struct Walk<'v> {
    options: Options,
    seen: HashMap<Addr, String>,
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
        file.get(path)?.ok_or_else(|| Error::usage("there is no object here").on_path(path))?
    };
    let mut walk = Walk { options: *options, seen: HashMap::new(), visit };
    walk.node(start, path.to_string(), Vec::new())
}

impl Walk<'_> {
    fn give(&mut self, name: String, last: &[bool], what: What) -> Result<()> {
        (self.visit)(Entry { depth: last.len(), last: last.to_vec(), name, what })
    }
    fn node(&mut self, node: Node, name: String, last: Vec<bool>) -> Result<()> {
        match node {
            Node::Group(group) => {
                self.seen.insert(group.header.address, group.path().to_string());
                self.group(&group, name, last)
            }
            Node::Dataset(d) => {
                self.seen.insert(d.header.address, d.path().to_string());
                let what = What::Dataset {
                    datatype: d.datatype().describe(),
                    shape: d.shape().ok(),
                    max_shape: d.max_shape(),
                };
                self.give(name, &last, what)?;
                self.attributes(d.attributes(), &last, false)
            }
            Node::Type(t) => {
                self.seen.insert(t.header.address, t.path().to_string());
                self.give(name, &last, What::Datatype(t.datatype().describe()))?;
                self.attributes(t.attributes(), &last, false)
            }
        }
    }
    fn group(&mut self, group: &Group, name: String, last: Vec<bool>) -> Result<()> {
        let (links, broken) = group.links_found();
        self.give(name, &last, What::Group(links.len()))?;
        let deeper = self.options.depth.is_none_or(|d| last.len() < d);
        self.attributes(group.attributes(), &last, deeper && (!links.is_empty() || broken.is_some()))?;
        if !deeper {
            return Ok(());
        }
        let count = links.len();
        for (i, link) in links.iter().enumerate() {
            let name = String::from_utf8_lossy(&link.name).into_owned();
            let mut below = last.clone();
            below.push(i.saturating_add(1) == count && broken.is_none());
            match &link.target {
                Target::Hard(address) => {
                    self.hard(group, &join(group.path(), &name), name, *address, below)?
                }
                Target::Soft(path) => {
                    let target = String::from_utf8_lossy(path).into_owned();
                    let kind = group.kind_of(link).ok().flatten();
                    self.give(name, &below, What::Soft(target, kind))?;
                }
                Target::External { file, path } => {
                    let (file, path) = (String::from_utf8_lossy(file), String::from_utf8_lossy(path));
                    let kind = group.kind_of(link).ok().flatten();
                    self.give(name, &below, What::External(file.into_owned(), path.into_owned(), kind))?;
                }
                Target::User { class, .. } => self.give(name, &below, What::User(*class))?,
            }
        }
        if let Some(e) = broken {
            let below = [last, vec![true]].concat();
            self.give("…".to_string(), &below, What::Broken(e))?;
        }
        Ok(())
    }
    fn hard(
        &mut self,
        group: &Group,
        path: &str,
        name: String,
        address: Addr,
        last: Vec<bool>,
    ) -> Result<()> {
        if let Some(first) = self.seen.get(&address) {
            let first = first.clone();
            return self.give(name, &last, What::Again(first));
        }
        match group.file().node_at(address, path.to_string()) {
            Ok(node) => self.node(node, name, last),
            Err(e) => self.give(name, &last, What::Broken(e)),
        }
    }
    fn attributes(&mut self, found: Result<Vec<Attribute>>, last: &[bool], more: bool) -> Result<()> {
        if !self.options.attributes {
            return Ok(());
        }
        let all = match found {
            Ok(all) => all,
            Err(e) => return self.give("@…".to_string(), &[last, &[!more]].concat(), What::Broken(e)),
        };
        let count = all.len();
        for (i, a) in all.iter().enumerate() {
            let below = [last, &[i.saturating_add(1) == count && !more]].concat();
            let what = match describe(a) {
                Ok(what) => what,
                Err(e) => What::Broken(e),
            };
            self.give(format!("@{}", a.name()), &below, what)?;
        }
        Ok(())
    }
}

fn describe(a: &Attribute) -> Result<What> {
    let datatype = a.datatype()?.describe();
    Ok(What::Attribute { datatype, shape: a.shape()?, value: preview(a) })
}

/// The first values of an attribute in one line.
fn preview(a: &Attribute) -> String {
    let values = match a.read::<Value>() {
        Ok(values) => values,
        Err(e) => return format!("! {e}"),
    };
    let mut text = if values.ndim() == 0 {
        values.first().map(Value::to_string).unwrap_or_default()
    } else {
        let shown: Vec<String> = values.iter().take(VALUE_ELEMENTS).map(Value::to_string).collect();
        let more = if values.len() > VALUE_ELEMENTS { ", …" } else { "" };
        format!("[{}{more}]", shown.join(", "))
    };
    if text.chars().count() > VALUE_CHARACTERS {
        text = text.chars().take(VALUE_CHARACTERS).chain(['…']).collect();
    }
    text.replace(['\n', '\r', '\t'], " ")
}
