use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[4, 261, 0], limit: 100_000, expected: 100 };

#[test]
fn worked_example() {
    // "ab", a match of 4 from 2 back, a match of 7 + 3 + 2 from 1 back.
    let code = [1, b'a', b'b', 2 << 5, 1, 7 << 5, 3, 0];
    let mut out = vec![7; 5];
    Lzf.decode(&code, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"abababbbbbbbbbbbbb");
    for length in [1, 2, 4, 6, 7] {
        assert!(Lzf.decode(&code[..length], &mut out, &CONTEXT).unwrap_err().is_damaged(), "{length}");
    }
    let error = Lzf.decode(&code, &mut out, &Context { limit: 17, ..CONTEXT }).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    // A match that starts before the output.
    assert!(Lzf.decode(&[0, b'a', 2 << 5, 1], &mut out, &CONTEXT).unwrap_err().is_damaged());
}

#[test]
fn long_and_far_matches() {
    let noise: Vec<u8> = (0..8192_u32).map(|i| (i.wrapping_mul(0x9e37_79b1) >> 23) as u8).collect();
    let data = [&noise[..], &noise[..300], &[0; 1000], &noise[..100]].concat();
    let (mut coded, mut out) = (Vec::new(), Vec::new());
    Lzf.encode(&data, &mut coded, &CONTEXT).unwrap();
    assert!(coded.len() < 9000);
    Lzf.decode(&coded, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, data);
}

proptest! {
    #[test]
    fn round_trip(data in prop::collection::vec(0_u8..3, 0..3000)) {
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Lzf.encode(&data, &mut coded, &CONTEXT).unwrap();
        Lzf.decode(&coded, &mut out, &CONTEXT).unwrap();
        prop_assert_eq!(out, data);
    }
    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Lzf.decode(&data, &mut Vec::new(), &CONTEXT);
    }
}

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[4, 261, 240], 8, 30, b"\x01\x00\x00\x80\x00\x00\x01\xa0\x00\x00\x02\xa0\x00\x00\x03\xa0\x00\x00\x04\xa0\x00\x00\x05\xa0\x00\x00\x06\xa0\x00\x00\x07\xa0\x00\x00\x08\xa0\x00\x00\x09\xa0\x00\x00\x0a\xa0\x00\x00\x0b\xa0\x00\x00\x0c\xa0\x00\x00\x0d\xa0\x00\x00\x0e\xa0\x00\x00\x0f\xa0\x00\x00\x10\xa0\x00\x00\x11\xa0\x00\x00\x12\xa0\x00\x00\x13\xa0\x00\x00\x14\xa0\x00\x00\x15\xa0\x00\x00\x16\xa0\x00\x00\x17\xa0\x00\x00\x18\xa0\x00\x00\x19\xa0\x00\x00\x1a\xa0\x00\x00\x1b\xa0\x00\x00\x1c\xa0\x00\x00\x1d\x60\x00\x01\x1d\x1d"),
        (&[4, 261, 900], 1, 900, b"\x1f\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x3a\x3b\x3c\x3d\x3e\x3f\x1f\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d\x4e\x4f\x50\x51\x52\x53\x54\x55\x56\x57\x58\x59\x5a\x5b\x5c\x5d\x5e\x5f\x1f\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f\x70\x71\x72\x73\x74\x75\x76\x77\x78\x79\x7a\x7b\x7c\x7d\x7e\x7f\x1f\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\x1f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf\x1f\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf\x1b\xe0\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\x00\xe0\xff\xfa\xe1\xff\xf5\xe2\x6d\xf0\x01\x91\x92"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Lzf.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
