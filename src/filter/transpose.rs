//! Transpositions that the Blosc filters use: the inverse of shuffle and bitshuffle on one block.

/// Undoes a byte shuffle of elements of `size` bytes: `source` and `target` have one length.
///
/// Bytes behind the last whole element were not shuffled and are copied.
pub(super) fn unshuffle(size: usize, source: &[u8], target: &mut [u8]) {
    let count = source.len().checked_div(size).unwrap_or_default();
    if size <= 1 || count <= 1 {
        target.copy_from_slice(source);
        return;
    }
    let whole = count.saturating_mul(size);
    let (Some((source, source_tail)), Some((target, target_tail))) =
        (source.split_at_checked(whole), target.split_at_mut_checked(whole))
    else {
        return;
    };
    target_tail.copy_from_slice(source_tail);
    let mut planes = source.chunks_exact(count);
    match size {
        2 => {
            let [a, b] = rows(&mut planes);
            for ((t, a), b) in target.as_chunks_mut().0.iter_mut().zip(a).zip(b) {
                *t = [*a, *b];
            }
        }
        4 => {
            let [a, b, c, d] = rows(&mut planes);
            for ((((t, a), b), c), d) in target.as_chunks_mut().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                *t = [*a, *b, *c, *d];
            }
        }
        _ if size.is_multiple_of(8) => {
            let step = size >> 3;
            for first in 0..step {
                let words = target.as_chunks_mut().0.iter_mut().skip(first).step_by(step);
                gather(rows(&mut planes), words, |word| word);
            }
        }
        _ => {
            for (first, plane) in planes.enumerate() {
                for (t, s) in target.iter_mut().skip(first).step_by(size).zip(plane) {
                    *t = *s;
                }
            }
        }
    }
}

/// Undoes a bit shuffle of the first `count` elements (a multiple of 8) of `size` bytes each.
///
/// The bytes behind them are copied. `planes` is scratch space.
pub(super) fn unshuffle_bits(
    size: usize,
    count: usize,
    source: &[u8],
    target: &mut [u8],
    planes: &mut Vec<u8>,
) {
    let whole = count.saturating_mul(size);
    let (Some((source, source_tail)), Some((target, target_tail))) =
        (source.split_at_checked(whole), target.split_at_mut_checked(whole))
    else {
        return;
    };
    target_tail.copy_from_slice(source_tail);
    if count == 0 || !count.is_multiple_of(8) {
        target.copy_from_slice(source);
        return;
    }
    // First the bits of each byte come together (what is left is a byte shuffle), then the bytes.
    let bytes: &mut [u8] = if size == 1 {
        &mut *target
    } else {
        planes.resize(whole, 0);
        planes.as_mut_slice()
    };
    for (bits, plane) in source.chunks_exact(count).zip(bytes.chunks_exact_mut(count)) {
        let words = plane.as_chunks_mut().0.iter_mut();
        gather(rows(&mut bits.chunks_exact(count >> 3)), words, transpose_bits);
    }
    if size > 1 {
        unshuffle(size, planes, target);
    }
}

/// The next `N` rows; rows that are missing are empty.
fn rows<'a, const N: usize>(from: &mut impl Iterator<Item = &'a [u8]>) -> [&'a [u8]; N] {
    std::array::from_fn(|_| from.next().unwrap_or_default())
}

/// Writes, for each position of the eight rows, the eight bytes there after `change`.
fn gather<'a>(
    rows: [&[u8]; 8],
    mut words: impl Iterator<Item = &'a mut [u8; 8]>,
    change: impl Fn(u64) -> u64,
) {
    let parts = rows.map(|row| row.as_chunks::<8>());
    let tiles = parts.map(|part| part.0.len()).into_iter().min().unwrap_or_default();
    let mut bodies = parts.map(|part| part.0.iter());
    for _ in 0..tiles {
        let tile = bodies.each_mut().map(|body| body.next().map_or(0, |eight| u64::from_le_bytes(*eight)));
        // The tile comes first: a zip asks its first side once more than its second.
        for (value, word) in transpose_bytes(tile).into_iter().zip(words.by_ref()) {
            *word = change(value).to_le_bytes();
        }
    }
    let mut tails = parts.map(|part| part.1.iter());
    for word in words {
        let bytes = tails.each_mut().map(|tail| tail.next().copied().unwrap_or_default());
        *word = change(u64::from_le_bytes(bytes)).to_le_bytes();
    }
}

