//! Fractal heaps at work: an object by its heap ID; edits in the files below.
//!
//! - [`create()`], [`delete()`]: the whole heap
//! - [`HeapEdit`], and [`insert`], [`remove`], [`replace`] for one object

use std::sync::Arc;

use super::HeapObject;
use crate::error::{At, Error, Result};
use crate::filter::Stage;
use crate::format::btree2::records;
use crate::format::fractal_heap::geometry::{FilteredHuge, HugeObject};
use crate::format::fractal_heap::{
    DIRECT, DirectBlockHead, DirectChild, FilteredChild, Geometry, HERE, HeapHeader, HeapId, ID, INDIRECT,
    IndirectBlock,
};
use crate::format::message::filter_pipeline::FilterPipeline;
use crate::store::Store;
use crate::store::btree::v2;
use crate::wire::checksum::{lookup3, verify};
use crate::wire::{Addr, decode};

mod blocks;
mod create;
mod edit;
mod state;
mod gaps;
mod huge;

pub use create::{NewHeap, create, delete};
pub use edit::{insert, remove, replace};
pub use state::HeapEdit;

/// Bytes that a stage of a pipeline may hold beyond twice the block.
const FILTER_SLACK: u64 = 64 << 10;

/// A fractal heap: its header and what follows from it.
#[derive(Debug)]
pub struct FractalHeap {
    address: Addr,
    /// The header.
    pub header: HeapHeader,
    /// Widths, rows, columns and forms of IDs.
    pub geometry: Geometry,
    /// The filters that direct blocks and huge objects pass through.
    pub stages: Vec<Stage>,
}

/// A direct block, unfiltered.
struct Direct {
    owner: Addr,
    offset: u64,
    bytes: Arc<Vec<u8>>,
}

/// An indirect block and the rows that it was read with.
struct Indirect {
    block: IndirectBlock,
    rows: u32,
}

