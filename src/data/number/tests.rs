use half::{bf16, f16};
use proptest::prelude::*;

use super::*;
use crate::format::message::datatype::*;

fn datatype(size: u32, class: Class) -> Datatype {
    Datatype { version: 3, size, class }
}
fn integer(size: u32, order: ByteOrder, signed: bool, offset: u16, precision: u16) -> NumberLayout {
    let bits = BitNumbers { order, low_pad: false, high_pad: false, offset, precision };
    NumberLayout::of(&datatype(size, Class::Integer { bits, signed })).unwrap().unwrap()
}
#[allow(clippy::too_many_arguments)]
fn float(
    size: u32,
    order: ByteOrder,
    normalization: Normalization,
    sign: u8,
    exponent: (u8, u8),
    mantissa: (u8, u8),
    bias: u32,
) -> NumberLayout {
    let precision = u16::from(exponent.1) + u16::from(mantissa.1) + 1;
    let fields = properties::FloatFields {
        offset: 0,
        precision,
        exponent: exponent.0,
        exponent_bits: exponent.1,
        mantissa: mantissa.0,
        mantissa_bits: mantissa.1,
        bias,
    };
    let class = Class::Float(Float { order, padding: 0, normalization, sign, fields });
    NumberLayout::of(&datatype(size, class)).unwrap().unwrap()
}
fn many<T: Numeric>(layout: &NumberLayout, stored: &[u8], clamp: bool) -> crate::Result<Vec<T>> {
    let mut out = vec![T::default(); stored.len() / layout.bytes()];
    decode_into(layout, stored, layout.bytes(), clamp, &mut out)?;
    Ok(out)
}
const LE: ByteOrder = ByteOrder::Little;
const BE: ByteOrder = ByteOrder::Big;

#[test]
fn plain_numbers() {
    let be = integer(2, BE, true, 0, 16);
    assert_eq!(be, NumberLayout::Plain { plain: Plain::I16, swapped: true });
    assert_eq!(many::<i16>(&be, &[0xff, 0xfe, 1, 0], false).unwrap(), [-2, 256]);
    assert_eq!(many::<f64>(&be, &[0xff, 0xfe, 1, 0], false).unwrap(), [-2.0, 256.0]);
    let e = many::<u8>(&be, &[0, 7, 1, 0], false).unwrap_err();
    assert_eq!(e.what(), "element 1: 256 does not fit in u8");
    assert_eq!(many::<u8>(&be, &[0xff, 0xfe, 1, 0], true).unwrap(), [0, 255]);
    assert!(decode_one::<u8>(&be, &[1], true).is_err(), "too few bytes");
    assert!(decode_into::<u8>(&be, &[0; 5], 2, false, &mut [0; 3]).is_err(), "too few bytes");
}

#[test]
fn strided_numbers() {
    let le = integer(2, LE, false, 0, 16);
    let mut out = [0u16; 2];
    decode_into(&le, &[1, 0, 9, 9, 9, 2, 1], 5, false, &mut out).unwrap();
    assert_eq!(out, [1, 0x102]);
    let mut out = [0i64; 2];
    decode_into(&le, &[1, 0, 9, 9, 9, 2, 1], 5, false, &mut out).unwrap();
    assert_eq!(out, [1, 0x102]);
}

#[test]
fn odd_integers() {
    let three = integer(3, BE, true, 0, 24);
    assert_eq!(many::<i32>(&three, &[0xff, 0xff, 0xfe, 0, 1, 2], false).unwrap(), [-2, 0x102]);
    let bits = integer(4, LE, true, 5, 20);
    let stored = ((0xf_fffe_u32 << 5) | 0x8000_001f).to_le_bytes();
    assert_eq!(decode_one::<i8>(&bits, &stored, false).unwrap(), -2);
    assert_eq!(decode_one::<i32>(&integer(4, LE, false, 5, 20), &stored, false).unwrap(), 0xf_fffe);
    let wide = integer(16, BE, true, 0, 128);
    assert_eq!(decode_one::<i128>(&wide, &i128::MIN.to_be_bytes(), false).unwrap(), i128::MIN);
    assert!(decode_one::<i64>(&wide, &i128::MIN.to_be_bytes(), false).is_err());
    assert_eq!(decode_one::<i64>(&wide, &i128::MIN.to_be_bytes(), true).unwrap(), i64::MIN);
}

