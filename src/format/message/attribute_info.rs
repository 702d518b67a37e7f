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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const W: (Widths,) = (Widths { offset: 4, length: 4 },);

    #[test]
    fn the_notes_example() {
        let bytes = [0, 3, 5, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0xff, 0xff, 0xff, 0xff];
        let (v, used) = decode::<AttributeInfo>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((v.max_creation_index, v.heap, v.name_index), (Some(5), Addr::new(0x400), Addr::new(0x500)));
        assert_eq!(v.order_index, Some(Addr::UNDEFINED));
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<AttributeInfo>(&[1; 30], W, &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<AttributeInfo>(&[0, 4, 0, 0, 0, 0, 0, 0, 0, 0], W, &HERE).unwrap_err().is_damaged(), "flag 4");
        assert!(decode::<AttributeInfo>(&[0, 1, 5], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(max_creation_index: Option<u16>, heap: u32, name: u32, order: Option<u32>) {
            let v = {
                let addr = |a: u32| if a == u32::MAX { Addr::UNDEFINED } else { Addr::new(a.into()) };
                AttributeInfo {
                    max_creation_index,
                    heap: addr(heap),
                    name_index: addr(name),
                    order_index: order.map(addr),
                }
            };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<AttributeInfo>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
