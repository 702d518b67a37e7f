//! What derived types are made of.

use super::{Decoder, H5Type, in_member, mismatch};
use crate::data::number::bulk::number;
use crate::data::number::{Number, NumberLayout};
use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, Member};

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

/// A member of a compound that is read into a field.
pub struct Field<T: H5Type> {
    name: Box<str>,
    start: usize,
    size: usize,
    plan: T::Plan,
}

impl<T: H5Type> Field<T> {
    /// Matches the field with the member of this name.
    pub fn new(stored: &Datatype, name: &str) -> Result<Self> {
        let member = member(stored, name)?;
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
        Ok(EnumPlan { layout, variants, names })
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
}
