//! Chunk indexes: from the place of a chunk in the dataset to its place in the file.
//!
//! One file for each kind; [`ChunkIndex`] picks it. Clause VII, and III.A.1 for old files.

use crate::error::{Error, Result, Structure};
use crate::format::btree2::records::ChunkEntry;
use crate::format::message::layout::{BTree2Parameters, ExtensibleArrayParameters};
use crate::store::Store;
use crate::wire::{Addr, decode};

mod btree1;
mod btree2;
mod edit;
mod extensible_array;
mod fixed_array;
mod implicit;
mod single;
#[cfg(test)]
mod edit_tests;
#[cfg(test)]
mod tests;

/// The most dimensions that a dataset may have.
const MAX_RANK: usize = 32;

/// How a dataset is cut into chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Current dimensions in elements, slowest first.
    pub dims: Vec<u64>,
    /// Maximum dimensions in elements; `None` where unlimited.
    pub max_dims: Vec<Option<u64>>,
    /// Dimensions of a chunk in elements.
    pub chunk: Vec<u64>,
    /// Bytes of an element.
    pub element_size: u64,
    /// Bytes of a chunk in memory.
    pub chunk_bytes: u64,
    /// Whether chunks go through filters.
    pub filtered: bool,
    /// Version of the layout message.
    pub layout_version: u8,
    /// Half the number of children of a node of a version 1 B-tree.
    pub chunk_k: u16,
    /// What the layout message says of a fixed array that is to be made: base-2 logarithm of a page.
    pub page_bits: Option<u8>,
    /// What it says of an extensible array that is to be made.
    pub extensible: Option<ExtensibleArrayParameters>,
    /// What it says of a version 2 B-tree that is to be made.
    pub tree: Option<BTree2Parameters>,
}

/// Where a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Its address.
    pub address: Addr,
    /// Its bytes in the file.
    pub stored_bytes: u64,
    /// Filters that were skipped: bit *i* for filter *i*.
    pub filter_mask: u32,
}

/// The index of a chunked dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkIndex {
    /// B-tree version 1, up to layout version 3.
    BTree1 {
        /// The root node.
        root: Addr,
    },
    /// One chunk that holds the whole dataset.
    Single {
        /// The chunk.
        address: Addr,
        /// Stored bytes and filter mask, where the chunk went through filters.
        filtered: Option<(u64, u32)>,
    },
    /// All chunks one after the other.
    Implicit {
        /// The first chunk.
        address: Addr,
    },
    /// Fixed array.
    FixedArray {
        /// The array's header.
        header: Addr,
    },
    /// Extensible array.
    ExtensibleArray {
        /// The array's header.
        header: Addr,
    },
    /// B-tree version 2.
    BTree2 {
        /// The tree's header.
        header: Addr,
    },
}

impl ChunkIndex {
    /// The chunk with these coordinates (in chunks); `None` where it is not allocated.
    pub fn get(&self, store: &Store, grid: &Grid, scaled: &[u64]) -> Result<Option<Chunk>> {
        grid.check()?;
        check_rank(grid, scaled)?;
        let address = self.address();
        if !address.is_defined() {
            return Ok(None);
        }
        match self {
            ChunkIndex::BTree1 { .. } => btree1::get(store, grid, address, scaled),
            ChunkIndex::Single { filtered, .. } => Ok(single::get(grid, address, *filtered, scaled)),
            ChunkIndex::Implicit { .. } => implicit::get(grid, address, scaled),
            ChunkIndex::FixedArray { .. } => fixed_array::get(store, grid, address, scaled),
            ChunkIndex::ExtensibleArray { .. } => extensible_array::get(store, grid, address, scaled),
            ChunkIndex::BTree2 { .. } => btree2::get(store, grid, address, scaled),
        }
    }
    /// Visits every allocated chunk with its coordinates (in chunks), in the order of the index. Chunks
    /// beyond the current dimensions are among them where the file still holds them.
    pub fn each(&self, store: &Store, grid: &Grid, visit: Visit<'_>) -> Result<()> {
        grid.check()?;
        let address = self.address();
        if !address.is_defined() {
            return Ok(());
        }
        match self {
            ChunkIndex::BTree1 { .. } => btree1::each(store, grid, address, visit),
            ChunkIndex::Single { filtered, .. } => single::each(grid, address, *filtered, visit),
            ChunkIndex::Implicit { .. } => implicit::each(store, grid, address, visit),
            ChunkIndex::FixedArray { .. } => fixed_array::each(store, grid, address, visit),
            ChunkIndex::ExtensibleArray { .. } => extensible_array::each(store, grid, address, visit),
            ChunkIndex::BTree2 { .. } => btree2::each(store, grid, address, visit),
        }
    }
    /// The address that the layout message gives.
    fn address(&self) -> Addr {
        match *self {
            ChunkIndex::BTree1 { root: a }
            | ChunkIndex::Single { address: a, .. }
            | ChunkIndex::Implicit { address: a }
            | ChunkIndex::FixedArray { header: a }
            | ChunkIndex::ExtensibleArray { header: a }
            | ChunkIndex::BTree2 { header: a } => a,
        }
    }
}

