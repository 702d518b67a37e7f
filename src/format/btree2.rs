//! B-tree version 2: header, internal nodes and leaves.
//!
//! Clause III.A.2; note `spec-notes/btree2.md`. The records are in [`records`].
//!
//! The widths of the counts beside a child's address are stored nowhere: they follow from the node and
//! record sizes, level by level ([`Header::shape`]).

use binrw::binrw;

use crate::error::{Result, Structure};
use crate::wire::integers::{bytes, put_uint, uint};
use crate::wire::{Addr, Length, Widths};

pub mod records;

/// The header's name and clause.
pub const HERE: Structure = Structure::new("B-tree version 2 header", "III.A.2");
/// An internal node's name and clause.
pub const INTERNAL: Structure = Structure::new("B-tree version 2 internal node", "III.A.2");
/// A leaf's name and clause.
pub const LEAF: Structure = Structure::new("B-tree version 2 leaf", "III.A.2");

/// Signature, version, type and checksum of a node.
const NODE_OVERHEAD: u64 = 10;

/// The header of a tree; a lookup3 checksum follows it.
#[binrw]
#[brw(little, magic = b"BTHD", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// What the records are: 1 to 11.
    #[br(assert(record_type <= 11, "record type {record_type}, at most 11 is known"))]
    pub record_type: u8,
    /// Bytes of every node.
    pub node_size: u32,
    /// Bytes of every record.
    #[br(assert(record_size > 0, "records of no byte"))]
    pub record_size: u16,
    /// Levels above the leaves.
    pub depth: u16,
    /// Percentage of a node in use above which it is split.
    pub split_percent: u8,
    /// Percentage of a node in use below which it is merged.
    pub merge_percent: u8,
    /// The root node; undefined in an empty tree.
    #[brw(args(w))]
    pub root: Addr,
    /// Records in the root node.
    pub root_records: u16,
    /// Records in the tree.
    #[brw(args(w))]
    pub total_records: Length,
}

/// What the nodes of one level can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Records in one node.
    pub max_records: u64,
    /// Records in one node and all below it.
    pub max_total: u64,
    /// Bytes of a count of `max_total`; 0 on the leaves' level, whose total is not stored.
    pub total_width: u8,
}

/// The computed widths of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Bytes of a count of the records in one node.
    pub count_width: u8,
    /// The levels, leaves first.
    pub levels: Vec<Level>,
}

impl Header {
    /// Bytes of a stored header with its checksum.
    pub fn bytes(w: Widths) -> u64 {
        22u64.saturating_add(u64::from(w.offset)).saturating_add(u64::from(w.length))
    }
    /// Computes what each level holds and how wide its counts are. The depth is to be bounded before.
    pub fn shape(&self, w: Widths) -> Result<Shape> {
        let record = u64::from(self.record_size);
        let room = u64::from(self.node_size).saturating_sub(NODE_OVERHEAD);
        let in_leaf = room.checked_div(record).unwrap_or(0);
        if in_leaf == 0 {
            return Err(HERE.mismatch("node size", self.node_size, format!("room for a record of {record} bytes")));
        }
        let mut shape = Shape { count_width: count_width(in_leaf), levels: Vec::new() };
        let mut below = Level { max_records: in_leaf, max_total: in_leaf, total_width: 0 };
        shape.levels.push(below);
        for _ in 0..self.depth {
            let pointer = shape.pointer_bytes(w, &below);
            let Some(room) = room.checked_sub(pointer) else {
                return Err(HERE.mismatch("node size", self.node_size, "room for a child"));
            };
            let max_records = room.checked_div(record.saturating_add(pointer)).unwrap_or(0);
            let children = max_records.saturating_add(1);
            let max_total = children.saturating_mul(below.max_total).saturating_add(max_records);
            below = Level { max_records, max_total, total_width: count_width(max_total) };
            shape.levels.push(below);
        }
        Ok(shape)
    }
}

impl Shape {
    /// Bytes of a pointer to a child on the level `child`.
    pub fn pointer_bytes(&self, w: Widths, child: &Level) -> u64 {
        let counts = u64::from(self.count_width).saturating_add(u64::from(child.total_width));
        counts.saturating_add(u64::from(w.offset))
    }
}

/// Bytes that a count of at most `max` takes.
fn count_width(max: u64) -> u8 {
    let bits = max.checked_ilog2().unwrap_or(0);
    u8::try_from(bits.wrapping_shr(3).saturating_add(1)).unwrap_or(8)
}

