//! Shared message table message (0x0F): where the master table of shared messages lies.
//!
//! Clause IV.A.2.p; note `spec-notes/shared_table_message.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("shared message table message", "IV.A.2.p");

/// The place of the master table.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedTableMessage {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The table.
    #[brw(args(w))]
    pub table: Addr,
    /// Indexes in it, at most 8.
    #[br(assert(indexes <= 8, "{indexes} indexes, at most 8 are possible"))]
    pub indexes: u8,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const W: (Widths,) = (Widths { offset: 4, length: 4 },);

    #[test]
    fn the_notes_example() {
        let bytes = [0, 0, 3, 0, 0, 2];
        let (v, used) = decode::<SharedTableMessage>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v, SharedTableMessage { table: Addr::new(0x300), indexes: 2 });
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<SharedTableMessage>(&[1; 6], W, &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<SharedTableMessage>(&[0, 0, 3, 0, 0, 9], W, &HERE).unwrap_err().is_damaged(), "9 indexes");
        assert!(decode::<SharedTableMessage>(&[0, 0, 3, 0, 0], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(table in 0u64..0xffff_ffff, indexes in 0u8..9) {
            let v = SharedTableMessage { table: Addr::new(table), indexes };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<SharedTableMessage>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
