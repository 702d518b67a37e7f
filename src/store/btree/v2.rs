//! B-trees version 2 at work, with records of any kind: walks here, edits in the files below.
//!
//! - [`create()`], [`delete()`]: the whole tree
//! - [`insert()`], [`update`], [`remove()`]: one record

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::{At, Result, Structure};
pub use crate::format::btree2::records::Record;
use crate::format::btree2::{Child, HERE, Header, INTERNAL, Internal, LEAF, Leaf, Level, Shape, node_bytes};
use crate::limits::Work;
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

mod create;
mod edit;
mod insert;
mod remove;

pub use create::{NewTree, create, delete};
pub use insert::{insert, update};
pub use remove::remove;

/// A header and the widths computed from it.
struct Tree {
    header: Header,
    shape: Shape,
}

/// A decoded node: its records side by side.
struct Node {
    record_size: usize,
    records: Vec<u8>,
    /// Empty in leaves; else one more than records.
    children: Vec<Child>,
    /// What the tree says of the node; another tree may not say otherwise.
    known: (u8, u16, u64),
}

impl Node {
    fn record(&self, index: usize) -> Option<&[u8]> {
        self.records.get(index.checked_mul(self.record_size)?..)?.get(..self.record_size)
    }
}

fn open(store: &Store, address: Addr) -> Result<Arc<Tree>> {
    store.cached(address, &HERE, || {
        let w = store.widths;
        let block = store.block(address, Header::bytes(w), &HERE)?;
        let (header, _) = decode::<Header>(verify(&block, &HERE)?, (w,), &HERE)?;
        store.limits.depth(u32::from(header.depth))?;
        let shape = header.shape(w)?;
        Ok((Tree { header, shape }, 256))
    })
}

impl Tree {
    fn root(&self) -> Option<(Child, u16)> {
        let address = self.header.root;
        let records = u64::from(self.header.root_records);
        address.is_defined().then_some((Child { address, records, total: 0 }, self.header.depth))
    }
    fn node(&self, store: &Store, child: &Child, level: u16) -> Result<Arc<Node>> {
        let at = if level == 0 { LEAF } else { INTERNAL };
        let known = (self.header.record_type, level, child.records);
        let node = store.cached(child.address, &at, || self.load(store, child, level, known, &at))?;
        if node.known != known || node.record_size != usize::from(self.header.record_size) {
            let what = format!("type, level, records: found {:?}, expected {known:?}", node.known);
            return Err(at.damaged(what).within(&at, Some(child.address.raw())));
        }
        Ok(node)
    }
    fn level(&self, level: u16) -> Option<&Level> {
        self.shape.levels.get(usize::from(level))
    }
    fn load(
        &self,
        store: &Store,
        child: &Child,
        level: u16,
        known: (u8, u16, u64),
        at: &Structure,
    ) -> Result<(Node, u64)> {
        let (w, record_size) = (store.widths, self.header.record_size);
        let most = self.level(level).map_or(0, |l| l.max_records);
        if child.records > most {
            return Err(at.mismatch("records", child.records, format!("at most {most}")));
        }
        let record_bytes = child.records.saturating_mul(u64::from(record_size));
        let below = level.checked_sub(1).and_then(|l| self.level(l));
        let (children, pointer) = match below {
            None => (0, 0),
            Some(below) => (child.records.saturating_add(1), self.shape.pointer_bytes(w, below)),
        };
        let size = node_bytes(child.records, record_size, children, pointer);
        let block = store.block(child.address, size, at)?;
        let body = verify(&block, at)?;
        let (record_type, records, children) = match below {
            None => {
                let (leaf, _) = decode::<Leaf>(body, (record_bytes,), at)?;
                (leaf.record_type, leaf.records, Vec::new())
            }
            Some(below) => {
                let count = store.limits.allocation(children)?;
                let args = (w, record_bytes, count, self.shape.count_width, below.total_width);
                let (node, _) = decode::<Internal>(body, args, at)?;
                (node.record_type, node.records, node.children)
            }
        };
        if record_type != self.header.record_type {
            return Err(at.mismatch("record type", record_type, self.header.record_type));
        }
        let weight = size.saturating_add(u64::try_from(children.len()).unwrap_or(0).saturating_mul(24));
        Ok((Node { record_size: usize::from(record_size), records, children, known }, weight))
    }
}

