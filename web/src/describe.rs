//! Objects as JSON: the types of `web/ts/types.ts`.

use std::borrow::Cow;
use std::ops::Range;

use h5::api::visit::Visited;
use h5::error::{Error, Result};
use h5::format::message::dataspace::{Dataspace, SpaceClass};
use h5::format::message::layout::LayoutClass;
use h5::ops::show::filter_name;
use h5::{Attribute, Dataset, File, Group, Link, Node, Target};

use crate::json::Json;

/// Runs steps one after the other, those after one that misses bytes too: what all of them miss is fetched at once.
#[derive(Default)]
pub(crate) struct Gather {
    missing: Vec<Range<u64>>,
}

impl Gather {
    /// Notes what an error says is missing; steps have no other errors.
    pub(crate) fn step(&mut self, done: Result<()>) {
        if let Err(e) = done {
            self.miss(&e);
        }
    }
    /// Notes what an error says is missing.
    pub(crate) fn miss(&mut self, error: &Error) {
        self.missing.extend_from_slice(error.missing());
    }
    /// An error where a step missed bytes.
    pub(crate) fn end(self) -> Result<()> {
        if self.missing.is_empty() { Ok(()) } else { Err(Error::missing_ranges(self.missing)) }
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').find(|name| !name.is_empty()).unwrap_or("/")
}

/// What all objects begin with; attributes and more follow.
fn begin(json: &mut Json<'_>, kind: &str, path: &str) {
    json.raw("{\"kind\":\"").raw(kind).raw("\",\"name\":").string(name_of(path));
    json.raw(",\"path\":").string(path).raw(",\"attributes\":");
}

/// The dimensions; null where there is no element at all.
fn dims(json: &mut Json<'_>, space: &Dataspace, dims: &[u64]) {
    match space.class {
        SpaceClass::Null => json.raw("null"),
        _ => json.numbers(dims),
    };
}

/// An attribute without its value.
pub(crate) fn attribute(json: &mut Json<'_>, attribute: &Attribute) -> Result<()> {
    let (datatype, shape) = (attribute.datatype()?, attribute.shape()?);
    json.raw("{\"name\":").string(&text(attribute.name_bytes())).raw(",\"type\":").datatype(&datatype);
    json.raw(",\"shape\":");
    dims(json, &attribute.space()?, &shape);
    json.raw("}");
    Ok(())
}

/// An attribute that cannot be described: its value says why.
pub(crate) fn broken_attribute(json: &mut Json<'_>, attribute: &Attribute) {
    json.raw("{\"name\":").string(&attribute.name()).raw(",\"type\":{\"class\":\"opaque\"},\"shape\":null}");
}

/// The attributes of an object; what is damaged is told when the values are asked for.
fn attributes(json: &mut Json<'_>, found: Result<Vec<Attribute>>) -> Result<()> {
    let found = match found {
        Ok(found) => found,
        Err(e) if e.is_missing() => return Err(e),
        Err(_) => Vec::new(),
    };
    let mut gather = Gather::default();
    json.raw("[");
    let mut first = true;
    for a in found {
        let before = json.len();
        if !first {
            json.raw(",");
        }
        match attribute(json, &a) {
            Ok(()) => first = false,
            Err(e) => {
                json.cut(before);
                if e.is_missing() {
                    gather.miss(&e);
                }
            }
        }
    }
    json.raw("]");
    gather.end()
}

fn layout_name(d: &Dataset) -> &'static str {
    match &d.info().layout.class {
        LayoutClass::Compact(_) => "compact",
        LayoutClass::Contiguous { .. } if !d.info().external.is_empty() => "external",
        LayoutClass::Contiguous { .. } => "contiguous",
        LayoutClass::Chunked(_) => "chunked",
        LayoutClass::Virtual { .. } => "virtual",
    }
}

fn dataset(json: &mut Json<'_>, d: &Dataset, path: &str) -> Result<()> {
    begin(json, "dataset", path);
    attributes(json, d.attributes())?;
    json.raw(",\"type\":").datatype(d.datatype()).raw(",\"shape\":");
    let (space, shape) = (&d.info().space, d.shape()?);
    dims(json, space, &shape);
    json.raw(",\"maxShape\":");
    match space.class {
        SpaceClass::Null => json.raw("null"),
        _ => json.list(d.max_shape(), |json, most| {
            match most {
                Some(n) => json.number(n),
                None => json.raw("null"),
            };
        }),
    };
    json.raw(",\"layout\":\"").raw(layout_name(d)).raw("\",\"chunks\":");
    match d.chunk_shape() {
        Some(chunks) => json.numbers(&chunks),
        None => json.raw("null"),
    };
    json.raw(",\"filters\":").list(d.filters(), |json, stage| {
        json.raw("{\"id\":")
            .number(u64::from(stage.id))
            .raw(",\"name\":")
            .string(&filter_name(d.file(), stage));
        let values: Vec<u64> = stage.client_data.iter().copied().map(u64::from).collect();
        json.raw(",\"params\":").numbers(&values).raw("}");
    });
    let sources = d.mappings()?;
    if !sources.is_empty() {
        json.raw(",\"sources\":").list(&sources, |json, source| {
            json.raw("{\"file\":").string(&text(&source.file));
            json.raw(",\"path\":").string(&text(&source.dataset)).raw("}");
        });
    }
    json.raw("}");
    Ok(())
}

