//! Fetching blocks of one file: bounded, through the page cache, with the cache image on top.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::{At, Error, Result, Structure};
use crate::filter::Registry;
use crate::limits::{Limits, Work};
use crate::source::ReadAt;
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
    pages: Pages<Window>,
    end: u64,
    /// The widths of addresses and lengths.
    pub widths: Widths,
    /// The limits of this file.
    pub limits: Limits,
    /// The filters this file may use.
    pub filters: Arc<Registry>,
    /// Blocks of a cache image by their addresses: they stand for the file's bytes there.
    images: BTreeMap<u64, Vec<u8>>,
    cache: Cache<(u64, TypeId), Cached, ByWeight>,
    lent: RwLock<Vec<(Arc<dyn Lend>, Addr)>>,
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
        let end = window.len()?;
        let cache = Cache::with_weighter(CACHED_ITEMS, CACHED_BYTES, ByWeight);
        Ok(Store { pages: Pages::new(window, CACHED_PAGES)?, end, widths, limits, filters, images: BTreeMap::new(), cache, lent: RwLock::default() })
    }
    /// Lays a block of a metadata cache image over the file's bytes.
    pub fn overlay(&mut self, address: Addr, bytes: Vec<u8>) {
        self.images.insert(address.raw(), bytes);
    }
    /// The end of the readable bytes, relative to the base address.
    pub fn end(&self) -> u64 {
        self.end
    }
    /// The offset of the base address in the source.
    pub fn base(&self) -> u64 {
        self.pages.source().base()
    }
    /// Work that one call on this file may do.
    pub fn work(&self) -> Work {
        Work::new(&self.limits, self.end)
    }
    /// Fetches `len` bytes of metadata at `address`; checked against the end of the file and the limits.
    pub fn block(&self, address: Addr, len: u64, at: &Structure) -> Result<Vec<u8>> {
        self.fetch(address, len).map_err(|e| e.within(at, Some(address.raw())))
    }
    /// Fetches up to `len` bytes: fewer where the file ends before.
    pub fn block_up_to(&self, address: Addr, len: u64, at: &Structure) -> Result<Vec<u8>> {
        let start = address.get().ok_or_else(|| at.damaged("its address is undefined"))?;
        self.block(address, len.min(self.end.saturating_sub(start)), at)
    }
    fn fetch(&self, address: Addr, len: u64) -> Result<Vec<u8>> {
        let Some(start) = address.get() else { return Err(Error::damaged("its address is undefined")) };
        if let Some((from, bytes)) = self.images.range(..=start).next_back() {
            let skip = start.checked_sub(*from).and_then(|s| usize::try_from(s).ok());
            let part = skip.and_then(|s| bytes.get(s..)).and_then(|b| b.get(..usize::try_from(len).ok()?));
            if let Some(part) = part {
                return Ok(part.to_vec());
            }
        }
        if start.checked_add(len).is_none_or(|end| end > self.end) {
            let end = self.end;
            return Err(Error::damaged(format!("{len} bytes reach beyond the end of the file ({end:#x})")));
        }
        let mut out = vec![0; self.limits.allocation(len)?];
        self.pages.read_at(start, &mut out)?;
        Ok(out)
    }
    /// Fills `buf` with raw data from `address`, past the page cache unless it is small.
    pub fn raw(&self, address: Addr, buf: &mut [u8]) -> Result<()> {
        let Some(start) = address.get() else { return Err(Error::damaged("the address of raw data is undefined")) };
        let len = u64::try_from(buf.len()).unwrap_or(u64::MAX);
        if start.checked_add(len).is_none_or(|end| end > self.end) {
            return Err(crate::source::beyond(start, buf.len(), self.end));
        }
        if len <= PAGE_BYTES / 4 { self.pages.read_at(start, buf) } else { self.pages.source().read_at(start, buf) }
    }
    /// Raw data in memory, where the source has it there.
    pub fn raw_bytes(&self, address: Addr, len: u64) -> Option<&[u8]> {
        let start = usize::try_from(address.get()?).ok()?;
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
    /// Forgets all that was cached, for files that another process writes.
    pub fn forget(&self) {
        self.pages.clear();
        self.cache.clear();
    }
}
