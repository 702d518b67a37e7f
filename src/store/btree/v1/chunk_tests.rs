use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::node::Entries;
use super::super::{each_chunk, find_chunk};
use super::*;
use crate::store::testing::writable;

type Chunks = BTreeMap<Vec<u64>, (Addr, u32, u32)>;

fn free_bytes(store: &Store) -> u64 {
    let ranges =
        store.with_space(|s| (s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>(), s.end()));
    let (free, end) = ranges.unwrap();
    free + (1 << 40) - end
}

/// Checks siblings, keys and room of all nodes of a level; gives their children with the offsets of their keys.
fn level(store: &Store, shape: Shape, nodes: &[Addr], level: u8) -> Vec<Addr> {
    let mut children = Vec::new();
    let mut before: Option<Vec<u64>> = None;
    for (i, address) in nodes.iter().enumerate() {
        let node = <ChunkEntries as Entries>::load(store, shape, *address, Some(level)).unwrap();
        assert_eq!(node.head.left, i.checked_sub(1).map_or(Addr::UNDEFINED, |i| nodes[i]));
        assert_eq!(node.head.right, nodes.get(i + 1).copied().unwrap_or(Addr::UNDEFINED));
        let count = node.entries.children.len();
        assert!(count <= usize::from(2 * shape.k) && (count > 0 || nodes.len() == 1));
        let keys: Vec<Vec<u64>> =
            (0..=count).map(|i| ChunkEntries::key(&node.entries, i).unwrap().to_vec()).collect();
        assert!(count == 0 || keys.windows(2).all(|k| k[0] < k[1]), "{keys:?}");
        assert!(before.is_none_or(|before| before == keys[0]), "neighbours meet at one key");
        before = Some(keys[count].clone());
        for i in 0..count {
            let child = node.entries.children[i];
            if level > 0 {
                let below = <ChunkEntries as Entries>::load(store, shape, child, Some(level - 1)).unwrap();
                let end = below.entries.children.len();
                let (first, last) = (Entries::key(&below.entries, 0), ChunkEntries::key(&below.entries, end));
                assert_eq!(Entries::key(&node.entries, i), first);
                assert_eq!(last.unwrap(), keys[i + 1]);
            }
            children.push(child);
        }
    }
    children
}

fn check(store: &Store, root: Addr, shape: &ChunkShape<'_>, chunks: &Chunks) {
    store.forget().unwrap();
    let tree = shape.shape().unwrap();
    let top = <ChunkEntries as Entries>::load(store, tree, root, None).unwrap().head.level;
    let mut nodes = vec![root];
    for at in (0..=top).rev() {
        nodes = level(store, tree, &nodes, at);
    }
    assert_eq!(nodes, chunks.values().map(|c| c.0).collect::<Vec<_>>());
    let mut found = Chunks::new();
    each_chunk(store, root, tree.coordinates - 1, &mut |c| {
        found.insert(c.offsets.to_vec(), (c.address, c.stored, c.filter_mask));
        Ok(())
    })
    .unwrap();
    assert_eq!(&found, chunks);
}

fn set(store: &Store, root: Addr, shape: &ChunkShape<'_>, chunks: &mut Chunks, offsets: Vec<u64>, n: u64) {
    let low = u32::try_from(n).unwrap();
    let value = (Addr::new(n * 8 + 1000), low + 1, low % 4);
    let (address, stored, filter_mask) = value;
    set_chunk(store, root, shape, ChunkKey { address, stored, filter_mask, offsets: &offsets }).unwrap();
    assert_eq!(find_chunk(store, root, &offsets).unwrap(), Some(value));
    chunks.insert(offsets, value);
}

#[test]
fn thousands() {
    for order in [|n: u64| n, |n: u64| 9999 - n, |n: u64| n * 7919 % 10_000] {
        let store = writable();
        let before = free_bytes(&store);
        let shape = ChunkShape { k: 4, chunk: &[10, 3, 8] };
        let root = create_chunks(&store, &shape).unwrap();
        let mut chunks = Chunks::new();
        let place = |n: u64| vec![n / 100 * 10, n % 100 * 3, 0];
        check(&store, root, &shape, &chunks);
        for round in 0..2 {
            for n in 0..10_000 {
                set(&store, root, &shape, &mut chunks, place(order(n)), n + round);
            }
            check(&store, root, &shape, &chunks);
            for n in (0..10_000).filter(|n| n % 7 != 0) {
                let gone = remove_chunk(&store, root, &shape, &place(order(n))).unwrap();
                assert_eq!(gone, chunks.remove(&place(order(n))));
            }
            check(&store, root, &shape, &chunks);
            for n in (0..10_000).rev().filter(|n| n % 7 == 0) {
                let gone = remove_chunk(&store, root, &shape, &place(n)).unwrap();
                assert_eq!(gone, chunks.remove(&place(n)));
            }
            for n in 0..10_000 {
                let gone = remove_chunk(&store, root, &shape, &place(n)).unwrap();
                assert_eq!(gone, chunks.remove(&place(n)));
            }
            check(&store, root, &shape, &chunks);
        }
        delete_chunks(&store, root, &shape).unwrap();
        assert_eq!(free_bytes(&store), before);
    }
}

#[test]
fn refused() {
    let store = writable();
    let shape = ChunkShape { k: 32, chunk: &[10, 8] };
    let root = create_chunks(&store, &shape).unwrap();
    let put = |offsets: &[u64]| {
        let key = ChunkKey { address: Addr::new(8), stored: 1, filter_mask: 0, offsets };
        set_chunk(&store, root, &shape, key)
    };
    assert!(put(&[5, 0]).is_err(), "between chunks");
    assert!(put(&[10, 8]).is_err());
    assert!(put(&[10]).is_err());
    assert!(put(&[u64::MAX / 10 * 10, 0]).is_err());
    put(&[10, 0]).unwrap();
    assert_eq!(remove_chunk(&store, root, &shape, &[0, 0]).unwrap(), None);
    assert_eq!(remove_chunk(&store, root, &shape, &[20, 0]).unwrap(), None);
    assert!(create_chunks(&store, &ChunkShape { k: 0, chunk: &[10, 8] }).is_err());
    assert!(create_chunks(&store, &ChunkShape { k: 32, chunk: &[10] }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn as_a_map(k in 1u16..4, steps in prop::collection::vec((0u8..10, 0u64..12, 0u64..12), 1..400)) {
        let store = writable();
        let before = free_bytes(&store);
        let shape = ChunkShape { k, chunk: &[5, 7, 4] };
        let root = create_chunks(&store, &shape).unwrap();
        let mut chunks = Chunks::new();
        for (i, (what, y, x)) in steps.iter().enumerate() {
            let offsets = vec![y * 5, x * 7, 0];
            if if i / 100 % 2 == 0 { *what < 8 } else { *what < 3 } {
                set(&store, root, &shape, &mut chunks, offsets, i as u64);
            } else {
                prop_assert_eq!(remove_chunk(&store, root, &shape, &offsets).unwrap(), chunks.remove(&offsets));
            }
            if i % 16 == 0 {
                check(&store, root, &shape, &chunks);
            }
        }
        check(&store, root, &shape, &chunks);
        delete_chunks(&store, root, &shape).unwrap();
        prop_assert_eq!(free_bytes(&store), before);
    }
}
