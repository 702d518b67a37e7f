use std::collections::BTreeMap;

use super::*;
use crate::error::ErrorKind;
use crate::format::extensible_array as ea;
use crate::format::fixed_array as fa;
use crate::format::message::layout::ExtensibleArrayParameters;
use crate::store::testing::writable;
use crate::wire::checksum::seal;
use crate::wire::encode;
use proptest::prelude::*;

/// Coordinates, a number that the chunk is made of, and whether it is taken out.
type Step = (Vec<u64>, u64, bool);

fn grid(max: &[Option<u64>], filtered: bool) -> Grid {
    // Small blocks and pages, so that few chunks reach every kind of block.
    let extensible = ExtensibleArrayParameters {
        max_elements_bits: 32,
        index_block_elements: 4,
        super_block_min_pointers: 4,
        data_block_min_elements: 4,
        page_bits: 5,
    };
    Grid {
        dims: max.iter().map(|m| m.unwrap_or(1)).collect(),
        max_dims: max.to_vec(),
        chunk: vec![1; max.len()],
        element_size: 4,
        chunk_bytes: 4,
        filtered,
        layout_version: 4,
        chunk_k: 2,
        page_bits: Some(4),
        extensible: Some(extensible),
        tree: None,
    }
}

fn chunk(grid: &Grid, n: u64) -> Chunk {
    let stored_bytes = if grid.filtered { 1 + n % 250 } else { grid.chunk_bytes };
    let filter_mask = if grid.filtered { u32::try_from(n % 3).unwrap() } else { 0 };
    Chunk { address: Addr::new(1000 + n), stored_bytes, filter_mask }
}

fn run(mut index: ChunkIndex, grid: &Grid, steps: impl IntoIterator<Item = Step>) {
    let store = writable();
    let start = store.end();
    let mut model = BTreeMap::new();
    for (scaled, n, remove) in steps {
        if remove {
            let was = index.remove(&store, grid, &scaled).unwrap();
            assert_eq!(was, model.remove(&scaled));
        } else {
            let chunk = chunk(grid, n);
            index.set(&store, grid, &scaled, chunk).unwrap();
            assert_eq!(index.get(&store, grid, &scaled).unwrap(), Some(chunk));
            model.insert(scaled, chunk);
        }
    }
    // Once as the edits left it in the cache, once as it is stored.
    for stored in [false, true] {
        if stored {
            store.forget().unwrap();
        }
        let mut found = BTreeMap::new();
        index
            .each(&store, grid, &mut |scaled, chunk| {
                assert!(found.insert(scaled.to_vec(), chunk).is_none());
                Ok(())
            })
            .unwrap();
        assert_eq!(found, model);
        for (scaled, chunk) in &model {
            assert_eq!(index.get(&store, grid, scaled).unwrap(), Some(*chunk));
        }
    }
    if let ChunkIndex::ExtensibleArray { header } = index
        && header.is_defined()
    {
        counted(&store, header);
    }
    index.delete(&store, grid, &mut |_, _| Ok(())).unwrap();
    assert!(!index.address().is_defined());
    let free: u64 = store.with_space(|s| s.free_ranges().iter().map(|r| r.end - r.start).sum()).unwrap();
    assert_eq!(free, store.end() - start, "all space of the index was given back");
}

fn body(store: &Store, at: Addr, len: u64) -> Vec<u8> {
    let block = store.block(at, len, &ea::HERE).unwrap();
    crate::wire::checksum::verify(&block, &ea::HERE).unwrap().to_vec()
}

