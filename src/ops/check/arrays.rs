//! The blocks of fixed and extensible arrays. Their elements are visited as chunks are.

use super::context::Check;
use super::datasets::Chunks;
use super::ledger::Kind;
use crate::error::{At, Result, Structure};
use crate::format::extensible_array as extensible;
use crate::format::extensible_array::{DataBlock, IndexBlock, SuperBlock, SuperBlockShape};
use crate::format::fixed_array as fixed;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

/// What an extensible array's blocks add up to.
#[derive(Default)]
struct Totals {
    super_blocks: u64,
    super_block_bytes: u64,
    data_blocks: u64,
    data_block_bytes: u64,
    elements: u64,
    /// Whether all blocks could be read.
    whole: bool,
}

impl<'f> Check<'f> {
    /// Accounts for the blocks of a fixed array.
    pub(super) fn fixed_array(&mut self, d: &Chunks<'_>, address: Addr) -> Result<()> {
        use fixed::{DATA_BLOCK, HERE, Header};
        let w = self.store.widths;
        let read = self.store.block(address, Header::bytes(w), &HERE);
        let (head, _) =
            read.and_then(|b| decode::<Header>(verify(&b, &HERE)?, (w,), &HERE)).at(&HERE, address.raw())?;
        if !self.enter(address, &HERE) {
            return Ok(());
        }
        self.claim(address, Header::bytes(w), Kind::ChunkIndexes, &HERE);
        let mut chunks = d.grid.max_dims.iter().zip(&d.grid.chunk).map(|(m, c)| m.map(|m| m.div_ceil(*c)));
        let chunks = chunks.try_fold(1u64, |n, c| n.checked_mul(c?));
        if chunks.is_some_and(|n| n != head.elements.0) {
            self.mismatch(&HERE, address, "elements", head.elements.0, chunks.unwrap_or(0));
        }
        if !head.data_block.is_defined() {
            return Ok(());
        }
        let elements = head.elements.0.saturating_mul(u64::from(head.element_size));
        let pages = head.pages();
        let body = if pages == 0 { elements } else { pages.div_ceil(8) };
        let prefix = Header::data_block_bytes(w, body);
        let paged = if pages == 0 { 0 } else { elements.saturating_add(pages.saturating_mul(4)) };
        self.claim(head.data_block, prefix.saturating_add(paged), Kind::ChunkIndexes, &DATA_BLOCK);
        Ok(())
    }
    /// Accounts for the blocks of an extensible array and compares them with its header.
    pub(super) fn extensible_array(&mut self, _: &Chunks<'_>, address: Addr) -> Result<()> {
        use extensible::{HERE, Header, INDEX_BLOCK};
        let w = self.store.widths;
        let read = self.store.block(address, Header::bytes(w), &HERE);
        let head = read.and_then(|b| Header::parse(verify(&b, &HERE)?, w)).at(&HERE, address.raw())?;
        if !self.enter(address, &HERE) {
            return Ok(());
        }
        self.claim(address, Header::bytes(w), Kind::ChunkIndexes, &HERE);
        if !head.index_block.is_defined() {
            return Ok(());
        }
        let size = head.index_block_bytes(w);
        let read = self.store.block(head.index_block, size, &INDEX_BLOCK);
        let read =
            read.and_then(|b| decode::<IndexBlock>(verify(&b, &INDEX_BLOCK)?, (w, &head), &INDEX_BLOCK));
        let (index, _) = read.at(&INDEX_BLOCK, head.index_block.raw())?;
        self.claim(head.index_block, size, Kind::ChunkIndexes, &INDEX_BLOCK);
        self.owner(&INDEX_BLOCK, head.index_block, index.header, address);
        let mut totals =
            Totals { whole: true, elements: u64::from(head.index_elements), ..Totals::default() };
        let mut blocks = index.data_blocks.iter();
        for shape in (0..head.first_super_block()).map_while(|n| head.super_block(n)) {
            for block in blocks.by_ref().take(usize::try_from(shape.blocks).unwrap_or(usize::MAX)) {
                self.data_block(&head, (address, *block), &shape, &mut totals)?;
            }
        }
        for (number, &block) in (head.first_super_block()..).zip(&index.super_blocks) {
            if let Some(shape) = head.super_block(number).filter(|_| block.is_defined()) {
                self.super_block(&head, (address, block), &shape, &mut totals)?;
            }
        }
        for (field, found, expected) in [
            ("super blocks", head.super_blocks.0, totals.super_blocks),
            ("bytes of super blocks", head.super_block_bytes.0, totals.super_block_bytes),
            ("data blocks", head.data_blocks.0, totals.data_blocks),
            ("bytes of data blocks", head.data_block_bytes.0, totals.data_block_bytes),
            ("elements with a place", head.elements.0, totals.elements),
        ] {
            if found != expected && totals.whole {
                self.mismatch(&HERE, address, field, found, expected);
            }
        }
        Ok(())
    }
    fn owner(&mut self, at: &Structure, address: Addr, found: Addr, expected: Addr) {
        if found != expected {
            self.mismatch(at, address, "header's address", found, expected);
        }
    }
    fn super_block(
        &mut self,
        head: &extensible::Header,
        (array, address): (Addr, Addr),
        shape: &SuperBlockShape,
        totals: &mut Totals,
    ) -> Result<()> {
        use extensible::SUPER_BLOCK;
        let w = self.store.widths;
        let size = head.super_block_bytes(w, shape);
        if !self.spend(shape.blocks) || !self.enter(address, &SUPER_BLOCK) {
            totals.whole = false;
            return Ok(());
        }
        let read = self.store.block(address, size, &SUPER_BLOCK);
        let read = read
            .and_then(|b| decode::<SuperBlock>(verify(&b, &SUPER_BLOCK)?, (w, head, shape), &SUPER_BLOCK));
        let Some((block, _)) = self.told(read.at(&SUPER_BLOCK, address.raw()))? else {
            totals.whole = false;
            return Ok(());
        };
        self.claim(address, size, Kind::ChunkIndexes, &SUPER_BLOCK);
        self.owner(&SUPER_BLOCK, address, block.header, array);
        totals.super_blocks = totals.super_blocks.saturating_add(1);
        totals.super_block_bytes = totals.super_block_bytes.saturating_add(size);
        for &data in &block.data_blocks {
            self.data_block(head, (array, data), shape, totals)?;
        }
        Ok(())
    }
    fn data_block(
        &mut self,
        head: &extensible::Header,
        (array, address): (Addr, Addr),
        shape: &SuperBlockShape,
        totals: &mut Totals,
    ) -> Result<()> {
        use extensible::DATA_BLOCK;
        let w = self.store.widths;
        if !address.is_defined() {
            return Ok(());
        }
        if !self.spend(1) || !self.enter(address, &DATA_BLOCK) {
            totals.whole = false;
            return Ok(());
        }
        let prefix = head.data_block_bytes(w, shape);
        let read = self.store.block(address, prefix, &DATA_BLOCK);
        let read =
            read.and_then(|b| decode::<DataBlock>(verify(&b, &DATA_BLOCK)?, (w, head, shape), &DATA_BLOCK));
        let Some((block, _)) = self.told(read.at(&DATA_BLOCK, address.raw()))? else {
            totals.whole = false;
            return Ok(());
        };
        let page = head.elements_bytes(head.page_elements()).saturating_add(4);
        let size = prefix.saturating_add(shape.pages.saturating_mul(page));
        self.claim(address, size, Kind::ChunkIndexes, &DATA_BLOCK);
        self.owner(&DATA_BLOCK, address, block.header, array);
        totals.data_blocks = totals.data_blocks.saturating_add(1);
        totals.data_block_bytes = totals.data_block_bytes.saturating_add(size);
        totals.elements = totals.elements.saturating_add(shape.block_elements);
        Ok(())
    }
}
