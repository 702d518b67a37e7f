//! The free space of a fractal heap, and the manager (FSHD, FSSE) that keeps it in the file.
//!
//! A gap is a run of free bytes in a direct block; a span is a run of blocks that do not exist: passed over
//! for larger ones, or freed. The manager is stored as libhdf5 stores it. It counts a span by its rows, of
//! which only the first is in the list ("ghosts" are the others), each with the free bytes of one block.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::format::fractal_heap::geometry::RowTotal;
use crate::format::fractal_heap::{Geometry, HeapHeader};
use crate::format::free_space::{
    BlockSpan, Client, HERE, ManagerHeader, SECTIONS, Section, SectionGroup, SectionList,
};
use crate::store::{Class, Store, free_space};
use crate::wire::checksum::seal;
use crate::wire::{Addr, Length, encode};

/// Gaps that the manager keeps at least; of more, the smallest are forgotten when it is stored, so that no
/// edit costs more than some microseconds for them. Space that is forgotten comes back when the heap is
/// made anew.
const KEPT: usize = 512;

const GAP: u8 = 0;
const FIRST_ROW: u8 = 1;

/// The free space of one heap.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    by_offset: BTreeMap<u64, u64>,
    by_size: BTreeSet<(u64, u64)>,
    spans: Vec<BlockSpan>,
    stored: Option<(Addr, ManagerHeader)>,
    keep: usize,
    changed: bool,
}

