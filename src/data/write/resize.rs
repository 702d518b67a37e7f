//! Other dimensions: chunks outside are freed, what lies outside within other chunks becomes the fill value again.

use std::ops::Range;

use super::chunks::ChunkWriter;
use super::linear::Target;
use super::patch::each_in;
use super::{Changed, Writer, with_index};
use crate::data::walk::{Block, Walk};
use crate::error::{At, Error, Result};
use crate::format::message::layout::{EDGES_UNFILTERED, LayoutClass};
use crate::format::selection::Span;
use crate::store::index::{Chunk, ChunkIndex, Grid};

impl Writer<'_> {
    /// Gives the dataset other dimensions, each at most its maximum.
    ///
    /// Elements that come back when a dataset is made smaller and then larger again hold the fill value.
    pub fn resize(&self, dims: &[u64]) -> Result<Changed> {
        let old = self.info.dims();
        check(&old, dims, &self.info.max_dims())?;
        if old == dims {
            return Ok(Changed::default());
        }
        let changed = Some(dims.to_vec());
        match &self.info.layout.class {
            LayoutClass::Chunked(chunked) => {
                let mut writer = ChunkWriter::new(self)?;
                writer.resize(dims)?;
                Ok(Changed { layout: with_index(chunked, &writer.index), dims: changed })
            }
            LayoutClass::Contiguous { .. } if !self.info.external.is_empty() => self.resize_external(dims),
            LayoutClass::Virtual { .. } => Ok(Changed { layout: None, dims: changed }),
            _ => Err(Error::usage("only a dataset in chunks or in external files can be resized")),
        }
    }
    /// External files have room for so many elements; their bytes stay as they are.
    fn resize_external(&self, dims: &[u64]) -> Result<Changed> {
        let element = u64::from(self.info.datatype.size);
        let bytes = dims.iter().try_fold(element, |n, d| n.checked_mul(*d));
        let room = self.info.external.iter().try_fold(0u64, |n, p| n.checked_add(p.bytes?));
        if bytes.is_none_or(|bytes| room.is_some_and(|room| bytes > room)) {
            return Err(Error::usage(format!("{dims:?} elements do not fit into the external files")));
        }
        Ok(Changed { layout: None, dims: Some(dims.to_vec()) })
    }
}

/// Checks new dimensions.
pub fn check(old: &[u64], new: &[u64], max: &[Option<u64>]) -> Result<()> {
    if new.len() != old.len() {
        return Err(Error::usage(format!("{} dimensions for a dataset of {}", new.len(), old.len())));
    }
    for (dim, max) in new.iter().zip(max) {
        if let Some(max) = max
            && dim > max
        {
            return Err(Error::usage(format!("a dimension of {dim} elements, at most {max}")));
        }
        if *dim == u64::MAX {
            return Err(Error::usage("a dimension without end"));
        }
    }
    Ok(())
}

/// Chunks along each dimension.
fn counts(dims: &[u64], chunk: &[u64]) -> Vec<u64> {
    dims.iter().zip(chunk).map(|(d, c)| d.div_ceil((*c).max(1))).collect()
}

/// Boxes without common points that make up `outer` without `0..inner`.
fn beyond(inner: &[u64], outer: &[Range<u64>]) -> Vec<Vec<Range<u64>>> {
    let mut out = Vec::new();
    let mut core: Vec<Range<u64>> = outer.to_vec();
    for (d, limit) in inner.iter().enumerate() {
        let mut part = core.clone();
        if let (Some(part), Some(core)) = (part.get_mut(d), core.get_mut(d)) {
            let cut = (*limit).clamp(core.start, core.end.max(core.start));
            part.start = cut;
            core.end = cut;
        }
        if part.iter().all(|r| r.start < r.end) {
            out.push(part);
        }
    }
    out
}

/// A chunk against the old and the new dimensions.
struct Fate {
    /// No element of it is left.
    outside: bool,
    /// It loses elements.
    cut: bool,
    /// Whether it reaches beyond the dimensions: before and now.
    partial: (bool, bool),
}

