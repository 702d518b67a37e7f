//! Writing chunks: patched, encoded by several threads, stored by one.
//!
//! A filtered chunk is always stored in new space, and its old space is freed, so that a commit has the old or
//! the new one. A chunk without filters is changed where it lies.

use super::Writer;
use super::linear::Target;
use super::patch::{Extent, Part, Patch, Plan};
use crate::data::cache::ChunkCache;
use crate::data::chunks::{Chunks, HERE};
use crate::data::selection::Selection;
use crate::data::walk::fill;
use crate::error::{At, Error, Result};
use crate::model::dataset::DatasetInfo;
use crate::store::index::{Chunk, ChunkIndex, Grid};
use crate::store::{Class, Store};

/// Bytes of chunks that are encoded before the first of them is stored.
const BATCH_BYTES: u64 = 64 << 20;

/// The chunks of one dataset, while they change.
pub struct ChunkWriter<'a> {
    /// The file.
    pub store: &'a Store,
    /// Decoded chunks that readers keep.
    pub cache: &'a ChunkCache,
    /// The dataset.
    pub info: &'a DatasetInfo,
    /// How it is cut.
    pub grid: Grid,
    /// Chunk flags of the layout.
    pub flags: u8,
    /// Where the chunks are, as changed so far.
    pub index: ChunkIndex,
    /// Whether several threads may encode.
    pub parallel: bool,
    /// Buffers of chunks that are stored by now.
    spare: Vec<(Vec<u8>, Vec<u8>)>,
}

/// A filtered chunk on its way: its coordinates, where it was, and its bytes, first decoded, then encoded.
struct Job<'p> {
    scaled: Vec<u64>,
    old: Option<Chunk>,
    change: Change<'p>,
    buffers: (Vec<u8>, Vec<u8>),
    mask: u32,
}

