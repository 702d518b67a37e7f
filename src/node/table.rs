//! Tables of PyTables: rows of named columns.

use std::ops::Deref;

use ndarray::ArrayD;

use super::array::CArray;
use super::handle::Handle;
use super::index::Index;
use crate::api::element::H5Type;
use crate::api::value::Value;
use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::message::datatype::Class;
use crate::format::selection::Span;

/// Rows that are looked at together.
const ROWS: u64 = 65_536;

/// A table: rows, each of which has a value in every column. Read here, written by PyTables.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::{Mode, NodeFile};
/// let file = NodeFile::open("tests/files/pytables.h5", Mode::Read)?;
/// let table = file.get_node("/table")?.into_table()?;
/// println!("{:?}", table.columns()?);
/// for row in table.read_where("value", |v: &f64| *v > 0.5)? {
///     println!("{row}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Table {
    pub(super) handle: Handle,
}

impl Deref for Table {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Table {
    /// The names of the columns; those of a nested column are behind its name and a `/`.
    pub fn columns(&self) -> Result<Vec<String>> {
        let Class::Compound(members) = &self.dataset()?.datatype().class else {
            return Err(Error::usage("the rows of this table have no columns").on_path(self.path()));
        };
        Ok(members.iter().map(|m| m.name()).collect())
    }
    /// The number of rows.
    pub fn len(&self) -> Result<usize> {
        Ok(self.shape_of()?.first().copied().unwrap_or(0))
    }
    /// Whether there is no row.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// All rows, as a struct that derives [`H5Type`] or as [`Value`]s.
    pub fn read<T: H5Type>(&self) -> Result<Vec<T>> {
        self.dataset()?.read_raw()
    }
    /// Selected rows.
    pub fn get<T: H5Type + Clone>(&self, index: impl Index) -> Result<Vec<T>> {
        Ok(CArray { handle: self.handle.clone() }.get::<T>(index)?.into_iter().collect())
    }
    /// One column; each row's value, or an array of one more axis for each axis of the values.
    pub fn column<T: H5Type>(&self, name: &str) -> Result<ArrayD<T>> {
        self.dataset()?.read_field(name)
    }
    /// The rows whose value in a column fulfils a condition. Rows are read in parts: only those that are kept take memory.
    pub fn read_where<T: H5Type>(&self, column: &str, mut holds: impl FnMut(&T) -> bool) -> Result<Vec<Value>> {
        let (mut out, dataset) = (Vec::new(), self.dataset()?);
        let values: ArrayD<T> = self.column(column)?;
        if values.ndim() != 1 {
            return Err(Error::usage(format!("column {column:?} has more than one value a row")).on_path(self.path()));
        }
        let kept: Vec<u64> = (0u64..).zip(&values).filter(|(_, v)| holds(v)).map(|(at, _)| at).collect();
        for part in kept.chunk_by(|a, b| a / ROWS == b / ROWS) {
            let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
            let span = Span::range(*first, last.saturating_sub(*first).saturating_add(1));
            let rows = dataset.read_slice::<Value, _>(Selection::Slab(vec![span]))?;
            let mut wanted = part.iter().copied().peekable();
            out.extend((*first..).zip(rows).filter(|(at, _)| wanted.next_if_eq(at).is_some()).map(|(_, row)| row));
        }
        Ok(out)
    }
}
