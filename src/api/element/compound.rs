//! What derived types are made of.

use super::{Decoder, Encoder, H5Type, in_member, mismatch};
use crate::data::number::bulk::number;
use crate::data::number::{Number, NumberLayout, encode_number};
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, Class, Datatype, Member};

/// The member of a compound with this name.
pub fn member<'d>(stored: &'d Datatype, name: &str) -> Result<&'d Member> {
    let Class::Compound(members) = &stored.class else {
        return Err(mismatch(stored, &format!("a compound with a member {name}")));
    };
    members.iter().find(|m| m.name == name.as_bytes()).ok_or_else(|| {
        let names: Vec<String> = members.iter().map(Member::name).collect();
        Error::usage(format!("the compound has no member {name}; it has {}", names.join(", ")))
    })
}

/// The datatype of a struct: members without gaps.
pub fn compound<N: AsRef<str>>(members: &[(N, Datatype)]) -> Result<Datatype> {
    Datatype::compound(members)
}

/// A member of a compound that is read into a field, and written from it.
pub struct Field<T: H5Type> {
    name: Box<str>,
    start: usize,
    size: usize,
    plan: T::Plan,
}

impl<T: H5Type> Field<T> {
    /// Matches the field with the member of this name.
    pub fn new(stored: &Datatype, name: &str) -> Result<Self> {
        Self::of_member(member(stored, name)?, name)
    }
    /// Matches the field with the member at this place among `count`.
    pub(crate) fn nth(stored: &Datatype, index: usize, count: usize) -> Result<Self> {
        match &stored.class {
            Class::Compound(members) if members.len() == count => match members.get(index) {
                Some(member) => Self::of_member(member, &member.name()),
                None => Err(mismatch(stored, &format!("a tuple of {count}"))),
            },
            _ => Err(mismatch(stored, &format!("a tuple of {count}"))),
        }
    }
    fn of_member(member: &Member, name: &str) -> Result<Self> {
        let plan = T::plan(&member.datatype).map_err(|e| in_member(e, name))?;
        let start = usize::try_from(member.offset).unwrap_or(usize::MAX);
        Ok(Field { name: name.into(), start, size: member.datatype.bytes(), plan })
    }
    /// Decodes the field out of a compound.
    #[inline]
    pub fn decode(&self, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<T> {
        let part = stored.get(self.start..).and_then(|rest| rest.get(..self.size));
        match part.map(|part| T::decode(&self.plan, part, decoder)) {
            Some(Ok(value)) => Ok(value),
            Some(Err(e)) => Err(in_member(e, &self.name)),
            None => {
                Err(Error::damaged(format!("a compound of {} bytes ends before {}", stored.len(), self.name)))
            }
        }
    }
    /// Encodes the field into a compound, of which the rest stays as it is.
    #[inline]
    pub fn encode(&self, value: &T, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        let room = out.len();
        let part = out.get_mut(self.start..).and_then(|rest| rest.get_mut(..self.size));
        match part.map(|part| value.encode(&self.plan, encoder, part)) {
            Some(Ok(())) => Ok(()),
            Some(Err(e)) => Err(in_member(e, &self.name)),
            None => Err(Error::damaged(format!("a compound of {room} bytes ends before {}", self.name))),
        }
    }
    /// First byte and bytes in the compound, and the plan.
    pub(crate) fn into_parts(self) -> (usize, usize, T::Plan) {
        (self.start, self.size, self.plan)
    }
}

/// How stored numbers become the variants of a Rust enum.
#[derive(Debug, Clone)]
pub struct EnumPlan {
    layout: NumberLayout,
    /// Values with the number of their variant, sorted.
    variants: Vec<(i128, usize)>,
    /// Values by the number of the variant, where it has one.
    values: Vec<Option<i128>>,
    names: &'static [&'static str],
}

fn integer(number: Number) -> Option<i128> {
    match number {
        Number::Signed(v) => Some(v.into()),
        Number::Unsigned(v) => Some(v.into()),
        Number::WideSigned(v) => Some(v),
        Number::WideUnsigned(v) => i128::try_from(v).ok(),
        _ => None,
    }
}

impl EnumPlan {
    /// Matches the variants with an enumeration by name, with plain integers by value.
    pub fn new(stored: &Datatype, names: &'static [&'static str], values: &[i128]) -> Result<Self> {
        let what = || mismatch(stored, &format!("an enum of {}", names.join(", ")));
        let layout = NumberLayout::of(stored)?.filter(|l| !l.is_float()).ok_or_else(what)?;
        let mut variants = Vec::new();
        if let Class::Enum { members, .. } = &stored.class {
            for (name, value) in members {
                let variant = names.iter().position(|n| n.as_bytes() == name);
                if let (Some(variant), Some(value)) = (variant, integer(number(&layout, value)?)) {
                    variants.push((value, variant));
                }
            }
            if variants.is_empty() {
                return Err(what());
            }
        } else {
            variants.extend(values.iter().copied().zip(0..));
        }
        variants.sort_unstable();
        let mut by_variant = vec![None; names.len()];
        for (value, variant) in &variants {
            if let Some(place) = by_variant.get_mut(*variant) {
                *place = Some(*value);
            }
        }
        Ok(EnumPlan { layout, variants, values: by_variant, names })
    }
    /// The number of the variant that an element is.
    #[inline]
    pub fn variant(&self, stored: &[u8]) -> Result<usize> {
        let number = number(&self.layout, stored)?;
        let found = integer(number).and_then(|v| {
            let at = self.variants.binary_search_by_key(&v, |(value, _)| *value).ok()?;
            self.variants.get(at)
        });
        match found {
            Some((_, variant)) => Ok(*variant),
            None => Err(Error::usage(format!("{number} is none of {}", self.names.join(", ")))),
        }
    }
    /// Encodes the variant with this number.
    #[inline]
    pub fn encode(&self, variant: usize, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        match self.values.get(variant).copied().flatten() {
            Some(value) => encode_number(&self.layout, Number::WideSigned(value), encoder.clamp, out),
            None => {
                let name = self.names.get(variant).copied().unwrap_or_default();
                Err(Error::usage(format!("the enumeration has no value named {name:?}")))
            }
        }
    }
    /// The datatype of an enum: of the integer type that `#[repr]` names, else of the smallest of at least 4
    /// bytes that holds all values.
    pub fn datatype(names: &[&str], values: &[i128], repr: Option<&str>) -> Result<Datatype> {
        let all_fit = |low: i128, high: i128| values.iter().all(|v| (low..=high).contains(v));
        let (bytes, signed) = match repr {
            Some("u8") => (1, false),
            Some("u16") => (2, false),
            Some("u32") => (4, false),
            Some("u64" | "usize") => (8, false),
            Some("i8") => (1, true),
            Some("i16") => (2, true),
            Some("i32") => (4, true),
            Some("i64" | "isize") => (8, true),
            _ if all_fit(i32::MIN.into(), i32::MAX.into()) => (4, true),
            _ if all_fit(i64::MIN.into(), i64::MAX.into()) => (8, true),
            _ => (8, false),
        };
        let members: Vec<(&str, i128)> = names.iter().copied().zip(values.iter().copied()).collect();
        Datatype::enumeration(Datatype::integer(bytes, signed, ByteOrder::Little)?, &members)
    }
}
