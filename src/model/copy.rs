//! Copies objects with everything that belongs to them, within a file and from file to file.
//!
//! - [`header`]: the header that a copy gets
//! - [`elements`]: elements whose bytes lead elsewhere
//! - [`raw`]: the elements of datasets, as they are stored
//! - [`rescue`]: copies of damaged files
//!
//! An object is made when something first leads to it, empty, and filled later: so there is no recursion, and
//! references and links in circles find the address of what is still to be filled.

use std::collections::{HashMap, HashSet};

use super::dataset::DatasetInfo;
use super::{delete, links};
use super::object::ObjectKind;
use crate::error::{Error, Result};
use crate::filter::Stage;
use crate::format::header::RawMessage;
use crate::format::message::link::{Link, Target};
use crate::format::versions::Bound;
use crate::limits::Work;
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::wire::Addr;

pub mod elements;
pub mod header;
pub mod raw;
pub mod rescue;

use rescue::{Damage, Loss, Part};

/// What becomes of references to objects that no link in the copied tree leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum References {
    /// They lead to nothing.
    #[default]
    Null,
    /// They stay as they are; only within one file.
    Keep,
    /// The objects are copied, too.
    Expand,
}

/// What becomes of the filters of chunked datasets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Filters {
    /// They stay; chunks are copied as they are stored.
    #[default]
    Keep,
    /// Chunks are stored without filters.
    Remove,
    /// All chunked datasets get these.
    New(Vec<Stage>),
}

/// What becomes of the layout of datasets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Chunking {
    /// It stays.
    #[default]
    Keep,
    /// Chunked datasets that cannot grow become contiguous.
    None,
    /// Datasets of this rank get chunks of this shape.
    Shape(Vec<u64>),
}

/// How objects are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOptions {
    /// The oldest libhdf5 that is to read the copy.
    pub bound: Bound,
    /// References to what is not copied.
    pub references: References,
    /// Soft links that lead somewhere become copies of what they lead to.
    pub follow_soft: bool,
    /// Groups in the copied group are left empty.
    pub shallow: bool,
    /// Filters of chunked datasets.
    pub filters: Filters,
    /// Layout of datasets.
    pub chunking: Chunking,
    /// What is damaged.
    pub damage: Damage,
}

impl CopyOptions {
    /// A faithful copy for this bound.
    pub fn new(bound: Bound) -> CopyOptions {
        CopyOptions {
            bound,
            references: References::Null,
            follow_soft: false,
            shallow: false,
            filters: Filters::Keep,
            chunking: Chunking::Keep,
            damage: Damage::Refuse,
        }
    }
}

impl Default for CopyOptions {
    fn default() -> Self {
        CopyOptions::new(Bound::default())
    }
}

/// How far a copy is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Objects that are done.
    pub objects: u64,
    /// Objects that are known to come.
    pub known_objects: u64,
    /// Stored bytes of elements that are done.
    pub bytes: u64,
}

/// Copies the elements of a dataset whose chunks cannot stay as they are: decoding is done above this layer.
pub trait Recode {
    /// Writes all elements of the dataset `from` of the source into that at `to` in the target.
    fn recode(&self, copier: &mut Copier<'_>, from: &DatasetInfo, to: Addr) -> Result<()>;
}

struct Pending {
    from: Addr,
    to: Addr,
    depth: u32,
    /// Whether an empty group stands in its place.
    stand_in: bool,
    path: String,
}

/// A copy that is under way.
pub struct Copier<'a> {
    /// Where from.
    pub source: &'a Container,
    /// Where to.
    pub target: &'a Container,
    /// How.
    pub options: CopyOptions,
    recode: &'a dyn Recode,
    watch: &'a mut dyn FnMut(Progress),
    map: HashMap<Addr, Addr>,
    /// The objects of the tree, where others are not to be copied for references to them.
    inside: Option<HashSet<Addr>>,
    pending: Vec<Pending>,
    uses: HashMap<Addr, u32>,
    /// Messages that nobody here knows: they come last, since headers with them are not to be changed.
    unknown: Vec<(Addr, Vec<RawMessage>)>,
    /// What the copy lacks, where [`CopyOptions::damage`] allows that.
    pub losses: Vec<Loss>,
    progress: Progress,
    work: Work,
}