/// The header of an extensible array counts what there is.
fn counted(store: &Store, header: Addr) {
    let w = store.widths;
    let head = ea::Header::parse(&body(store, header, ea::Header::bytes(w)), w).unwrap();
    let index = body(store, head.index_block, head.index_block_bytes(w));
    let (index, _) = decode::<ea::IndexBlock>(&index, (w, &head), &ea::HERE).unwrap();
    let page = head.elements_bytes(head.page_elements()) + 4;
    let (mut blocks, mut elements) = ((0, 0), u64::from(head.index_elements));
    let mut count = |shape: &ea::SuperBlockShape, addresses: &[Addr]| {
        for _ in addresses.iter().filter(|a| a.is_defined()) {
            blocks = (blocks.0 + 1, blocks.1 + head.data_block_bytes(w, shape) + shape.pages * page);
            elements += shape.block_elements;
        }
    };
    let mut supers = (0, 0);
    for number in 0..head.first_super_block() {
        let shape = head.super_block(number).unwrap();
        let first = usize::try_from(shape.first_block).unwrap();
        count(&shape, &index.data_blocks[first..][..usize::try_from(shape.blocks).unwrap()]);
    }
    for (number, at) in (head.first_super_block()..).zip(&index.super_blocks).filter(|(_, a)| a.is_defined()) {
        let shape = head.super_block(number).unwrap();
        let bytes = head.super_block_bytes(w, &shape);
        supers = (supers.0 + 1, supers.1 + bytes);
        let block = body(store, *at, bytes);
        let (block, _) = decode::<ea::SuperBlock>(&block, (w, &head, &shape), &ea::HERE).unwrap();
        count(&shape, &block.data_blocks);
    }
    assert_eq!((head.data_blocks.0, head.data_block_bytes.0), blocks);
    assert_eq!((head.super_blocks.0, head.super_block_bytes.0), supers);
    assert_eq!(head.elements.0, elements);
}

/// The greatest extents in chunks, the dimensions of a chunk, and steps in them; `true` is unlimited.
fn plan() -> impl Strategy<Value = (Vec<u64>, Vec<u64>, Vec<Step>)> {
    let dims = prop::collection::vec((1u64..14, 1u64..4), 1..=4);
    let steps = prop::collection::vec((any::<[u64; 4]>(), any::<u32>(), prop::bool::weighted(0.25)), 1..250);
    (dims, steps).prop_map(|(dims, steps)| {
        let (max, chunk): (Vec<u64>, Vec<u64>) = dims.into_iter().unzip();
        let steps = steps.into_iter().map(|(at, n, remove)| (at[..max.len()].to_vec(), u64::from(n), remove));
        let steps = steps.collect();
        (max, chunk, steps)
    })
}