impl Gaps {
    /// The free space that the manager at `address` keeps; none where that is undefined.
    pub(super) fn load(store: &Store, address: Addr) -> Result<Self> {
        let mut gaps = Gaps { keep: KEPT, ..Gaps::default() };
        if !address.is_defined() {
            return Ok(gaps);
        }
        let manager = free_space::load(store, address)?;
        if manager.header.client != Client::FractalHeap {
            return Err(HERE
                .damaged("a manager of the file's space, in a heap")
                .within(&HERE, address.get()));
        }
        for (size, section) in manager.sections {
            match section.blocks {
                Some(span) if span.entries > 0 => gaps.spans.push(span),
                None if section.class == GAP && size > 0 => gaps.put(section.offset, size),
                _ => {}
            }
        }
        gaps.keep = KEPT.max(gaps.by_offset.len());
        gaps.stored = Some((address, manager.header));
        gaps.changed = false;
        Ok(gaps)
    }
    fn put(&mut self, offset: u64, size: u64) {
        if let Some(old) = self.by_offset.insert(offset, size) {
            self.by_size.remove(&(old, offset));
        }
        self.by_size.insert((size, offset));
        self.changed = true;
    }
    fn drop(&mut self, offset: u64) -> Option<u64> {
        let size = self.by_offset.remove(&offset)?;
        self.by_size.remove(&(size, offset));
        self.changed = true;
        Some(size)
    }
    /// The smallest gap that takes `bytes`: its offset and size.
    pub(super) fn find(&self, bytes: u64) -> Option<(u64, u64)> {
        self.by_size.range((bytes, 0)..).next().map(|&(size, offset)| (offset, size))
    }
    /// Takes `bytes` from the start of the gap at `offset`.
    pub(super) fn take(&mut self, offset: u64, bytes: u64) {
        if let Some(size) = self.drop(offset)
            && let Some(left @ 1..) = size.checked_sub(bytes)
        {
            self.put(offset.saturating_add(bytes), left);
        }
    }
    /// Adds free bytes; gives the gap that they are now part of. An error where some of them are free.
    pub(super) fn add(&mut self, mut offset: u64, mut bytes: u64) -> Result<(u64, u64)> {
        let twice = || Error::usage("a heap object that was removed already");
        let end = offset.saturating_add(bytes);
        if let Some((&next, &size)) = self.by_offset.range(offset..).next() {
            if next < end {
                return Err(twice());
            }
            if next == end {
                self.drop(next);
                bytes = bytes.saturating_add(size);
            }
        }
        if let Some((&before, &size)) = self.by_offset.range(..offset).next_back() {
            let reach = before.saturating_add(size);
            if reach > offset {
                return Err(twice());
            }
            if reach == offset {
                self.drop(before);
                (offset, bytes) = (before, bytes.saturating_add(size));
            }
        }
        self.put(offset, bytes);
        Ok((offset, bytes))
    }
    /// Forgets all gaps in `start..end`, a block that goes.
    pub(super) fn forget(&mut self, start: u64, end: u64) {
        let within: Vec<u64> = self.by_offset.range(start..end).map(|(o, _)| *o).collect();
        for offset in within {
            self.drop(offset);
        }
    }
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.by_offset.clear();
        self.by_size.clear();
        self.spans.clear();
        self.changed = true;
    }
    /// Adds blocks that do not exist, `count` from `entry` on in the indirect block at `table`.
    pub(super) fn add_span(&mut self, geometry: &Geometry, table: u64, entry: u64, count: u64) {
        let (mut first, mut last) = (entry, entry.saturating_add(count));
        self.spans.retain(|span| {
            if span.indirect_offset != table {
                return true;
            }
            let (start, end) = entries(geometry, span);
            let joins = start == last || end == first;
            if joins {
                (first, last) = (first.min(start), last.max(end));
            }
            !joins
        });
        self.push_span(geometry, table, first, last);
        self.changed = true;
    }
    fn push_span(&mut self, geometry: &Geometry, table: u64, first: u64, last: u64) {
        let width = geometry.width().max(1);
        let narrow = |n: Option<u64>| n.and_then(|n| u16::try_from(n).ok());
        let row = narrow(first.checked_div(width));
        let column = narrow(first.checked_rem(width));
        let count = narrow(last.checked_sub(first).filter(|n| *n > 0));
        if let (Some(row), Some(column), Some(entries)) = (row, column, count) {
            self.spans.push(BlockSpan { indirect_offset: table, row, column, entries });
        }
    }
    /// Takes a direct block of at least `bytes` bytes, the smallest there is, out of a span: its indirect
    /// block and its entry there.
    pub(super) fn take_block(&mut self, geometry: &Geometry, bytes: u64) -> Option<(u64, u64)> {
        let least = geometry.row_of(bytes)?;
        let width = geometry.width();
        let wanted = |span: &BlockSpan| {
            let (start, end) = entries(geometry, span);
            let entry = start.max(u64::from(least).saturating_mul(width));
            let row = u32::try_from(entry.checked_div(width)?).ok()?;
            (entry < end && geometry.is_direct(row)).then_some((row, span.indirect_offset, entry))
        };
        let best = self.spans.iter().enumerate().filter_map(|(i, s)| Some((wanted(s)?, i))).min()?;
        let ((_, table, entry), index) = best;
        let (start, end) = entries(geometry, &self.spans.swap_remove(index));
        self.push_span(geometry, table, start, entry);
        self.push_span(geometry, table, entry.saturating_add(1), end);
        self.changed = true;
        Some((table, entry))
    }
    /// Takes the span that ends at `offset`; gives where it starts.
    pub(super) fn take_span_before(&mut self, geometry: &Geometry, offset: u64) -> Option<u64> {
        let ends = |s: &BlockSpan| place(geometry, s.indirect_offset, entries(geometry, s).1) == offset;
        let index = self.spans.iter().position(ends)?;
        let span = self.spans.swap_remove(index);
        self.changed = true;
        Some(place(geometry, span.indirect_offset, entries(geometry, &span).0))
    }
    /// Forgets the spans of one indirect block, which goes.
    pub(super) fn forget_table(&mut self, table: u64) {
        self.spans.retain(|s| s.indirect_offset != table);
        self.changed = true;
    }
    /// Stores the manager, or frees it where nothing is left; gives its address.
    pub(super) fn save(mut self, store: &Store, geometry: &Geometry, header: &HeapHeader) -> Result<Addr> {
        if !self.changed {
            return Ok(header.free_space);
        }
        if self.by_offset.is_empty() && self.spans.is_empty() {
            self.free_manager(store)?;
            return Ok(Addr::UNDEFINED);
        }
        while self.by_offset.len() > self.keep {
            let Some((_, offset)) = self.by_size.first().copied() else { break };
            self.drop(offset);
        }
        let w = store.widths;
        let (address, mut manager) = match self.stored.take() {
            Some(known) => known,
            None => (store.allocate(ManagerHeader::encoded_size(w), Class::Metadata)?, new_manager(header)),
        };
        let groups = self.describe(geometry, &mut manager);
        let list = SectionList { owner: address, groups };
        let mut bytes = encode(&list, (w, manager.form()), &SECTIONS)?;
        seal(&mut bytes);
        let used = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if manager.list_allocated.0 != used || !manager.list.is_defined() {
            if manager.list.is_defined() {
                store.free(manager.list, manager.list_allocated.0)?;
            }
            manager.list = store.allocate(used, Class::Metadata)?;
        }
        (manager.list_used, manager.list_allocated) = (Length(used), Length(used));
        store.write(manager.list, &bytes)?;
        let mut bytes = encode(&manager, (w,), &HERE)?;
        seal(&mut bytes);
        store.write(address, &bytes)?;
        Ok(address)
    }
    /// Frees the manager's blocks.
    pub(super) fn free_manager(&mut self, store: &Store) -> Result<()> {
        let Some((address, manager)) = self.stored.take() else { return Ok(()) };
        if manager.list.is_defined() {
            store.free(manager.list, manager.list_allocated.0)?;
        }
        store.free(address, ManagerHeader::encoded_size(store.widths))
    }
    /// The sections, by size; their number and sizes go into the manager's header.
    fn describe(&self, geometry: &Geometry, manager: &mut ManagerHeader) -> Vec<SectionGroup> {
        let mut groups = BTreeMap::<u64, Vec<Section>>::new();
        let (mut total, totals) = (RowTotal::default(), geometry.totals());
        for (&offset, &size) in &self.by_offset {
            groups.entry(size).or_default().push(Section { offset, class: GAP, blocks: None });
            total.sections = total.sections.saturating_add(1);
            total.section_bytes = total.section_bytes.saturating_add(size);
        }
        for span in &self.spans {
            count_rows(geometry, &totals, entries(geometry, span), &mut total);
            let row = u32::from(span.row);
            let size = geometry.usable(if geometry.is_direct(row) { row } else { 0 });
            let offset = place(geometry, span.indirect_offset, entries(geometry, span).0);
            groups.entry(size).or_default().push(Section { offset, class: FIRST_ROW, blocks: Some(*span) });
        }
        let listed = self.by_offset.len().saturating_add(self.spans.len());
        let listed = u64::try_from(listed).unwrap_or(u64::MAX);
        manager.total_bytes = Length(total.section_bytes);
        manager.sections = Length(total.sections);
        manager.serialized = Length(listed);
        manager.ghosts = Length(total.sections.saturating_sub(listed));
        groups.into_iter().map(|(size, sections)| SectionGroup { size, sections }).collect()
    }
}

