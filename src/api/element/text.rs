//! Strings.

use std::collections::HashMap;

use super::{Decoder, H5Type, mismatch, short_sequence};
use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, StringPadding};

/// How stored elements become strings.
#[derive(Debug, Clone)]
pub enum TextPlan {
    /// Strings of fixed length.
    Fixed(StringPadding),
    /// Strings of variable length.
    Variable,
    /// The names of an enumeration's values, by the value as stored.
    Names(HashMap<Vec<u8>, String>),
}

/// A string without its padding.
#[inline]
pub(crate) fn unpadded(stored: &[u8], padding: StringPadding) -> &[u8] {
    let end = match padding {
        StringPadding::NullTerminated => stored.iter().position(|b| *b == 0).unwrap_or(stored.len()),
        StringPadding::NullPadded => stored.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1),
        StringPadding::SpacePadded => stored.iter().rposition(|b| *b != b' ').map_or(0, |last| last + 1),
    };
    stored.get(..end).unwrap_or_default()
}

/// The bytes of a string of variable length; they end at the first NUL, as in C.
#[inline]
pub(crate) fn variable<'d>(decoder: &'d mut Decoder<'_>, stored: &[u8]) -> Result<&'d [u8]> {
    let (count, bytes) = decoder.sequence(stored)?;
    match bytes.get(..count) {
        Some(text) => Ok(unpadded(text, StringPadding::NullTerminated)),
        None => Err(short_sequence(count, 1, bytes.len())),
    }
}

#[inline]
pub(crate) fn string(bytes: &[u8], lossy: bool) -> Result<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) if lossy => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Err(e) => Err(not_utf8(bytes, e)),
    }
}

#[cold]
fn not_utf8(bytes: &[u8], e: std::str::Utf8Error) -> Error {
    let start = String::from_utf8_lossy(bytes.get(..bytes.len().min(40)).unwrap_or_default());
    let what = format!("the string {start:?} is no UTF-8 from byte {} on", e.valid_up_to());
    Error::usage(format!("{what}; read it as Vec<u8>, or with lossy(true)"))
}

impl H5Type for String {
    type Plan = TextPlan;
    fn plan(stored: &Datatype) -> Result<TextPlan> {
        match &stored.class {
            Class::String(text) => Ok(TextPlan::Fixed(text.padding)),
            Class::VarString { .. } => Ok(TextPlan::Variable),
            Class::Enum { members, .. } => {
                let name = |(n, v): &(Vec<u8>, Vec<u8>)| (v.clone(), String::from_utf8_lossy(n).into_owned());
                Ok(TextPlan::Names(members.iter().map(name).collect()))
            }
            _ => Err(mismatch(stored, "a string")),
        }
    }
    #[inline]
    fn decode(plan: &TextPlan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<String> {
        let lossy = decoder.lossy;
        match plan {
            TextPlan::Fixed(padding) => string(unpadded(stored, *padding), lossy),
            TextPlan::Variable => string(variable(decoder, stored)?, lossy),
            TextPlan::Names(names) => {
                let name = names.get(stored).cloned();
                name.ok_or_else(|| {
                    Error::usage(format!("the enumeration has no name for the bytes {stored:x?}"))
                })
            }
        }
    }
}
