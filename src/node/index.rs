//! Indexing as numpy's: integers, slices with steps, ellipsis, lists, masks.

use ndarray::{ArrayBase, Data, Dimension, SliceInfoElem};

use crate::api::slice::{IntoSelection, Selected};
use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::selection::Span;

/// One axis of an index.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::{Axis, Mode, NodeFile};
/// let file = NodeFile::create_in_memory("in memory")?;
/// let array = file.create_carray("/", "a", &h5::ndarray::array![[1, 2, 3], [4, 5, 6]], "")?;
/// assert_eq!(array.get::<i64>(&[Axis::Whole, Axis::List(vec![2, 0])])?, h5::ndarray::array![[3, 1], [6, 4]].into_dyn());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Axis {
    /// One place; below zero from the end. The axis is gone in the result.
    At(isize),
    /// `start:stop:step`, as in Python.
    Slice {
        /// Where it starts; none: at the end it goes away from.
        start: Option<isize>,
        /// Where it stops, not included; none: at the other end.
        stop: Option<isize>,
        /// From one place to the next, not 0.
        step: isize,
    },
    /// `:`.
    Whole,
    /// `...`: all axes that are not told of.
    Ellipsis,
    /// These places, in this order.
    List(Vec<isize>),
    /// The places where it is true.
    Mask(Vec<bool>),
}

/// What is selected, and in which shape it comes.
#[derive(Debug, Clone, PartialEq)]
pub struct Picked {
    pub(super) selected: Selected,
    /// Along this axis of the result the places come in another order: that of a list.
    pub(super) order: Option<(usize, Vec<usize>)>,
}

/// What selects elements of an array: a place, a range, a tuple of these (`(0, 1..3)`), ndarray's `s![]`, text as numpy
/// writes it (`"1:3, ..., -1"`), axes, a list of places, or a mask (an array of `bool`).
pub trait Index {
    /// What it selects of an array of this shape.
    fn pick(&self, shape: &[u64]) -> Result<Picked>;
}

fn plain(selected: Result<Selected>) -> Result<Picked> {
    Ok(Picked { selected: selected?, order: None })
}

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

fn narrow(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

impl Index for str {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        plain(self.select(shape))
    }
}

impl Index for std::ops::RangeFull {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        plain(Selection::All.select(shape))
    }
}

impl Index for Selection {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        plain(self.select(shape))
    }
}

impl<T, In, Out> Index for ndarray::SliceInfo<T, In, Out>
where
    T: AsRef<[SliceInfoElem]>,
    In: Dimension,
    Out: Dimension,
{
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        plain(self.select(shape))
    }
}

impl<I: Index + ?Sized> Index for &I {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        (**self).pick(shape)
    }
}

/// Where a place lies beyond what the machine can tell, it is out of range of every array.
fn told<N: TryInto<isize> + PartialOrd + Default>(given: N) -> isize {
    let ends = if given < N::default() { isize::MIN } else { isize::MAX };
    given.try_into().unwrap_or(ends)
}

macro_rules! places {
    ($($t:ty)*) => {$(
        impl From<$t> for Axis {
            fn from(at: $t) -> Axis {
                Axis::At(told(at))
            }
        }
        impl From<std::ops::Range<$t>> for Axis {
            fn from(r: std::ops::Range<$t>) -> Axis {
                Axis::Slice { start: Some(told(r.start)), stop: Some(told(r.end)), step: 1 }
            }
        }
        impl From<std::ops::RangeTo<$t>> for Axis {
            fn from(r: std::ops::RangeTo<$t>) -> Axis {
                Axis::Slice { start: None, stop: Some(told(r.end)), step: 1 }
            }
        }
        impl From<std::ops::RangeFrom<$t>> for Axis {
            fn from(r: std::ops::RangeFrom<$t>) -> Axis {
                Axis::Slice { start: Some(told(r.start)), stop: None, step: 1 }
            }
        }
        one_axis! { $t, std::ops::Range<$t>, std::ops::RangeTo<$t>, std::ops::RangeFrom<$t> }
    )*};
}

macro_rules! one_axis {
    ($($t:ty),*) => {$(
        impl Index for $t {
            fn pick(&self, shape: &[u64]) -> Result<Picked> {
                [Axis::from(self.clone())].as_slice().pick(shape)
            }
        }
    )*};
}

places! { i32 i64 isize usize }
one_axis! { Vec<isize> }

impl From<std::ops::RangeFull> for Axis {
    fn from(_: std::ops::RangeFull) -> Axis {
        Axis::Whole
    }
}

impl From<Vec<isize>> for Axis {
    fn from(places: Vec<isize>) -> Axis {
        Axis::List(places)
    }
}