fn check_rank(grid: &Grid, scaled: &[u64]) -> Result<()> {
    let (found, rank) = (scaled.len(), grid.chunk.len());
    if found == rank {
        return Ok(());
    }
    Err(Error::usage(format!("{found} coordinates of a chunk in {rank} dimensions")))
}

/// What [`ChunkIndex::each`] calls with a chunk and its coordinates.
pub type Visit<'a> = &'a mut dyn FnMut(&[u64], Chunk) -> Result<()>;

impl Grid {
    fn check(&self) -> Result<()> {
        let rank = self.chunk.len();
        let sound = (1..=MAX_RANK).contains(&rank) && self.max_dims.len() == rank && !self.chunk.contains(&0);
        if sound { Ok(()) } else { Err(Error::damaged(format!("chunks of {:?} elements", self.chunk))) }
    }
    /// Chunks along a dimension in the maximum extent; `None` where unlimited.
    fn chunks_along(&self, dimension: usize) -> Option<u64> {
        let max = self.max_dims.get(dimension).copied().flatten()?;
        Some(max.div_ceil(self.chunk.get(dimension).copied()?))
    }
    /// Bytes of the stored size of a chunk; 0 without filters, where no size is stored.
    pub fn size_width(&self, store: &Store) -> u8 {
        if !self.filtered {
            return 0;
        }
        if self.layout_version >= 5 {
            return store.widths.length;
        }
        let bits = self.chunk_bytes.checked_ilog2().unwrap_or(0).saturating_add(8);
        let bytes = bits.checked_div(8).unwrap_or(0).saturating_add(1);
        u8::try_from(bytes.min(8)).unwrap_or(8)
    }
    /// The place of a chunk, row by row with `slowest` moved to the front; `None` beyond the maximum extent.
    fn linear(&self, scaled: &[u64], slowest: usize) -> Result<Option<u64>> {
        let mut index = scaled.get(slowest).copied().unwrap_or(0);
        if self.chunks_along(slowest).is_some_and(|n| index >= n) {
            return Ok(None);
        }
        for (dimension, &at) in scaled.iter().enumerate().filter(|(d, _)| *d != slowest) {
            let Some(chunks) = self.chunks_along(dimension) else {
                return Err(Error::damaged("its index cannot hold a second unlimited dimension"));
            };
            if at >= chunks {
                return Ok(None);
            }
            let next = index.checked_mul(chunks).and_then(|i| i.checked_add(at));
            index = next.ok_or_else(|| Error::damaged("more than 2^64 chunks"))?;
        }
        Ok(Some(index))
    }
    /// The coordinates of the chunk at a place that [`Grid::linear`] gives.
    fn scaled(&self, mut index: u64, slowest: usize, scaled: &mut [u64]) {
        for (dimension, at) in scaled.iter_mut().enumerate().rev().filter(|(d, _)| *d != slowest) {
            let chunks = self.chunks_along(dimension).unwrap_or(1).max(1);
            *at = index.checked_rem(chunks).unwrap_or(0);
            index = index.checked_div(chunks).unwrap_or(0);
        }
        if let Some(at) = scaled.get_mut(slowest) {
            *at = index;
        }
    }
}

