//! Strings.

use std::collections::HashMap;

use super::{Decoder, Encoder, H5Type, mismatch, short_sequence};
use crate::error::{Error, Result};
use crate::format::message::datatype::{CharSet, Class, Datatype, StringPadding};

/// How stored elements become strings.
#[derive(Debug, Clone)]
pub enum TextPlan {
    /// Strings of fixed length.
    Fixed(StringPadding),
    /// Strings of variable length.
    Variable,
    /// The names of an enumeration's values, by the value as stored, and the other way round.
    Names(HashMap<Vec<u8>, String>, HashMap<String, Vec<u8>>),
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
                let names: HashMap<_, _> = members.iter().map(name).collect();
                let values = names.iter().map(|(value, name)| (name.clone(), value.clone())).collect();
                Ok(TextPlan::Names(names, values))
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
            TextPlan::Names(names, _) => {
                let name = names.get(stored).cloned();
                name.ok_or_else(|| {
                    Error::usage(format!("the enumeration has no name for the bytes {stored:x?}"))
                })
            }
        }
    }
    fn datatype() -> Result<Datatype> {
        Ok(Datatype::var_string(CharSet::Utf8))
    }
    #[inline]
    fn encode(&self, plan: &TextPlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        match plan {
            TextPlan::Fixed(padding) => put_text(self.as_bytes(), *padding, encoder.truncate, out),
            TextPlan::Variable => put_variable(self.as_bytes(), encoder, out),
            TextPlan::Names(_, values) => match values.get(self) {
                Some(value) if value.len() == out.len() => {
                    out.copy_from_slice(value);
                    Ok(())
                }
                _ => Err(Error::usage(format!("the enumeration has no value named {self:?}"))),
            },
        }
    }
}

/// Up to this many bytes of a text are told in an error.
const TOLD: usize = 40;

fn told(text: &[u8]) -> String {
    let start = String::from_utf8_lossy(text.get(..text.len().min(TOLD)).unwrap_or_default());
    format!("{start:?}{}", if text.len() > TOLD { "..." } else { "" })
}

/// Encodes a string of fixed length. The character set is not looked at, as in libhdf5.
pub(crate) fn put_text(text: &[u8], padding: StringPadding, truncate: bool, out: &mut [u8]) -> Result<()> {
    let (pad, room) = match padding {
        StringPadding::NullTerminated => (0, out.len().saturating_sub(1)),
        StringPadding::NullPadded => (0, out.len()),
        StringPadding::SpacePadded => (b' ', out.len()),
    };
    if padding == StringPadding::NullTerminated && text.contains(&0) {
        return Err(Error::usage(format!("the string {} has a NUL, which would end it", told(text))));
    }
    let mut kept = text;
    if text.len() > room {
        if !truncate {
            let what = format!("the string {} of {} bytes is too long", told(text), text.len());
            return Err(Error::usage(format!("{what}: at most {room} fit")));
        }
        // Not within a character.
        let is_inside = |at: usize| text.get(at).is_some_and(|b| b & 0xc0 == 0x80);
        let end = (room.saturating_sub(3)..=room).rev().find(|at| !is_inside(*at)).unwrap_or(room);
        kept = text.get(..end).unwrap_or_default();
    }
    let (place, rest) = out.split_at_mut(kept.len().min(out.len()));
    place.copy_from_slice(kept);
    rest.fill(pad);
    Ok(())
}

/// Encodes a string of variable length.
pub(crate) fn put_variable(text: &[u8], encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
    if text.contains(&0) {
        return Err(Error::usage(format!("the string {} has a NUL, which would end it", told(text))));
    }
    encoder.heap_object(text.len(), text, out)
}
