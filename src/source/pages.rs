//! A page cache over a source, and a source of which only some pages are there.
//!
//! [`Pages`] keeps the pages that small metadata reads touch, so that neighbouring structures cost
//! one read. [`Sparse`] is what a remote or browser driver fills: a read of a page that is not there
//! is an error that names the ranges to fetch ([`Error::missing`]); the driver provides them and runs
//! the call again.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use quick_cache::sync::Cache;

use super::ReadAt;
use crate::error::{Error, Result};

/// Bytes of one page: small, since most structures are and lie far apart.
pub const PAGE_BYTES: u64 = 2048;

/// A bounded cache of pages over a source.
pub struct Pages<S> {
    source: S,
    len: AtomicU64,
    cache: Cache<u64, Arc<[u8]>>,
}

impl<S: ReadAt> Pages<S> {
    /// A cache of at most `pages` pages.
    pub fn new(source: S, pages: usize) -> Result<Self> {
        let len = source.len()?;
        Ok(Pages { source, len: AtomicU64::new(len), cache: Cache::new(pages) })
    }
    fn known_len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }
    /// Asks the source anew for its length, and forgets the pages that `written` touches.
    pub fn changed(&self, written: Range<u64>) -> Result<()> {
        let before = self.known_len();
        let len = self.source.len()?;
        self.len.store(len, Ordering::Release);
        let forget = |from: u64, to: u64| {
            let first = from.checked_div(PAGE_BYTES).unwrap_or(0);
            let pages = to.div_ceil(PAGE_BYTES).saturating_sub(first);
            if pages > u64::try_from(self.cache.len()).unwrap_or(u64::MAX) {
                self.cache.retain(|index, _| !(first..first.saturating_add(pages)).contains(index));
            } else {
                (first..first.saturating_add(pages)).for_each(|index| {
                    self.cache.remove(&index);
                });
            }
        };
        forget(written.start, written.end);
        if len != before {
            // The last page was shorter than a page, or now is; what was cut off is not there any more.
            forget(len.min(before), before.max(len.min(before).saturating_add(1)));
        }
        Ok(())
    }
    /// The source behind the cache.
    pub fn source(&self) -> &S {
        &self.source
    }
    /// Forgets every page and asks for the length anew, for files that others write.
    pub fn renew(&self) -> Result<()> {
        self.len.store(self.source.len()?, Ordering::Release);
        self.cache.clear();
        Ok(())
    }
    fn page(&self, index: u64) -> Result<Arc<[u8]>> {
        if let Some(page) = self.cache.get(&index) {
            return Ok(page);
        }
        let start = index.saturating_mul(PAGE_BYTES);
        let size = self.known_len().saturating_sub(start).min(PAGE_BYTES);
        let mut page: Arc<[u8]> = std::iter::repeat_n(0, usize::try_from(size).unwrap_or(0)).collect();
        if let Some(bytes) = Arc::get_mut(&mut page) {
            self.source.read_at(start, bytes)?;
        }
        self.cache.insert(index, page.clone());
        Ok(page)
    }
    /// Fills `buf` page by page.
    fn read_paged(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let mut at = offset;
        let mut left = buf;
        while !left.is_empty() {
            let index = at.checked_div(PAGE_BYTES).unwrap_or(0);
            let page = self.page(index)?;
            let skip = usize::try_from(at.checked_rem(PAGE_BYTES).unwrap_or(0)).unwrap_or(0);
            let have = page.get(skip..).unwrap_or_default();
            let n = have.len().min(left.len());
            let (now, later) = left.split_at_mut(n);
            if n == 0 {
                return Err(super::beyond(offset, later.len(), self.known_len()));
            }
            now.copy_from_slice(have.get(..n).unwrap_or_default());
            left = later;
            at = at.saturating_add(u64::try_from(n).unwrap_or(0));
        }
        Ok(())
    }
}

impl<S: ReadAt> ReadAt for Pages<S> {
    fn len(&self) -> Result<u64> {
        Ok(self.known_len())
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let wanted = u64::try_from(buf.len()).unwrap_or(u64::MAX);
        if offset.checked_add(wanted).is_none_or(|end| end > self.known_len()) {
            return Err(super::beyond(offset, buf.len(), self.known_len()));
        }
        if self.source.bytes().is_some() || wanted > PAGE_BYTES.saturating_mul(4) {
            return self.source.read_at(offset, buf);
        }
        self.read_paged(offset, buf)
    }
    fn bytes(&self) -> Option<&[u8]> {
        self.source.bytes()
    }
    fn is_partial(&self) -> bool {
        self.source.is_partial()
    }
    fn prepare(&self, ranges: &[Range<u64>]) -> Result<()> {
        self.source.prepare(ranges)
    }
}

/// A source of known length of which only the provided pages are there.
///
/// ```
/// use h5::source::{ReadAt, pages::Sparse};
/// let source = Sparse::new(10_000);
/// let mut buf = [0; 4];
/// let e = source.read_at(5000, &mut buf).unwrap_err();
/// for range in e.missing() {
///     let bytes = vec![7; (range.end - range.start) as usize]; // fetched from somewhere
///     source.provide(range.start, &bytes);
/// }
/// source.read_at(5000, &mut buf).unwrap();
/// assert_eq!(buf, [7; 4]);
/// ```
#[derive(Debug)]
pub struct Sparse {
    len: u64,
    pages: RwLock<HashMap<u64, Box<[u8]>>>,
    /// The pages in the order in which they came, the oldest first.
    order: Mutex<VecDeque<u64>>,
}

