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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const W: (Widths,) = (Widths { offset: 4, length: 4 },);

    #[test]
    fn the_notes_example() {
        let bytes = [0x88, 0, 0, 0, 0xa8, 2, 0, 0];
        let (v, used) = decode::<SymbolTableMessage>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((v.btree, v.heap), (Addr::new(0x88), Addr::new(0x2a8)));
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<SymbolTableMessage>(&[0x88, 0, 0, 0, 0xa8], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(btree in 0u64..0xffff_ffff, heap in 0u64..0xffff_ffff) {
            let v = SymbolTableMessage { btree: Addr::new(btree), heap: Addr::new(heap) };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<SymbolTableMessage>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
