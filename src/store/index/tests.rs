//! Indexes built in memory from the same declarations.

use super::*;
use crate::filter::Registry;
use crate::format::btree2::{Child, Internal, Leaf};
use crate::format::{btree1, btree2, extensible_array as ea, fixed_array as fa};
use crate::limits::Limits;
use crate::source::memory::Memory;
use crate::source::window::Window;
use crate::wire::checksum::seal;
use crate::wire::{Length, Widths, encode};
use std::sync::Arc;

const W: Widths = Widths::EIGHT;

/// A file that grows by sealed blocks.
struct File(Vec<u8>);

impl File {
    fn new() -> Self {
        File(vec![0; 64])
    }
    fn end(&self) -> Addr {
        Addr::new(self.0.len() as u64)
    }
    fn put(&mut self, bytes: &[u8]) -> Addr {
        let at = self.end();
        self.0.extend(bytes);
        at
    }
    fn put_sealed(&mut self, mut bytes: Vec<u8>) -> Addr {
        seal(&mut bytes);
        self.put(&bytes)
    }
    fn store(&self) -> Store {
        let source = Arc::new(Memory(self.0.clone()));
        Store::new(Window::new(source, 0), W, Limits::default(), Arc::new(Registry::default())).unwrap()
    }
}

fn grid(dims: &[u64], max: &[Option<u64>], chunk: &[u64], filtered: bool) -> Grid {
    Grid {
        dims: dims.to_vec(),
        max_dims: max.to_vec(),
        chunk: chunk.to_vec(),
        element_size: 4,
        chunk_bytes: chunk.iter().product::<u64>() * 4,
        filtered,
        layout_version: 4,
        chunk_k: 32,
        page_bits: None,
        extensible: None,
        tree: None,
    }
}

fn all(index: ChunkIndex, store: &Store, grid: &Grid) -> Result<Vec<(Vec<u64>, Chunk)>> {
    let mut out = Vec::new();
    index.each(store, grid, &mut |scaled, chunk| {
        out.push((scaled.to_vec(), chunk));
        Ok(())
    })?;
    for (scaled, chunk) in &out {
        assert_eq!(index.get(store, grid, scaled)?, Some(*chunk), "{scaled:?}");
    }
    Ok(out)
}

/// An element without filters.
fn element(address: Option<u64>) -> [u8; 8] {
    address.unwrap_or(u64::MAX).to_le_bytes()
}

fn places(found: &[(Vec<u64>, Chunk)]) -> Vec<(Vec<u64>, u64)> {
    found.iter().map(|(s, c)| (s.clone(), c.address.raw())).collect()
}

#[test]
fn no_array_no_sums() {
    let store = File::new().store();
    let g = grid(&[10, 10], &[Some(20), Some(10)], &[5, 5], false);
    let header = Addr::UNDEFINED;
    assert_eq!(ChunkIndex::FixedArray { header }.get(&store, &g, &[0, 0]).unwrap(), None);
    assert!(all(ChunkIndex::BTree2 { header }, &store, &g).unwrap().is_empty());
    let single = ChunkIndex::Single { address: Addr::new(8), filtered: Some((7, 1)) };
    let chunk = Chunk { address: Addr::new(8), stored_bytes: 7, filter_mask: 1 };
    assert_eq!(all(single, &store, &g).unwrap(), [(vec![0, 0], chunk)]);
    assert_eq!(single.get(&store, &g, &[0, 1]).unwrap(), None);
    assert!(single.get(&store, &g, &[0]).is_err());
    let implicit = all(ChunkIndex::Implicit { address: Addr::new(1000) }, &store, &g).unwrap();
    assert_eq!(implicit.len(), 8);
    assert_eq!((&implicit[3].0, implicit[3].1.address.raw()), (&vec![1, 1], 1300));
}

#[test]
fn size_widths() {
    let store = File::new().store();
    let mut g = grid(&[8], &[None], &[64], true);
    for (bytes, width) in [(1, 2), (255, 2), (256, 3), (65_535, 3), (1 << 24, 5), (u64::MAX, 8)] {
        g.chunk_bytes = bytes;
        assert_eq!(g.size_width(&store), width, "{bytes}");
    }
    g.layout_version = 5;
    assert_eq!(g.size_width(&store), 8);
}