impl<'a> Copier<'a> {
    /// Prepares a copy.
    pub fn new(
        source: &'a Container,
        target: &'a Container,
        options: CopyOptions,
        recode: &'a dyn Recode,
        watch: &'a mut dyn FnMut(Progress),
    ) -> Copier<'a> {
        Copier {
            source,
            target,
            options,
            recode,
            watch,
            map: HashMap::new(),
            inside: None,
            pending: Vec::new(),
            uses: HashMap::new(),
            unknown: Vec::new(),
            losses: Vec::new(),
            progress: Progress::default(),
            work: source.store.work(),
        }
    }
    /// Whether source and target are one file.
    pub(super) fn within(&self) -> bool {
        std::ptr::eq(self.source, self.target)
    }
    /// Copies the object at `top` and all that hard links lead to from it; gives the address of the copy, to
    /// which one link is counted.
    pub fn tree(&mut self, top: Addr) -> Result<Addr> {
        if self.options.references != References::Expand {
            self.inside = Some(self.walk(top)?);
        }
        let copy = self.object(top, 0, "/")?;
        self.count(copy);
        while let Some(next) = self.pending.pop() {
            self.fill(&next)?;
            self.progress.objects = self.progress.objects.saturating_add(1);
            let known = self.progress.objects.saturating_add(u64::try_from(self.pending.len()).unwrap_or(0));
            self.progress.known_objects = known;
            (self.watch)(self.progress);
        }
        for (address, count) in std::mem::take(&mut self.uses) {
            if count != 1 {
                let mut edit = HeaderEdit::load(&self.target.store, address)?;
                edit.set_references(count)?;
                edit.save(&self.target.store)?;
            }
        }
        for (address, messages) in std::mem::take(&mut self.unknown) {
            let mut edit = HeaderEdit::load(&self.target.store, address)?;
            edit.messages.extend(messages);
            edit.save_copy(&self.target.store)?;
        }
        Ok(copy)
    }
    /// All objects of the tree.
    fn walk(&self, top: Addr) -> Result<HashSet<Addr>> {
        let mut seen = HashSet::new();
        let mut left = vec![(top, 0u32)];
        while let Some((address, depth)) = left.pop() {
            if !seen.insert(address) {
                continue;
            }
            let header = ObjectHeader::load_any(&self.source.store, address)?;
            if header.kind() != ObjectKind::Group || self.options.shallow && depth > 0 {
                continue;
            }
            links::each(self.source, &header, &mut |link| {
                if let Some(child) = self.leads_to(address, &link)? {
                    left.push((child, depth.saturating_add(1)));
                }
                Ok(())
            })?;
        }
        Ok(seen)
    }
    /// The object that is copied for a link.
    fn leads_to(&self, group: Addr, link: &Link) -> Result<Option<Addr>> {
        match &link.target {
            Target::Hard(address) => Ok(Some(*address)),
            Target::Soft(path) if self.options.follow_soft => {
                resolve(self.source, group, path, self.source.store.limits.max_links)
            }
            _ => Ok(None),
        }
    }
    /// The copy of an object, which is made and is to be filled where there is none yet.
    fn object(&mut self, from: Addr, depth: u32, path: &str) -> Result<Addr> {
        if let Some(to) = self.map.get(&from) {
            return Ok(*to);
        }
        let (to, stand_in) = match self.create(from, self.options.shallow && depth > 1) {
            Err(e) if depth > 0 && self.spares(&e) => (self.stand_in(path, &e)?, true),
            made => (made.map_err(|e| e.on_path(path))?, false),
        };
        self.map.insert(from, to);
        self.pending.push(Pending { from, to, depth, stand_in, path: path.to_string() });
        Ok(to)
    }
    fn count(&mut self, copy: Addr) {
        let uses = self.uses.entry(copy).or_insert(0);
        *uses = uses.saturating_add(1);
    }
    /// The copy of a committed type, with one more use.
    fn committed(&mut self, from: Addr) -> Result<Addr> {
        // A type of the own file is shared with the original, where it is not copied itself.
        let outside = self.inside.as_ref().is_some_and(|inside| !inside.contains(&from));
        if self.within() && outside {
            delete::link(self.target, from)?;
            return Ok(from);
        }
        let to = self.object(from, 1, &format!("(datatype at {from})"))?;
        self.count(to);
        Ok(to)
    }
    /// What a reference to `from` leads to in the copy; address 0 is nothing.
    fn referenced(&mut self, from: Addr) -> Result<Addr> {
        let nothing = Addr::new(0);
        if from == nothing || !from.is_defined() {
            return Ok(nothing);
        }
        if let Some(to) = self.map.get(&from) {
            return Ok(*to);
        }
        match &self.inside {
            Some(inside) if inside.contains(&from) => self.object(from, 1, &unnamed(from)),
            Some(_) if self.within() && self.options.references == References::Keep => Ok(from),
            Some(_) => Ok(nothing),
            None => match ObjectHeader::load(&self.source.store, from) {
                Ok(header) if header.kind() != ObjectKind::Unknown => self.object(from, 1, &unnamed(from)),
                Err(e) if e.is_io() || e.is_missing() => Err(e),
                _ => Ok(nothing),
            },
        }
    }
    fn fill(&mut self, object: &Pending) -> Result<()> {
        if object.stand_in {
            return self.attributes_of(object);
        }
        let header = ObjectHeader::load_any(&self.source.store, object.from)?;
        match header.kind() {
            ObjectKind::Group if self.options.shallow && object.depth > 0 => {}
            ObjectKind::Group => self.links(&header, object).map_err(|e| e.on_path(&object.path))?,
            ObjectKind::Dataset => {
                let copied = self.dataset(&header, object.to).map_err(|e| e.on_path(&object.path));
                self.lose(&object.path, Part::Values, copied)?;
            }
            ObjectKind::Datatype | ObjectKind::Unknown => {}
        }
        self.attributes(&header, object)
    }
    fn links(&mut self, header: &ObjectHeader, object: &Pending) -> Result<()> {
        let (mut all, read) = links_of(self.source, header);
        self.lose(&object.path, Part::Links, read)?;
        let mut edit = HeaderEdit::load(&self.target.store, object.to)?;
        for link in &mut all {
            if let Some(child) = self.leads_to(object.from, link)? {
                let name = String::from_utf8_lossy(&link.name);
                let path = format!("{}/{name}", object.path.trim_end_matches('/'));
                let copy = self.object(child, object.depth.saturating_add(1), &path)?;
                self.count(copy);
                link.target = Target::Hard(copy);
            }
            links::edit::insert(self.target, &mut edit, link.clone())?;
        }
        edit.save(&self.target.store)
    }
    /// Some bytes of elements are done.
    pub fn done(&mut self, bytes: u64) {
        self.progress.bytes = self.progress.bytes.saturating_add(bytes);
        (self.watch)(self.progress);
    }
    fn spend(&self, bytes: usize) -> Result<()> {
        self.work.spend(u64::try_from(bytes).unwrap_or(u64::MAX))
    }
}

