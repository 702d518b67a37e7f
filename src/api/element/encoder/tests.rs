use std::sync::Arc;

use num_complex::Complex;
use proptest::prelude::*;

use super::*;
use crate::api::element::{Decoder, Elements, H5Type};
use crate::format::message::datatype::{
    ByteOrder, CharSet, Class, Datatype, ReferenceKind as Kind, StringPadding,
};
use crate::format::message::layout::LayoutClass;
use crate::model::dataset::DatasetInfo;
use crate::model::reference::Part;
use crate::model::release::{release, release_replaced};
use crate::source::memory::Growing;
use crate::store::commit::Manner;
use crate::{File, H5Type as Derived, Value};

const LE: ByteOrder = ByteOrder::Little;
const BE: ByteOrder = ByteOrder::Big;

/// A fixture in memory, open for writing.
fn fixture(name: &str) -> (Container, Arc<Growing>) {
    let bytes = std::fs::read(format!("tests/files/{name}.h5")).unwrap();
    let file = Arc::new(Growing::new(bytes));
    let filters = Arc::new(crate::filter::Registry::default());
    let mut c = Container::open(file.clone(), crate::Limits::default(), filters, false).unwrap();
    let superblock = c.superblock.clone();
    c.store.set_writable(file.clone(), &superblock, None);
    (c, file)
}

/// Encodes values into `old` and decodes them again.
fn there_and_back<T: H5Type>(
    c: &Container,
    stored: &Datatype,
    values: &[T],
    old: u8,
) -> crate::Result<(Vec<u8>, Vec<T>)> {
    let plan = T::plan(stored)?;
    let mut bytes = vec![old; stored.bytes() * values.len()];
    T::encode_many(&plan, values, &mut Encoder::new(c), ElementsMut::packed(&mut bytes, stored.bytes()))?;
    let mut out = Vec::new();
    let elements = Elements::packed(&bytes, stored.bytes());
    T::decode_many(&plan, elements, &mut Decoder::new(c, bytes.len()), &mut out)?;
    Ok((bytes, out))
}

/// Round trip through the natural datatype.
#[track_caller]
fn natural<T: H5Type + PartialEq + std::fmt::Debug>(c: &Container, described: &str, values: &[T]) {
    let datatype = T::datatype_for(values).unwrap();
    assert_eq!(datatype.describe(), described);
    let (bytes, out) = there_and_back(c, &datatype, values, 0).unwrap();
    assert_eq!(out, values);
    let plan = T::plan(&datatype).unwrap();
    if let Some(direct) = T::as_stored(&plan, values) {
        assert_eq!(direct, bytes);
    }
    release(&datatype, &bytes, &c.store).unwrap();
}

#[derive(Derived, Debug, PartialEq, Clone)]
struct Sample {
    time: f64,
    #[h5(rename = "détecteur")]
    name: String,
    counts: [[u16; 2]; 3],
    tags: Vec<String>,
    kind: Option2,
    ok: bool,
    z: Complex<f32>,
}

#[derive(Derived, Debug, PartialEq, Clone, Copy)]
#[repr(u8)]
enum Option2 {
    One = 1,
    Other = 200,
}

#[derive(Derived, Debug, PartialEq, Clone, Copy)]
#[allow(clippy::enum_clike_unportable_variant)]
enum Wide {
    Low = -5_000_000_000,
    High,
}

fn sample(n: u16) -> Sample {
    Sample {
        time: 0.5 * f64::from(n),
        name: format!("détecteur {n}"),
        counts: [[n, 2], [3, 4], [5, 6]],
        tags: (0..n % 4).map(|t| "x".repeat(t.into())).collect(),
        kind: if n.is_multiple_of(2) { Option2::One } else { Option2::Other },
        ok: n.is_multiple_of(3),
        z: Complex::new(f32::from(n), -1.0),
    }
}

