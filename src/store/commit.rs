//! Commit: what was changed goes into the file, all of it or nothing.
//!
//! New space is written first; nothing that the last commit reaches leads there. What has to change in place
//! then goes into a journal behind the end of the file, and from there to where it belongs. Where that is one
//! sector only, it needs no journal. `DESIGN.md` tells why, `tests/crash` that it holds.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use super::block::Store;
use super::edit::SYSTEM_PAGE_BYTES;
use super::lives::Lives;
use super::sink::Edit;
use super::space::{Ranges, Space};
use crate::error::{At, Error, Result};
use crate::format::journal::{self, Journal, Record, TRAILER_BYTES, TRAILER_SIZE, Trailer};
use crate::format::superblock::{HERE, JOURNALED, Superblock, WRITE_ACCESS};
use crate::source::window::Window;
use crate::source::{ReadAt, WriteAt};
use crate::wire::Addr;
use crate::wire::checksum::lookup3;

/// What one write changes as a whole, even if the power fails.
const SECTOR_BYTES: u64 = 512;
/// Changed bytes are joined to writes of about this size.
const WRITE_BYTES: usize = 1 << 20;

/// How a commit is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Wait until the bytes are safe from a loss of power.
    pub power_safe: bool,
    /// Leave the file as long as its content; else the end of the file is kept ahead of it, so that it seldom
    /// has to change.
    pub closing: bool,
}

type Writes = Vec<(u64, Vec<u8>)>;

/// What tells a file from others: its superblock without what commits change.
pub fn identity(superblock: &Superblock) -> Result<u32> {
    Ok(lookup3(&superblock.clone().with_flags(0).with_end(0, 0).encode()?))
}

/// The journal that is pending in a file, if there is one.
pub fn pending(window: &Window, superblock: &Superblock) -> Result<Option<Journal>> {
    let mark = JOURNALED | WRITE_ACCESS;
    let len = window.len()?;
    let old_end = superblock.end();
    if len < old_end.saturating_add(TRAILER_BYTES) {
        return Ok(None);
    }
    let mut trailer = [0; TRAILER_SIZE];
    window.read_at(len.saturating_sub(TRAILER_BYTES), &mut trailer)?;
    let counts = |t: &Trailer| t.alone || superblock.version() == 3 && superblock.flags() & mark == mark;
    let Some(trailer) = Trailer::parse(&trailer).filter(counts) else { return Ok(None) };
    let ends = trailer.start.checked_add(trailer.bytes).and_then(|end| end.checked_add(TRAILER_BYTES));
    if ends != Some(len) || trailer.start < old_end {
        return Ok(None);
    }
    let Ok(bytes) = usize::try_from(trailer.bytes) else { return Ok(None) };
    let mut block = Vec::new();
    block.try_reserve_exact(bytes).map_err(|_| Error::limit(format!("no memory for a journal of {bytes} bytes")))?;
    block.resize(bytes, 0);
    window.read_at(trailer.start, &mut block)?;
    let journal = Journal::parse(&block).ok().filter(|j| identity(superblock).ok() == Some(j.identity));
    Ok(journal)
}

/// Splits changed bytes into those in new space and the others; what is free is left out.
fn split(all: Writes, space: &Space) -> (Writes, Writes) {
    let (mut fresh, mut reachable) = (Writes::new(), Writes::new());
    for (start, bytes) in all {
        let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let mut at = start;
        let take = |from: u64, to: u64, out: &mut Writes| {
            let index = |n: u64| usize::try_from(n.saturating_sub(start)).unwrap_or(usize::MAX);
            if let Some(part) = bytes.get(index(from)..index(to)).filter(|part| !part.is_empty()) {
                out.push((from, part.to_vec()));
            }
        };
        for part in space.fresh().within(&(start..end)) {
            take(at, part.start, &mut reachable);
            take(part.start, part.end, &mut fresh);
            at = part.end;
        }
        take(at, end, &mut reachable);
    }
    (fresh, reachable)
}

/// Whether a write is done or not done where the process is killed: systems copy page by page.
fn is_one_step(base: u64, (start, bytes): &(u64, Vec<u8>)) -> bool {
    let start = start.saturating_add(base);
    let last = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)).saturating_sub(1);
    start.checked_div(SYSTEM_PAGE_BYTES) == last.checked_div(SYSTEM_PAGE_BYTES)
}

/// Whether a write touches one of these ranges.
fn is_within(ranges: &Ranges, (start, bytes): &(u64, Vec<u8>)) -> bool {
    let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    !ranges.within(&(*start..end)).is_empty()
}

