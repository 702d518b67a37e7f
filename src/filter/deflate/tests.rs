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
    let data: Vec<u8> = (0..50_000_u32).map(|i| (i * i >> 7) as u8).collect();
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
