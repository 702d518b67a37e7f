//! Nodes of a B-tree version 1 as they are edited: keys and children, whatever they index.
//!
//! A node of *n* children has *n* + 1 keys. Each child has one key that is its own: for chunks the one at
//! its left, for groups the one at its right. Where a child goes, its own key goes with it.

use std::sync::Arc;

use binrw::BinWrite;
use binrw::meta::WriteEndian;

use super::{Node, chunk_node, group_node};
use crate::error::{Error, Result};
use crate::format::btree1::{ChunkEntries, GroupEntries, GroupEntry, HERE, NodeClass, NodeHeader};
use crate::store::{Class, Store};
use crate::wire::{Addr, Length, Widths, encode};

/// What the nodes of one tree have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Shape {
    /// Half the number of children for which a node has room.
    pub(in crate::store) k: u16,
    /// Offsets in a chunk's key, that of the element counted; 0 for groups.
    pub(in crate::store) coordinates: u8,
}

impl Shape {
    /// Children for which a node has room.
    pub(in crate::store) fn capacity(self) -> Result<u16> {
        match self.k.checked_mul(2) {
            Some(capacity) if capacity > 0 => Ok(capacity),
            _ => Err(HERE.mismatch("half of a node's capacity", self.k, "1 to 32767")),
        }
    }
}

/// The key of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct ChunkBound {
    pub(in crate::store) stored: u32,
    pub(in crate::store) filter_mask: u32,
    pub(in crate::store) offsets: Vec<u64>,
}

/// Keys and children of a node. Indexes are below the number of children, or of keys where keys are meant.
pub(in crate::store) trait Entries: Clone + Send + Sync + Sized + 'static {
    type Key: Clone;
    const CLASS: NodeClass;
    /// Whether the key at a child's left is its own.
    const LEFT: bool;
    /// No children; one key without meaning.
    fn empty(shape: Shape) -> Self;
    fn load(store: &Store, shape: Shape, address: Addr, level: Option<u8>) -> Result<Arc<Node<Self>>>;
    fn to_bytes(&self, w: Widths, shape: Shape) -> Result<Vec<u8>>;
    /// Bytes of so many keys and children.
    fn bytes(w: Widths, shape: Shape, children: u16) -> u64;
    fn len(&self) -> usize;
    fn child(&self, index: usize) -> Option<Addr>;
    fn key(&self, index: usize) -> Option<Self::Key>;
    fn set_key(&mut self, index: usize, key: Self::Key);
    /// Adds a child with the key at its left; the key that was there comes to its right.
    fn insert(&mut self, index: usize, key: Self::Key, child: Addr);
    /// Takes a child out, with its own key.
    fn remove(&mut self, index: usize);
    /// Takes the children from `index` on out; the key there is then in both.
    fn split_off(&mut self, index: usize) -> Self;
}

