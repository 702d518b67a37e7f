//! Superblock, versions 0 to 3: where everything else is found.
//!
//! Clause II.A; note `spec-notes/superblock.md`.

use binrw::binrw;

use crate::error::{Result, Structure};
use crate::wire::{Addr, Length, Widths, checksum, decode, encode};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("superblock", "II.A");

/// The bytes that a superblock opens with.
pub const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// Bytes that hold any superblock.
pub const MAX_BYTES: u64 = 136;

/// Status flag: open for writing.
pub const WRITE_ACCESS: u32 = 0x01;
/// Status flag that libhdf5 allows and never sets: with [`WRITE_ACCESS`] it marks a pending journal of ours.
pub const JOURNALED: u32 = 0x02;
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
    #[br(assert(group_leaf_k != 0, "symbol table nodes for 0 entries"))]
    pub group_leaf_k: u16,
    /// Half the number of children of a group's B-tree node.
    #[br(assert(group_internal_k != 0, "B-tree nodes for 0 children"))]
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
            let (old, _) = decode::<OldSuperblock>(bytes, (), &HERE)?;
            return Superblock::Old(old).check();
        }
        let (new, used) = decode::<NewSuperblock>(bytes, (), &HERE)?;
        let Some(sealed) = bytes.get(..used.saturating_add(4)) else {
            return Err(HERE.damaged("the file ends in its checksum"));
        };
        checksum::verify(sealed, &HERE)?;
        Superblock::New(new).check()
    }
    /// A superblock of this version with no root group yet, and with the default numbers of entries in nodes.
    pub fn empty(version: u8, widths: Widths) -> Self {
        let undefined = Addr::UNDEFINED;
        let (base, eof) = (Addr::new(0), Addr::new(0));
        if version >= 2 {
            return Superblock::New(NewSuperblock {
                version, flags: 0, widths, base, extension: undefined, eof, root: undefined,
            });
        }
        Superblock::Old(OldSuperblock {
            version,
            group_leaf_k: 4,
            group_internal_k: 16,
            flags: 0,
            chunk_k: if version == 1 { 32 } else { 0 },
            widths,
            base,
            free_space: undefined,
            eof,
            driver_info: undefined,
            root: RootEntry { name: Length(0), header: undefined, cache_type: 0, scratch: [0; 16] },
        })
    }
    /// Encodes the superblock; from version 2 on with its checksum.
    pub fn encode(&self) -> Result<Vec<u8>> {
        match self {
            Superblock::Old(s) => encode(s, (), &HERE),
            Superblock::New(s) => {
                let mut out = encode(s, (), &HERE)?;
                checksum::seal(&mut out);
                Ok(out)
            }
        }
    }
    /// What libhdf5 has always asked for: without these addresses there is no file.
    fn check(self) -> Result<Self> {
        let eof = self.eof();
        for (what, address) in [("base", self.base()), ("end of the file", eof), ("root group", self.root())] {
            if !address.is_defined() {
                return Err(HERE.damaged(format!("the address of the {what} is undefined")));
            }
        }
        if eof.raw() == 0 {
            return Err(HERE.damaged("the file ends at byte 0"));
        }
        Ok(self)
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
    /// The end of the file, relative to the base address.
    pub fn end(&self) -> u64 {
        self.eof().raw().wrapping_sub(self.base().raw())
    }
    /// The same superblock found at `base`, with the file ending `end` bytes further.
    #[must_use]
    pub fn with_end(mut self, base: u64, end: u64) -> Self {
        let eof = Addr::new(base.saturating_add(end));
        match &mut self {
            Superblock::Old(s) => (s.base, s.eof) = (Addr::new(base), eof),
            Superblock::New(s) => (s.base, s.eof) = (Addr::new(base), eof),
        }
        self
    }
    /// The same superblock with other consistency flags; before version 3 it has none.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> Self {
        if let Superblock::New(s) = &mut self
            && s.version == 3
        {
            s.flags = flags;
        }
        self
    }
    /// The same superblock with another root group; what it caches of it is cleared.
    #[must_use]
    pub fn with_root(mut self, root: Addr) -> Self {
        match &mut self {
            Superblock::Old(s) => (s.root.header, s.root.cache_type) = (root, 0),
            Superblock::New(s) => s.root = root,
        }
        self
    }
    /// The same superblock with its extension elsewhere; before version 2 it has none.
    #[must_use]
    pub fn with_extension(mut self, extension: Addr) -> Self {
        if let Superblock::New(s) = &mut self {
            s.extension = extension;
        }
        self
    }
    /// The consistency flags.
    pub fn flags(&self) -> u32 {
        match self {
            Superblock::Old(s) => s.flags,
            Superblock::New(s) => u32::from(s.flags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The note's example without its checksum: version 2, widths of 2 bytes.
    const EXAMPLE: &[u8] = b"\x89HDF\r\n\x1a\n\x02\x02\x02\0\0\0\xff\xff\0\x03\x18\0";

    #[test]
    fn the_notes_example() {
        let mut bytes = EXAMPLE.to_vec();
        checksum::seal(&mut bytes);
        let s = Superblock::parse(&bytes).unwrap();
        assert_eq!((s.version(), s.widths()), (2, Widths { offset: 2, length: 2 }));
        assert_eq!((s.eof(), s.root(), s.base()), (Addr::new(768), Addr::new(0x18), Addr::new(0)));
        assert!(!s.extension().is_defined());
        assert_eq!(s.encode().unwrap(), bytes);
        bytes.extend_from_slice(&[7; 50]);
        assert_eq!(Superblock::parse(&bytes).unwrap(), s, "bytes after it do not matter");
    }

    #[test]
    fn damaged() {
        let mut bytes = EXAMPLE.to_vec();
        checksum::seal(&mut bytes);
        bytes[16] ^= 1;
        assert!(Superblock::parse(&bytes).unwrap_err().is_damaged(), "checksum");
        assert!(Superblock::parse(&bytes[..22]).is_err(), "cut short");
        assert!(Superblock::parse(b"\x89HDF\r\n\x1a\r\x02").is_err(), "signature");
        for (at, byte, why) in [(8, 4, "version 4"), (9, 3, "3 bytes"), (10, 0, "0 bytes")] {
            let mut bad = EXAMPLE.to_vec();
            bad[at] = byte;
            checksum::seal(&mut bad);
            let e = Superblock::parse(&bad).unwrap_err();
            assert!(e.to_string().contains(why), "{e}");
        }
        let mut bad = EXAMPLE.to_vec();
        bad[18..20].fill(0xff);
        checksum::seal(&mut bad);
        assert!(Superblock::parse(&bad).unwrap_err().to_string().contains("root group"));
    }

    proptest! {
        #[test]
        fn round_trip(
            (version, width, flags) in (0u8..4, prop_oneof![Just(2u8), Just(4), Just(8)], any::<u8>()),
            numbers in prop::collection::vec(1u64..0xffff, 5), scratch: [u8; 16], k in 1u16..,
        ) {
            let at = |i: usize| Addr::new(numbers[i]);
            let widths = Widths { offset: width, length: width };
            let s = if version < 2 {
                let root = RootEntry { name: Length(numbers[4]), header: at(2), cache_type: 1, scratch };
                Superblock::Old(OldSuperblock {
                    version, group_leaf_k: k, group_internal_k: k, flags: u32::from(flags),
                    chunk_k: if version == 1 { k } else { 0 },
                    widths, base: at(0), free_space: Addr::UNDEFINED, eof: at(1), driver_info: at(3), root,
                })
            } else {
                Superblock::New(NewSuperblock {
                    version, flags, widths, base: at(0), extension: at(3), eof: at(1), root: at(2),
                })
            };
            prop_assert_eq!(Superblock::parse(&s.encode().unwrap()).unwrap(), s);
        }
    }
}
