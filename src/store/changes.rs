//! Changes of a file that are not in it yet: pages as they will be, laid over the source's bytes.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::source::pages::PAGE_BYTES;

/// Changed bytes of a page that are no farther apart are written at once.
const NEAR_BYTES: usize = 512;

/// A changed page: all its bytes, and which of them were changed.
#[derive(Debug, Clone)]
struct Dirty {
    bytes: Box<[u8]>,
    /// Changed parts, by offset in the page, disjoint and sorted.
    touched: Vec<Range<usize>>,
}

impl Dirty {
    fn touch(&mut self, part: Range<usize>) {
        let (mut start, mut end) = (part.start, part.end);
        self.touched.retain(|t| {
            let apart = t.end < start || t.start > end;
            if !apart {
                start = start.min(t.start);
                end = end.max(t.end);
            }
            apart
        });
        let place = self.touched.partition_point(|t| t.start < start);
        self.touched.insert(place, start..end);
    }
    fn untouch(&mut self, part: &Range<usize>) {
        let mut left = Vec::new();
        for t in self.touched.drain(..) {
            for piece in [t.start..t.end.min(part.start), t.start.max(part.end)..t.end] {
                if piece.start < piece.end {
                    left.push(piece);
                }
            }
        }
        self.touched = left;
    }
}

/// Changed pages by their number.
#[derive(Debug, Default)]
pub struct Changes {
    pages: BTreeMap<u64, Dirty>,
    /// Pages as they were at the mark, where they changed since; none: the page was not changed then.
    undo: HashMap<u64, Option<Dirty>>,
}

/// The pages that a range touches: number, part within the page, part within the range.
fn parts(range: Range<u64>) -> impl Iterator<Item = (u64, Range<usize>, Range<usize>)> {
    let first = range.start.checked_div(PAGE_BYTES).unwrap_or(0);
    let last = range.end.div_ceil(PAGE_BYTES);
    (first..last).map(move |page| {
        let start = page.saturating_mul(PAGE_BYTES);
        let (from, to) = (range.start.max(start), range.end.min(start.saturating_add(PAGE_BYTES)));
        let within = |at: u64, zero: u64| usize::try_from(at.saturating_sub(zero)).unwrap_or(usize::MAX);
        (page, within(from, start)..within(to, start), within(from, range.start)..within(to, range.start))
    })
}

/// Ranges of one page, with those joined that lie near each other.
fn joined(touched: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for next in touched {
        match out.last_mut() {
            Some(last) if next.start <= last.end.saturating_add(NEAR_BYTES) => last.end = next.end,
            _ => out.push(next.clone()),
        }
    }
    out
}

fn range_of(start: u64, len: usize) -> Range<u64> {
    start..start.saturating_add(u64::try_from(len).unwrap_or(u64::MAX))
}

