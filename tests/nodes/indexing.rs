//! Indexes of arrays against a model that takes the places of each axis one by one; appends of each form.

use h5::ErrorKind;
use h5::ndarray::{ArrayD, Axis as Dim, Dimension, IxDyn};
use h5::node::{Axis, CArray, Compression, DType, NodeFile};
use proptest::prelude::*;

/// Which places an axis of an index takes of `size`, and whether the axis stays; none where that is an error.
fn places(axis: &Axis, size: isize) -> Option<(Vec<usize>, bool)> {
    let one = |at: isize| Some(if at < 0 { at + size } else { at }).filter(|at| (0..size).contains(at));
    let all = |places: Vec<isize>| places.into_iter().map(|at| at as usize).collect();
    Some(match axis {
        Axis::At(at) => (all(vec![one(*at)?]), false),
        Axis::Slice { step: 0, .. } => return None,
        Axis::Slice { start, stop, step } => {
            // Python's rule, by walking.
            let end = |n: isize| if n < 0 { n + size } else { n };
            let mut at = match (start, *step > 0) {
                (Some(n), true) => end(*n).max(0),
                (Some(n), false) => end(*n).min(size - 1),
                (None, true) => 0,
                (None, false) => size - 1,
            };
            let mut out = Vec::new();
            let goes_on = |at: isize| match (stop, *step > 0) {
                (Some(n), true) => at < end(*n).min(size),
                (Some(n), false) => at > end(*n).max(-1),
                (None, true) => at < size,
                (None, false) => at > -1,
            };
            while goes_on(at) {
                out.push(at);
                at += step;
            }
            (all(out), true)
        }
        Axis::Whole => ((0..size as usize).collect(), true),
        Axis::List(list) => (all(list.iter().map(|at| one(*at)).collect::<Option<_>>()?), true),
        Axis::Mask(mask) => {
            let picked = (0..mask.len()).filter(|at| mask[*at]).collect();
            (mask.len() as isize == size).then_some((picked, true))?
        }
        other => panic!("{other:?} is expanded before"),
    })
}

/// The places along each axis; an ellipsis and what is not told of are whole axes.
fn expand(index: &[Axis], rank: usize) -> Option<Vec<Axis>> {
    let told = index.iter().filter(|a| **a != Axis::Ellipsis).count();
    let missing = rank.checked_sub(told)?;
    let mut out = Vec::new();
    for axis in index {
        match axis {
            Axis::Ellipsis => out.extend(vec![Axis::Whole; missing]),
            other => out.push(other.clone()),
        }
    }
    out.resize(rank, Axis::Whole);
    Some(out)
}

fn picked(index: &[Axis], shape: &[usize]) -> Option<Vec<(Vec<usize>, bool)>> {
    let axes = expand(index, shape.len())?;
    axes.iter().zip(shape).map(|(axis, size)| places(axis, *size as isize)).collect()
}

fn expected(index: &[Axis], array: &ArrayD<i64>) -> Option<ArrayD<i64>> {
    let picked = picked(index, array.shape())?;
    let mut out = array.clone();
    for (at, (places, _)) in picked.iter().enumerate() {
        out = out.select(Dim(at), places);
    }
    let shape: Vec<usize> =
        picked.iter().filter(|(_, stays)| *stays).map(|(places, _)| places.len()).collect();
    Some(out.as_standard_layout().into_owned().into_shape_with_order(IxDyn(&shape)).unwrap())
}

/// Writes `data`, of the shape of the selection, one element after the other.
fn write(index: &[Axis], array: &mut ArrayD<i64>, data: &ArrayD<i64>) {
    let picked = picked(index, array.shape()).unwrap();
    let counts: Vec<usize> = picked.iter().map(|(places, _)| places.len()).collect();
    for (at, value) in h5::ndarray::indices(IxDyn(&counts)).into_iter().zip(data.iter()) {
        let place: Vec<usize> = at.slice().iter().zip(&picked).map(|(n, (places, _))| places[*n]).collect();
        array[IxDyn(&place)] = *value;
    }
}

