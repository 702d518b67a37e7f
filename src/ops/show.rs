//! All that is known about one object, as plain data.

use std::sync::Arc;

use super::preview::{one, place};
use super::tree::{Leads, leads};
use crate::api::attribute::{Attribute, found};
use crate::api::dataset::Dataset;
use crate::api::group::{Group, Node};
use crate::api::session::File;
use crate::api::value::Value;
use crate::error::{Error, Result};
use crate::filter::Stage;
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::Datatype;
use crate::format::message::fill::FillValue;
use crate::format::message::layout::LayoutClass;
use crate::format::message::link::Target;
use crate::format::message::times::{ModificationTime, OldTime};
use crate::format::message::{self};
use crate::model::dataset::ExternalPart;
use crate::model::links::order_tracked;
use crate::model::object::ObjectKind;
use crate::store::header::ObjectHeader;
use crate::wire::decode;

/// An object, described.
#[derive(Debug)]
pub struct Shown {
    /// The path it was opened by.
    pub path: String,
    /// The byte offset of its header in the file.
    pub address: Option<u64>,
    /// Hard links that lead to it, by its header.
    pub references: u32,
    /// What it is.
    pub object: Object,
    /// When it was made and changed.
    pub times: Times,
    /// Its comment.
    pub comment: Option<String>,
    /// Its attributes, by name.
    pub attributes: Vec<Attribute>,
    /// What could not be read.
    pub broken: Vec<Error>,
}

/// What an object is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Object {
    /// A group.
    Group {
        /// Its links, by name.
        links: Vec<ShownLink>,
        /// How many there are; those beyond [`LINKS`] are not described.
        count: usize,
        /// Whether it keeps the order in which they were made.
        ordered: bool,
    },
    /// A dataset.
    Dataset(Box<ShownDataset>),
    /// A committed datatype.
    Type(Datatype),
}

/// Links of a group that are described.
pub const LINKS: usize = 100;

/// A link, described.
#[derive(Debug)]
pub struct ShownLink {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub to: LinkTo,
}

/// Where a link leads.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkTo {
    /// To an object.
    Hard(Result<ObjectKind>),
    /// To a path.
    Soft(String, Leads),
    /// To a path in another file.
    External(String, String, Leads),
    /// To something of a user-defined class.
    User(u8),
}

/// Times in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// Creation.
    pub created: Option<i64>,
    /// Last modification of the data.
    pub modified: Option<i64>,
    /// Last change of the header.
    pub changed: Option<i64>,
    /// Last access.
    pub accessed: Option<i64>,
}

/// A dataset, described.
#[derive(Debug)]
pub struct ShownDataset {
    /// Type of an element.
    pub datatype: Arc<Datatype>,
    /// Byte offset of the committed datatype that it uses.
    pub committed: Option<u64>,
    /// Scalar, simple or null.
    pub space: SpaceClass,
    /// Current dimensions.
    pub shape: Result<Vec<u64>>,
    /// Maximum dimensions; none: unlimited.
    pub max_shape: Vec<Option<u64>>,
    /// Where the elements lie.
    pub layout: Layout,
    /// Filters, in the order of writing.
    pub filters: Vec<ShownFilter>,
    /// Bytes that the elements take in this file.
    pub stored_bytes: Result<u64>,
    /// Bytes of all elements, unfiltered.
    pub bytes: Option<u64>,
    /// What unwritten elements read as.
    pub fill: Fill,
    /// Other files that hold the data.
    pub external: Vec<ExternalPart>,
    /// Sources of a virtual dataset: file (`.`: this one) and path.
    pub sources: Vec<(String, String)>,
}

/// Where a dataset's elements lie.
#[derive(Debug)]
#[non_exhaustive]
pub enum Layout {
    /// In the object's header.
    Compact,
    /// In one block, at this byte offset once it is written.
    Contiguous(Option<u64>),
    /// In chunks.
    Chunked {
        /// Shape of a chunk.
        chunk: Vec<u64>,
        /// Bytes of a chunk, unfiltered.
        bytes: Option<u64>,
        /// Chunks that were written.
        written: Result<u64>,
        /// Chunks that the current shape has.
        of: Option<u64>,
        /// Kind of the chunk index.
        index: &'static str,
    },
    /// In other datasets.
    Virtual,
}

/// A filter, described.
#[derive(Debug)]
pub struct ShownFilter {
    /// As it is stored.
    pub stage: Stage,
    /// Its name.
    pub name: String,
    /// Its parameters in words, where they are known.
    pub parameters: String,
    /// Whether this crate can undo it.
    pub known: bool,
}

/// What unwritten elements read as.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fill {
    /// Nothing in particular.
    Undefined,
    /// Zeros.
    Zeros,
    /// This value.
    Value(Value),
    /// One element, as stored, which cannot be decoded.
    Bytes(Vec<u8>),
}

