//! A file of nodes.

use std::path::Path;

use super::options::{Mode, Profile};
use super::python::Numpy;
use super::session::NodeFile;
use crate::api::options::{Durability, OpenOptions};
use crate::api::session::File;
use crate::error::Result;
use crate::format::versions::Bound;

/// The version of PyMoDAQ's files that new ones have.
const PYMODAQ_VERSION: &str = "4.4.11";
/// As many attributes of a new node lie in its header, where they change in one step.
const ATTRIBUTES_IN_HEADER: u16 = 64;
/// The version of PyTables' format that new files have.
const PYTABLES_FORMAT: &str = "2.1";

/// How a [`NodeFile`] is opened.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// # let folder = std::env::temp_dir().join("h5-doc-nodes");
/// # std::fs::create_dir_all(&folder)?;
/// use h5::node::{Mode, NodeOptions, Profile};
/// let options = NodeOptions::new().title("a scan").profile(Profile::H5py).bound(h5::Bound::Earliest);
/// let file = options.open(folder.join("scan.h5"), Mode::Write)?;
/// assert_eq!(file.root()?.title()?, "a scan");
/// # file.close()?;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct NodeOptions {
    title: String,
    profile: Option<Profile>,
    swmr: bool,
    version: Option<String>,
    numpy: Numpy,
    open: OpenOptions,
}

impl Default for NodeOptions {
    fn default() -> Self {
        NodeOptions {
            title: "PyMoDAQ file".to_string(),
            profile: None,
            swmr: false,
            version: Some(PYMODAQ_VERSION.to_string()),
            numpy: Numpy::One,
            open: OpenOptions::new().always_readable(true).attribute_phase_change(ATTRIBUTES_IN_HEADER, 6),
        }
    }
}

impl NodeOptions {
    /// The defaults.
    pub fn new() -> NodeOptions {
        NodeOptions::default()
    }
    /// The title of a new file.
    pub fn title(mut self, title: &str) -> Self {
        self.title = title.to_string();
        self
    }
    /// The form of new nodes; without it that of the file, [`Profile::Pymodaq`] for a new one.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }
    /// The oldest libhdf5 that is to read a new file: [`Bound::V110`] without it.
    pub fn bound(mut self, bound: Bound) -> Self {
        self.open = self.open.bound(bound);
        self
    }
    /// What a commit survives.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.open = self.open.durability(durability);
        self
    }
    /// Reads a file that another process is writing in SWMR mode ([`NodeFile::refresh`] shows what is new).
    pub fn swmr(mut self, swmr: bool) -> Self {
        self.swmr = swmr;
        self
    }
    /// The version of PyMoDAQ that a new file says it is of (`4.4.11`); none: it says nothing.
    pub fn version_stamp(mut self, version: Option<&str>) -> Self {
        self.version = version.map(str::to_string);
        self
    }
    /// How values of numpy are written into attributes: as numpy 1 (every PyMoDAQ reads it) or numpy 2 does it.
    pub fn numpy(mut self, numpy: Numpy) -> Self {
        self.numpy = numpy;
        self
    }
    /// Everything else about how files are opened.
    pub fn open_options(mut self, open: OpenOptions) -> Self {
        self.open = open;
        self
    }
    /// Opens or makes the file at `path`.
    pub fn open(&self, path: impl AsRef<Path>, mode: Mode) -> Result<NodeFile> {
        let path = path.as_ref();
        let (file, new) = match mode {
            Mode::Read => (self.open.clone().swmr(self.swmr).open(path)?, false),
            Mode::ReadWrite => (self.open.open_rw(path)?, false),
            Mode::Write => (self.open.create(path)?, true),
            Mode::Create => (self.open.create_new(path)?, true),
            Mode::Append if path.exists() => (self.open.open_rw(path)?, false),
            Mode::Append => (self.open.create_new(path)?, true),
        };
        self.finish(file, Some(path), new)
    }
    /// Makes a file in memory; [`NodeFile::to_vec`] gives its bytes.
    pub fn create_in_memory(&self) -> Result<NodeFile> {
        self.finish(self.open.create_in_memory()?, None, true)
    }
    /// The nodes of a file that is open already.
    pub fn of(&self, file: File) -> Result<NodeFile> {
        self.finish(file, None, false)
    }
    fn finish(&self, file: File, path: Option<&Path>, new: bool) -> Result<NodeFile> {
        let profile = match self.profile {
            Some(profile) => profile,
            None if new => Profile::default(),
            None => profile_of(&file),
        };
        let file = NodeFile::new(file, path, profile, self.numpy);
        if new {
            self.stamp(&file)?;
        }
        Ok(file)
    }
    /// What every new file says of itself.
    fn stamp(&self, file: &NodeFile) -> Result<()> {
        let attrs = file.root()?.attrs();
        attrs.write_text("CLASS", "GROUP")?;
        attrs.set_plain("TITLE", &self.title)?;
        if file.profile() == Profile::Pymodaq {
            attrs.write_text("VERSION", "1.0")?;
            attrs.write_text("PYTABLES_FORMAT_VERSION", PYTABLES_FORMAT)?;
        }
        if let Some(version) = &self.version {
            attrs.set("pymodaq_version", version.as_str())?;
        }
        file.commit()
    }
}

/// The form that the nodes of a file have: PyTables' where the root has its version.
fn profile_of(file: &File) -> Profile {
    let root = file.root();
    let is_h5py = root.is_ok_and(|r| {
        r.attribute("PYTABLES_FORMAT_VERSION").is_err() && r.attributes().is_ok_and(|all| !all.is_empty())
    });
    if is_h5py { Profile::H5py } else { Profile::Pymodaq }
}

impl NodeFile {
    /// Opens the file at `path` with the default [`NodeOptions`].
    pub fn open(path: impl AsRef<Path>, mode: Mode) -> Result<NodeFile> {
        NodeOptions::new().open(path, mode)
    }
    /// Makes a file in memory with this title.
    pub fn create_in_memory(title: &str) -> Result<NodeFile> {
        NodeOptions::new().title(title).create_in_memory()
    }
    /// Commits and closes the file. Nodes that are still there can read on, but change nothing any more. A file that
    /// was closed by another handle stays closed.
    pub fn close(self) -> Result<()> {
        if !self.is_open() {
            return Ok(());
        }
        let watched: Vec<String> = match self.is_swmr_active() {
            true => self.grown_paths(),
            false => Vec::new(),
        };
        self.settle()?;
        self.h5file().clone().close()?;
        self.set_closed();
        match (self.path(), watched.is_empty()) {
            // While others looked on, attributes could not be written.
            (Some(path), false) => self.settle_after_swmr(path, &watched),
            _ => Ok(()),
        }
    }
    fn settle_after_swmr(&self, path: &Path, watched: &[String]) -> Result<()> {
        let file = NodeOptions::new().profile(self.profile()).open(path, Mode::ReadWrite)?;
        for path in watched {
            let node = file.get_node(path)?;
            file.grown(node.object.dataset()?);
        }
        file.close()
    }
}
