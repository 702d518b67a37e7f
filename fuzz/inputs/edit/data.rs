//! Steps on datasets.

use h5::{Dataset, DatasetBuilder, Selection, Span};

use super::links::refused;
use super::model::{Array, Data, Element, Is, Kind, Object, Target, index, position};
use super::{Input, Run};

impl Element {
    pub fn int(&self) -> i32 {
        if let Element::Int(v) = self { *v } else { panic!("{self:?}") }
    }
    pub fn float(&self) -> f64 {
        if let Element::Float(v) = self { *v } else { panic!("{self:?}") }
    }
    pub fn text(&self) -> String {
        if let Element::Text(v) = self { v.clone() } else { panic!("{self:?}") }
    }
    pub fn list(&self) -> Vec<i16> {
        if let Element::List(v) = self { v.clone() } else { panic!("{self:?}") }
    }
    pub fn pair(&self) -> (i32, f64) {
        if let Element::Pair(a, b) = self { (*a, *b) } else { panic!("{self:?}") }
    }
}

/// Gives elements to a method of a dataset as values of the right type.
macro_rules! typed {
    ($kind:expr, $elements:expr, $values:ident => $call:expr) => {
        match $kind {
            Kind::Int => {
                let $values: Vec<_> = $elements.iter().map(Element::int).collect();
                $call
            }
            Kind::Float => {
                let $values: Vec<_> = $elements.iter().map(Element::float).collect();
                $call
            }
            Kind::Text => {
                let $values: Vec<_> = $elements.iter().map(Element::text).collect();
                $call
            }
            Kind::List => {
                let $values: Vec<_> = $elements.iter().map(Element::list).collect();
                $call
            }
            Kind::Pair => {
                let $values: Vec<_> = $elements.iter().map(Element::pair).collect();
                $call
            }
        }
    };
}

/// A new dataset of some kind, by default of numbers.
struct New<'a> {
    kind: Option<Kind>,
    dims: &'a [u64],
    max: Option<Vec<Option<u64>>>,
    chunked: bool,
    fill: bool,
}

fn new<'a>(dims: &'a [u64]) -> New<'a> {
    New { kind: None, dims, max: None, chunked: true, fill: false }
}

fn create(
    run: &mut Run,
    input: &mut Input<'_>,
    new: New<'_>,
    how: impl Fn(DatasetBuilder) -> DatasetBuilder,
) {
    let (group, id) = run.pick_group(input);
    let name = run.free_name(id, input);
    let kind = new.kind.unwrap_or([Kind::Int, Kind::Float][input.below(2)]);
    let mut builder = match kind {
        Kind::Int => group.new_dataset::<i32>(),
        Kind::Float => group.new_dataset::<f64>(),
        Kind::Text => group.new_dataset::<String>(),
        Kind::List => group.new_dataset::<Vec<i16>>(),
        Kind::Pair => group.new_dataset::<(i32, f64)>(),
    }
    .shape(new.dims);
    let max = new.max.unwrap_or_else(|| new.dims.iter().map(|d| Some(*d)).collect());
    if new.chunked {
        builder = builder.max_shape(&max);
    }
    let mut fill = kind.empty();
    if new.fill {
        fill = kind.value(7);
        builder = match &fill {
            Element::Int(v) => builder.fill_value(*v),
            Element::Float(v) => builder.fill_value(*v),
            Element::Text(v) => builder.fill_value(v.clone()),
            Element::List(v) => builder.fill_value(v.clone()),
            Element::Pair(a, b) => builder.fill_value((*a, *b)),
        };
    }
    how(builder).create(&name).expect("a new dataset");
    let array = Array::new(kind, new.dims, &fill);
    let object = run.model.add(Object::new(Is::Data(Data { array, max, fill, chunked: new.chunked })));
    run.link(id, &name, Target::Hard(object));
}

