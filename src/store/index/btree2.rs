//! B-tree version 2 of chunks: records hold coordinates in chunks. Clause VII.E.

use super::{Chunk, Elements, Grid, Visit};
use crate::error::Result;
use crate::format::btree2::records::{ChunkEntry, ChunkRecord, HERE};
use crate::store::Store;
use crate::store::btree::v2;
use crate::wire::{Addr, decode};

pub(super) mod edit;

fn parts(store: &Store, grid: &Grid) -> (Elements, u8) {
    let size_width = grid.size_width(store);
    let size = ChunkEntry::bytes(store.widths, size_width);
    let record_type = if grid.filtered { 11 } else { 10 };
    (Elements { size, size_width, chunk_bytes: grid.chunk_bytes }, record_type)
}

/// The entry and the coordinates of a record's bytes.
fn split<'a>(record: &'a [u8], elements: &Elements, rank: usize) -> Result<(&'a [u8], &'a [u8])> {
    let parts = record.split_at_checked(usize::from(elements.size));
    match parts {
        Some((entry, scaled)) if scaled.chunks_exact(8).len() == rank && scaled.len().is_multiple_of(8) => {
            Ok((entry, scaled))
        }
        _ => Err(HERE.damaged(format!("records of {} bytes for chunks of rank {rank}", record.len()))),
    }
}

pub(super) fn get(store: &Store, grid: &Grid, header: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    let (elements, record_type) = parts(store, grid);
    let order = |record: &[u8]| {
        let (_, stored) = split(record, &elements, scaled.len())?;
        let stored = stored.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b));
        Ok(stored.cmp(scaled.iter().copied()))
    };
    let take = |_, record: &[u8]| elements.chunk(store, split(record, &elements, scaled.len())?.0, &HERE);
    Ok(v2::find_bytes(store, header, |t| t == record_type, order, take)?.flatten())
}

pub(super) fn each(store: &Store, grid: &Grid, header: Addr, visit: Visit<'_>) -> Result<()> {
    let (elements, record_type) = parts(store, grid);
    let rank = grid.chunk.len();
    v2::each_bytes(store, header, |t| t == record_type, &mut |_, record| {
        split(record, &elements, rank)?;
        let (record, _) = decode::<ChunkRecord>(record, (store.widths, elements.size_width, rank), &HERE)?;
        match elements.allocated(&record.entry) {
            Some(chunk) => visit(&record.scaled, chunk),
            None => Ok(()),
        }
    })
}
