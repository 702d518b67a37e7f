use super::*;
use proptest::prelude::*;

fn context(client_data: &[u32], limit: usize) -> Context<'_> {
    Context { client_data, limit, expected: 0 }
}

/// The definition, byte by byte.
fn slow_shuffle(input: &[u8], size: usize) -> Vec<u8> {
    let size = size.max(1);
    let count = input.len() / size;
    let mut out = Vec::new();
    for rank in 0..size {
        out.extend((0..count).map(|element| input[element * size + rank]));
    }
    out.extend(&input[count * size..]);
    out
}

#[test]
fn worked_example() {
    let elements = [1, 2, 3, 4, 5, 6, 7];
    let mut out = vec![9; 100];
    Shuffle.encode(&elements, &mut out, &context(&[2], 7)).unwrap();
    assert_eq!(out, [1, 3, 5, 2, 4, 6, 7]);
    let planes = out.clone();
    Shuffle.decode(&planes, &mut out, &context(&[2], 7)).unwrap();
    assert_eq!(out, elements);
}

#[test]
fn element_size_zero_one_absent_or_huge_is_a_copy() {
    for client_data in [&[0][..], &[1], &[], &[6], &[u32::MAX]] {
        let mut out = Vec::new();
        Shuffle.decode(b"abcde", &mut out, &context(client_data, 5)).unwrap();
        assert_eq!(out, b"abcde");
    }
}

#[test]
fn limit_is_kept() {
    let error = Shuffle.decode(&[0; 6], &mut Vec::new(), &context(&[2], 5)).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
}

#[test]
fn every_size_agrees_with_the_definition() {
    let input: Vec<u8> = (0..4099_u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect();
    for size in 0..70 {
        for length in [0, 1, 7, 31, 32, 33, 128, 129, 1000, 4099] {
            let planes = slow_shuffle(&input[..length], size);
            let mut out = vec![0; length];
            shuffle(&input[..length], size, &mut out);
            assert_eq!(out, planes, "shuffle, size {size}, length {length}");
            unshuffle(&planes, size, &mut out);
            assert_eq!(out, input[..length], "unshuffle, size {size}, length {length}");
        }
    }
}

proptest! {
    #[test]
    fn round_trip(input in prop::collection::vec(any::<u8>(), 0..600), size in 0_u32..40) {
        let (mut planes, mut out) = (Vec::new(), vec![1; 3]);
        Shuffle.encode(&input, &mut planes, &context(&[size], 600)).unwrap();
        Shuffle.decode(&planes, &mut out, &context(&[size], 600)).unwrap();
        prop_assert_eq!(out, input);
    }
}

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[1], 1, 17, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
        (&[2], 2, 17, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
        (&[3], 3, 17, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
        (&[8], 8, 17, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"),
        (&[12], 12, 19, b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Shuffle.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
