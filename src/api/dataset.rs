//! Datasets.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::attribute::{Attribute, list, open};
use super::path::resolve;
use super::session::File;
use crate::data::chunks::{Chunks, HERE as CHUNK};
use crate::data::reader::{Opener, Reader, SourceDataset};
use crate::data::selection::Selection;
use crate::data::transfer::each_chunk;
use crate::data::virtual_data;
use crate::error::{At, Error, Result};
use crate::filter::Stage;
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::datatype::Datatype;
use crate::format::message::layout::LayoutClass;
use crate::format::virtual_map::Mapping;
use crate::model::dataset::DatasetInfo;
use crate::model::object::ObjectKind;
use crate::source::file::DiskFile;
use crate::source::{ReadAt, WriteAt};
use crate::store::block::Lend;
use crate::store::header::ObjectHeader;
use crate::store::index::ChunkIndex;
use crate::wire::Addr;

/// A dataset: a cheap handle, to be cloned and sent to other threads. Any number of threads may read one
/// dataset at once.
#[derive(Clone)]
pub struct Dataset {
    pub(crate) file: File,
    pub(crate) header: Arc<ObjectHeader>,
    pub(crate) info: Arc<DatasetInfo>,
    path: String,
    dims: Arc<OnceLock<Vec<u64>>>,
    /// How a virtual dataset led here; none for a dataset that the user opened.
    nesting: Option<Nesting>,
}

/// How deep a source of virtual datasets lies below the one that is read, and the sources that read has opened.
#[derive(Clone, Default)]
struct Nesting {
    depth: u32,
    opened: Arc<AtomicU64>,
    /// Those of them that lie below another source and in its file.
    within: Arc<AtomicU64>,
}

/// The most sources that one read of a virtual dataset opens, its nested ones included.
const MOST_SOURCES: u64 = 100_000;
/// The most of them that are nested in one and the same file, where a few bytes can ask for any number; and
/// the bytes of the file that justify one more.
const MOST_NESTED: u64 = 5_000;
const BYTES_FOR_NESTED: u64 = 16;

impl Nesting {
    /// Counts one more source, `own` in the file of the dataset it is for.
    fn count(&self, own: bool, file_bytes: u64) -> Result<()> {
        let most_nested = MOST_NESTED.saturating_add(file_bytes.checked_div(BYTES_FOR_NESTED).unwrap_or(0));
        let nested = own && self.depth > 1;
        let too_many = |most: u64| {
            Err(Error::limit(format!("one read opens more than {most} sources of virtual datasets")))
        };
        if self.opened.fetch_add(1, Ordering::Relaxed) >= MOST_SOURCES {
            return too_many(MOST_SOURCES);
        }
        if nested && self.within.fetch_add(1, Ordering::Relaxed) >= most_nested {
            return too_many(most_nested);
        }
        Ok(())
    }
}

pub mod write;

/// A chunk as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChunk {
    /// First element of the chunk in the dataset.
    pub offset: Vec<u64>,
    /// Byte offset in the file, the user block included.
    pub address: u64,
    /// Stored bytes.
    pub bytes: u64,
    /// Bit i: filter i was skipped.
    pub filter_mask: u32,
}