#[test]
fn natural_types() {
    let (c, _) = fixture("vlens_latest");
    natural(&c, "int32", &[1i32, -2, i32::MAX]);
    natural(&c, "uint8", &[1u8, 255]);
    natural(&c, "uint128", &[u128::MAX]);
    natural(&c, "float16", &[half::f16::from_f32(1.5)]);
    natural(&c, "bfloat16", &[half::bf16::from_f32(1.5)]);
    natural(&c, "float64", &[1.5f64, f64::INFINITY]);
    natural(&c, "bool (int8)", &[true, false, true]);
    natural(&c, "compound {r: float32, i: float32}", &[Complex::new(1f32, -2.0)]);
    natural(&c, "string (utf-8)", &["a".to_string(), String::new(), "häß".to_string()]);
    natural(&c, "array [2, 3] of int16", &[[[1i16, 2, 3], [4, 5, 6]]]);
    natural(&c, "variable length of float32", &[vec![1f32, 2.0], vec![], vec![3.0]]);
    let nested = vec![vec![vec!["a".to_string()], vec![]], vec![], vec![vec!["b".to_string(); 3]]];
    natural(&c, "variable length of variable length of string (utf-8)", &nested);
    natural(&c, "compound {f0: int64, f1: string (utf-8)}", &[(7i64, "seven".to_string()), (8, "8".into())]);
    natural(&c, "enum uint8 {One, Other}", &[Option2::Other, Option2::One]);
    natural(&c, "enum int64 {Low, High}", &[Wide::Low, Wide::High]);
    let samples: Vec<Sample> = (0..50).map(sample).collect();
    let described = Sample::datatype().unwrap().describe();
    assert!(
        described.starts_with("compound {time: float64, détecteur: string (utf-8), counts: array [3, 2]")
    );
    natural(&c, &described, &samples);
    let object = Reference::To { object: Addr::new(800), file: None, part: Part::Whole };
    natural(&c, "reference to object", &[object, Reference::Null]);
}

#[test]
fn what_does_not_fit_is_named() {
    let (c, _) = fixture("vlens_latest");
    let fails = |e: crate::Result<(Vec<u8>, Vec<i64>)>| e.unwrap_err().what().to_string();
    let byte = Datatype::integer(1, false, LE).unwrap();
    assert_eq!(fails(there_and_back(&c, &byte, &[1i64, -1], 0)), "element 1: -1 does not fit in u8");
    let mut odd = Datatype::integer(4, true, BE).unwrap();
    if let Class::Integer { bits, .. } = &mut odd.class {
        (bits.offset, bits.precision, bits.high_pad, bits.low_pad) = (5, 17, true, true);
    }
    let (bytes, back) = there_and_back(&c, &odd, &[65535i64, -65536, 0], 0).unwrap();
    assert_eq!(back, [65535, -65536, 0]);
    assert_eq!(bytes[8..], [0xff, 0xc0, 0, 0x1f]);
    assert_eq!(
        fails(there_and_back(&c, &odd, &[0, 0, 65536i64], 0)),
        "element 2: 65536 does not fit in a signed integer of 17 bits"
    );
    let plan = i64::plan(&odd).unwrap();
    let mut place = [0; 4];
    i64::MAX.encode(&plan, &mut Encoder::detached().clamp(true), &mut place).unwrap();
    assert_eq!(i64::decode(&plan, &place, &mut Decoder::detached()).unwrap(), 65535);

    let text = |padding, bytes| Datatype::fixed_string(bytes, padding, CharSet::Utf8).unwrap();
    for (padding, stored) in [
        (StringPadding::NullTerminated, b"ab\0\0\0"),
        (StringPadding::NullPadded, b"ab\0\0\0"),
        (StringPadding::SpacePadded, b"ab   "),
    ] {
        let (bytes, back) = there_and_back(&c, &text(padding, 5), &["ab".to_string()], 7).unwrap();
        assert_eq!((&bytes[..], &back[0][..]), (&stored[..], "ab"));
        let room = if padding == StringPadding::NullTerminated { 4 } else { 5 };
        let e = there_and_back(&c, &text(padding, 5), &["".into(), "ääää".to_string()], 0).unwrap_err();
        let expected = format!("element 1: the string \"ääää\" of 8 bytes is too long: at most {room} fit");
        assert_eq!(e.what(), expected);
        let mut place = [7; 5];
        let plan = String::plan(&text(padding, 5)).unwrap();
        "ääää".to_string().encode(&plan, &mut Encoder::detached().truncate(true), &mut place).unwrap();
        assert_eq!(&place[..4], "ää".as_bytes());
    }
    for stored in [text(StringPadding::NullTerminated, 9), Datatype::var_string(CharSet::Utf8)] {
        assert!(there_and_back(&c, &stored, &["a\0b".to_string()], 0).unwrap_err().what().contains("NUL"));
    }
    let e = "a".to_string().encode(&super::super::TextPlan::Variable, &mut Encoder::detached(), &mut [0; 16]);
    assert!(e.unwrap_err().what().contains("no file at hand"));
    let array = Datatype::array(byte, &[3]).unwrap();
    assert!(there_and_back(&c, &array, &[vec![1u8, 2]], 0).is_err());
    let complex = there_and_back(&c, &Datatype::float(8, LE).unwrap(), &[Complex::new(1.0, 2.0)], 0);
    assert!(complex.unwrap_err().what().contains("imaginary"));
}

