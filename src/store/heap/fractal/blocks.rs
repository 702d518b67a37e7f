//! The blocks of a fractal heap under edit: found, made, grown, dropped, stored.

use std::sync::Arc;

use super::state::{Block, HeapEdit, Place, Table, wide};
use super::gaps::place;
use super::{Direct, Indirect};
use crate::error::{Error, Result};
use crate::format::fractal_heap::{
    DIRECT, DirectBlockHead, DirectChild, FilteredChild, HERE, INDIRECT, IndirectBlock,
};
use crate::store::Class;
use crate::wire::checksum::{lookup3, seal};
use crate::wire::{Addr, Length, encode};

fn torn() -> Error {
    HERE.damaged("a doubling table that does not fit its rows")
}

impl HeapEdit<'_> {
    fn row_of(&self, entry: u64) -> (u32, u64) {
        let width = self.heap.geometry.width().max(1);
        let row = u32::try_from(entry.checked_div(width).unwrap_or(0)).unwrap_or(u32::MAX);
        (row, entry.checked_rem(width).unwrap_or(0))
    }
    fn rows(&self) -> u32 {
        u32::from(self.heap.header.table.rows)
    }
    fn table(&mut self, key: u64) -> Result<&mut Table> {
        self.tables.get_mut(&key).ok_or_else(torn)
    }
    /// Reads the root table, where there is one.
    fn open_root(&mut self) -> Result<()> {
        let rows = self.rows();
        if rows > 0 && !self.tables.contains_key(&0) {
            self.open_table(self.heap.header.table.root, 0, rows)?;
        }
        Ok(())
    }
    fn open_table(&mut self, address: Addr, start: u64, rows: u32) -> Result<()> {
        let found = self.heap.indirect(self.store, address, start, rows)?;
        let table = Table { address, rows, block: found.block.clone(), dirty: false };
        self.tables.insert(start, table);
        Ok(())
    }
    /// The indirect block below an entry, made if need be and asked for.
    fn open_child(&mut self, key: u64, entry: u64, make: bool) -> Result<Option<u64>> {
        let (row, column) = self.row_of(entry);
        let geometry = self.heap.geometry;
        let start = place(&geometry, key, entry);
        let below = geometry.rows_below(row);
        let table = self.table(key)?;
        let index = geometry.entry(row, column).ok_or_else(torn)?;
        let slot = table.block.indirect.get(index).copied().ok_or_else(torn)?;
        if below >= table.rows || below == 0 {
            return Err(torn());
        }
        if slot.is_defined() {
            if !self.tables.contains_key(&start) {
                self.open_table(slot, start, below)?;
            }
            return Ok(Some(start));
        }
        if !make {
            return Ok(None);
        }
        let made = self.new_table(start, below)?;
        let table = self.table(key)?;
        if let Some(slot) = table.block.indirect.get_mut(index) {
            *slot = made;
        }
        table.dirty = true;
        Ok(Some(start))
    }
    fn new_table(&mut self, start: u64, rows: u32) -> Result<Addr> {
        let geometry = self.heap.geometry;
        let form = geometry.indirect_form(rows)?;
        let address = self.store.allocate(geometry.indirect_size(form), Class::Metadata)?;
        let block = IndirectBlock {
            owner: self.heap.address,
            offset: start,
            direct: vec![self.no_block(); form.direct],
            indirect: vec![Addr::UNDEFINED; form.indirect],
        };
        self.tables.insert(start, Table { address, rows, block, dirty: true });
        Ok(address)
    }
    fn no_block(&self) -> DirectChild {
        let filtered = self.heap.header.filtered.is_some();
        DirectChild {
            address: Addr::UNDEFINED,
            filtered: filtered.then_some(FilteredChild { size: Length(0), mask: 0 }),
        }
    }
    /// The direct block that holds `offset`, if it exists.
    pub(super) fn locate(&mut self, offset: u64) -> Result<Option<Place>> {
        let geometry = self.heap.geometry;
        let rows = self.rows();
        if rows == 0 {
            let root = Place { table: None, entry: 0, start: 0, size: geometry.block_size(0) };
            return Ok((self.heap.header.table.root.is_defined() && offset < root.size).then_some(root));
        }
        self.open_root()?;
        let mut key = 0u64;
        loop {
            let (row, column) = geometry.locate(offset.saturating_sub(key));
            if row >= self.table(key)?.rows {
                return Ok(None);
            }
            let entry = u64::from(row).saturating_mul(geometry.width()).saturating_add(column);
            if geometry.is_direct(row) {
                let start = place(&geometry, key, entry);
                let found = Place { table: Some(key), entry, start, size: geometry.block_size(row) };
                return Ok(self.child(&found)?.address.is_defined().then_some(found));
            }
            // The rows fall with each step.
            match self.open_child(key, entry, false)? {
                Some(child) => key = child,
                None => return Ok(None),
            }
        }
    }
    /// Where a direct block is in the file.
    fn child(&mut self, at: &Place) -> Result<DirectChild> {
        let header = &self.heap.header;
        let Some(key) = at.table else {
            let filtered = header.filtered.as_ref().map(|f| FilteredChild { size: f.size, mask: f.mask });
            return Ok(DirectChild { address: header.table.root, filtered });
        };
        let (row, column) = self.row_of(at.entry);
        let index = self.heap.geometry.entry(row, column).ok_or_else(torn)?;
        self.table(key)?.block.direct.get(index).copied().ok_or_else(torn)
    }
    fn set_child(&mut self, at: &Place, child: DirectChild) -> Result<()> {
        let Some(key) = at.table else {
            let header = &mut self.heap.header;
            header.table.root = child.address;
            if let (Some(root), Some(new)) = (&mut header.filtered, child.filtered) {
                (root.size, root.mask) = (new.size, new.mask);
            }
            return Ok(());
        };
        let (row, column) = self.row_of(at.entry);
        let index = self.heap.geometry.entry(row, column).ok_or_else(torn)?;
        let table = self.table(key)?;
        *table.block.direct.get_mut(index).ok_or_else(torn)? = child;
        table.dirty = true;
        Ok(())
    }
    /// A direct block, read if need be.
    pub(super) fn block(&mut self, at: &Place) -> Result<&mut Block> {
        if !self.blocks.contains_key(&at.start) {
            let child = self.child(at)?;
            let read = self.heap.direct(self.store, &child, at.start, at.size)?;
            // The bytes are to be changed: without the cache's hold they need no copy.
            self.store.evict::<Direct>(child.address);
            let bytes = match Arc::try_unwrap(read) {
                Ok(direct) => Arc::unwrap_or_clone(direct.bytes),
                Err(shared) => shared.bytes.to_vec(),
            };
            let block = Block { place: *at, address: child.address, bytes, dirty: 0..0 };
            self.blocks.insert(at.start, block);
        }
        self.blocks.get_mut(&at.start).ok_or_else(torn)
    }
    /// Makes the direct block at a place; all of it is a gap.
    fn make_block(&mut self, at: Place) -> Result<u64> {
        if at.table.is_some() && self.child(&at)?.address.is_defined() {
            return Err(HERE.damaged(format!("a block at {} where none was to be", at.start)));
        }
        let size = usize::try_from(at.size).map_err(|_| Error::limit("a block larger than memory"))?;
        let address = self.store.allocate(at.size, Class::Metadata)?;
        let filtered = self.heap.header.filtered.is_some();
        let filtered = filtered.then_some(FilteredChild { size: Length(at.size), mask: 0 });
        self.set_child(&at, DirectChild { address, filtered })?;
        let checksum = self.heap.header.checksummed.then_some(0);
        let head = DirectBlockHead { owner: self.heap.address, offset: at.start, checksum };
        let args = (self.store.widths, self.heap.geometry.offset_width, self.heap.header.checksummed);
        let mut bytes = encode(&head, args, &DIRECT)?;
        bytes.resize(size, 0);
        let block = Block { place: at, address, bytes, dirty: 0..size };
        self.blocks.insert(at.start, block);
        let header = &mut self.heap.header;
        header.allocated_bytes.0 = header.allocated_bytes.0.saturating_add(at.size);
        let overhead = self.heap.geometry.direct_overhead();
        self.gaps.add(at.start.saturating_add(overhead), at.size.saturating_sub(overhead))?;
        Ok(at.start)
    }
    /// Makes a direct block that was part of a span; gives where it starts.
    pub(super) fn block_in_span(&mut self, table: u64, entry: u64) -> Result<u64> {
        let geometry = self.heap.geometry;
        self.open_root()?;
        let mut key = 0u64;
        while key != table {
            let within = table.checked_sub(key).ok_or_else(torn)?;
            let (row, column) = geometry.locate(within);
            if geometry.is_direct(row) || row >= self.table(key)?.rows {
                return Err(torn());
            }
            let entry = u64::from(row).saturating_mul(geometry.width()).saturating_add(column);
            key = self.open_child(key, entry, true)?.ok_or_else(torn)?;
        }
        let size = geometry.block_size(self.row_of(entry).0);
        self.make_block(Place { table: Some(table), entry, start: place(&geometry, table, entry), size })
    }
    /// Makes the next direct block in order that has at least `bytes` bytes; gives where it starts. Blocks
    /// that are passed over become spans.
    pub(super) fn next_block(&mut self, bytes: u64) -> Result<u64> {
        let geometry = self.heap.geometry;
        let least = geometry
            .row_of(bytes)
            .filter(|row| geometry.block_size(*row) <= self.heap.header.table.max_direct.0);
        let least = least.ok_or_else(|| HERE.damaged(format!("no direct block takes {bytes} bytes")))?;
        if self.rows() == 0 {
            if !self.heap.header.table.root.is_defined() && least == 0 {
                let size = geometry.block_size(0);
                let header = &mut self.heap.header;
                header.managed_bytes = Length(size);
                header.free_bytes.0 = header.free_bytes.0.saturating_add(geometry.usable(0));
                return self.make_block(Place { table: None, entry: 0, start: 0, size });
            }
            self.make_root(least)?;
        }
        self.open_root()?;
        let mut key = 0u64;
        loop {
            let offset = self.heap.header.next_block.0;
            if key == 0 && offset >= geometry.row_offset(self.rows()) {
                self.grow_root()?;
            }
            let (row, column) = geometry.locate(offset.saturating_sub(key));
            let rows = self.table(key)?.rows;
            let entry = u64::from(row).saturating_mul(geometry.width()).saturating_add(column);
            if geometry.is_direct(row) && row >= least {
                let at = Place { table: Some(key), entry, start: offset, size: geometry.block_size(row) };
                self.heap.header.next_block.0 = offset.saturating_add(at.size);
                return self.make_block(at);
            }
            let start = place(&geometry, key, entry);
            let below = geometry.rows_below(row);
            if !geometry.is_direct(row) && (start < offset || below > least) {
                key = self.open_child(key, entry, true)?.ok_or_else(torn)?;
                continue;
            }
            // All blocks up to a row with large enough ones, or to the end of this indirect block.
            let until = if geometry.is_direct(row) { least.min(rows) } else { row.saturating_add(1) };
            let end = u64::from(until).saturating_mul(geometry.width());
            self.gaps.add_span(&geometry, key, entry, end.saturating_sub(entry));
            self.heap.header.next_block.0 = place(&geometry, key, end);
            key = 0;
        }
    }
    /// Makes the root an indirect block: with the direct block that was the root, or with none.
    fn make_root(&mut self, least: u32) -> Result<()> {
        let geometry = self.heap.geometry;
        let start_rows = match u32::from(self.heap.header.table.start_rows) {
            0 => geometry.max_rows(),
            n => n.min(geometry.max_rows()),
        };
        let rows = start_rows.max(least.saturating_add(1));
        let old = self.child(&Place { table: None, entry: 0, start: 0, size: 0 })?;
        let made = self.new_table(0, rows)?;
        let header = &mut self.heap.header;
        header.table.root = made;
        header.table.rows = u16::try_from(rows).map_err(|_| torn())?;
        header.next_block = Length(0);
        let mut free = geometry.usable_rows(0, rows);
        if let Some(filtered) = &mut header.filtered {
            (filtered.size, filtered.mask) = (Length(0), 0);
        }
        if old.address.is_defined() {
            let size = geometry.block_size(0);
            header.next_block = Length(size);
            free = free.saturating_sub(geometry.usable(0));
            let at = Place { table: Some(0), entry: 0, start: 0, size };
            self.set_child(&at, old)?;
            if let Some(block) = self.blocks.get_mut(&0) {
                block.place = at;
            }
        }
        let header = &mut self.heap.header;
        header.managed_bytes = Length(geometry.row_offset(rows));
        header.free_bytes.0 = header.free_bytes.0.saturating_add(free);
        Ok(())
    }
    /// Gives the root indirect block twice the rows.
    fn grow_root(&mut self) -> Result<()> {
        let geometry = self.heap.geometry;
        let old = self.rows();
        let rows = old.saturating_mul(2).min(geometry.max_rows());
        if rows <= old {
            return Err(Error::limit("the heap is full").within(&HERE, self.heap.address.get()));
        }
        let form = geometry.indirect_form(rows)?;
        let address = self.store.allocate(geometry.indirect_size(form), Class::Metadata)?;
        let none = self.no_block();
        let table = self.table(0)?;
        let before = std::mem::replace(&mut table.address, address);
        table.block.direct.resize(form.direct, none);
        table.block.indirect.resize(form.indirect, Addr::UNDEFINED);
        (table.rows, table.dirty) = (rows, true);
        self.store.evict::<Indirect>(before);
        self.store.free(before, geometry.indirect_size(geometry.indirect_form(old)?))?;
        let header = &mut self.heap.header;
        header.table.root = address;
        header.table.rows = u16::try_from(rows).map_err(|_| torn())?;
        header.managed_bytes = Length(geometry.row_offset(rows));
        let free = geometry.usable_rows(old, rows);
        header.free_bytes.0 = header.free_bytes.0.saturating_add(free);
        Ok(())
    }
    /// Frees a direct block in which nothing is left: its place becomes a span.
    pub(super) fn drop_block(&mut self, at: &Place) -> Result<()> {
        let Some(key) = at.table else { return Ok(()) };
        let geometry = self.heap.geometry;
        let child = self.child(at)?;
        self.blocks.remove(&at.start);
        self.store.evict::<Direct>(child.address);
        self.store.free(child.address, child.filtered.map_or(at.size, |f| f.size.0))?;
        self.set_child(at, self.no_block())?;
        let header = &mut self.heap.header;
        header.allocated_bytes.0 = header.allocated_bytes.0.saturating_sub(at.size);
        self.gaps.forget(at.start, at.start.saturating_add(at.size));
        self.gaps.add_span(&geometry, key, at.entry, 1);
        self.retreat()
    }
    /// Moves the place of the next block back over blocks that do not exist, and frees indirect blocks that
    /// lie behind it then: libhdf5 makes a new one there.
    fn retreat(&mut self) -> Result<()> {
        let geometry = self.heap.geometry;
        loop {
            let next = self.heap.header.next_block.0;
            if let Some(key) = self.parent_of_table(next)? {
                self.drop_table(key, next)?;
            }
            match self.gaps.take_span_before(&geometry, next) {
                Some(start) if start < next => self.heap.header.next_block = Length(start),
                _ => return Ok(()),
            }
        }
    }
    /// The indirect block that has another one below it which starts at `offset`.
    fn parent_of_table(&mut self, offset: u64) -> Result<Option<u64>> {
        let geometry = self.heap.geometry;
        let mut key = 0u64;
        loop {
            let (row, column) = geometry.locate(offset.saturating_sub(key));
            if geometry.is_direct(row) || row >= self.table(key)?.rows {
                return Ok(None);
            }
            let entry = u64::from(row).saturating_mul(geometry.width()).saturating_add(column);
            match self.open_child(key, entry, false)? {
                Some(child) if child == offset => return Ok(Some(key)),
                Some(child) => key = child,
                None => return Ok(None),
            }
        }
    }
    fn drop_table(&mut self, parent: u64, start: u64) -> Result<()> {
        let geometry = self.heap.geometry;
        if !self.table(start)?.is_empty() {
            return Err(HERE.damaged(format!("blocks at and after {start}, where the next is to be made")));
        }
        let Some(table) = self.tables.remove(&start) else { return Ok(()) };
        self.gaps.forget_table(start);
        self.store.evict::<Indirect>(table.address);
        self.store.free(table.address, geometry.indirect_size(geometry.indirect_form(table.rows)?))?;
        let (row, column) = geometry.locate(start.saturating_sub(parent));
        let index = geometry.entry(row, column).ok_or_else(torn)?;
        let above = self.table(parent)?;
        above.dirty = true;
        *above.block.indirect.get_mut(index).ok_or_else(torn)? = Addr::UNDEFINED;
        Ok(())
    }
    /// Frees all blocks: the heap holds no managed object any more.
    pub(super) fn empty(&mut self) -> Result<()> {
        self.flush_blocks()?;
        self.flush_tables()?;
        self.heap.free_blocks(self.store)?;
        self.blocks.clear();
        self.tables.clear();
        self.gaps.clear();
        let header = &mut self.heap.header;
        let zero = Length(0);
        (header.managed_bytes, header.allocated_bytes) = (zero, zero);
        (header.next_block, header.free_bytes) = (zero, zero);
        (header.table.root, header.table.rows) = (Addr::UNDEFINED, 0);
        if let Some(filtered) = &mut header.filtered {
            (filtered.size, filtered.mask) = (zero, 0);
        }
        Ok(())
    }
    /// Stores the direct blocks that were changed.
    pub(super) fn flush_blocks(&mut self) -> Result<()> {
        let head = usize::try_from(self.heap.geometry.direct_overhead()).unwrap_or(usize::MAX);
        let mut blocks = std::mem::take(&mut self.blocks);
        for block in blocks.values_mut().filter(|b| !b.dirty.is_empty()) {
            let sum = self.heap.header.checksummed.then(|| lookup3(&block.bytes));
            if self.heap.stages.is_empty() {
                self.store_plain(block, head, sum)?;
            } else {
                self.store_filtered(block, head, sum)?;
            }
            block.dirty = 0..0;
        }
        self.blocks = blocks;
        Ok(())
    }
    /// Leaves the blocks, all of them stored, to the cache.
    pub(super) fn keep_blocks(&mut self) -> Result<()> {
        for block in std::mem::take(&mut self.blocks).into_values() {
            let (owner, offset) = (self.heap.address, block.place.start);
            let weight = block.place.size.saturating_add(64);
            let kept = Direct { owner, offset, bytes: Arc::new(block.bytes) };
            self.store.cached(block.address, &DIRECT, || Ok((kept, weight)))?;
        }
        Ok(())
    }
    /// Stores what has changed of a block, and its checksum.
    fn store_plain(&self, block: &Block, head: usize, sum: Option<u32>) -> Result<()> {
        self.store.evict::<Direct>(block.address);
        let start = block.address.plus(wide(block.dirty.start));
        self.store.write(start, block.bytes.get(block.dirty.clone()).unwrap_or_default())?;
        if let Some(sum) = sum {
            let field = block.address.plus(wide(head.saturating_sub(4)));
            self.store.write(field, &sum.to_le_bytes())?;
        }
        Ok(())
    }
    /// Stores a block of a filtered heap: it moves where its stored size changes.
    fn store_filtered(&mut self, block: &mut Block, head: usize, sum: Option<u32>) -> Result<()> {
        let mut bytes = block.bytes.clone();
        if let (Some(sum), Some(field)) = (sum, bytes.get_mut(..head).and_then(|h| h.last_chunk_mut::<4>())) {
            *field = sum.to_le_bytes();
        }
        let (stored, mask) = self.filter(&bytes)?;
        let size = Length(wide(stored.len()));
        let old = self.child(&block.place)?;
        let before = old.filtered.map_or(block.place.size, |f| f.size.0);
        self.store.evict::<Direct>(old.address);
        if before != size.0 {
            self.store.free(old.address, before)?;
            block.address = self.store.allocate(size.0, Class::Metadata)?;
        }
        self.store.write(block.address, &stored)?;
        let child = DirectChild { address: block.address, filtered: Some(FilteredChild { size, mask }) };
        self.set_child(&block.place, child)
    }
    /// Stores the indirect blocks that were changed.
    pub(super) fn flush_tables(&mut self) -> Result<()> {
        for table in self.tables.values_mut().filter(|t| t.dirty) {
            let form = self.heap.geometry.indirect_form(table.rows)?;
            let mut bytes = encode(&table.block, (self.store.widths, form), &INDIRECT)?;
            seal(&mut bytes);
            self.store.write(table.address, &bytes)?;
            self.store.evict::<Indirect>(table.address);
            table.dirty = false;
        }
        Ok(())
    }
}
