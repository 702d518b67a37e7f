//! Reading a selection of any dataset, as elements of its own datatype.

use super::chunks::{Chunks, HERE};
use super::linear::Linear;
use super::selection::Selection;
use super::reader::Reader;
use super::virtual_data;
use super::walk::{Block, Walk, fill};
use crate::error::{At, Error, Result};
use crate::format::message::layout::{self, LayoutClass};
use crate::format::selection::Span;
use crate::model::dataset::DatasetInfo;
use crate::store::index::{Chunk, ChunkIndex, Grid};
use crate::store::open::Container;

impl Reader<'_> {
    /// Reads the selected elements into `out`, which holds exactly them.
    pub fn read(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        let element = u64::from(self.info.datatype.size);
        let bytes = selection.elements(self.dims)?.checked_mul(element);
        if bytes != u64::try_from(out.len()).ok() {
            return Err(Error::usage(format!("{} bytes of output for {bytes:?} selected", out.len())));
        }
        if out.is_empty() {
            return selection.spans(self.dims).map(|_| ());
        }
        match selection.spans(self.dims)? {
            Some(spans) => self.read_slab(&spans, out),
            None => self.read_scattered(selection, out),
        }
    }
    fn read_scattered(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        let element = self.info.datatype.bytes();
        if let Selection::Points { rank, coordinates } = selection {
            for (point, out) in coordinates.chunks_exact((*rank).max(1)).zip(out.chunks_exact_mut(element.max(1))) {
                let spans: Vec<Span> = point.iter().map(|c| Span::range(*c, 1)).collect();
                self.read_slab(&spans, out)?;
            }
            return Ok(());
        }
        // Boxes come in row-major order of their elements: read each, then merge by coordinate.
        let mut order: Vec<(Vec<u64>, Vec<u8>)> = Vec::new();
        for spans in selection.boxes() {
            let points = virtual_data::coordinates(&spans, &self.container.store.limits)?;
            let mut data = vec![0; points.len().saturating_mul(element)];
            self.read_slab(&spans, &mut data)?;
            order.extend(points.into_iter().zip(data.chunks_exact(element.max(1)).map(<[u8]>::to_vec)));
        }
        order.sort();
        for (place, (_, data)) in out.chunks_exact_mut(element.max(1)).zip(order) {
            place.copy_from_slice(&data);
        }
        Ok(())
    }
    /// Reads a regular hyperslab.
    pub fn read_slab(&self, spans: &[Span], out: &mut [u8]) -> Result<()> {
        let output = spans.iter().map(Span::elements).collect::<Result<Vec<_>>>()?;
        match &self.info.layout.class {
            LayoutClass::Chunked(_) => self.read_chunked(spans, &output, out),
            LayoutClass::Virtual { collection, index } => {
                fill(self.info.fill_element().unwrap_or_default(), out);
                virtual_data::read(self, (*collection, *index), spans, &output, out)
            }
            LayoutClass::Compact(data) => {
                let read = self.read_linear(&Linear::Bytes(data), spans, &output, out);
                read.map_err(|e| e.within(&layout::HERE, None))
            }
            LayoutClass::Contiguous { .. } if !self.info.external.is_empty() => {
                self.read_linear(&self.external()?, spans, &output, out)
            }
            LayoutClass::Contiguous { address, .. } => {
                if !address.is_defined() {
                    fill(self.info.fill_element().unwrap_or_default(), out);
                    return Ok(());
                }
                let linear = Linear::InFile(&self.container.store, *address);
                self.read_linear(&linear, spans, &output, out).at(&HERE_DATA, address.raw())
            }
        }
    }
    fn external(&self) -> Result<Linear<'_>> {
        let mut parts = Vec::new();
        for part in &self.info.external {
            let Some(source) = self.opener.raw_file(&part.file)? else {
                let name = String::from_utf8_lossy(&part.file).into_owned();
                return Err(Error::usage(format!("the external file {name} is not there")));
            };
            parts.push((source, part.clone()));
        }
        Ok(Linear::External(parts))
    }
    fn read_linear(&self, linear: &Linear<'_>, spans: &[Span], output: &[u64], out: &mut [u8]) -> Result<()> {
        let origin = vec![0; self.dims.len()];
        let element = u64::from(self.info.datatype.size);
        let total = self.dims.iter().try_fold(element, |n, d| n.checked_mul(*d));
        let total = total.ok_or_else(|| Error::limit("a dataset of more than 2^64 bytes"))?;
        linear.copy(Block { origin: &origin, shape: self.dims, spans, output, element }, total, out)
    }
    fn read_chunked(&self, spans: &[Span], output: &[u64], out: &mut [u8]) -> Result<()> {
        let Some((grid, chunked)) = self.info.grid()? else { return Err(HERE.damaged("no chunked layout")) };
        let index = ChunkIndex::from(chunked);
        let chunks = Chunks {
            store: &self.container.store,
            info: self.info,
            grid: &grid,
            index: &index,
            cache: self.cache,
            flags: chunked.flags,
        };
        Slab { chunks, grid: &grid, spans, output, parallel: self.parallel }.read(out)
    }
}

