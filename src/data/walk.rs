//! The one walker: pairs the runs of a block of elements with the runs of the output.
//!
//! A block is a chunk or a whole contiguous dataset. For each dimension the selected indices inside the
//! block are cut into runs; trailing dimensions that are whole on both sides are joined into the inner run.

use crate::error::{Error, Result};
use crate::format::selection::Span;

/// Neighbouring elements along one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// First index inside the block.
    from: u64,
    /// First index in the output.
    to: u64,
    /// Elements.
    len: u64,
}

/// How the selected part of one block maps onto the output.
#[derive(Debug)]
pub struct Walk {
    /// For each outer dimension its runs; the innermost come last.
    runs: Vec<Vec<Run>>,
    /// Bytes from one index to the next, in the block and in the output.
    strides: Vec<(u64, u64)>,
}

/// Where a block lies and what is taken of it.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// First element of the block in the dataset.
    pub origin: &'a [u64],
    /// Elements along each dimension of the block, as they are laid out.
    pub shape: &'a [u64],
    /// What is selected, in elements of the dataset.
    pub spans: &'a [Span],
    /// Shape of the output.
    pub output: &'a [u64],
    /// Bytes of an element.
    pub element: u64,
}

fn runs(span: &Span, origin: u64, len: u64) -> Vec<Run> {
    let end = origin.saturating_add(len);
    let mut out = Vec::new();
    let mut push = |start: u64, size: u64, to: u64| {
        let (first, last) = (start.max(origin), start.saturating_add(size).min(end));
        if first < last {
            let to = to.saturating_add(first.saturating_sub(start));
            out.push(Run { from: first.saturating_sub(origin), to, len: last.saturating_sub(first) });
        }
    };
    if span.count <= 1 || span.stride == span.block {
        push(span.start, span.count.saturating_mul(span.block), 0);
        return out;
    }
    // The first block that ends after the origin.
    let before = origin.saturating_sub(span.start).saturating_sub(span.block.saturating_sub(1));
    let mut k = before.div_ceil(span.stride.max(1));
    while k < span.count {
        let start = span.start.saturating_add(k.saturating_mul(span.stride));
        if start >= end {
            break;
        }
        push(start, span.block, k.saturating_mul(span.block));
        k = k.saturating_add(1);
    }
    out
}

impl Walk {
    /// Prepares the walk; none where nothing of the block is selected.
    pub fn new(b: Block<'_>) -> Option<Walk> {
        let per_dim: Vec<Vec<Run>> =
            b.spans.iter().zip(b.origin.iter().zip(b.shape)).map(|(s, (o, n))| runs(s, *o, *n)).collect();
        if per_dim.iter().any(Vec::is_empty) {
            return None;
        }
        let mut walk = Walk { runs: Vec::new(), strides: Vec::new() };
        let (mut from, mut to) = (b.element, b.element);
        let mut joined = true;
        for ((runs, shape), output) in per_dim.into_iter().zip(b.shape).zip(b.output).rev() {
            let whole = matches!(runs.as_slice(), [r] if r.from == 0 && r.len == *shape && r.len == *output);
            let strides = (from, to);
            from = from.saturating_mul(*shape);
            to = to.saturating_mul(*output);
            if !(joined && whole) {
                joined = false;
                walk.runs.push(runs);
                walk.strides.push(strides);
            }
        }
        if walk.runs.is_empty() {
            // Everything is whole: one run of bytes.
            walk.runs.push(vec![Run { from: 0, to: 0, len: from }]);
            walk.strides.push((1, 1));
        }
        walk.runs.reverse();
        walk.strides.reverse();
        Some(walk)
    }
    /// Calls `f` with (byte offset in the block, byte offset in the output, bytes) for each inner run.
    pub fn each<F: FnMut(u64, u64, u64) -> Result<()>>(&self, f: &mut F) -> Result<()> {
        self.level(0, 0, 0, f)
    }
    fn level<F: FnMut(u64, u64, u64) -> Result<()>>(&self, depth: usize, from: u64, to: u64, f: &mut F) -> Result<()> {
        let (Some(runs), Some(&(in_block, in_output))) = (self.runs.get(depth), self.strides.get(depth)) else {
            return Ok(());
        };
        let last = depth.saturating_add(1) == self.runs.len();
        for run in runs {
            let from = from.saturating_add(run.from.saturating_mul(in_block));
            let to = to.saturating_add(run.to.saturating_mul(in_output));
            if last {
                f(from, to, run.len.saturating_mul(in_block))?;
                continue;
            }
            for i in 0..run.len {
                let from = from.saturating_add(i.saturating_mul(in_block));
                let to = to.saturating_add(i.saturating_mul(in_output));
                self.level(depth.saturating_add(1), from, to, f)?;
            }
        }
        Ok(())
    }
    /// First and last byte of the block that the walk touches (last exclusive), and how many it takes.
    pub fn cover(&self) -> (u64, u64, u64) {
        let (mut first, mut last, mut taken) = (0u64, 0u64, 1u64);
        for (runs, (stride, _)) in self.runs.iter().zip(&self.strides) {
            let start = runs.first().map_or(0, |r| r.from);
            let end = runs.last().map_or(0, |r| r.from.saturating_add(r.len));
            first = first.saturating_add(start.saturating_mul(*stride));
            last = last.saturating_add(end.saturating_sub(1).saturating_mul(*stride));
            taken = taken.saturating_mul(runs.iter().fold(0u64, |n, r| n.saturating_add(r.len)));
        }
        let inner = self.strides.last().map_or(1, |s| s.0);
        (first, last.saturating_add(inner), taken.saturating_mul(inner))
    }
    /// Copies the selected part of `block` into `output`.
    pub fn copy(&self, block: &[u8], output: &mut [u8]) -> Result<()> {
        self.copy_from(block, 0, output)
    }
    /// As [`Walk::copy`], where `block` starts at byte `skip` of the block.
    pub fn copy_from(&self, block: &[u8], skip: u64, output: &mut [u8]) -> Result<()> {
        self.each(&mut |from, to, len| {
            let source = part(from.saturating_sub(skip), len).and_then(|r| block.get(r));
            let target = part(to, len).and_then(|r| output.get_mut(r));
            match (source, target) {
                (Some(source), Some(target)) => {
                    copy_run(source, target);
                    Ok(())
                }
                _ => Err(Error::damaged("a block is shorter than its shape")),
            }
        })
    }
    /// Repeats `element` over the selected part of `output`.
    pub fn fill(&self, element: &[u8], output: &mut [u8]) -> Result<()> {
        self.each(&mut |_, to, len| {
            let target = part(to, len).and_then(|r| output.get_mut(r));
            let target = target.ok_or_else(|| Error::usage("the output is shorter than the selection"))?;
            fill(element, target);
            Ok(())
        })
    }
}

