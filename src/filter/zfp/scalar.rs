//! The four types of values that ZFP knows, and the integers that their blocks are made of.

/// An integer of a block's coefficients; all arithmetic wraps.
pub(super) trait Integer: Copy + Default {
    /// Bits of the type.
    const WIDTH: u32;
    /// Bits of the plane count that starts a reversible block.
    const COUNT_BITS: u32 = Self::WIDTH.trailing_zeros();
    /// The integer that the low bits of `code` are the negabinary form of.
    fn from_negabinary(code: u64) -> Self;
    /// The sum.
    fn plus(self, other: Self) -> Self;
    /// The difference.
    fn minus(self, other: Self) -> Self;
    /// Half of it, rounded down.
    fn half(self) -> Self;
}

/// A value of the array.
pub(super) trait Scalar: Copy + Default {
    /// The integer of the same width.
    type Integer: Integer;
    /// The value's bytes.
    type Bytes: AsRef<[u8]>;
    /// Bytes of a value.
    const BYTES: usize = size_of::<Self>();
    /// Bits of a block's common exponent; integers have none.
    const EXPONENT_BITS: u32;
    /// What is added to a common exponent before it is sent.
    const EXPONENT_BIAS: i32 = if Self::EXPONENT_BITS == 0 { 0 } else { (1 << (Self::EXPONENT_BITS - 1)) - 1 };
    /// The value that is sent as this integer, its bits taken as a whole.
    fn from_integer(integer: Self::Integer) -> Self;
    /// `integer` as a fraction of a block whose common exponent has this `unit`.
    fn scaled(integer: Self::Integer, unit: Self) -> Self;
    /// What one counts for in a block with this common exponent.
    fn unit(exponent: i32) -> Self;
    /// The value's bytes, least significant first.
    fn bytes(self) -> Self::Bytes;
}

macro_rules! integers {
    ($($integer:ident as $unsigned:ident, $bytes:literal;)*) => {$(
        impl Integer for $integer {
            const WIDTH: u32 = $integer::BITS;
            #[inline(always)]
            fn from_negabinary(code: u64) -> Self {
                const ODD_BITS: $unsigned = $unsigned::MAX / 3 * 2;
                (code as $unsigned ^ ODD_BITS).wrapping_sub(ODD_BITS) as $integer
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline(always)]
            fn half(self) -> Self {
                self >> 1
            }
        }
        impl Scalar for $integer {
            type Integer = $integer;
            type Bytes = [u8; $bytes];
            const EXPONENT_BITS: u32 = 0;
            #[inline(always)]
            fn from_integer(integer: $integer) -> Self {
                integer
            }
            #[inline(always)]
            fn scaled(integer: $integer, _unit: Self) -> Self {
                integer
            }
            fn unit(_exponent: i32) -> Self {
                1
            }
            #[inline(always)]
            fn bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }
        }
    )*};
}
integers! { i32 as u32, 4; i64 as u64, 8; }

macro_rules! floats {
    ($($float:ident from $integer:ident as $unsigned:ident, $bytes:literal, $exponent_bits:literal;)*) => {$(
        impl Scalar for $float {
            type Integer = $integer;
            type Bytes = [u8; $bytes];
            const EXPONENT_BITS: u32 = $exponent_bits;
            /// Negative numbers count down from minus zero, which is -1: sign and magnitude as
            /// a two's complement that keeps the order of the values.
            #[inline(always)]
            fn from_integer(integer: $integer) -> Self {
                let negative = integer >> ($integer::BITS - 1);
                $float::from_bits((integer ^ (negative & $integer::MAX)) as $unsigned)
            }
            #[inline(always)]
            fn scaled(integer: $integer, unit: Self) -> Self {
                unit * integer as $float
            }
            fn unit(exponent: i32) -> Self {
                // The largest value of a block has its top bit two under the integer's width.
                power_of_two(exponent.saturating_add(2).saturating_sub($integer::BITS as i32)) as $float
            }
            #[inline(always)]
            fn bytes(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }
        }
    )*};
}
floats! { f32 from i32 as u32, 4, 8; f64 from i64 as u64, 8, 11; }

/// 2 to the power of `exponent` (below 1024), rounded to zero under the least subnormal.
fn power_of_two(exponent: i32) -> f64 {
    let bits = match exponent {
        -1022.. => u64::from(exponent.saturating_add(1023).unsigned_abs()) << 52,
        -1074..=-1023 => 1_u64.wrapping_shl(exponent.saturating_add(1074).unsigned_abs()),
        _ => 0,
    };
    f64::from_bits(bits)
}
