//! Driver info message (0x14): how a file in several parts is put together.
//!
//! Clauses IV.A.2.u and II.B; note `spec-notes/driver_info.md`.
//!
//! The same fields, without the version but with padding, are the driver information block of
//! superblocks 0 and 1 (clause II.B).

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::{bytes, put_bytes};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("driver info message", "IV.A.2.u");
/// The block's name and clause.
pub const BLOCK: Structure = Structure::new("driver information block", "II.B");

/// Which driver wrote the file, and its own data.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverInfo {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Such as `NCSAfami` or `NCSAmult`.
    pub driver: [u8; 8],
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.data.len()))]
    data_bytes: u16,
    /// The driver's own data.
    #[br(parse_with = bytes, args(u64::from(data_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    pub data: Vec<u8>,
}

/// The driver information block that a version 0 or 1 superblock points to.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverBlock {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    reserved: [u8; 3],
    #[br(temp)]
    #[bw(try_calc = u32::try_from(self.data.len()))]
    data_bytes: u32,
    /// Such as `NCSAfami` or `NCSAmult`.
    pub driver: [u8; 8],
    /// The driver's own data.
    #[br(parse_with = bytes, args(u64::from(data_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    pub data: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = *b"\0NCSAfami\x08\0\0\x10\0\0\0\0\0\0";
        let (v, used) = decode::<DriverInfo>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((&v.driver, v.data.as_slice()), (b"NCSAfami", &4096u64.to_le_bytes()[..]));
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<DriverInfo>(b"\x01NCSAfami\0\0", (), &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<DriverInfo>(b"\0NCSAfami\x02\0x", (), &HERE).unwrap_err().is_damaged(), "cut short");
        assert!(decode::<DriverBlock>(b"\0\0\0\0\x02\0\0\0NCSAfamix", (), &BLOCK).unwrap_err().is_damaged(), "cut short");
        let long = DriverInfo { driver: *b"NCSAmult", data: vec![0; 65536] };
        assert!(encode(&long, (), &HERE).is_err(), "too long for a message");
    }

    #[test]
    fn the_block_has_the_size_before_the_driver() {
        let bytes = *b"\0\0\0\0\x08\0\0\0NCSAfami\0\x10\0\0\0\0\0\0";
        let (v, used) = decode::<DriverBlock>(&bytes, (), &BLOCK).unwrap();
        assert_eq!((v.data.len(), used), (8, bytes.len()));
        assert_eq!(encode(&v, (), &BLOCK).unwrap(), bytes);
    }

    proptest! {
        #[test]
        fn round_trip(driver: [u8; 8], data: Vec<u8>) {
            let v = DriverInfo { driver, data };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<DriverInfo>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
