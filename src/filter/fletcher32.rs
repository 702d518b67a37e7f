//! Fletcher-32, filter 3: a checksum of 4 little-endian bytes behind the data.
//!
//! Facts: the sums run over big-endian 16-bit words from 0, an odd last byte is padded by a zero.
//! libhdf5 before 1.6.3 wrote, on little-endian machines, the value with the bytes of each half
//! swapped; both are accepted.

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// Filter 3: appends a checksum, and verifies it on reading.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fletcher32;

impl Filter for Fletcher32 {
    fn compresses(&self) -> bool {
        false
    }
    fn id(&self) -> u16 {
        3
    }
    fn name(&self) -> &'static str {
        "fletcher32"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let Some((data, stored)) = input.split_last_chunk::<4>() else {
            let found = input.len();
            return Err(Error::damaged(format!("filter fletcher32: {found} bytes, expected at least 4")));
        };
        ctx.check("fletcher32", data.len())?;
        let (computed, stored) = (fletcher32(data), u32::from_le_bytes(*stored));
        if stored != computed && stored != swap_in_halves(computed) {
            return Err(Error::damaged(format!(
                "filter fletcher32: checksum {stored:#010x} stored, {computed:#010x} computed"
            )));
        }
        out.clear();
        out.extend_from_slice(data);
        Ok(())
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        ctx.check("fletcher32", input.len().saturating_add(4))?;
        out.clear();
        out.reserve(input.len().saturating_add(4));
        out.extend_from_slice(input);
        out.extend_from_slice(&fletcher32(input).to_le_bytes());
        Ok(())
    }
}

/// The value as libhdf5 before 1.6.3 stored it.
fn swap_in_halves(value: u32) -> u32 {
    value.swap_bytes().rotate_left(16)
}

/// Words that are summed side by side.
const LANES: usize = 8;
/// Rows of lanes before a carry is folded: 65535 · (256 · 257 / 2) fits into 32 bits.
const ROWS: usize = 256;

/// The Fletcher-32 checksum of the bytes as HDF5 defines it.
pub fn fletcher32(data: &[u8]) -> u32 {
    let (mut first, mut second) = (0_u64, 0_u64);
    let mut blocks = data.chunks_exact(2 * LANES * ROWS);
    for block in blocks.by_ref() {
        // Each lane is summed alone. A word of row r and lane l counts 8·(rows − r) − l times in
        // the second sum, its lane's second sum holds it (rows − r) times.
        let (mut ones, mut twos) = ([0_u32; LANES], [0_u32; LANES]);
        for row in block.as_chunks::<{ 2 * LANES }>().0 {
            for ((one, two), word) in ones.iter_mut().zip(&mut twos).zip(row.as_chunks::<2>().0) {
                *one = one.wrapping_add(u32::from(u16::from_be_bytes(*word)));
                *two = two.wrapping_add(*one);
            }
        }
        second = second.wrapping_add(first.wrapping_mul((LANES * ROWS) as u64));
        for (lane, (&one, &two)) in (0_u64..).zip(ones.iter().zip(&twos)) {
            let twos = u64::from(two).wrapping_mul(LANES as u64);
            second = second.wrapping_add(twos).wrapping_sub(u64::from(one).wrapping_mul(lane));
            first = first.wrapping_add(u64::from(one));
        }
        (first, second) = (fold(first), fold(second));
    }
    let (words, odd) = blocks.remainder().as_chunks::<2>();
    let last = odd.first().map(|&byte| [byte, 0]);
    for word in words.iter().chain(&last) {
        first = first.wrapping_add(u64::from(u16::from_be_bytes(*word)));
        second = second.wrapping_add(first);
    }
    let [.., b1, b0] = fold(first).to_be_bytes();
    let [.., b3, b2] = fold(second).to_be_bytes();
    u32::from_be_bytes([b3, b2, b1, b0])
}

/// The sum modulo 65535, where only a sum of nothing but zeros is 0.
fn fold(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff).wrapping_add(sum >> 16);
    }
    sum
}
