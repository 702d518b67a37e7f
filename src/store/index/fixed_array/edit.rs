//! Changing a fixed array.

use super::{body_bytes, data_block, open, page_at};
use crate::error::Result;
use crate::format::fixed_array::{DATA_BLOCK, DataBlock, HERE, Header};
use crate::store::index::edit::{Block, no_place, patch, place_sealed, set_element, with_bit};
use crate::store::index::{Chunk, Elements, Grid, Page, bit, page};
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

impl Block for DataBlock {
    fn elements(&mut self) -> &mut [u8] {
        &mut self.body
    }
}

/// Sets the element of a chunk.
pub(in super::super) fn set(store: &Store, grid: &Grid, address: Addr, scaled: &[u64], chunk: Option<Chunk>) -> Result<()> {
    let (mut head, elements) = open(store, grid, address)?;
    let element = elements.encode(store, chunk)?;
    let place = grid.linear(scaled, 0)?.ok_or_else(|| no_place(scaled))?;
    if place >= head.elements.0 {
        return Err(HERE.mismatch("elements", head.elements.0, format!("one for chunk {place}")));
    }
    if !head.data_block.is_defined() {
        make_data_block(store, &elements, &head, address)?;
        head = open(store, grid, address)?.0;
    }
    let block = data_block(store, &head, address)?;
    let size = u64::from(head.element_size);
    if head.pages() == 0 {
        let encoded = |b: &DataBlock| encode(b, (store.widths, body_bytes(&head)), &DATA_BLOCK);
        let change = (place.saturating_mul(size), element.as_slice());
        return set_element(store, (head.data_block, block), change, encoded, &DATA_BLOCK);
    }
    let index = place.wrapping_shr(u32::from(head.page_bits));
    let (at, bytes, first) = page_at(store, &head, index);
    if !bit(&block.body, index) {
        make_page(store, &elements, &head, &block, index)?;
    }
    let page = page(store, at, bytes, &DATA_BLOCK)?;
    let change = (place.saturating_sub(first).saturating_mul(size), element.as_slice());
    set_element(store, (at, page), change, |p| Ok(p.0.clone()), &DATA_BLOCK)
}

/// Writes a page without any chunk, and says so in the bitmap.
fn make_page(store: &Store, elements: &Elements, head: &Header, block: &DataBlock, index: u64) -> Result<()> {
    let (at, bytes, _) = page_at(store, head, index);
    let mut empty = elements.empty(store, bytes.checked_div(u64::from(head.element_size)).unwrap_or(0))?;
    checksum::seal(&mut empty);
    store.write(at, &empty)?;
    store.evict::<Page>(at);
    let prefix = Header::data_block_bytes(store.widths, body_bytes(head));
    let bitmap = prefix.saturating_sub(4).saturating_sub(body_bytes(head));
    let (byte, new) = with_bit(&block.body, index);
    patch(store, (head.data_block, prefix), bitmap.saturating_add(byte), &[new], &DATA_BLOCK)?;
    store.evict::<DataBlock>(head.data_block);
    Ok(())
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
