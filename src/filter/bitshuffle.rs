//! Bitshuffle, filter 32008: bits of equal rank stand together, then LZ4, zstd or nothing.
//!
//! Facts: client data is major and minor version, element size, elements in a block (0: the rule
//! of `default_block`), compressor (0 none, 2 LZ4, 3 zstd) and its level. A compressed chunk
//! starts with the size of the content (u64) and of a block (u32), both big-endian and in bytes;
//! each block has a big-endian u32 size before it. The last block holds what is left, rounded down
//! to 8 elements; the up to 7 elements behind it stand raw at the end.
//!
//! In a block of `n` elements, row `8·j + k` (of `n / 8` bytes) holds bit `k` of byte `j` of every
//! element, the first element in the lowest bit. Eight rows at a time, 128 elements are worked on:
//! bytes of a column come together by a byte unshuffle, an 8 by 8 bit transposition makes them one
//! byte plane, and the byte planes are unshuffled to elements.

use std::cell::Cell;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16, u64x2};
use lz4_flex::block::CompressTable;

use super::lz4::{self, Header, compress_block, decompress_block, take_sized};
use super::shuffle::{Lanes, Tile, load, store};
use super::{Context, Filter, zstd};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

thread_local! {
    /// One block between decompression and transposition, kept from chunk to chunk.
    static BLOCK: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Filter 32008: bit transposition and compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bitshuffle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compressor {
    None,
    Lz4,
    Zstd,
}

impl Compressor {
    fn of(ctx: &Context<'_>) -> Result<Self> {
        match ctx.value(4, 0) {
            0 => Ok(Compressor::None),
            2 => Ok(Compressor::Lz4),
            3 => Ok(Compressor::Zstd),
            other => Err(Error::unsupported(format!("filter bitshuffle: compressor {other}"))),
        }
    }
}

impl Filter for Bitshuffle {
    fn id(&self) -> u16 {
        32008
    }
    fn name(&self) -> &'static str {
        "bitshuffle"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let compressor = Compressor::of(ctx)?;
        if compressor == Compressor::None {
            return transpose(input, out, ctx, bit_unshuffle_block);
        }
        let mut block = BLOCK.take();
        let result = decode_compressed(compressor, input, out, &mut block, ctx);
        BLOCK.set(block);
        result
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let compressor = Compressor::of(ctx)?;
        if compressor == Compressor::None {
            return transpose(input, out, ctx, bit_shuffle_block);
        }
        let mut block = BLOCK.take();
        let result = encode_compressed(compressor, input, out, &mut block, ctx);
        BLOCK.set(block);
        result?;
        ctx.check("bitshuffle", out.len())
    }
}

/// The elements of a block where none are stored: about 8 KiB, a multiple of 8, at least 128.
fn default_block(element_size: usize) -> usize {
    (8192_usize.checked_div(element_size).unwrap_or_default() & !7).max(128)
}

fn element_size(ctx: &Context<'_>) -> Result<usize> {
    match usize::try_from(ctx.value(2, 0)) {
        Ok(0) | Err(_) => Err(Error::damaged("filter bitshuffle: element size 0 or absent")),
        Ok(size) => Ok(size),
    }
}

/// The bytes of a block as the client data say.
fn block_bytes(ctx: &Context<'_>, element_size: usize) -> Result<usize> {
    let elements = match usize::try_from(ctx.value(3, 0)).unwrap_or(usize::MAX) {
        0 => default_block(element_size),
        elements => elements,
    };
    checked_block(elements.saturating_mul(element_size), element_size)
}

/// Refuses a block that is not a multiple of 8 elements.
fn checked_block(bytes: usize, element_size: usize) -> Result<usize> {
    let unit = element_size.saturating_mul(8);
    if bytes == 0 || bytes.checked_rem(unit) != Some(0) {
        return Err(Error::damaged(format!(
            "filter bitshuffle: blocks of {bytes} bytes, expected a multiple of 8 elements of {element_size}"
        )));
    }
    Ok(bytes)
}

/// How many bytes at the start are whole groups of 8 elements.
fn in_groups(bytes: usize, element_size: usize) -> usize {
    let unit = element_size.saturating_mul(8);
    bytes.saturating_sub(bytes.checked_rem(unit).unwrap_or(bytes))
}