#[test]
fn members_that_the_type_lacks_stay() {
    #[derive(Derived, Debug, PartialEq)]
    struct Part2 {
        b: i16,
    }
    let (c, _) = fixture("vlens_latest");
    let int = |bytes| Datatype::integer(bytes, true, BE).unwrap();
    let stored = Datatype::compound_aligned(&[("a", int(1)), ("b", int(2)), ("c", int(4))]).unwrap();
    assert_eq!(stored.size, 8);
    let (bytes, _) = there_and_back(&c, &stored, &[Part2 { b: 0x102 }], 9).unwrap();
    assert_eq!(bytes, [9, 9, 1, 2, 9, 9, 9, 9]);
    let value = Value::Compound(vec![("c".into(), Value::Integer(1)), ("a".into(), Value::Integer(2))]);
    let plan = Value::plan(&stored).unwrap();
    let mut place = [9; 8];
    value.encode(&plan, &mut Encoder::detached(), &mut place).unwrap();
    assert_eq!(place, [2, 9, 9, 9, 0, 0, 0, 1]);
    let unknown = Value::Compound(vec![("d".into(), Value::Integer(1))]);
    assert!(unknown.encode(&plan, &mut Encoder::detached(), &mut place).is_err());
}

#[test]
fn replaced_elements_free_their_objects() {
    let (c, _) = fixture("vlens_latest");
    let string = Datatype::var_string(CharSet::Utf8);
    let stored = Datatype::compound(&[
        ("name", string.clone()),
        ("lists", Datatype::vlen(Datatype::vlen(Datatype::integer(4, true, LE).unwrap()))),
        ("kept", string),
    ])
    .unwrap();
    type Row = (String, Vec<Vec<i32>>, String);
    let row: Row = ("name".into(), vec![vec![1, 2], vec![], vec![3]], "kept".into());
    let (old, _) = there_and_back(&c, &stored, std::slice::from_ref(&row), 0).unwrap();
    let mut new = old.clone();
    let plan = Row::plan(&stored).unwrap();
    plan.0.encode(&"new".to_string(), &mut Encoder::new(&c), &mut new).unwrap();
    assert_eq!(release_replaced(&stored, (&old, &new), None, &c.store).unwrap(), 1);
    plan.1.encode(&vec![vec![9]], &mut Encoder::new(&c), &mut new).unwrap();
    assert_eq!(
        release_replaced(&stored, (&old, &new), None, &c.store).unwrap(),
        3,
        "the name was freed already"
    );
    let read = Row::decode(&plan, &new, &mut Decoder::new(&c, 64)).unwrap();
    assert_eq!(read, ("new".into(), vec![vec![9]], "kept".into()));
    assert_eq!(release(&stored, &new, &c.store).unwrap(), 4);
    assert_eq!(release(&stored, &new, &c.store).unwrap(), 0);
}

