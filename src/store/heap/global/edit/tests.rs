use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::store::heap::global::object;
use crate::store::testing::writable;

#[test]
fn insert_remove_replace() {
    let s = writable();
    let (a, one) = insert(&s, b"one").unwrap();
    let (b, two) = insert(&s, &[2; 100]).unwrap();
    assert_eq!((a, one, two), (b, 1, 2));
    assert_eq!(&*object(&s, a, 1).unwrap(), b"one");
    assert_eq!(replace(&s, a, 1, b"ONE!").unwrap(), (a, 1));
    assert_eq!(&*object(&s, a, 1).unwrap(), b"ONE!");
    assert_eq!(replace(&s, a, 1, b"longer than it was").unwrap(), (a, 3));
    assert_eq!(&*object(&s, a, 2).unwrap(), [2; 100]);
    assert!(object(&s, a, 1).is_err());
    assert!(remove(&s, a, 1).unwrap_err().is_damaged());
    let end = s.end();
    remove(&s, a, 2).unwrap();
    remove(&s, a, 3).unwrap();
    // The empty collection was given back, and its space is used again.
    insert(&s, b"x").unwrap();
    assert_eq!(s.end(), end);
}

#[test]
fn large_objects_have_their_own_collection() {
    let s = writable();
    let (small, _) = insert(&s, b"small").unwrap();
    let (large, index) = insert(&s, &vec![9; 100_001]).unwrap();
    assert_ne!(small, large);
    assert_eq!(index, 1);
    assert_eq!(insert(&s, b"another").unwrap(), (small, 2));
    assert_eq!(object(&s, large, 1).unwrap().len(), 100_001);
    remove(&s, large, 1).unwrap();
    assert!(insert(&crate::store::testing::store(vec![0; 512]), b"").is_err(), "read only");
}

#[test]
fn a_burst_is_packed() {
    let s = writable();
    let start = s.end();
    let places: Vec<_> = (0..20_000u32).map(|n| insert(&s, n.to_string().as_bytes()).unwrap()).collect();
    // 24 bytes each: 170 in each 4096 bytes.
    assert!(s.end() - start < 20_000 * 24 * 102 / 100, "{}", s.end() - start);
    for (n, (a, i)) in places.iter().enumerate().step_by(97) {
        assert_eq!(&*object(&s, *a, *i).unwrap(), n.to_string().as_bytes());
    }
}

#[test]
fn indices_run_out() {
    let s = writable();
    let big = 3 << 20;
    let (a, _) = insert(&s, &vec![0; big]).unwrap();
    // Its space is free for small ones as long as one object is left.
    let w = s.widths;
    let free = Open { address: a, size: count(big) + 32, free: 0, next: 2 };
    room(&s).put(free);
    let mut small = head(1, 8, w).unwrap();
    small.extend([1; 8]);
    small.extend(tail(count(big) + 16 - 24, usize::MAX, w).unwrap());
    s.write(a.plus(16), &small).unwrap();
    room(&s).put(Open { free: count(big) + 16 - 24, ..free });
    s.evict::<Collection>(a);
    for n in 2..=65535 {
        assert_eq!(insert(&s, b"").unwrap(), (a, n));
    }
    let (other, index) = insert(&s, b"").unwrap();
    assert!(other != a && index == 1);
    assert_eq!(&*object(&s, a, 1).unwrap(), [1; 8]);
    assert_eq!(remove_all(&s, a, &[65535, 3, 3, 70000]).unwrap(), 2);
    assert_eq!(insert(&s, b"again").unwrap(), (a, 65535));
}

proptest! {
    #[test]
    fn like_a_map(steps in prop::collection::vec((0u8..4, any::<prop::sample::Index>(), 0usize..700), 1..200)) {
        let s = writable();
        let mut model: HashMap<(Addr, u32), Vec<u8>> = HashMap::new();
        for (n, (kind, pick, len)) in steps.into_iter().enumerate() {
            let bytes = vec![n as u8; len];
            let mut keys: Vec<_> = model.keys().copied().collect();
            keys.sort();
            if kind < 2 || keys.is_empty() {
                prop_assert!(model.insert(insert(&s, &bytes).unwrap(), bytes).is_none());
                continue;
            }
            let key = *pick.get(&keys);
            model.remove(&key);
            if kind == 2 {
                remove(&s, key.0, key.1).unwrap();
            } else {
                prop_assert!(model.insert(replace(&s, key.0, key.1, &bytes).unwrap(), bytes).is_none());
            }
        }
        for ((address, index), bytes) in &model {
            prop_assert_eq!(&*object(&s, *address, *index).unwrap(), &bytes[..]);
        }
    }
}
