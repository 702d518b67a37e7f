//! Fractal heaps: every block, the counters of the header, free sections, huge objects.

use std::collections::HashMap;
use std::sync::Arc;

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::btree2::records::{self, Record};
use crate::format::fractal_heap::geometry::HugeObject;
use crate::format::fractal_heap::{
    DIRECT, DirectBlockHead, DirectChild, FilteredChild, HERE, HeapHeader, HeapId, ID, INDIRECT,
    IndirectBlock,
};
use crate::format::free_space::{self, ManagerHeader};
use crate::store::free_space::load;
use crate::store::heap::FractalHeap;
use crate::wire::checksum::{lookup3, verify};
use crate::wire::{Addr, decode};

/// A heap whose blocks were walked, and the objects that its users name.
pub(super) struct Heap {
    address: Addr,
    pub(super) open: Arc<FractalHeap>,
    /// Start and size of each direct block in the heap's address space.
    blocks: Vec<(u64, u64)>,
    /// Whether all blocks could be read.
    whole: bool,
    /// Offset and length of each object that was named.
    managed: Vec<(u64, u64)>,
    tiny: (u64, u64),
    /// Users of each huge object, by its key or address.
    huge: HashMap<u64, u64>,
}

impl<'f> Check<'f> {
    /// Walks the blocks of the heap at `address`.
    pub(super) fn fractal_heap(&mut self, address: Addr) -> Result<Option<Heap>> {
        let opened = FractalHeap::open(self.store, address).at(&HERE, address.raw());
        let Some(open) = self.told(opened)? else { return Ok(None) };
        if !self.enter(address, &HERE) {
            return Ok(None);
        }
        let pipeline = open.header.filtered.as_ref().map_or(0, |f| f.pipeline.len());
        let size = HeapHeader::encoded_size(u16::try_from(pipeline).unwrap_or(0), self.store.widths);
        self.claim(address, size, Kind::FractalHeaps, &HERE);
        let mut heap = Heap {
            address,
            open: open.clone(),
            blocks: Vec::new(),
            whole: true,
            managed: Vec::new(),
            tiny: (0, 0),
            huge: HashMap::new(),
        };
        let table = &open.header.table;
        let rows = u32::from(table.rows);
        if table.root.is_defined() {
            let end = if rows == 0 { open.geometry.block_size(0) } else { open.geometry.row_offset(rows) };
            if open.header.managed_bytes.0 != end && open.header.managed_bytes.0 != 0 {
                self.mismatch(&HERE, address, "managed space", open.header.managed_bytes.0, end);
            }
            if rows == 0 {
                let filtered = open.header.filtered.as_ref();
                let filtered = filtered.map(|f| FilteredChild { size: f.size, mask: f.mask });
                let child = DirectChild { address: table.root, filtered };
                self.direct(&mut heap, &child, 0, table.start_block.0)?;
            } else {
                self.indirect(&mut heap, table.root, 0, rows)?;
            }
        }
        let allocated = heap.blocks.iter().fold(0u64, |n, (_, size)| n.saturating_add(*size));
        if heap.whole && allocated != open.header.allocated_bytes.0 {
            self.mismatch(&HERE, address, "bytes of direct blocks", open.header.allocated_bytes.0, allocated);
        }
        if open.header.huge_index.is_defined() {
            self.huge_objects(&mut heap)?;
        } else if (open.header.huge_objects.0, open.header.huge_bytes.0) != (0, 0) {
            let found = format!("{} of {} bytes", open.header.huge_objects.0, open.header.huge_bytes.0);
            self.mismatch(&HERE, address, "huge objects without an index", found, "none");
        }
        Ok(Some(heap))
    }
    fn indirect(&mut self, heap: &mut Heap, address: Addr, start: u64, rows: u32) -> Result<()> {
        let geometry = heap.open.geometry;
        if !self.spend(u64::from(rows)) || !self.enter(address, &INDIRECT) {
            heap.whole = false;
            return Ok(());
        }
        let read = geometry.indirect_form(rows).and_then(|form| {
            let size = geometry.indirect_size(form);
            let bytes = self.store.block(address, size, &INDIRECT)?;
            let args = (self.store.widths, form);
            Ok((decode::<IndirectBlock>(verify(&bytes, &INDIRECT)?, args, &INDIRECT)?.0, size))
        });
        let Some((block, size)) = self.told(read.at(&INDIRECT, address.raw()))? else {
            heap.whole = false;
            return Ok(());
        };
        self.claim(address, size, Kind::FractalHeaps, &INDIRECT);
        self.place(heap, &INDIRECT, address, (block.owner, block.offset), start);
        let width = u64::from(heap.open.header.table.width);
        for row in 0..rows {
            for column in 0..width {
                let before = geometry.block_size(row).saturating_mul(column);
                let at = start.saturating_add(geometry.row_offset(row)).saturating_add(before);
                let Some(entry) = geometry.entry(row, column) else { continue };
                if geometry.is_direct(row) {
                    if let Some(child) = block.direct.get(entry).filter(|c| c.address.is_defined()) {
                        self.direct(heap, child, at, geometry.block_size(row))?;
                    }
                } else if let Some(child) = block.indirect.get(entry).filter(|a| a.is_defined()) {
                    let below = geometry.rows_below(row);
                    if below < rows {
                        self.indirect(heap, *child, at, below)?;
                    }
                }
            }
        }
        Ok(())
    }
    /// Whether a block belongs to its heap and to its place in it.
    fn place(
        &mut self,
        heap: &Heap,
        at: &crate::error::Structure,
        address: Addr,
        (owner, offset): (Addr, u64),
        start: u64,
    ) {
        if owner != heap.address {
            self.mismatch(at, address, "heap header address", owner, heap.address);
        }
        if offset != start {
            self.mismatch(at, address, "block offset", offset, start);
        }
    }
    fn direct(&mut self, heap: &mut Heap, child: &DirectChild, start: u64, size: u64) -> Result<()> {
        if !self.spend(1) || !self.enter(child.address, &DIRECT) {
            heap.whole = false;
            return Ok(());
        }
        let stored = child.filtered.map_or(size, |f| f.size.0);
        self.claim(child.address, stored, Kind::FractalHeaps, &DIRECT);
        heap.blocks.push((start, size));
        let read = self.direct_bytes(heap, child, stored, size).and_then(|bytes| {
            let args = (self.store.widths, heap.open.geometry.offset_width, heap.open.header.checksummed);
            let (head, used) = decode::<DirectBlockHead>(&bytes, args, &DIRECT)?;
            check_sum(bytes, used, head.checksum)?;
            Ok(head)
        });
        match self.told(read.at(&DIRECT, child.address.raw()))? {
            Some(head) => self.place(heap, &DIRECT, child.address, (head.owner, head.offset), start),
            None => heap.whole = false,
        }
        Ok(())
    }
    fn direct_bytes(&self, heap: &Heap, child: &DirectChild, stored: u64, size: u64) -> Result<Vec<u8>> {
        let mut data = self.store.block(child.address, stored, &DIRECT)?;
        let Some(filtered) = child.filtered else { return Ok(data) };
        let expected = self.store.limits.allocation(size)?;
        let limit = expected.saturating_mul(2).saturating_add(64 << 10);
        let stages = &heap.open.stages;
        self.store.filters.decode(stages, filtered.mask, &mut data, &mut Vec::new(), (expected, limit))?;
        match data.len() == expected {
            true => Ok(data),
            false => Err(DIRECT.mismatch("bytes after its filters", data.len(), expected)),
        }
    }
    fn huge_objects(&mut self, heap: &mut Heap) -> Result<()> {
        let w = self.store.widths;
        let (mut count, mut bytes, mut last) = (0u64, 0u64, None);
        let filtered = !heap.open.stages.is_empty();
        let found = self.btree2(
            heap.open.header.huge_index,
            &[1, 2, 3, 4],
            Kind::FractalHeaps,
            &mut |check, kind, raw| {
                let r = records::HugeObject::decode(raw, kind, w)?;
                check.claim(r.address, r.stored.0, Kind::FractalHeaps, &HERE);
                count = count.saturating_add(1);
                bytes = bytes.saturating_add(r.size.unwrap_or(r.stored).0);
                let key = r.id.map_or((r.address.raw(), r.stored.0), |id| (id.0, 0));
                if last.is_some_and(|l| l >= key) {
                    check.mismatch(
                        &records::HERE,
                        heap.address,
                        "key of a huge object",
                        key.0,
                        "one greater than the last",
                    );
                }
                last = Some(key);
                heap.huge.insert(key.0, 0);
                Ok(())
            },
        )?;
        let header = &heap.open.header;
        if found.is_some() && count != header.huge_objects.0 {
            self.mismatch(&HERE, heap.address, "huge objects", header.huge_objects.0, count);
        }
        if found.is_some() && bytes != header.huge_bytes.0 && !filtered {
            self.mismatch(&HERE, heap.address, "bytes of huge objects", header.huge_bytes.0, bytes);
        }
        Ok(())
    }
    /// Compares the objects that were named with what the header counts and with the free sections.
    pub(super) fn heap_objects(&mut self, mut heap: Heap) -> Result<()> {
        let header = heap.open.header.clone();
        let at = heap.address;
        let overhead = heap.open.geometry.direct_overhead();
        heap.managed.sort_unstable();
        if let Some([a, b]) = heap.managed.windows(2).find(|p| crossing(p)) {
            let what = format!("objects overlap: {} bytes at offset {} and {} at {}", a.1, a.0, b.1, b.0);
            self.problem(&HERE, at.get(), what);
        }
        let count = u64::try_from(heap.managed.len()).unwrap_or(u64::MAX);
        for (field, found, expected) in [
            ("managed objects", header.managed_objects.0, count),
            ("tiny objects", header.tiny_objects.0, heap.tiny.0),
            ("bytes of tiny objects", header.tiny_bytes.0, heap.tiny.1),
        ] {
            if found != expected {
                self.mismatch(&HERE, at, field, found, expected);
            }
        }
        if heap.huge.values().any(|users| *users != 1) {
            self.problem(&HERE, at.get(), "huge objects that nobody or more than one names");
        }
        let room = heap.room();
        let used = heap.managed.iter().fold(0u64, |n, (_, len)| n.saturating_add(*len));
        if heap.whole && header.free_bytes.0 != room.saturating_sub(used) {
            self.mismatch(&HERE, at, "free bytes", header.free_bytes.0, room.saturating_sub(used));
        }
        match header.free_space.is_defined() {
            true => self.heap_free_space(&heap, header.free_space, overhead),
            false => Ok(()),
        }
    }
    fn heap_free_space(&mut self, heap: &Heap, address: Addr, overhead: u64) -> Result<()> {
        let Some(sections) = self.manager(address, Kind::FractalHeaps)? else { return Ok(()) };
        let mut free: Vec<(u64, u64)> =
            sections.into_iter().filter(|(_, class, _)| *class == 0).map(|(at, _, len)| (at, len)).collect();
        free.sort_unstable();
        let mut blocks = heap.blocks.clone();
        blocks.sort_unstable();
        for (start, len) in &free {
            let end = start.saturating_add(*len);
            let block =
                blocks.partition_point(|(at, _)| at <= start).checked_sub(1).and_then(|i| blocks.get(i));
            let inside = block.is_some_and(|(at, size)| {
                *start >= at.saturating_add(overhead) && end <= at.saturating_add(*size)
            });
            if !inside && heap.whole {
                let what = format!("a section of {len} bytes at offset {start} lies in no direct block");
                self.problem(&free_space::SECTIONS, address.get(), what);
            }
            let object = heap.managed.partition_point(|(at, _)| *at < end).checked_sub(1);
            let object = object.and_then(|i| heap.managed.get(i));
            if let Some((at, _)) = object.filter(|(at, len)| at.saturating_add(*len) > *start) {
                let what = format!("a free section at offset {start} overlaps the object at {at}");
                self.problem(&free_space::SECTIONS, address.get(), what);
            }
        }
        if free.windows(2).any(crossing) {
            self.problem(&free_space::SECTIONS, address.get(), "free sections overlap");
        }
        Ok(())
    }
    /// Accounts for a free-space manager; gives offset, class and bytes of its sections.
    pub(super) fn manager(&mut self, address: Addr, kind: Kind) -> Result<Option<Vec<(u64, u8, u64)>>> {
        let kind = if kind == Kind::FractalHeaps { kind } else { Kind::FreeSpace };
        let loaded = load(self.store, address).at(&free_space::HERE, address.raw());
        let Some(found) = self.told(loaded)? else { return Ok(None) };
        if !self.enter(address, &free_space::HERE) {
            return Ok(None);
        }
        self.claim(address, ManagerHeader::encoded_size(self.store.widths), kind, &free_space::HERE);
        if found.header.list.is_defined() {
            self.claim(found.header.list, found.header.list_allocated.0, kind, &free_space::SECTIONS);
        }
        let h = &found.header;
        if h.sections.0 != h.serialized.0.saturating_add(h.ghosts.0) {
            let expected = h.serialized.0.saturating_add(h.ghosts.0);
            self.mismatch(&free_space::HERE, address, "sections", h.sections.0, expected);
        }
        let total = found.sections.iter().fold(0u64, |n, (size, _)| n.saturating_add(*size));
        let whole = h.ghosts.0 == 0;
        if whole && total != h.total_bytes.0 {
            self.mismatch(&free_space::HERE, address, "bytes of all sections", h.total_bytes.0, total);
        }
        Ok(Some(found.sections.iter().map(|(size, s)| (s.offset, s.class, *size)).collect()))
    }
}

