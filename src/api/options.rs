//! How to open a file.

use std::sync::Arc;

use crate::data::cache::DEFAULT_BYTES;
use crate::filter::{Filter, Registry};
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
}
