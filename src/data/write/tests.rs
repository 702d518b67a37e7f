//! Every layout against a model that holds each element by itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::append::AppendBuffer;
use crate::data::reader::{Reader, SourceDataset};
use crate::filter::Stage;
use crate::format::message::dataspace::Dataspace;
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::fill::FillValue;
use crate::format::message::layout::{
    BTree2Parameters, EDGES_UNFILTERED, ExtensibleArrayParameters, FixedArrayParameters, Layout,
};
use crate::format::selection::Span;
use crate::format::superblock::{NewSuperblock, Superblock};
use crate::model::dataset::ExternalPart;
use crate::source::memory::Growing;
use crate::source::{ReadAt, WriteAt};
use crate::store::open::Extension;
use crate::store::testing::{FLIP, writable};
use crate::wire::Widths;

const FILL: [u8; 4] = [0xef, 0xbe, 0xad, 0xde];

/// External files in memory.
#[derive(Default)]
struct Outside(std::sync::Mutex<BTreeMap<Vec<u8>, Arc<Growing>>>);

impl Opener for Outside {
    fn raw_file(&self, name: &[u8]) -> Result<Option<Arc<dyn ReadAt>>> {
        Ok(Some(self.0.lock().unwrap().entry(name.to_vec()).or_default().clone()))
    }
    fn raw_file_for_writing(&self, name: &[u8]) -> Result<Arc<dyn WriteAt>> {
        Ok(self.0.lock().unwrap().entry(name.to_vec()).or_default().clone())
    }
    fn source(&self, _: &[u8], _: &[u8]) -> Result<Option<Box<dyn SourceDataset>>> {
        Ok(None)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Compact,
    Contiguous,
    External,
    Single,
    Implicit,
    BTree1,
    FixedArray,
    ExtensibleArray,
    BTree2,
}

#[derive(Debug, Clone)]
struct Shape {
    kind: Kind,
    dims: Vec<u64>,
    chunk: Vec<u64>,
    filtered: bool,
    edges: bool,
    early: bool,
    fill: bool,
    parallel: bool,
    buffered: bool,
}

fn container() -> Container {
    let a = Addr::UNDEFINED;
    let superblock = NewSuperblock {
        version: 3,
        flags: 0,
        widths: Widths::EIGHT,
        base: Addr::new(0),
        extension: a,
        eof: a,
        root: a,
    };
    Container { store: writable(), superblock: Superblock::New(superblock), extension: Extension::default() }
}

fn max_dims(shape: &Shape) -> Option<Vec<Length>> {
    let grown = |d: &u64| Length(d + 7);
    match shape.kind {
        Kind::Compact | Kind::Contiguous | Kind::External => None,
        Kind::Single => Some(shape.chunk.iter().map(|c| Length(*c)).collect()),
        Kind::Implicit | Kind::FixedArray => Some(shape.dims.iter().map(grown).collect()),
        Kind::BTree1 | Kind::BTree2 => Some(vec![Length::UNLIMITED; shape.dims.len()]),
        Kind::ExtensibleArray => {
            let last = shape.dims.len() - 1;
            let max = |(i, d)| if i == last { Length::UNLIMITED } else { grown(d) };
            Some(shape.dims.iter().enumerate().map(max).collect())
        }
    }
}

fn layout_of(shape: &Shape) -> Layout {
    let index = match shape.kind {
        Kind::Compact => return Layout { version: 4, class: LayoutClass::Compact(Vec::new()) },
        Kind::Contiguous | Kind::External => {
            let class = LayoutClass::Contiguous { address: Addr::UNDEFINED, size: Length(0) };
            return Layout { version: 4, class };
        }
        Kind::Single => IndexKind::Single(shape.filtered.then_some((Length(0), 0))),
        Kind::Implicit => IndexKind::Implicit,
        Kind::BTree1 => IndexKind::BTree1,
        Kind::FixedArray => IndexKind::FixedArray(FixedArrayParameters { page_bits: 2 }),
        Kind::ExtensibleArray => IndexKind::ExtensibleArray(ExtensibleArrayParameters {
            max_elements_bits: 32,
            index_block_elements: 4,
            super_block_min_pointers: 4,
            data_block_min_elements: 16,
            page_bits: 10,
        }),
        Kind::BTree2 => {
            let parameters = BTree2Parameters { node_bytes: 512, split_percent: 100, merge_percent: 40 };
            IndexKind::BTree2(parameters)
        }
    };
    let dims = [shape.chunk.as_slice(), &[4]].concat();
    let flags = if shape.edges && shape.kind != Kind::BTree1 { EDGES_UNFILTERED } else { 0 };
    let flags = flags
        | if index == IndexKind::Single(None) || !shape.filtered || shape.kind != Kind::Single {
            0
        } else {
            2
        };
    let version = if shape.kind == Kind::BTree1 { 3 } else { 4 };
    Layout { version, class: LayoutClass::Chunked(Chunked { flags, dims, index, address: Addr::UNDEFINED }) }
}

fn info_of(shape: &Shape) -> DatasetInfo {
    let class = datatype::Class::Opaque { tag: b"four".to_vec() };
    let stage = Stage { id: FLIP, name: None, optional: false, client_data: vec![] };
    let part = |name: &[u8], offset, bytes| ExternalPart { file: name.to_vec(), offset, bytes };
    let external = vec![part(b"a", 5, Some(11)), part(b"b", 0, Some(30)), part(b"a", 40, None)];
    DatasetInfo {
        address: Addr::new(99),
        datatype: Arc::new(Datatype { version: 1, size: 4, class }),
        committed: None,
        space: Dataspace {
            version: 2,
            class: SpaceClass::Simple,
            dims: shape.dims.iter().map(|d| Length(*d)).collect(),
            max_dims: max_dims(shape),
        },
        layout: layout_of(shape),
        filters: if shape.filtered && shape.kind != Kind::Implicit { vec![stage] } else { vec![] },
        fill: if shape.fill { FillValue::Given(FILL.to_vec()) } else { FillValue::Default },
        fill_never: false,
        early: shape.early || shape.kind == Kind::Implicit,
        external: if shape.kind == Kind::External { external } else { vec![] },
        chunk_k: 32,
        external_heap: None,
    }
}

/// A dataset and the truth about it.
struct Case {
    container: Box<Container>,
    cache: ChunkCache,
    outside: Outside,
    info: DatasetInfo,
    buffer: Option<AppendBuffer>,
    parallel: bool,
    truth: BTreeMap<Vec<u64>, [u8; 4]>,
    fill: [u8; 4],
    random: u64,
}

impl Case {
    fn new(shape: &Shape, seed: u64) -> Case {
        let info = info_of(shape);
        let buffer = shape.buffered && matches!(info.layout.class, LayoutClass::Chunked(_));
        let mut case = Case {
            container: Box::new(container()),
            cache: ChunkCache::new(1 << 20),
            outside: Outside::default(),
            buffer: None,
            info,
            parallel: shape.parallel,
            truth: BTreeMap::new(),
            fill: if shape.fill && shape.kind != Kind::External { FILL } else { [0; 4] },
            random: seed | 1,
        };
        if case.info.early || shape.kind == Kind::Compact {
            let changed = case.writer(None).allocate().unwrap();
            changed.apply(&mut case.info);
        }
        case.buffer = buffer.then(|| AppendBuffer::new(case.info.clone(), Some(200)).unwrap());
        case
    }
    fn writer(&self, field: Option<Field>) -> Writer<'_> {
        let Case { container, cache, info, parallel, .. } = self;
        Writer { container, cache, opener: &self.outside, info, parallel: *parallel, field }
    }
    /// Runs a step of the buffer, which cannot be borrowed with the rest.
    fn buffered<T>(&mut self, f: impl FnOnce(&mut AppendBuffer, &Case) -> T) -> T {
        let mut buffer = self.buffer.take().unwrap();
        let out = f(&mut buffer, self);
        self.buffer = Some(buffer);
        out
    }
    fn info(&self) -> &DatasetInfo {
        self.buffer.as_ref().map_or(&self.info, AppendBuffer::info)
    }
    fn below(&mut self, n: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % n.max(1)
    }
    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
    /// Elements of a selection in the order of its data.
    fn points(&self, selection: &Selection, dims: &[u64]) -> Vec<Vec<u64>> {
        let limits = &self.container.store.limits;
        match selection {
            Selection::Points { rank, coordinates } => {
                coordinates.chunks_exact(*rank).map(<[u64]>::to_vec).collect()
            }
            Selection::Blocks { .. } => {
                let boxes = selection.boxes();
                let all =
                    boxes.iter().flat_map(|b| crate::data::virtual_data::coordinates(b, limits).unwrap());
                let mut all: Vec<_> = all.collect();
                all.sort();
                all
            }
            _ => crate::data::virtual_data::coordinates(&selection.spans(dims).unwrap().unwrap(), limits)
                .unwrap(),
        }
    }
    fn random_selection(&mut self) -> Selection {
        let dims = self.info().dims();
        match self.below(4) {
            0 => Selection::All,
            1 => {
                let n = self.below(12);
                let mut coordinates = Vec::new();
                for _ in 0..n {
                    for d in &dims {
                        coordinates.push(self.below(*d));
                    }
                }
                Selection::Points { rank: dims.len(), coordinates }
            }
            2 => {
                // Boxes in stripes along the first dimension, so that they do not overlap.
                let (mut corners, mut at) = (Vec::new(), self.below(2));
                while at < dims[0] {
                    let end = (at + self.below(3)).min(dims[0] - 1);
                    let (mut first, mut last) = (vec![at], vec![end]);
                    for d in &dims[1..] {
                        let from = self.below(*d);
                        first.push(from);
                        last.push(from + self.below(d - from));
                    }
                    corners.extend(first);
                    corners.extend(last);
                    at = end + 1 + self.below(3);
                }
                Selection::Blocks { rank: dims.len(), corners }
            }
            _ => {
                let mut spans = Vec::new();
                for d in &dims {
                    let start = self.below(*d);
                    let block = 1 + self.below((d - start).min(3));
                    let stride = block + self.below(3);
                    let most = (d - start - block) / stride + 1;
                    let count = 1 + self.below(most);
                    spans.push(Span { start, stride, count, block });
                }
                Selection::Slab(spans)
            }
        }
    }
    fn write(&mut self, with_field: bool) {
        if self.info().dims().contains(&0) {
            return;
        }
        let selection = self.random_selection();
        let points = self.points(&selection, &self.info().dims());
        let field = with_field.then_some(Field { offset: 1, size: 2 });
        let (offset, size) = field.map_or((0, 4), |f| (f.offset, f.size));
        let data = self.bytes(points.len() * size);
        for (point, value) in points.into_iter().zip(data.chunks_exact(size)) {
            let element = self.truth.entry(point).or_insert(self.fill);
            element[offset..offset + size].copy_from_slice(value);
        }
        if self.buffer.is_some() {
            self.buffered(|b, case| b.write(&case.writer(field), &selection, &data)).unwrap();
        } else {
            let changed = self.writer(field).write(&selection, &data).unwrap();
            changed.apply(&mut self.info);
        }
    }
    fn resize(&mut self) {
        let max = self.info().max_dims();
        let old = self.info().dims();
        let mut dims = old.clone();
        for (dim, max) in dims.iter_mut().zip(max) {
            if self.below(2) == 0 {
                *dim = self.below(14).min(max.unwrap_or(14));
            }
        }
        self.truth.retain(|point, _| point.iter().zip(&dims).all(|(c, d)| c < d));
        if self.buffer.is_some() {
            self.buffered(|b, case| b.resize(&case.writer(None), &dims)).unwrap();
        } else {
            let changed = self.writer(None).resize(&dims).unwrap();
            changed.apply(&mut self.info);
        }
        assert_eq!(self.info().dims(), dims);
    }
    fn append(&mut self) {
        let dims = self.info().dims();
        let axis = usize::try_from(self.below(dims.len() as u64)).unwrap();
        let rows = 1 + self.below(4);
        let end = dims[axis] + rows;
        let row: u64 = dims.iter().enumerate().filter(|(d, _)| *d != axis).map(|(_, n)| n).product();
        if row == 0 || self.info().max_dims()[axis].is_some_and(|max| end > max) || end > 20 {
            return;
        }
        let data = self.bytes(usize::try_from(row * rows * 4).unwrap());
        let mut spans: Vec<Span> = dims.iter().map(|d| Span::range(0, *d)).collect();
        spans[axis] = Span::range(dims[axis], rows);
        let mut larger = dims.clone();
        larger[axis] = end;
        for (point, value) in
            self.points(&Selection::Slab(spans), &larger).into_iter().zip(data.chunks_exact(4))
        {
            self.truth.insert(point, value.try_into().unwrap());
        }
        self.buffered(|b, case| b.append(&case.writer(None), axis, &data)).unwrap();
    }
    fn flush(&mut self) {
        let changed = self.buffered(|b, case| b.flush(&case.writer(None))).unwrap();
        changed.apply(&mut self.info);
        assert!(!self.buffer.as_ref().unwrap().is_dirty());
    }
    fn check(&mut self, buffered: bool) {
        let dims = if buffered { self.info().dims() } else { self.info.dims() };
        let check = |selection: &Selection, case: &Case| {
            let points = case.points(selection, &dims);
            let mut out = vec![0x77; points.len() * 4];
            let Case { container, cache, info, .. } = case;
            let reader =
                Reader { container, cache, opener: &case.outside, info, dims: &dims, parallel: false };
            match &case.buffer {
                Some(buffer) if buffered => buffer.read(&reader, selection, &mut out).unwrap(),
                _ => reader.read(selection, &mut out).unwrap(),
            }
            for (point, got) in points.iter().zip(out.chunks_exact(4)) {
                let expected = case.truth.get(point).unwrap_or(&case.fill);
                assert_eq!(got, expected, "at {point:?} of {dims:?}");
            }
        };
        check(&Selection::All, self);
        if buffered && !dims.contains(&0) {
            let selection = self.random_selection();
            check(&selection, self);
        }
    }
}

