//! Extensible array: the chunk index of datasets with one unlimited dimension.
//!
//! Clause VII.D; note `spec-notes/extensible_array.md`. The elements are
//! [`ChunkEntry`](super::btree2::records::ChunkEntry).
//!
//! The index block holds the first elements, then the addresses of the first data blocks, then those of
//! super blocks, which hold the addresses of further data blocks. What each super block holds follows
//! from the header alone: [`Header::super_block`].

use binrw::binrw;

use crate::error::{Result, Structure};
use crate::wire::integers::{bytes, put_uint, uint};
use crate::wire::{Addr, Length, Widths, decode};

/// The header's name and clause.
pub const HERE: Structure = Structure::new("extensible array header", "VII.D");
/// The index block's name and clause.
pub const INDEX_BLOCK: Structure = Structure::new("extensible array index block", "VII.D");
/// A super block's name and clause.
pub const SUPER_BLOCK: Structure = Structure::new("extensible array super block", "VII.D");
/// A data block's name and clause.
pub const DATA_BLOCK: Structure = Structure::new("extensible array data block", "VII.D");

/// The header; a lookup3 checksum follows it.
#[binrw]
#[brw(little, magic = b"EAHD", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// 0: chunks without filters, 1: filtered chunks.
    #[br(assert(client <= 1, "client {client}, only 0 and 1 are known"))]
    pub client: u8,
    /// Bytes of an element.
    #[br(assert(element_size > 0, "elements of no byte"))]
    pub element_size: u8,
    /// Base-2 logarithm of the most elements that the array can have.
    #[br(assert((1..=64).contains(&max_bits), "2^{max_bits} elements"))]
    pub max_bits: u8,
    /// Elements in the index block.
    pub index_elements: u8,
    /// Elements in the smallest data block.
    #[br(assert(min_elements.is_power_of_two(), "{min_elements} elements in a data block, no power of two"))]
    pub min_elements: u8,
    /// Data block addresses in the smallest super block.
    #[br(assert(min_pointers.is_power_of_two(), "{min_pointers} data blocks, no power of two"))]
    pub min_pointers: u8,
    /// Base-2 logarithm of the elements in a page of a data block.
    #[br(assert(page_bits < 64, "pages of 2^{page_bits} elements"))]
    pub page_bits: u8,
    /// Super blocks that exist.
    #[brw(args(w))]
    pub super_blocks: Length,
    /// Their bytes.
    #[brw(args(w))]
    pub super_block_bytes: Length,
    /// Data blocks that exist.
    #[brw(args(w))]
    pub data_blocks: Length,
    /// Their bytes.
    #[brw(args(w))]
    pub data_block_bytes: Length,
    /// One more than the greatest index that was set.
    #[brw(args(w))]
    pub max_index: Length,
    /// Elements that have a place in a block.
    #[brw(args(w))]
    pub elements: Length,
    /// The index block; undefined until the first chunk is written.
    #[brw(args(w))]
    pub index_block: Addr,
}

/// What one super block holds; the first ones exist only as data block addresses in the index block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuperBlockShape {
    /// Data blocks.
    pub blocks: u64,
    /// Elements in each data block.
    pub block_elements: u64,
    /// Index of its first element, counted after those of the index block.
    pub first_element: u64,
    /// Number of data blocks in the super blocks before.
    pub first_block: u64,
    /// Pages of each data block; 0 where they hold their elements themselves.
    pub pages: u64,
    /// Bytes of the bitmap of written pages for each data block.
    pub bitmap_bytes: u64,
}

