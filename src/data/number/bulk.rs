//! Many numbers at once.
//!
//! Conversion goes in two steps through a small buffer: from each stored form to one of three wide types, and
//! from these to each Rust type. Each step is a simple loop.

use half::{bf16, f16};

use super::layout::NumberLayout;
use super::numeric::Numeric;
use super::{Number, Plain, Real};
use crate::error::{Error, Result};

/// Numbers converted at a time: the buffers stay in the first cache.
const BLOCK: usize = 512;

/// Decodes one number, which starts `stored`.
#[inline]
pub fn decode_one<T: Numeric>(layout: &NumberLayout, stored: &[u8], clamp: bool) -> Result<T> {
    if let NumberLayout::Plain { plain, swapped } = layout
        && *plain == T::PLAIN
        && let Some(bytes) = stored.get(..size_of::<T>())
        && let Ok(value) = bytemuck::try_pod_read_unaligned::<T>(bytes)
    {
        return Ok(if *swapped { value.swapped() } else { value });
    }
    let number = number(layout, stored)?;
    match T::from_number(number) {
        (value, fits) if fits || clamp => Ok(value),
        _ => Err(misfit::<T>(number)),
    }
}

#[cold]
fn misfit<T: Numeric>(number: Number) -> Error {
    Error::usage(format!("{number} does not fit in {}", T::NAME))
}

#[cold]
fn short(found: usize, expected: usize) -> Error {
    Error::damaged(format!("{found} bytes for a number of {expected}"))
}

/// Decodes the number that starts `stored`, without loss.
pub fn number(layout: &NumberLayout, stored: &[u8]) -> Result<Number> {
    let bytes = layout.bytes();
    let stored = stored.get(..bytes).ok_or_else(|| short(stored.len(), bytes))?;
    let (plain, swapped) = match layout {
        NumberLayout::Plain { plain, swapped } => (*plain, *swapped),
        NumberLayout::Integer(i) => return Ok(i.decode(stored)),
        NumberLayout::Float(f) if f.fits_double() => return Ok(Number::Float(f.decode(stored).to_f64())),
        NumberLayout::Float(f) => return Ok(Number::Real(f.decode(stored))),
    };
    fn read<S: Numeric>(stored: &[u8], swapped: bool) -> S {
        let value = bytemuck::try_pod_read_unaligned::<S>(stored).unwrap_or_default();
        if swapped { value.swapped() } else { value }
    }
    Ok(match plain {
        Plain::I8 => Number::Signed(read::<i8>(stored, false).into()),
        Plain::I16 => Number::Signed(read::<i16>(stored, swapped).into()),
        Plain::I32 => Number::Signed(read::<i32>(stored, swapped).into()),
        Plain::I64 => Number::Signed(read(stored, swapped)),
        Plain::I128 => {
            let value: i128 = read(stored, swapped);
            i64::try_from(value).map_or(Number::WideSigned(value), Number::Signed)
        }
        Plain::U8 => Number::Unsigned(read::<u8>(stored, false).into()),
        Plain::U16 => Number::Unsigned(read::<u16>(stored, swapped).into()),
        Plain::U32 => Number::Unsigned(read::<u32>(stored, swapped).into()),
        Plain::U64 => Number::Unsigned(read(stored, swapped)),
        Plain::U128 => {
            let value: u128 = read(stored, swapped);
            u64::try_from(value).map_or(Number::WideUnsigned(value), Number::Unsigned)
        }
        Plain::F16 => Number::Float(read::<f16>(stored, swapped).to_f64()),
        Plain::BF16 => Number::Float(read::<bf16>(stored, swapped).to_f64()),
        Plain::F32 => Number::Float(read::<f32>(stored, swapped).into()),
        Plain::F64 => Number::Float(read(stored, swapped)),
    })
}

/// Swaps the bytes of numbers that were read into place.
pub fn swap_all<T: Numeric>(values: &mut [T]) {
    for value in values {
        *value = value.swapped();
    }
}

/// Decodes numbers that lie `stride` bytes apart (the last one may be followed by fewer) into `out`.
pub fn decode_into<T: Numeric>(
    layout: &NumberLayout,
    stored: &[u8],
    stride: usize,
    clamp: bool,
    out: &mut [T],
) -> Result<()> {
    let bytes = layout.bytes();
    let needed = out.len().saturating_sub(1).checked_mul(stride).and_then(|n| n.checked_add(bytes));
    if !out.is_empty() && needed.is_none_or(|n| n > stored.len()) {
        return Err(short(stored.len(), needed.unwrap_or(usize::MAX)));
    }
    let stride = stride.max(1);
    let from = Strided { stored, stride, layout };
    if let NumberLayout::Plain { plain, swapped } = layout
        && *plain == T::PLAIN
    {
        from.same(*swapped, out);
        return Ok(());
    }
    match from.convert(clamp, out) {
        None => Ok(()),
        Some(index) => Err(from.misfit::<T>(index)),
    }
}

struct Strided<'a> {
    stored: &'a [u8],
    stride: usize,
    layout: &'a NumberLayout,
}

