//! Changing an extensible array: blocks come into being with the first element in them.

use std::sync::Arc;

use super::{Array, HEADER_WEIGHT, nth, unlimited};
use crate::error::{Error, Result};
use crate::format::extensible_array::{
    DATA_BLOCK, DataBlock, HERE, Header, INDEX_BLOCK, IndexBlock, SUPER_BLOCK, SuperBlock, SuperBlockShape,
};
use crate::format::message::layout::ExtensibleArrayParameters;
use crate::store::Store;
use crate::store::index::edit::{Block, no_place, patch, place_sealed, set_element, with_bit};
use crate::store::index::{Chunk, Elements, Grid, Page, bit};
use crate::wire::{Addr, Length, checksum, encode};

/// The parameters that libhdf5 takes.
const DEFAULT: ExtensibleArrayParameters = ExtensibleArrayParameters {
    max_elements_bits: 32,
    index_block_elements: 4,
    super_block_min_pointers: 4,
    data_block_min_elements: 16,
    page_bits: 10,
};

/// Makes an array without any block.
pub(in super::super) fn create(store: &Store, grid: &Grid) -> Result<Addr> {
    let p = grid.extensible.unwrap_or(DEFAULT);
    let header = Header {
        client: u8::from(grid.filtered),
        element_size: Elements::of(store, grid).size,
        max_bits: p.max_elements_bits,
        index_elements: p.index_block_elements,
        min_elements: p.data_block_min_elements,
        min_pointers: p.super_block_min_pointers,
        page_bits: p.page_bits,
        super_blocks: Length(0),
        super_block_bytes: Length(0),
        data_blocks: Length(0),
        data_block_bytes: Length(0),
        max_index: Length(0),
        elements: Length(0),
        index_block: Addr::UNDEFINED,
    };
    Ok(place_sealed(store, encode(&header, (store.widths,), &HERE)?, 0)?.0)
}

impl Block for DataBlock {
    fn elements(&mut self) -> &mut [u8] {
        &mut self.elements
    }
}

/// An array under change; its header is written when all is done.
struct Editor<'a> {
    array: Array<'a>,
}

/// A data block of a super block, and an element in it.
struct Place<'s> {
    shape: &'s SuperBlockShape,
    block: u64,
    within: u64,
}

