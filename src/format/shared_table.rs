//! Shared object header messages: the master table (SMTB), the list index (SMLI) and its records.
//!
//! Clause III.I; note `spec-notes/shared_table.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The master table's name and clause.
pub const HERE: Structure = Structure::new("shared message table", "III.I");
/// The list's name and clause.
pub const LIST: Structure = Structure::new("shared message list", "III.I");

/// The most indexes that a file may have.
pub const MAX_INDEXES: u8 = 8;
/// Bytes of the heap ID of a shared message.
pub const HEAP_ID: usize = 8;

/// The master table, without its checksum: which messages are shared, and where.
#[binrw]
#[br(little, magic = b"SMTB", import(w: Widths, count: u8))]
#[bw(little, magic = b"SMTB", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterTable {
    /// The indexes; how many, the shared message table message (0x0F) says.
    #[br(args { count: usize::from(count), inner: (w,) })]
    #[bw(args(w))]
    pub indexes: Vec<SharedIndex>,
}

impl MasterTable {
    /// Bytes of a table of `count` indexes, its checksum included.
    pub fn encoded_size(count: u8, w: Widths) -> u64 {
        let index = 14u64.saturating_add(u64::from(w.offset).saturating_mul(2));
        8u64.saturating_add(u64::from(count).saturating_mul(index))
    }
}

/// How an index keeps its records.
#[binrw]
#[brw(little, repr = u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexKind {
    /// A list ([`SharedList`]).
    List = 0,
    /// A B-tree version 2 (type 7).
    Tree = 1,
}

/// One index: the messages of some types, kept in one fractal heap.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedIndex {
    #[br(temp, assert(version == 0, "index version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// List or B-tree.
    pub kind: IndexKind,
    /// The message types: bit n for type n.
    pub types: u16,
    /// Bytes of the smallest message that is shared.
    pub min_size: u32,
    /// The most messages that a list holds.
    pub list_max: u16,
    /// Where a B-tree holds fewer messages, it becomes a list.
    pub tree_min: u16,
    /// Messages in the index.
    pub messages: u16,
    /// The list or the B-tree; undefined while the index is empty.
    #[brw(args(w))]
    pub index: Addr,
    /// The fractal heap of the messages.
    #[brw(args(w))]
    pub heap: Addr,
}

impl SharedIndex {
    /// Whether messages of this type belong to the index. The old fill value (4) goes with the new one (5).
    pub fn holds(&self, message_type: u16) -> bool {
        let message_type = if message_type == 4 { 5 } else { message_type };
        let bit = 1u16.checked_shl(u32::from(message_type)).unwrap_or(0);
        self.types & bit != 0
    }
}

/// A list index, without its checksum, which stands after the last record in use.
#[binrw]
#[br(little, magic = b"SMLI", import(w: Widths, count: u16))]
#[bw(little, magic = b"SMLI", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedList {
    /// The records, in no order.
    #[br(args { count: usize::from(count), inner: (w,) })]
    #[bw(args(w))]
    pub records: Vec<SharedRecord>,
}

impl SharedList {
    /// Bytes of a list of `count` records, its checksum included.
    pub fn encoded_size(count: u16, w: Widths) -> u64 {
        let place = u64::from(w.offset).saturating_add(4).max(PLACE);
        8u64.saturating_add(u64::from(count).saturating_mul(place.saturating_add(5)))
    }
}

/// Bytes of a place in a heap: count and ID.
const PLACE: u64 = 12;

/// One shared message, in a list as in a B-tree (type 7).
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedRecord {
    #[br(temp, assert(location <= 1, "location {location}, only 0 and 1 are known"))]
    #[bw(calc = self.place.location())]
    location: u8,
    /// lookup3 of the encoded message.
    pub hash: u32,
    /// Where the message is.
    #[br(args(location, w))]
    #[bw(args(w))]
    #[brw(pad_size_to = PLACE.max(u64::from(w.offset).saturating_add(4)))]
    pub place: Place,
}

/// Where a shared message is.
#[binrw]
#[br(little, import(location: u8, w: Widths))]
#[bw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the heap of the index.
    #[br(pre_assert(location == 0))]
    Heap {
        /// How many object headers share it.
        references: u32,
        /// Its ID in the heap.
        id: [u8; HEAP_ID],
    },
    /// Still in the one object header that uses it.
    #[br(pre_assert(location == 1))]
    Header {
        /// The message's type.
        #[brw(pad_before = 1)]
        message_type: u8,
        /// The message's creation index in the header.
        index: u16,
        /// The object header.
        #[brw(args(w))]
        header: Addr,
    },
}