/// Chunks of at most this many bytes are fetched whole from a source that has only some of its bytes.
const SMALL_CHUNK_BYTES: u64 = 256 << 10;
const HERE_DATA: crate::error::Structure = crate::error::Structure::new("contiguous data", "IV.A.2.i");

/// A hyperslab of a chunked dataset.
struct Slab<'a> {
    chunks: Chunks<'a>,
    grid: &'a Grid,
    spans: &'a [Span],
    output: &'a [u64],
    parallel: bool,
}

/// Chunks with the same place along the slowest dimension, and their part of the output.
struct Band<'o> {
    first: u64,
    spans: Vec<Span>,
    output: Vec<u64>,
    out: &'o mut [u8],
}

impl Slab<'_> {
    fn read(&self, out: &mut [u8]) -> Result<()> {
        let bands = self.bands(out)?;
        if self.chunks.store.is_partial() {
            self.prepare(&bands)?;
        }
        #[cfg(feature = "parallel")]
        if self.parallel && !self.chunks.info.filters.is_empty() {
            use rayon::prelude::*;
            if let [_] = bands.as_slice() {
                self.decode_ahead(&bands)?;
            }
            return bands.into_par_iter().try_for_each(|band| self.read_band(band));
        }
        let _ = self.parallel;
        bands.into_iter().try_for_each(|band| self.read_band(band))
    }
    /// Cuts the output along the slowest dimension, so that each band of chunks owns its part.
    fn bands<'o>(&self, out: &'o mut [u8]) -> Result<Vec<Band<'o>>> {
        let (Some(span), Some(chunk)) = (self.spans.first(), self.grid.chunk.first()) else {
            return Err(HERE.damaged("chunks without a dimension"));
        };
        let row: u64 = self.output.iter().skip(1).product::<u64>().saturating_mul(self.grid.element_size);
        let mut bands = Vec::new();
        let mut left = out;
        let mut taken = 0u64;
        for (first, part) in split_by_chunks(span, *chunk) {
            let rows = part.elements()?;
            let bytes = usize::try_from(rows.saturating_mul(row)).unwrap_or(usize::MAX);
            let Some((now, later)) = left.split_at_mut_checked(bytes) else {
                return Err(Error::usage("the output is shorter than the selection"));
            };
            left = later;
            taken = taken.saturating_add(rows);
            let mut spans = self.spans.to_vec();
            let mut output = self.output.to_vec();
            if let (Some(s), Some(o)) = (spans.first_mut(), output.first_mut()) {
                *s = part;
                *o = rows;
            }
            bands.push(Band { first, spans, output, out: now });
        }
        Ok(bands)
    }
    /// The chunk coordinates that a band touches, slowest first.
    fn scaled(&self, band: &Band<'_>) -> Vec<Vec<u64>> {
        let rest = band.spans.iter().zip(&self.grid.chunk).skip(1);
        let mut all = vec![vec![band.first]];
        for (span, chunk) in rest {
            let touched: Vec<u64> = split_by_chunks(span, *chunk).into_iter().map(|(k, _)| k).collect();
            all = all
                .iter()
                .flat_map(|prefix| touched.iter().map(move |k| [prefix.as_slice(), &[*k]].concat()))
                .collect();
        }
        all
    }
    /// Asks for the bytes of all chunks at once, once their places are known.
    fn prepare(&self, bands: &[Band<'_>]) -> Result<()> {
        let (mut wanted, mut missing) = (Vec::new(), Vec::new());
        for scaled in bands.iter().flat_map(|band| self.scaled(band)) {
            match self.chunks.find(&scaled) {
                Ok(None) => {}
                Ok(Some(chunk)) => {
                    // Of a chunk without filters only what is taken is read.
                    let whole = self.chunks.is_filtered(&scaled) || chunk.stored_bytes <= SMALL_CHUNK_BYTES;
                    if whole && !self.chunks.is_kept(&chunk) {
                        wanted.push((chunk.address, chunk.stored_bytes));
                    }
                }
                Err(e) if e.is_missing() => missing.extend_from_slice(e.missing()),
                Err(e) => return Err(e),
            }
        }
        match missing.is_empty() {
            true => self.chunks.store.prepare(&wanted),
            false => Err(Error::missing_ranges(missing)),
        }
    }
    fn read_band(&self, band: Band<'_>) -> Result<()> {
        for scaled in self.scaled(&band) {
            self.read_chunk(&scaled, &band.spans, &band.output, band.out)?;
        }
        Ok(())
    }
    fn read_chunk(&self, scaled: &[u64], spans: &[Span], output: &[u64], out: &mut [u8]) -> Result<()> {
        let grid = self.grid;
        let origin: Vec<u64> = scaled.iter().zip(&grid.chunk).map(|(s, c)| s.saturating_mul(*c)).collect();
        let block =
            Block { origin: &origin, shape: &grid.chunk, spans, output, element: grid.element_size };
        let Some(chunk) = self.chunks.find(scaled)? else {
            let fill = self.chunks.info.fill_element().unwrap_or_default();
            return Walk::new(block).map_or(Ok(()), |w| w.fill(fill, out));
        };
        if !self.chunks.is_filtered(scaled) {
            let linear = Linear::InFile(self.chunks.store, chunk.address);
            return linear.copy(block, grid.chunk_bytes, out).at(&HERE, chunk.address.raw());
        }
        let Some(walk) = Walk::new(block) else { return Ok(()) };
        let (_, _, taken) = walk.cover();
        // A chunk at the edge counts as whole when all that lies inside the dataset is taken.
        let inside = origin.iter().zip(&grid.chunk).zip(&grid.dims);
        let inside = inside.map(|((o, c), d)| d.saturating_sub(*o).min(*c)).fold(grid.element_size, u64::saturating_mul);
        self.chunks.with(&chunk, taken >= inside, |data| walk.copy(data, out))
    }
    /// Where all chunks lie in one band, they are decoded by several threads into the cache first.
    #[cfg(feature = "parallel")]
    fn decode_ahead(&self, bands: &[Band<'_>]) -> Result<()> {
        use rayon::prelude::*;
        let Some(band) = bands.first() else { return Ok(()) };
        let all = self.scaled(band);
        let bytes = self.grid.chunk_bytes.saturating_mul(u64::try_from(all.len()).unwrap_or(u64::MAX));
        if all.len() < 2 || !self.chunks.cache.keeps(bytes) {
            return Ok(());
        }
        all.par_iter().try_for_each(|scaled| match self.chunks.find(scaled)? {
            Some(chunk) if self.chunks.is_filtered(scaled) => self.chunks.kept(&chunk).map(|_| ()),
            _ => Ok(()),
        })
    }
}

/// The parts of a span that lie in each chunk, with the chunk's coordinate. Parts that a chunk border cuts
/// through blocks make more than one span: then each becomes a part of its own chunk only if it is regular;
/// else the span is cut block by block.
fn split_by_chunks(span: &Span, chunk: u64) -> Vec<(u64, Span)> {
    let chunk = chunk.max(1);
    let mut out: Vec<(u64, Span)> = Vec::new();
    if span.count <= 1 || span.stride == span.block {
        let (mut at, end) = (span.start, span.start.saturating_add(span.count.saturating_mul(span.block)));
        while at < end {
            let k = at.checked_div(chunk).unwrap_or(0);
            let stop = k.saturating_add(1).saturating_mul(chunk).min(end);
            out.push((k, Span::range(at, stop.saturating_sub(at))));
            at = stop;
        }
        return out;
    }
    if span.block == 1 {
        let mut k = 0;
        while k < span.count {
            let start = span.start.saturating_add(k.saturating_mul(span.stride));
            let c = start.checked_div(chunk).unwrap_or(0);
            let room = c.saturating_add(1).saturating_mul(chunk).saturating_sub(start);
            let count = room.div_ceil(span.stride.max(1)).min(span.count.saturating_sub(k));
            out.push((c, Span { start, stride: span.stride, count, block: 1 }));
            k = k.saturating_add(count.max(1));
        }
        return out;
    }
    for k in 0..span.count {
        let start = span.start.saturating_add(k.saturating_mul(span.stride));
        out.extend(split_by_chunks(&Span::range(start, span.block), chunk));
    }
    out
}

/// A chunk with its coordinates, for iteration by chunk.
pub fn each_chunk(
    container: &Container,
    info: &DatasetInfo,
    visit: &mut dyn FnMut(&[u64], Chunk) -> Result<()>,
) -> Result<()> {
    let Some((grid, chunked)) = info.grid()? else {
        return Err(Error::usage("the dataset is not chunked"));
    };
    let index = ChunkIndex::from(chunked);
    index.each(&container.store, &grid, &mut |scaled, chunk| visit(scaled, chunk))
}
