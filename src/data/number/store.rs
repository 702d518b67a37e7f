//! Rust's numbers as stored ones of any layout: the mirror of [`bulk`](super::bulk).

use super::layout::NumberLayout;
use super::numeric::{Numeric, Wide};
use super::{Number, Plain};
use crate::error::{Error, Result};

/// Numbers converted at a time: the buffers stay in the first cache.
const BLOCK: usize = 512;

/// Calls `$put` with the Rust type of a plain layout.
macro_rules! plainly {
    ($plain:expr, $put:ident) => {
        match $plain {
            Plain::I8 => $put!(i8),
            Plain::I16 => $put!(i16),
            Plain::I32 => $put!(i32),
            Plain::I64 => $put!(i64),
            Plain::I128 => $put!(i128),
            Plain::U8 => $put!(u8),
            Plain::U16 => $put!(u16),
            Plain::U32 => $put!(u32),
            Plain::U64 => $put!(u64),
            Plain::U128 => $put!(u128),
            Plain::F16 => $put!(half::f16),
            Plain::BF16 => $put!(half::bf16),
            Plain::F32 => $put!(f32),
            Plain::F64 => $put!(f64),
        }
    };
}

#[cold]
fn misfit(number: Number, layout: &NumberLayout) -> Error {
    Error::usage(format!("{number} does not fit in {layout}"))
}

#[cold]
fn short(found: usize, expected: usize) -> Error {
    Error::usage(format!("{found} bytes of room for numbers that take {expected}"))
}

/// Encodes one number into the first bytes of `out`.
#[inline]
pub fn encode_one<T: Numeric>(layout: &NumberLayout, value: T, clamp: bool, out: &mut [u8]) -> Result<()> {
    if let NumberLayout::Plain { plain, swapped } = layout
        && *plain == T::PLAIN
        && let Some(place) = out.get_mut(..size_of::<T>())
    {
        let value = if *swapped { value.swapped() } else { value };
        place.copy_from_slice(bytemuck::bytes_of(&value));
        return Ok(());
    }
    encode_number(layout, value.wide().number(), clamp, out)
}

/// Encodes one number into the first bytes of `out`.
pub fn encode_number(layout: &NumberLayout, number: Number, clamp: bool, out: &mut [u8]) -> Result<()> {
    let bytes = layout.bytes();
    let found = out.len();
    let place = out.get_mut(..bytes).ok_or_else(|| short(found, bytes))?;
    let fits = match layout {
        NumberLayout::Plain { plain, swapped } => {
            macro_rules! put {
                ($t:ty) => {{
                    let (value, fits) = <$t as Numeric>::from_number(number);
                    let value = if *swapped { value.swapped() } else { value };
                    place.copy_from_slice(bytemuck::bytes_of(&value));
                    fits
                }};
            }
            plainly!(plain, put)
        }
        NumberLayout::Integer(i) => i.encode(number, place),
        NumberLayout::Float(f) => f.encode(number, place),
    };
    if fits || clamp { Ok(()) } else { Err(misfit(number, layout)) }
}

/// Encodes numbers into places `stride` bytes apart (the last one may be followed by fewer).
///
/// Where one does not fit and `clamp` is not set, the error names it, and `out` is partly written.
pub fn encode_into<T: Numeric>(
    layout: &NumberLayout,
    values: &[T],
    stride: usize,
    clamp: bool,
    out: &mut [u8],
) -> Result<()> {
    let bytes = layout.bytes();
    let needed = values.len().saturating_sub(1).checked_mul(stride).and_then(|n| n.checked_add(bytes));
    if !values.is_empty() && needed.is_none_or(|n| n > out.len()) || stride < bytes && values.len() > 1 {
        return Err(short(out.len(), needed.unwrap_or(usize::MAX)));
    }
    let stride = stride.max(1);
    let misfitting = match layout {
        NumberLayout::Plain { plain, swapped } if *plain == T::PLAIN => {
            same(values, stride, *swapped, out);
            None
        }
        NumberLayout::Plain { plain, swapped } => convert(values, stride, *plain, *swapped, clamp, out),
        _ => odd(values, stride, layout, out),
    };
    match misfitting.filter(|_| !clamp) {
        None => Ok(()),
        Some(index) => {
            let number = values.get(index).map_or(Number::Signed(0), |v| v.wide().number());
            let e = misfit(number, layout);
            Err(Error::usage(format!("element {index}: {}", e.what())))
        }
    }
}

