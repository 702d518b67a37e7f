//! Fixed array: an element for each chunk of the maximum extent, row by row. Clause VII.C.

use std::sync::Arc;

use super::{Chunk, Elements, Grid, Visit, Walk, bit, page};
use crate::error::Result;
use crate::format::fixed_array::{DATA_BLOCK, DataBlock, HERE, Header};
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

pub(super) mod edit;

fn open(store: &Store, grid: &Grid, address: Addr) -> Result<(Arc<Header>, Elements)> {
    let head = store.cached(address, &HERE, || {
        let w = store.widths;
        let block = store.block(address, Header::bytes(w), &HERE)?;
        let (head, _) = decode::<Header>(verify(&block, &HERE)?, (w,), &HERE)?;
        Ok((head, 64))
    })?;
    let elements = Elements::new(store, grid, head.client, head.element_size, &HERE)?;
    Ok((head, elements))
}

/// Bytes of the data block's bitmap, or of its elements.
fn body_bytes(head: &Header) -> u64 {
    match head.pages() {
        0 => head.elements.0.saturating_mul(u64::from(head.element_size)),
        pages => pages.div_ceil(8),
    }
}

fn data_block(store: &Store, head: &Header, address: Addr) -> Result<Arc<DataBlock>> {
    let block = store.cached(head.data_block, &DATA_BLOCK, || {
        let (w, body) = (store.widths, body_bytes(head));
        let block = store.block(head.data_block, Header::data_block_bytes(w, body), &DATA_BLOCK)?;
        let (block, _) = decode::<DataBlock>(verify(&block, &DATA_BLOCK)?, (w, body), &DATA_BLOCK)?;
        Ok((block, body))
    })?;
    if block.header != address || block.client != head.client {
        let (found, expected) = ((block.header, block.client), (address, head.client));
        return Err(DATA_BLOCK.mismatch("header and client", format!("{found:?}"), format!("{expected:?}")));
    }
    Ok(block)
}

/// Where page `index` lies, its bytes without the checksum, and the place of its first element.
fn page_at(store: &Store, head: &Header, index: u64) -> (Addr, u64, u64) {
    let size = u64::from(head.element_size);
    let full = head.page_elements();
    let first = index.saturating_mul(full);
    let stride = full.saturating_mul(size).saturating_add(4);
    let prefix = Header::data_block_bytes(store.widths, body_bytes(head));
    let address = head.data_block.plus(prefix).plus(index.saturating_mul(stride));
    let count = head.elements.0.saturating_sub(first).min(full);
    (address, count.saturating_mul(size), first)
}

/// The elements of page `index`, and the place of its first.
fn page_of(store: &Store, head: &Header, index: u64) -> Result<(Arc<super::Page>, u64)> {
    let (address, bytes, first) = page_at(store, head, index);
    Ok((page(store, address, bytes, &DATA_BLOCK)?, first))
}

pub(super) fn get(store: &Store, grid: &Grid, address: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    let (head, elements) = open(store, grid, address)?;
    let Some(place) = grid.linear(scaled, 0)? else { return Ok(None) };
    if place >= head.elements.0 {
        return Err(HERE.mismatch("elements", head.elements.0, format!("one for chunk {place}")));
    }
    if !head.data_block.is_defined() {
        return Ok(None);
    }
    let block = data_block(store, &head, address)?;
    if head.pages() == 0 {
        return elements.get(store, &block.body, place, &DATA_BLOCK);
    }
    let index = place.wrapping_shr(u32::from(head.page_bits));
    if !bit(&block.body, index) {
        return Ok(None);
    }
    let (page, first) = page_of(store, &head, index)?;
    elements.get(store, &page.0, place.saturating_sub(first), &DATA_BLOCK)
}

pub(super) fn each(store: &Store, grid: &Grid, address: Addr, visit: Visit<'_>) -> Result<()> {
    let (head, elements) = open(store, grid, address)?;
    if !head.data_block.is_defined() {
        return Ok(());
    }
    let block = data_block(store, &head, address)?;
    let mut walk = Walk::new(store, grid, 0, visit);
    if head.pages() == 0 {
        walk.work.spend(head.elements.0)?;
        return elements.each(&mut walk, &block.body, 0, &DATA_BLOCK);
    }
    for index in 0..head.pages() {
        walk.work.spend(1)?;
        if bit(&block.body, index) {
            walk.work.spend(head.page_elements())?;
            let (page, first) = page_of(store, &head, index)?;
            elements.each(&mut walk, &page.0, first, &DATA_BLOCK)?;
        }
    }
    Ok(())
}
