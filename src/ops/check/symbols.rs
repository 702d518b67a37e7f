//! Old groups: B-tree version 1, symbol table nodes, local heap.

use std::sync::Arc;

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::btree1::{self, GroupEntries, NodeClass, NodeHeader};
use crate::format::local_heap::{HERE as HEAP, LocalHeapHeader};
use crate::format::message::link::{Link, Target};
use crate::format::message::symbol_table::SymbolTableMessage;
use crate::format::superblock::Superblock;
use crate::format::symbols::{Cached, HERE, SymbolEntry, SymbolNode};
use crate::store::heap::local::LocalHeap;
use crate::wire::{Addr, Length, decode};

/// Half the number of entries in the nodes of version 1 B-trees and of symbol tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeSizes {
    pub(super) chunk_k: u16,
    pub(super) group_k: u16,
    pub(super) leaf_k: u16,
}

/// The nodes of each level that were met last: address and right sibling.
#[derive(Default)]
pub(super) struct Siblings(Vec<Option<(Addr, Addr)>>);

/// An old group under way.
struct Symbols {
    heap: Arc<LocalHeap>,
    sizes: NodeSizes,
    siblings: Siblings,
    last: Option<Vec<u8>>,
    /// Offset and bytes of the names and soft link values.
    names: Vec<(u64, u64)>,
}