impl Header {
    /// Bytes of a stored header with its checksum.
    pub fn bytes(w: Widths) -> u64 {
        u64::from(w.length).saturating_mul(6).saturating_add(u64::from(w.offset)).saturating_add(16)
    }
    /// Decodes a header and checks what holds between its fields.
    pub fn parse(bytes: &[u8], w: Widths) -> Result<Self> {
        let (head, _) = decode::<Header>(bytes, (w,), &HERE)?;
        let last_in_index = head.super_block(head.first_super_block().saturating_sub(1));
        if head.super_blocks_possible() < head.first_super_block() {
            return Err(HERE.mismatch("data blocks of the index block", head.min_pointers, "less than the array"));
        }
        if last_in_index.is_some_and(|s| s.pages > 0) {
            return Err(HERE.damaged("its pages are smaller than the data blocks of the index block"));
        }
        Ok(head)
    }
    /// Elements of a page.
    pub fn page_elements(&self) -> u64 {
        1u64.checked_shl(u32::from(self.page_bits)).unwrap_or(u64::MAX)
    }
    /// Bytes of an offset in the array's elements.
    pub fn offset_width(&self) -> u8 {
        self.max_bits.div_ceil(8)
    }
    /// Super blocks of an array of the greatest size.
    pub fn super_blocks_possible(&self) -> u32 {
        let smallest = self.min_elements.checked_ilog2().unwrap_or(0);
        u32::from(self.max_bits).saturating_add(1).saturating_sub(smallest)
    }
    /// The first super block that is stored; those before have their data block addresses in the index block.
    pub fn first_super_block(&self) -> u32 {
        self.min_pointers.checked_ilog2().unwrap_or(0).saturating_mul(2)
    }
    /// Data block addresses in the index block.
    pub fn index_data_blocks(&self) -> u64 {
        u64::from(self.min_pointers).saturating_sub(1).saturating_mul(2)
    }
    /// Super block addresses in the index block.
    pub fn index_super_blocks(&self) -> u64 {
        u64::from(self.super_blocks_possible().saturating_sub(self.first_super_block()))
    }
    /// What super block `index` holds; nothing where the array has no such super block.
    pub fn super_block(&self, index: u32) -> Option<SuperBlockShape> {
        if index >= self.super_blocks_possible() {
            return None;
        }
        let min = u64::from(self.min_elements);
        let power = |exponent: u32| 1u64.checked_shl(exponent);
        let half = index.checked_div(2)?;
        let block_elements = power(index.div_ceil(2))?.checked_mul(min)?;
        let first_element = power(index)?.checked_sub(1)?.checked_mul(min)?;
        // Two super blocks have the same number of data blocks: 1 1 2 2 4 4 ...
        let whole = power(half)?.checked_sub(1)?.checked_mul(2)?;
        let first_block = if index.is_multiple_of(2) { whole } else { whole.checked_add(power(half)?)? };
        let page = self.page_elements();
        let pages = if block_elements > page { block_elements.checked_div(page)? } else { 0 };
        let bitmap_bytes = pages.div_ceil(8);
        Some(SuperBlockShape { blocks: power(half)?, block_elements, first_element, first_block, pages, bitmap_bytes })
    }
    /// The super block of an element, counted after those of the index block.
    pub fn super_block_of(&self, element: u64) -> Option<u32> {
        element.checked_div(u64::from(self.min_elements))?.checked_add(1)?.checked_ilog2()
    }
    /// Bytes of the index block with its checksum.
    pub fn index_block_bytes(&self, w: Widths) -> u64 {
        let elements = self.elements_bytes(u64::from(self.index_elements));
        let addresses = self.index_data_blocks().saturating_add(self.index_super_blocks());
        elements.saturating_add(self.with_addresses(w, addresses))
    }
    /// Bytes of a super block with its checksum.
    pub fn super_block_bytes(&self, w: Widths, shape: &SuperBlockShape) -> u64 {
        let bitmaps = shape.blocks.saturating_mul(shape.bitmap_bytes);
        let offset = u64::from(self.offset_width());
        self.with_addresses(w, shape.blocks).saturating_add(bitmaps).saturating_add(offset)
    }
    /// Bytes of a data block with its checksum, before its pages.
    pub fn data_block_bytes(&self, w: Widths, shape: &SuperBlockShape) -> u64 {
        let body = if shape.pages > 0 { 0 } else { self.elements_bytes(shape.block_elements) };
        self.with_addresses(w, 0).saturating_add(u64::from(self.offset_width())).saturating_add(body)
    }
    /// Bytes of `count` elements.
    pub fn elements_bytes(&self, count: u64) -> u64 {
        count.saturating_mul(u64::from(self.element_size))
    }
    /// Bytes of what every block has and of `count` addresses.
    fn with_addresses(&self, w: Widths, count: u64) -> u64 {
        count.saturating_add(1).saturating_mul(u64::from(w.offset)).saturating_add(10)
    }
}

