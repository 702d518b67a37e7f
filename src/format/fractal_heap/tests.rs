use proptest::prelude::*;

use super::geometry::{FilteredHuge, HugeObject};
use super::*;
use crate::wire::{checksum, decode, encode};

pub(crate) fn header(id_length: u16, filtered: bool) -> HeapHeader {
    HeapHeader {
        id_length,
        ids_wrapped: false,
        checksummed: true,
        max_managed: 4096,
        next_huge: Length(0),
        huge_index: Addr::UNDEFINED,
        free_bytes: Length(490),
        free_space: Addr::UNDEFINED,
        managed_bytes: Length(512),
        allocated_bytes: Length(512),
        next_block: Length(512),
        managed_objects: Length(1),
        huge_bytes: Length(0),
        huge_objects: Length(0),
        tiny_bytes: Length(0),
        tiny_objects: Length(0),
        table: DoublingTable {
            width: 4,
            start_block: Length(512),
            max_direct: Length(65536),
            max_bits: 32,
            start_rows: 1,
            root: Addr::new(0x400),
            rows: 0,
        },
        filtered: filtered.then(|| FilteredRoot { size: Length(99), mask: 0, pipeline: vec![2, 0] }),
    }
}

const FOUR: Widths = Widths { offset: 4, length: 4 };

#[test]
fn the_notes_examples() {
    let mut bytes = b"FRHP\0\x07\0\0\0\x02\0\x10\0\0\0\0\0\0\xff\xff\xff\xff".to_vec();
    bytes.extend(b"\xea\x01\0\0\xff\xff\xff\xff\0\x02\0\0\0\x02\0\0\0\x02\0\0\x01\0\0\0");
    bytes.extend([0; 16]);
    bytes.extend(b"\x04\0\0\x02\0\0\0\0\x01\0\x20\0\x01\0\0\x04\0\0\0\0");
    let (head, used) = decode::<HeapHeader>(&bytes, (FOUR,), &HERE).unwrap();
    assert_eq!((&head, used), (&header(7, false), bytes.len()));
    assert_eq!(encode(&head, (FOUR,), &HERE).unwrap(), bytes);
    checksum::seal(&mut bytes);
    assert_eq!(u64::try_from(bytes.len()).unwrap(), HeapHeader::encoded_size(0, FOUR));

    let geometry = Geometry::of(&head, FOUR).unwrap();
    assert_eq!((geometry.offset_width, geometry.length_width), (4, 2));
    let id = geometry.parse_id(&[0, 21, 0, 0, 0, 9, 0]).unwrap();
    assert_eq!(id, HeapId::Managed { offset: 21, length: 9 });
    assert_eq!(geometry.parse_id(b"\x22abc\0\0\0").unwrap(), HeapId::Tiny(b"abc"));

    let bytes = b"FHDB\0\x2b\0\0\0\0\x02\0\0\x0d\xf0\x0d\xf0";
    let (block, used) = decode::<DirectBlockHead>(bytes, (FOUR, 4, true), &DIRECT).unwrap();
    assert_eq!((block.owner, block.offset, block.checksum), (Addr::new(0x2b), 512, Some(0xf00d_f00d)));
    assert_eq!(u64::try_from(used).unwrap(), geometry.direct_overhead());
    assert_eq!(encode(&block, (FOUR, 4, true), &DIRECT).unwrap(), bytes);
}

#[test]
fn filtered_header_and_sizes() {
    let head = header(7, true);
    let mut bytes = encode(&head, (FOUR,), &HERE).unwrap();
    assert_eq!(decode::<HeapHeader>(&bytes, (FOUR,), &HERE).unwrap().0, head);
    checksum::seal(&mut bytes);
    assert_eq!(u64::try_from(bytes.len()).unwrap(), HeapHeader::encoded_size(2, FOUR));
    assert_eq!(HeapHeader::encoded_size(0, Widths::EIGHT), 146);
}

#[test]
fn rows_and_columns() {
    let geometry = Geometry::of(&header(7, false), Widths::EIGHT).unwrap();
    let sizes: Vec<_> = (0..5).map(|r| (geometry.block_size(r), geometry.row_offset(r))).collect();
    assert_eq!(sizes, [(512, 0), (512, 2048), (1024, 4096), (2048, 8192), (4096, 16384)]);
    assert_eq!(geometry.locate(511), (0, 0));
    assert_eq!(geometry.locate(2047), (0, 3));
    assert_eq!(geometry.locate(2048), (1, 0));
    assert_eq!(geometry.locate(4096 + 1023), (2, 0));
    assert_eq!(geometry.locate(16383), (3, 3));
    assert!(geometry.is_direct(8) && !geometry.is_direct(9));
    assert_eq!(geometry.block_size(8), 65536);
    // A block of row 9 stands for 128 KiB: rows of 2, 2, 4, ... 64 KiB.
    assert_eq!(geometry.rows_below(9), 7);
    assert_eq!(geometry.row_offset(geometry.rows_below(9)), geometry.block_size(9));
    assert_eq!(geometry.entry(9, 2), Some(2));
    assert_eq!(geometry.entry(8, 2), Some(34));
    let form = geometry.indirect_form(10).unwrap();
    assert_eq!((form.direct, form.indirect), (36, 4));
    assert_eq!(geometry.indirect_size(form), 4 + 1 + 8 + 4 + 40 * 8 + 4);
    assert!(geometry.indirect_form(0).is_err());
}