/// Describes an object. What cannot be read of it is told in [`Shown::broken`], or in its own place.
pub fn show(node: &Node) -> Shown {
    let (file, header) = match node {
        Node::Group(g) => (&g.file, &g.header),
        Node::Dataset(d) => (&d.file, &d.header),
        Node::Type(t) => (&t.file, &t.header),
    };
    let mut broken = Vec::new();
    let object = match node {
        Node::Group(g) => group(g, &mut broken),
        Node::Dataset(d) => Object::Dataset(Box::new(dataset(d, &mut broken))),
        Node::Type(t) => Object::Type(t.datatype().clone()),
    };
    let (attributes, lost) = found(file, header, node.path());
    broken.extend(lost);
    let comment = header.comment().map(|c| String::from_utf8_lossy(&c).into_owned());
    Shown {
        path: node.path().to_string(),
        address: place(header.address, file.user_block()),
        references: header.references,
        object,
        times: times(header),
        comment,
        attributes,
        broken,
    }
}

fn group(group: &Group, broken: &mut Vec<Error>) -> Object {
    let (links, lost) = group.links_found();
    broken.extend(lost);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let shown = links.iter().take(LINKS).map(|link| {
        let to = match &link.target {
            Target::Hard(address) => LinkTo::Hard(group.file.header(*address).map(|h| h.kind())),
            Target::Soft(path) => LinkTo::Soft(text(path), leads(group, link)),
            Target::External { file, path } => LinkTo::External(text(file), text(path), leads(group, link)),
            Target::User { class, .. } => LinkTo::User(*class),
        };
        ShownLink { name: text(&link.name), to }
    });
    let ordered = order_tracked(group.file.container(), &group.header);
    Object::Group { links: shown.collect(), count: links.len(), ordered }
}

fn dataset(d: &Dataset, broken: &mut Vec<Error>) -> ShownDataset {
    let info = d.info();
    let user_block = d.file().user_block();
    let shape = d.shape();
    let elements = d.len().ok();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let layout = match &info.layout.class {
        LayoutClass::Compact(_) => Layout::Compact,
        LayoutClass::Contiguous { address, .. } => Layout::Contiguous(place(*address, user_block)),
        LayoutClass::Virtual { .. } => Layout::Virtual,
        LayoutClass::Chunked(_) => chunked(d, shape.as_deref().unwrap_or_default()),
    };
    let sources = d.mappings().unwrap_or_else(|e| {
        broken.push(e);
        Vec::new()
    });
    ShownDataset {
        datatype: info.datatype.clone(),
        committed: info.committed.and_then(|a| place(a, user_block)),
        space: info.space.class,
        shape,
        max_shape: d.max_shape(),
        layout,
        filters: d.filters().iter().map(|stage| filter(d.file(), stage)).collect(),
        stored_bytes: d.stored_bytes(),
        bytes: elements.and_then(|n| n.checked_mul(u64::from(info.datatype.size))),
        fill: match &info.fill {
            FillValue::Undefined => Fill::Undefined,
            FillValue::Default => Fill::Zeros,
            FillValue::Given(stored) => {
                one(d, stored).map_or_else(|_| Fill::Bytes(stored.clone()), Fill::Value)
            }
        },
        external: info.external.clone(),
        sources: sources.iter().map(|m| (text(&m.file), text(&m.dataset))).collect(),
    }
}

fn chunked(d: &Dataset, shape: &[u64]) -> Layout {
    let chunk = d.chunk_shape().unwrap_or_default();
    let mut written = 0u64;
    let counted = d.each_chunk(&mut |_| {
        written = written.saturating_add(1);
        Ok(())
    });
    let mut along = shape.iter().zip(&chunk).map(|(n, c)| n.div_ceil((*c).max(1)));
    let index = match &d.info().layout.class {
        LayoutClass::Chunked(c) => c.index.name(),
        _ => "",
    };
    let size = u64::from(d.datatype().size);
    Layout::Chunked {
        bytes: chunk.iter().try_fold(size, |n, c| n.checked_mul(*c)),
        of: along.try_fold(1u64, u64::checked_mul),
        chunk,
        written: counted.map(|()| written),
        index,
    }
}

fn times(header: &ObjectHeader) -> Times {
    if let Some(t) = &header.times {
        let some = |seconds: u32| (seconds != 0).then_some(i64::from(seconds));
        return Times {
            created: some(t.birth),
            modified: some(t.modification),
            changed: some(t.change),
            accessed: some(t.access),
        };
    }
    let new = header.find(message::TIME).and_then(|m| {
        let (time, _) = decode::<ModificationTime>(&m.body, (), &message::structure(message::TIME)).ok()?;
        Some(i64::from(time.seconds))
    });
    let old = || {
        let m = header.find(message::TIME_OLD)?;
        let (time, _) = decode::<OldTime>(&m.body, (), &message::structure(message::TIME_OLD)).ok()?;
        seconds_of_digits(&time.digits)
    };
    Times { modified: new.or_else(old), ..Times::default() }
}

