//! Bytes in memory as a source.

use std::sync::{PoisonError, RwLock};

use super::{ReadAt, WriteAt, slice_of};
use crate::error::{Error, Result};

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

/// A file in memory that can be written and grows.
#[derive(Debug, Default)]
pub struct Growing(RwLock<Vec<u8>>);

impl Growing {
    /// A file that holds these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Growing(RwLock::new(bytes))
    }
    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ReadAt for Growing {
    fn len(&self) -> Result<u64> {
        Ok(u64::try_from(self.0.read().unwrap_or_else(PoisonError::into_inner).len()).unwrap_or(u64::MAX))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        buf.copy_from_slice(slice_of(&all, offset, buf.len())?);
        Ok(())
    }
}

impl WriteAt for Growing {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let too_large = || Error::limit("a file larger than memory");
        let start = usize::try_from(offset).map_err(|_| too_large())?;
        let end = start.checked_add(bytes.len()).ok_or_else(too_large)?;
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() < end {
            all.resize(end, 0);
        }
        all.get_mut(start..end).ok_or_else(too_large)?.copy_from_slice(bytes);
        Ok(())
    }
    fn set_len(&self, len: u64) -> Result<()> {
        let len = usize::try_from(len).map_err(|_| Error::limit("a file larger than memory"))?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).resize(len, 0);
        Ok(())
    }
    fn sync(&self) -> Result<()> {
        Ok(())
    }
}