impl Edit {
    /// Whether the bytes of a commit may come one after the other before all eyes: with readers that look on, or
    /// where rows were appended to one dataset and nothing else was done; where the file is to be readable always, too,
    /// if nothing was changed that is whole only together. A loss of power knows no order.
    fn is_ordered(&self, base: u64, reachable: &Writes, manner: Manner) -> bool {
        if self.swmr.load(Ordering::Acquire) {
            return true;
        }
        if manner.power_safe {
            return false;
        }
        let headers = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        let told = || reachable.iter().filter(|w| is_within(&headers, w));
        if !self.readable.load(Ordering::Acquire) {
            return told().all(|w| is_one_step(base, w)) && told().count() < 2 && !self.seen.load(Ordering::Acquire);
        }
        // Several pages that hold both could be written in no order.
        let added = self.added.lock().unwrap_or_else(PoisonError::into_inner);
        let mixed = |w: &&(u64, Vec<u8>)| is_within(&added, w) && !is_one_step(base, w);
        !self.interlocked.load(Ordering::Acquire) && !told().any(|w| mixed(&w))
    }
    /// What was told of the changes since the last commit is told no more.
    fn forget_manner(&self) {
        self.headers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.added.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.seen.store(false, Ordering::Release);
        self.interlocked.store(false, Ordering::Release);
    }
}

/// One commit on its way.
struct Commit<'a> {
    edit: &'a Edit,
    base: u64,
    before: Superblock,
    after: Superblock,
    /// Changes in reachable space, without the superblock.
    reachable: Writes,
    /// Whether every reader sees this commit or the one before at each moment while it is applied.
    ordered: bool,
    manner: Manner,
}