/// A fixed array of 10 chunks in pages of 4, of which the middle one was never written.
fn paged_array(file: &mut File, owner: Option<Addr>) -> Addr {
    let header = Addr::new(file.end().raw() + 1000);
    let block = fa::DataBlock { client: 0, header: owner.unwrap_or(header), body: vec![0b1010_0000] };
    let data_block = file.put_sealed(encode(&block, (W, 1), &fa::DATA_BLOCK).unwrap());
    for page in [&[Some(1), None, Some(3), Some(4)][..], &[Some(9); 4], &[None, Some(10)]] {
        file.put_sealed(page.iter().flat_map(|e| element(*e)).collect());
    }
    file.0.resize(header.raw() as usize, 0);
    let head = fa::Header { client: 0, element_size: 8, page_bits: 2, elements: Length(10), data_block };
    file.put_sealed(encode(&head, (W,), &fa::HERE).unwrap())
}

#[test]
fn fixed_array_in_pages() {
    let mut file = File::new();
    let index = ChunkIndex::FixedArray { header: paged_array(&mut file, None) };
    let g = grid(&[2, 3], &[Some(5), Some(5)], &[1, 3], false);
    let found = all(index, &file.store(), &g).unwrap();
    let expected = [(vec![0, 0], 1), (vec![1, 0], 3), (vec![1, 1], 4), (vec![4, 1], 10)];
    assert_eq!(places(&found), expected);
    assert_eq!(index.get(&file.store(), &g, &[2, 0]).unwrap(), None, "page not written");
    assert_eq!(index.get(&file.store(), &g, &[0, 1]).unwrap(), None, "chunk not allocated");
    assert_eq!(index.get(&file.store(), &g, &[5, 0]).unwrap(), None, "beyond the maximum");
}

#[test]
fn fixed_array_damaged() {
    let g = grid(&[2, 3], &[Some(5), Some(5)], &[1, 3], false);
    let mut file = File::new();
    let index = ChunkIndex::FixedArray { header: paged_array(&mut file, Some(Addr::new(5))) };
    let e = index.get(&file.store(), &g, &[0, 0]).unwrap_err();
    assert!(e.is_damaged() && e.to_string().contains("VII.C"), "{e}");
    let mut file = File::new();
    let index = ChunkIndex::FixedArray { header: paged_array(&mut file, None) };
    let filtered = Grid { filtered: true, ..g.clone() };
    assert!(index.get(&file.store(), &filtered, &[0, 0]).is_err(), "the header says no filters");
    file.0[64 + 30] ^= 1;
    assert!(index.get(&file.store(), &g, &[0, 0]).unwrap_err().to_string().contains("checksum"));
}

/// An array with 1 element in the index block, blocks of 2 and more elements, pages of 4.
fn extensible(file: &mut File) -> (ea::Header, Addr) {
    let header = Addr::new(file.end().raw() + 4000);
    let mut head = ea::Header {
        client: 0,
        element_size: 8,
        max_bits: 10,
        index_elements: 1,
        min_elements: 2,
        min_pointers: 2,
        page_bits: 2,
        super_blocks: Length(0),
        super_block_bytes: Length(0),
        data_blocks: Length(0),
        data_block_bytes: Length(0),
        max_index: Length(0),
        elements: Length(0),
        index_block: Addr::UNDEFINED,
    };
    let data_block = |file: &mut File, number: u32, elements: Vec<u8>| {
        let shape = head.super_block(number).unwrap();
        let block = ea::DataBlock { client: 0, header, offset: 0, elements };
        file.put_sealed(encode(&block, (W, &head, &shape), &ea::DATA_BLOCK).unwrap())
    };
    let elements = |from: u64, n: u64| (from..from + n).flat_map(|a| element(Some(a))).collect::<Vec<_>>();
    // Super block 0 has 1 block of 2 elements, super block 1 has 1 block of 4: both in the index block.
    let first = data_block(file, 0, elements(101, 2));
    // Super block 3 has 2 blocks of 8 elements in 2 pages: block 1, page 1 was written.
    let paged = data_block(file, 3, Vec::new());
    file.put(&[0xee; 36]);
    file.put_sealed(elements(501, 4));
    let shape = head.super_block(3).unwrap();
    assert_eq!((shape.blocks, shape.block_elements, shape.pages), (2, 8, 2));
    let data_blocks = vec![Addr::UNDEFINED, paged];
    let bitmap = vec![0b0001_0000, 0];
    let block = ea::SuperBlock { client: 0, header, offset: shape.first_element, bitmap, data_blocks };
    let super_block = file.put_sealed(encode(&block, (W, &head, &shape), &ea::SUPER_BLOCK).unwrap());
    let mut super_blocks = vec![Addr::UNDEFINED; head.index_super_blocks() as usize];
    super_blocks[1] = super_block;
    let data_blocks = vec![first, Addr::UNDEFINED];
    let block = ea::IndexBlock { client: 0, header, elements: elements(77, 1), data_blocks, super_blocks };
    head.index_block = file.put_sealed(encode(&block, (W, &head), &ea::INDEX_BLOCK).unwrap());
    file.0.resize(header.raw() as usize, 0);
    (head.clone(), file.put_sealed(encode(&head, (W,), &ea::HERE).unwrap()))
}

