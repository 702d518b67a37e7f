//! An open file of nodes behind its handles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::{Compression, Profile};
use super::python::{Numpy, object2json};
use super::text::{shape_value, write_text};
use crate::api::dataset::Dataset;
use crate::api::session::File;
use crate::error::{At, Error, Result};
use crate::wire::Addr;

/// A file of groups and arrays, as PyMoDAQ and PyTables have them: what `H5Backend` is to PyMoDAQ.
///
/// A cheap handle, to be cloned and sent to other threads. Changes are in the file after [`NodeFile::commit`], all of
/// them or none; [`NodeFile::close`] commits, too.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// # let folder = std::env::temp_dir().join("h5-doc-node-file");
/// # std::fs::create_dir_all(&folder)?;
/// use h5::ndarray::array;
/// use h5::node::{GroupType, Mode, NodeFile};
/// let file = NodeFile::open(folder.join("scan.h5"), Mode::Write)?;
/// let scan = file.add_group("scan000", GroupType::Scan, "/", "the first scan", &[("gain", 1.5.into())])?;
/// assert_eq!(scan.path(), "/Scan000");
/// let image = file.create_carray(&scan, "image", &array![[1u16, 2], [3, 4]], "an image")?;
/// image.attrs().set("units", "counts")?;
/// file.commit()?;
/// for node in file.walk_nodes("/")? {
///     println!("{node}");
/// }
/// file.close()?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NodeFile(Arc<Shared>);

struct Shared {
    file: File,
    path: Option<PathBuf>,
    profile: Profile,
    numpy: Numpy,
    compression: Mutex<Option<Compression>>,
    /// Arrays that grew: their attribute `shape` is written with the next commit.
    grown: Mutex<HashMap<Addr, Dataset>>,
    closed: AtomicBool,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if cfg!(feature = "write") {
            // An error of the commit that follows is reported by the file; the attributes are part of it.
            let _ = self.settle();
        }
    }
}

impl Shared {
    fn grown(&self) -> MutexGuard<'_, HashMap<Addr, Dataset>> {
        self.grown.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Brings the attribute `shape` of the arrays that grew up to date.
    fn settle(&self) -> Result<()> {
        let mut grown = self.grown();
        if grown.is_empty() || self.file.is_swmr() {
            return Ok(());
        }
        for dataset in grown.values() {
            let text = object2json(&shape_value(&dataset.shape()?), self.numpy);
            write_text(dataset.new_attribute("shape"), self.profile, &text)?;
        }
        grown.clear();
        Ok(())
    }
}

impl NodeFile {
    /// The path that the file was opened by.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
    /// The form that new nodes get.
    pub fn profile(&self) -> Profile {
        self.0.profile
    }
    pub(super) fn numpy(&self) -> Numpy {
        self.0.numpy
    }
    /// The file behind the nodes, for all that this crate does with files.
    pub fn h5file(&self) -> &File {
        &self.0.file
    }
    /// Whether the file is open for writing.
    pub fn is_writable(&self) -> bool {
        self.0.file.is_writable()
    }
    /// Whether the file was not closed yet, through this handle or a clone of it.
    pub fn is_open(&self) -> bool {
        !self.0.closed.load(Ordering::Acquire)
    }
    pub(super) fn set_closed(&self) {
        self.0.closed.store(true, Ordering::Release);
    }
    /// Whether both are the same open file.
    pub fn is_same(&self, other: &NodeFile) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
    /// The bytes of a file in memory, as of the last commit.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        self.0.file.to_vec()
    }
    pub(super) fn writable(&self) -> Result<()> {
        match self.is_writable() {
            true => Ok(()),
            false => Err(Error::usage("the file is open for reading only")),
        }
    }

    /// Puts all changes since the last commit into the file, all of them or none.
    pub fn commit(&self) -> Result<()> {
        self.0.settle()?;
        self.0.file.commit()
    }
    /// As [`NodeFile::commit`], those of deferred commits too: what PyMoDAQ's `flush` is. Nothing for a file that is
    /// open for reading.
    pub fn flush(&self) -> Result<()> {
        if !self.is_writable() {
            return Ok(());
        }
        self.0.settle()?;
        self.0.file.flush()
    }
    /// Drops all changes since the last commit.
    pub fn rollback(&self) -> Result<()> {
        self.0.grown().clear();
        self.0.file.rollback()
    }
    /// From now on readers in other processes look on (SWMR): existing arrays are written and appended to, nothing
    /// else. The attribute `shape` is written when the file is closed.
    pub fn enable_swmr(&self) -> Result<()> {
        self.flush()?;
        self.0.file.start_swmr()
    }
    /// Whether readers in other processes look on.
    pub fn is_swmr_active(&self) -> bool {
        self.0.file.is_swmr()
    }
    /// Shows what another process has written since.
    pub fn refresh(&self) -> Result<()> {
        self.0.file.refresh()
    }
    /// Copies the file as it is now to `path`, where there is none yet.
    pub fn save_file_as(&self, path: impl AsRef<Path>) -> Result<()> {
        self.flush()?;
        let path = path.as_ref();
        let copy = || -> Result<()> {
            let mut new = std::fs::File::create_new(path)?;
            match &self.0.path {
                Some(own) => std::io::copy(&mut std::fs::File::open(own)?, &mut new).map(|_| ())?,
                None => std::io::Write::write_all(&mut new, &self.to_vec()?)?,
            }
            Ok(new.sync_all()?)
        };
        copy().on(&path.display().to_string())
    }
    /// How new arrays are compressed from now on; none: as their group says, or not at all.
    pub fn define_compression(&self, compression: impl Into<Option<Compression>>) {
        *self.0.compression.lock().unwrap_or_else(PoisonError::into_inner) = compression.into();
    }
    pub(super) fn compression(&self) -> Option<Compression> {
        self.0.compression.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// An array grew.
    pub(super) fn grown(&self, array: &Dataset) {
        self.0.grown().entry(array.address()).or_insert_with(|| array.clone());
    }
    /// The paths of the arrays that grew.
    pub(super) fn grown_paths(&self) -> Vec<String> {
        self.0.grown().values().map(|d| d.path().to_string()).collect()
    }
    pub(super) fn new(file: File, path: Option<&Path>, profile: Profile, numpy: Numpy) -> NodeFile {
        NodeFile(Arc::new(Shared {
            file,
            path: path.map(Path::to_path_buf),
            profile,
            numpy,
            compression: Mutex::new(None),
            grown: Mutex::default(),
            closed: AtomicBool::new(false),
        }))
    }
    /// What was deleted or moved is not told of by an array that grew.
    pub(super) fn settle(&self) -> Result<()> {
        self.0.settle()
    }
}

impl std::fmt::Debug for NodeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("NodeFile").field(&self.0.path).finish()
    }
}
