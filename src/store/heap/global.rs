//! Global heaps at work: an object by its collection and its index.
//!
//! - [`edit`]: inserting and removing objects
//! - [`room`]: which collections have room

pub mod edit;
pub mod room;

pub use edit::{insert, remove, remove_all, replace};

use std::sync::Arc;

use super::HeapObject;
use crate::error::{At, Result};
use crate::format::global_heap::{CollectionHeader, HERE, ObjectHead};
use crate::store::Store;
use crate::wire::{Addr, Widths, decode};

/// A collection in memory, with the place of each object.
#[derive(Debug)]
pub struct Collection {
    address: Addr,
    bytes: Arc<Vec<u8>>,
    /// Start and end by index; (0, 0) where there is no object.
    places: Vec<(usize, usize)>,
}

impl Collection {
    /// The collection at `address`, from the cache or the file.
    pub fn open(store: &Store, address: Addr) -> Result<Arc<Self>> {
        if let Some((lender, original)) = store.lent(address) {
            return Self::open(lender.store(), original);
        }
        store.cached(address, &HERE, || {
            let w = store.widths;
            let head_bytes = CollectionHeader::encoded_size(w);
            let head = store.block(address, head_bytes, &HERE)?;
            let size = decode::<CollectionHeader>(&head, (w,), &HERE)?.0.size.0;
            if size < head_bytes {
                return Err(HERE.mismatch("size", size, format!("at least {head_bytes}")));
            }
            let bytes = store.block(address, size, &HERE)?;
            let places = places(&bytes, store)?;
            let slots = places.len().saturating_mul(size_of::<(usize, usize)>());
            let weight = size.saturating_add(u64::try_from(slots).unwrap_or(u64::MAX));
            Ok((Collection { address, bytes: Arc::new(bytes), places }, weight))
        })
    }
    /// The bytes of object `index`.
    pub fn get(&self, index: u32) -> Result<&[u8]> {
        let (start, end) = self.place(index)?;
        Ok(self.bytes.get(start..end).unwrap_or_default())
    }
    /// Object `index`, which keeps the collection in memory.
    pub fn object(&self, index: u32) -> Result<HeapObject> {
        let (start, end) = self.place(index)?;
        HeapObject::new(&self.bytes, start..end).ok_or_else(|| self.absent(index))
    }
    /// The indexes of all objects, in rising order.
    pub fn indexes(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.places).filter(|(_, (_, end))| *end > 0).map(|(i, _)| i)
    }
    fn place(&self, index: u32) -> Result<(usize, usize)> {
        let place = usize::try_from(index).ok().and_then(|i| self.places.get(i));
        match place {
            Some(&place) if place.1 > 0 => Ok(place),
            _ => Err(self.absent(index)),
        }
    }
    #[cold]
    fn absent(&self, index: u32) -> crate::error::Error {
        HERE.damaged(format!("there is no object {index}")).within(&HERE, Some(self.address.raw()))
    }
}

/// An object of a collection, or a free space (index 0).
struct Step {
    index: u32,
    /// First byte, of the head.
    start: usize,
    /// The data.
    data: (usize, usize),
    /// The byte after the padding.
    end: usize,
}

/// Walks the objects of a collection; each step is at least the size of an object's head.
fn walk(bytes: &[u8], w: Widths, mut visit: impl FnMut(Step)) -> Result<()> {
    let small = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let head_bytes = small(ObjectHead::encoded_size(w));
    let mut at = small(CollectionHeader::encoded_size(w));
    // What is too small for a head at the end is free space without one.
    while let Some(rest) = bytes.get(at..).filter(|r| r.len() >= head_bytes) {
        let (head, _) = decode::<ObjectHead>(rest, (w,), &HERE)?;
        let step = small(head.step(w));
        if step > rest.len() {
            let what = format!("object {} at byte {at} takes {step} bytes, {} are left", head.index, rest.len());
            return Err(HERE.damaged(what));
        }
        // Free space: nothing follows where its size does not lead on.
        if head.index == 0 && step < head_bytes {
            break;
        }
        let start = at.saturating_add(head_bytes);
        let end = at.saturating_add(step);
        let data = (start, start.saturating_add(small(head.size.0)));
        visit(Step { index: u32::from(head.index), start: at, data, end });
        at = end;
    }
    Ok(())
}

