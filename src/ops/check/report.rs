//! What a check finds, as plain data.

use super::ledger::Kind;

/// What to check beyond the structures.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Read and decode all elements, and follow what they refer to.
    pub data: bool,
}

/// Something in the file that breaks the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The object it was met on; empty for what belongs to the whole file.
    pub path: String,
    /// The structure.
    pub structure: &'static str,
    /// Its address, relative to the base address, where it is known.
    pub address: Option<u64>,
    /// The clause of the File Format Specification, where there is one.
    pub clause: &'static str,
    /// What was found and what was expected.
    pub what: String,
}

/// Something worth knowing that breaks nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The object it was met on; empty for what belongs to the whole file.
    pub path: String,
    /// What it is.
    pub what: String,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that were accounted for.
    pub done_bytes: u64,
    /// Bytes of the file.
    pub total_bytes: u64,
    /// Objects that were checked.
    pub objects: u64,
}

/// The result of a check.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What is wrong; at most 1000 are kept.
    pub problems: Vec<Problem>,
    /// Problems that were counted but not kept.
    pub more_problems: u64,
    /// What is worth knowing; at most 1000 are kept.
    pub notes: Vec<Note>,
    /// Objects that were checked.
    pub objects: u64,
    /// Attributes that were checked.
    pub attributes: u64,
    /// Chunks that were checked.
    pub chunks: u64,
    /// Bytes in use, by what uses them.
    pub bytes: Vec<(Kind, u64)>,
    /// Bytes of the file behind the base address.
    pub file_bytes: u64,
    /// Bytes that nothing uses and no free-space manager keeps.
    pub unaccounted_bytes: u64,
    /// The largest stretches of them: address and bytes.
    pub unaccounted: Vec<(u64, u64)>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}
