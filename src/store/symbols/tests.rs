use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::format::btree1::NodeHeader;
use crate::store::btree::v1::each_symbols;
use crate::store::testing::writable;

fn free_bytes(store: &Store) -> u64 {
    let ranges =
        store.with_space(|s| (s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>(), s.end()));
    let (free, end) = ranges.unwrap();
    free + (1 << 40) - end
}

type Links = BTreeMap<Vec<u8>, NewSymbol>;

/// Nodes of one level from left to right, with their keys; checks what they say of each other.
fn level(store: &Store, table: &SymbolTable, nodes: &[Addr], level: u8) -> Vec<(Addr, u64, u64)> {
    let mut children = Vec::new();
    let mut before: Option<(Addr, u64)> = None;
    for (i, address) in nodes.iter().enumerate() {
        let entries = crate::store::btree::v1::node::Entries::load;
        let node: Arc<Node<GroupEntries>> = entries(store, table.shape(), *address, Some(level)).unwrap();
        let NodeHeader { left, right, entries: count, .. } = node.head;
        assert_eq!(left, i.checked_sub(1).map_or(Addr::UNDEFINED, |i| nodes[i]));
        assert_eq!(right, nodes.get(i + 1).copied().unwrap_or(Addr::UNDEFINED));
        assert_eq!(usize::from(count), node.entries.entries.len());
        assert!(count <= 2 * table.internal_k && (count > 0 || nodes.len() == 1));
        let keys: Vec<u64> =
            node.entries.entries.iter().map(|e| e.name.0).chain([node.entries.last.0]).collect();
        if let (Some((_, key)), true) = (before, count > 0) {
            assert_eq!(key, keys[0], "neighbours meet at one key");
        }
        before = Some((*address, *keys.last().unwrap()));
        children
            .extend(node.entries.entries.iter().enumerate().map(|(i, e)| (e.child, keys[i], keys[i + 1])));
    }
    children
}

fn check(store: &Store, table: &SymbolTable, links: &Links) {
    store.forget().unwrap();
    let root = <GroupEntries as crate::store::btree::v1::node::Entries>::load(
        store,
        table.shape(),
        table.tree,
        None,
    );
    let top = root.unwrap().head.level;
    let mut nodes = vec![(table.tree, 0, u64::MAX)];
    for at in (0..=top).rev() {
        let addresses: Vec<Addr> = nodes.iter().map(|n| n.0).collect();
        let below = level(store, table, &addresses, at);
        nodes = below;
    }
    let heap = LocalHeap::open(store, table.heap).unwrap();
    let name = |offset: u64| heap.name_at(offset).unwrap().to_vec();
    let mut found = Links::new();
    let mut order = Vec::new();
    for (address, left, right) in &nodes {
        let node = node(store, *address).unwrap();
        assert!(!node.entries.is_empty() && node.entries.len() <= 2 * usize::from(table.leaf_k));
        assert_eq!(node.entries.last().unwrap().name_offset.0, *right, "the right key is the greatest name");
        for entry in &node.entries {
            let key = name(entry.name_offset.0);
            assert!(key > name(*left) && key <= name(*right));
            order.push(key.clone());
            found.insert(key, table.meaning(store, entry).unwrap());
        }
    }
    assert!(order.is_sorted() && order.len() == found.len());
    assert_eq!(&found, links);
    let mut walked = Vec::new();
    each_symbols(store, table.tree, &mut |a| {
        walked.push(a);
        Ok(())
    })
    .unwrap();
    assert_eq!(walked, nodes.iter().map(|n| n.0).collect::<Vec<_>>());
}

fn target(n: u64) -> NewSymbol {
    match n % 3 {
        0 => NewSymbol::Hard(Addr::new(n)),
        1 => NewSymbol::Soft(vec![b'/'; n as usize % 40 + 1]),
        _ => NewSymbol::Group { header: Addr::new(n), tree: Addr::new(n + 1), heap: Addr::new(n + 2) },
    }
}

fn fill(store: &Store, table: &SymbolTable, links: &mut Links, names: impl Iterator<Item = u64>) {
    for n in names {
        let name = format!("link {n:x}").into_bytes();
        table.insert(store, &name, &target(n)).unwrap();
        links.insert(name, target(n));
    }
}

