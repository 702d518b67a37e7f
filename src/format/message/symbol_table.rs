//! Symbol table message (0x11): the B-tree and the heap of an old-style group.
//!
//! Clause IV.A.2.r; note `spec-notes/symbol_table_message.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("symbol table message", "IV.A.2.r");

/// Where an old-style group keeps its links.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SymbolTableMessage {
    /// The version 1 B-tree of symbol table nodes.
    #[brw(args(w))]
    pub btree: Addr,
    /// The local heap of names.
    #[brw(args(w))]
    pub heap: Addr,
}
