//! A file on disk as a source, with positioned reads (no seek position, any number of threads).

use std::fs::{File, OpenOptions};
use std::path::Path;

use super::{ReadAt, WriteAt, beyond};
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
    /// Opens a file for reading and writing.
    pub fn open_for_writing(path: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let len = file.metadata()?.len();
        Ok(DiskFile { file, len })
    }
    /// Makes a new file, or empties the one that is there unless it is to be `new`.
    pub fn create(path: &Path, new: bool) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        // Emptied only once it is locked.
        let file = if new { options.create_new(true) } else { options.create(true).truncate(false) }.open(path)?;
        Ok(DiskFile { file, len: 0 })
    }
    /// The open file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for DiskFile {
    /// Lets go of the lock, if there is one. Closing the file is not enough: a process that another thread starts has
    /// a copy of the open file until it runs its program, and the lock would stay for as long.
    fn drop(&mut self) {
        let _ = self.file.unlock();
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

#[cfg(unix)]
fn write_part(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn write_part(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

#[cfg(not(any(unix, windows)))]
fn write_part(mut file: &File, bytes: &[u8], offset: u64) -> std::io::Result<usize> {
    use std::io::{Seek, SeekFrom, Write};
    file.seek(SeekFrom::Start(offset))?;
    file.write(bytes)
}

impl WriteAt for DiskFile {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let (mut at, mut left) = (offset, bytes);
        while !left.is_empty() {
            match write_part(&self.file, left, at) {
                Ok(0) => return Err(std::io::Error::from(std::io::ErrorKind::WriteZero).into()),
                Ok(n) => {
                    left = left.get(n..).unwrap_or_default();
                    at = at.saturating_add(u64::try_from(n).unwrap_or(0));
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
    fn set_len(&self, len: u64) -> Result<()> {
        Ok(self.file.set_len(len)?)
    }
    fn sync(&self) -> Result<()> {
        Ok(self.file.sync_data()?)
    }
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
