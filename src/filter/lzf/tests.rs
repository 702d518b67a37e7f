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
