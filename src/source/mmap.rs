//! A memory-mapped file as a source: the only unsafe code of the crate.

use std::path::Path;

use memmap2::Mmap;

use super::{ReadAt, slice_of};
use crate::error::Result;

/// A whole file mapped for reading.
///
/// A file that another process cuts short while it is mapped ends this process with a bus error:
/// this is why maps are opened by choice only ([`File::open_mmap`](crate::File::open_mmap)).
#[derive(Debug)]
pub struct MappedFile(Mmap);

impl MappedFile {
    /// Maps a file.
    #[allow(unsafe_code)]
    pub fn open(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path)?;
        // SAFETY: the map is private to this value and only read. A change of the file by others can
        // change the bytes under us; every decoder copies or checks before use, none trusts two reads
        // to agree, so this costs correctness of the values read, not memory safety.
        let map = unsafe { Mmap::map(&file)? };
        Ok(MappedFile(map))
    }
}

impl ReadAt for MappedFile {
    fn len(&self) -> Result<u64> {
        Ok(u64::try_from(self.0.len()).unwrap_or(u64::MAX))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        buf.copy_from_slice(slice_of(&self.0, offset, buf.len())?);
        Ok(())
    }
    fn bytes(&self) -> Option<&[u8]> {
        Some(&self.0)
    }
}
