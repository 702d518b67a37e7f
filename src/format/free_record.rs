//! What is free in a file, remembered from one session to the next: behind the end of the file.
//!
//! Clause: none, it is this library's own; note `spec-notes/free_record.md`. The format's own managers
//! ([`free_space`](super::free_space)) need a superblock of version 2 and every reader to know them.

use binrw::binrw;

use crate::error::{Result, Structure};
use crate::wire::checksum::{seal, verify};
use crate::wire::{decode, encode};

/// The structure's name.
pub const HERE: Structure = Structure::new("free-space record", "none");

const SIGNATURE: [u8; 8] = *b"\x89H5F\r\n\x1a\n";

/// More gaps than these are not remembered: a bound on the memory that opening a file takes.
pub const MAX_GAPS: usize = 1 << 16;
/// Bytes of one [`Gap`].
pub const GAP_BYTES: u64 = 16;
/// Bytes of the [`Tail`] with its checksum.
pub const TAIL_BYTES: u64 = 32;
/// The same as a size in memory.
pub const TAIL_SIZE: usize = 32;

/// One range that is free.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its first byte, relative to the base address.
    pub address: u64,
    /// Its bytes.
    pub bytes: u64,
}

/// The last bytes of the source; the gaps lie before.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Gaps for metadata, or for anything where a file keeps no pages.
    pub metadata: u32,
    /// Gaps for raw data, in files with pages.
    pub raw: u32,
    /// lookup3 of the superblock: what another program wrote has another one.
    pub superblock: u32,
    #[br(temp, assert(version == 1, "version {version}, expected 1"))]
    #[bw(calc = 1)]
    version: u64,
    #[br(temp, assert(signature == SIGNATURE, "no signature of a free-space record"))]
    #[bw(calc = SIGNATURE)]
    signature: [u8; 8],
}

impl Tail {
    /// Decodes the last bytes of a source; none where they are no such tail. The checksum is of all the record:
    /// [`FreeRecord::parse`] looks at it.
    pub fn parse(bytes: &[u8; TAIL_SIZE]) -> Option<Tail> {
        decode::<Tail>(bytes, (), &HERE).ok().map(|(tail, _)| tail)
    }
    /// Bytes of the whole record.
    pub fn record_bytes(&self) -> u64 {
        u64::from(self.metadata).saturating_add(u64::from(self.raw)).saturating_mul(GAP_BYTES).saturating_add(TAIL_BYTES)
    }
}

/// The free space of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FreeRecord {
    /// lookup3 of the superblock.
    pub superblock: u32,
    /// Gaps for metadata, or for anything where a file keeps no pages.
    pub metadata: Vec<Gap>,
    /// Gaps for raw data, in files with pages.
    pub raw: Vec<Gap>,
}

impl FreeRecord {
    /// Encodes the record with its checksum.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let count = |gaps: &[Gap]| u32::try_from(gaps.len()).unwrap_or(u32::MAX);
        let tail = Tail { metadata: count(&self.metadata), raw: count(&self.raw), superblock: self.superblock };
        let mut out = Vec::new();
        for gap in self.metadata.iter().chain(&self.raw) {
            out.extend(encode(gap, (), &HERE)?);
        }
        out.extend(encode(&tail, (), &HERE)?);
        seal(&mut out);
        Ok(out)
    }
    /// Decodes a whole record.
    pub fn parse(block: &[u8], tail: &Tail) -> Result<FreeRecord> {
        let mut body = verify(block, &HERE)?;
        let mut out = FreeRecord { superblock: tail.superblock, ..FreeRecord::default() };
        for (list, count) in [(&mut out.metadata, tail.metadata), (&mut out.raw, tail.raw)] {
            for _ in 0..count {
                let (gap, used) = decode::<Gap>(body, (), &HERE)?;
                body = body.get(used..).unwrap_or_default();
                list.push(gap);
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Option<FreeRecord> {
        let tail = Tail::parse(bytes.last_chunk()?)?;
        FreeRecord::parse(bytes, &tail).ok()
    }

    #[test]
    fn the_notes_example() {
        let record = FreeRecord { superblock: 5, metadata: vec![Gap { address: 96, bytes: 32 }], raw: Vec::new() };
        let bytes = record.encode().unwrap();
        let expected =
            b"\x60\0\0\0\0\0\0\0\x20\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\0\x89H5F\r\n\x1a\n";
        assert_eq!(&bytes[..bytes.len() - 4], expected);
        assert_eq!(parse(&bytes).unwrap(), record);
    }

    #[test]
    fn damaged() {
        let record = FreeRecord { superblock: 5, metadata: vec![Gap { address: 96, bytes: 32 }], raw: Vec::new() };
        let bytes = record.encode().unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 4;
            assert_ne!(parse(&bad), Some(record.clone()), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(superblock: u32, gaps in prop::collection::vec((any::<u64>(), any::<u64>()), 0..20), split: prop::sample::Index) {
            let mut metadata: Vec<Gap> = gaps.into_iter().map(|(address, bytes)| Gap { address, bytes }).collect();
            let raw = metadata.split_off(split.index(metadata.len() + 1).min(metadata.len()));
            let record = FreeRecord { superblock, metadata, raw };
            let bytes = record.encode().unwrap();
            prop_assert_eq!(Tail::parse(bytes.last_chunk().unwrap()).unwrap().record_bytes(), bytes.len() as u64);
            prop_assert_eq!(parse(&bytes), Some(record));
        }
    }
}