/// Byte `i` of word `j` becomes byte `j` of word `i`.
fn transpose_bytes(words: [u64; 8]) -> [u64; 8] {
    let [a, b, c, d, e, f, g, h] = words;
    let ((a, e), (b, f)) = (swap::<32>(a, e), swap::<32>(b, f));
    let ((c, g), (d, h)) = (swap::<32>(c, g), swap::<32>(d, h));
    let ((a, c), (b, d)) = (swap::<16>(a, c), swap::<16>(b, d));
    let ((e, g), (f, h)) = (swap::<16>(e, g), swap::<16>(f, h));
    let ((a, b), (c, d)) = (swap::<8>(a, b), swap::<8>(c, d));
    let ((e, f), (g, h)) = (swap::<8>(e, f), swap::<8>(g, h));
    [a, b, c, d, e, f, g, h]
}

/// Exchanges the upper fields of `low` with the lower fields of `high`, each `BITS` wide.
fn swap<const BITS: u32>(low: u64, high: u64) -> (u64, u64) {
    let mask = match BITS {
        32 => 0x0000_0000_ffff_ffff,
        16 => 0x0000_ffff_0000_ffff,
        _ => 0x00ff_00ff_00ff_00ff,
    };
    let change = ((low >> BITS) ^ high) & mask;
    (low ^ (change << BITS), high ^ change)
}

/// Bit `i` of byte `j` becomes bit `j` of byte `i`.
fn transpose_bits(word: u64) -> u64 {
    let mut x = word;
    for (shift, mask) in [(7, 0x00aa_00aa_00aa_00aa), (14, 0x0000_cccc_0000_cccc), (28, 0xf0f0_f0f0)] {
        let change = (x ^ (x >> shift)) & mask;
        x ^= change ^ (change << shift);
    }
    x
}

/// Applies a byte shuffle: the inverse of [`unshuffle`].
pub(super) fn shuffle(size: usize, source: &[u8], target: &mut [u8]) {
    let count = source.len().checked_div(size).unwrap_or_default();
    if size <= 1 || count <= 1 {
        target.copy_from_slice(source);
        return;
    }
    let whole = count.saturating_mul(size);
    let (Some((source, source_tail)), Some((target, target_tail))) =
        (source.split_at_checked(whole), target.split_at_mut_checked(whole))
    else {
        return;
    };
    target_tail.copy_from_slice(source_tail);
    for (first, plane) in target.chunks_exact_mut(count).enumerate() {
        for (t, s) in plane.iter_mut().zip(source.iter().skip(first).step_by(size)) {
            *t = *s;
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        (0..length as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
    }

    #[test]
    fn bytes_come_back() {
        for size in [1, 2, 3, 4, 5, 8, 12, 16, 24, 255] {
            for length in [0, 1, size, size * 7 + 3, size * 8, size * 67 + 1] {
                let data = noise(length);
                let (mut shuffled, mut back) = (vec![0; length], vec![0; length]);
                shuffle(size, &data, &mut shuffled);
                unshuffle(size, &shuffled, &mut back);
                assert_eq!(data, back, "{size} {length}");
            }
        }
    }

    #[test]
    fn bits_come_back() {
        for size in [1usize, 2, 3, 8, 16] {
            for count in [0usize, 8, 16, 64, 72, 136] {
                let data = noise(size * count + 5);
                // the plain definition: one bit at a time
                let mut shuffled = data.clone();
                shuffled[..size * count].fill(0);
                for element in 0..count {
                    for byte in 0..size {
                        for bit in 0..8 {
                            let value = data[element * size + byte] >> bit & 1;
                            shuffled[(byte * 8 + bit) * (count / 8) + element / 8] |= value << (element % 8);
                        }
                    }
                }
                let mut back = vec![0; data.len()];
                unshuffle_bits(size, count, &shuffled, &mut back, &mut Vec::new());
                assert_eq!(data, back, "{size} {count}");
            }
        }
    }
}
