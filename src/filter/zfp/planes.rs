//! Bit planes: the embedded code of a block's coefficients.
//!
//! The coefficients are sent one bit plane at a time, the most significant first. Of each plane,
//! the bits of the coefficients that had a one in an earlier plane (they are a head of the block)
//! come as they are. The rest is coded in groups: a zero says that no one is left in the plane; a
//! one says that one is, and zeros up to it follow. The bit of the last coefficient is implied.

use super::stream::BitStream;

/// Planes of up to 64 coefficients, then (transposed) the coefficients themselves.
///
/// Before: plane `k` of coefficient `i` is bit `i` of the lane `k / n` in row `k % n`, where `n` is
/// the number of coefficients and a lane has `n` bits. After: coefficient `i` is row `i`.
pub(super) type Rows = [u64; 64];

/// The places where bit `distance` of a bit's number is zero.
const fn low_halves(distance: u32) -> u64 {
    match distance {
        32 => 0x0000_0000_ffff_ffff,
        16 => 0x0000_ffff_0000_ffff,
        8 => 0x00ff_00ff_00ff_00ff,
        4 => 0x0f0f_0f0f_0f0f_0f0f,
        2 => 0x3333_3333_3333_3333,
        _ => 0x5555_5555_5555_5555,
    }
}

/// One step of a transposition: swaps the off-diagonal squares of side `DISTANCE`.
#[inline(always)]
fn swap_squares<const DISTANCE: usize>(rows: &mut [u64]) {
    let mask = low_halves(DISTANCE as u32);
    for pair in rows.chunks_exact_mut(2 * DISTANCE) {
        let (upper, lower) = pair.split_at_mut(DISTANCE);
        for (a, b) in upper.iter_mut().zip(lower) {
            let differing = (a.wrapping_shr(DISTANCE as u32) ^ *b) & mask;
            *a ^= differing.wrapping_shl(DISTANCE as u32);
            *b ^= differing;
        }
    }
}

/// Transposes the square bit matrices in the lanes of as many rows as a lane has bits.
#[inline(always)]
fn transpose(rows: &mut [u64]) {
    if rows.len() >= 64 {
        swap_squares::<32>(rows);
    }
    if rows.len() >= 32 {
        swap_squares::<16>(rows);
    }
    if rows.len() >= 16 {
        swap_squares::<8>(rows);
        swap_squares::<4>(rows);
    }
    swap_squares::<2>(rows);
    swap_squares::<1>(rows);
}

/// Decodes one bit plane of `size` coefficients, of which a head of `known` has had ones already.
#[inline(always)]
fn plane<const GROUPS: usize>(
    stream: &mut BitStream<'_>,
    size: u32,
    known: &mut u32,
    budget: &mut u32,
) -> [u64; GROUPS] {
    let mut words = [0_u64; GROUPS];
    let mut head = (*known).min(*budget);
    *budget = budget.wrapping_sub(head);
    for word in &mut words {
        let count = head.min(64);
        *word = stream.bits(count);
        head = head.wrapping_sub(count);
    }
    let mut first = *known;
    while first < size && *budget > 0 {
        stream.refill();
        *budget = budget.wrapping_sub(1);
        if !stream.ready_bit() {
            break;
        }
        let most = size.wrapping_sub(1).wrapping_sub(first).min(*budget);
        let zeros = stream.zeros(most);
        *budget = budget.wrapping_sub(zeros.wrapping_add(1).min(most));
        first = first.wrapping_add(zeros);
        if let Some(word) = words.get_mut((first >> 6) as usize) {
            *word |= 1_u64.wrapping_shl(first);
        }
        first = first.wrapping_add(1);
    }
    *known = first;
    words
}

/// Decodes the coefficients of a block: at most `precision` planes of `width`, `budget` bits.
///
/// On return row `i` of group `g` holds coefficient `64 g + i` as a negabinary number.
#[inline(always)]
pub(super) fn decode<const SIZE: usize, const GROUPS: usize>(
    stream: &mut BitStream<'_>,
    width: u32,
    precision: u32,
    mut budget: u32,
    groups: &mut [Rows; GROUPS],
) {
    let lane = SIZE.min(64);
    for group in groups.iter_mut() {
        group.iter_mut().take(lane).for_each(|row| *row = 0);
    }
    let mut known = 0;
    for number in (width.saturating_sub(precision)..width).rev() {
        if budget == 0 {
            break;
        }
        let words = plane::<GROUPS>(stream, SIZE as u32, &mut known, &mut budget);
        let row = number as usize & lane.wrapping_sub(1);
        let shift = number & !(lane as u32).wrapping_sub(1);
        for (group, word) in groups.iter_mut().zip(words) {
            if let Some(row) = group.get_mut(row) {
                *row |= word.wrapping_shl(shift);
            }
        }
    }
    for group in groups {
        if let Some(rows) = group.get_mut(..lane) {
            transpose(rows);
        }
    }
}
