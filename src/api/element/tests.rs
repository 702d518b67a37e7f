use super::*;
use crate::format::message::datatype::{BitNumbers, Member};

fn integer(size: u32, signed: bool, order: ByteOrder) -> Datatype {
    let precision = u16::try_from(size * 8).unwrap();
    let bits = BitNumbers { order, low_pad: false, high_pad: false, offset: 0, precision };
    Datatype { version: 3, size, class: Class::Integer { bits, signed } }
}
fn read<T: H5Type>(stored: &Datatype, bytes: &[u8]) -> Result<Vec<T>> {
    let plan = T::plan(stored)?;
    let mut out = Vec::new();
    let elements = Elements::packed(bytes, stored.bytes());
    T::decode_many(&plan, elements, &mut Decoder::detached(), &mut out)?;
    Ok(out)
}

#[test]
fn arrays_nested_and_flat() {
    let base = Box::new(integer(2, true, ByteOrder::Big));
    let matrix = Datatype { version: 3, size: 12, class: Class::Array { dims: vec![2, 3], base } };
    let bytes = [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6];
    assert_eq!(read::<[[i16; 3]; 2]>(&matrix, &bytes).unwrap(), [[[1, 2, 3], [4, 5, 6]]]);
    assert_eq!(read::<[f64; 6]>(&matrix, &bytes).unwrap(), [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
    assert_eq!(read::<Vec<u8>>(&matrix, &bytes).unwrap(), [[1, 2, 3, 4, 5, 6]]);
    assert_eq!(read::<crate::Value>(&matrix, &bytes).unwrap()[0].to_string(), "[[1, 2, 3], [4, 5, 6]]");
    assert!(read::<[i16; 5]>(&matrix, &bytes).is_err());
}

#[test]
fn errors_name_element_member_and_value() {
    let member = Member { name: b"count".to_vec(), offset: 1, datatype: integer(2, true, ByteOrder::Little) };
    let stored = Datatype { version: 3, size: 3, class: Class::Compound(vec![member]) };
    let field = Field::<u8>::new(&stored, "count").unwrap();
    let e = field.decode(&[0, 0xff, 0xff], &mut Decoder::detached()).unwrap_err();
    assert_eq!(e.what(), "member count: -1 does not fit in u8");
    assert!(field.decode(&[0, 1], &mut Decoder::detached()).unwrap_err().is_damaged());
    let e = Field::<u8>::new(&stored, "counts").err().unwrap();
    assert_eq!(e.what(), "the compound has no member counts; it has count");
    let e = Field::<String>::new(&stored, "count").err().unwrap();
    assert_eq!(e.what(), "member count: elements of int16 do not go with a string");
    let e = read::<bool>(&integer(1, true, ByteOrder::Little), &[0, 1, 2]).unwrap_err();
    assert_eq!(e.what(), "element 2: 2 does not fit in bool");
}

#[test]
fn sequences_without_a_file() {
    let base = Box::new(integer(1, false, ByteOrder::Little));
    let stored = Datatype { version: 3, size: 16, class: Class::VarLen(base) };
    assert!(read::<Vec<u8>>(&stored, &[0; 16]).unwrap()[0].is_empty());
    let mut somewhere = [0; 16];
    somewhere[0] = 1;
    somewhere[5] = 1;
    assert!(read::<Vec<u8>>(&stored, &somewhere).is_err());
    somewhere[4..12].fill(0xff);
    assert!(read::<Vec<u8>>(&stored, &somewhere).unwrap()[0].is_empty());
}
