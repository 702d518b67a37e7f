//! New datasets and committed types.

use ndarray::{ArrayBase, Data, Dimension};

use super::attribute::write::{pointer_to, type_for};
use super::dataset::Dataset;
use super::element::{ElementsMut, Encoder, H5Type};
use super::group::Group;
use super::named::NamedType;
use super::virtual_map::{self, Source};
use crate::data::selection::Selection;
use crate::error::{At, Error, Result};
use crate::filter::Stage;
use crate::format::header::RawMessage;
use crate::format::message::DATATYPE;
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::fill::FillValue;
use crate::format::versions::Bound;
use crate::model::create::new_header;
use crate::model::delete;
use crate::model::filters::{Shape, prepare};
use crate::model::new_dataset::{NewDataset, NewLayout, guess_chunk, space};
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::wire::{Addr, encode};

/// Where a fill value comes from: it is encoded once the file is known.
type FillWith = dyn Fn(&Container, &Datatype) -> Result<Vec<u8>>;

/// A new dataset: [`Group::new_dataset`] makes it, [`DatasetBuilder::create`] ends it.
///
/// Without a word about the layout, datasets that can grow or that have filters are chunked, others contiguous.
/// The chunk shape is then chosen: about 64 KiB (more for datasets over 64 MiB, at most 1 MiB), in the
/// proportions of the dataset; a dimension that is 0 yet counts as 1024.
#[must_use]
pub struct DatasetBuilder {
    group: Group,
    datatype: Result<Datatype>,
    committed: Option<Addr>,
    null: bool,
    dims: Vec<u64>,
    max_dims: Option<Vec<Option<u64>>>,
    layout: Option<NewLayout>,
    filters: Vec<Stage>,
    fill: Option<Box<FillWith>>,
    fill_never: bool,
    early: bool,
    edges_unfiltered: bool,
    sources: Vec<Source>,
}

impl Group {
    /// A new dataset of elements that are stored as values of `T` are.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::create_in_memory()?;
    /// let frames = file.root()?.new_dataset::<u16>().shape([0, 480, 640]).resizable().create("frames")?;
    /// assert_eq!(frames.shape()?, [0, 480, 640]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn new_dataset<T: H5Type>(&self) -> DatasetBuilder {
        self.builder(T::datatype())
    }
    /// A new dataset of elements of this datatype.
    pub fn new_dataset_of(&self, datatype: Datatype) -> DatasetBuilder {
        self.builder(Ok(datatype))
    }
    /// A new dataset of elements of a committed type of this file.
    pub fn new_dataset_of_named(&self, named: &NamedType) -> DatasetBuilder {
        let mut builder = self.builder(Ok(named.datatype().clone()));
        builder.committed = Some(named.address());
        builder
    }
    fn builder(&self, datatype: Result<Datatype>) -> DatasetBuilder {
        DatasetBuilder {
            group: self.clone(),
            datatype,
            committed: None,
            null: false,
            dims: Vec::new(),
            max_dims: None,
            layout: None,
            filters: Vec::new(),
            fill: None,
            fill_never: false,
            early: false,
            edges_unfiltered: false,
            sources: Vec::new(),
        }
    }
    /// Makes a dataset that holds this array.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::create_in_memory()?;
    /// let table = h5::ndarray::array![[1.0, 2.0], [3.0, 4.0]];
    /// file.root()?.write_dataset("table", &table)?;
    /// assert_eq!(file.dataset("table")?.read_2d::<f64>()?, table);
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_dataset<T, S, D>(&self, path: &str, values: &ArrayBase<S, D>) -> Result<Dataset>
    where
        T: H5Type + Clone,
        S: Data<Elem = T>,
        D: Dimension,
    {
        let flat = values.as_standard_layout();
        let datatype = T::datatype_for(flat.as_slice().unwrap_or_default());
        let dims: Vec<u64> = values.shape().iter().map(|n| *n as u64).collect();
        let dataset = self.builder(datatype).shape(dims).create(path)?;
        dataset.write(values)?;
        Ok(dataset)
    }
    /// Makes a datatype that is an object of its own.
    pub fn commit_type(&self, path: &str, datatype: Datatype) -> Result<NamedType> {
        let bound = self.file.editing().on(&self.path)?.bound;
        let new = self.file.new_object();
        let address = self.add_object(path, |c| {
            let datatype = type_for(c, bound, datatype);
            let body = encode(&datatype, (0,), &datatype::HERE)?;
            let message = RawMessage { kind: DATATYPE, flags: 1, order: None, body };
            HeaderEdit::create(&c.store, &new_header(bound, &new), vec![message])
        })?;
        let header = self.file.header(address)?;
        NamedType::load(&self.file, header, self.full(path))
    }
}

