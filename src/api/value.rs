//! Elements whose type is known only at run time.
//!
//! - `encode`: values as stored elements
//! - `infer`: the datatype of what is created from values

mod encode;
mod infer;

use std::fmt;
use std::sync::Arc;

use num_complex::Complex;

use super::element::{Decoder, Elements, Encoder, H5Type, in_member, string, unpadded, variable};
use crate::data::number::bulk::number;
use crate::data::number::{Number, NumberLayout, decode_one};
use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, ReferenceKind, StringPadding};
use crate::model::reference::{Part, Reference};

/// An element of any type.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// let file = h5::File::open("tests/files/compounds_latest.h5")?;
/// for value in file.dataset("packed")?.read_values()? {
///     println!("{value} {:?}", value.field("a"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A signed integer.
    Integer(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// An integer of more than 64 bits (one beyond an `i128` is the largest `i128` where clamped).
    Big(i128),
    /// A floating-point number.
    Float(f64),
    /// A complex number.
    Complex(Complex<f64>),
    /// A string that is UTF-8.
    String(String),
    /// Opaque data, or a string that is no UTF-8.
    Bytes(Vec<u8>),
    /// Bits.
    Bitfield(u64),
    /// A value of an enumeration.
    Enum {
        /// Its name, where it has one.
        name: Option<Arc<str>>,
        /// The value.
        value: i128,
    },
    /// A boolean: an enumeration of FALSE and TRUE.
    Bool(bool),
    /// Members with their names.
    Compound(Vec<(Arc<str>, Value)>),
    /// An array of fixed shape: nested where it has several dimensions.
    Array(Vec<Value>),
    /// A sequence of variable length.
    Sequence(Vec<Value>),
    /// A reference.
    Reference(Reference),
    /// A time, in the unit of who wrote it: seconds since 1970, most often.
    Time(i64),
}

/// How stored elements become [`Value`]s.
#[derive(Debug, Clone)]
pub struct ValuePlan {
    kind: Kind,
    size: usize,
}

#[derive(Debug, Clone)]
enum Kind {
    Number(NumberLayout),
    Bitfield(NumberLayout),
    Time(NumberLayout),
    Enum(NumberLayout, Vec<(i128, Arc<str>)>),
    Bool(NumberLayout),
    Complex(NumberLayout),
    Text(StringPadding),
    VariableText,
    Opaque,
    Compound(Vec<(Arc<str>, usize, ValuePlan)>),
    Array(Vec<usize>, Box<ValuePlan>),
    Sequence(Box<ValuePlan>),
    Reference(ReferenceKind),
}

impl ValuePlan {
    fn layout(stored: &Datatype) -> Result<NumberLayout> {
        let layout = NumberLayout::of(stored)?;
        layout.ok_or_else(|| Error::unsupported(format!("numbers of {}", stored.describe())))
    }
    fn new(stored: &Datatype) -> Result<ValuePlan> {
        let kind = match &stored.class {
            Class::Integer { .. } | Class::Float(_) => Kind::Number(Self::layout(stored)?),
            Class::Bitfield(_) => Kind::Bitfield(Self::layout(stored)?),
            Class::Time { .. } => Kind::Time(Self::layout(stored)?),
            Class::Enum { members, .. } => Self::enumeration(stored, members)?,
            Class::Complex(part) => Kind::Complex(Self::layout(part)?),
            Class::String(text) => Kind::Text(text.padding),
            Class::VarString { .. } => Kind::VariableText,
            Class::Opaque { .. } => Kind::Opaque,
            Class::Compound(members) => match stored.complex_part() {
                Some(part) if part.bytes().checked_mul(2) == Some(stored.bytes()) => {
                    Kind::Complex(Self::layout(part)?)
                }
                _ => {
                    let member = |m: &crate::format::message::datatype::Member| {
                        let plan = ValuePlan::new(&m.datatype).map_err(|e| in_member(e, &m.name()))?;
                        Ok((m.name().into(), usize::try_from(m.offset).unwrap_or(usize::MAX), plan))
                    };
                    Kind::Compound(members.iter().map(member).collect::<Result<_>>()?)
                }
            },
            Class::Array { dims, base } => {
                let dims = dims.iter().map(|d| usize::try_from(*d).unwrap_or(usize::MAX)).collect();
                Kind::Array(dims, Box::new(ValuePlan::new(base)?))
            }
            Class::VarLen(base) => Kind::Sequence(Box::new(ValuePlan::new(base)?)),
            Class::Reference(kind) => Kind::Reference(*kind),
        };
        Ok(ValuePlan { kind, size: stored.bytes() })
    }
    fn enumeration(stored: &Datatype, members: &[(Vec<u8>, Vec<u8>)]) -> Result<Kind> {
        let layout = Self::layout(stored)?;
        if stored.is_bool() {
            return Ok(Kind::Bool(layout));
        }
        let mut names = Vec::new();
        for (name, value) in members {
            let value = decode_one(&layout, value, true)?;
            names.push((value, Arc::from(String::from_utf8_lossy(name).into_owned())));
        }
        names.sort_by_key(|(value, _)| *value);
        Ok(Kind::Enum(layout, names))
    }
    fn items(&self, items: Elements<'_>, decoder: &mut Decoder<'_>) -> Result<Vec<Value>> {
        let mut out = Vec::new();
        Value::decode_many(self, items, decoder, &mut out)?;
        Ok(out)
    }
}

