//! Which bytes of each block of elements a selection touches, and where they lie in the user's data.
//!
//! A block is a chunk, or a whole dataset that is not chunked. [`Plan`] gives each touched block once, in
//! row-major order, with the [`Patch`] that moves bytes between it and the data.

use crate::data::selection::Selection;
use crate::data::walk::{Block, Walk};
use crate::error::{Error, Result};
use crate::format::selection::Span;

/// The bytes of each element that are moved: all of them, or those of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Bytes of an element in the dataset.
    pub element: usize,
    /// First byte that is moved.
    pub offset: usize,
    /// Bytes that are moved: in the data one element takes so many.
    pub size: usize,
}

impl Part {
    /// Whole elements.
    pub fn whole(element: usize) -> Part {
        Part { element, offset: 0, size: element }
    }
    /// Whether all bytes of an element are moved.
    pub fn is_whole(&self) -> bool {
        self.size == self.element
    }
    /// Puts one run of elements from the data into `target`, which holds exactly the run.
    pub fn put(&self, data: &[u8], from: u64, target: &mut [u8]) -> Result<()> {
        let short = || Error::usage("the data are shorter than the selection");
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        if self.is_whole() {
            let source = data.get(from..).and_then(|d| d.get(..target.len())).ok_or_else(short)?;
            copy_short(source, target);
            return Ok(());
        }
        let count = target.len().checked_div(self.element).unwrap_or(0);
        let first =
            from.checked_div(self.element).and_then(|n| n.checked_mul(self.size)).ok_or_else(short)?;
        let source =
            data.get(first..).and_then(|d| d.get(..count.checked_mul(self.size)?)).ok_or_else(short)?;
        let end = self.offset.saturating_add(self.size);
        let places = target.chunks_exact_mut(self.element.max(1));
        for (element, value) in places.zip(source.chunks_exact(self.size.max(1))) {
            let place = element.get_mut(self.offset..end);
            place.ok_or_else(|| Error::usage("a field outside of its element"))?.copy_from_slice(value);
        }
        Ok(())
    }
}

/// The usual element sizes are copied without a call.
fn copy_short(source: &[u8], target: &mut [u8]) {
    match (source.first_chunk::<8>(), target.first_chunk_mut::<8>()) {
        (Some(s), Some(t)) if source.len() == 8 => *t = *s,
        _ => match (source.first_chunk::<4>(), target.first_chunk_mut::<4>()) {
            (Some(s), Some(t)) if source.len() == 4 => *t = *s,
            _ => target.copy_from_slice(source),
        },
    }
}

/// A run of elements: where it lies in its block and in the data, as if whole elements were moved, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// First byte in the block.
    pub at: u64,
    /// First byte in the data.
    pub from: u64,
    /// Bytes.
    pub len: u64,
}

/// What of one block is touched.
#[derive(Debug)]
pub enum Patch {
    /// A part of a hyperslab.
    Slab(Walk),
    /// Runs by their place in the block; of those at one place the last counts.
    Runs(Vec<Run>),
}

impl Patch {
    /// Calls `f` with each run, by its place in the block.
    pub fn each<F: FnMut(Run) -> Result<()>>(&self, f: &mut F) -> Result<()> {
        match self {
            Patch::Slab(walk) => walk.each(&mut |at, from, len| f(Run { at, from, len })),
            Patch::Runs(runs) => runs.iter().try_for_each(|run| f(*run)),
        }
    }
    /// Bytes of the block that lie in touched elements.
    pub fn taken(&self) -> u64 {
        match self {
            Patch::Slab(walk) => walk.cover().2,
            Patch::Runs(runs) => {
                let mut end = None;
                let mut taken = 0u64;
                for run in runs {
                    if end != Some(run.at.saturating_add(run.len)) {
                        taken = taken.saturating_add(run.len);
                    }
                    end = Some(run.at.saturating_add(run.len));
                }
                taken
            }
        }
    }
    /// Moves bytes of the data into the block.
    pub fn put(&self, part: Part, data: &[u8], block: &mut [u8]) -> Result<()> {
        self.each(&mut |run| {
            let target = slice_mut(block, run.at, run.len);
            part.put(
                data,
                run.from,
                target.ok_or_else(|| Error::damaged("a block is shorter than its shape"))?,
            )
        })
    }
    /// Copies whole elements of the block to their places in `out`.
    pub fn take(&self, block: &[u8], out: &mut [u8]) -> Result<()> {
        if let Patch::Slab(walk) = self {
            return walk.copy(block, out);
        }
        self.each(&mut |run| {
            let source = usize::try_from(run.at).ok().zip(usize::try_from(run.len).ok());
            let source = source.and_then(|(at, len)| block.get(at..)?.get(..len));
            match (source, slice_mut(out, run.from, run.len)) {
                (Some(source), Some(target)) => {
                    target.copy_from_slice(source);
                    Ok(())
                }
                _ => Err(Error::damaged("a block is shorter than its shape")),
            }
        })
    }
}

