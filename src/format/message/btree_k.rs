//! B-tree K values message (0x13): node sizes of version 1 trees, in a superblock extension.
//!
//! Clause IV.A.2.t; note `spec-notes/btree_k.md`.

use binrw::binrw;

use crate::error::Structure;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("B-tree K values message", "IV.A.2.t");

/// Half the number of children of the nodes of version 1 B-trees.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BtreeK {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Of a chunk B-tree.
    pub chunk_k: u16,
    /// Of a group's B-tree.
    pub group_internal_k: u16,
    /// Of a symbol table node.
    pub group_leaf_k: u16,
}
