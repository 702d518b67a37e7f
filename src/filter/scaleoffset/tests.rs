use super::super::bits::vectors;
use super::*;
use crate::ErrorKind;
use proptest::prelude::*;

fn context(client_data: &[u32], limit: usize) -> Context<'_> {
    Context { client_data, limit, expected: limit }
}

fn decode(stored: &[u8], client_data: &[u32], limit: usize) -> Result<Vec<u8>> {
    let mut out = vec![1, 2, 3];
    ScaleOffset.decode(stored, &mut out, &context(client_data, limit))?;
    Ok(out)
}

fn encode(plain: &[u8], client_data: &[u32]) -> Vec<u8> {
    let mut out = vec![9];
    ScaleOffset.encode(plain, &mut out, &context(client_data, usize::MAX)).unwrap();
    out
}

#[test]
fn three_bits_by_hand() {
    // i16, big-endian, fill value 99: -3, 2, 99, 0 as 0, 5, 7, 3 above -3
    let client_data = [2, 0, 4, 0, 2, 1, 1, 1, 99];
    let plain = [0xff, 0xfd, 0, 2, 0, 99, 0, 0];
    let mut stored = vec![3, 0, 0, 0, 8, 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    stored.extend([0; 8]);
    stored.extend([0b0001_0111, 0b1011_0000]);
    assert_eq!(decode(&stored, &client_data, 8).unwrap(), plain);
    assert_eq!(encode(&plain, &client_data), stored);
}

#[test]
fn chunks_of_libhdf5() {
    let vectors = vectors::read("scaleoffset.txt");
    assert!(vectors.len() > 100);
    for vector in vectors {
        let plain = decode(&vector.stored, &vector.client_data, vector.plain.len());
        assert!(plain.as_ref().is_ok_and(|plain| *plain == vector.plain), "{}: {plain:?}", vector.name);
        let stored = encode(&vector.plain, &vector.client_data);
        let again = decode(&stored, &vector.client_data, vector.plain.len()).unwrap();
        if vector.client_data[3] == 0 {
            let mut expected = vector.stored;
            if vector.client_data[4] == 1 && expected[0] == 8 && expected.len() > 21 {
                // The least value, which nobody reads here: libhdf5 writes it for signed bytes only.
                expected[5..13].fill(0);
            }
            assert_eq!(stored, expected, "{}", vector.name);
            assert_eq!(again, vector.plain, "{}", vector.name);
        } else {
            // Values that were scaled before stay within a digit.
            assert_eq!(stored.len(), vector.stored.len(), "{}", vector.name);
        }
    }
}

#[test]
fn damaged_chunks() {
    let client_data = [2, 0, 4, 0, 2, 1, 1, 1, 99];
    let stored = encode(&[0xff, 0xfd, 0, 2, 0, 99, 0, 0], &client_data);
    for end in 0..stored.len() {
        assert!(decode(&stored[..end], &client_data, 8).unwrap_err().is_damaged(), "{end}");
    }
    assert_eq!(decode(&stored, &client_data, 7).unwrap_err().kind(), ErrorKind::Limit);
    let mut wide = stored.clone();
    wide[0] = 17;
    assert!(decode(&wide, &client_data, 8).unwrap_err().is_damaged());
    for (index, value) in [(0, 0), (1, 17), (3, 2), (4, 3), (4, 0), (4, u32::MAX), (5, 2), (6, 2)] {
        let mut bad = client_data;
        bad[index] = value;
        assert!(decode(&stored, &bad, 8).unwrap_err().is_damaged(), "{index} {value}");
    }
    assert!(decode(&stored, &client_data[..7], 8).unwrap_err().is_damaged());
    let many = [2, 0, u32::MAX, 0, 8, 1, 1, 1, 99];
    assert_eq!(decode(&stored, &many, 8).unwrap_err().kind(), ErrorKind::Limit);
    assert!(decode(&stored, &many, usize::MAX).unwrap_err().is_damaged());
    assert!(decode(&stored, &[1, 0, 4, 1, 4, 1, 0, 0], 16).unwrap_err().is_unsupported());
    let mut out = Vec::new();
    let error = ScaleOffset.encode(&[0; 7], &mut out, &context(&client_data, 99)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

/// Values that no scaling fits are stored whole.
#[test]
fn floats_beyond_scaling() {
    for values in [[f64::NAN, 1.0], [f64::INFINITY, 0.0], [1e300, -1e300], [1e19, 0.0]] {
        let plain: Vec<u8> = values.iter().flat_map(|value| value.to_be_bytes()).collect();
        let client_data = [0, 3, 2, 1, 8, 1, 1, 0];
        let stored = encode(&plain, &client_data);
        assert_eq!(stored.len(), 21 + 16);
        assert_eq!(decode(&stored, &client_data, 16).unwrap(), plain);
    }
}

proptest! {
    #[test]
    fn integers_round_trip(
        (size, signed, order) in (proptest::sample::select(vec![1usize, 2, 4, 8]), 0u32..2, 0u32..2),
        (factor, filled, fill) in (0u32..8, 0u32..2, any::<u64>()),
        (base, shift) in (any::<u64>(), 0u32..64),
        data in proptest::collection::vec((any::<u64>(), 0u32..4), 0..200),
    ) {
        let mut plain = Vec::new();
        for &(value, kind) in &data {
            let value = if kind == 0 { fill } else { base.wrapping_add(value >> shift) };
            match order {
                0 => plain.extend_from_slice(&value.to_le_bytes()[..size]),
                _ => plain.extend_from_slice(&value.to_be_bytes()[8 - size..]),
            }
        }
        let client_data =
            [2, factor, data.len() as u32, 0, size as u32, signed, order, filled, fill as u32, (fill >> 32) as u32];
        let stored = encode(&plain, &client_data);
        prop_assert_eq!(decode(&stored, &client_data, plain.len()).unwrap(), plain);
    }

    #[test]
    fn floats_keep_their_digits(
        digits in 0i32..6,
        data in proptest::collection::vec(-1e6f64..1e6, 1..200),
    ) {
        let mut data = data;
        data[0] = -99.0;
        let plain: Vec<u8> = data.iter().flat_map(|value| value.to_le_bytes()).collect();
        let fill = (-99f64).to_bits();
        let client_data = [
            0, digits as u32, data.len() as u32, 1, 8, 1, 0, 1, fill as u32, (fill >> 32) as u32,
        ];
        let out = decode(&encode(&plain, &client_data), &client_data, plain.len()).unwrap();
        for (bytes, value) in out.as_chunks().0.iter().zip(&data) {
            prop_assert!((f64::from_le_bytes(*bytes) - value).abs() < 1.001 * 10f64.powi(-digits));
        }
        prop_assert_eq!(&out[..8], &plain[..8]);
    }

    #[test]
    fn any_bytes_end(
        client_data in proptest::collection::vec(prop_oneof![0u32..9, any::<u32>()], 0..12),
        stored in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let _ = decode(&stored, &client_data, 4000);
    }
}