pub fn contiguous(run: &mut Run, input: &mut Input<'_>) {
    let dims = [1 + input.below(20) as u64, 1 + input.below(20) as u64];
    let fill = input.below(2) == 0;
    create(run, input, New { chunked: false, fill, ..new(&dims) }, DatasetBuilder::contiguous);
}
pub fn compact(run: &mut Run, input: &mut Input<'_>) {
    let dims = [1 + input.below(50) as u64];
    create(run, input, New { chunked: false, fill: true, ..new(&dims) }, DatasetBuilder::compact);
}
pub fn scalar(run: &mut Run, input: &mut Input<'_>) {
    let kind = Kind::ALL[input.below(5)];
    create(run, input, New { kind: Some(kind), chunked: false, ..new(&[]) }, |b| b);
}
pub fn empty(run: &mut Run, input: &mut Input<'_>) {
    create(run, input, New { chunked: false, ..new(&[0, 4]) }, |b| b);
}
pub fn single_chunk(run: &mut Run, input: &mut Input<'_>) {
    let dims = [1 + input.below(12) as u64, 1 + input.below(12) as u64];
    let filtered = input.below(2) == 0;
    create(run, input, new(&dims), |b| if filtered { b.chunk(dims).deflate(1) } else { b.chunk(dims) });
}
pub fn implicit(run: &mut Run, input: &mut Input<'_>) {
    let dims = [5 + input.below(20) as u64, 3];
    let max = Some(vec![Some(40), Some(6)]);
    create(run, input, New { max, fill: true, ..new(&dims) }, |b| b.chunk([4, 2]).allocate_early());
}
pub fn fixed_array(run: &mut Run, input: &mut Input<'_>) {
    let dims = [5 + input.below(30) as u64];
    create(run, input, New { max: Some(vec![Some(60)]), ..new(&dims) }, |b| b.chunk([3]));
}
pub fn fixed_array_filtered(run: &mut Run, input: &mut Input<'_>) {
    let dims = [5 + input.below(30) as u64, 4];
    let max = Some(vec![Some(60), Some(7)]);
    create(run, input, New { max, fill: true, ..new(&dims) }, |b| {
        b.chunk([3, 3]).shuffle().deflate(4).fletcher32()
    });
}
pub fn extensible_array(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(30) as u64];
    create(run, input, New { max: Some(vec![None]), ..new(&dims) }, |b| b.chunk([4]));
}
pub fn extensible_array_filtered(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(30) as u64, 5];
    let max = Some(vec![None, Some(8)]);
    create(run, input, New { max, fill: true, ..new(&dims) }, |b| b.chunk([4, 3]).shuffle().deflate(1));
}
pub fn btree(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(20) as u64, input.below(20) as u64];
    create(run, input, New { max: Some(vec![None, None]), ..new(&dims) }, |b| b.chunk([3, 4]));
}
pub fn btree_filtered(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(20) as u64, input.below(20) as u64];
    let max = Some(vec![None, None]);
    create(run, input, New { max, fill: true, ..new(&dims) }, |b| b.chunk([3, 4]).deflate(2));
}
pub fn three_dimensions(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(5) as u64, 3, 4];
    let max = Some(vec![None, Some(3), Some(9)]);
    create(run, input, New { max, ..new(&dims) }, |b| b.chunk([2, 2, 3]).fletcher32());
}
pub fn unfiltered_edges(run: &mut Run, input: &mut Input<'_>) {
    let dims = [5 + input.below(10) as u64, 5];
    let max = Some(vec![None, Some(9)]);
    create(run, input, New { max, ..new(&dims) }, |b| b.chunk([4, 4]).deflate(1).edges_unfiltered());
}
pub fn guessed_chunks(run: &mut Run, input: &mut Input<'_>) {
    create(run, input, New { max: Some(vec![None]), ..new(&[0]) }, |b| b.deflate(1));
}
pub fn texts(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(12) as u64];
    let max = Some(vec![None]);
    create(run, input, New { kind: Some(Kind::Text), max, ..new(&dims) }, |b| b.chunk([5]));
}
pub fn texts_contiguous(run: &mut Run, input: &mut Input<'_>) {
    let dims = [1 + input.below(12) as u64];
    create(run, input, New { kind: Some(Kind::Text), chunked: false, ..new(&dims) }, |b| b);
}
pub fn sequences(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(12) as u64];
    let max = Some(vec![None]);
    create(run, input, New { kind: Some(Kind::List), max, ..new(&dims) }, |b| b.chunk([4]).deflate(1));
}
pub fn pairs(run: &mut Run, input: &mut Input<'_>) {
    let dims = [input.below(12) as u64];
    let max = Some(vec![None]);
    create(run, input, New { kind: Some(Kind::Pair), max, fill: true, ..new(&dims) }, |b| {
        b.chunk([4]).shuffle().deflate(1)
    });
}

