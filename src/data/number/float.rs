//! Floating-point numbers of any layout, exactly.

use super::Number;
use super::bits::{little, ones, place};
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
    /// Unused bits that are stored as 1.
    fill: u128,
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
            fill: fill(size, float),
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

/// The unused bits that are 1: below, above and between the fields.
fn fill(size: usize, float: &Float) -> u128 {
    let f = &float.fields;
    let run = |at: u8, bits: u8| ones(u32::from(at), u32::from(bits));
    let fields = run(float.sign, 1) | run(f.exponent, f.exponent_bits) | run(f.mantissa, f.mantissa_bits);
    let low = ones(0, u32::from(f.offset));
    let inside = ones(u32::from(f.offset), u32::from(f.precision));
    let all = ones(0, u32::try_from(size.saturating_mul(8)).unwrap_or(128).min(128));
    let parts = [low, all & !low & !inside, inside];
    let wanted = parts.iter().zip([1, 2, 4]).filter(|(_, bit)| float.padding & bit != 0);
    wanted.fold(0, |sum, (part, _)| sum | part) & !fields
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

/// A float in the terms of a layout.
struct Parts {
    negative: bool,
    biased: u128,
    mantissa: u128,
    fits: bool,
}

impl FloatLayout {
    /// Encodes a number: rounded to the nearest (ties to the even one), infinite where it is too large, the
    /// largest number where the layout has no infinity. Gives whether it fits.
    pub fn encode(&self, number: Number, out: &mut [u8]) -> bool {
        let parts = self.parts(Real::from(number));
        let put = |value: u128, at: u8| value.checked_shl(u32::from(at)).unwrap_or(0);
        let raw = put(u128::from(parts.negative), self.sign)
            | put(parts.biased & part_ones(self.exponent_bits), self.exponent)
            | put(parts.mantissa & part_ones(self.mantissa_bits), self.mantissa)
            | self.fill;
        place(raw, self.order, out.get_mut(..self.bytes()).unwrap_or_default());
        parts.fits
    }
    fn implied(&self) -> bool {
        self.normalization == Normalization::Implied
    }
    fn digits(&self) -> u32 {
        u32::from(self.mantissa_bits).saturating_add(u32::from(self.implied()))
    }
    fn parts(&self, real: Real) -> Parts {
        match real {
            Real::Nan if self.specials => {
                // The two top bits of the mantissa: a stored leading bit, and the mark of a quiet NaN.
                let top = u32::from(self.mantissa_bits).saturating_sub(2);
                let mantissa = part_ones(self.mantissa_bits) & (3u128.checked_shl(top).unwrap_or(0));
                Parts { negative: false, biased: part_ones(self.exponent_bits), mantissa, fits: true }
            }
            Real::Nan => Parts { negative: false, biased: 0, mantissa: 0, fits: false },
            Real::Infinite { negative } => Parts { fits: self.specials, ..self.beyond(negative) },
            Real::Finite { negative, mantissa: 0, .. } => {
                // The VAX has no negative zero: that pattern is a fault.
                let negative = negative && self.order != ByteOrder::Vax;
                Parts { negative, biased: 0, mantissa: 0, fits: true }
            }
            Real::Finite { negative, mantissa, exponent } => self.finite(negative, mantissa, exponent),
        }
    }
    /// Infinite, or the largest number.
    fn beyond(&self, negative: bool) -> Parts {
        let biased = part_ones(self.exponent_bits);
        let leading = ones(u32::from(self.mantissa_bits).saturating_sub(1), 1);
        let mantissa = match (self.specials, self.implied()) {
            (true, true) => 0,
            (true, false) => leading,
            (false, _) => part_ones(self.mantissa_bits),
        };
        Parts { negative, biased, mantissa, fits: false }
    }
    fn finite(&self, negative: bool, mantissa: u128, exponent: i64) -> Parts {
        let (digits, bias) = (self.digits(), i64::from(self.bias));
        let fraction_bits = i64::from(digits).saturating_sub(1);
        let length = i64::from(128u32.saturating_sub(mantissa.leading_zeros()));
        let first = exponent.saturating_add(length).saturating_sub(1);
        let least = i64::from(self.implied()).saturating_sub(bias).saturating_sub(fraction_bits);
        let mut last = first.saturating_sub(fraction_bits).max(least);
        let mut kept = rounded_to(mantissa, exponent, last);
        if kept == ones(digits, 1) {
            kept >>= 1;
            last = last.saturating_add(1);
        }
        let is_small = kept < ones(digits.saturating_sub(1), 1);
        if kept == 0 || is_small && self.order == ByteOrder::Vax {
            return self.parts(Real::Finite { negative, mantissa: 0, exponent: 0 });
        }
        let mut biased = last.saturating_add(fraction_bits).saturating_add(bias);
        if is_small && self.implied() {
            biased = 0;
        }
        let biased = u128::try_from(biased).unwrap_or(0);
        let most = part_ones(self.exponent_bits).saturating_sub(u128::from(self.specials));
        if biased > most {
            return self.beyond(negative);
        }
        Parts { negative, biased, mantissa: kept, fits: true }
    }
}

/// `mantissa * 2^exponent` in units of 2^`last`, ties to the even one; the result has at most 127 bits.
fn rounded_to(mantissa: u128, exponent: i64, last: i64) -> u128 {
    let up = exponent.saturating_sub(last);
    if let Ok(up) = u32::try_from(up) {
        return mantissa.checked_shl(up).unwrap_or(0);
    }
    let drop = u32::try_from(up.unsigned_abs()).unwrap_or(u32::MAX);
    let kept = mantissa.checked_shr(drop).unwrap_or(0);
    let rest = mantissa ^ kept.checked_shl(drop).unwrap_or(0);
    let half = 1u128.checked_shl(drop.saturating_sub(1)).unwrap_or(u128::MAX);
    let goes_up = drop <= 128 && (rest > half || rest == half && kept & 1 == 1);
    kept.saturating_add(u128::from(goes_up))
}

impl From<Number> for Real {
    fn from(number: Number) -> Real {
        let whole = |negative, mantissa| Real::Finite { negative, mantissa, exponent: 0 };
        match number {
            Number::Signed(v) => whole(v < 0, v.unsigned_abs().into()),
            Number::Unsigned(v) => whole(false, v.into()),
            Number::WideSigned(v) => whole(v < 0, v.unsigned_abs()),
            Number::WideUnsigned(v) => whole(false, v),
            Number::Float(v) => Real::from_f64(v),
            Number::Real(v) => v,
        }
    }
}

impl std::fmt::Display for FloatLayout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (exponent, mantissa) = (self.exponent_bits, self.mantissa_bits);
        write!(f, "a float with {exponent} bits of exponent and {mantissa} of mantissa")
    }
}
