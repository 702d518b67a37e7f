//! LZF, filter 32000 (h5py): a small byte-wise Lempel-Ziv code.
//!
//! Facts: a control byte below 32 starts a literal run of that many bytes plus one. Otherwise its
//! upper three bits are the length of a match (7: add the next byte) minus 2, its lower five and
//! one more byte the distance minus 1. Client data value 2 is the size of the chunk.

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// LZF turns 3 bytes into at most 264.
const LARGEST_RATIO: usize = 88;
const LONGEST_LITERAL: usize = 32;
const LONGEST_MATCH: usize = 264;
const FARTHEST: usize = 1 << 13;
const HASH_BITS: u32 = 14;

/// Filter 32000: LZF compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lzf;

impl Filter for Lzf {
    fn id(&self) -> u16 {
        32000
    }
    fn name(&self) -> &'static str {
        "lzf"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let likely = match ctx.value(2, 0) {
            0 => ctx.expected,
            size => usize::try_from(size).unwrap_or(usize::MAX),
        };
        out.reserve(likely.min(ctx.limit).min(input.len().saturating_mul(LARGEST_RATIO)));
        let mut left = input;
        while let Some((&control, rest)) = left.split_first() {
            left = rest;
            let done = if control < 32 {
                literal(usize::from(control).saturating_add(1), &mut left, out, ctx)?
            } else {
                matched(control, &mut left, out, ctx)?
            };
            if done.is_none() {
                let at = input.len().saturating_sub(left.len());
                return Err(Error::damaged(format!(
                    "filter lzf: broken at byte {at} of {}, after {} decoded bytes",
                    input.len(),
                    out.len()
                )));
            }
        }
        Ok(())
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        out.reserve(input.len().saturating_add(input.len() / LONGEST_LITERAL).saturating_add(1));
        compress(input, out);
        ctx.check("lzf", out.len())
    }
}

/// Copies a literal run; `None` where the input ends within it.
fn literal(length: usize, left: &mut &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<Option<()>> {
    let Some((run, rest)) = left.split_at_checked(length) else { return Ok(None) };
    ctx.check("lzf", out.len().saturating_add(length))?;
    out.extend_from_slice(run);
    *left = rest;
    Ok(Some(()))
}

/// Copies a match; `None` where the input ends within it or it starts before the output.
fn matched(control: u8, left: &mut &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<Option<()>> {
    let mut next = || {
        let (&byte, rest) = left.split_first()?;
        *left = rest;
        Some(usize::from(byte))
    };
    let mut length = usize::from(control >> 5);
    if length == 7 {
        let Some(more) = next() else { return Ok(None) };
        length = length.saturating_add(more);
    }
    let Some(low) = next() else { return Ok(None) };
    let distance = (usize::from(control & 0x1f) << 8 | low).saturating_add(1);
    let Some(start) = out.len().checked_sub(distance) else { return Ok(None) };
    let mut length = length.saturating_add(2);
    ctx.check("lzf", out.len().saturating_add(length))?;
    // A match that reaches into itself repeats: what is there grows with each pass.
    while length > 0 {
        let part = length.min(out.len().saturating_sub(start));
        out.extend_from_within(start..start.saturating_add(part));
        length = length.saturating_sub(part);
    }
    Ok(Some(()))
}

/// Appends the LZF code of the input: greedy, the last place of each three bytes is known.
fn compress(input: &[u8], out: &mut Vec<u8>) {
    let mut places = vec![0_u32; 1 << HASH_BITS];
    let (mut at, mut literals) = (0_usize, 0_usize);
    while let Some(here) = input.get(at..).and_then(|rest| rest.first_chunk::<3>()) {
        let [a, b, c] = *here;
        let hash = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS);
        // Places are stored plus one; a chunk has fewer than 2^32 bytes.
        let place = places.get_mut(hash as usize);
        let last = place.map_or(0, |place| std::mem::replace(place, at.saturating_add(1) as u32));
        let start = (last as usize).checked_sub(1);
        let found = start.filter(|&start| {
            start < at
                && at.saturating_sub(start) <= FARTHEST
                && input.get(start..).is_some_and(|from| from.starts_with(here))
        });
        let Some(start) = found else {
            at = at.saturating_add(1);
            continue;
        };
        put_literals(input.get(literals..at).unwrap_or_default(), out);
        let (from, to) = (input.get(start..).unwrap_or_default(), input.get(at..).unwrap_or_default());
        let length = from.iter().zip(to).take(LONGEST_MATCH).take_while(|(x, y)| x == y).count();
        put_match(length, at.saturating_sub(start), out);
        at = at.saturating_add(length);
        literals = at;
    }
    put_literals(input.get(literals..).unwrap_or_default(), out);
}

fn put_literals(bytes: &[u8], out: &mut Vec<u8>) {
    for run in bytes.chunks(LONGEST_LITERAL) {
        out.push(run.len().saturating_sub(1) as u8);
        out.extend_from_slice(run);
    }
}

fn put_match(length: usize, distance: usize, out: &mut Vec<u8>) {
    let (length, distance) = (length.saturating_sub(2), distance.saturating_sub(1));
    let high = (distance >> 8) as u8;
    if length < 7 {
        out.push((length as u8) << 5 | high);
    } else {
        out.push(7 << 5 | high);
        out.push(length.saturating_sub(7) as u8);
    }
    out.push(distance as u8);
}
