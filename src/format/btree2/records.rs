//! The records of B-trees version 2, by the tree's type.
//!
//! Clause III.A.2; note `spec-notes/btree2.md`.

use binrw::meta::ReadEndian;
use binrw::{BinRead, binrw};

use crate::error::{Result, Structure};
use crate::wire::integers::{put_uint, uint};
use crate::wire::{Addr, Length, Widths, decode};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("B-tree version 2 record", "III.A.2");

/// A kind of record that can be decoded from its bytes.
pub trait Record: Sized {
    /// Whether a tree of this type holds such records.
    fn fits(record_type: u8) -> bool;
    /// Decodes one record of a tree of this type.
    fn decode(bytes: &[u8], record_type: u8, w: Widths) -> Result<Self>;
}

/// Decodes a record that has to fill its bytes.
fn whole<'a, T>(bytes: &[u8], args: T::Args<'a>) -> Result<T>
where
    T: BinRead + ReadEndian,
{
    let (record, used) = decode::<T>(bytes, args, &HERE)?;
    if used != bytes.len() {
        return Err(HERE.mismatch("record size", bytes.len(), used));
    }
    Ok(record)
}

/// Types 1 to 4: a huge object of a fractal heap.
#[binrw]
#[brw(little, import(w: Widths, record_type: u8))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HugeObject {
    /// Where the object's bytes are.
    #[brw(args(w))]
    pub address: Addr,
    /// Bytes in the file.
    #[brw(args(w))]
    pub stored: Length,
    /// Filters that were skipped; types 2 and 4.
    #[br(if(matches!(record_type, 2 | 4)))]
    pub filter_mask: Option<u32>,
    /// Bytes once decoded; types 2 and 4.
    #[br(if(matches!(record_type, 2 | 4)), args_raw = (w,))]
    #[bw(args(w))]
    pub size: Option<Length>,
    /// The object's key in the heap ID; types 1 and 2.
    #[br(if(matches!(record_type, 1 | 2)), args_raw = (w,))]
    #[bw(args(w))]
    pub id: Option<Length>,
}

impl Record for HugeObject {
    fn fits(record_type: u8) -> bool {
        matches!(record_type, 1..=4)
    }
    fn decode(bytes: &[u8], record_type: u8, w: Widths) -> Result<Self> {
        whole(bytes, (w, record_type))
    }
}

/// Type 5: a link by the hash of its name.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkByName {
    /// lookup3 of the name.
    pub hash: u32,
    /// The link message in the fractal heap.
    pub heap_id: [u8; 7],
}

impl Record for LinkByName {
    fn fits(record_type: u8) -> bool {
        record_type == 5
    }
    fn decode(bytes: &[u8], _: u8, _: Widths) -> Result<Self> {
        whole(bytes, ())
    }
}

/// Type 6: a link by its creation index.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkByOrder {
    /// The creation index.
    pub order: i64,
    /// The link message in the fractal heap.
    pub heap_id: [u8; 7],
}

impl Record for LinkByOrder {
    fn fits(record_type: u8) -> bool {
        record_type == 6
    }
    fn decode(bytes: &[u8], _: u8, _: Widths) -> Result<Self> {
        whole(bytes, ())
    }
}

/// Where a shared message is.
#[binrw]
#[brw(little, import(w: Widths, location: u8))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedPlace {
    /// In the fractal heap of the index.
    #[br(pre_assert(location == 0))]
    Heap {
        /// How many headers use it.
        references: u32,
        /// The message in the heap.
        heap_id: [u8; 8],
    },
    /// In an object header.
    #[br(pre_assert(location == 1))]
    Header {
        #[br(temp)]
        #[bw(calc = 0)]
        reserved: u8,
        /// The message's type.
        message_type: u8,
        /// Which of the header's messages of this type.
        index: u16,
        /// The object header.
        #[brw(args(w))]
        header: Addr,
    },
}

/// Type 7: a shared object header message by the hash of its bytes.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedMessage {
    #[br(temp, assert(location <= 1, "location {location}, only 0 and 1 are known"))]
    #[bw(calc = u8::from(matches!(self.place, SharedPlace::Header { .. })))]
    location: u8,
    /// lookup3 of the encoded message.
    pub hash: u32,
    /// Where the message is.
    #[br(args(w, location))]
    #[bw(args(w, 0))]
    pub place: SharedPlace,
}

impl Record for SharedMessage {
    fn fits(record_type: u8) -> bool {
        record_type == 7
    }
    fn decode(bytes: &[u8], _: u8, w: Widths) -> Result<Self> {
        // The two places differ in length; the shorter is padded.
        Ok(decode::<SharedMessage>(bytes, (w,), &HERE)?.0)
    }
}

/// Type 8: an attribute by the hash of its name.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeByName {
    /// The attribute message in the fractal heap, or in the shared messages' heap.
    pub heap_id: [u8; 8],
    /// Flags of the message; bit 1: shared.
    pub flags: u8,
    /// The creation index.
    pub order: u32,
    /// lookup3 of the name.
    pub hash: u32,
}

impl Record for AttributeByName {
    fn fits(record_type: u8) -> bool {
        record_type == 8
    }
    fn decode(bytes: &[u8], _: u8, _: Widths) -> Result<Self> {
        whole(bytes, ())
    }
}