/// The grid of a plan, and its steps brought into it: `far` along unlimited dimensions.
fn planned(plan: &(Vec<u64>, Vec<u64>, Vec<Step>), unlimited: &[usize], far: u64, filtered: bool) -> (Grid, Vec<Step>) {
    let (max, chunk, steps) = plan;
    let dims = max.iter().zip(chunk).enumerate();
    // Not a multiple of the chunk: the last chunk reaches beyond the extent.
    let dims = dims.map(|(d, (m, c))| (!unlimited.contains(&d)).then_some((m * c).saturating_sub(1).max(1)));
    let mut grid = grid(&dims.collect::<Vec<_>>(), filtered);
    grid.chunk.clone_from(chunk);
    grid.chunk_bytes = chunk.iter().product::<u64>() * grid.element_size;
    let limits: Vec<u64> = (0..max.len()).map(|d| grid.chunks_along(d).unwrap_or(far)).collect();
    let within = |at: &[u64]| at.iter().zip(&limits).map(|(a, l)| a % l).collect();
    let steps = steps.iter().map(|(at, n, remove)| (within(at), *n, *remove)).collect();
    (grid, steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn like_a_map(
        plan in plan(), filtered: bool, five: bool, far in 1u64..3000, first in 0usize..4, second in 0usize..4,
    ) {
        let undefined = Addr::UNDEFINED;
        let (first, second) = (first % plan.0.len(), second % plan.0.len());
        let version = |mut g: Grid| { g.layout_version = if five { 5 } else { 4 }; g };
        let (g, steps) = planned(&plan, &[], far, filtered);
        run(ChunkIndex::FixedArray { header: undefined }, &version(g), steps);
        let (g, steps) = planned(&plan, &[first], far, filtered);
        run(ChunkIndex::ExtensibleArray { header: undefined }, &version(g), steps);
        let (g, steps) = planned(&plan, &[first, second], far, filtered);
        run(ChunkIndex::BTree2 { header: undefined }, &version(g.clone()), steps.clone());
        run(ChunkIndex::BTree1 { root: undefined }, &Grid { layout_version: 3, ..g }, steps);
    }
}

#[test]
fn many_chunks_in_order() {
    for filtered in [false, true] {
        let mut growing = grid(&[None], filtered);
        growing.extensible = None;
        let steps = (0..70_000).map(|n| (vec![n], n, false));
        run(ChunkIndex::ExtensibleArray { header: Addr::UNDEFINED }, &growing, steps);
    }
}

/// The blocks and pages that libhdf5 makes, here and there: most stay absent.
#[test]
fn scattered_over_usual_blocks() {
    let scattered = |range: u64, rows: u64| {
        let mut n = 1u64;
        (0..4000u64).map(move |i| {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = (n >> 20) % if i % 3 == 0 { range } else { range / 100 };
            (vec![place % rows, place / rows], n >> 40, i % 7 == 6)
        })
    };
    for filtered in [false, true] {
        let usual = |max| Grid { extensible: None, page_bits: None, ..grid(max, filtered) };
        let header = Addr::UNDEFINED;
        let steps: Vec<Step> = scattered(3_000_000, 3).collect();
        run(ChunkIndex::ExtensibleArray { header }, &usual(&[Some(3), None]), steps);
        let steps: Vec<Step> = scattered(100_100, 100).collect();
        run(ChunkIndex::FixedArray { header }, &usual(&[Some(100), Some(1001)]), steps.clone());
        run(ChunkIndex::BTree2 { header }, &usual(&[None, None]), steps);
    }
}

#[test]
fn one_chunk() {
    for filtered in [false, true] {
        let (store, g) = (writable(), grid(&[Some(1), Some(1)], filtered));
        let mut index = ChunkIndex::Single { address: Addr::UNDEFINED, filtered: filtered.then_some((0, 0)) };
        let empty = index;
        let chunk = chunk(&g, 7);
        assert_eq!(index.remove(&store, &g, &[0, 0]).unwrap(), None);
        index.set(&store, &g, &[0, 0], chunk).unwrap();
        assert_eq!(index.get(&store, &g, &[0, 0]).unwrap(), Some(chunk));
        assert_eq!(index.set(&store, &g, &[0, 1], chunk).unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(index.remove(&store, &g, &[0, 0]).unwrap(), Some(chunk));
        assert_eq!(index, empty);
    }
}

#[test]
fn chunks_side_by_side() {
    let (store, g) = (writable(), grid(&[Some(3), Some(5)], false));
    let mut index = ChunkIndex::Implicit { address: Addr::new(8000) };
    let at = |address| Chunk { address: Addr::new(address), stored_bytes: 4, filter_mask: 0 };
    index.set(&store, &g, &[1, 2], at(8000 + 7 * 4)).unwrap();
    assert!(index.set(&store, &g, &[1, 2], at(8000)).is_err());
    assert!(index.remove(&store, &g, &[1, 2]).is_err());
    let mut chunks = 0;
    index
        .delete(&store, &g, &mut |_, _| {
            chunks += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!((chunks, index), (15, ChunkIndex::Implicit { address: Addr::UNDEFINED }));
}

#[test]
fn refused() {
    let header = Addr::UNDEFINED;
    let kinds = [
        (ChunkIndex::FixedArray { header }, vec![Some(3), Some(3)]),
        (ChunkIndex::ExtensibleArray { header }, vec![Some(3), None]),
        (ChunkIndex::BTree2 { header }, vec![None, None]),
    ];
    for (mut index, max) in kinds {
        let (store, g) = (writable(), grid(&max, true));
        let before = (index, store.end());
        let large = Chunk { stored_bytes: 1 << 16, ..chunk(&g, 1) };
        assert_eq!(index.set(&store, &g, &[0, 0], large).unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!((index, store.end()), before, "nothing was made");
        assert_eq!(index.set(&store, &g, &[0], chunk(&g, 1)).unwrap_err().kind(), ErrorKind::Usage);
        let five = Grid { layout_version: 5, ..g.clone() };
        index.set(&store, &five, &[0, 0], large).unwrap();
        assert_eq!(index.get(&store, &five, &[0, 0]).unwrap(), Some(large));
        if max[0].is_some() {
            assert_eq!(index.set(&store, &five, &[3, 0], large).unwrap_err().kind(), ErrorKind::Usage);
        }
    }
    let (store, g) = (writable(), Grid { layout_version: 3, ..grid(&[None], true) });
    let mut index = ChunkIndex::BTree1 { root: header };
    let large = Chunk { stored_bytes: 1 << 32, ..chunk(&g, 1) };
    assert_eq!(index.set(&store, &g, &[0], large).unwrap_err().kind(), ErrorKind::Unsupported);
}

/// A change of one element gives its block a new checksum: it must not make damage to the others look sound.
#[test]
fn damage_is_not_sealed() {
    let header = Addr::UNDEFINED;
    let far = |n: u64| vec![n];
    for (index, max, places) in [
        (ChunkIndex::FixedArray { header }, Some(10), [far(1), far(2)]),
        (ChunkIndex::FixedArray { header }, Some(100), [far(65), far(66)]),
        (ChunkIndex::ExtensibleArray { header }, None, [far(0), far(1)]),
        (ChunkIndex::ExtensibleArray { header }, None, [far(5), far(6)]),
        (ChunkIndex::ExtensibleArray { header }, None, [far(2000), far(2001)]),
    ] {
        let (store, g, mut index) = (writable(), grid(&[max], false), index);
        let mark = Chunk { address: Addr::new(0x0102_0304_0506_0708), ..chunk(&g, 0) };
        index.set(&store, &g, &places[0], mark).unwrap();
        let all = store.block(Addr::new(0), store.end(), &ea::HERE).unwrap();
        let at = all.windows(8).position(|b| b == mark.address.raw().to_le_bytes()).unwrap();
        store.write(Addr::new(u64::try_from(at).unwrap()), &[9]).unwrap();
        store.forget().unwrap();
        let e = index.set(&store, &g, &places[1], chunk(&g, 1)).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains("checksum"), "{index:?} {places:?}: {e}");
    }
}

/// A block of another array is not written to, whatever the address says.
#[test]
fn blocks_of_others_are_left_alone() {
    let (store, g) = (writable(), grid(&[Some(10)], false));
    let [mut one, mut two] = [ChunkIndex::FixedArray { header: Addr::UNDEFINED }; 2];
    one.set(&store, &g, &[1], chunk(&g, 1)).unwrap();
    two.set(&store, &g, &[1], chunk(&g, 2)).unwrap();
    let head = |index: ChunkIndex| {
        let bytes = body(&store, index.address(), fa::Header::bytes(store.widths));
        decode::<fa::Header>(&bytes, (store.widths,), &fa::HERE).unwrap().0
    };
    let stolen = fa::Header { data_block: head(one).data_block, ..head(two) };
    let mut bytes = encode(&stolen, (store.widths,), &fa::HERE).unwrap();
    seal(&mut bytes);
    store.write(two.address(), &bytes).unwrap();
    store.forget().unwrap();
    assert!(two.set(&store, &g, &[2], chunk(&g, 3)).unwrap_err().is_damaged());
    assert_eq!(one.get(&store, &g, &[2]).unwrap(), None);
}

/// What a header promises is not taken from memory unseen.
#[test]
fn headers_that_ask_for_much() {
    let (store, mut g) = (writable(), grid(&[None], false));
    g.extensible = Some(ExtensibleArrayParameters {
        max_elements_bits: 64,
        index_block_elements: 0,
        super_block_min_pointers: 1,
        data_block_min_elements: 1,
        page_bits: 4,
    });
    let mut index = ChunkIndex::ExtensibleArray { header: Addr::UNDEFINED };
    let e = index.set(&store, &g, &[1 << 62], chunk(&g, 1)).unwrap_err();
    assert_eq!(e.kind(), ErrorKind::Limit, "{e}");
}