/// Seconds since 1970 of `YYYYMMDDhhmmss`.
fn seconds_of_digits(digits: &[u8; 14]) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?;
    let part = |from: usize, to: usize| text.get(from..to).and_then(|t| t.parse::<i64>().ok());
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    // Years begin in March, so that the leap day is the last.
    let (y, m) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let leap_days = y.div_euclid(4).checked_sub(y.div_euclid(100))?.checked_add(y.div_euclid(400))?;
    let of_months = m.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    let days = y
        .checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(of_months)?
        .checked_add(day)?
        .checked_sub(719_469)?;
    let hours = days.checked_mul(24)?.checked_add(part(8, 10)?)?;
    hours.checked_mul(60)?.checked_add(part(10, 12)?)?.checked_mul(60)?.checked_add(part(12, 14)?)
}

/// A time as `2024-05-17 09:30:00 UTC`.
pub fn time_text(seconds: i64) -> String {
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 1 March of the year 0; 400 years have 146,097 days.
    let shifted = days.saturating_add(719_468);
    let (era, day) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let corrected =
        day.saturating_sub(day / 1_460).saturating_add(day / 36_524).saturating_sub(day / 146_096);
    let year = corrected / 365;
    let of_years = year.saturating_mul(365).saturating_add(year / 4).saturating_sub(year / 100);
    let of_year = day.saturating_sub(of_years);
    let month = of_year.saturating_mul(5).saturating_add(2) / 153;
    let day = of_year.saturating_sub(month.saturating_mul(153).saturating_add(2) / 5).saturating_add(1);
    let (month, later) = if month < 10 { (month.saturating_add(3), 0) } else { (month.saturating_sub(9), 1) };
    let year = year.saturating_add(era.saturating_mul(400)).saturating_add(later);
    let (h, m, s) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {h:02}:{m:02}:{s:02} UTC")
}

fn filter(file: &File, stage: &Stage) -> ShownFilter {
    let known = file.0.options.filters.get(stage.id).is_some();
    ShownFilter { stage: stage.clone(), name: filter_name(file, stage), parameters: parameters(stage), known }
}

/// The name of a filter: the usual one, else the one in the file, else `unknown`.
pub fn filter_name(file: &File, stage: &Stage) -> String {
    let known: Option<&str> = file.0.options.filters.get(stage.id).map(|f| f.name());
    let name = known.or(usual_name(stage.id)).map(str::to_string).or_else(|| stage.name.clone());
    name.unwrap_or_else(|| "unknown".to_string())
}

/// Registered filters that are not built in.
fn usual_name(id: u16) -> Option<&'static str> {
    Some(match id {
        305 => "lzo",
        32014 => "fpzip",
        32017 => "sz",
        32018 => "fcidecomp",
        32020 => "vbz",
        32024 => "sz3",
        32028 => "sperr",
        _ => return None,
    })
}

/// Client data in words.
fn parameters(stage: &Stage) -> String {
    let value = |i: usize| stage.client_data.get(i).copied();
    let part = |name: &str, v: Option<u32>| v.map(|v| format!("{name} {v}"));
    let codec = |names: &[&str], at: usize| {
        value(at).map(|v| {
            let name = usize::try_from(v).ok().and_then(|v| names.get(v));
            name.map_or_else(|| format!("codec {v}"), |n| (*n).to_string())
        })
    };
    let shuffled = |at: usize| match value(at) {
        Some(1) => Some("byte shuffle".to_string()),
        Some(2) => Some("bit shuffle".to_string()),
        _ => None,
    };
    let blosc = ["blosclz", "lz4", "lz4hc", "snappy", "zlib", "zstd"];
    let words = match stage.id {
        1 | 307 | 32015 => vec![part("level", value(0))],
        2 => vec![value(0).map(|n| format!("{n} bytes"))],
        4 => vec![part("pixels per block", value(1))],
        32001 => vec![codec(&blosc, 6), part("level", value(4)), shuffled(5)],
        32004 => vec![part("block bytes", value(0).filter(|n| *n > 0))],
        32008 => {
            let codec = match value(4) {
                Some(2) => Some("lz4".to_string()),
                Some(3) => Some("zstd".to_string()),
                _ => None,
            };
            vec![codec, part("block", value(3).filter(|n| *n > 0))]
        }
        32026 => vec![codec(&["blosclz", "lz4", "lz4hc", "", "zlib", "zstd"], 6), part("level", value(4))],
        _ => Vec::new(),
    };
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(time_text(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(time_text(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(time_text(1_715_938_200), "2024-05-17 09:30:00 UTC");
        assert_eq!(seconds_of_digits(b"20240517093000"), Some(1_715_938_200));
        assert_eq!(seconds_of_digits(b"20000229000000"), Some(951_782_400));
        assert_eq!(seconds_of_digits(b"20001329000000"), None);
    }
}
