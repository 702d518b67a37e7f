//! A buffer for many small writes to one chunked dataset: chunks are kept decoded, and encoded once they are full.
//!
//! An append of one row costs a copy in memory until a chunk is full. Full chunks are encoded by other threads
//! while the caller goes on; the file is changed by the caller's thread alone. What is buffered is in no file
//! before [`AppendBuffer::flush`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::reader::Reader;
use super::selection::Selection;
use super::write::chunks::ChunkWriter;
use super::write::patch::{Extent, Part, Patch, Plan};
use super::write::{Changed, Writer, resize, with_index};
use crate::error::{Error, Result};
use crate::format::message::layout::{EDGES_UNFILTERED, LayoutClass};
use crate::format::selection::Span;
use crate::model::dataset::DatasetInfo;
use crate::store::index::{ChunkIndex, Grid};
use crate::wire::Length;

/// The most that a buffer takes by default: 256 MiB.
pub const MAX_DEFAULT_BYTES: u64 = 256 << 20;

/// A decoded chunk.
struct Kept {
    data: Vec<u8>,
    /// Whether the file does not have it yet.
    dirty: bool,
    /// When it was last changed.
    used: u64,
}

/// What a thread made of a chunk: its stored bytes and filter mask.
type Encoded = (Vec<u64>, Result<(Vec<u8>, u32)>);

/// Chunks of one dataset that change often.
///
/// While there is a buffer, all reads and writes of the dataset go through it. Its methods take a [`Writer`] for
/// the file, whose `info` is not looked at: the buffer has its own.
pub struct AppendBuffer {
    info: DatasetInfo,
    grid: Grid,
    /// The dimensions that the header has.
    stored_dims: Vec<u64>,
    layout_changed: bool,
    /// Whether more was done since the last flush than to add rows.
    overwritten: bool,
    limit_bytes: u64,
    kept: BTreeMap<Vec<u64>, Kept>,
    /// Chunks that are being encoded, decoded.
    pending: BTreeMap<Vec<u64>, Arc<Vec<u8>>>,
    results: (Sender<Encoded>, Receiver<Encoded>),
    clock: u64,
    spare: Vec<Vec<u8>>,
}

