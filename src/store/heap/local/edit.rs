//! Changing a local heap: names are added, removed and the data segment grows.
//!
//! Free blocks are a list through the segment; a block is taken by first fit in the order of that list.
//! Names start at multiples of 8 and end with a NUL.

use std::sync::Arc;

use super::LocalHeap;
use crate::error::{At, Error, Result};
use crate::format::local_heap::{END_OF_LIST, FreeBlock, HERE, LocalHeapHeader};
use crate::store::{Class, Store};
use crate::wire::{Addr, Length, Widths, encode};

/// Names and free blocks start at multiples of this, and take multiples of it.
const ALIGNMENT: u64 = 8;
/// Data segments up to this size do not shrink.
const LEAST_SEGMENT: u64 = 128;

fn aligned(bytes: u64) -> Result<u64> {
    bytes.checked_next_multiple_of(ALIGNMENT).ok_or_else(|| Error::limit("a local heap beyond 64 bits"))
}

/// Bytes of the least free block: it has to hold its own place in the list.
fn least_free(w: Widths) -> u64 {
    u64::from(w.length).saturating_mul(2).next_multiple_of(ALIGNMENT)
}

fn header_bytes(w: Widths) -> u64 {
    LocalHeapHeader::encoded_size(w).next_multiple_of(ALIGNMENT)
}

fn usize_of(bytes: u64) -> Result<usize> {
    usize::try_from(bytes).map_err(|_| Error::limit("a local heap larger than memory"))
}

/// Makes an empty heap with room for `segment_bytes` bytes of names; gives its address.
///
/// A group's heap needs the empty name as its first one: its keys refer to offset 0.
pub fn create(store: &Store, segment_bytes: u64) -> Result<Addr> {
    let w = store.widths;
    let size = aligned(segment_bytes.max(least_free(w)))?;
    let segment = vec![0; store.limits.allocation(size)?];
    let head = header_bytes(w);
    let address = store.allocate(head.saturating_add(size), Class::Metadata)?;
    let header =
        LocalHeapHeader { segment_size: Length(size), free_list: Length(0), segment: address.plus(head) };
    let mut heap = LocalHeap { address, header, segment, free: Some(vec![(0, size)]) };
    store.write(address.plus(LocalHeapHeader::encoded_size(w)), &vec![0; usize_of(padding(w))?])?;
    store.write(heap.header.segment, &heap.segment)?;
    heap.put_free(store, 0)?;
    heap.link(store, 1)?;
    heap.keep(store)?;
    Ok(address)
}

/// Bytes between the header and a data segment that follows it.
fn padding(w: Widths) -> u64 {
    header_bytes(w).saturating_sub(LocalHeapHeader::encoded_size(w))
}

/// Adds a name (without a NUL); gives its offset. It takes no less than a free block does: what a shorter name leaves
/// could not be used again.
pub fn insert(store: &Store, heap: Addr, name: &[u8]) -> Result<u64> {
    if name.contains(&0) {
        return Err(Error::usage("a name with a NUL cannot be stored in a local heap"));
    }
    let mut bytes = name.to_vec();
    let need = aligned(u64::try_from(name.len()).unwrap_or(u64::MAX).saturating_add(1))?.max(least_free(store.widths));
    bytes.resize(store.limits.allocation(need)?, 0);
    edit(store, heap, |heap| {
        let offset = match heap.take(store, need)? {
            Some(offset) => offset,
            None => heap.grow(store, need)?,
        };
        heap.put(store, offset, &bytes)?;
        Ok(offset)
    })
}

/// Gives the space of a name back: `bytes` bytes at `offset`, its NUL counted.
pub fn remove(store: &Store, heap: Addr, offset: u64, bytes: u64) -> Result<()> {
    edit(store, heap, |heap| {
        let size = heap.header.segment_size.0;
        let end = offset.saturating_add(aligned(bytes)?).min(size);
        let end = heap.end_of_padding(offset, end, least_free(store.widths))?;
        if bytes == 0 || offset.saturating_add(bytes) > size {
            let what = format!("{bytes} bytes at {offset} are no part of the data segment of {size} bytes");
            return Err(HERE.damaged(what));
        }
        heap.give(store, offset, end.saturating_sub(offset))
    })
}

