//! ZFP (filter 32013, H5Z-ZFP): compressed blocks of 4^d numbers, decoding of all modes.
//!
//! The client data hold the version of the filter in their first value and a ZFP header in the others;
//! the chunk is the bare stream. Facts: zfp 1.0's format as its sources lay it down.

use super::{Context, Filter};
use crate::error::{Error, Result};

mod bits;
mod block;
mod order;
#[cfg(test)]
mod tests;

use bits::Bits;
use block::{MOST, Word, integers};

/// The ZFP filter; it is read, not written.
#[derive(Debug, Clone, Copy)]
pub struct Zfp;

/// The smallest exponent of a double: below it a mode is reversible.
const LEAST_EXPONENT: i32 = -1074;
/// The most bits of a block.
const MOST_BITS: u32 = 16658;
/// Short modes: bits of the field, and the largest value that is not an escape.
const SHORT_BITS: u32 = 12;
const SHORT_MOST: u64 = 4094;

/// How much of each block is kept.
#[derive(Debug, Clone, Copy)]
struct Mode {
    min_bits: u32,
    max_bits: u32,
    max_planes: u32,
    min_exponent: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scalar {
    Int32,
    Int64,
    Float,
    Double,
}

struct Header {
    scalar: Scalar,
    /// Sizes, fastest first.
    sizes: Vec<u64>,
    mode: Mode,
}

impl Filter for Zfp {
    fn id(&self) -> u16 {
        32013
    }
    fn name(&self) -> &'static str {
        "zfp"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let (header, swapped) = Header::parse(ctx.client_data)?;
        let element = match header.scalar {
            Scalar::Int32 | Scalar::Float => 4u64,
            Scalar::Int64 | Scalar::Double => 8,
        };
        let total = header.sizes.iter().try_fold(element, |n, s| n.checked_mul(*s));
        let total = total.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
        ctx.check("zfp", total)?;
        out.clear();
        out.resize(total, 0);
        let mut bits = Bits::new(input);
        let sizes = &header.sizes;
        match header.scalar {
            Scalar::Int32 => blocks(&mut bits, sizes, out, |b, d, v: &mut [i32]| ints(b, &header.mode, d, v), i32::to_le_bytes),
            Scalar::Int64 => blocks(&mut bits, sizes, out, |b, d, v: &mut [i64]| ints(b, &header.mode, d, v), i64::to_le_bytes),
            Scalar::Float => blocks(&mut bits, sizes, out, |b, d, v: &mut [f32]| reals(b, &header.mode, d, v), f32::to_le_bytes),
            Scalar::Double => blocks(&mut bits, sizes, out, |b, d, v: &mut [f64]| reals(b, &header.mode, d, v), f64::to_le_bytes),
        }?;
        if swapped {
            out.chunks_exact_mut(usize::try_from(element).unwrap_or(8)).for_each(<[u8]>::reverse);
        }
        Ok(())
    }
}

impl Header {
    /// Reads the header from the client data; true where a big-endian machine wrote it.
    fn parse(client_data: &[u32]) -> Result<(Header, bool)> {
        let words = client_data.get(1..).unwrap_or_default();
        for swapped in [false, true] {
            let word = |w: &u32| if swapped { w.swap_bytes() } else { *w };
            let bytes: Vec<u8> = words.iter().flat_map(|w| word(w).to_le_bytes()).collect();
            if bytes.starts_with(b"zfp") {
                return Self::fields(&bytes).map(|h| (h, swapped));
            }
        }
        Err(Error::damaged("filter zfp: no ZFP header in the client data"))
    }
    fn fields(bytes: &[u8]) -> Result<Header> {
        let mut bits = Bits::new(bytes);
        bits.skip(32);
        let scalar = match bits.take(2) {
            0 => Scalar::Int32,
            1 => Scalar::Int64,
            2 => Scalar::Float,
            _ => Scalar::Double,
        };
        let (count, width) = match bits.take(2) {
            0 => (1, 48),
            1 => (2, 24),
            2 => (3, 16),
            _ => (4, 12),
        };
        let sizes: Vec<u64> = (0..count).map(|_| bits.take(width).saturating_add(1)).collect();
        // The sizes' field is 48 bits wide however many there are.
        let mode = Mode::read(&mut bits)?;
        bits.check()?;
        Ok(Header { scalar, sizes, mode })
    }
}

