//! Numbers, complex numbers, booleans.

use half::{bf16, f16};
use num_complex::Complex;

use super::{Decoder, Elements, ElementsMut, Encoder, H5Type, at_element, in_member, mismatch};
use crate::data::number::bulk::{number, swap_all};
use crate::data::number::{
    Number, NumberLayout, Numeric, Plain, decode_into, decode_one, encode_into, encode_number, encode_one,
};
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, Class, Datatype};

/// How stored numbers become a Rust number.
#[derive(Debug, Clone, Copy)]
pub struct NumberPlan(pub(crate) NumberLayout);

impl NumberPlan {
    fn of<T: Numeric>(stored: &Datatype) -> Result<NumberPlan> {
        NumberLayout::of(stored)?.map(NumberPlan).ok_or_else(|| mismatch(stored, T::NAME))
    }
    /// Whether the bytes need at most to be swapped.
    fn is_plain<T: Numeric>(&self) -> Option<bool> {
        match self.0 {
            NumberLayout::Plain { plain, swapped } if plain == T::PLAIN => Some(swapped),
            _ => None,
        }
    }
}

fn zeros<T: bytemuck::Zeroable>(count: usize) -> Result<Vec<T>> {
    bytemuck::try_zeroed_vec(count).map_err(|()| Error::limit(format!("no memory for {count} elements")))
}

fn extend<T: Numeric>(layout: &NumberLayout, e: Elements<'_>, clamp: bool, out: &mut Vec<T>) -> Result<()> {
    let start = out.len();
    if start == 0 && out.capacity() < e.count {
        *out = zeros(e.count)?;
    } else {
        out.resize(start.saturating_add(e.count), T::default());
    }
    decode_into(layout, e.stored, e.stride, clamp, out.get_mut(start..).unwrap_or_default())
}

/// The datatype of a Rust number.
fn natural<T: Numeric>() -> Result<Datatype> {
    let bytes = u32::try_from(size_of::<T>()).unwrap_or(16);
    match T::PLAIN {
        Plain::F16 | Plain::F32 | Plain::F64 => Datatype::float(bytes, ByteOrder::Little),
        Plain::BF16 => Ok(Datatype::bfloat16(ByteOrder::Little)),
        Plain::I8 | Plain::I16 | Plain::I32 | Plain::I64 | Plain::I128 => {
            Datatype::integer(bytes, true, ByteOrder::Little)
        }
        _ => Datatype::integer(bytes, false, ByteOrder::Little),
    }
}

macro_rules! numbers {
    ($($t:ident $byte:literal)*) => {$(
        impl H5Type for $t {
            type Plan = NumberPlan;
            const IS_BYTE: bool = $byte;
            fn plan(stored: &Datatype) -> Result<NumberPlan> {
                NumberPlan::of::<$t>(stored)
            }
            #[inline]
            fn decode(plan: &NumberPlan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Self> {
                decode_one(&plan.0, stored, decoder.clamp)
            }
            fn decode_many(
                plan: &NumberPlan,
                elements: Elements<'_>,
                decoder: &mut Decoder<'_>,
                out: &mut Vec<Self>,
            ) -> Result<()> {
                extend(&plan.0, elements, decoder.clamp, out)
            }
            fn read_in_place(
                plan: &NumberPlan,
                count: usize,
                fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
            ) -> Result<Option<Vec<Self>>> {
                let Some(swapped) = plan.is_plain::<$t>() else { return Ok(None) };
                let mut out: Vec<$t> = zeros(count)?;
                fill(bytemuck::cast_slice_mut(&mut out))?;
                if swapped {
                    swap_all(&mut out);
                }
                Ok(Some(out))
            }
            #[inline]
            fn decode_array<const N: usize>(
                plan: &NumberPlan,
                elements: Elements<'_>,
                decoder: &mut Decoder<'_>,
            ) -> Result<[Self; N]> {
                let mut out = [$t::default(); N];
                decode_into(&plan.0, elements.stored, elements.stride, decoder.clamp, &mut out)?;
                Ok(out)
            }
            fn datatype() -> Result<Datatype> {
                natural::<$t>()
            }
            #[inline]
            fn encode(&self, plan: &NumberPlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
                encode_one(&plan.0, *self, encoder.clamp, out)
            }
            fn encode_many(
                plan: &NumberPlan,
                values: &[Self],
                encoder: &mut Encoder<'_>,
                out: ElementsMut<'_>,
            ) -> Result<()> {
                out.check(values.len())?;
                encode_into(&plan.0, values, out.stride, encoder.clamp, out.stored)
            }
            fn as_stored<'v>(plan: &NumberPlan, values: &'v [Self]) -> Option<&'v [u8]> {
                plan.is_plain::<$t>().filter(|swapped| !swapped).map(|_| bytemuck::cast_slice(values))
            }
        }
    )*};
}

