//! Trees of chunks: a chunk is entered, taken out, a tree is made and deleted.

use std::cmp::Ordering;
use std::sync::Arc;

use super::grow::{self, Change, NewChild};
use super::node::{
    ChunkBound, Entries, Shape, Step, allocate, blank, descend, each_node, free, no_path, save,
};
use super::shrink::{self, Loss};
use super::{ChunkKey, Node};
use crate::error::{Error, Result};
use crate::format::btree1::ChunkEntries;
use crate::store::Store;
use crate::wire::Addr;

/// What all chunks of a dataset have in common, as far as their tree depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkShape<'a> {
    /// Half the number of children of a node: 32 unless the superblock or its extension says otherwise.
    pub k: u16,
    /// Dimensions of a chunk in elements, and then the bytes of an element.
    pub chunk: &'a [u64],
}

impl ChunkShape<'_> {
    fn shape(&self) -> Result<Shape> {
        match u8::try_from(self.chunk.len()) {
            Ok(coordinates) if coordinates > 1 => Ok(Shape { k: self.k, coordinates }),
            _ => Err(Error::usage(format!("a tree of chunks with {} coordinates", self.chunk.len()))),
        }
    }
    fn check(&self, offsets: &[u64]) -> Result<()> {
        let (found, expected) = (offsets.len(), self.chunk.len());
        if found != expected {
            return Err(Error::usage(format!("{found} offsets of a chunk, expected {expected}")));
        }
        // libhdf5 takes no other keys.
        let whole = |(offset, chunk): (&u64, &u64)| offset.checked_rem(*chunk) == Some(0);
        if offsets.iter().zip(self.chunk).all(whole) && offsets.last() == Some(&0) {
            return Ok(());
        }
        Err(Error::usage(format!("a chunk at {offsets:?}, where chunks of {:?} are", self.chunk)))
    }
    /// The key behind the last chunk: one chunk further in each dimension.
    fn behind(&self, offsets: &[u64]) -> Result<ChunkBound> {
        let next = offsets.iter().zip(self.chunk).map(|(offset, chunk)| offset.checked_add(*chunk));
        let offsets = next.collect::<Option<Vec<u64>>>();
        let offsets = offsets.ok_or_else(|| Error::usage("a chunk that ends beyond 2^64 elements"))?;
        Ok(ChunkBound { stored: 0, filter_mask: 0, offsets })
    }
}

/// Makes a tree without chunks; gives the address of its root, which stays there.
pub fn create_chunks(store: &Store, shape: &ChunkShape<'_>) -> Result<Addr> {
    let shape = shape.shape()?;
    let root = allocate::<ChunkEntries>(store, shape)?;
    save(store, shape, root, blank::<ChunkEntries>(shape, 0, Addr::UNDEFINED, Addr::UNDEFINED))?;
    Ok(root)
}

/// The way to the leaf where a chunk is, or is to be, with the last child whose left key is not greater.
fn path_to(store: &Store, shape: Shape, root: Addr, offsets: &[u64]) -> Result<Vec<Step<ChunkEntries>>> {
    descend::<ChunkEntries>(store, shape, root, &mut |entries| {
        Ok(super::last_not_greater(entries, offsets).unwrap_or(0))
    })
}

/// Enters a chunk, or changes its address, its stored bytes and its filter mask. The chunk's offsets are in
/// elements, one for each dimension, and 0 for the element.
pub fn set_chunk(store: &Store, root: Addr, shape: &ChunkShape<'_>, chunk: ChunkKey<'_>) -> Result<()> {
    shape.check(chunk.offsets)?;
    let (tree, offsets) = (shape.shape()?, chunk.offsets);
    let mut path = path_to(store, tree, root, offsets)?;
    let Some(leaf) = path.last_mut() else { return Err(no_path()) };
    let (len, index) = (Entries::len(&leaf.node.entries), leaf.index);
    let entries = &leaf.node.entries;
    let order = ChunkEntries::key(entries, index).filter(|_| len > 0).map(|here| here.cmp(offsets));
    let behind = ChunkEntries::key(entries, len).is_none_or(|end| end <= offsets);
    let key = ChunkBound { stored: chunk.stored, filter_mask: chunk.filter_mask, offsets: offsets.to_vec() };
    let change = match order {
        None => {
            let mut node = blank::<ChunkEntries>(tree, 0, Addr::UNDEFINED, Addr::UNDEFINED);
            node.entries.set_key(0, shape.behind(offsets)?);
            node.entries.insert(0, key, chunk.address);
            return save(store, tree, root, node);
        }
        Some(Ordering::Equal) => {
            let mut node: Node<ChunkEntries> = Node::clone(&leaf.node);
            if let Some(child) = node.entries.children.get_mut(index) {
                *child = chunk.address;
            }
            leaf.node = Arc::new(node);
            Change { left: Some(key), right: None, new: None }
        }
        Some(Ordering::Greater) => {
            let new = NewChild { key, address: chunk.address, before: true };
            Change { left: None, right: None, new: Some(new) }
        }
        Some(Ordering::Less) => {
            let last = behind && index.saturating_add(1) == len;
            let right = if last { Some(shape.behind(offsets)?) } else { None };
            Change { left: None, right, new: Some(NewChild { key, address: chunk.address, before: false }) }
        }
    };
    grow::climb(store, tree, path, change)
}

/// Takes a chunk out of the tree; gives its address, its stored bytes and its filter mask. Its space is
/// still the caller's to give back.
pub fn remove_chunk(
    store: &Store,
    root: Addr,
    shape: &ChunkShape<'_>,
    offsets: &[u64],
) -> Result<Option<(Addr, u32, u32)>> {
    shape.check(offsets)?;
    let tree = shape.shape()?;
    let path = path_to(store, tree, root, offsets)?;
    let Some(leaf) = path.last() else { return Err(no_path()) };
    let found = super::chunk_at(&leaf.node.entries, leaf.index).filter(|chunk| chunk.offsets == offsets);
    let Some(found) = found.map(|c| (c.address, c.stored, c.filter_mask)) else { return Ok(None) };
    shrink::climb(store, tree, path, Loss::Child)?;
    Ok(Some(found))
}

/// Gives the space of all nodes of a tree back. The chunks are still the caller's to give back, before.
pub fn delete_chunks(store: &Store, root: Addr, shape: &ChunkShape<'_>) -> Result<()> {
    let shape = shape.shape()?;
    let free = &mut |address| free::<ChunkEntries>(store, shape, address);
    each_node::<ChunkEntries>(store, shape, root, &mut |_| Ok(()), free)
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