/// The links of a group, in the order of their creation where it is known; and why there are no more.
fn links_of(c: &Container, header: &ObjectHeader) -> (Vec<Link>, Result<()>) {
    let mut all = Vec::new();
    let read = links::each(c, header, &mut |link| {
        all.push(link);
        Ok(())
    });
    all.sort_by_key(|l| l.order);
    (all, read)
}

/// What an object is called that no link led to yet.
fn unnamed(at: Addr) -> String {
    format!("(object at {at})")
}

/// The object that a path leads to from a group, through soft links, in the same file.
fn resolve(c: &Container, group: Addr, path: &[u8], links_left: u32) -> Result<Option<Addr>> {
    let mut here = if path.first() == Some(&b'/') { c.superblock.root() } else { group };
    for name in path.split(|b| *b == b'/').filter(|n| !n.is_empty() && *n != b".") {
        let header = ObjectHeader::load(&c.store, here)?;
        if header.kind() != ObjectKind::Group {
            return Ok(None);
        }
        let next = match links::find(c, &header, name)?.map(|l| l.target) {
            Some(Target::Hard(address)) => Some(address),
            Some(Target::Soft(path)) => match links_left.checked_sub(1) {
                Some(left) => resolve(c, here, &path, left)?,
                None => return Err(Error::limit("more soft links than allowed")),
            },
            _ => None,
        };
        let Some(next) = next else { return Ok(None) };
        here = next;
    }
    Ok(Some(here))
}
