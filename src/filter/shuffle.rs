//! Shuffle, filter 2: bytes of equal rank stand together, so that a compressor after it finds runs.
//!
//! Facts: the chunk holds plane 0 (the first byte of each element), plane 1, and so on; the bytes
//! after the last whole element follow as they are. The element size is the client data value 0.
//!
//! One primitive does both directions: a perfect shuffle (the zip of the two halves) of a tile of
//! 16 elements rotates the address bits by one. Unshuffling `W` planes takes log2 `W` of them,
//! shuffling takes four (the elements of a tile are 16).

use fearless_simd::{Level, Simd, SimdBase, SimdFrom, dispatch, u8x16};

use super::{Context, Filter};
use crate::error::Result;

#[cfg(test)]
mod tests;

/// Filter 2: groups the bytes of all elements by their rank.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shuffle;

impl Filter for Shuffle {
    fn compresses(&self) -> bool {
        false
    }
    fn id(&self) -> u16 {
        2
    }
    fn name(&self) -> &'static str {
        "shuffle"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        ctx.check("shuffle", input.len())?;
        out.resize(input.len(), 0);
        unshuffle(input, element_size(ctx), out);
        Ok(())
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        ctx.check("shuffle", input.len())?;
        out.resize(input.len(), 0);
        shuffle(input, element_size(ctx), out);
        Ok(())
    }
}

fn element_size(ctx: &Context<'_>) -> usize {
    usize::try_from(ctx.value(0, 1)).unwrap_or(usize::MAX)
}

/// 16 bytes that are worked on at once.
pub(crate) type Lanes = [u8; 16];

/// The first halves of two lanes, interleaved.
#[inline(always)]
fn zip_low<S: Simd>(a: u8x16<S>, b: u8x16<S>) -> u8x16<S> {
    a.zip_low(b)
}

/// The last halves of two lanes, interleaved.
#[inline(always)]
fn zip_high<S: Simd>(a: u8x16<S>, b: u8x16<S>) -> u8x16<S> {
    a.zip_high(b)
}

/// What `map` of arrays does for up to eight items, without a loop and without a call, also in builds for size: the
/// registers of a tile stay registers.
#[inline(always)]
pub(crate) fn each<A: Copy, B: Copy, const W: usize>(items: [A; W], blank: B, f: impl Fn(A) -> B) -> [B; W] {
    const { assert!(W <= 8) };
    let mut out = [blank; W];
    macro_rules! at {
        ($($i:literal)*) => {$(
            if let (Some(to), Some(from)) = (out.get_mut($i), items.get($i)) {
                *to = f(*from);
            }
        )*};
    }
    at!(0 1 2 3 4 5 6 7);
    out
}

/// Loads each of the lanes into a register.
#[inline(always)]
pub(crate) fn load<S: Simd, const W: usize>(simd: S, lanes: [Lanes; W]) -> [u8x16<S>; W] {
    each(lanes, u8x16::splat(simd, 0), |lane| u8x16::simd_from(simd, lane))
}

/// The content of the registers.
#[inline(always)]
pub(crate) fn store<S: Simd, const W: usize>(tile: [u8x16<S>; W]) -> [Lanes; W] {
    each(tile, [0; 16], Lanes::from)
}

/// Lanes that hold 16 elements of as many bytes as there are lanes.
pub(crate) trait Tile: Sized {
    /// The perfect shuffle of all bytes of the tile.
    fn step(self) -> Self;
    /// From one lane for each plane to the elements.
    fn unshuffle(self) -> Self;
    /// From the elements to one lane for each plane.
    #[inline(always)]
    fn shuffle(self) -> Self {
        self.step().step().step().step()
    }
}

impl<S: Simd> Tile for [u8x16<S>; 1] {
    #[inline(always)]
    fn step(self) -> Self {
        self
    }
    #[inline(always)]
    fn unshuffle(self) -> Self {
        self
    }
}

impl<S: Simd> Tile for [u8x16<S>; 2] {
    #[inline(always)]
    fn step(self) -> Self {
        let [a, b] = self;
        [zip_low(a, b), zip_high(a, b)]
    }
    #[inline(always)]
    fn unshuffle(self) -> Self {
        self.step()
    }
}

