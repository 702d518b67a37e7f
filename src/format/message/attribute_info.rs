//! Attribute info message (0x15): where an object keeps its dense attributes.
//!
//! Clause IV.A.2.v; note `spec-notes/attribute_info.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("attribute info message", "IV.A.2.v");

const TRACKED: u8 = 0x01;
const INDEXED: u8 = 0x02;

/// How an object stores its attributes beyond the compact ones.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeInfo {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp, assert(flags & !(TRACKED | INDEXED) == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = self.flags())]
    flags: u8,
    /// The creation index that the next attribute gets, where creation order is tracked.
    #[br(if(flags & TRACKED != 0))]
    pub max_creation_index: Option<u16>,
    /// The fractal heap that holds the attributes; undefined while they are compact.
    #[brw(args(w))]
    pub heap: Addr,
    /// The B-tree version 2 (type 8) that indexes the attributes by name.
    #[brw(args(w))]
    pub name_index: Addr,
    /// The B-tree version 2 (type 9) that indexes them by creation order, where that is indexed.
    #[brw(args(w))]
    #[br(if(flags & INDEXED != 0))]
    pub order_index: Option<Addr>,
}

impl AttributeInfo {
    fn flags(&self) -> u8 {
        let tracked = if self.max_creation_index.is_some() { TRACKED } else { 0 };
        let indexed = if self.order_index.is_some() { INDEXED } else { 0 };
        tracked | indexed
    }
}
