//! From values to the codes that are packed, and back.

use super::Layout;

/// What a chunk is stored as.
pub(super) struct Packed {
    pub(super) bits: u32,
    pub(super) least: u64,
    pub(super) codes: Vec<u64>,
}

pub(super) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value.wrapping_shl(8) | u64::from(byte))
}

/// The bits that tell `count` codes apart.
fn bits_for(count: u64) -> u32 {
    64u32.saturating_sub(count.saturating_sub(1).leading_zeros())
}

/// Integers as distances from the least one; nothing where they need their full width.
pub(super) fn pack_integers(values: &[u64], layout: &Layout) -> Option<Packed> {
    let width = layout.width();
    let mask = u64::MAX.wrapping_shr(64u32.wrapping_sub(width));
    // With the sign's bit turned, signed values are in the order of unsigned ones.
    let turn = u64::from(layout.signed).wrapping_shl(width.wrapping_sub(1));
    let fill = layout.fill.map(|fill| fill & mask);
    let counted = || values.iter().filter(|&&value| Some(value) != fill).map(|&value| value ^ turn);
    let (least, most) = (counted().min().unwrap_or(turn), counted().max().unwrap_or(turn));
    let span = most.wrapping_sub(least);
    if span > mask.wrapping_sub(2) {
        return None;
    }
    let codes = span.wrapping_add(1).wrapping_add(u64::from(fill.is_some()));
    let bits = bits_for(codes).max(layout.factor.max(0).cast_unsigned());
    if bits >= width {
        return None;
    }
    let ones = 1u64.wrapping_shl(bits).wrapping_sub(1);
    let code = |&value: &u64| if Some(value) == fill { ones } else { (value ^ turn).wrapping_sub(least) };
    let least = least ^ turn;
    let spare = 64u32.wrapping_sub(width);
    let extended = least.wrapping_shl(spare).cast_signed().wrapping_shr(spare).cast_unsigned();
    Some(Packed {
        bits,
        least: if layout.signed { extended } else { least },
        codes: values.iter().map(code).collect(),
    })
}

macro_rules! floats {
    ($pack:ident, $restore:ident, $float:ty, $bits:ty, $integer:ty, $above:expr) => {
        /// Floats as rounded distances from the least one; nothing where those do not fit.
        pub(super) fn $pack(values: &[u64], layout: &Layout) -> Option<Packed> {
            let value = |&bits: &u64| <$float>::from_bits(bits as $bits);
            let scale = ten::<$float>(layout.factor);
            let near = ten::<$float>(layout.factor.saturating_neg());
            let fill = layout.fill.map(|fill| <$float>::from_bits(fill as $bits));
            let is_fill = |value: $float| fill.is_some_and(|fill| (value - fill).abs() < near);
            let counted = || values.iter().map(value).filter(|&value| !is_fill(value));
            if counted().any(|value| !(value * scale).is_finite()) {
                return None;
            }
            let least = counted().reduce(<$float>::min).unwrap_or(0.0);
            let most = counted().reduce(<$float>::max).unwrap_or(0.0);
            let span = (most * scale - least * scale).round();
            if span.is_nan() || span >= $above {
                return None;
            }
            let codes = (span as u64).wrapping_add(1).wrapping_add(u64::from(fill.is_some()));
            let bits = bits_for(codes);
            if bits >= layout.width() {
                return None;
            }
            let ones = 1u64.wrapping_shl(bits).wrapping_sub(1);
            let code = |value: $float| match is_fill(value) {
                true => ones,
                false => (value * scale - least * scale).round() as u64,
            };
            let codes = values.iter().map(value).map(code).collect();
            Some(Packed { bits, least: u64::from(least.to_bits()), codes })
        }

        /// From a code to the bits of a value.
        pub(super) fn $restore(least: u64, factor: i32) -> impl Fn(u64) -> u64 {
            let scale = ten::<$float>(factor);
            let least = <$float>::from_bits(least as $bits);
            move |code| u64::from((code as $integer as $float / scale + least).to_bits())
        }
    };
}

floats!(pack_f32, restore_f32, f32, u32, i32, 2_147_483_648.0);
floats!(pack_f64, restore_f64, f64, u64, i64, 9_223_372_036_854_775_808.0);

/// The power of ten next to 10 to the `exponent`, on every machine the same.
fn ten<F: std::str::FromStr + Default>(exponent: i32) -> F {
    format!("1e{exponent}").parse().unwrap_or_default()
}
