//! Limits against hostile files: how much one call may allocate, nest, follow and visit.

use std::cell::Cell;

use crate::error::{Error, Result};

/// What a file may ask of the machine. The defaults suit any honest file.
///
/// ```
/// let limits = h5::Limits { max_allocation: 16 << 20, ..h5::Limits::default() };
/// # let _ = limits;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that one structure, chunk or heap object may take in memory beyond the caller's own buffers.
    pub max_allocation: u64,
    /// How deep datatypes, trees, virtual datasets and header continuations may nest.
    pub max_depth: u32,
    /// How many soft and external links one path may pass (libhdf5: 16).
    pub max_links: u32,
    /// Structures (nodes, messages, records) that one call may visit beyond what the file's size justifies.
    pub max_work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_allocation: 256 << 20, max_depth: 64, max_links: 16, max_work: 1_000_000 }
    }
}

impl Limits {
    /// Checks an allocation that the file asks for, and gives it as a `usize`.
    pub fn allocation(&self, bytes: u64) -> Result<usize> {
        match usize::try_from(bytes) {
            Ok(n) if bytes <= self.max_allocation => Ok(n),
            _ => {
                Err(Error::limit(format!("{bytes} bytes asked for, at most {} allowed", self.max_allocation)))
            }
        }
    }
    /// Checks a depth of nesting.
    pub fn depth(&self, depth: u32) -> Result<()> {
        if depth > self.max_depth {
            return Err(Error::limit(format!("nested deeper than {}", self.max_depth)));
        }
        Ok(())
    }
}

/// Units of work left for one call.
#[derive(Debug)]
pub struct Work(Cell<u64>);

impl Work {
    /// As much work as a file of `file_bytes` bytes justifies, plus what the limits add.
    pub fn new(limits: &Limits, file_bytes: u64) -> Self {
        Work(Cell::new(file_bytes.saturating_mul(64).saturating_add(limits.max_work)))
    }
    /// Takes `units` off; an error once nothing is left.
    pub fn spend(&self, units: u64) -> Result<()> {
        match self.0.get().checked_sub(units) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => Err(Error::limit("the call visits more than the file's size justifies")),
        }
    }
}