impl Dataset {
    pub(crate) fn load(file: &File, header: Arc<ObjectHeader>, path: String) -> Result<Self> {
        let info = DatasetInfo::load(file.container(), &header)
            .at(&crate::format::header::V2, header.address.raw())
            .on(&path)?;
        Ok(Dataset {
            file: file.clone(),
            header,
            info: Arc::new(info),
            path,
            dims: Arc::default(),
            nesting: None,
        })
    }
    /// The path it was opened by.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The file it is in.
    pub fn file(&self) -> &File {
        &self.file
    }
    /// Type of an element.
    pub fn datatype(&self) -> &Datatype {
        &self.info.datatype
    }
    /// All that its header says.
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }
    /// An error where it was deleted since it was opened.
    pub(crate) fn alive(&self) -> Result<()> {
        self.file.container().store.alive(&self.header).on(&self.path)
    }
    /// The dataset as it is now, where the file may have changed since this handle was opened.
    pub(crate) fn now(&self) -> Result<Cow<'_, Dataset>> {
        if !self.file.changes() {
            return Ok(Cow::Borrowed(self));
        }
        self.alive()?;
        if let Some(info) = self.file.0.buffered_info(self.header.address) {
            return Ok(Cow::Owned(Dataset { info: Arc::new(info), dims: Arc::default(), ..self.clone() }));
        }
        let header = self.file.header(self.header.address)?;
        if Arc::ptr_eq(&header, &self.header) {
            return Ok(Cow::Borrowed(self));
        }
        let mut fresh = Dataset::load(&self.file, header, self.path.clone())?;
        fresh.nesting.clone_from(&self.nesting);
        Ok(Cow::Owned(fresh))
    }
    /// Current dimensions in elements, slowest first; none for a scalar. Those of a virtual dataset may follow
    /// from its sources.
    pub fn shape(&self) -> Result<Vec<u64>> {
        self.now()?.dims().map(<[u64]>::to_vec)
    }
    pub(crate) fn dims(&self) -> Result<&[u64]> {
        if let Some(dims) = self.dims.get() {
            return Ok(dims);
        }
        let stored = self.info.dims();
        let dims = match self.info.layout.class {
            LayoutClass::Virtual { collection, index } => {
                let opener =
                    FileOpener { file: &self.file, nesting: self.nesting.clone().unwrap_or_default() };
                virtual_data::dims(self.file.container(), &opener, (collection, index), &stored)
                    .on(&self.path)?
            }
            _ => stored,
        };
        Ok(self.dims.get_or_init(|| dims))
    }
    /// Maximum dimensions; none: unlimited.
    pub fn max_shape(&self) -> Vec<Option<u64>> {
        self.info.max_dims()
    }
    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.info.space.dims.len()
    }
    /// Number of elements.
    pub fn len(&self) -> Result<u64> {
        self.selected(&Selection::All)
    }
    /// Number of selected elements; a null dataspace has none, though it has the dimensions of a scalar.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<u64> {
        self.now()?.selected_here(selection)
    }
    fn selected_here(&self, selection: &Selection) -> Result<u64> {
        match self.info.space.class {
            SpaceClass::Null => Ok(0),
            _ => selection.elements(self.dims()?),
        }
    }
    /// Whether it has no element.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Shape of a chunk in elements; none where the layout is not chunked.
    pub fn chunk_shape(&self) -> Option<Vec<u64>> {
        match &self.info.layout.class {
            LayoutClass::Chunked(c) => c.dims.split_last().map(|(_, dims)| dims.to_vec()),
            _ => None,
        }
    }
    /// Filters of its chunks, in the order of writing.
    pub fn filters(&self) -> &[Stage] {
        &self.info.filters
    }
    /// The sources of a virtual dataset.
    pub fn mappings(&self) -> Result<Vec<Mapping>> {
        match self.info.layout.class {
            LayoutClass::Virtual { collection, index } => {
                Ok(virtual_data::map(self.file.container(), (collection, index)).on(&self.path)?.mappings)
            }
            _ => Ok(Vec::new()),
        }
    }
    /// Reads selected elements as they are stored, in the dataset's own type, into `out`, which holds
    /// exactly them.
    pub fn read_stored_into(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        self.file.steady(|| self.now()?.read_known(selection, out))
    }
    /// The same, of the dataset as it was when this handle was brought up to date.
    pub(crate) fn read_resolved(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        self.file.steady(|| self.read_known(selection, out))
    }
    fn read_known(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        self.alive()?;
        let opener = FileOpener { file: &self.file, nesting: self.nesting.clone().unwrap_or_default() };
        let reader = Reader {
            container: self.file.container(),
            cache: &self.file.0.cache,
            opener: &opener,
            info: &self.info,
            dims: self.dims()?,
            parallel: self.file.0.options.parallel,
        };
        if self.file.is_writable()
            && self.file.0.read_buffered(self.address(), &reader, selection, out).on(&self.path)?
        {
            return Ok(());
        }
        reader.read(selection, out).on(&self.path)
    }
    /// Reads selected elements as they are stored, in the dataset's own type.
    pub fn read_stored(&self, selection: &Selection) -> Result<Vec<u8>> {
        self.now()?.read_piece(selection)
    }
    /// The same, of the dataset as it was when this handle was brought up to date.
    pub(crate) fn read_piece(&self, selection: &Selection) -> Result<Vec<u8>> {
        let elements = self.selected_here(selection)?;
        let bytes = elements.checked_mul(u64::from(self.info.datatype.size));
        let bytes = bytes
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| Error::limit("a selection larger than memory").on_path(&self.path))?;
        self.info.check_stored(bytes, self.file.container().store.end()).on(&self.path)?;
        let mut out = Vec::new();
        out.try_reserve_exact(bytes).map_err(|_| Error::limit(format!("no memory for {bytes} bytes")))?;
        out.resize(bytes, 0);
        if elements > 0 {
            self.read_resolved(selection, &mut out)?;
        }
        Ok(out)
    }
    /// Visits the chunks that were written, in the order of the index.
    pub fn each_chunk(&self, visit: &mut dyn FnMut(StoredChunk) -> Result<()>) -> Result<()> {
        let shape = self.chunk_shape().unwrap_or_default();
        let base = self.file.user_block();
        each_chunk(self.file.container(), &self.now()?.info, &mut |scaled, chunk| {
            visit(StoredChunk {
                offset: scaled.iter().zip(&shape).map(|(s, c)| s.saturating_mul(*c)).collect(),
                address: chunk.address.raw().saturating_add(base),
                bytes: chunk.stored_bytes,
                filter_mask: chunk.filter_mask,
            })
        })
        .on(&self.path)
    }
    /// The chunks that were written.
    pub fn chunks(&self) -> Result<Vec<StoredChunk>> {
        let mut out = Vec::new();
        self.each_chunk(&mut |c| {
            out.push(c);
            Ok(())
        })?;
        Ok(out)
    }
    /// Bytes that the dataset's elements take in the file.
    pub fn stored_bytes(&self) -> Result<u64> {
        match &self.now()?.info.layout.class {
            LayoutClass::Compact(data) => Ok(u64::try_from(data.len()).unwrap_or(u64::MAX)),
            LayoutClass::Contiguous { address, .. } if address.is_defined() => {
                Ok(self.info.elements()?.saturating_mul(u64::from(self.info.datatype.size)))
            }
            LayoutClass::Contiguous { .. } | LayoutClass::Virtual { .. } => Ok(0),
            LayoutClass::Chunked(_) => {
                let mut total = 0u64;
                self.each_chunk(&mut |c| {
                    total = total.saturating_add(c.bytes);
                    Ok(())
                })?;
                Ok(total)
            }
        }
    }
    /// The stored bytes of the chunk that starts at this element; none where it was never written.
    pub fn read_chunk_raw(&self, offset: &[u64]) -> Result<Option<(StoredChunk, Vec<u8>)>> {
        let now = self.now()?;
        let Some((grid, chunked)) = now.info.grid()? else {
            return Err(Error::usage("the dataset is not chunked").on_path(&self.path));
        };
        let scaled: Option<Vec<u64>> = offset
            .iter()
            .zip(&grid.chunk)
            .map(|(o, c)| (o.checked_rem(*c) == Some(0)).then(|| o.checked_div(*c)).flatten())
            .collect();
        let scaled = scaled
            .ok_or_else(|| Error::usage(format!("no chunk starts at {offset:?}")).on_path(&self.path))?;
        let index = ChunkIndex::from(chunked);
        let store = &self.file.container().store;
        let cache = &self.file.0.cache;
        let chunks =
            Chunks { store, info: &self.info, grid: &grid, index: &index, cache, flags: chunked.flags };
        let Some(found) = chunks.find(&scaled).at(&CHUNK, chunked.address.raw()).on(&self.path)? else {
            return Ok(None);
        };
        let chunk = StoredChunk {
            offset: offset.to_vec(),
            address: found.address.raw().saturating_add(self.file.user_block()),
            bytes: found.stored_bytes,
            filter_mask: found.filter_mask,
        };
        Ok(Some((chunk, chunks.stored(&found).on(&self.path)?)))
    }
    /// Its attributes, sorted by name.
    pub fn attributes(&self) -> Result<Vec<Attribute>> {
        list(&self.file, &*self.file.header_now(&self.header)?, &self.path)
    }
    /// The attribute with this name.
    pub fn attribute(&self, name: &str) -> Result<Attribute> {
        open(&self.file, &*self.file.header_now(&self.header)?, &self.path, name)
    }
    /// The object's comment.
    pub fn comment(&self) -> Option<String> {
        self.now().ok()?.header.comment().map(|c| String::from_utf8_lossy(&c).into_owned())
    }
    /// The address of its header.
    pub fn address(&self) -> Addr {
        self.header.address
    }
}

