//! Small filters inside Blosc chunks: differences of elements and of bytes.

/// Undoes the delta step in the first block: each element was combined with the one before.
pub(super) fn undo_first_delta(width: usize, block: &mut [u8]) {
    let mut before = [0u8; 8];
    for element in block.chunks_exact_mut(width) {
        for (byte, before) in element.iter_mut().zip(&mut before) {
            *byte ^= *before;
            *before = *byte;
        }
    }
}

/// Undoes the differences of neighbouring bytes in each of `size` rows.
pub(super) fn undo_byte_delta(size: usize, source: &[u8], target: &mut [u8]) {
    target.copy_from_slice(source);
    let count = target.len().checked_div(size).unwrap_or_default();
    if count == 0 {
        return;
    }
    for row in target.chunks_exact_mut(count).take(size) {
        let mut sum = 0u8;
        for byte in row {
            sum = sum.wrapping_add(*byte);
            *byte = sum;
        }
    }
}
