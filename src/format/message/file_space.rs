//! File space info message (0x17): how free space is kept, in a superblock extension.
//!
//! Clause IV.A.2.x; note `spec-notes/file_space.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("file space info message", "IV.A.2.x");

/// How the file's space is handled.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSpaceInfo {
    /// Version 0, written by pre-releases of 1.10 only.
    #[brw(magic = 0u8)]
    Draft {
        /// 1: all managed and kept, 2: managed while open, 3: aggregation only, 4: none.
        strategy: u8,
        /// Smallest free section that is tracked.
        #[brw(args(w))]
        threshold: Length,
        /// The managers of the six kinds of data, with strategy 1.
        #[br(if(strategy == 1), args_raw = (w,))]
        #[bw(args_raw = (w,))]
        managers: Option<[Addr; 6]>,
    },
    /// Version 1.
    #[brw(magic = 1u8)]
    Current(#[brw(args_raw = (w,))] FileSpace),
}

/// Version 1 of the message.
#[binrw]
#[brw(little, import_raw(args: (Widths,)))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpace {
    /// 0: managers with aggregation, 1: pages, 2: aggregation only, 3: none.
    pub strategy: u8,
    #[br(temp)]
    #[bw(calc = u8::from(self.managers.is_some()))]
    persist: u8,
    /// Smallest free section that is tracked.
    #[brw(args_raw = args)]
    pub threshold: Length,
    /// Bytes of a page.
    #[brw(args_raw = args)]
    pub page_bytes: Length,
    /// Smallest free end of a page that is tracked.
    pub page_end_threshold: u16,
    /// End of allocated space before the managers themselves were written.
    #[brw(args_raw = args)]
    pub end_before_managers: Addr,
    /// Six managers for small and six for large sections, where free space is kept in the file.
    #[br(if(persist != 0), args_raw = args)]
    #[bw(args_raw = args)]
    pub managers: Option<[Addr; 12]>,
}
