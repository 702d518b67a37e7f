//! The Rust types that numbers become, and what fits into them.

use half::{bf16, f16};

use super::{Number, Plain, Real};

mod sealed {
    pub trait Sealed {}
}

/// A Rust number. Each conversion gives the value (or the nearest one, for what does not fit; 0 for NaN) and
/// whether it fits. Fractions are cut off, digits beyond a float's precision rounded.
pub trait Numeric:
    bytemuck::Pod + Default + std::fmt::Debug + PartialEq + Send + Sync + sealed::Sealed
{
    /// The widest type of its kind.
    type Wide: Wide;
    /// As the widest type of its kind.
    fn wide(self) -> Self::Wide;
    /// The type's name.
    const NAME: &'static str;
    /// The stored form that needs no conversion.
    const PLAIN: Plain;
    /// From a signed integer.
    fn from_i64(value: i64) -> (Self, bool);
    /// From an unsigned integer.
    fn from_u64(value: u64) -> (Self, bool);
    /// From a wide signed integer.
    fn from_i128(value: i128) -> (Self, bool);
    /// From a wide unsigned integer.
    fn from_u128(value: u128) -> (Self, bool);
    /// From a double.
    fn from_f64(value: f64) -> (Self, bool);
    /// From any float.
    fn from_real(value: Real) -> (Self, bool);
    /// Swaps the bytes.
    #[must_use]
    fn swapped(self) -> Self;
    /// From any number.
    fn from_number(number: Number) -> (Self, bool) {
        match number {
            Number::Signed(v) => Self::from_i64(v),
            Number::Unsigned(v) => Self::from_u64(v),
            Number::WideSigned(v) => Self::from_i128(v),
            Number::WideUnsigned(v) => Self::from_u128(v),
            Number::Float(v) => Self::from_f64(v),
            Number::Real(v) => Self::from_real(v),
        }
    }
}

/// The types through which numbers pass from one Rust type to another.
pub trait Wide: Copy + Default + sealed::Sealed {
    /// As another type; the nearest value and whether it fits.
    fn to<S: Numeric>(self) -> (S, bool);
    /// As a stored number.
    fn number(self) -> Number;
}

macro_rules! wides {
    ($($t:ident $from:ident $number:expr;)*) => {$(
        impl Wide for $t {
            #[inline]
            fn to<S: Numeric>(self) -> (S, bool) {
                S::$from(self)
            }
            #[inline]
            fn number(self) -> Number {
                $number(self)
            }
        }
    )*};
}

wides! {
    i64 from_i64 Number::Signed;
    u64 from_u64 Number::Unsigned;
    i128 from_i128 Number::WideSigned;
    u128 from_u128 Number::WideUnsigned;
    f64 from_f64 Number::Float;
}

/// `$low` and `$high` bound the doubles whose integer part fits, `$low` by the operator `$above`.
macro_rules! integers {
    ($($t:ident $wide:ident $plain:ident $low:expr, $above:tt, $high:expr;)*) => {$(
        impl sealed::Sealed for $t {}
        impl Numeric for $t {
            type Wide = $wide;
            #[inline]
            fn wide(self) -> $wide {
                self.into()
            }
            const NAME: &'static str = stringify!($t);
            const PLAIN: Plain = Plain::$plain;
            #[inline]
            fn from_i64(value: i64) -> (Self, bool) {
                let cut = value as $t;
                let fits = i128::from(value) >= $t::MIN as i128
                    && (value < 0 || u128::from(value.cast_unsigned()) <= $t::MAX as u128);
                (if fits { cut } else if value < 0 { $t::MIN } else { $t::MAX }, fits)
            }
            #[inline]
            fn from_u64(value: u64) -> (Self, bool) {
                let fits = u128::from(value) <= $t::MAX as u128;
                (if fits { value as $t } else { $t::MAX }, fits)
            }
            #[inline]
            fn from_i128(value: i128) -> (Self, bool) {
                match $t::try_from(value) {
                    Ok(v) => (v, true),
                    Err(_) => (if value < 0 { $t::MIN } else { $t::MAX }, false),
                }
            }
            #[inline]
            fn from_u128(value: u128) -> (Self, bool) {
                $t::try_from(value).map_or(($t::MAX, false), |v| (v, true))
            }
            #[inline]
            #[allow(clippy::manual_range_contains)] // the lower bound is excluded for most types
            fn from_f64(value: f64) -> (Self, bool) {
                // `as` saturates, and makes NaN 0.
                (value as $t, value $above $low && value < $high)
            }
            fn from_real(value: Real) -> (Self, bool) {
                let below = match value {
                    Real::Nan => return (0, false),
                    Real::Infinite { negative } | Real::Finite { negative, .. } => negative,
                };
                let limit = if below { $t::MIN } else { $t::MAX };
                let fitting = match value.truncated() {
                    Some((false, magnitude)) => $t::try_from(magnitude).ok(),
                    Some((true, magnitude)) => 0i128.checked_sub_unsigned(magnitude).and_then(|v| $t::try_from(v).ok()),
                    None => None,
                };
                fitting.map_or((limit, false), |v| (v, true))
            }
            #[inline]
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
        }
    )*};
}