impl Heap {
    /// The object with this ID; it is counted as named once more.
    pub(super) fn object(
        &mut self,
        check: &mut Check<'_>,
        id: &[u8],
    ) -> Result<crate::store::heap::HeapObject> {
        let found = self.open.object(check.store, id)?;
        match self.open.geometry.parse_id(id).at(&ID, self.address.raw())? {
            HeapId::Managed { offset, length } => self.managed.push((offset, length)),
            HeapId::Tiny(bytes) => {
                let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.tiny = (self.tiny.0.saturating_add(1), self.tiny.1.saturating_add(len));
            }
            HeapId::HugeKey(key) => self.name_huge(key),
            HeapId::Huge(HugeObject { address, .. }) => self.name_huge(address.raw()),
        }
        Ok(found)
    }
    /// Bytes for objects in all blocks that the heap's space is cut into, whether they exist or not.
    fn room(&self) -> u64 {
        let (geometry, table) = (&self.open.geometry, &self.open.header.table);
        let overhead = geometry.direct_overhead();
        if !table.root.is_defined() {
            return 0;
        }
        if table.rows == 0 {
            return geometry.block_size(0).saturating_sub(overhead);
        }
        // By row: bytes in one block of it, and in all rows before it.
        let mut before = vec![0u64];
        for row in 0..u32::from(table.rows) {
            let in_block = match geometry.is_direct(row) {
                true => geometry.block_size(row).saturating_sub(overhead),
                false => {
                    before.get(usize::try_from(geometry.rows_below(row)).unwrap_or(0)).copied().unwrap_or(0)
                }
            };
            let in_row = in_block.saturating_mul(u64::from(table.width));
            before.push(before.last().copied().unwrap_or(0).saturating_add(in_row));
        }
        before.last().copied().unwrap_or(0)
    }
    fn name_huge(&mut self, key: u64) {
        let users = self.huge.entry(key).or_default();
        *users = users.saturating_add(1);
    }
}

/// Checks a direct block, whose checksum is the last field of its head (`used` bytes) and counts as zero.
fn check_sum(mut bytes: Vec<u8>, used: usize, stored: Option<u32>) -> Result<()> {
    let Some(stored) = stored else { return Ok(()) };
    if let Some(field) = bytes.get_mut(..used).and_then(|h| h.last_chunk_mut::<4>()) {
        *field = [0; 4];
    }
    let computed = lookup3(&bytes);
    if computed != stored {
        return Err(DIRECT.mismatch("checksum", format!("{stored:#010x}"), format!("{computed:#010x}")));
    }
    Ok(())
}

/// Whether the first of two neighbours (start, length) ends behind the start of the second.
fn crossing(pair: &[(u64, u64)]) -> bool {
    matches!(pair, [a, b] if a.0.saturating_add(a.1) > b.0)
}
