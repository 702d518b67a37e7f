//! References of HDF5 1.12 as they are stored: head, pointer to a heap object, and the object.
//!
//! Clauses VIII.B and VIII.C; note `spec-notes/reference.md`.

use binrw::binrw;

use super::selection::StoredSelection;
use crate::error::Structure;
use crate::wire::integers::{bytes, put_bytes};
use crate::wire::{Addr, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("reference", "VIII.B");

/// Reference flag: the object is in another file.
const EXTERNAL: u8 = 0x01;
const OBJECT: u8 = 2;
const REGION: u8 = 3;
const ATTRIBUTE: u8 = 4;

/// The element of a dataset: what is small stands in it, the rest in a global heap.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceHead {
    /// 0 null, 2 object, 3 region, 4 attribute.
    pub kind: u8,
    /// Bit 0: the object is in another file.
    pub flags: u8,
    /// Bytes of the encoded reference in the heap.
    #[br(if(kind != 0))]
    pub bytes: u32,
    /// The heap collection.
    #[br(if(kind != 0, Addr::UNDEFINED), args_raw = (w,))]
    #[bw(args(w))]
    pub collection: Addr,
    /// The object in it.
    #[br(if(kind != 0))]
    pub index: u32,
}

impl ReferenceHead {
    /// Whether the element itself holds the token of an object of this file.
    pub fn is_direct(&self) -> bool {
        self.kind == OBJECT && self.flags & EXTERNAL == 0
    }
}

/// A reference in full.
#[binrw]
#[brw(little, import(kind: u8, flags: u8))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    #[br(temp)]
    #[bw(calc = u8::try_from(self.token.len()).unwrap_or(u8::MAX))]
    token_bytes: u8,
    /// The object's token: its address in native files.
    #[br(parse_with = bytes, args(u64::from(token_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    pub token: Vec<u8>,
    /// The file of the object, where it is another.
    #[br(if(flags & EXTERNAL != 0))]
    pub file: Option<Text>,
    /// The region, for references to regions.
    #[br(if(kind == REGION))]
    pub region: Option<RegionPart>,
    /// The attribute, for references to attributes.
    #[br(if(kind == ATTRIBUTE))]
    pub attribute: Option<Text>,
}

/// A string with its length.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    #[br(temp)]
    #[bw(calc = u16::try_from(self.text.len()).unwrap_or(u16::MAX))]
    length: u16,
    /// The bytes, without NUL.
    #[br(parse_with = bytes, args(u64::from(length)))]
    #[bw(write_with = put_bytes, args(0))]
    pub text: Vec<u8>,
}

/// A region's selection with the rank of its dataset.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionPart {
    /// Bytes of the selection.
    pub selection_bytes: u32,
    /// Rank of the dataset.
    pub rank: u32,
    /// The elements.
    pub selection: StoredSelection,
}

impl Reference {
    /// The address in the token (little-endian, as wide as the file's offsets, padded with zeros).
    pub fn address(&self, w: Widths) -> Addr {
        let wide = self.token.iter().take(usize::from(w.offset)).rev();
        let raw = wide.fold(0u64, |n, b| n << 8 | u64::from(*b));
        if raw == crate::wire::widths::all_ones(w.offset) { Addr::UNDEFINED } else { Addr::new(raw) }
    }
}
