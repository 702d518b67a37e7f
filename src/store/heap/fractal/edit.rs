//! Edits of a fractal heap: objects go in, change and come out.
//!
//! An edit holds the header, the free space and the blocks it touches in memory; [`HeapEdit::finish`] stores
//! them. Nothing reads the heap in between. One edit may make any number of changes: that is much cheaper
//! than an edit for each, since a changed direct block has its checksum computed anew.

use std::collections::BTreeMap;

use super::FractalHeap;
use super::state::{HeapEdit, wide};
use super::gaps::Gaps;
use crate::error::{At, Error, Result};
use crate::filter::Context;
use crate::format::fractal_heap::{DIRECT, HERE, HeapHeader, HeapId, ID};
use crate::store::Store;
use crate::wire::checksum::seal;
use crate::wire::{Addr, encode};

/// Direct blocks that an edit holds at most.
const HELD: usize = 64;

impl<'a> HeapEdit<'a> {
    /// Begins an edit of the heap whose header is at `address`.
    pub fn open(store: &'a Store, address: Addr) -> Result<Self> {
        let opened = FractalHeap::open(store, address)?;
        let gaps = Gaps::load(store, opened.header.free_space).at(&HERE, address.raw())?;
        let heap = FractalHeap {
            address,
            header: opened.header.clone(),
            geometry: opened.geometry,
            stages: opened.stages.clone(),
        };
        Ok(HeapEdit { store, heap, gaps, blocks: BTreeMap::new(), tables: BTreeMap::new() })
    }
    /// Puts an object into the heap; gives its ID.
    pub fn insert(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let length = wide(bytes.len());
        if length == 0 {
            return Err(Error::usage("a heap object of no bytes"));
        }
        if length > u64::from(self.heap.header.max_managed) {
            return self.insert_huge(bytes);
        }
        if length > self.heap.geometry.max_tiny() {
            return self.insert_managed(bytes);
        }
        let header = &mut self.heap.header;
        header.tiny_objects.0 = header.tiny_objects.0.saturating_add(1);
        header.tiny_bytes.0 = header.tiny_bytes.0.saturating_add(length);
        self.heap.geometry.encode_id(&HeapId::Tiny(bytes))
    }
    /// Takes the object with this ID out of the heap. Other IDs stay as they are.
    pub fn remove(&mut self, id: &[u8]) -> Result<()> {
        let geometry = self.heap.geometry;
        match geometry.parse_id(id).at(&ID, self.heap.address.raw())? {
            HeapId::Managed { offset, length } => self.remove_managed(offset, length),
            HeapId::Tiny(bytes) => {
                let header = &mut self.heap.header;
                header.tiny_objects.0 = header.tiny_objects.0.saturating_sub(1);
                header.tiny_bytes.0 = header.tiny_bytes.0.saturating_sub(wide(bytes.len()));
                Ok(())
            }
            huge => self.remove_huge(&huge),
        }
    }
    /// Puts `bytes` in the place of an object; gives the new ID, which is the old one where the object is as
    /// long as before.
    pub fn replace(&mut self, id: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
        let geometry = self.heap.geometry;
        let parsed = geometry.parse_id(id).at(&ID, self.heap.address.raw())?;
        let in_place = match &parsed {
            HeapId::Managed { offset, length } if *length == wide(bytes.len()) => {
                self.write_object(*offset, bytes)?;
                true
            }
            HeapId::Huge(_) | HeapId::HugeKey(_) => self.overwrite_huge(&parsed, bytes)?,
            _ => false,
        };
        if in_place {
            let length = usize::from(self.heap.header.id_length);
            return Ok(id.get(..length).unwrap_or(id).to_vec());
        }
        self.remove(id)?;
        self.insert(bytes)
    }
    /// Stores all changes.
    pub fn finish(mut self) -> Result<()> {
        self.flush_blocks()?;
        self.flush_tables()?;
        self.keep_blocks()?;
        let heap = &mut self.heap;
        heap.header.free_space = self.gaps.save(self.store, &heap.geometry, &heap.header)?;
        write_header(self.store, heap.address, &heap.header)
    }
    fn insert_managed(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let length = wide(bytes.len());
        let overhead = self.heap.geometry.direct_overhead();
        let offset = match self.gaps.find(length) {
            Some((offset, _)) => offset,
            None => {
                let size = length.saturating_add(overhead);
                let start = match self.gaps.take_block(&self.heap.geometry, size) {
                    Some((table, entry)) => self.block_in_span(table, entry)?,
                    None => self.next_block(size)?,
                };
                start.saturating_add(overhead)
            }
        };
        self.gaps.take(offset, length);
        self.write_object(offset, bytes)?;
        let header = &mut self.heap.header;
        header.managed_objects.0 = header.managed_objects.0.saturating_add(1);
        header.free_bytes.0 = header.free_bytes.0.saturating_sub(length);
        self.heap.geometry.encode_id(&HeapId::Managed { offset, length })
    }
    fn write_object(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        let place = self.object_block(offset, wide(bytes.len()))?;
        let within = usize::try_from(offset.saturating_sub(place.start)).unwrap_or(usize::MAX);
        if self.blocks.len() >= HELD && !self.blocks.contains_key(&place.start) {
            self.flush_blocks()?;
            self.blocks.clear();
        }
        self.block(&place)?.write(within, bytes);
        Ok(())
    }
    fn remove_managed(&mut self, offset: u64, length: u64) -> Result<()> {
        if length == 0 {
            return Err(ID.damaged("an object of no bytes"));
        }
        let place = self.object_block(offset, length)?;
        let (start, free) = self.gaps.add(offset, length)?;
        let header = &mut self.heap.header;
        header.managed_objects.0 = header.managed_objects.0.saturating_sub(1);
        header.free_bytes.0 = header.free_bytes.0.saturating_add(length);
        let overhead = self.heap.geometry.direct_overhead();
        if self.heap.header.managed_objects.0 == 0 {
            return self.empty();
        }
        let whole =
            start == place.start.saturating_add(overhead) && free == place.size.saturating_sub(overhead);
        if whole { self.drop_block(&place) } else { Ok(()) }
    }
    /// The direct block of an object; an error where no object can be.
    fn object_block(&mut self, offset: u64, length: u64) -> Result<super::state::Place> {
        let nowhere = || {
            let what = format!("{length} bytes at offset {offset} are no object of a direct block");
            DIRECT.damaged(what)
        };
        let place = self.locate(offset).at(&HERE, self.heap.address.raw())?.ok_or_else(nowhere)?;
        let first = place.start.saturating_add(self.heap.geometry.direct_overhead());
        let end = place.start.saturating_add(place.size);
        if offset < first || offset.checked_add(length).is_none_or(|e| e > end) {
            return Err(nowhere().within(&HERE, Some(self.heap.address.raw())));
        }
        Ok(place)
    }
    /// The bytes as the heap's filters store them, and which stages were skipped.
    pub(super) fn filter(&self, bytes: &[u8]) -> Result<(Vec<u8>, u32)> {
        let (mut data, mut scratch, mut mask) = (bytes.to_vec(), Vec::new(), 0u32);
        let limit = usize::try_from(self.store.limits.max_allocation).unwrap_or(usize::MAX);
        for (bit, stage) in (0u32..).zip(&self.heap.stages) {
            let context = Context { client_data: &stage.client_data, limit, expected: bytes.len() };
            let done = match self.store.filters.get(stage.id) {
                Some(filter) => filter.encode(&data, &mut scratch, &context),
                None => Err(Error::unsupported(format!("filter {}", stage.id))),
            };
            match done {
                Ok(()) => std::mem::swap(&mut data, &mut scratch),
                Err(_) if stage.optional => mask |= 1u32.checked_shl(bit).unwrap_or(0),
                Err(e) => return Err(e).at(&HERE, self.heap.address.raw()),
            }
        }
        Ok((data, mask))
    }
}