integers! {
    i8 i64 I8 -129.0, >, 128.0;
    i16 i64 I16 -32769.0, >, 32768.0;
    i32 i64 I32 -2147483649.0, >, 2147483648.0;
    i64 i64 I64 -9223372036854775808.0, >=, 9223372036854775808.0;
    i128 i128 I128 -170141183460469231731687303715884105728.0, >=, 170141183460469231731687303715884105728.0;
    u8 u64 U8 -1.0, >, 256.0;
    u16 u64 U16 -1.0, >, 65536.0;
    u32 u64 U32 -1.0, >, 4294967296.0;
    u64 u64 U64 -1.0, >, 18446744073709551616.0;
    u128 u128 U128 -1.0, >, 340282366920938463463374607431768211456.0;
}

impl sealed::Sealed for f64 {}
impl Numeric for f64 {
    type Wide = f64;
    #[inline]
    fn wide(self) -> f64 {
        self
    }
    const NAME: &'static str = "f64";
    const PLAIN: Plain = Plain::F64;
    #[inline]
    fn from_i64(value: i64) -> (Self, bool) {
        (value as f64, true)
    }
    #[inline]
    fn from_u64(value: u64) -> (Self, bool) {
        (value as f64, true)
    }
    fn from_i128(value: i128) -> (Self, bool) {
        (value as f64, true)
    }
    fn from_u128(value: u128) -> (Self, bool) {
        (value as f64, true)
    }
    #[inline]
    fn from_f64(value: f64) -> (Self, bool) {
        (value, true)
    }
    fn from_real(value: Real) -> (Self, bool) {
        let rounded = value.to_f64();
        (rounded, !rounded.is_infinite() || matches!(value, Real::Infinite { .. }))
    }
    #[inline]
    fn swapped(self) -> Self {
        f64::from_bits(self.to_bits().swap_bytes())
    }
}

impl sealed::Sealed for f32 {}
impl Numeric for f32 {
    type Wide = f64;
    #[inline]
    fn wide(self) -> f64 {
        self.into()
    }
    const NAME: &'static str = "f32";
    const PLAIN: Plain = Plain::F32;
    #[inline]
    fn from_i64(value: i64) -> (Self, bool) {
        (value as f32, true)
    }
    #[inline]
    fn from_u64(value: u64) -> (Self, bool) {
        (value as f32, true)
    }
    fn from_i128(value: i128) -> (Self, bool) {
        (value as f32, true)
    }
    fn from_u128(value: u128) -> (Self, bool) {
        let v = value as f32;
        (v, v.is_finite())
    }
    #[inline]
    fn from_f64(value: f64) -> (Self, bool) {
        let v = value as f32;
        (v, !v.is_infinite() | value.is_infinite())
    }
    fn from_real(value: Real) -> (Self, bool) {
        let v = value.rounded(24, -149) as f32;
        (v, !v.is_infinite() || matches!(value, Real::Infinite { .. }))
    }
    #[inline]
    fn swapped(self) -> Self {
        f32::from_bits(self.to_bits().swap_bytes())
    }
}

/// The half precision types: everything passes through one exact rounding.
macro_rules! halves {
    ($($t:ident $plain:ident $digits:literal $least:literal;)*) => {$(
        impl sealed::Sealed for $t {}
        impl Numeric for $t {
            type Wide = f64;
            #[inline]
            fn wide(self) -> f64 {
                self.to_f64()
            }
            const NAME: &'static str = stringify!($t);
            const PLAIN: Plain = Plain::$plain;
            fn from_i64(value: i64) -> (Self, bool) {
                Self::from_i128(i128::from(value))
            }
            fn from_u64(value: u64) -> (Self, bool) {
                Self::from_u128(u128::from(value))
            }
            fn from_i128(value: i128) -> (Self, bool) {
                let negative = value < 0;
                Self::from_real(Real::Finite { negative, mantissa: value.unsigned_abs(), exponent: 0 })
            }
            fn from_u128(value: u128) -> (Self, bool) {
                Self::from_real(Real::Finite { negative: false, mantissa: value, exponent: 0 })
            }
            fn from_f64(value: f64) -> (Self, bool) {
                Self::from_real(Real::from_f64(value))
            }
            fn from_real(value: Real) -> (Self, bool) {
                let v = $t::from_f64(value.rounded($digits, $least));
                (v, !v.is_infinite() || matches!(value, Real::Infinite { .. }))
            }
            #[inline]
            fn swapped(self) -> Self {
                $t::from_bits(self.to_bits().swap_bytes())
            }
        }
    )*};
}

halves! {
    f16 F16 11 -24;
    bf16 BF16 8 -133;
}
