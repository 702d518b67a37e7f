//! A file that is open for writing: changes, transactions, commits.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::editing::Editing;
use super::lock;
use super::options::{Durability, OpenOptions};
use super::session::{File, Inner};
use crate::error::{Error, Result};
use crate::format::versions::Bound;
use crate::model::create::{NewFile, NewGroup};
use crate::source::WriteAt;
use crate::source::file::DiskFile;
use crate::source::memory::Growing;
use crate::store::commit::Manner;
use crate::store::open::Container;
use crate::wire::Widths;

/// Files are made and changed by builds with the feature `write` only.
fn can_write() -> Result<()> {
    if cfg!(feature = "write") {
        return Ok(());
    }
    Err(Error::unsupported("writing: this is a build without the feature `write`"))
}

impl OpenOptions {
    /// Opens the file at `path` for reading and writing.
    ///
    /// What a process that died in a commit left is completed first. The file is locked against others.
    pub fn open_rw(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        self.open_locked(path).map_err(|e| e.on_path(&path.display().to_string()))
    }
    fn open_locked(&self, path: &Path) -> Result<File> {
        let disk = DiskFile::open_for_writing(path)?;
        lock::exclusive(disk.file(), self.locking)?;
        let disk = Arc::new(disk);
        self.edit_at(disk.clone(), Some(path), Some(disk))
    }
    /// Makes a new file at `path`; one that is there is replaced once it is locked.
    pub fn create(&self, path: impl AsRef<Path>) -> Result<File> {
        self.create_at(path.as_ref(), false)
    }
    /// Makes a new file at `path`, where there is none yet.
    pub fn create_new(&self, path: impl AsRef<Path>) -> Result<File> {
        self.create_at(path.as_ref(), true)
    }
    /// Opens the file at `path` for reading and writing; makes it where there is none.
    pub fn append(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        match self.create_new(path) {
            Err(e) if e.is_io() && path.exists() => self.open_rw(path),
            other => other,
        }
    }
    fn create_at(&self, path: &Path, new: bool) -> Result<File> {
        let make = || {
            let disk = DiskFile::create(path, new)?;
            lock::exclusive(disk.file(), self.locking)?;
            disk.set_len(0)?;
            let disk = Arc::new(disk);
            self.create_in(disk.clone(), Some(path), Some(disk))
        };
        make().map_err(|e: Error| e.on_path(&path.display().to_string()))
    }
    /// Makes a new file in memory; [`File::to_vec`] gives its bytes.
    pub fn create_in_memory(&self) -> Result<File> {
        self.create_in(Arc::new(Growing::default()), None, None)
    }
    /// Opens the bytes of a file to change them in memory; [`File::to_vec`] gives the new ones.
    pub fn edit_bytes(&self, bytes: Vec<u8>) -> Result<File> {
        self.edit_at(Arc::new(Growing::new(bytes)), None, None)
    }
    /// Opens a file in a source of your own for reading and writing.
    pub fn edit_source(&self, source: Arc<dyn WriteAt>) -> Result<File> {
        self.edit_at(source, None, None)
    }
    /// Makes a new file in a source of your own, which is empty.
    pub fn create_in_source(&self, source: Arc<dyn WriteAt>) -> Result<File> {
        self.create_in(source, None, None)
    }
    fn edit_at(
        &self,
        sink: Arc<dyn WriteAt>,
        path: Option<&Path>,
        disk: Option<Arc<DiskFile>>,
    ) -> Result<File> {
        can_write()?;
        let container = Container::open_writable(sink, self.limits, Arc::new(self.filters.clone()))?;
        container.store.keep_readable(self.always_readable)?;
        let bound = self.bound.unwrap_or_else(|| Bound::of_superblock(container.superblock.version()));
        Ok(self.file(
            container,
            path.map(Path::to_path_buf),
            Some(Editing::new(bound, self.durability, disk)),
        ))
    }
    fn create_in(
        &self,
        sink: Arc<dyn WriteAt>,
        path: Option<&Path>,
        disk: Option<Arc<DiskFile>>,
    ) -> Result<File> {
        can_write()?;
        let bound = self.bound.unwrap_or_default();
        let attribute_phase = self.phase_change();
        let root = NewGroup { track_order: self.track_order, attribute_phase, ..NewGroup::default() };
        let new = NewFile { bound, widths: Widths::EIGHT, user_block: self.user_block, root };
        let container = Container::create(sink, &new, self.limits, Arc::new(self.filters.clone()))?;
        container.store.keep_readable(self.always_readable)?;
        let file = self.file(
            container,
            path.map(Path::to_path_buf),
            Some(Editing::new(bound, self.durability, disk)),
        );
        file.put(false)?;
        Ok(file)
    }
}

