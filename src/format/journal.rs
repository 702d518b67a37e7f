//! The journal of a commit: bytes to be written where they lie, kept behind the end of the file.
//!
//! Clause: none, it is this library's own; note `spec-notes/journal.md`. The format ends at the superblock's
//! end of the file, and what lies behind it is nobody's.

use binrw::binrw;

use crate::error::{Error, Result, Structure};
use crate::wire::checksum::{seal, verify};
use crate::wire::integers::{bytes, put_bytes};
use crate::wire::{decode, encode};

/// The structure's name.
pub const HERE: Structure = Structure::new("commit journal", "none");

const SIGNATURE: [u8; 8] = *b"\x89H5J\r\n\x1a\n";
const TRAILER_SIGNATURE: [u8; 8] = *b"\x89H5T\r\n\x1a\n";
/// A trailer that counts without a flag in the superblock.
const ALONE_SIGNATURE: [u8; 8] = *b"\x89H5U\r\n\x1a\n";

/// Bytes of a [`Trailer`] with its checksum: the last ones of the source.
pub const TRAILER_BYTES: u64 = 28;
/// The same as a size in memory.
pub const TRAILER_SIZE: usize = 28;

/// What a journal opens with.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    #[br(temp, assert(signature == SIGNATURE, "no signature of a journal"))]
    #[bw(calc = SIGNATURE)]
    signature: [u8; 8],
    #[br(temp, assert(version == 1, "version {version}, expected 1"))]
    #[bw(calc = 1)]
    version: u32,
    identity: u32,
    records: u64,
}

/// New bytes for one place.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where they go, relative to the base address.
    pub address: u64,
    #[br(temp)]
    #[bw(calc = u64::try_from(bytes.len()).unwrap_or(u64::MAX))]
    len: u64,
    /// The bytes.
    #[br(parse_with = bytes, args(len))]
    #[bw(write_with = put_bytes, args(0))]
    pub bytes: Vec<u8>,
}

/// Where the journal is: the last bytes of the source.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trailer {
    #[br(temp, assert(signature == TRAILER_SIGNATURE || signature == ALONE_SIGNATURE, "no signature of a journal's end"))]
    #[bw(calc = if *alone { ALONE_SIGNATURE } else { TRAILER_SIGNATURE })]
    signature: [u8; 8],
    /// Whether the journal counts without a flag in the superblock.
    #[br(calc = signature == ALONE_SIGNATURE)]
    #[bw(ignore)]
    pub alone: bool,
    /// Its first byte, relative to the base address.
    pub start: u64,
    /// Its bytes, checksum included.
    pub bytes: u64,
}

impl Trailer {
    /// Encodes the trailer with its checksum.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut out = encode(self, (), &HERE)?;
        seal(&mut out);
        Ok(out)
    }
    /// Decodes the last bytes of a source; none where they are no trailer.
    pub fn parse(bytes: &[u8]) -> Option<Trailer> {
        decode::<Trailer>(verify(bytes, &HERE).ok()?, (), &HERE).ok().map(|(trailer, _)| trailer)
    }
}

/// All that a commit writes into reachable space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    /// Which file it belongs to: see [`identity`](crate::store::commit::identity).
    pub identity: u32,
    /// What is to be written, in this order.
    pub records: Vec<Record>,
}

impl Journal {
    /// Encodes the journal with its checksum.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let records = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        let mut out = encode(&Head { identity: self.identity, records }, (), &HERE)?;
        for record in &self.records {
            out.extend(encode(record, (), &HERE)?);
        }
        seal(&mut out);
        Ok(out)
    }
    /// Decodes a whole journal.
    pub fn parse(block: &[u8]) -> Result<Journal> {
        let body = verify(block, &HERE)?;
        let (head, used) = decode::<Head>(body, (), &HERE)?;
        let mut left = body.get(used..).unwrap_or_default();
        let mut records = Vec::new();
        for _ in 0..head.records {
            let (record, used) = decode::<Record>(left, (), &HERE)?;
            left = left.get(used..).unwrap_or_default();
            records.push(record);
        }
        if !left.is_empty() {
            return Err(Error::damaged(format!("{} bytes behind its records", left.len())).within(&HERE, None));
        }
        Ok(Journal { identity: head.identity, records })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let journal = Journal { identity: 7, records: vec![Record { address: 48, bytes: vec![1, 2, 3] }] };
        let bytes = journal.encode().unwrap();
        let expected = b"\x89H5J\r\n\x1a\n\x01\0\0\0\x07\0\0\0\x01\0\0\0\0\0\0\0\x30\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x01\x02\x03";
        assert_eq!(&bytes[..bytes.len() - 4], expected);
        assert_eq!(Journal::parse(&bytes).unwrap(), journal);
    }

    #[test]
    fn damaged() {
        let journal = Journal { identity: 7, records: vec![Record { address: 48, bytes: vec![1, 2, 3] }] };
        let bytes = journal.encode().unwrap();
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            assert!(Journal::parse(&bad).unwrap_err().is_damaged(), "byte {at}");
            assert!(Journal::parse(&bytes[..at]).is_err());
        }
        let trailer = Trailer { alone: false, start: 1, bytes: 2 }.encode().unwrap();
        assert_eq!(u64::try_from(trailer.len()).unwrap(), TRAILER_BYTES);
        assert!(Trailer::parse(&trailer[1..]).is_none() && Trailer::parse(&[0; 28]).is_none());
    }

    proptest! {
        #[test]
        fn round_trip(
            identity: u32, start: u64, size: u64,
            records in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..50)), 0..6),
        ) {
            let records = records.into_iter().map(|(address, bytes)| Record { address, bytes }).collect();
            let journal = Journal { identity, records };
            prop_assert_eq!(Journal::parse(&journal.encode().unwrap()).unwrap(), journal);
            let trailer = Trailer { alone: start % 2 == 0, start, bytes: size };
            prop_assert_eq!(Trailer::parse(&trailer.encode().unwrap()), Some(trailer));
        }
    }
}
