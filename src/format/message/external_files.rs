//! External data files message (0x07): raw data in other files.
//!
//! Clause IV.A.2.h; note `spec-notes/external_files.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("external data files message", "IV.A.2.h");

/// The list of files that hold a contiguous dataset's data.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalFiles {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    reserved: [u8; 3],
    /// Slots that the message has room for.
    pub allocated_slots: u16,
    #[br(temp)]
    #[bw(calc = u16::try_from(self.slots.len()).unwrap_or(u16::MAX))]
    used_slots: u16,
    /// The local heap with the names.
    #[brw(args(w))]
    pub heap: Addr,
    /// The parts, in the order of the data.
    #[br(args { count: usize::from(used_slots), inner: (w,) })]
    #[bw(args(w))]
    pub slots: Vec<Slot>,
}

/// One part of the data in another file.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Offset of the file's name in the local heap.
    #[brw(args(w))]
    pub name: Length,
    /// Offset of the data in the file.
    #[brw(args(w))]
    pub offset: Length,
    /// Bytes of data there; unlimited in the last slot only.
    #[brw(args(w))]
    pub bytes: Length,
}
