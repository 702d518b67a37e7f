//! Single chunk index: the layout message holds all there is to know. Clause VII.A.

use super::{Chunk, Grid, Visit};
use crate::error::Result;
use crate::wire::Addr;

fn chunk(grid: &Grid, address: Addr, filtered: Option<(u64, u32)>) -> Chunk {
    let (stored_bytes, filter_mask) = filtered.unwrap_or((grid.chunk_bytes, 0));
    Chunk { address, stored_bytes, filter_mask }
}

pub(super) fn get(grid: &Grid, address: Addr, filtered: Option<(u64, u32)>, scaled: &[u64]) -> Option<Chunk> {
    scaled.iter().all(|&s| s == 0).then(|| chunk(grid, address, filtered))
}

pub(super) fn each(grid: &Grid, address: Addr, filtered: Option<(u64, u32)>, visit: Visit<'_>) -> Result<()> {
    visit(&vec![0; grid.chunk.len()], chunk(grid, address, filtered))
}