fn run(shape: &Shape, ops: &[u8], seed: u64) {
    let mut case = Case::new(shape, seed);
    case.check(true);
    for op in ops {
        let chunked = matches!(case.info.layout.class, LayoutClass::Chunked(_));
        match op {
            0..=3 => case.write(false),
            4 => case.write(true),
            5 if chunked => case.resize(),
            6..=8 if case.buffer.is_some() => case.append(),
            9 if case.buffer.is_some() => {
                case.flush();
                case.check(false);
            }
            _ => {}
        }
        case.check(true);
    }
    if case.buffer.is_some() {
        case.flush();
        case.check(false);
    }
}

fn any_shape() -> impl Strategy<Value = Shape> {
    use Kind::*;
    let kinds =
        vec![Compact, Contiguous, External, Single, Implicit, BTree1, FixedArray, ExtensibleArray, BTree2];
    let axes = prop::collection::vec((1u64..12, 1u64..6), 1..4);
    (prop::sample::select(kinds), axes, any::<[bool; 6]>()).prop_map(|(kind, axes, flags)| {
        let [filtered, edges, early, fill, parallel, buffered] = flags;
        let dims: Vec<u64> = axes.iter().map(|a| a.0).collect();
        let chunk = if kind == Single { dims.clone() } else { axes.iter().map(|a| a.1).collect() };
        Shape { kind, dims, chunk, filtered, edges, early, fill, parallel, buffered }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn every_layout_holds_what_was_written(
        shape in any_shape(),
        ops in prop::collection::vec(0u8..10, 1..12),
        seed in any::<u64>(),
    ) {
        run(&shape, &ops, seed);
    }
}

fn shape(kind: Kind, dims: &[u64], chunk: &[u64]) -> Shape {
    Shape {
        kind,
        dims: dims.to_vec(),
        chunk: chunk.to_vec(),
        filtered: false,
        edges: false,
        early: false,
        fill: true,
        parallel: true,
        buffered: false,
    }
}

impl Case {
    fn put(&mut self, selection: &Selection, field: Option<Field>, data: &[u8]) -> Result<()> {
        let changed = self.writer(field).write(selection, data)?;
        changed.apply(&mut self.info);
        Ok(())
    }
    fn get(&self, selection: &Selection) -> Vec<u8> {
        let Case { container, cache, info, .. } = self;
        let dims = info.dims();
        let mut out = vec![0; usize::try_from(selection.elements(&dims).unwrap()).unwrap() * 4];
        Reader { container, cache, opener: &self.outside, info, dims: &dims, parallel: true }
            .read(selection, &mut out)
            .unwrap();
        out
    }
}

#[test]
fn stretches_of_every_density() {
    let n = 700usize;
    let kinds = [Kind::Contiguous, Kind::External, Kind::BTree2];
    for kind in kinds {
        let mut shape = shape(kind, &[n as u64, n as u64], &[n as u64, n as u64]);
        shape.filtered = kind == Kind::BTree2;
        let mut case = Case::new(&shape, 7);
        let mut truth = vec![if kind == Kind::External { [0; 4] } else { FILL }; n * n];
        let dense = Span { start: 1, stride: 3, count: 200, block: 2 };
        let sparse = Span { start: 0, stride: 650, count: 2, block: 1 };
        let one = Span::range(699, 1);
        for (rows, columns) in
            [(one, one), (dense, dense), (sparse, sparse), (Span::range(3, 600), Span::range(0, 700))]
        {
            let selection = Selection::Slab(vec![rows, columns]);
            let field = (rows.start == 3).then_some(Field { offset: 3, size: 1 });
            let (offset, size) = field.map_or((0, 4), |f| (f.offset, f.size));
            let points = case.points(&selection, &[n as u64, n as u64]);
            let data = case.bytes(points.len() * size);
            for (p, value) in points.iter().zip(data.chunks_exact(size)) {
                truth[p[0] as usize * n + p[1] as usize][offset..offset + size].copy_from_slice(value);
            }
            case.put(&selection, field, &data).unwrap();
            assert!(case.get(&Selection::All) == truth.concat(), "{kind:?} {rows:?}");
        }
    }
}

#[test]
fn space_is_used_again() {
    let mut shape = shape(Kind::FixedArray, &[500, 500], &[50, 60]);
    shape.filtered = true;
    let mut case = Case::new(&shape, 3);
    let mut end = 0;
    for turn in 0..10 {
        let data = case.bytes(500 * 500 * 4);
        case.put(&Selection::All, None, &data).unwrap();
        assert_eq!(case.get(&Selection::All), data);
        let part =
            Selection::Slab(vec![Span::range(40, 20), Span { start: 0, stride: 7, count: 70, block: 1 }]);
        let some = case.bytes(20 * 70 * 4);
        case.put(&part, None, &some).unwrap();
        assert_eq!(case.get(&part), some);
        if turn == 1 {
            end = case.container.store.end();
        }
    }
    assert!(case.container.store.end() <= end + 100_000, "{} after {end}", case.container.store.end());
}

#[test]
fn single_elements_are_appended() {
    for filtered in [false, true] {
        let mut shape = shape(Kind::ExtensibleArray, &[0], &[1000]);
        shape.filtered = filtered;
        let mut case = Case::new(&shape, 3);
        let mut buffer = AppendBuffer::new(case.info.clone(), None).unwrap();
        for i in 0..25_500u32 {
            buffer.append(&case.writer(None), 0, &i.to_le_bytes()).unwrap();
        }
        assert!(buffer.is_dirty());
        let changed = buffer.flush(&case.writer(None)).unwrap();
        assert_eq!(changed.dims.as_deref(), Some(&[25_500][..]));
        changed.apply(&mut case.info);
        let expected: Vec<u8> = (0..25_500u32).flat_map(u32::to_le_bytes).collect();
        assert!(case.get(&Selection::All) == expected);
        // The unfinished chunk is still at hand: nothing is read to go on.
        buffer.append(&case.writer(None), 0, &[1; 40]).unwrap();
        let changed = buffer.flush(&case.writer(None)).unwrap();
        assert_eq!(changed, Changed { layout: None, dims: Some(vec![25_510]) });
        changed.apply(&mut case.info);
        assert_eq!(case.get(&Selection::Slab(vec![Span::range(25_500, 10)])), [1; 40]);
    }
}

#[test]
fn what_does_not_fit_is_refused_before_a_byte_changes() {
    let shape = shape(Kind::FixedArray, &[6, 6], &[4, 4]);
    let mut case = Case::new(&shape, 3);
    let end = case.container.store.end();
    assert!(case.put(&Selection::All, None, &[0; 143]).is_err());
    let outside = Selection::Slab(vec![Span::range(0, 1), Span::range(6, 1)]);
    assert!(case.put(&outside, None, &[0; 4]).is_err());
    let twice = Selection::Blocks { rank: 2, corners: vec![0, 0, 1, 3, 1, 2, 1, 4] };
    assert!(case.put(&twice, None, &[0; 44]).is_err());
    for field in [Field { offset: 2, size: 3 }, Field { offset: 0, size: 0 }] {
        assert!(case.put(&Selection::All, Some(field), &[0; 108]).is_err());
    }
    for dims in [&[14, 6][..], &[6], &[u64::MAX, 6]] {
        assert!(case.writer(None).resize(dims).is_err(), "{dims:?}");
    }
    let mut buffer = AppendBuffer::new(case.info.clone(), None).unwrap();
    assert!(buffer.append(&case.writer(None), 0, &[0; 23]).is_err());
    assert!(buffer.append(&case.writer(None), 0, &[0; 24 * 8]).is_err());
    assert!(buffer.append(&case.writer(None), 2, &[0; 24]).is_err());
    assert!(!buffer.is_dirty());
    assert_eq!(case.container.store.end(), end);
    case.info.layout.class = LayoutClass::Virtual { collection: Addr::UNDEFINED, index: 0 };
    assert!(case.put(&Selection::All, None, &[0; 144]).unwrap_err().is_unsupported());
    let compact = Case::new(&self::shape(Kind::Compact, &[6], &[6]), 3);
    assert!(compact.writer(None).resize(&[5]).is_err());
    assert!(AppendBuffer::new(compact.info.clone(), None).is_err());
}
