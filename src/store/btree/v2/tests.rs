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
        let node = Internal { record_type: 5, records: between, children: vec![left, leaf(&mut file, take(4))] };
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