impl File {
    /// Makes a new file at `path` with the default [`OpenOptions`]; one that is there is replaced.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// # let folder = std::env::temp_dir().join("h5-doc-create");
    /// # std::fs::create_dir_all(&folder)?;
    /// let file = h5::File::create(folder.join("new.h5"))?;
    /// file.root()?.create_group("run 1")?;
    /// file.close()?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().create(path)
    }
    /// Makes a new file at `path`, where there is none yet.
    pub fn create_new(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().create_new(path)
    }
    /// Opens the file at `path` for reading and writing.
    pub fn open_rw(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().open_rw(path)
    }
    /// Opens the file at `path` for reading and writing; makes it where there is none.
    pub fn append(path: impl AsRef<Path>) -> Result<File> {
        OpenOptions::new().append(path)
    }
    /// Makes a new file in memory; [`File::to_vec`] gives its bytes.
    pub fn create_in_memory() -> Result<File> {
        OpenOptions::new().create_in_memory()
    }
    /// Whether the file is open for writing.
    pub fn is_writable(&self) -> bool {
        self.0.editing.is_some()
    }
    pub(crate) fn editing(&self) -> Result<&Editing> {
        let editing =
            self.0.editing.as_ref().ok_or_else(|| Error::usage("the file is open for reading only"))?;
        if editing.closed.load(Ordering::Acquire) {
            return Err(Error::usage("the file was closed"));
        }
        Ok(editing)
    }
    pub(crate) fn gate(&self) -> Result<MutexGuard<'_, ()>> {
        Ok(self.editing()?.gate.lock().unwrap_or_else(PoisonError::into_inner))
    }
    /// Runs one change of objects, links or attributes: all of it is done, or, after an error, nothing.
    pub(crate) fn change<T>(&self, f: impl FnOnce(&Container) -> Result<T>) -> Result<T> {
        self.unless_watched("a change of objects, links or attributes")?;
        self.change_data(f)
    }
    /// Runs one change of data, as [`File::change`] does.
    pub(crate) fn change_data<T>(&self, f: impl FnOnce(&Container) -> Result<T>) -> Result<T> {
        let _gate = self.gate()?;
        let store = &self.container().store;
        store.mark()?;
        let done = f(self.container());
        if done.is_err() {
            store.undo()?;
        }
        self.changed();
        done
    }
    pub(crate) fn changed(&self) {
        if let Some(e) = &self.0.editing {
            e.generation.fetch_add(1, Ordering::AcqRel);
        }
    }
    /// Puts all changes since the last commit into the file: all of them or, whatever happens, none.
    ///
    /// What was committed survives as [`Durability`] says.
    pub fn commit(&self) -> Result<()> {
        if self.editing()?.durability == Durability::Deferred {
            return Ok(());
        }
        self.put(false)
    }
    /// Puts all changes into the file, those of deferred commits too.
    pub fn flush(&self) -> Result<()> {
        self.put(false)
    }
    fn put(&self, closing: bool) -> Result<()> {
        let _gate = self.gate()?;
        let power_safe = self.editing()?.durability == Durability::Power;
        self.0.flush_buffers()?;
        self.changed();
        self.container().store.commit(Manner { power_safe, closing })
    }
    /// Drops all changes since the last commit (with [`Durability::Deferred`]: since the last flush).
    ///
    /// Of elements that were overwritten in contiguous datasets, more than 256 KiB in one call, the new
    /// values stay.
    pub fn rollback(&self) -> Result<()> {
        let _gate = self.gate()?;
        self.0.drop_buffers(false)?;
        self.container().store.rollback()?;
        self.0.cache.clear();
        self.changed();
        Ok(())
    }
    /// Commits, leaves the file as short as it can be, and unlocks it. Handles that are still there can read
    /// on, but change nothing any more.
    pub fn close(self) -> Result<()> {
        if !self.is_writable() {
            return Ok(());
        }
        self.put(true)?;
        let editing = self.editing()?;
        editing.closed.store(true, Ordering::Release);
        match editing.locked.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(disk) => lock::release(disk.file()),
            None => Ok(()),
        }
    }
    /// The bytes of a file that was made or opened in memory, as of the last commit; for others the bytes that
    /// are in the source.
    pub fn to_vec(&self) -> Result<Vec<u8>> {
        self.container().store.source_bytes()
    }
    /// The oldest libhdf5 that reads what is written into the file.
    pub fn bound(&self) -> Bound {
        let superblock = self.container().superblock.version();
        self.0.editing.as_ref().map_or(Bound::of_superblock(superblock), |e| e.bound)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if !cfg!(feature = "write") {
            return;
        }
        if let Some(editing) = self.editing.as_ref().filter(|e| !e.closed.load(Ordering::Acquire)) {
            let power_safe = editing.durability == Durability::Power;
            let manner = Manner { power_safe, closing: true };
            if let Err(e) = self.flush_buffers().and_then(|()| self.container.store.commit(manner)) {
                (self.options.on_close_error)(&e);
            }
        }
    }
}
