//! A record more, or one changed in its place.

use std::cmp::Ordering;

use super::edit::{Changed, Edit};
use crate::error::{At, Error, Result};
use crate::format::btree2::{Child, HERE};
use crate::store::Store;
use crate::wire::Addr;

type Order<'a> = &'a mut dyn FnMut(&[u8]) -> Result<Ordering>;

/// Adds a record. `compare` tells how a stored record compares with the new one, as in
/// [`find_bytes`](super::find_bytes); an equal one is an error of usage.
pub fn insert(
    store: &Store,
    header: Addr,
    record: &[u8],
    mut compare: impl FnMut(&[u8]) -> Result<Ordering>,
) -> Result<()> {
    let mut edit = Edit::open(store, header, Some(record.len()))?;
    let node = match edit.tree.root() {
        Some((root, level)) => {
            insert_below(&edit, &root, level, record, &mut compare).at(&HERE, header.raw())?
        }
        None => edit.new_node(0, record.to_vec(), Vec::new())?,
    };
    edit.settle_root(node)?;
    edit.finish(1, 0)
}

/// The node with the record added, not yet stored; all below it is.
fn insert_below(
    edit: &Edit<'_>,
    child: &Child,
    level: u16,
    record: &[u8],
    order: Order<'_>,
) -> Result<Changed> {
    let mut node = edit.load(child, level)?;
    let Err(index) = node.search(order)? else {
        return Err(Error::usage("a record that the tree holds already"));
    };
    match level.checked_sub(1) {
        None => node.insert_record(index, record),
        Some(below) => {
            let changed = insert_below(edit, &node.child(index)?, below, record, order)?;
            edit.settle(&mut node, index, changed)?;
        }
    }
    Ok(node)
}

/// Changes a record in its place; `change` must leave its place in the order as it is. Gives whether there
/// was one.
pub fn update(
    store: &Store,
    header: Addr,
    mut compare: impl FnMut(&[u8]) -> Result<Ordering>,
    change: impl FnOnce(&mut [u8]),
) -> Result<bool> {
    let edit = Edit::open(store, header, None)?;
    let Some((mut child, mut level)) = edit.tree.root() else { return Ok(false) };
    loop {
        let mut node = edit.load(&child, level)?;
        match node.search(&mut compare).at(&HERE, header.raw())? {
            Ok(index) => {
                if let Some(record) = node.record_mut(index) {
                    change(record);
                }
                edit.save(node)?;
                return Ok(true);
            }
            Err(index) => {
                let Some(below) = level.checked_sub(1) else { return Ok(false) };
                (child, level) = (node.child(index)?, below);
            }
        }
    }
}
