//! Floating-point numbers of any layout, exactly.

use super::bits::little;
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, Float, Normalization};

/// A floating-point number: a sign, and `mantissa * 2^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Real {
    /// Not a number.
    Nan,
    /// Infinite.
    Infinite {
        /// Below zero.
        negative: bool,
    },
    /// Finite.
    Finite {
        /// Below zero.
        negative: bool,
        /// Mantissa.
        mantissa: u128,
        /// Power of 2 that the mantissa is multiplied with.
        exponent: i64,
    },
}

/// Where the parts of a floating-point number lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatLayout {
    size: u8,
    order: ByteOrder,
    normalization: Normalization,
    sign: u8,
    exponent: u8,
    exponent_bits: u8,
    mantissa: u8,
    mantissa_bits: u8,
    bias: u32,
    /// Whether an exponent of all ones stands for infinity and NaN.
    specials: bool,
}

/// Bits of a mantissa that a double holds.
const DOUBLE_DIGITS: u32 = 53;
/// The power of 2 of a double's last bit, at least.
const DOUBLE_LEAST: i64 = -1074;

impl FloatLayout {
    pub(super) fn new(size: usize, float: &Float) -> Result<Self> {
        let f = &float.fields;
        // A VAX number has no NaN and no infinity, nor have the 4 and 6 bit formats of the OCP.
        let specials = float.order != ByteOrder::Vax && f.precision > 6;
        if f.exponent_bits > 31 || f.mantissa_bits > 126 {
            let what = format!("exponents of {} bits, mantissas of {}", f.exponent_bits, f.mantissa_bits);
            return Err(Error::unsupported(format!("floating-point numbers with {what}")));
        }
        Ok(FloatLayout {
            size: u8::try_from(size).unwrap_or(16),
            order: float.order,
            normalization: float.normalization,
            sign: float.sign,
            exponent: f.exponent,
            exponent_bits: f.exponent_bits,
            mantissa: f.mantissa,
            mantissa_bits: f.mantissa_bits,
            bias: f.bias,
            specials,
        })
    }
    /// Bytes of a number.
    pub fn bytes(&self) -> usize {
        usize::from(self.size)
    }
    /// Whether a double holds every number of this layout.
    pub fn fits_double(&self) -> bool {
        self.mantissa_bits < 53 && self.exponent_bits <= 10 && self.bias <= 1000
    }
    /// Decodes a number.
    pub fn decode(&self, stored: &[u8]) -> Real {
        let raw = little(stored, self.order);
        let part = |at: u8, bits: u8| {
            let ones = 1u128.checked_shl(u32::from(bits)).unwrap_or(0).wrapping_sub(1);
            raw.checked_shr(u32::from(at)).unwrap_or(0) & ones
        };
        let negative = part(self.sign, 1) == 1;
        let biased = part(self.exponent, self.exponent_bits);
        let mut mantissa = part(self.mantissa, self.mantissa_bits);
        let leading = 1u128.checked_shl(u32::from(self.mantissa_bits)).unwrap_or(0);
        let implied = self.normalization == Normalization::Implied;
        if self.specials && biased == part_ones(self.exponent_bits) {
            // The bit before the point is no part of the fraction, where it is stored.
            let fraction = if implied { mantissa } else { mantissa & !(leading >> 1) };
            return if fraction == 0 { Real::Infinite { negative } } else { Real::Nan };
        }
        let fraction_bits = i64::from(self.mantissa_bits).saturating_sub(i64::from(!implied));
        let mut power = i64::try_from(biased).unwrap_or(i64::MAX).saturating_sub(i64::from(self.bias));
        if biased == 0 && self.order == ByteOrder::Vax {
            mantissa = 0;
        } else if biased == 0 && implied {
            power = power.saturating_add(1);
        } else if implied {
            mantissa |= leading;
        }
        Real::Finite { negative, mantissa, exponent: power.saturating_sub(fraction_bits) }
    }
}

