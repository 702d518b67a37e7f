//! B-trees version 1: walks, and the way to a name or a chunk.
//!
//! - `node`: nodes as they are edited
//! - `grow`, `shrink`: a child is added to a leaf, or taken out
//! - [`chunks`]: trees of chunks are made, changed and deleted

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::{At, Error, Result};
use crate::format::btree1::{ChunkEntries, GroupEntries, HERE, NodeClass, NodeHeader};
use crate::limits::Work;
use crate::store::Store;
use crate::wire::{Addr, decode};

pub mod chunks;
pub(in crate::store) mod grow;
pub(in crate::store) mod node;
pub(in crate::store) mod shrink;

pub use chunks::{ChunkShape, create_chunks, delete_chunks, remove_chunk, set_chunk};

/// A decoded node.
#[derive(Clone)]
pub(in crate::store) struct Node<E> {
    pub(in crate::store) head: NodeHeader,
    pub(in crate::store) entries: E,
}

/// Fetches a node's header, then what `body_bytes` says its entries take.
fn fetch(
    store: &Store,
    address: Addr,
    class: NodeClass,
    body_bytes: impl FnOnce(u16) -> u64,
) -> Result<(NodeHeader, Vec<u8>)> {
    let w = store.widths;
    let head_bytes = NodeHeader::bytes(w);
    let (head, _) = decode::<NodeHeader>(&store.block(address, head_bytes, &HERE)?, (w,), &HERE)?;
    if head.class != class {
        return Err(HERE.mismatch("node type", format!("{:?}", head.class), format!("{class:?}")));
    }
    store.limits.depth(u32::from(head.level))?;
    let body = store.block(address.plus(head_bytes), body_bytes(head.entries), &HERE)?;
    Ok((head, body))
}

/// The node at `address`; below the root, its level is known.
fn node<E, F>(store: &Store, address: Addr, level: Option<u8>, load: F) -> Result<Arc<Node<E>>>
where
    E: Send + Sync + 'static,
    F: FnOnce() -> Result<(Node<E>, u64)>,
{
    let node = store.cached(address, &HERE, load)?;
    match level {
        Some(level) if level != node.head.level => {
            Err(HERE.mismatch("level", node.head.level, level).within(&HERE, Some(address.raw())))
        }
        _ => Ok(node),
    }
}

fn group_node(store: &Store, address: Addr, level: Option<u8>) -> Result<Arc<Node<GroupEntries>>> {
    node(store, address, level, || {
        let w = store.widths;
        let (head, body) = fetch(store, address, NodeClass::Groups, |n| GroupEntries::bytes(w, n))?;
        let (entries, _) = decode::<GroupEntries>(&body, (w, head.entries), &HERE)?;
        let weight = u64::from(head.entries).saturating_mul(16);
        Ok((Node { head, entries }, weight))
    })
}

fn chunk_node(store: &Store, address: Addr, level: Option<u8>, rank: u8) -> Result<Arc<Node<ChunkEntries>>> {
    let coordinates = rank.saturating_add(1);
    let found = node(store, address, level, || {
        let w = store.widths;
        let (head, body) = fetch(store, address, NodeClass::Chunks, |n| ChunkEntries::bytes(w, coordinates, n))?;
        let (entries, _) = decode::<ChunkEntries>(&body, (w, coordinates, head.entries), &HERE)?;
        let weight = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Ok((Node { head, entries }, weight))
    })?;
    if found.entries.coordinates != coordinates {
        return Err(HERE.damaged("one tree is used for chunks of different rank").within(&HERE, Some(address.raw())));
    }
    Ok(found)
}