fn places(bytes: &[u8], store: &Store) -> Result<Vec<(usize, usize)>> {
    let mut places = Vec::new();
    walk(bytes, store.widths, |step| {
        let slot = usize::try_from(step.index).unwrap_or(0);
        if slot == 0 {
            return;
        }
        if places.len() <= slot {
            places.resize(slot.saturating_add(1), (0, 0));
        }
        if let Some(place) = places.get_mut(slot) {
            *place = step.data;
        }
    })?;
    Ok(places)
}

/// Object `index` of the collection at `collection`.
pub fn object(store: &Store, collection: Addr, index: u32) -> Result<HeapObject> {
    Collection::open(store, collection)?.object(index)
}

/// Reads many objects in a row; keeps the last collection at hand, past the cache's lock.
pub struct Collections<'s> {
    store: &'s Store,
    last: Option<(Addr, Arc<Collection>)>,
}

impl<'s> Collections<'s> {
    /// Objects of this file.
    pub fn new(store: &'s Store) -> Self {
        Collections { store, last: None }
    }
    /// The bytes of object `index` of the collection at `collection`.
    pub fn get(&mut self, collection: Addr, index: u32) -> Result<&[u8]> {
        if self.last.as_ref().is_none_or(|(at, _)| *at != collection) {
            self.last = Some((collection, Collection::open(self.store, collection)?));
        }
        match &self.last {
            Some((_, found)) => found.get(index),
            None => Err(HERE.damaged("no collection")).at(&HERE, collection.raw()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::store;
    use crate::wire::{Length, encode};

    fn head(index: u16, size: u64) -> Vec<u8> {
        let head = ObjectHead { index, references: 1, size: Length(size) };
        encode(&head, (Widths::EIGHT,), &HERE).unwrap()
    }
    fn collection(size: u64, objects: &[u8]) -> Vec<u8> {
        let header = CollectionHeader { size: Length(size) };
        let mut bytes = encode(&header, (Widths::EIGHT,), &HERE).unwrap();
        bytes.extend(objects);
        bytes.resize(bytes.len().max(128), 0);
        bytes
    }

    #[test]
    fn objects_by_index() {
        let objects = [head(2, 5), b"abcde\0\0\0".to_vec(), head(1, 0), head(0, 72)].concat();
        let store = store(collection(128, &objects));
        assert_eq!(&*object(&store, Addr::new(0), 2).unwrap(), b"abcde");
        let mut all = Collections::new(&store);
        assert_eq!(all.get(Addr::new(0), 1).unwrap(), b"");
        assert_eq!(all.get(Addr::new(0), 2).unwrap(), b"abcde");
        for absent in [0, 3, 70000] {
            assert!(all.get(Addr::new(0), absent).unwrap_err().is_damaged());
        }
        assert_eq!(Collection::open(&store, Addr::new(0)).unwrap().indexes().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_tail_too_small_for_a_head_and_a_tail_of_zeros_are_free_space() {
        let objects = [head(1, 80), vec![7; 80]].concat();
        assert_eq!(object(&store(collection(120, &objects)), Addr::new(0), 1).unwrap().len(), 80);
        let objects = [head(1, 8), vec![7; 8]].concat();
        assert_eq!(object(&store(collection(128, &objects)), Addr::new(0), 1).unwrap().len(), 8);
    }

    #[test]
    fn hostile_sizes() {
        for (size, objects) in [
            (8, vec![]),
            (u64::MAX, vec![]),
            (1 << 40, vec![]),
            (128, head(1, 120)),
            (128, head(1, u64::MAX)),
            (128, head(1, u64::MAX - 40)),
            (128, head(0, 200)),
        ] {
            let store = store(collection(size, &objects));
            assert!(object(&store, Addr::new(0), 1).unwrap_err().is_damaged(), "{size} {objects:?}");
        }
        assert!(object(&store(collection(128, &[])), Addr::UNDEFINED, 1).unwrap_err().is_damaged());
    }
}
