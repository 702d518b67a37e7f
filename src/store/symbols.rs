//! Symbol tables at work: the links of an old-style group, sorted by name.
//!
//! A B-tree version 1 leads to symbol table nodes, their names lie in a local heap. A name goes into the
//! first node whose greatest name is not smaller; the key at a node's right is its greatest name.

use std::sync::Arc;

use super::btree::v1::grow::{self, Change, NewChild};
use super::btree::v1::node::{Shape, Step, allocate, blank, descend, each_node, free, no_path, save};
use super::btree::v1::shrink::{self, Loss};
use super::btree::v1::{Node, first_not_smaller};
use super::heap::local::{self, LocalHeap};
use super::{Class, Store};
use crate::error::{At, Error, Result};
use crate::format::btree1::GroupEntries;
use crate::format::symbols::{Cached, HERE, SymbolEntry, SymbolNode};
use crate::wire::{Addr, Length, decode, encode};

/// The symbol table of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolTable {
    /// The root of the B-tree; it stays where it is.
    pub tree: Addr,
    /// The local heap of names.
    pub heap: Addr,
    /// Half the number of links in a symbol table node (libhdf5: 4).
    pub leaf_k: u16,
    /// Half the number of children in a node of the B-tree (libhdf5: 16).
    pub internal_k: u16,
}

/// What an entry leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSymbol {
    /// To the object with this header.
    Hard(Addr),
    /// To a group with a symbol table of its own; entries keep a copy of where it is.
    Group {
        /// The group's header.
        header: Addr,
        /// The root of its B-tree.
        tree: Addr,
        /// Its local heap.
        heap: Addr,
    },
    /// To a path.
    Soft(Vec<u8>),
}

/// Where a name is, or is to be.
struct Place {
    path: Vec<Step<GroupEntries>>,
    /// The node at the end of the path; none in an empty table.
    node: Option<(Addr, SymbolNode)>,
    /// The entry with this name, or where it would stand.
    position: std::result::Result<usize, usize>,
}

/// The symbol table node at `address`.
pub fn node(store: &Store, address: Addr) -> Result<Arc<SymbolNode>> {
    store.cached(address, &HERE, || {
        let head = store.block(address, 8, &HERE)?;
        let count = head.get(6..8).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes);
        let size = SymbolNode::encoded_size(u64::from(count), store.widths);
        let block = store.block(address, size, &HERE)?;
        Ok((decode::<SymbolNode>(&block, (store.widths,), &HERE)?.0, size))
    })
}