/// Both directions without a compressor.
fn transpose(
    input: &[u8],
    out: &mut Vec<u8>,
    ctx: &Context<'_>,
    block_function: fn(&[u8], usize, &mut [u8]),
) -> Result<()> {
    ctx.check("bitshuffle", input.len())?;
    let element_size = element_size(ctx)?;
    let block = block_bytes(ctx, element_size)?;
    out.resize(input.len(), 0);
    let whole = in_groups(input.len(), element_size);
    let (from, from_rest) = input.split_at_checked(whole).unwrap_or_default();
    let (to, to_rest) = out.split_at_mut_checked(whole).unwrap_or_default();
    for (from, to) in from.chunks(block).zip(to.chunks_mut(block)) {
        block_function(from, element_size, to);
    }
    copy(from_rest, to_rest);
    Ok(())
}

fn decode_compressed(
    compressor: Compressor,
    input: &[u8],
    out: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
    ctx: &Context<'_>,
) -> Result<()> {
    let element_size = element_size(ctx)?;
    let header = Header::read("bitshuffle", input)?;
    // A zstd block of 4 bytes may hold 128 KiB.
    let ratio = if compressor == Compressor::Lz4 { lz4::LARGEST_RATIO } else { 128 << 10 };
    let total = header.content("bitshuffle", ratio, ctx)?;
    let block_bytes = checked_block(header.block, element_size)?;
    out.resize(total, 0);
    let (blocks, tail) = out.split_at_mut_checked(in_groups(total, element_size)).unwrap_or_default();
    let mut left = header.rest;
    for to in blocks.chunks_mut(block_bytes) {
        let data = take_sized("bitshuffle", &mut left)?;
        if compressor == Compressor::Lz4 {
            buffer.resize(to.len(), 0);
            decompress_block("bitshuffle", data, buffer)?;
        } else {
            buffer.clear();
            zstd::decompress("bitshuffle", data, buffer, to.len())?;
        }
        if buffer.len() != to.len() {
            let (found, expected) = (buffer.len(), to.len());
            return Err(Error::damaged(format!(
                "filter bitshuffle: block of {found} bytes, expected {expected}"
            )));
        }
        bit_unshuffle_block(buffer, element_size, to);
    }
    let Some(raw) = left.get(..tail.len()) else {
        let (found, expected) = (left.len(), tail.len());
        return Err(Error::damaged(format!(
            "filter bitshuffle: {found} bytes behind the blocks, expected {expected}"
        )));
    };
    copy(raw, tail);
    Ok(())
}

fn encode_compressed(
    compressor: Compressor,
    input: &[u8],
    out: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
    ctx: &Context<'_>,
) -> Result<()> {
    let element_size = element_size(ctx)?;
    let block_bytes = block_bytes(ctx, element_size)?;
    let stored = u32::try_from(block_bytes)
        .map_err(|_| Error::usage(format!("filter bitshuffle: blocks of {block_bytes} bytes")))?;
    out.clear();
    out.extend_from_slice(&(input.len() as u64).to_be_bytes());
    out.extend_from_slice(&stored.to_be_bytes());
    let level = zstd::level(ctx.value(5, 0));
    let mut table = CompressTable::default();
    let (blocks, tail) = input.split_at_checked(in_groups(input.len(), element_size)).unwrap_or_default();
    for from in blocks.chunks(block_bytes) {
        buffer.resize(from.len(), 0);
        bit_shuffle_block(from, element_size, buffer);
        if compressor == Compressor::Lz4 {
            compress_block(buffer, out, &mut table)?;
            continue;
        }
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        zstd::compress(buffer, out, level)?;
        let size = out.len().saturating_sub(start).saturating_sub(4) as u32;
        if let Some(to) = out.get_mut(start..).and_then(|rest| rest.first_chunk_mut::<4>()) {
            *to = size.to_be_bytes();
        }
    }
    out.extend_from_slice(tail);
    Ok(())
}

/// Undoes [`bit_shuffle_block`] for one block; `out` must be as long as `input`.
///
/// The bytes behind the last whole group of 8 elements are copied.
pub(crate) fn bit_unshuffle_block(input: &[u8], element_size: usize, out: &mut [u8]) {
    dispatch!(Level::new(), simd => unshuffle_with(simd, input, element_size, out));
}

/// Transposes the bits of one block of any number of elements; `out` must be as long as `input`.
///
/// The bytes behind the last whole group of 8 elements are copied.
pub(crate) fn bit_shuffle_block(input: &[u8], element_size: usize, out: &mut [u8]) {
    dispatch!(Level::new(), simd => shuffle_with(simd, input, element_size, out));
}