impl Changes {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }
    /// Bytes of memory that the changed pages take.
    pub fn bytes(&self) -> u64 {
        u64::try_from(self.pages.len()).unwrap_or(u64::MAX).saturating_mul(PAGE_BYTES)
    }
    /// The pages of a range that are not here yet: to be given to [`Changes::provide`] before it is written.
    pub fn absent(&self, start: u64, len: usize) -> Vec<u64> {
        parts(range_of(start, len)).map(|(page, ..)| page).filter(|page| !self.pages.contains_key(page)).collect()
    }
    /// Adds a page with the bytes it has in the file.
    pub fn provide(&mut self, page: u64, bytes: Vec<u8>) {
        self.undo.entry(page).or_insert(None);
        self.pages.insert(page, Dirty { bytes: bytes.into(), touched: Vec::new() });
    }
    /// Changes bytes; their pages are here.
    pub fn write(&mut self, start: u64, bytes: &[u8]) {
        for (page, to, from) in parts(range_of(start, bytes.len())) {
            let Some(dirty) = self.pages.get_mut(&page) else { continue };
            self.undo.entry(page).or_insert_with(|| Some(dirty.clone()));
            if let (Some(to), Some(from)) = (dirty.bytes.get_mut(to.clone()), bytes.get(from)) {
                to.copy_from_slice(from);
            }
            dirty.touch(to);
        }
    }
    /// Lays the changed bytes over `buf`, which was read from `start`.
    pub fn overlay(&self, start: u64, buf: &mut [u8]) {
        let range = range_of(start, buf.len());
        let (first, last) = (range.start.checked_div(PAGE_BYTES).unwrap_or(0), range.end.div_ceil(PAGE_BYTES));
        for (page, dirty) in self.pages.range(first..last) {
            let page_start = page.saturating_mul(PAGE_BYTES);
            let own = page_start.max(range.start)..page_start.saturating_add(PAGE_BYTES).min(range.end);
            for (_, within, _) in parts(own.clone()) {
                let skip = usize::try_from(own.start.saturating_sub(range.start)).unwrap_or(usize::MAX);
                let Some(from) = dirty.bytes.get(within) else { continue };
                let to = buf.get_mut(skip..).and_then(|b| b.get_mut(..from.len()));
                if let Some(to) = to {
                    to.copy_from_slice(from);
                }
            }
        }
    }
    /// Bytes that were written past these pages: pages that are here get them too.
    pub fn patch(&mut self, start: u64, bytes: &[u8]) {
        for (page, to, from) in parts(range_of(start, bytes.len())) {
            let Some(dirty) = self.pages.get_mut(&page) else { continue };
            if let (Some(to), Some(from)) = (dirty.bytes.get_mut(to.clone()), bytes.get(from)) {
                to.copy_from_slice(from);
            }
            dirty.untouch(&to);
        }
    }
    /// A range of the file became zeros past these pages: pages that are here become so too.
    pub fn zero(&mut self, range: Range<u64>) {
        let (first, last) = (range.start.checked_div(PAGE_BYTES).unwrap_or(0), range.end.div_ceil(PAGE_BYTES));
        for (page, dirty) in self.pages.range_mut(first..last) {
            let start = page.saturating_mul(PAGE_BYTES);
            let own = start.max(range.start)..start.saturating_add(PAGE_BYTES).min(range.end);
            for (_, within, _) in parts(own) {
                dirty.bytes.get_mut(within.clone()).unwrap_or_default().fill(0);
                dirty.untouch(&within);
            }
        }
    }
    /// The bytes of a range need not be written: nobody uses it any more.
    pub fn forget(&mut self, range: Range<u64>) {
        for (page, part, _) in parts(range) {
            if let Some(dirty) = self.pages.get_mut(&page) {
                self.undo.entry(page).or_insert_with(|| Some(dirty.clone()));
                dirty.untouch(&part);
            }
        }
    }
    /// All changed bytes, by address; neighbours are joined up to `most` bytes. So are those that lie near each
    /// other in a page, as a block and its checksum do: with the bytes between them, which are as they were.
    pub fn changed(&self, most: usize) -> Vec<(u64, Vec<u8>)> {
        let mut out: Vec<(u64, Vec<u8>)> = Vec::new();
        for (page, dirty) in &self.pages {
            for touched in joined(&dirty.touched) {
                let Some(bytes) = dirty.bytes.get(touched.clone()) else { continue };
                let offset = u64::try_from(touched.start).unwrap_or(0);
                let start = page.saturating_mul(PAGE_BYTES).saturating_add(offset);
                match out.last_mut() {
                    Some((s, b)) if range_of(*s, b.len()).end == start && b.len() < most => {
                        b.extend_from_slice(bytes);
                    }
                    _ => out.push((start, bytes.to_vec())),
                }
            }
        }
        out
    }
    /// Begins a step that [`Changes::undo`] takes back.
    pub fn mark(&mut self) {
        self.undo.clear();
    }
    /// Takes back everything since the mark.
    pub fn undo(&mut self) {
        for (page, before) in self.undo.drain() {
            match before {
                Some(dirty) => self.pages.insert(page, dirty),
                None => self.pages.remove(&page),
            };
        }
    }
    /// Drops all changes: they are in the file, or not wanted.
    pub fn clear(&mut self) {
        self.pages.clear();
        self.undo.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Written bytes are seen through the overlay, `changed` names them all, and an undo takes them back.
        #[test]
        fn like_a_vector(
            writes in prop::collection::vec((0u64..9000, prop::collection::vec(any::<u8>(), 1..3000)), 1..20),
            later in prop::collection::vec((0u64..9000, prop::collection::vec(any::<u8>(), 1..300)), 0..5),
        ) {
            let base: Vec<u8> = (0..16384u32).map(|n| (n % 251) as u8).collect();
            let mut model = base.clone();
            let mut changes = Changes::default();
            let put = |changes: &mut Changes, start: u64, bytes: &[u8]| {
                for page in changes.absent(start, bytes.len()) {
                    let at = usize::try_from(page * PAGE_BYTES).unwrap();
                    changes.provide(page, base[at..at + PAGE_BYTES as usize].to_vec());
                }
                changes.write(start, bytes);
            };
            for (start, bytes) in &writes {
                put(&mut changes, *start, bytes);
                model[*start as usize..][..bytes.len()].copy_from_slice(bytes);
            }
            changes.mark();
            for (start, bytes) in &later {
                put(&mut changes, *start, bytes);
            }
            changes.undo();
            let mut seen = base.clone();
            changes.overlay(0, &mut seen);
            prop_assert_eq!(&seen, &model);
            let mut part = base[1000..5000].to_vec();
            changes.overlay(1000, &mut part);
            prop_assert_eq!(&part[..], &model[1000..5000]);
            let mut applied = base;
            for (start, bytes) in changes.changed(4096) {
                applied[start as usize..][..bytes.len()].copy_from_slice(&bytes);
            }
            prop_assert_eq!(applied, model);
        }
    }
}