/// The index block; a lookup3 checksum follows it.
#[binrw]
#[brw(little, magic = b"EAIB", import(w: Widths, head: &Header))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexBlock {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// As in the header.
    pub client: u8,
    /// The address of the header.
    #[brw(args(w))]
    pub header: Addr,
    /// The first elements.
    #[br(parse_with = bytes, args(head.elements_bytes(u64::from(head.index_elements))))]
    pub elements: Vec<u8>,
    /// The first data blocks.
    #[br(args { count: usize::try_from(head.index_data_blocks()).unwrap_or(0), inner: (w,) })]
    #[bw(args(w))]
    pub data_blocks: Vec<Addr>,
    /// The super blocks.
    #[br(args { count: usize::try_from(head.index_super_blocks()).unwrap_or(0), inner: (w,) })]
    #[bw(args(w))]
    pub super_blocks: Vec<Addr>,
}

/// A super block; a lookup3 checksum follows it.
#[binrw]
#[brw(little, magic = b"EASB", import(w: Widths, head: &Header, shape: &SuperBlockShape))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuperBlock {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// As in the header.
    pub client: u8,
    /// The address of the header.
    #[brw(args(w))]
    pub header: Addr,
    /// Index of its first element, counted after those of the index block.
    #[br(parse_with = uint, args(head.offset_width()))]
    #[bw(write_with = put_uint, args(head.offset_width()))]
    pub offset: u64,
    /// A bit for each written page: bit *block × pages + page*, the highest of a byte first.
    #[br(parse_with = bytes, args(shape.blocks.saturating_mul(shape.bitmap_bytes)))]
    pub bitmap: Vec<u8>,
    /// Its data blocks.
    #[br(args { count: usize::try_from(shape.blocks).unwrap_or(0), inner: (w,) })]
    #[bw(args(w))]
    pub data_blocks: Vec<Addr>,
}

