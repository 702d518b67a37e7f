use super::*;
use proptest::prelude::*;

fn context(client_data: &[u32], limit: usize) -> Context<'_> {
    Context { client_data, limit, expected: 0 }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect()
}

/// The definition, bit by bit.
fn slow_shuffle(input: &[u8], size: usize) -> Vec<u8> {
    let count = input.len() / size / 8 * 8;
    let mut out = vec![0; count * size];
    for element in 0..count {
        for bit in 0..8 * size {
            let set = input[element * size + bit / 8] >> (bit % 8) & 1;
            out[bit * (count / 8) + element / 8] |= set << (element % 8);
        }
    }
    out.extend(&input[count * size..]);
    out
}

#[test]
fn worked_example() {
    // Eight elements of 2 bytes with bit 0 set in the first, bit 9 in all, and one more raw.
    let elements = [1, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0xab, 0xcd];
    let rows = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0xab, 0xcd];
    let ctx = context(&[0, 4, 2, 0, 0], 18);
    let mut out = vec![7; 3];
    Bitshuffle.encode(&elements, &mut out, &ctx).unwrap();
    assert_eq!(out, rows);
    Bitshuffle.decode(&rows, &mut out, &ctx).unwrap();
    assert_eq!(out, elements);
}

#[test]
fn every_size_agrees_with_the_definition() {
    let input = noise(6007);
    for size in 1..36 {
        for length in [0, 1, 8, 64, 127, 128, 640, 1024, 2056, 6007] {
            let rows = slow_shuffle(&input[..length], size);
            let mut out = vec![0; length];
            bit_shuffle_block(&input[..length], size, &mut out);
            assert_eq!(out, rows, "shuffle, size {size}, length {length}");
            bit_unshuffle_block(&rows, size, &mut out);
            assert_eq!(out, input[..length], "unshuffle, size {size}, length {length}");
        }
    }
    let mut out = [0; 5];
    bit_unshuffle_block(b"abcde", 0, &mut out);
    bit_shuffle_block(b"abcde", usize::MAX, &mut out);
    assert_eq!(&out, b"abcde");
}

#[test]
fn default_blocks() {
    assert_eq!([1, 2, 3, 8, 16, 65, 1000].map(default_block), [8192, 4096, 2728, 1024, 512, 128, 128]);
}

#[test]
fn damage_is_told() {
    let input = [&noise(300)[..], &[0; 300]].concat();
    for compressor in [2, 3] {
        let data = [0, 4, 4, 64, compressor];
        let ctx = context(&data, 700);
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Bitshuffle.encode(&input, &mut coded, &ctx).unwrap();
        Bitshuffle.decode(&coded, &mut out, &ctx).unwrap();
        assert_eq!(out, input);
        for length in 0..coded.len() {
            assert!(Bitshuffle.decode(&coded[..length], &mut out, &ctx).is_err(), "{length}");
        }
        let error = Bitshuffle.decode(&coded, &mut out, &context(&data, 599)).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Limit);
        for block in [0_u32, 4, 36] {
            let mut coded = coded.clone();
            coded[8..12].copy_from_slice(&block.to_be_bytes());
            assert!(Bitshuffle.decode(&coded, &mut out, &ctx).unwrap_err().is_damaged());
        }
    }
    let mut out = Vec::new();
    assert!(Bitshuffle.decode(&input, &mut out, &context(&[0, 4, 0], 700)).unwrap_err().is_damaged());
    assert!(Bitshuffle.decode(&input, &mut out, &context(&[0, 4, 4, 12], 700)).unwrap_err().is_damaged());
    assert!(
        Bitshuffle.decode(&input, &mut out, &context(&[0, 4, 4, 0, 9], 700)).unwrap_err().is_unsupported()
    );
}

#[test]
fn a_claim_beyond_the_bytes_is_refused() {
    let chunk = [0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0];
    for compressor in [2, 3] {
        let data = [0, 4, 4, 0, compressor];
        let mut out = Vec::new();
        assert!(Bitshuffle.decode(&chunk, &mut out, &context(&data, usize::MAX)).unwrap_err().is_damaged());
        assert_eq!(out.capacity(), 0);
    }
}

proptest! {
    #[test]
    fn round_trip(
        input in prop::collection::vec(any::<u8>(), 0..2000),
        size in 1_u32..20,
        groups in 0_u32..20,
        compressor in prop::sample::select(&[0_u32, 2, 3][..]),
    ) {
        let data = [0, 4, size, groups * 8, compressor, 1];
        let ctx = context(&data, 20_000);
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Bitshuffle.encode(&input, &mut coded, &ctx).unwrap();
        Bitshuffle.decode(&coded, &mut out, &ctx).unwrap();
        prop_assert_eq!(out, input);
    }
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..200), compressor in 2_u32..4) {
        let head = [0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 32, 0, 0, 0, 29];
        let _ = Bitshuffle.decode(&[&head[..], &data].concat(), &mut Vec::new(), &context(&[0, 4, 4, 0, compressor], 200));
    }
}