/// The first child whose right key is not smaller than the name; the number of children where there is none.
pub(in crate::store) fn first_not_smaller(
    entries: &GroupEntries,
    order: &mut dyn FnMut(u64) -> Result<Ordering>,
) -> Result<usize> {
    let (mut low, mut high) = (0usize, entries.entries.len());
    while low < high {
        let middle = low.midpoint(high);
        let next = middle.saturating_add(1);
        let right = entries.entries.get(next).map_or(entries.last, |e| e.name);
        if order(right.0)? == Ordering::Less {
            low = next;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

/// The symbol table node that holds a name, if any does.
///
/// `order` tells how the name at an offset of the local heap compares with the one that is sought.
pub fn find_symbols(
    store: &Store,
    root: Addr,
    order: &mut dyn FnMut(u64) -> Result<Ordering>,
) -> Result<Option<Addr>> {
    let (mut address, mut level) = (root, None);
    loop {
        let node = group_node(store, address, level)?;
        let index = first_not_smaller(&node.entries, order).at(&HERE, address.raw())?;
        let Some(entry) = node.entries.entries.get(index) else { return Ok(None) };
        match node.head.level.checked_sub(1) {
            None => return Ok(Some(entry.child)),
            below => (address, level) = (entry.child, below),
        }
    }
}

/// Visits the symbol table nodes of a group, in the order of names.
pub fn each_symbols(store: &Store, root: Addr, visit: &mut dyn FnMut(Addr) -> Result<()>) -> Result<()> {
    symbols_below(store, root, None, &store.work(), visit)
}

fn symbols_below(
    store: &Store,
    address: Addr,
    level: Option<u8>,
    work: &Work,
    visit: &mut dyn FnMut(Addr) -> Result<()>,
) -> Result<()> {
    let node = group_node(store, address, level)?;
    work.spend(count(node.entries.entries.len()))?;
    for entry in &node.entries.entries {
        match node.head.level.checked_sub(1) {
            None => visit(entry.child)?,
            below => symbols_below(store, entry.child, below, work, visit)?,
        }
    }
    Ok(())
}

fn count(entries: usize) -> u64 {
    u64::try_from(entries).unwrap_or(u64::MAX).saturating_add(1)
}

/// A chunk of a tree, as its key tells it.
#[derive(Debug, Clone, Copy)]
pub struct ChunkKey<'a> {
    /// Where the chunk is.
    pub address: Addr,
    /// Its bytes in the file.
    pub stored: u32,
    /// Filters that were skipped.
    pub filter_mask: u32,
    /// Offsets of its first element, and 0 for the element itself.
    pub offsets: &'a [u64],
}

fn chunk_at(entries: &ChunkEntries, index: usize) -> Option<ChunkKey<'_>> {
    let offsets = entries.key(index)?;
    let (address, stored) = (*entries.children.get(index)?, *entries.sizes.get(index)?);
    Some(ChunkKey { address, stored, filter_mask: *entries.masks.get(index)?, offsets })
}

/// The last child whose left key is not greater.
fn last_not_greater(entries: &ChunkEntries, offsets: &[u64]) -> Option<usize> {
    let (mut low, mut high) = (0usize, entries.children.len());
    while low < high {
        let middle = low.midpoint(high);
        if entries.key(middle).is_some_and(|key| key <= offsets) {
            low = middle.saturating_add(1);
        } else {
            high = middle;
        }
    }
    low.checked_sub(1)
}

/// Finds the chunk whose first element is at `offsets` (one for each dimension, and 0): gives its
/// address, its stored bytes and its filter mask.
pub fn find_chunk(store: &Store, root: Addr, offsets: &[u64]) -> Result<Option<(Addr, u32, u32)>> {
    let rank = rank_of(offsets.len())?;
    let (mut address, mut level) = (root, None);
    loop {
        let node = chunk_node(store, address, level, rank)?;
        let index = last_not_greater(&node.entries, offsets);
        let Some(found) = index.and_then(|i| chunk_at(&node.entries, i)) else { return Ok(None) };
        match node.head.level.checked_sub(1) {
            None if found.offsets == offsets => {
                return Ok(Some((found.address, found.stored, found.filter_mask)));
            }
            None => return Ok(None),
            below => (address, level) = (found.address, below),
        }
    }
}

fn rank_of(coordinates: usize) -> Result<u8> {
    let rank = coordinates.checked_sub(1).and_then(|r| u8::try_from(r).ok());
    rank.ok_or_else(|| Error::usage(format!("{coordinates} offsets of a chunk")))
}

/// Visits the chunks of a tree for `rank` dimensions, in order.
pub fn each_chunk(
    store: &Store,
    root: Addr,
    rank: u8,
    visit: &mut dyn FnMut(ChunkKey<'_>) -> Result<()>,
) -> Result<()> {
    chunks_below(store, root, None, rank, &store.work(), visit)
}

fn chunks_below(
    store: &Store,
    address: Addr,
    level: Option<u8>,
    rank: u8,
    work: &Work,
    visit: &mut dyn FnMut(ChunkKey<'_>) -> Result<()>,
) -> Result<()> {
    let node = chunk_node(store, address, level, rank)?;
    work.spend(count(node.entries.children.len()))?;
    for index in 0..node.entries.children.len() {
        let Some(chunk) = chunk_at(&node.entries, index) else { break };
        match node.head.level.checked_sub(1) {
            None => visit(chunk)?,
            below => chunks_below(store, chunk.address, below, rank, work, visit)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Registry;
    use crate::format::btree1::GroupEntry;
    use crate::limits::Limits;
    use crate::source::memory::Memory;
    use crate::source::window::Window;
    use crate::wire::{Length, Widths, encode};

    const W: Widths = Widths::EIGHT;

    fn put(file: &mut Vec<u8>, level: u8, keys: &[u64], children: &[u64]) -> u64 {
        let at = file.len() as u64;
        let count = children.len() as u16;
        let (left, right) = (Addr::UNDEFINED, Addr::UNDEFINED);
        let head = NodeHeader { class: NodeClass::Groups, level, entries: count, left, right };
        let pairs = keys.iter().zip(children);
        let entries = pairs.map(|(k, c)| GroupEntry { name: Length(*k), child: Addr::new(*c) }).collect();
        let body = GroupEntries { entries, last: Length(*keys.last().unwrap()) };
        file.extend(encode(&head, (W,), &HERE).unwrap());
        file.extend(encode(&body, (W, count), &HERE).unwrap());
        at
    }

    fn store(file: Vec<u8>) -> Store {
        let window = Window::new(std::sync::Arc::new(Memory(file)), 0);
        Store::new(window, W, Limits::default(), std::sync::Arc::new(Registry::default())).unwrap()
    }

    /// Heap offsets stand for names: 10 is the name "10".
    fn find(store: &Store, root: u64, name: u64) -> Option<u64> {
        find_symbols(store, Addr::new(root), &mut |at| Ok(at.cmp(&name))).unwrap().map(Addr::raw)
    }

    #[test]
    fn groups() {
        let mut file = vec![0; 8];
        let left = put(&mut file, 0, &[0, 10, 20], &[1, 2]);
        let right = put(&mut file, 0, &[20, 30], &[3]);
        let root = put(&mut file, 1, &[0, 20, 30], &[left, right]);
        let store = store(file);
        let found: Vec<_> = [5, 10, 11, 20, 21, 30, 31].iter().map(|n| find(&store, root, *n)).collect();
        assert_eq!(found, [Some(1), Some(1), Some(2), Some(2), Some(3), Some(3), None]);
        let mut all = Vec::new();
        let mut visit = |a: Addr| {
            all.push(a.raw());
            Ok(())
        };
        each_symbols(&store, Addr::new(root), &mut visit).unwrap();
        assert_eq!(all, [1, 2, 3]);
    }

    #[test]
    fn damaged() {
        let mut file = vec![0; 8];
        let root = put(&mut file, 1, &[0, 9], &[8]);
        let store = store(file);
        let e = find_symbols(&store, Addr::new(root), &mut |_| Ok(Ordering::Equal)).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains("level"), "{e}");
        assert!(each_symbols(&store, Addr::new(root), &mut |_| Ok(())).is_err());
        assert!(find_chunk(&store, Addr::new(root), &[0, 0]).is_err(), "a group's node");
    }
}