impl Mode {
    fn read(bits: &mut Bits<'_>) -> Result<Mode> {
        let all = Mode { min_bits: 1, max_bits: MOST_BITS, max_planes: 64, min_exponent: LEAST_EXPONENT };
        let short = bits.take(SHORT_BITS);
        let number = short as u32;
        let mode = match short {
            0..2048 => Mode { min_bits: number.wrapping_add(1), max_bits: number.wrapping_add(1), ..all },
            2048..2176 => Mode { max_planes: number.wrapping_sub(2047), ..all },
            2176 => Mode { min_exponent: LEAST_EXPONENT.wrapping_sub(1), ..all },
            2177..=SHORT_MOST => {
                Mode { min_exponent: (number as i32).wrapping_sub(2177).wrapping_add(LEAST_EXPONENT), ..all }
            }
            _ => {
                let min_bits = bits.take(15) as u32;
                let max_bits = bits.take(15) as u32;
                let planes = bits.take(7) as u32;
                let exponent = bits.take(15) as i32;
                Mode {
                    min_bits: min_bits.wrapping_add(1),
                    max_bits: max_bits.wrapping_add(1),
                    max_planes: planes.wrapping_add(1),
                    min_exponent: exponent.wrapping_sub(16495),
                }
            }
        };
        if mode.max_bits < mode.min_bits || mode.max_planes == 0 || mode.max_planes > 64 {
            return Err(Error::damaged(format!("filter zfp: {mode:?}")));
        }
        Ok(mode)
    }
    fn is_reversible(&self) -> bool {
        self.min_exponent < LEAST_EXPONENT
    }
}

