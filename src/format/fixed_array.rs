//! Fixed array: the chunk index of datasets of which no dimension is unlimited.
//!
//! Clause VII.C; note `spec-notes/fixed_array.md`. The elements are
//! [`ChunkEntry`](super::btree2::records::ChunkEntry).

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::bytes;
use crate::wire::{Addr, Length, Widths};

/// The header's name and clause.
pub const HERE: Structure = Structure::new("fixed array header", "VII.C");
/// The data block's name and clause.
pub const DATA_BLOCK: Structure = Structure::new("fixed array data block", "VII.C");

/// The header; a lookup3 checksum follows it.
#[binrw]
#[brw(little, magic = b"FAHD", import(w: Widths))]
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
    /// Base-2 logarithm of the elements in a page.
    #[br(assert(page_bits < 64, "pages of 2^{page_bits} elements"))]
    pub page_bits: u8,
    /// Elements of the array: chunks in the maximum extent.
    #[brw(args(w))]
    pub elements: Length,
    /// The data block; undefined until the first chunk is written.
    #[brw(args(w))]
    pub data_block: Addr,
}

impl Header {
    /// Bytes of a stored header with its checksum.
    pub fn bytes(w: Widths) -> u64 {
        12u64.saturating_add(u64::from(w.offset)).saturating_add(u64::from(w.length))
    }
    /// Elements of a full page.
    pub fn page_elements(&self) -> u64 {
        1u64.checked_shl(u32::from(self.page_bits)).unwrap_or(u64::MAX)
    }
    /// Pages of the data block; 0 where it has none and holds the elements itself.
    pub fn pages(&self) -> u64 {
        let page = self.page_elements();
        if self.elements.0 <= page { 0 } else { self.elements.0.div_ceil(page) }
    }
    /// Bytes of the data block before its pages, with the checksum; `body` are its bitmap or its elements.
    pub fn data_block_bytes(w: Widths, body: u64) -> u64 {
        10u64.saturating_add(u64::from(w.offset)).saturating_add(body)
    }
}

/// The data block; a lookup3 checksum follows it. With pages, they come after the checksum, each with its own.
#[binrw]
#[brw(little, magic = b"FADB", import(w: Widths, body_bytes: u64))]
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
    /// With pages: a bit for each that was written, the highest of the first byte for page 0; else the elements.
    #[br(parse_with = bytes, args(body_bytes))]
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const FOUR: Widths = Widths { offset: 4, length: 4 };

    #[test]
    fn the_notes_example() {
        let bytes = *b"FAHD\0\0\x04\x02\x0a\0\0\0\x00\x03\0\0";
        let (head, used) = decode::<Header>(&bytes, (FOUR,), &HERE).unwrap();
        assert_eq!(u64::try_from(used).unwrap() + 4, Header::bytes(FOUR));
        assert_eq!((head.page_elements(), head.pages(), head.data_block), (4, 3, Addr::new(0x300)));
        assert_eq!(encode(&head, (FOUR,), &HERE).unwrap(), bytes);
        let bytes = *b"FADB\0\0\x80\x02\0\0\xa0";
        let (block, used) = decode::<DataBlock>(&bytes, (FOUR, 1), &DATA_BLOCK).unwrap();
        assert_eq!(u64::try_from(used).unwrap() + 4, Header::data_block_bytes(FOUR, 1));
        assert_eq!((block.header, block.body.as_slice()), (Addr::new(0x280), &[0xa0][..]));
        assert_eq!(encode(&block, (FOUR, 1), &DATA_BLOCK).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<Header>(b"FAHD\0\x02\x04\x02", (FOUR,), &HERE).unwrap_err().is_damaged());
        assert!(decode::<Header>(b"FAHD\0\0\x04\x40", (FOUR,), &HERE).is_err());
        assert!(decode::<DataBlock>(b"FADB\0\0\0\0\0\0\0", (FOUR, 9), &DATA_BLOCK).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(client in 0u8..2, element_size in 1u8.., page_bits in 0u8..64, elements in 0u64..1 << 60) {
            let block = Addr::new(elements >> 3);
            let head = Header { client, element_size, page_bits, elements: Length(elements), data_block: block };
            let bytes = encode(&head, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(&decode::<Header>(&bytes, (Widths::EIGHT,), &HERE).unwrap().0, &head);
            prop_assert!(head.pages() == 0 || head.pages() > 1);
        }
    }
}
