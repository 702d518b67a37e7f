//! Local heaps at work: a name by its offset.
//!
//! - [`edit`]: make heaps, add and remove names

use std::sync::Arc;

use crate::error::{At, Result};
use crate::format::local_heap::{END_OF_LIST, FreeBlock, HERE, LocalHeapHeader};
use crate::store::Store;
use crate::wire::{Addr, Length, decode};

pub mod edit;

pub use edit::{create, delete, insert, remove};

/// The data segment of a local heap, in memory.
#[derive(Debug, Clone)]
pub struct LocalHeap {
    address: Addr,
    header: LocalHeapHeader,
    segment: Vec<u8>,
    /// The free blocks as (offset, bytes), the head of the list last; read when the heap is first changed.
    free: Option<Vec<(u64, u64)>>,
}

impl LocalHeap {
    /// The heap at `address`, from the cache or the file.
    pub fn open(store: &Store, address: Addr) -> Result<Arc<Self>> {
        store.cached(address, &HERE, || {
            let w = store.widths;
            let block = store.block(address, LocalHeapHeader::encoded_size(w), &HERE)?;
            let (header, _) = decode::<LocalHeapHeader>(&block, (w,), &HERE)?;
            let segment = match header.segment_size.0 {
                0 => Vec::new(),
                size => store.block(header.segment, size, &HERE)?,
            };
            let weight = header.segment_size.0.saturating_add(128);
            Ok((LocalHeap { address, header, segment, free: None }, weight))
        })
    }
    /// The name (or soft link value) at `offset`, without its NUL.
    pub fn name_at(&self, offset: u64) -> Result<&[u8]> {
        let from = usize::try_from(offset).ok().and_then(|o| self.segment.get(o..)).filter(|s| !s.is_empty());
        let Some(from) = from else {
            let expected = format!("less than {} (the data segment)", self.segment.len());
            return Err(HERE.mismatch("name offset", offset, expected)).at(&HERE, self.address.raw());
        };
        match from.iter().position(|&b| b == 0).and_then(|end| from.get(..end)) {
            Some(name) => Ok(name),
            None => Err(HERE.damaged(format!("the name at offset {offset} has no NUL")))
                .at(&HERE, self.address.raw()),
        }
    }
    /// The bytes of the data segment.
    pub fn segment(&self) -> &[u8] {
        &self.segment
    }
    /// Where the data segment lies.
    pub fn segment_address(&self) -> Addr {
        self.header.segment
    }
    /// The free blocks as (offset, bytes), in the order of their list. Names do not depend on them.
    pub fn free_blocks(&self, store: &Store) -> Result<Vec<(u64, u64)>> {
        let mut blocks = Vec::new();
        let mut next = self.header.free_list;
        let least = usize::from(store.widths.length).saturating_mul(2);
        let most = self.segment.len().checked_div(least).unwrap_or(0);
        while next != END_OF_LIST && next != Length::UNLIMITED {
            let part = usize::try_from(next.0).ok().and_then(|o| self.segment.get(o..)).unwrap_or_default();
            let (block, _) = decode::<FreeBlock>(part, (store.widths,), &HERE).at(&HERE, self.address.raw())?;
            let end = next.0.saturating_add(block.size.0);
            if blocks.len() >= most || usize::try_from(end).map_or(true, |end| end > self.segment.len()) {
                return Err(HERE.damaged("a free list that loops or leaves the data segment"))
                    .at(&HERE, self.address.raw());
            }
            blocks.push((next.0, block.size.0));
            next = block.next;
        }
        Ok(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::store;
    use crate::wire::{Widths, encode};

    fn file(segment: &[u8], size: u64, free: u64) -> Vec<u8> {
        let header =
            LocalHeapHeader { segment_size: Length(size), free_list: Length(free), segment: Addr::new(32) };
        let mut bytes = encode(&header, (Widths::EIGHT,), &HERE).unwrap();
        bytes.extend(segment);
        bytes
    }

    #[test]
    fn names() {
        let store = store(file(b"\0\0\0\0\0\0\0\0alpha\0\0\0beta", 20, 1));
        let heap = LocalHeap::open(&store, Addr::new(0)).unwrap();
        assert_eq!(heap.name_at(0).unwrap(), b"");
        assert_eq!(heap.name_at(8).unwrap(), b"alpha");
        assert!(heap.name_at(16).unwrap_err().to_string().contains("no NUL"));
        assert!(heap.name_at(20).unwrap_err().is_damaged());
        assert!(heap.name_at(u64::MAX).unwrap_err().is_damaged());
        assert!(heap.free_blocks(&store).unwrap().is_empty());
    }

    #[test]
    fn damaged() {
        assert!(LocalHeap::open(&store(file(b"abc", 4, 1)), Addr::new(0)).unwrap_err().is_damaged());
        assert!(LocalHeap::open(&store(b"HEAP".to_vec()), Addr::new(0)).unwrap_err().is_damaged());
        let looping = [0u64.to_le_bytes(), 16u64.to_le_bytes()].concat();
        let store = store(file(&looping, 16, 0));
        let heap = LocalHeap::open(&store, Addr::new(0)).unwrap();
        assert!(heap.free_blocks(&store).unwrap_err().is_damaged());
    }

    #[test]
    fn free_list() {
        let segment = [1u64.to_le_bytes(), 16u64.to_le_bytes()].concat();
        let store = store(file(&segment, 16, 0));
        assert_eq!(LocalHeap::open(&store, Addr::new(0)).unwrap().free_blocks(&store).unwrap(), [(0, 16)]);
    }
}
