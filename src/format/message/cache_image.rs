//! Metadata cache image message (0x18): where the image of the writer's cache lies.
//!
//! Clause: none, message 0x18 is in libhdf5 only; note `spec-notes/cache_image_message.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name; it has no clause.
pub const HERE: Structure = Structure::new("metadata cache image message", "");

/// The place of a metadata cache image; an undefined address or no bytes: there is none.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheImageMessage {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The image's block.
    #[brw(args(w))]
    pub address: Addr,
    /// Its bytes.
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
        let bytes = [0, 0, 8, 0, 0, 46, 0, 0, 0];
        let (v, used) = decode::<CacheImageMessage>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v, CacheImageMessage { address: Addr::new(0x800), bytes: Length(46) });
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<CacheImageMessage>(&[1; 20], W, &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<CacheImageMessage>(&[0, 0, 8, 0, 0, 46], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(address in 0u64..0xffff_ffff, bytes in 0u64..0xffff_ffff) {
            let v = CacheImageMessage { address: Addr::new(address), bytes: Length(bytes) };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<CacheImageMessage>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
