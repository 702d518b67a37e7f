//! Anything that is `Read + Seek` as a source; one lock, since it has one position.

use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use super::{ReadAt, beyond};
use crate::error::Result;

/// A seekable reader behind a lock.
#[derive(Debug)]
pub struct Seeking<R> {
    reader: Mutex<R>,
    len: u64,
}

impl<R: Read + Seek> Seeking<R> {
    /// Takes the reader; its length is asked once.
    pub fn new(mut reader: R) -> Result<Self> {
        let len = reader.seek(SeekFrom::End(0))?;
        Ok(Seeking { reader: Mutex::new(reader), len })
    }
}

impl<R: Read + Seek + Send> ReadAt for Seeking<R> {
    fn len(&self) -> Result<u64> {
        Ok(self.len)
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.seek(SeekFrom::Start(offset))?;
        reader.read_exact(buf).map_err(|e| match e.kind() {
            std::io::ErrorKind::UnexpectedEof => beyond(offset, buf.len(), self.len),
            _ => e.into(),
        })
    }
}
