use super::*;
use crate::filter::Registry;
use crate::format::btree2::records::LinkByName;
use crate::limits::Limits;
use crate::source::memory::Memory;
use crate::source::window::Window;
use crate::wire::checksum::seal;
use crate::wire::{Length, Widths, encode};

const W: Widths = Widths::EIGHT;

fn records(hashes: std::ops::Range<u32>) -> Vec<u8> {
    let one = |hash| encode(&LinkByName { hash, heap_id: [hash as u8; 7] }, (), &HERE).unwrap();
    hashes.flat_map(one).collect()
}

fn put(file: &mut Vec<u8>, mut block: Vec<u8>) -> Addr {
    seal(&mut block);
    let at = Addr::new(file.len() as u64);
    file.extend(block);
    at
}

/// Depth 2, 3 records and 4 children in the root, 1 record and 2 leaves of 4 in each child: hashes 0 to 38.
fn sample() -> (Store, Addr) {
    let (mut file, mut hash) = (vec![0; 8], 0u32);
    let mut take = |n: u32| {
        hash += n;
        records(hash - n..hash)
    };
    let (mut children, mut separators) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let leaf = |file: &mut Vec<u8>, records: Vec<u8>| {
            let leaf = Leaf { record_type: 5, records };
            let address = put(file, encode(&leaf, (44,), &LEAF).unwrap());
            Child { address, records: 4, total: 0 }
        };
        let left = leaf(&mut file, take(4));
        let between = take(1);
        let node =
            Internal { record_type: 5, records: between, children: vec![left, leaf(&mut file, take(4))] };
        let address = put(&mut file, encode(&node, (W, 11, 2, 1, 0), &INTERNAL).unwrap());
        children.push(Child { address, records: 1, total: 9 });
        separators.extend(if children.len() < 4 { take(1) } else { Vec::new() });
    }
    let node = Internal { record_type: 5, records: separators, children };
    let root = put(&mut file, encode(&node, (W, 33, 4, 1, 2), &INTERNAL).unwrap());
    let header = Header {
        record_type: 5,
        node_size: 512,
        record_size: 11,
        depth: 2,
        split_percent: 100,
        merge_percent: 40,
        root,
        root_records: 3,
        total_records: Length(39),
    };
    let header = put(&mut file, encode(&header, (W,), &HERE).unwrap());
    let window = Window::new(Arc::new(Memory(file)), 0);
    (Store::new(window, W, Limits::default(), Arc::new(Registry::default())).unwrap(), header)
}

#[test]
fn every_record_is_found_in_order() {
    let (store, header) = sample();
    let mut hashes = Vec::new();
    each(&store, header, |r: LinkByName| {
        hashes.push(r.hash);
        Ok(())
    })
    .unwrap();
    assert_eq!(hashes, (0..39).collect::<Vec<_>>());
    for hash in 0..39 {
        let found = find(&store, header, |r: &LinkByName| Ok(r.hash.cmp(&hash))).unwrap().unwrap();
        assert_eq!(found.heap_id, [hash as u8; 7]);
    }
    assert!(find(&store, header, |r: &LinkByName| Ok(r.hash.cmp(&39))).unwrap().is_none());
    assert_eq!(total(&store, header).unwrap(), 39);
}

#[test]
fn damaged() {
    let (store, header) = sample();
    use crate::format::btree2::records::LinkByOrder;
    let e = each(&store, header, |_: LinkByOrder| Ok(())).unwrap_err();
    assert!(e.is_damaged() && e.to_string().contains("record type"), "{e}");
    assert!(total(&store, Addr::new(8)).is_err(), "no header");
    let stopped = find(&store, header, |_: &LinkByName| Err(crate::Error::usage("stop"))).unwrap_err();
    assert_eq!(stopped.what(), "stop");
}

mod edits {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::*;
    use crate::store::testing::writable;

    fn record(key: u32, value: u8) -> Vec<u8> {
        [&key.to_le_bytes()[..], &[value; 7]].concat()
    }
    fn by(key: u32) -> impl FnMut(&[u8]) -> Result<Ordering> {
        move |r| Ok(u32::from_le_bytes(*r.first_chunk().unwrap()).cmp(&key))
    }
    fn free_bytes(store: &Store) -> u64 {
        store
            .with_space(|s| {
                s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>() + (1 << 40) - s.end()
            })
            .unwrap()
    }
    /// All records, after a check of every node; nodes of the tree.
    fn check(store: &Store, header: Addr) -> (Vec<Vec<u8>>, usize) {
        store.forget().unwrap();
        let tree = open(store, header).unwrap();
        let (mut all, mut nodes) = (Vec::new(), 0);
        if let Some((root, level)) = tree.root() {
            let total = check_node(store, &tree, &root, level, true, &mut all, &mut nodes);
            assert_eq!(total, tree.header.total_records.0);
        } else {
            assert_eq!((tree.header.total_records.0, tree.header.depth), (0, 0));
        }
        assert!(all.is_sorted_by_key(|r: &Vec<u8>| u32::from_le_bytes(*r.first_chunk().unwrap())));
        (all, nodes)
    }
    fn check_node(
        store: &Store,
        tree: &Tree,
        child: &Child,
        level: u16,
        root: bool,
        all: &mut Vec<Vec<u8>>,
        nodes: &mut usize,
    ) -> u64 {
        *nodes += 1;
        let node = tree.node(store, child, level).unwrap();
        let most = tree.level(level).unwrap().max_records;
        let least = if root { 1 } else { (most * u64::from(tree.header.merge_percent) / 100).max(1) };
        assert!((least..=most).contains(&child.records), "{} records of {least} to {most}", child.records);
        let mut total = child.records;
        for (i, r) in node.records.chunks_exact(node.record_size).enumerate() {
            if level > 0 {
                total += check_node(store, tree, &node.children[i], level - 1, false, all, nodes);
            }
            all.push(r.to_vec());
        }
        if level > 0 {
            assert_eq!(node.children.len() as u64, child.records + 1);
            total += check_node(store, tree, node.children.last().unwrap(), level - 1, false, all, nodes);
            assert!(root || child.total == total);
        }
        total
    }
    fn tree(store: &Store, node_bytes: u32) -> Addr {
        create(store, &NewTree { node_bytes, ..NewTree::small(5, 11) }).unwrap()
    }

