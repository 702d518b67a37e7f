//! Free space of one file: what may be given out, and what only after the next commit.
//!
//! Plain bookkeeping without I/O; addresses are relative to the base address. Space that the last commit
//! does not reach may be written at once, whatever happens then; so three kinds are told apart: free, new
//! since the last commit ("fresh"), and given back since then, which the last commit still reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::error::{Error, Result};

/// What a block holds; files with paged allocation keep the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Structures of the format.
    Metadata,
    /// Elements of datasets.
    Raw,
}

/// Blocks start at multiples of this.
const ALIGNMENT: u64 = 8;

/// Disjoint ranges, neighbours joined.
#[derive(Debug, Clone, Default)]
pub struct Ranges {
    by_start: BTreeMap<u64, u64>,
    by_size: BTreeSet<(u64, u64)>,
}

impl Ranges {
    fn put(&mut self, start: u64, end: u64) {
        self.by_start.insert(start, end);
        self.by_size.insert((end.saturating_sub(start), start));
    }
    fn pull(&mut self, start: u64) -> Option<u64> {
        let end = self.by_start.remove(&start)?;
        self.by_size.remove(&(end.saturating_sub(start), start));
        Some(end)
    }
    /// Adds a range; what it overlaps or touches becomes one with it.
    pub fn add(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        let before = self.by_start.range(..=start).next_back().map(|(s, e)| (*s, *e));
        if let Some((s, e)) = before.filter(|(_, e)| *e >= start) {
            self.pull(s);
            start = s;
            end = end.max(e);
        }
        while let Some((s, e)) = self.by_start.range(start..=end).next().map(|(s, e)| (*s, *e)) {
            self.pull(s);
            end = end.max(e);
        }
        self.put(start, end);
    }
    /// Takes a range out, as far as it is in.
    pub fn remove(&mut self, range: Range<u64>) {
        let overlapping: Vec<(u64, u64)> = self.overlapping(&range);
        for (s, e) in overlapping {
            self.pull(s);
            if s < range.start {
                self.put(s, range.start);
            }
            if e > range.end {
                self.put(range.end, e);
            }
        }
    }
    fn overlapping(&self, range: &Range<u64>) -> Vec<(u64, u64)> {
        if range.is_empty() {
            return Vec::new();
        }
        let first = self.by_start.range(..=range.start).next_back().map_or(range.start, |(s, _)| *s);
        let all = self.by_start.range(first..range.end);
        all.filter(|(_, e)| **e > range.start).map(|(s, e)| (*s, *e)).collect()
    }
    /// The parts of a range that are in.
    pub fn within(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        let cut = |(s, e): (u64, u64)| s.max(range.start)..e.min(range.end);
        self.overlapping(range).into_iter().map(cut).collect()
    }
    /// Whether all of a range is in.
    pub fn holds(&self, range: &Range<u64>) -> bool {
        range.is_empty()
            || self.by_start.range(..=range.start).next_back().is_some_and(|(_, e)| *e >= range.end)
    }
    /// The ranges, by address.
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> {
        self.by_start.iter().map(|(s, e)| *s..*e)
    }
    /// Bytes in all ranges.
    pub fn bytes(&self) -> u64 {
        self.iter().fold(0, |n, r| n.saturating_add(r.end.saturating_sub(r.start)))
    }
    /// Forgets all.
    pub fn clear(&mut self) {
        self.by_start.clear();
        self.by_size.clear();
    }
    /// The smallest range with room for `bytes` from a start that `align` gives for its own.
    fn fit(&self, bytes: u64, align: impl Fn(u64) -> u64) -> Option<u64> {
        // A range that is just large enough may fail by its alignment; few tries, then a larger one.
        self.by_size.range((bytes, 0)..).take(16).map(|(_, start)| *start).find_map(|start| {
            let at = align(start);
            let end = self.by_start.get(&start)?;
            (at.checked_add(bytes)? <= *end).then_some(at)
        })
    }
}

/// One step of the bookkeeping, to be taken back.
#[derive(Debug, Clone)]
enum Step {
    Allocated(Range<u64>, Class),
    FreedFresh(Range<u64>, Class),
    Held,
    Released,
}