/// Bytes in use of a node: overhead, `records` of the record size, and pointers.
pub fn node_bytes(records: u64, record_size: u16, children: u64, pointer: u64) -> u64 {
    let records = records.saturating_mul(u64::from(record_size));
    NODE_OVERHEAD.saturating_add(records).saturating_add(children.saturating_mul(pointer))
}

/// A pointer to a node one level down.
#[binrw]
#[brw(little, import(w: Widths, count_width: u8, total_width: u8))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Child {
    /// Where the node is.
    #[brw(args(w))]
    pub address: Addr,
    /// Records in the node.
    #[br(parse_with = uint, args(count_width))]
    #[bw(write_with = put_uint, args(count_width))]
    pub records: u64,
    /// Records in the node and below it; 0 where the node is a leaf.
    #[br(parse_with = uint, args(total_width))]
    #[bw(write_with = put_uint, args(total_width))]
    pub total: u64,
}

/// A leaf; the checksum follows the last record, unused bytes come after it.
#[binrw]
#[brw(little, magic = b"BTLF", import(record_bytes: u64))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The tree's record type.
    pub record_type: u8,
    /// The records, in order.
    #[br(parse_with = bytes, args(record_bytes))]
    pub records: Vec<u8>,
}

/// An internal node; the checksum follows the last child.
#[binrw]
#[brw(little, magic = b"BTIN", import(w: Widths, record_bytes: u64, count: usize, count_width: u8, total_width: u8))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Internal {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The tree's record type.
    pub record_type: u8,
    /// The records, in order.
    #[br(parse_with = bytes, args(record_bytes))]
    pub records: Vec<u8>,
    /// The children: one more than records.
    #[br(args { count: count, inner: (w, count_width, total_width) })]
    #[bw(args(w, count_width, total_width), assert(self.children.len() == count, "another number of children"))]
    pub children: Vec<Child>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const FOUR: Widths = Widths { offset: 4, length: 4 };

    #[test]
    fn the_notes_example() {
        let bytes = *b"BTHD\0\x05\0\x02\0\0\x0b\0\0\0\x64\x28\x00\x04\0\0\x09\0\x09\0\0\0";
        let (head, used) = decode::<Header>(&bytes, (FOUR,), &HERE).unwrap();
        assert_eq!(u64::try_from(used).unwrap() + 4, Header::bytes(FOUR));
        assert_eq!((head.node_size, head.record_size, head.root_records), (512, 11, 9));
        assert_eq!(encode(&head, (FOUR,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn widths_by_level() {
        let mut head = Header {
            record_type: 5,
            node_size: 512,
            record_size: 11,
            depth: 3,
            split_percent: 100,
            merge_percent: 40,
            root: Addr::new(0x400),
            root_records: 1,
            total_records: Length(1),
        };
        let shape = head.shape(Widths::EIGHT).unwrap();
        assert_eq!(shape.count_width, 1);
        let levels: Vec<_> = shape.levels.iter().map(|l| (l.max_records, l.max_total, l.total_width)).collect();
        assert_eq!(levels, [(45, 45, 0), (24, 1149, 2), (22, 26449, 2), (22, 608349, 3)]);
        head.node_size = 20;
        assert!(head.shape(Widths::EIGHT).unwrap_err().is_damaged());
        head.record_size = 2;
        assert!(head.shape(Widths::EIGHT).is_ok());
        head.node_size = 12;
        assert!(head.shape(Widths::EIGHT).is_err(), "no room for a child");
    }

    #[test]
    fn damaged() {
        assert!(decode::<Header>(b"BTHD\x01\x05", (FOUR,), &HERE).unwrap_err().is_damaged());
        assert!(decode::<Header>(b"BTHD\x00\x0d", (FOUR,), &HERE).is_err());
        assert!(decode::<Leaf>(b"BTLF\0\x05abc", (4,), &LEAF).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(records in prop::collection::vec(any::<u8>(), 0..99), children in 1u64..9) {
            let size = records.len() as u64;
            let leaf = Leaf { record_type: 8, records: records.clone() };
            let bytes = encode(&leaf, (size,), &LEAF).unwrap();
            prop_assert_eq!(decode::<Leaf>(&bytes, (size,), &LEAF).unwrap().0, leaf);
            let child = |i| Child { address: Addr::new(i), records: i, total: i * 200 };
            let node = Internal { record_type: 8, records, children: (0..children).map(child).collect() };
            let args = (Widths::EIGHT, size, usize::try_from(children).unwrap(), 1, 2);
            let bytes = encode(&node, args, &INTERNAL).unwrap();
            prop_assert_eq!(decode::<Internal>(&bytes, args, &INTERNAL).unwrap().0, node);
        }
    }
}
