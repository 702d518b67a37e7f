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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = [0, 32, 0, 16, 0, 4, 0];
        let (v, used) = decode::<BtreeK>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v, BtreeK { chunk_k: 32, group_internal_k: 16, group_leaf_k: 4 });
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<BtreeK>(&[1, 0, 0, 0, 0, 0, 0], (), &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<BtreeK>(&[0, 32, 0], (), &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(chunk_k: u16, group_internal_k: u16, group_leaf_k: u16) {
            let v = BtreeK { chunk_k, group_internal_k, group_leaf_k };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<BtreeK>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