fn of_number(number: Number, clamp: bool) -> Result<Value> {
    Ok(match number {
        Number::Signed(v) => Value::Integer(v),
        Number::Unsigned(v) => Value::Unsigned(v),
        Number::WideSigned(v) => Value::Big(v),
        Number::WideUnsigned(v) => match i128::try_from(v) {
            Ok(v) => Value::Big(v),
            Err(_) if clamp => Value::Big(i128::MAX),
            Err(_) => return Err(Error::usage(format!("{v} does not fit in i128"))),
        },
        Number::Float(v) => Value::Float(v),
        Number::Real(v) => Value::Float(v.to_f64()),
    })
}

fn text_or_bytes(bytes: &[u8], lossy: bool) -> Value {
    match string(bytes, lossy) {
        Ok(text) => Value::String(text),
        Err(_) => Value::Bytes(bytes.to_vec()),
    }
}

/// Folds items in row-major order into nested arrays.
fn nested(mut items: Vec<Value>, dims: &[usize]) -> Value {
    for row in dims.iter().skip(1).rev() {
        let mut rows = Vec::new();
        let mut rest = items.into_iter().peekable();
        while rest.peek().is_some() {
            rows.push(Value::Array(rest.by_ref().take((*row).max(1)).collect()));
        }
        items = rows;
    }
    Value::Array(items)
}