/// What becomes of a chunk.
enum Change<'p> {
    /// Some elements get new values.
    Patch(Patch, Part, &'p [u8]),
    /// All bytes are new.
    Whole(&'p [u8]),
}

impl<'a> ChunkWriter<'a> {
    /// For the dataset of a writer, which is chunked.
    pub fn new(w: &Writer<'a>) -> Result<Self> {
        let Some((grid, chunked)) = w.info.grid()? else { return Err(HERE.damaged("no chunked layout")) };
        let store = &w.container.store;
        store.limits.allocation(grid.chunk_bytes)?;
        Ok(ChunkWriter {
            store,
            cache: w.cache,
            info: w.info,
            grid,
            flags: chunked.flags,
            index: ChunkIndex::from(chunked),
            parallel: w.parallel,
            spare: Vec::new(),
        })
    }
    /// The same chunks, to be read.
    pub fn chunks(&self) -> Chunks<'_> {
        Chunks {
            store: self.store,
            info: self.info,
            grid: &self.grid,
            index: &self.index,
            cache: self.cache,
            flags: self.flags,
        }
    }
    /// Writes selected elements.
    pub fn write(&mut self, selection: &Selection, part: Part, data: &[u8]) -> Result<()> {
        if self.index == (ChunkIndex::Implicit { address: crate::wire::Addr::UNDEFINED }) {
            self.allocate_implicit()?;
        }
        let (dims, block) = (self.grid.dims.clone(), self.grid.chunk.clone());
        let plan =
            Plan::new(selection, Extent { dims: &dims, block: &block, element: self.grid.element_size })?;
        let mut jobs = Vec::new();
        let most = self.batch();
        for (scaled, patch) in plan {
            if !self.chunks().is_filtered(&scaled) {
                self.write_plain(&scaled, &patch, part, data)?;
                continue;
            }
            jobs.push(self.job(scaled, Change::Patch(patch, part, data))?);
            if jobs.len() >= most {
                self.run(&mut jobs)?;
            }
        }
        self.run(&mut jobs)
    }
    /// Stores chunks whose decoded bytes are given.
    pub fn put<'p>(&mut self, chunks: impl Iterator<Item = (&'p Vec<u64>, &'p [u8])>) -> Result<()> {
        let mut jobs = Vec::new();
        let most = self.batch();
        for (scaled, bytes) in chunks {
            if self.chunks().is_filtered(scaled) {
                jobs.push(self.job(scaled.clone(), Change::Whole(bytes))?);
                if jobs.len() >= most {
                    self.run(&mut jobs)?;
                }
            } else {
                self.put_plain(scaled, bytes)?;
            }
        }
        self.run(&mut jobs)
    }
    /// The decoded bytes of a chunk; the fill value where it was never written.
    pub fn load(&self, scaled: &[u64], data: &mut Vec<u8>, scratch: &mut Vec<u8>) -> Result<()> {
        let size = self.chunk_bytes();
        match self.chunks().find(scaled)? {
            Some(chunk) => self.decode(&chunk, self.chunks().is_filtered(scaled), data, scratch),
            None => {
                data.resize(size, 0);
                self.fill(data);
                Ok(())
            }
        }
    }
    /// Repeats the fill value.
    pub fn fill(&self, out: &mut [u8]) {
        fill(&self.info.fill_to_write(), out);
    }
    fn decode(&self, chunk: &Chunk, filtered: bool, data: &mut Vec<u8>, scratch: &mut Vec<u8>) -> Result<()> {
        if let Some(kept) = self.cache.get(self.info.address, chunk.address) {
            data.clone_from(&kept);
            return Ok(());
        }
        if filtered {
            return self.chunks().decode_into(chunk, data, scratch).at(&HERE, chunk.address.raw());
        }
        data.resize(self.chunk_bytes(), 0);
        self.store.raw(chunk.address, data).at(&HERE, chunk.address.raw())
    }
    /// Bytes of a decoded chunk, checked when this was made.
    pub fn chunk_bytes(&self) -> usize {
        usize::try_from(self.grid.chunk_bytes).unwrap_or(usize::MAX)
    }
    /// Chunks that are encoded together: enough for all threads, within bounds.
    fn batch(&self) -> usize {
        #[cfg(feature = "parallel")]
        if self.parallel {
            let fit = BATCH_BYTES.checked_div(self.grid.chunk_bytes.max(1)).unwrap_or(1);
            return usize::try_from(fit)
                .unwrap_or(1)
                .clamp(1, rayon::current_num_threads().saturating_mul(4));
        }
        let _ = (self.parallel, BATCH_BYTES);
        1
    }
    /// Bytes of a chunk whose elements lie inside the dataset.
    fn inside(&self, scaled: &[u64]) -> u64 {
        let grid = &self.grid;
        let along = scaled.iter().zip(grid.chunk.iter().zip(&grid.dims));
        let along = along.map(|(s, (c, d))| d.saturating_sub(s.saturating_mul(*c)).min(*c));
        along.fold(grid.element_size, u64::saturating_mul)
    }
    fn job<'p>(&mut self, scaled: Vec<u64>, change: Change<'p>) -> Result<Job<'p>> {
        let old = self.chunks().find(&scaled)?;
        Ok(Job { scaled, old, change, buffers: self.spare.pop().unwrap_or_default(), mask: 0 })
    }
    /// Encodes the chunks of a batch, then stores them.
    fn run(&mut self, jobs: &mut Vec<Job<'_>>) -> Result<()> {
        let encode = |job: &mut Job<'_>| self.encode(job);
        #[cfg(feature = "parallel")]
        if self.parallel && jobs.len() > 1 {
            use rayon::prelude::*;
            jobs.par_iter_mut().try_for_each(encode)?;
        } else {
            jobs.iter_mut().try_for_each(encode)?;
        }
        #[cfg(not(feature = "parallel"))]
        jobs.iter_mut().try_for_each(encode)?;
        for job in jobs.drain(..) {
            self.place(&job.scaled, job.old, &job.buffers.0, job.mask)?;
            self.spare.push(job.buffers);
        }
        Ok(())
    }
    /// Makes the stored bytes of a chunk. Reads the file, and changes nothing of it.
    fn encode(&self, job: &mut Job<'_>) -> Result<()> {
        let (data, scratch) = (&mut job.buffers.0, &mut job.buffers.1);
        match &job.change {
            Change::Whole(bytes) => {
                data.clear();
                data.extend_from_slice(bytes);
            }
            Change::Patch(patch, part, source) => {
                let taken = if part.is_whole() { patch.taken() } else { 0 };
                match &job.old {
                    Some(old) if taken < self.inside(&job.scaled) => self.decode(old, true, data, scratch)?,
                    _ => {
                        data.resize(self.chunk_bytes(), 0);
                        if taken < self.grid.chunk_bytes {
                            self.fill(data);
                        }
                    }
                }
                patch.put(*part, source, data)?;
            }
        }
        job.mask = self.store.filters.encode(&self.info.filters, data, scratch)?;
        Ok(())
    }
    /// Stores the encoded bytes of a chunk in new space and frees the old.
    pub fn place(
        &mut self,
        scaled: &[u64],
        old: Option<Chunk>,
        bytes: &[u8],
        filter_mask: u32,
    ) -> Result<()> {
        let stored_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if stored_bytes == 0 {
            return Err(Error::unsupported("a chunk that its filters make empty"));
        }
        let address = self.store.allocate(stored_bytes, Class::Raw)?;
        self.store.write_raw(address, bytes)?;
        self.enter(scaled, Chunk { address, stored_bytes, filter_mask })?;
        old.map_or(Ok(()), |old| self.release(&old))
    }
    /// Frees the space of a chunk that the index does not name any more.
    pub fn release(&self, chunk: &Chunk) -> Result<()> {
        self.cache.forget(self.info.address, chunk.address);
        self.store.free_raw(chunk.address, chunk.stored_bytes)
    }
    /// Writes elements of a chunk without filters.
    fn write_plain(&mut self, scaled: &[u64], patch: &Patch, part: Part, data: &[u8]) -> Result<()> {
        if let Some(chunk) = self.chunks().find(scaled)? {
            self.check_plain(&chunk)?;
            return Target::InFile(self.store, chunk.address)
                .patch(patch, part, data)
                .at(&HERE, chunk.address.raw());
        }
        if part.is_whole() && patch.taken() == self.grid.chunk_bytes {
            let address = self.store.allocate(self.grid.chunk_bytes, Class::Raw)?;
            Target::InFile(self.store, address).patch(patch, part, data)?;
            return self.set_plain(scaled, address);
        }
        let (mut bytes, scratch) = self.spare.pop().unwrap_or_default();
        bytes.resize(self.chunk_bytes(), 0);
        self.fill(&mut bytes);
        patch.put(part, data, &mut bytes)?;
        self.put_plain(scaled, &bytes)?;
        self.spare.push((bytes, scratch));
        Ok(())
    }
    /// Stores a whole chunk without filters.
    pub fn put_plain(&mut self, scaled: &[u64], bytes: &[u8]) -> Result<()> {
        if let Some(chunk) = self.chunks().find(scaled)? {
            self.check_plain(&chunk)?;
            self.cache.forget(self.info.address, chunk.address);
            return self.store.write_raw(chunk.address, bytes);
        }
        let address = self.store.allocate(self.grid.chunk_bytes, Class::Raw)?;
        self.store.write_raw(address, bytes)?;
        self.set_plain(scaled, address)
    }
    fn set_plain(&mut self, scaled: &[u64], address: crate::wire::Addr) -> Result<()> {
        self.enter(scaled, Chunk { address, stored_bytes: self.grid.chunk_bytes, filter_mask: 0 })
    }
    /// Tells the index where a chunk is; the first one makes the index.
    fn enter(&mut self, scaled: &[u64], chunk: Chunk) -> Result<()> {
        // Readers may have kept what lay there before.
        self.cache.forget(self.info.address, chunk.address);
        self.index.set(self.store, &self.grid, scaled, chunk)
    }
    /// A chunk that is written in place must be as large as its elements.
    fn check_plain(&self, chunk: &Chunk) -> Result<()> {
        if chunk.stored_bytes != self.grid.chunk_bytes {
            let e =
                HERE.mismatch("bytes of a chunk without filters", chunk.stored_bytes, self.grid.chunk_bytes);
            return Err(e.within(&HERE, Some(chunk.address.raw())));
        }
        Ok(())
    }
    /// All chunks of an implicit index, with the fill value.
    pub fn allocate_implicit(&mut self) -> Result<()> {
        let mut bytes = self.grid.chunk_bytes;
        for (max, chunk) in self.grid.max_dims.iter().zip(&self.grid.chunk) {
            let max = max.ok_or_else(|| HERE.damaged("an implicit index with an unlimited dimension"))?;
            let more = bytes.checked_mul(max.div_ceil((*chunk).max(1)));
            bytes = more.ok_or_else(|| Error::limit("chunks of more than 2^64 bytes"))?;
        }
        if bytes == 0 {
            return Ok(());
        }
        let address = self.store.allocate(bytes, Class::Raw)?;
        Target::InFile(self.store, address).fill(&self.info.fill_to_write(), bytes)?;
        self.index = ChunkIndex::Implicit { address };
        Ok(())
    }
}
