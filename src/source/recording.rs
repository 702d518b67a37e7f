//! Sources for proofs of crash safety: one that records every operation, one that fails on purpose.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::memory::Growing;
use super::{ReadAt, WriteAt};
use crate::error::Result;

/// What was done to a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Bytes were written.
    Write {
        /// Where.
        offset: u64,
        /// What.
        bytes: Vec<u8>,
    },
    /// The length was set.
    SetLen(u64),
    /// Everything before is safe from a loss of power.
    Sync,
    /// A remark of the test: not an operation of the source.
    Mark(String),
}

impl Operation {
    /// Does it to a copy of the bytes.
    pub fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Operation::Write { offset, bytes: new } => put(bytes, *offset, new),
            Operation::SetLen(len) => bytes.resize(usize::try_from(*len).unwrap_or(0), 0),
            Operation::Sync | Operation::Mark(_) => {}
        }
    }
}

/// Writes into bytes, which grow where they end before.
pub fn put(bytes: &mut Vec<u8>, offset: u64, new: &[u8]) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let end = start.saturating_add(new.len());
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(target) = bytes.get_mut(start..end) {
        target.copy_from_slice(new);
    }
}

/// A source in memory that records what is done to it.
#[derive(Debug, Default)]
pub struct Recording {
    bytes: Growing,
    log: Mutex<Vec<Operation>>,
    /// The number of the sync after each mark that is left out; 0: none.
    deaf: AtomicU64,
    syncs: AtomicU64,
}

impl Recording {
    /// An empty source.
    pub fn new() -> Self {
        Self::default()
    }
    /// A source that holds these bytes.
    pub fn over(bytes: Vec<u8>) -> Self {
        Recording { bytes: Growing::new(bytes), ..Self::default() }
    }
    /// An empty source that leaves out the `nth` sync after each mark, counted from 1: a proof must fail then.
    pub fn deaf(nth: u64) -> Self {
        let out = Self::default();
        out.deaf.store(nth, Ordering::Relaxed);
        out
    }
    /// Adds a remark to the record.
    pub fn mark(&self, text: &str) {
        self.syncs.store(0, Ordering::Relaxed);
        self.note(Operation::Mark(text.to_string()));
    }
    fn note(&self, operation: Operation) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }
    /// What was done so far.
    pub fn operations(&self) -> Vec<Operation> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// The bytes as they are.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }
}

impl ReadAt for Recording {
    fn len(&self) -> Result<u64> {
        self.bytes.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.bytes.read_at(offset, buf)
    }
}

impl WriteAt for Recording {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.note(Operation::Write { offset, bytes: bytes.to_vec() });
        self.bytes.write_at(offset, bytes)
    }
    fn set_len(&self, len: u64) -> Result<()> {
        self.note(Operation::SetLen(len));
        self.bytes.set_len(len)
    }
    fn sync(&self) -> Result<()> {
        let number = self.syncs.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if number != self.deaf.load(Ordering::Relaxed) {
            self.note(Operation::Sync);
        }
        Ok(())
    }
}

/// A source in memory in which a write, a sync or a change of length fails.
#[derive(Debug)]
pub struct Failing {
    bytes: Growing,
    /// Operations that were asked for.
    count: AtomicU64,
    fault: Mutex<Option<Fault>>,
}

/// What fails, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The number of the first operation that fails, from 0 on.
    pub at: u64,
    /// As what.
    pub kind: std::io::ErrorKind,
    /// How much of a write that fails is done nevertheless, in percent: whole sectors, or all of it.
    pub percent: u8,
    /// Whether all operations after it fail too.
    pub lasting: bool,
}

impl Failing {
    /// Lets `operations` writes, syncs and changes of length pass; those after it fail with this kind of error,
    /// writes when they are half done.
    pub fn new(bytes: Vec<u8>, operations: u64, kind: std::io::ErrorKind) -> Self {
        Self::with(bytes, Fault { at: operations, kind, percent: 50, lasting: true })
    }
    /// A source that holds these bytes and has this fault.
    pub fn with(bytes: Vec<u8>, fault: Fault) -> Self {
        Failing { bytes: Growing::new(bytes), count: AtomicU64::new(0), fault: Mutex::new(Some(fault)) }
    }
    /// From now on nothing fails.
    pub fn repair(&self) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
    /// Operations that were asked for, those that failed too.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
    /// The bytes as they are.
    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes.to_vec()
    }
    /// Counts an operation; the fault where it is to fail.
    fn next(&self) -> Option<Fault> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.filter(|f| number == f.at || f.lasting && number > f.at)
    }
}

impl Fault {
    /// Bytes that are written of so many.
    fn done(&self, offset: u64, len: usize) -> usize {
        if self.percent >= 100 {
            return len;
        }
        let part = len.saturating_mul(usize::from(self.percent)).checked_div(100).unwrap_or(0);
        let end = offset.saturating_add(u64::try_from(part).unwrap_or(0)) & !511;
        usize::try_from(end.saturating_sub(offset)).unwrap_or(0)
    }
    fn error(&self) -> crate::error::Error {
        std::io::Error::from(self.kind).into()
    }
}

impl ReadAt for Failing {
    fn len(&self) -> Result<u64> {
        self.bytes.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.bytes.read_at(offset, buf)
    }
}

impl WriteAt for Failing {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        let Some(fault) = self.next() else { return self.bytes.write_at(offset, bytes) };
        let part = bytes.get(..fault.done(offset, bytes.len())).unwrap_or(bytes);
        if !part.is_empty() {
            self.bytes.write_at(offset, part)?;
        }
        Err(fault.error())
    }
    fn set_len(&self, len: u64) -> Result<()> {
        self.next().map_or_else(|| self.bytes.set_len(len), |fault| Err(fault.error()))
    }
    fn sync(&self) -> Result<()> {
        self.next().map_or(Ok(()), |fault| Err(fault.error()))
    }
}
