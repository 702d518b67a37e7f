use std::collections::HashMap;

use proptest::prelude::*;

use super::tests::header;
use super::*;
use crate::store::free_space;
use crate::store::testing::writable;

fn free_bytes(store: &Store) -> u64 {
    store
        .with_space(|s| s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>() + (1 << 40) - s.end())
        .unwrap()
}

/// Small blocks: rows of two, 64 to 256 bytes; objects above 150 bytes are huge.
fn small(id_bytes: u16) -> NewHeap {
    NewHeap {
        id_bytes,
        width: 2,
        start_block: 64,
        max_direct: 256,
        max_bits: 20,
        max_managed: 150,
        ..NewHeap::links()
    }
}

/// Checks counters and the manager against the objects that the heap is to have.
fn check(store: &Store, address: Addr, objects: &HashMap<Vec<u8>, Vec<u8>>) {
    check_all(store, address, objects, true);
}
/// As [`check`]; `all`: no free space has been forgotten.
fn check_all(store: &Store, address: Addr, objects: &HashMap<Vec<u8>, Vec<u8>>, all_kept: bool) {
    store.forget().unwrap();
    let heap = FractalHeap::open(store, address).unwrap();
    let (header, geometry) = (&heap.header, &heap.geometry);
    let (mut managed, mut live, mut huge, mut tiny) = (0, 0, 0, 0);
    let mut taken = Vec::new();
    for (id, bytes) in objects {
        assert_eq!(&*heap.object(store, id).unwrap(), &bytes[..]);
        match geometry.parse_id(id).unwrap() {
            HeapId::Managed { offset, length } => {
                managed += 1;
                live += length;
                taken.push(offset..offset + length);
            }
            HeapId::Tiny(_) => tiny += 1,
            _ => huge += 1,
        }
    }
    assert_eq!(
        (header.managed_objects.0, header.tiny_objects.0, header.huge_objects.0),
        (managed, tiny, huge)
    );
    let rows = u32::from(header.table.rows);
    let all = match (rows, header.table.root.is_defined()) {
        (0, false) => 0,
        (0, true) => geometry.usable(0),
        (rows, _) => geometry.usable_rows(0, rows),
    };
    assert_eq!(header.free_bytes.0, all - live);
    assert_eq!(header.managed_objects.0 == 0, !header.table.root.is_defined());
    if header.free_space.is_defined() {
        let space = free_space::load(store, header.free_space).unwrap();
        assert_eq!(space.header.serialized.0 as usize, space.sections.len());
        for (size, section) in &space.sections {
            if section.class == 0 {
                taken.push(section.offset..section.offset + size);
            } else {
                let span = section.blocks.unwrap();
                assert!(rows > 0 && section.offset < header.next_block.0, "{span:?} {header:?}");
            }
        }
    }
    taken.sort_by_key(|r| r.start);
    for two in taken.windows(2) {
        assert!(two[0].end <= two[1].start, "{two:?}");
    }
    // Objects and gaps fill the blocks that exist, but for their heads and what was forgotten.
    let sum: u64 = taken.iter().map(|r| r.end - r.start).sum();
    assert!(sum <= header.allocated_bytes.0);
    if all_kept {
        let overhead = geometry.direct_overhead();
        assert!(
            sum + overhead * (header.allocated_bytes.0 / geometry.block_size(0)) >= header.allocated_bytes.0
        );
    }
}

fn bytes(seed: u32, length: usize) -> Vec<u8> {
    (0..length).map(|i| (seed as usize * 31 + i) as u8).collect()
}

/// Notes an object. A tiny one is its ID: of two equal ones, one is removed again.
fn add(store: &Store, heap: Addr, objects: &mut HashMap<Vec<u8>, Vec<u8>>, id: Vec<u8>, object: Vec<u8>) {
    if objects.insert(id.clone(), object).is_some() {
        remove(store, heap, &id).unwrap();
    }
}

/// A pipeline message with the filter that flips all bits.
fn flipping() -> NewHeap {
    NewHeap { pipeline: header(0, 0, Some(0)).filtered.map(|f| f.pipeline), ..small(30) }
}

#[test]
fn objects_of_all_kinds() {
    for (new, sizes) in [
        (NewHeap::links(), vec![3, 20, 100, 4000, 4096, 4097, 100_000, 1]),
        (NewHeap::attributes(), vec![7, 8, 4096, 5000, 70_000]),
        (small(6), vec![4, 6, 40, 150, 151, 900]),
        (small(20), vec![4, 18, 19, 150, 151, 900]),
        (flipping(), vec![4, 28, 29, 150, 151, 900]),
        (NewHeap { id_bytes: 8, ..flipping() }, vec![4, 28, 29, 150, 151, 900]),
    ] {
        let store = writable();
        let before = free_bytes(&store);
        let heap = create(&store, &new).unwrap();
        let mut objects = HashMap::new();
        for round in 0..5 {
            for &size in &sizes {
                let object = bytes(round * 100 + size as u32, size);
                let id = insert(&store, heap, &object).unwrap();
                add(&store, heap, &mut objects, id, object);
                check(&store, heap, &objects);
            }
        }
        let ids: Vec<_> = objects.keys().cloned().collect();
        let geometry = FractalHeap::open(&store, heap).unwrap().geometry;
        for (i, id) in ids.iter().enumerate() {
            let old = objects.remove(id).unwrap();
            let object = bytes(i as u32, old.len() + i % 2);
            let new = replace(&store, heap, id, &object).unwrap();
            let managed = matches!(geometry.parse_id(id).unwrap(), HeapId::Managed { .. });
            assert!(!managed || (new == *id) == (i % 2 == 0), "in place where it is as long");
            add(&store, heap, &mut objects, new, object);
            check(&store, heap, &objects);
        }
        assert!(insert(&store, heap, b"").is_err());
        for (i, id) in objects.keys().cloned().collect::<Vec<_>>().iter().enumerate() {
            if i == 20 {
                break;
            }
            remove(&store, heap, id).unwrap();
            objects.remove(id);
            check(&store, heap, &objects);
        }
        delete(&store, heap).unwrap();
        assert_eq!(free_bytes(&store), before);
    }
}