fn slice_mut(all: &mut [u8], at: u64, len: u64) -> Option<&mut [u8]> {
    let (at, len) = (usize::try_from(at).ok()?, usize::try_from(len).ok()?);
    all.get_mut(at..)?.get_mut(..len)
}

/// One piece of a scattered selection.
struct Piece {
    /// Number of its block, row by row.
    block: u64,
    run: Run,
}

/// The extent of a dataset and the shape of the blocks it is cut into.
#[derive(Debug, Clone, Copy)]
pub struct Extent<'a> {
    /// Current dimensions in elements.
    pub dims: &'a [u64],
    /// Elements of a block.
    pub block: &'a [u64],
    /// Bytes of an element.
    pub element: u64,
}

enum Kind {
    Slab { spans: Vec<Span>, output: Vec<u64>, touched: Vec<Vec<u64>>, at: Option<Vec<usize>> },
    Scattered(std::iter::Peekable<std::vec::IntoIter<Piece>>),
}

/// The blocks that a selection touches, each once.
pub struct Plan<'a> {
    extent: Extent<'a>,
    kind: Kind,
}

impl<'a> Plan<'a> {
    /// Plans a checked selection.
    pub fn new(selection: &Selection, extent: Extent<'a>) -> Result<Self> {
        let kind = match selection.spans(extent.dims)? {
            Some(spans) => slab(spans, &extent)?,
            None => {
                let mut pieces = match selection {
                    Selection::Points { rank, coordinates } => points(*rank, coordinates, &extent)?,
                    _ => boxes(selection, &extent)?,
                };
                // Stable: of several values for one element the last one stays last.
                pieces.sort_by_key(|p| (p.block, p.run.at));
                Kind::Scattered(pieces.into_iter().peekable())
            }
        };
        Ok(Plan { extent, kind })
    }
}

fn slab(spans: Vec<Span>, extent: &Extent<'_>) -> Result<Kind> {
    let output = spans.iter().map(Span::elements).collect::<Result<Vec<_>>>()?;
    let touched: Vec<Vec<u64>> = spans.iter().zip(extent.block).map(|(s, b)| touched(s, *b)).collect();
    let at = (!output.contains(&0)).then(|| vec![0; touched.len()]);
    Ok(Kind::Slab { spans, output, touched, at })
}

/// The blocks along one dimension that a span touches.
fn touched(span: &Span, block: u64) -> Vec<u64> {
    let number = |element: u64| element.checked_div(block).unwrap_or(0);
    let (mut out, mut next) = (Vec::new(), 0u64);
    if span.count == 0 || span.block == 0 {
        return out;
    }
    if span.count == 1 || span.stride == span.block {
        out.extend(number(span.start)..=number(span.end().saturating_sub(1)));
        return out;
    }
    for k in 0..span.count {
        let start = span.start.saturating_add(k.saturating_mul(span.stride));
        let last = number(start.saturating_add(span.block).saturating_sub(1));
        out.extend(number(start).max(next)..=last);
        next = next.max(last.saturating_add(1));
    }
    out
}

/// The block and the byte in it of an element.
fn place(point: impl Iterator<Item = u64>, extent: &Extent<'_>) -> Result<(u64, u64)> {
    let (mut number, mut at) = (0u64, 0u64);
    for (c, (dim, block)) in point.zip(extent.dims.iter().zip(extent.block)) {
        let block = (*block).max(1);
        let next = number.checked_mul(dim.div_ceil(block));
        let next = next.and_then(|n| n.checked_add(c.checked_div(block).unwrap_or(0)));
        number = next.ok_or_else(|| Error::limit("more than 2^64 chunks"))?;
        at = at.saturating_mul(block).saturating_add(c.checked_rem(block).unwrap_or(0));
    }
    Ok((number, at.saturating_mul(extent.element)))
}

fn points(rank: usize, coordinates: &[u64], extent: &Extent<'_>) -> Result<Vec<Piece>> {
    let mut out = Vec::new();
    let mut from = 0u64;
    for point in coordinates.chunks_exact(rank.max(1)) {
        let (block, at) = place(point.iter().copied(), extent)?;
        out.push(Piece { block, run: Run { at, from, len: extent.element } });
        from = from.saturating_add(extent.element);
    }
    Ok(out)
}

