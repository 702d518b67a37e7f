//! Every datatype that is created, with values of it. Those named `wide` h5py cannot read, at least in some place.

use std::sync::Arc;

use h5::format::message::datatype::{BitNumbers, Class};
use h5::num_complex::Complex;
use h5::{Bound, ByteOrder, CharSet, Datatype, StringPadding, Value};

/// A datatype and its values by their number.
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) datatype: Datatype,
    pub(crate) value: Box<dyn Fn(usize) -> Value>,
}

fn kind(name: impl Into<String>, datatype: Datatype, value: impl Fn(usize) -> Value + 'static) -> Kind {
    Kind { name: name.into(), datatype, value: Box::new(value) }
}

const LE: ByteOrder = ByteOrder::Little;
const BE: ByteOrder = ByteOrder::Big;

pub(crate) fn integer(bytes: u32, signed: bool, order: ByteOrder) -> Datatype {
    Datatype::integer(bytes, signed, order).unwrap()
}

/// An integer of which only some bits count.
pub(crate) fn narrow(bytes: u32, signed: bool, order: ByteOrder, offset: u16, precision: u16) -> Datatype {
    let bits = BitNumbers { order, low_pad: false, high_pad: false, offset, precision };
    Datatype { version: 1, size: bytes, class: Class::Integer { bits, signed } }
}

/// A whole number that fits, the least and the greatest among them.
fn whole(i: usize, bytes: u32, signed: bool) -> Value {
    let bits = bytes.min(8) * 8;
    match (i, signed) {
        (0, true) => Value::Integer(i64::MIN >> (64 - bits)),
        (1, true) => Value::Integer(i64::MAX >> (64 - bits)),
        (_, true) => Value::Integer(i as i64 % 90 * if i.is_multiple_of(2) { 1 } else { -1 }),
        (1, false) => Value::Unsigned(u64::MAX >> (64 - bits)),
        (_, false) => Value::Unsigned(i as u64 % 200),
    }
}

fn half(i: usize) -> Value {
    Value::Float(match i {
        4 => f64::INFINITY,
        _ => i as f64 * 0.5 - 3.25,
    })
}

fn text(i: usize) -> Value {
    Value::String(["", "a", "ein Wort", "mehr als eins, und recht lang", "x y"][i % 5].to_string())
}

fn wide_text(i: usize) -> Value {
    Value::String(["", "ä", "größer", "日本語", "plain"][i % 5].to_string())
}

fn float(bytes: u32, order: ByteOrder) -> Datatype {
    Datatype::float(bytes, order).unwrap()
}

fn numbers() -> Vec<Kind> {
    let mut out = Vec::new();
    for (order, name) in [(LE, "le"), (BE, "be")] {
        for bytes in [1, 2, 4, 8] {
            for signed in [true, false] {
                let sign = if signed { "int" } else { "uint" };
                out.push(kind(
                    format!("{sign}{} {name}", bytes * 8),
                    integer(bytes, signed, order),
                    move |i| whole(i, bytes, signed),
                ));
            }
            // h5py has no big-endian bit field of one byte.
            let wide = if bytes == 1 && order == BE { "wide " } else { "" };
            out.push(kind(
                format!("{wide}bits{} {name}", bytes * 8),
                Datatype::bitfield(bytes, order).unwrap(),
                move |i| Value::Bitfield(i as u64 * 7 % 256),
            ));
        }
        out.push(kind(format!("int16 of 11 bits {name}"), narrow(2, true, order, 3, 11), |i| {
            Value::Integer(i as i64 * 11 - 30)
        }));
        for bytes in [2, 4, 8] {
            out.push(kind(format!("float{} {name}", bytes * 8), float(bytes, order), half));
        }
        out.push(kind(format!("wide float {name}"), float(16, order), half));
        out.push(kind(format!("wide bfloat {name}"), Datatype::bfloat16(order), half));
        out.push(kind(format!("wide int128 {name}"), integer(16, true, order), |i| whole(i, 8, true)));
    }
    out
}

fn strings() -> Vec<Kind> {
    let fixed = |padding, charset| Datatype::fixed_string(30, padding, charset).unwrap();
    use CharSet::{Ascii, Utf8};
    use StringPadding::{NullPadded, NullTerminated, SpacePadded};
    vec![
        kind("text terminated", fixed(NullTerminated, Ascii), text),
        kind("text nulls", fixed(NullPadded, Utf8), wide_text),
        kind("text spaces", fixed(SpacePadded, Ascii), text),
        kind("text variable", Datatype::var_string(Ascii), text),
        kind("text variable utf8", Datatype::var_string(Utf8), wide_text),
    ]
}

/// A compound in a compound, with an array and a string.
fn nested() -> Kind {
    let inner = Datatype::compound(&[
        ("u", integer(1, false, LE)),
        ("a", Datatype::array(float(4, BE), &[2, 3]).unwrap()),
        ("s", Datatype::fixed_string(5, StringPadding::NullPadded, CharSet::Ascii).unwrap()),
    ]);
    let members = [("n", integer(4, true, LE)), ("inner", inner.unwrap()), ("x", float(8, LE))];
    kind("compound nested", Datatype::compound(&members).unwrap(), |i| {
        let row = |j: usize| Value::Array((0..3).map(|k| Value::Float((i * 6 + j * 3 + k) as f64)).collect());
        let inner = vec![
            (Arc::from("u"), Value::Unsigned(i as u64)),
            (Arc::from("a"), Value::Array(vec![row(0), row(1)])),
            (Arc::from("s"), Value::String(format!("s{i}"))),
        ];
        Value::Compound(vec![
            (Arc::from("n"), Value::Integer(-(i as i64))),
            (Arc::from("inner"), Value::Compound(inner)),
            (Arc::from("x"), Value::Float(i as f64 / 4.0)),
        ])
    })
}

