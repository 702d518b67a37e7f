//! One ZFP block: 4^d coefficients in bit planes, an inverse transform, and numbers.

use super::Mode;
use super::bits::Bits;
use super::order::{HYPER, PLANE, VOLUME};

/// The most values of a block: 4^4.
pub(super) const MOST: usize = 256;

/// The integers that a block is made of: 32 or 64 bits, wrapping.
pub(super) trait Word: Copy + Default {
    /// Bits.
    const BITS: u32;
    /// Bits that hold the number of bit planes of a reversible block.
    const PLANES_BITS: u32;
    fn from_negabinary(coded: u64) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn twice(self) -> Self;
    fn half(self) -> Self;
}

macro_rules! word {
    ($signed:ty, $unsigned:ty, $planes:literal) => {
        impl Word for $signed {
            const BITS: u32 = <$signed>::BITS;
            const PLANES_BITS: u32 = $planes;
            #[inline]
            fn from_negabinary(coded: u64) -> Self {
                const MASK: $unsigned = (0xaaaa_aaaa_aaaa_aaaa_u64 & <$unsigned>::MAX as u64) as $unsigned;
                ((coded as $unsigned) ^ MASK).wrapping_sub(MASK) as $signed
            }
            #[inline]
            fn add(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline]
            fn sub(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn twice(self) -> Self {
                self << 1
            }
            #[inline]
            fn half(self) -> Self {
                self >> 1
            }
        }
    };
}
word!(i32, u32, 5);
word!(i64, u64, 6);

/// Decodes bit planes from the most significant down; gives the bits used.
fn planes(bits: &mut Bits<'_>, limit: u32, (width, precision): (u32, u32), out: &mut [u64]) -> u32 {
    let last = width.saturating_sub(precision);
    let size = out.len();
    let mut left = limit;
    // Coefficients before `known` were significant in an earlier plane: their bits come first and plain.
    let mut known = 0usize;
    let mut plane = width;
    while left > 0 && plane > last {
        plane = plane.wrapping_sub(1);
        let one = 1u64.checked_shl(plane).unwrap_or(0);
        let plain = known.min(left as usize);
        left = left.wrapping_sub(plain as u32);
        for group in out.get_mut(..plain).unwrap_or_default().chunks_mut(64) {
            let mut ones = bits.take(group.len() as u32);
            while ones != 0 {
                if let Some(c) = group.get_mut(ones.trailing_zeros() as usize) {
                    *c |= one;
                }
                ones &= ones.wrapping_sub(1);
            }
        }
        // Then, as long as a bit says that more follow: zeros up to the next significant one.
        while known < size && left > 0 {
            left = left.wrapping_sub(1);
            if !bits.bit() {
                break;
            }
            while known < size.wrapping_sub(1) && left > 0 {
                left = left.wrapping_sub(1);
                if bits.bit() {
                    break;
                }
                known = known.wrapping_add(1);
            }
            if let Some(c) = out.get_mut(known) {
                *c |= one;
            }
            known = known.wrapping_add(1);
        }
    }
    limit.wrapping_sub(left)
}

/// A transform of four values.
type Step<W> = fn([W; 4]) -> [W; 4];

/// Undoes the lifting of four values.
#[inline]
fn unlift<W: Word>([mut x, mut y, mut z, mut w]: [W; 4]) -> [W; 4] {
    y = y.add(w.half());
    w = w.sub(y.half());
    y = y.add(w);
    w = w.twice().sub(y);
    z = z.add(x);
    x = x.twice().sub(z);
    y = y.add(z);
    z = z.twice().sub(y);
    w = w.add(x);
    x = x.twice().sub(w);
    [x, y, z, w]
}

/// Undoes the reversible (Lorenzo) transform of four values.
#[inline]
fn unpredict<W: Word>([x, mut y, mut z, mut w]: [W; 4]) -> [W; 4] {
    w = w.add(z);
    z = z.add(y);
    w = w.add(z);
    y = y.add(x);
    z = z.add(y);
    w = w.add(z);
    [x, y, z, w]
}

/// Applies a transform of four values along every axis, the slowest first.
fn along_axes<W: Word>(block: &mut [W], dims: u32, step: Step<W>) {
    for axis in (0..dims).rev() {
        let stride = 4usize.pow(axis);
        for cube in block.chunks_exact_mut(stride.wrapping_mul(4)) {
            let (first, rest) = cube.split_at_mut(stride);
            let (second, rest) = rest.split_at_mut(stride);
            let (third, fourth) = rest.split_at_mut(stride);
            let values = first.iter_mut().zip(second).zip(third.iter_mut().zip(fourth));
            for ((x, y), (z, w)) in values {
                [*x, *y, *z, *w] = step([*x, *y, *z, *w]);
            }
        }
    }
}

/// Decodes a block of integers, lossy or reversible, with at most `precision` planes; gives the bits used.
pub(super) fn integers<W: Word>(
    bits: &mut Bits<'_>,
    mode: &Mode,
    used: u32,
    precision: Option<u32>,
    block: &mut [W],
    dims: u32,
) -> u32 {
    let limit = mode.max_bits.saturating_sub(used);
    let (mut taken, precision, step): (u32, u32, Step<W>) = match precision {
        Some(p) => (0, p, unlift),
        None => (W::PLANES_BITS, (bits.take(W::PLANES_BITS) as u32).wrapping_add(1), unpredict),
    };
    let mut coded = [0u64; MOST];
    let coded = coded.get_mut(..block.len()).unwrap_or_default();
    taken = taken.wrapping_add(planes(bits, limit.saturating_sub(taken), (W::BITS, precision), coded));
    let least = mode.min_bits.saturating_sub(used);
    if taken < least {
        bits.skip(least.wrapping_sub(taken));
        taken = least;
    }
    let order: &[u8] = match dims {
        2 => &PLANE,
        3 => &VOLUME,
        4 => &HYPER,
        _ => &[0, 1, 2, 3],
    };
    for (place, value) in order.iter().zip(coded) {
        if let Some(v) = block.get_mut(usize::from(*place)) {
            *v = W::from_negabinary(*value);
        }
    }
    along_axes(block, dims, step);
    taken
}
