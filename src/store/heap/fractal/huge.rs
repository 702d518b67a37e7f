//! Huge objects: each in a block of its own, listed in a B-tree version 2.

use std::cmp::Ordering;

use super::FractalHeap;
use super::state::HeapEdit;
use crate::error::{Error, Result};
use crate::format::btree2::records::{self, Record};
use crate::format::fractal_heap::geometry::{FilteredHuge, HugeObject};
use crate::format::fractal_heap::{HERE, HeapId};
use crate::store::btree::v2::{self, NewTree};
use crate::store::{Class, Store};
use crate::wire::{Addr, Length, encode};

impl HeapEdit<'_> {
    /// The type of the B-tree's records.
    fn record_type(&self) -> u8 {
        match (self.heap.geometry.huge_direct(), self.heap.stages.is_empty()) {
            (false, true) => 1,
            (false, false) => 2,
            (true, true) => 3,
            (true, false) => 4,
        }
    }
    fn huge_index(&mut self) -> Result<Addr> {
        let known = self.heap.header.huge_index;
        if known.is_defined() {
            return Ok(known);
        }
        let w = self.store.widths;
        let kind = self.record_type();
        let lengths = match kind {
            1 => 2,
            2 => 3,
            3 => 1,
            _ => 2,
        };
        let mask = if kind.is_multiple_of(2) { 4 } else { 0 };
        let size = u16::from(w.offset).saturating_add(u16::from(w.length).saturating_mul(lengths));
        let made = v2::create(self.store, &NewTree::small(kind, size.saturating_add(mask)))?;
        self.heap.header.huge_index = made;
        Ok(made)
    }
    pub(super) fn insert_huge(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        let length = super::state::wide(bytes.len());
        let (stored, mask) = self.filter(bytes)?;
        let stored_length = super::state::wide(stored.len());
        let index = self.huge_index()?;
        let direct = self.heap.geometry.huge_direct();
        let key = if direct { None } else { Some(self.new_key()?) };
        let address = self.store.allocate(stored_length, Class::Raw)?;
        self.store.write_raw(address, &stored)?;
        let filtered = !self.heap.stages.is_empty();
        let record = records::HugeObject {
            address,
            stored: Length(stored_length),
            filter_mask: filtered.then_some(mask),
            size: filtered.then_some(Length(length)),
            id: key.map(Length),
        };
        let w = self.store.widths;
        let kind = self.record_type();
        let coded = encode(&record, (w, kind), &HERE)?;
        v2::insert(self.store, index, &coded, |other| {
            Ok(place(&records::HugeObject::decode(other, kind, w)?).cmp(&place(&record)))
        })?;
        let header = &mut self.heap.header;
        header.huge_objects.0 = header.huge_objects.0.saturating_add(1);
        header.huge_bytes.0 = header.huge_bytes.0.saturating_add(length);
        let filtered = filtered.then_some(FilteredHuge { mask, memory_length: Length(length) });
        let huge = HugeObject { address, length: Length(stored_length), filtered };
        self.heap.geometry.encode_id(&key.map_or(HeapId::Huge(huge), HeapId::HugeKey))
    }
    fn new_key(&mut self) -> Result<u64> {
        let most = self.heap.geometry.max_huge_key();
        let header = &mut self.heap.header;
        let key = header.next_huge.0.saturating_add(1);
        if header.ids_wrapped || key > most {
            return Err(Error::limit("no number is left for a huge object of this heap"));
        }
        header.next_huge = Length(key);
        header.ids_wrapped = key == most;
        Ok(key)
    }
    /// The record of a huge object, by its ID.
    fn huge_record(&self, id: &HeapId<'_>) -> Result<records::HugeObject> {
        let order = |r: &records::HugeObject| compare(r, id);
        let found = v2::find(self.store, self.heap.header.huge_index, order)?;
        found.ok_or_else(|| HERE.damaged("a huge object that is not in the B-tree of the huge objects"))
    }
    pub(super) fn remove_huge(&mut self, id: &HeapId<'_>) -> Result<()> {
        let (w, kind) = (self.store.widths, self.record_type());
        let index = self.heap.header.huge_index;
        let record = self.huge_record(id)?;
        v2::remove(self.store, index, |other| compare(&records::HugeObject::decode(other, kind, w)?, id))?;
        self.store.free_raw(record.address, record.stored.0)?;
        let header = &mut self.heap.header;
        header.huge_objects.0 = header.huge_objects.0.saturating_sub(1);
        let bytes = record.size.unwrap_or(record.stored).0;
        header.huge_bytes.0 = header.huge_bytes.0.saturating_sub(bytes);
        if v2::total(self.store, index)? == 0 {
            v2::delete(self.store, index, &mut |_| Ok(()))?;
            header.huge_index = Addr::UNDEFINED;
            (header.next_huge, header.ids_wrapped) = (Length(0), false);
        }
        Ok(())
    }
    /// Overwrites a huge object where the new bytes are as many and the heap has no filters; gives whether it
    /// did.
    pub(super) fn overwrite_huge(&mut self, id: &HeapId<'_>, bytes: &[u8]) -> Result<bool> {
        let record = self.huge_record(id)?;
        if !self.heap.stages.is_empty() || record.stored.0 != super::state::wide(bytes.len()) {
            return Ok(false);
        }
        self.store.write_raw(record.address, bytes)?;
        Ok(true)
    }
}

impl FractalHeap {
    /// Frees the bytes of the huge object of which this is a record.
    pub(super) fn free_huge_record(&self, store: &Store, bytes: &[u8]) -> Result<()> {
        let kind = match (self.geometry.huge_direct(), self.stages.is_empty()) {
            (false, true) => 1,
            (false, false) => 2,
            (true, true) => 3,
            (true, false) => 4,
        };
        let record = records::HugeObject::decode(bytes, kind, store.widths)?;
        store.free_raw(record.address, record.stored.0)
    }
}

/// What orders the records: the key or, without one, where the object is.
fn place(record: &records::HugeObject) -> (u64, u64, u64) {
    match record.id {
        Some(id) => (id.0, 0, 0),
        None => (0, record.address.raw(), record.stored.0),
    }
}

fn compare(record: &records::HugeObject, id: &HeapId<'_>) -> Result<Ordering> {
    match (record.id, id) {
        (Some(key), HeapId::HugeKey(wanted)) => Ok(key.0.cmp(wanted)),
        (None, HeapId::Huge(huge)) => Ok(place(record).cmp(&(0, huge.address.raw(), huge.length.0))),
        _ => Err(HERE.damaged("its huge objects are named otherwise than its B-tree lists them")),
    }
}
