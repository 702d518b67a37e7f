//! The adaptive entropy coder of CCSDS 121.0-B: blocks of samples, each under the best option.

use super::{BitReader, BitWriter, Layout, truncated};
use crate::error::{Error, Result};

/// A run of zero blocks never crosses a multiple of this many blocks.
const SEGMENT: usize = 64;
/// The count of zero blocks that stands for "all up to the end of the segment".
const REST_OF_SEGMENT: u32 = 5;
/// The greatest code of the second extension: 13 sums of two samples.
const MOST_PAIR_CODE: u32 = 90;

/// The pairs of the second extension by code: (first, second).
const PAIRS: [(u8, u8); 91] = pairs();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // evaluated by the compiler
const fn pairs() -> [(u8, u8); 91] {
    let mut table = [(0, 0); 91];
    let (mut code, mut sum) = (0, 0u8);
    while sum < 13 {
        let mut second = 0;
        while second <= sum {
            table[code] = (sum - second, second);
            code += 1;
            second += 1;
        }
        sum += 1;
    }
    table
}

/// Decodes the blocks of one interval until `wanted` samples are there.
pub(super) fn decode_interval(
    reader: &mut BitReader<'_>,
    samples: &mut [u32],
    wanted: usize,
    layout: &Layout,
) -> Result<()> {
    let uncompressed = 1u64.wrapping_shl(layout.id_bits).wrapping_sub(1);
    let mut at = 0usize;
    while at < wanted {
        let Some((_, rest)) = samples.split_at_mut_checked(at) else { break };
        let Some((block, _)) = rest.split_at_mut_checked(layout.block) else { break };
        let has_reference = layout.differences && at == 0;
        let mut done = layout.block;
        let option = reader.bits(layout.id_bits);
        if option == uncompressed {
            for sample in block {
                *sample = reader.bits(layout.bits) as u32;
            }
        } else if option > 0 {
            let coded = after_reference(reader, block, has_reference, layout);
            split_samples(reader, coded, (option as u32).wrapping_sub(1));
        } else if reader.bits(1) == 1 {
            let coded = after_reference(reader, block, has_reference, layout);
            pair_samples(reader, coded, has_reference)?;
        } else {
            after_reference(reader, block, has_reference, layout);
            done = zero_run(reader, rest, at, has_reference, layout)?;
        }
        if reader.overrun() {
            return Err(truncated());
        }
        at = at.saturating_add(done);
    }
    Ok(())
}

/// Reads the reference sample, if there is one; the rest of the block.
fn after_reference<'b>(
    reader: &mut BitReader<'_>,
    block: &'b mut [u32],
    has_reference: bool,
    layout: &Layout,
) -> &'b mut [u32] {
    let (reference, rest) = block.split_at_mut(usize::from(has_reference));
    for sample in reference {
        *sample = reader.bits(layout.bits) as u32;
    }
    rest
}

/// Samples whose `low` lowest bits stand apart from the unary coded rest.
fn split_samples(reader: &mut BitReader<'_>, block: &mut [u32], low: u32) {
    for sample in block.iter_mut() {
        *sample = reader.zeros().wrapping_shl(low);
    }
    if low > 0 {
        for sample in block {
            *sample |= reader.bits(low) as u32;
        }
    }
}

/// The second extension: two samples in one code; the reference takes the first one's place.
fn pair_samples(reader: &mut BitReader<'_>, block: &mut [u32], has_reference: bool) -> Result<()> {
    let pair = |reader: &mut BitReader<'_>| {
        let code = reader.zeros();
        let Some(&(first, second)) = PAIRS.get(code as usize) else {
            return Err(Error::damaged(format!(
                "filter szip: found the second extension's code {code}, expected at most {MOST_PAIR_CODE}"
            )));
        };
        Ok([u32::from(first), u32::from(second)])
    };
    let mut block = block;
    if has_reference {
        let Some((alone, rest)) = block.split_first_mut() else { return Ok(()) };
        *alone = pair(reader)?[1];
        block = rest;
    }
    for to in block.as_chunks_mut::<2>().0 {
        *to = pair(reader)?;
    }
    Ok(())
}

/// A run of blocks of zeros; how many samples it makes, its reference sample among them.
fn zero_run(
    reader: &mut BitReader<'_>,
    rest: &mut [u32],
    at: usize,
    has_reference: bool,
    layout: &Layout,
) -> Result<usize> {
    let index = at.checked_div(layout.block).unwrap_or(0);
    let left = rest.len().checked_div(layout.block).unwrap_or(0);
    let count = reader.zeros().saturating_add(1);
    let blocks = match count {
        REST_OF_SEGMENT => left.min(SEGMENT.saturating_sub(index & 63)),
        ..REST_OF_SEGMENT => count as usize,
        _ => count.saturating_sub(1) as usize,
    };
    let samples = blocks.saturating_mul(layout.block);
    let Some(run) = rest.get_mut(usize::from(has_reference)..samples) else {
        return Err(Error::damaged(format!(
            "filter szip: found a run of {blocks} zero blocks, expected at most {left}"
        )));
    };
    run.fill(0);
    Ok(samples)
}

/// From mapped differences to samples; the first one is a sample already.
pub(super) fn undo_differences(samples: &mut [u32], greatest: u32) {
    let Some((first, rest)) = samples.split_first_mut() else { return };
    let mut before = *first;
    for sample in rest {
        let mapped = *sample;
        let above = greatest.wrapping_sub(before);
        // Differences that fit on both sides take turns in sign; the rest go one way.
        let half = mapped.wrapping_shr(1);
        let value = if half.wrapping_add(mapped & 1) <= before.min(above) {
            before.wrapping_add(half ^ 0u32.wrapping_sub(mapped & 1))
        } else if before <= above {
            mapped
        } else {
            greatest.wrapping_sub(mapped)
        };
        before = value & greatest;
        *sample = before;
    }
}

