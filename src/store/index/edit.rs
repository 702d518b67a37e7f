//! Entering chunks into their index, and taking them out.

use std::any::Any;
use std::sync::Arc;

use super::{Chunk, ChunkIndex, Elements, Grid, Page, Visit, btree2, check_rank, extensible_array, fixed_array};
use crate::error::{At, Error, Result, Structure};
use crate::format::btree2::records::{ChunkEntry, HERE as RECORD};
use crate::store::Store;
use crate::wire::{Addr, checksum, encode};

impl ChunkIndex {
    /// Enters a chunk, or changes where it is. The first one makes the index; what the layout message says of
    /// it may change, and is then to be written by the caller.
    pub fn set(&mut self, store: &Store, grid: &Grid, scaled: &[u64], chunk: Chunk) -> Result<()> {
        grid.check()?;
        check_rank(grid, scaled)?;
        if grid.layout_version >= 4 && !matches!(self, ChunkIndex::Single { .. }) {
            Elements::of(store, grid).check(&chunk)?;
        }
        match self {
            ChunkIndex::Single { address, filtered } => {
                if scaled.iter().any(|s| *s != 0) {
                    return Err(Error::usage("a second chunk in a dataset of one"));
                }
                *address = chunk.address;
                *filtered = grid.filtered.then_some((chunk.stored_bytes, chunk.filter_mask));
                Ok(())
            }
            ChunkIndex::Implicit { address } => match self_place(store, grid, *address, scaled)? {
                Some(place) if place.address == chunk.address => Ok(()),
                _ => Err(Error::usage("chunks of an implicit index do not move")),
            },
            ChunkIndex::FixedArray { header } => {
                if !header.is_defined() {
                    *header = fixed_array::edit::create(store, grid)?;
                }
                fixed_array::edit::set(store, grid, *header, scaled, Some(chunk))
            }
            ChunkIndex::ExtensibleArray { header } => {
                if !header.is_defined() {
                    *header = extensible_array::edit::create(store, grid)?;
                }
                extensible_array::edit::set(store, grid, *header, scaled, Some(chunk))
            }
            ChunkIndex::BTree2 { header } => {
                if !header.is_defined() {
                    *header = btree2::edit::create(store, grid)?;
                }
                btree2::edit::set(store, grid, *header, scaled, chunk)
            }
            ChunkIndex::BTree1 { root } => super::btree1::edit::set(store, grid, root, scaled, chunk),
        }
    }
    /// Takes a chunk out of the index; gives it. Its own space is the caller's to free.
    pub fn remove(&mut self, store: &Store, grid: &Grid, scaled: &[u64]) -> Result<Option<Chunk>> {
        let found = self.get(store, grid, scaled)?.filter(|c| c.address.is_defined());
        if found.is_none() {
            return Ok(None);
        }
        match self {
            ChunkIndex::Single { address, filtered } => {
                *address = Addr::UNDEFINED;
                *filtered = filtered.map(|_| (0, 0));
            }
            ChunkIndex::Implicit { .. } => return Err(Error::usage("chunks of an implicit index stay")),
            ChunkIndex::FixedArray { header } => fixed_array::edit::set(store, grid, *header, scaled, None)?,
            ChunkIndex::ExtensibleArray { header } => extensible_array::edit::set(store, grid, *header, scaled, None)?,
            ChunkIndex::BTree2 { header } => btree2::edit::remove(store, grid, *header, scaled)?,
            ChunkIndex::BTree1 { root } => super::btree1::edit::remove(store, grid, *root, scaled)?,
        }
        Ok(found)
    }
    /// Gives every chunk to `each`, then the index's own space back.
    pub fn delete(&mut self, store: &Store, grid: &Grid, each: Visit<'_>) -> Result<()> {
        self.each(store, grid, each)?;
        let address = self.address();
        if !address.is_defined() {
            return Ok(());
        }
        match self {
            ChunkIndex::Single { .. } | ChunkIndex::Implicit { .. } => {}
            ChunkIndex::FixedArray { .. } => fixed_array::edit::delete(store, grid, address)?,
            ChunkIndex::ExtensibleArray { .. } => extensible_array::edit::delete(store, grid, address)?,
            ChunkIndex::BTree2 { .. } => crate::store::btree::v2::delete(store, address, &mut |_| Ok(()))?,
            ChunkIndex::BTree1 { .. } => super::btree1::edit::delete(store, grid, address)?,
        }
        match self {
            ChunkIndex::BTree1 { root: a }
            | ChunkIndex::Single { address: a, .. }
            | ChunkIndex::Implicit { address: a }
            | ChunkIndex::FixedArray { header: a }
            | ChunkIndex::ExtensibleArray { header: a }
            | ChunkIndex::BTree2 { header: a } => *a = Addr::UNDEFINED,
        }
        Ok(())
    }
}

fn self_place(store: &Store, grid: &Grid, address: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    super::implicit::get(grid, address, scaled).map(|c| c.filter(|_| store.is_writable()))
}

