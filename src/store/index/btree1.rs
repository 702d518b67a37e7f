//! B-tree version 1 of chunks: keys are offsets in elements. Clause III.A.1.

use super::{Chunk, Grid, MAX_RANK, Visit};
use crate::error::Result;
use crate::format::btree1::HERE;
use crate::store::Store;
use crate::store::btree::v1;
use crate::wire::Addr;

pub(super) mod edit;

pub(super) fn get(store: &Store, grid: &Grid, root: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    let mut key = [0u64; MAX_RANK + 1];
    for ((offset, &at), &chunk) in key.iter_mut().zip(scaled).zip(&grid.chunk) {
        let Some(element) = at.checked_mul(chunk) else { return Ok(None) };
        *offset = element;
    }
    let key = key.get(..=scaled.len()).unwrap_or_default();
    let found = v1::find_chunk(store, root, key)?;
    Ok(found.map(|(address, stored, filter_mask)| Chunk { address, stored_bytes: u64::from(stored), filter_mask }))
}

pub(super) fn each(store: &Store, grid: &Grid, root: Addr, visit: Visit<'_>) -> Result<()> {
    let mut scaled = vec![0; grid.chunk.len()];
    let rank = u8::try_from(grid.chunk.len()).unwrap_or(u8::MAX);
    v1::each_chunk(store, root, rank, &mut |key| {
        for ((at, &offset), &chunk) in scaled.iter_mut().zip(key.offsets).zip(&grid.chunk) {
            if offset.checked_rem(chunk) != Some(0) {
                return Err(HERE.mismatch("offset of a chunk", offset, format!("a multiple of {chunk}")));
            }
            *at = offset.checked_div(chunk).unwrap_or(0);
        }
        let stored_bytes = u64::from(key.stored);
        visit(&scaled, Chunk { address: key.address, stored_bytes, filter_mask: key.filter_mask })
    })
}