/// The space of a file that is open for writing.
#[derive(Debug)]
pub struct Space {
    end: u64,
    committed_end: u64,
    /// The first address that the file's width of addresses cannot hold.
    limit: u64,
    /// Bytes of a page, in files with paged allocation.
    page: Option<u64>,
    free: [Ranges; 2],
    fresh: Ranges,
    released: Vec<(Range<u64>, Class)>,
    /// What older commits gave back and readers may still reach: with the number of the commit.
    late: Vec<(u64, Range<u64>, Class)>,
    /// What was given back up to this commit is reached by nobody.
    settled: u64,
    /// What was given out since the mark.
    newest: Ranges,
    /// New space that was given back since the mark and is older than it: it keeps its bytes, so that the step
    /// can be taken back.
    held: Vec<(Range<u64>, Class)>,
    steps: Vec<Step>,
}

impl Space {
    /// Nothing is free in a file of `end` bytes.
    pub fn new(end: u64, limit: u64, page: Option<u64>) -> Self {
        Space {
            end,
            committed_end: end,
            limit,
            page: page.filter(|p| *p > 0),
            free: Default::default(),
            fresh: Ranges::default(),
            released: Vec::new(),
            late: Vec::new(),
            settled: u64::MAX,
            newest: Ranges::default(),
            held: Vec::new(),
            steps: Vec::new(),
        }
    }
    /// The end of all that was given out.
    pub fn end(&self) -> u64 {
        self.end
    }
    /// What was given out since the last commit.
    pub fn fresh(&self) -> &Ranges {
        &self.fresh
    }
    /// Free ranges by address, without those given back since the last commit.
    pub fn free_ranges(&self) -> Vec<Range<u64>> {
        let mut all: Vec<_> = self.free.iter().flat_map(Ranges::iter).collect();
        all.sort_by_key(|r| r.start);
        all
    }
    /// Free ranges of the two kinds, without those given back since the last commit.
    pub fn free_by_class(&self) -> [Vec<Range<u64>>; 2] {
        self.free.each_ref().map(|list| list.iter().collect())
    }
    fn list(&mut self, class: Class) -> &mut Ranges {
        let [first, second] = &mut self.free;
        if self.page.is_some() && class == Class::Raw { second } else { first }
    }
    /// Takes `bytes` bytes: from free space, else at the end.
    pub fn allocate(&mut self, bytes: u64, class: Class) -> Result<u64> {
        let start = self.place(bytes.max(1), class)?;
        let range = start..start.saturating_add(bytes.max(1));
        self.list(class).remove(range.clone());
        self.fresh.add(range.clone());
        self.newest.add(range.clone());
        self.steps.push(Step::Allocated(range, class));
        Ok(start)
    }
    fn place(&mut self, bytes: u64, class: Class) -> Result<u64> {
        let full = |limit: u64| Error::limit(format!("the file's addresses end at {limit:#x}"));
        let limit = self.limit;
        let found = match self.page {
            // A block of less than a page does not cross into the next one; larger ones start at a page.
            Some(page) => self.list(class).fit(bytes, |start| {
                let at = align(start, ALIGNMENT);
                let next = align(at.saturating_add(1), page);
                if at.saturating_add(bytes) <= next { at } else { align(at, page) }
            }),
            None => self.list(class).fit(bytes, |start| align(start, ALIGNMENT)),
        };
        if let Some(start) = found {
            return Ok(start);
        }
        let start = align(self.end, self.page.unwrap_or(ALIGNMENT));
        let stop = start.checked_add(bytes).map(|e| self.page.map_or(e, |p| align(e, p)));
        let stop = stop.filter(|e| *e <= limit).ok_or_else(|| full(limit))?;
        let end = self.end;
        self.list(class).add(end..stop);
        self.end = stop;
        Ok(start)
    }
    /// Gives a block back. Whether it was new: then it is free at once, or with the next step if it is older than
    /// this one.
    pub fn free(&mut self, range: Range<u64>, class: Class) -> bool {
        if range.is_empty() {
            return false;
        }
        if self.fresh.holds(&range) {
            self.fresh.remove(range.clone());
            if self.newest.holds(&range) {
                self.list(class).add(range.clone());
                self.steps.push(Step::FreedFresh(range, class));
            } else {
                self.held.push((range, class));
                self.steps.push(Step::Held);
            }
            return true;
        }
        self.released.push((range, class));
        self.steps.push(Step::Released);
        false
    }
    /// Free space known from elsewhere: of a persisted manager.
    pub fn add_free(&mut self, range: Range<u64>, class: Class) {
        let range = range.start..range.end.min(self.end);
        self.list(class).add(range);
    }
    /// Begins a step that [`Space::undo`] takes back.
    pub fn mark(&mut self) {
        self.steps.clear();
        self.newest.clear();
        self.release_held();
    }
    fn release_held(&mut self) {
        for (range, class) in std::mem::take(&mut self.held) {
            self.list(class).add(range);
        }
    }
    /// Takes back everything since the mark.
    pub fn undo(&mut self) {
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Allocated(range, class) => {
                    self.fresh.remove(range.clone());
                    self.list(class).add(range);
                }
                Step::FreedFresh(range, class) => {
                    self.list(class).remove(range.clone());
                    self.fresh.add(range);
                }
                Step::Held => {
                    if let Some((range, _)) = self.held.pop() {
                        self.fresh.add(range);
                    }
                }
                Step::Released => {
                    self.released.pop();
                }
            }
        }
    }
    /// Tells which commit all readers see at least: what was given back before it may be given out again.
    pub fn settle(&mut self, commit: u64) {
        self.settled = commit;
    }
    /// The end that the file has once what was given back is free: for the superblock of this commit.
    pub fn end_after_commit(&self) -> u64 {
        let mut end = self.end;
        let mut tail: Vec<Range<u64>> = self.free.iter().flat_map(Ranges::iter).collect();
        tail.extend(self.held.iter().map(|(r, _)| r.clone()));
        tail.extend(self.late.iter().filter(|(n, ..)| *n <= self.settled).map(|(_, r, _)| r.clone()));
        if self.settled == u64::MAX {
            tail.extend(self.released.iter().map(|(r, _)| r.clone()));
        }
        tail.sort_by_key(|r| std::cmp::Reverse(r.end));
        for range in tail {
            if range.end < end {
                break;
            }
            end = end.min(range.start);
        }
        self.page.map_or(end, |p| align(end, p).min(self.end))
    }
    /// An end of the file some bytes ahead of `end`, as far as addresses and pages allow.
    pub fn ahead(&self, end: u64, bytes: u64) -> u64 {
        let to = end.saturating_add(bytes).min(self.limit);
        self.page.map_or(to, |p| align(to, p)).max(end)
    }
    /// The commit is done: what was given back is free, what was new is not new any more, and free space at
    /// the end is no longer part of the file.
    ///
    /// With readers that see an older commit, what was given back waits for them: see [`Space::settle`].
    pub fn committed(&mut self, commit: u64) {
        let end = self.end_after_commit();
        self.release_held();
        let released = std::mem::take(&mut self.released);
        self.late.extend(released.into_iter().map(|(range, class)| (commit, range, class)));
        let settled = self.settled;
        let (free, late) = std::mem::take(&mut self.late).into_iter().partition(|(n, ..)| *n <= settled);
        self.late = late;
        let free: Vec<(u64, Range<u64>, Class)> = free;
        for (_, range, class) in free {
            self.list(class).add(range);
        }
        let all = end..u64::MAX;
        self.free.iter_mut().for_each(|list| list.remove(all.clone()));
        self.fresh.clear();
        self.newest.clear();
        self.steps.clear();
        self.end = end;
        self.committed_end = end;
    }
    /// Back to the last commit.
    pub fn rolled_back(&mut self) {
        self.released.clear();
        self.steps.clear();
        self.newest.clear();
        self.release_held();
        let (fresh, end) = (std::mem::take(&mut self.fresh), self.committed_end);
        // Which list it came from is not known any more; in paged files it is lost to both until reopened.
        if self.page.is_none() {
            fresh.iter().for_each(|range| self.list(Class::Metadata).add(range));
        }
        self.free.iter_mut().for_each(|list| list.remove(end..u64::MAX));
        self.end = end;
    }
}

