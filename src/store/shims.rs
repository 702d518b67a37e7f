//! Until the indexes can be edited.
use super::Store;
use super::index::{ChunkIndex, Grid, Visit};
use crate::error::Result;
impl ChunkIndex {
    /// Frees.
    pub fn delete(&mut self, store: &Store, grid: &Grid, each: Visit<'_>) -> Result<()> {
        self.each(store, grid, each)
    }
}
