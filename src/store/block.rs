//! Fetching blocks of one file: bounded, through the page cache, with what is not in the file yet on top.

use std::any::{Any, TypeId};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{At, Error, Result, Structure};
use crate::filter::Registry;
use crate::limits::{Limits, Work};
use crate::source::ReadAt;
use super::changes::Changes;
use super::sink::Edit;
use super::heap::global::room::Room;
use crate::source::pages::{PAGE_BYTES, Pages};
use crate::source::window::Window;
use crate::wire::{Addr, Widths};

/// Pages of metadata kept: 16 MiB.
const CACHED_PAGES: usize = 8192;
/// Bytes of decoded structures kept.
const CACHED_BYTES: u64 = 32 << 20;

/// The cache has a shard for every 32 items, at most some for each core, and keeps nothing that is larger than
/// a shard: so few items make 4 shards of 8 MiB on every machine. The heap of 100,000 names has some MiB.
const CACHED_ITEMS: usize = 128;

/// What the first read of a structure of unknown size takes: most headers of datasets.
const GUESSED_BYTES: u64 = 320;

type Cached = (Arc<dyn Any + Send + Sync>, u64);

#[derive(Clone)]
struct ByWeight;
impl Weighter<(u64, TypeId), Cached> for ByWeight {
    fn weight(&self, _: &(u64, TypeId), value: &Cached) -> u64 {
        value.1
    }
}

/// The bytes of one file, as its structures are read from it.
///
/// All addresses are relative to the base address. Any number of threads may use one store.
pub struct Store {
    pub(super) pages: Pages<Window>,
    pub(super) end: AtomicU64,
    /// The widths of addresses and lengths.
    pub widths: Widths,
    /// The limits of this file.
    pub limits: Limits,
    /// The filters this file may use.
    pub filters: Arc<Registry>,
    /// What stands for the file's bytes: changes to be committed, a cache image, a pending journal.
    pub(super) changes: RwLock<Changes>,
    pub(super) changed: AtomicBool,
    /// How the file is changed, where it is open for writing.
    pub(super) edit: Option<Edit>,
    cache: Cache<(u64, TypeId), Cached, ByWeight>,
    lent: RwLock<Vec<(Arc<dyn Lend>, Addr)>>,
    /// Global heap collections with room for more objects.
    pub(super) room: Mutex<Room>,
}

/// A file that lends heap collections to another: the source of a virtual dataset of variable-length elements.
pub trait Lend: Send + Sync {
    /// The bytes of the lending file.
    fn store(&self) -> &Store;
}

/// Addresses from here on are not in the file: they name lent collections.
const LENT: u64 = 1 << 62;

