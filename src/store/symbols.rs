//! Symbol tables at work.

use super::Store;
use crate::error::{Error, Result};
use crate::wire::Addr;

/// A symbol table.
#[derive(Debug, Clone, Copy)]
pub struct SymbolTable {
    /// Tree.
    pub tree: Addr,
    /// Heap.
    pub heap: Addr,
    /// K.
    pub leaf_k: u16,
    /// K.
    pub internal_k: u16,
}

/// What a new entry leads to.
#[derive(Debug, Clone)]
pub enum NewSymbol {
    /// To an object.
    Hard(Addr),
    /// To a path.
    Soft(Vec<u8>),
}

impl SymbolTable {
    /// Creates.
    pub fn create(_: &Store, _: u16, _: u16, _: u64) -> Result<SymbolTable> {
        Err(Error::unsupported("symbol tables"))
    }
    /// Inserts.
    pub fn insert(&self, _: &Store, _: &[u8], _: &NewSymbol) -> Result<()> {
        Err(Error::unsupported("symbol tables"))
    }
    /// Removes.
    pub fn remove(&self, _: &Store, _: &[u8]) -> Result<Option<()>> {
        Err(Error::unsupported("symbol tables"))
    }
    /// Deletes.
    pub fn delete(&self, _: &Store) -> Result<()> {
        Err(Error::unsupported("symbol tables"))
    }
}