/// The index as numpy writes it; none for lists and masks.
fn as_text(index: &[Axis]) -> Option<String> {
    let bound = |n: &Option<isize>| n.map_or_else(String::new, |n| n.to_string());
    let parts = index.iter().map(|axis| {
        Some(match axis {
            Axis::At(at) => at.to_string(),
            Axis::Slice { start, stop, step } => format!("{}:{}:{step}", bound(start), bound(stop)),
            Axis::Whole => ":".to_string(),
            Axis::Ellipsis => "...".to_string(),
            _ => return None,
        })
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(", ")).filter(|text| !text.is_empty())
}

fn axis(size: usize) -> impl Strategy<Value = Axis> {
    let n = size as isize + 2;
    let end = proptest::option::of(-n..n);
    prop_oneof![
        3 => (-n..n).prop_map(Axis::At),
        5 => (end.clone(), end, -3isize..4).prop_map(|(start, stop, step)| Axis::Slice { start, stop, step }),
        2 => Just(Axis::Whole),
    ]
}

/// An index of an array of this shape: at most one list or mask, at most one ellipsis.
fn index(shape: Vec<usize>) -> impl Strategy<Value = Vec<Axis>> {
    let axes: Vec<_> = shape.iter().map(|size| axis(*size).boxed()).collect();
    let rank = shape.len();
    let listed = (0..rank.max(1)).prop_flat_map(move |at| {
        let size = shape.get(at).copied().unwrap_or(0);
        let n = size as isize + 1;
        let list = proptest::collection::vec(-n..n, 0..6).prop_map(Axis::List);
        let good = proptest::collection::vec(0..size.max(1) as isize, 0..6).prop_map(Axis::List);
        let mask = proptest::collection::vec(any::<bool>(), size).prop_map(Axis::Mask);
        (Just(at), proptest::option::weighted(0.4, prop_oneof![1 => list, 3 => good, 2 => mask]))
    });
    (axes, listed, 0..=rank, proptest::option::weighted(0.3, 0..=rank)).prop_map(
        |(mut axes, (at, list), length, ellipsis)| {
            if let (Some(list), Some(axis)) = (list, axes.get_mut(at)) {
                *axis = list;
            }
            if let Some(at) = ellipsis {
                // In the place of some axes, or of none.
                let end = (at + length).min(axes.len());
                axes.splice(at.min(end)..end, [Axis::Ellipsis]);
            } else {
                axes.truncate(length);
            }
            axes
        },
    )
}

fn case() -> impl Strategy<Value = (Vec<usize>, Vec<Axis>, bool)> {
    let shape = proptest::collection::vec(0usize..6, 1..5);
    shape.prop_flat_map(|shape| (Just(shape.clone()), index(shape), any::<bool>()))
}

fn stored(data: &ArrayD<i64>, compressed: bool) -> CArray {
    let file = NodeFile::create_in_memory("").unwrap();
    file.define_compression(compressed.then(|| Compression::gzip(1).unwrap()));
    file.create_carray("/", "a", data, "").unwrap()
}

fn numbered(shape: &[usize]) -> ArrayD<i64> {
    let mut next = 0;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        next += 1;
        next
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_index_reads_and_writes_what_numpy_takes((shape, index, compressed) in case()) {
        let mut data = numbered(&shape);
        let array = stored(&data, compressed);
        let Some(expected) = expected(&index, &data) else {
            for error in [array.get::<i64>(&index[..]).unwrap_err(), array.set(&index[..], &0i64).unwrap_err()] {
                prop_assert_eq!(error.kind(), ErrorKind::Usage, "{}", error);
            }
            prop_assert_eq!(array.read::<i64>().unwrap(), data);
            return Ok(());
        };
        prop_assert_eq!(&array.get::<i64>(&index[..]).unwrap(), &expected);
        prop_assert_eq!(array.get_any(&index[..]).unwrap(), expected.clone().into());
        if let Some(text) = as_text(&index) {
            prop_assert_eq!(&array.get::<i64>(text.as_str()).unwrap(), &expected, "{}", text);
        }
        let new = expected.mapv(|v| v + 1000);
        array.set(&index[..], &new).unwrap();
        write(&index, &mut data, &new);
        prop_assert_eq!(&array.read::<i64>().unwrap(), &data);
        // One value for all of them.
        array.set(&index[..], &-1i64).unwrap();
        write(&index, &mut data, &ArrayD::from_elem(new.raw_dim(), -1));
        prop_assert_eq!(&array.read::<i64>().unwrap(), &data);
    }

    #[test]
    fn a_mask_of_all_axes_takes_its_elements_in_their_order(
        shape in proptest::collection::vec(1usize..5, 1..4),
        bits in proptest::collection::vec(any::<bool>(), 64),
        whole in 1usize..4,
    ) {
        let data = numbered(&shape);
        let array = stored(&data, false);
        let first = &shape[..whole.min(shape.len())];
        let mut bits = bits.into_iter().cycle();
        let mask = ArrayD::from_shape_simple_fn(IxDyn(first), || bits.next().unwrap());
        let rest: usize = shape[first.len()..].iter().product();
        let rows = data.clone().into_shape_with_order((mask.len(), rest)).unwrap();
        let picked: Vec<i64> =
            rows.rows().into_iter().zip(&mask).filter(|(_, yes)| **yes).flat_map(|(row, _)| row.to_vec()).collect();
        let got = array.get::<i64>(&mask).unwrap();
        prop_assert_eq!(got.shape()[0], mask.iter().filter(|yes| **yes).count());
        prop_assert_eq!(&got.shape()[1..], &shape[first.len()..]);
        prop_assert_eq!(got.into_iter().collect::<Vec<_>>(), picked);
        array.set(&mask, &0i64).unwrap();
        let zeroed = array.read::<i64>().unwrap().into_shape_with_order((mask.len(), rest)).unwrap();
        for ((new, old), yes) in zeroed.rows().into_iter().zip(rows.rows()).zip(&mask) {
            let wanted = if *yes { old.mapv(|_| 0) } else { old.to_owned() };
            prop_assert_eq!(new.to_owned(), wanted);
        }
    }
}

#[test]
fn things_of_each_axis_make_an_index() {
    let array = stored(&numbered(&[4, 5, 6]), false);
    let same = |index: &str, got: ArrayD<i64>| assert_eq!(got, array.get::<i64>(index).unwrap(), "{index}");
    same("1", array.get(1).unwrap());
    same("-1", array.get(-1).unwrap());
    same("1:3", array.get(1..3).unwrap());
    same("1:", array.get(1..).unwrap());
    same(":2", array.get(..2usize).unwrap());
    same("2, 0", array.get((2, 0)).unwrap());
    same("2, :, -1", array.get((2, .., -1)).unwrap());
    same("..., 1:4", array.get((Axis::Ellipsis, 1..4)).unwrap());
    same(":, 3:", array.get((.., 3..)).unwrap());
    assert_eq!(array.get::<i64>((vec![2isize, 0], 0, 0)).unwrap().into_raw_vec_and_offset().0, [61, 1]);
    assert_eq!(array.get::<i64>((0, vec![true, false, true, false, false], 5)).unwrap().len(), 2);
    assert_eq!(array.get::<i64>(usize::MAX).unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(array.get::<i64>(i64::MIN).unwrap_err().kind(), ErrorKind::Usage);
}

/// The shape of an element, that of the data, whether it expands, and how many rows that appends; none: refused.
type Append = (&'static [usize], &'static [usize], bool, Option<usize>);

#[test]
fn appends_of_each_form() {
    let cases: &[Append] = &[
        // Elements are numbers.
        (&[], &[1], true, Some(1)),
        (&[], &[3], true, Some(3)),
        (&[], &[0], true, Some(0)),
        (&[], &[1, 1], true, None),
        (&[], &[], true, None),
        // Elements are arrays of one number.
        (&[1], &[1], true, Some(1)),
        (&[1], &[3], true, Some(3)),
        (&[1], &[3, 1], true, Some(3)),
        (&[1], &[3], false, None),
        (&[1], &[1, 3], true, None),
        // Elements are arrays.
        (&[3], &[3], true, Some(1)),
        (&[3], &[3], false, Some(1)),
        (&[3], &[3, 3], true, Some(3)),
        (&[3], &[0, 3], true, Some(0)),
        (&[3], &[2], true, None),
        (&[3], &[2, 2], true, None),
        (&[2, 3], &[2, 3], true, Some(1)),
        (&[2, 3], &[5, 2, 3], true, Some(5)),
        (&[2, 3], &[3, 2], true, None),
        (&[2, 3], &[6], true, None),
        (&[2, 3], &[1, 1, 2, 3], true, None),
        // An ensemble could be an element: it is the element that counts.
        (&[2, 2], &[2, 2], true, Some(1)),
        (&[2, 2], &[2, 2, 2], true, Some(2)),
    ];
    for (element, shape, expand, rows) in cases {
        let file = NodeFile::create_in_memory("").unwrap();
        let element_shape = (!element.is_empty()).then_some(*element);
        let array = file.create_earray("/", "a", DType::Int64, element_shape, "").unwrap();
        let data = numbered(shape);
        for round in 1..=2 {
            let done = array.append_expanded(&data, *expand);
            assert_eq!(done.as_ref().err().map(h5::Error::kind), rows.is_none().then_some(ErrorKind::Usage));
            let total = [&[rows.unwrap_or(0) * round][..], element].concat();
            assert_eq!(array.shape().unwrap(), total, "{element:?} and {shape:?}");
            assert_eq!(array.get_attr("shape").unwrap().to_vec::<usize>().unwrap(), total);
            let stored = array.read::<i64>().unwrap();
            assert!(stored.iter().eq(data.iter().cycle().take(stored.len())), "{element:?} and {shape:?}");
        }
    }
}
