//! How to open a file.

use std::sync::Arc;

use crate::data::cache::DEFAULT_BYTES;
use crate::error::Error;
use crate::filter::{Filter, Registry};
use crate::format::header::PhaseChange;
use crate::format::versions::Bound;
use crate::limits::Limits;

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

/// Whether a file is locked while it is open: shared for reading, exclusive for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Locking {
    /// As the environment variable `HDF5_USE_FILE_LOCKING` says (`TRUE`, `FALSE`, `BEST_EFFORT`); without it as
    /// [`Locking::BestEffort`].
    #[default]
    Environment,
    /// Locked; an error where the file system has no locks.
    On,
    /// Locked where the file system has locks.
    BestEffort,
    /// Not locked.
    Off,
}

/// What is promised once a commit has returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// What was committed survives the death of the process, whenever it comes.
    #[default]
    Process,
    /// It survives a loss of power too: each commit waits for the disk (some milliseconds).
    Power,
    /// Commits are collected and made when the file is closed or flushed.
    Deferred,
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
    pub(crate) swmr: bool,
    pub(crate) cache_bytes: u64,
    pub(crate) locking: Locking,
    pub(crate) durability: Durability,
    pub(crate) bound: Option<Bound>,
    pub(crate) user_block: u64,
    pub(crate) track_order: bool,
    pub(crate) track_times: bool,
    pub(crate) always_readable: bool,
    pub(crate) attribute_phase: Option<(u16, u16)>,
    pub(crate) on_close_error: Arc<dyn Fn(&Error) + Send + Sync>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions {
            limits: Limits::default(),
            filters: Registry::default(),
            external: External::SameFolder,
            truncated: false,
            swmr: false,
            parallel: true,
            cache_bytes: DEFAULT_BYTES,
            locking: Locking::default(),
            durability: Durability::default(),
            bound: None,
            user_block: 0,
            track_order: false,
            track_times: false,
            always_readable: false,
            attribute_phase: None,
            on_close_error: Arc::new(|e| eprintln!("h5: a file could not be closed: {e}")),
        }
    }
}

impl OpenOptions {
    pub(crate) fn phase_change(&self) -> Option<PhaseChange> {
        self.attribute_phase.map(|(max_compact, min_dense)| PhaseChange { max_compact, min_dense })
    }
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
    /// Reads a file that another process writes in SWMR mode: it is not locked, and what is found half-written is
    /// read again. [`File::refresh`](super::session::File::refresh) shows what was written since.
    #[must_use]
    pub fn swmr(mut self, looking_on: bool) -> Self {
        self.swmr = looking_on;
        self
    }
    /// Whether one read may decode chunks on several threads (on by default with the feature `parallel`).
    #[must_use]
    pub fn parallel(mut self, allowed: bool) -> Self {
        self.parallel = allowed;
        self
    }
    /// Whether the file is locked while it is open, as libhdf5 does.
    #[must_use]
    pub fn locking(mut self, locking: Locking) -> Self {
        self.locking = locking;
        self
    }
    /// What a commit promises.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
    /// The oldest libhdf5 that is to read what is written ([`Bound::V110`] for new files; what the superblock
    /// tells for others).
    #[must_use]
    pub fn bound(mut self, bound: Bound) -> Self {
        self.bound = Some(bound);
        self
    }
    /// Bytes that a new file leaves to you before its superblock: 0, or a power of two from 512 on.
    #[must_use]
    pub fn user_block(mut self, bytes: u64) -> Self {
        self.user_block = bytes;
        self
    }
    /// Whether new objects keep the order in which links and attributes were made (off by default).
    #[must_use]
    pub fn track_order(mut self, tracked: bool) -> Self {
        self.track_order = tracked;
        self
    }
    /// Whether new objects store the time of their creation and changes (off by default: the same calls make
    /// the same bytes).
    #[must_use]
    pub fn track_times(mut self, tracked: bool) -> Self {
        self.track_times = tracked;
        self
    }
    /// Whether libhdf5 is to be able to open the file whenever this process dies. By default a commit to several
    /// objects is marked while it is applied, and libhdf5 refuses the file until it is completed (by opening it for
    /// writing here); with this libhdf5 sees some objects as before the commit and others as after it, each whole, and
    /// elements that were overwritten in place as far as they came. What we read is a whole commit in both cases.
    ///
    /// Appends, new objects, changed attributes and overwritten elements are done so; what changes a B-tree or a large
    /// group or attribute list in place is marked nevertheless, and all with [`Durability::Power`].
    #[must_use]
    pub fn always_readable(mut self, yes: bool) -> Self {
        self.always_readable = yes;
        self
    }
    /// How many attributes of a new object lie in its header (8 by default) before they move to a heap with an index,
    /// and how few there are when they move back (6): libhdf5's attribute phase change. From [`Bound::V18`] on.
    #[must_use]
    pub fn attribute_phase_change(mut self, most_compact: u16, least_dense: u16) -> Self {
        self.attribute_phase = Some((most_compact, least_dense.min(most_compact.saturating_add(1))));
        self
    }
    /// What is done with an error of the commit when the last handle of a file is dropped; by default it is
    /// printed to standard error. [`File::close`](crate::File::close) returns it instead.
    #[must_use]
    pub fn on_close_error(mut self, report: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.on_close_error = Arc::new(report);
        self
    }
    /// Bytes of decoded chunks that the file keeps (64 MiB by default).
    #[must_use]
    pub fn chunk_cache(mut self, bytes: u64) -> Self {
        self.cache_bytes = bytes;
        self
    }
}
