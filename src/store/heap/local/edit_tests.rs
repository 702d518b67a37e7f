use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::store::testing::writable;

fn free_bytes(store: &Store) -> u64 {
    let ranges =
        store.with_space(|s| (s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>(), s.end()));
    let (free, end) = ranges.unwrap();
    free + (1 << 40) - end
}

/// All names are there, free blocks and names fill the segment without overlap.
fn check(store: &Store, address: Addr, names: &BTreeMap<u64, Vec<u8>>) {
    let kept = LocalHeap::open(store, address).unwrap();
    store.forget().unwrap();
    let heap = LocalHeap::open(store, address).unwrap();
    assert_eq!(kept.segment, heap.segment, "what the cache holds is what was written");
    let mut parts = heap.free_blocks(store).unwrap();
    if let Some(free) = &kept.free {
        assert!(parts.iter().rev().eq(free.iter()));
    }
    for (offset, name) in names {
        assert_eq!(offset % 8, 0);
        assert_eq!(heap.name_at(*offset).unwrap(), name);
        parts.push((*offset, (u64::try_from(name.len()).unwrap() + 1).next_multiple_of(8)));
    }
    parts.sort_unstable();
    let size = heap.header.segment_size.0;
    let mut at = 0;
    for (offset, bytes) in parts {
        // Pieces of 8 bytes are too small for the list and lost.
        assert!(offset >= at, "{offset} {at}");
        at = offset + bytes;
    }
    assert!(at <= size);
}

#[test]
fn a_heap_grows_and_shrinks() {
    let store = writable();
    let before = free_bytes(&store);
    let heap = create(&store, 88).unwrap();
    assert_eq!(insert(&store, heap, b"").unwrap(), 0);
    let mut names = BTreeMap::from([(0, Vec::new())]);
    for i in 0..2000 {
        let name = format!("name of {i}").into_bytes();
        names.insert(insert(&store, heap, &name).unwrap(), name);
    }
    check(&store, heap, &names);
    let grown = LocalHeap::open(&store, heap).unwrap().header.segment_size.0;
    assert!((32_000..=65_536).contains(&grown), "{grown}");
    for (offset, name) in names.split_off(&1) {
        remove(&store, heap, offset, name.len() as u64 + 1).unwrap();
    }
    check(&store, heap, &names);
    let shrunk = LocalHeap::open(&store, heap).unwrap().header.segment_size.0;
    assert!(shrunk <= 256, "{shrunk}");
    delete(&store, heap).unwrap();
    assert_eq!(free_bytes(&store), before);
}

#[test]
fn refused() {
    let store = writable();
    let heap = create(&store, 0).unwrap();
    assert!(insert(&store, heap, b"a\0b").is_err());
    let at = insert(&store, heap, b"alpha").unwrap();
    assert!(remove(&store, heap, 4096, 3).unwrap_err().is_damaged());
    assert!(remove(&store, heap, at, 0).is_err());
    let other = insert(&store, heap, b"a longer name").unwrap();
    remove(&store, heap, other, 14).unwrap();
    assert!(remove(&store, heap, other, 14).unwrap_err().is_damaged(), "twice");
}

#[test]
fn damaged_free_lists() {
    let store = writable();
    let heap = create(&store, 256).unwrap();
    insert(&store, heap, b"x").unwrap();
    let segment = LocalHeap::open(&store, heap).unwrap().segment_address();
    // A block that is its own successor, and one that reaches beyond the segment.
    for (next, size) in [(8u64, 248u64), (1, 4096), (1, 8), (64, 100)] {
        store.write(segment.plus(8), &[next.to_le_bytes(), size.to_le_bytes()].concat()).unwrap();
        store.forget().unwrap();
        assert!(insert(&store, heap, b"y").unwrap_err().is_damaged(), "{next} {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn as_a_map(first in 0u64..200, steps in prop::collection::vec((any::<bool>(), 0usize..60, any::<prop::sample::Index>()), 1..120)) {
        let store = writable();
        let before = free_bytes(&store);
        let heap = create(&store, first).unwrap();
        let mut names = BTreeMap::new();
        for (add, len, which) in steps {
            if add || names.is_empty() {
                let name = vec![b'a' + (len % 26) as u8; len];
                let at = insert(&store, heap, &name).unwrap();
                prop_assert!(names.insert(at, name).is_none());
            } else {
                let at: u64 = *which.get(&names.keys().copied().collect::<Vec<_>>());
                let name: Vec<u8> = names.remove(&at).unwrap();
                remove(&store, heap, at, name.len() as u64 + 1).unwrap();
            }
            check(&store, heap, &names);
        }
        delete(&store, heap).unwrap();
        prop_assert_eq!(free_bytes(&store), before);
    }
}