impl Editor<'_> {
    fn store(&self) -> &Store {
        self.array.store
    }
    fn head(&self) -> &Header {
        &self.array.head
    }
    fn head_mut(&mut self) -> &mut Header {
        Arc::make_mut(&mut self.array.head)
    }
    fn ensure_index_block(&mut self) -> Result<()> {
        if self.head().index_block.is_defined() {
            return Ok(());
        }
        let (w, head) = (self.store().widths, self.head());
        let elements = u64::from(head.index_elements);
        let block = IndexBlock {
            client: head.client,
            header: self.array.address,
            elements: self.array.elements.empty(self.store(), elements)?,
            data_blocks: self.undefined(head.index_data_blocks())?,
            super_blocks: self.undefined(head.index_super_blocks())?,
        };
        let (address, _) = place_sealed(self.store(), encode(&block, (w, head), &INDEX_BLOCK)?, 0)?;
        let head = self.head_mut();
        head.index_block = address;
        head.elements.0 = head.elements.0.saturating_add(elements);
        Ok(())
    }
    /// So many addresses of blocks that are not there.
    fn undefined(&self, count: u64) -> Result<Vec<Addr>> {
        let bytes = count.saturating_mul(8);
        let count = self.store().limits.allocation(bytes)?.checked_div(8).unwrap_or(0);
        Ok(vec![Addr::UNDEFINED; count])
    }
    /// Changes bytes of the index block.
    fn patch_index(&self, at: u64, new: &[u8]) -> Result<()> {
        let block = self.head().index_block;
        let len = self.head().index_block_bytes(self.store().widths);
        patch(self.store(), (block, len), at, new, &INDEX_BLOCK)?;
        self.store().evict::<IndexBlock>(block);
        Ok(())
    }
    /// Bytes of the index block before its elements.
    fn prefix(&self) -> u64 {
        6u64.saturating_add(u64::from(self.store().widths.offset))
    }
    /// Bytes of a super block before its bitmap.
    fn super_prefix(&self) -> u64 {
        self.prefix().saturating_add(u64::from(self.head().offset_width()))
    }
    fn address_bytes(&self, address: Addr) -> Result<Vec<u8>> {
        encode(&address, (self.store().widths,), &HERE)
    }
    /// Sets address `index` behind the elements of the index block.
    fn set_index_address(&self, index: u64, address: Addr) -> Result<()> {
        let elements = self.head().elements_bytes(u64::from(self.head().index_elements));
        let skip = index.saturating_mul(u64::from(self.store().widths.offset));
        let at = self.prefix().saturating_add(elements).saturating_add(skip);
        self.patch_index(at, &self.address_bytes(address)?)
    }
    fn new_data_block(&mut self, shape: &SuperBlockShape, block: u64) -> Result<Addr> {
        let (w, head) = (self.store().widths, self.head());
        let elements = match shape.pages {
            0 => self.array.elements.empty(self.store(), shape.block_elements)?,
            _ => Vec::new(),
        };
        let offset = shape.first_element.saturating_add(block.saturating_mul(shape.block_elements));
        let data = DataBlock { client: head.client, header: self.array.address, offset, elements };
        let tail = shape.pages.saturating_mul(head.elements_bytes(head.page_elements()).saturating_add(4));
        let (address, bytes) = place_sealed(self.store(), encode(&data, (w, head, shape), &DATA_BLOCK)?, tail)?;
        let head = self.head_mut();
        head.data_blocks.0 = head.data_blocks.0.saturating_add(1);
        head.data_block_bytes.0 = head.data_block_bytes.0.saturating_add(bytes);
        head.elements.0 = head.elements.0.saturating_add(shape.block_elements);
        Ok(address)
    }
    fn new_super_block(&mut self, shape: &SuperBlockShape) -> Result<Addr> {
        let (w, head) = (self.store().widths, self.head());
        let bitmap = vec![0; self.store().limits.allocation(shape.blocks.saturating_mul(shape.bitmap_bytes))?];
        let block = SuperBlock {
            client: head.client,
            header: self.array.address,
            offset: shape.first_element,
            bitmap,
            data_blocks: self.undefined(shape.blocks)?,
        };
        let (address, bytes) = place_sealed(self.store(), encode(&block, (w, head, shape), &SUPER_BLOCK)?, 0)?;
        let head = self.head_mut();
        head.super_blocks.0 = head.super_blocks.0.saturating_add(1);
        head.super_block_bytes.0 = head.super_block_bytes.0.saturating_add(bytes);
        Ok(address)
    }
    fn set(&mut self, place: u64, element: &[u8]) -> Result<()> {
        self.ensure_index_block()?;
        let index_block = self.array.index_block()?;
        let Some(number) = place.checked_sub(u64::from(self.head().index_elements)) else {
            let at = self.prefix().saturating_add(self.head().elements_bytes(place));
            return self.patch_index(at, element);
        };
        let found = self.head().super_block_of(number);
        let Some((index, shape)) = found.and_then(|n| Some((n, self.head().super_block(n)?))) else {
            return Err(Error::unsupported(format!("chunk {place} of an array of 2^{}", self.head().max_bits)));
        };
        let within = number.saturating_sub(shape.first_element);
        let block = within.checked_div(shape.block_elements).unwrap_or(0);
        let within = within.checked_rem(shape.block_elements).unwrap_or(0);
        let place = Place { shape: &shape, block, within };
        match index.checked_sub(self.head().first_super_block()) {
            Some(stored) => self.set_below_super_block(&index_block, u64::from(stored), &place, element),
            None => {
                let slot = shape.first_block.saturating_add(block);
                let mut address = nth(&index_block.data_blocks, slot);
                if !address.is_defined() {
                    address = self.new_data_block(&shape, block)?;
                    self.set_index_address(slot, address)?;
                }
                self.set_in_block(address, &place, element)
            }
        }
    }
    fn set_below_super_block(
        &mut self,
        index_block: &IndexBlock,
        slot: u64,
        place: &Place<'_>,
        element: &[u8],
    ) -> Result<()> {
        let mut at = nth(&index_block.super_blocks, slot);
        if !at.is_defined() {
            at = self.new_super_block(place.shape)?;
            self.set_index_address(self.head().index_data_blocks().saturating_add(slot), at)?;
        }
        let super_block = self.array.super_block(at, place.shape)?;
        let mut address = nth(&super_block.data_blocks, place.block);
        if !address.is_defined() {
            address = self.new_data_block(place.shape, place.block)?;
            let bitmaps = place.shape.blocks.saturating_mul(place.shape.bitmap_bytes);
            let skip = place.block.saturating_mul(u64::from(self.store().widths.offset));
            let from = bitmaps.saturating_add(skip);
            self.patch_super(at, place.shape, from, &self.address_bytes(address)?)?;
        }
        if place.shape.pages == 0 {
            return self.set_in_block(address, place, element);
        }
        // The pages have no word of whose they are, but the block before them has.
        self.array.data_block(address, place.shape)?;
        let page = place.within.wrapping_shr(u32::from(self.head().page_bits));
        let page_at = self.array.page_address(address, place.shape, page);
        let bit_index = place.block.saturating_mul(place.shape.pages).saturating_add(page);
        if !bit(&super_block.bitmap, bit_index) {
            let mut empty = self.array.elements.empty(self.store(), self.head().page_elements())?;
            checksum::seal(&mut empty);
            self.store().write(page_at, &empty)?;
            self.store().evict::<Page>(page_at);
            let (byte, new) = with_bit(&super_block.bitmap, bit_index);
            self.patch_super(at, place.shape, byte, &[new])?;
        }
        let elements = self.array.page(address, place.shape, page)?;
        let within = place.within.saturating_sub(page.saturating_mul(self.head().page_elements()));
        let change = (self.head().elements_bytes(within), element);
        set_element(self.store(), (page_at, elements), change, |p| Ok(p.0.clone()), &DATA_BLOCK)
    }
    /// Sets an element of a data block without pages.
    fn set_in_block(&self, address: Addr, place: &Place<'_>, element: &[u8]) -> Result<()> {
        let block = self.array.data_block(address, place.shape)?;
        let args = (self.store().widths, self.head(), place.shape);
        let change = (self.head().elements_bytes(place.within), element);
        set_element(self.store(), (address, block), change, |b| encode(b, args, &DATA_BLOCK), &DATA_BLOCK)
    }
    /// Changes bytes of a super block, counted from its bitmap on.
    fn patch_super(&self, at: Addr, shape: &SuperBlockShape, from: u64, new: &[u8]) -> Result<()> {
        let len = self.head().super_block_bytes(self.store().widths, shape);
        patch(self.store(), (at, len), self.super_prefix().saturating_add(from), new, &SUPER_BLOCK)?;
        self.store().evict::<SuperBlock>(at);
        Ok(())
    }
}

