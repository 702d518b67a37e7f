//! Arrays that go into files and come out of them: of ndarray where the type is known, [`DynArray`] where not.

use half::f16;
use ndarray::{ArrayBase, ArrayD, ArrayViewD, Data, Dimension, IxDyn};
use num_complex::Complex;

use super::dtype::DType;
use crate::api::dataset::Dataset;
use crate::api::element::H5Type;
use crate::data::selection::Selection;
use crate::error::{Error, Result};

mod sealed {
    pub trait Sealed {}
}

/// A Rust type that numpy has a dtype for: `bool`, integers, `f16`, `f32`, `f64` and complex numbers.
pub trait Element: H5Type + Clone + Send + Sync + sealed::Sealed + 'static {
    /// The dtype.
    const DTYPE: DType;
}

/// What can be written: arrays of ndarray, [`DynArray`], slices and vectors (one dimension) and single values.
pub trait ArrayData {
    /// The dtype of the elements.
    fn dtype(&self) -> DType;
    /// The shape; empty for a single value.
    fn shape(&self) -> Vec<usize>;
    /// Writes the elements into selected places of a dataset.
    #[doc(hidden)]
    fn write_to(&self, dataset: &Dataset, target: &Target<'_>) -> Result<()>;
    /// Adds the elements along an axis.
    #[doc(hidden)]
    fn append_to(&self, dataset: &Dataset, axis: usize) -> Result<()>;
    /// Adds the elements as one row of variable length.
    #[doc(hidden)]
    fn append_row_to(&self, dataset: &Dataset) -> Result<()>;
}

/// The view without leading axes of length 1 that `rank` axes have no place for, as numpy assigns it.
fn without_leading<'v, T>(view: &'v ArrayViewD<'_, T>, rank: usize) -> ArrayViewD<'v, T> {
    let mut view = view.view();
    while view.ndim() > rank && view.shape().first() == Some(&1) {
        view = view.index_axis_move(ndarray::Axis(0), 0);
    }
    view
}

/// Where elements are written.
#[doc(hidden)]
pub struct Target<'a> {
    /// The places, written in row-major order.
    pub(super) selection: &'a Selection,
    /// The shape that is asked for; smaller data are repeated as numpy does it.
    pub(super) shape: &'a [usize],
    /// Axes along which the order is turned round.
    pub(super) turned: &'a [usize],
    /// Along this axis these are the ones to write, one for each place.
    pub(super) order: Option<(usize, &'a [usize])>,
}

fn write_view<T: H5Type + Clone>(view: &ArrayViewD<'_, T>, dataset: &Dataset, target: &Target<'_>) -> Result<()> {
    let view = without_leading(view, target.shape.len());
    let Some(mut whole) = view.broadcast(IxDyn(target.shape)) else {
        let what = format!("an array of shape {:?} where {:?} is selected", view.shape(), target.shape);
        return Err(Error::usage(what));
    };
    target.turned.iter().for_each(|axis| whole.invert_axis(ndarray::Axis(*axis)));
    if let Some((axis, places)) = target.order {
        let picked = whole.select(ndarray::Axis(axis), places);
        return dataset.write_selected(target.selection, &picked.iter().cloned().collect::<Vec<_>>());
    }
    match whole.as_slice() {
        Some(values) => dataset.write_selected(target.selection, values),
        None => dataset.write_selected(target.selection, &whole.iter().cloned().collect::<Vec<_>>()),
    }
}

fn append_view<T: H5Type + Clone>(view: &ArrayViewD<'_, T>, dataset: &Dataset, axis: usize) -> Result<()> {
    match view.as_slice() {
        Some(values) => dataset.append(axis, values),
        None => dataset.append(axis, &view.iter().cloned().collect::<Vec<_>>()),
    }
}

fn append_row<T: H5Type + Clone>(view: &ArrayViewD<'_, T>, dataset: &Dataset) -> Result<()> {
    dataset.append(0, &[view.iter().cloned().collect::<Vec<T>>()])
}

impl<T: Element, S: Data<Elem = T>, D: Dimension> ArrayData for ArrayBase<S, D> {
    fn dtype(&self) -> DType {
        T::DTYPE
    }
    fn shape(&self) -> Vec<usize> {
        ArrayBase::shape(self).to_vec()
    }
    fn write_to(&self, dataset: &Dataset, target: &Target<'_>) -> Result<()> {
        write_view(&self.view().into_dyn(), dataset, target)
    }
    fn append_to(&self, dataset: &Dataset, axis: usize) -> Result<()> {
        append_view(&self.view().into_dyn(), dataset, axis)
    }
    fn append_row_to(&self, dataset: &Dataset) -> Result<()> {
        append_row(&self.view().into_dyn(), dataset)
    }
}

/// Data that are an array once they are looked at as one.
macro_rules! as_array {
    ($(($($generics:tt)*) $t:ty, $self:ident => $view:expr;)*) => {$(
        impl<T: Element, $($generics)*> ArrayData for $t {
            fn dtype(&self) -> DType {
                T::DTYPE
            }
            fn shape(&self) -> Vec<usize> {
                vec![self.len()]
            }
            fn write_to(&$self, d: &Dataset, target: &Target<'_>) -> Result<()> {
                $view.write_to(d, target)
            }
            fn append_to(&$self, dataset: &Dataset, axis: usize) -> Result<()> {
                $view.append_to(dataset, axis)
            }
            fn append_row_to(&$self, dataset: &Dataset) -> Result<()> {
                $view.append_row_to(dataset)
            }
        }
    )*};
}

as_array! {
    () [T], self => ndarray::ArrayView1::from(self);
    () Vec<T>, self => ndarray::ArrayView1::from(self.as_slice());
    (const N: usize) [T; N], self => ndarray::ArrayView1::from(self.as_slice());
}

macro_rules! elements {
    ($($variant:ident $t:ty;)*) => {
        $(
            impl sealed::Sealed for $t {}
            impl Element for $t {
                const DTYPE: DType = DType::$variant;
            }
            impl ArrayData for $t {
                fn dtype(&self) -> DType {
                    DType::$variant
                }
                fn shape(&self) -> Vec<usize> {
                    Vec::new()
                }
                fn write_to(&self, d: &Dataset, target: &Target<'_>) -> Result<()> {
                    ndarray::arr0(*self).write_to(d, target)
                }
                fn append_to(&self, _: &Dataset, _: usize) -> Result<()> {
                    Err(Error::usage("a single value is appended: an array is needed"))
                }
                fn append_row_to(&self, _: &Dataset) -> Result<()> {
                    Err(Error::usage("a single value is appended: an array is needed"))
                }
            }
        )*
        /// An array whose dtype is known only at run time.
        ///
        /// ```
        /// use h5::node::{DType, DynArray};
        /// let array: DynArray = h5::ndarray::array![[1u8, 2], [3, 4]].into();
        /// assert_eq!((array.dtype(), array.shape()), (DType::UInt8, vec![2, 2]));
        /// assert_eq!(array.to_f64()?.sum(), 10.0);
        /// # Ok::<(), h5::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum DynArray {
            $(
                #[doc = concat!("Of dtype `", stringify!($variant), "`.")]
                $variant(ArrayD<$t>),
            )*
            /// Of long doubles, as doubles.
            Float128(ArrayD<f64>),
            /// Of complex numbers of long doubles, as those of doubles.
            Complex256(ArrayD<Complex<f64>>),
            /// Of strings of so many bytes.
            Bytes(u32, ArrayD<Vec<u8>>),
        }
        impl DynArray {
            /// Reads selected elements of this dtype in this shape.
            pub(super) fn read(
                dtype: &DType,
                dataset: &Dataset,
                selection: &Selection,
                shape: &[usize],
            ) -> Result<DynArray> {
                Ok(match dtype {
                    $(DType::$variant => DynArray::$variant(read_as(dataset, selection, shape)?),)*
                    DType::Float128 => DynArray::Float128(read_as(dataset, selection, shape)?),
                    DType::Complex256 => DynArray::Complex256(read_as(dataset, selection, shape)?),
                    DType::Bytes(n) => DynArray::Bytes(*n, read_as(dataset, selection, shape)?),
                })
            }
            /// Reads selected rows of variable length.
            pub(super) fn read_rows(
                dtype: &DType,
                dataset: &Dataset,
                selection: &Selection,
            ) -> Result<Vec<DynArray>> {
                Ok(match dtype {
                    $(DType::$variant => rows(dataset, selection, DynArray::$variant)?,)*
                    DType::Float128 => rows(dataset, selection, DynArray::Float128)?,
                    DType::Complex256 => rows(dataset, selection, DynArray::Complex256)?,
                    DType::Bytes(n) => rows(dataset, selection, |a| DynArray::Bytes(*n, a))?,
                })
            }
            /// The dtype of the elements.
            pub fn dtype(&self) -> DType {
                match self {
                    $(DynArray::$variant(_) => DType::$variant,)*
                    DynArray::Float128(_) => DType::Float128,
                    DynArray::Complex256(_) => DType::Complex256,
                    DynArray::Bytes(n, _) => DType::Bytes(*n),
                }
            }
        }
        /// The same for each variant: `$a` is its array.
        macro_rules! each {
            ($this:expr, $a:ident => $body:expr) => {
                match $this {
                    $(DynArray::$variant($a) => $body,)*
                    DynArray::Float128($a) => $body,
                    DynArray::Complex256($a) => $body,
                    DynArray::Bytes(_, $a) => $body,
                }
            };
        }
        /// As `each`, where the body gives an array of the same dtype.
        macro_rules! same {
            ($this:expr, $a:ident => $body:expr) => {
                match $this {
                    $(DynArray::$variant($a) => DynArray::$variant($body),)*
                    DynArray::Float128($a) => DynArray::Float128($body),
                    DynArray::Complex256($a) => DynArray::Complex256($body),
                    DynArray::Bytes(n, $a) => DynArray::Bytes(n.clone(), $body),
                }
            };
        }
        $(
            impl<D: Dimension> From<ndarray::Array<$t, D>> for DynArray {
                fn from(array: ndarray::Array<$t, D>) -> DynArray {
                    DynArray::$variant(array.into_dyn())
                }
            }
        )*
    };
}

