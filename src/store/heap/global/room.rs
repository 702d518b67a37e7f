//! Which collections have room, remembered between insertions.

use crate::wire::Addr;

/// How many collections are remembered.
const KEPT: usize = 16;
/// The largest index of an object.
pub(super) const LAST_INDEX: u32 = 0xffff;

/// A collection with free space at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) address: Addr,
    /// Bytes of the whole collection.
    pub(super) size: u64,
    /// Bytes that are free.
    pub(super) free: u64,
    /// An index that is not in use, nor is any above it.
    pub(super) next: u32,
}

/// The collections of a file that have room, the one that was used last first.
#[derive(Debug, Default)]
pub struct Room(Vec<Open>);

impl Room {
    /// Takes out the collection with room for `bytes` bytes that was used last.
    pub(super) fn take(&mut self, bytes: u64) -> Option<Open> {
        let at = self.0.iter().position(|open| open.free >= bytes && open.next <= LAST_INDEX)?;
        Some(self.0.remove(at))
    }
    /// Remembers a collection; forgets the one with the least room where there are many.
    pub(super) fn put(&mut self, open: Open) {
        self.forget(open.address);
        if self.0.len() >= KEPT
            && let Some((at, _)) = self.0.iter().enumerate().min_by_key(|(_, o)| o.free)
        {
            self.0.remove(at);
        }
        self.0.insert(0, open);
    }
    /// Forgets a collection.
    pub(super) fn forget(&mut self, address: Addr) {
        self.0.retain(|o| o.address != address);
    }
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
