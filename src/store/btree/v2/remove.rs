//! A record less.

use std::cmp::Ordering;

use super::edit::{Changed, Edit};
use crate::error::{At, Result};
use crate::format::btree2::{Child, HERE, LEAF};
use crate::store::Store;
use crate::wire::Addr;

type Order<'a> = &'a mut dyn FnMut(&[u8]) -> Result<Ordering>;

/// Removes a record and gives it. `compare` tells how a stored record compares with the one to remove, as in
/// [`find_bytes`](super::find_bytes).
pub fn remove(
    store: &Store,
    header: Addr,
    mut compare: impl FnMut(&[u8]) -> Result<Ordering>,
) -> Result<Option<Vec<u8>>> {
    let mut edit = Edit::open(store, header, None)?;
    let Some((root, level)) = edit.tree.root() else { return Ok(None) };
    let removed = remove_below(&edit, &root, level, &mut compare).at(&HERE, header.raw())?;
    let Some((node, record)) = removed else { return Ok(None) };
    edit.settle_root(node)?;
    edit.finish(0, 1)?;
    Ok(Some(record))
}

/// The node without the record, not yet stored (all below it is), and the record.
fn remove_below(
    edit: &Edit<'_>,
    child: &Child,
    level: u16,
    order: Order<'_>,
) -> Result<Option<(Changed, Vec<u8>)>> {
    let mut node = edit.load(child, level)?;
    let found = node.search(order)?;
    let Some(below) = level.checked_sub(1) else {
        let Ok(index) = found else { return Ok(None) };
        let record = node.take_record(index)?;
        return Ok(Some((node, record)));
    };
    match found {
        Ok(index) => {
            // The record before it, which lies in a leaf, takes its place.
            let (changed, before) = take_last(edit, &node.child(index)?, below)?;
            let mut record = before;
            if let Some(place) = node.record_mut(index) {
                place.swap_with_slice(&mut record);
            }
            edit.settle(&mut node, index, changed)?;
            Ok(Some((node, record)))
        }
        Err(index) => {
            let Some((changed, record)) = remove_below(edit, &node.child(index)?, below, order)? else {
                return Ok(None);
            };
            edit.settle(&mut node, index, changed)?;
            Ok(Some((node, record)))
        }
    }
}

/// The node without its last record (its subtree's last, in a leaf), not yet stored, and that record.
fn take_last(edit: &Edit<'_>, child: &Child, level: u16) -> Result<(Changed, Vec<u8>)> {
    let mut node = edit.load(child, level)?;
    let count = node.count();
    let Some(below) = level.checked_sub(1) else {
        let last = count.checked_sub(1).ok_or_else(|| LEAF.damaged("a leaf without records"))?;
        let record = node.take_record(last)?;
        return Ok((node, record));
    };
    let (changed, record) = take_last(edit, &node.child(count)?, below)?;
    edit.settle(&mut node, count, changed)?;
    Ok((node, record))
}