impl Place {
    fn location(&self) -> u8 {
        match self {
            Place::Heap { .. } => 0,
            Place::Header { .. } => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{checksum, decode, encode};
    use proptest::prelude::*;

    const FOUR: Widths = Widths { offset: 4, length: 4 };

    #[test]
    fn the_notes_examples() {
        let mut bytes = b"SMTB\0\0\x0a\0\x32\0\0\0\x32\0\x28\0\x03\0\0\x03\0\0\0\x05\0\0".to_vec();
        let (table, used) = decode::<MasterTable>(&bytes, (FOUR, 1), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        let index = &table.indexes[0];
        assert_eq!((index.kind, index.min_size, index.messages), (IndexKind::List, 50, 3));
        assert!(index.holds(1) && index.holds(3) && !index.holds(12));
        assert_eq!(encode(&table, (FOUR,), &HERE).unwrap(), bytes);
        checksum::seal(&mut bytes);
        assert_eq!(u64::try_from(bytes.len()).unwrap(), MasterTable::encoded_size(1, FOUR));

        let mut bytes = b"SMLI\0\x0d\xf0\x0d\xf0\x02\0\0\0\0\x16\0\0\0\0\x20\0".to_vec();
        bytes.extend(b"\x01\x0d\xf0\x0d\xf0\0\x03\x05\0\0\x02\0\0\0\0\0\0");
        let (list, used) = decode::<SharedList>(&bytes, (FOUR, 2), &LIST).unwrap();
        assert_eq!(used, bytes.len());
        let id = [0, 22, 0, 0, 0, 0, 32, 0];
        assert_eq!(list.records[0].place, Place::Heap { references: 2, id });
        let header = Addr::new(0x200);
        assert_eq!(list.records[1].place, Place::Header { message_type: 3, index: 5, header });
        assert_eq!(encode(&list, (FOUR,), &LIST).unwrap(), bytes);
        checksum::seal(&mut bytes);
        assert_eq!(u64::try_from(bytes.len()).unwrap(), SharedList::encoded_size(2, FOUR));
    }

    #[test]
    fn damaged() {
        assert!(decode::<MasterTable>(b"SMTB\x01", (FOUR, 1), &HERE).unwrap_err().is_damaged());
        assert!(decode::<MasterTable>(b"SMTB\0\x02\0\0", (FOUR, 1), &HERE).is_err(), "kind 2");
        assert!(decode::<SharedList>(b"SMLI\x02\0\0\0\0", (FOUR, 1), &LIST).is_err(), "location 2");
        assert!(decode::<SharedList>(b"SMLI\0\0\0\0\0\0\0", (FOUR, 1), &LIST).is_err(), "too short");
    }

    fn any_place() -> impl Strategy<Value = Place> {
        prop_oneof![
            any::<(u32, [u8; HEAP_ID])>().prop_map(|(references, id)| Place::Heap { references, id }),
            any::<(u8, u16, u64)>().prop_map(|(message_type, index, at)| Place::Header {
                message_type,
                index,
                header: Addr::new(at),
            }),
        ]
    }

    proptest! {
        #[test]
        fn round_trip(raw in prop::collection::vec((any::<u32>(), any_place()), 0..9), n in any::<(u16, u32)>()) {
            let records: Vec<_> = raw.into_iter().map(|(hash, place)| SharedRecord { hash, place }).collect();
            let count = u16::try_from(records.len()).unwrap();
            let index = SharedIndex {
                kind: IndexKind::Tree, types: n.0, min_size: n.1, list_max: 50, tree_min: 40,
                messages: count, index: Addr::UNDEFINED, heap: Addr::new(64),
            };
            let table = MasterTable { indexes: vec![index; 3] };
            let bytes = encode(&table, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<MasterTable>(&bytes, (Widths::EIGHT, 3), &HERE).unwrap().0, table);
            let list = SharedList { records };
            let bytes = encode(&list, (Widths::EIGHT,), &LIST).unwrap();
            prop_assert_eq!(decode::<SharedList>(&bytes, (Widths::EIGHT, count), &LIST).unwrap().0, list);
        }
    }
}