fn align(at: u64, to: u64) -> u64 {
    at.div_ceil(to.max(1)).saturating_mul(to.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn given_back_space_waits_for_the_commit() {
        let mut s = Space::new(100, u64::MAX, None);
        let a = s.allocate(50, Class::Metadata).unwrap();
        assert_eq!((a, s.end()), (104, 154));
        assert!(s.free(a..a + 50, Class::Metadata), "new: free at once");
        assert_eq!(s.allocate(40, Class::Raw).unwrap(), 104);
        s.committed(1);
        assert_eq!(s.end(), 144, "the tail is cut");
        assert!(!s.free(104..144, Class::Metadata), "the last commit reaches it");
        assert_eq!(s.allocate(8, Class::Metadata).unwrap(), 144);
        s.committed(1);
        assert_eq!(s.allocate(8, Class::Metadata).unwrap(), 104);
    }

    #[test]
    fn small_blocks_do_not_cross_pages() {
        let mut s = Space::new(512, u64::MAX, Some(512));
        let m = s.allocate(100, Class::Metadata).unwrap();
        let r = s.allocate(100, Class::Raw).unwrap();
        assert_eq!((m, r, s.end()), (512, 1024, 1536), "metadata and raw data have their own pages");
        assert_eq!(s.allocate(400, Class::Metadata).unwrap(), 616);
        assert_eq!(s.allocate(100, Class::Metadata).unwrap(), 1536);
        assert_eq!(s.allocate(1000, Class::Raw).unwrap() % 512, 0);
    }

    #[test]
    fn addresses_end() {
        let mut s = Space::new(65_000, 65_535, None);
        assert!(s.allocate(1000, Class::Metadata).unwrap_err().to_string().contains("addresses end"));
        assert_eq!(s.end(), 65_000);
    }

    proptest! {
        /// What a reader of an older commit reaches is not given out again.
        #[test]
        fn readers_keep_their_blocks(ops in prop::collection::vec((0u8..8, 1u64..300, any::<prop::sample::Index>()), 1..300)) {
            let mut s = Space::new(96, u64::MAX, None);
            let mut live: Vec<(u64, u64)> = vec![(0, 96)];
            let mut commits = vec![live.clone()];
            let mut readers: Vec<usize> = Vec::new();
            for (op, bytes, pick) in ops {
                match op {
                    0..=2 => {
                        let a = s.allocate(bytes, Class::Raw).unwrap();
                        let seen = readers.iter().map(|k| &commits[*k]).chain([&live, commits.last().unwrap()]);
                        for (b, n) in seen.flatten() {
                            prop_assert!(a + bytes <= *b || b + n <= a, "{a}+{bytes} lies in {b}+{n}");
                        }
                        live.push((a, bytes));
                    }
                    3 | 4 if live.len() > 1 => {
                        let (a, n) = live.swap_remove(1 + pick.index(live.len() - 1));
                        s.free(a..a + n, Class::Raw);
                    }
                    5 => {
                        s.settle(readers.iter().min().map_or(u64::MAX, |k| *k as u64));
                        s.end_after_commit();
                        s.committed(commits.len() as u64);
                        commits.push(live.clone());
                    }
                    6 => readers.push(commits.len() - 1),
                    7 if !readers.is_empty() => {
                        let reader = pick.index(readers.len());
                        if bytes % 2 == 0 {
                            readers[reader] = commits.len() - 1;
                        } else {
                            readers.swap_remove(reader);
                        }
                    }
                    _ => s.mark(),
                }
            }
        }
        /// Blocks never overlap, and an undo or a rollback leaves what was before.
        #[test]
        fn blocks_are_disjoint(ops in prop::collection::vec((0u8..6, 1u64..300, any::<prop::sample::Index>()), 1..200)) {
            let mut s = Space::new(96, u64::MAX, None);
            let mut live: Vec<(u64, u64)> = vec![(0, 96)];
            let mut committed = live.clone();
            for (op, bytes, pick) in ops {
                match op {
                    0..=2 => {
                        let a = s.allocate(bytes, Class::Raw).unwrap();
                        for (b, n) in live.iter().chain(&committed) {
                            prop_assert!(a + bytes <= *b || b + n <= a, "{a}+{bytes} lies in {b}+{n}");
                        }
                        live.push((a, bytes));
                    }
                    3 if live.len() > 1 => {
                        let (a, n) = live.swap_remove(1 + pick.index(live.len() - 1));
                        s.free(a..a + n, Class::Raw);
                    }
                    4 => {
                        s.committed(1);
                        committed = live.clone();
                    }
                    5 => {
                        s.rolled_back();
                        live = committed.clone();
                    }
                    _ => {}
                }
                s.mark();
                let before = (s.free_ranges(), s.fresh().iter().collect::<Vec<_>>());
                let a = s.allocate(bytes, Class::Raw).unwrap();
                if op & 1 == 0 {
                    s.free(a..a + bytes, Class::Raw);
                }
                s.undo();
                prop_assert_eq!(before.1, s.fresh().iter().collect::<Vec<_>>());
            }
        }
    }
}
