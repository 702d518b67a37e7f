use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[], limit: 20_000, expected: 0 };

/// The sums as they are defined, modulo 65535 with no zero but of zeros.
fn slow(data: &[u8]) -> u32 {
    let (mut first, mut second) = (0_u64, 0_u64);
    for word in data.chunks(2) {
        first += u64::from(word[0]) << 8 | u64::from(*word.get(1).unwrap_or(&0));
        second += first;
    }
    let modulo = |sum: u64| if sum == 0 { 0 } else { (sum - 1) % 65535 + 1 };
    (modulo(second) << 16 | modulo(first)) as u32
}

#[test]
fn worked_example() {
    // Words 0x0102, 0x0304, 0x0500: first sum 0x0906, second 0x0102 + 0x0406 + 0x0906.
    assert_eq!(fletcher32(&[1, 2, 3, 4, 5]), 0x0e0e_0906);
    assert_eq!(fletcher32(&[]), 0);
    assert_eq!(fletcher32(&[0xff, 0xff]), 0xffff_ffff);
    let mut out = Vec::new();
    Fletcher32.encode(&[1, 2, 3, 4, 5], &mut out, &CONTEXT).unwrap();
    assert_eq!(out, [1, 2, 3, 4, 5, 0x06, 0x09, 0x0e, 0x0e]);
}

#[test]
fn value_of_old_libraries_is_accepted() {
    let mut out = Vec::new();
    let swapped = [1, 2, 3, 4, 5, 0x09, 0x06, 0x0e, 0x0e];
    Fletcher32.decode(&swapped, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, [1, 2, 3, 4, 5]);
}

#[test]
fn damage_is_told() {
    let mut out = Vec::new();
    assert!(Fletcher32.decode(&[1, 2, 3], &mut out, &CONTEXT).unwrap_err().is_damaged());
    assert!(Fletcher32.decode(&[1, 2, 3, 4, 5, 6], &mut out, &CONTEXT).unwrap_err().is_damaged());
    let small = Context { limit: 1, ..CONTEXT };
    let error = Fletcher32.decode(&[0; 6], &mut out, &small).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
}

#[test]
fn long_blocks_carry_right() {
    for length in [4095, 4096, 4097, 8192, 12_289] {
        for byte in [0, 1, 0xff] {
            let data = vec![byte; length];
            assert_eq!(fletcher32(&data), slow(&data), "{length} bytes {byte}");
        }
        let data: Vec<u8> = (0..length as u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect();
        assert_eq!(fletcher32(&data), slow(&data), "{length}");
    }
}

proptest! {
    #[test]
    fn round_trip(data in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(fletcher32(&data), slow(&data));
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Fletcher32.encode(&data, &mut coded, &CONTEXT).unwrap();
        Fletcher32.decode(&coded, &mut out, &CONTEXT).unwrap();
        prop_assert_eq!(out, data);
    }
}