/// A dataset, if there is one that is wanted.
fn pick(run: &Run, input: &mut Input<'_>, wanted: impl Fn(&Data) -> bool) -> Option<(Dataset, usize)> {
    let found = run.pick(input, |o| matches!(&o.is, Is::Data(d) if wanted(d)))?;
    Some((run.file.dataset(&found.0).expect("a dataset"), found.1))
}

fn some_elements(kind: Kind, count: usize, input: &mut Input<'_>) -> Vec<Element> {
    let seed = input.below(200);
    (0..count).map(|n| kind.value(seed + n)).collect()
}

pub fn write(run: &mut Run, input: &mut Input<'_>) {
    let Some((d, id)) = pick(run, input, |_| true) else { return };
    let data = run.model.data_mut(id);
    let elements = some_elements(data.array.kind, data.array.elements.len(), input);
    typed!(data.array.kind, elements, values => d.write_raw(&values)).expect("elements are written");
    data.array.elements = elements;
}

/// One span of a dimension: plain, or in steps.
fn span(input: &mut Input<'_>, size: u64, steps: bool) -> Span {
    let start = input.below(size as usize) as u64;
    let left = size - start;
    if !steps {
        return Span::range(start, 1 + input.below(left as usize) as u64);
    }
    let (stride, block) = (2 + input.below(3) as u64, 1 + input.below(2) as u64);
    let count = if left < block { 0 } else { 1 + (left - block) / stride };
    Span { start, stride, count: count.max(1), block: block.min(left) }
}

fn holds(span: &Span, at: u64) -> bool {
    at >= span.start && at < span.end() && (at - span.start) % span.stride.max(1) < span.block
}

fn write_slab(run: &mut Run, input: &mut Input<'_>, steps: bool, field: bool) {
    let wanted = |d: &Data| !d.array.elements.is_empty() && (!field || d.array.kind == Kind::Pair);
    let Some((d, id)) = pick(run, input, wanted) else { return };
    let data = run.model.data_mut(id);
    let dims = data.array.dims.clone().expect("it has a shape");
    let spans: Vec<Span> = dims.iter().map(|n| span(input, *n, steps)).collect();
    let inside = |n: &usize| position(*n, &dims).iter().zip(&spans).all(|(at, s)| holds(s, *at));
    let places: Vec<usize> = (0..data.array.elements.len()).filter(inside).collect();
    let mut elements = some_elements(data.array.kind, places.len(), input);
    let selection = if dims.is_empty() { Selection::All } else { Selection::Slab(spans.clone()) };
    if field {
        let firsts: Vec<i32> = elements.iter().map(|e| e.pair().0).collect();
        d.write_field(&selection, "f0", &firsts).expect("a member is written");
        for (place, element) in places.iter().zip(&mut elements) {
            *element = Element::Pair(element.pair().0, data.array.elements[*place].pair().1);
        }
    } else {
        typed!(data.array.kind, elements, values => d.write_selected(&selection, &values))
            .expect("elements are written");
    }
    for (place, element) in places.into_iter().zip(elements) {
        data.array.elements[place] = element;
    }
}

pub fn write_slice(run: &mut Run, input: &mut Input<'_>) {
    write_slab(run, input, false, false);
}
pub fn write_steps(run: &mut Run, input: &mut Input<'_>) {
    write_slab(run, input, true, false);
}
pub fn write_member(run: &mut Run, input: &mut Input<'_>) {
    let steps = input.below(2) == 0;
    write_slab(run, input, steps, true);
}

pub fn write_points(run: &mut Run, input: &mut Input<'_>) {
    let wanted =
        |d: &Data| !d.array.elements.is_empty() && d.array.dims.as_ref().is_some_and(|d| !d.is_empty());
    let Some((d, id)) = pick(run, input, wanted) else { return };
    let data = run.model.data_mut(id);
    let dims = data.array.dims.clone().expect("it has a shape");
    let mut points: Vec<Vec<u64>> = Vec::new();
    for _ in 0..1 + input.below(6) {
        let point: Vec<u64> = dims.iter().map(|n| input.below(*n as usize) as u64).collect();
        if !points.contains(&point) {
            points.push(point);
        }
    }
    let elements = some_elements(data.array.kind, points.len(), input);
    let selection = Selection::Points { rank: dims.len(), coordinates: points.concat() };
    typed!(data.array.kind, elements, values => d.write_selected(&selection, &values))
        .expect("points are written");
    for (point, element) in points.iter().zip(elements) {
        data.array.elements[index(point, &dims)] = element;
    }
}

