//! Extensible array: chunks row by row with the unlimited dimension as the slowest. Clause VII.D.

use std::sync::Arc;

use super::{Chunk, Elements, Grid, Visit, Walk, bit, page};
use crate::error::{Result, Structure};
use crate::format::extensible_array::{
    DATA_BLOCK, DataBlock, HERE, Header, INDEX_BLOCK, IndexBlock, SUPER_BLOCK, SuperBlock, SuperBlockShape,
};
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

pub(super) mod edit;

/// Bytes that a decoded header counts for in the cache.
const HEADER_WEIGHT: u64 = 128;

/// An open array.
struct Array<'a> {
    store: &'a Store,
    address: Addr,
    head: Arc<Header>,
    elements: Elements,
}

/// The one unlimited dimension.
fn unlimited(grid: &Grid) -> Result<usize> {
    let mut found = grid.max_dims.iter().enumerate().filter(|(_, max)| max.is_none());
    match (found.next(), found.next()) {
        (Some((dimension, _)), None) => Ok(dimension),
        _ => Err(HERE.damaged("an extensible array is for exactly one unlimited dimension")),
    }
}

impl<'a> Array<'a> {
    fn open(store: &'a Store, grid: &Grid, address: Addr) -> Result<Self> {
        let head = store.cached(address, &HERE, || {
            let w = store.widths;
            let block = store.block(address, Header::bytes(w), &HERE)?;
            Ok((Header::parse(verify(&block, &HERE)?, w)?, HEADER_WEIGHT))
        })?;
        let elements = Elements::new(store, grid, head.client, head.element_size, &HERE)?;
        Ok(Array { store, address, head, elements })
    }
    /// Checks what every block repeats of the header.
    fn owned(&self, header: Addr, client: u8, at: &Structure) -> Result<()> {
        if header == self.address && client == self.head.client {
            return Ok(());
        }
        let expected = (self.address, self.head.client);
        Err(at.mismatch("header and client", format!("{:?}", (header, client)), format!("{expected:?}")))
    }
    fn index_block(&self) -> Result<Arc<IndexBlock>> {
        let (w, head, address) = (self.store.widths, &*self.head, self.head.index_block);
        let block = self.store.cached(address, &INDEX_BLOCK, || {
            let size = head.index_block_bytes(w);
            let block = self.store.block(address, size, &INDEX_BLOCK)?;
            let (block, _) = decode::<IndexBlock>(verify(&block, &INDEX_BLOCK)?, (w, head), &INDEX_BLOCK)?;
            Ok((block, size))
        })?;
        self.owned(block.header, block.client, &INDEX_BLOCK)?;
        Ok(block)
    }
    fn super_block(&self, address: Addr, shape: &SuperBlockShape) -> Result<Arc<SuperBlock>> {
        let (w, head) = (self.store.widths, &*self.head);
        let block = self.store.cached(address, &SUPER_BLOCK, || {
            let size = head.super_block_bytes(w, shape);
            let block = self.store.block(address, size, &SUPER_BLOCK)?;
            let body = verify(&block, &SUPER_BLOCK)?;
            Ok((decode::<SuperBlock>(body, (w, head, shape), &SUPER_BLOCK)?.0, size))
        })?;
        self.owned(block.header, block.client, &SUPER_BLOCK)?;
        if block.offset != shape.first_element {
            return Err(SUPER_BLOCK.mismatch("offset", block.offset, shape.first_element));
        }
        Ok(block)
    }
    fn data_block(&self, address: Addr, shape: &SuperBlockShape) -> Result<Arc<DataBlock>> {
        let (w, head) = (self.store.widths, &*self.head);
        let block = self.store.cached(address, &DATA_BLOCK, || {
            let size = head.data_block_bytes(w, shape);
            let block = self.store.block(address, size, &DATA_BLOCK)?;
            let body = verify(&block, &DATA_BLOCK)?;
            Ok((decode::<DataBlock>(body, (w, head, shape), &DATA_BLOCK)?.0, size))
        })?;
        self.owned(block.header, block.client, &DATA_BLOCK)?;
        Ok(block)
    }
    /// The elements of a page of the data block at `address`.
    fn page(&self, address: Addr, shape: &SuperBlockShape, index: u64) -> Result<Arc<super::Page>> {
        let bytes = self.head.elements_bytes(self.head.page_elements());
        page(self.store, self.page_address(address, shape, index), bytes, &DATA_BLOCK)
    }
    /// Where a page of the data block at `address` lies.
    fn page_address(&self, address: Addr, shape: &SuperBlockShape, index: u64) -> Addr {
        let bytes = self.head.elements_bytes(self.head.page_elements());
        let prefix = self.head.data_block_bytes(self.store.widths, shape);
        address.plus(prefix).plus(index.saturating_mul(bytes.saturating_add(4)))
    }
    /// The chunk of an element.
    fn get(&self, place: u64) -> Result<Option<Chunk>> {
        if !self.head.index_block.is_defined() {
            return Ok(None);
        }
        let index = self.index_block()?;
        let Some(element) = place.checked_sub(u64::from(self.head.index_elements)) else {
            return self.elements.get(self.store, &index.elements, place, &INDEX_BLOCK);
        };
        let number = self.head.super_block_of(element);
        let Some((number, shape)) = number.and_then(|n| Some((n, self.head.super_block(n)?))) else {
            return Ok(None);
        };
        let within = element.saturating_sub(shape.first_element);
        let block = within.checked_div(shape.block_elements).unwrap_or(0);
        let rest = within.checked_rem(shape.block_elements).unwrap_or(0);
        let Some(stored) = number.checked_sub(self.head.first_super_block()) else {
            let address = nth(&index.data_blocks, shape.first_block.saturating_add(block));
            return self.in_block(address, &shape, rest);
        };
        let address = nth(&index.super_blocks, u64::from(stored));
        if !address.is_defined() {
            return Ok(None);
        }
        let super_block = self.super_block(address, &shape)?;
        let address = nth(&super_block.data_blocks, block);
        if shape.pages == 0 || !address.is_defined() {
            return self.in_block(address, &shape, rest);
        }
        let page = rest.wrapping_shr(u32::from(self.head.page_bits));
        if !bit(&super_block.bitmap, block.saturating_mul(shape.pages).saturating_add(page)) {
            return Ok(None);
        }
        self.data_block(address, &shape)?;
        let first = page.saturating_mul(self.head.page_elements());
        let elements = self.page(address, &shape, page)?;
        self.elements.get(self.store, &elements.0, rest.saturating_sub(first), &DATA_BLOCK)
    }
    fn in_block(&self, address: Addr, shape: &SuperBlockShape, element: u64) -> Result<Option<Chunk>> {
        if !address.is_defined() {
            return Ok(None);
        }
        let block = self.data_block(address, shape)?;
        self.elements.get(self.store, &block.elements, element, &DATA_BLOCK)
    }
    fn each(&self, walk: &mut Walk<'_, '_>) -> Result<()> {
        if !self.head.index_block.is_defined() {
            return Ok(());
        }
        let index = self.index_block()?;
        walk.work.spend(u64::from(self.head.index_elements).saturating_add(1))?;
        self.elements.each(walk, &index.elements, 0, &INDEX_BLOCK)?;
        let mut addresses = index.data_blocks.iter();
        for number in 0..self.head.first_super_block() {
            let Some(shape) = self.head.super_block(number) else { break };
            for (block, &address) in (0..shape.blocks).zip(addresses.by_ref()) {
                self.each_in_block(walk, &shape, address, block, &[])?;
            }
        }
        let numbers = self.head.first_super_block()..;
        for (number, &address) in numbers.zip(&index.super_blocks).filter(|(_, a)| a.is_defined()) {
            let Some(shape) = self.head.super_block(number) else { break };
            let super_block = self.super_block(address, &shape)?;
            walk.work.spend(shape.blocks)?;
            for (block, &address) in (0u64..).zip(&super_block.data_blocks) {
                self.each_in_block(walk, &shape, address, block, &super_block.bitmap)?;
            }
        }
        Ok(())
    }
    /// Visits the chunks of data block `block` of a super block.
    fn each_in_block(
        &self,
        walk: &mut Walk<'_, '_>,
        shape: &SuperBlockShape,
        address: Addr,
        block: u64,
        bitmap: &[u8],
    ) -> Result<()> {
        if !address.is_defined() {
            return Ok(());
        }
        let data = self.data_block(address, shape)?;
        let before = block.saturating_mul(shape.block_elements).saturating_add(shape.first_element);
        let first = before.saturating_add(u64::from(self.head.index_elements));
        if shape.pages == 0 {
            walk.work.spend(shape.block_elements)?;
            return self.elements.each(walk, &data.elements, first, &DATA_BLOCK);
        }
        for index in 0..shape.pages {
            walk.work.spend(1)?;
            if bit(bitmap, block.saturating_mul(shape.pages).saturating_add(index)) {
                walk.work.spend(self.head.page_elements())?;
                let page = self.page(address, shape, index)?;
                let skip = index.saturating_mul(self.head.page_elements());
                self.elements.each(walk, &page.0, first.saturating_add(skip), &DATA_BLOCK)?;
            }
        }
        Ok(())
    }
}

fn nth(addresses: &[Addr], index: u64) -> Addr {
    let found = usize::try_from(index).ok().and_then(|i| addresses.get(i));
    found.copied().unwrap_or(Addr::UNDEFINED)
}

pub(super) fn get(store: &Store, grid: &Grid, address: Addr, scaled: &[u64]) -> Result<Option<Chunk>> {
    let slowest = unlimited(grid)?;
    match grid.linear(scaled, slowest)? {
        Some(place) => Array::open(store, grid, address)?.get(place),
        None => Ok(None),
    }
}

pub(super) fn each(store: &Store, grid: &Grid, address: Addr, visit: Visit<'_>) -> Result<()> {
    let slowest = unlimited(grid)?;
    Array::open(store, grid, address)?.each(&mut Walk::new(store, grid, slowest, visit))
}
