//! Object reference count message (0x16): hard links of a version 2 header, where there are several.
//!
//! Clause IV.A.2.w; note `spec-notes/reference_count.md`.

use binrw::binrw;

use crate::error::Structure;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("object reference count message", "IV.A.2.w");

/// The number of hard links.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceCount {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Hard links to the object.
    pub count: u32,
}
