//! Symbol table node (SNOD) and symbol table entry: the links of an old-style group.
//!
//! Clauses III.B and III.C; note `spec-notes/symbols.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The node's name and clause.
pub const HERE: Structure = Structure::new("symbol table node", "III.B");
/// The entry's name and clause.
pub const ENTRY: Structure = Structure::new("symbol table entry", "III.C");

const SCRATCH_PAD: u64 = 16;

/// A leaf of a group's B-tree: up to twice the group leaf K entries, sorted by name.
#[binrw]
#[brw(little, magic = b"SNOD", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolNode {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    _reserved: u8,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.entries.len()))]
    count: u16,
    /// The entries in use.
    #[br(args { count: usize::from(count), inner: (w,) })]
    #[bw(args(w))]
    pub entries: Vec<SymbolEntry>,
}

impl SymbolNode {
    /// Bytes of a node with `entries` entries; in a file: twice the group leaf K.
    pub fn encoded_size(entries: u64, w: Widths) -> u64 {
        entries.saturating_mul(SymbolEntry::encoded_size(w)).saturating_add(8)
    }
}

/// One link: a name and an object header, or a soft link's value.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolEntry {
    /// Offset of the name in the group's local heap.
    #[brw(args(w))]
    pub name_offset: Length,
    /// The object header; undefined for a soft link.
    #[brw(args(w))]
    pub header: Addr,
    #[br(temp, assert(kind <= 2, "cache type {kind}, only 0 to 2 are known"))]
    #[bw(calc = self.cached.kind())]
    kind: u32,
    #[br(temp)]
    #[bw(calc = 0)]
    _reserved: u32,
    /// What the scratch pad tells about the object.
    #[br(args(kind, w))]
    #[bw(args(w))]
    #[brw(pad_size_to = SCRATCH_PAD)]
    pub cached: Cached,
}

impl SymbolEntry {
    /// Bytes of an entry.
    pub fn encoded_size(w: Widths) -> u64 {
        SCRATCH_PAD.saturating_add(8).saturating_add(u64::from(w.offset)).saturating_add(u64::from(w.length))
    }
}

/// The scratch pad of a symbol table entry.
#[binrw]
#[br(little, import(kind: u32, w: Widths))]
#[bw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cached {
    /// Cache type 0: the pad is not used.
    #[br(pre_assert(kind == 0))]
    Nothing,
    /// Cache type 1: the object is a group. A copy of its symbol table message; the message counts.
    #[br(pre_assert(kind == 1))]
    Group {
        /// The group's B-tree.
        #[brw(args(w))]
        btree: Addr,
        /// The group's local heap.
        #[brw(args(w))]
        heap: Addr,
    },
    /// Cache type 2: a soft link.
    #[br(pre_assert(kind == 2))]
    SoftLink {
        /// Offset in the local heap of the path that the link names.
        value_offset: u32,
    },
}

impl Cached {
    fn kind(&self) -> u32 {
        match self {
            Cached::Nothing => 0,
            Cached::Group { .. } => 1,
            Cached::SoftLink { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let w = Widths { offset: 4, length: 4 };
        let mut bytes = b"SNOD\x01\0\x02\0".to_vec();
        bytes.extend(b"\x08\0\0\0\x20\x03\0\0\x01\0\0\0\0\0\0\0\x88\0\0\0\xa8\x02\0\0\0\0\0\0\0\0\0\0");
        bytes.extend(b"\x10\0\0\0\xff\xff\xff\xff\x02\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        let (node, used) = decode::<SymbolNode>(&bytes, (w,), &HERE).unwrap();
        assert_eq!(u64::try_from(used).unwrap(), SymbolNode::encoded_size(2, w));
        assert_eq!(node.entries[0].cached, Cached::Group { btree: Addr::new(0x88), heap: Addr::new(0x2a8) });
        assert_eq!(node.entries[1].cached, Cached::SoftLink { value_offset: 24 });
        assert!(!node.entries[1].header.is_defined());
        assert_eq!(encode(&node, (w,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let w = (Widths::EIGHT,);
        assert!(decode::<SymbolNode>(b"SNOD\x02\0\0\0", w, &HERE).unwrap_err().is_damaged());
        assert!(decode::<SymbolNode>(b"SNOD\x01\0\x01\0", w, &HERE).is_err(), "an entry is missing");
        let mut entry = vec![0; 40];
        entry[16] = 3;
        assert!(decode::<SymbolEntry>(&entry, w, &ENTRY).unwrap_err().to_string().contains("cache type 3"));
    }

    fn any_cached() -> impl Strategy<Value = Cached> {
        prop_oneof![
            Just(Cached::Nothing),
            any::<(u64, u64)>().prop_map(|(b, h)| Cached::Group { btree: Addr::new(b), heap: Addr::new(h) }),
            any::<u32>().prop_map(|value_offset| Cached::SoftLink { value_offset }),
        ]
    }

    proptest! {
        #[test]
        fn round_trip(raw in prop::collection::vec((any::<u64>(), any::<u64>(), any_cached()), 0..9)) {
            let entries = raw.into_iter().map(|(n, h, cached)| {
                SymbolEntry { name_offset: Length(n), header: Addr::new(h), cached }
            });
            let node = SymbolNode { entries: entries.collect() };
            let bytes = encode(&node, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<SymbolNode>(&bytes, (Widths::EIGHT,), &HERE).unwrap().0, node);
        }
    }
}
