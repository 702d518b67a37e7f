//! Open files.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::group::Group;
use super::opener::{External, Opened};
use super::path::Node;
use super::{dataset::Dataset, named::NamedType};
use crate::data::cache::{ChunkCache, DEFAULT_BYTES};
use crate::error::{Error, Result};
use crate::filter::{Filter, Registry};
use crate::format::superblock::{SWMR_ACCESS, WRITE_ACCESS};
use crate::limits::Limits;
use crate::model::family;
use crate::source::ReadAt;
use crate::source::memory::Memory;
use crate::source::seek::Seeking;
use crate::store::header::ObjectHeader;
use crate::store::open::Container;
use crate::wire::Addr;

/// An open HDF5 file: a cheap handle, to be cloned and sent to other threads.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// let file = h5::File::open("tests/files/groups_earliest.h5")?;
/// for name in file.root()?.names()? {
///     println!("{name}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct File(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) container: Container,
    pub(crate) cache: ChunkCache,
    pub(crate) options: OpenOptions,
    pub(crate) path: Option<PathBuf>,
    pub(crate) opened: Opened,
}

/// How to open a file.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// let file = h5::OpenOptions::new().external(h5::External::Nothing).open("tests/files/groups_earliest.h5")?;
/// # let _ = file;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OpenOptions {
    pub(crate) limits: Limits,
    pub(crate) filters: Registry,
    pub(crate) external: External,
    pub(crate) truncated: bool,
    pub(crate) parallel: bool,
    pub(crate) cache_bytes: u64,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            limits: Limits::default(),
            filters: Registry::default(),
            external: External::SameFolder,
            truncated: false,
            parallel: true,
            cache_bytes: DEFAULT_BYTES,
        }
    }
}

impl OpenOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }
    /// Limits against hostile files.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
    /// Adds a filter of your own.
    #[must_use]
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.filters.register(filter);
        self
    }
    /// Which other files the file may lead to (external links, external data, virtual datasets).
    #[must_use]
    pub fn external(mut self, external: External) -> Self {
        self.external = external;
        self
    }
    /// Opens a file that is shorter than its superblock says; what lies beyond its end gives errors when
    /// it is read.
    #[must_use]
    pub fn truncated(mut self, allowed: bool) -> Self {
        self.truncated = allowed;
        self
    }
    /// Whether one read may decode chunks on several threads (on by default with the feature `parallel`).
    #[must_use]
    pub fn parallel(mut self, allowed: bool) -> Self {
        self.parallel = allowed;
        self
    }
    /// Bytes of decoded chunks that the file keeps (64 MiB by default).
    #[must_use]
    pub fn chunk_cache(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }
    /// Opens the file at `path`.
    ///
    /// A family is named by the pattern of its members (`run_%05d.h5`), a file split into metadata and raw
    /// data by its metadata part.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        let source = family::open(path).map_err(|e| e.on_path(&path.display().to_string()))?;
        self.finish(source, Some(path.to_path_buf())).map_err(|e| e.on_path(&path.display().to_string()))
    }
    /// Opens the file at `path` through a memory map.
    ///
    /// Reads become copies from memory. If another process cuts the file while it is mapped, this process
    /// ends with a bus error: use it for files that nobody writes.
    #[cfg(feature = "mmap")]
    pub fn open_mmap(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        let source = crate::source::mmap::MappedFile::open(path)?;
        self.finish(Arc::new(source), Some(path.to_path_buf()))
            .map_err(|e| e.on_path(&path.display().to_string()))
    }
    /// Opens a file that is in memory.
    pub fn from_bytes(&self, bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<File> {
        self.finish(Arc::new(Memory(bytes)), None)
    }
    /// Opens a file from anything that reads and seeks.
    pub fn from_reader<R: Read + Seek + Send + 'static>(&self, reader: R) -> Result<File> {
        self.finish(Arc::new(Seeking::new(reader)?), None)
    }
    /// Opens a file from a source of your own.
    pub fn from_source(&self, source: Arc<dyn ReadAt>) -> Result<File> {
        self.finish(source, None)
    }
    pub(crate) fn finish(&self, source: Arc<dyn ReadAt>, path: Option<PathBuf>) -> Result<File> {
        let container = Container::open(source, self.limits, Arc::new(self.filters.clone()), self.truncated)?;
        Ok(File(Arc::new(Inner {
            container,
            cache: ChunkCache::new(self.cache_bytes),
            options: self.clone(),
            path,
            opened: Opened::default(),
        })))
    }
}

impl File {
    /// Opens the file at `path` for reading, with the default [`OpenOptions`].
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::open("tests/files/groups_earliest.h5")?;
    /// assert!(file.superblock_version() <= 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().open(path)
    }
    /// Opens the file at `path` through a memory map; see [`OpenOptions::open_mmap`] for its one danger.
    #[cfg(feature = "mmap")]
    pub fn open_mmap(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().open_mmap(path)
    }
    /// Opens a file that is in memory.
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Result<File> {
        OpenOptions::new().from_bytes(bytes)
    }
    /// Opens a file from anything that reads and seeks.
    pub fn from_reader<R: Read + Seek + Send + 'static>(reader: R) -> Result<File> {
        OpenOptions::new().from_reader(reader)
    }
    /// The root group.
    pub fn root(&self) -> Result<Group> {
        Group::at(self, self.container().superblock.root(), "/".to_string())
    }
    /// The group at this path.
    pub fn group(&self, path: &str) -> Result<Group> {
        self.root()?.group(path)
    }
    /// The dataset at this path.
    pub fn dataset(&self, path: &str) -> Result<Dataset> {
        self.root()?.dataset(path)
    }
    /// The committed datatype at this path.
    pub fn named_type(&self, path: &str) -> Result<NamedType> {
        self.root()?.named_type(path)
    }
    /// Whatever object is at this path; none where there is none.
    pub fn get(&self, path: &str) -> Result<Option<Node>> {
        self.root()?.get(path)
    }
    /// The file's path, where it was opened by one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
    /// The version of the superblock, 0 to 3.
    pub fn superblock_version(&self) -> u8 {
        self.container().superblock.version()
    }
    /// Bytes before the superblock, which are the user's own.
    pub fn user_block(&self) -> u64 {
        self.container().store.base()
    }
    /// Whether a writer marked the file as open and never came back (or is still there).
    pub fn is_marked_open(&self) -> bool {
        let s = &self.container().superblock;
        s.version() == 3 && s.flags() & (WRITE_ACCESS | SWMR_ACCESS) != 0
    }
    /// The object whose header is at `address`, opened under `path`.
    pub(crate) fn node_at(&self, address: Addr, path: String) -> Result<Node> {
        Node::open(self, address, path)
    }
    pub(crate) fn container(&self) -> &Container {
        &self.0.container
    }
    pub(crate) fn header(&self, address: Addr) -> Result<Arc<ObjectHeader>> {
        ObjectHeader::load(&self.container().store, address)
    }
    /// Forgets what was read, so that the next calls see what other processes wrote since.
    pub fn refresh(&self) {
        self.container().store.forget();
        self.0.cache.clear();
    }
    /// An error about a path in this file.
    pub(crate) fn no_such(&self, path: &str, what: &str) -> Error {
        Error::usage(format!("there is no {what} here")).on_path(path)
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("path", &self.0.path).finish_non_exhaustive()
    }
}
