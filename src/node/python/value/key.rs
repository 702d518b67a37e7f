//! Which keys of a dict Python holds for the same one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::PyValue;
use crate::error::Result;

/// A dict of these pairs: a key that comes again keeps its place and takes the new value.
pub(crate) fn dictionary(pairs: Vec<(PyValue, PyValue)>) -> Result<Vec<(PyValue, PyValue)>> {
    let mut places: HashMap<Vec<u8>, usize> = HashMap::with_capacity(pairs.len());
    let mut kept: Vec<(PyValue, PyValue)> = Vec::with_capacity(pairs.len());
    for (i, (key, value)) in pairs.into_iter().enumerate() {
        match places.entry(key_of(&key, i)?) {
            Entry::Vacant(free) => {
                free.insert(kept.len());
                kept.push((key, value));
            }
            Entry::Occupied(place) => {
                if let Some((_, old)) = kept.get_mut(*place.get()) {
                    *old = value;
                }
            }
        }
    }
    Ok(kept)
}

/// A set of these elements: the first of equal ones is kept.
pub(crate) fn distinct(items: Vec<PyValue>) -> Result<Vec<PyValue>> {
    let pairs = dictionary(items.into_iter().map(|item| (item, PyValue::None)).collect())?;
    Ok(pairs.into_iter().map(|(item, _)| item).collect())
}

/// Bytes that are the same for values that Python holds for one key; `place` tells not-a-numbers apart.
fn key_of(value: &PyValue, place: usize) -> Result<Vec<u8>> {
    let mut key = Vec::new();
    // Keys nest through tuples only; what is left to write is kept aside, so that no depth overflows the stack.
    let mut left = vec![value];
    while let Some(value) = left.pop() {
        match value.plain() {
            PyValue::None => key.push(b'N'),
            PyValue::Bool(b) => number(&mut key, if *b { 1.0 } else { 0.0 }, place),
            PyValue::Int(int) => counted(&mut key, b'i', &int.to_signed_bytes_le()),
            PyValue::Float(f) => number(&mut key, *f, place),
            PyValue::Complex(c) if c.im == 0.0 => number(&mut key, c.re, place),
            PyValue::Complex(c) => {
                key.push(b'c');
                number(&mut key, c.re, place);
                number(&mut key, c.im, place);
            }
            PyValue::Str(text) => counted(&mut key, b's', text.as_bytes()),
            PyValue::Bytes(bytes) => counted(&mut key, b'b', bytes),
            PyValue::Tuple(items) => {
                counted(&mut key, b't', &items.len().to_le_bytes());
                left.extend(items.iter().rev());
            }
            PyValue::DateTime(at) => counted(&mut key, b'D', at.to_string().as_bytes()),
            PyValue::Date(at) => counted(&mut key, b'd', at.to_string().as_bytes()),
            PyValue::Time(at) => counted(&mut key, b'T', at.to_string().as_bytes()),
            other => return Err(other.not("a key: it is unhashable")),
        }
    }
    Ok(key)
}

fn counted(key: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    key.push(tag);
    key.extend_from_slice(&bytes.len().to_le_bytes());
    key.extend_from_slice(bytes);
}

/// A float: as the integer that it equals if there is one.
fn number(key: &mut Vec<u8>, f: f64, place: usize) {
    if f.is_nan() {
        counted(key, b'n', &place.to_le_bytes());
    } else if f.is_finite() && f.fract() == 0.0 {
        // Without a fraction its decimal digits are exact; zero has one sign.
        let digits = if f == 0.0 { "0".to_string() } else { format!("{f:.0}") };
        if let Some(int) = num_bigint::BigInt::parse_bytes(digits.as_bytes(), 10) {
            counted(key, b'i', &int.to_signed_bytes_le());
        }
    } else {
        counted(key, b'f', &f.to_le_bytes());
    }
}

