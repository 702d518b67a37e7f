//! Bits of the coded stream, least significant first.
//!
//! The stream is a run of little-endian words, so that its bits are those of its bytes, whatever
//! the word size of the writer.

/// Reads bits; past the end it gives zeros, and [`BitStream::overrun`] tells of it.
pub(super) struct BitStream<'a> {
    bytes: &'a [u8],
    /// The first byte that is not wholly in `buffer`.
    next: usize,
    /// The bits at hand; those from `held` up are zero or the right ones.
    buffer: u64,
    /// Bits of `buffer` that count, at most 63.
    held: u32,
}

impl<'a> BitStream<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitStream { bytes, next: 0, buffer: 0, held: 0 }
    }
    /// The number of bits that are read.
    #[inline(always)]
    pub(super) fn position(&self) -> u64 {
        (self.next as u64).wrapping_mul(8).wrapping_sub(u64::from(self.held))
    }
    /// Whether more bits are read than there are.
    #[inline(always)]
    pub(super) fn overrun(&self) -> bool {
        self.next > self.bytes.len() && self.position() > (self.bytes.len() as u64).wrapping_mul(8)
    }
    /// Goes to the bit at `position`.
    pub(super) fn seek(&mut self, position: u64) {
        self.next = usize::try_from(position >> 3).unwrap_or(usize::MAX);
        self.buffer = 0;
        self.held = 0;
        self.refill();
        self.drop_bits((position & 7) as u32);
    }
    /// Makes at least 56 bits ready.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let word = match self.bytes.get(self.next..).and_then(|rest| rest.first_chunk::<8>()) {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => self.last_word(),
        };
        self.buffer |= word.wrapping_shl(self.held);
        let bytes = 63_u32.wrapping_sub(self.held) >> 3;
        self.next = self.next.saturating_add(bytes as usize);
        self.held = self.held.wrapping_add(bytes.wrapping_mul(8));
    }
    /// The word at `next` where fewer than 8 bytes are left, filled up with zeros.
    #[cold]
    fn last_word(&self) -> u64 {
        let rest = self.bytes.get(self.next..).unwrap_or_default();
        rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }
    /// Drops bits that are held (at most 63).
    #[inline(always)]
    pub(super) fn drop_bits(&mut self, count: u32) {
        self.buffer = self.buffer.wrapping_shr(count);
        self.held = self.held.saturating_sub(count);
    }
    /// The next bit, of those that [`refill`](Self::refill) made ready.
    #[inline(always)]
    pub(super) fn ready_bit(&mut self) -> bool {
        let bit = self.buffer & 1 != 0;
        self.drop_bits(1);
        bit
    }
    /// The next bit.
    pub(super) fn bit(&mut self) -> bool {
        self.refill();
        self.ready_bit()
    }
    /// The next `count` bits as a number; `count` is at most 64.
    #[inline(always)]
    pub(super) fn bits(&mut self, count: u32) -> u64 {
        if count <= 56 {
            return self.few_bits(count);
        }
        let low = self.few_bits(32);
        low | self.few_bits(count.wrapping_sub(32)) << 32
    }
    /// The next `count` bits as a number; `count` is at most 56.
    #[inline(always)]
    fn few_bits(&mut self, count: u32) -> u64 {
        self.refill();
        let value = self.ready(count);
        self.drop_bits(count);
        value
    }
    /// The next `count` bits, not read yet, of those that [`refill`](Self::refill) made ready.
    #[inline(always)]
    pub(super) fn ready(&self, count: u32) -> u64 {
        self.buffer & !u64::MAX.wrapping_shl(count)
    }
    /// The zeros that come next, not read yet; at most 56 are counted.
    #[inline(always)]
    pub(super) fn zeros_ready(&mut self) -> u32 {
        self.refill();
        self.buffer.trailing_zeros().min(56)
    }
    /// Counts zeros up to the next one, which is read too; gives up after `most` bits.
    #[inline(always)]
    pub(super) fn zeros(&mut self, most: u32) -> u32 {
        let run = self.buffer.trailing_zeros();
        if run < self.held && run < most {
            self.drop_bits(run.wrapping_add(1));
            return run;
        }
        self.many_zeros(most)
    }
    /// [`zeros`](Self::zeros) where the bits at hand do not settle it.
    fn many_zeros(&mut self, most: u32) -> u32 {
        let mut seen = 0_u32;
        while seen < most {
            self.refill();
            let room = most.wrapping_sub(seen).min(self.held);
            let run = self.buffer.trailing_zeros();
            if run < room {
                self.drop_bits(run.wrapping_add(1));
                return seen.wrapping_add(run);
            }
            self.drop_bits(room);
            seen = seen.wrapping_add(room);
        }
        most
    }
}