#[test]
fn damaged() {
    let refused = |change: fn(&mut HeapHeader)| {
        let mut head = header(7, false);
        change(&mut head);
        assert!(Geometry::of(&head, FOUR).unwrap_err().is_damaged());
    };
    refused(|h| h.table.width = 0);
    refused(|h| h.table.width = 6);
    refused(|h| h.table.start_block = Length(0));
    refused(|h| h.table.max_direct = Length(256));
    refused(|h| h.table.max_bits = 65);
    refused(|h| h.table.max_bits = 10);
    refused(|h| h.table.rows = 100);
    assert!(decode::<HeapHeader>(b"FRHP\x01", (FOUR,), &HERE).is_err());
    assert!(decode::<DirectBlockHead>(b"FHDB\x01", (FOUR, 4, false), &DIRECT).is_err());
    let geometry = Geometry::of(&header(7, false), FOUR).unwrap();
    for id in [&[][..], &[0; 6], &[0x40, 0, 0, 0, 0, 0, 0], &[0x30, 0, 0, 0, 0, 0, 0], &[0x26, 0, 0, 0, 0, 0, 0]] {
        assert!(geometry.parse_id(id).is_err(), "{id:?}");
    }
}

#[test]
fn forms_of_heap_ids() {
    let huge = |filtered: bool| HugeObject {
        address: Addr::new(0x1234),
        length: Length(5000),
        filtered: filtered.then_some(FilteredHuge { mask: 1, memory_length: Length(9000) }),
    };
    // Width of the IDs, filtered or not, and the forms that huge objects and the longest tiny one take.
    for (length, filtered, id, tiny) in [
        (7, false, HeapId::HugeKey(77), 6),
        (8, false, HeapId::HugeKey(77), 7),
        (16, false, HeapId::HugeKey(77), 15),
        (17, false, HeapId::Huge(huge(false)), 16),
        (18, false, HeapId::Huge(huge(false)), 16),
        (19, false, HeapId::Huge(huge(false)), 17),
        (28, true, HeapId::HugeKey(77), 26),
        (29, true, HeapId::Huge(huge(true)), 27),
        (4097, true, HeapId::Huge(huge(true)), 4095),
    ] {
        let geometry = Geometry::of(&header(length, filtered), Widths::EIGHT).unwrap();
        let bytes = geometry.encode_id(&id).unwrap();
        assert_eq!(bytes.len(), usize::from(length));
        assert_eq!(geometry.parse_id(&bytes).unwrap(), id);
        let object = vec![7; tiny];
        let bytes = geometry.encode_id(&HeapId::Tiny(&object)).unwrap();
        assert_eq!(geometry.parse_id(&bytes).unwrap(), HeapId::Tiny(&object), "length {length}");
        assert!(geometry.encode_id(&HeapId::Tiny(&vec![7; tiny + 2])).is_err());
    }
}

proptest! {
    #[test]
    fn indirect_round_trip(raw in prop::collection::vec(any::<(u64, u64, u32)>(), 40), filtered: bool) {
        let geometry = Geometry::of(&header(7, filtered), Widths::EIGHT).unwrap();
        let form = geometry.indirect_form(10).unwrap();
        let child = |&(a, size, mask): &(u64, u64, u32)| DirectChild {
            address: Addr::new(a),
            filtered: filtered.then_some(FilteredChild { size: Length(size), mask }),
        };
        let block = IndirectBlock {
            owner: Addr::new(8),
            offset: 65536,
            direct: raw[..36].iter().map(child).collect(),
            indirect: raw[36..].iter().map(|r| Addr::new(r.0)).collect(),
        };
        let mut bytes = encode(&block, (Widths::EIGHT, form), &INDIRECT).unwrap();
        prop_assert_eq!(decode::<IndirectBlock>(&bytes, (Widths::EIGHT, form), &INDIRECT).unwrap().0, block);
        checksum::seal(&mut bytes);
        prop_assert_eq!(u64::try_from(bytes.len()).unwrap(), geometry.indirect_size(form));
    }

    #[test]
    fn every_offset_lies_in_the_block_that_is_found(offset in 0u64..1 << 32) {
        let geometry = Geometry::of(&header(7, false), Widths::EIGHT).unwrap();
        let (row, column) = geometry.locate(offset);
        let start = geometry.row_offset(row) + column * geometry.block_size(row);
        prop_assert!(column < 4 && start <= offset && offset < start + geometry.block_size(row));
    }

    #[test]
    fn any_id_is_parsed_or_refused(id in prop::collection::vec(any::<u8>(), 0..40), length in 0u16..40, filtered: bool) {
        let geometry = Geometry::of(&header(length, filtered), Widths::EIGHT).unwrap();
        if let Ok(parsed) = geometry.parse_id(&id) {
            let again = geometry.encode_id(&parsed).unwrap();
            prop_assert_eq!(geometry.parse_id(&again).unwrap(), parsed);
        }
    }
}
