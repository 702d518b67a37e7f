//! B-tree version 1 nodes: the index of old groups (type 0) and of chunks up to layout version 3 (type 1).
//!
//! Clause III.A.1; note `spec-notes/btree1.md`.
//!
//! A node is its header and, after it, keys and children in turn with one more key at the end. Keys of
//! chunks go into flat arrays: no allocation for each key.

use std::io::{Read, Seek, Write};

use binrw::meta::{EndianKind, ReadEndian, WriteEndian};
use binrw::{BinRead, BinResult, BinWrite, Endian, binrw};

use crate::error::Structure;
use crate::wire::integers::{read_uint, write_uint};
use crate::wire::{Addr, Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("B-tree version 1 node", "III.A.1");

/// What a tree indexes.
#[binrw]
#[brw(repr = u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeClass {
    /// Symbol table nodes of a group, by name.
    Groups = 0,
    /// Chunks of a dataset, by their offsets.
    Chunks = 1,
}

/// The start of a node.
#[binrw]
#[brw(little, magic = b"TREE", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeHeader {
    /// What the tree indexes.
    pub class: NodeClass,
    /// 0 for a leaf, one more with each level towards the root.
    pub level: u8,
    /// Children in use; there is one key more.
    pub entries: u16,
    /// The node to the left on the same level.
    #[brw(args(w))]
    pub left: Addr,
    /// The node to the right on the same level.
    #[brw(args(w))]
    pub right: Addr,
}

impl NodeHeader {
    /// Bytes of a stored header.
    pub fn bytes(w: Widths) -> u64 {
        u64::from(w.offset).saturating_mul(2).saturating_add(8)
    }
}

/// A child of a group's node with the key at its left.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupEntry {
    /// Offset in the local heap of a name that is smaller than all names in the child.
    #[brw(args(w))]
    pub name: Length,
    /// A node one level down, or a symbol table node.
    #[brw(args(w))]
    pub child: Addr,
}

/// The keys and children of a node of a group's tree.
#[binrw]
#[brw(little, import(w: Widths, count: u16))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntries {
    /// The children with the keys at their left.
    #[br(args { count: usize::from(count), inner: (w,) })]
    #[bw(args(w), assert(self.entries.len() == usize::from(count), "another number of entries"))]
    pub entries: Vec<GroupEntry>,
    /// Offset in the local heap of the greatest name of the last child.
    #[brw(args(w))]
    pub last: Length,
}

impl GroupEntries {
    /// Bytes of the stored keys and children.
    pub fn bytes(w: Widths, entries: u16) -> u64 {
        let pair = u64::from(w.offset).saturating_add(u64::from(w.length));
        u64::from(entries).saturating_mul(pair).saturating_add(u64::from(w.length))
    }
}

/// The keys and children of a node of a chunk tree, in flat arrays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkEntries {
    /// Offsets in one key: the rank and one for the element.
    pub coordinates: u8,
    /// Stored bytes of the chunk at the right of each key; without meaning in the last key.
    pub sizes: Vec<u32>,
    /// Filters that were skipped, by key.
    pub masks: Vec<u32>,
    /// Offsets in elements, `coordinates` of them for each key.
    pub offsets: Vec<u64>,
    /// A node one level down, or a chunk; one less than keys.
    pub children: Vec<Addr>,
}

impl ChunkEntries {
    /// Bytes of the stored keys and children.
    pub fn bytes(w: Widths, coordinates: u8, entries: u16) -> u64 {
        let key = u64::from(coordinates).saturating_mul(8).saturating_add(8);
        u64::from(entries).saturating_mul(key.saturating_add(u64::from(w.offset))).saturating_add(key)
    }
    /// The offsets of one key.
    pub fn key(&self, index: usize) -> Option<&[u64]> {
        let n = usize::from(self.coordinates);
        self.offsets.get(index.checked_mul(n)?..)?.get(..n)
    }
}

impl ReadEndian for ChunkEntries {
    const ENDIAN: EndianKind = EndianKind::Endian(Endian::Little);
}
impl WriteEndian for ChunkEntries {
    const ENDIAN: EndianKind = EndianKind::Endian(Endian::Little);
}

