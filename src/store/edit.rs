//! Changing a file: space is allocated, structures are written where they lie, space is given back.
//!
//! Nothing here is in the file before a commit, but for bytes in new space, which the last commit does not
//! reach. Structures need no order of writing and no care for crashes: that is the commit's.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::block::Store;
use super::lives::Lives;
use super::sink::Edit;
use super::snapshot::Snapshots;
use super::space::{Class, Space};
use crate::error::{Error, Result};
use crate::format::superblock::Superblock;
use crate::source::WriteAt;
use crate::wire::{Addr, widths::all_ones};

/// Raw data that is overwritten where it lies goes through the changed pages up to this many bytes at once:
/// then a commit has all of it or nothing. More is written at once, and may be torn if the process dies.
pub const ATOMIC_BYTES: usize = 256 << 10;

/// A block is written at once from its first changed byte to its checksum, if these are no more bytes.
const SEALED_BYTES: usize = 4096;
const CHECKSUM_BYTES: usize = 4;
/// The smallest page of a system that runs this.
pub(super) const SYSTEM_PAGE_BYTES: u64 = 4096;

fn range(address: Addr, bytes: u64) -> Result<Range<u64>> {
    let start = address.get().ok_or_else(|| Error::damaged("an undefined address cannot be written"))?;
    let end = start.checked_add(bytes).ok_or_else(|| Error::damaged("an address beyond 64 bits"))?;
    Ok(start..end)
}