#[test]
fn references_of_all_forms() {
    for name in ["references_old_earliest", "references_new_latest"] {
        let (c, _) = fixture(name);
        let file = File::open(format!("tests/files/{name}.h5")).unwrap();
        let mut object = None;
        file.visit(&mut |v| {
            if let Ok(crate::Node::Dataset(d)) = &v.node
                && d.rank() == 2
            {
                object = Some(d.address());
            }
            Ok(())
        })
        .unwrap();
        let object = object.unwrap();
        use crate::format::selection::{Span, StoredSelection};
        let span = |start, count| Span { start, stride: 2, count, block: 1 };
        let region = |s| Reference::To { object, file: None, part: Part::Region(Ok(s)) };
        let whole = Reference::To { object, file: None, part: Part::Whole };
        let regular = region(StoredSelection::Regular(vec![span(0, 2), span(1, 2)]));
        let blocks = region(StoredSelection::Blocks {
            rank: 2,
            corners: vec![0, 1, 0, 1, 0, 3, 0, 3, 2, 1, 2, 1, 2, 3, 2, 3],
        });
        let attribute = Reference::To { object, file: None, part: Part::Attribute(b"x".to_vec()) };
        let away = Reference::To { object, file: Some(b"o.h5".to_vec()), part: Part::Whole };
        let all = region(StoredSelection::All);
        let regions = [regular.clone(), blocks.clone(), all.clone(), Reference::Null];
        let old = Datatype::reference(Kind::OldRegion);
        let (bytes, back) = there_and_back(&c, &old, &regions, 9).unwrap();
        let first = if c.superblock.version() < 3 { &blocks } else { &regular };
        assert_eq!(back, [first.clone(), blocks.clone(), all.clone(), Reference::Null]);
        assert_eq!(release(&old, &bytes, &c.store).unwrap(), 0, "they may be shared");
        assert!(there_and_back(&c, &old, std::slice::from_ref(&whole), 0).is_err());
        let every = [whole, regular, blocks, all, attribute.clone(), away, Reference::Null];
        let new = Datatype::reference(Kind::Object);
        let (bytes, back) = there_and_back(&c, &new, &every, 9).unwrap();
        assert_eq!(back, every);
        assert_eq!(release(&new, &bytes, &c.store).unwrap(), 5);
        assert!(there_and_back(&c, &Datatype::reference(Kind::OldObject), &[attribute], 0).is_err());
    }
}

/// Encodes the elements of every contiguous dataset anew; the file holds the same as before. Gives the file and
/// how many datasets that were.
fn rewritten(name: &str) -> (Vec<u8>, usize) {
    let (c, sink) = fixture(name);
    let file = File::open(format!("tests/files/{name}.h5")).unwrap();
    let mut found: Vec<(String, DatasetInfo)> = Vec::new();
    file.visit(&mut |v| {
        if let Ok(crate::Node::Dataset(d)) = &v.node {
            found.push((String::from_utf8_lossy(&v.path).into_owned(), d.info().clone()));
        }
        Ok(())
    })
    .unwrap();
    let mut count = 0;
    for (path, info) in found {
        let LayoutClass::Contiguous { address, .. } = info.layout.class else { continue };
        if !address.is_defined() || !info.external.is_empty() {
            continue;
        }
        let size = info.datatype.bytes();
        let mut old = vec![0; usize::try_from(info.elements().unwrap()).unwrap() * size];
        c.store.raw(address, &mut old).unwrap();
        let decoded = |bytes: &[u8]| {
            let plan = Value::plan(&info.datatype)?;
            let mut out = Vec::new();
            let mut decoder = Decoder::new(&c, bytes.len());
            Value::decode_many(&plan, Elements::packed(bytes, size), &mut decoder, &mut out).map(|()| out)
        };
        let Ok(values) = decoded(&old) else { continue };
        let plan = Value::plan(&info.datatype).unwrap();
        let mut new = vec![0; old.len()];
        // A text that fills a null-terminated string without a NUL is cut off.
        let mut encoder = Encoder::new(&c).truncate(true);
        Value::encode_many(&plan, &values, &mut encoder, ElementsMut::packed(&mut new, size))
            .unwrap_or_else(|e| panic!("{name}{path}: {e}"));
        let again = decoded(&new).unwrap();
        let differs = format!("{values:?}") != format!("{again:?}");
        assert!(!differs || path.contains("nullterm"), "{name}{path}: {values:?} {again:?}");
        if matches!(info.datatype.class, Class::Integer { .. } | Class::Enum { .. } | Class::Opaque { .. }) {
            assert_eq!(old, new, "{name}{path}");
        }
        c.store.write_raw(address, &new).unwrap();
        release_replaced(&info.datatype, (&old, &new), None, &c.store).unwrap();
        count += 1;
    }
    c.store.commit(Manner { closing: true, ..Manner::default() }).unwrap();
    (sink.to_vec(), count)
}

/// The folder that `H5_KEEP` names gets the files, to be judged by other libraries.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("H5_KEEP") {
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.h5")), bytes).unwrap();
    }
}

