//! Object reference count message (0x16): hard links of a version 2 header, where there are several.
//!
//! Clause IV.A.2.w; note `spec-notes/reference_count.md`.

use binrw::binrw;

use crate::error::Structure;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("object reference count message", "IV.A.2.w");

/// The number of hard links.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceCount {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Hard links to the object.
    pub count: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = [0, 2, 0, 0, 0];
        let (v, used) = decode::<ReferenceCount>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v.count, 2);
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<ReferenceCount>(&[1; 5], (), &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<ReferenceCount>(&[0, 2, 0], (), &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(count: u32) {
            let v = ReferenceCount { count };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<ReferenceCount>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
