//! Until the indexes can be edited.
use super::Store;
use super::index::{Chunk, ChunkIndex, Grid, Visit};
use crate::error::{Error, Result};
impl ChunkIndex {
    /// Enters a chunk.
    pub fn set(&mut self, _: &Store, grid: &Grid, _: &[u64], chunk: Chunk) -> Result<()> {
        match self {
            ChunkIndex::Single { address, filtered } => {
                *address = chunk.address;
                *filtered = grid.filtered.then_some((chunk.stored_bytes, chunk.filter_mask));
                Ok(())
            }
            _ => Err(Error::unsupported("writing chunks with this index")),
        }
    }
    /// Takes a chunk out.
    pub fn remove(&mut self, _: &Store, _: &Grid, _: &[u64]) -> Result<Option<Chunk>> {
        Err(Error::unsupported("writing chunks with this index"))
    }
    /// Frees.
    pub fn delete(&mut self, store: &Store, grid: &Grid, each: Visit<'_>) -> Result<()> {
        self.each(store, grid, each)
    }
}
/// Makes a heap.
pub fn create(_: &Store, _: u64) -> Result<crate::wire::Addr> {
    Err(Error::unsupported("local heaps"))
}
/// Enters a name.
pub fn insert(_: &Store, _: crate::wire::Addr, _: &[u8]) -> Result<u64> {
    Err(Error::unsupported("local heaps"))
}
