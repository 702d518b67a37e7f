//! Selections as they are written: `s![..]` of ndarray, ranges, text.

use ndarray::SliceInfoElem;

use crate::data::selection::{Selection, span};
use crate::error::{Error, Result};

/// A selection with the shape that its elements are to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// The elements.
    pub selection: Selection,
    /// The shape they come in: dimensions selected by an index are left out, new ones have the length 1.
    pub shape: Vec<usize>,
    /// Axes of that shape along which the order is to be turned round.
    pub reversed: Vec<usize>,
}

/// What selects elements of a dataset: ndarray's `s![0..10, ..;2, -1]`, a [`Selection`], or text as numpy
/// writes it (`"0:10, ::2, -1"`).
pub trait IntoSelection {
    /// The selected elements of a dataset with these dimensions.
    fn select(&self, dims: &[u64]) -> Result<Selected>;
}

fn to_usize(n: u64) -> Result<usize> {
    usize::try_from(n).map_err(|_| Error::limit(format!("{n} elements along one dimension")))
}

impl IntoSelection for Selection {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        let shape = self.shape(dims)?.into_iter().map(to_usize).collect::<Result<_>>()?;
        Ok(Selected { selection: self.clone(), shape, reversed: Vec::new() })
    }
}

impl<S: IntoSelection + ?Sized> IntoSelection for &S {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        (**self).select(dims)
    }
}

impl IntoSelection for std::ops::RangeFull {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        Selection::All.select(dims)
    }
}

impl IntoSelection for str {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        parse_slice(self, dims)
    }
}

impl IntoSelection for String {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        parse_slice(self, dims)
    }
}

impl IntoSelection for [SliceInfoElem] {
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        select(self, dims)
    }
}

impl<T, In, Out> IntoSelection for ndarray::SliceInfo<T, In, Out>
where
    T: AsRef<[SliceInfoElem]>,
    In: ndarray::Dimension,
    Out: ndarray::Dimension,
{
    fn select(&self, dims: &[u64]) -> Result<Selected> {
        select(self.as_ref(), dims)
    }
}

/// Selects by one element per dimension of the dataset, and any number of new axes.
fn select(elements: &[SliceInfoElem], dims: &[u64]) -> Result<Selected> {
    let used = elements.iter().filter(|e| !matches!(e, SliceInfoElem::NewAxis)).count();
    if used != dims.len() {
        return Err(Error::usage(format!("a selection of {used} dimensions in a dataset of {}", dims.len())));
    }
    let mut out = Selected { selection: Selection::All, shape: Vec::new(), reversed: Vec::new() };
    let mut spans = Vec::new();
    let mut rest = dims.iter();
    for element in elements {
        let axis = spans.len();
        match *element {
            SliceInfoElem::NewAxis => out.shape.push(1),
            SliceInfoElem::Index(index) => {
                let dim = rest.next().copied().unwrap_or(0);
                spans.push(span(at_index(index, dim, axis)?, 1, 1));
            }
            SliceInfoElem::Slice { start, end, step } => {
                let dim = rest.next().copied().unwrap_or(0);
                let (first, count, step, backwards) = at_slice(start, end, step, dim, axis)?;
                let block = if step == 1 { (count, count.min(1), count) } else { (step, count, 1) };
                let (stride, count_of_blocks, block) = block;
                spans.push(crate::format::selection::Span {
                    start: first,
                    stride: stride.max(1),
                    count: count_of_blocks,
                    block,
                });
                if backwards {
                    out.reversed.push(out.shape.len());
                }
                out.shape.push(to_usize(count)?);
            }
        }
    }
    out.selection = Selection::Slab(spans);
    Ok(out)
}

fn at_index(index: isize, dim: u64, axis: usize) -> Result<u64> {
    let given = i128::try_from(index).unwrap_or(i128::MAX);
    let from_start = if given < 0 { given.saturating_add(i128::from(dim)) } else { given };
    match u64::try_from(from_start) {
        Ok(index) if index < dim => Ok(index),
        _ => Err(Error::usage(format!("index {given} of dimension {axis}, which has {dim} elements"))),
    }
}