/// Checks that the tree holds the kind of records that the caller reads.
fn check_type(tree: &Tree, fits: impl Fn(u8) -> bool, address: Addr) -> Result<()> {
    if fits(tree.header.record_type) {
        return Ok(());
    }
    let found = tree.header.record_type;
    Err(HERE.mismatch("record type", found, "the type of its use").within(&HERE, Some(address.raw())))
}

/// Finds a record by its bytes: `order` tells how a record compares with what is sought, `take` makes
/// the result of the one that is equal.
pub fn find_bytes<T>(
    store: &Store,
    header: Addr,
    fits: impl Fn(u8) -> bool,
    mut order: impl FnMut(&[u8]) -> Result<Ordering>,
    take: impl FnOnce(u8, &[u8]) -> Result<T>,
) -> Result<Option<T>> {
    let tree = open(store, header)?;
    check_type(&tree, fits, header)?;
    let Some((mut child, mut level)) = tree.root() else { return Ok(None) };
    loop {
        let node = tree.node(store, &child, level)?;
        let (mut low, mut high) = (0usize, usize::try_from(child.records).unwrap_or(0));
        while low < high {
            let middle = low.midpoint(high);
            let Some(record) = node.record(middle) else { return Ok(None) };
            match order(record).at(&HERE, header.raw())? {
                Ordering::Less => low = middle.saturating_add(1),
                Ordering::Greater => high = middle,
                Ordering::Equal => return take(tree.header.record_type, record).map(Some),
            }
        }
        let Some(below) = level.checked_sub(1) else { return Ok(None) };
        let Some(next) = node.children.get(low) else { return Ok(None) };
        (child, level) = (*next, below);
    }
}

/// Visits the bytes of all records, in order; `visit` gets the tree's type too.
pub fn each_bytes(
    store: &Store,
    header: Addr,
    fits: impl Fn(u8) -> bool,
    visit: &mut dyn FnMut(u8, &[u8]) -> Result<()>,
) -> Result<()> {
    let tree = open(store, header)?;
    check_type(&tree, fits, header)?;
    match tree.root() {
        Some((child, level)) => below(store, &tree, &child, level, &store.work(), visit),
        None => Ok(()),
    }
}

fn below(
    store: &Store,
    tree: &Tree,
    child: &Child,
    level: u16,
    work: &Work,
    visit: &mut dyn FnMut(u8, &[u8]) -> Result<()>,
) -> Result<()> {
    work.spend(child.records.saturating_add(1))?;
    let node = tree.node(store, child, level)?;
    let mut records = node.records.chunks_exact(node.record_size.max(1));
    let mut children = node.children.iter();
    loop {
        if let (Some(next), Some(level)) = (children.next(), level.checked_sub(1)) {
            below(store, tree, next, level, work, visit)?;
        }
        match records.next() {
            Some(record) => visit(tree.header.record_type, record)?,
            None => return Ok(()),
        }
    }
}

/// Finds a record: `order` tells how a record compares with what is sought.
pub fn find<R: Record>(
    store: &Store,
    header: Addr,
    mut order: impl FnMut(&R) -> Result<Ordering>,
) -> Result<Option<R>> {
    let record_type = open(store, header)?.header.record_type;
    let w = store.widths;
    let by_bytes = |bytes: &[u8]| order(&R::decode(bytes, record_type, w)?);
    find_bytes(store, header, R::fits, by_bytes, |kind, bytes| R::decode(bytes, kind, w))
}

/// Visits all records in order.
pub fn each<R: Record>(store: &Store, header: Addr, mut visit: impl FnMut(R) -> Result<()>) -> Result<()> {
    each_bytes(store, header, R::fits, &mut |kind, bytes| visit(R::decode(bytes, kind, store.widths)?))
}

/// How many records the tree holds, by its header.
pub fn total(store: &Store, header: Addr) -> Result<u64> {
    Ok(open(store, header)?.header.total_records.0)
}

#[cfg(test)]
mod tests;
