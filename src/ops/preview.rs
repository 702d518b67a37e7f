//! The values of a dataset, or of a slice of it, in an amount that a person takes in.
//!
//! Only what is shown is read: of a long axis its two ends, of a picture every so many rows and columns.

use ndarray::{ArrayD, Axis, IxDyn, Slice};

use crate::api::dataset::Dataset;
use crate::api::slice::{Selected, parse_slice};
use crate::api::value::Value;
use crate::data::selection::Selection;
use crate::error::{At, Error, Result};
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::Class;
use crate::format::selection::Span;
use crate::wire::Addr;

/// Values with the middle of long axes left out.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Shape of all that was selected.
    pub shape: Vec<u64>,
    /// For each axis how many values at its start are here; the others are those at its end.
    pub heads: Vec<usize>,
    /// The values.
    pub values: ArrayD<Value>,
}

/// Numbers to draw.
#[derive(Debug, Clone)]
pub struct Numbers {
    /// The numbers, of one or two dimensions.
    pub values: ArrayD<f64>,
    /// What was taken of the dataset, as a slice; empty where it is all.
    pub slice: String,
    /// Shape of what the numbers are taken from.
    pub shape: Vec<u64>,
}

/// Datasets of more elements are shown by their ends, and slices of more, which were asked for.
const WHOLE_ELEMENTS: u64 = 250;
const WHOLE_SLICE: u64 = 1000;
/// Values at the ends of an axis: of the last, the one before, and those before it.
const ENDS: [u64; 3] = [5, 3, 1];
/// Axes that are shown by both ends; of those before only the start is.
const AXES_WITH_ENDS: usize = 4;
/// Numbers that are read for a picture.
const PICTURE_ELEMENTS: u64 = 2 << 20;

/// A dataset's selected elements by axes of the output.
struct Picked {
    spans: Vec<Span>,
    /// The span of each axis; none for an axis of one element.
    of_axis: Vec<Option<usize>>,
    shape: Vec<u64>,
    reversed: Vec<usize>,
}

impl Picked {
    fn new(dataset: &Dataset, slice: &str) -> Result<Self> {
        let dims = dataset.shape()?;
        let Selected { selection, shape, reversed } = parse_slice(slice, &dims).on(dataset.path())?;
        let spans = selection.spans(&dims)?.unwrap_or_default();
        let mut rest = Vec::new();
        for (at, span) in spans.iter().enumerate() {
            if span.elements()? != 1 {
                rest.push(at);
            }
        }
        let mut rest = rest.into_iter();
        let of_axis = shape.iter().map(|n| if *n == 1 { None } else { rest.next() }).collect();
        let shape = shape.iter().map(|n| u64::try_from(*n).unwrap_or(u64::MAX)).collect();
        Ok(Picked { spans, of_axis, shape, reversed })
    }
    fn elements(&self) -> Result<u64> {
        let n = self.shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
        n.ok_or_else(|| Error::limit("a selection of more than 2^64 elements"))
    }
    /// The selection of a part: for each axis first, length and step in the output.
    fn part(&self, parts: &[(u64, u64, u64)]) -> Selection {
        let mut spans = self.spans.clone();
        for (axis, (first, len, step)) in parts.iter().enumerate() {
            let span = self.of_axis.get(axis).copied().flatten().and_then(|at| spans.get_mut(at));
            let Some(span) = span else { continue };
            let all = self.shape.get(axis).copied().unwrap_or(0);
            let count = len.div_ceil((*step).max(1));
            // Turned round, the part ends where it would begin.
            let first = if self.reversed.contains(&axis) {
                let reach = count.saturating_sub(1).saturating_mul(*step);
                all.saturating_sub(1).saturating_sub(*first).saturating_sub(reach)
            } else {
                *first
            };
            let stride = if span.block == 1 { span.stride.max(1) } else { 1 };
            let start = span.start.saturating_add(first.saturating_mul(stride));
            *span = match stride.saturating_mul(*step) {
                1 => Span::range(start, count),
                stride => Span { start, stride, count, block: 1 },
            };
        }
        Selection::Slab(spans)
    }
    /// Gives what was read of a part its axes.
    fn shaped<T>(&self, read: ArrayD<T>, shape: &[usize]) -> Result<ArrayD<T>> {
        let (data, _) = read.into_raw_vec_and_offset();
        let array = ArrayD::from_shape_vec(IxDyn(shape), data).map_err(|e| Error::usage(e.to_string()))?;
        Ok(self.reversed.iter().filter(|axis| **axis < shape.len()).fold(array, |mut array, axis| {
            array.invert_axis(Axis(*axis));
            array
        }))
    }
}

