//! Modification time messages (0x0E and 0x12).
//!
//! Clauses IV.A.2.o and IV.A.2.s; note `spec-notes/times.md`.

use binrw::binrw;

use crate::error::Structure;

/// The old message's name and clause.
pub const OLD: Structure = Structure::new("old modification time message", "IV.A.2.o");
/// The message's name and clause.
pub const HERE: Structure = Structure::new("modification time message", "IV.A.2.s");

/// The old message: fourteen ASCII digits, year to second, in UTC.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldTime {
    /// `YYYYMMDDhhmmss`.
    pub digits: [u8; 14],
    #[br(temp)]
    #[bw(calc = 0)]
    reserved: u16,
}

/// Seconds since 1970.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModificationTime {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    reserved: [u8; 3],
    /// Seconds since 1970, UTC.
    pub seconds: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = [1, 0, 0, 0, 0x80, 0x43, 0x6d, 0x38];
        let (v, used) = decode::<ModificationTime>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v.seconds, 946_684_800);
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<ModificationTime>(&[0; 8], (), &HERE).unwrap_err().is_damaged(), "version 0");
        assert!(decode::<ModificationTime>(&[1, 0, 0, 0, 1], (), &HERE).unwrap_err().is_damaged(), "cut short");
        assert!(decode::<OldTime>(b"1999010203040", (), &OLD).unwrap_err().is_damaged(), "cut short");
    }

    #[test]
    fn the_old_message() {
        let bytes = *b"19990102030405\0\0";
        let (v, used) = decode::<OldTime>(&bytes, (), &OLD).unwrap();
        assert_eq!((&v.digits, used), (b"19990102030405", 16));
        assert_eq!(encode(&v, (), &OLD).unwrap(), bytes);
    }

    proptest! {
        #[test]
        fn round_trip(seconds: u32) {
            let v = ModificationTime { seconds };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<ModificationTime>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