/// First element, count, step and whether the order is to be turned round. As ndarray does: bounds below zero
/// count from the end; a negative step goes through the same range from its end.
fn at_slice(
    start: isize,
    end: Option<isize>,
    step: isize,
    dim: u64,
    axis: usize,
) -> Result<(u64, u64, u64, bool)> {
    let place = |given: isize| {
        let given = i128::try_from(given).unwrap_or(i128::MAX);
        let from_start = if given < 0 { given.saturating_add(i128::from(dim)) } else { given };
        match u64::try_from(from_start) {
            Ok(place) if place <= dim => Ok(place),
            _ => {
                let what = format!("bound {given} of dimension {axis}, which has {dim} elements");
                Err(Error::usage(what))
            }
        }
    };
    let start = place(start)?;
    let end = end.map_or(Ok(dim), place)?;
    let length = end.saturating_sub(start);
    let backwards = step < 0;
    let step = u64::try_from(step.unsigned_abs()).unwrap_or(u64::MAX);
    if step == 0 {
        return Err(Error::usage(format!("a step of 0 along dimension {axis}")));
    }
    let count = length.div_ceil(step);
    let reach = count.saturating_sub(1).saturating_mul(step);
    let first = if backwards { end.saturating_sub(1).saturating_sub(reach).max(start) } else { start };
    Ok((if count == 0 { start } else { first }, count, step, backwards && count > 0))
}

/// A selection written as numpy writes it: `0:10, ::2, ..., -1`, with or without brackets.
///
/// Each dimension is an index (`-1` is the last) or `start:stop:step`, where bounds beyond the end mean the
/// end. `...` stands for all dimensions between; missing ones at the end are taken whole.
///
/// ```
/// let picked = h5::slice::parse_slice("[0:10, ..., -1]", &[100, 20, 3])?;
/// assert_eq!(picked.shape, [10, 20]);
/// # Ok::<(), h5::Error>(())
/// ```
pub fn parse_slice(text: &str, dims: &[u64]) -> Result<Selected> {
    let trimmed = text.trim();
    let inner = match (trimmed.strip_prefix('['), trimmed.ends_with(']')) {
        (Some(rest), true) => rest.strip_suffix(']').unwrap_or(rest),
        (None, false) => trimmed,
        _ => return Err(Error::usage(format!("the brackets of {trimmed:?} do not match"))),
    };
    let mut parts: Vec<&str> = inner.split(',').map(str::trim).collect();
    if parts.last().is_some_and(|p| p.is_empty()) {
        parts.pop();
    }
    let dots = parts.iter().filter(|p| **p == "...").count();
    let named = parts.len().saturating_sub(dots);
    if dots > 1 {
        return Err(Error::usage(format!("more than one ... in {text:?}")));
    }
    if named > dims.len() {
        let rank = dims.len();
        return Err(Error::usage(format!("{text:?} selects {named} dimensions in a dataset of {rank}")));
    }
    let whole = SliceInfoElem::Slice { start: 0, end: None, step: 1 };
    let missing = dims.len().saturating_sub(named);
    let mut elements = Vec::new();
    for part in parts {
        if part == "..." {
            elements.extend(std::iter::repeat_n(whole, missing));
        } else {
            let dim = dims.get(elements.len()).copied().unwrap_or(0);
            elements.push(parse_part(part, dim)?);
        }
    }
    elements.resize(dims.len(), whole);
    select(&elements, dims)
}

fn parse_part(part: &str, dim: u64) -> Result<SliceInfoElem> {
    let number = |text: &str| -> Result<Option<isize>> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| Error::usage(format!("{text:?} in the selection is no integer")))
    };
    let pieces: Vec<&str> = part.split(':').collect();
    let (start, end, step) = match pieces.as_slice() {
        [index] => {
            let index = number(index)?.ok_or_else(|| Error::usage("a selection with an empty dimension"))?;
            return Ok(SliceInfoElem::Index(index));
        }
        [start, end] => (number(start)?, number(end)?, 1),
        [start, end, step] => (number(start)?, number(end)?, number(step)?.unwrap_or(1)),
        _ => return Err(Error::usage(format!("{part:?} has more than start:stop:step"))),
    };
    let size = isize::try_from(dim).unwrap_or(isize::MAX);
    // Bounds are cut to the dimension, as Python does.
    let bound = |given: isize| {
        let place = if given < 0 { given.saturating_add(size) } else { given };
        place.clamp(if step < 0 { -1 } else { 0 }, size)
    };
    if step >= 0 {
        let end = end.map_or(size, bound);
        return Ok(SliceInfoElem::Slice { start: start.map_or(0, bound).min(end), end: Some(end), step });
    }
    // From `start` down to the one after `end`: the same elements as a range upwards, turned round.
    let top = start.map_or(size, |s| bound(s).saturating_add(1).min(size));
    let low = end.map_or(0, |e| bound(e).saturating_add(1)).min(top);
    Ok(SliceInfoElem::Slice { start: low, end: Some(top), step })
}

