//! Changing a version 1 B-tree of chunks.

use super::super::{Chunk, Grid};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::btree::v1::{self, ChunkKey, ChunkShape};
use crate::wire::Addr;

/// Dimensions of a chunk, and then the bytes of an element: keys are multiples of these.
fn steps(grid: &Grid) -> Vec<u64> {
    grid.chunk.iter().copied().chain([grid.element_size]).collect()
}

fn offsets(grid: &Grid, scaled: &[u64]) -> Result<Vec<u64>> {
    let offset = |(at, chunk): (&u64, &u64)| at.checked_mul(*chunk);
    let offsets: Option<Vec<u64>> = scaled.iter().zip(&grid.chunk).map(offset).chain([Some(0)]).collect();
    offsets.ok_or_else(|| Error::usage("a chunk beyond 2^64 elements"))
}

/// Enters a chunk, or changes where it is. The first one makes the tree.
pub(in super::super) fn set(
    store: &Store,
    grid: &Grid,
    root: &mut Addr,
    scaled: &[u64],
    chunk: Chunk,
) -> Result<()> {
    let (steps, offsets) = (steps(grid), offsets(grid, scaled)?);
    let shape = ChunkShape { k: grid.chunk_k, chunk: &steps };
    let stored = u32::try_from(chunk.stored_bytes).map_err(|_| {
        let what = format!("a chunk of {} stored bytes; this index holds up to 4 GiB", chunk.stored_bytes);
        Error::unsupported(what)
    })?;
    if !root.is_defined() {
        *root = v1::create_chunks(store, &shape)?;
    }
    let (address, filter_mask) = (chunk.address, chunk.filter_mask);
    v1::set_chunk(store, *root, &shape, ChunkKey { address, stored, filter_mask, offsets: &offsets })
}

/// Takes a chunk out.
pub(in super::super) fn remove(store: &Store, grid: &Grid, root: Addr, scaled: &[u64]) -> Result<()> {
    let (steps, offsets) = (steps(grid), offsets(grid, scaled)?);
    let shape = ChunkShape { k: grid.chunk_k, chunk: &steps };
    v1::remove_chunk(store, root, &shape, &offsets).map(|_| ())
}

/// Gives the tree's space back.
pub(in super::super) fn delete(store: &Store, grid: &Grid, root: Addr) -> Result<()> {
    v1::delete_chunks(store, root, &ChunkShape { k: grid.chunk_k, chunk: &steps(grid) })
}
