use super::super::bits::vectors;
use super::*;
use crate::ErrorKind;
use proptest::prelude::*;

fn context(client_data: &[u32], limit: usize) -> Context<'_> {
    Context { client_data, limit, expected: limit }
}

fn decode(stored: &[u8], client_data: &[u32], limit: usize) -> Result<Vec<u8>> {
    let mut out = vec![1, 2, 3];
    Nbit.decode(stored, &mut out, &context(client_data, limit))?;
    Ok(out)
}

fn encode(plain: &[u8], client_data: &[u32]) -> Vec<u8> {
    let mut out = vec![9];
    Nbit.encode(plain, &mut out, &context(client_data, usize::MAX)).unwrap();
    out
}

fn client_data(elements: u32, tree: &[u32]) -> Vec<u32> {
    let mut values = vec![3 + tree.len() as u32, 0, elements];
    values.extend(tree);
    values
}

#[test]
fn twelve_bits_of_sixteen() {
    // 0x0abc and 0x0def, each moved up by three bits.
    let values = client_data(2, &[1, 2, 0, 12, 3]);
    let plain = [0xe0, 0x55, 0x78, 0x6f];
    assert_eq!(encode(&plain, &values), [0xab, 0xcd, 0xef, 0]);
    assert_eq!(decode(&[0xab, 0xcd, 0xef], &values, 4).unwrap(), plain);
    let values = client_data(2, &[1, 2, 1, 12, 3]);
    assert_eq!(decode(&[0xab, 0xcd, 0xef], &values, 4).unwrap(), [0x55, 0xe0, 0x6f, 0x78]);
    // No packing.
    assert_eq!(decode(&[1, 2, 3], &[8, 1, 3, 1, 1, 0, 8, 0], 3).unwrap(), [1, 2, 3]);
}

#[test]
fn chunks_of_libhdf5() {
    let vectors = vectors::read("nbit.txt");
    assert!(vectors.len() > 60);
    for vector in vectors {
        let plain = decode(&vector.stored, &vector.client_data, vector.plain.len());
        assert!(plain.as_ref().is_ok_and(|plain| *plain == vector.plain), "{}: {plain:?}", vector.name);
        assert_eq!(encode(&vector.plain, &vector.client_data), vector.stored, "{}", vector.name);
    }
}

#[test]
fn damaged_client_data() {
    let mut deep = Vec::new();
    (0..1000).for_each(|_| deep.extend([2, 8]));
    deep.extend([1, 8, 0, 8, 0]);
    assert_eq!(decode(&[0; 99], &client_data(1, &deep), 99).unwrap_err().kind(), ErrorKind::Limit);
    for tree in [
        &[][..],
        &[1],
        &[1, 2, 0, 12],
        &[1, 0, 0, 0, 0],
        &[1, 2, 2, 12, 0],
        &[1, 2, 0, 0, 0],
        &[1, 2, 0, 12, 5],
        &[1, 2, 0, u32::MAX, u32::MAX],
        &[2, 8],
        &[2, 8, 1, 9, 0, 3, 0],
        &[2, 0, 1, 1, 0, 3, 0],
        &[3, 8, u32::MAX, 0, 4, 1],
        &[3, 8, 2, 0, 4, 5, 0, 4, 5],
        &[3, 8, 1, u32::MAX, 4, 5],
        &[4, 0],
        &[5, 1, 1],
    ] {
        assert!(decode(&[0; 99], &client_data(1, tree), 99).unwrap_err().is_damaged(), "{tree:?}");
    }
    assert!(decode(&[0; 99], &[4, 0, 1], 99).unwrap_err().is_damaged());
    assert!(decode(&[0; 99], &[], 99).unwrap_err().is_damaged());
    let values = client_data(u32::MAX, &[1, u32::MAX, 0, 12, 3]);
    assert_eq!(decode(&[0; 99], &values, 99).unwrap_err().kind(), ErrorKind::Limit);
    assert!(decode(&[0; 99], &values, usize::MAX).unwrap_err().is_damaged());
    assert!(decode(&[0xab, 0xcd], &client_data(2, &[1, 2, 0, 12, 3]), 4).unwrap_err().is_damaged());
    let mut out = Vec::new();
    let error = Nbit.encode(&[0; 3], &mut out, &context(&client_data(2, &[1, 2, 0, 12, 3]), 9)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
}

/// A datatype as client data, and the bytes of one element in which the stored bits are 1.
fn datatype() -> impl Strategy<Value = (Vec<u32>, Vec<u8>)> {
    let number = (1usize..20, any::<bool>(), any::<(u32, u32)>()).prop_map(|(size, big, (a, b))| {
        let bits = size as u32 * 8;
        let precision = a % bits + 1;
        let offset = b % (bits - precision + 1);
        let mut mask = vec![0u8; size];
        (offset..offset + precision).for_each(|bit| mask[bit as usize / 8] |= 1 << (bit % 8));
        if big {
            mask.reverse();
        }
        (vec![1, size as u32, u32::from(big), precision, offset], mask)
    });
    let bytes = (1usize..9).prop_map(|size| (vec![4, size as u32], vec![0xff; size]));
    prop_oneof![number, bytes].prop_recursive(4, 16, 4, |part| {
        let array = (part.clone(), 1usize..4).prop_map(|((values, mask), count)| {
            let mask = mask.repeat(count);
            let mut tree = vec![2, mask.len() as u32];
            tree.extend(values);
            (tree, mask)
        });
        let members = proptest::collection::vec((part, 0usize..3), 1..4);
        let compound = members.prop_map(|members| {
            let (mut mask, mut tree) = (Vec::new(), vec![3, 0, members.len() as u32]);
            for ((values, part), gap) in members {
                mask.resize(mask.len() + gap, 0);
                tree.push(mask.len() as u32);
                tree.extend(values);
                mask.extend(part);
            }
            tree[1] = mask.len() as u32;
            (tree, mask)
        });
        prop_oneof![array, compound]
    })
}

proptest! {
    #[test]
    fn round_trip((tree, mask) in datatype(), data in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let elements = data.len() / mask.len();
        let plain: Vec<u8> =
            data[..elements * mask.len()].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte & mask).collect();
        let values = client_data(elements as u32, &tree);
        let stored = encode(&plain, &values);
        prop_assert_eq!(&decode(&stored, &values, plain.len()).unwrap(), &plain);
        let bits: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
        prop_assert_eq!(stored.len(), elements * bits as usize / 8 + 1);
    }

    #[test]
    fn any_values_end(tree in proptest::collection::vec(prop_oneof![0u32..9, any::<u32>()], 0..40), elements in 0u32..100) {
        let _ = decode(&[0x5a; 300], &client_data(elements, &tree), 4000);
    }
}