impl Commit<'_> {
    fn write(&self, start: u64, bytes: &[u8]) -> Result<()> {
        self.edit.sink.write_at(start.saturating_add(self.base), bytes)
    }
    /// A write page by page.
    fn pages<'w>(&self, (start, bytes): &'w (u64, Vec<u8>)) -> Vec<(u64, &'w [u8])> {
        let first = start.saturating_add(self.base) % SYSTEM_PAGE_BYTES;
        let front = usize::try_from(SYSTEM_PAGE_BYTES.saturating_sub(first)).unwrap_or(0).min(bytes.len());
        let (head, rest) = bytes.split_at_checked(front).unwrap_or((bytes, &[]));
        let pages = rest.chunks(usize::try_from(SYSTEM_PAGE_BYTES).unwrap_or(4096));
        let mut at = *start;
        let mut place = |page: &'w [u8]| {
            let here = at;
            at = at.saturating_add(u64::try_from(page.len()).unwrap_or(0));
            (here, page)
        };
        std::iter::once(head).chain(pages).map(&mut place).collect()
    }
    /// Waits for the disk, where the commit is to be safe from a loss of power. After an error nobody knows what
    /// of all that was written is on the disk, and asking again does not tell: writing ends.
    fn barrier(&self) -> Result<()> {
        if !self.manner.power_safe {
            return Ok(());
        }
        self.edit.sink.sync().inspect_err(|_| self.halt(true))
    }
    /// Whether the superblock has a flag for a pending journal.
    fn flagged(&self) -> bool {
        self.before.version() == 3 && !self.ordered
    }
    /// The only sector that changes, where it is only one.
    fn single(&self) -> Result<Option<(u64, Vec<u8>)>> {
        let superblock = self.after.encode()?;
        let one = match self.reachable.as_slice() {
            [] => (0, superblock),
            [one] if self.before == self.after => one.clone(),
            _ => return Ok(None),
        };
        let first = one.0.saturating_add(self.base).checked_div(SECTOR_BYTES);
        let end = one.0.saturating_add(self.base).saturating_add(u64::try_from(one.1.len()).unwrap_or(u64::MAX));
        let last = end.saturating_sub(1).checked_div(SECTOR_BYTES);
        Ok((first == last).then_some(one))
    }
    /// The journal with its trailer: its place, its bytes, and the place of the trailer.
    fn journal(&self) -> Result<(u64, Vec<u8>, u64)> {
        let record = |(address, bytes): &(u64, Vec<u8>)| Record { address: *address, bytes: bytes.clone() };
        let mut records: Vec<Record> = self.reachable.iter().map(record).collect();
        records.push(Record { address: 0, bytes: self.after.encode()? });
        let mut bytes = Journal { identity: identity(&self.before)?, records }.encode()?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let total = size.saturating_add(TRAILER_BYTES);
        let beyond = self.before.end().max(self.after.end());
        // It ends where the source ends, so that it is found.
        let start = beyond.saturating_add(total).max(self.len()?).saturating_sub(total);
        bytes.extend(Trailer { alone: !self.flagged(), start, bytes: size }.encode()?);
        Ok((start, bytes, start.saturating_add(size)))
    }
    fn len(&self) -> Result<u64> {
        Ok(self.edit.sink.len()?.saturating_sub(self.base))
    }
    fn halt(&self, halted: bool) {
        self.edit.halted.store(halted, Ordering::Release);
    }
    fn run(&self, fresh: &Writes) -> Result<()> {
        for (start, bytes) in fresh {
            self.write(*start, bytes)?;
        }
        // The end of the file that a superblock names is always there.
        if self.len()? < self.after.end() {
            self.edit.sink.set_len(self.base.saturating_add(self.after.end()))?;
        }
        if let Some((start, bytes)) = self.single()? {
            self.barrier()?;
            self.halt(true);
            self.write(start, &bytes)?;
            self.barrier()?;
            self.halt(false);
            return Ok(());
        }
        let (start, bytes, trailer) = self.journal()?;
        if self.flagged() {
            self.write(start, &bytes)?;
        } else {
            // Without a flag the journal counts as soon as it is there: what it leads to is there before it.
            self.barrier()?;
            self.halt(true);
            self.write(start, &bytes).inspect_err(|_| self.withdraw(trailer))?;
        }
        self.barrier()?;
        self.halt(true);
        self.apply(trailer)?;
        self.halt(false);
        Ok(())
    }
    /// Writing a journal failed, as on a full disk; all of it may be there nevertheless, and then it counts. If it
    /// is certain that it does not, the commit may be tried again.
    fn withdraw(&self, trailer: u64) {
        let end = trailer.saturating_add(TRAILER_BYTES);
        let gone = || -> Result<()> {
            if self.len()? >= end {
                self.write(trailer, &[0; TRAILER_SIZE])?;
            }
            self.barrier()
        };
        if gone().is_ok() {
            self.halt(false);
        }
    }
    /// From here on the commit happens, if need be when the file is next opened.
    fn apply(&self, trailer: u64) -> Result<()> {
        let flagged = self.flagged();
        if flagged {
            let mark = u8::try_from(JOURNALED | WRITE_ACCESS).unwrap_or(0);
            self.write(0, &self.before.clone().with_flags(mark).encode()?)?;
            self.barrier()?;
        }
        if self.ordered {
            // First the end of the file, so that libhdf5 gives out nothing that an index leads to already.
            self.write(0, &self.after.encode()?)?;
        }
        // Object headers last: a reader that looks on sees the new dimensions of a dataset when all else is there.
        let headers = self.edit.headers.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, first): (Vec<_>, Vec<_>) = self.reachable.iter().partition(|w| is_within(&headers, w));
        let added = self.edit.added.lock().unwrap_or_else(PoisonError::into_inner);
        for write in first {
            match self.ordered && is_within(&added, write) {
                true => self.pages(write).into_iter().rev().try_for_each(|(at, page)| self.write(at, page))?,
                false => self.write(write.0, &write.1)?,
            }
        }
        for write in last {
            match self.ordered {
                true => self.pages(write).into_iter().try_for_each(|(at, page)| self.write(at, page))?,
                false => self.write(write.0, &write.1)?,
            }
        }
        if flagged {
            self.barrier()?;
        }
        if !self.ordered {
            self.write(0, &self.after.encode()?)?;
        }
        self.barrier()?;
        if flagged {
            return Ok(());
        }
        // Not waited for: until the next commit's first barrier the journal would only be repeated.
        self.write(trailer, &[0; TRAILER_SIZE])
    }
}