impl From<Vec<bool>> for Axis {
    fn from(places: Vec<bool>) -> Axis {
        Axis::Mask(places)
    }
}

macro_rules! tuples {
    ($(($($t:ident $n:tt),*))*) => {$(
        /// As numpy's `a[0, 1:3]`: one thing for each axis.
        impl<$($t: Into<Axis> + Clone),*> Index for ($($t,)*) {
            fn pick(&self, shape: &[u64]) -> Result<Picked> {
                [$(self.$n.clone().into()),*].as_slice().pick(shape)
            }
        }
    )*};
}

tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) }

impl<const N: usize> Index for [Axis; N] {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        self.as_slice().pick(shape)
    }
}

impl<S: Data<Elem = bool>, D: Dimension> Index for ArrayBase<S, D> {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        let own: Vec<u64> = self.shape().iter().copied().map(wide).collect();
        let (first, rest) = (shape.get(..own.len()), shape.get(own.len()..).unwrap_or_default());
        if first != Some(own.as_slice()) {
            return Err(Error::usage(format!("a mask of shape {own:?} for an array of {shape:?}")));
        }
        if let ([_], false) = (own.as_slice(), rest.is_empty()) {
            return [Axis::Mask(self.iter().copied().collect())].as_slice().pick(shape);
        }
        let mut coordinates = Vec::new();
        for (place, yes) in self.view().into_dyn().indexed_iter() {
            if *yes {
                let corner = place.slice().iter().copied().map(wide);
                coordinates.push(corner.collect::<Vec<u64>>());
            }
        }
        let count = coordinates.len();
        let inner: Vec<usize> = rest.iter().copied().map(narrow).collect();
        let selection = match rest.is_empty() {
            true => Selection::Points { rank: shape.len(), coordinates: coordinates.concat() },
            false => {
                let ends: Vec<u64> = rest.iter().map(|n| n.saturating_sub(1)).collect();
                let zeros = vec![0; rest.len()];
                let corner = |c: &Vec<u64>| [c.as_slice(), &zeros, c, &ends].concat();
                Selection::Blocks { rank: shape.len(), corners: coordinates.iter().flat_map(corner).collect() }
            }
        };
        let shape = std::iter::once(count).chain(inner).collect();
        Ok(Picked { selected: Selected { selection, shape, reversed: Vec::new() }, order: None })
    }
}

/// A place along an axis of `size` elements, from the end if it is below zero.
fn place(given: isize, size: u64, axis: usize) -> Result<u64> {
    let size_here = isize::try_from(size).unwrap_or(isize::MAX);
    let from_start = if given < 0 { given.saturating_add(size_here) } else { given };
    match u64::try_from(from_start) {
        Ok(at) if at < size => Ok(at),
        _ => Err(Error::usage(format!("index {given} is out of range: axis {axis} has {size} elements"))),
    }
}

/// Start, number of elements, step forwards, and whether they come backwards: Python's rules.
fn steps(start: Option<isize>, stop: Option<isize>, step: isize, size: u64) -> Result<(u64, u64, u64, bool)> {
    let length = isize::try_from(size).unwrap_or(isize::MAX);
    let backwards = step < 0;
    let (least, most) = if backwards { (-1, length.saturating_sub(1)) } else { (0, length) };
    let bound = |given: isize| {
        let at = if given < 0 { given.saturating_add(length) } else { given };
        at.clamp(least, most.max(least))
    };
    let (first, last) = if backwards { (most, least) } else { (least, most) };
    let (start, stop) = (start.map_or(first, bound), stop.map_or(last, bound));
    let stride = step.unsigned_abs();
    if stride == 0 {
        return Err(Error::usage("a slice with a step of 0"));
    }
    let reach = if backwards { start.saturating_sub(stop) } else { stop.saturating_sub(start) };
    let count = usize::try_from(reach).unwrap_or(0).div_ceil(stride);
    let span = isize::try_from(count.saturating_sub(1).saturating_mul(stride)).unwrap_or(isize::MAX);
    let lowest = if backwards { start.saturating_sub(span) } else { start };
    let lowest = u64::try_from(lowest).unwrap_or(0).min(size);
    Ok((lowest, wide(count), wide(stride), backwards && count > 0))
}

/// What the axes of an index become, one after the other.
#[derive(Default)]
struct Picking {
    /// For each axis of the array the places, as runs of spans in rising order.
    axes: Vec<Vec<Span>>,
    shape: Vec<usize>,
    reversed: Vec<usize>,
    order: Option<(usize, Vec<usize>)>,
}

