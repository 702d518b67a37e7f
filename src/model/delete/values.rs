//! What the elements of a dataset lead to in heaps, when the dataset goes.

use crate::error::{Error, Result};
use crate::format::message::layout::{EDGES_UNFILTERED, LayoutClass};
use crate::model::dataset::DatasetInfo;
use crate::model::release;
use crate::store::index::{Chunk, ChunkIndex, Grid};
use crate::store::open::Container;
use crate::wire::Addr;

/// Contiguous elements are looked at in pieces of this size.
const PIECE_BYTES: u64 = 1 << 20;

/// Gives back what the elements of variable length lead to. Values that cannot be read, as their filter is not known
/// or they are damaged, keep theirs: that is lost space, and no reason not to delete them.
pub(super) fn release_values(c: &Container, info: &DatasetInfo) -> Result<()> {
    if !info.datatype.is_variable() {
        return Ok(());
    }
    match &info.layout.class {
        LayoutClass::Contiguous { address, .. } if address.is_defined() && info.external.is_empty() => {
            contiguous(c, info, *address)
        }
        LayoutClass::Chunked(chunked) => {
            let Some((grid, _)) = info.grid()? else { return Ok(()) };
            let edges_plain = chunked.flags & EDGES_UNFILTERED != 0;
            ChunkIndex::from(chunked).each(&c.store, &grid, &mut |scaled, chunk| {
                if !chunk.address.is_defined() {
                    return Ok(());
                }
                let plain = edges_plain && is_edge(&grid, scaled);
                match release_chunk(c, info, &grid, (scaled, &chunk), plain) {
                    Err(e) if e.is_io() => Err(e),
                    _ => Ok(()),
                }
            })
        }
        _ => Ok(()),
    }
}

fn contiguous(c: &Container, info: &DatasetInfo, address: Addr) -> Result<()> {
    let size = u64::from(info.datatype.size).max(1);
    let total = info.elements()?.saturating_mul(size);
    let step = PIECE_BYTES.checked_div(size).unwrap_or(0).max(1).saturating_mul(size);
    let mut at = 0u64;
    while at < total {
        let len = step.min(total.saturating_sub(at));
        let mut data = vec![0; c.store.limits.allocation(len)?];
        c.store.raw(address.plus(at), &mut data)?;
        match release::release(&info.datatype, &data, &c.store) {
            Err(e) if e.is_io() => return Err(e),
            _ => at = at.saturating_add(len),
        }
    }
    Ok(())
}

fn release_chunk(
    c: &Container,
    info: &DatasetInfo,
    grid: &Grid,
    (scaled, chunk): (&[u64], &Chunk),
    plain: bool,
) -> Result<()> {
    let size = c.store.limits.allocation(grid.chunk_bytes)?;
    let mut data = vec![0; c.store.limits.allocation(chunk.stored_bytes)?];
    c.store.raw(chunk.address, &mut data)?;
    if !plain {
        let mask = chunk.filter_mask;
        c.store.filters.decode(&info.filters, mask, &mut data, &mut Vec::new(), (size, size.saturating_mul(2)))?;
    }
    if data.len() < size {
        return Err(Error::damaged(format!("{} bytes in a chunk of {size}", data.len())));
    }
    let element = info.datatype.bytes().max(1);
    let mut inside = Vec::new();
    for (number, bytes) in (0u64..).zip(data.chunks_exact(element)) {
        if is_inside(grid, scaled, number) {
            inside.extend_from_slice(bytes);
        }
    }
    release::release(&info.datatype, &inside, &c.store).map(|_| ())
}

/// Whether a part of a chunk lies beyond the dataset.
fn is_edge(grid: &Grid, scaled: &[u64]) -> bool {
    let ends = scaled.iter().zip(&grid.chunk).map(|(s, c)| s.saturating_add(1).saturating_mul(*c));
    ends.zip(&grid.dims).any(|(end, dim)| end > *dim)
}

/// Whether an element of a chunk lies within the dataset; what lies beyond may be anything.
fn is_inside(grid: &Grid, scaled: &[u64], number: u64) -> bool {
    let mut left = number;
    let axes = grid.chunk.iter().zip(&grid.dims).zip(scaled).rev();
    axes.into_iter().all(|((chunk, dim), scaled)| {
        let within = left.checked_rem(*chunk).unwrap_or(0);
        left = left.checked_div(*chunk).unwrap_or(0);
        scaled.saturating_mul(*chunk).saturating_add(within) < *dim
    })
}
