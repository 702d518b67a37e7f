//! A child is taken out of a leaf of a B-tree version 1: empty nodes are unlinked, keys change on the way up.
//!
//! Nodes are not joined with their neighbours, as libhdf5 does not join them.

use super::Node;
use super::node::{Entries, Shape, Step, blank, edit_sibling, free, save};
use crate::error::Result;
use crate::store::Store;
use crate::wire::Addr;

/// What changed below a node.
pub(in crate::store) enum Loss<K> {
    /// The child on the way is gone.
    Child,
    /// The key of its own that the child on the way has now.
    Key(K),
}

/// Carries a loss from the leaf at the end of `path` up to where it ends. A root that loses its last child
/// becomes an empty leaf.
pub(in crate::store) fn climb<E: Entries>(
    store: &Store,
    shape: Shape,
    mut path: Vec<Step<E>>,
    loss: Loss<E::Key>,
) -> Result<()> {
    let mut loss = Some(loss);
    while let Some(Step { address, node, index }) = path.pop() {
        let Some(what) = loss.take() else { break };
        let mut node = Node::clone(&node);
        match what {
            Loss::Child if node.entries.len() > 1 => {
                node.entries.remove(index);
                // The outermost own key was that of the child that is gone.
                let outermost = if E::LEFT { 0 } else { node.entries.len() };
                if index == outermost {
                    loss = node.entries.key(outermost).map(Loss::Key);
                }
            }
            Loss::Child if path.is_empty() => {
                return save(store, shape, address, blank::<E>(shape, 0, Addr::UNDEFINED, Addr::UNDEFINED));
            }
            Loss::Child => {
                unlink(store, shape, address, &node)?;
                loss = Some(Loss::Child);
                continue;
            }
            Loss::Key(key) => {
                let own = if E::LEFT { index } else { index.saturating_add(1) };
                node.entries.set_key(own, key.clone());
                let outermost = if E::LEFT { 0 } else { node.entries.len() };
                if own == outermost {
                    loss = Some(Loss::Key(key));
                }
            }
        }
        if let Some(Loss::Key(key)) = &loss {
            pass_on(store, shape, &node, key)?;
        }
        save(store, shape, address, node)?;
    }
    Ok(())
}

/// The neighbour of a node has the same key where they meet.
fn pass_on<E: Entries>(store: &Store, shape: Shape, node: &Node<E>, key: &E::Key) -> Result<()> {
    let (level, key) = (node.head.level, key.clone());
    if E::LEFT {
        edit_sibling::<E>(store, shape, node.head.left, level, |left| {
            let last = left.entries.len();
            left.entries.set_key(last, key);
        })
    } else {
        edit_sibling::<E>(store, shape, node.head.right, level, |right| right.entries.set_key(0, key))
    }
}

/// Takes a node out of its level and gives its space back. The neighbours meet at the key that is no
/// child's own any more.
fn unlink<E: Entries>(store: &Store, shape: Shape, address: Addr, node: &Node<E>) -> Result<()> {
    let (level, before, after) = (node.head.level, node.head.left, node.head.right);
    let (first, last) = (node.entries.key(0), node.entries.key(node.entries.len()));
    edit_sibling::<E>(store, shape, before, level, |left| {
        left.head.right = after;
        if let (true, Some(key)) = (E::LEFT, last) {
            let end = left.entries.len();
            left.entries.set_key(end, key);
        }
    })?;
    edit_sibling::<E>(store, shape, after, level, |right| {
        right.head.left = before;
        if let (false, Some(key)) = (E::LEFT, first) {
            right.entries.set_key(0, key);
        }
    })?;
    free::<E>(store, shape, address)
}