#[test]
fn fixtures_encoded_anew_are_the_same() {
    let kinds = [
        "arrays",
        "bitfield_opaque_time",
        "complex",
        "compounds",
        "enums",
        "floats",
        "integers",
        "references_new",
        "references_old",
        "strings",
        "vlens",
    ];
    let mut all = 0;
    for name in kinds.iter().flat_map(|k| [format!("{k}_earliest"), format!("{k}_latest")]) {
        if std::path::Path::new(&format!("tests/files/{name}.h5")).exists() {
            let (bytes, count) = rewritten(&name);
            all += count;
            keep(&name, &bytes);
        }
    }
    for name in ["sizes_4_4_latest", "sizes_2_2_latest", "sizes_4_8_earliest"] {
        let (bytes, count) = rewritten(name);
        all += count;
        keep(name, &bytes);
    }
    assert!(all > 200, "{all}");
}

/// Numbers that are no ties of a rounding, as doubles.
const POOL: [f64; 16] = [
    0.0, 1.0, -1.0, 2.75, -3.6, 100.3, -129.7, 255.9, 32767.2, -40000.0, 65536.4, 3.0e9, -5.0e15, 1.0e-3,
    1.0e30, -1.0e-20,
];

#[test]
fn numbers_into_every_layout() {
    for name in ["integers_earliest", "integers_latest", "floats_earliest", "floats_latest"] {
        let (c, sink) = fixture(name);
        let file = File::open(format!("tests/files/{name}.h5")).unwrap();
        for d in file.root().unwrap().datasets().unwrap() {
            let info = d.info();
            let LayoutClass::Contiguous { address, .. } = info.layout.class else { continue };
            let Ok(plan) = f64::plan(&info.datatype) else { continue };
            let count = usize::try_from(info.elements().unwrap()).unwrap();
            let values: Vec<f64> = POOL.iter().copied().cycle().take(count).collect();
            let size = info.datatype.bytes();
            let mut bytes = vec![0; count * size];
            let mut encoder = Encoder::new(&c).clamp(true);
            f64::encode_many(&plan, &values, &mut encoder, ElementsMut::packed(&mut bytes, size)).unwrap();
            let singly: Vec<u8> = values
                .iter()
                .flat_map(|v| {
                    let mut one = vec![0; size];
                    v.encode(&plan, &mut encoder, &mut one).unwrap();
                    one
                })
                .collect();
            assert_eq!(bytes, singly);
            c.store.write_raw(address, &bytes).unwrap();
        }
        c.store.commit(Manner { closing: true, ..Manner::default() }).unwrap();
        keep(&format!("pool_{name}"), &sink.to_vec());
    }
}

#[test]
fn values_find_their_datatype() {
    let (c, _) = fixture("vlens_latest");
    let row = |n: i64| {
        Value::Compound(vec![
            ("n".into(), Value::Integer(n)),
            ("x".into(), if n == 1 { Value::Float(0.5) } else { Value::Integer(4) }),
            ("list".into(), Value::Sequence((0..n).map(|i| Value::String(i.to_string())).collect())),
            ("matrix".into(), Value::Array(vec![Value::Array(vec![Value::Bool(true); 3]); 2])),
            ("raw".into(), Value::Bytes(vec![1, 2, 3])),
        ])
    };
    let rows = [row(1), row(3)];
    let datatype = Value::datatype_for(&rows).unwrap();
    let described = "compound {n: int64, x: float64, list: variable length of string (utf-8), \
        matrix: array [2, 3] of bool (int8), raw: opaque[3]}";
    assert_eq!(datatype.describe(), described);
    let (_, back) = there_and_back(&c, &datatype, &rows, 0).unwrap();
    assert_eq!(back[0], rows[0]);
    assert_eq!(back[1].field("x"), Some(&Value::Float(4.0)));
    assert!(Value::datatype_for(&[Value::Integer(1), Value::String("a".into())]).is_err());
    assert!(Value::datatype_for(&[]).is_err());
}

