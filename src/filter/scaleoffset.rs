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

mod scale;
#[cfg(test)]
mod tests;

use scale::Packed;

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
        ctx.check("scaleoffset", layout.bytes())?;
        let header = Header::read(input, &layout)?;
        let data = input.get(DATA_AT..).unwrap_or_default();
        let needed = layout.elements.saturating_mul(header.bits as usize);
        if data.len().saturating_mul(8) < needed {
            return Err(Error::damaged(format!(
                "filter scaleoffset: found {} bytes of differences, expected {}",
                data.len(),
                needed.div_ceil(8)
            )));
        }
        out.resize(layout.bytes(), 0);
        let mut reader = BitReader::new(data);
        if header.bits == layout.width() {
            // The values as they are, but little-endian.
            let mut values = data.chunks_exact(layout.size).map(scale::little_endian);
            fill_values(out, &layout, || values.next().unwrap_or(0));
            return Ok(());
        }
        let code = || reader.wide_bits(header.bits);
        match (layout.is_float, layout.size) {
            (false, _) => restore(out, &layout, &header, code, |code| code.wrapping_add(header.least)),
            (true, 4) => restore(out, &layout, &header, code, scale::restore_f32(header.least, layout.factor)),
            (true, _) => restore(out, &layout, &header, code, scale::restore_f64(header.least, layout.factor)),
        }
        Ok(())
    }

    /// A fixed number of bits for integers is taken as the least number: where the values need
    /// more they get more, so that nothing is lost.
    #[cfg(feature = "write")]
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
        let values = load_values(input, &layout);
        let packed = match (layout.is_float, layout.size) {
            (false, _) => scale::pack_integers(&values, &layout),
            (true, 4) => scale::pack_f32(&values, &layout),
            (true, _) => scale::pack_f64(&values, &layout),
        };
        let whole = packed.is_none();
        let packed = packed.unwrap_or(Packed { bits: layout.width(), least: 0, codes: values });
        let packed_bytes = layout.elements.saturating_mul(packed.bits as usize).wrapping_shr(3);
        // As libhdf5 has it: a byte is begun after the last full one.
        let size = packed_bytes.saturating_add(DATA_AT).saturating_add(usize::from(!whole));
        ctx.check("scaleoffset", size)?;
        out.reserve(size);
        out.extend_from_slice(&packed.bits.to_le_bytes());
        out.push(8);
        out.extend_from_slice(&packed.least.to_le_bytes());
        out.resize(DATA_AT, 0);
        let mut writer = BitWriter::new(out);
        for &code in &packed.codes {
            // A whole value is little-endian, which is no order of bits.
            let code = if whole { code.swap_bytes().wrapping_shr(64u32.wrapping_sub(packed.bits)) } else { code };
            writer.wide_bits(code, packed.bits);
        }
        writer.finish();
        out.resize(size, 0);
        Ok(())
    }
}

/// The start of a stored chunk.
struct Header {
    bits: u32,
    least: u64,
}

impl Header {
    fn read(input: &[u8], layout: &Layout) -> Result<Header> {
        let short = || {
            Error::damaged(format!("filter scaleoffset: found {} bytes, which hold no header", input.len()))
        };
        let (bits, rest) = input.split_first_chunk::<4>().ok_or_else(short)?;
        let bits = u32::from_le_bytes(*bits);
        if bits > layout.width() {
            return Err(wrong("the bits per value", bits, format!("at most {}", layout.width())));
        }
        let (&size, rest) = rest.split_first().ok_or_else(short)?;
        let least = rest.get(..usize::from(size).min(8)).ok_or_else(short)?;
        Ok(Header { bits, least: scale::little_endian(least) })
    }
}

/// Turns codes into values; the code of all ones is the fill value.
fn restore(
    out: &mut [u8],
    layout: &Layout,
    header: &Header,
    mut code: impl FnMut() -> u64,
    value: impl Fn(u64) -> u64,
) {
    let Some(fill) = layout.fill else {
        return fill_values(out, layout, || value(code()));
    };
    let ones = 1u64.wrapping_shl(header.bits).wrapping_sub(1);
    fill_values(out, layout, || match code() {
        code if code == ones => fill,
        code => value(code),
    });
}

/// Fills the chunk by the low bytes of the values.
fn fill_values(out: &mut [u8], layout: &Layout, mut next: impl FnMut() -> u64) {
    let big = layout.big_endian;
    macro_rules! values {
        ($type:ty) => {
            for to in out.as_chunks_mut().0 {
                let value = next() as $type;
                *to = if big { value.to_be_bytes() } else { value.to_le_bytes() };
            }
        };
    }
    match layout.size {
        1 => values!(u8),
        2 => values!(u16),
        4 => values!(u32),
        _ => values!(u64),
    }
}

fn load_values(input: &[u8], layout: &Layout) -> Vec<u64> {
    let big = layout.big_endian;
    macro_rules! values {
        ($type:ty) => {
            input
                .as_chunks()
                .0
                .iter()
                .map(|&bytes| if big { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) })
                .map(u64::from)
                .collect()
        };
    }
    match layout.size {
        1 => values!(u8),
        2 => values!(u16),
        4 => values!(u32),
        _ => values!(u64),
    }
}
