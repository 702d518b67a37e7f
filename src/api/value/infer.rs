//! The datatype of what is created from values.

use std::sync::Arc;

use super::Value;
use crate::api::element::H5Type;
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, CharSet, Class, Datatype};
use crate::model::reference::Reference;

const LE: ByteOrder = ByteOrder::Little;

/// The datatype that holds all these values.
pub(super) fn datatype(values: &[&Value]) -> Result<Datatype> {
    let all = |is: fn(&Value) -> bool| values.iter().all(|v| is(v));
    let Some(first) = values.first() else {
        return Err(Error::usage("a datatype is needed where there is no value"));
    };
    match first {
        Value::Bool(_) if all(|v| matches!(v, Value::Bool(_))) => Datatype::boolean(),
        Value::Enum { .. } if all(|v| matches!(v, Value::Enum { .. })) => enumeration(values),
        Value::Bitfield(_) if all(|v| matches!(v, Value::Bitfield(_))) => Datatype::bitfield(8, LE),
        Value::Time(_) if all(|v| matches!(v, Value::Time(_))) => {
            Ok(Datatype { version: 1, size: 8, class: Class::Time { order: LE, precision: 64 } })
        }
        _ if all(|v| v.as_f64().is_some()) => number(values),
        _ if all(|v| v.as_f64().is_some() || matches!(v, Value::Complex(_))) => {
            Datatype::complex_compound(Datatype::float(8, LE)?)
        }
        _ if all(|v| matches!(v, Value::String(_))) => Ok(Datatype::var_string(CharSet::Utf8)),
        Value::Bytes(bytes) => {
            let same = |v: &&Value| matches!(v, Value::Bytes(b) if b.len() == bytes.len());
            if !values.iter().all(same) {
                return Err(mixed());
            }
            Datatype::opaque(u32::try_from(bytes.len()).unwrap_or(u32::MAX), "")
        }
        Value::Compound(members) => compound(values, members),
        Value::Array(items) => array(values, items.len()),
        Value::Sequence(_) => {
            let items = listed(values, |v| if let Value::Sequence(i) = v { Some(i) } else { None })?;
            Ok(Datatype::vlen(datatype(&items)?))
        }
        Value::Reference(_) => {
            let reference =
                |v: &&Value| if let Value::Reference(r) = v { Ok(r.clone()) } else { Err(mixed()) };
            Reference::datatype_for(&values.iter().map(reference).collect::<Result<Vec<_>>>()?)
        }
        _ => Err(mixed()),
    }
}

#[cold]
fn mixed() -> Error {
    Error::usage("the values are of several types: a datatype is needed")
}

fn number(values: &[&Value]) -> Result<Datatype> {
    let Some(all) = values.iter().map(|v| v.as_i128()).collect::<Option<Vec<i128>>>() else {
        return Datatype::float(8, LE);
    };
    let is_unsigned = values.iter().all(|v| matches!(v, Value::Unsigned(_)));
    if !is_unsigned && all.iter().all(|v| i64::try_from(*v).is_ok()) {
        return Datatype::integer(8, true, LE);
    }
    match all.iter().all(|v| u64::try_from(*v).is_ok()) {
        true => Datatype::integer(8, false, LE),
        false => Datatype::integer(16, true, LE),
    }
}

/// The names that occur, over integers of 8 bytes.
fn enumeration(values: &[&Value]) -> Result<Datatype> {
    let mut names: Vec<(&str, i128)> = Vec::new();
    for value in values {
        if let Value::Enum { name: Some(name), value } = value
            && !names.contains(&(&**name, *value))
        {
            names.push((name, *value));
        }
    }
    Datatype::enumeration(Datatype::integer(8, true, LE)?, &names)
}

/// The items of all values.
fn listed<'v>(
    values: &[&'v Value],
    items: impl Fn(&'v Value) -> Option<&'v Vec<Value>>,
) -> Result<Vec<&'v Value>> {
    let mut all = Vec::new();
    for value in values {
        all.extend(items(value).ok_or_else(mixed)?);
    }
    Ok(all)
}

fn array(values: &[&Value], count: usize) -> Result<Datatype> {
    let items = listed(values, |v| match v {
        Value::Array(items) if items.len() == count => Some(items),
        _ => None,
    })?;
    let count = u32::try_from(count).map_err(|_| Error::usage(format!("an array of {count}")))?;
    let item = datatype(&items)?;
    match item.class {
        Class::Array { dims, base } if dims.len() < 32 => {
            let all: Vec<u32> = std::iter::once(count).chain(dims).collect();
            Datatype::array(*base, &all)
        }
        _ => Datatype::array(item, &[count]),
    }
}

fn compound(values: &[&Value], members: &[(Arc<str>, Value)]) -> Result<Datatype> {
    let mut columns: Vec<Vec<&Value>> = vec![Vec::new(); members.len()];
    for value in values {
        let Value::Compound(row) = value else { return Err(mixed()) };
        let same = row.len() == members.len() && row.iter().zip(members).all(|((a, _), (b, _))| a == b);
        if !same {
            return Err(mixed());
        }
        columns.iter_mut().zip(row).for_each(|(column, (_, member))| column.push(member));
    }
    let mut typed = Vec::new();
    for ((name, _), column) in members.iter().zip(&columns) {
        typed.push((name, datatype(column)?));
    }
    Datatype::compound(&typed)
}