fn fate(scaled: &[u64], old: &Grid, new: &[u64]) -> Fate {
    let mut fate = Fate { outside: false, cut: false, partial: (false, false) };
    for (s, (c, (old, new))) in scaled.iter().zip(old.chunk.iter().zip(old.dims.iter().zip(new))) {
        let (start, end) = (s.saturating_mul(*c), s.saturating_add(1).saturating_mul(*c));
        fate.outside |= start >= *new;
        fate.cut |= end > *new && *old > *new;
        fate.partial.0 |= end > *old;
        fate.partial.1 |= end > *new;
    }
    fate
}

impl ChunkWriter<'_> {
    /// Brings the chunks from the dimensions of the grid to others.
    pub fn resize(&mut self, dims: &[u64]) -> Result<()> {
        let old = self.grid.dims.clone();
        let shrinks = old.iter().zip(dims).any(|(o, n)| n < o);
        let edges = self.flags & EDGES_UNFILTERED != 0 && !self.info.filters.is_empty();
        let mut changing = Vec::new();
        if shrinks {
            let index = self.index;
            let grid = &self.grid;
            index.each(self.store, grid, &mut |scaled, chunk| {
                // An index without holes also has the chunks beyond the dimensions: they hold the fill value.
                let known = !matches!(index, ChunkIndex::Implicit { .. })
                    || !scaled.iter().zip(counts(&grid.dims, &grid.chunk)).any(|(s, n)| *s >= n);
                let fate = fate(scaled, grid, dims);
                let other = edges && fate.partial.0 != fate.partial.1;
                if known && (fate.outside || fate.cut || other) {
                    changing.push((scaled.to_vec(), chunk, fate));
                }
                Ok(())
            })?;
        } else if edges {
            changing = self.completed(dims)?;
        }
        for (scaled, chunk, fate) in changing {
            match fate.outside {
                true => self.drop_chunk(&scaled, &chunk)?,
                false => self.rewrite(&scaled, &chunk, dims)?,
            }
        }
        self.grid.dims = dims.to_vec();
        if self.info.early || matches!(self.index, ChunkIndex::Implicit { .. }) {
            self.allocate_beyond(&old)?;
        }
        Ok(())
    }
    /// Chunks at the edge that a larger dataset has inside: they were stored without filters, and now are not.
    fn completed(&self, dims: &[u64]) -> Result<Vec<(Vec<u64>, Chunk, Fate)>> {
        let grid = &self.grid;
        let whole: Vec<u64> =
            grid.dims.iter().zip(&grid.chunk).map(|(d, c)| d.checked_div(*c).unwrap_or(0)).collect();
        let crossed = grid.dims.iter().zip(&grid.chunk).zip(&whole).zip(dims).any(|(((d, c), w), new)| {
            w.saturating_mul(*c) < *d && w.saturating_add(1).saturating_mul(*c) <= *new
        });
        let mut found = Vec::new();
        if !crossed {
            return Ok(found);
        }
        let all: Vec<Range<u64>> = counts(&grid.dims, &grid.chunk).into_iter().map(|n| 0..n).collect();
        for edge in beyond(&whole, &all) {
            each_in(&edge, &mut |scaled| {
                let fate = fate(scaled, grid, dims);
                if fate.partial.0 != fate.partial.1
                    && let Some(chunk) = self.chunks().find(scaled)?
                {
                    found.push((scaled.to_vec(), chunk, fate));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
    /// Gives up a chunk with all its elements.
    fn drop_chunk(&mut self, scaled: &[u64], chunk: &Chunk) -> Result<()> {
        if matches!(self.index, ChunkIndex::Implicit { .. }) {
            let mut target = Target::InFile(self.store, chunk.address);
            return target.fill(&self.info.fill_to_write(), self.grid.chunk_bytes);
        }
        match self.index.remove(self.store, &self.grid, scaled)? {
            Some(removed) if removed.address.is_defined() => self.release(&removed),
            _ => Ok(()),
        }
    }
    /// Resets what of a chunk lies beyond `dims`, and stores it as its new place asks for.
    fn rewrite(&mut self, scaled: &[u64], chunk: &Chunk, dims: &[u64]) -> Result<()> {
        let (mut data, mut scratch) = (Vec::new(), Vec::new());
        self.load(scaled, &mut data, &mut scratch).at(&crate::data::chunks::HERE, chunk.address.raw())?;
        self.reset(scaled, dims, &mut data)?;
        let filtered = self.chunks().is_filtered(scaled);
        let old = std::mem::replace(&mut self.grid.dims, dims.to_vec());
        let done = match (filtered, self.chunks().is_filtered(scaled)) {
            (false, false) => self.put_plain(scaled, &data),
            (_, true) => {
                let mask = self.store.filters.encode(&self.info.filters, &mut data, &mut scratch)?;
                self.place(scaled, Some(*chunk), &data, mask)
            }
            (true, false) => self.place(scaled, Some(*chunk), &data, 0),
        };
        self.grid.dims = old;
        done
    }
    /// Puts the fill value on all elements of a chunk beyond `dims`.
    fn reset(&self, scaled: &[u64], dims: &[u64], data: &mut [u8]) -> Result<()> {
        let grid = &self.grid;
        let origin: Vec<u64> = scaled.iter().zip(&grid.chunk).map(|(s, c)| s.saturating_mul(*c)).collect();
        let all: Vec<Range<u64>> =
            origin.iter().zip(&grid.chunk).map(|(o, c)| *o..o.saturating_add(*c)).collect();
        for part in beyond(dims, &all) {
            // Of the chunk as of an output: what is selected of it becomes the fill value.
            let spans: Vec<Span> =
                part.iter().map(|r| Span::range(r.start, r.end.saturating_sub(r.start))).collect();
            let output: Vec<u64> = spans.iter().map(|s| s.block).collect();
            let (shape, element) = (&grid.chunk, grid.element_size);
            let walk = Walk::new(Block { origin: &origin, shape, spans: &spans, output: &output, element });
            let Some(walk) = walk else { continue };
            walk.each(&mut |at, _, len| {
                let range = usize::try_from(at).ok().zip(usize::try_from(at.saturating_add(len)).ok());
                let place = range.and_then(|(from, to)| data.get_mut(from..to));
                self.fill(place.ok_or_else(|| Error::damaged("a chunk is shorter than its shape"))?);
                Ok(())
            })?;
        }
        Ok(())
    }
    /// Allocates every chunk of the dataset that does not lie inside `old`, with the fill value.
    pub fn allocate_beyond(&mut self, old: &[u64]) -> Result<()> {
        if matches!(self.index, ChunkIndex::Implicit { .. }) {
            return match self.chunks().find(&vec![0; old.len()])? {
                None if !self.grid.dims.contains(&0) => self.allocate_implicit(),
                _ => Ok(()),
            };
        }
        let all: Vec<Range<u64>> =
            counts(&self.grid.dims, &self.grid.chunk).into_iter().map(|n| 0..n).collect();
        if all.iter().any(Range::is_empty) {
            return Ok(());
        }
        let mut plain = vec![0; self.chunk_bytes()];
        self.fill(&mut plain);
        let mut encoded: Option<(Vec<u8>, u32)> = None;
        for part in beyond(&counts(old, &self.grid.chunk), &all) {
            each_in(&part, &mut |scaled| {
                if self.chunks().find(scaled)?.is_some() {
                    return Ok(());
                }
                if !self.chunks().is_filtered(scaled) {
                    return self.put_plain(scaled, &plain);
                }
                if encoded.is_none() {
                    let (mut data, mut scratch) = (plain.clone(), Vec::new());
                    let mask = self.store.filters.encode(&self.info.filters, &mut data, &mut scratch)?;
                    encoded = Some((data, mask));
                }
                encoded.as_ref().map_or(Ok(()), |(bytes, mask)| self.place(scaled, None, bytes, *mask))
            })?;
        }
        Ok(())
    }
}