impl H5Type for Value {
    type Plan = ValuePlan;
    fn plan(stored: &Datatype) -> Result<ValuePlan> {
        ValuePlan::new(stored)
    }
    fn decode(plan: &ValuePlan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Value> {
        let clamp = decoder.clamp;
        match &plan.kind {
            Kind::Number(layout) => of_number(number(layout, stored)?, clamp),
            Kind::Bitfield(layout) => decode_one(layout, stored, clamp).map(Value::Bitfield),
            Kind::Time(layout) => decode_one(layout, stored, clamp).map(Value::Time),
            Kind::Enum(layout, names) => {
                let value = decode_one(layout, stored, clamp)?;
                let at = names.binary_search_by_key(&value, |(v, _)| *v);
                let name = at.ok().and_then(|at| names.get(at)).map(|(_, name)| name.clone());
                Ok(Value::Enum { name, value })
            }
            Kind::Bool(layout) => match decode_one::<i128>(layout, stored, true)? {
                value @ (0 | 1) => Ok(Value::Bool(value == 1)),
                value => Ok(Value::Enum { name: None, value }),
            },
            Kind::Complex(part) => {
                let im = stored.get(part.bytes()..).unwrap_or_default();
                let (re, im) = (decode_one(part, stored, true)?, decode_one(part, im, true)?);
                Ok(Value::Complex(Complex::new(re, im)))
            }
            Kind::Text(padding) => Ok(text_or_bytes(unpadded(stored, *padding), decoder.lossy)),
            Kind::VariableText => {
                let lossy = decoder.lossy;
                Ok(text_or_bytes(variable(decoder, stored)?, lossy))
            }
            Kind::Opaque => Ok(Value::Bytes(stored.to_vec())),
            Kind::Compound(members) => {
                let member = |(name, start, plan): &(Arc<str>, usize, ValuePlan)| {
                    let part = stored.get(*start..).and_then(|s| s.get(..plan.size));
                    let part = part.ok_or_else(|| Error::damaged("a compound shorter than its members"))?;
                    let value = Value::decode(plan, part, decoder).map_err(|e| in_member(e, name))?;
                    Ok((name.clone(), value))
                };
                members.iter().map(member).collect::<Result<_>>().map(Value::Compound)
            }
            Kind::Array(dims, item) => {
                Ok(nested(item.items(Elements::packed(stored, item.size), decoder)?, dims))
            }
            Kind::Sequence(item) => {
                let (_, bytes) = decoder.copied_sequence(stored, item.size)?;
                item.items(Elements::packed(&bytes, item.size), decoder).map(Value::Sequence)
            }
            Kind::Reference(kind) => decoder.reference(*kind, stored).map(Value::Reference),
        }
    }
    /// Values have no datatype in general; see [`H5Type::datatype_for`].
    fn datatype() -> Result<Datatype> {
        Err(Error::usage("a datatype is needed: values may be of any"))
    }
    fn datatype_for(values: &[Value]) -> Result<Datatype> {
        infer::datatype(&values.iter().collect::<Vec<_>>())
    }
    fn encode(&self, plan: &ValuePlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        encode::value(self, plan, encoder, out)
    }
}

impl Value {
    /// The value as a double, where it is a number or a boolean.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(v) => Some(*v),
            _ => self.as_i128().map(|v| v as f64),
        }
    }
    /// The value as an integer, where it is one.
    pub fn as_i128(&self) -> Option<i128> {
        match self {
            Value::Integer(v) | Value::Time(v) => Some((*v).into()),
            Value::Unsigned(v) | Value::Bitfield(v) => Some((*v).into()),
            Value::Big(v) | Value::Enum { value: v, .. } => Some(*v),
            Value::Bool(v) => Some((*v).into()),
            _ => None,
        }
    }
    /// The value as an integer, where it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_i128().and_then(|v| i64::try_from(v).ok())
    }
    /// The value as an unsigned integer, where it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i128().and_then(|v| u64::try_from(v).ok())
    }
    /// The text of a string, the name of an enumeration's value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            Value::Enum { name, .. } => name.as_deref(),
            _ => None,
        }
    }
    /// The bytes of a string or of opaque data.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::String(text) => Some(text.as_bytes()),
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
    /// The items of an array or a sequence.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Value::Array(items) | Value::Sequence(items) => Some(items),
            _ => None,
        }
    }
    /// The member of a compound with this name.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Compound(members) => members.iter().find(|(n, _)| &**n == name).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// Writes a text with `"` around it and without control characters.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "{text:?}")
}

fn listed<'v>(f: &mut fmt::Formatter<'_>, items: impl Iterator<Item = &'v Value>) -> fmt::Result {
    for (i, item) in items.enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{item}")?;
    }
    Ok(())
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(v) | Value::Time(v) => write!(f, "{v}"),
            Value::Unsigned(v) => write!(f, "{v}"),
            Value::Big(v) => write!(f, "{v}"),
            Value::Float(v) => write!(f, "{v:?}"),
            Value::Complex(v) => {
                write!(f, "{:?}{}{:?}i", v.re, if v.im.is_sign_negative() { "" } else { "+" }, v.im)
            }
            Value::String(text) => quoted(f, text),
            Value::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))
            }
            Value::Bitfield(v) => write!(f, "{v:#x}"),
            Value::Enum { name: Some(name), .. } => f.write_str(name),
            Value::Enum { name: None, value } => write!(f, "{value}"),
            Value::Bool(v) => write!(f, "{v}"),
            Value::Compound(members) => {
                f.write_str("(")?;
                for (i, (name, value)) in members.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{name}: {value}")?;
                }
                f.write_str(")")
            }
            Value::Array(items) => {
                f.write_str("[")?;
                listed(f, items.iter())?;
                f.write_str("]")
            }
            Value::Sequence(items) => {
                f.write_str("{")?;
                listed(f, items.iter())?;
                f.write_str("}")
            }
            Value::Reference(Reference::Null) => f.write_str("null"),
            Value::Reference(Reference::To { object, file, part }) => {
                if let Some(file) = file {
                    write!(f, "{}:", String::from_utf8_lossy(file))?;
                }
                write!(f, "@{object}")?;
                match part {
                    Part::Whole => Ok(()),
                    Part::Region(_) => f.write_str("[region]"),
                    Part::Attribute(name) => write!(f, " attribute {}", String::from_utf8_lossy(name)),
                }
            }
        }
    }
}
