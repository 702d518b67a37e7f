//! Arrays of fixed shape, and those that grow.

use std::ops::Deref;

use super::data::{ArrayData, DynArray, Target};
use super::dtype::DType;
use super::handle::Handle;
use super::index::{Index, Picked};
use crate::api::dataset::Dataset;
use crate::api::element::H5Type;
use crate::error::{At, Error, Result};
use ndarray::{ArrayD, Axis, IxDyn};

/// An array of fixed shape.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::ndarray::{array, s};
/// use h5::node::NodeFile;
/// let file = NodeFile::create_in_memory("")?;
/// let array = file.create_carray("/", "image", &array![[1.0, 2.0], [3.0, 4.0]], "an image")?;
/// array.set(s![1, ..], &[7.0, 8.0])?;
/// array.set("..., 0", &-1.0)?;
/// assert_eq!(array.read::<f64>()?, array![[-1.0, 2.0], [-1.0, 8.0]].into_dyn());
/// assert_eq!(array.get::<f64>(-1)?, array![-1.0, 8.0].into_dyn());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CArray {
    pub(super) handle: Handle,
}

impl Deref for CArray {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Handle {
    /// The dataset behind an array.
    pub(super) fn dataset(&self) -> Result<&Dataset> {
        self.object.dataset()
    }
    pub(super) fn shape_of(&self) -> Result<Vec<usize>> {
        let narrow = |n: u64| usize::try_from(n).map_err(|_| Error::limit(format!("{n} elements along one axis")));
        self.dataset()?.shape()?.into_iter().map(narrow).collect()
    }
    pub(super) fn dtype_of(&self) -> Result<DType> {
        let stored = self.dataset()?.datatype();
        let what = || Error::unsupported(format!("{} as a dtype of numpy", stored.describe())).on_path(self.path());
        DType::of(stored).ok_or_else(what)
    }
}

impl CArray {
    /// The shape.
    pub fn shape(&self) -> Result<Vec<usize>> {
        self.shape_of()
    }
    /// The dtype; an error where the elements are of a type that numpy has no plain dtype for
    /// ([`CArray::array`] reads these).
    pub fn dtype(&self) -> Result<DType> {
        self.dtype_of()
    }
    /// The length of the first axis.
    pub fn len(&self) -> Result<usize> {
        Ok(self.shape()?.first().copied().unwrap_or(0))
    }
    /// Whether the first axis has no length.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// The dataset, for all that this crate does with datasets.
    pub fn array(&self) -> Result<&Dataset> {
        self.dataset()
    }
    /// All elements, converted to `T`; one that does not fit is an error.
    pub fn read<T: H5Type>(&self) -> Result<ArrayD<T>> {
        self.dataset()?.read()
    }
    /// All elements, in the dtype that the array has.
    pub fn read_any(&self) -> Result<DynArray> {
        self.get_any(..)
    }
    /// Selected elements, converted to `T`; see [`Index`] for what selects.
    pub fn get<T: H5Type + Clone>(&self, index: impl Index) -> Result<ArrayD<T>> {
        let dataset = self.dataset()?;
        let Picked { selected, order } = index.pick(&dataset.shape()?).on(self.path())?;
        let read = dataset.read_slice::<T, _>(&selected.selection)?;
        let shaped = read.into_shape_with_order(IxDyn(&selected.shape));
        let mut array = shaped.map_err(|e| Error::damaged(e.to_string()).on_path(self.path()))?;
        selected.reversed.iter().for_each(|axis| array.invert_axis(Axis(*axis)));
        Ok(match order {
            Some((axis, places)) => array.select(Axis(axis), &places),
            None => array,
        })
    }
    /// Selected elements, in the dtype that the array has.
    pub fn get_any(&self, index: impl Index) -> Result<DynArray> {
        let dataset = self.dataset()?;
        let Picked { selected, order } = index.pick(&dataset.shape()?).on(self.path())?;
        let array = DynArray::read(&self.dtype()?, dataset, &selected.selection, &selected.shape)?;
        let array = array.inverted(&selected.reversed);
        Ok(match order {
            Some((axis, places)) => array.picked(axis, &places),
            None => array,
        })
    }
    /// Writes elements into selected places; a smaller array is repeated as numpy does it. Values that do not fit the
    /// dtype are an error, and nothing is written.
    pub fn set(&self, index: impl Index, data: &(impl ArrayData + ?Sized)) -> Result<()> {
        let dataset = self.dataset()?;
        let Picked { selected, order } = index.pick(&dataset.shape()?).on(self.path())?;
        let (selection, turned) = (&selected.selection, selected.reversed.as_slice());
        let mut shape = selected.shape.clone();
        let Some((axis, places)) = order else {
            return data.write_to(dataset, &Target { selection, shape: &shape, turned, order: None }).on(self.path());
        };
        // The values of a list come in its order: the last of those for one place counts.
        let last = |at: usize| places.iter().rposition(|p| *p == at).unwrap_or(0);
        let rising: Vec<usize> = (0..selected.shape.get(axis).copied().unwrap_or(0)).map(last).collect();
        shape.get_mut(axis).into_iter().for_each(|n| *n = places.len());
        let order = Some((axis, rising.as_slice()));
        data.write_to(dataset, &Target { selection, shape: &shape, turned, order }).on(self.path())
    }
}

/// An array that grows along its first axis.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::ndarray::array;
/// use h5::node::{DType, NodeFile};
/// let file = NodeFile::create_in_memory("")?;
/// let spectra = file.create_earray("/", "spectra", DType::Float64, Some(&[3]), "spectra")?;
/// spectra.append(&array![1.0, 2.0, 3.0])?; // one element
/// spectra.append(&array![[4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])?; // an ensemble
/// assert_eq!(spectra.shape()?, [3, 3]);
/// assert!(spectra.append(&array![1.0, 2.0]).is_err()); // and nothing has changed
/// assert_eq!(spectra.attrs().get("shape")?.to_string(), "(3, 3)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EArray {
    pub(super) array: CArray,
}

