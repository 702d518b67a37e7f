//! Which layout a datatype's numbers have.

use super::Plain;
use super::float::FloatLayout;
use super::integer::IntegerLayout;
use crate::error::{Error, Result};
use crate::format::message::datatype::{
    BitNumbers, ByteOrder, Class, Datatype, Float, Normalization, properties::FloatFields,
};

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberLayout {
    /// As a Rust type, or with its bytes in the other order.
    Plain {
        /// The type.
        plain: Plain,
        /// Whether the bytes are in the other order than this machine's.
        swapped: bool,
    },
    /// An integer that Rust has no type for.
    Integer(IntegerLayout),
    /// A floating-point number that Rust has no type for.
    Float(FloatLayout),
}

const BIG_MACHINE: bool = cfg!(target_endian = "big");

impl NumberLayout {
    /// The layout of a datatype's elements; none where they are no numbers. Enumerations, bit fields and times
    /// are numbers.
    pub fn of(datatype: &Datatype) -> Result<Option<NumberLayout>> {
        let size = datatype.bytes();
        match &datatype.class {
            Class::Integer { bits, signed } => Self::integer(size, bits, *signed).map(Some),
            Class::Bitfield(bits) => Self::integer(size, bits, false).map(Some),
            Class::Time { order, precision } => {
                let all = u16::try_from(datatype.size.saturating_mul(8)).unwrap_or(u16::MAX);
                let precision = if *precision == 0 { all } else { (*precision).min(all) };
                let bits =
                    BitNumbers { order: *order, low_pad: false, high_pad: false, offset: 0, precision };
                Self::integer(size, &bits, true).map(Some)
            }
            Class::Enum { base, .. } => Self::of(base),
            Class::Float(float) => Self::float(size, float).map(Some),
            _ => Ok(None),
        }
    }
    fn integer(size: usize, bits: &BitNumbers, signed: bool) -> Result<NumberLayout> {
        let plain = match (size, signed) {
            (1, true) => Some(Plain::I8),
            (2, true) => Some(Plain::I16),
            (4, true) => Some(Plain::I32),
            (8, true) => Some(Plain::I64),
            (16, true) => Some(Plain::I128),
            (1, false) => Some(Plain::U8),
            (2, false) => Some(Plain::U16),
            (4, false) => Some(Plain::U32),
            (8, false) => Some(Plain::U64),
            (16, false) => Some(Plain::U128),
            _ => None,
        };
        let whole = bits.offset == 0 && usize::from(bits.precision) == size.saturating_mul(8);
        match plain {
            Some(plain) if whole && bits.order != ByteOrder::Vax => {
                let swapped = size > 1 && (bits.order == ByteOrder::Big) != BIG_MACHINE;
                Ok(NumberLayout::Plain { plain, swapped })
            }
            _ if size > 16 => Err(Error::unsupported(format!("integers of {size} bytes, at most 16"))),
            _ => Ok(NumberLayout::Integer(IntegerLayout::new(size, bits, signed))),
        }
    }
    fn float(size: usize, float: &Float) -> Result<NumberLayout> {
        let ieee = |exponent_bits: u8, mantissa_bits: u8| {
            let all = exponent_bits.saturating_add(mantissa_bits).saturating_add(1);
            let bias = 1u32.checked_shl(u32::from(exponent_bits).saturating_sub(1)).unwrap_or(0);
            float.normalization == Normalization::Implied
                && float.order != ByteOrder::Vax
                && usize::from(all) == size.saturating_mul(8)
                && float.sign == all.saturating_sub(1)
                && float.fields
                    == FloatFields {
                        offset: 0,
                        precision: u16::from(all),
                        exponent: mantissa_bits,
                        exponent_bits,
                        mantissa: 0,
                        mantissa_bits,
                        bias: bias.saturating_sub(1),
                    }
        };
        let plain = match size {
            2 if ieee(5, 10) => Some(Plain::F16),
            2 if ieee(8, 7) => Some(Plain::BF16),
            4 if ieee(8, 23) => Some(Plain::F32),
            8 if ieee(11, 52) => Some(Plain::F64),
            _ => None,
        };
        match plain {
            Some(plain) => {
                Ok(NumberLayout::Plain { plain, swapped: (float.order == ByteOrder::Big) != BIG_MACHINE })
            }
            None if size > 16 => {
                Err(Error::unsupported(format!("floating-point numbers of {size} bytes, at most 16")))
            }
            None => FloatLayout::new(size, float).map(NumberLayout::Float),
        }
    }
    /// Bytes of a number.
    pub fn bytes(&self) -> usize {
        match self {
            NumberLayout::Plain { plain, .. } => match plain {
                Plain::I8 | Plain::U8 => 1,
                Plain::I16 | Plain::U16 | Plain::F16 | Plain::BF16 => 2,
                Plain::I32 | Plain::U32 | Plain::F32 => 4,
                Plain::I64 | Plain::U64 | Plain::F64 => 8,
                Plain::I128 | Plain::U128 => 16,
            },
            NumberLayout::Integer(i) => i.bytes(),
            NumberLayout::Float(f) => f.bytes(),
        }
    }
    /// Whether the numbers are floating-point.
    pub fn is_float(&self) -> bool {
        match self {
            NumberLayout::Plain { plain, .. } => {
                matches!(plain, Plain::F16 | Plain::BF16 | Plain::F32 | Plain::F64)
            }
            NumberLayout::Integer(_) => false,
            NumberLayout::Float(_) => true,
        }
    }
}

impl std::fmt::Display for NumberLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NumberLayout::Plain { plain, .. } => f.write_str(&format!("{plain:?}").to_lowercase()),
            NumberLayout::Integer(i) => i.fmt(f),
            NumberLayout::Float(float) => float.fmt(f),
        }
    }
}
