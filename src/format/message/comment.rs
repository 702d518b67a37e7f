//! Object comment message (0x0D): a text about the object.
//!
//! Clause IV.A.2.n; note `spec-notes/comment.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::{put_rest, rest};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("object comment message", "IV.A.2.n");

/// A NUL-terminated comment.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text with its NUL and whatever padding follows.
    #[br(parse_with = rest)]
    #[bw(write_with = put_rest)]
    pub stored: Vec<u8>,
}

impl Comment {
    /// The text before its NUL.
    pub fn text(&self) -> &[u8] {
        self.stored.split(|&b| b == 0).next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = *b"hi\0\0\0\0\0\0";
        let (v, used) = decode::<Comment>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v.text(), b"hi");
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let (without_nul, _) = decode::<Comment>(b"hi", (), &HERE).unwrap();
        assert_eq!(without_nul.text(), b"hi", "a NUL may be missing");
        let (empty, _) = decode::<Comment>(b"", (), &HERE).unwrap();
        assert_eq!(empty.text(), b"");
    }

    proptest! {
        #[test]
        fn round_trip(stored: Vec<u8>) {
            let v = Comment { stored };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<Comment>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