impl Picking {
    fn whole(&mut self, size: u64) {
        self.axes.push(vec![Span::range(0, size)]);
        self.shape.push(narrow(size));
    }
    fn axis(&mut self, axis: &Axis, size: u64) -> Result<()> {
        let number = self.axes.len();
        match axis {
            Axis::At(at) => self.axes.push(vec![Span::range(place(*at, size, number)?, 1)]),
            Axis::Slice { start, stop, step } => {
                let (start, count, stride, backwards) = steps(*start, *stop, *step, size)?;
                if backwards {
                    self.reversed.push(self.shape.len());
                }
                let span = match stride {
                    1 => Span { start, stride: count.max(1), count: count.min(1), block: count },
                    _ => Span { start, stride, count, block: 1 },
                };
                self.axes.push(vec![span]);
                self.shape.push(narrow(count));
            }
            Axis::Whole | Axis::Ellipsis => self.whole(size),
            Axis::List(list) => {
                let places = list.iter().map(|at| place(*at, size, number)).collect::<Result<Vec<u64>>>()?;
                self.list(&places)?;
            }
            Axis::Mask(mask) => {
                if wide(mask.len()) != size {
                    let what = format!("a mask of {} places for axis {number}, which has {size}", mask.len());
                    return Err(Error::usage(what));
                }
                let places: Vec<u64> = (0..size).zip(mask).filter(|(_, yes)| **yes).map(|(at, _)| at).collect();
                self.list(&places)?;
            }
        }
        Ok(())
    }
    /// Places of a list: read in rising order, each once, and put into the order that was asked for afterwards.
    fn list(&mut self, places: &[u64]) -> Result<()> {
        if self.order.is_some() {
            return Err(Error::unsupported("lists or masks along two axes"));
        }
        let mut rising = places.to_vec();
        rising.sort_unstable();
        rising.dedup();
        let order = places.iter().filter_map(|at| rising.binary_search(at).ok()).collect();
        self.order = Some((self.shape.len(), order));
        self.shape.push(rising.len());
        let mut runs: Vec<Span> = Vec::new();
        for at in rising {
            match runs.last_mut().filter(|run| run.start.saturating_add(run.block) == at) {
                Some(run) => *run = Span::range(run.start, run.block.saturating_add(1)),
                None => runs.push(Span::range(at, 1)),
            }
        }
        self.axes.push(runs);
        Ok(())
    }
    fn selection(&self) -> Result<Selection> {
        if self.axes.iter().all(|runs| runs.len() == 1) {
            return Ok(Selection::Slab(self.axes.iter().flatten().copied().collect()));
        }
        // A box for each combination of runs; those of steps are single places.
        let mut boxes: Vec<Vec<Span>> = vec![Vec::new()];
        for spans in &self.axes {
            let single = |s: &Span| match s.count > 1 && s.block != s.stride {
                true => (0..s.count).map(|n| Span::range(s.start.saturating_add(n.saturating_mul(s.stride)), 1)).collect(),
                false => vec![Span::range(s.start, s.end().saturating_sub(s.start))],
            };
            let runs: Vec<Span> = spans.iter().flat_map(single).collect();
            let longer = |b: &Vec<Span>| runs.iter().map(|run| [b.as_slice(), &[*run]].concat()).collect::<Vec<_>>();
            boxes = boxes.iter().flat_map(longer).collect();
        }
        boxes.retain(|b| b.iter().all(|run| run.block > 0));
        let firsts = |b: &Vec<Span>| b.iter().map(|run| run.start).collect::<Vec<u64>>();
        let lasts = |b: &Vec<Span>| b.iter().map(|run| run.end().saturating_sub(1)).collect::<Vec<u64>>();
        let corners = boxes.iter().flat_map(|b| [firsts(b), lasts(b)].concat()).collect();
        Ok(Selection::Blocks { rank: self.axes.len(), corners })
    }
}

impl Index for [Axis] {
    fn pick(&self, shape: &[u64]) -> Result<Picked> {
        let told = self.iter().filter(|a| **a != Axis::Ellipsis).count();
        if self.len().saturating_sub(told) > 1 {
            return Err(Error::usage("an index with more than one ellipsis"));
        }
        if told > shape.len() {
            return Err(Error::usage(format!("an index of {told} axes for an array of {}", shape.len())));
        }
        let missing = shape.len().saturating_sub(told);
        let mut picking = Picking::default();
        let mut sizes = shape.iter().copied();
        for axis in self {
            if *axis == Axis::Ellipsis {
                sizes.by_ref().take(missing).for_each(|size| picking.whole(size));
            } else if let Some(size) = sizes.next() {
                picking.axis(axis, size)?;
            }
        }
        sizes.for_each(|size| picking.whole(size));
        let selection = picking.selection()?;
        let Picking { shape, reversed, order, .. } = picking;
        let order = order.filter(|(_, order)| !order.iter().copied().eq(0..order.len()));
        Ok(Picked { selected: Selected { selection, shape, reversed }, order })
    }
}
