//! Bits of a ZFP stream: least significant first, in little-endian words.

use crate::error::{Error, Result};

/// Bits that a stream may be read past its end: the coder pads to whole words.
const PADDING_BITS: u64 = 64;

/// Reads bits from the start of a byte run; zeros follow its end.
pub(super) struct Bits<'a> {
    left: &'a [u8],
    buffer: u64,
    buffered: u32,
    /// Bits read past the end.
    overrun: u64,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Bits { left: bytes, buffer: 0, buffered: 0, overrun: 0 }
    }
    fn refill(&mut self) {
        if let Some((word, rest)) = self.left.split_first_chunk::<8>() {
            self.buffer = u64::from_le_bytes(*word);
            self.left = rest;
            self.buffered = 64;
            return;
        }
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(self.left) {
            *to = *from;
        }
        if self.left.is_empty() {
            self.overrun = self.overrun.saturating_add(64);
        }
        self.left = &[];
        self.buffer = u64::from_le_bytes(word);
        self.buffered = 64;
    }
    /// The next bit.
    #[inline]
    pub(super) fn bit(&mut self) -> bool {
        if self.buffered == 0 {
            self.refill();
        }
        let bit = self.buffer & 1 == 1;
        self.buffer >>= 1;
        self.buffered = self.buffered.wrapping_sub(1);
        bit
    }
    /// The next `count` bits, at most 64, the first one least significant.
    #[inline]
    pub(super) fn take(&mut self, count: u32) -> u64 {
        let (mut out, mut have) = (0u64, 0u32);
        while have < count {
            if self.buffered == 0 {
                self.refill();
            }
            let n = self.buffered.min(count.wrapping_sub(have));
            let mask = u64::MAX.checked_shr(64u32.wrapping_sub(n)).unwrap_or(0);
            out |= (self.buffer & mask).checked_shl(have).unwrap_or(0);
            self.buffer = self.buffer.checked_shr(n).unwrap_or(0);
            self.buffered = self.buffered.wrapping_sub(n);
            have = have.wrapping_add(n);
        }
        out
    }
    /// Passes over `count` bits.
    pub(super) fn skip(&mut self, count: u32) {
        let mut left = count;
        while left > 0 {
            let n = left.min(64);
            self.take(n);
            left = left.wrapping_sub(n);
        }
    }
    /// An error once more than the padding was read past the end.
    pub(super) fn check(&self) -> Result<()> {
        if self.overrun > PADDING_BITS {
            return Err(Error::damaged("filter zfp: the stream ends before its last block"));
        }
        Ok(())
    }
}