impl SymbolTable {
    /// Makes a table without links, whose heap has room for `heap_bytes` bytes of names.
    pub fn create(store: &Store, leaf_k: u16, internal_k: u16, heap_bytes: u64) -> Result<SymbolTable> {
        let mut table = SymbolTable { tree: Addr::UNDEFINED, heap: Addr::UNDEFINED, leaf_k, internal_k };
        table.capacity()?;
        table.tree = allocate::<GroupEntries>(store, table.shape())?;
        let root = blank::<GroupEntries>(table.shape(), 0, Addr::UNDEFINED, Addr::UNDEFINED);
        save(store, table.shape(), table.tree, root)?;
        table.heap = local::create(store, heap_bytes)?;
        // Keys refer to it as what is smaller than all names.
        if local::insert(store, table.heap, b"")? != 0 {
            return Err(HERE.damaged("a new heap whose first name is not at offset 0"));
        }
        Ok(table)
    }
    /// Adds a link; one of the same name is an error.
    pub fn insert(&self, store: &Store, name: &[u8], new: &NewSymbol) -> Result<()> {
        check(name, new)?;
        let capacity = self.capacity()?;
        let Place { path, node, position } = self.locate(store, name)?;
        let Err(position) = position else {
            let name = String::from_utf8_lossy(name);
            return Err(Error::usage(format!("the group has a link named {name} already")));
        };
        let name_offset = Length(local::insert(store, self.heap, name)?);
        let (header, cached) = self.target(store, new)?;
        let entry = SymbolEntry { name_offset, header, cached };
        let Some((address, mut node)) = node else { return self.first(store, entry) };
        let end = node.entries.len();
        node.entries.insert(position.min(end), entry);
        let right = (position >= end).then_some(name_offset);
        if end < capacity {
            self.save(store, address, &node)?;
            return grow::climb(store, self.shape(), path, Change { left: None, right, new: None });
        }
        // Full: the upper half goes to a new node, with the link if that stands behind the middle.
        let middle =
            usize::from(self.leaf_k).saturating_add(usize::from(position <= usize::from(self.leaf_k)));
        let upper = SymbolNode { entries: node.entries.split_off(middle.min(end)) };
        let Some(key) = node.entries.last().map(|e| e.name_offset) else {
            return Err(HERE.damaged("half a node without entries"));
        };
        let new = store.allocate(self.node_bytes(store)?, Class::Metadata)?;
        self.save(store, address, &node)?;
        self.save(store, new, &upper)?;
        let new = Some(NewChild { key, address: new, before: false });
        grow::climb(store, self.shape(), path, Change { left: None, right, new })
    }
    /// Removes a link; gives what it led to, or nothing where the group has no such link.
    pub fn remove(&self, store: &Store, name: &[u8]) -> Result<Option<NewSymbol>> {
        let Place { path, node, position } = self.locate(store, name)?;
        let (Some((address, mut node)), Ok(position)) = (node, position) else { return Ok(None) };
        let last = position.saturating_add(1) == node.entries.len();
        let gone = node.entries.remove(position);
        let was = self.meaning(store, &gone)?;
        match node.entries.last().map(|e| e.name_offset) {
            None => {
                store.evict::<SymbolNode>(address);
                store.free(address, self.node_bytes(store)?)?;
                shrink::climb(store, self.shape(), path, Loss::Child)?;
            }
            Some(greatest) => {
                self.save(store, address, &node)?;
                if last {
                    shrink::climb(store, self.shape(), path, Loss::Key(greatest))?;
                }
            }
        }
        let bytes = |name: &[u8]| u64::try_from(name.len()).unwrap_or(u64::MAX).saturating_add(1);
        if let (NewSymbol::Soft(value), Cached::SoftLink { value_offset }) = (&was, &gone.cached) {
            local::remove(store, self.heap, u64::from(*value_offset), bytes(value))?;
        }
        local::remove(store, self.heap, gone.name_offset.0, bytes(name))?;
        Ok(Some(was))
    }
    /// Changes what a link leads to; gives what it led to, or nothing where the group has no such link.
    pub fn replace(&self, store: &Store, name: &[u8], new: &NewSymbol) -> Result<Option<NewSymbol>> {
        check(name, new)?;
        let Place { node, position, .. } = self.locate(store, name)?;
        let (Some((address, mut node)), Ok(position)) = (node, position) else { return Ok(None) };
        let Some(entry) = node.entries.get_mut(position) else { return Ok(None) };
        let was = self.meaning(store, entry)?;
        if let (NewSymbol::Soft(value), Cached::SoftLink { value_offset }) = (&was, &entry.cached) {
            let bytes = u64::try_from(value.len()).unwrap_or(u64::MAX).saturating_add(1);
            local::remove(store, self.heap, u64::from(*value_offset), bytes)?;
        }
        (entry.header, entry.cached) = self.target(store, new)?;
        self.save(store, address, &node)?;
        Ok(Some(was))
    }
    /// What the link with this name leads to.
    pub fn find(&self, store: &Store, name: &[u8]) -> Result<Option<NewSymbol>> {
        let Place { node, position, .. } = self.locate(store, name)?;
        let (Some((_, node)), Ok(position)) = (node, position) else { return Ok(None) };
        node.entries.get(position).map(|entry| self.meaning(store, entry)).transpose()
    }
    /// Gives the space of the tree, of its nodes and of the heap back. What the links lead to stays.
    pub fn delete(&self, store: &Store) -> Result<()> {
        let (shape, bytes) = (self.shape(), self.node_bytes(store)?);
        let mut leaf = |entries: &GroupEntries| {
            entries.entries.iter().try_for_each(|entry| {
                store.evict::<SymbolNode>(entry.child);
                store.free(entry.child, bytes)
            })
        };
        each_node::<GroupEntries>(store, shape, self.tree, &mut leaf, &mut |address| {
            free::<GroupEntries>(store, shape, address)
        })?;
        local::delete(store, self.heap)
    }

