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