impl std::fmt::Debug for Dataset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dataset")
            .field("path", &self.path)
            .field("type", &self.info.datatype.describe())
            .finish()
    }
}

/// Opens sources and external files on behalf of one file.
struct FileOpener<'a> {
    file: &'a File,
    nesting: Nesting,
}

impl Opener for FileOpener<'_> {
    fn raw_file(&self, name: &[u8]) -> Result<Option<Arc<dyn ReadAt>>> {
        match self.file.0.locate(name, false)? {
            Some(path) => Ok(Some(Arc::new(DiskFile::open(&path)?))),
            None => Ok(None),
        }
    }
    fn raw_file_for_writing(&self, name: &[u8]) -> Result<Arc<dyn WriteAt>> {
        match self.file.0.locate(name, false)? {
            Some(path) => Ok(Arc::new(DiskFile::open_for_writing(&path)?)),
            None => Ok(Arc::new(DiskFile::create(&self.file.0.place_for(name)?, true)?)),
        }
    }
    fn source(&self, file: &[u8], dataset: &[u8]) -> Result<Option<Box<dyn SourceDataset>>> {
        let nesting = Nesting { depth: self.nesting.depth.saturating_add(1), ..self.nesting.clone() };
        let store = &self.file.container().store;
        store.limits.depth(nesting.depth)?;
        nesting.count(file == b".", store.end())?;
        let other = if file == b"." { Some(self.file.clone()) } else { self.file.other(file, true)? };
        let Some(other) = other else { return Ok(None) };
        let path = String::from_utf8_lossy(dataset).into_owned();
        let root = other.container().superblock.root();
        let links_left = other.container().store.limits.max_links;
        let Some(found) = resolve(&other, root, path.as_bytes(), links_left)? else { return Ok(None) };
        let header = found.file.header(found.address)?;
        if header.kind() != ObjectKind::Dataset {
            return Ok(None);
        }
        let dataset = Dataset { nesting: Some(nesting), ..Dataset::load(&found.file, header, path)? };
        let dims = dataset.shape()?;
        Ok(Some(Box::new(Source { dataset, dims })))
    }
}

struct Source {
    dataset: Dataset,
    dims: Vec<u64>,
}

impl SourceDataset for Source {
    fn dims(&self) -> Vec<u64> {
        self.dims.clone()
    }
    fn datatype(&self) -> &Datatype {
        self.dataset.datatype()
    }
    fn lender(&self) -> Arc<dyn Lend> {
        self.dataset.file().0.clone()
    }
    fn read(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        self.dataset.read_stored_into(selection, out)
    }
}