impl<S: Simd> Tile for [u8x16<S>; 4] {
    #[inline(always)]
    fn step(self) -> Self {
        let [a, b, c, d] = self;
        [zip_low(a, c), zip_high(a, c), zip_low(b, d), zip_high(b, d)]
    }
    #[inline(always)]
    fn unshuffle(self) -> Self {
        self.step().step()
    }
}

impl<S: Simd> Tile for [u8x16<S>; 8] {
    #[inline(always)]
    fn step(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self;
        [
            zip_low(a, e),
            zip_high(a, e),
            zip_low(b, f),
            zip_high(b, f),
            zip_low(c, g),
            zip_high(c, g),
            zip_low(d, h),
            zip_high(d, h),
        ]
    }
    #[inline(always)]
    fn unshuffle(self) -> Self {
        self.step().step().step()
    }
}

/// The lane at this index, or zeros behind the end (which no caller reaches).
#[inline(always)]
fn lane(lanes: &[Lanes], index: usize) -> Lanes {
    lanes.get(index).copied().unwrap_or([0; 16])
}

/// Undoes [`shuffle`]: `out` must be as long as `input`; any element size is allowed.
pub(crate) fn unshuffle(input: &[u8], element_size: usize, out: &mut [u8]) {
    dispatch!(Level::new(), simd => unshuffle_with(simd, input, element_size, out));
}

#[inline(always)]
fn unshuffle_with<S: Simd>(simd: S, input: &[u8], element_size: usize, out: &mut [u8]) {
    let Some((planes, elements, count)) = split(input, element_size) else {
        return copy(input, out);
    };
    let Some((to, tail)) = out.split_at_mut_checked(planes.len()) else { return };
    copy(elements, tail);
    let mut planes = planes.chunks_exact(count);
    let mut offset = 0_usize;
    while offset < element_size {
        let left = element_size.saturating_sub(offset);
        offset = offset.saturating_add(match left {
            8.. => unshuffle_group::<S, 8>(simd, &mut planes, element_size, offset, to),
            4.. => unshuffle_group::<S, 4>(simd, &mut planes, element_size, offset, to),
            2.. => unshuffle_group::<S, 2>(simd, &mut planes, element_size, offset, to),
            _ => unshuffle_group::<S, 1>(simd, &mut planes, element_size, offset, to),
        });
    }
}

/// Groups the bytes by their rank in the element: `out` must be as long as `input`.
pub(crate) fn shuffle(input: &[u8], element_size: usize, out: &mut [u8]) {
    dispatch!(Level::new(), simd => shuffle_with(simd, input, element_size, out));
}

#[inline(always)]
fn shuffle_with<S: Simd>(simd: S, input: &[u8], element_size: usize, out: &mut [u8]) {
    let Some((elements, rest, count)) = split(input, element_size) else {
        return copy(input, out);
    };
    let Some((to, tail)) = out.split_at_mut_checked(elements.len()) else { return };
    copy(rest, tail);
    let mut planes = to.chunks_exact_mut(count);
    let mut offset = 0_usize;
    while offset < element_size {
        let left = element_size.saturating_sub(offset);
        offset = offset.saturating_add(match left {
            8.. => shuffle_group::<S, 8>(simd, elements, element_size, offset, &mut planes),
            4.. => shuffle_group::<S, 4>(simd, elements, element_size, offset, &mut planes),
            2.. => shuffle_group::<S, 2>(simd, elements, element_size, offset, &mut planes),
            _ => shuffle_group::<S, 1>(simd, elements, element_size, offset, &mut planes),
        });
    }
}

/// The bytes of whole elements, the bytes behind them and the number of elements; `None` where
/// shuffling changes nothing.
fn split(bytes: &[u8], element_size: usize) -> Option<(&[u8], &[u8], usize)> {
    if element_size < 2 {
        return None;
    }
    let count = bytes.len().checked_div(element_size).filter(|&count| count > 1)?;
    let (whole, rest) = bytes.split_at_checked(count.checked_mul(element_size)?)?;
    Some((whole, rest, count))
}