proptest! {
    #[test]
    fn integers_of_any_layout(
        values in prop::collection::vec(any::<i128>(), 1..20),
        size in 1u32..17, offset in 0u16..128, precision in 1u16..129,
        signed: bool, pads in 0u8..4, big: bool,
    ) {
        let all = u16::try_from(size * 8).unwrap();
        let offset = offset % all;
        let precision = 1 + (precision - 1) % (all - offset);
        let mut stored = Datatype::integer(size, signed, if big { BE } else { LE }).unwrap();
        if let Class::Integer { bits, .. } = &mut stored.class {
            (bits.offset, bits.precision) = (offset, precision);
            (bits.low_pad, bits.high_pad) = (pads & 1 == 1, pads & 2 == 2);
        }
        let spare = 128 - u32::from(precision);
        let fitting: Vec<i128> = values.iter().map(|v| match signed {
            true => v >> spare,
            false if spare == 0 => v & i128::MAX,
            false => (v.cast_unsigned() >> spare) as i128,
        }).collect();
        let plan = i128::plan(&stored).unwrap();
        let mut bytes = vec![0; stored.bytes() * fitting.len()];
        let places = ElementsMut::packed(&mut bytes, stored.bytes());
        i128::encode_many(&plan, &fitting, &mut Encoder::detached(), places).unwrap();
        let mut back = Vec::new();
        let elements = Elements::packed(&bytes, stored.bytes());
        i128::decode_many(&plan, elements, &mut Decoder::detached(), &mut back).unwrap();
        prop_assert_eq!(&back, &fitting);
        let small: Vec<i64> = values.iter().map(|v| *v as i64).collect();
        let places = ElementsMut::packed(&mut bytes, stored.bytes());
        let fits = small.iter().all(|v| {
            let v = i128::from(*v);
            if signed { v << spare >> spare == v } else { v >= 0 && (spare == 0 || v >> (128 - spare) == 0) }
        });
        prop_assert_eq!(i64::encode_many(&i64::plan(&stored).unwrap(), &small, &mut Encoder::detached(), places).is_ok(), fits);
    }
    #[test]
    fn floats_of_any_layout(value: f64, single: f32) {
        let value = if value.is_nan() { 0.0 } else { value };
        let mut b = [0; 8];
        for (from, order) in [(8, BE), (4, LE), (2, LE)] {
            let stored = Datatype::float(from, order).unwrap();
            let plan = f64::plan(&stored).unwrap();
            let place = &mut b[..stored.bytes()];
            value.encode(&plan, &mut Encoder::detached().clamp(true), place).unwrap();
            let back = f64::decode(&plan, place, &mut Decoder::detached()).unwrap();
            let expected = match from {
                8 => value,
                4 => f64::from(value as f32),
                _ => half::f16::from_f64(value).to_f64(),
            };
            // half rounds through a float of 4 bytes; this library rounds once.
            let close = from == 2 && (back - expected).abs() <= expected.abs() / 1024.0 || back == expected;
            prop_assert!(close, "{} {} {}", value, back, expected);
        }
        // A layout that only the general code knows, wide enough: exact.
        let mut wide = Datatype::float(16, BE).unwrap();
        let plan = f64::plan(&wide).unwrap();
        let mut b = [0; 16];
        value.encode(&plan, &mut Encoder::detached(), &mut b).unwrap();
        prop_assert_eq!(f64::decode(&plan, &b, &mut Decoder::detached()).unwrap().to_bits(), value.to_bits());
        // The layout of a float of 4 bytes, one byte further up: bits as the machine makes them.
        if let Class::Float(f) = &mut wide.class {
            f.sign = 39;
            f.fields = crate::format::message::datatype::properties::FloatFields {
                offset: 8, precision: 32, exponent: 31, exponent_bits: 8, mantissa: 8, mantissa_bits: 23, bias: 127,
            };
        }
        let single = if single.is_nan() { 1.0 } else { single };
        for v in [value, f64::from(single)] {
            let plan = f64::plan(&wide).unwrap();
            v.encode(&plan, &mut Encoder::detached().clamp(true), &mut b).unwrap();
            let found = u32::from_be_bytes(b[11..15].try_into().unwrap());
            prop_assert_eq!(found, (v as f32).to_bits(), "{}", v);
        }
    }
    #[test]
    fn structs(rows in prop::collection::vec(0u16..500, 0..20)) {
        let (c, _) = fixture("vlens_latest");
        let rows: Vec<Sample> = rows.into_iter().map(sample).collect();
        let datatype = Sample::datatype().unwrap();
        let (bytes, back) = there_and_back(&c, &datatype, &rows, 0).unwrap();
        prop_assert_eq!(&back, &rows);
        let plan = Value::plan(&datatype).unwrap();
        let mut values = Vec::new();
        let elements = Elements::packed(&bytes, datatype.bytes());
        Value::decode_many(&plan, elements, &mut Decoder::new(&c, bytes.len()), &mut values).unwrap();
        let (_, again) = there_and_back(&c, &datatype, &values, 0).unwrap();
        prop_assert_eq!(values, again);
    }
}
