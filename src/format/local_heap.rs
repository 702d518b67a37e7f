//! Local heap (HEAP): the names of an old-style group's links and the targets of its soft links.
//!
//! Clause III.D; note `spec-notes/local_heap.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("local heap", "III.D");

/// The value of a free-list link that ends the list.
pub const END_OF_LIST: Length = Length(1);

/// The header of a local heap; the bytes themselves lie in a data segment of their own.
#[binrw]
#[brw(little, magic = b"HEAP", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalHeapHeader {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    _reserved: [u8; 3],
    /// Bytes of the data segment.
    #[brw(args(w))]
    pub segment_size: Length,
    /// Offset in the segment of the first free block, [`END_OF_LIST`] where there is none.
    #[brw(args(w))]
    pub free_list: Length,
    /// The data segment.
    #[brw(args(w))]
    pub segment: Addr,
}

impl LocalHeapHeader {
    /// Bytes of the header.
    pub fn encoded_size(w: Widths) -> u64 {
        let lengths = u64::from(w.length).saturating_mul(2);
        8u64.saturating_add(lengths).saturating_add(u64::from(w.offset))
    }
}

/// The start of a free block in the data segment.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeBlock {
    /// Offset in the segment of the next free block, [`END_OF_LIST`] for the last one.
    #[brw(args(w))]
    pub next: Length,
    /// Bytes of this free block, these two fields included.
    #[brw(args(w))]
    pub size: Length,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let w = Widths { offset: 4, length: 4 };
        let bytes = *b"HEAP\0\0\0\0\x58\0\0\0\x10\0\0\0\xa8\x02\0\0";
        let (heap, used) = decode::<LocalHeapHeader>(&bytes, (w,), &HERE).unwrap();
        assert_eq!(u64::try_from(used).unwrap(), LocalHeapHeader::encoded_size(w));
        assert_eq!(heap.segment_size, Length(88));
        assert_eq!(heap.free_list, Length(16));
        assert_eq!(heap.segment, Addr::new(0x2a8));
        assert_eq!(encode(&heap, (w,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let w = (Widths::EIGHT,);
        assert!(decode::<LocalHeapHeader>(b"HEAX\0\0\0\0", w, &HERE).unwrap_err().is_damaged());
        assert!(decode::<LocalHeapHeader>(b"HEAP\x01\0\0\0", w, &HERE).is_err());
        assert!(decode::<LocalHeapHeader>(b"HEAP\0\0\0\0\0\0\0", w, &HERE).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(size: u64, free: u64, at: u64, next: u64) {
            let w = (Widths::EIGHT,);
            let heap = LocalHeapHeader {
                segment_size: Length(size), free_list: Length(free), segment: Addr::new(at),
            };
            let bytes = encode(&heap, w, &HERE).unwrap();
            prop_assert_eq!(decode::<LocalHeapHeader>(&bytes, w, &HERE).unwrap().0, heap);
            let block = FreeBlock { next: Length(next), size: Length(size) };
            let bytes = encode(&block, w, &HERE).unwrap();
            prop_assert_eq!(decode::<FreeBlock>(&bytes, w, &HERE).unwrap().0, block);
        }
    }
}
