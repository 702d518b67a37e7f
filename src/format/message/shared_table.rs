//! Shared message table message (0x0F): where the master table of shared messages lies.
//!
//! Clause IV.A.2.p; note `spec-notes/shared_table_message.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("shared message table message", "IV.A.2.p");

/// The place of the master table.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedTableMessage {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The table.
    #[brw(args(w))]
    pub table: Addr,
    /// Indexes in it, at most 8.
    #[br(assert(indexes <= 8, "{indexes} indexes, at most 8 are possible"))]
    pub indexes: u8,
}