/// Parts whole tiles of 16 elements from the elements behind them.
#[inline(always)]
fn tiles_mut(bytes: &mut [u8], element_size: usize) -> (&mut [u8], &mut [u8]) {
    let tile = element_size.saturating_mul(16).max(1);
    let rest = bytes.len().checked_rem(tile).unwrap_or_default();
    bytes.split_at_mut(bytes.len().saturating_sub(rest))
}

fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() == to.len() {
        to.copy_from_slice(from);
    }
}

/// Undoes `W` planes that fill the bytes `offset ..` of each element; returns `W`.
#[inline(always)]
fn unshuffle_group<'a, S: Simd, const W: usize>(
    simd: S,
    planes: &mut impl Iterator<Item = &'a [u8]>,
    element_size: usize,
    offset: usize,
    out: &mut [u8],
) -> usize
where
    [u8x16<S>; W]: Tile,
{
    let parts: [(&[Lanes], &[u8]); W] =
        std::array::from_fn(|_| planes.next().unwrap_or_default().as_chunks::<16>());
    let lanes = parts.map(|(lanes, _)| lanes);
    let end = offset.saturating_add(W);
    let (whole, rest) = tiles_mut(out, element_size);
    if W == element_size {
        let tiles = whole.as_chunks_mut::<16>().0.as_chunks_mut::<W>().0;
        let count = tiles.len();
        let lanes = lanes.map(|plane| plane.get(..count).unwrap_or_default());
        for (index, tile) in tiles.iter_mut().enumerate() {
            *tile = store(load(simd, each(lanes, [0; 16], |plane| lane(plane, index))).unshuffle());
        }
    } else {
        for (index, tile) in whole.chunks_exact_mut(element_size.saturating_mul(16)).enumerate() {
            let elements = store(load(simd, each(lanes, [0; 16], |plane| lane(plane, index))).unshuffle());
            let elements = elements.as_flattened().as_chunks::<W>().0;
            for (element, from) in tile.chunks_exact_mut(element_size).zip(elements) {
                if let Some(to) = element.get_mut(offset..end) {
                    to.copy_from_slice(from);
                }
            }
        }
    }
    for (at, element) in rest.chunks_exact_mut(element_size).enumerate() {
        for ((_, plane), to) in parts.iter().zip(element.iter_mut().skip(offset)) {
            *to = plane.get(at).copied().unwrap_or_default();
        }
    }
    W
}

/// Fills `W` planes from the bytes `offset ..` of each element; returns `W`.
#[inline(always)]
fn shuffle_group<'a, S: Simd, const W: usize>(
    simd: S,
    elements: &[u8],
    element_size: usize,
    offset: usize,
    planes: &mut impl Iterator<Item = &'a mut [u8]>,
) -> usize
where
    [u8x16<S>; W]: Tile,
{
    let mut parts: [(&mut [Lanes], &mut [u8]); W] =
        std::array::from_fn(|_| planes.next().unwrap_or_default().as_chunks_mut::<16>());
    let end = offset.saturating_add(W);
    let tiles = elements.chunks_exact(element_size.saturating_mul(16));
    let rest = tiles.remainder();
    for (index, tile) in tiles.enumerate() {
        let mut lanes = [[0; 16]; W];
        if W == element_size {
            lanes.as_flattened_mut().copy_from_slice(tile);
        } else {
            let to = lanes.as_flattened_mut().as_chunks_mut::<W>().0;
            for (element, to) in tile.chunks_exact(element_size).zip(to) {
                if let Some(from) = element.get(offset..end) {
                    to.copy_from_slice(from);
                }
            }
        }
        for ((plane, _), from) in parts.iter_mut().zip(store(load(simd, lanes).shuffle())) {
            if let Some(to) = plane.get_mut(index) {
                *to = from;
            }
        }
    }
    for (at, element) in rest.chunks_exact(element_size).enumerate() {
        for ((_, plane), &from) in parts.iter_mut().zip(element.iter().skip(offset)) {
            if let Some(to) = plane.get_mut(at) {
                *to = from;
            }
        }
    }
    W
}
