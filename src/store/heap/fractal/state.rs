//! What an edit of a heap holds in memory.

use std::collections::BTreeMap;
use std::ops::Range;

use super::FractalHeap;
use super::gaps::Gaps;
use crate::format::fractal_heap::IndirectBlock;
use crate::store::Store;
use crate::wire::Addr;

/// A heap under edit.
pub struct HeapEdit<'a> {
    pub(super) store: &'a Store,
    pub(super) heap: FractalHeap,
    pub(super) gaps: Gaps,
    /// By where they start in the heap.
    pub(super) blocks: BTreeMap<u64, Block>,
    /// Indirect blocks, by where they start in the heap.
    pub(super) tables: BTreeMap<u64, Table>,
}

/// A direct block in memory.
pub(super) struct Block {
    pub(super) place: Place,
    pub(super) address: Addr,
    pub(super) bytes: Vec<u8>,
    /// What differs from the file.
    pub(super) dirty: Range<usize>,
}

/// An indirect block in memory.
pub(super) struct Table {
    pub(super) address: Addr,
    pub(super) rows: u32,
    pub(super) block: IndirectBlock,
    pub(super) dirty: bool,
}

/// Where a direct block hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Where its indirect block starts in the heap; `None`: it is the root.
    pub(super) table: Option<u64>,
    /// Its number among all entries of the indirect block.
    pub(super) entry: u64,
    /// Where it starts in the heap.
    pub(super) start: u64,
    /// Its bytes.
    pub(super) size: u64,
}

impl Block {
    /// Overwrites bytes of the block; the caller has checked that they lie in it.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at.saturating_add(bytes.len());
        let Some(target) = self.bytes.get_mut(at..end) else { return };
        target.copy_from_slice(bytes);
        self.touch(at..end);
    }
    pub(super) fn touch(&mut self, range: Range<usize>) {
        self.dirty = match self.dirty.is_empty() {
            true => range,
            false => self.dirty.start.min(range.start)..self.dirty.end.max(range.end),
        };
    }
}

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.block.direct.iter().all(|c| !c.address.is_defined())
            && self.block.indirect.iter().all(|a| !a.is_defined())
    }
}

pub(super) fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
