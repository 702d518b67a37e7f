//! Fetching and decoding the chunks of one dataset.

use std::cell::RefCell;
use std::sync::Arc;

use super::cache::ChunkCache;
use crate::error::{At, Error, Result, Structure};
use crate::format::message::layout::EDGES_UNFILTERED;
use crate::model::dataset::DatasetInfo;
use crate::store::Store;
use crate::store::index::{Chunk, ChunkIndex, Grid};

/// Named in errors about chunks.
pub const HERE: Structure = Structure::new("chunk", "IV.A.2.i");

/// The chunks of one dataset.
pub struct Chunks<'a> {
    /// The file.
    pub store: &'a Store,
    /// The dataset.
    pub info: &'a DatasetInfo,
    /// How it is cut.
    pub grid: &'a Grid,
    /// Where the chunks are.
    pub index: &'a ChunkIndex,
    /// Decoded chunks.
    pub cache: &'a ChunkCache,
    /// Chunk flags of the layout.
    pub flags: u8,
}

thread_local! {
    /// Two buffers for each thread: what a chunk is read into and what its filters use.
    static BUFFERS: RefCell<(Vec<u8>, Vec<u8>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Buffers over this size are given back after use.
const KEPT_BUFFER_BYTES: usize = 32 << 20;

impl Chunks<'_> {
    /// Where the chunk at these chunk coordinates is; none where it was never written.
    pub fn find(&self, scaled: &[u64]) -> Result<Option<Chunk>> {
        let found = self.index.get(self.store, self.grid, scaled)?;
        Ok(found.filter(|c| c.address.is_defined()))
    }
    /// Whether the chunk is stored through the filters.
    pub fn is_filtered(&self, scaled: &[u64]) -> bool {
        if self.info.filters.is_empty() {
            return false;
        }
        let grid = self.grid;
        let partial = || {
            let ends = scaled.iter().zip(&grid.chunk).map(|(s, c)| s.saturating_add(1).saturating_mul(*c));
            ends.zip(&grid.dims).any(|(end, dim)| end > *dim)
        };
        self.flags & EDGES_UNFILTERED == 0 || !partial()
    }
    /// Decodes a filtered chunk into `data`, with `scratch` as a second buffer.
    pub(super) fn decode_into(&self, chunk: &Chunk, data: &mut Vec<u8>, scratch: &mut Vec<u8>) -> Result<()> {
        let size = self.store.limits.allocation(self.grid.chunk_bytes)?;
        let stored = self.store.limits.allocation(chunk.stored_bytes)?;
        if chunk.stored_bytes > self.store.end() {
            return Err(Error::damaged(format!("{stored} bytes stored in a file of {}", self.store.end())));
        }
        data.resize(stored, 0);
        self.store.raw(chunk.address, data)?;
        let limit = size.saturating_mul(2).saturating_add(64 << 10);
        self.store.filters.decode(&self.info.filters, chunk.filter_mask, data, scratch, (size, limit))?;
        if data.len() < size {
            return Err(Error::damaged(format!("{} bytes after its filters, expected {size}", data.len())));
        }
        data.truncate(size);
        Ok(())
    }
    /// The stored bytes of a chunk as they are.
    pub fn stored(&self, chunk: &Chunk) -> Result<Vec<u8>> {
        let mut data = vec![0; self.store.limits.allocation(chunk.stored_bytes)?];
        self.store.raw(chunk.address, &mut data).at(&HERE, chunk.address.raw())?;
        Ok(data)
    }
    /// Gives the decoded bytes of a filtered chunk to `use_it`. A chunk that is only partly taken is kept
    /// in the cache, one that is taken whole passes through the thread's own buffers.
    pub fn with<T>(&self, chunk: &Chunk, whole: bool, use_it: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let key = (self.info.address, chunk.address);
        if let Some(kept) = self.cache.get(key.0, key.1) {
            return use_it(&kept);
        }
        if !whole && self.cache.keeps(self.grid.chunk_bytes) {
            return use_it(&self.kept(chunk)?);
        }
        let (mut data, mut scratch) = BUFFERS.take();
        let decoded = self.decode_into(chunk, &mut data, &mut scratch).at(&HERE, chunk.address.raw());
        let result = decoded.and_then(|()| use_it(&data));
        if data.capacity() <= KEPT_BUFFER_BYTES && scratch.capacity() <= KEPT_BUFFER_BYTES {
            BUFFERS.set((data, scratch));
        }
        result
    }
    /// Whether the decoded bytes are in the cache.
    pub fn is_kept(&self, chunk: &Chunk) -> bool {
        self.cache.get(self.info.address, chunk.address).is_some()
    }
    /// The decoded bytes of a filtered chunk, kept in the cache.
    pub fn kept(&self, chunk: &Chunk) -> Result<Arc<Vec<u8>>> {
        self.cache.get_or(self.info.address, chunk.address, || {
            let (mut data, mut scratch) = (Vec::new(), Vec::new());
            self.decode_into(chunk, &mut data, &mut scratch).at(&HERE, chunk.address.raw())?;
            Ok(data)
        })
    }
}
