use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[6], limit: 100_000, expected: 100 };

#[test]
fn worked_example() {
    // One stored block: header 78 01, final stored block of 3 bytes, Adler-32 of "abc".
    let stream = [0x78, 0x01, 0x01, 3, 0, 0xfc, 0xff, b'a', b'b', b'c', 0x02, 0x4d, 0x01, 0x27];
    let mut out = vec![7; 5];
    Deflate.decode(&stream, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"abc");
    let mut trailing = stream.to_vec();
    trailing.extend([0, 1, 2]);
    Deflate.decode(&trailing, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"abc");
}

#[test]
fn hint_may_be_wrong() {
    let data: Vec<u8> = (0..50_000_u32).map(|i| ((i * i) >> 7) as u8).collect();
    let (mut coded, mut out) = (Vec::new(), Vec::new());
    Deflate.encode(&data, &mut coded, &CONTEXT).unwrap();
    for expected in [0, 1, 49_999, 50_000, 50_001, usize::MAX] {
        Deflate.decode(&coded, &mut out, &Context { expected, ..CONTEXT }).unwrap();
        assert_eq!(out, data);
        out = Vec::new();
    }
}

#[test]
fn damage_is_told() {
    let mut coded = Vec::new();
    Deflate.encode(&[5; 10_000], &mut coded, &CONTEXT).unwrap();
    for length in 0..coded.len() {
        let error = Deflate.decode(&coded[..length], &mut Vec::new(), &CONTEXT).unwrap_err();
        assert!(error.is_damaged(), "{length}: {error}");
    }
    coded[0] = 0;
    assert!(Deflate.decode(&coded, &mut Vec::new(), &CONTEXT).unwrap_err().is_damaged());
}

#[test]
fn bomb_stops_at_the_limit() {
    let wide = Context { limit: usize::MAX, ..CONTEXT };
    let mut coded = Vec::new();
    Deflate.encode(&vec![0; 5_000_000], &mut coded, &wide).unwrap();
    let mut out = Vec::new();
    for limit in [0, 10, 4096, 4_999_999] {
        let error = Deflate.decode(&coded, &mut out, &Context { limit, ..CONTEXT }).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Limit);
    }
    let mut out = Vec::new();
    Deflate.decode(&coded, &mut out, &Context { limit: 1000, ..CONTEXT }).unwrap_err();
    assert!(out.capacity() < 10_000);
    Deflate.decode(&coded, &mut out, &Context { limit: 5_000_000, ..CONTEXT }).unwrap();
    assert_eq!(out.len(), 5_000_000);
}

proptest! {
    #[test]
    fn round_trip(data in prop::collection::vec(0_u8..4, 0..3000), level in 0_u32..11) {
        let ctx = Context { client_data: &[level], ..CONTEXT };
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Deflate.encode(&data, &mut coded, &ctx).unwrap();
        Deflate.decode(&coded, &mut out, &ctx).unwrap();
        prop_assert_eq!(out, data);
    }
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Deflate.decode(&[&[0x78, 0x9c][..], &data].concat(), &mut Vec::new(), &CONTEXT);
    }
}

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[0], 4, 20, b"\x78\x01\x01\x50\x00\xaf\xff\x00\x00\x00\x00\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03\x04\x04\x04\x04\x05\x05\x05\x05\x06\x06\x06\x06\x07\x07\x07\x07\x08\x08\x08\x08\x09\x09\x09\x09\x0a\x0a\x0a\x0a\x0b\x0b\x0b\x0b\x0c\x0c\x0c\x0c\x0d\x0d\x0d\x0d\x0e\x0e\x0e\x0e\x0f\x0f\x0f\x0f\x10\x10\x10\x10\x11\x11\x11\x11\x12\x12\x12\x12\x13\x13\x13\x13\x4e\xfc\x02\xf9"),
        (&[1], 4, 20, b"\x78\x01\x0d\xc1\x01\x02\x40\x20\x10\x00\xb0\x53\x44\x0a\xc5\xff\xff\x6a\x5b\x44\xc4\x42\x22\xb3\xb2\x51\xd8\x39\xa8\x9c\x34\x3a\x17\x37\x0f\x83\xc9\xcb\xc7\x0f\x4e\xfc\x02\xf9"),
        (&[9], 4, 20, b"\x78\xda\x0d\xc1\x01\x02\x40\x20\x10\x00\xb0\x53\x44\x0a\xc5\xff\xff\x6a\x5b\x44\xc4\x42\x22\xb3\xb2\x51\xd8\x39\xa8\x9c\x34\x3a\x17\x37\x0f\x83\xc9\xcb\xc7\x0f\x4e\xfc\x02\xf9"),
        (&[4], 1, 1000, b"\x78\x5e\x63\x60\x64\x62\x66\x61\x65\x63\xe7\xe0\xe4\xe2\xe6\xe1\xe5\xe3\x17\x10\x14\x12\x16\x11\x15\x13\x97\x90\x94\x92\x96\x91\x95\x93\x57\x50\x54\x52\x56\x51\x55\x53\xd7\xd0\xd4\xd2\xd6\xd1\xd5\xd3\x37\x30\x34\x32\x36\x31\x35\x33\xb7\xb0\xb4\xb2\xb6\xb1\xb5\xb3\x77\x70\x74\x72\x76\x71\x75\x73\xf7\xf0\xf4\xf2\xf6\xf1\xf5\xf3\x0f\x08\x0c\x0a\x0e\x09\x0d\x0b\x8f\x88\x8c\x8a\x8e\x89\x8d\x8b\x4f\x48\x4c\x4a\x4e\x49\x4d\x4b\xcf\xc8\xcc\xca\xce\xc9\xcd\xcb\x2f\x28\x2c\x2a\x2e\x29\x2d\x2b\xaf\xa8\xac\xaa\xae\xa9\xad\xab\x6f\x68\x6c\x6a\x6e\x69\x6d\x6b\xef\xe8\xec\xea\xee\xe9\xed\xeb\x9f\x30\x71\xd2\xe4\x29\x53\xa7\x4d\x9f\x31\x73\xd6\xec\x39\x73\xe7\xcd\x5f\xb0\x70\xd1\xe2\x25\x4b\x97\x2d\x5f\xb1\x72\xd5\xea\x35\x6b\xd7\xad\xdf\xb0\x71\xd3\xe6\x2d\x5b\xb7\x6d\xdf\xb1\x73\xd7\xee\x3d\x7b\xf7\xed\x3f\x70\xf0\xd0\xe1\x23\x47\x8f\x1d\x3f\x71\xf2\xd4\xe9\x33\x67\xcf\x9d\xbf\x70\xf1\xd2\xe5\x2b\x57\xaf\x5d\xbf\x71\xf3\xd6\xed\x3b\x77\xef\xdd\x7f\xf0\xf0\xd1\xe3\x27\x4f\x9f\x3d\x7f\xf1\xf2\xd5\xeb\x37\x6f\xdf\xbd\xff\xf0\xf1\xd3\xe7\x2f\x5f\xbf\x7d\xff\xf1\xf3\x17\xc3\xa8\xd7\x47\xbd\x3e\x52\xbc\x0e\x00\x6c\xf4\xe6\x6a"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Deflate.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
