//! An open file behind its handles: bytes, caches, and the other files it led to.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::editing::Editing;
use super::lock;
use super::options::{External, OpenOptions};
use crate::data::cache::ChunkCache;
use crate::error::{Error, Result};
use crate::model::family;
use crate::source::ReadAt;
use crate::store::Store;
use crate::store::block::Lend;
use crate::store::header::ObjectHeader;
use crate::store::open::Container;
use crate::store::snapshot::Snapshot;
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
    /// How the file is changed, where it is open for writing.
    pub(crate) editing: Option<Editing>,
    /// What it reads, where it is a snapshot of a file that is being written.
    pub(crate) snapshot: Option<Arc<Snapshot>>,
    /// Whether handles look again, as the file was refreshed.
    pub(crate) refreshed: AtomicBool,
}

impl OpenOptions {
    /// The file at `path`.
    pub(crate) fn session(&self, path: &Path) -> Result<File> {
        let named = || path.display().to_string();
        let (source, file) = family::open(path).map_err(|e| e.on_path(&named()))?;
        if let Some(file) = &file {
            lock::shared(file.file(), self.locking).map_err(|e| e.on_path(&named()))?;
            if self.swmr {
                lock::release(file.file())?;
            }
        }
        self.finish(source, Some(path.to_path_buf())).map_err(|e| e.on_path(&named()))
    }
    pub(crate) fn finish(&self, source: Arc<dyn ReadAt>, path: Option<PathBuf>) -> Result<File> {
        let container = Container::open(source, self.limits, Arc::new(self.filters.clone()), self.truncated)?;
        Ok(self.file(container, path, None))
    }
    pub(crate) fn file(&self, container: Container, path: Option<PathBuf>, editing: Option<Editing>) -> File {
        File(Arc::new(Inner {
            container,
            cache: ChunkCache::new(self.cache_bytes),
            options: self.clone(),
            path,
            opened: Opened::default(),
            editing,
            snapshot: None,
            refreshed: AtomicBool::new(false),
        }))
    }
}

impl File {
    pub(crate) fn container(&self) -> &Container {
        &self.0.container
    }
    pub(crate) fn header(&self, address: Addr) -> Result<Arc<ObjectHeader>> {
        self.steady(|| ObjectHeader::load(&self.container().store, address))
    }
    /// Whether handles have to look again.
    pub(crate) fn changes(&self) -> bool {
        self.is_writable() || self.0.refreshed.load(Ordering::Acquire)
    }
    /// The header as it is now, where the file may have changed since it was loaded.
    pub(crate) fn header_now(&self, known: &Arc<ObjectHeader>) -> Result<Arc<ObjectHeader>> {
        if !self.changes() {
            return Ok(known.clone());
        }
        self.container().store.alive(known)?;
        self.header(known.address)
    }
    /// An error about a path in this file.
    pub(crate) fn no_such(&self, path: &str, what: &str) -> Error {
        Error::not_found(format!("there is no {what} here")).on_path(path)
    }
}

/// Files that were opened on behalf of a file, kept until it is closed.
#[derive(Default)]
pub(crate) struct Opened {
    files: Mutex<HashMap<PathBuf, File>>,
    depth: u32,
}

impl Opened {
    fn at_depth(depth: u32) -> Self {
        Opened { files: Mutex::default(), depth }
    }
}

/// A name in a file as a path: its bytes where the system has them so, else as UTF-8.
fn path_of(name: &[u8]) -> Result<PathBuf> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
    }
    #[cfg(not(unix))]
    {
        let text =
            std::str::from_utf8(name).map_err(|_| Error::unsupported("a file name that is not UTF-8"))?;
        Ok(PathBuf::from(text))
    }
}

impl Inner {
    fn folder(&self) -> Option<PathBuf> {
        let path = self.path.as_ref()?;
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
        Some(parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf))
    }
    /// The places where a named file may be, in the order of libhdf5: as given if absolute, then beside this
    /// file, then the current folder. What the permission forbids is left out, with an error if it exists.
    pub(crate) fn locate(&self, name: &[u8], beside_first: bool) -> Result<Option<PathBuf>> {
        let named = path_of(name)?;
        let folder = self.folder();
        if self.options.external == External::Nothing {
            return Err(Error::usage(format!("other files are not to be opened: {}", named.display())));
        }
        let mut tries = Vec::new();
        let beside = folder.as_ref().map(|f| f.join(named.file_name().unwrap_or_default()));
        if named.is_absolute() {
            tries.push(named.clone());
            tries.extend(beside);
        } else {
            let beside = folder.as_ref().map(|f| f.join(&named));
            if beside_first {
                tries.extend(beside);
                tries.push(named.clone());
            } else {
                tries.push(named.clone());
                tries.extend(beside);
            }
        }
        let mut forbidden = None;
        for path in tries {
            if !path.is_file() {
                continue;
            }
            if self.options.external == External::Anywhere || inside(folder.as_deref(), &path) {
                return Ok(Some(path));
            }
            forbidden = Some(path);
        }
        match forbidden {
            Some(path) => {
                Err(Error::usage(format!("{} lies outside of the file's own folder", path.display())))
            }
            None => Ok(None),
        }
    }
}

impl Inner {
    /// Where a named file is made that is not there yet: beside this file, where permitted.
    pub(crate) fn place_for(&self, name: &[u8]) -> Result<PathBuf> {
        let named = path_of(name)?;
        let folder = self.folder().unwrap_or_else(|| PathBuf::from("."));
        let plain = named.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
        match self.options.external {
            External::Anywhere => Ok(folder.join(named)),
            External::SameFolder if plain => Ok(folder.join(named)),
            _ => Err(Error::usage(format!("the file {} is not to be made", named.display()))),
        }
    }
}

/// Whether `path` lies in `folder` once links and `..` are resolved.
fn inside(folder: Option<&Path>, path: &Path) -> bool {
    if path.components().any(|c| matches!(c, Component::ParentDir)) && folder.is_none() {
        return false;
    }
    match (folder.map(Path::canonicalize), path.canonicalize()) {
        (Some(Ok(folder)), Ok(path)) => path.starts_with(folder),
        _ => false,
    }
}

impl File {
    /// Another file that this one leads to; none where it does not exist.
    pub(crate) fn other(&self, name: &[u8], beside_first: bool) -> Result<Option<File>> {
        let Some(path) = self.0.locate(name, beside_first)? else { return Ok(None) };
        if let (Some(own), Ok(found)) =
            (self.0.path.as_ref().and_then(|p| p.canonicalize().ok()), path.canonicalize())
            && own == found
        {
            return Ok(Some(self.clone()));
        }
        let mut files = self.0.opened.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = files.get(&path) {
            return Ok(Some(open.clone()));
        }
        let depth = self.0.opened.depth.saturating_add(1);
        self.0.options.limits.depth(depth)?;
        let mut opened = self.0.options.session(&path)?;
        if let Some(inner) = Arc::get_mut(&mut opened.0) {
            inner.opened = Opened::at_depth(depth);
        }
        files.insert(path, opened.clone());
        Ok(Some(opened))
    }
}

impl Lend for Inner {
    fn store(&self) -> &Store {
        &self.container.store
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File").field("path", &self.0.path).finish_non_exhaustive()
    }
}