impl Store {
    /// The end of the file that the superblock is to name.
    fn next_end(before: u64, end: u64, space: &Space, closing: bool) -> u64 {
        if closing {
            return end;
        }
        if end <= before {
            return before;
        }
        let ahead = (end >> 5).clamp(4096, 1 << 20);
        space.ahead(end, ahead)
    }
    /// Puts all changes since the last commit into the file, all of them or none.
    ///
    /// An error before the point of no return leaves the changes as they are, to be committed again or
    /// [rolled back](Store::rollback). One after it, or one of the disk when it is waited for, ends all writing
    /// until the file is reopened, which completes the commit or takes it back.
    pub fn commit(&self, manner: Manner) -> Result<()> {
        let edit = self.editing()?;
        let mut superblock = edit.superblock.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.changes.read().unwrap_or_else(PoisonError::into_inner).changed(WRITE_BYTES);
        let settled = edit.settled(manner.closing);
        let (fresh, reachable, end) = self.with_space(|space| {
            space.settle(settled);
            let (fresh, reachable) = split(all, space);
            let end = Self::next_end(superblock.end(), space.end_after_commit(), space, manner.closing);
            (fresh, reachable, end)
        })?;
        let after = superblock.clone().with_end(self.base(), end);
        let mut number = None;
        if !reachable.is_empty() || !fresh.is_empty() || after != *superblock {
            self.begin_writing_behind(edit, superblock.end())?;
            let (before, base) = (superblock.clone(), self.base());
            let ordered = edit.is_ordered(base, &reachable, manner);
            let commit = Commit { edit, base, before, after: after.clone(), reachable, ordered, manner };
            let snapshots = edit.snapshots.begin();
            let place = |(start, bytes): &(u64, Vec<u8>)| {
                let start = start.saturating_add(base);
                start..start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            };
            let superblock_place = std::iter::once(base..base.saturating_add(SECTOR_BYTES));
            snapshots.keep(&*edit.sink, commit.reachable.iter().map(place).chain(superblock_place))?;
            commit.run(&fresh).at(&HERE, 0)?;
            number = Some(snapshots.done(base.saturating_add(after.end())));
            edit.unsynced.fetch_and(!manner.power_safe, Ordering::AcqRel);
            *superblock = after;
            let span = |(start, bytes): &(u64, Vec<u8>)| {
                *start..start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
            };
            for written in fresh.iter().chain(&commit.reachable).map(span) {
                self.pages.changed(written).inspect_err(|_| commit.halt(true))?;
            }
        } else if manner.power_safe && edit.unsynced.load(Ordering::Acquire) {
            edit.sink.sync().inspect_err(|_| edit.halted.store(true, Ordering::Release))?;
            edit.unsynced.store(false, Ordering::Release);
        }
        self.finish_commit(edit, &superblock, manner.closing, number)
    }
    fn finish_commit(
        &self,
        edit: &Edit,
        superblock: &Superblock,
        closing: bool,
        number: Option<u64>,
    ) -> Result<()> {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.clear();
        self.changed.store(false, Ordering::Release);
        drop(changes);
        self.each_life(Lives::committed);
        edit.forget_manner();
        let end = self.with_space(|space| {
            space.committed(number.unwrap_or(0));
            space.end()
        })?;
        self.end.store(end, Ordering::Release);
        if closing && !edit.is_untouched() && edit.snapshots.oldest().is_none() {
            if edit.sink.len()? > end.saturating_add(self.base()) {
                edit.sink.set_len(end.saturating_add(self.base()))?;
            }
            self.remember_free(edit, superblock)?;
        }
        self.pages.changed(0..SECTOR_BYTES)
    }
    /// Drops all changes since the last commit. Raw data that was overwritten where it lies, more of it at
    /// once than [`ATOMIC_BYTES`](super::edit::ATOMIC_BYTES), stays overwritten.
    pub fn rollback(&self) -> Result<()> {
        let edit = self.editing()?;
        edit.forget_manner();
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.clear();
        drop(changes);
        let end = self.with_space(|space| {
            space.rolled_back();
            space.end()
        })?;
        self.each_life(Lives::rolled_back);
        self.end.store(end, Ordering::Release);
        self.forget_structures();
        Ok(())
    }
    /// Whether there is something to commit.
    pub fn has_changes(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }
    /// Lays a pending journal over the file's bytes, without writing; gives the superblock it holds.
    pub fn overlay_journal(&self, journal: &Journal) -> Result<Superblock> {
        let mut superblock = None;
        for record in &journal.records {
            if record.address == 0 {
                superblock = Some(Superblock::parse(&record.bytes)?);
            }
            self.overlay(Addr::new(record.address), &record.bytes)?;
        }
        superblock.ok_or_else(|| journal::HERE.damaged("no record of the superblock"))
    }
}

/// Writes a pending journal to where it belongs: what the commit had left to do.
pub fn complete(sink: &dyn WriteAt, base: u64, journal: &Journal) -> Result<()> {
    let (superblocks, others): (Vec<&Record>, Vec<&Record>) = journal.records.iter().partition(|r| r.address == 0);
    let Some(superblock) = superblocks.last() else {
        return Err(Error::damaged("no record of the superblock").within(&journal::HERE, None));
    };
    let end = Superblock::parse(&superblock.bytes)?.end().saturating_add(base);
    for record in others {
        sink.write_at(record.address.saturating_add(base), &record.bytes)?;
    }
    sink.sync()?;
    sink.write_at(base, &superblock.bytes)?;
    sink.sync()?;
    sink.set_len(end)?;
    sink.sync()
}

#[cfg(test)]
mod tests;
