//! What all edits of a B-tree version 2 share: nodes that can be changed, and the header.
//!
//! An edit walks down to its record and comes back up with each changed node still in memory: the node
//! above decides whether it is stored as it is, shares records with a neighbour, is split or merged.

use std::cmp::Ordering;

use super::{Node, Tree, check_type, open};
use crate::error::{At, Error, Result};
use crate::format::btree2::{Child, HERE, Header, INTERNAL, Internal, LEAF, Leaf, Level};
use crate::store::{Class, Store};
use crate::wire::checksum::seal;
use crate::wire::{Addr, Length, encode};

/// A tree under edit.
pub(super) struct Edit<'a> {
    pub(super) store: &'a Store,
    pub(super) address: Addr,
    pub(super) tree: Tree,
}

/// A node in memory, not yet stored.
pub(super) struct Changed {
    pub(super) address: Addr,
    pub(super) level: u16,
    pub(super) size: usize,
    pub(super) records: Vec<u8>,
    pub(super) children: Vec<Child>,
}

impl Changed {
    /// How many records the node has.
    pub(super) fn count(&self) -> usize {
        self.records.len().checked_div(self.size).unwrap_or(0)
    }
    pub(super) fn record(&self, index: usize) -> Option<&[u8]> {
        self.records.get(index.checked_mul(self.size)?..)?.get(..self.size)
    }
    pub(super) fn record_mut(&mut self, index: usize) -> Option<&mut [u8]> {
        self.records.get_mut(index.checked_mul(self.size)?..)?.get_mut(..self.size)
    }
    pub(super) fn insert_record(&mut self, index: usize, record: &[u8]) {
        let at = index.saturating_mul(self.size).min(self.records.len());
        self.records.splice(at..at, record.iter().copied());
    }
    /// Takes a record out.
    pub(super) fn take_record(&mut self, index: usize) -> Result<Vec<u8>> {
        let start = index.saturating_mul(self.size);
        let end = start.saturating_add(self.size);
        if end > self.records.len() {
            return Err(HERE.damaged(format!("record {index} of a node with {} records", self.count())));
        }
        Ok(self.records.drain(start..end).collect())
    }
    pub(super) fn child(&self, index: usize) -> Result<Child> {
        let absent =
            || INTERNAL.damaged(format!("child {index} of a node with {} children", self.children.len()));
        self.children.get(index).copied().ok_or_else(absent)
    }
    pub(super) fn set_child(&mut self, index: usize, child: Child) {
        if let Some(place) = self.children.get_mut(index) {
            *place = child;
        }
    }
    /// Where the record is or, as an error, would be.
    pub(super) fn search(
        &self,
        order: &mut dyn FnMut(&[u8]) -> Result<Ordering>,
    ) -> Result<Result<usize, usize>> {
        let (mut low, mut high) = (0usize, self.count());
        while low < high {
            let middle = low.midpoint(high);
            let Some(record) = self.record(middle) else { break };
            match order(record)? {
                Ordering::Less => low = middle.saturating_add(1),
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(Ok(middle)),
            }
        }
        Ok(Err(low))
    }
    /// What the node above says of this one.
    fn pointer(&self) -> Child {
        let records = wide(self.count());
        let below = self.children.iter().map(|c| if self.level == 1 { c.records } else { c.total });
        let total = if self.level == 0 { 0 } else { below.fold(records, u64::saturating_add) };
        Child { address: self.address, records, total }
    }
}

