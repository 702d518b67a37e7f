//! Elements as JavaScript has them: typed arrays for numbers, lists of values for all else.

use std::borrow::Cow;
use std::collections::HashMap;

use h5::api::slice::Selected;
use h5::data::number::NumberLayout;
use h5::element::H5Type;
use h5::error::{Error, Result};
use h5::format::message::datatype::{Class, Datatype};
use h5::format::message::layout::LayoutClass;
use h5::format::selection::Span;
use h5::model::reference::Part;
use h5::ndarray::ArrayD;
use h5::num_complex::Complex;
use h5::wire::Addr;
use h5::{Attribute, Dataset, File, IntoSelection, Reference, Selection, Value};
use js_sys::{Array, BigInt, Uint8Array};
use wasm_bindgen::JsValue;

/// The typed array that elements become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integers and bit fields of up to so many bytes, and whether they have a sign.
    Integer(u8, bool),
    /// Floats of up to 4 bytes.
    Single,
    /// Larger ones.
    Double,
    /// Pairs of real and imaginary parts.
    ComplexSingle,
    /// The same, of more than 4 bytes each.
    ComplexDouble,
}

/// The typed array that elements of this type become; none where they become values.
pub(crate) fn kind(stored: &Datatype) -> Option<Kind> {
    let integer = |size: u32, signed: bool| {
        let bytes = match size {
            1 => 1,
            2 => 2,
            3 | 4 => 4,
            5..=8 => 8,
            _ => return None,
        };
        Some(Kind::Integer(bytes, signed))
    };
    if let Some(part) = stored.complex_part() {
        return Some(if part.size <= 4 { Kind::ComplexSingle } else { Kind::ComplexDouble });
    }
    match &stored.class {
        Class::Integer { signed, .. } => integer(stored.size, *signed),
        Class::Bitfield(_) => integer(stored.size, false),
        Class::Enum { base, .. } => kind(base),
        Class::Float(_) if stored.size <= 4 => Some(Kind::Single),
        Class::Float(_) => Some(Kind::Double),
        Class::Time { .. } => integer(stored.size, true),
        _ => None,
    }
}

/// Runs `$go!(typed array, type of an element, numbers in an element)` for a kind.
macro_rules! of_kind {
    ($kind:expr, $go:ident) => {
        match $kind {
            Kind::Integer(1, true) => $go!(Int8Array, i8),
            Kind::Integer(2, true) => $go!(Int16Array, i16),
            Kind::Integer(4, true) => $go!(Int32Array, i32),
            Kind::Integer(_, true) => $go!(BigInt64Array, i64),
            Kind::Integer(1, false) => $go!(Uint8Array, u8),
            Kind::Integer(2, false) => $go!(Uint16Array, u16),
            Kind::Integer(4, false) => $go!(Uint32Array, u32),
            Kind::Integer(_, false) => $go!(BigUint64Array, u64),
            Kind::Single => $go!(Float32Array, f32),
            Kind::Double => $go!(Float64Array, f64),
            Kind::ComplexSingle => $go!(Float32Array, Complex<f32>),
            Kind::ComplexDouble => $go!(Float64Array, Complex<f64>),
        }
    };
}

/// Numbers that lie one after the other in what is read.
trait Numbers: H5Type + Clone {
    type Number: Clone;
    const EACH: usize;
    fn flat(values: &[Self]) -> Cow<'_, [Self::Number]>;
}

macro_rules! numbers {
    ($($t:ty)*) => {$(
        impl Numbers for $t {
            type Number = $t;
            const EACH: usize = 1;
            fn flat(values: &[Self]) -> Cow<'_, [$t]> {
                values.into()
            }
        }
    )*};
}

macro_rules! pairs {
    ($($t:ty)*) => {$(
        impl Numbers for Complex<$t> {
            type Number = $t;
            const EACH: usize = 2;
            fn flat(values: &[Self]) -> Cow<'_, [$t]> {
                values.iter().flat_map(|c| [c.re, c.im]).collect()
            }
        }
    )*};
}

numbers! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }
pairs! { f32 f64 }