impl<'f> Check<'f> {
    /// The sizes of this file's nodes; the defaults where it does not say.
    pub(super) fn node_sizes(&self) -> NodeSizes {
        let mut sizes = NodeSizes { chunk_k: 32, group_k: 16, leaf_k: 4 };
        if let Superblock::Old(s) = &self.c.superblock {
            sizes.group_k = s.group_internal_k;
            sizes.leaf_k = s.group_leaf_k;
            if s.version == 1 {
                sizes.chunk_k = s.chunk_k;
            }
        }
        if let Some(k) = self.c.extension.btree_k {
            sizes = NodeSizes { chunk_k: k.chunk_k, group_k: k.group_internal_k, leaf_k: k.group_leaf_k };
        }
        sizes
    }
    /// Checks a group's symbol table.
    pub(super) fn symbol_table(&mut self, table: &SymbolTableMessage) -> Result<()> {
        let Some((heap, header)) = self.local_heap(table.heap)? else { return Ok(()) };
        let sizes = self.node_sizes();
        let mut group = Symbols { heap, sizes, siblings: Siblings::default(), last: None, names: Vec::new() };
        self.group_node(&mut group, table.btree, None, None)?;
        self.end_siblings(&group.siblings);
        self.local_heap_names(table.heap, &header, &group.heap, group.names)
    }
    /// Accounts for a local heap.
    pub(super) fn local_heap(&mut self, address: Addr) -> Result<Option<(Arc<LocalHeap>, LocalHeapHeader)>> {
        let w = self.store.widths;
        let read = LocalHeap::open(self.store, address).and_then(|heap| {
            let block = self.store.block(address, LocalHeapHeader::encoded_size(w), &HEAP)?;
            Ok((heap, decode::<LocalHeapHeader>(&block, (w,), &HEAP)?.0))
        });
        let Some((heap, header)) = self.told(read.at(&HEAP, address.raw()))? else { return Ok(None) };
        if !self.enter(address, &HEAP) {
            return Ok(None);
        }
        self.claim(address, LocalHeapHeader::encoded_size(w), Kind::LocalHeaps, &HEAP);
        if header.segment_size != Length(0) {
            self.claim(header.segment, header.segment_size.0, Kind::LocalHeaps, &HEAP);
        }
        Ok(Some((heap, header)))
    }
    /// Compares the free list of a local heap with the names in it.
    pub(super) fn local_heap_names(
        &mut self,
        address: Addr,
        header: &LocalHeapHeader,
        heap: &LocalHeap,
        names: Vec<(u64, u64)>,
    ) -> Result<()> {
        let listed = heap.free_blocks(self.store).at(&HEAP, address.raw());
        let Some(mut free) = self.told(listed)? else { return Ok(()) };
        let small = u64::from(self.store.widths.length).saturating_mul(2);
        if free.iter().any(|(_, bytes)| *bytes < small) {
            self.problem(&HEAP, address.get(), format!("a free block of less than {small} bytes"));
        }
        free.sort_unstable();
        let overlap = free.windows(2).any(|p| matches!(p, [a, b] if a.0.saturating_add(a.1) > b.0));
        if overlap || free.last().is_some_and(|(at, len)| at.saturating_add(*len) > header.segment_size.0) {
            self.problem(&HEAP, address.get(), "free blocks overlap or leave the data segment");
        }
        for (start, bytes) in names {
            let block = free.partition_point(|(at, _)| *at < start.saturating_add(bytes)).checked_sub(1);
            let block = block.and_then(|i| free.get(i)).filter(|(at, len)| at.saturating_add(*len) > start);
            if let Some((at, len)) = block {
                let what =
                    format!("the name at offset {start} lies in the free block of {len} bytes at {at}");
                self.problem(&HEAP, address.get(), what);
            }
        }
        Ok(())
    }
    /// Checks what a node says of its neighbours.
    pub(super) fn sibling(&mut self, siblings: &mut Siblings, address: Addr, head: &NodeHeader) {
        let level = usize::from(head.level);
        if siblings.0.len() <= level {
            siblings.0.resize(level.saturating_add(1), None);
        }
        let Some(slot) = siblings.0.get_mut(level) else { return };
        let (left, right) = slot.map_or((Addr::UNDEFINED, address), |(left, right)| (left, right));
        *slot = Some((address, head.right));
        if head.left != left {
            self.mismatch(&btree1::HERE, address, "left sibling", head.left, left);
        }
        if right != address {
            self.mismatch(&btree1::HERE, left, "right sibling", right, address);
        }
    }
    pub(super) fn end_siblings(&mut self, siblings: &Siblings) {
        for (address, right) in siblings.0.iter().flatten() {
            if right.is_defined() {
                self.mismatch(
                    &btree1::HERE,
                    *address,
                    "right sibling of the last node",
                    right,
                    Addr::UNDEFINED,
                );
            }
        }
    }
    /// Reads a node of a version 1 B-tree and checks its head.
    pub(super) fn node1(
        &mut self,
        address: Addr,
        class: NodeClass,
        level: Option<u8>,
        k: u16,
    ) -> Result<Option<NodeHeader>> {
        let w = self.store.widths;
        let read = self.store.block(address, NodeHeader::bytes(w), &btree1::HERE).and_then(|block| {
            let (head, _) = decode::<NodeHeader>(&block, (w,), &btree1::HERE)?;
            self.store.limits.depth(u32::from(head.level))?;
            if head.class != class {
                let found = format!("{:?}", head.class);
                return Err(btree1::HERE.mismatch("node type", found, format!("{class:?}")));
            }
            match level {
                Some(level) if level != head.level => Err(btree1::HERE.mismatch("level", head.level, level)),
                _ => Ok(head),
            }
        });
        let Some(head) = self.told(read.at(&btree1::HERE, address.raw()))? else { return Ok(None) };
        if !self.enter(address, &btree1::HERE) || !self.spend(u64::from(head.entries).saturating_add(1)) {
            return Ok(None);
        }
        let most = u32::from(k).saturating_mul(2);
        if u32::from(head.entries) > most {
            self.mismatch(&btree1::HERE, address, "children", head.entries, format!("at most {most}"));
        }
        Ok(Some(head))
    }
    fn group_node(
        &mut self,
        group: &mut Symbols,
        address: Addr,
        level: Option<u8>,
        bounds: Option<(u64, u64)>,
    ) -> Result<()> {
        let w = self.store.widths;
        let k = group.sizes.group_k;
        let Some(head) = self.node1(address, NodeClass::Groups, level, k)? else { return Ok(()) };
        let room = GroupEntries::bytes(w, k.saturating_mul(2));
        self.claim(address, NodeHeader::bytes(w).saturating_add(room), Kind::Groups, &btree1::HERE);
        self.sibling(&mut group.siblings, address, &head);
        let at = address.plus(NodeHeader::bytes(w));
        let read = self.store.block(at, GroupEntries::bytes(w, head.entries), &btree1::HERE);
        let read = read.and_then(|body| decode::<GroupEntries>(&body, (w, head.entries), &btree1::HERE));
        let Some((body, _)) = self.told(read.at(&btree1::HERE, address.raw()))? else { return Ok(()) };
        let rights = body.entries.iter().skip(1).map(|e| e.name).chain([body.last]);
        if let (Some((left, right)), Some(first)) = (bounds, body.entries.first())
            && (first.name.0, body.last.0) != (left, right)
        {
            let found = format!("{} to {}", first.name.0, body.last.0);
            self.mismatch(
                &btree1::HERE,
                address,
                "keys",
                found,
                format!("{left} to {right}, as in its parent"),
            );
        }
        for (entry, right) in body.entries.iter().zip(rights) {
            let keys = (entry.name.0, right.0);
            match head.level.checked_sub(1) {
                Some(below) => self.group_node(group, entry.child, Some(below), Some(keys))?,
                None => {
                    let result = self.symbol_node(group, entry.child, keys);
                    self.told(result.at(&HERE, entry.child.raw()))?;
                }
            }
        }
        Ok(())
    }
    fn symbol_node(&mut self, group: &mut Symbols, address: Addr, (left, right): (u64, u64)) -> Result<()> {
        let w = self.store.widths;
        if !self.spend(1) || !self.enter(address, &HERE) {
            return Ok(());
        }
        let head = self.store.block(address, 8, &HERE)?;
        let count = head.get(6..8).and_then(|b| b.try_into().ok()).map_or(0, u16::from_le_bytes);
        let most = u64::from(group.sizes.leaf_k).saturating_mul(2);
        if u64::from(count) > most {
            self.mismatch(&HERE, address, "entries", count, format!("at most {most}"));
        }
        self.claim(address, SymbolNode::encoded_size(most, w), Kind::Groups, &HERE);
        let block = self.store.block(address, SymbolNode::encoded_size(u64::from(count), w), &HERE)?;
        let (node, _) = decode::<SymbolNode>(&block, (w,), &HERE)?;
        let heap = group.heap.clone();
        let (left, right) = (heap.name_at(left)?, heap.name_at(right)?);
        for entry in &node.entries {
            let result = self.symbol(group, entry);
            let Some(link) = self.told(result.at(&HERE, address.raw()))? else { continue };
            let name = link.name.as_slice();
            let text = |n: &[u8]| String::from_utf8_lossy(n).into_owned();
            if group.last.as_ref().is_some_and(|last| last.as_slice() >= name) {
                let last = text(group.last.as_deref().unwrap_or_default());
                self.problem(&HERE, address.get(), format!("{} stands after {last}", text(name)));
            }
            if name <= left && !left.is_empty() || name > right {
                let what =
                    format!("{} is not between its keys, {} and {}", text(name), text(left), text(right));
                self.problem(&HERE, address.get(), what);
            }
            group.last = Some(link.name.clone());
            self.link(&link);
        }
        Ok(())
    }
    fn symbol(&mut self, group: &mut Symbols, entry: &SymbolEntry) -> Result<Link> {
        let name = group.heap.name_at(entry.name_offset.0)?.to_vec();
        let bytes = |n: &[u8]| u64::try_from(n.len()).unwrap_or(u64::MAX).saturating_add(1);
        group.names.push((entry.name_offset.0, bytes(&name)));
        let target = match entry.cached {
            Cached::SoftLink { value_offset } => {
                let value = group.heap.name_at(u64::from(value_offset))?.to_vec();
                group.names.push((u64::from(value_offset), bytes(&value)));
                Target::Soft(value)
            }
            Cached::Group { btree, heap } => {
                self.cached_group(entry.header, btree, heap)?;
                Target::Hard(entry.header)
            }
            Cached::Nothing => Target::Hard(entry.header),
        };
        Ok(Link { order: None, utf8: false, name, target })
    }
    /// What an entry caches of a group has to be what the group's header says.
    pub(super) fn cached_group(&mut self, header: Addr, btree: Addr, heap: Addr) -> Result<()> {
        use crate::format::message::{SYMBOL_TABLE, symbol_table};
        let Ok(loaded) = crate::store::header::ObjectHeader::load(self.store, header) else { return Ok(()) };
        // libhdf5 caches this for new groups, too; the header rules over it.
        let Some(m) = loaded.find(SYMBOL_TABLE) else { return Ok(()) };
        let (table, _) = decode::<SymbolTableMessage>(&m.body, (self.store.widths,), &symbol_table::HERE)?;
        if (table.btree, table.heap) != (btree, heap) {
            let (found, expected) = (format!("{btree}, {heap}"), format!("{}, {}", table.btree, table.heap));
            self.mismatch(&HERE, header, "cached B-tree and heap", found, expected);
        }
        Ok(())
    }
}