    #[test]
    fn many_records_up_and_down() {
        for (n, node_bytes, step) in
            [(30_000u32, 512, 1), (30_000, 512, 7919), (5_000, 96, 1), (5_000, 96, 4999)]
        {
            let store = writable();
            let before = free_bytes(&store);
            let header = tree(&store, node_bytes);
            let keys: Vec<u32> = (0..n).map(|i| i.wrapping_mul(step) % n).collect();
            for &key in &keys {
                insert(&store, header, &record(key, 1), by(key)).unwrap();
            }
            let (all, nodes) = check(&store, header);
            assert_eq!(all.len(), n as usize);
            assert!(open(&store, header).unwrap().header.depth >= 2);
            let room = nodes * (node_bytes as usize - 30) / 11;
            assert!(all.len() * 2 > room, "{} records where {room} fit", all.len());
            assert!(insert(&store, header, &record(5, 1), by(5)).is_err(), "twice");
            assert!(update(&store, header, by(5), |r| r[10] = 9).unwrap());
            assert!(!update(&store, header, by(n), |_| ()).unwrap());
            for (i, &key) in keys.iter().enumerate() {
                let value = remove(&store, header, by(key)).unwrap().unwrap();
                assert_eq!(value[10], if key == 5 { 9 } else { 1 });
                if i % 2777 == 0 {
                    assert_eq!(check(&store, header).0.len(), n as usize - i - 1);
                }
            }
            assert_eq!(remove(&store, header, by(1)).unwrap(), None);
            assert!(!open(&store, header).unwrap().header.root.is_defined());
            delete(&store, header, &mut |_| panic!("a record")).unwrap();
            assert_eq!(free_bytes(&store), before);
        }
    }

    #[test]
    fn refused() {
        let store = writable();
        assert!(create(&store, &NewTree { merge_percent: 50, ..NewTree::small(5, 11) }).is_err());
        assert!(create(&store, &NewTree { node_bytes: 16, ..NewTree::small(5, 11) }).is_err());
        let header = tree(&store, 512);
        assert!(insert(&store, header, b"short", |_| Ok(Ordering::Equal)).is_err());
        let one = create(&store, &NewTree { node_bytes: 24, ..NewTree::small(5, 11) }).unwrap();
        assert!(insert(&store, one, &record(1, 1), by(1)).unwrap_err().is_unsupported());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn as_a_map(ops in prop::collection::vec((0u8..10, 0u32..400, any::<u8>()), 1..2500), node_bytes in prop::sample::select(vec![80u32, 96, 128, 512])) {
            let store = writable();
            let before = free_bytes(&store);
            let header = tree(&store, node_bytes);
            let mut model = BTreeMap::new();
            for (i, (op, key, value)) in ops.iter().copied().enumerate() {
                // Phases of growth, then of decline.
                let grow = if (i / 700).is_multiple_of(2) { 6 } else { 2 };
                if op < grow {
                    let added = insert(&store, header, &record(key, value), by(key)).is_ok();
                    prop_assert_eq!(added, !model.contains_key(&key));
                    if added { model.insert(key, value); }
                } else if op < 9 {
                    let removed = remove(&store, header, by(key)).unwrap();
                    prop_assert_eq!(removed, model.remove(&key).map(|v| record(key, v)));
                } else {
                    let found = update(&store, header, by(key), |r| r[4..].fill(value)).unwrap();
                    prop_assert_eq!(found, model.contains_key(&key));
                    if found { model.insert(key, value); }
                }
                if i % 50 == 0 { check(&store, header); }
            }
            let expected: Vec<_> = model.iter().map(|(k, v)| record(*k, *v)).collect();
            let (all, _) = check(&store, header);
            prop_assert_eq!(&all, &expected);
            let mut seen = 0;
            delete(&store, header, &mut |_| { seen += 1; Ok(()) }).unwrap();
            prop_assert_eq!(seen, expected.len());
            prop_assert_eq!(free_bytes(&store), before);
        }
    }
}