impl DatasetBuilder {
    /// Dimensions in elements, slowest first; without them the dataset is a scalar.
    pub fn shape(mut self, dims: impl AsRef<[u64]>) -> Self {
        self.dims = dims.as_ref().to_vec();
        self
    }
    /// A dataset without elements and without shape.
    pub fn null(mut self) -> Self {
        self.null = true;
        self
    }
    /// Maximum dimensions; none: unlimited.
    pub fn max_shape(mut self, max: impl AsRef<[Option<u64>]>) -> Self {
        self.max_dims = Some(max.as_ref().to_vec());
        self
    }
    /// The first dimension can grow without end.
    pub fn resizable(mut self) -> Self {
        let rest = self.dims.iter().skip(1).map(|d| Some(*d));
        self.max_dims = Some(std::iter::once(None).chain(rest).collect());
        self
    }
    /// The elements lie in chunks of this shape.
    pub fn chunk(mut self, chunk: impl AsRef<[u64]>) -> Self {
        self.layout = Some(NewLayout::Chunked(chunk.as_ref().to_vec()));
        self
    }
    /// The elements lie in the object's header: at most 64000 bytes.
    pub fn compact(mut self) -> Self {
        self.layout = Some(NewLayout::Compact);
        self
    }
    /// The elements lie in one run of bytes.
    pub fn contiguous(mut self) -> Self {
        self.layout = Some(NewLayout::Contiguous);
        self
    }
    /// The elements lie in other files, one after the other: name, offset and bytes (none: without end).
    pub fn external(mut self, parts: &[(&str, u64, Option<u64>)]) -> Self {
        let part =
            |(name, offset, bytes): &(&str, u64, Option<u64>)| (name.as_bytes().to_vec(), *offset, *bytes);
        self.layout = Some(NewLayout::External(parts.iter().map(part).collect()));
        self
    }
    /// The selected elements of this dataset are those that are selected in another one, in the same order; may be
    /// called again for other elements. Elements without a source read as the fill value.
    ///
    /// `file` is a path relative to this file, or `.` for the file itself. A [`Span`](crate::Span) of `target` may
    /// be [without end](crate::format::selection::UNLIMITED): then the dataset grows as its source does, or, where
    /// `file` or `dataset` holds `%b`, with the number of sources that there are, one for each block of `target`.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// use h5::{Selection, Span};
    /// let file = h5::File::create_in_memory()?;
    /// let root = file.root()?;
    /// let mut both = root.new_dataset::<u8>().shape([2, 3]);
    /// for n in 0..2u8 {
    ///     let name = format!("row {n}");
    ///     root.write_dataset(&name, &h5::ndarray::array![n, n + 1, n + 2])?;
    ///     let target = Selection::Slab(vec![Span::range(n.into(), 1), Span::range(0, 3)]);
    ///     both = both.virtual_map(".", &name, Selection::All, target);
    /// }
    /// let both = both.create("both")?;
    /// assert_eq!(both.read_raw::<u8>()?, [0, 1, 2, 1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn virtual_map(mut self, file: &str, dataset: &str, source: Selection, target: Selection) -> Self {
        let (file, dataset) = (file.as_bytes().into(), dataset.as_bytes().into());
        self.sources.push(Source { file, dataset, source, target });
        self
    }
    /// Adds a filter; chunks pass through them in this order.
    pub fn filter(mut self, stage: Stage) -> Self {
        self.filters.push(stage);
        self
    }
    /// Compresses chunks with deflate (gzip) of level 0 to 9.
    pub fn deflate(self, level: u32) -> Self {
        self.filter(Stage::deflate(level))
    }
    /// Sorts the bytes of elements by their significance before they are compressed.
    pub fn shuffle(self) -> Self {
        self.filter(Stage::shuffle())
    }
    /// Adds a checksum to each chunk.
    pub fn fletcher32(self) -> Self {
        self.filter(Stage::fletcher32())
    }
    /// What elements read as that were never written; without it zeros.
    pub fn fill_value<T: H5Type + 'static>(mut self, value: T) -> Self {
        self.fill = Some(Box::new(move |c, datatype| {
            let plan = T::plan(datatype)?;
            let mut data = vec![0; datatype.bytes()];
            let out = ElementsMut::packed(&mut data, datatype.bytes());
            T::encode_many(&plan, std::slice::from_ref(&value), &mut Encoder::new(c), out)?;
            Ok(data)
        }));
        self
    }
    /// The fill value is never written into new space: what is there instead is whatever was there.
    pub fn fill_never(mut self) -> Self {
        self.fill_never = true;
        self
    }
    /// All space is allocated and filled at once.
    pub fn allocate_early(mut self) -> Self {
        self.early = true;
        self
    }
    /// Chunks at the edge of the dataset are stored without filters (from [`Bound::V110`] on).
    pub fn edges_unfiltered(mut self) -> Self {
        self.edges_unfiltered = true;
        self
    }
    fn settled(self, c: &Container, bound: Bound) -> Result<NewDataset> {
        let datatype = type_for(c, bound, self.datatype?);
        let mut extent = space(bound, &self.dims, self.max_dims.as_deref());
        if self.null {
            (extent.version, extent.class) = (2, SpaceClass::Null);
        }
        if let Some(max) = &self.max_dims {
            let fits = max.len() == self.dims.len();
            if !fits || max.iter().zip(&self.dims).any(|(m, d)| m.is_some_and(|m| m < *d)) {
                return Err(Error::usage(format!("maximum dimensions {max:?} for {:?}", self.dims)));
            }
        }
        let maximum = extent.maximum();
        let grows = maximum.iter().zip(&self.dims).any(|(m, d)| *m != Some(*d));
        let layout = match self.layout {
            None if !self.sources.is_empty() => virtual_map::store(c, self.sources, &maximum)?,
            Some(_) if !self.sources.is_empty() => {
                return Err(Error::usage("a virtual dataset with a layout of its own"));
            }
            Some(layout) => layout,
            None if grows || !self.filters.is_empty() => {
                NewLayout::Chunked(guess_chunk(&self.dims, &maximum, datatype.size))
            }
            None => NewLayout::Contiguous,
        };
        let fill = match &self.fill {
            Some(fill) => FillValue::Given(fill(c, &datatype)?),
            None => FillValue::Default,
        };
        let mut filters = self.filters;
        if let NewLayout::Chunked(chunk) = &layout {
            let shape = Shape { datatype: &datatype, chunk, fill: &fill };
            prepare(&c.store.filters, &mut filters, &shape)?;
        }
        Ok(NewDataset {
            committed: self.committed.map(|a| pointer_to(c, bound, a)).transpose()?,
            datatype,
            space: extent,
            layout,
            filters,
            fill,
            fill_never: self.fill_never,
            early: self.early,
            edges_unfiltered: self.edges_unfiltered,
            object: self.group.file.new_object(),
        })
    }
    /// Makes the dataset at this path (relative to the group, or absolute), with the groups on the way.
    pub fn create(self, path: &str) -> Result<Dataset> {
        let (group, early, committed) = (self.group.clone(), self.early, self.committed);
        let bound = group.file.editing().on(&group.path)?.bound;
        let address = group.add_object(path, |c| {
            let address = self.settled(c, bound)?.create(c, bound)?;
            committed.map_or(Ok(()), |named| delete::link(c, named))?;
            Ok(address)
        })?;
        let header = group.file.header(address)?;
        let dataset = Dataset::load(&group.file, header, group.full(path))?;
        if early {
            dataset.allocate()?;
        }
        Ok(dataset)
    }
}
