//! Walks of B-trees version 2, over records of any kind.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::error::{At, Result, Structure};
pub use crate::format::btree2::records::Record;
use crate::format::btree2::{Child, HERE, Header, INTERNAL, Internal, LEAF, Leaf, Level, Shape, node_bytes};
use crate::limits::Work;
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

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
mod tests {
    use super::*;
    use crate::filter::Registry;
    use crate::format::btree2::records::LinkByName;
    use crate::limits::Limits;
    use crate::source::memory::Memory;
    use crate::source::window::Window;
    use crate::wire::checksum::seal;
    use crate::wire::{Length, Widths, encode};

    const W: Widths = Widths::EIGHT;

    fn records(hashes: std::ops::Range<u32>) -> Vec<u8> {
        let one = |hash| encode(&LinkByName { hash, heap_id: [hash as u8; 7] }, (), &HERE).unwrap();
        hashes.flat_map(one).collect()
    }

    fn put(file: &mut Vec<u8>, mut block: Vec<u8>) -> Addr {
        seal(&mut block);
        let at = Addr::new(file.len() as u64);
        file.extend(block);
        at
    }

    /// Depth 2, 3 records and 4 children in the root, 1 record and 2 leaves of 4 in each child: hashes 0 to 38.
    fn sample() -> (Store, Addr) {
        let (mut file, mut hash) = (vec![0; 8], 0u32);
        let mut take = |n: u32| {
            hash += n;
            records(hash - n..hash)
        };
        let (mut children, mut separators) = (Vec::new(), Vec::new());
        for _ in 0..4 {
            let leaf = |file: &mut Vec<u8>, records: Vec<u8>| {
                let leaf = Leaf { record_type: 5, records };
                let address = put(file, encode(&leaf, (44,), &LEAF).unwrap());
                Child { address, records: 4, total: 0 }
            };
            let left = leaf(&mut file, take(4));
            let between = take(1);
            let node = Internal { record_type: 5, records: between, children: vec![left, leaf(&mut file, take(4))] };
            let address = put(&mut file, encode(&node, (W, 11, 2, 1, 0), &INTERNAL).unwrap());
            children.push(Child { address, records: 1, total: 9 });
            separators.extend(if children.len() < 4 { take(1) } else { Vec::new() });
        }
        let node = Internal { record_type: 5, records: separators, children };
        let root = put(&mut file, encode(&node, (W, 33, 4, 1, 2), &INTERNAL).unwrap());
        let header = Header {
            record_type: 5,
            node_size: 512,
            record_size: 11,
            depth: 2,
            split_percent: 100,
            merge_percent: 40,
            root,
            root_records: 3,
            total_records: Length(39),
        };
        let header = put(&mut file, encode(&header, (W,), &HERE).unwrap());
        let window = Window::new(Arc::new(Memory(file)), 0);
        (Store::new(window, W, Limits::default(), Arc::new(Registry::default())).unwrap(), header)
    }

    #[test]
    fn every_record_is_found_in_order() {
        let (store, header) = sample();
        let mut hashes = Vec::new();
        each(&store, header, |r: LinkByName| {
            hashes.push(r.hash);
            Ok(())
        })
        .unwrap();
        assert_eq!(hashes, (0..39).collect::<Vec<_>>());
        for hash in 0..39 {
            let found = find(&store, header, |r: &LinkByName| Ok(r.hash.cmp(&hash))).unwrap().unwrap();
            assert_eq!(found.heap_id, [hash as u8; 7]);
        }
        assert!(find(&store, header, |r: &LinkByName| Ok(r.hash.cmp(&39))).unwrap().is_none());
        assert_eq!(total(&store, header).unwrap(), 39);
    }

    #[test]
    fn damaged() {
        let (store, header) = sample();
        use crate::format::btree2::records::LinkByOrder;
        let e = each(&store, header, |_: LinkByOrder| Ok(())).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains("record type"), "{e}");
        assert!(total(&store, Addr::new(8)).is_err(), "no header");
        let stopped = find(&store, header, |_: &LinkByName| Err(crate::Error::usage("stop"))).unwrap_err();
        assert_eq!(stopped.what(), "stop");
    }
}
