//! Values as stored elements.

use super::{Kind, Value, ValuePlan};
use crate::api::element::{ElementsMut, Encoder, H5Type, in_member, put_text, put_variable};
use crate::data::number::{Number, NumberLayout, encode_number};
use crate::error::{Error, Result};

#[cold]
fn mismatch(value: &Value, what: &str) -> Error {
    Error::usage(format!("{} cannot be stored as {what}", value.kind()))
}

impl Value {
    /// What a value is, for errors.
    fn kind(&self) -> &'static str {
        match self {
            Value::Integer(_) | Value::Unsigned(_) | Value::Big(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Complex(_) => "a complex number",
            Value::String(_) => "a string",
            Value::Bytes(_) => "a run of bytes",
            Value::Bitfield(_) => "a bit field",
            Value::Enum { .. } => "a value of an enumeration",
            Value::Bool(_) => "a boolean",
            Value::Compound(_) => "a compound",
            Value::Array(_) => "an array",
            Value::Sequence(_) => "a sequence",
            Value::Reference(_) => "a reference",
            Value::Time(_) => "a time",
        }
    }
    /// The number that a value is.
    fn number(&self) -> Option<Number> {
        Some(match self {
            Value::Integer(v) | Value::Time(v) => Number::Signed(*v),
            Value::Unsigned(v) | Value::Bitfield(v) => Number::Unsigned(*v),
            Value::Big(v) | Value::Enum { value: v, .. } => Number::WideSigned(*v),
            Value::Float(v) => Number::Float(*v),
            Value::Bool(v) => Number::Unsigned((*v).into()),
            _ => return None,
        })
    }
}

fn put_number(value: &Value, layout: &NumberLayout, encoder: &Encoder<'_>, out: &mut [u8]) -> Result<()> {
    match value.number() {
        Some(number) => encode_number(layout, number, encoder.clamp, out),
        None => Err(mismatch(value, "a number")),
    }
}

/// Encodes a value into the bytes of one element.
pub(super) fn value(v: &Value, plan: &ValuePlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
    let text = |what| match v {
        Value::String(text) => Ok(text.as_bytes()),
        Value::Bytes(bytes) => Ok(bytes.as_slice()),
        _ => Err(mismatch(v, what)),
    };
    match &plan.kind {
        Kind::Number(layout) | Kind::Bitfield(layout) | Kind::Time(layout) | Kind::Bool(layout) => {
            put_number(v, layout, encoder, out)
        }
        Kind::Enum(layout, names) => {
            let wanted = match v {
                Value::Enum { name: Some(name), .. } => Some(&**name),
                Value::String(name) => Some(name.as_str()),
                _ => None,
            };
            let named = wanted.and_then(|w| names.iter().find(|(_, name)| &**name == w));
            match (named, wanted) {
                (Some((value, _)), _) => encode_number(layout, Number::WideSigned(*value), false, out),
                (None, Some(name)) => {
                    Err(Error::usage(format!("the enumeration has no value named {name:?}")))
                }
                (None, None) => put_number(v, layout, encoder, out),
            }
        }
        Kind::Complex(part) => {
            let rest = part.bytes().min(out.len());
            let (re, im) = out.split_at_mut(rest);
            match v {
                Value::Complex(c) => {
                    encode_number(part, Number::Float(c.re), encoder.clamp, re)?;
                    encode_number(part, Number::Float(c.im), encoder.clamp, im)
                }
                _ => {
                    put_number(v, part, encoder, re)?;
                    encode_number(part, Number::Float(0.0), encoder.clamp, im)
                }
            }
        }
        Kind::Text(padding) => put_text(text("a string")?, *padding, encoder.truncate, out),
        Kind::VariableText => put_variable(text("a string")?, encoder, out),
        Kind::Opaque => {
            let bytes = text("opaque data")?;
            if bytes.len() != out.len() {
                let what = format!("{} bytes for opaque data of {}", bytes.len(), out.len());
                return Err(Error::usage(what));
            }
            out.copy_from_slice(bytes);
            Ok(())
        }
        Kind::Compound(members) => compound(v, members, encoder, out),
        Kind::Array(dims, item) => array(v, dims, item, encoder, out),
        Kind::Sequence(item) => {
            let items = v.items().ok_or_else(|| mismatch(v, "a sequence"))?;
            let bytes = items.len().checked_mul(item.size);
            let bytes = bytes.ok_or_else(|| Error::limit(format!("{} items", items.len())))?;
            let mut stored = vec![0; bytes];
            Value::encode_many(item, items, encoder, ElementsMut::packed(&mut stored, item.size))?;
            encoder.sequence(items.len(), &stored, out)
        }
        Kind::Reference(kind) => match v {
            Value::Reference(reference) => encoder.reference(reference, *kind, out),
            _ => Err(mismatch(v, "a reference")),
        },
    }
}

/// Members by name; those that the value lacks stay as they are.
fn compound(
    v: &Value,
    members: &[(std::sync::Arc<str>, usize, ValuePlan)],
    encoder: &mut Encoder<'_>,
    out: &mut [u8],
) -> Result<()> {
    let Value::Compound(given) = v else { return Err(mismatch(v, "a compound")) };
    for (name, member) in given {
        let Some((_, start, plan)) = members.iter().find(|(n, ..)| n == name) else {
            return Err(Error::usage(format!("the compound has no member {name}")));
        };
        let part = out.get_mut(*start..).and_then(|rest| rest.get_mut(..plan.size));
        let part = part.ok_or_else(|| Error::damaged("a compound shorter than its members"))?;
        value(member, plan, encoder, part).map_err(|e| in_member(e, name))?;
    }
    Ok(())
}

/// Items nested as the dimensions are, or all in one row.
fn array(
    v: &Value,
    dims: &[usize],
    item: &ValuePlan,
    encoder: &mut Encoder<'_>,
    out: &mut [u8],
) -> Result<()> {
    let items = v.items().ok_or_else(|| mismatch(v, "an array"))?;
    let total = out.len().checked_div(item.size).unwrap_or(0);
    let is_row = items.len() == total && (dims.len() == 1 || !items.iter().all(|i| i.items().is_some()));
    if is_row || matches!(item.kind, Kind::Array(..)) && dims.len() == 1 {
        if items.len() != total {
            return Err(Error::usage(format!("{} items for an array of {total}", items.len())));
        }
        return Value::encode_many(item, items, encoder, ElementsMut::packed(out, item.size));
    }
    let (Some((count, rest)), true) = (dims.split_first(), dims.len() > 1) else {
        return Err(Error::usage(format!("{} items for an array of {total}", items.len())));
    };
    if items.len() != *count {
        return Err(Error::usage(format!("{} rows for an array {dims:?}", items.len())));
    }
    let row = out.len().checked_div(*count).unwrap_or(0).max(1);
    items
        .iter()
        .zip(out.chunks_exact_mut(row))
        .try_for_each(|(i, place)| array(i, rest, item, encoder, place))
}
