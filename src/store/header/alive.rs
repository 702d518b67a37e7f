//! Whether the object of a header is still the one that was opened.

use std::sync::PoisonError;

use super::ObjectHeader;
use crate::error::{Error, Result};
use crate::store::block::Store;
use crate::store::lives::Lives;
use crate::wire::Addr;

impl Store {
    fn lives<T: Default>(&self, f: impl FnOnce(&mut Lives) -> T) -> T {
        self.edit
            .as_ref()
            .map_or_else(T::default, |edit| f(&mut edit.lives.lock().unwrap_or_else(PoisonError::into_inner)))
    }
    /// The number of the object whose header lies here; another one once that was deleted.
    pub(in crate::store) fn life(&self, address: Addr) -> u64 {
        self.lives(|lives| lives.number(address))
    }
    pub(in crate::store) fn object_is_born(&self, address: Addr) {
        self.lives(|lives| lives.born(address));
    }
    pub(in crate::store) fn object_has_ended(&self, address: Addr) {
        self.lives(|lives| lives.ended(address));
    }
    pub(in crate::store) fn each_life(&self, f: impl FnOnce(&mut Lives)) {
        self.lives(f);
    }
    /// An error where the object of a header was deleted since it was loaded.
    pub fn alive(&self, header: &ObjectHeader) -> Result<()> {
        match self.life(header.address) == header.life {
            true => Ok(()),
            false => Err(Error::not_found("the object was deleted, or rolled back, since it was opened")),
        }
    }
}