impl Elements {
    /// What elements of this dataset's arrays are like.
    pub(super) fn of(store: &Store, grid: &Grid) -> Elements {
        let size_width = grid.size_width(store);
        Elements { size: ChunkEntry::bytes(store.widths, size_width), size_width, chunk_bytes: grid.chunk_bytes }
    }
    /// Checks that the size of a chunk fits.
    pub(super) fn check(&self, chunk: &Chunk) -> Result<()> {
        let bits = u32::from(self.size_width).saturating_mul(8);
        if self.size_width > 0 && chunk.stored_bytes.checked_shr(bits).unwrap_or(0) != 0 {
            let what = format!("a chunk of {} stored bytes, which the index holds in {bits} bits", chunk.stored_bytes);
            return Err(Error::unsupported(what));
        }
        Ok(())
    }
    /// The bytes of an element; none: not allocated.
    pub(super) fn encode(&self, store: &Store, chunk: Option<Chunk>) -> Result<Vec<u8>> {
        let entry = match chunk {
            Some(c) => ChunkEntry {
                address: c.address,
                stored: if self.size_width > 0 { c.stored_bytes } else { 0 },
                filter_mask: c.filter_mask,
            },
            None => ChunkEntry { address: Addr::UNDEFINED, stored: 0, filter_mask: 0 },
        };
        encode(&entry, (store.widths, self.size_width), &RECORD)
    }
    /// So many elements that are not allocated.
    pub(super) fn empty(&self, store: &Store, count: u64) -> Result<Vec<u8>> {
        let bytes = count.saturating_mul(u64::from(self.size));
        let one = self.encode(store, None)?;
        let mut out = vec![0; store.limits.allocation(bytes)?];
        out.chunks_exact_mut(one.len().max(1)).for_each(|place| place.copy_from_slice(&one));
        Ok(out)
    }
}

/// Allocates space for a block and writes it with its checksum; gives its address and its bytes.
pub(super) fn place_sealed(store: &Store, mut block: Vec<u8>, tail: u64) -> Result<(Addr, u64)> {
    checksum::seal(&mut block);
    let bytes = wide(block.len()).saturating_add(tail);
    let address = store.allocate_in_page(bytes)?;
    store.write(address, &block)?;
    Ok((address, bytes))
}

/// Changes bytes of a block of `len` bytes that ends in its checksum. A damaged block is refused: a new checksum
/// would hide the damage.
pub(super) fn patch(store: &Store, (block, len): (Addr, u64), at: u64, new: &[u8], here: &Structure) -> Result<()> {
    let mut bytes = store.block(block, len, here)?;
    let body = checksum::verify(&bytes, here).at(here, block.raw())?.len();
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    let target = bytes.get_mut(..body).and_then(|b| b.get_mut(start..)?.get_mut(..new.len()));
    match target {
        Some(target) => target.copy_from_slice(new),
        None => return Err(here.damaged(format!("no byte {at} in a block of {len}"))),
    }
    bytes.truncate(body);
    checksum::seal(&mut bytes);
    store.write_sealed(block.plus(at), bytes.get(start..).unwrap_or_default(), new.len())
}

/// A block that ends in elements of an array, and then its checksum.
pub(super) trait Block: Any + Clone + Send + Sync {
    /// The elements.
    fn elements(&mut self) -> &mut [u8];
}

impl Block for Page {
    fn elements(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Changes the element at byte `at` of the elements of a block, which was read with its checksum. Its decoded form
/// stays in the cache, so that the next change of it reads nothing.
pub(super) fn set_element<T: Block>(
    store: &Store,
    (address, block): (Addr, Arc<T>),
    (at, element): (u64, &[u8]),
    encoded: impl FnOnce(&T) -> Result<Vec<u8>>,
    here: &Structure,
) -> Result<()> {
    // Out of the cache first: then it is changed where it lies, unless a reader holds it.
    store.evict::<T>(address);
    let mut block = Arc::unwrap_or_clone(block);
    let elements = block.elements();
    let len = elements.len();
    let from = usize::try_from(at).unwrap_or(usize::MAX);
    match elements.get_mut(from..).and_then(|e| e.get_mut(..element.len())) {
        Some(place) => place.copy_from_slice(element),
        None => return Err(here.damaged(format!("no byte {at} in {len} bytes of elements"))),
    }
    let mut bytes = encoded(&block)?;
    let body = bytes.len();
    checksum::seal(&mut bytes);
    let start = body.saturating_sub(len).saturating_add(from);
    store.write_sealed(address.plus(wide(start)), bytes.get(start..).unwrap_or_default(), element.len())?;
    let weight = wide(bytes.len());
    store.cached(address, here, || Ok((block, weight))).map(|_| ())
}

/// Bit `index` of `bytes` set, the highest of a byte first: the byte's place and its new value.
pub(super) fn with_bit(bytes: &[u8], index: u64) -> (u64, u8) {
    let byte = index.checked_div(8).unwrap_or(0);
    let old = usize::try_from(byte).ok().and_then(|i| bytes.get(i)).copied().unwrap_or(0);
    (byte, old | 0x80u8.wrapping_shr(u32::try_from(index.wrapping_rem(8)).unwrap_or(0)))
}

/// The error for a chunk that the array has no element for.
pub(super) fn no_place(scaled: &[u64]) -> Error {
    Error::usage(format!("a chunk at {scaled:?}, beyond the maximum extent"))
}

fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
