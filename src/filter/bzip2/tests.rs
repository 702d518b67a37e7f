use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[9], limit: 100_000, expected: 100 };

#[test]
fn worked_example() {
    // The empty stream: "BZh9", the end mark (the digits of the square root of pi), checksum 0.
    let empty = [b'B', b'Z', b'h', b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, 0, 0, 0, 0];
    let mut out = vec![7; 5];
    Bzip2.decode(&empty, &mut out, &CONTEXT).unwrap();
    assert!(out.is_empty());
    Bzip2.encode(&[], &mut out, &CONTEXT).unwrap();
    assert_eq!(out, empty);
}

#[test]
fn damage_is_told() {
    let mut coded = Vec::new();
    Bzip2.encode(&[5; 1000], &mut coded, &CONTEXT).unwrap();
    for length in 0..coded.len() {
        let error = Bzip2.decode(&coded[..length], &mut Vec::new(), &CONTEXT).unwrap_err();
        assert!(error.is_damaged(), "{length}: {error}");
    }
    coded[20] ^= 4;
    assert!(Bzip2.decode(&coded, &mut Vec::new(), &CONTEXT).unwrap_err().is_damaged());
}

#[test]
fn bomb_stops_at_the_limit() {
    let mut coded = Vec::new();
    Bzip2.encode(&vec![0; 3_000_000], &mut coded, &CONTEXT).unwrap();
    let mut out = Vec::new();
    let error = Bzip2.decode(&coded, &mut out, &CONTEXT).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
    assert!(out.capacity() < 250_000);
    Bzip2.decode(&coded, &mut out, &Context { limit: 3_000_000, ..CONTEXT }).unwrap();
    assert_eq!(out.len(), 3_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn round_trip(data in prop::collection::vec(0_u8..4, 0..2000), level in 0_u32..11) {
        let ctx = Context { client_data: &[level], ..CONTEXT };
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Bzip2.encode(&data, &mut coded, &ctx).unwrap();
        Bzip2.decode(&coded, &mut out, &ctx).unwrap();
        prop_assert_eq!(out, data);
    }
}

#[test]
fn chunks_of_libhdf5() {
    let vectors: &[(&[u32], usize, usize, &[u8])] = &[
        (&[1], 8, 50, b"\x42\x5a\x68\x31\x31\x41\x59\x26\x53\x59\xd9\x3f\x31\x85\x00\x00\x00\x78\x00\x7f\xff\xff\xff\xff\xff\xe0\x00\x30\x00\x96\x0c\x64\x32\x1a\x0d\x06\x8d\x00\x68\x00\x68\x61\x9e\x51\xe5\x00\x00\x00\x00\x00\x01\x0f\xff\x2a\xa8\xd3\x43\x23\x40\x1a\x32\x62\x0c\x81\xbf\xf5\x55\x06\x84\x20\x28\x80\xa4\x02\x41\xf1\x99\x91\x82\x09\xa8\xaa\xcb\xb0\xcb\x4d\xb8\xeb\xcf\xc1\x0c\x51\xc9\x2c\xd3\xd1\x4d\x55\xd9\x6d\xd7\xe1\xaf\x67\xb7\xbf\xc7\xcf\xd6\xdb\xef\xf3\xf7\xfb\x76\xd2\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x77\x0f\xf8\xbb\x92\x29\xc2\x84\x86\xc9\xf9\x8c\x28"),
        (&[9], 8, 50, b"\x42\x5a\x68\x39\x31\x41\x59\x26\x53\x59\xd9\x3f\x31\x85\x00\x00\x00\x78\x00\x7f\xff\xff\xff\xff\xff\xe0\x00\x30\x00\x96\x0c\x64\x32\x1a\x0d\x06\x8d\x00\x68\x00\x68\x61\x9e\x51\xe5\x00\x00\x00\x00\x00\x01\x0f\xff\x2a\xa8\xd3\x43\x23\x40\x1a\x32\x62\x0c\x81\xbf\xf5\x55\x06\x84\x20\x28\x80\xa4\x02\x41\xf1\x99\x91\x82\x09\xa8\xaa\xcb\xb0\xcb\x4d\xb8\xeb\xcf\xc1\x0c\x51\xc9\x2c\xd3\xd1\x4d\x55\xd9\x6d\xd7\xe1\xaf\x67\xb7\xbf\xc7\xcf\xd6\xdb\xef\xf3\xf7\xfb\x76\xd2\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x61\x86\x18\x77\x0f\xf8\xbb\x92\x29\xc2\x84\x86\xc9\xf9\x8c\x28"),
    ];
    for &(client_data, size, count, chunk) in vectors {
        let content: Vec<u8> = (0..size * count).map(|at| (at / size % 251) as u8).collect();
        let ctx = Context { client_data, limit: content.len(), expected: content.len() };
        let mut out = Vec::new();
        Bzip2.decode(chunk, &mut out, &ctx).unwrap();
        assert_eq!(out, content, "{client_data:?}, {count} elements of {size}");
    }
}
