use super::*;
use crate::wire::encode;
use proptest::prelude::*;

const FOUR: Widths = Widths { offset: 4, length: 4 };

fn chunks(version: u8, flags: u8, dims: &[u64], index: IndexKind) -> Layout {
    let chunked = Chunked { flags, dims: dims.to_vec(), index, address: Addr::new(0xa00) };
    Layout { version, class: LayoutClass::Chunked(chunked) }
}

#[test]
fn the_notes_examples() {
    let contiguous = LayoutClass::Contiguous { address: Addr::new(0x800), size: Length(64) };
    let examples: [(&[u8], Layout); 3] = [
        (&[3, 1, 0, 8, 0, 0, 64, 0, 0, 0], Layout { version: 3, class: contiguous }),
        (&[3, 2, 2, 0, 10, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0], chunks(3, 0, &[10, 4], IndexKind::BTree1)),
        (
            &[4, 2, 2, 2, 1, 10, 4, 1, 20, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0],
            chunks(4, SINGLE_FILTERED, &[10, 4], IndexKind::Single(Some((Length(20), 0)))),
        ),
    ];
    for (bytes, layout) in examples {
        assert_eq!(Layout::parse(bytes, FOUR).unwrap(), layout);
        assert_eq!(encode(&layout, (FOUR,), &HERE).unwrap(), bytes);
    }
}

#[test]
fn versions_1_and_2() {
    let head = |class: u8, rank: u8| vec![1, rank, class, 0, 0, 0, 0, 0];
    let dims = [10u32, 4].map(u32::to_le_bytes).concat();
    let contiguous = [head(1, 2), vec![0, 8, 0, 0], dims.clone()].concat();
    let class = Layout::parse(&contiguous, FOUR).unwrap().class;
    assert_eq!(class, LayoutClass::Contiguous { address: Addr::new(0x800), size: Length::UNLIMITED });
    let chunked = [head(2, 2), vec![0, 10, 0, 0], dims.clone()].concat();
    let layout = Layout::parse(&chunked, FOUR).unwrap();
    assert_eq!(layout.class, chunks(1, 0, &[10, 4], IndexKind::BTree1).class);
    let e = encode(&layout, (FOUR,), &HERE).unwrap_err();
    assert!(e.to_string().contains("versions 1 and 2"), "{e}");
    let compact = [head(0, 2), dims, vec![3, 0, 0, 0, 7, 8, 9]].concat();
    assert_eq!(Layout::parse(&compact, FOUR).unwrap().class, LayoutClass::Compact(vec![7, 8, 9]));
    assert!(Layout::parse(&head(3, 2), FOUR).unwrap_err().is_damaged(), "class 3");
    assert!(Layout::parse(&head(1, 34), FOUR).unwrap_err().is_damaged(), "34 dimensions");
}

#[test]
fn damaged() {
    let bad: [(&[u8], &str); 8] = [
        (&[6, 1], "version 6"),
        (&[3, 3, 0, 0, 0, 0, 0, 0, 0, 0], "class 3"),
        (&[3, 0, 9, 0, 1], "go on after"),
        (&[3, 2, 1, 0, 0, 0, 0, 4, 0, 0, 0], "1 dimensions"),
        (&[3, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0], "dimension of 0"),
        (&[4, 2, 4, 2, 1, 10, 4, 2, 0, 0, 0, 0], "flags 0x04"),
        (&[4, 2, 0, 2, 9, 10, 4, 2], "9 bytes"),
        (&[4, 2, 0, 2, 1, 10, 4, 0, 0, 0, 0, 0], "chunk index 0"),
    ];
    for (bytes, why) in bad {
        let e = Layout::parse(bytes, FOUR).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains(why), "{e}");
    }
}

#[test]
fn what_a_version_cannot_say_is_refused() {
    let place = LayoutClass::Virtual { collection: Addr::new(8), index: 1 };
    let bad = [
        Layout { version: 3, class: place.clone() },
        Layout { version: 6, class: place },
        Layout { version: 4, class: LayoutClass::Compact(vec![0; 65536]) },
        chunks(4, 0, &[10, 4], IndexKind::BTree1),
        chunks(3, EDGES_UNFILTERED, &[10, 4], IndexKind::BTree1),
        chunks(3, 0, &[1 << 32, 4], IndexKind::BTree1),
        chunks(3, 0, &[10, 4], IndexKind::Implicit),
    ];
    for layout in bad {
        assert!(encode(&layout, (FOUR,), &HERE).is_err(), "version {}", layout.version);
    }
}

fn any_index() -> impl Strategy<Value = IndexKind> {
    let array = any::<[u8; 5]>().prop_map(|[a, b, c, d, e]| {
        IndexKind::ExtensibleArray(ExtensibleArrayParameters {
            max_elements_bits: a,
            index_block_elements: b,
            super_block_min_pointers: c,
            data_block_min_elements: d,
            page_bits: e,
        })
    });
    let tree = any::<(u32, u8, u8)>().prop_map(|(node_bytes, split_percent, merge_percent)| {
        IndexKind::BTree2(BTree2Parameters { node_bytes, split_percent, merge_percent })
    });
    prop_oneof![
        Just(IndexKind::BTree1),
        any::<Option<(u64, u32)>>().prop_map(|f| IndexKind::Single(f.map(|(size, mask)| (Length(size), mask)))),
        Just(IndexKind::Implicit),
        any::<u8>().prop_map(|page_bits| IndexKind::FixedArray(FixedArrayParameters { page_bits })),
        array,
        tree,
    ]
}

proptest! {
    #[test]
    fn round_trip(
        index in any_index(), newest: bool, edges: bool,
        wide in prop::collection::vec(1u64.., 2..6), narrow in prop::collection::vec(1u64..1 << 32, 2..6),
    ) {
        let old = index == IndexKind::BTree1;
        let single = if matches!(index, IndexKind::Single(Some(_))) { SINGLE_FILTERED } else { 0 };
        let flags = if old || !edges { single } else { single | EDGES_UNFILTERED };
        let version = if old { 3 } else { 4 + u8::from(newest) };
        let layout = chunks(version, flags, if old { &narrow } else { &wide }, index);
        let bytes = encode(&layout, (Widths::EIGHT,), &HERE).unwrap();
        prop_assert_eq!(Layout::parse(&bytes, Widths::EIGHT).unwrap(), layout);
    }

    #[test]
    fn round_trip_without_chunks(version in 3u8..6, data: Vec<u8>, at in 0..u64::MAX, index: u32, kind in 0..3) {
        let class = match kind {
            0 => LayoutClass::Compact(data),
            1 => LayoutClass::Contiguous { address: Addr::new(at), size: Length(at) },
            _ => LayoutClass::Virtual { collection: Addr::new(at), index },
        };
        let version = if kind == 2 { version.max(4) } else { version };
        let layout = Layout { version, class };
        let bytes = encode(&layout, (Widths::EIGHT,), &HERE).unwrap();
        prop_assert_eq!(Layout::parse(&bytes, Widths::EIGHT).unwrap(), layout);
    }
}
