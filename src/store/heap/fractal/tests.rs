use super::*;
use crate::format::fractal_heap::{DoublingTable, FilteredRoot, HeapHeader};
use crate::store::testing::{FLIP, flipped, store};
use crate::wire::checksum::seal;
use crate::wire::{Length, Widths, encode};

const W: Widths = Widths::EIGHT;

fn pipeline() -> Vec<u8> {
    let stage = Stage { id: FLIP, name: Some("flip".into()), optional: false, client_data: vec![] };
    let message = FilterPipeline::from_stages(2, &[stage]);
    encode(&message, (), &crate::format::message::filter_pipeline::HERE).unwrap()
}

pub(super) fn header(rows: u16, root: u64, filtered: Option<u64>) -> HeapHeader {
    HeapHeader {
        id_length: 8,
        ids_wrapped: false,
        checksummed: true,
        max_managed: 100,
        next_huge: Length(0),
        huge_index: Addr::UNDEFINED,
        free_bytes: Length(0),
        free_space: Addr::UNDEFINED,
        managed_bytes: Length(1 << 16),
        allocated_bytes: Length(0),
        next_block: Length(0),
        managed_objects: Length(0),
        huge_bytes: Length(0),
        huge_objects: Length(0),
        tiny_bytes: Length(0),
        tiny_objects: Length(0),
        table: DoublingTable {
            width: 2,
            start_block: Length(64),
            max_direct: Length(128),
            max_bits: 16,
            start_rows: 1,
            root: Addr::new(root),
            rows,
        },
        filtered: filtered.map(|size| FilteredRoot { size: Length(size), mask: 0, pipeline: pipeline() }),
    }
}

/// A direct block at `offset` of the heap; byte n of its data is n.
fn direct(owner: u64, offset: u64, size: usize) -> Vec<u8> {
    let head = DirectBlockHead { owner: Addr::new(owner), offset, checksum: Some(0) };
    let mut bytes = encode(&head, (W, 2, true), &DIRECT).unwrap();
    let used = bytes.len();
    bytes.extend((used..size).map(|i| u8::try_from(i).unwrap()));
    let sum = lookup3(&bytes);
    bytes[used - 4..used].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn sealed(header: &HeapHeader) -> Vec<u8> {
    let mut bytes = encode(header, (W,), &HERE).unwrap();
    seal(&mut bytes);
    bytes.resize(256, 0);
    bytes
}

fn id(offset: u16, length: u8) -> [u8; 8] {
    let [low, high] = offset.to_le_bytes();
    [0, low, high, length, 0, 0, 0, 0]
}

#[test]
fn root_direct_block() {
    let bytes = [sealed(&header(0, 256, None)), direct(0, 0, 64)].concat();
    let store = store(bytes.clone());
    let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
    assert_eq!(&*heap.object(&store, &id(20, 3)).unwrap(), [20, 21, 22]);
    assert_eq!(&*heap.object(&store, b"\x21hi\0\0\0\0\0").unwrap(), b"hi");
    for wrong in [id(18, 1), id(60, 5), id(64, 1), id(0xffff, 1)] {
        assert!(heap.object(&store, &wrong).unwrap_err().is_damaged());
    }
    assert!(heap.object(&store, &[0x10, 1, 0, 0, 0, 0, 0, 0]).is_err());

    for damage in [256 + 5, 256 + 14, 256 + 40] {
        let mut bytes = bytes.clone();
        bytes[damage] ^= 1;
        let store = crate::store::testing::store(bytes);
        let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
        assert!(heap.object(&store, &id(20, 3)).unwrap_err().is_damaged(), "byte {damage}");
    }
}

#[test]
fn owner_and_offset_are_checked() {
    for block in [direct(8, 0, 64), direct(0, 64, 64)] {
        let store = store([sealed(&header(0, 256, None)), block].concat());
        let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
        assert!(heap.object(&store, &id(20, 3)).unwrap_err().to_string().contains("III.G"));
    }
}

#[test]
fn filtered_root() {
    let stored = flipped(&direct(0, 0, 64));
    let size = u64::try_from(stored.len()).unwrap();
    let store = store([sealed(&header(0, 256, Some(size))), stored].concat());
    let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
    assert_eq!(heap.stages[0].id, FLIP);
    assert_eq!(&*heap.object(&store, &id(30, 2)).unwrap(), [30, 31]);
}

/// A root of 5 rows (3 of them direct: 64, 64, 128 bytes; row 3: 256, row 4: 512), with direct blocks at
/// 64 (row 0, column 1) and 256 (row 2, column 0), and an indirect block in row 3, column 1.
fn tree(filtered: bool) -> (Vec<u8>, FractalHeap) {
    let header = header(5, 256, filtered.then_some(0));
    let geometry = Geometry::of(&header, W).unwrap();
    let mut file = sealed(&header);
    let mut blocks = vec![];
    let mut place = |bytes: Vec<u8>| {
        let stored = if filtered { flipped(&bytes) } else { bytes };
        let at = 4096 + blocks.len();
        let size = Length(u64::try_from(stored.len()).unwrap());
        blocks.extend(stored);
        let filtered = filtered.then_some(FilteredChild { size, mask: 0 });
        DirectChild { address: Addr::new(u64::try_from(at).unwrap()), filtered }
    };
    let none = DirectChild {
        address: Addr::UNDEFINED,
        filtered: filtered.then_some(FilteredChild { size: Length(0), mask: 0 }),
    };
    let (one, two) = (place(direct(0, 64, 64)), place(direct(0, 256, 128)));
    // Row 3, column 1 starts at 512 + 256 and stands for 256 bytes: 2 rows of 2 blocks of 64.
    let deep = place(direct(0, 768 + 128, 64));
    assert_eq!(geometry.rows_below(3), 2);
    let mut indirect = |offset: u64, rows: u32, direct: &[(usize, DirectChild)], below: &[(usize, u64)]| {
        let form = geometry.indirect_form(rows).unwrap();
        let mut block = IndirectBlock {
            owner: Addr::new(0),
            offset,
            direct: vec![none; form.direct],
            indirect: vec![Addr::UNDEFINED; form.indirect],
        };
        direct.iter().for_each(|(i, child)| block.direct[*i] = *child);
        below.iter().for_each(|(i, at)| block.indirect[*i] = Addr::new(*at));
        let mut bytes = encode(&block, (W, form), &INDIRECT).unwrap();
        seal(&mut bytes);
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(1024), 0);
    };
    indirect(0, 5, &[(1, one), (4, two)], &[(1, 1024)]);
    indirect(768, 2, &[(2, deep)], &[]);
    file.resize(4096, 0);
    file.extend(blocks);
    let store = store(file.clone());
    let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
    (file, FractalHeap { address: heap.address, header, geometry, stages: heap.stages.clone() })
}

