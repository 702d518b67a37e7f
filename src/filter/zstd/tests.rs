use super::*;
use proptest::prelude::*;

const CONTEXT: Context<'static> = Context { client_data: &[3], limit: 1_000_000, expected: 100 };
/// A frame of one raw block "abc"; the content size is in the header.
const FRAME: [u8; 12] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, b'a', b'b', b'c'];
/// A frame without the content size (a window of 1 KiB instead): an RLE block of five "z".
const NO_SIZE: [u8; 10] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 0x2b, 0, 0, b'z'];

#[test]
fn worked_example() {
    let mut out = vec![7; 50];
    Zstd.decode(&FRAME, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"abc");
    Zstd.decode(&NO_SIZE, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"zzzzz");
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9];
    let several = [&NO_SIZE[..], &skipped, &FRAME, &NO_SIZE].concat();
    Zstd.decode(&several, &mut out, &CONTEXT).unwrap();
    assert_eq!(out, b"zzzzzabczzzzz");
    for limit in [0, 4, 7, 12] {
        let error = Zstd.decode(&several, &mut out, &Context { limit, ..CONTEXT }).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Limit, "{limit}: {error}");
    }
}

#[test]
fn damage_is_told() {
    for length in 0..FRAME.len() {
        let error = Zstd.decode(&FRAME[..length], &mut Vec::new(), &CONTEXT).unwrap_err();
        assert!(error.is_damaged(), "{length}: {error}");
    }
    // A frame that claims more than its bytes can hold, under the limit.
    let claim = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0x40, 0x01, 0, 0];
    let wide = Context { limit: usize::MAX, ..CONTEXT };
    let mut out = Vec::new();
    assert!(Zstd.decode(&claim, &mut out, &wide).unwrap_err().is_damaged());
    assert!(out.capacity() < 10_000_000);
}

#[test]
fn bomb_stops_at_the_limit() {
    let mut coded = Vec::new();
    Zstd.encode(&vec![0; 900_000], &mut coded, &CONTEXT).unwrap();
    let error = Zstd.decode(&coded, &mut Vec::new(), &Context { limit: 899_999, ..CONTEXT }).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Limit);
}

#[test]
fn levels_are_clamped() {
    assert_eq!([0, 1, 22, (-3_i32).cast_unsigned(), i32::MIN.cast_unsigned()].map(level), [3, 1, 4, -3, -7]);
}

proptest! {
    #[test]
    fn round_trip(data in prop::collection::vec(0_u8..5, 0..3000), level in -9_i32..23) {
        let ctx = Context { client_data: &[level.cast_unsigned()], ..CONTEXT };
        let (mut coded, mut out) = (Vec::new(), Vec::new());
        Zstd.encode(&data, &mut coded, &ctx).unwrap();
        Zstd.decode(&coded, &mut out, &ctx).unwrap();
        prop_assert_eq!(out, data);
    }
    #[test]
    fn flipped_bytes_are_survived(data in prop::collection::vec(0_u8..5, 50..600), at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut coded = Vec::new();
        Zstd.encode(&data, &mut coded, &CONTEXT).unwrap();
        let at = at.index(coded.len());
        coded[at] = to;
        let _ = Zstd.decode(&coded, &mut Vec::new(), &CONTEXT);
    }
}
