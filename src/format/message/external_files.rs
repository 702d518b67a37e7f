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
    #[bw(try_calc = u16::try_from(self.slots.len()))]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const W: (Widths,) = (Widths { offset: 4, length: 4 },);

    #[test]
    fn the_notes_example() {
        let bytes = [
            1, 0, 0, 0, 1, 0, 1, 0, 0, 2, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
        ];
        let (v, used) = decode::<ExternalFiles>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((v.allocated_slots, v.heap), (1, Addr::new(0x200)));
        assert_eq!(v.slots, [Slot { name: Length(8), offset: Length(0), bytes: Length::UNLIMITED }]);
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<ExternalFiles>(&[2; 40], W, &HERE).unwrap_err().is_damaged(), "version 2");
        assert!(decode::<ExternalFiles>(&[1, 0, 0, 0, 1, 0, 1, 0, 0, 2, 0, 0, 8, 0], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(allocated_slots: u16, raw in prop::collection::vec([0u64..0xffff_ffff, 0u64..0xffff_ffff, 0u64..0xffff_ffff], 0..5)) {
            let v = {
                let slot = |[name, offset, bytes]: [u64; 3]| Slot {
                    name: Length(name),
                    offset: Length(offset),
                    bytes: Length(bytes),
                };
                let slots = raw.into_iter().map(slot).collect();
                ExternalFiles { allocated_slots, heap: Addr::new(64), slots }
            };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<ExternalFiles>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
