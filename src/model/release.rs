//! Frees the heap objects that stored elements lead to.
//!
//! Sequences and strings of variable length and references of HDF5 1.12 own their heap object. A reference to a
//! region in the old form does not: libhdf5 copies such elements byte by byte, so that several may name one
//! object.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, ReferenceKind};
use crate::store::Store;
use crate::store::heap::{Collections, global};
use crate::wire::Addr;

/// Frees all heap objects that these elements, packed one after the other, lead to. Gives how many there were.
pub fn release(datatype: &Datatype, stored: &[u8], store: &Store) -> Result<usize> {
    if !datatype.is_variable() {
        return Ok(0);
    }
    let mut owned = Owned::new(store);
    owned.elements(datatype, stored, None)?;
    owned.free()
}

/// Frees the heap objects that elements led to before they were overwritten, but for those that are still led
/// to from the same place, and those of the fill value: elements that were never written lead to them, too.
/// Gives how many there were.
pub fn release_replaced(
    datatype: &Datatype,
    (old, new): (&[u8], &[u8]),
    fill: Option<&[u8]>,
    store: &Store,
) -> Result<usize> {
    if !datatype.is_variable() {
        return Ok(0);
    }
    let mut owned = Owned::new(store);
    if let Some(fill) = fill {
        owned.elements(datatype, fill, None)?;
        owned.kept = std::mem::take(&mut owned.found);
    }
    owned.elements(datatype, old, Some(new))?;
    owned.free()
}

/// Makes empty sequences and strings of a fill value lead nowhere, as they are to be in elements that hold it:
/// whoever overwrites such an element frees what it leads to.
pub fn detach_empty(datatype: &Datatype, element: &mut [u8]) {
    match &datatype.class {
        Class::VarLen(_) | Class::VarString { .. } if element.first_chunk() == Some(&[0; 4]) => element.fill(0),
        Class::Array { base, .. } | Class::Complex(base) if base.is_variable() => {
            element.chunks_exact_mut(base.bytes().max(1)).for_each(|item| detach_empty(base, item));
        }
        Class::Compound(members) => {
            for member in members.iter().filter(|m| m.datatype.is_variable()) {
                let start = usize::try_from(member.offset).unwrap_or(usize::MAX);
                let place = element.get_mut(start..).and_then(|e| e.get_mut(..member.datatype.bytes()));
                place.into_iter().for_each(|place| detach_empty(&member.datatype, place));
            }
        }
        _ => {}
    }
}

struct Owned<'s> {
    store: &'s Store,
    heaps: Collections<'s>,
    found: BTreeMap<Addr, BTreeSet<u32>>,
    /// What is not to be freed.
    kept: BTreeMap<Addr, BTreeSet<u32>>,
}

impl<'s> Owned<'s> {
    fn new(store: &'s Store) -> Self {
        Owned { store, heaps: Collections::new(store), found: BTreeMap::new(), kept: BTreeMap::new() }
    }
    fn elements(&mut self, datatype: &Datatype, stored: &[u8], new: Option<&[u8]>) -> Result<()> {
        if !datatype.is_variable() {
            return Ok(());
        }
        let size = datatype.bytes().max(1);
        let mut new = new.map(|n| n.chunks_exact(size));
        for element in stored.chunks_exact(size) {
            let now = new.as_mut().and_then(Iterator::next);
            if now != Some(element) {
                self.element(datatype, element, now)?;
            }
        }
        Ok(())
    }
    fn element(&mut self, datatype: &Datatype, stored: &[u8], new: Option<&[u8]>) -> Result<()> {
        match &datatype.class {
            Class::VarLen(base) => self.sequence(stored, 4, new, Some(base)),
            Class::VarString { .. } => self.sequence(stored, 4, new, None),
            Class::Array { base, .. } | Class::Complex(base) => self.elements(base, stored, new),
            Class::Compound(members) => {
                for member in members.iter().filter(|m| m.datatype.is_variable()) {
                    let start = usize::try_from(member.offset).unwrap_or(usize::MAX);
                    let part = |s| part(s, start, member.datatype.bytes());
                    let Some(old) = part(stored) else { return Err(Error::damaged("a compound cut short")) };
                    self.elements(&member.datatype, old, new.and_then(part))?;
                }
                Ok(())
            }
            Class::Reference(ReferenceKind::OldObject | ReferenceKind::OldRegion) => Ok(()),
            Class::Reference(_) => match stored {
                // Nothing, and an object of this file, which the element itself names.
                [0, ..] | [2, 0, ..] | [] => Ok(()),
                _ => self.sequence(stored, 6, new, None),
            },
            _ => Ok(()),
        }
    }
    /// An element whose heap object's address starts at byte `start`, with the type of the items in it.
    fn sequence(
        &mut self,
        stored: &[u8],
        start: usize,
        new: Option<&[u8]>,
        items: Option<&Datatype>,
    ) -> Result<()> {
        let width = usize::from(self.store.widths.offset);
        let id = |s| part(s, start, width.saturating_add(4));
        let Some((address, index)) = id(stored).and_then(|i| i.split_last_chunk::<4>()) else {
            return Err(Error::damaged(format!("{} bytes of a variable-length element", stored.len())));
        };
        let raw = address.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let is_null = raw == 0 || address.iter().all(|b| *b == 0xff);
        // What is led to from the same place stays, as does what it leads to.
        if is_null || new.and_then(id) == id(stored) {
            return Ok(());
        }
        let (collection, index) = (Addr::new(raw), u32::from_le_bytes(*index));
        if self.kept.get(&collection).is_some_and(|kept| kept.contains(&index)) {
            return Ok(());
        }
        if !self.found.entry(collection).or_default().insert(index) {
            return Ok(());
        }
        match items.filter(|i| i.is_variable()) {
            // Damaged heaps are left alone: overwriting an element must not depend on what it led to.
            Some(items) => match self.heaps.get(collection, index).map(<[u8]>::to_vec) {
                Ok(inner) => self.elements(items, &inner, None),
                Err(e) if e.is_damaged() => Ok(()),
                Err(e) => Err(e),
            },
            None => Ok(()),
        }
    }
    fn free(self) -> Result<usize> {
        drop(self.heaps);
        let mut freed = 0usize;
        for (collection, indices) in self.found {
            let indices: Vec<u32> = indices.into_iter().collect();
            match global::remove_all(self.store, collection, &indices) {
                Ok(count) => freed = freed.saturating_add(count),
                Err(e) if e.is_damaged() => {}
                Err(e) => return Err(e),
            }
        }
        Ok(freed)
    }
}

fn part(stored: &[u8], start: usize, len: usize) -> Option<&[u8]> {
    stored.get(start..)?.get(..len)
}
