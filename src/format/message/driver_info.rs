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
    #[bw(calc = u16::try_from(self.data.len()).unwrap_or(u16::MAX))]
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
    #[bw(calc = u32::try_from(self.data.len()).unwrap_or(u32::MAX))]
    data_bytes: u32,
    /// Such as `NCSAfami` or `NCSAmult`.
    pub driver: [u8; 8],
    /// The driver's own data.
    #[br(parse_with = bytes, args(u64::from(data_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    pub data: Vec<u8>,
}