impl Store {
    /// A store over a window whose byte 0 is the superblock's base address.
    pub fn new(window: Window, widths: Widths, limits: Limits, filters: Arc<Registry>) -> Result<Self> {
        let end = AtomicU64::new(window.len()?);
        let cache = Cache::with_weighter(CACHED_ITEMS, CACHED_BYTES, ByWeight);
        Ok(Store {
            pages: Pages::new(window, CACHED_PAGES)?,
            end,
            widths,
            limits,
            filters,
            changes: RwLock::default(),
            changed: AtomicBool::new(false),
            edit: None,
            cache,
            lent: RwLock::default(),
            room: Mutex::default(),
        })
    }
    /// Lays bytes over those of the file: blocks of a cache image, records of a journal.
    pub fn overlay(&self, address: Addr, bytes: &[u8]) -> Result<()> {
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        for page in changes.absent(address.raw(), bytes.len()) {
            let mut base = vec![0; usize::try_from(PAGE_BYTES).unwrap_or(0)];
            self.read_base(page.saturating_mul(PAGE_BYTES), &mut base)?;
            changes.provide(page, base);
        }
        changes.write(address.raw(), bytes);
        self.changed.store(true, Ordering::Release);
        Ok(())
    }
    /// Reads the file's own bytes; zeros beyond its end.
    fn read_base(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        let have = self.pages.len()?.saturating_sub(start);
        let have = usize::try_from(have).unwrap_or(usize::MAX).min(buf.len());
        let (there, beyond) = buf.split_at_mut(have);
        beyond.fill(0);
        if there.is_empty() { Ok(()) } else { self.pages.read_at(start, there) }
    }
    /// Reads bytes as they will be once what was changed is in the file.
    fn read_changed(&self, start: u64, buf: &mut [u8]) -> Result<()> {
        // Held while the file is read: what is written meanwhile moves from the changes into the file.
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        self.read_base(start, buf)?;
        changes.overlay(start, buf);
        Ok(())
    }
    fn is_changed(&self) -> bool {
        self.edit.is_some() || self.changed.load(Ordering::Acquire)
    }
    /// The source, seen from the base address on.
    pub(super) fn window(&self) -> &Window {
        self.pages.source()
    }
    /// Whether some bytes of the source may not be there yet.
    pub fn is_partial(&self) -> bool {
        self.pages.is_partial()
    }
    /// Tells what is about to be read; see [`ReadAt::prepare`].
    pub fn prepare(&self, blocks: &[(Addr, u64)]) -> Result<()> {
        let range = |(address, len): &(Addr, u64)| address.get().map(|at| at..at.saturating_add(*len).min(self.end()));
        self.pages.prepare(&blocks.iter().filter_map(range).collect::<Vec<_>>())
    }
    /// All bytes of the source, from its first one on.
    pub fn source_bytes(&self) -> Result<Vec<u8>> {
        let source = self.pages.source().source();
        let mut out = vec![0; usize::try_from(source.len()?).map_err(|_| Error::limit("a file larger than memory"))?];
        source.read_at(0, &mut out)?;
        Ok(out)
    }
    /// The end of the readable bytes, relative to the base address.
    pub fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }
    /// The offset of the base address in the source.
    pub fn base(&self) -> u64 {
        self.pages.source().base()
    }
    /// Work that one call on this file may do.
    pub fn work(&self) -> Work {
        Work::new(&self.limits, self.end())
    }
    /// Fetches `len` bytes of metadata at `address`; checked against the end of the file and the limits.
    pub fn block(&self, address: Addr, len: u64, at: &Structure) -> Result<Vec<u8>> {
        self.fetch(address, len).map_err(|e| e.within(at, Some(address.raw())))
    }
    /// Fetches up to `len` bytes: fewer where the file ends before.
    pub fn block_up_to(&self, address: Addr, len: u64, at: &Structure) -> Result<Vec<u8>> {
        let start = address.get().ok_or_else(|| at.damaged("its address is undefined"))?;
        self.block(address, len.min(self.end().saturating_sub(start)), at)
    }
    /// Fetches some hundred bytes, those of a small structure of unknown size: no more than the page has that is read for
    /// the first `least` of them.
    pub fn block_on_page(&self, address: Addr, least: u64, at: &Structure) -> Result<Vec<u8>> {
        let start = address.get().ok_or_else(|| at.damaged("its address is undefined"))?;
        let within = self.base().saturating_add(start).checked_rem(PAGE_BYTES).unwrap_or(0);
        let left = PAGE_BYTES.saturating_sub(within);
        self.block_up_to(address, left.min(GUESSED_BYTES).max(least), at)
    }
    fn fetch(&self, address: Addr, len: u64) -> Result<Vec<u8>> {
        let Some(start) = address.get() else { return Err(Error::damaged("its address is undefined")) };
        let end = self.end();
        if start.checked_add(len).is_none_or(|stop| stop > end) {
            return Err(Error::damaged(format!("{len} bytes reach beyond the end of the file ({end:#x})")));
        }
        let mut out = vec![0; self.limits.allocation(len)?];
        if self.is_changed() {
            self.read_changed(start, &mut out)?;
        } else {
            self.pages.read_at(start, &mut out)?;
        }
        Ok(out)
    }
    /// Fills `buf` with raw data from `address`, past the page cache unless it is small.
    pub fn raw(&self, address: Addr, buf: &mut [u8]) -> Result<()> {
        let Some(start) = address.get() else { return Err(Error::damaged("the address of raw data is undefined")) };
        let len = u64::try_from(buf.len()).unwrap_or(u64::MAX);
        if start.checked_add(len).is_none_or(|end| end > self.end()) {
            return Err(crate::source::beyond(start, buf.len(), self.end()));
        }
        if self.is_changed() {
            return self.read_changed(start, buf);
        }
        if len <= PAGE_BYTES / 4 { self.pages.read_at(start, buf) } else { self.pages.source().read_at(start, buf) }
    }
    /// Bytes of the user block, which lies before the superblock: `at` counts from the start of the file.
    pub fn before_superblock(&self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.pages.source().source().read_at(at, buf)
    }
    /// Raw data in memory, where the source has it there.
    pub fn raw_bytes(&self, address: Addr, len: u64) -> Option<&[u8]> {
        let start = usize::try_from(address.get()?).ok()?;
        if self.is_changed() {
            return None;
        }
        self.pages.bytes()?.get(start..)?.get(..usize::try_from(len).ok()?)
    }
    /// The decoded structure at `address`: from the cache, or made by `load`, which gives it with its
    /// weight in bytes. Errors are not kept.
    pub fn cached<T, F>(&self, address: Addr, at: &Structure, load: F) -> Result<Arc<T>>
    where
        T: Any + Send + Sync,
        F: FnOnce() -> Result<(T, u64)>,
    {
        let key = (address.raw(), TypeId::of::<T>());
        if let Some((any, _)) = self.cache.get(&key)
            && let Ok(found) = any.downcast::<T>()
        {
            return Ok(found);
        }
        let (value, weight) = load().at(at, address.raw())?;
        let value = Arc::new(value);
        self.cache.insert(key, (value.clone(), weight.max(64)));
        Ok(value)
    }
    /// An address under which this store finds a collection of another file.
    ///
    /// Elements of variable length hold addresses of their own file; where they become elements of a virtual
    /// dataset, these are replaced by lent ones.
    pub fn borrow(&self, lender: &Arc<dyn Lend>, collection: Addr) -> Addr {
        let mut lent = self.lent.write().unwrap_or_else(PoisonError::into_inner);
        let same = |(l, a): &(Arc<dyn Lend>, Addr)| *a == collection && std::ptr::eq(l.store(), lender.store());
        // Neighbouring elements mostly lie in the same collection.
        let index = lent.iter().rposition(same).unwrap_or_else(|| {
            lent.push((lender.clone(), collection));
            lent.len().saturating_sub(1)
        });
        Addr::new(LENT.saturating_add(u64::try_from(index).unwrap_or(0)))
    }
    /// The file and the address in it of a lent collection.
    pub fn lent(&self, address: Addr) -> Option<(Arc<dyn Lend>, Addr)> {
        let index = usize::try_from(address.get()?.checked_sub(LENT)?).ok()?;
        self.lent.read().unwrap_or_else(PoisonError::into_inner).get(index).cloned()
    }
    /// Forgets the decoded structure of one kind at `address`: its bytes changed.
    pub fn evict<T: Any + Send + Sync>(&self, address: Addr) {
        self.cache.remove(&(address.raw(), TypeId::of::<T>()));
    }
    /// Forgets all decoded structures.
    pub(super) fn forget_structures(&self) {
        self.cache.clear();
        self.room.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
    /// Forgets all that was cached, for files that another process writes.
    pub fn forget(&self) -> Result<()> {
        self.pages.renew()?;
        if self.edit.is_some() {
            self.forget_structures();
            return Ok(());
        }
        self.end.store(self.pages.len()?, Ordering::Release);
        let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
        changes.clear();
        self.changed.store(false, Ordering::Release);
        drop(changes);
        self.forget_structures();
        Ok(())
    }
}