impl BinRead for ChunkEntries {
    type Args<'a> = (Widths, u8, u16);
    fn read_options<R: Read + Seek>(
        r: &mut R,
        endian: Endian,
        (w, coordinates, entries): Self::Args<'_>,
    ) -> BinResult<Self> {
        let (sizes, masks, offsets, children) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut out = ChunkEntries { coordinates, sizes, masks, offsets, children };
        for index in 0..=entries {
            out.sizes.push(u32::read_le(r)?);
            out.masks.push(u32::read_le(r)?);
            for _ in 0..coordinates {
                out.offsets.push(read_uint(r, 8)?);
            }
            if index < entries {
                out.children.push(Addr::read_options(r, endian, (w,))?);
            }
        }
        Ok(out)
    }
}

impl BinWrite for ChunkEntries {
    type Args<'a> = (Widths, u8, u16);
    fn write_options<W: Write + Seek>(&self, to: &mut W, endian: Endian, (w, ..): Self::Args<'_>) -> BinResult<()> {
        let mut children = self.children.iter();
        let keys = self.sizes.iter().zip(&self.masks);
        for ((size, mask), offsets) in keys.zip(self.offsets.chunks_exact(usize::from(self.coordinates.max(1)))) {
            size.write_le(to)?;
            mask.write_le(to)?;
            offsets.iter().try_for_each(|&o| write_uint(to, o, 8))?;
            if let Some(child) = children.next() {
                child.write_options(to, endian, (w,))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const FOUR: Widths = Widths { offset: 4, length: 4 };

    #[test]
    fn the_notes_example() {
        let bytes = *b"TREE\x00\x00\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\0\0\0\x80\x02\0\0\x08\0\0\0";
        let (head, used) = decode::<NodeHeader>(&bytes, (FOUR,), &HERE).unwrap();
        assert_eq!(u64::try_from(used).unwrap(), NodeHeader::bytes(FOUR));
        assert_eq!((head.class, head.level, head.entries), (NodeClass::Groups, 0, 1));
        assert!(!head.left.is_defined());
        let (body, rest) = decode::<GroupEntries>(&bytes[used..], (FOUR, 1), &HERE).unwrap();
        assert_eq!(u64::try_from(rest).unwrap(), GroupEntries::bytes(FOUR, 1));
        assert_eq!(body.entries, [GroupEntry { name: Length(0), child: Addr::new(0x280) }]);
        assert_eq!(body.last, Length(8));
        let mut back = encode(&head, (FOUR,), &HERE).unwrap();
        back.extend(encode(&body, (FOUR, 1), &HERE).unwrap());
        assert_eq!(back, bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<NodeHeader>(b"TREF\0\0\0\0", (FOUR,), &HERE).unwrap_err().is_damaged());
        assert!(decode::<NodeHeader>(b"TREE\x02\0\0\0\0\0\0\0\0\0\0\0", (FOUR,), &HERE).is_err());
        assert!(decode::<ChunkEntries>(&[0; 40], (FOUR, 2, 9), &HERE).is_err(), "shorter than its entries");
    }

    proptest! {
        #[test]
        fn round_trip(coordinates in 2u8..5, children in prop::collection::vec(0u64..1 << 40, 0..9)) {
            let keys = children.len() + 1;
            let count = u16::try_from(children.len()).unwrap();
            let node = ChunkEntries {
                coordinates,
                sizes: (1..).take(keys).collect(),
                masks: (0..).take(keys).collect(),
                offsets: (7..).take(keys * usize::from(coordinates)).collect(),
                children: children.into_iter().map(Addr::new).collect(),
            };
            let args = (Widths::EIGHT, coordinates, count);
            let bytes = encode(&node, args, &HERE).unwrap();
            prop_assert_eq!(bytes.len() as u64, ChunkEntries::bytes(Widths::EIGHT, coordinates, count));
            prop_assert_eq!(decode::<ChunkEntries>(&bytes, args, &HERE).unwrap(), (node, bytes.len()));
        }
    }
}
