//! Link info message (0x02): where a new-style group keeps its dense links.
//!
//! Clause IV.A.2.c; note `spec-notes/link_info.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("link info message", "IV.A.2.c");

const TRACKED: u8 = 0x01;
const INDEXED: u8 = 0x02;

/// How a group stores its links beyond the compact ones.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkInfo {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp, assert(flags & !(TRACKED | INDEXED) == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = self.flags())]
    flags: u8,
    /// The creation index that the next link gets, where creation order is tracked.
    #[br(if(flags & TRACKED != 0))]
    pub max_creation_index: Option<i64>,
    /// The fractal heap that holds the links; undefined while they are compact.
    #[brw(args(w))]
    pub heap: Addr,
    /// The B-tree version 2 (type 5) that indexes the links by name.
    #[brw(args(w))]
    pub name_index: Addr,
    /// The B-tree version 2 (type 6) that indexes the links by creation order, where that is indexed.
    #[brw(args(w))]
    #[br(if(flags & INDEXED != 0))]
    pub order_index: Option<Addr>,
}

impl LinkInfo {
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

    #[test]
    fn the_notes_example() {
        let bytes = [0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 0x30, 2, 0, 0, 0xff, 0xff, 0xff, 0xff];
        let w = Widths { offset: 4, length: 4 };
        let (info, used) = decode::<LinkInfo>(&bytes, (w,), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(info.max_creation_index, Some(7));
        assert_eq!(info.heap, Addr::new(0x230));
        assert!(!info.name_index.is_defined());
        assert_eq!(encode(&info, (w,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let e = decode::<LinkInfo>(&[1, 0], (Widths::EIGHT,), &HERE).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains("IV.A.2.c"), "{e}");
        assert!(decode::<LinkInfo>(&[0, 4], (Widths::EIGHT,), &HERE).is_err());
        assert!(decode::<LinkInfo>(&[0, 0, 1], (Widths::EIGHT,), &HERE).is_err());
    }
}
