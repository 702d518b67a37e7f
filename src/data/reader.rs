//! All that reading a dataset needs, and how it reaches other files.

use std::sync::Arc;

use super::cache::ChunkCache;
use super::selection::Selection;
use crate::error::{Error, Result};
use crate::format::message::datatype::Datatype;
use crate::model::dataset::DatasetInfo;
use crate::source::{ReadAt, WriteAt};
use crate::store::block::Lend;
use crate::store::open::Container;

/// Opens what lies outside of a file: handed down by the API, which knows paths and permissions.
pub trait Opener: Send + Sync {
    /// The bytes of an external file; none where it does not exist.
    fn raw_file(&self, name: &[u8]) -> Result<Option<Arc<dyn ReadAt>>>;
    /// An external file to write raw data to; made where it does not exist.
    fn raw_file_for_writing(&self, name: &[u8]) -> Result<Arc<dyn WriteAt>> {
        let name = String::from_utf8_lossy(name);
        Err(Error::unsupported(format!("writing to the external file {name}")))
    }
    /// The source of a virtual dataset; none where file or dataset do not exist.
    fn source(&self, file: &[u8], dataset: &[u8]) -> Result<Option<Box<dyn SourceDataset>>>;
}

/// A dataset that a virtual dataset takes elements from.
pub trait SourceDataset {
    /// Current dimensions.
    fn dims(&self) -> Vec<u64>;
    /// Type of an element.
    fn datatype(&self) -> &Datatype;
    /// The file, to lend the heap collections that its elements lead to.
    fn lender(&self) -> Arc<dyn Lend>;
    /// Reads a selection, as stored elements.
    fn read(&self, selection: &Selection, out: &mut [u8]) -> Result<()>;
}

/// All that reading a dataset needs.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The file.
    pub container: &'a Container,
    /// Its decoded chunks.
    pub cache: &'a ChunkCache,
    /// Opens other files.
    pub opener: &'a dyn Opener,
    /// The dataset.
    pub info: &'a DatasetInfo,
    /// Its current dimensions (those of a virtual dataset follow from its sources).
    pub dims: &'a [u64],
    /// Whether several threads may decode.
    pub parallel: bool,
}