numbers! {
    i8 false i16 false i32 false i64 false i128 false
    u8 true u16 false u32 false u64 false u128 false
    f16 false bf16 false f32 false f64 false
}

/// How stored elements become complex numbers.
#[derive(Debug, Clone, Copy)]
pub struct ComplexPlan {
    part: NumberLayout,
    /// Whether there is no imaginary part.
    real: bool,
}

fn complex_plan<T: Numeric>(stored: &Datatype) -> Result<ComplexPlan> {
    if let Some(part) = stored.complex_part()
        && let Some(layout) = NumberLayout::of(part)?
        && part.bytes().checked_mul(2) == Some(stored.bytes())
    {
        return Ok(ComplexPlan { part: layout, real: false });
    }
    match NumberLayout::of(stored)? {
        Some(part) => Ok(ComplexPlan { part, real: true }),
        None => Err(mismatch(stored, &format!("complex numbers of {}", T::NAME))),
    }
}

/// Encodes both parts; into a plain number only what has no imaginary part.
pub(crate) fn put_complex<T: Numeric>(
    plan: &ComplexPlan,
    re: T,
    im: T,
    clamp: bool,
    out: &mut [u8],
) -> Result<()> {
    encode_one(&plan.part, re, clamp, out)?;
    if plan.real {
        let fits = im == T::default() || clamp;
        let what = || Error::usage(format!("the imaginary part {im:?} does not fit in {}", plan.part));
        return if fits { Ok(()) } else { Err(what()) };
    }
    let rest = out.get_mut(plan.part.bytes()..).unwrap_or_default();
    encode_one(&plan.part, im, clamp, rest).map_err(|e| in_member(e, "imaginary"))
}

