//! Free space from one session to the next: a record behind the end of the file.
//!
//! It is written when a file is closed, and cut off before anything else is written, so it never tells of another
//! file than the one it lies in. libhdf5 does not know it, and cuts it off when it writes; what it tells of stays
//! free nevertheless, for libhdf5 gives out only what it freed itself, or new space.

use std::ops::Range;
use std::sync::PoisonError;

use super::block::Store;
use super::sink::Edit;
use super::space::Class;
use crate::error::Result;
use crate::format::free_record::{FreeRecord, GAP_BYTES, Gap, MAX_GAPS, TAIL_BYTES, TAIL_SIZE, Tail};
use crate::format::superblock::Superblock;
use crate::source::ReadAt;
use crate::wire::Addr;
use crate::wire::checksum::lookup3;

/// The record that lies behind the end of the file, if there is one.
pub fn recorded(source: &dyn ReadAt, base: u64, superblock: &Superblock) -> Result<Option<FreeRecord>> {
    let (len, end) = (source.len()?, superblock.end().saturating_add(base));
    let bytes = len.saturating_sub(end);
    let most = u64::try_from(MAX_GAPS).unwrap_or(u64::MAX).saturating_mul(GAP_BYTES).saturating_add(TAIL_BYTES);
    if !(TAIL_BYTES..=most).contains(&bytes) {
        return Ok(None);
    }
    let mut tail = [0; TAIL_SIZE];
    source.read_at(len.saturating_sub(TAIL_BYTES), &mut tail)?;
    let hash = lookup3(&superblock.encode()?);
    let Some(tail) = Tail::parse(&tail).filter(|t| t.record_bytes() == bytes && t.superblock == hash) else {
        return Ok(None);
    };
    let mut block = vec![0; usize::try_from(bytes).unwrap_or(0)];
    source.read_at(end, &mut block)?;
    Ok(FreeRecord::parse(&block, &tail).ok())
}

/// Ranges as gaps, by address; the largest ones where there are too many.
fn gaps(mut ranges: Vec<Range<u64>>, most: usize) -> Vec<Gap> {
    let bytes = |r: &Range<u64>| r.end.saturating_sub(r.start);
    if ranges.len() > most {
        ranges.sort_by_key(|r| std::cmp::Reverse(bytes(r)));
        ranges.truncate(most);
        ranges.sort_by_key(|r| r.start);
    }
    ranges.iter().map(|r| Gap { address: r.start, bytes: bytes(r) }).collect()
}

impl Edit {
    pub(super) fn is_untouched(&self) -> bool {
        *self.untouched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Comes before the first write of a session, or after a record was written: what lies behind the end of the file is cut off, as it holds for
    /// the file as it was.
    pub(super) fn begin_writing(&self, edit: &Edit) -> Result<()> {
        let end = edit.superblock.lock().unwrap_or_else(PoisonError::into_inner).end();
        self.begin_writing_behind(edit, end)
    }
    /// The same, of a file that ends at `end` as its superblock says.
    pub(super) fn begin_writing_behind(&self, edit: &Edit, end: u64) -> Result<()> {
        let mut untouched = edit.untouched.lock().unwrap_or_else(PoisonError::into_inner);
        if *untouched {
            let end = end.saturating_add(self.base());
            let len = edit.sink.len()?;
            if len > end {
                edit.sink.set_len(end)?;
                self.pages.changed(end.saturating_sub(self.base())..len.saturating_sub(self.base()))?;
            }
            *untouched = false;
        }
        Ok(())
    }
    /// Takes up what the last session left.
    pub fn recall_free(&self) -> Result<()> {
        let edit = self.editing()?;
        let superblock = edit.superblock.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(record) = recorded(&edit.sink, self.base(), &superblock)? else { return Ok(()) };
        for (gaps, class) in [(record.metadata, Class::Metadata), (record.raw, Class::Raw)] {
            for gap in gaps.iter().filter(|gap| gap.address > 0) {
                self.add_free(Addr::new(gap.address), gap.bytes, class)?;
            }
        }
        Ok(())
    }
    /// Leaves a record of what is free. The commit before it holds without it: where the disk is full, the gaps
    /// are lost and nothing else.
    pub(super) fn remember_free(&self, edit: &Edit, superblock: &Superblock) -> Result<()> {
        let [metadata, raw] = self.with_space(|space| space.free_by_class())?;
        if metadata.is_empty() && raw.is_empty() {
            return Ok(());
        }
        let half = MAX_GAPS.div_euclid(2);
        let hash = lookup3(&superblock.encode()?);
        let record = FreeRecord { superblock: hash, metadata: gaps(metadata, half), raw: gaps(raw, half) };
        let end = superblock.end().saturating_add(self.base());
        *edit.untouched.lock().unwrap_or_else(PoisonError::into_inner) = true;
        if edit.sink.write_at(end, &record.encode()?).is_err() {
            // A part of it is no record.
            let _ = edit.sink.set_len(end);
        }
        self.pages.changed(superblock.end()..edit.sink.len()?.saturating_sub(self.base()))
    }
}