#[test]
fn extensible_array_with_pages() {
    let mut file = File::new();
    let (head, header) = extensible(&mut file);
    let (index, store) = (ChunkIndex::ExtensibleArray { header }, file.store());
    let g = grid(&[100], &[None], &[1], false);
    let first = head.super_block(3).unwrap().first_element + 1 + 8 + 4;
    let found = all(index, &store, &g).unwrap();
    let expected: Vec<_> = [(0, 77), (1, 101), (2, 102)].into_iter().chain((first..first + 4).zip(501..)).collect();
    assert_eq!(places(&found), expected.iter().map(|&(s, a)| (vec![s], a)).collect::<Vec<_>>());
    for absent in [3, first - 1, first + 4, 2000, u64::MAX] {
        assert_eq!(index.get(&store, &g, &[absent]).unwrap(), None, "{absent}");
    }
}

#[test]
fn extensible_array_turns_the_unlimited_dimension_to_the_front() {
    let mut file = File::new();
    let (_, header) = extensible(&mut file);
    let (index, store) = (ChunkIndex::ExtensibleArray { header }, file.store());
    let g = grid(&[2, 50], &[Some(2), None], &[1, 1], false);
    let found = all(index, &store, &g).unwrap();
    assert_eq!(places(&found)[..3], [(vec![0, 0], 77), (vec![1, 0], 101), (vec![0, 1], 102)]);
    let two = grid(&[2, 50], &[None, None], &[1, 1], false);
    assert!(index.get(&store, &two, &[0, 0]).unwrap_err().is_damaged());
}

fn record(address: u64, scaled: [u64; 2]) -> Vec<u8> {
    let entry = btree2::records::ChunkEntry { address: Addr::new(address), stored: 5, filter_mask: 2 };
    let record = btree2::records::ChunkRecord { entry, scaled: scaled.to_vec() };
    encode(&record, (W, 2, 2), &btree2::records::HERE).unwrap()
}

/// A tree of one root with two leaves; `last` is the second child's address if not the right one.
fn tree(file: &mut File, last: Option<Addr>) -> Addr {
    let leaf = |file: &mut File, records: Vec<u8>| {
        let size = records.len() as u64;
        let leaf = Leaf { record_type: 11, records };
        file.put_sealed(encode(&leaf, (size,), &btree2::LEAF).unwrap())
    };
    let left = leaf(file, [record(1, [0, 0]), record(2, [0, 9])].concat());
    let right = leaf(file, record(4, [1 << 33, 3]));
    let child = |address, records| Child { address, records, total: 0 };
    let children = vec![child(left, 2), child(last.unwrap_or(right), 1)];
    let records = record(3, [1, 0]);
    let node = Internal { record_type: 11, records, children };
    let root = file.put_sealed(encode(&node, (W, 30, 2, 1, 0), &btree2::INTERNAL).unwrap());
    let head = btree2::Header {
        record_type: 11,
        node_size: 2048,
        record_size: 30,
        depth: 1,
        split_percent: 100,
        merge_percent: 40,
        root,
        root_records: 1,
        total_records: Length(4),
    };
    file.put_sealed(encode(&head, (W,), &btree2::HERE).unwrap())
}