/// An element of any type.
pub(crate) fn value(names: &Names, value: &Value, stored: &Datatype) -> JsValue {
    let list = |items: &[Value], base: &Datatype| {
        items.iter().map(|v| self::value(names, v, base)).collect::<Array>()
    };
    let wide = stored.size > 4;
    match value {
        Value::Integer(v) | Value::Time(v) if wide => BigInt::from(*v).into(),
        Value::Integer(v) | Value::Time(v) => JsValue::from_f64(*v as f64),
        Value::Unsigned(v) | Value::Bitfield(v) if wide => BigInt::from(*v).into(),
        Value::Unsigned(v) | Value::Bitfield(v) => JsValue::from_f64(*v as f64),
        Value::Big(v) => BigInt::from(*v).into(),
        Value::Enum { value, .. } if wide => BigInt::from(*value).into(),
        Value::Enum { value, .. } => JsValue::from_f64(*value as f64),
        Value::Float(v) => JsValue::from_f64(*v),
        Value::Complex(c) => [c.re, c.im].into_iter().map(JsValue::from_f64).collect::<Array>().into(),
        Value::String(text) => text.as_str().into(),
        Value::Bytes(bytes) => Uint8Array::from(bytes.as_slice()).into(),
        Value::Bool(v) => (*v).into(),
        Value::Compound(members) => {
            let types: &[_] = if let Class::Compound(types) = &stored.class { types } else { &[] };
            let of = |name: &str| types.iter().find(|m| m.name() == name).map_or(stored, |m| &m.datatype);
            members.iter().map(|(name, v)| self::value(names, v, of(name))).collect::<Array>().into()
        }
        Value::Array(items) => match &stored.class {
            Class::Array { base, .. } => nested(names, items, base).into(),
            _ => list(items, stored).into(),
        },
        Value::Sequence(items) => match &stored.class {
            Class::VarLen(base) => list(items, base).into(),
            _ => list(items, stored).into(),
        },
        Value::Reference(reference) => told(names, reference),
        other => other.to_string().into(),
    }
}

/// The items of an array, which are lists themselves where it has several dimensions.
fn nested(names: &Names, items: &[Value], base: &Datatype) -> Array {
    let inner = matches!(base.class, Class::Array { .. });
    let each = |item: &Value| match item {
        Value::Array(items) if !inner => nested(names, items, base).into(),
        item => value(names, item, base),
    };
    items.iter().map(each).collect()
}

/// Where a reference leads: a path where one is known, else the address of the object; null for none.
fn told(names: &Names, reference: &Reference) -> JsValue {
    match reference {
        Reference::Null => JsValue::NULL,
        Reference::To { object, file: None, part: Part::Whole } if names.0.contains_key(object) => {
            names.0.get(object).map_or(JsValue::NULL, |path| path.as_str().into())
        }
        other => Value::Reference(other.clone()).to_string().into(),
    }
}

/// The paths of objects by their addresses: what references are told by.
#[derive(Default)]
pub(crate) struct Names(HashMap<Addr, String>);

impl Names {
    /// Those of all objects of a file.
    pub(crate) fn of(all: &File) -> Result<Names> {
        let mut names = HashMap::new();
        crate::describe::each_object(all, &mut |visited| {
            names.insert(visited.address, String::from_utf8_lossy(&visited.path).into_owned());
        })?;
        Ok(Names(names))
    }
}

/// Whether there are references in elements of this type.
pub(crate) fn has_references(stored: &Datatype) -> bool {
    match &stored.class {
        Class::Reference(_) => true,
        Class::Compound(members) => members.iter().any(|m| has_references(&m.datatype)),
        Class::Array { base, .. } | Class::VarLen(base) => has_references(base),
        _ => false,
    }
}

fn values(names: &Names, read: &ArrayD<Value>, stored: &Datatype) -> JsValue {
    read.iter().map(|v| value(names, v, stored)).collect::<Array>().into()
}

/// Elements, and the shape that they have.
pub(crate) struct Elements {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: JsValue,
}

/// Where the elements lie one after the other in the file, as a typed array has them.
pub(crate) struct Direct {
    pub(crate) shape: Vec<usize>,
    pub(crate) offset: u64,
    pub(crate) kind: Kind,
}

fn selected(dataset: &Dataset, slice: Option<&str>) -> Result<Selected> {
    let dims = dataset.shape()?;
    match slice {
        Some(slice) => slice.select(&dims),
        None => Selection::All.select(&dims),
    }
}

