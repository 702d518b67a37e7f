//! Global heap collection (GCOL): variable-length data, region references, virtual mappings.
//!
//! Clause III.E; note `spec-notes/global_heap.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("global heap collection", "III.E");

/// The smallest collection that libhdf5 writes, in bytes.
pub const MIN_SIZE: u64 = 4096;

/// The start of a collection; objects follow, the free space (index 0) last.
#[binrw]
#[brw(little, magic = b"GCOL", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionHeader {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    _reserved: [u8; 3],
    /// Bytes of the whole collection, this header included.
    #[brw(args(w), align_after = 8)]
    pub size: Length,
}

impl CollectionHeader {
    /// Bytes of the header, its padding included.
    pub fn encoded_size(w: Widths) -> u64 {
        padded(8u64.saturating_add(u64::from(w.length)))
    }
}

/// The head of one object of a collection.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectHead {
    /// The object's number in its collection; 0 marks the free space.
    pub index: u16,
    /// How often the object is referred to; libhdf5 writes 0 or 1 and does not read it.
    #[brw(pad_after = 4)]
    pub references: u16,
    /// Bytes of the object; for index 0 the bytes of the free space, this head included.
    #[brw(args(w), align_after = 8)]
    pub size: Length,
}

impl ObjectHead {
    /// Bytes of the head, its padding included.
    pub fn encoded_size(w: Widths) -> u64 {
        padded(8u64.saturating_add(u64::from(w.length)))
    }
    /// Bytes from this head to the next one; fewer than the head's own size in a damaged file.
    pub fn step(&self, w: Widths) -> u64 {
        match self.index {
            0 => self.size.0,
            _ => Self::encoded_size(w).saturating_add(padded(self.size.0)),
        }
    }
}

/// `bytes` rounded up to a multiple of 8; what is too large for that stays too large for any file.
pub fn padded(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(8).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_examples() {
        let w = Widths { offset: 4, length: 4 };
        let bytes = *b"GCOL\x01\0\0\0\0\x10\0\0\0\0\0\0";
        let (head, used) = decode::<CollectionHeader>(&bytes, (w,), &HERE).unwrap();
        assert_eq!((head.size, used), (Length(MIN_SIZE), 16));
        assert_eq!(encode(&head, (w,), &HERE).unwrap(), bytes);

        let bytes = *b"\x02\0\x01\0\0\0\0\0\x05\0\0\0\0\0\0\0";
        let (head, used) = decode::<ObjectHead>(&bytes, (w,), &HERE).unwrap();
        assert_eq!((head.index, head.size, used), (2, Length(5), 16));
        assert_eq!(head.step(w), 24);
        assert_eq!(encode(&head, (w,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let w = (Widths::EIGHT,);
        assert!(decode::<CollectionHeader>(b"GCOL\x02\0\0\0", w, &HERE).unwrap_err().is_damaged());
        assert!(decode::<CollectionHeader>(b"GCOL\x01\0\0\0\0\x10", w, &HERE).is_err());
        assert_eq!(ObjectHead { index: 1, references: 0, size: Length(u64::MAX) }.step(Widths::EIGHT), u64::MAX);
    }

    proptest! {
        #[test]
        fn round_trip(index: u16, references: u16, size: u64) {
            let w = (Widths::EIGHT,);
            let head = ObjectHead { index, references, size: Length(size) };
            let bytes = encode(&head, w, &HERE).unwrap();
            prop_assert_eq!(u64::try_from(bytes.len()).unwrap(), ObjectHead::encoded_size(Widths::EIGHT));
            prop_assert_eq!(decode::<ObjectHead>(&bytes, w, &HERE).unwrap().0, head);
        }
    }
}