impl Store {
    /// Makes the store writable: `sink` is the file that it reads; `page` the size of its pages, where it
    /// is allocated by pages.
    pub fn set_writable(&mut self, sink: Arc<dyn WriteAt>, superblock: &Superblock, page: Option<u64>) {
        let end = superblock.end();
        let limit = all_ones(self.widths.offset).saturating_sub(self.base());
        let superblock = superblock.clone().with_end(self.base(), end);
        self.edit = Some(Edit {
            sink,
            space: Mutex::new(Space::new(end, limit, page)),
            superblock: Mutex::new(superblock),
            halted: AtomicBool::new(false),
            unsynced: AtomicBool::new(false),
            untouched: Mutex::new(true),
            snapshots: Arc::new(Snapshots::new(end.saturating_add(self.base()))),
            swmr: AtomicBool::new(false),
            unseen: AtomicBool::new(false),
            seen: AtomicBool::new(false),
            readable: AtomicBool::new(false),
            interlocked: AtomicBool::new(false),
            added: Mutex::default(),
            headers: Mutex::default(),
            lives: Mutex::default(),
        });
        self.end.store(end, Ordering::Release);
    }
    /// Sets what the next commit writes of the superblock, but for the end of the file.
    pub(super) fn set_superblock(&self, superblock: &Superblock) -> Result<()> {
        let mut own = self.editing()?.superblock.lock().unwrap_or_else(PoisonError::into_inner);
        *own = superblock.clone().with_end(self.base(), own.end());
        Ok(())
    }
    /// Whether the file is open for writing.
    pub fn is_writable(&self) -> bool {
        self.edit.is_some()
    }
    pub(super) fn editing(&self) -> Result<&Edit> {
        let edit = self.edit.as_ref().ok_or_else(|| Error::usage("the file is open for reading only"))?;
        if edit.halted.load(Ordering::Acquire) {
            return Err(Error::usage("a commit was cut short by an error: reopen the file, which completes it or takes it back"));
        }
        Ok(edit)
    }
    /// What is free and what is not.
    pub(super) fn with_space<T>(&self, f: impl FnOnce(&mut Space) -> T) -> Result<T> {
        let mut space = self.editing()?.space.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(f(&mut space))
    }
    /// Takes space for `bytes` bytes; what it holds is undefined until it is written.
    pub fn allocate(&self, bytes: u64, class: Class) -> Result<Addr> {
        let (start, end) = self.with_space(|s| s.allocate(bytes, class).map(|a| (a, s.end())))??;
        self.end.store(end, Ordering::Release);
        Ok(Addr::new(start))
    }
    /// Gives the space of metadata back. It is free after the next commit, or at once if it is newer than the
    /// last one.
    pub fn free(&self, address: Addr, bytes: u64) -> Result<()> {
        self.free_class(address, bytes, Class::Metadata)
    }
    /// Gives the space of raw data back, as [`Store::free`] does.
    pub fn free_raw(&self, address: Addr, bytes: u64) -> Result<()> {
        self.free_class(address, bytes, Class::Raw)
    }
    fn free_class(&self, address: Addr, bytes: u64, class: Class) -> Result<()> {
        let range = range(address, bytes)?;
        if self.with_space(|s| s.free(range.clone(), class))? {
            self.changes.write().unwrap_or_else(PoisonError::into_inner).forget(range);
        }
        Ok(())
    }
    /// Adds free space that the file itself records.
    pub fn add_free(&self, address: Addr, bytes: u64, class: Class) -> Result<()> {
        let range = range(address, bytes)?;
        self.with_space(|s| s.add_free(range, class))
    }
    /// Whether space was given out since the last commit.
    pub fn is_new(&self, address: Addr, bytes: u64) -> Result<bool> {
        let range = range(address, bytes)?;
        self.with_space(|s| s.fresh().holds(&range))
    }
    /// Takes space for a block of metadata within one page of the system, where one has room for it, so that the block is
    /// written in one step.
    pub fn allocate_in_page(&self, bytes: u64) -> Result<Addr> {
        let address = self.allocate(bytes, Class::Metadata)?;
        let start = address.raw().saturating_add(self.base()) % SYSTEM_PAGE_BYTES;
        if bytes > SYSTEM_PAGE_BYTES || start.saturating_add(bytes) <= SYSTEM_PAGE_BYTES {
            return Ok(address);
        }
        self.free(address, bytes)?;
        let wide = bytes.saturating_add(SYSTEM_PAGE_BYTES);
        let address = self.allocate(wide, Class::Metadata)?;
        let start = address.raw().saturating_add(self.base()) % SYSTEM_PAGE_BYTES;
        let skip = match start.saturating_add(bytes) <= SYSTEM_PAGE_BYTES {
            true => 0,
            false => SYSTEM_PAGE_BYTES.saturating_sub(start),
        };
        let place = address.plus(skip);
        if skip > 0 {
            self.free(address, skip)?;
        }
        self.free(place.plus(bytes), wide.saturating_sub(skip).saturating_sub(bytes))?;
        Ok(place)
    }
    /// Whether libhdf5 is to be able to open the file whenever the process dies. It may see a commit object by object
    /// then; each object is whole.
    pub fn keep_readable(&self, yes: bool) -> Result<()> {
        self.editing()?.readable.store(yes, Ordering::Release);
        Ok(())
    }
    /// Writes metadata into allocated space. Reads of this store see it at once, the file holds it from the
    /// next commit on.
    pub fn write(&self, address: Addr, bytes: &[u8]) -> Result<()> {
        let edit = self.editing()?;
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let whole = edit.unseen.load(Ordering::Acquire) && self.is_one_step(address, len);
        if !whole && !self.is_new(address, len)? {
            edit.seen.store(true, Ordering::Release);
            edit.interlocked.store(true, Ordering::Release);
        }
        self.write_plain(address, bytes)
    }
    /// Writes what is whole by itself.
    fn write_plain(&self, address: Addr, bytes: &[u8]) -> Result<()> {
        let edit = self.editing()?;
        if !edit.unseen.load(Ordering::Acquire) {
            edit.seen.store(true, Ordering::Release);
        }
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if range(address, len)?.end > self.end() {
            return Err(Error::damaged(format!("{len} bytes at {address} lie beyond the end of the file")));
        }
        self.overlay(address, bytes)
    }
    /// Changes the first `changed` bytes of `rest` and the checksum at its end: all of a block from there on. They are
    /// written at once with what lies between, unless that is much: then a reader could see one without the other.
    pub fn write_sealed(&self, at: Addr, rest: &[u8], changed: usize) -> Result<()> {
        let len = u64::try_from(rest.len()).unwrap_or(u64::MAX);
        let is_new = self.is_new(at, len)?;
        if is_new || self.is_one_step(at, len) {
            return self.write_plain(at, rest);
        }
        let edit = self.editing()?;
        edit.seen.store(true, Ordering::Release);
        edit.interlocked.store(true, Ordering::Release);
        if rest.len() <= SEALED_BYTES {
            return self.write_plain(at, rest);
        }
        let seal = rest.len().saturating_sub(CHECKSUM_BYTES);
        self.write(at, rest.get(..changed).unwrap_or(rest))?;
        self.write(at.plus(u64::try_from(seal).unwrap_or(0)), rest.get(seal..).unwrap_or_default())
    }
    /// Whether bytes are written or not written where the process is killed: systems copy page by page.
    pub(super) fn is_one_step(&self, at: Addr, bytes: u64) -> bool {
        let start = at.raw().saturating_add(self.base());
        let last = start.saturating_add(bytes).saturating_sub(1);
        start / SYSTEM_PAGE_BYTES == last / SYSTEM_PAGE_BYTES
    }
    /// Adds an object to a heap that exists: its head of `head` bytes lies where the free space began, and is written
    /// last; without it nobody sees the rest.
    pub fn write_added(&self, at: Addr, bytes: &[u8], head: u64) -> Result<()> {
        let edit = self.editing()?;
        edit.seen.store(true, Ordering::Release);
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if !self.is_one_step(at, head) {
            edit.interlocked.store(true, Ordering::Release);
        }
        if !self.is_new(at, len)? {
            edit.added.lock().unwrap_or_else(PoisonError::into_inner).add(range(at, len)?);
        }
        self.write_plain(at, bytes)
    }
    /// Writes a part of an object header, as [`Store::write`] does.
    pub fn write_header(&self, address: Addr, bytes: &[u8]) -> Result<()> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let edit = self.editing()?;
        edit.headers.lock().unwrap_or_else(PoisonError::into_inner).add(range(address, len)?);
        if !self.is_one_step(address, len) && !self.is_new(address, len)? {
            edit.interlocked.store(true, Ordering::Release);
        }
        self.write_plain(address, bytes)
    }
    /// Writes raw data into allocated space: new space straight away, other space with the next commit unless
    /// there is much of it.
    pub fn write_raw(&self, address: Addr, bytes: &[u8]) -> Result<()> {
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let range = range(address, len)?;
        let fresh = self.with_space(|s| s.fresh().holds(&range))?;
        if !fresh && bytes.len() <= ATOMIC_BYTES || fresh && bytes.len() < 1024 {
            return self.write_plain(address, bytes);
        }
        if range.end > self.end() {
            return Err(Error::damaged(format!("{len} bytes at {address} lie beyond the end of the file")));
        }
        self.write_through(range.start, bytes)
    }
    /// Makes allocated space read as zeros; what lies behind the end of the source is not written for that.
    pub fn zero_raw(&self, address: Addr, bytes: u64) -> Result<()> {
        let range = range(address, bytes)?;
        let edit = self.editing()?;
        self.begin_writing(edit)?;
        let len = edit.sink.len()?.saturating_sub(self.base());
        let fresh = self.with_space(|s| s.fresh().holds(&range))?;
        let beyond = if fresh { range.start.max(len)..range.end } else { range.end..range.end };
        if !beyond.is_empty() {
            let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
            edit.sink.set_len(range.end.saturating_add(self.base()))?;
            changes.zero(beyond.clone());
            self.pages.changed(beyond.clone())?;
        }
        let zeros = vec![0; ATOMIC_BYTES];
        let mut at = range.start;
        while at < beyond.start.min(range.end) {
            let left = beyond.start.min(range.end).saturating_sub(at);
            let piece = usize::try_from(left).ok().and_then(|n| zeros.get(..n)).unwrap_or(&zeros);
            self.write_raw(Addr::new(at), piece)?;
            at = at.saturating_add(u64::try_from(piece.len()).unwrap_or(left));
        }
        Ok(())
    }
    /// Writes into the file at once.
    pub(super) fn write_through(&self, start: u64, bytes: &[u8]) -> Result<()> {
        let edit = self.editing()?;
        self.begin_writing(edit)?;
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        edit.unsynced.store(true, Ordering::Release);
        edit.sink.write_at(start.saturating_add(self.base()), bytes)?;
        changes.patch(start, bytes);
        let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.pages.changed(start..end)
    }
    /// Begins a step that [`Store::undo`] takes back.
    pub fn mark(&self) -> Result<()> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner).mark();
        self.each_life(Lives::mark);
        self.with_space(Space::mark)
    }
    /// Takes back all changes since the mark.
    pub fn undo(&self) -> Result<()> {
        self.changes.write().unwrap_or_else(PoisonError::into_inner).undo();
        self.each_life(Lives::undo);
        let end = self.with_space(|s| {
            s.undo();
            s.end()
        })?;
        self.end.store(end, Ordering::Release);
        self.forget_structures();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Structure;
    use crate::store::testing::writable;

    const AT: Structure = Structure::new("test", "none");

    #[test]
    fn written_bytes_are_read_back() {
        let s = writable();
        let a = s.allocate(5000, Class::Metadata).unwrap();
        s.write(a, &[7; 5000]).unwrap();
        s.write(a.plus(2000), &[8; 100]).unwrap();
        let read = s.block(a, 5000, &AT).unwrap();
        assert!(read[..2000].iter().all(|b| *b == 7) && read[2000..2100].iter().all(|b| *b == 8));
        let r = s.allocate(100_000, Class::Raw).unwrap();
        s.write_raw(r, &[3; 100_000]).unwrap();
        assert_eq!(s.block(r, 100_000, &AT).unwrap(), [3; 100_000]);
        assert!(s.write(Addr::new(s.end()), &[1]).is_err());
    }

    #[test]
    fn a_step_is_taken_back() {
        let s = writable();
        let a = s.allocate(10, Class::Metadata).unwrap();
        s.write(a, &[1; 10]).unwrap();
        s.mark().unwrap();
        s.write(a, &[2; 10]).unwrap();
        s.free(a, 10).unwrap();
        let b = s.allocate(10, Class::Metadata).unwrap();
        s.write(b, &[9; 10]).unwrap();
        s.undo().unwrap();
        assert_eq!(s.block(a, 10, &AT).unwrap(), [1; 10]);
        assert_ne!(s.allocate(10, Class::Metadata).unwrap(), a);
    }
}