    fn shape(&self) -> Shape {
        Shape { k: self.internal_k, coordinates: 0 }
    }
    /// Links for which a symbol table node has room.
    fn capacity(&self) -> Result<usize> {
        match self.leaf_k.checked_mul(2) {
            Some(capacity) if capacity > 0 => Ok(usize::from(capacity)),
            _ => Err(HERE.mismatch("half of a node's capacity", self.leaf_k, "1 to 32767")),
        }
    }
    fn node_bytes(&self, store: &Store) -> Result<u64> {
        let capacity = u64::try_from(self.capacity()?).unwrap_or(u64::MAX);
        Ok(SymbolNode::encoded_size(capacity, store.widths))
    }
    /// Writes a symbol table node, always with room for all its links.
    fn save(&self, store: &Store, address: Addr, node: &SymbolNode) -> Result<()> {
        let mut bytes = encode(node, (store.widths,), &HERE)?;
        bytes.resize(store.limits.allocation(self.node_bytes(store)?)?.max(bytes.len()), 0);
        store.evict::<SymbolNode>(address);
        store.write(address, &bytes)
    }
    /// The first link of an empty table.
    fn first(&self, store: &Store, entry: SymbolEntry) -> Result<()> {
        let address = store.allocate(self.node_bytes(store)?, Class::Metadata)?;
        let mut root: Node<GroupEntries> = blank(self.shape(), 0, Addr::UNDEFINED, Addr::UNDEFINED);
        root.entries.last = entry.name_offset;
        root.entries.entries = vec![crate::format::btree1::GroupEntry { name: Length(0), child: address }];
        self.save(store, address, &SymbolNode { entries: vec![entry] })?;
        save(store, self.shape(), self.tree, root)
    }
    fn locate(&self, store: &Store, name: &[u8]) -> Result<Place> {
        let heap = LocalHeap::open(store, self.heap)?;
        let path = descend::<GroupEntries>(store, self.shape(), self.tree, &mut |entries| {
            first_not_smaller(entries, &mut |offset| Ok(heap.name_at(offset)?.cmp(name)))
        })?;
        let leaf = path.last().ok_or_else(no_path)?;
        let Some(entry) = leaf.node.entries.entries.get(leaf.index) else {
            return Ok(Place { path, node: None, position: Err(0) });
        };
        let address = entry.child;
        let found = node(store, address)?;
        if found.entries.is_empty() || found.entries.len() > self.capacity()? {
            let e = HERE.mismatch("entries", found.entries.len(), format!("1 to {}", self.capacity()?));
            return Err(e.within(&HERE, Some(address.raw())));
        }
        let (mut low, mut high) = (0usize, found.entries.len());
        while low < high {
            let middle = low.midpoint(high);
            let offset = found.entries.get(middle).map_or(0, |e| e.name_offset.0);
            match heap.name_at(offset).at(&HERE, address.raw())?.cmp(name) {
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    return Ok(Place {
                        path,
                        node: Some((address, SymbolNode::clone(&found))),
                        position: Ok(middle),
                    });
                }
            }
        }
        Ok(Place { path, node: Some((address, SymbolNode::clone(&found))), position: Err(low) })
    }
    /// What goes into an entry; a path goes into the heap.
    fn target(&self, store: &Store, new: &NewSymbol) -> Result<(Addr, Cached)> {
        Ok(match new {
            NewSymbol::Hard(header) => (*header, Cached::Nothing),
            NewSymbol::Group { header, tree, heap } => (*header, Cached::Group { btree: *tree, heap: *heap }),
            NewSymbol::Soft(path) => {
                let offset = local::insert(store, self.heap, path)?;
                let value_offset = u32::try_from(offset);
                let value_offset =
                    value_offset.map_err(|_| Error::limit("a heap of soft links beyond 4 GiB"))?;
                (Addr::UNDEFINED, Cached::SoftLink { value_offset })
            }
        })
    }
    fn meaning(&self, store: &Store, entry: &SymbolEntry) -> Result<NewSymbol> {
        Ok(match entry.cached {
            Cached::Nothing => NewSymbol::Hard(entry.header),
            Cached::Group { btree, heap } => NewSymbol::Group { header: entry.header, tree: btree, heap },
            Cached::SoftLink { value_offset } => {
                let heap = LocalHeap::open(store, self.heap)?;
                NewSymbol::Soft(heap.name_at(u64::from(value_offset))?.to_vec())
            }
        })
    }
}

/// An error where a link cannot be stored in a symbol table.
fn check(name: &[u8], new: &NewSymbol) -> Result<()> {
    let target = match new {
        NewSymbol::Hard(header) | NewSymbol::Group { header, .. } => header.is_defined(),
        NewSymbol::Soft(path) => !path.is_empty() && !path.contains(&0),
    };
    match target && !name.is_empty() && !name.contains(&0) {
        true => Ok(()),
        false => Err(Error::usage("a link without a name or a target, or with a NUL in it")),
    }
}

#[cfg(test)]
mod tests;
