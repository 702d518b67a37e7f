//! Changing a fixed array.

use super::{body_bytes, open, page_of};
use crate::error::Result;
use crate::format::fixed_array::{DATA_BLOCK, DataBlock, HERE, Header};
use crate::store::index::edit::{patch, place_sealed};
use crate::store::index::{Chunk, Elements, Grid, Page, bit};
use crate::store::Store;
use crate::wire::{Addr, Length, checksum, encode};

/// Base-2 logarithm of the elements in a page, as libhdf5 makes them.
const PAGE_BITS: u8 = 10;

/// Makes an array with an element for each chunk of the greatest extent.
pub(in super::super) fn create(store: &Store, grid: &Grid) -> Result<Addr> {
    let elements = Elements::of(store, grid);
    let count = (0..grid.chunk.len()).try_fold(1u64, |n, d| n.checked_mul(grid.chunks_along(d)?));
    let Some(count) = count else { return Err(HERE.damaged("a fixed array without end")) };
    let header = Header {
        client: u8::from(grid.filtered),
        element_size: elements.size,
        page_bits: grid.page_bits.unwrap_or(PAGE_BITS),
        elements: Length(count),
        data_block: Addr::UNDEFINED,
    };
    Ok(place_sealed(store, encode(&header, (store.widths,), &HERE)?, 0)?.0)
}

fn page_bytes(head: &Header, index: u64) -> u64 {
    let first = index.saturating_mul(head.page_elements());
    let count = head.elements.0.saturating_sub(first).min(head.page_elements());
    count.saturating_mul(u64::from(head.element_size))
}

/// Bytes of all pages with their checksums.
fn pages_bytes(head: &Header) -> u64 {
    match head.pages() {
        0 => 0,
        pages => pages.saturating_mul(4).saturating_add(head.elements.0.saturating_mul(u64::from(head.element_size))),
    }
}

fn make_data_block(store: &Store, elements: &Elements, head: &Header, address: Addr) -> Result<Addr> {
    let body = match head.pages() {
        0 => elements.empty(store, head.elements.0)?,
        _ => vec![0; store.limits.allocation(body_bytes(head))?],
    };
    let block = DataBlock { client: head.client, header: address, body };
    let block = encode(&block, (store.widths, body_bytes(head)), &DATA_BLOCK)?;
    let (place, _) = place_sealed(store, block, pages_bytes(head))?;
    let new = Header { data_block: place, ..head.clone() };
    let mut bytes = encode(&new, (store.widths,), &HERE)?;
    checksum::seal(&mut bytes);
    store.write(address, &bytes)?;
    store.evict::<Header>(address);
    Ok(place)
}

/// Sets the element of a chunk.
pub(in super::super) fn set(store: &Store, grid: &Grid, address: Addr, scaled: &[u64], chunk: Option<Chunk>) -> Result<()> {
    let (mut head, elements) = open(store, grid, address)?;
    let Some(place) = grid.linear(scaled, 0)?.filter(|p| *p < head.elements.0) else {
        return Err(HERE.damaged(format!("no element for the chunk at {scaled:?}")));
    };
    let element = elements.encode(store, chunk)?;
    if !head.data_block.is_defined() {
        make_data_block(store, &elements, &head, address)?;
        head = open(store, grid, address)?.0;
    }
    let (block, size) = (head.data_block, u64::from(head.element_size));
    let prefix = Header::data_block_bytes(store.widths, body_bytes(&head));
    let body_at = prefix.saturating_sub(4).saturating_sub(body_bytes(&head));
    if head.pages() == 0 {
        patch(store, (block, prefix), body_at.saturating_add(place.saturating_mul(size)), &element, &DATA_BLOCK)?;
        store.evict::<DataBlock>(block);
        return Ok(());
    }
    let index = place.wrapping_shr(u32::from(head.page_bits));
    let full = head.page_elements().saturating_mul(size).saturating_add(4);
    let page = block.plus(prefix).plus(index.saturating_mul(full));
    let bytes = page_bytes(&head, index);
    let bitmap = super::data_block(store, &head, address)?;
    if !bit(&bitmap.body, index) {
        let mut empty = elements.empty(store, bytes.checked_div(size).unwrap_or(0))?;
        checksum::seal(&mut empty);
        store.write(page, &empty)?;
        let byte = index.checked_div(8).unwrap_or(0);
        let old = usize::try_from(byte).ok().and_then(|i| bitmap.body.get(i)).copied().unwrap_or(0);
        let new = old | 0x80u8.wrapping_shr(u32::try_from(index.wrapping_rem(8)).unwrap_or(0));
        patch(store, (block, prefix), body_at.saturating_add(byte), &[new], &DATA_BLOCK)?;
        store.evict::<DataBlock>(block);
    }
    let first = index.saturating_mul(head.page_elements());
    let at = place.saturating_sub(first).saturating_mul(size);
    patch(store, (page, bytes.saturating_add(4)), at, &element, &DATA_BLOCK)?;
    store.evict::<Page>(page);
    page_of(store, &head, index).map(|_| ())
}

/// Gives the array's space back.
pub(in super::super) fn delete(store: &Store, grid: &Grid, address: Addr) -> Result<()> {
    let (head, _) = open(store, grid, address)?;
    if head.data_block.is_defined() {
        let bytes = Header::data_block_bytes(store.widths, body_bytes(&head)).saturating_add(pages_bytes(&head));
        store.free(head.data_block, bytes)?;
        store.evict::<DataBlock>(head.data_block);
        let full = head.page_elements().saturating_mul(u64::from(head.element_size)).saturating_add(4);
        let pages = head.data_block.plus(Header::data_block_bytes(store.widths, body_bytes(&head)));
        (0..head.pages()).for_each(|i| store.evict::<Page>(pages.plus(i.saturating_mul(full))));
    }
    store.evict::<Header>(address);
    store.free(address, Header::bytes(store.widths))
}