#[test]
fn small_floats() {
    let e5m2 = float(1, LE, Normalization::Implied, 7, (2, 5), (0, 2), 15);
    let e4m3 = float(1, LE, Normalization::Implied, 7, (3, 4), (0, 3), 7);
    let e2m1 = float(1, LE, Normalization::Implied, 3, (1, 2), (0, 1), 1);
    for byte in 0..=255u8 {
        let expected = f16::from_bits(u16::from(byte) << 8).to_f64();
        let found: f64 = decode_one(&e5m2, &[byte], false).unwrap();
        assert!(found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(), "{byte}");
        let found: f64 = decode_one(&e4m3, &[byte], false).unwrap();
        let (exponent, mantissa) = (i32::from(byte >> 3 & 15), f64::from(byte & 7));
        let magnitude = match exponent {
            0 => mantissa / 8.0 * 2f64.powi(-6),
            15 if mantissa == 0.0 => f64::INFINITY,
            15 => f64::NAN,
            _ => (1.0 + mantissa / 8.0) * 2f64.powi(exponent - 7),
        };
        let expected = if byte > 127 { -magnitude } else { magnitude };
        assert!(found == expected || found.is_nan() && expected.is_nan(), "{byte} {found} {expected}");
    }
    let four: Vec<f32> = many(&e2m1, &[0, 1, 2, 3, 4, 5, 6, 7, 15], false).unwrap();
    assert_eq!(four, [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -6.0]);
}

#[test]
fn vax_x87_and_quadruple() {
    let f = float(4, ByteOrder::Vax, Normalization::Implied, 31, (23, 8), (0, 23), 129);
    assert_eq!(many::<f64>(&f, &[0x80, 0x40, 0, 0, 0x20, 0xc1, 0, 0], false).unwrap(), [1.0, -2.5]);
    assert_eq!(many::<f32>(&f, &[0x49, 0x41, 0xd0, 0x0f], false).unwrap(), [f32::from_bits(0x4049_0fd0)]);
    assert_eq!(decode_one::<f64>(&f, &[0x7f, 0, 1, 0], false).unwrap(), 0.0, "a dirty zero");
    let d = float(8, ByteOrder::Vax, Normalization::Implied, 63, (55, 8), (0, 55), 129);
    assert_eq!(decode_one::<f64>(&d, &[0x80, 0x40, 0, 0, 0, 0, 0, 0], false).unwrap(), 1.0);
    let g = float(8, ByteOrder::Vax, Normalization::Implied, 63, (52, 11), (0, 52), 1025);
    assert_eq!(decode_one::<f64>(&g, &[0x10, 0x40, 0, 0, 0, 0, 0, 0], false).unwrap(), 1.0);

    let x87 = float(16, LE, Normalization::None, 79, (64, 15), (0, 64), 16383);
    let number = |exponent: u16, mantissa: u64| {
        let mut b = [0; 16];
        b[..8].copy_from_slice(&mantissa.to_le_bytes());
        b[8..10].copy_from_slice(&exponent.to_le_bytes());
        b
    };
    assert_eq!(decode_one::<f64>(&x87, &number(16383, 1 << 63), false).unwrap(), 1.0);
    assert_eq!(decode_one::<u64>(&x87, &number(16383 + 63, u64::MAX), false).unwrap(), u64::MAX);
    assert_eq!(decode_one::<f64>(&x87, &number(0xffff, 1 << 63), false).unwrap(), f64::NEG_INFINITY);
    assert!(decode_one::<f64>(&x87, &number(0x7fff, 3 << 62), false).unwrap().is_nan());
    assert!(decode_one::<f64>(&x87, &number(0x7ffe, 1 << 63), false).is_err(), "beyond a double");
    assert_eq!(decode_one::<f64>(&x87, &number(0x7ffe, 1 << 63), true).unwrap(), f64::INFINITY);
    // Rounding once: to f32 a tie but for the last of 64 bits.
    let above_tie = (1 << 63) | (1 << 39) | 1;
    assert_eq!(decode_one::<f32>(&x87, &number(16383, above_tie), false).unwrap(), 1.0 + f32::EPSILON);

    let quad = float(16, BE, Normalization::Implied, 127, (112, 15), (0, 112), 16383);
    let one_and_a_half = 0x3fff_8000_0000_0000_0000_0000_0000_0000_u128.to_be_bytes();
    assert_eq!(decode_one::<f64>(&quad, &one_and_a_half, false).unwrap(), 1.5);
    let least = 0x3fff_0000_0000_0000_0000_0000_0000_0000_u128 - (1074 << 112);
    assert_eq!(decode_one::<f64>(&quad, &least.to_be_bytes(), false).unwrap(), f64::from_bits(1));
    let half_of_it = least - (1 << 112);
    assert_eq!(decode_one::<f64>(&quad, &half_of_it.to_be_bytes(), false).unwrap(), 0.0);
    assert_eq!(decode_one::<f64>(&quad, &(half_of_it + 1).to_be_bytes(), false).unwrap(), f64::from_bits(1));
}

/// What a checked conversion should give.
fn checked<T: TryFrom<i128>>(v: i128) -> Option<T> {
    T::try_from(v).ok()
}