fn part_ones(bits: u8) -> u128 {
    1u128.checked_shl(u32::from(bits)).unwrap_or(0).wrapping_sub(1)
}

/// 2 to the power of `n`, which a double holds.
fn power_of_two(n: i64) -> f64 {
    let bits = match n {
        -1022..=1023 => u64::try_from(n.saturating_add(1023)).unwrap_or(0) << 52,
        -1074..=-1023 => 1u64 << (n.saturating_add(1074) & 63),
        _ => 0,
    };
    f64::from_bits(bits)
}

impl Real {
    /// A double, exactly.
    pub fn from_f64(value: f64) -> Real {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return Real::Nan;
        }
        if value.is_infinite() {
            return Real::Infinite { negative };
        }
        let bits = value.to_bits();
        let biased = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
        let fraction = u128::from(bits & ((1 << 52) - 1));
        let (mantissa, power) = if biased == 0 { (fraction, 1) } else { (fraction | 1 << 52, biased) };
        Real::Finite { negative, mantissa, exponent: power.saturating_sub(1075) }
    }
    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        self.rounded(DOUBLE_DIGITS, DOUBLE_LEAST)
    }
    /// The nearest number with a mantissa of at most `digits` (up to 53) bits whose last bit is worth at least
    /// 2^`least`; ties go to the even one.
    pub fn rounded(&self, digits: u32, least: i64) -> f64 {
        let (negative, mantissa, exponent) = match *self {
            Real::Nan => return f64::NAN,
            Real::Infinite { negative: true } => return f64::NEG_INFINITY,
            Real::Infinite { negative: false } => return f64::INFINITY,
            Real::Finite { negative, mantissa, exponent } => (negative, mantissa, exponent),
        };
        let length = 128u32.saturating_sub(mantissa.leading_zeros());
        let too_long = i64::from(length.saturating_sub(digits));
        let drop = too_long.max(least.saturating_sub(exponent));
        let (kept, exponent) = match u32::try_from(drop) {
            Err(_) | Ok(0) => (mantissa, exponent),
            Ok(drop) => {
                let kept = mantissa.checked_shr(drop).unwrap_or(0);
                let rest = mantissa ^ kept.checked_shl(drop).unwrap_or(0);
                let half = 1u128.checked_shl(drop.saturating_sub(1)).unwrap_or(u128::MAX);
                let up = drop <= 128 && (rest > half || rest == half && kept & 1 == 1);
                (kept.saturating_add(u128::from(up)), exponent.saturating_add(i64::from(drop)))
            }
        };
        // At most 53 bits (or a power of 2): both factors and the product are exact, or the product is infinite.
        #[allow(clippy::cast_precision_loss)]
        let magnitude = scaled(kept as f64, exponent);
        if negative { -magnitude } else { magnitude }
    }
    /// The number without its fraction: sign and magnitude; none where it is no integer of 128 bits.
    pub fn truncated(&self) -> Option<(bool, u128)> {
        let Real::Finite { negative, mantissa, exponent } = *self else { return None };
        let magnitude = match u32::try_from(exponent) {
            _ if mantissa == 0 => Some(0),
            Ok(up) if up <= mantissa.leading_zeros() => mantissa.checked_shl(up),
            Ok(_) => None,
            Err(_) => {
                let down = u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX);
                Some(mantissa.checked_shr(down).unwrap_or(0))
            }
        };
        magnitude.map(|m| (negative && m != 0, m))
    }
}

fn scaled(value: f64, exponent: i64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let mut value = value;
    let mut left = exponent.clamp(-4000, 4000);
    while left > 1000 {
        value *= power_of_two(1000);
        left = left.saturating_sub(1000);
    }
    // Each factor but the last leaves a normal number, as the result is at least 2^-1074 and exact.
    while left < -1000 {
        value *= power_of_two(-1000);
        left = left.saturating_add(1000);
    }
    value * power_of_two(left)
}
