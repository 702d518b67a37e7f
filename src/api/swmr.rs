//! One writer, many readers: in one process by snapshots, between processes by SWMR.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::lock;
use super::session::File;
use crate::error::{Error, Result};
use crate::format::message::layout::{IndexKind, LayoutClass};
use crate::model::dataset::DatasetInfo;

/// How often a structure is read anew that a writer in another process may be writing.
const TRIES: u32 = 100;
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

impl File {
    /// A reader of the file as of its last commit, for any thread: what is committed later it sees after
    /// [`File::refresh`], all of a commit at once.
    ///
    /// Values that are overwritten where they lie (contiguous datasets, chunks without filters; more than 256 KiB
    /// in one call) it may see earlier. While it is there, space that is given back is not used again.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let file = h5::File::create_in_memory()?;
    /// let log = file.root()?.new_dataset::<u32>().shape([0]).resizable().create("log")?;
    /// file.commit()?;
    /// let reader = file.snapshot()?;
    /// log.append(0, &[1, 2, 3])?;
    /// file.commit()?;
    /// let seen = reader.dataset("log")?;
    /// assert_eq!(seen.shape()?, [0]);
    /// reader.refresh()?;
    /// assert_eq!(seen.read_raw::<u32>()?, [1, 2, 3]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn snapshot(&self) -> Result<File> {
        let _gate = self.gate()?;
        let snapshot = self.container().store.snapshot()?;
        let mut file = self.0.options.finish(snapshot.clone(), self.0.path.clone())?;
        if let Some(inner) = Arc::get_mut(&mut file.0) {
            inner.snapshot = Some(snapshot);
        }
        Ok(file)
    }
    /// Commits, and from now on lets readers in other processes look on: ours and, with `swmr=True`, libhdf5's.
    ///
    /// As with libhdf5, what exists can be written, resized and appended to, but for elements of variable length
    /// and datasets with a B-tree as their index; nothing can be made, renamed or deleted. Other writers stay
    /// locked out. Space that is given back is used again when the file is closed.
    pub fn start_swmr(&self) -> Result<()> {
        self.flush()?;
        let _gate = self.gate()?;
        self.container().store.start_swmr()?;
        let editing = self.editing()?;
        if let Some(disk) = editing.locked.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            lock::shared(disk.file(), self.0.options.locking)?;
        }
        Ok(())
    }
    /// Whether this is a writer that readers in other processes look on.
    pub fn is_swmr(&self) -> bool {
        self.container().store.is_swmr()
    }
    /// Refuses what readers in other processes could see half-done.
    pub(crate) fn unless_watched(&self, what: &str) -> Result<()> {
        if self.is_swmr() {
            return Err(Error::unsupported(format!(
                "{what} in SWMR mode: only existing datasets are written"
            )));
        }
        Ok(())
    }
    /// Refuses datasets that readers in other processes could see half-written.
    pub(crate) fn unless_watched_data(&self, info: &DatasetInfo) -> Result<()> {
        if info.datatype.is_variable() {
            return self.unless_watched("elements of variable length");
        }
        match &info.layout.class {
            LayoutClass::Chunked(c) if matches!(c.index, IndexKind::BTree1 | IndexKind::BTree2(_)) => {
                self.unless_watched("a dataset with a B-tree as its index")
            }
            _ => Ok(()),
        }
    }
    /// Forgets what was read, so that the next calls see what was committed since, by this process or another.
    /// Handles that are there see it, too.
    pub fn refresh(&self) -> Result<()> {
        if let Some(snapshot) = &self.0.snapshot {
            snapshot.renew()?;
        }
        self.0.refreshed.store(true, Ordering::Release);
        let refreshed = self.steady(|| self.container().refresh());
        self.0.cache.clear();
        refreshed
    }
    /// Runs a read; where another process writes the file, it is tried again if it found something half-written.
    pub(crate) fn steady<T>(&self, mut read: impl FnMut() -> Result<T>) -> Result<T> {
        let mut pause = Duration::from_micros(100);
        for _ in 1..TRIES {
            match read() {
                Err(e) if self.0.options.swmr && e.is_damaged() => {
                    std::thread::sleep(pause);
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                    self.container().refresh()?;
                    self.0.cache.clear();
                }
                done => return done,
            }
        }
        read()
    }
}