/// Puts an object into the heap whose header is at `heap`; gives its ID.
pub fn insert(store: &Store, heap: Addr, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut edit = HeapEdit::open(store, heap)?;
    let id = edit.insert(bytes)?;
    edit.finish()?;
    Ok(id)
}

/// Takes the object with this ID out of a heap.
pub fn remove(store: &Store, heap: Addr, id: &[u8]) -> Result<()> {
    let mut edit = HeapEdit::open(store, heap)?;
    edit.remove(id)?;
    edit.finish()
}

/// Puts `bytes` in the place of an object; gives the new ID, which is the old one where the object is as long
/// as before.
pub fn replace(store: &Store, heap: Addr, id: &[u8], bytes: &[u8]) -> Result<Vec<u8>> {
    let mut edit = HeapEdit::open(store, heap)?;
    let id = edit.replace(id, bytes)?;
    edit.finish()?;
    Ok(id)
}

/// Bytes of a stored header.
pub(super) fn header_size(store: &Store, header: &HeapHeader) -> u64 {
    let pipeline = header.filtered.as_ref().map_or(0, |f| f.pipeline.len());
    HeapHeader::encoded_size(u16::try_from(pipeline).unwrap_or(u16::MAX), store.widths)
}

/// Stores a header and forgets the one that was cached.
pub(super) fn write_header(store: &Store, address: Addr, header: &HeapHeader) -> Result<()> {
    let mut bytes = encode(header, (store.widths,), &HERE)?;
    seal(&mut bytes);
    store.write(address, &bytes).at(&HERE, address.raw())?;
    store.evict::<FractalHeap>(address);
    Ok(())
}

