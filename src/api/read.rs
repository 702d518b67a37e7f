//! Reading elements as Rust types.

use std::borrow::Cow;

use ndarray::{Array1, Array2, ArrayD, ArrayViewD, Axis, Dimension, Ix1, Ix2, IxDyn};

use super::dataset::Dataset;
use super::element::{Decoder, Elements, Field, H5Type, reworded};
use super::slice::{IntoSelection, Selected};
use super::value::Value;
use crate::data::selection::Selection;
use crate::error::{At, Error, Result};
use crate::format::message::dataspace::SpaceClass;
use crate::format::selection::Span;

mod attribute;
mod chunks;

pub use attribute::AttributeReader;
pub use chunks::ChunkIter;

/// Stored bytes that are read at a time where they are not read into place.
const PIECE_BYTES: u64 = 8 << 20;

/// Decodes stored elements, at the end of what is there.
type Decode<'a, T> = dyn FnMut(&[u8], &mut Decoder<'_>, &mut Vec<T>) -> Result<()> + 'a;

/// How elements are treated that do not fit the type they are read as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Treatment {
    clamp: bool,
    lossy: bool,
}

impl Treatment {
    fn decoder<'a>(self, file: &'a super::session::File, stored_bytes: usize) -> Decoder<'a> {
        let mut decoder = Decoder::new(file.container(), stored_bytes);
        decoder.clamp = self.clamp;
        decoder.lossy = self.lossy;
        decoder
    }
}

/// Reads a dataset with options; [`Dataset::reader`] makes it.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// let file = h5::File::open("tests/files/integers_latest.h5")?;
/// let dataset = file.dataset("i16le")?;
/// let small = dataset.reader().clamp(true).read::<u8>()?;
/// assert_eq!(small.len(), dataset.read::<i64>()?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Reader<'d> {
    dataset: Cow<'d, Dataset>,
    treatment: Treatment,
}

fn shaped<T, D: Dimension>(shape: Vec<usize>, data: Vec<T>) -> Result<ndarray::Array<T, D>> {
    let found = shape.len();
    let array = ArrayD::from_shape_vec(IxDyn(&shape), data).map_err(|e| Error::usage(e.to_string()))?;
    let rank = D::NDIM.unwrap_or(found);
    array
        .into_dimensionality()
        .map_err(|_| Error::usage(format!("{found} dimensions cannot be read as an array of {rank}")))
}

fn sizes(dims: &[u64]) -> Result<Vec<usize>> {
    let size =
        |d: &u64| usize::try_from(*d).map_err(|_| Error::limit(format!("{d} elements in a dimension")));
    dims.iter().map(size).collect()
}

fn single<T>(mut all: Vec<T>) -> Result<T> {
    match (all.pop(), all.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(Error::usage("there is no element to read")),
        (_, more) => Err(Error::usage(format!("{} elements where one is asked for", more.saturating_add(1)))),
    }
}