elements! {
    Bool bool;
    Int8 i8;
    Int16 i16;
    Int32 i32;
    Int64 i64;
    UInt8 u8;
    UInt16 u16;
    UInt32 u32;
    UInt64 u64;
    Float16 f16;
    Float32 f32;
    Float64 f64;
    Complex64 Complex<f32>;
    Complex128 Complex<f64>;
}

fn sizes(shape: &[usize]) -> IxDyn {
    IxDyn(shape)
}

fn read_as<T: H5Type>(dataset: &Dataset, selection: &Selection, shape: &[usize]) -> Result<ArrayD<T>> {
    let read = dataset.read_slice::<T, _>(selection)?;
    read.into_shape_with_order(sizes(shape)).map_err(|e| Error::damaged(e.to_string()))
}

/// Rows of variable length, each an array of one dimension, or of more where its elements are arrays.
fn rows<T: H5Type>(
    dataset: &Dataset,
    selection: &Selection,
    wrap: impl Fn(ArrayD<T>) -> DynArray,
) -> Result<Vec<DynArray>> {
    let rows = dataset.read_slice::<Vec<T>, _>(selection)?;
    Ok(rows.into_iter().map(|row| wrap(ndarray::Array1::from(row).into_dyn())).collect())
}

impl DynArray {
    /// The shape.
    pub fn shape(&self) -> Vec<usize> {
        each!(self, a => a.shape().to_vec())
    }
    /// The number of elements.
    pub fn len(&self) -> usize {
        each!(self, a => a.len())
    }
    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Strings of `size` bytes; an error names one that is longer.
    pub fn bytes<D: Dimension>(size: u32, values: ndarray::Array<Vec<u8>, D>) -> Result<DynArray> {
        let room = usize::try_from(size).unwrap_or(usize::MAX);
        match values.iter().find(|v| v.len() > room) {
            Some(long) => Err(Error::usage(format!("a string of {} bytes where {size} fit", long.len()))),
            None => Ok(DynArray::Bytes(size, values.into_dyn())),
        }
    }
    /// The same elements in another shape; an error where that has more or fewer.
    pub fn into_shape(self, shape: &[usize]) -> Result<DynArray> {
        let wrong = || Error::usage(format!("{} elements in the shape {shape:?}", self.len()));
        self.reshaped(shape).ok_or_else(wrong)
    }
    /// What lies at a place of the first axis.
    pub fn row(&self, place: usize) -> Result<DynArray> {
        match self.shape().split_first() {
            Some((n, rest)) if place < *n => self.clone().picked(0, &[place]).into_shape(rest),
            _ => Err(Error::usage(format!("row {place} of an array of shape {:?}", self.shape()))),
        }
    }
    /// The elements as doubles, where they are real numbers or booleans.
    pub fn to_f64(&self) -> Result<ArrayD<f64>> {
        Ok(match self {
            DynArray::Bool(a) => a.mapv(|v| f64::from(u8::from(v))),
            DynArray::Int8(a) => a.mapv(f64::from),
            DynArray::Int16(a) => a.mapv(f64::from),
            DynArray::Int32(a) => a.mapv(f64::from),
            DynArray::Int64(a) => a.mapv(|v| v as f64),
            DynArray::UInt8(a) => a.mapv(f64::from),
            DynArray::UInt16(a) => a.mapv(f64::from),
            DynArray::UInt32(a) => a.mapv(f64::from),
            DynArray::UInt64(a) => a.mapv(|v| v as f64),
            DynArray::Float16(a) => a.mapv(f64::from),
            DynArray::Float32(a) => a.mapv(f64::from),
            DynArray::Float64(a) | DynArray::Float128(a) => a.clone(),
            other => return Err(Error::usage(format!("elements of {} as doubles", other.dtype()))),
        })
    }
    pub(super) fn inverted(mut self, axes: &[usize]) -> DynArray {
        each!(&mut self, a => axes.iter().for_each(|axis| a.invert_axis(ndarray::Axis(*axis))));
        self
    }
    /// The elements at these places along an axis, in this order.
    pub(super) fn picked(self, axis: usize, places: &[usize]) -> DynArray {
        same!(self, a => a.select(ndarray::Axis(axis), places))
    }
    fn reshaped(&self, shape: &[usize]) -> Option<DynArray> {
        Some(same!(self, a => a.as_standard_layout().into_owned().into_shape_with_order(IxDyn(shape)).ok()?))
    }
}

impl ArrayData for DynArray {
    fn dtype(&self) -> DType {
        DynArray::dtype(self)
    }
    fn shape(&self) -> Vec<usize> {
        DynArray::shape(self)
    }
    fn write_to(&self, dataset: &Dataset, target: &Target<'_>) -> Result<()> {
        each!(self, a => write_view(&a.view(), dataset, target))
    }
    fn append_to(&self, dataset: &Dataset, axis: usize) -> Result<()> {
        each!(self, a => append_view(&a.view(), dataset, axis))
    }
    fn append_row_to(&self, dataset: &Dataset) -> Result<()> {
        each!(self, a => append_row(&a.view(), dataset))
    }
}