pub(super) fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl<'a> Edit<'a> {
    /// Opens the tree for an edit by a caller whose records are of `record_bytes` (`None`: any).
    pub(super) fn open(store: &'a Store, address: Addr, record_bytes: Option<usize>) -> Result<Self> {
        let tree = open(store, address)?;
        check_type(&tree, |_| true, address)?;
        let size = usize::from(tree.header.record_size);
        if record_bytes.is_some_and(|n| n != size) {
            let what = format!("a record of {record_bytes:?} bytes for a tree of {size}");
            return Err(Error::usage(what).within(&HERE, address.get()));
        }
        let edit =
            Edit { store, address, tree: Tree { header: tree.header.clone(), shape: tree.shape.clone() } };
        edit.check_room()?;
        Ok(edit)
    }
    fn check_room(&self) -> Result<()> {
        if self.tree.shape.levels.iter().any(|l| l.max_records < 2) {
            return Err(HERE.unsupported("edits of nodes with room for less than two records"));
        }
        Ok(())
    }
    pub(super) fn level(&self, level: u16) -> Result<&Level> {
        self.tree.level(level).ok_or_else(|| HERE.damaged(format!("no level {level}")))
    }
    /// The most and the least records of a node that is not the root.
    ///
    /// libhdf5 compares counts with these bounds by "equal": a node outside of them would be neither split nor
    /// merged by it. An inner node with one record only it takes for the root.
    fn bounds(&self, level: u16) -> Result<(usize, usize)> {
        let room = self.level(level)?.max_records;
        let percent = |p: u8| room.saturating_mul(u64::from(p)).wrapping_div(100);
        let most = percent(self.tree.header.split_percent.min(100)).max(2);
        let fewest = if level > 0 && most >= 5 { 2 } else { 1 };
        let least = percent(self.tree.header.merge_percent.min(50)).max(fewest);
        Ok((usize::try_from(most).unwrap_or(usize::MAX), usize::try_from(least).unwrap_or(1)))
    }
    pub(super) fn load(&self, child: &Child, level: u16) -> Result<Changed> {
        let node = self.tree.node(self.store, child, level)?;
        Ok(Changed {
            address: child.address,
            level,
            size: node.record_size,
            records: node.records.clone(),
            children: node.children.clone(),
        })
    }
    pub(super) fn new_node(&self, level: u16, records: Vec<u8>, children: Vec<Child>) -> Result<Changed> {
        let address = self.store.allocate(u64::from(self.tree.header.node_size), Class::Metadata)?;
        let size = usize::from(self.tree.header.record_size);
        Ok(Changed { address, level, size, records, children })
    }
    pub(super) fn free(&self, address: Addr) -> Result<()> {
        self.store.evict::<Node>(address);
        self.store.free(address, u64::from(self.tree.header.node_size))
    }
    /// Stores a node; gives what the node above is to say of it.
    pub(super) fn save(&self, node: Changed) -> Result<Child> {
        let w = self.store.widths;
        let pointer = node.pointer();
        let header = &self.tree.header;
        let record_type = header.record_type;
        let known = (record_type, node.level, pointer.records);
        let record_bytes = wide(node.records.len());
        let (kept, mut bytes, at) = match node.level.checked_sub(1) {
            None => {
                let leaf = Leaf { record_type, records: node.records };
                let bytes = encode(&leaf, (record_bytes,), &LEAF)?;
                ((leaf.records, Vec::new()), bytes, LEAF)
            }
            Some(below) => {
                let total_width = self.level(below)?.total_width;
                let inner = Internal { record_type, records: node.records, children: node.children };
                let args = (w, record_bytes, inner.children.len(), self.tree.shape.count_width, total_width);
                let bytes = encode(&inner, args, &INTERNAL)?;
                ((inner.records, inner.children), bytes, INTERNAL)
            }
        };
        seal(&mut bytes);
        let room = usize::try_from(header.node_size).unwrap_or(usize::MAX);
        if bytes.len() > room {
            return Err(at.mismatch("bytes of a node", bytes.len(), format!("at most {room}")));
        }
        bytes.resize(room, 0);
        self.store.write(node.address, &bytes)?;
        self.store.evict::<Node>(node.address);
        let (records, children) = kept;
        let weight = wide(room).saturating_add(wide(children.len()).saturating_mul(24));
        let node = Node { record_size: node.size, records, children, known };
        self.store.cached(pointer.address, &at, || Ok((node, weight)))?;
        Ok(pointer)
    }
    /// Puts the changed child `index` back under `parent`, in its bounds.
    pub(super) fn settle(&self, parent: &mut Changed, index: usize, node: Changed) -> Result<()> {
        let (most, least) = self.bounds(node.level)?;
        let count = node.count();
        let (left, right) = (index.checked_sub(1), index.saturating_add(1));
        let records = |i: usize| parent.children.get(i).and_then(|c| usize::try_from(c.records).ok());
        let neighbours = [left.and_then(|i| Some((i, records(i)?))), records(right).map(|n| (right, n))];
        let neighbours = neighbours.into_iter().flatten();
        if count > most {
            return match neighbours.min_by_key(|(_, n)| *n) {
                Some((other, n)) if n < most => self.share(parent, index, node, other, most, least),
                _ => self.split(parent, index, node),
            };
        }
        match neighbours.max_by_key(|(_, n)| *n) {
            Some((other, _)) if count < least => self.share(parent, index, node, other, most, least),
            _ => {
                let pointer = self.save(node)?;
                parent.set_child(index, pointer);
                Ok(())
            }
        }
    }
    /// Deals the records of the changed child `index` and of its neighbour `other` out anew: to both, or to
    /// one where few are left.
    fn share(
        &self,
        parent: &mut Changed,
        index: usize,
        node: Changed,
        other: usize,
        most: usize,
        least: usize,
    ) -> Result<()> {
        let neighbour = self.load(&parent.child(other)?, node.level)?;
        let first = index.min(other);
        let (mut left, mut right) = if other < index { (neighbour, node) } else { (node, neighbour) };
        let between = parent.take_record(first)?;
        left.records.extend_from_slice(&between);
        left.records.append(&mut right.records);
        left.children.append(&mut right.children);
        let total = left.count();
        if total <= most && total <= least.saturating_mul(2).saturating_add(1) {
            self.free(right.address)?;
            let pointer = self.save(left)?;
            if first.saturating_add(1) < parent.children.len() {
                parent.children.remove(first.saturating_add(1));
            }
            parent.set_child(first, pointer);
            return Ok(());
        }
        let (between, records, children) = cut(&mut left)?;
        (right.records, right.children) = (records, children);
        parent.insert_record(first, &between);
        let pointer = self.save(left)?;
        parent.set_child(first, pointer);
        let pointer = self.save(right)?;
        parent.set_child(first.saturating_add(1), pointer);
        Ok(())
    }
    fn split(&self, parent: &mut Changed, index: usize, mut node: Changed) -> Result<()> {
        let (between, records, children) = cut(&mut node)?;
        let right = self.new_node(node.level, records, children)?;
        parent.insert_record(index, &between);
        let pointer = self.save(node)?;
        parent.set_child(index, pointer);
        let pointer = self.save(right)?;
        let at = index.saturating_add(1).min(parent.children.len());
        parent.children.insert(at, pointer);
        Ok(())
    }
    /// Puts the changed root back: a tree may grow or lose a level here.
    pub(super) fn settle_root(&mut self, node: Changed) -> Result<()> {
        let (most, _) = self.bounds(node.level)?;
        if node.count() > most {
            let depth = node.level.checked_add(1).ok_or_else(|| Error::limit("a tree of too many levels"))?;
            self.store.limits.depth(u32::from(depth))?;
            self.set_depth(depth)?;
            let mut root = self.new_node(depth, Vec::new(), vec![node.pointer()])?;
            self.split(&mut root, 0, node)?;
            return self.set_root(root);
        }
        if node.count() > 0 {
            return self.set_root(node);
        }
        self.free(node.address)?;
        let header = &mut self.tree.header;
        let Some(only) = node.children.first() else {
            (header.root, header.root_records) = (Addr::UNDEFINED, 0);
            return self.set_depth(0);
        };
        header.root = only.address;
        header.root_records = u16::try_from(only.records).unwrap_or(u16::MAX);
        self.set_depth(node.level.saturating_sub(1))
    }
    fn set_root(&mut self, node: Changed) -> Result<()> {
        let pointer = self.save(node)?;
        let too_many = |_| HERE.unsupported(format!("{} records in the root", pointer.records));
        self.tree.header.root_records = u16::try_from(pointer.records).map_err(too_many)?;
        self.tree.header.root = pointer.address;
        Ok(())
    }
    fn set_depth(&mut self, depth: u16) -> Result<()> {
        if self.tree.header.depth != depth {
            self.tree.header.depth = depth;
            self.tree.shape = self.tree.header.shape(self.store.widths)?;
            self.check_room()?;
        }
        Ok(())
    }
    /// Stores the header, `more` records to the good and `less` gone.
    pub(super) fn finish(mut self, more: u64, less: u64) -> Result<()> {
        let total = &mut self.tree.header.total_records;
        *total = Length(total.0.saturating_add(more).saturating_sub(less));
        write_header(self.store, self.address, &self.tree.header)?;
        let tree = self.tree;
        self.store.cached(self.address, &HERE, || Ok((tree, 256)))?;
        Ok(())
    }
}

/// Leaves the lower half in `node`; gives the record between the halves, and the upper half.
fn cut(node: &mut Changed) -> Result<(Vec<u8>, Vec<u8>, Vec<Child>)> {
    let middle = node.count().wrapping_div(2);
    let between = node.take_record(middle)?;
    let records = node.records.split_off(middle.saturating_mul(node.size).min(node.records.len()));
    let keep = middle.saturating_add(1).min(node.children.len());
    Ok((between, records, node.children.split_off(keep)))
}

/// Stores a header and forgets the one that was cached.
pub(super) fn write_header(store: &Store, address: Addr, header: &Header) -> Result<()> {
    let mut bytes = encode(header, (store.widths,), &HERE)?;
    seal(&mut bytes);
    store.write(address, &bytes).at(&HERE, address.raw())?;
    store.evict::<Tree>(address);
    Ok(())
}
