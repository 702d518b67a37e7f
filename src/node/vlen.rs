//! Arrays whose rows have a length of their own, and lists of strings.

use std::ops::Deref;

use super::array::CArray;
use super::data::{ArrayData, DynArray};
use super::dtype::DType;
use super::handle::Handle;
use super::index::{Index, Picked};
use super::python::{self, PyValue};
use crate::api::element::H5Type;
use crate::error::{At, Error, Result};
use crate::format::message::datatype::Class;

/// An array of one axis whose rows have a length of their own.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::{DType, NodeFile};
/// let file = NodeFile::create_in_memory("")?;
/// let events = file.create_vlarray("/", "events", DType::UInt32, "events of each shot")?;
/// events.append(&[10u32, 12])?;
/// events.append(&[4u32; 0])?;
/// assert_eq!(events.read::<u32>()?, [vec![10, 12], vec![]]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct VlArray {
    pub(super) handle: Handle,
}

impl Deref for VlArray {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl VlArray {
    /// The dtype of the elements of rows.
    pub fn dtype(&self) -> Result<DType> {
        let stored = self.dataset()?.datatype();
        let base = match &stored.class {
            Class::VarLen(base) => DType::of(base),
            _ => None,
        };
        base.ok_or_else(|| Error::unsupported(format!("rows of {}", stored.describe())).on_path(self.path()))
    }
    /// The shape: the number of rows.
    pub fn shape(&self) -> Result<Vec<usize>> {
        self.shape_of()
    }
    /// The number of rows.
    pub fn len(&self) -> Result<usize> {
        Ok(self.shape()?.first().copied().unwrap_or(0))
    }
    /// Whether there is no row.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// All rows.
    pub fn read<T: H5Type>(&self) -> Result<Vec<Vec<T>>> {
        self.dataset()?.read_raw()
    }
    /// The row at a place; below zero from the end.
    pub fn get<T: H5Type + Clone>(&self, place: isize) -> Result<Vec<T>> {
        Ok(self.get_rows(place)?.pop().unwrap_or_default())
    }
    /// Selected rows.
    pub fn get_rows<T: H5Type + Clone>(&self, index: impl Index) -> Result<Vec<Vec<T>>> {
        // The array is one of sequences.
        let rows = CArray { handle: self.handle.clone() }.get::<Vec<T>>(index)?;
        Ok(rows.into_iter().collect())
    }
    /// Selected rows, in the dtype that they have.
    pub fn get_any(&self, index: impl Index) -> Result<Vec<DynArray>> {
        let dataset = self.dataset()?;
        let Picked { selected, order } = index.pick(&dataset.shape()?).on(self.path())?;
        let mut rows = DynArray::read_rows(&self.dtype()?, dataset, &selected.selection)?;
        if !selected.reversed.is_empty() {
            rows.reverse();
        }
        Ok(match order {
            Some((_, places)) => places.iter().filter_map(|at| rows.get(*at).cloned()).collect(),
            None => rows,
        })
    }
    /// All rows, in the dtype that they have.
    pub fn read_any(&self) -> Result<Vec<DynArray>> {
        self.get_any(..)
    }
    /// Adds a row: data of one axis. What is refused changes nothing.
    pub fn append(&self, row: &(impl ArrayData + ?Sized)) -> Result<()> {
        match row.shape().as_slice() {
            [_] => {}
            shape => {
                let what = format!("a row of shape {shape:?}: it has one axis");
                return Err(Error::usage(what).on_path(self.path()));
            }
        }
        row.append_row_to(self.dataset()?).on(self.path())?;
        self.file.grown(self.dataset()?);
        Ok(())
    }
    /// Replaces the row at a place; below zero from the end.
    pub fn set<T: H5Type + Clone>(&self, place: isize, row: &[T]) -> Result<()> {
        let dataset = self.dataset()?;
        let Picked { selected, .. } = place.pick(&dataset.shape()?).on(self.path())?;
        dataset.write_selected(&selected.selection, &[row.to_vec()])
    }
}

/// A list of strings, each a Python pickle in a row of bytes, as PyMoDAQ stores them.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::NodeFile;
/// let file = NodeFile::create_in_memory("")?;
/// let log = file.create_string_array("/", "log", "what happened")?;
/// log.append("started")?;
/// log.append("é☃")?;
/// assert_eq!(log.read()?, ["started", "é☃"]);
/// assert_eq!(log.get(-1)?, "é☃");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct StringArray {
    pub(super) rows: VlArray,
}

impl Deref for StringArray {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.rows.handle
    }
}

impl StringArray {
    /// The dtype of the rows: bytes.
    pub fn dtype(&self) -> Result<DType> {
        self.rows.dtype()
    }
    /// The shape: the number of strings.
    pub fn shape(&self) -> Result<Vec<usize>> {
        self.shape_of()
    }
    /// The number of strings.
    pub fn len(&self) -> Result<usize> {
        self.rows.len()
    }
    /// Whether there is no string.
    pub fn is_empty(&self) -> Result<bool> {
        self.rows.is_empty()
    }
    /// All strings; an error where one is another value of Python ([`StringArray::read_values`] reads it).
    pub fn read(&self) -> Result<Vec<String>> {
        self.texts(self.rows.read()?)
    }
    /// The string at a place; below zero from the end.
    pub fn get(&self, place: isize) -> Result<String> {
        Ok(self.texts(self.rows.get_rows(place)?)?.pop().unwrap_or_default())
    }
    /// Selected strings.
    pub fn get_rows(&self, index: impl Index) -> Result<Vec<String>> {
        self.texts(self.rows.get_rows(index)?)
    }
    /// All values, whatever plain data Python put there.
    pub fn read_values(&self) -> Result<Vec<PyValue>> {
        let rows: Vec<Vec<u8>> = self.rows.read()?;
        rows.iter().map(|row| python::unpickle(row).on(self.path())).collect()
    }
    fn texts(&self, rows: Vec<Vec<u8>>) -> Result<Vec<String>> {
        let text = |row: Vec<u8>| match python::unpickle(&row).on(self.path())? {
            PyValue::Str(text) => Ok(text),
            other => Err(Error::usage(format!("{other} where a string is asked for")).on_path(self.path())),
        };
        rows.into_iter().map(text).collect()
    }
    /// Adds a string.
    pub fn append(&self, text: &str) -> Result<()> {
        self.rows.append(&python::pickle_str(text).on(self.path())?)
    }
    /// Replaces the string at a place; below zero from the end.
    pub fn set(&self, place: isize, text: &str) -> Result<()> {
        self.rows.set(place, &python::pickle_str(text).on(self.path())?)
    }
    /// The rows of bytes behind the strings.
    pub fn rows(&self) -> &VlArray {
        &self.rows
    }
}
