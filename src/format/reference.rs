//! References of HDF5 1.12 as they are stored: head, pointer to a heap object, and the object.
//!
//! Clauses VIII.B and VIII.C; note `spec-notes/reference.md`.

use binrw::binrw;

use super::selection::StoredSelection;
use crate::error::Structure;
use crate::wire::integers::{bytes, put_bytes};
use crate::wire::{Addr, Widths, encode};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("reference", "VIII.B");

/// Reference flag: the object is in another file.
const EXTERNAL: u8 = 0x01;
/// The most bytes of a token.
const MAX_TOKEN: u8 = 16;
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
    #[bw(args(w), map = |a: &Addr| if *kind == 0 { Addr::new(0) } else { *a })]
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
    #[br(temp, assert(token_bytes <= MAX_TOKEN, "a token of {token_bytes} bytes, at most {MAX_TOKEN} are possible"))]
    #[bw(try_calc = u8::try_from(self.token.len()))]
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
    #[bw(try_calc = u16::try_from(self.text.len()))]
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
    #[br(temp)]
    #[bw(try_calc = selection_size(&self.selection))]
    selection_bytes: u32,
    /// Rank of the dataset.
    pub rank: u32,
    /// The elements.
    pub selection: StoredSelection,
}

/// Bytes of a selection as it is written, which may differ from what was read.
fn selection_size(selection: &StoredSelection) -> Result<u32, String> {
    let bytes = encode(selection, (), &super::selection::HERE).map_err(|e| e.to_string())?;
    u32::try_from(bytes.len()).map_err(|e| e.to_string())
}

impl Reference {
    /// The address in the token (little-endian, as wide as the file's offsets, padded with zeros).
    pub fn address(&self, w: Widths) -> Addr {
        let wide = self.token.iter().take(usize::from(w.offset)).rev();
        let raw = wide.fold(0u64, |n, b| n << 8 | u64::from(*b));
        if raw == crate::wire::widths::all_ones(w.offset) { Addr::UNDEFINED } else { Addr::new(raw) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::selection::Span;
    use crate::wire::decode;
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let w = Widths { offset: 4, length: 4 };
        let bytes = [3, 1, 40, 0, 0, 0, 0, 2, 0, 0, 5, 0, 0, 0];
        let (head, used) = decode::<ReferenceHead>(&bytes, (w,), &HERE).unwrap();
        assert_eq!((head.bytes, head.collection, head.index, used), (40, Addr::new(0x200), 5, 14));
        assert!(!head.is_direct());
        assert_eq!(encode(&head, (w,), &HERE).unwrap(), bytes);
        let (null, used) = decode::<ReferenceHead>(&[0; 14], (w,), &HERE).unwrap();
        assert_eq!(used, 2);
        assert_eq!(encode(&null, (w,), &HERE).unwrap(), [0; 14]);
    }

    #[test]
    fn an_attribute_of_another_file() {
        let bytes = b"\x08\x20\x03\0\0\0\0\0\0\x04\0a.h5\x01\0x";
        let (r, used) = decode::<Reference>(bytes, (4, 1), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(r.address(Widths::EIGHT), Addr::new(0x320));
        assert_eq!((r.file.as_ref().unwrap().text.as_slice(), r.region.is_none()), (&b"a.h5"[..], true));
        assert_eq!(r.attribute.as_ref().unwrap().text, b"x");
        assert_eq!(encode(&r, (4, 1), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let e = decode::<Reference>(&[17; 40], (2, 0), &HERE).unwrap_err();
        assert!(e.is_damaged() && e.to_string().contains("17 bytes"), "{e}");
        assert!(decode::<Reference>(&[2, 1], (2, 0), &HERE).is_err(), "token cut short");
        assert!(decode::<Reference>(&[1, 1, 9, 0, b'x'], (4, 0), &HERE).is_err(), "name cut short");
    }

    proptest! {
        #[test]
        fn round_trip(token in prop::collection::vec(any::<u8>(), 0..17), kind in 2u8..5, file: Option<String>, start: u64) {
            let selection = StoredSelection::Regular(vec![Span { start, stride: 1, count: 1, block: 1 }]);
            let r = Reference {
                token,
                region: (kind == REGION).then_some(RegionPart { rank: 1, selection }),
                attribute: (kind == ATTRIBUTE).then(|| Text { text: b"name".to_vec() }),
                file: file.map(|f| Text { text: f.into_bytes() }),
            };
            let args = (kind, u8::from(r.file.is_some()));
            let bytes = encode(&r, args, &HERE).unwrap();
            prop_assert_eq!(decode::<Reference>(&bytes, args, &HERE).unwrap(), (r, bytes.len()));
        }
    }
}
