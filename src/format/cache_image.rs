//! Metadata cache image (MDCI): blocks of metadata whose newest form is not at their own addresses.
//!
//! Clause: none, the structure is in libhdf5 only (message 0x18 refers to it); note
//! `spec-notes/cache_image.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::{bytes, rest};
use crate::wire::{Addr, Length, Widths};

/// The structure's name; it has no clause.
pub const HERE: Structure = Structure::new("metadata cache image", "");

/// The image block, without its checksum.
#[binrw]
#[brw(little, magic = b"MDCI", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheImage {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp, assert(flags == 0, "flags {flags:#04x}: a resize status, which nobody writes"))]
    #[bw(calc = 0)]
    flags: u8,
    /// Bytes of the whole block, its checksum included.
    #[brw(args(w))]
    pub length: Length,
    /// Entries that follow.
    pub count: u32,
    /// The entries, each of its own length; see [`ImageEntry`].
    #[br(parse_with = rest)]
    pub entries: Vec<u8>,
}

/// One block of metadata.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageEntry {
    /// What kind of structure the block is, by libhdf5's numbers.
    pub kind: u8,
    /// Bit 0: differs from the file's bytes; 1: in the LRU list; 2, 3: parent, child of a flush dependency.
    pub flags: u8,
    /// The order in which libhdf5 flushes: user data first, the superblock last.
    pub ring: u8,
    /// How many files closes the entry has survived unused.
    pub age: u8,
    /// Flush dependency children.
    pub children: u16,
    /// Those of them that are dirty.
    pub dirty_children: u16,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.parents.len()))]
    parent_count: u16,
    /// Place in the LRU list, -1 where it is not in it.
    pub rank: i32,
    /// The address whose bytes this entry replaces.
    #[brw(args(w))]
    pub address: Addr,
    /// Bytes of the image.
    #[br(assert(length.0 > 0, "an entry of 0 bytes"))]
    #[brw(args(w))]
    pub length: Length,
    /// The blocks that may be flushed only after this one.
    #[br(args { count: usize::from(parent_count), inner: (w,) })]
    #[bw(args(w))]
    pub parents: Vec<Addr>,
    /// The bytes.
    #[br(parse_with = bytes, args(length.0))]
    pub image: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let w = Widths { offset: 4, length: 4 };
        let bytes = b"MDCI\0\0\x2e\0\0\0\x01\0\0\0\x05\x03\x01\0\0\0\0\0\0\0\x02\0\0\0\x60\0\0\0\x04\0\0\0OHDR";
        let (image, _) = decode::<CacheImage>(bytes, (w,), &HERE).unwrap();
        assert_eq!((image.length.0, image.count), (46, 1));
        let (entry, used) = decode::<ImageEntry>(&image.entries, (w,), &HERE).unwrap();
        assert_eq!(used, image.entries.len());
        assert_eq!((entry.kind, entry.flags, entry.rank, entry.address), (5, 3, 2, Addr::new(0x60)));
        assert_eq!(entry.image, b"OHDR");
        assert_eq!(encode(&entry, (w,), &HERE).unwrap(), image.entries);
        assert_eq!(encode(&image, (w,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let w = (Widths::EIGHT,);
        assert!(decode::<CacheImage>(b"MDCI\x01\0", w, &HERE).unwrap_err().is_damaged());
        assert!(decode::<CacheImage>(b"MDCI\0\x01", w, &HERE).is_err(), "resize status");
        assert!(decode::<ImageEntry>(&[0; 30], w, &HERE).is_err(), "no bytes");
        let mut entry = [0u8; 34];
        entry[22] = 5;
        assert!(decode::<ImageEntry>(&entry, w, &HERE).is_err(), "bytes are missing");
    }

    proptest! {
        #[test]
        fn round_trip(
            (kind, flags, ring, age) in any::<(u8, u8, u8, u8)>(),
            (children, dirty_children, rank) in any::<(u16, u16, i32)>(),
            parents in prop::collection::vec(any::<u64>().prop_map(Addr::new), 0..5),
            image in prop::collection::vec(any::<u8>(), 1..50),
        ) {
            let (address, length) = (Addr::new(96), Length(u64::try_from(image.len()).unwrap()));
            let entry =
                ImageEntry { kind, flags, ring, age, children, dirty_children, rank, address, length, parents, image };
            let bytes = encode(&entry, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<ImageEntry>(&bytes, (Widths::EIGHT,), &HERE).unwrap().0, entry);
        }
    }
}