/// A data block; a lookup3 checksum follows it. With pages, they come after the checksum, each with its own.
#[binrw]
#[brw(little, magic = b"EADB", import(w: Widths, head: &Header, shape: &SuperBlockShape))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataBlock {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// As in the header.
    pub client: u8,
    /// The address of the header.
    #[brw(args(w))]
    pub header: Addr,
    /// Place in the array; libhdf5 writes odd values here and no reader uses it.
    #[br(parse_with = uint, args(head.offset_width()))]
    #[bw(write_with = put_uint, args(head.offset_width()))]
    pub offset: u64,
    /// The elements; nothing where they are in pages.
    #[br(parse_with = bytes, args(if shape.pages > 0 { 0 } else { head.elements_bytes(shape.block_elements) }))]
    pub elements: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;
    use proptest::prelude::*;

    const FOUR: Widths = Widths { offset: 4, length: 4 };

    fn usual(page_bits: u8) -> Header {
        Header {
            client: 0,
            element_size: 4,
            max_bits: 32,
            index_elements: 4,
            min_elements: 16,
            min_pointers: 4,
            page_bits,
            super_blocks: Length(0),
            super_block_bytes: Length(0),
            data_blocks: Length(1),
            data_block_bytes: Length(82),
            max_index: Length(5),
            elements: Length(20),
            index_block: Addr::new(0x300),
        }
    }

    #[test]
    fn the_notes_example() {
        let bytes = *b"EAHD\0\0\x04\x20\x04\x10\x04\x0a\0\0\0\0\0\0\0\0\x01\0\0\0\x52\0\0\0\x05\0\0\0\x14\0\0\0\x00\x03\0\0";
        let head = Header::parse(&bytes, FOUR).unwrap();
        assert_eq!(head, usual(10));
        assert_eq!(encode(&head, (FOUR,), &HERE).unwrap(), bytes);
        assert_eq!(u64::try_from(bytes.len()).unwrap() + 4, Header::bytes(FOUR));
        assert_eq!((head.super_blocks_possible(), head.first_super_block()), (29, 4));
        assert_eq!((head.index_data_blocks(), head.index_super_blocks()), (6, 25));
    }

    #[test]
    fn super_blocks_follow_one_another() {
        let head = usual(10);
        let (mut element, mut block) = (0, 0);
        for index in 0..head.super_blocks_possible() {
            let s = head.super_block(index).unwrap();
            assert_eq!((s.first_element, s.first_block), (element, block), "super block {index}");
            assert_eq!(s.blocks, 1 << (index / 2));
            assert_eq!(head.super_block_of(element), Some(index));
            element += s.blocks * s.block_elements;
            block += s.blocks;
            assert_eq!(head.super_block_of(element - 1), Some(index));
        }
        assert_eq!(head.super_block(10).unwrap().pages, 0);
        assert_eq!(head.super_block(13).unwrap().pages, 2);
        assert!(head.super_block(29).is_none());
    }

    #[test]
    fn damaged() {
        let bytes = encode(&usual(3), (FOUR,), &HERE).unwrap();
        assert!(Header::parse(&bytes, FOUR).unwrap_err().is_damaged(), "paged blocks in the index block");
        let few = Header { max_bits: 5, min_pointers: 128, ..usual(10) };
        assert!(Header::parse(&encode(&few, (FOUR,), &HERE).unwrap(), FOUR).is_err());
        let odd = Header { min_elements: 3, ..usual(10) };
        assert!(Header::parse(&encode(&odd, (FOUR,), &HERE).unwrap(), FOUR).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(index in 4u32..14, seed in any::<u8>(), page_bits in 6u8..11) {
            let (head, w) = (usual(page_bits), FOUR);
            let shape = head.super_block(index).unwrap();
            let address = |i: u64| Addr::new(i * 3);
            let bitmap = vec![seed; usize::try_from(shape.blocks * shape.bitmap_bytes).unwrap()];
            let data_blocks = (0..shape.blocks).map(address).collect();
            let block = SuperBlock { client: 0, header: address(5), offset: 7, bitmap, data_blocks };
            let bytes = encode(&block, (w, &head, &shape), &SUPER_BLOCK).unwrap();
            prop_assert_eq!(bytes.len() as u64 + 4, head.super_block_bytes(w, &shape));
            prop_assert_eq!(decode::<SuperBlock>(&bytes, (w, &head, &shape), &SUPER_BLOCK).unwrap().0, block);
            let count = if shape.pages > 0 { 0 } else { shape.block_elements * 4 };
            let elements = vec![seed; usize::try_from(count).unwrap()];
            let block = DataBlock { client: 0, header: address(5), offset: 7, elements };
            let bytes = encode(&block, (w, &head, &shape), &DATA_BLOCK).unwrap();
            prop_assert_eq!(bytes.len() as u64 + 4, head.data_block_bytes(w, &shape));
            prop_assert_eq!(decode::<DataBlock>(&bytes, (w, &head, &shape), &DATA_BLOCK).unwrap().0, block);
            let block = IndexBlock {
                client: 0,
                header: address(5),
                elements: vec![seed; 16],
                data_blocks: (0..6).map(address).collect(),
                super_blocks: (0..25).map(address).collect(),
            };
            let bytes = encode(&block, (w, &head), &INDEX_BLOCK).unwrap();
            prop_assert_eq!(bytes.len() as u64 + 4, head.index_block_bytes(w));
            prop_assert_eq!(decode::<IndexBlock>(&bytes, (w, &head), &INDEX_BLOCK).unwrap().0, block);
        }
    }
}
