use std::collections::BTreeMap;

use super::*;
use crate::format::message::layout::ExtensibleArrayParameters;
use crate::store::testing::writable;
use proptest::prelude::*;

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

fn run(mut index: ChunkIndex, grid: &Grid, steps: Vec<(Vec<u64>, u64, bool)>) {
    let store = writable();
    let start = store.end();
    let mut model = BTreeMap::new();
    for (scaled, n, remove) in steps {
        if remove {
            let was = index.remove(&store, grid, &scaled).unwrap();
            assert_eq!(was, model.remove(&scaled));
        } else {
            let stored_bytes = if grid.filtered { 1 + n % 250 } else { 4 };
            let filter_mask = if grid.filtered { u32::try_from(n % 3).unwrap() } else { 0 };
            let chunk = Chunk { address: Addr::new(1000 + n), stored_bytes, filter_mask };
            index.set(&store, grid, &scaled, chunk).unwrap();
            assert_eq!(index.get(&store, grid, &scaled).unwrap(), Some(chunk));
            model.insert(scaled, chunk);
        }
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
    index.delete(&store, grid, &mut |_, _| Ok(())).unwrap();
    let free: u64 = store.with_space(|s| s.free_ranges().iter().map(|r| r.end - r.start).sum()).unwrap();
    assert_eq!(free, store.end() - start, "all space of the index was given back");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn like_a_map(
        steps in prop::collection::vec((0u64..40, 0u64..30, any::<u32>(), prop::bool::weighted(0.2)), 1..400),
        filtered: bool, far in 0u64..3000,
    ) {
        let undefined = Addr::UNDEFINED;
        let two = |limit: u64| steps.iter().map(move |(a, b, n, r)| (vec![a % limit, *b], u64::from(*n), *r));
        let fixed = grid(&[Some(40), Some(30)], filtered);
        run(ChunkIndex::FixedArray { header: undefined }, &fixed, two(40).collect());
        let growing = grid(&[Some(40), None], filtered);
        let steps_far = steps.iter().map(|(a, b, n, r)| (vec![*a, b * (1 + far / 30)], u64::from(*n), *r));
        run(ChunkIndex::ExtensibleArray { header: undefined }, &growing, steps_far.collect());
        let free = grid(&[None, None], filtered);
        run(ChunkIndex::BTree2 { header: undefined }, &free, two(40).collect());
    }
}

#[test]
fn many_chunks_in_order() {
    for filtered in [false, true] {
        let mut growing = grid(&[None], filtered);
        growing.extensible = None;
        let steps = (0..70_000).map(|n| (vec![n], n, false)).collect();
        run(ChunkIndex::ExtensibleArray { header: Addr::UNDEFINED }, &growing, steps);
    }
}