/// The entries of a span, from and to.
fn entries(geometry: &Geometry, span: &BlockSpan) -> (u64, u64) {
    let start = u64::from(span.row).saturating_mul(geometry.width()).saturating_add(u64::from(span.column));
    (start, start.saturating_add(u64::from(span.entries)))
}

/// Where an entry of the indirect block at `table` starts in the heap.
pub(super) fn place(geometry: &Geometry, table: u64, entry: u64) -> u64 {
    let width = geometry.width().max(1);
    let row = u32::try_from(entry.checked_div(width).unwrap_or(0)).unwrap_or(u32::MAX);
    let before = geometry.block_size(row).saturating_mul(entry.checked_rem(width).unwrap_or(0));
    table.saturating_add(geometry.row_offset(row)).saturating_add(before)
}

/// Adds up the rows of the entries `from..to`, those in indirect blocks below included.
fn count_rows(geometry: &Geometry, totals: &[RowTotal], (from, to): (u64, u64), sum: &mut RowTotal) {
    let width = geometry.width().max(1);
    for (row, one) in (0u32..).zip(totals) {
        let first = u64::from(row).saturating_mul(width);
        let (first, last) = (first.max(from), first.saturating_add(width).min(to));
        let times = match last.checked_sub(first) {
            None | Some(0) => continue,
            Some(_) if geometry.is_direct(row) => 1,
            Some(blocks) => blocks,
        };
        sum.sections = sum.sections.saturating_add(one.sections.saturating_mul(times));
        sum.section_bytes = sum.section_bytes.saturating_add(one.section_bytes.saturating_mul(times));
    }
}

/// A manager as libhdf5 makes it for a heap.
fn new_manager(header: &HeapHeader) -> ManagerHeader {
    ManagerHeader {
        client: Client::FractalHeap,
        total_bytes: Length(0),
        sections: Length(0),
        serialized: Length(0),
        ghosts: Length(0),
        classes: 4,
        shrink_percent: 80,
        expand_percent: 120,
        address_bits: header.table.max_bits,
        max_section: header.table.max_direct,
        list: Addr::UNDEFINED,
        list_used: Length(0),
        list_allocated: Length(0),
    }
}