#[test]
fn btree2_of_chunks() {
    let mut file = File::new();
    let index = ChunkIndex::BTree2 { header: tree(&mut file, None) };
    let g = grid(&[100, 100], &[None, None], &[1, 3], true);
    assert_eq!(g.size_width(&file.store()), 2);
    let found = all(index, &file.store(), &g).unwrap();
    let expected = [(vec![0, 0], 1), (vec![0, 9], 2), (vec![1, 0], 3), (vec![1 << 33, 3], 4)];
    assert_eq!(places(&found), expected);
    assert_eq!((found[0].1.stored_bytes, found[0].1.filter_mask), (5, 2));
    assert_eq!(index.get(&file.store(), &g, &[0, 1]).unwrap(), None);
    assert_eq!(index.get(&file.store(), &g, &[u64::MAX, 1]).unwrap(), None);
}

#[test]
fn btree2_damaged() {
    let g = grid(&[100, 100], &[None, None], &[1, 3], true);
    let mut file = File::new();
    // The root is the next block after two leaves: 2 records and 1 record.
    let root = Addr::new(64 + 70 + 40);
    let index = ChunkIndex::BTree2 { header: tree(&mut file, Some(root)) };
    assert!(all(index, &file.store(), &g).unwrap_err().is_damaged(), "a loop");
    let mut file = File::new();
    let index = ChunkIndex::BTree2 { header: tree(&mut file, None) };
    let plain = Grid { filtered: false, ..g };
    let e = index.get(&file.store(), &plain, &[0, 0]).unwrap_err();
    assert!(e.is_damaged() && e.to_string().contains("record type"), "{e}");
}

fn chunk_node(file: &mut File, level: u8, keys: &[u64], children: &[Addr]) -> Addr {
    let entries = u16::try_from(children.len()).unwrap();
    let class = btree1::NodeClass::Chunks;
    let head = btree1::NodeHeader { class, level, entries, left: Addr::UNDEFINED, right: Addr::UNDEFINED };
    let body = btree1::ChunkEntries {
        coordinates: 2,
        sizes: keys.iter().map(|k| u32::try_from(*k).unwrap() + 1).collect(),
        masks: vec![0; keys.len()],
        offsets: keys.iter().flat_map(|k| [*k, 0]).collect(),
        children: children.to_vec(),
    };
    let mut bytes = encode(&head, (W,), &btree1::HERE).unwrap();
    bytes.extend(encode(&body, (W, 2, entries), &btree1::HERE).unwrap());
    file.put(&bytes)
}

#[test]
fn btree1_of_chunks() {
    let mut file = File::new();
    let left = chunk_node(&mut file, 0, &[0, 20, 40], &[Addr::new(1), Addr::new(2)]);
    let right = chunk_node(&mut file, 0, &[40, 50], &[Addr::new(3)]);
    let root = chunk_node(&mut file, 1, &[0, 40, 50], &[left, right]);
    let g = Grid { layout_version: 3, ..grid(&[60], &[None], &[10], true) };
    let index = ChunkIndex::BTree1 { root };
    let found = all(index, &file.store(), &g).unwrap();
    assert_eq!(places(&found), [(vec![0], 1), (vec![2], 2), (vec![4], 3)]);
    assert_eq!(found[1].1.stored_bytes, 21);
    for absent in [1, 3, 5, 6, u64::MAX] {
        assert_eq!(index.get(&file.store(), &g, &[absent]).unwrap(), None, "{absent}");
    }
}

#[test]
fn btree1_damaged() {
    let g = Grid { layout_version: 3, ..grid(&[60], &[None], &[10], true) };
    let mut file = File::new();
    let me = file.end();
    let index = ChunkIndex::BTree1 { root: chunk_node(&mut file, 1, &[0, 50], &[me]) };
    assert!(index.get(&file.store(), &g, &[0]).unwrap_err().is_damaged(), "a loop");
    assert!(all(index, &file.store(), &g).is_err());
    let index = ChunkIndex::BTree1 { root: chunk_node(&mut file, 0, &[5, 50], &[me]) };
    assert!(all(index, &file.store(), &g).unwrap_err().is_damaged(), "an offset inside a chunk");
}

#[test]
fn shared_subtrees_are_counted_as_work() {
    let mut file = File::new();
    let mut node = chunk_node(&mut file, 0, &[0, 10], &[Addr::new(1)]);
    for level in 1..30 {
        node = chunk_node(&mut file, level, &[0, 10, 20], &[node, node]);
    }
    let g = Grid { layout_version: 3, ..grid(&[60], &[None], &[10], true) };
    let e = ChunkIndex::BTree1 { root: node }.each(&file.store(), &g, &mut |_, _| Ok(())).unwrap_err();
    assert_eq!(e.kind(), crate::error::ErrorKind::Limit);
}
