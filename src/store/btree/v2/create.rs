//! New trees, and the end of trees.

use super::edit::write_header;
use super::{Node, Tree, open};
use crate::error::{Error, Result};
use crate::format::btree2::{Child, HERE, Header};
use crate::limits::Work;
use crate::store::{Class, Store};
use crate::wire::{Addr, Length};

/// What a new tree is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTree {
    /// What the records are: 1 to 11.
    pub record_type: u8,
    /// Bytes of every record.
    pub record_size: u16,
    /// Bytes of every node; libhdf5 makes 512 for links, attributes and huge objects, 2048 for chunks.
    pub node_bytes: u32,
    /// Percentage of a node in use above which it is split; libhdf5: 100 (98 for attributes' and links' trees
    /// of some versions).
    pub split_percent: u8,
    /// Percentage of a node in use below which it is merged; libhdf5: 40.
    pub merge_percent: u8,
}

impl NewTree {
    /// A tree as libhdf5 makes them for everything but chunks: nodes of 512 bytes.
    pub fn small(record_type: u8, record_size: u16) -> Self {
        NewTree { record_type, record_size, node_bytes: 512, split_percent: 100, merge_percent: 40 }
    }
}

/// Makes an empty tree; gives the address of its header.
pub fn create(store: &Store, new: &NewTree) -> Result<Addr> {
    if !(1..=100).contains(&new.split_percent)
        || new.merge_percent.saturating_mul(2) >= new.split_percent.max(2)
    {
        return Err(Error::usage("a tree that merges at half of where it splits, or more"));
    }
    let header = Header {
        record_type: new.record_type,
        node_size: new.node_bytes,
        record_size: new.record_size,
        depth: 0,
        split_percent: new.split_percent,
        merge_percent: new.merge_percent,
        root: Addr::UNDEFINED,
        root_records: 0,
        total_records: Length(0),
    };
    header.shape(store.widths)?;
    let address = store.allocate(Header::bytes(store.widths), Class::Metadata)?;
    write_header(store, address, &header)?;
    Ok(address)
}

/// Frees a tree, header and all; `each` is given every record first (in no order to rely on).
pub fn delete(store: &Store, header: Addr, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let tree = open(store, header)?;
    if let Some((root, level)) = tree.root() {
        delete_node(store, &tree, &root, level, &store.work(), each)?;
    }
    store.evict::<Tree>(header);
    store.free(header, Header::bytes(store.widths))
}

fn delete_node(
    store: &Store,
    tree: &Tree,
    child: &Child,
    level: u16,
    work: &Work,
    each: &mut dyn FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    work.spend(child.records.saturating_add(1))?;
    let node = tree.node(store, child, level)?;
    if let Some(level) = level.checked_sub(1) {
        for below in &node.children {
            delete_node(store, tree, below, level, work, each)?;
        }
    }
    node.records.chunks_exact(node.record_size.max(1)).try_for_each(&mut *each)?;
    store.evict::<Node>(child.address);
    if child.address == Addr::UNDEFINED {
        return Err(HERE.damaged("a node without an address"));
    }
    store.free(child.address, u64::from(tree.header.node_size))
}
