//! Opening files, and what a file says of itself.

use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::dataset::Dataset;
use super::group::{Group, Node};
use super::named::NamedType;
use super::options::OpenOptions;
use super::session::File;
use crate::error::Result;
use crate::format::superblock::{SWMR_ACCESS, WRITE_ACCESS};
use crate::source::ReadAt;
use crate::source::memory::Memory;
use crate::source::seek::Seeking;
use crate::wire::Addr;

impl OpenOptions {
    /// Opens the file at `path`.
    ///
    /// A family is named by the pattern of its members (`run_%05d.h5`), a file split into metadata and raw
    /// data by its metadata part.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        self.session(path.as_ref())
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
}
