//! Inserting and removing objects of global heaps.
//!
//! As libhdf5 does it: objects lie one after the other, the free space is one run at the end, with a head where
//! there is room for one. Indices go up and are used again only after a collection was read anew. A collection
//! without objects is given back.

use std::sync::{MutexGuard, PoisonError};

use super::room::{LAST_INDEX, Open, Room};
use super::{Collection, Step, walk};
use crate::error::{Error, Result};
use crate::format::global_heap::{CollectionHeader, HERE, MIN_SIZE, ObjectHead, padded};
use crate::store::Store;
use crate::store::space::Class;
use crate::wire::{Addr, Length, Widths, decode, encode};

fn room(store: &Store) -> MutexGuard<'_, Room> {
    store.room.lock().unwrap_or_else(PoisonError::into_inner)
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn place(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn head(index: u32, size: u64, w: Widths) -> Result<Vec<u8>> {
    let index =
        u16::try_from(index).map_err(|_| Error::damaged(format!("object {index} of a global heap")))?;
    encode(&ObjectHead { index, references: 0, size: Length(size) }, (w,), &HERE)
}

/// The free space at the end of a collection: its head, where there is room for one, then zeros up to `most`.
fn tail(free: u64, most: usize, w: Widths) -> Result<Vec<u8>> {
    let mut bytes = if free < ObjectHead::encoded_size(w) { Vec::new() } else { head(0, free, w)? };
    bytes.resize(place(free).min(most.max(bytes.len())), 0);
    Ok(bytes)
}

/// Adds an object; gives its collection and its index there.
pub fn insert(store: &Store, bytes: &[u8]) -> Result<(Addr, u32)> {
    let w = store.widths;
    let needed = padded(count(bytes.len())).saturating_add(ObjectHead::encoded_size(w));
    let taken = room(store).take(needed);
    let (open, is_new) = match taken {
        Some(open) => (open, false),
        None => {
            let all = needed.saturating_add(CollectionHeader::encoded_size(w)).max(MIN_SIZE);
            let address = store.allocate(all, Class::Metadata)?;
            let free = all.saturating_sub(CollectionHeader::encoded_size(w));
            (Open { address, size: all, free, next: 1 }, true)
        }
    };
    let mut out = head(open.next, count(bytes.len()), w)?;
    out.reserve(bytes.len().saturating_add(40));
    out.extend_from_slice(bytes);
    out.resize(place(needed), 0);
    let free = open.free.saturating_sub(needed);
    let start = open.size.saturating_sub(open.free);
    if is_new {
        let mut all = encode(&CollectionHeader { size: Length(open.size) }, (w,), &HERE)?;
        all.append(&mut out);
        all.append(&mut tail(free, usize::MAX, w)?);
        store.write(open.address, &all)?;
    } else {
        out.append(&mut tail(free, 0, w)?);
        store.write_added(open.address.plus(start), &out, ObjectHead::encoded_size(w))?;
        store.evict::<Collection>(open.address);
    }
    let now = Open { free, next: open.next.saturating_add(1), ..open };
    if free >= ObjectHead::encoded_size(w) && now.next <= LAST_INDEX {
        room(store).put(now);
    }
    Ok((open.address, open.next))
}

/// Removes an object; an error where it is not there.
pub fn remove(store: &Store, collection: Addr, index: u32) -> Result<()> {
    match remove_all(store, collection, &[index])? {
        1 => Ok(()),
        _ => Err(HERE.damaged(format!("there is no object {index}")).within(&HERE, Some(collection.raw()))),
    }
}

/// Removes objects of one collection, leaving out those that are not there; gives how many there were.
pub fn remove_all(store: &Store, collection: Addr, indices: &[u32]) -> Result<usize> {
    let w = store.widths;
    let head_bytes = CollectionHeader::encoded_size(w);
    let size =
        decode::<CollectionHeader>(&store.block(collection, head_bytes, &HERE)?, (w,), &HERE)?.0.size.0;
    let old = store.block(collection, size, &HERE)?;
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    let mut kept = old.get(..place(head_bytes)).unwrap_or_default().to_vec();
    let (mut removed, mut last, mut first) = (0usize, 0u32, None);
    walk(&old, w, |step: Step| {
        let goes = sorted.binary_search(&step.index).is_ok();
        if goes || step.index == 0 {
            removed = removed.saturating_add(usize::from(goes && step.index != 0));
            first = first.or(Some(kept.len()));
        } else {
            kept.extend_from_slice(old.get(step.start..step.end).unwrap_or_default());
            last = last.max(step.index);
        }
    })?;
    let Some(first) = first.filter(|_| removed > 0) else { return Ok(0) };
    store.evict::<Collection>(collection);
    if last == 0 {
        room(store).forget(collection);
        // Who still leads here (two elements may, in a damaged file) finds no collection to free once more.
        store.write(collection, &vec![0; place(head_bytes)])?;
        store.free(collection, size)?;
        return Ok(removed);
    }
    let free = size.saturating_sub(count(kept.len()));
    let open = Open { address: collection, size, free, next: last.saturating_add(1) };
    kept.append(&mut tail(free, usize::MAX, w)?);
    store.write(collection.plus(count(first)), kept.get(first..).unwrap_or_default())?;
    room(store).forget(collection);
    if open.next <= LAST_INDEX {
        room(store).put(open);
    }
    Ok(removed)
}

/// Puts other bytes in an object's place; gives where they are, which is there where they fit.
pub fn replace(store: &Store, collection: Addr, index: u32, bytes: &[u8]) -> Result<(Addr, u32)> {
    let w = store.widths;
    let (start, end) = Collection::open(store, collection)?.place(index)?;
    let old = count(end.saturating_sub(start));
    if padded(old) != padded(count(bytes.len())) {
        remove(store, collection, index)?;
        return insert(store, bytes);
    }
    let mut out = head(index, count(bytes.len()), w)?;
    let before = count(start).saturating_sub(count(out.len()));
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
    store.write(collection.plus(before), &out)?;
    store.evict::<Collection>(collection);
    Ok((collection, index))
}

#[cfg(test)]
mod tests;