fn body<T>(value: &T, args: T::Args<'_>) -> Result<Vec<u8>>
where
    T: BinWrite + WriteEndian,
{
    encode(value, args, &HERE)
}

fn count(len: usize) -> Result<u16> {
    u16::try_from(len).map_err(|_| HERE.damaged("more than 65535 children"))
}

impl Entries for GroupEntries {
    type Key = Length;
    const CLASS: NodeClass = NodeClass::Groups;
    const LEFT: bool = false;

    fn empty(_: Shape) -> Self {
        GroupEntries { entries: Vec::new(), last: Length(0) }
    }
    fn load(store: &Store, _: Shape, address: Addr, level: Option<u8>) -> Result<Arc<Node<Self>>> {
        group_node(store, address, level)
    }
    fn to_bytes(&self, w: Widths, _: Shape) -> Result<Vec<u8>> {
        body(self, (w, count(self.entries.len())?))
    }
    fn bytes(w: Widths, _: Shape, children: u16) -> u64 {
        GroupEntries::bytes(w, children)
    }
    fn len(&self) -> usize {
        self.entries.len()
    }
    fn child(&self, index: usize) -> Option<Addr> {
        self.entries.get(index).map(|e| e.child)
    }
    fn key(&self, index: usize) -> Option<Length> {
        let last = (index == self.entries.len()).then_some(self.last);
        self.entries.get(index).map(|e| e.name).or(last)
    }
    fn set_key(&mut self, index: usize, key: Length) {
        match self.entries.get_mut(index) {
            Some(entry) => entry.name = key,
            None => self.last = key,
        }
    }
    fn insert(&mut self, index: usize, key: Length, child: Addr) {
        self.entries.insert(index.min(self.entries.len()), GroupEntry { name: key, child });
    }
    fn remove(&mut self, index: usize) {
        if index < self.entries.len() {
            let gone = self.entries.remove(index);
            // The key at its left stays: it is the own one of the child before.
            self.set_key(index, gone.name);
        }
    }
    fn split_off(&mut self, index: usize) -> Self {
        let entries = self.entries.split_off(index.min(self.entries.len()));
        let right = GroupEntries { entries, last: self.last };
        self.last = right.entries.first().map_or(self.last, |e| e.name);
        right
    }
}

impl Entries for ChunkEntries {
    type Key = ChunkBound;
    const CLASS: NodeClass = NodeClass::Chunks;
    const LEFT: bool = true;

    fn empty(shape: Shape) -> Self {
        let offsets = vec![0; usize::from(shape.coordinates)];
        let children = Vec::new();
        ChunkEntries { coordinates: shape.coordinates, sizes: vec![0], masks: vec![0], offsets, children }
    }
    fn load(store: &Store, shape: Shape, address: Addr, level: Option<u8>) -> Result<Arc<Node<Self>>> {
        chunk_node(store, address, level, shape.coordinates.saturating_sub(1))
    }
    fn to_bytes(&self, w: Widths, shape: Shape) -> Result<Vec<u8>> {
        body(self, (w, shape.coordinates, count(self.children.len())?))
    }
    fn bytes(w: Widths, shape: Shape, children: u16) -> u64 {
        ChunkEntries::bytes(w, shape.coordinates, children)
    }
    fn len(&self) -> usize {
        self.children.len()
    }
    fn child(&self, index: usize) -> Option<Addr> {
        self.children.get(index).copied()
    }
    fn key(&self, index: usize) -> Option<ChunkBound> {
        let offsets = ChunkEntries::key(self, index)?.to_vec();
        Some(ChunkBound { stored: *self.sizes.get(index)?, filter_mask: *self.masks.get(index)?, offsets })
    }
    fn set_key(&mut self, index: usize, key: ChunkBound) {
        let n = usize::from(self.coordinates);
        let offsets = self.offsets.chunks_exact_mut(n.max(1)).nth(index);
        if let (Some(to), Some(size), Some(mask)) =
            (offsets, self.sizes.get_mut(index), self.masks.get_mut(index))
            && to.len() == key.offsets.len()
        {
            to.copy_from_slice(&key.offsets);
            (*size, *mask) = (key.stored, key.filter_mask);
        }
    }
    fn insert(&mut self, index: usize, key: ChunkBound, child: Addr) {
        let at = index.saturating_mul(usize::from(self.coordinates));
        if index <= self.children.len() && index <= self.sizes.len() && at <= self.offsets.len() {
            self.sizes.insert(index, key.stored);
            self.masks.insert(index, key.filter_mask);
            self.offsets.splice(at..at, key.offsets);
            self.children.insert(index, child);
        }
    }
    fn remove(&mut self, index: usize) {
        let n = usize::from(self.coordinates);
        let at = index.saturating_mul(n);
        if index < self.children.len() && at.saturating_add(n) <= self.offsets.len() {
            self.sizes.remove(index);
            self.masks.remove(index);
            self.offsets.drain(at..at.saturating_add(n));
            self.children.remove(index);
        }
    }
    fn split_off(&mut self, index: usize) -> Self {
        let n = usize::from(self.coordinates);
        let index = index.min(self.children.len());
        let at = index.saturating_mul(n);
        let tail = |all: &[u32]| all.get(index..).unwrap_or_default().to_vec();
        let right = ChunkEntries {
            coordinates: self.coordinates,
            sizes: tail(&self.sizes),
            masks: tail(&self.masks),
            offsets: self.offsets.get(at..).unwrap_or_default().to_vec(),
            children: self.children.split_off(index),
        };
        let keys = index.saturating_add(1);
        self.sizes.truncate(keys);
        self.masks.truncate(keys);
        self.offsets.truncate(keys.saturating_mul(n));
        right
    }
}

/// Bytes of a node: there is room for all children that it may get.
pub(in crate::store) fn node_bytes<E: Entries>(w: Widths, shape: Shape) -> Result<u64> {
    Ok(NodeHeader::bytes(w).saturating_add(E::bytes(w, shape, shape.capacity()?)))
}

/// A node with these neighbours and without children.
pub(in crate::store) fn blank<E: Entries>(shape: Shape, level: u8, left: Addr, right: Addr) -> Node<E> {
    let head = NodeHeader { class: E::CLASS, level, entries: 0, left, right };
    Node { head, entries: E::empty(shape) }
}

/// Writes a node to `address`, and leaves it in the cache.
pub(in crate::store) fn save<E: Entries>(
    store: &Store,
    shape: Shape,
    address: Addr,
    mut node: Node<E>,
) -> Result<()> {
    let w = store.widths;
    node.head.entries = count(node.entries.len())?;
    let mut bytes = encode(&node.head, (w,), &HERE)?;
    // Without children there are no keys either.
    if node.head.entries > 0 {
        bytes.append(&mut node.entries.to_bytes(w, shape)?);
    }
    let weight = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let whole = store.limits.allocation(node_bytes::<E>(w, shape)?)?;
    if bytes.len() > whole {
        return Err(HERE.mismatch("children", node.head.entries, format!("at most {}", shape.capacity()?)));
    }
    bytes.resize(whole, 0);
    store.write(address, &bytes)?;
    store.evict::<Node<E>>(address);
    store.cached(address, &HERE, || Ok((node, weight))).map(|_| ())
}

/// Space for a node.
pub(in crate::store) fn allocate<E: Entries>(store: &Store, shape: Shape) -> Result<Addr> {
    store.allocate(node_bytes::<E>(store.widths, shape)?, Class::Metadata)
}

/// Gives the space of a node back.
pub(in crate::store) fn free<E: Entries>(store: &Store, shape: Shape, address: Addr) -> Result<()> {
    store.evict::<Node<E>>(address);
    store.free(address, node_bytes::<E>(store.widths, shape)?)
}

/// Changes a neighbour of a node of this level.
pub(in crate::store) fn edit_sibling<E: Entries>(
    store: &Store,
    shape: Shape,
    address: Addr,
    level: u8,
    change: impl FnOnce(&mut Node<E>),
) -> Result<()> {
    if !address.is_defined() {
        return Ok(());
    }
    let mut node = Node::clone(&*E::load(store, shape, address, Some(level))?);
    change(&mut node);
    save(store, shape, address, node)
}

/// A node on the way from the root, and the child by which the way goes on.
pub(in crate::store) struct Step<E> {
    pub(in crate::store) address: Addr,
    pub(in crate::store) node: Arc<Node<E>>,
    pub(in crate::store) index: usize,
}

/// The way from the root to a leaf; `pick` gives the child of a node that has some.
pub(in crate::store) fn descend<E: Entries>(
    store: &Store,
    shape: Shape,
    root: Addr,
    pick: &mut dyn FnMut(&E) -> Result<usize>,
) -> Result<Vec<Step<E>>> {
    let (mut address, mut level, mut path) = (root, None, Vec::new());
    loop {
        let node = E::load(store, shape, address, level)?;
        if u32::from(node.head.entries) > u32::from(shape.capacity()?) {
            let most = format!("at most {}", shape.capacity()?);
            let e = HERE.mismatch("children", node.head.entries, most);
            return Err(e.within(&HERE, Some(address.raw())));
        }
        let children = node.entries.len();
        if children == 0 {
            if path.is_empty() && node.head.level == 0 {
                path.push(Step { address, node, index: 0 });
                return Ok(path);
            }
            return Err(HERE.damaged("a node without children").within(&HERE, Some(address.raw())));
        }
        let index = pick(&node.entries)?.min(children.saturating_sub(1));
        let below = node.head.level.checked_sub(1);
        let child = node.entries.child(index).unwrap_or(Addr::UNDEFINED);
        path.push(Step { address, node, index });
        match below {
            None => return Ok(path),
            below => (address, level) = (child, below),
        }
    }
}

/// Visits all nodes of a tree and the children of its leaves, nodes after what is below them.
pub(in crate::store) fn each_node<E: Entries>(
    store: &Store,
    shape: Shape,
    root: Addr,
    leaf: &mut dyn FnMut(&E) -> Result<()>,
    visit: &mut dyn FnMut(Addr) -> Result<()>,
) -> Result<()> {
    let work = store.work();
    // Nodes that wait, with the level they are to have; a node comes back once its children are done.
    let mut waiting: Vec<(Addr, Option<u8>, bool)> = vec![(root, None, false)];
    while let Some((address, level, done)) = waiting.pop() {
        if done {
            visit(address)?;
            continue;
        }
        let node = E::load(store, shape, address, level)?;
        let children = node.entries.len();
        work.spend(u64::try_from(children).unwrap_or(u64::MAX).saturating_add(1))?;
        waiting.push((address, level, true));
        match node.head.level.checked_sub(1) {
            None => leaf(&node.entries)?,
            below => {
                let all = (0..children).rev().filter_map(|i| node.entries.child(i));
                waiting.extend(all.map(|child| (child, below, false)));
            }
        }
    }
    Ok(())
}

/// An error where the path of an edit is empty: it never is.
pub(in crate::store) fn no_path() -> Error {
    HERE.damaged("a tree without a root")
}