impl FractalHeap {
    /// The heap whose header is at `address`, from the cache or the file.
    pub fn open(store: &Store, address: Addr) -> Result<Arc<Self>> {
        store.cached(address, &HERE, || {
            let w = store.widths;
            let prefix = store.block(address, HeapHeader::PREFIX, &HERE)?;
            let pipeline_length = prefix.last_chunk::<2>().map_or(0, |b| u16::from_le_bytes(*b));
            let size = HeapHeader::encoded_size(pipeline_length, w);
            let block = store.block(address, size, &HERE)?;
            let (header, _) = decode::<HeapHeader>(verify(&block, &HERE)?, (w,), &HERE)?;
            let geometry = Geometry::of(&header, w)?;
            let stages = match &header.filtered {
                Some(f) => FilterPipeline::parse(&f.pipeline)?.stages(),
                None => Vec::new(),
            };
            let weight = size.saturating_mul(4);
            Ok((FractalHeap { address, header, geometry, stages }, weight))
        })
    }
    /// Bytes of the managed objects.
    pub fn live_bytes(&self) -> u64 {
        let table = &self.header.table;
        let room = match (table.rows, table.root.is_defined()) {
            (0, false) => 0,
            (0, true) => self.geometry.usable(0),
            (rows, _) => self.geometry.usable_rows(0, u32::from(rows)),
        };
        room.saturating_sub(self.header.free_bytes.0)
    }
    /// Whether more than half of the direct blocks is free, and that is worth a new heap: free space comes back
    /// to the file only with whole blocks, and the smallest of very many gaps are forgotten. Making the heap
    /// anew is the caller's, who knows all IDs: [`NewHeap::like`], an insertion of all objects, [`delete()`].
    pub fn is_sparse(&self) -> bool {
        let allocated = self.header.allocated_bytes.0;
        let largest = self.header.table.max_direct.0.saturating_mul(2);
        allocated > largest && self.live_bytes() < allocated.wrapping_div(2)
    }
    /// The object with this ID.
    pub fn object(&self, store: &Store, id: &[u8]) -> Result<HeapObject> {
        match self.geometry.parse_id(id).at(&ID, self.address.raw())? {
            HeapId::Managed { offset, length } => self.managed(store, offset, length),
            HeapId::Huge(huge) => self.huge(store, &huge),
            HeapId::HugeKey(key) => self.huge(store, &self.find_huge(store, key)?),
            HeapId::Tiny(bytes) => Ok(HeapObject::whole(bytes.to_vec())),
        }
    }
    fn managed(&self, store: &Store, offset: u64, length: u64) -> Result<HeapObject> {
        let (child, start, size) = self.find_block(store, offset)?;
        let block = self.direct(store, &child, start, size)?;
        let within = offset.saturating_sub(start);
        let range = within.checked_add(length).filter(|&end| end <= size).and_then(|end| {
            let past_head = within >= self.geometry.direct_overhead();
            Some(usize::try_from(within).ok().filter(|_| past_head)?..usize::try_from(end).ok()?)
        });
        range.and_then(|r| HeapObject::new(&block.bytes, r)).ok_or_else(|| {
            let what = format!("{length} bytes at offset {offset} are no object of the block at {start}");
            DIRECT.damaged(what).within(&DIRECT, Some(child.address.raw()))
        })
    }
    /// The direct block that holds `offset`: its entry, where it starts and its size.
    fn find_block(&self, store: &Store, offset: u64) -> Result<(DirectChild, u64, u64)> {
        let table = &self.header.table;
        let outside = || ID.mismatch("offset", offset, "less than the heap's size").within(&HERE, Some(self.address.raw()));
        if offset >= self.header.managed_bytes.0 {
            return Err(outside());
        }
        let mut rows = u32::from(table.rows);
        if rows == 0 {
            if offset >= self.geometry.block_size(0) {
                return Err(outside());
            }
            let filtered = self.header.filtered.as_ref();
            let filtered = filtered.map(|f| FilteredChild { size: f.size, mask: f.mask });
            return Ok((DirectChild { address: table.root, filtered }, 0, self.geometry.block_size(0)));
        }
        let (mut address, mut start) = (table.root, 0u64);
        // The rows fall with each step: a block of row n stands for at most n rows.
        loop {
            let block = self.indirect(store, address, start, rows)?;
            let (row, column) = self.geometry.locate(offset.saturating_sub(start));
            let entry = self.geometry.entry(row, column).filter(|_| row < rows).ok_or_else(outside)?;
            let size = self.geometry.block_size(row);
            let before = size.saturating_mul(column);
            start = start.saturating_add(self.geometry.row_offset(row)).saturating_add(before);
            if self.geometry.is_direct(row) {
                return Ok((*block.block.direct.get(entry).ok_or_else(outside)?, start, size));
            }
            address = *block.block.indirect.get(entry).ok_or_else(outside)?;
            let below = self.geometry.rows_below(row);
            if below >= rows {
                return Err(HERE.damaged("a doubling table that does not get smaller"));
            }
            rows = below;
        }
    }
    fn indirect(&self, store: &Store, address: Addr, start: u64, rows: u32) -> Result<Arc<Indirect>> {
        let found = store.cached(address, &INDIRECT, || {
            let form = self.geometry.indirect_form(rows)?;
            let size = self.geometry.indirect_size(form);
            let bytes = store.block(address, size, &INDIRECT)?;
            let args = (store.widths, form);
            let (block, _) = decode::<IndirectBlock>(verify(&bytes, &INDIRECT)?, args, &INDIRECT)?;
            Ok((Indirect { block, rows }, size.saturating_mul(4)))
        })?;
        let what = if found.rows != rows {
            INDIRECT.mismatch("rows", found.rows, rows)
        } else {
            match self.check_place(found.block.owner, found.block.offset, start) {
                Ok(()) => return Ok(found),
                Err((field, is, should)) => INDIRECT.mismatch(field, is, should),
            }
        };
        Err(what).at(&INDIRECT, address.raw())
    }
    fn direct(&self, store: &Store, child: &DirectChild, start: u64, size: u64) -> Result<Arc<Direct>> {
        let found = store.cached(child.address, &DIRECT, || {
            let bytes = match &child.filtered {
                None => store.block(child.address, size, &DIRECT)?,
                Some(f) => {
                    let stored = store.block(child.address, f.size.0, &DIRECT)?;
                    self.unfilter(store, stored, f.mask, size)?
                }
            };
            let args = (store.widths, self.geometry.offset_width, self.header.checksummed);
            let (head, used) = decode::<DirectBlockHead>(&bytes, args, &DIRECT)?;
            let bytes = match head.checksum {
                Some(stored) => check_sum(bytes, used, stored)?,
                None => bytes,
            };
            let block = Direct { owner: head.owner, offset: head.offset, bytes: Arc::new(bytes) };
            Ok((block, size.saturating_add(64)))
        })?;
        let what = if u64::try_from(found.bytes.len()).ok() != Some(size) {
            DIRECT.mismatch("size", found.bytes.len(), size)
        } else {
            match self.check_place(found.owner, found.offset, start) {
                Ok(()) => return Ok(found),
                Err((field, is, should)) => DIRECT.mismatch(field, is, should),
            }
        };
        Err(what).at(&DIRECT, child.address.raw())
    }
    /// Whether a block belongs to this heap and to this place of it.
    fn check_place(&self, owner: Addr, offset: u64, start: u64) -> Result<(), (&'static str, u64, u64)> {
        if owner != self.address {
            return Err(("heap header address", owner.raw(), self.address.raw()));
        }
        if offset != start { Err(("block offset", offset, start)) } else { Ok(()) }
    }
    #[inline(never)]
    fn unfilter(&self, store: &Store, mut data: Vec<u8>, mask: u32, size: u64) -> Result<Vec<u8>> {
        let expected = store.limits.allocation(size)?;
        let limit = size.saturating_mul(2).saturating_add(FILTER_SLACK).min(store.limits.max_allocation);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut scratch = Vec::new();
        store.filters.decode(&self.stages, mask, &mut data, &mut scratch, (expected, limit))?;
        if data.len() != expected {
            let what = format!("its filters give {} bytes, expected {expected}", data.len());
            return Err(Error::damaged(what));
        }
        Ok(data)
    }
    #[inline(never)]
    fn huge(&self, store: &Store, huge: &HugeObject) -> Result<HeapObject> {
        let stored = store.block(huge.address, huge.length.0, &HERE)?;
        let bytes = match (&huge.filtered, self.stages.is_empty()) {
            (Some(FilteredHuge { mask, memory_length }), false) => {
                self.unfilter(store, stored, *mask, memory_length.0).at(&HERE, huge.address.raw())?
            }
            (None, false) => return Err(HERE.damaged("a huge object without its size, in a filtered heap")),
            _ => stored,
        };
        Ok(HeapObject::whole(bytes))
    }
    /// The huge object with this key in the B-tree of the huge objects.
    #[inline(never)]
    fn find_huge(&self, store: &Store, key: u64) -> Result<HugeObject> {
        let absent = || HERE.damaged(format!("huge object {key} is not in the B-tree of the huge objects"));
        let by_key = |r: &records::HugeObject| match r.id {
            Some(id) => Ok(id.0.cmp(&key)),
            None => Err(HERE.damaged("its huge objects are named by keys, its B-tree holds none")),
        };
        let found = v2::find(store, self.header.huge_index, by_key)?;
        let found = found.ok_or_else(absent).at(&HERE, self.address.raw())?;
        let filtered = match (found.filter_mask, found.size) {
            (Some(mask), Some(memory_length)) => Some(FilteredHuge { mask, memory_length }),
            _ => None,
        };
        Ok(HugeObject { address: found.address, length: found.stored, filtered })
    }
}

/// Checks a direct block, whose checksum is the last field of its head (`used` bytes) and counts as zero.
fn check_sum(mut bytes: Vec<u8>, used: usize, stored: u32) -> Result<Vec<u8>> {
    let computed = match bytes.get_mut(..used).and_then(|h| h.last_chunk_mut::<4>()) {
        Some(field) => {
            *field = [0; 4];
            lookup3(&bytes)
        }
        None => return Err(DIRECT.damaged("too short for its checksum")),
    };
    if computed != stored {
        return Err(DIRECT.mismatch("checksum", format!("{stored:#010x}"), format!("{computed:#010x}")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod edit_tests;