/// Decodes block after block and puts what lies inside the field into `out`.
fn blocks<T: Copy + Default, const N: usize>(
    bits: &mut Bits<'_>,
    sizes: &[u64],
    out: &mut [u8],
    mut decode: impl FnMut(&mut Bits<'_>, u32, &mut [T]),
    store: impl Fn(T) -> [u8; N],
) -> Result<()> {
    let dims = sizes.len() as u32;
    let mut values = [T::default(); MOST];
    let values = values.get_mut(..4usize.pow(dims)).unwrap_or_default();
    let mut size = [1usize; 4];
    for (s, n) in size.iter_mut().zip(sizes) {
        *s = usize::try_from(*n).unwrap_or(usize::MAX);
    }
    let [nx, ny, nz, nw] = size;
    for w in (0..nw).step_by(4) {
        for z in (0..nz).step_by(4) {
            for y in (0..ny).step_by(4) {
                bits.check()?;
                for x in (0..nx).step_by(4) {
                    decode(bits, dims, values);
                    scatter(values, [x, y, z, w], size, out, &store);
                }
            }
        }
    }
    bits.check()
}

fn scatter<T: Copy, const N: usize>(
    values: &[T],
    [x, y, z, w]: [usize; 4],
    [nx, ny, nz, nw]: [usize; 4],
    out: &mut [u8],
    store: impl Fn(T) -> [u8; N],
) {
    let width = nx.saturating_sub(x).min(4);
    for (row, four) in values.chunks_exact(4).enumerate() {
        let (dy, dz, dw) = (row & 3, (row >> 2) & 3, row >> 4);
        let (y, z, w) = (y.saturating_add(dy), z.saturating_add(dz), w.saturating_add(dw));
        if y >= ny || z >= nz || w >= nw {
            continue;
        }
        let start = w.saturating_mul(nz).saturating_add(z).saturating_mul(ny).saturating_add(y);
        let start = start.saturating_mul(nx).saturating_add(x).saturating_mul(N);
        let target = out.get_mut(start..).and_then(|o| o.get_mut(..width.saturating_mul(N)));
        for (to, value) in target.unwrap_or_default().chunks_exact_mut(N).zip(four) {
            to.copy_from_slice(&store(*value));
        }
    }
}

fn ints<W: Word>(bits: &mut Bits<'_>, mode: &Mode, dims: u32, out: &mut [W]) {
    let planes = (!mode.is_reversible()).then_some(mode.max_planes);
    integers(bits, mode, 0, planes, out, dims);
}

/// A floating-point type and the integers of its blocks.
trait Real: Copy + Default {
    type Int: Word;
    const EXPONENT_BITS: u32;
    const BIAS: i32;
    /// 2^(exponent - (bits - 2)) as a factor of block integers.
    fn scale(exponent: i32) -> Self;
    fn scaled(self, by: Self::Int) -> Self;
    /// The number whose bits in sign and magnitude are this two's complement integer.
    fn reinterpreted(coded: Self::Int) -> Self;
}

/// 2^exponent, with underflow to denormals and to zero.
fn power_of_two(exponent: i32) -> f64 {
    let half = exponent / 2;
    2f64.powi(half) * 2f64.powi(exponent.wrapping_sub(half))
}

impl Real for f32 {
    type Int = i32;
    const EXPONENT_BITS: u32 = 8;
    const BIAS: i32 = 127;
    fn scale(exponent: i32) -> Self {
        power_of_two(exponent.wrapping_sub(30)) as f32
    }
    fn scaled(self, by: i32) -> Self {
        self * by as f32
    }
    fn reinterpreted(coded: i32) -> Self {
        let magnitude = if coded < 0 { coded ^ i32::MAX } else { coded };
        f32::from_bits(magnitude.cast_unsigned())
    }
}

impl Real for f64 {
    type Int = i64;
    const EXPONENT_BITS: u32 = 11;
    const BIAS: i32 = 1023;
    fn scale(exponent: i32) -> Self {
        power_of_two(exponent.wrapping_sub(62))
    }
    fn scaled(self, by: i64) -> Self {
        self * by as f64
    }
    fn reinterpreted(coded: i64) -> Self {
        let magnitude = if coded < 0 { coded ^ i64::MAX } else { coded };
        f64::from_bits(magnitude.cast_unsigned())
    }
}

fn reals<R: Real>(bits: &mut Bits<'_>, mode: &Mode, dims: u32, out: &mut [R]) {
    let mut coded = [R::Int::default(); MOST];
    let coded = coded.get_mut(..out.len()).unwrap_or_default();
    let reversible = mode.is_reversible();
    if !bits.bit() {
        out.fill(R::default());
        bits.skip(mode.min_bits.saturating_sub(1));
        return;
    }
    if reversible && bits.bit() {
        integers(bits, mode, 2, None, coded, dims);
        out.iter_mut().zip(coded).for_each(|(o, c)| *o = R::reinterpreted(*c));
        return;
    }
    let head = R::EXPONENT_BITS.wrapping_add(if reversible { 2 } else { 1 });
    let exponent = (bits.take(R::EXPONENT_BITS) as i32).wrapping_sub(R::BIAS);
    let planes = (!reversible).then(|| {
        let wanted = exponent.wrapping_sub(mode.min_exponent).wrapping_add(2).wrapping_add((dims as i32).wrapping_mul(2));
        mode.max_planes.min(wanted.max(0).cast_unsigned())
    });
    integers(bits, mode, head, planes, coded, dims);
    let scale = R::scale(exponent);
    out.iter_mut().zip(coded).for_each(|(o, c)| *o = scale.scaled(*c));
}
