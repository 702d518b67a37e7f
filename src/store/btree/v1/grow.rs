//! A child is added to a leaf of a B-tree version 1: keys change on the way up, full nodes are split.

use super::Node;
use super::node::{Entries, Shape, Step, allocate, blank, edit_sibling, save};
use crate::error::Result;
use crate::format::btree1::HERE;
use crate::store::Store;
use crate::wire::Addr;

/// A child that is to be added next to the one on the way.
pub(in crate::store) struct NewChild<K> {
    /// The key between it and its neighbour; before all others, the key at its left.
    pub(in crate::store) key: K,
    pub(in crate::store) address: Addr,
    /// Before the child on the way, which is the first; after it otherwise.
    pub(in crate::store) before: bool,
}

/// What changed below a node.
pub(in crate::store) struct Change<K> {
    /// The new key at the left of the child on the way.
    pub(in crate::store) left: Option<K>,
    /// The new key at its right.
    pub(in crate::store) right: Option<K>,
    pub(in crate::store) new: Option<NewChild<K>>,
}

impl<K> Change<K> {
    fn is_none(&self) -> bool {
        self.left.is_none() && self.right.is_none() && self.new.is_none()
    }
}

/// Carries a change from the leaf at the end of `path` up to where it ends. The root stays where it is.
pub(in crate::store) fn climb<E: Entries>(
    store: &Store,
    shape: Shape,
    mut path: Vec<Step<E>>,
    mut change: Change<E::Key>,
) -> Result<()> {
    let capacity = usize::from(shape.capacity()?);
    while let Some(Step { address, node, index }) = path.pop() {
        if change.is_none() {
            break;
        }
        let mut node = Node::clone(&node);
        let len = node.entries.len();
        let last = index.saturating_add(1);
        if let Some(key) = &change.left {
            node.entries.set_key(index, key.clone());
        }
        if let Some(key) = &change.right {
            node.entries.set_key(last, key.clone());
        }
        // Keys between two children of a node are of no use further up.
        change.left = change.left.filter(|_| index == 0);
        change.right = change.right.filter(|_| last >= len);
        let Some(new) = change.new.take() else {
            save(store, shape, address, node)?;
            continue;
        };
        if new.before {
            change.left = Some(new.key.clone());
        }
        if len < capacity {
            put(&mut node, index, new);
            save(store, shape, address, node)?;
            continue;
        }
        let right = split(&mut node, shape, index, new)?;
        if path.is_empty() {
            return lift(store, shape, address, node, right);
        }
        change.new = Some(hang(store, shape, address, node, right)?);
    }
    Ok(())
}

fn put<E: Entries>(node: &mut Node<E>, index: usize, new: NewChild<E::Key>) {
    node.entries.insert(if new.before { index } else { index.saturating_add(1) }, new.key, new.address);
}

/// Splits a full node and adds the child to the half that it belongs to; gives the right half.
///
/// The outermost nodes of a level keep most of their children on the inner side: trees mostly grow at an end.
fn split<E: Entries>(
    node: &mut Node<E>,
    shape: Shape,
    index: usize,
    new: NewChild<E::Key>,
) -> Result<Node<E>> {
    let capacity = usize::from(shape.capacity()?);
    let tenth = |n: usize| capacity.saturating_mul(n).checked_div(10).unwrap_or(0);
    let kept = match (node.head.left.is_defined(), node.head.right.is_defined()) {
        (_, false) => tenth(9),
        (false, true) => tenth(1),
        (true, true) => tenth(5),
    };
    let kept = kept.clamp(1, capacity.saturating_sub(1).max(1));
    let mut right = blank::<E>(shape, node.head.level, Addr::UNDEFINED, node.head.right);
    right.entries = node.entries.split_off(kept);
    match index.checked_sub(kept) {
        None => put(node, index, new),
        Some(index) => put(&mut right, index, new),
    }
    Ok(right)
}

/// Writes the halves of a node that is not the root; gives the right one as a new child of the parent.
fn hang<E: Entries>(
    store: &Store,
    shape: Shape,
    address: Addr,
    mut left: Node<E>,
    mut right: Node<E>,
) -> Result<NewChild<E::Key>> {
    let level = left.head.level;
    let key = right.entries.key(0).ok_or_else(|| HERE.damaged("a half without keys"))?;
    let new = allocate::<E>(store, shape)?;
    edit_sibling::<E>(store, shape, right.head.right, level, |node| node.head.left = new)?;
    (left.head.right, right.head.left) = (new, address);
    save(store, shape, address, left)?;
    save(store, shape, new, right)?;
    Ok(NewChild { key, address: new, before: false })
}

/// Writes the halves of the root to new places, and a new root over them to the old one.
fn lift<E: Entries>(
    store: &Store,
    shape: Shape,
    root: Addr,
    mut left: Node<E>,
    mut right: Node<E>,
) -> Result<()> {
    let keys = (left.entries.key(0), right.entries.key(0), right.entries.key(right.entries.len()));
    let (Some(first), Some(middle), Some(last)) = keys else {
        return Err(HERE.damaged("a half without keys"));
    };
    let level = left.head.level.checked_add(1).ok_or_else(|| HERE.damaged("more than 256 levels"))?;
    store.limits.depth(u32::from(level))?;
    let (at_left, at_right) = (allocate::<E>(store, shape)?, allocate::<E>(store, shape)?);
    (left.head.left, left.head.right) = (Addr::UNDEFINED, at_right);
    (right.head.left, right.head.right) = (at_left, Addr::UNDEFINED);
    let mut top = blank::<E>(shape, level, Addr::UNDEFINED, Addr::UNDEFINED);
    top.entries.set_key(0, last);
    top.entries.insert(0, middle, at_right);
    top.entries.insert(0, first, at_left);
    save(store, shape, at_left, left)?;
    save(store, shape, at_right, right)?;
    save(store, shape, root, top)
}