/// Gives the space of a whole heap back.
pub fn delete(store: &Store, heap: Addr) -> Result<()> {
    let header = LocalHeap::open(store, heap)?.header.clone();
    store.evict::<LocalHeap>(heap);
    if header.segment_size.0 > 0 {
        store.free(header.segment, header.segment_size.0)?;
    }
    store.free(heap, header_bytes(store.widths))
}

/// Changes a heap, and leaves what it became in the cache: not for each name the segment is read anew.
fn edit<T>(store: &Store, address: Addr, change: impl FnOnce(&mut LocalHeap) -> Result<T>) -> Result<T> {
    let shared = LocalHeap::open(store, address)?;
    store.evict::<LocalHeap>(address);
    // Nobody else holds it as a rule, then no segment is copied.
    let mut heap = Arc::try_unwrap(shared).unwrap_or_else(|shared| LocalHeap::clone(&shared));
    heap.load_free(store).at(&HERE, address.raw())?;
    let out = change(&mut heap).at(&HERE, address.raw())?;
    heap.keep(store)?;
    Ok(out)
}

impl LocalHeap {
    fn keep(self, store: &Store) -> Result<()> {
        let (address, weight) = (self.address, self.header.segment_size.0.saturating_add(128));
        store.evict::<LocalHeap>(address);
        store.cached(address, &HERE, || Ok((self, weight))).map(|_| ())
    }
    /// Reads the free list, and refuses one that would overwrite names twice.
    fn load_free(&mut self, store: &Store) -> Result<()> {
        if self.free.is_some() {
            return Ok(());
        }
        let mut free = self.free_blocks(store)?;
        let mut sorted = free.clone();
        sorted.sort_unstable();
        let overlap = sorted.windows(2).any(|p| matches!(p, [a, b] if a.0.saturating_add(a.1) > b.0));
        if overlap
            || sorted.iter().any(|(_, bytes)| *bytes < u64::from(store.widths.length).saturating_mul(2))
        {
            return Err(HERE.damaged("free blocks that overlap or are too small for their place in the list"));
        }
        free.reverse();
        self.free = Some(free);
        Ok(())
    }
    fn free(&mut self) -> &mut Vec<(u64, u64)> {
        self.free.get_or_insert_with(Vec::new)
    }
    /// Where the space of a short name ends: at `end`, or behind zeros that fill it up to the `least` bytes of a free
    /// block. Nothing else begins with so many: no name is empty but the first one, and free blocks are known.
    fn end_of_padding(&mut self, offset: u64, end: u64, least: u64) -> Result<u64> {
        let full = offset.saturating_add(least);
        let zeros = self.segment.get(usize_of(end)?..usize_of(full)?).is_some_and(|s| s.iter().all(|b| *b == 0));
        let is_free = self.free().iter().any(|(at, bytes)| *at < full && at.saturating_add(*bytes) > end);
        Ok(if end < full && zeros && !is_free { full } else { end })
    }
    /// Writes into the segment.
    fn put(&mut self, store: &Store, offset: u64, bytes: &[u8]) -> Result<()> {
        let part = self.segment.get_mut(usize_of(offset)?..).and_then(|s| s.get_mut(..bytes.len()));
        match part {
            Some(part) => part.copy_from_slice(bytes),
            None => return Err(HERE.damaged("a block that leaves the data segment")),
        }
        store.write(self.header.segment.plus(offset), bytes)
    }
    /// Writes the free block at `index` of the list, with the way to the next one.
    fn put_free(&mut self, store: &Store, index: usize) -> Result<()> {
        let free = self.free();
        let next = index.checked_sub(1).and_then(|i| free.get(i)).map_or(END_OF_LIST, |f| Length(f.0));
        let Some((offset, size)) = free.get(index).copied() else { return Ok(()) };
        let block = encode(&FreeBlock { next, size: Length(size) }, (store.widths,), &HERE)?;
        self.put(store, offset, &block)
    }
    /// Writes what leads to the block before `index`: the block at `index`, or the header.
    fn link(&mut self, store: &Store, index: usize) -> Result<()> {
        if index < self.free().len() {
            return self.put_free(store, index);
        }
        self.header.free_list = self.free().last().map_or(END_OF_LIST, |f| Length(f.0));
        store.write(self.address, &encode(&self.header, (store.widths,), &HERE)?)
    }
    /// Sets the free block at `index` of the list; one that is too small is forgotten.
    fn set_free(&mut self, store: &Store, index: usize, offset: u64, size: u64) -> Result<()> {
        if size < least_free(store.widths) {
            if index < self.free().len() {
                self.free().remove(index);
            }
            return self.link(store, index);
        }
        match self.free().get_mut(index) {
            Some(block) => *block = (offset, size),
            None => self.free().push((offset, size)),
        }
        self.put_free(store, index)?;
        self.link(store, index.saturating_add(1))
    }
    /// Takes space out of the first free block that fits, so that nothing or a whole free block is left.
    fn take(&mut self, store: &Store, need: u64) -> Result<Option<u64>> {
        let least = least_free(store.widths);
        let fits = |size: u64| size.checked_sub(need).is_some_and(|rest| rest == 0 || rest >= least);
        let Some(index) = self.free().iter().rposition(|(_, size)| fits(*size)) else { return Ok(None) };
        let Some((offset, size)) = self.free().get(index).copied() else { return Ok(None) };
        self.set_free(store, index, offset.saturating_add(need), size.saturating_sub(need))?;
        Ok(Some(offset))
    }
    /// Moves the data segment to where it has twice the room; takes space in the new half.
    fn grow(&mut self, store: &Store, need: u64) -> Result<u64> {
        let size = self.header.segment_size.0;
        let tail = self.free().iter().position(|(at, bytes)| at.saturating_add(*bytes) == size);
        let start = match tail.and_then(|i| self.free().get(i)) {
            Some((at, _)) => *at,
            None => aligned(size)?,
        };
        let taken = start.saturating_add(need);
        let mut grown = aligned(size.saturating_add(need.max(size)))?;
        if grown.saturating_sub(taken) < least_free(store.widths) {
            grown = taken;
        }
        self.segment.resize(store.limits.allocation(grown)?, 0);
        let moved = store.allocate(grown, Class::Metadata)?;
        store.write(moved, &self.segment)?;
        if size > 0 {
            store.free(self.header.segment, size)?;
        }
        (self.header.segment, self.header.segment_size) = (moved, Length(grown));
        let index = tail.unwrap_or(self.free().len());
        self.set_free(store, index, taken, grown.saturating_sub(taken))?;
        // The header has a new segment, whatever became of the list.
        self.link(store, usize::MAX)?;
        Ok(start)
    }
    /// Puts space into the free list, joined with its neighbours.
    fn give(&mut self, store: &Store, offset: u64, bytes: u64) -> Result<()> {
        let (mut start, mut end) = (offset, offset.saturating_add(bytes));
        let stop = |f: &(u64, u64)| f.0.saturating_add(f.1);
        if self.free().iter().any(|f| f.0 < end && stop(f) > start) {
            return Err(HERE.damaged(format!("the name at offset {offset} lies in free space")));
        }
        let touching = |f: &(u64, u64)| f.0 == offset.saturating_add(bytes) || stop(f) == offset;
        // The one that stands first in the list stays there and takes up the other.
        let first = self.free().iter().rposition(touching);
        let index = first.unwrap_or(self.free().len());
        if let Some((at, len)) = first.and_then(|i| self.free().get(i).copied()) {
            (start, end) = (start.min(at), end.max(at.saturating_add(len)));
            let second = self.free().get(..index).and_then(|rest| rest.iter().rposition(touching));
            if let Some((other, (at, len))) = second.and_then(|i| Some((i, self.free().get(i).copied()?))) {
                (start, end) = (start.min(at), end.max(at.saturating_add(len)));
                self.free().remove(other);
                self.link(store, other)?;
                return self.settle(store, index.saturating_sub(1), start, end);
            }
        }
        self.settle(store, index, start, end)
    }
    /// Sets a free block that grew; where it ends the segment and is most of it, the segment shrinks.
    fn settle(&mut self, store: &Store, index: usize, start: u64, end: u64) -> Result<()> {
        let size = self.header.segment_size.0;
        // Half of what is left stays free: the next names do not make it grow again.
        let least = start.saturating_mul(2).max(LEAST_SEGMENT);
        let mut smaller = size;
        while end == size && smaller.div_ceil(2) >= least {
            smaller = smaller.div_ceil(2);
        }
        let smaller = aligned(smaller)?.min(size);
        let end = end.min(smaller);
        if smaller < size {
            self.segment.truncate(usize_of(smaller)?);
            self.header.segment_size = Length(smaller);
            store.free(self.header.segment.plus(smaller), size.saturating_sub(smaller))?;
            self.link(store, usize::MAX)?;
        }
        self.set_free(store, index, start, end.saturating_sub(start))
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