fn small(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// Head and tail of each axis.
fn ends(shape: &[u64]) -> Vec<(u64, u64)> {
    let from_last = |axis: usize| shape.len().saturating_sub(1).saturating_sub(axis);
    let of = |(axis, n): (usize, &u64)| {
        let end = ENDS.get(from_last(axis)).or(ENDS.last()).copied().unwrap_or(1);
        if *n <= end.saturating_mul(2).saturating_add(1) && from_last(axis) < AXES_WITH_ENDS {
            (*n, 0)
        } else if from_last(axis) < AXES_WITH_ENDS {
            (end, end)
        } else {
            (1.min(*n), 0)
        }
    };
    shape.iter().enumerate().map(of).collect()
}

/// The values of a slice (empty: of all), all of them if `whole`, else the ends of long axes.
pub fn preview(dataset: &Dataset, slice: &str, whole: bool) -> Result<Preview> {
    if dataset.info().space.class == SpaceClass::Null && slice.is_empty() {
        let values = ArrayD::from_shape_vec(IxDyn(&[0]), Vec::new());
        let values = values.map_err(|e| Error::usage(e.to_string()))?;
        return Ok(Preview { shape: vec![0], heads: vec![0], values });
    }
    let picked = Picked::new(dataset, slice)?;
    let reader = dataset.reader().lossy(true);
    let most = if slice.is_empty() { WHOLE_ELEMENTS } else { WHOLE_SLICE };
    if whole || picked.elements()? <= most {
        let values = reader.read_slice::<Value, _>(slice)?;
        return Ok(Preview { shape: picked.shape, heads: values.shape().to_vec(), values });
    }
    let ends = ends(&picked.shape);
    let mut parts: Vec<Vec<(u64, u64, u64)>> = vec![Vec::new()];
    for ((head, tail), n) in ends.iter().zip(&picked.shape) {
        let both = [(0, *head, 1), (n.saturating_sub(*tail), *tail, 1)];
        let taken: Vec<_> = both.into_iter().filter(|(_, len, _)| *len > 0).collect();
        parts = parts
            .iter()
            .flat_map(|before| taken.iter().map(move |part| [before.as_slice(), &[*part]].concat()))
            .collect();
    }
    let heads: Vec<usize> = ends.iter().map(|(head, _)| small(*head)).collect();
    let shown: Vec<usize> = ends.iter().map(|(head, tail)| small(head.saturating_add(*tail))).collect();
    let mut values = ArrayD::from_elem(IxDyn(&shown), Value::Integer(0));
    for part in parts {
        let shape: Vec<usize> = part.iter().map(|(_, len, _)| small(*len)).collect();
        let read = picked.shaped(reader.read_slice::<Value, _>(picked.part(&part))?, &shape)?;
        let mut place = values.slice_each_axis_mut(|a| {
            let axis = a.axis.index();
            let len = shape.get(axis).copied().unwrap_or(0);
            let is_head = part.get(axis).is_some_and(|(first, ..)| *first == 0);
            let from = if is_head { 0 } else { heads.get(axis).copied().unwrap_or(0) };
            Slice::from(from..from.saturating_add(len))
        });
        place.assign(&read);
    }
    Ok(Preview { shape: picked.shape, heads, values })
}

/// The numbers of a slice (empty: of all) to be drawn, thinned out where they are many; of more than two
/// dimensions the first plane. None where there is nothing to draw.
pub fn numbers(dataset: &Dataset, slice: &str) -> Result<Option<Numbers>> {
    let numeric = matches!(dataset.datatype().class, Class::Integer { .. } | Class::Float(_));
    if !numeric || dataset.info().space.class != SpaceClass::Simple {
        return Ok(None);
    }
    let dims = dataset.shape()?;
    let mut slice = slice.to_string();
    let mut picked = Picked::new(dataset, &slice)?;
    let long = |p: &Picked| p.shape.iter().filter(|n| **n > 1).count();
    if long(&picked) > 2 {
        if !slice.is_empty() {
            return Ok(None);
        }
        // The first plane along the last two axes.
        let firsts = vec!["0"; dims.len().saturating_sub(2)];
        slice = format!("[{}, :, :]", firsts.join(", "));
        picked = Picked::new(dataset, &slice)?;
    }
    if long(&picked) == 0 || picked.elements()? == 0 {
        return Ok(None);
    }
    let rank = u32::try_from(long(&picked)).unwrap_or(1);
    let most = if rank == 1 { PICTURE_ELEMENTS } else { PICTURE_ELEMENTS.isqrt() };
    let part: Vec<(u64, u64, u64)> =
        picked.shape.iter().map(|n| (0, *n, n.div_ceil(most.max(1)).max(1))).collect();
    let read = dataset.reader().clamp(true).read_slice::<f64, _>(picked.part(&part))?;
    let shape: Vec<usize> = part.iter().map(|(_, n, step)| small(n.div_ceil(*step))).collect();
    let values = picked.shaped(read, &shape)?;
    let kept: Vec<usize> = shape.iter().copied().filter(|n| *n > 1).collect();
    let data: Vec<f64> = values.iter().copied().collect();
    let values = ArrayD::from_shape_vec(IxDyn(&kept), data).map_err(|e| Error::usage(e.to_string()))?;
    Ok(Some(Numbers { values, slice, shape: picked.shape.into_iter().filter(|n| *n > 1).collect() }))
}

/// One stored element as a value: a fill value.
pub(super) fn one(dataset: &Dataset, stored: &[u8]) -> Result<Value> {
    use crate::api::element::{Decoder, H5Type};
    let plan = Value::plan(dataset.datatype())?;
    Value::decode(&plan, stored, &mut Decoder::new(dataset.file().container(), stored.len()))
}

/// An address as people write it, none where it is undefined.
pub(super) fn place(address: Addr, user_block: u64) -> Option<u64> {
    address.get().map(|a| a.saturating_add(user_block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    fn file(name: &str) -> File {
        File::open(format!("{}/tests/files/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    const IMAGE: &str = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";

    /// A preview's values are those of the whole at the ends of each axis.
    #[test]
    fn the_ends_are_those_of_the_whole() {
        let image = file("pymodaq_scan.h5").dataset(IMAGE).unwrap();
        for slice in ["", "::-1, ::-1, ::-1, ::-1", "1:4, :, ::2, ::-3", "..., 3:30:2", "0, ..., 4:5, ::-1"] {
            let whole = image.read_slice::<Value, _>(slice).unwrap();
            let shown = preview(&image, slice, false).unwrap();
            let shape: Vec<u64> = whole.shape().iter().map(|n| *n as u64).collect();
            assert_eq!(shown.shape, shape, "{slice}");
            for (index, value) in shown.values.indexed_iter() {
                let place: Vec<usize> = (0..shape.len())
                    .map(|axis| {
                        let from_end = shown.values.shape()[axis] - index[axis];
                        if index[axis] < shown.heads[axis] {
                            index[axis]
                        } else {
                            whole.shape()[axis] - from_end
                        }
                    })
                    .collect();
                assert_eq!(value, &whole[IxDyn(&place)], "{slice} at {index:?}");
            }
        }
    }

    #[test]
    fn numbers_are_one_plane_in_the_order_of_the_slice() {
        let image = file("pymodaq_scan.h5").dataset(IMAGE).unwrap();
        let plane = numbers(&image, "").unwrap().unwrap();
        assert_eq!((plane.values.shape(), plane.slice.as_str()), (&[24, 32][..], "[0, 0, :, :]"));
        let turned = numbers(&image, "0, 0, ::-1, 16").unwrap().unwrap();
        let expected = image.read_slice::<f64, _>("0, 0, ::-1, 16").unwrap();
        assert_eq!(turned.values, expected);
        assert!(numbers(&image, "0, 0, 0, 0").unwrap().is_none());
    }
}