#[test]
fn replaced_often_it_does_not_grow() {
    let store = writable();
    let heap = create(&store, &NewHeap::attributes()).unwrap();
    let mut objects: Vec<_> = (0..50).map(|i| insert(&store, heap, &bytes(i, 60)).unwrap()).collect();
    for i in 0..10_000u32 {
        let at = (i * 7 % 50) as usize;
        objects[at] = replace(&store, heap, &objects[at], &bytes(i, 40 + (i * i % 61) as usize)).unwrap();
    }
    let header = FractalHeap::open(&store, heap).unwrap().header.clone();
    assert!(header.allocated_bytes.0 <= 16 << 10, "{header:?}");
    assert!(store.end() < 64 << 10, "{}", store.end());
}

#[test]
fn a_large_heap_in_one_edit() {
    let store = writable();
    let before = free_bytes(&store);
    let heap = create(&store, &NewHeap::links()).unwrap();
    let mut edit = HeapEdit::open(&store, heap).unwrap();
    let ids: Vec<_> = (0..60_000).map(|i| edit.insert(&bytes(i, 30 + i as usize % 41)).unwrap()).collect();
    edit.finish().unwrap();
    let mut objects: HashMap<_, _> =
        ids.iter().zip(0u32..).map(|(id, i)| (id.clone(), bytes(i, 30 + i as usize % 41))).collect();
    check(&store, heap, &objects);
    assert!(FractalHeap::open(&store, heap).unwrap().header.table.rows > 9, "indirect blocks below the root");
    let mut edit = HeapEdit::open(&store, heap).unwrap();
    for id in ids.iter().skip(100).step_by(2) {
        edit.remove(id).unwrap();
        objects.remove(id);
    }
    edit.finish().unwrap();
    check_all(&store, heap, &objects, false);
    assert!(FractalHeap::open(&store, heap).unwrap().is_sparse());
    let mut edit = HeapEdit::open(&store, heap).unwrap();
    for id in ids.iter().skip(101).step_by(2).rev() {
        edit.remove(id).unwrap();
        objects.remove(id);
    }
    edit.finish().unwrap();
    check_all(&store, heap, &objects, false);
    for id in ids.iter().take(100) {
        remove(&store, heap, id).unwrap();
    }
    check(&store, heap, &HashMap::new());
    delete(&store, heap).unwrap();
    assert_eq!(free_bytes(&store), before);
}

#[test]
fn refused() {
    let store = writable();
    let heap = create(&store, &NewHeap::links()).unwrap();
    let id = insert(&store, heap, &bytes(1, 100)).unwrap();
    insert(&store, heap, &bytes(1, 100)).unwrap();
    remove(&store, heap, &id).unwrap();
    assert!(remove(&store, heap, &id).is_err(), "twice");
    assert!(remove(&store, heap, &[0, 0xff, 0xff, 0, 0, 5, 0]).unwrap_err().is_damaged());
    assert!(remove(&store, heap, &[0, 3, 0, 0, 0, 5, 0]).unwrap_err().is_damaged(), "in the head");
    assert!(remove(&store, heap, &[0x10, 3, 0, 0, 0, 0, 0]).is_err(), "no such huge object");
    assert!(create(&store, &NewHeap { max_managed: 65536, ..NewHeap::links() }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn as_a_map(
        ops in prop::collection::vec((0u8..10, any::<prop::sample::Index>(), any::<u32>()), 1..600),
        new in prop::sample::select(vec![small(6), small(8), small(20), flipping()]),
        batch in 1usize..20,
        sizes in prop::sample::select(vec![(1usize, 200usize), (5, 60), (100, 150), (19, 150)]),
    ) {
        let store = writable();
        let before = free_bytes(&store);
        let heap = create(&store, &new).unwrap();
        let mut objects: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        let mut ids: Vec<Vec<u8>> = Vec::new();
        for (part, ops) in ops.chunks(batch).enumerate() {
            let mut edit = HeapEdit::open(&store, heap).unwrap();
            for (op, which, seed) in ops {
                let grow = if (part * batch / 150).is_multiple_of(2) { 6 } else { 1 };
                let object = bytes(*seed, sizes.0 + *seed as usize % (sizes.1 - sizes.0));
                if ids.is_empty() || *op < grow {
                    let id = edit.insert(&object).unwrap();
                    // A tiny object is its ID: equal ones are counted once for each.
                    if objects.contains_key(&id) { edit.remove(&id).unwrap(); } else { ids.push(id.clone()); }
                    objects.insert(id, object);
                } else {
                    let id = ids.swap_remove(which.index(ids.len()));
                    objects.remove(&id);
                    if *op < 9 {
                        edit.remove(&id).unwrap();
                    } else {
                        let id = edit.replace(&id, &object).unwrap();
                        if objects.contains_key(&id) { edit.remove(&id).unwrap(); } else { ids.push(id.clone()); }
                        objects.insert(id, object);
                    }
                }
            }
            edit.finish().unwrap();
            check(&store, heap, &objects);
        }
        delete(&store, heap).unwrap();
        prop_assert_eq!(free_bytes(&store), before);
    }
}
