//! One writer, many readers: snapshots in this process, readers in others that look on.
//!
//! For readers in other processes the file keeps no flag and every block is whole at each moment: chunks come
//! first, then their index, then the object headers with the new dimensions. A journal guards all of it still.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::block::Store;
use super::sink::Edit;
use super::snapshot::Snapshot;
use crate::error::{Error, Result};

impl Edit {
    /// The commit that all readers see at least: of those in other processes nobody knows.
    pub(super) fn settled(&self, closing: bool) -> u64 {
        match self.snapshots.oldest() {
            Some(oldest) => oldest,
            None if self.swmr.load(Ordering::Acquire) && !closing => 0,
            None => u64::MAX,
        }
    }
}

impl Store {
    /// From now on commits may be watched by readers in other processes, libhdf5's too.
    pub fn start_swmr(&self) -> Result<()> {
        let edit = self.editing()?;
        let version = edit.superblock.lock().unwrap_or_else(PoisonError::into_inner).version();
        if version != 3 {
            return Err(Error::unsupported(format!("SWMR with superblock {version}: it takes version 3 (bound v110)")));
        }
        edit.swmr.store(true, Ordering::Release);
        Ok(())
    }
    /// Runs a step whose writes nobody sees before the new extent in the dataset's header: rows that are appended,
    /// their chunks and what these change in an index of which every block is written as a whole.
    pub fn unseen<T>(&self, step: impl FnOnce() -> Result<T>) -> Result<T> {
        let edit = self.editing()?;
        let before = edit.unseen.swap(true, Ordering::AcqRel);
        let done = step();
        edit.unseen.store(before, Ordering::Release);
        done
    }
    /// Whether readers in other processes may look on.
    pub fn is_swmr(&self) -> bool {
        self.edit.as_ref().is_some_and(|e| e.swmr.load(Ordering::Acquire))
    }
    /// The bytes of the file as of the last commit, whatever is committed later.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let edit = self.editing()?;
        Ok(Arc::new(edit.snapshots.take(edit.sink.clone())?))
    }
}
