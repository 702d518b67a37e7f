//! Group info message (0x0A): how a new-style group is to grow.
//!
//! Clause IV.A.2.k; note `spec-notes/group_info.md`.

use binrw::binrw;

use super::super::header::PhaseChange;
use crate::error::Structure;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("group info message", "IV.A.2.k");

/// Hints for a group's links.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp, assert(flags & !3 == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = u8::from(self.phase_change.is_some()) | u8::from(self.estimate.is_some()) << 1)]
    flags: u8,
    /// When links go from the header into a heap and back; absent: 8 and 6.
    #[br(if(flags & 1 != 0))]
    pub phase_change: Option<PhaseChange>,
    /// Expected number of links and length of their names; absent: 4 and 8.
    #[br(if(flags & 2 != 0))]
    pub estimate: Option<(u16, u16)>,
}
