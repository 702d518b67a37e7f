//! Integers of any width, order, offset and precision.

use super::Number;
use super::bits::little;
use crate::format::message::datatype::{BitNumbers, ByteOrder};

/// Where the bits of an integer lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerLayout {
    size: u8,
    order: ByteOrder,
    offset: u32,
    precision: u32,
    signed: bool,
}

impl IntegerLayout {
    /// A layout of at most 16 bytes; the datatype's parser has checked that the bits lie within them.
    pub(super) fn new(size: usize, bits: &BitNumbers, signed: bool) -> Self {
        let precision = u32::from(bits.precision).clamp(1, 128);
        let size = u8::try_from(size).unwrap_or(16);
        IntegerLayout { size, order: bits.order, offset: u32::from(bits.offset), precision, signed }
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
}
