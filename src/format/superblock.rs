//! Superblock, versions 0 to 3: where everything else is found.
//!
//! Clause II.A; note `spec-notes/superblock.md`.

use binrw::binrw;

use crate::error::{Result, Structure};
use crate::wire::{Addr, Length, Widths, checksum, decode};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("superblock", "II.A");

/// The bytes that a superblock opens with.
pub const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Bytes that hold any superblock.
pub const MAX_BYTES: u64 = 136;

/// Status flag: open for writing.
pub const WRITE_ACCESS: u32 = 0x01;
/// Status flag: open for writing with readers (SWMR).
pub const SWMR_ACCESS: u32 = 0x04;

/// A superblock of any version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Superblock {
    /// Version 0 or 1: the root group is a symbol table entry.
    Old(OldSuperblock),
    /// Version 2 or 3: checksummed, with an extension.
    New(NewSuperblock),
}

/// The entry of the root group in a version 0 or 1 superblock.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootEntry {
    /// Offset of the (empty) name in a heap; as wide as lengths are.
    #[brw(args(w))]
    pub name: Length,
    /// The object header of the root group.
    #[brw(args(w))]
    pub header: Addr,
    /// What the scratch pad caches; the object header rules over it.
    pub cache_type: u32,
    #[br(temp)]
    #[bw(calc = 0)]
    reserved: u32,
    /// Cached addresses.
    pub scratch: [u8; 16],
}

/// Superblock version 0 or 1.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSuperblock {
    #[br(temp, assert(signature == SIGNATURE, "no HDF5 signature"))]
    #[bw(calc = SIGNATURE)]
    signature: [u8; 8],
    /// 0 or 1.
    #[br(assert(version < 2, "version {version}"))]
    pub version: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    free_space_version: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    root_entry_version: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    reserved: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    shared_header_version: u8,
    #[br(temp, assert(matches!(offset_bytes, 2 | 4 | 8), "offsets of {offset_bytes} bytes, expected 2, 4 or 8"))]
    #[bw(calc = self.widths.offset)]
    offset_bytes: u8,
    #[br(temp, assert(matches!(length_bytes, 2 | 4 | 8), "lengths of {length_bytes} bytes, expected 2, 4 or 8"))]
    #[bw(calc = self.widths.length)]
    length_bytes: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    reserved2: u8,
    /// Half the number of entries that a symbol table node may hold.
    pub group_leaf_k: u16,
    /// Half the number of children of a group's B-tree node.
    pub group_internal_k: u16,
    /// Consistency flags, unused before version 3.
    pub flags: u32,
    /// Half the number of children of a chunk B-tree node (version 1).
    #[br(if(version == 1))]
    #[bw(if(*version == 1))]
    pub chunk_k: u16,
    #[br(temp, if(version == 1))]
    #[bw(calc = 0, if(*version == 1))]
    reserved3: u16,
    /// The widths of addresses and lengths.
    #[br(calc = Widths { offset: offset_bytes, length: length_bytes })]
    #[bw(ignore)]
    pub widths: Widths,
    /// The file offset that all other addresses are relative to.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub base: Addr,
    /// Free-space information: never used.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub free_space: Addr,
    /// The end of the file, as the writer left it.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub eof: Addr,
    /// Driver information block.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub driver_info: Addr,
    /// The root group.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub root: RootEntry,
}

/// Superblock version 2 or 3, without its checksum.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSuperblock {
    #[br(temp, assert(signature == SIGNATURE, "no HDF5 signature"))]
    #[bw(calc = SIGNATURE)]
    signature: [u8; 8],
    /// 2 or 3.
    #[br(assert(matches!(version, 2 | 3), "version {version}, expected 0 to 3"))]
    pub version: u8,
    #[br(temp, assert(matches!(offset_bytes, 2 | 4 | 8), "offsets of {offset_bytes} bytes, expected 2, 4 or 8"))]
    #[bw(calc = self.widths.offset)]
    offset_bytes: u8,
    #[br(temp, assert(matches!(length_bytes, 2 | 4 | 8), "lengths of {length_bytes} bytes, expected 2, 4 or 8"))]
    #[bw(calc = self.widths.length)]
    length_bytes: u8,
    /// Consistency flags: [`WRITE_ACCESS`], [`SWMR_ACCESS`] (version 3).
    pub flags: u8,
    /// The widths of addresses and lengths.
    #[br(calc = Widths { offset: offset_bytes, length: length_bytes })]
    #[bw(ignore)]
    pub widths: Widths,
    /// The file offset that all other addresses are relative to.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub base: Addr,
    /// The object header of the superblock extension.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub extension: Addr,
    /// The end of the file, as the writer left it.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub eof: Addr,
    /// The object header of the root group.
    #[br(args(widths))]
    #[bw(args(*widths))]
    pub root: Addr,
}

impl Superblock {
    /// Decodes a superblock from the first bytes of its block, which may be longer.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.get(..8) != Some(&SIGNATURE) {
            return Err(HERE.damaged("no HDF5 signature"));
        }
        if bytes.get(8).is_some_and(|&version| version < 2) {
            return decode::<OldSuperblock>(bytes, (), &HERE).map(|(s, _)| Superblock::Old(s));
        }
        let (new, used) = decode::<NewSuperblock>(bytes, (), &HERE)?;
        let Some(sealed) = bytes.get(..used.saturating_add(4)) else {
            return Err(HERE.damaged("the file ends in its checksum"));
        };
        checksum::verify(sealed, &HERE)?;
        Ok(Superblock::New(new))
    }
    /// The version, 0 to 3.
    pub fn version(&self) -> u8 {
        match self {
            Superblock::Old(s) => s.version,
            Superblock::New(s) => s.version,
        }
    }
    /// The widths of addresses and lengths.
    pub fn widths(&self) -> Widths {
        match self {
            Superblock::Old(s) => s.widths,
            Superblock::New(s) => s.widths,
        }
    }
    /// The stored base address.
    pub fn base(&self) -> Addr {
        match self {
            Superblock::Old(s) => s.base,
            Superblock::New(s) => s.base,
        }
    }
    /// The stored end of the file.
    pub fn eof(&self) -> Addr {
        match self {
            Superblock::Old(s) => s.eof,
            Superblock::New(s) => s.eof,
        }
    }
    /// The object header of the root group.
    pub fn root(&self) -> Addr {
        match self {
            Superblock::Old(s) => s.root.header,
            Superblock::New(s) => s.root,
        }
    }
    /// The object header of the extension; undefined before version 2.
    pub fn extension(&self) -> Addr {
        match self {
            Superblock::Old(_) => Addr::UNDEFINED,
            Superblock::New(s) => s.extension,
        }
    }
    /// The driver information block of versions 0 and 1; undefined from version 2 on.
    pub fn driver_info(&self) -> Addr {
        match self {
            Superblock::Old(s) => s.driver_info,
            Superblock::New(_) => Addr::UNDEFINED,
        }
    }
    /// The consistency flags.
    pub fn flags(&self) -> u32 {
        match self {
            Superblock::Old(s) => s.flags,
            Superblock::New(s) => u32::from(s.flags),
        }
    }
}
