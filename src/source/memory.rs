//! Bytes in memory as a source.

use super::{ReadAt, slice_of};
use crate::error::Result;

/// A whole file in memory.
#[derive(Debug, Clone)]
pub struct Memory<B>(pub B);

impl<B: AsRef<[u8]> + Send + Sync> ReadAt for Memory<B> {
    fn len(&self) -> Result<u64> {
        Ok(u64::try_from(self.0.as_ref().len()).unwrap_or(u64::MAX))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        buf.copy_from_slice(slice_of(self.0.as_ref(), offset, buf.len())?);
        Ok(())
    }
    fn bytes(&self) -> Option<&[u8]> {
        Some(self.0.as_ref())
    }
}
