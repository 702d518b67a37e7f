//! Implicit index: the chunks of the maximum extent lie one after the other, row by row. Clause VII.B.

use super::{Chunk, Grid, Visit, Walk};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::wire::Addr;

fn chunk(grid: &Grid, first: Addr, place: u64) -> Result<Chunk> {
    let skip = place.checked_mul(grid.chunk_bytes);
    let address = skip.and_then(|s| first.raw().checked_add(s));
    let address = Addr::new(address.ok_or_else(|| Error::damaged("a chunk beyond 2^64 bytes"))?);
    Ok(Chunk { address, stored_bytes: grid.chunk_bytes, filter_mask: 0 })
}

pub(super) fn get(grid: &Grid, first: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    grid.linear(scaled, 0)?.map(|place| chunk(grid, first, place)).transpose()
}

pub(super) fn each(store: &Store, grid: &Grid, first: Addr, visit: Visit<'_>) -> Result<()> {
    let mut total = 1u64;
    for dimension in 0..grid.chunk.len() {
        let along = grid.chunks_along(dimension);
        let along = along.ok_or_else(|| Error::damaged("an implicit index with an unlimited dimension"))?;
        total = total.saturating_mul(along);
    }
    let mut walk = Walk::new(store, grid, 0, visit);
    for place in 0..total {
        walk.work.spend(1)?;
        grid.scaled(place, 0, &mut walk.scaled);
        (walk.visit)(&walk.scaled, chunk(grid, first, place)?)?;
    }
    Ok(())
}