#[cfg(test)]
#[allow(clippy::reversed_empty_ranges)] // a negative step runs backwards
mod tests {
    use super::*;
    use ndarray::{Array, ArrayD, Axis, s};

    /// The elements of an array of rising numbers that are selected.
    fn picked(dims: &[u64], selected: &Selected) -> ArrayD<u64> {
        let shape: Vec<usize> = dims.iter().map(|d| *d as usize).collect();
        let all = Array::from_iter(0..dims.iter().product()).into_shape_with_order(shape).unwrap();
        let spans = selected.selection.spans(dims).unwrap().unwrap();
        let mut out = all.into_dyn();
        for (axis, span) in spans.iter().enumerate() {
            let indices: Vec<usize> = (0..span.count)
                .flat_map(|n| (0..span.block).map(move |b| (span.start + n * span.stride + b) as usize))
                .collect();
            out = out.select(Axis(axis), &indices);
        }
        let mut out = Array::from_iter(out).into_shape_with_order(selected.shape.clone()).unwrap();
        for axis in &selected.reversed {
            out.invert_axis(Axis(*axis));
        }
        out
    }

    #[test]
    fn as_ndarray_slices() {
        let dims = [7u64, 5, 4];
        let all = Array::from_iter(0..140u64).into_shape_with_order((7, 5, 4)).unwrap();
        macro_rules! same { ($($info:expr;)*) => {$(
            let selected = $info.select(&dims).unwrap();
            assert_eq!(picked(&dims, &selected), all.slice($info).to_owned().into_dyn(), "{:?}", $info);
        )*}}
        same! {
            s![.., .., ..];
            s![1..3, 2, ..;2];
            s![-1, ..-1, 1..];
            s![..;3, ..;-2, -3..-1];
            s![5..1;-1, .., 0];
            s![..;-3, 1..4;-2, ..;-1];
            s![3, 4, 3];
            s![.., ndarray::NewAxis, 1, ..];
        }
        for bad in [s![7, .., ..], s![-8, .., ..]] {
            assert!(bad.select(&dims).unwrap_err().what().contains("dimension 0"));
        }
        assert!(s![..8, .., ..].select(&dims).is_err());
        assert!(s![.., ..].select(&dims).is_err());
    }

    #[test]
    fn as_numpy_text() {
        let dims = [7u64, 5];
        let shape = |text: &str| parse_slice(text, &dims).map(|s| s.shape);
        assert_eq!(shape("0:10, ::2").unwrap(), [7, 3]);
        assert_eq!(shape("[..., -1]").unwrap(), [7]);
        assert_eq!(shape("").unwrap(), [7, 5]);
        assert_eq!(shape("...").unwrap(), [7, 5]);
        assert_eq!(shape("2").unwrap(), [5]);
        assert_eq!(shape("5:2").unwrap(), [0, 5]);
        let down = parse_slice("5:1:-2, 0", &dims).unwrap();
        assert_eq!(picked(&dims, &down), ndarray::arr1(&[25, 15]).into_dyn());
        let all = parse_slice("::-1, 0", &dims).unwrap();
        assert_eq!(picked(&dims, &all).iter().copied().collect::<Vec<_>>(), [30, 25, 20, 15, 10, 5, 0]);
        for (bad, what) in [
            ("7", "index 7"),
            ("a:2", "\"a\""),
            ("1:2:3:4", "start:stop:step"),
            ("::0", "step of 0"),
            ("..., ...", "more than one"),
            ("1, 2, 3", "3 dimensions"),
            ("[1", "brackets"),
            (",2", "empty"),
        ] {
            let e = shape(bad).unwrap_err();
            assert!(e.what().contains(what), "{bad}: {e}");
        }
        assert_eq!(parse_slice("", &[]).unwrap().shape, [0usize; 0]);
    }
}
