//! B-trees version 2: every node, its checksum, its totals.

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::btree2::{Child, HERE, Header, INTERNAL, Internal, LEAF, Leaf, Shape, node_bytes};
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

/// A header, the widths that follow from it, and what its nodes count as.
struct Tree {
    header: Header,
    shape: Shape,
    kind: Kind,
}

/// What is called with the tree's type and the bytes of each record.
pub(super) type Visit<'v, 'f> = &'v mut dyn FnMut(&mut Check<'f>, u8, &[u8]) -> Result<()>;

impl<'f> Check<'f> {
    /// Walks the tree whose header is at `address`; gives the number of records found. None where the header
    /// cannot be read or the records are of another type.
    pub(super) fn btree2(
        &mut self,
        address: Addr,
        types: &[u8],
        kind: Kind,
        visit: Visit<'_, 'f>,
    ) -> Result<Option<u64>> {
        let w = self.store.widths;
        let read = self.store.block(address, Header::bytes(w), &HERE).and_then(|block| {
            let (header, _) = decode::<Header>(verify(&block, &HERE)?, (w,), &HERE)?;
            self.store.limits.depth(u32::from(header.depth))?;
            let shape = header.shape(w)?;
            Ok((header, shape))
        });
        let Some((header, shape)) = self.told(read.at(&HERE, address.raw()))? else { return Ok(None) };
        if !self.enter(address, &HERE) {
            return Ok(None);
        }
        self.claim(address, Header::bytes(w), kind, &HERE);
        if !types.contains(&header.record_type) {
            self.mismatch(&HERE, address, "record type", header.record_type, format!("one of {types:?}"));
            return Ok(None);
        }
        let tree = Tree { header, shape, kind };
        let (root, records) = (tree.header.root, u64::from(tree.header.root_records));
        let found = match root.is_defined() {
            true => {
                self.node(&tree, &Child { address: root, records, total: 0 }, tree.header.depth, visit)?
            }
            false => Some(0),
        };
        match found {
            Some(found) if found != tree.header.total_records.0 => {
                self.mismatch(&HERE, address, "records in the tree", tree.header.total_records.0, found);
            }
            _ => {}
        }
        Ok(found)
    }
    /// Walks a node; gives the records in it and below it, where all of them can be read.
    fn node(&mut self, tree: &Tree, child: &Child, level: u16, visit: Visit<'_, 'f>) -> Result<Option<u64>> {
        let at = if level == 0 { LEAF } else { INTERNAL };
        if !self.spend(child.records.saturating_add(1)) || !self.enter(child.address, &at) {
            return Ok(None);
        }
        self.claim(child.address, u64::from(tree.header.node_size), tree.kind, &at);
        let loaded = self.load_node(tree, child, level).at(&at, child.address.raw());
        let Some((records, children)) = self.told(loaded)? else { return Ok(None) };
        let mut total = Some(child.records);
        let mut records = records.chunks_exact(usize::from(tree.header.record_size.max(1)));
        let mut children = children.iter();
        loop {
            if let (Some(next), Some(below)) = (children.next(), level.checked_sub(1)) {
                let found = self.node(tree, next, below, visit)?;
                if let Some(found) = found.filter(|found| below > 0 && *found != next.total) {
                    self.mismatch(&at, child.address, "records below a child", next.total, found);
                }
                total = total.zip(found).map(|(a, b)| a.saturating_add(b));
            }
            let Some(record) = records.next() else { return Ok(total) };
            let visited = visit(self, tree.header.record_type, record).at(&at, child.address.raw());
            self.told(visited)?;
        }
    }
    fn load_node(&self, tree: &Tree, child: &Child, level: u16) -> Result<(Vec<u8>, Vec<Child>)> {
        let (w, record_size) = (self.store.widths, tree.header.record_size);
        let levels = |l: u16| tree.shape.levels.get(usize::from(l));
        let at = if level == 0 { LEAF } else { INTERNAL };
        let most = levels(level).map_or(0, |l| l.max_records);
        if child.records > most {
            return Err(at.mismatch("records", child.records, format!("at most {most}")));
        }
        let record_bytes = child.records.saturating_mul(u64::from(record_size));
        let (record_type, records, children) = match level.checked_sub(1).and_then(levels) {
            None => {
                let size = node_bytes(child.records, record_size, 0, 0);
                let block = self.store.block(child.address, size, &at)?;
                let (leaf, _) = decode::<Leaf>(verify(&block, &at)?, (record_bytes,), &at)?;
                (leaf.record_type, leaf.records, Vec::new())
            }
            Some(below) => {
                let children = child.records.saturating_add(1);
                let size =
                    node_bytes(child.records, record_size, children, tree.shape.pointer_bytes(w, below));
                let block = self.store.block(child.address, size, &at)?;
                let count = self.store.limits.allocation(children)?;
                let args = (w, record_bytes, count, tree.shape.count_width, below.total_width);
                let (node, _) = decode::<Internal>(verify(&block, &at)?, args, &at)?;
                (node.record_type, node.records, node.children)
            }
        };
        if record_type != tree.header.record_type {
            return Err(at.mismatch("record type", record_type, tree.header.record_type));
        }
        Ok((records, children))
    }
}