fn row_type(aligned: bool) -> Datatype {
    let text = Datatype::var_string(CharSet::Utf8);
    let members = [("flag", Datatype::boolean().unwrap()), ("text", text), ("x", float(8, LE))];
    match aligned {
        true => Datatype::compound_aligned(&members).unwrap(),
        false => Datatype::compound(&members).unwrap(),
    }
}

fn row(i: usize) -> Value {
    Value::Compound(vec![
        (Arc::from("flag"), Value::Bool(i % 2 == 1)),
        (Arc::from("text"), wide_text(i)),
        (Arc::from("x"), Value::Float(i as f64)),
    ])
}

fn several(i: usize, item: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..i % 4).map(|j| item(i + j)).collect()
}

fn collections() -> Vec<Kind> {
    let array = |base, dims: &[u32]| Datatype::array(base, dims).unwrap();
    let fixed = Datatype::fixed_string(30, StringPadding::NullPadded, CharSet::Utf8).unwrap();
    let point = Datatype::compound(&[("x", float(4, LE)), ("y", integer(2, true, BE))]).unwrap();
    let at = |i: usize| {
        Value::Compound(vec![
            (Arc::from("x"), Value::Float(i as f64)),
            (Arc::from("y"), Value::Integer(i as i64)),
        ])
    };
    let words = Datatype::var_string(CharSet::Utf8);
    let rows = |i: usize, n: usize, item: &dyn Fn(usize) -> Value| {
        Value::Array((0..n).map(|j| item(i * n + j)).collect::<Vec<_>>())
    };
    vec![
        kind("compound strings", row_type(false), row),
        kind("compound aligned", row_type(true), row),
        kind("array int", array(integer(4, true, BE), &[2, 3]), move |i| {
            let items = (0..2).map(|j| rows(i * 2 + j, 3, &|k| Value::Integer(k as i64))).collect::<Vec<_>>();
            Value::Array(items)
        }),
        kind("array text", array(fixed, &[2]), move |i| rows(i, 2, &wide_text)),
        kind("array compound", array(point.clone(), &[3]), move |i| rows(i, 3, &at)),
        kind("wide array of variable text", array(words.clone(), &[2]), move |i| rows(i, 2, &wide_text)),
        kind("vlen int", Datatype::vlen(integer(4, true, LE)), |i| {
            Value::Sequence(several(i, |j| Value::Integer(j as i64)))
        }),
        kind("wide vlen float be", Datatype::vlen(float(8, BE)), |i| Value::Sequence(several(i, half))),
        kind("vlen compound", Datatype::vlen(point), move |i| Value::Sequence(several(i, at))),
        kind("wide vlen text", Datatype::vlen(words), |i| Value::Sequence(several(i, wide_text))),
        kind("wide vlen vlen", Datatype::vlen(Datatype::vlen(integer(2, false, LE))), |i| {
            Value::Sequence(several(i, |j| Value::Sequence(several(j, |k| Value::Unsigned(k as u64)))))
        }),
    ]
}

fn others(bound: Bound) -> Vec<Kind> {
    let names = [("RED", 0), ("GREEN", 1), ("BLUE", 7)];
    let colour = |i: usize| {
        let (name, value) = [("RED", 0), ("GREEN", 1), ("BLUE", 7)][i % 3];
        Value::Enum { name: Some(Arc::from(name)), value }
    };
    let number = |i: usize| Value::Complex(Complex::new(i as f64, 0.5 - i as f64));
    let mut out = vec![
        kind("enum", Datatype::enumeration(integer(1, false, LE), &names).unwrap(), colour),
        kind("enum be", Datatype::enumeration(integer(4, true, BE), &names).unwrap(), colour),
        kind("bool", Datatype::boolean().unwrap(), |i| Value::Bool(i % 3 == 1)),
        kind("opaque", Datatype::opaque(5, "").unwrap(), |i| Value::Bytes(vec![i as u8, 1, 2, 3, 255])),
        kind("wide opaque", Datatype::opaque(3, "a tag").unwrap(), |i| Value::Bytes(vec![i as u8, 2, 0])),
        kind("complex pair", Datatype::complex_compound(float(8, LE)).unwrap(), number),
        kind("complex pair be", Datatype::complex_compound(float(4, BE)).unwrap(), number),
        kind(
            "wide time",
            Datatype { version: 1, size: 4, class: Class::Time { order: LE, precision: 32 } },
            |i| Value::Time(1_700_000_000 + i as i64),
        ),
    ];
    if bound == Bound::V200 {
        out.push(kind("complex new", Datatype::complex(float(8, LE)).unwrap(), number));
        out.push(kind("complex new be", Datatype::complex(float(4, BE)).unwrap(), number));
    }
    out
}

/// All of them that files of this bound can hold; references are made where there are objects.
pub(crate) fn all(bound: Bound) -> Vec<Kind> {
    let mut out = numbers();
    out.extend(strings());
    out.push(nested());
    out.extend(collections());
    out.extend(others(bound));
    out
}
