//! Other files: what external links, external data and virtual datasets lead to.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::dataset::Dataset;
use super::file::{File, Inner};
use crate::data::reader::{Opener, SourceDataset};
use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::message::datatype::Datatype;
use crate::source::ReadAt;
use crate::source::file::DiskFile;

/// Which other files a file may lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum External {
    /// None at all.
    Nothing,
    /// Those in the file's own folder and below it.
    #[default]
    SameFolder,
    /// Any, as libhdf5 does. A stranger's file can then read whatever you can.
    Anywhere,
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
        let mut opened = self.0.options.open(&path)?;
        if let Some(inner) = Arc::get_mut(&mut opened.0) {
            inner.opened = Opened::at_depth(depth);
        }
        files.insert(path, opened.clone());
        Ok(Some(opened))
    }
}

/// Opens sources and external files on behalf of one file.
pub(crate) struct FileOpener<'a> {
    pub(crate) file: &'a File,
    /// How many virtual datasets lead here.
    pub(crate) depth: u32,
}

impl Opener for FileOpener<'_> {
    fn raw_file(&self, name: &[u8]) -> Result<Option<Arc<dyn ReadAt>>> {
        match self.file.0.locate(name, false)? {
            Some(path) => Ok(Some(Arc::new(DiskFile::open(&path)?))),
            None => Ok(None),
        }
    }
    fn source(&self, file: &[u8], dataset: &[u8]) -> Result<Option<Box<dyn SourceDataset>>> {
        let depth = self.depth.saturating_add(1);
        self.file.container().store.limits.depth(depth)?;
        let other = if file == b"." { Some(self.file.clone()) } else { self.file.other(file, true)? };
        let Some(other) = other else { return Ok(None) };
        let path = String::from_utf8_lossy(dataset).into_owned();
        let Some(super::path::Node::Dataset(found)) = other.get(&path)? else { return Ok(None) };
        let dataset = found.nested(depth);
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
    fn read(&self, selection: &Selection, out: &mut [u8]) -> Result<()> {
        self.dataset.read_stored_into(selection, out)
    }
}
