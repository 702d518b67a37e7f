//! Writing datasets: elements, size, appends.

use std::borrow::Cow;

use ndarray::{ArrayBase, Data, Dimension};

use super::{Dataset, FileOpener};
use crate::api::create::{now, set_comment};
use crate::api::element::{ElementsMut, Encoder, H5Type};
use crate::api::slice::IntoSelection;
use crate::data::selection::Selection;
use crate::data::write::{Changed, Field, Writer, resize};
use crate::error::{At, Error, Result};
use crate::format::message::datatype::Class;
use crate::format::message::layout::LayoutClass;
use crate::model::dataset::DatasetInfo;
use crate::model::{new_dataset, release};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;

impl Dataset {
    /// Runs a change of the elements on the dataset as it is now, then brings its header up to date.
    fn changing<F>(&self, field: Option<Field>, f: F) -> Result<()>
    where
        F: FnOnce(&Writer<'_>) -> Result<Changed>,
    {
        self.file.editing().on(&self.path)?;
        self.file.0.drop_buffers(true)?;
        let opener = FileOpener { file: &self.file, nesting: self.nesting.clone().unwrap_or_default() };
        let change = |c: &Container| {
            c.store.alive(&self.header)?;
            let header = ObjectHeader::load(&c.store, self.header.address)?;
            let mut info = DatasetInfo::load(c, &header)?;
            self.file.unless_watched_data(&info)?;
            let parallel = self.file.0.options.parallel;
            let writer = Writer {
                container: c,
                cache: &self.file.0.cache,
                opener: &opener,
                info: &info,
                parallel,
                field,
            };
            let changed = f(&writer)?;
            if changed.is_empty() {
                return Ok(());
            }
            changed.apply(&mut info);
            new_dataset::update(c, &info, changed.layout.is_some(), changed.dims.is_some())
        };
        self.file.change_data(change).on(&self.path)
    }
    /// Allocates and fills all space.
    pub(crate) fn allocate(&self) -> Result<()> {
        self.changing(None, |w| w.allocate())
    }
    /// Writes selected elements as they are stored, in the dataset's own type.
    pub fn write_stored(&self, selection: &Selection, data: &[u8]) -> Result<()> {
        let variable = self.info.datatype.is_variable();
        let old = if variable { self.read_stored(selection)? } else { Vec::new() };
        self.changing(None, |w| {
            let changed = w.write(selection, data)?;
            if variable {
                let fill = w.info.fill_element();
                release::release_replaced(&w.info.datatype, (&old, data), fill, &w.container.store)?;
            }
            Ok(changed)
        })
    }
    fn encoded<'v, T: H5Type>(&self, values: &'v [T]) -> Result<Cow<'v, [u8]>> {
        let size = self.info.datatype.bytes();
        let plan = T::plan(&self.info.datatype).on(&self.path)?;
        if let Some(stored) = T::as_stored(&plan, values) {
            return Ok(Cow::Borrowed(stored));
        }
        let mut data = vec![0; values.len().saturating_mul(size)];
        let mut encoder = Encoder::new(self.file.container());
        T::encode_many(&plan, values, &mut encoder, ElementsMut::packed(&mut data, size)).on(&self.path)?;
        Ok(Cow::Owned(data))
    }
    fn write_values<T: H5Type>(&self, selection: &Selection, values: &[T]) -> Result<()> {
        let wanted = self.selected(selection)?;
        if u64::try_from(values.len()).ok() != Some(wanted) {
            let what = format!("{} values for {wanted} selected elements", values.len());
            return Err(Error::usage(what).on_path(&self.path));
        }
        if self.info.datatype.is_variable() {
            return self.write_variable(selection, values);
        }
        let data = self.encoded(values)?;
        if self.write_buffered(selection, &data).on(&self.path)? {
            return Ok(());
        }
        self.write_stored(selection, &data)
    }
    /// Elements of variable length lead into heaps: those are written in the same step.
    fn write_variable<T: H5Type>(&self, selection: &Selection, values: &[T]) -> Result<()> {
        let old = self.read_stored(selection)?;
        let plan = T::plan(&self.info.datatype).on(&self.path)?;
        self.changing(None, |w| {
            let size = w.info.datatype.bytes();
            let mut data = vec![0; values.len().saturating_mul(size)];
            let mut encoder = Encoder::new(w.container);
            T::encode_many(&plan, values, &mut encoder, ElementsMut::packed(&mut data, size))?;
            let changed = w.write(selection, &data)?;
            let fill = w.info.fill_element();
            release::release_replaced(&w.info.datatype, (&old, &data), fill, &w.container.store)?;
            Ok(changed)
        })
    }
    /// Writes all elements: an array of the dataset's shape.
    ///
    /// Values are converted to the type that is stored; one that does not fit is an error, and nothing is
    /// written.
    pub fn write<T, S, D>(&self, values: &ArrayBase<S, D>) -> Result<()>
    where
        T: H5Type + Clone,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let shape: Vec<u64> = values.shape().iter().map(|n| *n as u64).collect();
        let own = self.shape()?;
        if shape != own {
            return Err(Error::usage(format!("an array of shape {shape:?} for {own:?}")).on_path(&self.path));
        }
        self.write_array(&Selection::All, values)
    }
    /// Writes selected elements, in row-major order of the selection.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// use h5::ndarray::{array, s};
    /// let file = h5::File::create_in_memory()?;
    /// let d = file.root()?.new_dataset::<i32>().shape([3, 4]).create("d")?;
    /// d.write_slice(s![1, ..;2], &array![7, 9])?;
    /// assert_eq!(d.read_2d::<i32>()?.row(1).to_vec(), [7, 0, 9, 0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_slice<T, S, D>(&self, selection: impl IntoSelection, values: &ArrayBase<S, D>) -> Result<()>
    where
        T: H5Type + Clone,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let selected = selection.select(&self.shape()?).on(&self.path)?;
        if !selected.reversed.is_empty() {
            return Err(Error::usage("writing backwards: turn the array round instead").on_path(&self.path));
        }
        let shape: Vec<usize> = values.shape().iter().copied().filter(|n| *n != 1).collect();
        let wanted: Vec<usize> = selected.shape.iter().copied().filter(|n| *n != 1).collect();
        if shape != wanted {
            let what =
                format!("an array of shape {:?} for a selection of {:?}", values.shape(), selected.shape);
            return Err(Error::usage(what).on_path(&self.path));
        }
        self.write_array(&selected.selection, values)
    }
    fn write_array<T, S, D>(&self, selection: &Selection, values: &ArrayBase<S, D>) -> Result<()>
    where
        T: H5Type + Clone,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let flat = values.as_standard_layout();
        match flat.as_slice() {
            Some(values) => self.write_values(selection, values),
            None => Err(Error::usage("an array that is not in row-major order").on_path(&self.path)),
        }
    }
    /// Writes all elements from a slice in row-major order.
    pub fn write_raw<T: H5Type>(&self, values: &[T]) -> Result<()> {
        self.write_values(&Selection::All, values)
    }
    /// Writes the one element of a scalar dataset.
    pub fn write_scalar<T: H5Type>(&self, value: &T) -> Result<()> {
        self.write_values(&Selection::All, std::slice::from_ref(value))
    }
    /// Writes elements to selected places.
    pub fn write_selected<T: H5Type>(&self, selection: &Selection, values: &[T]) -> Result<()> {
        self.write_values(selection, values)
    }
    /// Writes one member of the selected elements of a compound type; the others stay as they are.
    pub fn write_field<T: H5Type>(&self, selection: &Selection, name: &str, values: &[T]) -> Result<()> {
        let Class::Compound(members) = &self.info.datatype.class else {
            return Err(Error::usage("the elements are no compounds").on_path(&self.path));
        };
        let Some(member) = members.iter().find(|m| m.name == name.as_bytes()) else {
            return Err(Error::not_found(format!("there is no member {name}")).on_path(&self.path));
        };
        if member.datatype.is_variable() {
            return Err(Error::unsupported("one member of variable length").on_path(&self.path));
        }
        let (plan, size) = (T::plan(&member.datatype).on(&self.path)?, member.datatype.bytes());
        let mut data = vec![0; values.len().saturating_mul(size)];
        let mut encoder = Encoder::new(self.file.container());
        T::encode_many(&plan, values, &mut encoder, ElementsMut::packed(&mut data, size)).on(&self.path)?;
        let field = Field { offset: usize::try_from(member.offset).unwrap_or(usize::MAX), size };
        self.changing(Some(field), |w| w.write(selection, &data))
    }
    /// Gives the dataset other dimensions, within its maximum. Elements that are cut off are gone, those that
    /// come read as the fill value.
    pub fn resize(&self, dims: impl AsRef<[u64]>) -> Result<()> {
        let dims = dims.as_ref();
        let old = self.shape()?;
        let shrinks = dims.iter().zip(&old).any(|(n, o)| n < o);
        // What is refused changes nothing, so it is refused before anything is given back.
        if shrinks
            && self.info.datatype.is_variable()
            && matches!(self.info.layout.class, LayoutClass::Chunked(_))
        {
            resize::check(&old, dims, &self.max_shape()).on(&self.path)?;
            self.release_beyond(&old, dims)?;
        }
        self.changing(None, |w| w.resize(dims))
    }
    /// Gives back what elements lead to that a resize cuts off.
    fn release_beyond(&self, old: &[u64], new: &[u64]) -> Result<()> {
        use crate::format::selection::Span;
        for axis in 0..old.len().min(new.len()) {
            let spans = old.iter().zip(new).enumerate().map(|(d, (o, n))| match d.cmp(&axis) {
                std::cmp::Ordering::Less => Span::range(0, (*n).min(*o)),
                std::cmp::Ordering::Equal => Span::range((*n).min(*o), o.saturating_sub(*n)),
                std::cmp::Ordering::Greater => Span::range(0, *o),
            });
            let selection = Selection::Slab(spans.collect());
            if selection.elements(old)? > 0 {
                let zeros = vec![0; self.read_stored(&selection)?.len()];
                self.write_stored(&selection, &zeros)?;
            }
        }
        Ok(())
    }
    /// Sets the dataset's comment; an empty one removes it.
    pub fn set_comment(&self, text: &str) -> Result<()> {
        set_comment(&self.file, &self.header, &self.path, text)
    }
    /// Writes the time of the change into the header, where it has times.
    pub fn touch(&self) -> Result<()> {
        self.file.change(|c| {
            c.store.alive(&self.header)?;
            let mut edit = HeaderEdit::load(&c.store, self.header.address)?;
            edit.touch(now());
            edit.save(&c.store)
        })
    }
}