impl<'d> Reader<'d> {
    /// Whether numbers that do not fit become the nearest one that does (infinity for floats, 0 for NaN as
    /// an integer); else they are an error.
    #[must_use]
    pub fn clamp(mut self, yes: bool) -> Self {
        self.treatment.clamp = yes;
        self
    }
    /// Whether the bytes of strings that are no UTF-8 become replacement characters; else they are an error.
    #[must_use]
    pub fn lossy(mut self, yes: bool) -> Self {
        self.treatment.lossy = yes;
        self
    }
    fn is_null(&self) -> bool {
        self.dataset.info.space.class == SpaceClass::Null
    }
    fn plan<T: H5Type>(&self) -> Result<T::Plan> {
        self.dataset.alive()?;
        T::plan(self.dataset.datatype()).on(self.dataset.path())
    }
    /// Reads and decodes a selection.
    fn selected<T: H5Type>(&self, plan: &T::Plan, selection: &Selection) -> Result<Vec<T>> {
        if self.is_null() {
            return Ok(Vec::new());
        }
        let dims = self.dataset.dims()?;
        let too_many = || Error::limit("a selection larger than memory");
        let count = usize::try_from(selection.elements(dims)?).map_err(|_| too_many())?;
        // Checked before anything is allocated for it.
        selection.spans(dims).on(self.dataset.path())?;
        let mut fill = |bytes: &mut [u8]| self.dataset.read_resolved(selection, bytes);
        if let Some(all) = T::read_in_place(plan, count, &mut fill).on(self.dataset.path())? {
            return Ok(all);
        }
        let size = self.dataset.datatype().bytes();
        self.decoded(selection, count, &mut |stored, decoder, out| {
            T::decode_many(plan, Elements::packed(stored, size), decoder, out)
        })
    }
    /// Reads a selection piece by piece and decodes each.
    fn decoded<T>(&self, selection: &Selection, count: usize, decode: &mut Decode<'_, T>) -> Result<Vec<T>> {
        let size = self.dataset.datatype().bytes().max(1);
        let bytes = count.saturating_mul(size);
        let mut decoder = self.treatment.decoder(self.dataset.file(), bytes);
        let mut out = Vec::new();
        out.try_reserve_exact(count).map_err(|_| Error::limit(format!("no memory for {count} elements")))?;
        for piece in self.pieces(selection, bytes)? {
            let start = out.len();
            let stored = self.dataset.read_piece(&piece)?;
            decode(&stored, &mut decoder, &mut out)
                .map_err(|e| match start {
                    0 => e,
                    _ => {
                        let what = format!("in the elements from {start}: {}", e.what());
                        reworded(e, what)
                    }
                })
                .on(self.dataset.path())?;
        }
        Ok(out)
    }
    /// Cuts a large selection along its first dimension, at the bounds of chunks.
    fn pieces(&self, selection: &Selection, bytes: usize) -> Result<Vec<Selection>> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let dims = self.dataset.dims()?;
        let spans = if bytes > PIECE_BYTES * 2 { selection.spans(dims)? } else { None };
        let Some((first, rest)) = spans.as_ref().and_then(|s| s.split_first()) else {
            return Ok(vec![selection.clone()]);
        };
        // Only plain ranges: what goes in steps is small.
        if first.count != 1 || first.block < 2 {
            return Ok(vec![selection.clone()]);
        }
        let row_bytes = (bytes / first.block).max(1);
        let chunk = self.dataset.chunk_shape().and_then(|c| c.first().copied()).unwrap_or(1).max(1);
        let rows = (PIECE_BYTES / row_bytes).max(1).next_multiple_of(chunk);
        let mut out = Vec::new();
        let end = first.start.saturating_add(first.block);
        let mut at = first.start;
        while at < end {
            let next = (at - at % chunk).saturating_add(rows).min(end);
            let mut spans = vec![Span::range(at, next - at)];
            spans.extend_from_slice(rest);
            out.push(Selection::Slab(spans));
            at = next;
        }
        Ok(out)
    }
    /// Gives the selected elements piece by piece, in row-major order, some megabytes at a time: for data that are
    /// larger than memory, or are to go elsewhere.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/integers_latest.h5")?;
    /// let mut sum = 0;
    /// file.dataset("i16le")?.reader().stream::<i64>(&h5::Selection::All, &mut |piece| {
    ///     sum += piece.iter().sum::<i64>();
    ///     Ok(())
    /// })?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream<T: H5Type>(
        &self,
        selection: &Selection,
        each: &mut dyn FnMut(&[T]) -> Result<()>,
    ) -> Result<()> {
        let plan = self.plan::<T>()?;
        if self.is_null() {
            return Ok(());
        }
        let count = usize::try_from(selection.elements(self.dataset.dims()?)?).unwrap_or(usize::MAX);
        let bytes = count.saturating_mul(self.dataset.datatype().bytes().max(1));
        for piece in self.pieces(selection, bytes)? {
            each(&self.selected(&plan, &piece)?)?;
        }
        Ok(())
    }
    /// All elements, in the dataset's shape.
    pub fn read<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.array::<T, IxDyn>()
    }
    /// All elements of a dataset of one dimension.
    pub fn read_1d<T: H5Type>(&self) -> Result<Array1<T>> {
        self.array::<T, Ix1>()
    }
    /// All elements of a dataset of two dimensions.
    pub fn read_2d<T: H5Type>(&self) -> Result<Array2<T>> {
        self.array::<T, Ix2>()
    }
    fn array<T: H5Type, D: Dimension>(&self) -> Result<ndarray::Array<T, D>> {
        let data = self.read_raw()?;
        let shape = if self.is_null() { vec![0] } else { sizes(self.dataset.dims()?)? };
        shaped(shape, data).on(self.dataset.path())
    }
    /// All elements, in row-major order.
    pub fn read_raw<T: H5Type>(&self) -> Result<Vec<T>> {
        self.selected::<T>(&self.plan::<T>()?, &Selection::All)
    }
    /// The one element of a scalar dataset (or one of one element).
    pub fn read_scalar<T: H5Type>(&self) -> Result<T> {
        let plan = self.plan::<T>()?;
        match self.dataset.len()? {
            1 => single(self.selected::<T>(&plan, &Selection::All)?),
            n => Err(Error::usage(format!("{n} elements where one is asked for"))).on(self.dataset.path()),
        }
    }
    /// Selected elements; see [`IntoSelection`] for what selects.
    pub fn read_slice<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<ArrayD<T>> {
        self.slice::<T, S, IxDyn>(selection)
    }
    /// Selected elements, which have one dimension left.
    pub fn read_slice_1d<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<Array1<T>> {
        self.slice::<T, S, Ix1>(selection)
    }
    /// Selected elements, which have two dimensions left.
    pub fn read_slice_2d<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<Array2<T>> {
        self.slice::<T, S, Ix2>(selection)
    }
    fn slice<T: H5Type, S: IntoSelection, D: Dimension>(&self, selection: S) -> Result<ndarray::Array<T, D>> {
        if self.is_null() {
            return Err(Error::usage("the dataset has no elements to select")).on(self.dataset.path());
        }
        let Selected { selection, shape, reversed } =
            selection.select(self.dataset.dims()?).on(self.dataset.path())?;
        let data = self.selected::<T>(&self.plan::<T>()?, &selection)?;
        let mut array: ndarray::Array<T, D> = shaped(shape, data).on(self.dataset.path())?;
        let rank = array.ndim();
        for axis in reversed.into_iter().filter(|axis| *axis < rank) {
            array.invert_axis(Axis(axis));
        }
        Ok(array)
    }
    /// Single elements, in the order of `points`; each point has one coordinate per dimension.
    pub fn read_points<T: H5Type, P: AsRef<[u64]>>(&self, points: &[P]) -> Result<Array1<T>> {
        let dims = self.dataset.dims()?;
        let rank = dims.len();
        let mut coordinates = Vec::new();
        for point in points {
            let point = point.as_ref();
            if point.len() != rank {
                let what =
                    format!("a point of {} coordinates in a dataset of {rank} dimensions", point.len());
                return Err(Error::usage(what)).on(self.dataset.path());
            }
            coordinates.extend_from_slice(point);
        }
        let selection = Selection::Points { rank, coordinates };
        self.selected::<T>(&self.plan::<T>()?, &selection).map(Array1::from)
    }
    /// The elements where `mask`, which has the dataset's shape, is true, in row-major order.
    pub fn read_mask<T: H5Type>(&self, mask: ArrayViewD<'_, bool>) -> Result<Array1<T>> {
        let plan = self.plan::<T>()?;
        let shape = if self.is_null() { vec![0] } else { sizes(self.dataset.dims()?)? };
        if mask.shape() != shape {
            let what = format!("a mask of shape {:?} for a dataset of {shape:?}", mask.shape());
            return Err(Error::usage(what)).on(self.dataset.path());
        }
        let count = mask.iter().filter(|m| **m).count();
        let size = self.dataset.datatype().bytes().max(1);
        let mut wanted = mask.iter();
        let mut decoder = self.treatment.decoder(self.dataset.file(), count.saturating_mul(size));
        let mut out = Vec::new();
        let per_row = shape.iter().skip(1).product::<usize>();
        for piece in self.pieces(&Selection::All, mask.len().saturating_mul(size))? {
            let rows = piece.elements(self.dataset.dims()?)?;
            let elements = usize::try_from(rows).unwrap_or(usize::MAX);
            let here: Vec<bool> = wanted.by_ref().take(elements).copied().collect();
            if per_row == 0 || !here.contains(&true) {
                continue;
            }
            let stored = self.dataset.read_piece(&piece)?;
            let kept = stored.chunks_exact(size).zip(&here).filter(|(_, keep)| **keep);
            let kept: Vec<u8> = kept.flat_map(|(element, _)| element).copied().collect();
            T::decode_many(&plan, Elements::packed(&kept, size), &mut decoder, &mut out)
                .on(self.dataset.path())?;
        }
        Ok(Array1::from(out))
    }
    /// One member of each element of a compound dataset, the others not decoded.
    pub fn read_field<T: H5Type>(&self, name: &str) -> Result<ArrayD<T>> {
        self.dataset.alive()?;
        let field = Field::<T>::new(self.dataset.datatype(), name).on(self.dataset.path())?;
        let (start, size, plan) = field.into_parts();
        let stride = self.dataset.datatype().bytes();
        let count = usize::try_from(self.dataset.len()?).map_err(|_| Error::limit("too many elements"))?;
        let shape = if self.is_null() { vec![0] } else { sizes(self.dataset.dims()?)? };
        if count == 0 {
            return shaped(shape, Vec::new()).on(self.dataset.path());
        }
        let data = self.decoded(&Selection::All, count, &mut |stored, decoder, out| {
            let count = stored.len() / stride.max(1);
            let stored = stored.get(start..).unwrap_or_default();
            T::decode_many(&plan, Elements { stored, count, size, stride }, decoder, out)
        })?;
        shaped(shape, data).on(self.dataset.path())
    }
    /// All elements, whatever their type.
    pub fn read_values(&self) -> Result<ArrayD<Value>> {
        self.read::<Value>()
    }
    /// The one string of the dataset.
    pub fn read_string(&self) -> Result<String> {
        self.read_scalar::<String>()
    }
    /// Goes through the dataset chunk by chunk; one that is not chunked is cut into pieces of some megabytes.
    pub fn iter_chunks<T: H5Type>(&self) -> Result<ChunkIter<'d, T>> {
        ChunkIter::new(self.clone())
    }
}

