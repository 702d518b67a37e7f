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
