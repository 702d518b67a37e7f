//! File locks as libhdf5 takes them: the whole file, without waiting.

use std::fs::{File, TryLockError};

use super::options::Locking;
use crate::error::{Error, Result};

/// The environment variable by which libhdf5 is told about locks.
const VARIABLE: &str = "HDF5_USE_FILE_LOCKING";

fn settled(locking: Locking) -> Locking {
    if locking != Locking::Environment {
        return locking;
    }
    match std::env::var(VARIABLE).ok().as_deref() {
        Some("FALSE" | "0") => Locking::Off,
        Some("TRUE" | "1") => Locking::On,
        _ => Locking::BestEffort,
    }
}

/// Locks a file for reading, together with other readers.
pub(crate) fn shared(file: &File, locking: Locking) -> Result<()> {
    take(settled(locking), || file.try_lock_shared(), "written")
}

/// Locks a file for writing, alone.
pub(crate) fn exclusive(file: &File, locking: Locking) -> Result<()> {
    take(settled(locking), || file.try_lock(), "read or written")
}

/// Lets go of a lock.
pub(crate) fn release(file: &File) -> Result<()> {
    // An error here means that there was no lock to let go of.
    let _ = file.unlock();
    Ok(())
}

fn take(locking: Locking, lock: impl FnOnce() -> Result<(), TryLockError>, how: &str) -> Result<()> {
    if locking == Locking::Off {
        return Ok(());
    }
    match lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(Error::usage(format!(
            "the file is locked: it is {how} by another ({VARIABLE}=FALSE ignores locks)"
        ))),
        Err(TryLockError::Error(_)) if locking == Locking::BestEffort => Ok(()),
        Err(TryLockError::Error(e)) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::session::File as Hdf5;
    use crate::source::file::DiskFile;

    #[test]
    fn a_lock_ends_with_its_file_though_a_copy_of_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.h5");
        Hdf5::create(&path).unwrap().close().unwrap();
        let disk = DiskFile::open(&path).unwrap();
        shared(disk.file(), Locking::On).unwrap();
        // What a process has that another thread starts just now.
        let copy = disk.file().try_clone().unwrap();
        assert!(Hdf5::open_rw(&path).is_err());
        drop(disk);
        Hdf5::open_rw(&path).unwrap().close().unwrap();
        drop(copy);
    }
}
