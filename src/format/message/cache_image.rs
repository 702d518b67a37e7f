//! Metadata cache image message (0x18): where the image of the writer's cache lies.
//!
//! Clause: none, message 0x18 is in libhdf5 only; note `spec-notes/cache_image_message.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name; it has no clause.
pub const HERE: Structure = Structure::new("metadata cache image message", "");

/// The place of a metadata cache image; an undefined address or no bytes: there is none.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheImageMessage {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The image's block.
    #[brw(args(w))]
    pub address: Addr,
    /// Its bytes.
    #[brw(args(w))]
    pub bytes: Length,
}
