use super::super::bits::vectors;
use super::*;
use crate::ErrorKind;
use proptest::prelude::*;

fn context(client_data: &[u32], limit: usize) -> Context<'_> {
    Context { client_data, limit, expected: limit }
}

fn decode(stored: &[u8], client_data: &[u32], limit: usize) -> Result<Vec<u8>> {
    let mut out = vec![1, 2, 3];
    Szip.decode(stored, &mut out, &context(client_data, limit))?;
    Ok(out)
}

fn encode(plain: &[u8], client_data: &[u32]) -> Vec<u8> {
    let mut out = vec![9];
    Szip.encode(plain, &mut out, &context(client_data, usize::MAX)).unwrap();
    out
}

const NN_LSB: u32 = 128 | 32 | 8;
const EC_LSB: u32 = 128 | 4 | 8;

/// Worked by hand: each option of the standard once, 8-bit samples, two in a block.
#[test]
fn every_option_by_hand() {
    // id 111 plain 5 6 | id 010 split 1: 3 = 01.1, 4 = 001.0 | id 000 1 pairs (1, 0): code 1
    // | id 000 0 zeros: one block
    let bits = "111 00000101 00000110  010 01 001 1 0  000 1 01  000 0 1";
    let bits: String = bits.split_whitespace().collect();
    let mut stored = 8u32.to_le_bytes().to_vec();
    for at in (0..bits.len()).step_by(8) {
        let byte = format!("{:0<8}", &bits[at..bits.len().min(at + 8)]);
        stored.push(u8::from_str_radix(&byte, 2).unwrap());
    }
    let plain = [5, 6, 3, 4, 1, 0, 0, 0];
    let client_data = [EC_LSB, 2, 8, 8];
    assert_eq!(decode(&stored, &client_data, 8).unwrap(), plain);
    assert_eq!(decode(&encode(&plain, &client_data), &client_data, 8).unwrap(), plain);
}

#[test]
fn chunks_of_libhdf5() {
    let vectors = vectors::read("szip.txt");
    assert!(vectors.len() > 70);
    for vector in vectors {
        let plain = decode(&vector.stored, &vector.client_data, vector.plain.len());
        assert!(plain.as_ref().is_ok_and(|plain| *plain == vector.plain), "{}: {plain:?}", vector.name);
        let stored = encode(&vector.plain, &vector.client_data);
        assert_eq!(decode(&stored, &vector.client_data, vector.plain.len()).unwrap(), vector.plain);
        if std::env::var_os("H5_NUMERIC_VECTORS").is_some() {
            continue;
        }
        // The same bytes as libaec, but for a byte of padding; the older szip library chose otherwise.
        assert!(vector.stored.starts_with(&stored), "{}", vector.name);
        assert!(vector.stored.len() - stored.len() <= 1, "{}", vector.name);
    }
}

#[test]
fn damaged_chunks() {
    let plain: Vec<u8> = (0..200u8).map(|i| i.wrapping_mul(37)).collect();
    let client_data = [NN_LSB, 8, 16, 25];
    let stored = encode(&plain, &client_data);
    for end in 0..stored.len() - 1 {
        assert!(decode(&stored[..end], &client_data, 200).unwrap_err().is_damaged(), "{end}");
    }
    assert_eq!(decode(&stored, &client_data, 199).unwrap_err().kind(), ErrorKind::Limit);
    let mut huge = stored.clone();
    huge[..4].copy_from_slice(&[0xfe, 0xff, 0xff, 0xff]);
    assert!(decode(&huge, &client_data, usize::MAX).unwrap_err().is_damaged());
    for bad in [
        &[][..],
        &[NN_LSB, 8, 16],
        &[NN_LSB, 0, 16, 25],
        &[NN_LSB, 7, 16, 25],
        &[NN_LSB, u32::MAX - 1, 16, 25],
        &[NN_LSB, 8, 0, 25],
        &[NN_LSB, 8, 33, 25],
        &[NN_LSB, 8, u32::MAX, 25],
        &[NN_LSB, 8, 16, 0],
        &[NN_LSB, 8, 16, u32::MAX],
    ] {
        assert!(decode(&stored, bad, 200).unwrap_err().is_damaged(), "{bad:?}");
    }
    // A size that is no whole number of pixels.
    assert!(decode(&[3, 0, 0, 0, 0, 0], &client_data, 200).unwrap_err().is_damaged());
    // A run of zero blocks past the end of its scanline; an unknown code of the second extension.
    assert!(decode(&[8, 0, 0, 0, 0b0000_0001], &[EC_LSB, 2, 8, 8], 8).is_ok());
    assert!(decode(&[4, 0, 0, 0, 0b0000_0001], &[EC_LSB, 2, 8, 4], 8).unwrap_err().is_damaged());
    let mut pairs = vec![4, 0, 0, 0, 0b0001_0000];
    pairs.extend([0; 12]);
    pairs.push(1);
    assert!(decode(&pairs, &[EC_LSB, 2, 8, 4], 8).unwrap_err().is_damaged());
    let mut out = Vec::new();
    let error = Szip.encode(&[0xff, 0x1f], &mut out, &context(&[NN_LSB, 8, 12, 8], 100)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

fn parameters() -> impl Strategy<Value = [u32; 4]> {
    let mask = proptest::sample::select(vec![NN_LSB, EC_LSB, NN_LSB ^ 24, EC_LSB ^ 24]);
    let block = proptest::sample::select(vec![2u32, 4, 8, 10, 16, 32]);
    let bits = prop_oneof![1u32..=31, Just(8), Just(16), Just(32), Just(64)];
    (mask, block, bits, 1u32..300).prop_map(|(mask, block, bits, line)| [mask, block, bits, line])
}

proptest! {
    #[test]
    fn round_trip(
        parameters in parameters(),
        data in proptest::collection::vec((any::<u64>(), 0u32..64, 1usize..100), 0..20),
    ) {
        let bits = parameters[2];
        let bytes = match bits { ..=8 => 1, 9..=16 => 2, 17..=32 => 4, _ => 8 };
        let mut plain = Vec::new();
        for (index, &(value, shift, times)) in data.iter().enumerate() {
            for time in 0..times {
                let value = (value >> shift).wrapping_add((time * (index % 3)) as u64) & (u64::MAX >> (64 - bits));
                match parameters[0] & MSB_FIRST {
                    0 => plain.extend_from_slice(&value.to_le_bytes()[..bytes]),
                    _ => plain.extend_from_slice(&value.to_be_bytes()[8 - bytes..]),
                }
            }
        }
        let stored = encode(&plain, &parameters);
        prop_assert_eq!(decode(&stored, &parameters, plain.len()).unwrap(), plain);
    }

    #[test]
    fn any_bytes_end(parameters in parameters(), size in 0u32..5000, coded in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut stored = size.to_le_bytes().to_vec();
        stored.extend(coded);
        let _ = decode(&stored, &parameters, 4000);
    }
}
