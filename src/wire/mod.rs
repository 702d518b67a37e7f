//! The vocabulary of encodings. Declares no structure of the format.
//!
//! - [`widths`]: addresses and lengths, whose widths the superblock gives
//! - [`integers`]: integers of 1 to 8 bytes, byte runs and names, for binrw fields
//! - [`checksum`]: lookup3 and the check of a block that ends in it
//!
//! [`decode`] and [`encode`] run a binrw declaration over one bounded block that was already
//! fetched (and verified); they are the only place where a binrw error becomes ours.

use std::io::{Cursor, Read, Seek};

use binrw::meta::{ReadEndian, WriteEndian};
use binrw::{BinRead, BinResult, BinWrite, Endian};

use crate::error::{Error, Result, Structure};

pub mod checksum;
pub mod integers;
pub mod widths;

pub use widths::{Addr, Length, Widths};

/// Decodes one structure from the start of `bytes`; gives it and the number of bytes it took.
///
/// Each structure stays a function of its own: callers that decode many would grow beyond what a compiler that works while
/// a page waits gets through.
#[inline(never)]
pub fn decode<'a, T>(bytes: &[u8], args: T::Args<'a>, at: &Structure) -> Result<(T, usize)>
where
    T: BinRead + ReadEndian,
{
    let mut cursor = Cursor::new(bytes);
    let value = T::read_args(&mut cursor, args).map_err(|e| convert(e, at, bytes.len()))?;
    let used = usize::try_from(cursor.position()).map_err(|_| at.damaged("longer than memory"))?;
    Ok((value, used))
}

/// Reads one of several forms of a structure, in a function of its own for the same reason: few files have all of them.
#[inline(never)]
pub fn apart<T: BinRead, R: Read + Seek>(r: &mut R, endian: Endian, args: T::Args<'_>) -> BinResult<T> {
    T::read_options(r, endian, args)
}

/// Encodes one structure into new bytes.
pub fn encode<'a, T>(value: &T, args: T::Args<'a>, at: &Structure) -> Result<Vec<u8>>
where
    T: BinWrite + WriteEndian,
{
    let mut cursor = Cursor::new(Vec::new());
    value.write_args(&mut cursor, args).map_err(|e| convert(e, at, 0))?;
    Ok(cursor.into_inner())
}

/// An error of ours that travels through binrw as a custom error.
pub fn custom(pos: u64, e: Error) -> binrw::Error {
    binrw::Error::Custom { pos, err: Box::new(Carried(e)) }
}

/// Fails a binrw parse at `pos` with a message about the file's bytes.
pub fn refuse(pos: u64, what: impl Into<String>) -> binrw::Error {
    custom(pos, Error::damaged(what))
}

#[derive(Debug)]
struct Carried(Error);
impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cold]
fn convert(e: binrw::Error, at: &Structure, len: usize) -> Error {
    match e {
        binrw::Error::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            at.damaged(format!("its fields go on after the {len} bytes of its block"))
        }
        binrw::Error::Io(e) => Error::from(e).within(at, None),
        binrw::Error::BadMagic { pos, .. } => at.damaged(format!("wrong signature at byte {pos}")),
        binrw::Error::AssertFail { pos, message } => at.damaged(format!("{message} (byte {pos})")),
        binrw::Error::Backtrace(b) => convert(*b.error, at, len),
        binrw::Error::Custom { pos, err } => match err.downcast::<Carried>() {
            Ok(c) => c.0.within(at, None),
            Err(_) => at.damaged(format!("refused at byte {pos}")),
        },
        other => at.damaged(other.to_string()),
    }
}
