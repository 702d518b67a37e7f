//! Decoded chunks of one file, kept by what they weigh.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::Result;
use crate::wire::Addr;

/// Bytes of decoded chunks that a file keeps by default: 64 MiB.
pub const DEFAULT_BYTES: u64 = 64 << 20;

/// The cache has a shard for every 32 items, at most some for each core, and keeps no chunk that is larger than
/// a shard: so few items make 4 shards on every machine, each twice as large as the largest chunk to be kept.
const ITEMS: usize = 128;

#[derive(Clone)]
struct ByBytes;
impl Weighter<(Addr, Addr), Arc<Vec<u8>>> for ByBytes {
    fn weight(&self, _: &(Addr, Addr), chunk: &Arc<Vec<u8>>) -> u64 {
        u64::try_from(chunk.len()).unwrap_or(u64::MAX).max(1)
    }
}

/// A bounded cache of decoded chunks, by dataset and chunk address.
pub struct ChunkCache {
    cache: Cache<(Addr, Addr), Arc<Vec<u8>>, ByBytes>,
    bytes: u64,
}

impl ChunkCache {
    /// A cache of at most `bytes` bytes; 0 keeps nothing.
    pub fn new(bytes: u64) -> Self {
        ChunkCache { cache: Cache::with_weighter(ITEMS, bytes.max(1), ByBytes), bytes }
    }
    /// Whether a chunk of this size is worth keeping.
    pub fn keeps(&self, chunk_bytes: u64) -> bool {
        chunk_bytes <= self.bytes / 8
    }
    /// The decoded chunk, if it is kept.
    pub fn get(&self, dataset: Addr, chunk: Addr) -> Option<Arc<Vec<u8>>> {
        self.cache.get(&(dataset, chunk))
    }
    /// The decoded chunk, from the cache or made by `load` and kept.
    pub fn get_or<F>(&self, dataset: Addr, chunk: Addr, load: F) -> Result<Arc<Vec<u8>>>
    where
        F: FnOnce() -> Result<Vec<u8>>,
    {
        if let Some(found) = self.get(dataset, chunk) {
            return Ok(found);
        }
        let loaded = Arc::new(load()?);
        self.cache.insert((dataset, chunk), loaded.clone());
        Ok(loaded)
    }
    /// Forgets one chunk, which is about to change.
    pub fn forget(&self, dataset: Addr, chunk: Addr) {
        self.cache.remove(&(dataset, chunk));
    }
    /// Forgets every chunk.
    pub fn clear(&self) {
        self.cache.clear();
    }
}
