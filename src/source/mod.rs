//! Bytes from anywhere, by position.
//!
//! - [`ReadAt`]: the trait; `&self`, `Send + Sync`, no seek position
//! - [`WriteAt`]: the same for writing
//! - [`file`](mod@file): a file on disk, with positioned reads
//! - [`memory`]: bytes in memory
//! - [`mmap`]: a memory map (feature `mmap`)
//! - [`recording`]: sources for proofs of crash safety
//! - [`seek`]: adaptor for anything that is `Read + Seek`
//! - [`window`]: a source seen from a base offset
//! - [`family`], [`multi`]: one file in several parts
//! - [`pages`]: a page cache in which a missing page is an error value

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};

pub mod family;
pub mod file;
pub mod memory;
#[cfg(feature = "mmap")]
pub mod mmap;
pub mod multi;
pub mod pages;
pub mod recording;
pub mod seek;
pub mod window;

/// Positioned reads from a source of known length.
pub trait ReadAt: Send + Sync {
    /// The length in bytes.
    fn len(&self) -> Result<u64>;
    /// Whether there is no byte.
    fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Fills `buf` from `offset`; an error where the source ends before.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()>;
    /// Fills several buffers; a remote source merges or overlaps the requests.
    fn read_ranges(&self, ranges: &mut [(u64, &mut [u8])]) -> Result<()> {
        ranges.iter_mut().try_for_each(|(offset, buf)| self.read_at(*offset, buf))
    }
    /// The bytes themselves, where they are in memory.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }
    /// Whether some of its bytes may not be there yet: then it is worthwhile to [prepare](ReadAt::prepare) reads.
    fn is_partial(&self) -> bool {
        false
    }
    /// Tells what is about to be read. A source that has only some of its bytes says at once which of all these are
    /// [missing](Error::missing), so that they are fetched together.
    fn prepare(&self, ranges: &[Range<u64>]) -> Result<()> {
        let _ = ranges;
        Ok(())
    }
}

/// Positioned writes to a source.
///
/// A write is one step: where the process is killed, it is done, not done, or done up to some byte.
pub trait WriteAt: ReadAt {
    /// Writes all of `bytes` at `offset`; a source that ends before is made longer, with zeros between.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()>;
    /// Cuts the source, or makes it longer with zeros.
    fn set_len(&self, len: u64) -> Result<()>;
    /// Returns when everything written is safe from a loss of power.
    fn sync(&self) -> Result<()>;
}

impl<T: ReadAt + ?Sized> ReadAt for Arc<T> {
    fn len(&self) -> Result<u64> {
        (**self).len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        (**self).read_at(offset, buf)
    }
    fn read_ranges(&self, ranges: &mut [(u64, &mut [u8])]) -> Result<()> {
        (**self).read_ranges(ranges)
    }
    fn bytes(&self) -> Option<&[u8]> {
        (**self).bytes()
    }
    fn is_partial(&self) -> bool {
        (**self).is_partial()
    }
    fn prepare(&self, ranges: &[Range<u64>]) -> Result<()> {
        (**self).prepare(ranges)
    }
}

/// The part of `all` that `offset` and `len` name; an error where it ends before.
pub(crate) fn slice_of(all: &[u8], offset: u64, len: usize) -> Result<&[u8]> {
    let part = usize::try_from(offset).ok().and_then(|o| all.get(o..)?.get(..len));
    part.ok_or_else(|| beyond(offset, len, u64::try_from(all.len()).unwrap_or(u64::MAX)))
}

#[cold]
pub(crate) fn beyond(offset: u64, len: usize, end: u64) -> Error {
    Error::damaged(format!("{len} bytes at offset {offset:#x} lie beyond the end of the file ({end:#x})"))
}