proptest! {
    #[test]
    fn integers_convert_where_they_fit(v: i64, w: u64, shift in 0u32..64) {
        let (v, w) = (v >> shift, w >> shift);
        let (i, u) = (integer(8, LE, true, 0, 64), integer(8, BE, false, 0, 64));
        macro_rules! each { ($($t:ident)*) => {$(
            prop_assert_eq!(decode_one::<$t>(&i, &v.to_le_bytes(), false).ok(), checked::<$t>(v.into()));
            prop_assert_eq!(many::<$t>(&i, &v.to_le_bytes(), false).ok().map(|m| m[0]), checked::<$t>(v.into()));
            prop_assert_eq!(decode_one::<$t>(&u, &w.to_be_bytes(), false).ok(), checked::<$t>(w.into()));
            let clamped = checked::<$t>(v.into()).unwrap_or(if v < 0 { $t::MIN } else { $t::MAX });
            prop_assert_eq!(decode_one::<$t>(&i, &v.to_le_bytes(), true).unwrap(), clamped);
            let double = v as f64;
            let f = float(8, LE, Normalization::Implied, 63, (52, 11), (0, 52), 1023);
            prop_assert_eq!(decode_one::<$t>(&f, &double.to_le_bytes(), true).unwrap(), double as $t);
            let fits = decode_one::<$t>(&f, &double.to_le_bytes(), false).is_ok();
            prop_assert_eq!(fits, checked::<$t>(double as i128).is_some());
        )*}}
        each!(i8 i16 i32 i64 i128 u8 u16 u32 u64);
        prop_assert_eq!(decode_one::<f32>(&i, &v.to_le_bytes(), false).unwrap(), v as f32);
        prop_assert_eq!(decode_one::<f64>(&u, &w.to_be_bytes(), false).unwrap(), w as f64);
    }
    #[test]
    fn doubles_convert_as_casts_do(bits: u64, small in -1e6f64..1e6) {
        let f = float(8, LE, Normalization::Implied, 63, (52, 11), (0, 52), 1023);
        for v in [f64::from_bits(bits), small] {
            macro_rules! each { ($($t:ident)*) => {$(
                prop_assert_eq!(decode_one::<$t>(&f, &v.to_le_bytes(), true).unwrap(), v as $t);
                let fits = v.is_finite() && v.trunc() == (v as $t) as f64 && v.trunc() < $t::MAX as f64 + 1.0;
                prop_assert_eq!(decode_one::<$t>(&f, &v.to_le_bytes(), false).is_ok(), fits);
                let real = <$t>::from_real(Real::from_f64(v));
                prop_assert_eq!(real, <$t>::from_f64(v));
            )*}}
            each!(i8 i16 i32 i64 u8 u16 u32 u64);
            prop_assert_eq!(Real::from_f64(v).to_f64().to_bits() == v.to_bits() || v.is_nan(), true);
            let single = decode_one::<f32>(&f, &v.to_le_bytes(), true).unwrap();
            prop_assert!(single == v as f32 || v.is_nan());
            let single = f32::from_real(Real::from_f64(v)).0;
            prop_assert!(single == v as f32 || v.is_nan());
        }
    }
    #[test]
    fn halves(bits: u16, v: f32) {
        let le = float(2, LE, Normalization::Implied, 15, (10, 5), (0, 10), 15);
        let b = float(2, BE, Normalization::Implied, 15, (7, 8), (0, 7), 127);
        let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
        let bytes = bits.to_le_bytes();
        prop_assert!(same(decode_one(&le, &bytes, false).unwrap(), f16::from_bits(bits).to_f64()));
        prop_assert!(same(decode_one(&b, &bits.to_be_bytes(), false).unwrap(), bf16::from_bits(bits).to_f64()));
        // The general decoder agrees: one bit of padding more makes the layout no plain one.
        let wide = float(3, LE, Normalization::Implied, 15, (10, 5), (0, 10), 15);
        let stored = [bytes[0], bytes[1], 0];
        prop_assert!(same(decode_one(&wide, &stored, false).unwrap(), f16::from_bits(bits).to_f64()));
        let (h, fits) = <f16 as Numeric>::from_f64(f64::from(v));
        prop_assert!(same(h.to_f64(), f16::from_f32(v).to_f64()));
        prop_assert_eq!(fits, !h.is_infinite() || v.is_infinite());
        let (h, _) = <bf16 as Numeric>::from_f64(f64::from(v));
        prop_assert!(same(h.to_f64(), bf16::from_f32(v).to_f64()));
    }
    #[test]
    fn bulk_agrees_with_single(values in prop::collection::vec(any::<u32>(), 0..1500)) {
        let layouts = [integer(4, BE, true, 0, 32), integer(4, LE, false, 3, 17),
            float(4, BE, Normalization::Implied, 31, (23, 8), (0, 23), 127)];
        let stored: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        for layout in &layouts {
            let all: Vec<i16> = many(layout, &stored, true).unwrap();
            let single: Vec<i16> =
                stored.chunks(4).map(|c| decode_one(layout, c, true).unwrap()).collect();
            prop_assert_eq!(all, single);
        }
    }
}