/// Sets the element of a chunk.
pub(in super::super) fn set(store: &Store, grid: &Grid, address: Addr, scaled: &[u64], chunk: Option<Chunk>) -> Result<()> {
    let place = grid.linear(scaled, unlimited(grid)?)?.ok_or_else(|| no_place(scaled))?;
    let array = Array::open(store, grid, address)?;
    let element = array.elements.encode(store, chunk)?;
    let before = array.head.clone();
    let mut editor = Editor { array };
    editor.set(place, &element)?;
    if chunk.is_some() && before.max_index.0 <= place {
        editor.head_mut().max_index.0 = place.saturating_add(1);
    }
    if *editor.array.head != *before {
        let mut bytes = encode(editor.head(), (store.widths,), &HERE)?;
        checksum::seal(&mut bytes);
        store.write(address, &bytes)?;
        store.evict::<Header>(address);
        let head = Arc::unwrap_or_clone(editor.array.head);
        store.cached(address, &HERE, || Ok((head, HEADER_WEIGHT)))?;
    }
    Ok(())
}

/// Gives the array's space back.
pub(in super::super) fn delete(store: &Store, grid: &Grid, address: Addr) -> Result<()> {
    let array = Array::open(store, grid, address)?;
    let (w, head) = (store.widths, array.head.clone());
    let page = head.elements_bytes(head.page_elements()).saturating_add(4);
    let free_data = |block: Addr, shape: &SuperBlockShape| -> Result<()> {
        if !block.is_defined() {
            return Ok(());
        }
        let own = head.data_block_bytes(w, shape);
        (0..shape.pages).for_each(|i| store.evict::<Page>(block.plus(own).plus(i.saturating_mul(page))));
        store.evict::<DataBlock>(block);
        store.free(block, own.saturating_add(shape.pages.saturating_mul(page)))
    };
    if head.index_block.is_defined() {
        let index = array.index_block()?;
        let mut blocks = index.data_blocks.iter();
        for number in 0..head.first_super_block() {
            let Some(shape) = head.super_block(number) else { break };
            (0..shape.blocks).zip(blocks.by_ref()).try_for_each(|(_, b)| free_data(*b, &shape))?;
        }
        for (number, &at) in (head.first_super_block()..).zip(&index.super_blocks).filter(|(_, a)| a.is_defined()) {
            let Some(shape) = head.super_block(number) else { break };
            array.super_block(at, &shape)?.data_blocks.iter().try_for_each(|b| free_data(*b, &shape))?;
            store.evict::<SuperBlock>(at);
            store.free(at, head.super_block_bytes(w, &shape))?;
        }
        store.evict::<IndexBlock>(head.index_block);
        store.free(head.index_block, head.index_block_bytes(w))?;
    }
    store.evict::<Header>(address);
    store.free(address, Header::bytes(w))
}