/// Type 9: an attribute by its creation index.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeByOrder {
    /// The attribute message in the fractal heap, or in the shared messages' heap.
    pub heap_id: [u8; 8],
    /// Flags of the message; bit 1: shared.
    pub flags: u8,
    /// The creation index.
    pub order: u32,
}

impl Record for AttributeByOrder {
    fn fits(record_type: u8) -> bool {
        record_type == 9
    }
    fn decode(bytes: &[u8], _: u8, _: Widths) -> Result<Self> {
        whole(bytes, ())
    }
}

/// Where a chunk is: an element of a fixed or extensible array, and the start of a record of type 10 or 11.
#[binrw]
#[brw(little, import(w: Widths, size_width: u8))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkEntry {
    /// Where the chunk is; undefined: not allocated.
    #[brw(args(w))]
    pub address: Addr,
    /// Stored bytes; 0 where `size_width` is, in datasets without filters.
    #[br(parse_with = uint, args(size_width))]
    #[bw(write_with = put_uint, args(size_width))]
    pub stored: u64,
    /// Filters that were skipped.
    #[br(if(size_width > 0))]
    #[bw(if(size_width > 0))]
    pub filter_mask: u32,
}

impl ChunkEntry {
    /// Bytes of an entry; `size_width` is 0 in datasets without filters.
    pub fn bytes(w: Widths, size_width: u8) -> u8 {
        let filtered = if size_width > 0 { size_width.saturating_add(4) } else { 0 };
        w.offset.saturating_add(filtered)
    }
}

/// Types 10 (no filters, `size_width` 0) and 11: a chunk by its place in the grid of chunks.
#[binrw]
#[brw(little, import(w: Widths, size_width: u8, rank: usize))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRecord {
    /// Where the chunk is.
    #[brw(args(w, size_width))]
    pub entry: ChunkEntry,
    /// Coordinates in chunks, slowest first.
    #[br(count = rank)]
    #[bw(assert(self.scaled.len() == rank, "another rank"))]
    pub scaled: Vec<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;
    use proptest::prelude::*;

    const W: Widths = Widths::EIGHT;

    #[test]
    fn the_notes_examples() {
        let link = LinkByName::decode(&[4, 3, 2, 1, 0, 9, 0, 0, 0, 5, 0], 5, W).unwrap();
        assert_eq!((link.hash, link.heap_id), (0x0102_0304, [0, 9, 0, 0, 0, 5, 0]));
        let w = Widths { offset: 4, length: 4 };
        let bytes = [0, 1, 0, 0, 9, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
        let (chunk, used) = decode::<ChunkRecord>(&bytes, (w, 2, 2), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(chunk.entry, ChunkEntry { address: Addr::new(256), stored: 9, filter_mask: 2 });
        assert_eq!(chunk.scaled, [5, 7]);
        assert_eq!(encode(&chunk, (w, 2, 2), &HERE).unwrap(), bytes);
    }

    #[test]
    fn shared_messages() {
        for place in [
            SharedPlace::Heap { references: 3, heap_id: [1; 8] },
            SharedPlace::Header { message_type: 3, index: 1, header: Addr::new(96) },
        ] {
            let record = SharedMessage { hash: 7, place };
            let mut bytes = encode(&record, (W,), &HERE).unwrap();
            assert_eq!(bytes.len(), 17);
            bytes.push(0);
            assert_eq!(SharedMessage::decode(&bytes, 7, W).unwrap(), record);
        }
        assert!(SharedMessage::decode(&[2; 17], 7, W).unwrap_err().is_damaged());
    }

    #[test]
    fn damaged() {
        assert!(LinkByName::decode(&[0; 12], 5, W).unwrap_err().is_damaged(), "a byte too many");
        assert!(AttributeByName::decode(&[0; 16], 8, W).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(a in any::<u32>(), b in 0u64..1 << 40, order in any::<i64>(), flags in any::<u8>()) {
            for record_type in 1..=4 {
                let filtered = matches!(record_type, 2 | 4);
                let huge = HugeObject {
                    address: Addr::new(b),
                    stored: Length(9),
                    filter_mask: filtered.then_some(a),
                    size: filtered.then_some(Length(b)),
                    id: (record_type < 3).then_some(Length(8)),
                };
                let bytes = encode(&huge, (W, record_type), &HERE).unwrap();
                prop_assert_eq!(HugeObject::decode(&bytes, record_type, W).unwrap(), huge);
            }
            let link = LinkByOrder { order, heap_id: [flags; 7] };
            prop_assert_eq!(LinkByOrder::decode(&encode(&link, (), &HERE).unwrap(), 6, W).unwrap(), link);
            let name = AttributeByName { heap_id: [flags; 8], flags, order: a, hash: !a };
            prop_assert_eq!(AttributeByName::decode(&encode(&name, (), &HERE).unwrap(), 8, W).unwrap(), name);
            let order = AttributeByOrder { heap_id: [flags; 8], flags, order: a };
            prop_assert_eq!(AttributeByOrder::decode(&encode(&order, (), &HERE).unwrap(), 9, W).unwrap(), order);
        }
    }
}