/// An object, a group without its members.
pub(crate) fn object(json: &mut Json<'_>, node: &Node, path: &str) -> Result<()> {
    match node {
        Node::Group(g) => {
            begin(json, "group", path);
            attributes(json, g.attributes())?;
            json.raw(",\"size\":").number(g.len()? as u64).raw("}");
        }
        Node::Dataset(d) => dataset(json, d, path)?,
        Node::Type(t) => {
            begin(json, "datatype", path);
            attributes(json, t.attributes())?;
            json.raw(",\"type\":").datatype(t.datatype()).raw("}");
        }
        _ => return Err(Error::unsupported("an object of a new kind").on_path(path)),
    }
    Ok(())
}

/// A link of which the object cannot be told.
fn unresolved(json: &mut Json<'_>, link: &Link, path: &str, error: Option<&Error>) {
    begin(json, "unresolved", path);
    json.raw("[],\"link\":");
    match &link.target {
        Target::Hard(_) => json.raw("\"hard\""),
        Target::Soft(target) => json.raw("\"soft\",\"target\":").string(&text(target)),
        Target::External { file, path } => {
            json.raw("\"external\",\"file\":").string(&text(file)).raw(",\"target\":").string(&text(path))
        }
        _ => json.raw("\"user\""),
    };
    if let Some(error) = error {
        json.raw(",\"error\":").string(&error.to_string());
    }
    json.raw("}");
}

/// A member of a group, or why it cannot be told.
fn member(json: &mut Json<'_>, group: &Group, link: &Link) -> Result<()> {
    let (before, path) = (json.len(), File::member_path(group.path(), &text(&link.name)));
    let told = match group.follow(link) {
        Ok(Some(node)) => object(json, &node, &path).map_err(Some),
        Ok(None) => Err(None),
        Err(e) => Err(Some(e)),
    };
    match told {
        Ok(()) => Ok(()),
        Err(Some(e)) if e.is_missing() => Err(e),
        Err(error) => {
            json.cut(before);
            unresolved(json, link, &path, error.as_ref());
            Ok(())
        }
    }
}

/// A group with its members, each described.
pub(crate) fn list(json: &mut Json<'_>, group: &Group) -> Result<()> {
    let (links, broken) = group.links_found();
    if let Some(e) = broken.filter(Error::is_missing) {
        return Err(e);
    }
    begin(json, "group", group.path());
    attributes(json, group.attributes())?;
    let mut gather = Gather::default();
    json.raw(",\"size\":").number(links.len() as u64).raw(",\"children\":");
    json.list(&links, |json, link| gather.step(member(json, group, link)));
    json.raw("}");
    gather.end()
}

/// The members of a group: kind and name, of datasets and types the type, of datasets the shape; no attributes.
pub(crate) fn members(json: &mut Json<'_>, group: &Group) -> Result<()> {
    let (links, broken) = group.links_found();
    if let Some(e) = broken.filter(Error::is_missing) {
        return Err(e);
    }
    let mut gather = Gather::default();
    json.raw("{\"path\":").string(group.path()).raw(",\"members\":").list(&links, |json, link| {
        let node = group.follow(link);
        if let Err(e) = node.as_ref()
            && e.is_missing()
        {
            gather.miss(e);
        }
        json.raw("{\"name\":").string(&text(&link.name)).raw(",\"kind\":");
        match node {
            Ok(Some(Node::Group(_))) => json.raw("\"group\"}"),
            Ok(Some(Node::Dataset(d))) => {
                json.raw("\"dataset\",\"type\":").datatype(d.datatype()).raw(",\"shape\":");
                dims(json, &d.info().space, d.shape().as_deref().unwrap_or_default());
                json.raw("}")
            }
            Ok(Some(Node::Type(t))) => json.raw("\"datatype\",\"type\":").datatype(t.datatype()).raw("}"),
            _ => json.raw("\"unresolved\"}"),
        };
    });
    json.raw("}");
    gather.end()
}

/// Visits all objects of a file; bytes that are missing for any of them are asked for together.
pub(crate) fn each_object(file: &File, each: &mut dyn FnMut(&Visited)) -> Result<()> {
    let mut gather = Gather::default();
    file.visit(&mut |visited| {
        let missing = visited.node.as_ref().err().or(visited.broken.as_ref()).filter(|e| e.is_missing());
        match missing {
            Some(e) => gather.miss(e),
            None => each(&visited),
        }
        Ok(())
    })?;
    gather.end()
}