impl Sparse {
    /// A source of `len` bytes, none of them there yet.
    pub fn new(len: u64) -> Self {
        Sparse { len, pages: RwLock::default(), order: Mutex::default() }
    }
    /// Lets the oldest pages go until those that are left have at most so many bytes: between two calls, since
    /// what one call was given it needs together.
    pub fn keep(&self, most_bytes: u64) {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let most = usize::try_from(most_bytes.checked_div(PAGE_BYTES).unwrap_or(0)).unwrap_or(usize::MAX);
        while pages.len() > most {
            match order.pop_front() {
                Some(oldest) => drop(pages.remove(&oldest)),
                None => break,
            }
        }
    }
    /// Gives bytes at a page boundary; a last part of less than a page counts only at the end of the source.
    pub fn provide(&self, offset: u64, bytes: &[u8]) {
        let mut pages = self.pages.write().unwrap_or_else(PoisonError::into_inner);
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        let size = usize::try_from(PAGE_BYTES).unwrap_or(usize::MAX);
        let first = offset.checked_div(PAGE_BYTES).unwrap_or(0);
        for (index, page) in (first..).zip(bytes.chunks(size)) {
            let end = index.saturating_mul(PAGE_BYTES).saturating_add(u64::try_from(page.len()).unwrap_or(0));
            let is_whole = page.len() == size || end == self.len;
            if is_whole && pages.insert(index, page.into()).is_none() {
                order.push_back(index);
            }
        }
    }
    fn missing(&self, offset: u64, len: usize) -> Vec<Range<u64>> {
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let end = offset.saturating_add(u64::try_from(len).unwrap_or(0));
        let (first, last) = (offset.checked_div(PAGE_BYTES).unwrap_or(0), end.div_ceil(PAGE_BYTES));
        let mut out: Vec<Range<u64>> = Vec::new();
        for index in (first..last).filter(|i| !pages.contains_key(i)) {
            let start = index.saturating_mul(PAGE_BYTES);
            let end = start.saturating_add(PAGE_BYTES).min(self.len);
            match out.last_mut() {
                Some(r) if r.end == start => r.end = end,
                _ => out.push(start..end),
            }
        }
        out
    }
}

impl ReadAt for Sparse {
    fn len(&self) -> Result<u64> {
        Ok(self.len)
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let len = buf.len();
        if offset.checked_add(u64::try_from(len).unwrap_or(u64::MAX)).is_none_or(|end| end > self.len) {
            return Err(super::beyond(offset, len, self.len));
        }
        let missing = self.missing(offset, len);
        if !missing.is_empty() {
            return Err(Error::missing_ranges(missing));
        }
        let pages = self.pages.read().unwrap_or_else(PoisonError::into_inner);
        let (mut at, mut left) = (offset, buf);
        while !left.is_empty() {
            let page = pages.get(&at.checked_div(PAGE_BYTES).unwrap_or(0)).map_or(&[][..], |p| p);
            let skip = usize::try_from(at.checked_rem(PAGE_BYTES).unwrap_or(0)).unwrap_or(0);
            let have = page.get(skip..).unwrap_or_default();
            let n = have.len().min(left.len());
            let (now, later) = left.split_at_mut(n);
            if n == 0 {
                return Err(super::beyond(offset, len, self.len));
            }
            now.copy_from_slice(have.get(..n).unwrap_or_default());
            left = later;
            at = at.saturating_add(u64::try_from(n).unwrap_or(0));
        }
        Ok(())
    }
    fn is_partial(&self) -> bool {
        true
    }
    fn prepare(&self, ranges: &[Range<u64>]) -> Result<()> {
        let bytes = |r: &Range<u64>| usize::try_from(r.end.min(self.len).saturating_sub(r.start)).unwrap_or(usize::MAX);
        let missing: Vec<_> = ranges.iter().flat_map(|r| self.missing(r.start, bytes(r))).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Error::missing_ranges(missing)),
        }
    }
    fn read_ranges(&self, ranges: &mut [(u64, &mut [u8])]) -> Result<()> {
        let missing: Vec<_> = ranges.iter().flat_map(|(o, b)| self.missing(*o, b.len())).collect();
        if !missing.is_empty() {
            return Err(Error::missing_ranges(missing));
        }
        ranges.iter_mut().try_for_each(|(offset, buf)| self.read_at(*offset, buf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::WriteAt;
    use crate::source::memory::Growing;

    #[test]
    fn a_source_that_is_cut_and_grows_again() {
        let pages = Pages::new(Growing::new(vec![1; 5000]), 100).unwrap();
        let mut seen = [0; 5000];
        pages.read_paged(0, &mut seen).unwrap();
        for (len, written) in [(2500u64, 0..1), (9000, 8999..9000)] {
            pages.source().set_len(len).unwrap();
            pages.changed(written).unwrap();
        }
        let mut all = [7; 9000];
        pages.read_paged(0, &mut all).unwrap();
        assert!(all[..2500] == [1; 2500] && all[2500..].iter().all(|b| *b == 0), "what was cut off is gone");
    }
}