#[test]
fn blocks_through_indirect_blocks() {
    for filtered in [false, true] {
        let (file, heap) = tree(filtered);
        let store = store(file);
        assert_eq!(&*heap.object(&store, &id(64 + 20, 2)).unwrap(), [20, 21], "filtered: {filtered}");
        assert_eq!(&*heap.object(&store, &id(256 + 100, 2)).unwrap(), [100, 101]);
        assert_eq!(&*heap.object(&store, &id(768 + 128 + 33, 1)).unwrap(), [33]);
        for absent in [20, 400, 600, 768 + 20, 1500, 9000] {
            assert!(heap.object(&store, &id(absent, 1)).unwrap_err().is_damaged(), "offset {absent}");
        }
    }
}

#[test]
fn huge_objects_named_by_their_id() {
    for filtered in [false, true] {
        let mut head = header(0, 256, filtered.then_some(0));
        head.id_length = 29;
        let stored = if filtered { flipped(b"a huge object") } else { b"a huge object".to_vec() };
        let length = Length(u64::try_from(stored.len()).unwrap());
        let store = store([sealed(&head), stored].concat());
        let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
        for (memory, good) in [(13, true), (12, !filtered), (1 << 40, !filtered)] {
            let filtered = filtered.then_some(FilteredHuge { mask: 0, memory_length: Length(memory) });
            let huge = HugeObject { address: Addr::new(256), length, filtered };
            let id = heap.geometry.encode_id(&HeapId::Huge(huge)).unwrap();
            match heap.object(&store, &id) {
                Ok(object) => assert!(good && &*object == b"a huge object"),
                Err(e) => assert!(!good, "{e}"),
            }
        }
    }
}

#[test]
fn huge_objects_named_by_a_key() {
    use crate::format::btree2;
    for filtered in [false, true] {
        let mut head = header(0, 256, filtered.then_some(0));
        head.huge_index = Addr::new(256);
        let stored = if filtered { flipped(b"a huge object") } else { b"a huge object".to_vec() };
        let record = records::HugeObject {
            address: Addr::new(768),
            stored: Length(u64::try_from(stored.len()).unwrap()),
            filter_mask: filtered.then_some(0),
            size: filtered.then_some(Length(13)),
            id: Some(Length(7)),
        };
        let record_type = if filtered { 2 } else { 1 };
        let record = encode(&record, (W, record_type), &btree2::HERE).unwrap();
        let tree = btree2::Header {
            record_type,
            node_size: 128,
            record_size: u16::try_from(record.len()).unwrap(),
            depth: 0,
            split_percent: 100,
            merge_percent: 40,
            root: Addr::new(512),
            root_records: 1,
            total_records: Length(1),
        };
        let mut file = sealed(&head);
        let mut block = encode(&tree, (W,), &btree2::HERE).unwrap();
        seal(&mut block);
        file.extend(block);
        file.resize(512, 0);
        let length = u64::try_from(record.len()).unwrap();
        let leaf = btree2::Leaf { record_type, records: record };
        let mut block = encode(&leaf, (length,), &btree2::LEAF).unwrap();
        seal(&mut block);
        file.extend(block);
        file.resize(768, 0);
        file.extend(stored);
        let store = store(file);
        let heap = FractalHeap::open(&store, Addr::new(0)).unwrap();
        let object = |key| heap.object(&store, &heap.geometry.encode_id(&HeapId::HugeKey(key)).unwrap());
        assert_eq!(&*object(7).unwrap(), b"a huge object", "filtered: {filtered}");
        assert!(object(8).unwrap_err().to_string().contains("not in the B-tree"));
    }
}
