//! What is kept of a file that is open for writing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use super::options::Durability;
use crate::data::append::AppendBuffer;
use crate::format::versions::Bound;
use crate::source::file::DiskFile;
use crate::wire::Addr;

/// What a file that is open for writing keeps besides its container.
pub(crate) struct Editing {
    /// One change at a time.
    pub(crate) gate: Mutex<()>,
    /// Counts changes: handles look again where it is not theirs.
    pub(crate) generation: AtomicU64,
    pub(crate) bound: Bound,
    pub(crate) durability: Durability,
    /// The locked file; none once it is closed, or where it is in memory.
    pub(crate) locked: Mutex<Option<Arc<DiskFile>>>,
    pub(crate) closed: AtomicBool,
    /// Rows that were appended and are not in the file yet, by dataset.
    pub(crate) buffers: Mutex<HashMap<Addr, AppendBuffer>>,
}

impl Editing {
    pub(crate) fn new(bound: Bound, durability: Durability, locked: Option<Arc<DiskFile>>) -> Self {
        Editing {
            gate: Mutex::new(()),
            generation: AtomicU64::new(1),
            bound,
            durability,
            locked: Mutex::new(locked),
            closed: AtomicBool::new(false),
            buffers: Mutex::default(),
        }
    }
}
