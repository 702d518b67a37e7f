//! One block: 4 values along each dimension.

use super::header::Parameters;
use super::order::places;
use super::planes::{self, Rows};
use super::scalar::{Integer, Scalar};
use super::stream::BitStream;

/// How the integers of a block become values.
enum Form<S> {
    /// All values are zero; no integers are sent.
    Zero,
    /// Each integer is a value's bits.
    Whole,
    /// Each integer counts this unit.
    Scaled(S),
}

/// Decodes the block that starts at the stream's position; `x` runs fastest.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn decode<S: Scalar, const SIZE: usize, const GROUPS: usize>(
    stream: &mut BitStream<'_>,
    parameters: &Parameters,
    groups: &mut [Rows; GROUPS],
    values: &mut [S; SIZE],
) {
    let start = stream.position();
    let mut precision = parameters.most_planes;
    let form = form::<S, SIZE>(stream, parameters, &mut precision);
    if matches!(form, Form::Zero) {
        *values = [S::default(); SIZE];
        if parameters.reversible {
            // The zfp library never fills up such a block (though its reader skips as if it did).
            return;
        }
    } else {
        if parameters.reversible {
            precision = (stream.bits(S::Integer::COUNT_BITS) as u32).wrapping_add(1);
        }
        // The budget wraps, as that of the C library does, where the bits so far exceed it.
        let used = stream.position().wrapping_sub(start) as u32;
        let budget = parameters.most_bits.wrapping_sub(used);
        planes::decode::<SIZE, GROUPS>(stream, S::Integer::WIDTH, precision, budget, groups);
        let mut integers = [S::Integer::default(); SIZE];
        for (&place, &row) in places(SIZE).iter().zip(groups.as_flattened()) {
            if let Some(integer) = integers.get_mut(usize::from(place) & SIZE.wrapping_sub(1)) {
                *integer = S::Integer::from_negabinary(row);
            }
        }
        if parameters.reversible {
            along_axes(&mut integers, sums);
        } else {
            along_axes(&mut integers, recorrelate);
        }
        for (value, &integer) in values.iter_mut().zip(&integers) {
            *value = match form {
                Form::Scaled(unit) => S::scaled(integer, unit),
                _ => S::from_integer(integer),
            };
        }
    }
    let least = start.saturating_add(u64::from(parameters.least_bits));
    if stream.position() < least {
        stream.seek(least);
    }
}

/// Reads what precedes the integers of a block: emptiness, common exponent.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn form<S: Scalar, const SIZE: usize>(
    stream: &mut BitStream<'_>,
    parameters: &Parameters,
    precision: &mut u32,
) -> Form<S> {
    if S::EXPONENT_BITS == 0 {
        return Form::Whole;
    }
    if !stream.bit() {
        return Form::Zero;
    }
    if parameters.reversible && stream.bit() {
        return Form::Whole;
    }
    let exponent = (stream.bits(S::EXPONENT_BITS) as i32).saturating_sub(S::EXPONENT_BIAS);
    if parameters.reversible && exponent == S::EXPONENT_BIAS.saturating_neg() {
        return Form::Scaled(S::default());
    }
    // Planes under the tolerance are not sent; each dimension's transform costs two bits.
    let guard = SIZE.trailing_zeros().saturating_add(2) as i32;
    let wanted = exponent.saturating_sub(parameters.least_exponent).saturating_add(guard);
    *precision = (*precision).min(wanted.max(0).unsigned_abs());
    Form::Scaled(S::unit(exponent))
}

/// Applies a transform of four integers to all lines of the block, the last dimension first.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn along_axes<I: Integer, const SIZE: usize>(block: &mut [I; SIZE], transform: impl Fn([I; 4]) -> [I; 4]) {
    if SIZE >= 256 {
        along_axis::<I, 64>(block, &transform);
    }
    if SIZE >= 64 {
        along_axis::<I, 16>(block, &transform);
    }
    if SIZE >= 16 {
        along_axis::<I, 4>(block, &transform);
    }
    along_axis::<I, 1>(block, &transform);
}

/// Applies a transform to all lines whose values are `STRIDE` apart.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn along_axis<I: Integer, const STRIDE: usize>(block: &mut [I], transform: &impl Fn([I; 4]) -> [I; 4]) {
    for slab in block.chunks_exact_mut(STRIDE.wrapping_mul(4)) {
        let (low, high) = slab.split_at_mut(STRIDE.wrapping_mul(2));
        let (first, second) = low.split_at_mut(STRIDE);
        let (third, fourth) = high.split_at_mut(STRIDE);
        for (((x, y), z), w) in first.iter_mut().zip(second).zip(third).zip(fourth) {
            [*x, *y, *z, *w] = transform([*x, *y, *z, *w]);
        }
    }
}

/// Undoes the decorrelating transform of the lossy modes, in steps that lose nothing but carries.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn recorrelate<I: Integer>([x, y, z, w]: [I; 4]) -> [I; 4] {
    let y = y.plus(w.half());
    let w = w.minus(y.half());
    let (w, y) = butterfly(w, y);
    let (x, z) = butterfly(x, z);
    let (z, y) = butterfly(z, y);
    let (x, w) = butterfly(x, w);
    [x, y, z, w]
}

/// Difference and sum.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn butterfly<I: Integer>(a: I, b: I) -> (I, I) {
    (a.minus(b), a.plus(b))
}

/// Undoes the reversible transform: third, second and first differences become values.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn sums<I: Integer>([x, y, z, w]: [I; 4]) -> [I; 4] {
    let w = w.plus(z);
    let z = z.plus(y);
    let w = w.plus(z);
    let y = y.plus(x);
    let z = z.plus(y);
    let w = w.plus(z);
    [x, y, z, w]
}