impl AppendBuffer {
    /// A buffer for a chunked dataset that holds at most `limit_bytes` bytes of decoded chunks, and as much again
    /// while they are encoded.
    ///
    /// By default that is enough for two bands of chunks across the dimensions that cannot grow, at least two
    /// chunks and at most [`MAX_DEFAULT_BYTES`]. A buffer that does not hold one band decodes and encodes chunks
    /// again with every row: then choose larger or other chunks.
    pub fn new(info: DatasetInfo, limit_bytes: Option<u64>) -> Result<Self> {
        let Some((grid, _)) = info.grid()? else {
            return Err(Error::usage("only datasets in chunks are appended to through a buffer"));
        };
        let limit_bytes = limit_bytes.unwrap_or_else(|| default_bytes(&grid));
        Ok(AppendBuffer {
            stored_dims: info.dims(),
            layout_changed: false,
            overwritten: false,
            info,
            grid,
            limit_bytes,
            kept: BTreeMap::new(),
            pending: BTreeMap::new(),
            results: channel(),
            clock: 0,
            spare: Vec::new(),
        })
    }
    /// The dataset as a flush would leave it, but for chunks that are not in the file yet.
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }
    /// Whether more was done since the last flush than to add rows.
    pub fn is_overwritten(&self) -> bool {
        self.overwritten
    }
    /// Whether the file lacks something.
    pub fn is_dirty(&self) -> bool {
        self.layout_changed
            || self.grid.dims != self.stored_dims
            || !self.pending.is_empty()
            || self.kept.values().any(|k| k.dirty)
    }
    /// Makes the dataset longer along `axis` and writes `data` there: whole rows, in row-major order.
    pub fn append(&mut self, to: &Writer<'_>, axis: usize, data: &[u8]) -> Result<()> {
        let Some(dim) = self.grid.dims.get(axis).copied() else {
            return Err(Error::usage(format!("axis {axis} of a dataset of rank {}", self.grid.dims.len())));
        };
        let element = self.grid.element_size;
        let others = self.grid.dims.iter().enumerate().filter(|(d, _)| *d != axis);
        let row = others.fold(element, |n, (_, d)| n.saturating_mul(*d));
        let bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
        let Some(0) = bytes.checked_rem(row) else {
            return Err(Error::usage(format!("{bytes} bytes are no whole rows of {row} bytes")));
        };
        let rows = bytes.checked_div(row).unwrap_or(0);
        let end =
            dim.checked_add(rows).ok_or_else(|| Error::limit("a dimension of more than 2^64 elements"))?;
        if rows == 0 || self.append_in_chunk(axis, (dim, end), row, data) {
            return Ok(());
        }
        let mut dims = self.grid.dims.clone();
        if let Some(d) = dims.get_mut(axis) {
            *d = end;
        }
        resize::check(&self.grid.dims, &dims, &self.grid.max_dims)?;
        self.grow(to, &dims)?;
        let spans = dims.iter().enumerate().map(|(d, n)| match d == axis {
            true => Span::range(dim, rows),
            false => Span::range(0, *n),
        });
        let selection = Selection::Slab(spans.collect());
        self.change(to, &selection, Part::whole(self.info.datatype.bytes()), (data, Some(axis)))
    }
    /// The short way for rows that follow each other in a chunk that is kept and stays unfinished.
    fn append_in_chunk(&mut self, axis: usize, (dim, end): (u64, u64), row: u64, data: &[u8]) -> bool {
        let grid = &self.grid;
        let Some(length) = grid.chunk.first().copied().filter(|_| axis == 0) else { return false };
        let number = dim.checked_div(length).unwrap_or(0);
        let first = number.saturating_mul(length);
        let whole_rows = grid.chunk.get(1..) == grid.dims.get(1..);
        let most = grid.max_dims.first().copied().flatten().unwrap_or(u64::MAX);
        if !whole_rows || end >= first.saturating_add(length) || end >= most {
            return false;
        }
        let mut key = [0u64; 32];
        if let Some(k) = key.first_mut() {
            *k = number;
        }
        let Some(kept) = key.get(..grid.chunk.len()).and_then(|key| self.kept.get_mut(key)) else {
            return false;
        };
        let at = usize::try_from(dim.saturating_sub(first).saturating_mul(row)).unwrap_or(usize::MAX);
        let Some(place) = kept.data.get_mut(at..).and_then(|d| d.get_mut(..data.len())) else { return false };
        place.copy_from_slice(data);
        kept.dirty = true;
        if let (Some(dim), Some(stored)) = (self.grid.dims.first_mut(), self.info.space.dims.first_mut()) {
            *dim = end;
            *stored = Length(end);
        }
        true
    }
    /// Writes selected elements (or the writer's field of them).
    pub fn write(&mut self, to: &Writer<'_>, selection: &Selection, data: &[u8]) -> Result<()> {
        self.overwritten = true;
        let part = Writer { info: &self.info, ..*to }.part()?;
        let elements = selection.elements(&self.grid.dims)?;
        let bytes = elements.checked_mul(u64::try_from(part.size).unwrap_or(u64::MAX));
        if bytes != u64::try_from(data.len()).ok() {
            return Err(Error::usage(format!(
                "{} bytes for {elements} elements of {}",
                data.len(),
                part.size
            )));
        }
        selection.spans(&self.grid.dims)?;
        self.change(to, selection, part, (data, None))
    }
    /// Reads selected elements, those in the buffer among them; the reader's `info` and `dims` are not looked at.
    pub fn read(&self, from: &Reader<'_>, selection: &Selection, out: &mut [u8]) -> Result<()> {
        let dims = &self.grid.dims;
        Reader { info: &self.info, dims, ..*from }.read(selection, out)?;
        if out.is_empty() || (self.pending.is_empty() && self.kept.values().all(|k| !k.dirty)) {
            return Ok(());
        }
        let extent = Extent { dims, block: &self.grid.chunk, element: self.grid.element_size };
        for (scaled, patch) in Plan::new(selection, extent)? {
            let pending = || self.pending.get(&scaled).map(|p| p.as_slice());
            if let Some(bytes) = self.kept.get(&scaled).map(|k| k.data.as_slice()).or_else(pending) {
                patch.take(bytes, out)?;
            }
        }
        Ok(())
    }
    /// Gives the dataset other dimensions, after a flush.
    pub fn resize(&mut self, to: &Writer<'_>, dims: &[u64]) -> Result<()> {
        resize::check(&self.grid.dims, dims, &self.grid.max_dims)?;
        self.overwritten = true;
        self.store_all(to)?;
        self.kept.clear();
        self.with_chunks(to, |chunks| chunks.resize(dims))?;
        self.set_dims(dims);
        Ok(())
    }
    /// Stores all that is dirty; says what the dataset's header has to say anew.
    pub fn flush(&mut self, to: &Writer<'_>) -> Result<Changed> {
        self.store_all(to)?;
        let layout = std::mem::take(&mut self.layout_changed).then(|| self.info.layout.class.clone());
        let dims = (self.grid.dims != self.stored_dims).then(|| self.grid.dims.clone());
        self.stored_dims.clone_from(&self.grid.dims);
        self.overwritten = false;
        Ok(Changed { layout, dims })
    }
    fn store_all(&mut self, to: &Writer<'_>) -> Result<()> {
        self.settle(to, 0)?;
        let kept = std::mem::take(&mut self.kept);
        let dirty = kept.iter().filter(|(_, k)| k.dirty).map(|(scaled, k)| (scaled, k.data.as_slice()));
        self.with_chunks(to, |chunks| chunks.put(dirty))?;
        self.kept = kept;
        self.kept.values_mut().for_each(|k| k.dirty = false);
        Ok(())
    }
    fn set_dims(&mut self, dims: &[u64]) {
        Changed { layout: None, dims: Some(dims.to_vec()) }.apply(&mut self.info);
        self.grid.dims = dims.to_vec();
    }
    /// Larger dimensions; the chunks in the file follow only where the rules of the dataset ask for it.
    fn grow(&mut self, to: &Writer<'_>, dims: &[u64]) -> Result<()> {
        if let LayoutClass::Chunked(chunked) = &self.info.layout.class {
            let implicit = matches!(ChunkIndex::from(chunked), ChunkIndex::Implicit { .. });
            if chunked.flags & EDGES_UNFILTERED != 0 || self.info.early || implicit {
                self.settle(to, 0)?;
                self.with_chunks(to, |chunks| chunks.resize(dims))?;
            }
        }
        self.set_dims(dims);
        Ok(())
    }
    /// Changes the file's chunks, and keeps what becomes of their index.
    fn with_chunks<T>(
        &mut self,
        to: &Writer<'_>,
        f: impl FnOnce(&mut ChunkWriter<'_>) -> Result<T>,
    ) -> Result<T> {
        let writer = Writer { info: &self.info, field: None, ..*to };
        let mut chunks = ChunkWriter::new(&writer)?;
        let done = f(&mut chunks)?;
        let index = chunks.index;
        let layout = match &self.info.layout.class {
            LayoutClass::Chunked(chunked) => with_index(chunked, &index),
            _ => None,
        };
        if let Some(layout) = layout {
            self.info.layout.class = layout;
            self.layout_changed = true;
        }
        Ok(done)
    }
    /// Changes elements of kept chunks; those that an append along an axis completes are handed on.
    fn change(
        &mut self,
        to: &Writer<'_>,
        selection: &Selection,
        part: Part,
        (data, axis): (&[u8], Option<usize>),
    ) -> Result<()> {
        let (dims, block) = (self.grid.dims.clone(), self.grid.chunk.clone());
        for (scaled, patch) in
            Plan::new(selection, Extent { dims: &dims, block: &block, element: self.grid.element_size })?
        {
            if !self.kept.contains_key(&scaled) {
                let loaded = self.load(to, &scaled, &patch, part)?;
                self.kept.insert(scaled.clone(), loaded);
            }
            self.clock = self.clock.saturating_add(1);
            if let Some(kept) = self.kept.get_mut(&scaled) {
                patch.put(part, data, &mut kept.data)?;
                kept.dirty = true;
                kept.used = self.clock;
            }
            let complete = axis.is_some_and(|a| {
                let end =
                    scaled.get(a).zip(block.get(a)).map(|(s, c)| s.saturating_add(1).saturating_mul(*c));
                end.zip(dims.get(a)).is_some_and(|(end, dim)| end <= *dim)
            });
            if complete {
                self.hand_on(to, &scaled)?;
            }
            self.make_room(to)?;
        }
        Ok(())
    }
    /// A chunk as it is now.
    fn load(&mut self, to: &Writer<'_>, scaled: &[u64], patch: &Patch, part: Part) -> Result<Kept> {
        let mut data = self.spare.pop().unwrap_or_default();
        let pending = self.pending.get(scaled).cloned();
        let whole = part.is_whole() && patch.taken() == self.grid.chunk_bytes;
        let (dirty, used) = (false, self.clock);
        match pending {
            Some(pending) => data.clone_from(&pending),
            None => self.with_chunks(to, |chunks| {
                if whole {
                    data.resize(chunks.chunk_bytes(), 0);
                    return Ok(());
                }
                chunks.load(scaled, &mut data, &mut Vec::new())
            })?,
        }
        Ok(Kept { data, dirty, used })
    }
    /// Hands chunks on, those that did not change for the longest time first, while there are too many.
    fn make_room(&mut self, to: &Writer<'_>) -> Result<()> {
        let bytes = self.grid.chunk_bytes.max(1);
        while bytes.saturating_mul(u64::try_from(self.kept.len()).unwrap_or(u64::MAX))
            > self.limit_bytes.max(bytes)
        {
            let oldest = self.kept.iter().min_by_key(|(_, k)| k.used).map(|(scaled, _)| scaled.clone());
            let Some(oldest) = oldest else { break };
            self.hand_on(to, &oldest)?;
        }
        Ok(())
    }
    /// Takes a chunk out of the buffer: to be encoded by another thread where that helps.
    fn hand_on(&mut self, to: &Writer<'_>, scaled: &[u64]) -> Result<()> {
        let Some(Kept { data, dirty: true, .. }) = self.kept.remove(scaled) else { return Ok(()) };
        if self.pending.contains_key(scaled) {
            self.settle(to, 0)?;
        }
        #[cfg(feature = "parallel")]
        {
            let filtered = self.with_chunks(to, |chunks| Ok(chunks.chunks().is_filtered(scaled)))?;
            // A thread of the pool that waits for the pool might wait for ever.
            if filtered && to.parallel && rayon::current_thread_index().is_none() {
                self.encode_aside(to, scaled.to_vec(), data);
                let room = self.limit_bytes.checked_div(self.grid.chunk_bytes.max(1)).unwrap_or(1);
                let room = usize::try_from(room).unwrap_or(usize::MAX);
                return self.settle(to, room.min(rayon::current_num_threads().saturating_mul(2)));
            }
        }
        let scaled = scaled.to_vec();
        self.with_chunks(to, |chunks| chunks.put(std::iter::once((&scaled, data.as_slice()))))?;
        self.spare.push(data);
        self.spare.truncate(2);
        Ok(())
    }
    #[cfg(feature = "parallel")]
    fn encode_aside(&mut self, to: &Writer<'_>, scaled: Vec<u64>, data: Vec<u8>) {
        let data = Arc::new(data);
        self.pending.insert(scaled.clone(), data.clone());
        let (filters, stages) = (to.container.store.filters.clone(), self.info.filters.clone());
        let results = self.results.0.clone();
        rayon::spawn(move || {
            let encode = || {
                let mut bytes = data.as_ref().clone();
                let mask = filters.encode(&stages, &mut bytes, &mut Vec::new())?;
                Ok((bytes, mask))
            };
            // A filter of the user's own may panic: that must not end the process from another thread.
            let encoded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(encode));
            let encoded = encoded.unwrap_or_else(|_| Err(Error::unsupported("a filter that panics")));
            drop(data);
            // The buffer may be gone by now; then nobody waits.
            let _ = results.send((scaled, encoded));
        });
    }
    /// Stores encoded chunks: those that are ready, and others until at most `most` are under way.
    fn settle(&mut self, to: &Writer<'_>, most: usize) -> Result<()> {
        while !self.pending.is_empty() {
            let next = match self.pending.len() > most {
                true => self.results.1.recv().ok(),
                false => self.results.1.try_recv().ok(),
            };
            let Some((scaled, encoded)) = next else { break };
            let data = self.pending.remove(&scaled);
            let (bytes, mask) = encoded?;
            self.with_chunks(to, |chunks| {
                let old = chunks.chunks().find(&scaled)?;
                chunks.place(&scaled, old, &bytes, mask)
            })?;
            if let Some(data) = data.and_then(|d| Arc::try_unwrap(d).ok()).filter(|_| self.spare.len() < 2) {
                self.spare.push(data);
            }
        }
        Ok(())
    }
}

fn default_bytes(grid: &Grid) -> u64 {
    let counts: Vec<u64> =
        grid.dims.iter().zip(&grid.chunk).map(|(d, c)| d.div_ceil((*c).max(1)).max(1)).collect();
    let growing = grid.max_dims.iter().zip(&grid.dims).map(|(max, dim)| max.is_none_or(|max| max > *dim));
    let bands = growing.enumerate().filter(|(_, grows)| *grows).map(|(axis, _)| {
        let others = counts.iter().enumerate().filter(|(d, _)| *d != axis);
        others.fold(1u64, |n, (_, count)| n.saturating_mul(*count))
    });
    let chunks = bands.max().unwrap_or(1).saturating_mul(2);
    let least = grid.chunk_bytes.saturating_mul(2);
    grid.chunk_bytes.saturating_mul(chunks).min(MAX_DEFAULT_BYTES).max(least)
}
