use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[], limit: 100_000, expected: 100 };

#[test]
fn worked_example() {
    // 10 bytes in blocks of 8: eight "a" (literal "a", match of 6 from 1 back, literal "a"), two raw.
    let chunk = [0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 8, 0, 0, 0, 6, 0x12, b'a', 1, 0, 0x10, b'a']
        .into_iter()
        .chain([0, 0, 0, 2, b'x', b'y'])
        .collect::<Vec<u8>>();
    let mut out = vec![7; 50];
    Lz4.decode(&chunk, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"aaaaaaaaxy");
    for length in 0..chunk.len() {
        assert!(Lz4.decode(&chunk[..length], &mut out, &CONTEXT).unwrap_err().is_damaged(), "{length}");
    }
}

#[test]
fn bombs_are_refused() {
    let mut chunk = vec![0, 0, 0, 0, 0, 1, 0x86, 0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0];
    assert!(Lz4.decode(&chunk, &mut Vec::new(), &CONTEXT).unwrap_err().is_damaged());
    chunk[7] = 0xa1;
    let error = Lz4.decode(&chunk, &mut Vec::new(), &CONTEXT).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    // Block size 0 with content.
    assert!(Lz4.decode(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], &mut Vec::new(), &CONTEXT).is_err());
    // A block that decodes to more or less than its place.
    for total in [7, 9] {
        let chunk = [0, 0, 0, 0, 0, 0, 0, total, 0, 0, 0, 9, 0, 0, 0, 6, 0x12, b'a', 1, 0, 0x10, b'a'];
        assert!(Lz4.decode(&chunk, &mut Vec::new(), &CONTEXT).unwrap_err().is_damaged());
    }
}

proptest! {
    #[test]
    fn round_trip(data in prop::collection::vec(0_u8..3, 0..3000), noise in any::<bool>(), block in 0_u32..4000) {
        let mut data = data;
        if noise {
            data.iter_mut().zip(1_u32..).for_each(|(b, i)| *b = (i.wrapping_mul(0x9e37_79b1) >> 24) as u8);
        }
        let ctx = Context { client_data: &[block], ..CONTEXT };
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Lz4.encode(&data, &mut coded, &ctx).unwrap();
        Lz4.decode(&coded, &mut out, &ctx).unwrap();
        prop_assert_eq!(out, data);
    }
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let head = [0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 30, 0, 0, 0, 29];
        let _ = Lz4.decode(&[&head[..], &data].concat(), &mut Vec::new(), &CONTEXT);
    }
}

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[0], 4, 30, b"\x00\x00\x00\x00\x00\x00\x00\x78\x00\x00\x00\x78\x00\x00\x00\x78\x00\x00\x00\x00\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03\x04\x04\x04\x04\x05\x05\x05\x05\x06\x06\x06\x06\x07\x07\x07\x07\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a\x0b\x0b\x0b\x0b\x0c\x0c\x0c\x0c\x0d\x0d\x0d\x0d\x0e\x0e\x0e\x0e\x0f\x0f\x0f\x0f\x10\x10\x10\x10\x11\x11\x11\x11\x12\x12\x12\x12\x13\x13\x13\x13\x14\x14\x14\x14\x15\x15\x15\x15\x16\x16\x16\x16\x17\x17\x17\x17\x18\x18\x18\x18\x19\x19\x19\x19\x1a\x1a\x1a\x1a\x1b\x1b\x1b\x1b\x1c\x1c\x1c\x1c\x1d\x1d\x1d\x1d"),
        (&[50], 4, 30, b"\x00\x00\x00\x00\x00\x00\x00\x78\x00\x00\x00\x32\x00\x00\x00\x32\x00\x00\x00\x00\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03\x04\x04\x04\x04\x05\x05\x05\x05\x06\x06\x06\x06\x07\x07\x07\x07\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a\x0b\x0b\x0b\x0b\x0c\x0c\x00\x00\x00\x32\x0c\x0c\x0d\x0d\x0d\x0d\x0e\x0e\x0e\x0e\x0f\x0f\x0f\x0f\x10\x10\x10\x10\x11\x11\x11\x11\x12\x12\x12\x12\x13\x13\x13\x13\x14\x14\x14\x14\x15\x15\x15\x15\x16\x16\x16\x16\x17\x17\x17\x17\x18\x18\x18\x18\x00\x00\x00\x14\x19\x19\x19\x19\x1a\x1a\x1a\x1a\x1b\x1b\x1b\x1b\x1c\x1c\x1c\x1c\x1d\x1d\x1d\x1d"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Lz4.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
