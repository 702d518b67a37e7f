//! New fractal heaps, and the end of heaps.

use super::{Direct, FractalHeap, Indirect, edit, gaps::Gaps};
use crate::error::{At, Result};
use crate::format::fractal_heap::{DoublingTable, FilteredRoot, Geometry, HERE, HeapHeader};
use crate::limits::Work;
use crate::store::btree::v2;
use crate::store::{Class, Store};
use crate::wire::{Addr, Length};

/// What a new heap is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHeap {
    /// Bytes of its IDs.
    pub id_bytes: u16,
    /// Blocks in a row: a power of two.
    pub width: u16,
    /// Bytes of a block of the first two rows: a power of two.
    pub start_block: u64,
    /// Bytes of the largest direct block: a power of two.
    pub max_direct: u64,
    /// log2 of the size of the heap's address space.
    pub max_bits: u16,
    /// Rows that the root indirect block has when it is made.
    pub start_rows: u16,
    /// Bytes of the largest object that lies in a direct block.
    pub max_managed: u32,
    /// Whether direct blocks carry a checksum.
    pub checksummed: bool,
    /// The encoded filter pipeline message of a filtered heap.
    pub pipeline: Option<Vec<u8>>,
}

impl NewHeap {
    /// A heap for the links of a group, as libhdf5 makes it.
    pub fn links() -> Self {
        NewHeap {
            id_bytes: 7,
            width: 4,
            start_block: 512,
            max_direct: 64 << 10,
            max_bits: 32,
            start_rows: 1,
            max_managed: 4096,
            checksummed: true,
            pipeline: None,
        }
    }
    /// A heap for the attributes of an object, as libhdf5 makes it.
    pub fn attributes() -> Self {
        NewHeap { id_bytes: 8, start_block: 1024, max_bits: 40, ..NewHeap::links() }
    }
    /// A heap like one that there is: to make that anew.
    pub fn like(header: &HeapHeader) -> Self {
        let table = &header.table;
        NewHeap {
            id_bytes: header.id_length,
            width: table.width,
            start_block: table.start_block.0,
            max_direct: table.max_direct.0,
            max_bits: table.max_bits,
            start_rows: table.start_rows,
            max_managed: header.max_managed,
            checksummed: header.checksummed,
            pipeline: header.filtered.as_ref().map(|f| f.pipeline.clone()),
        }
    }
    fn header(&self) -> HeapHeader {
        let zero = Length(0);
        let filtered = |pipeline: &Vec<u8>| FilteredRoot { size: zero, mask: 0, pipeline: pipeline.clone() };
        HeapHeader {
            id_length: self.id_bytes,
            ids_wrapped: false,
            checksummed: self.checksummed,
            max_managed: self.max_managed,
            next_huge: zero,
            huge_index: Addr::UNDEFINED,
            free_bytes: zero,
            free_space: Addr::UNDEFINED,
            managed_bytes: zero,
            allocated_bytes: zero,
            next_block: zero,
            managed_objects: zero,
            huge_bytes: zero,
            huge_objects: zero,
            tiny_bytes: zero,
            tiny_objects: zero,
            table: DoublingTable {
                width: self.width,
                start_block: Length(self.start_block),
                max_direct: Length(self.max_direct),
                max_bits: self.max_bits,
                start_rows: self.start_rows,
                root: Addr::UNDEFINED,
                rows: 0,
            },
            filtered: self.pipeline.as_ref().filter(|p| !p.is_empty()).map(filtered),
        }
    }
}

/// Makes an empty heap; gives the address of its header.
pub fn create(store: &Store, new: &NewHeap) -> Result<Addr> {
    let header = new.header();
    let geometry = Geometry::of(&header, store.widths)?;
    if u64::from(new.max_managed).saturating_add(geometry.direct_overhead()) > new.max_direct {
        let what = format!("objects of {} bytes in blocks of {}", new.max_managed, new.max_direct);
        return Err(crate::Error::usage(what));
    }
    let address = store.allocate(edit::header_size(store, &header), Class::Metadata)?;
    edit::write_header(store, address, &header)?;
    Ok(address)
}

/// Frees a heap: all its objects, its blocks and its header.
pub fn delete(store: &Store, heap: Addr) -> Result<()> {
    let opened = FractalHeap::open(store, heap)?;
    let header = &opened.header;
    if header.huge_index.is_defined() {
        v2::delete(store, header.huge_index, &mut |bytes| opened.free_huge_record(store, bytes))?;
    }
    opened.free_blocks(store).at(&HERE, heap.raw())?;
    Gaps::load(store, header.free_space)?.free_manager(store)?;
    store.evict::<FractalHeap>(heap);
    store.free(heap, edit::header_size(store, header))
}

impl FractalHeap {
    /// Frees all direct and indirect blocks.
    pub(super) fn free_blocks(&self, store: &Store) -> Result<()> {
        let table = &self.header.table;
        if !table.root.is_defined() {
            return Ok(());
        }
        if table.rows > 0 {
            return self.free_table(store, table.root, 0, u32::from(table.rows), &store.work());
        }
        let stored = self.header.filtered.as_ref().map_or(self.geometry.block_size(0), |f| f.size.0);
        store.evict::<Direct>(table.root);
        store.free(table.root, stored)
    }
    fn free_table(&self, store: &Store, address: Addr, start: u64, rows: u32, work: &Work) -> Result<()> {
        let table = self.indirect(store, address, start, rows)?;
        for row in 0..rows {
            let size = self.geometry.block_size(row);
            for column in 0..self.geometry.width() {
                work.spend(1)?;
                let Some(entry) = self.geometry.entry(row, column) else { continue };
                if self.geometry.is_direct(row) {
                    let Some(child) = table.block.direct.get(entry).filter(|c| c.address.is_defined()) else {
                        continue;
                    };
                    store.evict::<Direct>(child.address);
                    store.free(child.address, child.filtered.map_or(size, |f| f.size.0))?;
                    continue;
                }
                let Some(child) = table.block.indirect.get(entry).filter(|a| a.is_defined()) else {
                    continue;
                };
                let below = self.geometry.rows_below(row);
                if below >= rows {
                    return Err(HERE.damaged("a doubling table that does not get smaller"));
                }
                let within = self.geometry.row_offset(row).saturating_add(size.saturating_mul(column));
                self.free_table(store, *child, start.saturating_add(within), below, work)?;
            }
        }
        store.evict::<Indirect>(address);
        store.free(address, self.geometry.indirect_size(self.geometry.indirect_form(rows)?))
    }
}
