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

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[], 1, 7, b"\x00\x01\x02\x03\x04\x05\x06\x09\x0c\x17\x14"),
        (&[], 2, 9, b"\x00\x00\x01\x01\x02\x02\x03\x03\x04\x04\x05\x05\x06\x06\x07\x07\x08\x08\x24\x24\x78\x78"),
        (&[], 4, 60, b"\x00\x00\x00\x00\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03\x04\x04\x04\x04\x05\x05\x05\x05\x06\x06\x06\x06\x07\x07\x07\x07\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a\x0b\x0b\x0b\x0b\x0c\x0c\x0c\x0c\x0d\x0d\x0d\x0d\x0e\x0e\x0e\x0e\x0f\x0f\x0f\x0f\x10\x10\x10\x10\x11\x11\x11\x11\x12\x12\x12\x12\x13\x13\x13\x13\x14\x14\x14\x14\x15\x15\x15\x15\x16\x16\x16\x16\x17\x17\x17\x17\x18\x18\x18\x18\x19\x19\x19\x19\x1a\x1a\x1a\x1a\x1b\x1b\x1b\x1b\x1c\x1c\x1c\x1c\x1d\x1d\x1d\x1d\x1e\x1e\x1e\x1e\x1f\x1f\x1f\x1f\x20\x20\x20\x20\x21\x21\x21\x21\x22\x22\x22\x22\x23\x23\x23\x23\x24\x24\x24\x24\x25\x25\x25\x25\x26\x26\x26\x26\x27\x27\x27\x27\x28\x28\x28\x28\x29\x29\x29\x29\x2a\x2a\x2a\x2a\x2b\x2b\x2b\x2b\x2c\x2c\x2c\x2c\x2d\x2d\x2d\x2d\x2e\x2e\x2e\x2e\x2f\x2f\x2f\x2f\x30\x30\x30\x30\x31\x31\x31\x31\x32\x32\x32\x32\x33\x33\x33\x33\x34\x34\x34\x34\x35\x35\x35\x35\x36\x36\x36\x36\x37\x37\x37\x37\x38\x38\x38\x38\x39\x39\x39\x39\x3a\x3a\x3a\x3a\x3b\x3b\x3b\x3b\xe1\xe1\x9b\x9b"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Fletcher32.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