/// The elements of an array that lie side by side, as far as a lookup needs to know.
#[derive(Clone, Copy)]
struct Elements {
    size: u8,
    size_width: u8,
    chunk_bytes: u64,
}

impl Elements {
    /// Checks an array's header against the dataset.
    fn new(store: &Store, grid: &Grid, client: u8, size: u8, at: &Structure) -> Result<Self> {
        if client != u8::from(grid.filtered) {
            return Err(at.mismatch("client", client, u8::from(grid.filtered)));
        }
        let size_width = grid.size_width(store);
        let expected = ChunkEntry::bytes(store.widths, size_width);
        if size != expected {
            return Err(at.mismatch("element size", size, expected));
        }
        Ok(Elements { size, size_width, chunk_bytes: grid.chunk_bytes })
    }
    /// The chunk of an element's bytes; `None` where it is not allocated.
    fn chunk(&self, store: &Store, bytes: &[u8], at: &Structure) -> Result<Option<Chunk>> {
        let (entry, _) = decode::<ChunkEntry>(bytes, (store.widths, self.size_width), at)?;
        Ok(self.allocated(&entry))
    }
    fn allocated(&self, entry: &ChunkEntry) -> Option<Chunk> {
        let stored_bytes = if self.size_width > 0 { entry.stored } else { self.chunk_bytes };
        let chunk = Chunk { address: entry.address, stored_bytes, filter_mask: entry.filter_mask };
        entry.address.is_defined().then_some(chunk)
    }
    /// The chunk of element `index` of `elements`.
    fn get(&self, store: &Store, elements: &[u8], index: u64, at: &Structure) -> Result<Option<Chunk>> {
        let size = usize::from(self.size);
        let from = usize::try_from(index).ok().and_then(|i| i.checked_mul(size));
        match from.and_then(|f| elements.get(f..)).and_then(|e| e.get(..size)) {
            Some(bytes) => self.chunk(store, bytes, at),
            None => Err(at.mismatch("index", index, "one of its elements")),
        }
    }
    /// Visits the allocated chunks of `elements`, the first of which has the place `first`.
    fn each(&self, walk: &mut Walk<'_, '_>, elements: &[u8], first: u64, at: &Structure) -> Result<()> {
        let size = usize::from(self.size.max(1));
        let places = (0u64..).map(|i| first.saturating_add(i));
        for (place, bytes) in places.zip(elements.chunks_exact(size)) {
            if let Some(chunk) = self.chunk(walk.store, bytes, at)? {
                walk.grid.scaled(place, walk.slowest, &mut walk.scaled);
                (walk.visit)(&walk.scaled, chunk)?;
            }
        }
        Ok(())
    }
}

/// A walk over all chunks of an array.
struct Walk<'a, 'v> {
    store: &'a Store,
    grid: &'a Grid,
    slowest: usize,
    scaled: Vec<u64>,
    work: crate::limits::Work,
    visit: Visit<'v>,
}

impl<'a, 'v> Walk<'a, 'v> {
    fn new(store: &'a Store, grid: &'a Grid, slowest: usize, visit: Visit<'v>) -> Self {
        Walk { store, grid, slowest, scaled: vec![0; grid.chunk.len()], work: store.work(), visit }
    }
}

/// Whether bit `index` is set, the highest of a byte first.
fn bit(bytes: &[u8], index: u64) -> bool {
    let byte = index.checked_div(8).and_then(|i| usize::try_from(i).ok()).and_then(|i| bytes.get(i));
    let shift = u32::try_from(index.wrapping_rem(8)).unwrap_or(0);
    byte.is_some_and(|b| b & 0x80u8.wrapping_shr(shift) != 0)
}

/// Page bytes without their checksum.
#[derive(Clone)]
struct Page(Vec<u8>);

/// Fetches a page of `bytes` bytes of elements, and its checksum.
fn page(store: &Store, address: Addr, bytes: u64, at: &Structure) -> Result<std::sync::Arc<Page>> {
    store.cached(address, at, || {
        let mut block = store.block(address, bytes.saturating_add(4), at)?;
        let body = crate::wire::checksum::verify(&block, at)?.len();
        block.truncate(body);
        Ok((Page(block), bytes))
    })
}