impl Strided<'_> {
    #[cold]
    fn misfit<T: Numeric>(&self, index: usize) -> Error {
        let stored = self.stored.get(index.saturating_mul(self.stride)..).unwrap_or_default();
        match number(self.layout, stored) {
            Ok(number) => Error::usage(format!("element {index}: {number} does not fit in {}", T::NAME)),
            Err(e) => e,
        }
    }
    fn same<T: Numeric>(&self, swapped: bool, out: &mut [T]) {
        let bytes = size_of::<T>();
        if self.stride == bytes {
            let to: &mut [u8] = bytemuck::cast_slice_mut(out);
            let from = self.stored.get(..to.len()).unwrap_or_default();
            to.copy_from_slice(from);
        } else {
            for (to, from) in out.iter_mut().zip(self.stored.chunks(self.stride)) {
                if let Some(value) = from.get(..bytes).and_then(|b| bytemuck::try_pod_read_unaligned(b).ok())
                {
                    *to = value;
                }
            }
        }
        if swapped {
            swap_all(out);
        }
    }
    /// The index of the first number that does not fit.
    fn convert<T: Numeric>(&self, clamp: bool, out: &mut [T]) -> Option<usize> {
        let block_bytes = self.stride.saturating_mul(BLOCK);
        let mut buffer = Buffer::for_layout(self.layout);
        for (nth, (to, from)) in out.chunks_mut(BLOCK).zip(self.stored.chunks(block_bytes)).enumerate() {
            let block = Strided { stored: from, stride: self.stride, layout: self.layout };
            let fits = match &mut buffer {
                Buffer::Signed(b) => {
                    block.widen_signed(b);
                    narrow(b, to, T::from_i64)
                }
                Buffer::Unsigned(b) => {
                    block.widen_unsigned(b);
                    narrow(b, to, T::from_u64)
                }
                Buffer::Float(b) => {
                    block.widen_float(b);
                    narrow(b, to, T::from_f64)
                }
                Buffer::Any(b) => {
                    block.widen_any(b);
                    narrow(b, to, T::from_number)
                }
            };
            if let Some(index) = fits.filter(|_| !clamp) {
                return Some(nth.saturating_mul(BLOCK).saturating_add(index));
            }
        }
        None
    }
    fn widen_signed(&self, buffer: &mut [i64]) {
        let NumberLayout::Plain { plain, swapped } = self.layout else { return };
        match plain {
            Plain::I8 => self.widen(buffer, *swapped, |v: i8| i64::from(v)),
            Plain::I16 => self.widen(buffer, *swapped, |v: i16| i64::from(v)),
            Plain::I32 => self.widen(buffer, *swapped, |v: i32| i64::from(v)),
            _ => self.widen(buffer, *swapped, |v: i64| v),
        }
    }
    fn widen_unsigned(&self, buffer: &mut [u64]) {
        let NumberLayout::Plain { plain, swapped } = self.layout else { return };
        match plain {
            Plain::U8 => self.widen(buffer, *swapped, |v: u8| u64::from(v)),
            Plain::U16 => self.widen(buffer, *swapped, |v: u16| u64::from(v)),
            Plain::U32 => self.widen(buffer, *swapped, |v: u32| u64::from(v)),
            _ => self.widen(buffer, *swapped, |v: u64| v),
        }
    }
    fn widen_float(&self, buffer: &mut [f64]) {
        let NumberLayout::Plain { plain, swapped } = self.layout else { return };
        match plain {
            Plain::F16 => self.widen(buffer, *swapped, f16::to_f64),
            Plain::BF16 => self.widen(buffer, *swapped, bf16::to_f64),
            Plain::F32 => self.widen(buffer, *swapped, |v: f32| f64::from(v)),
            _ => self.widen(buffer, *swapped, |v: f64| v),
        }
    }
    fn widen_any(&self, buffer: &mut [Number]) {
        for (to, from) in buffer.iter_mut().zip(self.stored.chunks(self.stride)) {
            *to = number(self.layout, from).unwrap_or(Number::Real(Real::Nan));
        }
    }
    #[inline]
    fn widen<S: Numeric, W>(&self, buffer: &mut [W], swapped: bool, wide: impl Fn(S) -> W) {
        let bytes = size_of::<S>();
        let read = |b: &[u8]| bytemuck::try_pod_read_unaligned::<S>(b).unwrap_or_default();
        if self.stride != bytes {
            for (to, from) in buffer.iter_mut().zip(self.stored.chunks(self.stride)) {
                let value = read(from.get(..bytes).unwrap_or_default());
                *to = wide(if swapped { value.swapped() } else { value });
            }
        } else if swapped {
            for (to, from) in buffer.iter_mut().zip(self.stored.chunks_exact(size_of::<S>())) {
                *to = wide(read(from).swapped());
            }
        } else {
            for (to, from) in buffer.iter_mut().zip(self.stored.chunks_exact(size_of::<S>())) {
                *to = wide(read(from));
            }
        }
    }
}

/// Numbers of one block, as wide as their kind.
enum Buffer {
    Signed([i64; BLOCK]),
    Unsigned([u64; BLOCK]),
    Float([f64; BLOCK]),
    Any(Vec<Number>),
}

impl Buffer {
    fn for_layout(layout: &NumberLayout) -> Buffer {
        match layout {
            NumberLayout::Plain { plain, .. } => match plain {
                Plain::I8 | Plain::I16 | Plain::I32 | Plain::I64 => Buffer::Signed([0; BLOCK]),
                Plain::U8 | Plain::U16 | Plain::U32 | Plain::U64 => Buffer::Unsigned([0; BLOCK]),
                Plain::F16 | Plain::BF16 | Plain::F32 | Plain::F64 => Buffer::Float([0.0; BLOCK]),
                Plain::I128 | Plain::U128 => Buffer::Any(vec![Number::Signed(0); BLOCK]),
            },
            _ => Buffer::Any(vec![Number::Signed(0); BLOCK]),
        }
    }
}

/// Converts a block; gives the index of the first number that does not fit.
#[inline]
fn narrow<W: Copy, T>(from: &[W], to: &mut [T], convert: impl Fn(W) -> (T, bool)) -> Option<usize> {
    let mut all = true;
    for (to, from) in to.iter_mut().zip(from) {
        let (value, fits) = convert(*from);
        *to = value;
        all &= fits;
    }
    if all {
        return None;
    }
    from.iter().position(|v| !convert(*v).1)
}
