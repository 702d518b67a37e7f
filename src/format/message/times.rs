//! Modification time messages (0x0E and 0x12).
//!
//! Clauses IV.A.2.o and IV.A.2.s; note `spec-notes/times.md`.

use binrw::binrw;

use crate::error::Structure;

/// The old message's name and clause.
pub const OLD: Structure = Structure::new("old modification time message", "IV.A.2.o");
/// The message's name and clause.
pub const HERE: Structure = Structure::new("modification time message", "IV.A.2.s");

/// The old message: fourteen ASCII digits, year to second, in UTC.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldTime {
    /// `YYYYMMDDhhmmss`.
    pub digits: [u8; 14],
    #[br(temp)]
    #[bw(calc = 0)]
    reserved: u16,
}

/// Seconds since 1970.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModificationTime {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    reserved: [u8; 3],
    /// Seconds since 1970, UTC.
    pub seconds: u32,
}
