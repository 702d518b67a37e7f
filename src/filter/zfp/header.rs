//! The ZFP header in the client data: type and size of the array, parameters of the code.

use super::stream::BitStream;
use crate::error::{Error, Result};

/// The version of the code that this module decodes; zfp 0.5.0 to 1.0.1 write it.
const CODEC: u8 = 5;
/// The first filter version that writes the codec version into the first client data value.
const TELLS_CODEC: u32 = 0x110;
/// Parameters of unbounded modes.
const LEAST_BITS: u32 = 1;
const MOST_BITS: u32 = 16658;
const MOST_PLANES: u32 = 64;
const LEAST_EXPONENT: i32 = -1074;

/// The type of the array's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Int32,
    Int64,
    Float,
    Double,
}

impl Kind {
    pub(super) fn bytes(self) -> usize {
        match self {
            Kind::Int32 | Kind::Float => 4,
            Kind::Int64 | Kind::Double => 8,
        }
    }
}

/// The limits of each block's code; every mode is a choice of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    /// A block with fewer bits is filled up.
    pub(super) least_bits: u32,
    /// A block is cut after these bits.
    pub(super) most_bits: u32,
    /// Bit planes of a block.
    pub(super) most_planes: u32,
    /// The power of two of the least bit plane that is kept.
    pub(super) least_exponent: i32,
    /// Whether blocks are coded without loss.
    pub(super) reversible: bool,
}

impl Parameters {
    fn new(least_bits: u32, most_bits: u32, most_planes: u32, least_exponent: i32) -> Result<Parameters> {
        if least_bits > most_bits || most_planes == 0 || most_planes > MOST_PLANES {
            return Err(Error::damaged(format!(
                "filter zfp: found blocks of {least_bits} to {most_bits} bits and {most_planes} bit planes, \
                 expected an ordered range and 1 to {MOST_PLANES} planes"
            )));
        }
        let reversible = least_exponent < LEAST_EXPONENT;
        Ok(Parameters { least_bits, most_bits, most_planes, least_exponent, reversible })
    }
    /// Reads the mode: 12 bits for common choices, 64 for any.
    fn read(stream: &mut BitStream<'_>) -> Result<Parameters> {
        let mode = stream.bits(12) as u32;
        match mode {
            0..=0x7ff => Self::new(mode.saturating_add(1), mode.saturating_add(1), MOST_PLANES, LEAST_EXPONENT),
            0x800..=0x87f => {
                Self::new(LEAST_BITS, MOST_BITS, (mode & 0x7f).saturating_add(1), LEAST_EXPONENT)
            }
            // 0x880 is the reversible mode: an exponent just under the least one.
            0x880..=0xffe => {
                let exponent = (mode as i32).saturating_sub(0x881).saturating_add(LEAST_EXPONENT);
                Self::new(LEAST_BITS, MOST_BITS, MOST_PLANES, exponent)
            }
            _ => {
                let least_bits = (stream.bits(15) as u32).saturating_add(1);
                let most_bits = (stream.bits(15) as u32).saturating_add(1);
                let most_planes = (stream.bits(7) as u32).saturating_add(1);
                let least_exponent = (stream.bits(15) as i32).saturating_sub(16495);
                Self::new(least_bits, most_bits, most_planes, least_exponent)
            }
        }
    }
}

/// What the client data tell of the chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// The number of dimensions, 1 to 4.
    pub(super) rank: u32,
    /// The sizes, the fastest dimension first; 1 for dimensions that are not there.
    pub(super) sizes: [u64; 4],
    pub(super) parameters: Parameters,
    /// Whether the values are big-endian: the writer's machine was.
    pub(super) swapped: bool,
}

impl Header {
    /// Reads the client data: versions, then the bytes of a ZFP header in words of 32 bits.
    pub(super) fn read(client_data: &[u32]) -> Result<Header> {
        let Some((versions, words)) = client_data.split_first() else {
            return Err(Error::damaged("filter zfp: found no client data, expected the ZFP header"));
        };
        let codec = versions >> 12 & 0xf;
        if versions & 0xfff >= TELLS_CODEC && codec > u32::from(CODEC) {
            return Err(Error::unsupported(format!(
                "filter zfp: codec version {codec}, at most {CODEC} is known"
            )));
        }
        let little: Vec<u8> = words.iter().take(5).flat_map(|word| word.to_le_bytes()).collect();
        if is_magic(&little) {
            return Self::parse(&little, false);
        }
        let big: Vec<u8> = words.iter().take(5).flat_map(|word| word.to_be_bytes()).collect();
        if is_magic(&big) {
            return Self::parse(&big, true);
        }
        Err(Error::damaged(format!("filter zfp: found header bytes {little:02x?}, expected \"zfp\" first")))
    }
    fn parse(bytes: &[u8], swapped: bool) -> Result<Header> {
        if let Some(&codec) = bytes.get(3).filter(|&&codec| codec != CODEC) {
            return Err(Error::unsupported(format!("filter zfp: codec version {codec}, only {CODEC} is known")));
        }
        let mut stream = BitStream::new(bytes);
        stream.seek(32);
        let kind = match stream.bits(2) {
            0 => Kind::Int32,
            1 => Kind::Int64,
            2 => Kind::Float,
            _ => Kind::Double,
        };
        let rank = (stream.bits(2) as u32).saturating_add(1);
        let size_bits = match rank {
            1 => 48,
            2 => 24,
            3 => 16,
            _ => 12,
        };
        let mut sizes = [1; 4];
        for size in sizes.iter_mut().take(rank as usize) {
            *size = stream.bits(size_bits).saturating_add(1);
        }
        let parameters = Parameters::read(&mut stream)?;
        if stream.overrun() {
            return Err(Error::damaged(format!(
                "filter zfp: found a header of {} bytes, expected {}",
                bytes.len(),
                stream.position().div_ceil(8)
            )));
        }
        Ok(Header { kind, rank, sizes, parameters, swapped })
    }
    /// The number of blocks; at most that of the values.
    pub(super) fn blocks(&self) -> Option<u64> {
        self.sizes.iter().try_fold(1_u64, |blocks, size| blocks.checked_mul(size.div_ceil(4)))
    }
    /// The bytes of the decoded array.
    pub(super) fn bytes(&self) -> Option<usize> {
        let values = self.sizes.iter().try_fold(1_u64, |values, &size| values.checked_mul(size))?;
        usize::try_from(values).ok()?.checked_mul(self.kind.bytes())
    }
}

fn is_magic(bytes: &[u8]) -> bool {
    bytes.starts_with(b"zfp")
}
