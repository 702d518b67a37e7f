//! Stored elements of attributes as Python's values.

use std::sync::Arc;

use super::dtype::DType;
use super::python::{PyArray, PyValue};
use crate::api::value::Value;
use crate::error::Result;
use crate::format::message::datatype::{ByteOrder, Class, Datatype};

/// One element; a bit field is the boolean that PyTables stores so.
pub(super) fn value_of(datatype: &Datatype, value: Value) -> PyValue {
    let is_bool = DType::of(datatype) == Some(DType::Bool);
    match value {
        Value::Bitfield(bits) if is_bool => PyValue::Bool(bits != 0),
        Value::Enum { value, .. } if is_bool => PyValue::Bool(value != 0),
        Value::Integer(v) | Value::Time(v) => PyValue::from(v),
        Value::Unsigned(v) | Value::Bitfield(v) => PyValue::from(v),
        Value::Big(v) | Value::Enum { value: v, .. } => PyValue::from(v),
        Value::Float(v) => PyValue::Float(v),
        Value::Complex(v) => PyValue::Complex(v),
        Value::String(text) => PyValue::Str(text),
        Value::Bytes(bytes) => PyValue::Bytes(bytes),
        Value::Bool(v) => PyValue::Bool(v),
        Value::Compound(members) => {
            let member = |(name, v): (Arc<str>, Value)| (PyValue::from(&*name), plain(v));
            PyValue::Dict(members.into_iter().map(member).collect())
        }
        Value::Array(items) | Value::Sequence(items) => PyValue::List(items.into_iter().map(plain).collect()),
        other @ Value::Reference(_) => PyValue::Str(other.to_string()),
    }
}

/// A part of an element, of which the datatype is not at hand.
fn plain(value: Value) -> PyValue {
    match Datatype::integer(1, false, ByteOrder::Little) {
        Ok(any) => value_of(&any, value),
        Err(_) => PyValue::None,
    }
}

/// An array of elements.
pub(super) fn array_of(datatype: &Datatype, shape: &[u64], values: Vec<Value>) -> Result<PyValue> {
    let dtype = match (&datatype.class, DType::of(datatype)) {
        (Class::String(_), Some(DType::Bytes(n))) => format!("|S{n}"),
        (_, Some(dtype)) => dtype.code(),
        _ => "|O".to_string(),
    };
    // Strings of fixed length are bytes in numpy, whatever their character set says.
    let element = |v: Value| match (v, &datatype.class) {
        (Value::String(text), Class::String(_)) => PyValue::Bytes(text.into_bytes()),
        (v, _) => value_of(datatype, v),
    };
    let shape = shape.iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX)).collect();
    PyArray::new(&dtype, shape, values.into_iter().map(element).collect()).map(|a| PyValue::Array(Box::new(a)))
}