/// Whole rows of a contiguous dataset of plain little-endian numbers: JavaScript reads them past this crate.
pub(crate) fn direct(dataset: &Dataset, slice: Option<&str>) -> Result<Option<Direct>> {
    let stored = dataset.datatype();
    let plain = matches!(NumberLayout::of(stored), Ok(Some(NumberLayout::Plain { swapped: false, .. })));
    let Some(kind) = kind(stored).filter(|kind| plain && bytes_of(*kind) == stored.size) else {
        return Ok(None);
    };
    let LayoutClass::Contiguous { address, .. } = dataset.info().layout.class else { return Ok(None) };
    let Some(start) = address.get().filter(|_| dataset.info().external.is_empty()) else { return Ok(None) };
    let start = start + dataset.file().user_block();
    let picked = selected(dataset, slice)?;
    let dims = dataset.shape()?;
    let Some(spans) = picked.selection.spans(&dims)? else { return Ok(None) };
    let whole = |(s, d): (&Span, &u64)| s.start == 0 && s.count == 1 && s.block == *d;
    let rows = |s: &Span| s.count == 1 || (s.count == 0);
    if !picked.reversed.is_empty()
        || !spans.first().is_none_or(rows)
        || !spans.iter().zip(&dims).skip(1).all(whole)
    {
        return Ok(None);
    }
    let row: u64 = dims.iter().skip(1).product::<u64>() * u64::from(dataset.datatype().size);
    let first = spans.first().map_or(0, |s| s.start);
    Ok(Some(Direct { shape: picked.shape, offset: start + first * row, kind }))
}

/// Selected elements of a dataset.
pub(crate) fn dataset(names: &Names, dataset: &Dataset, slice: Option<&str>) -> Result<Elements> {
    let picked = selected(dataset, slice)?;
    let stored = dataset.datatype();
    let reader = dataset.reader().clamp(true).lossy(true);
    let Some(kind) = kind(stored) else {
        let read = match slice {
            Some(slice) => reader.read_slice::<Value, _>(slice)?,
            None => reader.read::<Value>()?,
        };
        let data = values(names, &read, stored);
        return Ok(Elements { shape: picked.shape, data });
    };
    let count = picked.shape.iter().product::<usize>();
    macro_rules! typed {
        ($array:ident, $t:ty) => {{
            let length = u32::try_from(count * <$t as Numbers>::EACH);
            let length = length.map_err(|_| Error::limit("a selection larger than a typed array"))?;
            let out = js_sys::$array::new_with_length(length);
            if !picked.reversed.is_empty() {
                let read = reader.read_slice::<$t, _>(slice.unwrap_or("..."))?;
                let flat: Vec<$t> = read.iter().cloned().collect();
                out.copy_from(&<$t as Numbers>::flat(&flat));
                return Ok(Elements { shape: picked.shape, data: out.into() });
            }
            // Piece by piece, so that the elements are not in this crate's memory as well.
            let mut at = 0u32;
            reader.stream::<$t>(&picked.selection, &mut |piece| {
                let flat = <$t as Numbers>::flat(piece);
                let end = at + flat.len() as u32;
                out.subarray(at, end).copy_from(&flat);
                at = end;
                Ok(())
            })?;
            out.into()
        }};
    }
    let data = of_kind!(kind, typed);
    Ok(Elements { shape: picked.shape, data })
}

/// The value of an attribute: one value for a scalar, null for none.
pub(crate) fn attribute(names: &Names, attribute: &Attribute) -> Result<JsValue> {
    let stored = attribute.datatype()?;
    let reader = attribute.reader().clamp(true).lossy(true);
    if attribute.shape()?.is_empty() {
        let read = reader.read::<Value>()?;
        return Ok(read.first().map_or(JsValue::NULL, |v| value(names, v, &stored)));
    }
    let Some(kind) = kind(&stored) else {
        return Ok(values(names, &reader.read::<Value>()?, &stored));
    };
    macro_rules! typed {
        ($array:ident, $t:ty) => {{
            let read = reader.read_raw::<$t>()?;
            js_sys::$array::from(&*<$t as Numbers>::flat(&read)).into()
        }};
    }
    Ok(of_kind!(kind, typed))
}

/// Bytes of a number of a kind.
fn bytes_of(kind: Kind) -> u32 {
    macro_rules! bytes {
        ($array:ident, $t:ty) => {
            size_of::<<$t as Numbers>::Number>() as u32
        };
    }
    of_kind!(kind, bytes)
}

/// The name of the typed array of a kind.
pub(crate) fn array_name(kind: Kind) -> &'static str {
    macro_rules! name {
        ($array:ident, $t:ty) => {
            stringify!($array)
        };
    }
    of_kind!(kind, name)
}