fn same<T: Numeric>(values: &[T], stride: usize, swapped: bool, out: &mut [u8]) {
    let bytes = size_of::<T>();
    if stride != bytes {
        for (to, from) in out.chunks_mut(stride).zip(values) {
            let value = if swapped { from.swapped() } else { *from };
            if let Some(to) = to.get_mut(..bytes) {
                to.copy_from_slice(bytemuck::bytes_of(&value));
            }
        }
    } else if swapped {
        for (to, from) in out.chunks_exact_mut(size_of::<T>()).zip(values) {
            to.copy_from_slice(bytemuck::bytes_of(&from.swapped()));
        }
    } else {
        let from: &[u8] = bytemuck::cast_slice(values);
        if let Some(to) = out.get_mut(..from.len()) {
            to.copy_from_slice(from);
        }
    }
}

/// Two steps, each a simple loop: to the widest type of the kind, and from there to the stored type. Gives the
/// index of the first number that does not fit.
fn convert<T: Numeric>(
    values: &[T],
    stride: usize,
    plain: Plain,
    swapped: bool,
    clamp: bool,
    out: &mut [u8],
) -> Option<usize> {
    let mut buffer = [T::Wide::default(); BLOCK];
    let blocks = values.chunks(BLOCK).zip(out.chunks_mut(stride.saturating_mul(BLOCK)));
    for (nth, (from, to)) in blocks.enumerate() {
        for (wide, value) in buffer.iter_mut().zip(from) {
            *wide = value.wide();
        }
        let wide = buffer.get(..from.len()).unwrap_or_default();
        macro_rules! put {
            ($t:ty) => {
                narrow::<T::Wide, $t>(wide, stride, swapped, to)
            };
        }
        let misfitting = plainly!(plain, put);
        if let Some(index) = misfitting.filter(|_| !clamp) {
            return Some(nth.saturating_mul(BLOCK).saturating_add(index));
        }
    }
    None
}

fn narrow<W: Wide, S: Numeric>(from: &[W], stride: usize, swapped: bool, out: &mut [u8]) -> Option<usize> {
    let mut all = true;
    let mut put = |value: W, to: &mut [u8]| {
        let (value, fits) = value.to::<S>();
        all &= fits;
        let value = if swapped { value.swapped() } else { value };
        to.copy_from_slice(bytemuck::bytes_of(&value));
    };
    if stride == size_of::<S>() {
        out.chunks_exact_mut(size_of::<S>()).zip(from).for_each(|(to, from)| put(*from, to));
    } else {
        for (to, from) in out.chunks_mut(stride).zip(from) {
            if let Some(to) = to.get_mut(..size_of::<S>()) {
                put(*from, to);
            }
        }
    }
    if all { None } else { from.iter().position(|v| !v.to::<S>().1) }
}

fn odd<T: Numeric>(values: &[T], stride: usize, layout: &NumberLayout, out: &mut [u8]) -> Option<usize> {
    let mut first = None;
    for (index, (to, value)) in out.chunks_mut(stride).zip(values).enumerate() {
        let number = value.wide().number();
        let fits = match layout {
            NumberLayout::Integer(i) => i.encode(number, to),
            NumberLayout::Float(f) => f.encode(number, to),
            NumberLayout::Plain { .. } => true,
        };
        if !fits && first.is_none() {
            first = Some(index);
        }
    }
    first
}