/// Methods that read with the default options.
impl Dataset {
    /// Reads with options.
    pub fn reader(&self) -> Reader<'_> {
        // A handle that cannot be brought up to date says why once it is read.
        Reader { dataset: self.now().unwrap_or(Cow::Borrowed(self)), treatment: Treatment::default() }
    }
    /// All elements, in the dataset's shape.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/floats_latest.h5")?;
    /// let values = file.dataset("f64be")?.read::<f64>()?;
    /// println!("{values}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A number that does not fit the type is an error; [`Dataset::reader`] has other ways.
    pub fn read<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.reader().read()
    }
    /// All elements, in the dataset's shape.
    pub fn read_dyn<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.reader().read()
    }
    /// All elements of a dataset of one dimension.
    pub fn read_1d<T: H5Type>(&self) -> Result<Array1<T>> {
        self.reader().read_1d()
    }
    /// All elements of a dataset of two dimensions.
    pub fn read_2d<T: H5Type>(&self) -> Result<Array2<T>> {
        self.reader().read_2d()
    }
    /// All elements, in row-major order.
    pub fn read_raw<T: H5Type>(&self) -> Result<Vec<T>> {
        self.reader().read_raw()
    }
    /// The one element of a scalar dataset (or one of one element).
    pub fn read_scalar<T: H5Type>(&self) -> Result<T> {
        self.reader().read_scalar()
    }
    /// Selected elements; see [`IntoSelection`] for what selects.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// use h5::ndarray::s;
    /// let file = h5::File::open("tests/files/references_old_latest.h5")?;
    /// let corner = file.dataset("data")?.read_slice::<i64, _>(s![..2, -3..])?;
    /// assert_eq!(corner.shape(), [2, 3]);
    /// let same = file.dataset("data")?.read_slice::<i64, _>("0:2, -3:")?;
    /// assert_eq!(same, corner);
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_slice<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<ArrayD<T>> {
        self.reader().read_slice(selection)
    }
    /// Selected elements, which have one dimension left.
    pub fn read_slice_1d<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<Array1<T>> {
        self.reader().read_slice_1d(selection)
    }
    /// Selected elements, which have two dimensions left.
    pub fn read_slice_2d<T: H5Type, S: IntoSelection>(&self, selection: S) -> Result<Array2<T>> {
        self.reader().read_slice_2d(selection)
    }
    /// Single elements, in the order of `points`; each point has one coordinate per dimension.
    pub fn read_points<T: H5Type, P: AsRef<[u64]>>(&self, points: &[P]) -> Result<Array1<T>> {
        self.reader().read_points(points)
    }
    /// The elements where `mask`, which has the dataset's shape, is true, in row-major order.
    pub fn read_mask<T: H5Type>(&self, mask: ArrayViewD<'_, bool>) -> Result<Array1<T>> {
        self.reader().read_mask(mask)
    }
    /// One member of each element of a compound dataset, the others not decoded.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/compounds_latest.h5")?;
    /// let member = file.dataset("packed")?.read_field::<f64>("a")?;
    /// assert_eq!(member.ndim(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_field<T: H5Type>(&self, name: &str) -> Result<ArrayD<T>> {
        self.reader().read_field(name)
    }
    /// All elements, whatever their type.
    pub fn read_values(&self) -> Result<ArrayD<Value>> {
        self.reader().read_values()
    }
    /// The one string of the dataset.
    pub fn read_string(&self) -> Result<String> {
        self.reader().read_string()
    }
    /// Goes through the dataset chunk by chunk; see [`Reader::iter_chunks`].
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/references_old_latest.h5")?;
    /// let mut sum = 0;
    /// for chunk in file.dataset("data")?.iter_chunks::<i64>()? {
    ///     let (_offset, values) = chunk?;
    ///     sum += values.sum();
    /// }
    /// assert_eq!(sum, file.dataset("data")?.read::<i64>()?.sum());
    /// # Ok(())
    /// # }
    /// ```
    pub fn iter_chunks<T: H5Type>(&self) -> Result<ChunkIter<'_, T>> {
        self.reader().iter_chunks()
    }
}
