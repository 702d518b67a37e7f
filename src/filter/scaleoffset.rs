//! Scale-offset (6): values as differences from the least one, in as few bits as those take.
//!
//! Client data: method, factor, elements, class, size, sign, byte order, whether there is a fill
//! value, then the fill value (little-endian, in pieces of 4 bytes). A stored chunk starts with
//! the bits of a difference (u32), the size of the least value (u8) and the least value; the
//! differences start at byte 21, packed from the most significant bit on. All ones stands for the
//! fill value. Floats are scaled by a power of ten and rounded first, so they lose digits.

use super::bits::{BitReader, BitWriter};
use super::{Context, Filter};
use crate::error::{Error, Result};

mod number;
#[cfg(test)]
mod tests;

use number::{Integer, Number};

/// The scale-offset filter, both directions.
pub struct ScaleOffset;

/// Where the differences start, whatever size the least value has.
const DATA_AT: usize = 21;

const METHOD_DECIMAL: u32 = 0;
const METHOD_INTEGER: u32 = 2;

/// What the client data say.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Decimal digits after the point that floats keep, or the least bits of integers.
    factor: i32,
    elements: usize,
    is_float: bool,
    signed: bool,
    size: usize,
    big_endian: bool,
    /// The fill value's bits, if there is one.
    fill: Option<u64>,
}

impl Layout {
    fn new(ctx: &Context<'_>) -> Result<Layout> {
        let &[method, factor, elements, class, size, sign, order, filled, ref fill @ ..] = ctx.client_data else {
            return Err(Error::damaged(format!(
                "filter scaleoffset: found {} client data values, expected 20",
                ctx.client_data.len()
            )));
        };
        let is_float = match class {
            0 => false,
            1 => true,
            _ => return Err(wrong("the class", class, "0 or 1")),
        };
        match (is_float, method) {
            (true, METHOD_DECIMAL) | (false, METHOD_INTEGER) => {}
            (true, 1) => return Err(Error::unsupported("filter scaleoffset: the E-scaling method, which nobody wrote")),
            (true, _) => return Err(wrong("the method for floats", method, METHOD_DECIMAL)),
            (false, _) => return Err(wrong("the method for integers", method, METHOD_INTEGER)),
        }
        if !matches!((is_float, size), (_, 4 | 8) | (false, 1 | 2)) {
            return Err(wrong("the size", size, "1, 2, 4 or 8 (floats: 4 or 8)"));
        }
        if sign > 1 || order > 1 {
            return Err(wrong("the sign or byte order", sign.max(order), "0 or 1"));
        }
        let word = |index: usize| u64::from(fill.get(index).copied().unwrap_or(0));
        let layout = Layout {
            factor: factor.cast_signed(),
            elements: elements as usize,
            is_float,
            signed: sign == 1,
            size: size as usize,
            big_endian: order == 1,
            fill: (filled != 0).then(|| word(0) | word(1).wrapping_shl(32)),
        };
        if !is_float && layout.factor > layout.width().cast_signed() {
            return Err(wrong("the bits per value", factor, layout.width()));
        }
        Ok(layout)
    }

    /// Bits of an unpacked value.
    fn width(&self) -> u32 {
        (self.size as u32).wrapping_mul(8)
    }

    /// Bytes of the decoded chunk.
    fn bytes(&self) -> usize {
        self.elements.saturating_mul(self.size)
    }

    /// Whether chunks stand as they are, without a header.
    fn stands_plain(&self) -> bool {
        !self.is_float && self.factor == self.width().cast_signed()
    }
}

#[cold]
fn wrong(what: &str, found: u32, expected: impl std::fmt::Display) -> Error {
    Error::damaged(format!("filter scaleoffset: found {found} as {what}, expected {expected}"))
}

impl Filter for ScaleOffset {
    fn id(&self) -> u16 {
        6
    }

    fn name(&self) -> &'static str {
        "scaleoffset"
    }

    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let layout = Layout::new(ctx)?;
        if layout.stands_plain() {
            ctx.check("scaleoffset", input.len())?;
            out.extend_from_slice(input);
            return Ok(());
        }
        match (layout.is_float, layout.size) {
            (false, 1) => decode_as::<Integer<1>>(input, out, &layout, ctx),
            (false, 2) => decode_as::<Integer<2>>(input, out, &layout, ctx),
            (false, 4) => decode_as::<Integer<4>>(input, out, &layout, ctx),
            (false, _) => decode_as::<Integer<8>>(input, out, &layout, ctx),
            (true, 4) => decode_as::<f32>(input, out, &layout, ctx),
            (true, _) => decode_as::<f64>(input, out, &layout, ctx),
        }
    }

    /// A fixed number of bits for integers is taken as the least number: where the values need
    /// more they get more, so that nothing is lost.
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let layout = Layout::new(ctx)?;
        if input.len() != layout.bytes() {
            return Err(Error::usage(format!(
                "filter scaleoffset: found a chunk of {} bytes, expected {}",
                input.len(),
                layout.bytes()
            )));
        }
        if layout.stands_plain() {
            ctx.check("scaleoffset", input.len())?;
            out.extend_from_slice(input);
            return Ok(());
        }
        match (layout.is_float, layout.size) {
            (false, 1) => encode_as::<Integer<1>, 1>(input, out, &layout, ctx),
            (false, 2) => encode_as::<Integer<2>, 2>(input, out, &layout, ctx),
            (false, 4) => encode_as::<Integer<4>, 4>(input, out, &layout, ctx),
            (false, _) => encode_as::<Integer<8>, 8>(input, out, &layout, ctx),
            (true, 4) => encode_as::<f32, 4>(input, out, &layout, ctx),
            (true, _) => encode_as::<f64, 8>(input, out, &layout, ctx),
        }
    }
}