impl Deref for EArray {
    type Target = CArray;
    fn deref(&self) -> &CArray {
        &self.array
    }
}

/// How many rows data of this shape are for an array of that shape; an error where they do not fit. `expand`: of data
/// of one axis each element is a row.
fn rows_of(own: &[usize], data: &[usize], expand: bool) -> Result<usize> {
    let row = own.get(1..).unwrap_or_default();
    let wrong = || {
        let n = row.iter().map(|n| format!(", {n}")).collect::<String>();
        let what = format!("data of shape {data:?}: an element has the shape {row:?}, an ensemble (n{n})");
        Err(Error::usage(what))
    };
    let ones = |shape: &[usize]| !shape.is_empty() && shape.iter().all(|n| *n == 1);
    match data.split_first() {
        None => Err(Error::usage("a single value is appended: an array is needed")),
        Some((_, _)) if !row.is_empty() && data == row => Ok(1),
        Some((rows, rest)) if rest == row => Ok(*rows),
        Some((rows, [])) if expand && ones(row) => Ok(*rows),
        Some(_) => wrong(),
    }
}

/// As `rows_of`, for an array of PyTables that grows along another axis.
fn columns_of(own: &[usize], data: &[usize], axis: usize) -> Result<usize> {
    let fits = own.len() == data.len() && own.iter().zip(data).enumerate().all(|(at, (o, d))| at == axis || o == d);
    match data.get(axis).filter(|_| fits) {
        Some(columns) => Ok(*columns),
        None => Err(Error::usage(format!("data of shape {data:?} for {own:?}, which grows along axis {axis}"))),
    }
}

impl EArray {
    /// Adds one element, of the array's shape without the first axis, or an ensemble of them. Data of one axis are
    /// elements where an element is one number, or an array of one.
    ///
    /// Everything is checked first: what is refused changes nothing.
    pub fn append(&self, data: &(impl ArrayData + ?Sized)) -> Result<()> {
        self.append_expanded(data, true)
    }
    /// As [`EArray::append`]; without `expand` data of one axis are no elements of one number each where an element
    /// is an array of one.
    pub fn append_expanded(&self, data: &(impl ArrayData + ?Sized), expand: bool) -> Result<()> {
        let dataset = self.dataset()?;
        let axis = dataset.max_shape().iter().position(Option::is_none).unwrap_or(0);
        let rows = match axis {
            0 => rows_of(&self.shape()?, &data.shape(), expand),
            _ => columns_of(&self.shape()?, &data.shape(), axis),
        };
        if rows.on(self.path())? == 0 {
            return Ok(());
        }
        data.append_to(dataset, axis).on(self.path())?;
        self.file.grown(self.dataset()?);
        Ok(())
    }
}