fn copy(from: &[u8], to: &mut [u8]) {
    if from.len() == to.len() {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn unshuffle_with<S: Simd>(simd: S, input: &[u8], element_size: usize, out: &mut [u8]) {
    let whole = in_groups(input.len(), element_size);
    let Some((rows, rest)) = input.split_at_checked(whole) else { return };
    let Some((to, tail)) = out.split_at_mut_checked(whole) else { return };
    copy(rest, tail);
    let Some(row @ 1..) = whole.checked_div(element_size.saturating_mul(8)) else { return };
    let mut rows = rows.chunks_exact(row);
    let mut offset = 0_usize;
    while offset < element_size {
        let left = element_size.saturating_sub(offset);
        offset = offset.saturating_add(match left {
            8.. => unshuffle_group::<S, 8>(simd, &mut rows, element_size, offset, to),
            4.. => unshuffle_group::<S, 4>(simd, &mut rows, element_size, offset, to),
            2.. => unshuffle_group::<S, 2>(simd, &mut rows, element_size, offset, to),
            _ => unshuffle_group::<S, 1>(simd, &mut rows, element_size, offset, to),
        });
    }
}

#[inline(always)]
fn shuffle_with<S: Simd>(simd: S, input: &[u8], element_size: usize, out: &mut [u8]) {
    let whole = in_groups(input.len(), element_size);
    let Some((elements, rest)) = input.split_at_checked(whole) else { return };
    let Some((to, tail)) = out.split_at_mut_checked(whole) else { return };
    copy(rest, tail);
    let Some(row @ 1..) = whole.checked_div(element_size.saturating_mul(8)) else { return };
    let mut rows = to.chunks_exact_mut(row);
    let mut offset = 0_usize;
    while offset < element_size {
        let left = element_size.saturating_sub(offset);
        offset = offset.saturating_add(match left {
            8.. => shuffle_group::<S, 8>(simd, elements, element_size, offset, &mut rows),
            4.. => shuffle_group::<S, 4>(simd, elements, element_size, offset, &mut rows),
            2.. => shuffle_group::<S, 2>(simd, elements, element_size, offset, &mut rows),
            _ => shuffle_group::<S, 1>(simd, elements, element_size, offset, &mut rows),
        });
    }
}

/// Swaps rows and columns of the 8 by 8 bits of each 8 bytes.
#[inline(always)]
fn transpose_bits<S: Simd>(simd: S, tile: [u8x16<S>; 8]) -> [u8x16<S>; 8] {
    if cfg!(target_endian = "big") {
        return load(simd, store(tile).map(transpose_bits_in_words));
    }
    let [a, b, c, d, e, f, g, h] = tile;
    [
        transpose_bits_in_lanes(simd, a),
        transpose_bits_in_lanes(simd, b),
        transpose_bits_in_lanes(simd, c),
        transpose_bits_in_lanes(simd, d),
        transpose_bits_in_lanes(simd, e),
        transpose_bits_in_lanes(simd, f),
        transpose_bits_in_lanes(simd, g),
        transpose_bits_in_lanes(simd, h),
    ]
}

#[expect(clippy::arithmetic_side_effects, reason = "shifts of vectors by constants below 64")]
#[inline(always)]
fn transpose_bits_in_lanes<S: Simd>(simd: S, bytes: u8x16<S>) -> u8x16<S> {
    let [near, mid, far] = BIT_MASKS;
    let x: u64x2<S> = bytes.bitcast();
    let t = (x ^ (x >> 7)) & u64x2::splat(simd, near);
    let x = x ^ t ^ (t << 7);
    let t = (x ^ (x >> 14)) & u64x2::splat(simd, mid);
    let x = x ^ t ^ (t << 14);
    let t = (x ^ (x >> 28)) & u64x2::splat(simd, far);
    (x ^ t ^ (t << 28)).bitcast()
}

/// The bits that change places in the three rounds: by 1 by 1, 2 by 2 and 4 by 4 squares.
const BIT_MASKS: [u64; 3] = [0x00aa_00aa_00aa_00aa, 0x0000_cccc_0000_cccc, 0x0000_0000_f0f0_f0f0];

/// [`transpose_bits`] where words are big-endian.
fn transpose_bits_in_words(lanes: Lanes) -> Lanes {
    let [near, mid, far] = BIT_MASKS;
    let words: [u64; 2] = bytemuck::cast(lanes);
    bytemuck::cast(words.map(|word| {
        let mut x = u64::from_le(word);
        let t = (x ^ (x >> 7)) & near;
        x ^= t ^ (t << 7);
        let t = (x ^ (x >> 14)) & mid;
        x ^= t ^ (t << 14);
        let t = (x ^ (x >> 28)) & far;
        (x ^ t ^ (t << 28)).to_le()
    }))
}

/// 16 bytes of a row, filled up with zeros behind its end.
#[inline(always)]
fn columns(row: (&[Lanes], &[u8]), index: usize) -> Lanes {
    match row.0.get(index) {
        Some(lanes) => *lanes,
        None => {
            let mut lanes = [0; 16];
            for (to, from) in lanes.iter_mut().zip(row.1) {
                *to = *from;
            }
            lanes
        }
    }
}

/// Undoes the `8 · W` rows that fill the bytes `offset ..` of each element; returns `W`.
#[inline(always)]
fn unshuffle_group<'a, S: Simd, const W: usize>(
    simd: S,
    rows: &mut impl Iterator<Item = &'a [u8]>,
    element_size: usize,
    offset: usize,
    out: &mut [u8],
) -> usize
where
    [u8x16<S>; W]: Tile,
{
    let rows: [[(&[Lanes], &[u8]); 8]; W] =
        std::array::from_fn(|_| std::array::from_fn(|_| rows.next().unwrap_or_default().as_chunks::<16>()));
    let end = offset.saturating_add(W);
    let zero = u8x16::splat(simd, 0);
    for (index, tile) in out.chunks_mut(element_size.saturating_mul(128)).enumerate() {
        // Loops, not closures: a closure would be compiled without the vector instructions.
        let mut planes = [[zero; 8]; W];
        for (plane, rows) in planes.iter_mut().zip(&rows) {
            let columns = load(simd, rows.map(|row| columns(row, index)));
            *plane = transpose_bits(simd, columns.unshuffle());
        }
        let mut elements = [[[0_u8; 16]; W]; 8];
        for (part, to) in elements.iter_mut().enumerate() {
            let lanes = planes.map(|plane| plane.get(part).copied().unwrap_or(zero));
            *to = store(lanes.unshuffle());
        }
        let elements = elements.as_flattened().as_flattened();
        if W == element_size {
            if let Some(elements) = elements.get(..tile.len()) {
                tile.copy_from_slice(elements);
            }
            continue;
        }
        for (element, from) in tile.chunks_exact_mut(element_size).zip(elements.as_chunks::<W>().0) {
            if let Some(to) = element.get_mut(offset..end) {
                to.copy_from_slice(from);
            }
        }
    }
    W
}

/// Fills `8 · W` rows from the bytes `offset ..` of each element; returns `W`.
#[inline(always)]
fn shuffle_group<'a, S: Simd, const W: usize>(
    simd: S,
    elements: &[u8],
    element_size: usize,
    offset: usize,
    rows: &mut impl Iterator<Item = &'a mut [u8]>,
) -> usize
where
    [u8x16<S>; W]: Tile,
{
    let mut rows: [[(&mut [Lanes], &mut [u8]); 8]; W] = std::array::from_fn(|_| {
        std::array::from_fn(|_| rows.next().unwrap_or_default().as_chunks_mut::<16>())
    });
    let end = offset.saturating_add(W);
    let zero = u8x16::splat(simd, 0);
    for (index, tile) in elements.chunks(element_size.saturating_mul(128)).enumerate() {
        let mut parts = [[[0_u8; 16]; W]; 8];
        let flat = parts.as_flattened_mut().as_flattened_mut();
        if W == element_size {
            if let Some(to) = flat.get_mut(..tile.len()) {
                to.copy_from_slice(tile);
            }
        } else {
            for (element, to) in tile.chunks_exact(element_size).zip(flat.as_chunks_mut::<W>().0) {
                if let Some(from) = element.get(offset..end) {
                    to.copy_from_slice(from);
                }
            }
        }
        let mut lanes = [[zero; W]; 8];
        for (to, part) in lanes.iter_mut().zip(parts) {
            *to = load(simd, part).shuffle();
        }
        for (rank, rows) in rows.iter_mut().enumerate() {
            let plane = lanes.map(|part| part.get(rank).copied().unwrap_or(zero));
            let columns = store(transpose_bits(simd, plane).shuffle());
            for ((whole, rest), from) in rows.iter_mut().zip(columns) {
                match whole.get_mut(index) {
                    Some(to) => *to = from,
                    None => rest.iter_mut().zip(from).for_each(|(to, from)| *to = from),
                }
            }
        }
    }
    W
}