/// The pieces of boxes, whose elements come in row-major order of the dataset.
fn boxes(selection: &Selection, extent: &Extent<'_>) -> Result<Vec<Piece>> {
    let last = extent.dims.last().copied().unwrap_or(1);
    let mut rows: Vec<(u64, u64)> = Vec::new();
    for spans in selection.boxes() {
        let Some((inner, outer)) = spans.split_last() else { continue };
        let ranges: Vec<_> = outer.iter().map(|s| s.start..s.end()).collect();
        each_in(&ranges, &mut |at| {
            let mut index = Some(0u64);
            for (c, dim) in at.iter().zip(extent.dims) {
                index = index.and_then(|i| i.checked_mul(*dim)?.checked_add(*c));
            }
            let index = index.and_then(|i| i.checked_mul(last)?.checked_add(inner.start));
            rows.push((
                index.ok_or_else(|| Error::limit("a dataset of more than 2^64 elements"))?,
                inner.block,
            ));
            Ok(())
        })?;
    }
    rows.sort_unstable();
    let mut out = Vec::new();
    let (mut from, mut end) = (0u64, 0u64);
    let mut point = vec![0; extent.dims.len()];
    for (index, len) in rows {
        if index < end {
            return Err(Error::usage("boxes that overlap cannot be written"));
        }
        end = index.saturating_add(len);
        let mut left = index;
        for (c, dim) in point.iter_mut().zip(extent.dims).rev() {
            *c = left.checked_rem(*dim).unwrap_or(0);
            left = left.checked_div(*dim).unwrap_or(0);
        }
        cut_row(&mut point, len, extent, &mut from, &mut out)?;
    }
    Ok(out)
}

/// Cuts a row of `len` elements from `point` on at the borders of the blocks.
fn cut_row(
    point: &mut [u64],
    len: u64,
    extent: &Extent<'_>,
    from: &mut u64,
    out: &mut Vec<Piece>,
) -> Result<()> {
    let width = extent.block.last().copied().unwrap_or(1).max(1);
    let mut left = len;
    while left > 0 {
        let first = point.last().copied().unwrap_or(0);
        let room = width.saturating_sub(first.checked_rem(width).unwrap_or(0)).max(1);
        let elements = room.min(left);
        let (block, at) = place(point.iter().copied(), extent)?;
        let len = elements.saturating_mul(extent.element);
        out.push(Piece { block, run: Run { at, from: *from, len } });
        *from = from.saturating_add(len);
        left = left.saturating_sub(elements);
        if let Some(c) = point.last_mut() {
            *c = first.saturating_add(elements);
        }
    }
    Ok(())
}

/// Visits every point of a box, row by row.
pub fn each_in(ranges: &[std::ops::Range<u64>], visit: &mut dyn FnMut(&[u64]) -> Result<()>) -> Result<()> {
    if ranges.iter().any(|r| r.start >= r.end) {
        return Ok(());
    }
    let mut at: Vec<u64> = ranges.iter().map(|r| r.start).collect();
    loop {
        visit(&at)?;
        let mut moved = false;
        for (a, range) in at.iter_mut().zip(ranges).rev() {
            *a = a.saturating_add(1);
            if *a < range.end {
                moved = true;
                break;
            }
            *a = range.start;
        }
        if !moved {
            return Ok(());
        }
    }
}

impl Iterator for Plan<'_> {
    type Item = (Vec<u64>, Patch);
    fn next(&mut self) -> Option<Self::Item> {
        let extent = self.extent;
        match &mut self.kind {
            Kind::Slab { spans, output, touched, at } => loop {
                let now = at.as_mut()?;
                let scaled: Option<Vec<u64>> =
                    now.iter().zip(&*touched).map(|(i, t)| t.get(*i).copied()).collect();
                let scaled = scaled?;
                let mut moved = false;
                for (i, along) in now.iter_mut().zip(&*touched).rev() {
                    *i = i.saturating_add(1);
                    if *i < along.len() {
                        moved = true;
                        break;
                    }
                    *i = 0;
                }
                if !moved {
                    *at = None;
                }
                let origin: Vec<u64> =
                    scaled.iter().zip(extent.block).map(|(s, b)| s.saturating_mul(*b)).collect();
                let (shape, element) = (extent.block, extent.element);
                if let Some(walk) = Walk::new(Block { origin: &origin, shape, spans, output, element }) {
                    return Some((scaled, Patch::Slab(walk)));
                }
            },
            Kind::Scattered(pieces) => {
                let first = pieces.next()?;
                let mut runs = vec![first.run];
                while let Some(piece) = pieces.next_if(|p| p.block == first.block) {
                    runs.push(piece.run);
                }
                let mut scaled = vec![0; extent.dims.len()];
                let mut left = first.block;
                for (s, (dim, block)) in scaled.iter_mut().zip(extent.dims.iter().zip(extent.block)).rev() {
                    let along = dim.div_ceil((*block).max(1)).max(1);
                    *s = left.checked_rem(along).unwrap_or(0);
                    left = left.checked_div(along).unwrap_or(0);
                }
                Some((scaled, Patch::Runs(runs)))
            }
        }
    }
}
