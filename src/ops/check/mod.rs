//! Checks a file: every structure, checksum and address, and whether any two overlap.
//!
//! - [`report`]: what is found
//! - [`ledger`]: which bytes are in use
//! - `context`: what all parts share
//! - `whole`: superblock, extension, shared messages, free space
//! - `headers`: object headers and their messages
//! - `symbols`: old groups
//! - `dense`: new groups and attributes
//! - `fractal`, `trees`: fractal heaps and B-trees version 2
//! - `datasets`, `arrays`: layouts and chunk indexes
//! - `values`: variable-length data, references, global heaps

use crate::api::session::File;
use crate::error::{At, Error, Result};
use crate::format::header::{V1, V2};
use crate::format::message::{self, symbol_table};
use crate::model::object::ObjectKind;
use crate::model::shared;
use crate::store::header::ObjectHeader;
use crate::wire::{Addr, decode};

mod arrays;
mod context;
mod datasets;
mod dense;
mod fractal;
mod headers;
pub mod ledger;
pub mod report;
mod symbols;
mod trees;
mod values;
mod whole;

use context::Check;
pub use ledger::Kind;
pub use report::{Note, Options, Problem, Progress, Report};

/// Stretches of unaccounted space that are named.
const NAMED_GAPS: usize = 20;

/// Checks an open file; `progress` is called now and then. What is wrong is in the report: an error says that
/// the bytes of the file cannot be had.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// let file = h5::File::open("tests/files/groups_latest.h5")?;
/// let report = h5::ops::check::check(&file, &Default::default(), &mut |_| {})?;
/// assert!(report.is_clean());
/// # Ok(())
/// # }
/// ```
pub fn check(file: &File, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Report> {
    let mut check = Check::new(file.container(), *options, progress);
    check.superblock()?;
    let root = check.c.superblock.root();
    // The root group counts one link that no group holds.
    check.uses.insert(root, 1);
    check.pending.push((root, "/".to_string()));
    let mut counts = Vec::new();
    while let Some((address, path)) = check.pending.pop() {
        check.on(path);
        if !check.spend(1) {
            break;
        }
        counts.extend(check.object(address)?.map(|stored| (address, stored, check.path)));
        check.tick();
    }
    for (address, stored, path) in counts {
        check.path = path;
        let found = check.uses.get(&address).copied().unwrap_or(0);
        if u64::from(stored.references) != found {
            let at = if stored.version == 1 { V1 } else { V2 };
            check.mismatch(&at, address, "hard links", stored.references, format!("{found}, as were found"));
        }
    }
    check.path = 0;
    check.shared_messages()?;
    check.space()?;
    Ok(check.report)
}

/// What a header says of its links.
struct Stored {
    references: u32,
    version: u8,
}

impl Check<'_> {
    /// Checks an object; gives its count of links, where the header can be read.
    fn object(&mut self, address: Addr) -> Result<Option<Stored>> {
        if !self.enter(address, &V2) || !self.header(address)? {
            return Ok(None);
        }
        self.report.objects = self.report.objects.saturating_add(1);
        let loaded = ObjectHeader::load(self.store, address).at(&V2, address.raw());
        let Some(header) = self.told(loaded)? else { return Ok(None) };
        let stored = Stored { references: header.references, version: header.version };
        let attributes = self.attributes(&header);
        self.told(attributes)?;
        let result = match header.kind() {
            ObjectKind::Group => match header.find(message::SYMBOL_TABLE) {
                Some(m) => shared::body(self.c, m)
                    .and_then(|(body, _)| decode(&body, (self.store.widths,), &symbol_table::HERE))
                    .and_then(|(table, _)| self.symbol_table(&table)),
                None => self.links(&header),
            },
            ObjectKind::Dataset => self.dataset(&header),
            ObjectKind::Datatype => Ok(()),
            ObjectKind::Unknown => {
                Err(Error::damaged("the header describes neither group nor dataset nor datatype"))
            }
        };
        self.told(result.at(&V2, address.raw()))?;
        Ok(Some(stored))
    }
    /// Compares all stretches in use; what is left is unaccounted.
    fn space(&mut self) -> Result<()> {
        let mut gaps = Vec::new();
        let mut overlaps = Vec::new();
        let end = self.store.end();
        self.ledger.sweep(end, |a, b| overlaps.push((*a, *b)), |from, to| gaps.push((from, to)));
        for (a, b) in overlaps {
            let what = format!(
                "{} bytes of {} at {:#x} overlap {} of {} at {:#x}",
                a.end.min(b.end).saturating_sub(b.start),
                b.what,
                b.start,
                a.what,
                self.path_text(a.path),
                a.start
            );
            self.path = b.path;
            self.problem(&crate::error::Structure::new(b.what, ""), Some(b.start), what);
        }
        self.path = 0;
        self.report.bytes = self.ledger.by_kind();
        // The address space of a file in parts by kind of data is mostly empty.
        if self.c.extension.driver.as_ref().is_some_and(|d| d.driver == *b"NCSAmult") {
            gaps.clear();
        }
        let mut searched = 0u64;
        let mut left = Vec::new();
        for (from, to) in gaps {
            let mut at = from;
            for (start, bytes) in self.search_collections(from, to)? {
                left.push((at, start.saturating_sub(at)));
                searched = searched.saturating_add(bytes);
                at = start.saturating_add(bytes);
            }
            left.push((at, to.saturating_sub(at)));
        }
        left.retain(|(_, bytes)| *bytes > 0);
        if searched > 0 {
            let why =
                if self.options.data { "that no element leads to" } else { "whose elements were not read" };
            self.note(format!("{searched} bytes of global heap collections {why}"));
        }
        self.report.unaccounted_bytes = left.iter().fold(0u64, |n, (_, bytes)| n.saturating_add(*bytes));
        left.sort_by_key(|(at, bytes)| (std::cmp::Reverse(*bytes), *at));
        left.truncate(NAMED_GAPS);
        self.report.unaccounted = left;
        Ok(())
    }
}