/// From samples to mapped differences; the first one becomes 0.
pub(super) fn take_differences(samples: &mut [u32], greatest: u32) {
    let Some((first, rest)) = samples.split_first_mut() else { return };
    let mut before = *first;
    *first = 0;
    for sample in rest {
        let value = *sample;
        let above = greatest.wrapping_sub(before);
        let distance = value.abs_diff(before);
        let turns = distance <= before.min(above);
        *sample = match (turns, value >= before) {
            (true, true) => distance.wrapping_shl(1),
            (true, false) => distance.wrapping_shl(1).wrapping_sub(1),
            (false, true) => value,
            (false, false) => greatest.wrapping_sub(value),
        };
        before = value;
    }
}

/// Encodes one interval of whole blocks, `low` being the split of the last block that had one.
pub(super) fn encode_interval(
    writer: &mut BitWriter<'_>,
    samples: &[u32],
    reference: u32,
    low: &mut u32,
    layout: &Layout,
) {
    let blocks = samples.len().checked_div(layout.block).unwrap_or(0);
    let mut run = 0u32;
    let mut next_reference = layout.differences.then_some(reference);
    for (index, block) in samples.chunks_exact(layout.block).enumerate() {
        let is_zero = block.iter().all(|&sample| sample == 0);
        if is_zero {
            run = run.saturating_add(1);
            let next = index.saturating_add(1);
            if next < blocks && next.checked_rem(SEGMENT) != Some(0) {
                continue;
            }
        }
        if run > 0 {
            let code = match run {
                ..REST_OF_SEGMENT => run.wrapping_sub(1),
                _ if is_zero => REST_OF_SEGMENT.wrapping_sub(1),
                _ => run,
            };
            writer.bits(0, layout.id_bits.wrapping_add(1));
            write_reference(writer, next_reference.take(), layout);
            writer.zeros(code);
            run = 0;
        }
        if !is_zero {
            encode_block(writer, block, next_reference.take(), low, layout);
        }
    }
}

fn write_reference(writer: &mut BitWriter<'_>, reference: Option<u32>, layout: &Layout) {
    if let Some(sample) = reference {
        writer.bits(u64::from(sample), layout.bits);
    }
}

/// Encodes one block under the option that takes the fewest bits.
fn encode_block(
    writer: &mut BitWriter<'_>,
    block: &[u32],
    reference: Option<u32>,
    low: &mut u32,
    layout: &Layout,
) {
    let coded = block.get(usize::from(reference.is_some())..).unwrap_or_default();
    let plain_size = u64::from(layout.bits).saturating_mul(coded.len() as u64);
    let split_size = best_split(coded, low, layout);
    let pairs_size = pairs_size(block, plain_size);
    if pairs_size <= split_size && pairs_size < plain_size {
        writer.bits(1, layout.id_bits.wrapping_add(1));
        write_reference(writer, reference, layout);
        for pair in block.as_chunks::<2>().0 {
            writer.zeros(u32::try_from(pair_code(*pair)).unwrap_or(u32::MAX));
        }
    } else if split_size < plain_size {
        writer.bits(u64::from(low.wrapping_add(1)), layout.id_bits);
        write_reference(writer, reference, layout);
        for &sample in coded {
            writer.zeros(sample.wrapping_shr(*low));
        }
        for &sample in coded {
            writer.bits(u64::from(sample), *low);
        }
    } else {
        writer.bits(u64::MAX, layout.id_bits);
        write_reference(writer, reference, layout);
        for &sample in coded {
            writer.bits(u64::from(sample), layout.bits);
        }
    }
}

/// Moves `low` to the split that takes the fewest bits; that number.
///
/// The size has one minimum over the splits, and neighbours in the data want like splits.
fn best_split(coded: &[u32], low: &mut u32, layout: &Layout) -> u64 {
    let most = 1u32.wrapping_shl(layout.id_bits).saturating_sub(3);
    let size = |low: u32| {
        let unary: u64 = coded.iter().map(|&sample| u64::from(sample.wrapping_shr(low))).sum();
        unary.saturating_add(u64::from(low.wrapping_add(1)).saturating_mul(coded.len() as u64))
    };
    let mut best = size(*low);
    let start = *low;
    while *low < most {
        let next = size(low.wrapping_add(1));
        if next >= best {
            break;
        }
        (best, *low) = (next, low.wrapping_add(1));
    }
    while *low > 0 && *low <= start {
        let next = size(low.wrapping_sub(1));
        if next >= best {
            break;
        }
        (best, *low) = (next, low.wrapping_sub(1));
    }
    best
}

fn pair_code([first, second]: [u32; 2]) -> u64 {
    let sum = u64::from(first).saturating_add(u64::from(second));
    let row = sum.saturating_mul(sum.saturating_add(1)).wrapping_shr(1);
    row.saturating_add(u64::from(second))
}

/// The bits that the second extension takes, or more than `most`.
fn pairs_size(block: &[u32], most: u64) -> u64 {
    let mut size = 1u64;
    for pair in block.as_chunks::<2>().0 {
        let code = pair_code(*pair);
        if size > most || code > u64::from(MOST_PAIR_CODE) {
            return u64::MAX;
        }
        size = size.saturating_add(code).saturating_add(1);
    }
    size
}