macro_rules! complex {
    ($($t:ident)*) => {$(
        impl H5Type for Complex<$t> {
            type Plan = ComplexPlan;
            fn plan(stored: &Datatype) -> Result<ComplexPlan> {
                complex_plan::<$t>(stored)
            }
            #[inline]
            fn decode(plan: &ComplexPlan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Self> {
                let clamp = decoder.clamp;
                let re = decode_one(&plan.part, stored, clamp)?;
                if plan.real {
                    return Ok(Complex::new(re, $t::default()));
                }
                let im = stored.get(plan.part.bytes()..).unwrap_or_default();
                Ok(Complex::new(re, decode_one(&plan.part, im, clamp).map_err(|e| in_member(e, "imaginary"))?))
            }
            fn read_in_place(
                plan: &ComplexPlan,
                count: usize,
                fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
            ) -> Result<Option<Vec<Self>>> {
                let Some(swapped) = NumberPlan(plan.part).is_plain::<$t>().filter(|_| !plan.real) else {
                    return Ok(None);
                };
                let mut out: Vec<Complex<$t>> = zeros(count)?;
                let parts: &mut [$t] = bytemuck::cast_slice_mut(&mut out);
                fill(bytemuck::cast_slice_mut(parts))?;
                if swapped {
                    swap_all(parts);
                }
                Ok(Some(out))
            }
            fn datatype() -> Result<Datatype> {
                Datatype::complex_compound(natural::<$t>()?)
            }
            #[inline]
            fn encode(&self, plan: &ComplexPlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
                put_complex(plan, self.re, self.im, encoder.clamp, out)
            }
            fn encode_many(
                plan: &ComplexPlan,
                values: &[Self],
                encoder: &mut Encoder<'_>,
                out: ElementsMut<'_>,
            ) -> Result<()> {
                out.check(values.len())?;
                let part = plan.part.bytes();
                if !plan.real && part.checked_mul(2) == Some(out.stride) && encoder.clamp {
                    let parts: &[$t] = bytemuck::cast_slice(values);
                    return encode_into(&plan.part, parts, part, true, out.stored);
                }
                for (index, (value, place)) in values.iter().zip(out.places()).enumerate() {
                    value.encode(plan, encoder, place).map_err(|e| at_element(e, index))?;
                }
                Ok(())
            }
            fn as_stored<'v>(plan: &ComplexPlan, values: &'v [Self]) -> Option<&'v [u8]> {
                let swapped = NumberPlan(plan.part).is_plain::<$t>().filter(|_| !plan.real)?;
                let parts: &[$t] = bytemuck::cast_slice(values);
                (!swapped).then(|| bytemuck::cast_slice(parts))
            }
        }
    )*};
}

complex! { f32 f64 }

/// How stored elements become booleans: enumerations and numbers of 0 and 1.
#[derive(Debug, Clone, Copy)]
pub struct BoolPlan(NumberLayout);

impl H5Type for bool {
    type Plan = BoolPlan;
    fn plan(stored: &Datatype) -> Result<BoolPlan> {
        let fits = matches!(stored.class, Class::Integer { .. } | Class::Bitfield(_) | Class::Enum { .. });
        let layout = if fits { NumberLayout::of(stored)? } else { None };
        layout.map(BoolPlan).ok_or_else(|| mismatch(stored, "bool"))
    }
    #[inline]
    fn decode(plan: &BoolPlan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<bool> {
        match number(&plan.0, stored)? {
            Number::Signed(0) | Number::Unsigned(0) => Ok(false),
            Number::Signed(1) | Number::Unsigned(1) => Ok(true),
            _ if decoder.clamp => Ok(true),
            other => Err(Error::usage(format!("{other} does not fit in bool"))),
        }
    }
    fn decode_many(
        plan: &BoolPlan,
        elements: Elements<'_>,
        decoder: &mut Decoder<'_>,
        out: &mut Vec<bool>,
    ) -> Result<()> {
        let mut bytes: Vec<u8> = Vec::new();
        let all_fit = extend(&plan.0, elements, decoder.clamp, &mut bytes).is_ok();
        // A clamped number below zero is 0 as a byte, but true: that takes the slow way.
        if all_fit && !decoder.clamp && bytes.iter().all(|b| *b < 2) {
            out.extend(bytes.iter().map(|b| *b == 1));
            return Ok(());
        }
        for (index, stored) in elements.iter().enumerate() {
            out.push(Self::decode(plan, stored, decoder).map_err(|e| at_element(e, index))?);
        }
        Ok(())
    }
    fn datatype() -> Result<Datatype> {
        Datatype::boolean()
    }
    #[inline]
    fn encode(&self, plan: &BoolPlan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        encode_number(&plan.0, Number::Unsigned(u64::from(*self)), encoder.clamp, out)
    }
    fn encode_many(
        plan: &BoolPlan,
        values: &[bool],
        encoder: &mut Encoder<'_>,
        out: ElementsMut<'_>,
    ) -> Result<()> {
        out.check(values.len())?;
        let bytes: Vec<u8> = values.iter().map(|b| u8::from(*b)).collect();
        encode_into(&plan.0, &bytes, out.stride, encoder.clamp, out.stored)
    }
}
