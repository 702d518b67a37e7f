//! Changing an extensible array: blocks come into being with the first element in them.

use super::{Array, nth, unlimited};
use crate::error::{Error, Result};
use crate::format::extensible_array::{
    DATA_BLOCK, DataBlock, HERE, Header, INDEX_BLOCK, IndexBlock, SUPER_BLOCK, SuperBlock, SuperBlockShape,
};
use crate::format::message::layout::ExtensibleArrayParameters;
use crate::store::Store;
use crate::store::index::edit::{patch, place_sealed};
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

/// An array under change.
struct Editor<'a> {
    array: Array<'a>,
    head: Header,
}

impl Editor<'_> {
    fn store(&self) -> &Store {
        self.array.store
    }
    fn index_block(&mut self) -> Result<Addr> {
        if self.head.index_block.is_defined() {
            return Ok(self.head.index_block);
        }
        let (w, head) = (self.store().widths, &self.head);
        let undefined = |n: u64| vec![Addr::UNDEFINED; usize::try_from(n).unwrap_or(0)];
        let block = IndexBlock {
            client: head.client,
            header: self.array.address,
            elements: self.array.elements.empty(self.store(), u64::from(head.index_elements))?,
            data_blocks: undefined(head.index_data_blocks()),
            super_blocks: undefined(head.index_super_blocks()),
        };
        let (address, _) = place_sealed(self.store(), encode(&block, (w, head), &INDEX_BLOCK)?, 0)?;
        self.head.index_block = address;
        self.head.elements.0 = self.head.elements.0.saturating_add(u64::from(self.head.index_elements));
        Ok(address)
    }
    /// Changes bytes of the index block, from its end as its addresses are counted.
    fn patch_index(&self, at: u64, new: &[u8]) -> Result<()> {
        let len = self.head.index_block_bytes(self.store().widths);
        patch(self.store(), (self.head.index_block, len), at, new, &INDEX_BLOCK)?;
        self.store().evict::<IndexBlock>(self.head.index_block);
        Ok(())
    }
    /// Bytes of the index block before its elements.
    fn prefix(&self) -> u64 {
        6u64.saturating_add(u64::from(self.store().widths.offset))
    }
    fn address_bytes(&self, address: Addr) -> Result<Vec<u8>> {
        encode(&address, (self.store().widths,), &HERE)
    }
    /// Sets address `index` behind the elements of the index block.
    fn set_index_address(&self, index: u64, address: Addr) -> Result<()> {
        let elements = self.head.elements_bytes(u64::from(self.head.index_elements));
        let skip = index.saturating_mul(u64::from(self.store().widths.offset));
        let at = self.prefix().saturating_add(elements).saturating_add(skip);
        self.patch_index(at, &self.address_bytes(address)?)
    }
    fn new_data_block(&mut self, shape: &SuperBlockShape, block: u64) -> Result<Addr> {
        let (w, head) = (self.store().widths, &self.head);
        let elements = match shape.pages {
            0 => self.array.elements.empty(self.store(), shape.block_elements)?,
            _ => Vec::new(),
        };
        let offset = shape.first_element.saturating_add(block.saturating_mul(shape.block_elements));
        let data = DataBlock { client: head.client, header: self.array.address, offset, elements };
        let tail = shape.pages.saturating_mul(head.elements_bytes(head.page_elements()).saturating_add(4));
        let (address, bytes) = place_sealed(self.store(), encode(&data, (w, head, shape), &DATA_BLOCK)?, tail)?;
        self.head.data_blocks.0 = self.head.data_blocks.0.saturating_add(1);
        self.head.data_block_bytes.0 = self.head.data_block_bytes.0.saturating_add(bytes);
        self.head.elements.0 = self.head.elements.0.saturating_add(shape.block_elements);
        Ok(address)
    }
    fn new_super_block(&mut self, shape: &SuperBlockShape) -> Result<Addr> {
        let (w, head) = (self.store().widths, &self.head);
        let blocks = usize::try_from(shape.blocks).unwrap_or(0);
        let bitmap = vec![0; self.store().limits.allocation(shape.blocks.saturating_mul(shape.bitmap_bytes))?];
        let block = SuperBlock {
            client: head.client,
            header: self.array.address,
            offset: shape.first_element,
            bitmap,
            data_blocks: vec![Addr::UNDEFINED; blocks],
        };
        let (address, bytes) = place_sealed(self.store(), encode(&block, (w, head, shape), &SUPER_BLOCK)?, 0)?;
        self.head.super_blocks.0 = self.head.super_blocks.0.saturating_add(1);
        self.head.super_block_bytes.0 = self.head.super_block_bytes.0.saturating_add(bytes);
        Ok(address)
    }
    /// Sets an element of a block or page of `len` bytes with its checksum, whose elements begin at `from`.
    fn set_in(&self, (block, len): (Addr, u64), from: u64, index: u64, element: &[u8]) -> Result<()> {
        let at = from.saturating_add(self.head.elements_bytes(index));
        patch(self.store(), (block, len), at, element, &DATA_BLOCK)
    }
    fn set(&mut self, place: u64, element: &[u8]) -> Result<()> {
        self.index_block()?;
        let Some(number) = place.checked_sub(u64::from(self.head.index_elements)) else {
            let at = self.prefix().saturating_add(self.head.elements_bytes(place));
            return self.patch_index(at, element);
        };
        let found = self.head.super_block_of(number);
        let Some((index, shape)) = found.and_then(|n| Some((n, self.head.super_block(n)?))) else {
            return Err(Error::unsupported(format!("chunk {place} of an array of 2^{}", self.head.max_bits)));
        };
        let within = number.saturating_sub(shape.first_element);
        let block = within.checked_div(shape.block_elements).unwrap_or(0);
        let rest = within.checked_rem(shape.block_elements).unwrap_or(0);
        let array = Array { head: std::sync::Arc::new(self.head.clone()), ..self.array };
        let stored = array.index_block()?;
        let Some(super_number) = index.checked_sub(self.head.first_super_block()) else {
            let slot = shape.first_block.saturating_add(block);
            let mut address = nth(&stored.data_blocks, slot);
            if !address.is_defined() {
                address = self.new_data_block(&shape, block)?;
                self.set_index_address(slot, address)?;
            }
            return self.set_in_block(address, &shape, rest, element);
        };
        let slot = u64::from(super_number);
        let mut super_address = nth(&stored.super_blocks, slot);
        if !super_address.is_defined() {
            super_address = self.new_super_block(&shape)?;
            self.set_index_address(self.head.index_data_blocks().saturating_add(slot), super_address)?;
        }
        let super_block = array.super_block(super_address, &shape)?;
        let mut address = nth(&super_block.data_blocks, block);
        if !address.is_defined() {
            address = self.new_data_block(&shape, block)?;
            self.set_super(super_address, &shape, block, address)?;
        }
        if shape.pages == 0 {
            return self.set_in_block(address, &shape, rest, element);
        }
        let page = rest.wrapping_shr(u32::from(self.head.page_bits));
        let bit_index = block.saturating_mul(shape.pages).saturating_add(page);
        let page_bytes = self.head.elements_bytes(self.head.page_elements());
        let start = self.head.data_block_bytes(self.store().widths, &shape);
        let at = address.plus(start).plus(page.saturating_mul(page_bytes.saturating_add(4)));
        if !bit(&super_block.bitmap, bit_index) {
            let mut empty = self.array.elements.empty(self.store(), self.head.page_elements())?;
            checksum::seal(&mut empty);
            self.store().write(at, &empty)?;
            self.set_bit(super_address, &shape, (&super_block.bitmap, bit_index))?;
        }
        let first = page.saturating_mul(self.head.page_elements());
        self.set_in((at, page_bytes.saturating_add(4)), 0, rest.saturating_sub(first), element)?;
        self.store().evict::<Page>(at);
        Ok(())
    }
    fn set_in_block(&self, address: Addr, shape: &SuperBlockShape, index: u64, element: &[u8]) -> Result<()> {
        let from = self.prefix().saturating_add(u64::from(self.head.offset_width()));
        let len = self.head.data_block_bytes(self.store().widths, shape);
        self.set_in((address, len), from, index, element)?;
        self.store().evict::<DataBlock>(address);
        Ok(())
    }
    /// Bytes of a super block before its bitmap.
    fn super_prefix(&self) -> u64 {
        self.prefix().saturating_add(u64::from(self.head.offset_width()))
    }
    fn set_super(&self, at: Addr, shape: &SuperBlockShape, block: u64, address: Addr) -> Result<()> {
        let len = self.head.super_block_bytes(self.store().widths, shape);
        let bitmap = shape.blocks.saturating_mul(shape.bitmap_bytes);
        let skip = block.saturating_mul(u64::from(self.store().widths.offset));
        let from = self.super_prefix().saturating_add(bitmap).saturating_add(skip);
        patch(self.store(), (at, len), from, &self.address_bytes(address)?, &SUPER_BLOCK)?;
        self.store().evict::<SuperBlock>(at);
        Ok(())
    }
    fn set_bit(&self, at: Addr, shape: &SuperBlockShape, (bitmap, index): (&[u8], u64)) -> Result<()> {
        let byte = index.checked_div(8).unwrap_or(0);
        let old = usize::try_from(byte).ok().and_then(|i| bitmap.get(i)).copied().unwrap_or(0);
        let new = old | 0x80u8.wrapping_shr(u32::try_from(index.wrapping_rem(8)).unwrap_or(0));
        let len = self.head.super_block_bytes(self.store().widths, shape);
        patch(self.store(), (at, len), self.super_prefix().saturating_add(byte), &[new], &SUPER_BLOCK)?;
        self.store().evict::<SuperBlock>(at);
        Ok(())
    }
}

/// Sets the element of a chunk.
pub(in super::super) fn set(store: &Store, grid: &Grid, address: Addr, scaled: &[u64], chunk: Option<Chunk>) -> Result<()> {
    let Some(place) = grid.linear(scaled, unlimited(grid)?)? else {
        return Err(HERE.damaged(format!("no element for the chunk at {scaled:?}")));
    };
    let array = Array::open(store, grid, address)?;
    let (element, before) = (array.elements.encode(store, chunk)?, (*array.head).clone());
    let mut editor = Editor { head: before.clone(), array };
    editor.set(place, &element)?;
    if chunk.is_some() {
        editor.head.max_index.0 = editor.head.max_index.0.max(place.saturating_add(1));
    }
    if editor.head != before {
        let mut bytes = encode(&editor.head, (store.widths,), &HERE)?;
        checksum::seal(&mut bytes);
        store.write(address, &bytes)?;
        store.evict::<Header>(address);
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
