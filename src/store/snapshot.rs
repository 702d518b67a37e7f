//! Snapshots: readers in the process of the writer see one commit, whatever is committed after it.
//!
//! A commit changes bytes where they lie; their old ones are kept for the snapshots that still need them. Space
//! that is given back is not given out again while a snapshot may reach it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use crate::error::Result;
use crate::source::pages::PAGE_BYTES;
use crate::source::{ReadAt, WriteAt};

/// Old bytes by page of the source; shared by the snapshot that reads them and the writer that provides them.
#[derive(Debug, Default)]
struct Shadow {
    pages: RwLock<BTreeMap<u64, Box<[u8]>>>,
    /// The number of the commit that is seen.
    commit: AtomicU64,
    /// The end of the source as of that commit.
    len: AtomicU64,
}

/// All snapshots of one file, and the number of its last commit.
#[derive(Debug)]
pub struct Snapshots {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    commit: u64,
    /// The end of the file as of that commit, in the source. Behind it are journals, of commits that are not seen.
    end: u64,
    shadows: Vec<Weak<Shadow>>,
}

/// A source that reads as it was at one commit.
pub struct Snapshot {
    sink: Arc<dyn WriteAt>,
    all: Arc<Snapshots>,
    shadow: Arc<Shadow>,
}

fn page_of(range: &Range<u64>) -> Range<u64> {
    range.start.checked_div(PAGE_BYTES).unwrap_or(0)..range.end.div_ceil(PAGE_BYTES)
}

/// A commit in progress: no snapshot is made or moved meanwhile.
pub struct Committing<'a>(MutexGuard<'a, State>);

impl Snapshots {
    /// No snapshot yet, of a file that ends there in its source.
    pub fn new(end: u64) -> Self {
        Snapshots { state: Mutex::new(State { commit: 0, end, shadows: Vec::new() }) }
    }
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Begins a commit.
    pub fn begin(&self) -> Committing<'_> {
        let mut state = self.lock();
        state.shadows.retain(|s| s.strong_count() > 0);
        Committing(state)
    }
    /// The oldest commit that a snapshot sees; none without snapshots.
    pub fn oldest(&self) -> Option<u64> {
        let state = self.lock();
        let seen = state.shadows.iter().filter_map(Weak::upgrade);
        seen.map(|s| s.commit.load(Ordering::Acquire)).min()
    }
    /// A snapshot of the last commit.
    pub fn take(self: &Arc<Self>, sink: Arc<dyn WriteAt>) -> Result<Snapshot> {
        let mut state = self.lock();
        let shadow = Arc::new(Shadow::default());
        shadow.commit.store(state.commit, Ordering::Release);
        shadow.len.store(sink.len()?.min(state.end), Ordering::Release);
        state.shadows.push(Arc::downgrade(&shadow));
        drop(state);
        Ok(Snapshot { sink, all: self.clone(), shadow })
    }
}

impl Committing<'_> {
    /// Keeps the bytes of these ranges of the source for the snapshots, before they are changed.
    pub fn keep(&self, sink: &dyn WriteAt, ranges: impl Iterator<Item = Range<u64>> + Clone) -> Result<()> {
        for shadow in self.0.shadows.iter().filter_map(Weak::upgrade) {
            let len = sink.len()?;
            let mut pages = shadow.pages.write().unwrap_or_else(PoisonError::into_inner);
            for page in ranges.clone().flat_map(|range| page_of(&range)) {
                if pages.contains_key(&page) {
                    continue;
                }
                let start = page.saturating_mul(PAGE_BYTES);
                let have = len.saturating_sub(start).min(PAGE_BYTES);
                let mut bytes = vec![0; usize::try_from(have).unwrap_or(0)];
                if have > 0 {
                    sink.read_at(start, &mut bytes)?;
                }
                pages.insert(page, bytes.into());
            }
        }
        Ok(())
    }
    /// The commit is done, and the file ends there in its source; gives the commit's number.
    pub fn done(mut self, end: u64) -> u64 {
        self.0.commit = self.0.commit.saturating_add(1);
        self.0.end = end;
        self.0.commit
    }
}

impl Snapshot {
    /// Moves on to the last commit.
    pub fn renew(&self) -> Result<()> {
        let state = self.all.lock();
        let mut pages = self.shadow.pages.write().unwrap_or_else(PoisonError::into_inner);
        self.shadow.len.store(self.sink.len()?.min(state.end), Ordering::Release);
        self.shadow.commit.store(state.commit, Ordering::Release);
        pages.clear();
        Ok(())
    }
}

impl ReadAt for Snapshot {
    fn len(&self) -> Result<u64> {
        Ok(self.shadow.len.load(Ordering::Acquire))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.sink.read_at(offset, buf)?;
        // Looked at after the read: what was changed before it has been kept by then.
        let range = offset..offset.saturating_add(u64::try_from(buf.len()).unwrap_or(u64::MAX));
        let pages = self.shadow.pages.read().unwrap_or_else(PoisonError::into_inner);
        for (page, bytes) in pages.range(page_of(&range)) {
            let start = page.saturating_mul(PAGE_BYTES);
            let end = start.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
            let (from, to) = (start.max(range.start), end.min(range.end));
            let index = |at: u64, zero: u64| usize::try_from(at.saturating_sub(zero)).unwrap_or(usize::MAX);
            let source = bytes.get(index(from, start)..index(to, start));
            let target = buf.get_mut(index(from, range.start)..index(to, range.start));
            if let (true, Some(source), Some(target)) = (from < to, source, target) {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::memory::Growing;

    #[test]
    fn a_snapshot_keeps_the_bytes_of_its_commit() {
        let sink: Arc<dyn WriteAt> = Arc::new(Growing::new(vec![1; 5000]));
        let all = Arc::new(Snapshots::new(5000));
        let old = all.take(sink.clone()).unwrap();
        let ranges = [10..20, 2040..2060];
        let commit = all.begin();
        commit.keep(&*sink, ranges.iter().cloned()).unwrap();
        for range in &ranges {
            sink.write_at(range.start, &vec![2; (range.end - range.start) as usize]).unwrap();
        }
        sink.write_at(5000, &[3; 100]).unwrap();
        assert_eq!(commit.done(5100), 1);
        let read = |s: &Snapshot, len: usize| {
            let mut buf = vec![0; len];
            s.read_at(0, &mut buf).unwrap();
            buf
        };
        assert_eq!(read(&old, 5000), [1; 5000]);
        assert_eq!((old.len().unwrap(), all.oldest()), (5000, Some(0)));
        let new = all.take(sink.clone()).unwrap();
        assert_eq!(read(&new, 21)[9..21], [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]);
        old.renew().unwrap();
        assert_eq!(read(&old, 5100), read(&new, 5100));
        assert_eq!(all.oldest(), Some(1));
        drop((old, new));
        assert_eq!(all.oldest(), None);
    }
}
