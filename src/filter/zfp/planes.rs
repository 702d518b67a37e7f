//! Bit planes: the embedded code of a block's coefficients.
//!
//! The coefficients are sent one bit plane at a time, the most significant first. Of each plane,
//! the bits of the coefficients that had a one in an earlier plane (they are a head of the block)
//! come as they are. The rest is coded in groups: a zero says that no one is left in the plane; a
//! one says that one is, and zeros up to it follow. The bit of the last coefficient is implied.

use std::sync::LazyLock;

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
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn swap_squares<const DISTANCE: usize>(rows: &mut [u64]) {
    let mask = low_halves(DISTANCE as u32);
    for pair in rows.chunks_exact_mut(DISTANCE.wrapping_mul(2)) {
        let (upper, lower) = pair.split_at_mut(DISTANCE);
        for (a, b) in upper.iter_mut().zip(lower) {
            let differing = (a.wrapping_shr(DISTANCE as u32) ^ *b) & mask;
            *a ^= differing.wrapping_shl(DISTANCE as u32);
            *b ^= differing;
        }
    }
}

/// Transposes the square bit matrices in the lanes of as many rows as a lane has bits.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
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

/// The code of one plane of four coefficients.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    plane: u8,
    /// Bits of the code.
    bits: u8,
    /// Where the steps begin that go with the coefficients then known.
    row: u16,
}

/// Most bits of the code of one plane of four coefficients.
const STEP_BITS: u32 = 7;
/// Codes that a word of ready bits is enough for.
const STEPS_READY: u32 = 8;

/// By the number of known coefficients, then the next bits: what [`plane`] makes of them.
///
/// Blocks of four have the most planes for each value, and branches on their bits are a toss.
static STEPS: LazyLock<[Step; 4 << STEP_BITS]> = LazyLock::new(|| {
    let mut steps = [Step::default(); 4 << STEP_BITS];
    for (head, row) in (0_u32..).zip(steps.chunks_exact_mut(1 << STEP_BITS)) {
        for (bits, step) in (0_u8..).zip(row) {
            let (mut known, mut left) = (head, STEP_BITS);
            let [plane] = plane::<1>(&mut BitStream::new(&[bits]), 4, &mut known, &mut left);
            *step = Step {
                plane: plane as u8,
                bits: STEP_BITS.wrapping_sub(left) as u8,
                row: known.wrapping_shl(STEP_BITS) as u16,
            };
        }
    }
    steps
});

/// Rows of bit planes that are being filled, the most significant plane first.
struct Filling<'a, const SIZE: usize, const GROUPS: usize> {
    groups: &'a mut [Rows; GROUPS],
    /// The number of the last plane that was put.
    next: u32,
}

impl<const SIZE: usize, const GROUPS: usize> Filling<'_, SIZE, GROUPS> {
    const LANE: u32 = if SIZE < 64 { SIZE as u32 } else { 64 };
    /// Puts the next plane.
    #[inline(always)]
    fn put(&mut self, words: [u64; GROUPS]) {
        self.next = self.next.wrapping_sub(1);
        let row = self.next & Self::LANE.wrapping_sub(1);
        let shift = self.next & !Self::LANE.wrapping_sub(1);
        for (group, word) in self.groups.iter_mut().zip(words) {
            if let Some(row) = group.get_mut(row as usize) {
                *row |= word.wrapping_shl(shift);
            }
        }
    }
    /// Puts the next plane, of at most 64 coefficients.
    #[inline(always)]
    fn put_one(&mut self, word: u64) {
        let mut words = [0; GROUPS];
        if let Some(first) = words.first_mut() {
            *first = word;
        }
        self.put(words);
    }
}

/// Decodes planes of four coefficients as long as there are many bits and groups.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn steps<const SIZE: usize, const GROUPS: usize>(
    stream: &mut BitStream<'_>,
    filling: &mut Filling<'_, SIZE, GROUPS>,
    last: u32,
    known: &mut u32,
    budget: &mut u32,
) {
    let steps = &*STEPS;
    let mut row = 0_u16;
    while usize::from(row) < steps.len() && filling.next > last && *budget >= STEP_BITS {
        stream.refill();
        for _ in 0..STEPS_READY {
            let Some(step) = steps.get(usize::from(row) | stream.ready(STEP_BITS) as usize) else { break };
            filling.put_one(u64::from(step.plane));
            row = step.row;
            stream.drop_bits(u32::from(step.bits));
            *budget = budget.wrapping_sub(u32::from(step.bits));
            if filling.next <= last || *budget < STEP_BITS {
                break;
            }
        }
    }
    *known = u32::from(row) >> STEP_BITS;
}

/// Decodes the coefficients of a block: at most `precision` planes of `width`, `budget` bits.
///
/// On return row `i` of group `g` holds coefficient `64 g + i` as a negabinary number.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn decode<const SIZE: usize, const GROUPS: usize>(
    stream: &mut BitStream<'_>,
    width: u32,
    precision: u32,
    mut budget: u32,
    groups: &mut [Rows; GROUPS],
) {
    let size = SIZE as u32;
    let lane = SIZE.min(64);
    for group in groups.iter_mut() {
        group.iter_mut().take(lane).for_each(|row| *row = 0);
    }
    let last = width.saturating_sub(precision);
    let mut filling = Filling::<SIZE, GROUPS> { groups: &mut *groups, next: width };
    // Planes without a one, a zero each.
    let empty = stream.zeros_ready().min(width.wrapping_sub(last)).min(budget);
    stream.drop_bits(empty);
    filling.next = width.wrapping_sub(empty);
    budget = budget.wrapping_sub(empty);
    let mut known = 0;
    if SIZE == 4 {
        steps(stream, &mut filling, last, &mut known, &mut budget);
    }
    while filling.next > last && budget > 0 {
        if SIZE <= 16 && known == size && budget >= 56 {
            // Planes without groups: as many as fit into a word.
            let count = filling.next.wrapping_sub(last).min(const { 56 / SIZE as u32 });
            let bits = count.wrapping_mul(size);
            let mut word = stream.bits(bits);
            budget = budget.wrapping_sub(bits);
            for _ in 0..count {
                filling.put_one(word & !u64::MAX.wrapping_shl(size));
                word = word.wrapping_shr(size);
            }
        } else {
            filling.put(plane::<GROUPS>(stream, size, &mut known, &mut budget));
        }
    }
    for group in groups {
        if let Some(rows) = group.get_mut(..lane) {
            transpose(rows);
        }
    }
}
