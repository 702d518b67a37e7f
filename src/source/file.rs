//! A file on disk as a source, with positioned reads (no seek position, any number of threads).

use std::fs::File;
use std::path::Path;

use super::{ReadAt, beyond};
use crate::error::{Error, Result};

/// A file opened for reading.
#[derive(Debug)]
pub struct DiskFile {
    file: File,
    len: u64,
}

impl DiskFile {
    /// Opens a file; a folder or another thing that is no plain file is refused.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let meta = file.metadata()?;
        if meta.is_dir() {
            return Err(Error::usage(format!("{} is a folder", path.display())));
        }
        Ok(DiskFile { file, len: meta.len() })
    }
    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(unix)]
fn read_part(file: &File, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_part(file: &File, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

#[cfg(not(any(unix, windows)))]
fn read_part(mut file: &File, buf: &mut [u8], offset: u64) -> std::io::Result<usize> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read(buf)
}

impl ReadAt for DiskFile {
    fn len(&self) -> Result<u64> {
        Ok(self.file.metadata().map(|m| m.len()).unwrap_or(self.len))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let wanted = buf.len();
        let (mut at, mut left) = (offset, buf);
        while !left.is_empty() {
            match read_part(&self.file, left, at) {
                Ok(0) => return Err(beyond(offset, wanted, self.len()?)),
                Ok(n) => {
                    left = left.get_mut(n..).unwrap_or_default();
                    at = at.saturating_add(u64::try_from(n).unwrap_or(0));
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}