fn clear(store: &Store, table: &SymbolTable, links: &mut Links, names: impl Iterator<Item = u64>) {
    for n in names {
        let name = format!("link {n:x}").into_bytes();
        assert_eq!(table.remove(store, &name).unwrap(), links.remove(&name));
    }
}

#[test]
fn thousands() {
    let store = writable();
    let before = free_bytes(&store);
    let table = SymbolTable::create(&store, 4, 16, 88).unwrap();
    let mut links = Links::new();
    let mixed = |n: u64| n * 7919 % 5003;
    for _ in 0..2 {
        fill(&store, &table, &mut links, (0..5003).map(mixed));
        check(&store, &table, &links);
        clear(&store, &table, &mut links, (0..5003).filter(|n| n % 3 == 1));
        check(&store, &table, &links);
        fill(&store, &table, &mut links, (0..5003).filter(|n| n % 3 == 1));
        check(&store, &table, &links);
        clear(&store, &table, &mut links, (0..5003).rev());
        check(&store, &table, &links);
    }
    fill(&store, &table, &mut links, 0..300);
    table.delete(&store).unwrap();
    assert_eq!(free_bytes(&store), before);
}

#[test]
fn refused() {
    let store = writable();
    let table = SymbolTable::create(&store, 4, 16, 0).unwrap();
    table.insert(&store, b"a", &target(3)).unwrap();
    let e = table.insert(&store, b"a", &target(4)).unwrap_err();
    assert!(e.to_string().contains("named a already"), "{e}");
    assert!(table.insert(&store, b"", &target(3)).is_err());
    assert!(table.insert(&store, b"x\0", &target(3)).is_err());
    assert!(table.insert(&store, b"x", &NewSymbol::Hard(Addr::UNDEFINED)).is_err());
    assert_eq!(table.remove(&store, b"b").unwrap(), None);
    assert_eq!(table.replace(&store, b"b", &target(3)).unwrap(), None);
    assert!(SymbolTable::create(&store, 0, 16, 0).is_err());
    assert!(SymbolTable::create(&store, 4, 40_000, 0).is_err());
    let small = SymbolTable { leaf_k: 4, internal_k: 1, ..table };
    assert!(small.insert(&store, b"b", &target(3)).is_ok(), "one child fits");
}

#[test]
fn replaced() {
    let store = writable();
    let table = SymbolTable::create(&store, 4, 16, 0).unwrap();
    let mut links = Links::new();
    fill(&store, &table, &mut links, 0..50);
    for n in 0..50 {
        let name = format!("link {n:x}").into_bytes();
        assert_eq!(
            table.replace(&store, &name, &target(n + 1)).unwrap(),
            links.insert(name.clone(), target(n + 1))
        );
        assert_eq!(table.find(&store, &name).unwrap(), Some(target(n + 1)));
    }
    check(&store, &table, &links);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn as_a_map(
        leaf_k in 1u16..4,
        internal_k in 1u16..4,
        steps in prop::collection::vec((0u8..10, 0u64..200), 1..300),
    ) {
        let store = writable();
        let before = free_bytes(&store);
        let table = SymbolTable::create(&store, leaf_k, internal_k, 0).unwrap();
        let mut links = Links::new();
        for (i, (what, n)) in steps.iter().enumerate() {
            // Phases in which most links come, or most go.
            let add = if i / 100 % 2 == 0 { *what < 8 } else { *what < 3 };
            let name = format!("{n}").into_bytes();
            if add {
                let added = table.insert(&store, &name, &target(*n));
                prop_assert_eq!(added.is_ok(), !links.contains_key(&name));
                links.entry(name).or_insert_with(|| target(*n));
            } else {
                prop_assert_eq!(table.remove(&store, &name).unwrap(), links.remove(&name));
            }
            if i % 16 == 0 {
                check(&store, &table, &links);
            }
        }
        check(&store, &table, &links);
        table.delete(&store).unwrap();
        prop_assert_eq!(free_bytes(&store), before);
    }
}
