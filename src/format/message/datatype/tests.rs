use super::*;
use crate::wire::encode;
use proptest::prelude::*;

fn integer(size: u32, order: ByteOrder, signed: bool) -> Datatype {
    let precision = u16::try_from(size * 8).unwrap();
    let bits = BitNumbers { order, low_pad: false, high_pad: false, offset: 0, precision };
    Datatype { version: 1, size, class: Class::Integer { bits, signed } }
}

#[test]
fn the_notes_examples() {
    let i32le = [0x10, 0x08, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0];
    let t = Datatype::parse(&i32le).unwrap();
    assert_eq!(t, integer(4, ByteOrder::Little, true));
    assert_eq!(encode(&t, (MAX_DEPTH,), &HERE).unwrap(), i32le);
    let f64be = [0x11, 0x21, 0x3f, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0];
    let t = Datatype::parse(&f64be).unwrap();
    let Class::Float(f) = &t.class else { panic!("{t:?}") };
    assert_eq!((f.order, f.sign, f.fields.bias), (ByteOrder::Big, 63, 1023));
    assert_eq!(encode(&t, (MAX_DEPTH,), &HERE).unwrap(), f64be);
}

#[test]
fn an_array_inside_a_version_1_compound_becomes_an_array_type() {
    let mut bytes = vec![0x16, 1, 0, 0, 12, 0, 0, 0];
    bytes.extend_from_slice(b"xyz\0\0\0\0\0");
    bytes.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes.extend_from_slice(&[0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]);
    let t = Datatype::parse(&bytes).unwrap();
    let Class::Compound(members) = &t.class else { panic!("{t:?}") };
    assert!(matches!(&members[0].datatype.class, Class::Array { dims, .. } if dims == &[3]));
    assert_eq!(encode(&t, (MAX_DEPTH,), &HERE).unwrap(), bytes);
}

#[test]
fn damaged() {
    assert!(Datatype::parse(&[0x10, 8, 0, 0, 0, 0, 0, 0]).is_err(), "size 0");
    assert!(Datatype::parse(&[0x60, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]).is_err(), "version 6");
    assert!(Datatype::parse(&[0x10, 8, 0, 0, 4, 0, 0, 0, 1, 0, 32, 0]).is_err(), "bits beyond the end");
    let nested = [0x19, 0, 0, 0, 16, 0, 0, 0].repeat(60_000);
    assert!(Datatype::parse(&nested).unwrap_err().to_string().contains("nested"));
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let byte = integer(1, ByteOrder::Little, false);
    let make = |version, size, class| Datatype { version, size, class };
    let member = |name: &[u8], datatype| Member { name: name.to_vec(), offset: 0, datatype };
    let deep = make(2, 1, Class::Array { dims: vec![1; 5], base: Box::new(byte.clone()) });
    let bad = [
        make(0, 1, byte.class.clone()),
        make(1, 1, Class::Opaque { tag: vec![b'x'; 249] }),
        make(1, 1, Class::Opaque { tag: b"a\0b".to_vec() }),
        make(1, 1, Class::Compound(vec![])),
        make(3, 1, Class::Compound(vec![member(b"a\0b", byte.clone())])),
        make(1, 1, Class::Compound(vec![member(b"a", deep)])),
        make(3, 1, Class::Enum { base: Box::new(byte), members: vec![(b"a".to_vec(), vec![1, 2])] }),
    ];
    for t in bad {
        assert!(encode(&t, (MAX_DEPTH,), &HERE).is_err(), "{t:?}");
    }
}

#[test]
fn the_other_classes() {
    let text = Text { padding: StringPadding::NullPadded, charset: CharSet::Utf8 };
    let base = Box::new(integer(4, ByteOrder::Little, true));
    let single = [0x31, 0x20, 0x1f, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
    let float = Datatype::parse(&single).unwrap();
    let Class::Float(fields) = float.class.clone() else { panic!("{float:?}") };
    let vax = Datatype { class: Class::Float(Float { order: ByteOrder::Vax, ..fields }), ..float.clone() };
    let old_vax = Datatype { version: 1, ..vax.clone() };
    assert!(encode(&old_vax, (MAX_DEPTH,), &HERE).is_err(), "no VAX order before version 3");
    let members = vec![(b"off".to_vec(), vec![0, 0, 0, 0]), (b"a longer one".to_vec(), vec![9, 0, 0, 0])];
    let class = |version, size, class| Datatype { version, size, class };
    let types = [
        vax,
        class(1, 4, Class::Time { order: ByteOrder::Big, precision: 32 }),
        class(1, 4, Class::Enum { base: base.clone(), members: members.clone() }),
        class(3, 4, Class::Enum { base: base.clone(), members }),
        class(1, 16, Class::VarString { text, base: base.clone() }),
        class(2, 24, Class::Array { dims: vec![2, 3], base: base.clone() }),
        class(5, 8, Class::Complex(Box::new(float))),
        class(1, 8, Class::Reference(ReferenceKind::OldObject)),
    ];
    for t in types {
        let bytes = encode(&t, (MAX_DEPTH,), &HERE).unwrap();
        assert_eq!(Datatype::parse(&bytes).unwrap(), t);
        assert!(Datatype::parse(&bytes[..bytes.len() - 1]).unwrap_err().is_damaged(), "cut short: {t:?}");
    }
}

fn any_type() -> impl Strategy<Value = Datatype> {
    let text = Text { padding: StringPadding::SpacePadded, charset: CharSet::Utf8 };
    let leaf = prop_oneof![
        (1u32..9, any::<bool>()).prop_map(|(size, s)| integer(size, ByteOrder::Big, s)),
        (1u32..100).prop_map(move |size| Datatype { version: 3, size, class: Class::String(text) }),
        Just(Datatype { version: 4, size: 64, class: Class::Reference(ReferenceKind::Region) }),
        Just(Datatype { version: 3, size: 3, class: Class::Opaque { tag: b"tag".to_vec() } }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|t| Datatype { version: 3, size: 16, class: Class::VarLen(Box::new(t)) }),
            (inner.clone(), 1u32..4).prop_map(|(t, n)| Datatype {
                version: 3,
                size: t.size * n,
                class: Class::Array { dims: vec![n], base: Box::new(t) }
            }),
            (prop::collection::vec(inner, 1..4), 1u8..4).prop_map(|(types, version)| {
                let (mut offset, mut members) = (0, Vec::new());
                for (i, mut datatype) in types.into_iter().enumerate() {
                    if matches!(datatype.class, Class::Array { .. }) && version == 1 {
                        datatype = integer(4, ByteOrder::Little, true);
                    }
                    let size = datatype.size;
                    members.push(Member { name: format!("member {i}").into_bytes(), offset, datatype });
                    offset += size;
                }
                Datatype { version, size: offset, class: Class::Compound(members) }
            }),
        ]
    })
}

proptest! {
    #[test]
    fn round_trip(t in any_type()) {
        let bytes = encode(&t, (MAX_DEPTH,), &HERE).unwrap();
        prop_assert_eq!(Datatype::parse(&bytes).unwrap(), t);
    }
}
