//! Changing a B-tree of chunks.

use super::{parts, split};
use crate::error::Result;
use crate::format::btree2::records::{ChunkEntry, ChunkRecord, HERE};
use crate::format::message::layout::BTree2Parameters;
use crate::store::Store;
use crate::store::btree::v2::{self, NewTree};
use crate::store::index::{Chunk, Elements, Grid};
use crate::wire::{Addr, encode};

/// The parameters that libhdf5 takes.
const DEFAULT: BTree2Parameters = BTree2Parameters { node_bytes: 2048, split_percent: 100, merge_percent: 40 };

/// Makes an empty tree.
pub(in super::super) fn create(store: &Store, grid: &Grid) -> Result<Addr> {
    let (elements, record_type) = parts(store, grid);
    let p = grid.tree.unwrap_or(DEFAULT);
    let rank = u16::try_from(grid.chunk.len()).unwrap_or(u16::MAX);
    let record_size = u16::from(elements.size).saturating_add(rank.saturating_mul(8));
    let (node_bytes, split_percent, merge_percent) = (p.node_bytes, p.split_percent, p.merge_percent);
    v2::create(store, &NewTree { record_type, record_size, node_bytes, split_percent, merge_percent })
}

fn order<'a>(elements: &'a Elements, scaled: &'a [u64]) -> impl FnMut(&[u8]) -> Result<std::cmp::Ordering> + 'a {
    move |record| {
        let (_, stored) = split(record, elements, scaled.len())?;
        let stored = stored.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b));
        Ok(stored.cmp(scaled.iter().copied()))
    }
}

/// Enters a chunk, or changes where it is.
pub(in super::super) fn set(store: &Store, grid: &Grid, header: Addr, scaled: &[u64], chunk: Chunk) -> Result<()> {
    let (elements, _) = parts(store, grid);
    let stored = if elements.size_width > 0 { chunk.stored_bytes } else { 0 };
    let entry = ChunkEntry { address: chunk.address, stored, filter_mask: chunk.filter_mask };
    let record = ChunkRecord { entry, scaled: scaled.to_vec() };
    let record = encode(&record, (store.widths, elements.size_width, scaled.len()), &HERE)?;
    let changed = v2::update(store, header, order(&elements, scaled), |old| {
        if old.len() == record.len() {
            old.copy_from_slice(&record);
        }
    })?;
    if changed { Ok(()) } else { v2::insert(store, header, &record, order(&elements, scaled)) }
}

/// Takes a chunk out.
pub(in super::super) fn remove(store: &Store, grid: &Grid, header: Addr, scaled: &[u64]) -> Result<()> {
    let (elements, _) = parts(store, grid);
    v2::remove(store, header, order(&elements, scaled)).map(|_| ())
}