fn part(start: u64, len: u64) -> Option<std::ops::Range<usize>> {
    Some(usize::try_from(start).ok()?..usize::try_from(start.checked_add(len)?).ok()?)
}

/// Short runs of the common element sizes are copied without a call.
fn copy_run(source: &[u8], target: &mut [u8]) {
    fn fixed<const N: usize>(source: &[u8], target: &mut [u8]) -> bool {
        match (source.first_chunk::<N>(), target.first_chunk_mut::<N>()) {
            (Some(s), Some(t)) => {
                *t = *s;
                true
            }
            _ => false,
        }
    }
    let done = match source.len() {
        4 => fixed::<4>(source, target),
        8 => fixed::<8>(source, target),
        2 => fixed::<2>(source, target),
        1 => fixed::<1>(source, target),
        _ => false,
    };
    if !done {
        target.copy_from_slice(source);
    }
}

/// Fills `target` with repetitions of `element`; an empty element is zeros.
pub fn fill(element: &[u8], target: &mut [u8]) {
    match element {
        [] => target.fill(0),
        [b] => target.fill(*b),
        _ if element.iter().all(|b| *b == 0) => target.fill(0),
        _ => {
            for place in target.chunks_mut(element.len()) {
                let n = place.len();
                place.copy_from_slice(element.get(..n).unwrap_or(element));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The slow truth: every element by its own index.
    fn expected(spans: &[Span], dims: &[u64]) -> Vec<u64> {
        let picks: Vec<Vec<u64>> = spans
            .iter()
            .map(|s| (0..s.count).flat_map(|k| (0..s.block).map(move |b| s.start + k * s.stride + b)).collect())
            .collect();
        let mut out = vec![0];
        for (pick, dim) in picks.iter().zip(dims) {
            out = out.iter().flat_map(|o| pick.iter().map(move |p| o * dim + p)).collect();
        }
        out
    }

    fn any_span() -> impl Strategy<Value = Span> {
        (0u64..5, 1u64..4, 1u64..4, 0u64..3).prop_map(|(start, count, block, gap)| Span {
            start,
            stride: block + gap,
            count,
            block,
        })
    }

    proptest! {
        #[test]
        fn chunk_by_chunk_equals_element_by_element(
            spans in prop::collection::vec(any_span(), 1..4),
            chunk in prop::collection::vec(1u64..7, 3),
            extra in 0u64..3,
        ) {
            let dims: Vec<u64> = spans.iter().map(|s| s.end() + extra).collect();
            let chunk = &chunk[..dims.len()];
            let output: Vec<u64> = spans.iter().map(|s| s.count * s.block).collect();
            let total: u64 = output.iter().product();
            let mut out = vec![0u8; (total * 8) as usize];
            let grid: Vec<u64> = dims.iter().zip(chunk).map(|(d, c)| d.div_ceil(*c)).collect();
            for n in 0..grid.iter().product::<u64>() {
                let mut rest = n;
                let mut origin = vec![0; dims.len()];
                for d in (0..dims.len()).rev() {
                    origin[d] = rest % grid[d] * chunk[d];
                    rest /= grid[d];
                }
                // The chunk's elements hold their own index in the dataset.
                let whole: Vec<Span> = origin.iter().zip(chunk).map(|(o, c)| Span::range(*o, *c)).collect();
                let bytes: Vec<u8> = expected(&whole, &dims).iter().flat_map(|i| i.to_le_bytes()).collect();
                let b = Block { origin: &origin, shape: chunk, spans: &spans, output: &output, element: 8 };
                if let Some(walk) = Walk::new(b) {
                    walk.copy(&bytes, &mut out).unwrap();
                    let (first, last, taken) = walk.cover();
                    prop_assert!(first < last && last <= bytes.len() as u64 && taken <= last - first);
                }
            }
            let got: Vec<u64> = out.chunks_exact(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect();
            prop_assert_eq!(got, expected(&spans, &dims));
        }
    }
}