fn resized(run: &mut Run, input: &mut Input<'_>, larger: bool) {
    let Some((d, id)) = pick(run, input, |d| d.chunked) else { return };
    let data = run.model.data_mut(id);
    let old = data.array.dims.clone().expect("it has a shape");
    let dims: Vec<u64> = old
        .iter()
        .zip(&data.max)
        .map(|(n, max)| match larger {
            true => (n + input.below(12) as u64).min(max.unwrap_or(60)).max(*n),
            false => n - input.below(*n as usize + 1) as u64,
        })
        .collect();
    d.resize(&dims).expect("another shape");
    data.array = data.array.resized(&dims, &data.fill);
}

pub fn grow(run: &mut Run, input: &mut Input<'_>) {
    resized(run, input, true);
}
pub fn shrink(run: &mut Run, input: &mut Input<'_>) {
    resized(run, input, false);
}

fn appended(run: &mut Run, input: &mut Input<'_>, axis: usize) {
    let wanted = |d: &Data| {
        let dims = d.array.dims.clone().unwrap_or_default();
        d.chunked
            && d.max.get(axis) == Some(&None)
            && dims.iter().enumerate().all(|(n, d)| n == axis || *d > 0)
    };
    let Some((d, id)) = pick(run, input, wanted) else { return };
    for _ in 0..1 + input.below(4) {
        let data = run.model.data_mut(id);
        let old = data.array.dims.clone().expect("it has a shape");
        let mut dims = old.clone();
        dims[axis] += 1 + input.below(5) as u64;
        let mut array = data.array.resized(&dims, &data.fill);
        let new = |n: &usize| position(*n, &dims)[axis] >= old[axis];
        let places: Vec<usize> = (0..array.elements.len()).filter(new).collect();
        let elements = some_elements(array.kind, places.len(), input);
        typed!(array.kind, elements, values => d.append(axis, &values)).expect("rows are added");
        for (place, element) in places.into_iter().zip(elements) {
            array.elements[place] = element;
        }
        data.array = array;
    }
}

pub fn append(run: &mut Run, input: &mut Input<'_>) {
    appended(run, input, 0);
}
pub fn append_columns(run: &mut Run, input: &mut Input<'_>) {
    appended(run, input, 1);
}

/// What does not fit is refused, and changes nothing.
pub fn bad_writes(run: &mut Run, input: &mut Input<'_>) {
    let Some((d, id)) = pick(run, input, |d| d.array.dims.is_some()) else { return };
    let data = run.model.data_mut(id);
    let dims = data.array.dims.clone().expect("it has a shape");
    let more = some_elements(data.array.kind, data.array.elements.len() + 1, input);
    refused(typed!(data.array.kind, more, values => d.write_raw(&values)));
    refused(d.resize(vec![1; dims.len() + 1]));
    let beyond = Selection::Points { rank: dims.len().max(1), coordinates: vec![1 << 40; dims.len().max(1)] };
    let one = &more[..1];
    refused(typed!(data.array.kind, one, values => d.write_selected(&beyond, &values)));
    refused(typed!(data.array.kind, one, values => d.append(dims.len(), &values)));
    if let Some(at) = data.max.iter().position(Option::is_some).filter(|_| data.chunked) {
        let mut dims = dims.clone();
        dims[at] = data.max[at].expect("it has a maximum") + 1;
        refused(d.resize(&dims));
    }
    if !matches!(data.array.kind, Kind::Text) {
        refused(d.write_raw(&vec!["text".to_string(); data.array.elements.len().max(1)]));
    }
}

/// Datasets that cannot be.
pub fn bad_datasets(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let name = run.free_name(id, input);
    refused(group.new_dataset::<i32>().shape([4]).chunk([0]).create(&name));
    refused(group.new_dataset::<i32>().shape([4]).chunk([2, 2]).create(&name));
    refused(group.new_dataset::<i32>().shape([4]).max_shape([Some(3)]).create(&name));
    refused(group.new_dataset::<i32>().shape([40_000]).compact().create(&name));
    refused(group.new_dataset::<i32>().shape([4]).contiguous().deflate(1).create(&name));
}
