//! Bit streams, most significant bit first, as szip, nbit and scale-offset store them.
//!
//! Both ends work on 64-bit words. The reader gives zeros past its end and remembers it, so a
//! caller asks [`BitReader::overrun`] once for a block and not once for a value.

/// Reads bits from the most significant one of each byte on.
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    /// The next bits, aligned to the left; below `held` bits it may hold bits of `rest` too.
    word: u64,
    held: u32,
    overrun: bool,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        BitReader { rest: bytes, word: 0, held: 0, overrun: false }
    }

    /// Whether more bits were asked for than there are.
    pub(super) fn overrun(&self) -> bool {
        self.overrun
    }

    /// Holds 56 bits or more after the call, as far as the bytes go.
    #[inline]
    fn refill(&mut self) {
        if let Some(next) = self.rest.first_chunk::<8>() {
            self.word |= u64::from_be_bytes(*next).wrapping_shr(self.held);
            let taken = 63u32.wrapping_sub(self.held).wrapping_shr(3);
            self.rest = self.rest.get(taken as usize..).unwrap_or(&[]);
            self.held |= 56;
        } else {
            self.refill_end();
        }
    }

    #[cold]
    fn refill_end(&mut self) {
        while self.held <= 56 {
            let Some((&byte, rest)) = self.rest.split_first() else { return };
            self.word |= u64::from(byte).wrapping_shl(56u32.wrapping_sub(self.held));
            self.held = self.held.wrapping_add(8);
            self.rest = rest;
        }
    }

    /// Drops bits that are held.
    #[inline]
    fn drop_held(&mut self, count: u32) {
        self.word = self.word.checked_shl(count).unwrap_or(0);
        self.held = self.held.wrapping_sub(count);
    }

    /// The next `count` bits, at most 56, as a number.
    #[inline]
    pub(super) fn bits(&mut self, count: u32) -> u64 {
        debug_assert!(count <= 56);
        if self.held < count {
            self.refill();
            if self.held < count {
                return self.bits_at_end(count);
            }
        }
        let value = self.word.wrapping_shr(1).wrapping_shr(63u32.wrapping_sub(count));
        self.drop_held(count);
        value
    }

    #[cold]
    fn bits_at_end(&mut self, count: u32) -> u64 {
        let value = self.word.checked_shr(64u32.saturating_sub(count)).unwrap_or(0);
        self.overrun = true;
        self.word = 0;
        self.held = 0;
        value
    }

    /// The next `count` bits, at most 64.
    #[inline]
    pub(super) fn wide_bits(&mut self, count: u32) -> u64 {
        if count <= 56 {
            return self.bits(count);
        }
        let low = count.saturating_sub(32).min(32);
        let high = self.bits(count.saturating_sub(low));
        high.wrapping_shl(low) | self.bits(low)
    }

    /// How many 0 bits stand before the next 1 bit, which is taken too.
    #[inline]
    pub(super) fn zeros(&mut self) -> u32 {
        if self.held < 32 {
            self.refill();
        }
        let zeros = self.word.leading_zeros();
        if zeros < self.held {
            self.drop_held(zeros.wrapping_add(1));
            return zeros;
        }
        self.zeros_slow()
    }

    #[cold]
    fn zeros_slow(&mut self) -> u32 {
        let mut before = 0u32;
        loop {
            let zeros = self.word.leading_zeros();
            if zeros < self.held {
                self.drop_held(zeros.wrapping_add(1));
                return before.saturating_add(zeros);
            }
            before = before.saturating_add(self.held);
            self.word = 0;
            self.held = 0;
            self.refill();
            if self.held == 0 {
                self.overrun = true;
                return before;
            }
        }
    }
}

