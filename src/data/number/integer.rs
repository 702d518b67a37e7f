//! Integers of any width, order, offset and precision.

use super::bits::{little, ones, place};
use super::{Number, Numeric};
use crate::format::message::datatype::{BitNumbers, ByteOrder};

/// Where the bits of an integer lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerLayout {
    size: u8,
    order: ByteOrder,
    offset: u32,
    precision: u32,
    signed: bool,
    /// Unused bits that are stored as 1.
    fill: u128,
}

impl IntegerLayout {
    /// A layout of at most 16 bytes; the datatype's parser has checked that the bits lie within them.
    pub(super) fn new(size: usize, bits: &BitNumbers, signed: bool) -> Self {
        let precision = u32::from(bits.precision).clamp(1, 128);
        let size = u8::try_from(size).unwrap_or(16);
        let offset = u32::from(bits.offset);
        let end = offset.saturating_add(precision);
        let low = if bits.low_pad { ones(0, offset) } else { 0 };
        let spare = u32::from(size).saturating_mul(8).saturating_sub(end);
        let high = if bits.high_pad { ones(end, spare) } else { 0 };
        IntegerLayout { size, order: bits.order, offset, precision, signed, fill: low | high }
    }
    /// Bytes of a number.
    pub fn bytes(&self) -> usize {
        usize::from(self.size)
    }
    /// Decodes a number.
    pub fn decode(&self, stored: &[u8]) -> Number {
        let raw = little(stored, self.order).checked_shr(self.offset).unwrap_or(0);
        let spare = 128u32.saturating_sub(self.precision);
        let top = raw.checked_shl(spare).unwrap_or(0);
        if self.signed {
            let value = top.cast_signed() >> (spare & 127);
            i64::try_from(value).map_or(Number::WideSigned(value), Number::Signed)
        } else {
            let value = top >> (spare & 127);
            u64::try_from(value).map_or(Number::WideUnsigned(value), Number::Unsigned)
        }
    }
    /// Encodes a number, or the nearest one that fits; gives whether it fits.
    pub fn encode(&self, number: Number, out: &mut [u8]) -> bool {
        let spare = 128u32.saturating_sub(self.precision) & 127;
        let (bits, fits) = if self.signed {
            let (value, fits) = i128::from_number(number);
            let kept = value.clamp(i128::MIN >> spare, i128::MAX >> spare);
            (kept.cast_unsigned(), fits && kept == value)
        } else {
            let (value, fits) = u128::from_number(number);
            let kept = value.min(u128::MAX >> spare);
            (kept, fits && kept == value)
        };
        let used = (bits & ones(0, self.precision)).checked_shl(self.offset).unwrap_or(0);
        place(used | self.fill, self.order, out.get_mut(..self.bytes()).unwrap_or_default());
        fits
    }
}

impl std::fmt::Display for IntegerLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.signed { "a signed" } else { "an unsigned" };
        write!(f, "{sign} integer of {} bits", self.precision)
    }
}