/// Appends bits to a vector, filling each byte from its most significant bit on.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The bits not yet in `out`, aligned to the right, fewer than 32 between calls.
    word: u64,
    held: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        BitWriter { out, word: 0, held: 0 }
    }

    /// Whole bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Appends the `count` low bits of `value`, at most 32.
    #[inline]
    pub(super) fn bits(&mut self, value: u64, count: u32) {
        debug_assert!(count <= 32);
        let mask = 1u64.wrapping_shl(count).wrapping_sub(1);
        self.word = self.word.wrapping_shl(count) | (value & mask);
        self.held = self.held.wrapping_add(count);
        if self.held >= 32 {
            self.held = self.held.wrapping_sub(32);
            let full = self.word.wrapping_shr(self.held) as u32;
            self.out.extend_from_slice(&full.to_be_bytes());
        }
    }

    /// Appends the `count` low bits of `value`, at most 64.
    #[inline]
    pub(super) fn wide_bits(&mut self, value: u64, count: u32) {
        if count > 32 {
            self.bits(value.wrapping_shr(32), count.wrapping_sub(32));
            self.bits(value, 32);
        } else {
            self.bits(value, count);
        }
    }

    /// Appends `count` 0 bits and a 1 bit.
    #[inline]
    pub(super) fn zeros(&mut self, count: u32) {
        let mut left = count;
        while left >= 32 {
            self.bits(0, 32);
            left = left.wrapping_sub(32);
        }
        self.bits(0, left);
        self.bits(1, 1);
    }

    /// Fills the last byte with 0 bits.
    pub(super) fn finish(mut self) {
        while self.held > 0 {
            let fill = 8u32.saturating_sub(self.held);
            let byte = self.word.wrapping_shl(fill).wrapping_shr(self.held.saturating_sub(8)) as u8;
            self.out.push(byte);
            self.held = self.held.saturating_sub(8);
        }
        self.word = 0;
    }
}

/// Chunks that libhdf5 wrote; `make_numeric.py` beside the files tells how.
#[cfg(test)]
pub(super) mod vectors {
    /// One stored chunk and what it decodes to.
    pub(in crate::filter) struct Vector {
        pub(in crate::filter) name: String,
        pub(in crate::filter) client_data: Vec<u32>,
        pub(in crate::filter) stored: Vec<u8>,
        pub(in crate::filter) plain: Vec<u8>,
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The vectors of a file of `tests/files/filters`;
    /// the variable H5_NUMERIC_VECTORS names another folder.
    pub(in crate::filter) fn read(name: &str) -> Vec<Vector> {
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/filters");
        let folder = std::env::var("H5_NUMERIC_VECTORS").unwrap_or_else(|_| here.to_string());
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let vector = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            Vector {
                name: fields[0].to_string(),
                client_data: fields[2].split(',').map(|value| value.parse().unwrap()).collect(),
                stored: hex(fields[3]),
                plain: hex(fields[4]),
            }
        };
        text.lines().map(vector).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bits_come_from_the_top() {
        let mut reader = BitReader::new(&[0b1010_0001, 0xff]);
        assert_eq!((reader.bits(1), reader.bits(2), reader.zeros()), (1, 1, 4));
        assert_eq!((reader.bits(8), reader.overrun()), (0xff, false));
        assert_eq!((reader.bits(0), reader.overrun()), (0, false));
        assert_eq!((reader.bits(3), reader.overrun()), (0, true));
        let mut empty = BitReader::new(&[0; 3]);
        assert_eq!((empty.zeros(), empty.overrun()), (24, true));
    }

    proptest! {
        #[test]
        fn round_trip(values in proptest::collection::vec((any::<u64>(), 0u32..=64, 0u32..200), 0..100)) {
            let mut bytes = Vec::new();
            let mut writer = BitWriter::new(&mut bytes);
            let mut total = 0usize;
            for &(value, count, zeros) in &values {
                writer.wide_bits(value, count);
                writer.zeros(zeros);
                total += (count + zeros + 1) as usize;
            }
            writer.finish();
            prop_assert_eq!(bytes.len(), total.div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            for &(value, count, zeros) in &values {
                let mask = if count == 64 { u64::MAX } else { (1u64 << count) - 1 };
                prop_assert_eq!(reader.wide_bits(count), value & mask);
                prop_assert_eq!(reader.zeros(), zeros);
            }
            prop_assert!(!reader.overrun());
        }
    }
}
