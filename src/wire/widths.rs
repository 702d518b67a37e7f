//! Addresses and lengths: unsigned integers as wide as the superblock says (2, 4 or 8 bytes).

use std::fmt;
use std::io::{Read, Seek, Write};

use binrw::{BinRead, BinResult, BinWrite, Endian};

use super::integers::{read_uint, write_uint};

/// The sizes in bytes of addresses ("offsets") and lengths in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Bytes of an address.
    pub offset: u8,
    /// Bytes of a length.
    pub length: u8,
}

impl Widths {
    /// The widths of almost every file: 8 and 8.
    pub const EIGHT: Widths = Widths { offset: 8, length: 8 };
}

/// An address in the file, relative to the base address; may be undefined (all ones on disk).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(u64);

impl Addr {
    /// The undefined address.
    pub const UNDEFINED: Addr = Addr(u64::MAX);
    /// The address of a byte.
    pub const fn new(offset: u64) -> Self {
        Addr(offset)
    }
    /// The offset, where the address is defined.
    pub fn get(self) -> Option<u64> {
        (self.0 != u64::MAX).then_some(self.0)
    }
    /// The offset as it is, all ones where undefined.
    pub const fn raw(self) -> u64 {
        self.0
    }
    /// Whether the address is defined.
    pub fn is_defined(self) -> bool {
        self.0 != u64::MAX
    }
    /// The address `bytes` further; undefined where that is no address.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Addr {
        Addr(self.0.saturating_add(bytes))
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.get() {
            Some(a) => write!(f, "{a:#x}"),
            None => f.write_str("undefined"),
        }
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A length or count stored with the file's width of lengths; all ones is [`Length::UNLIMITED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Length(pub u64);

impl Length {
    /// All ones at the width of lengths: unlimited or undefined, by the field.
    pub const UNLIMITED: Length = Length(u64::MAX);
}

fn read_wide<R: Read + Seek>(reader: &mut R, width: u8) -> BinResult<u64> {
    let value = read_uint(reader, width)?;
    Ok(if value == all_ones(width) { u64::MAX } else { value })
}

/// The largest value of `width` bytes.
pub fn all_ones(width: u8) -> u64 {
    u64::MAX.checked_shr(64u32.saturating_sub(u32::from(width).saturating_mul(8))).unwrap_or(0)
}

impl BinRead for Addr {
    type Args<'a> = (Widths,);
    fn read_options<R: Read + Seek>(r: &mut R, _: Endian, (w,): (Widths,)) -> BinResult<Self> {
        read_wide(r, w.offset).map(Addr)
    }
}

impl BinWrite for Addr {
    type Args<'a> = (Widths,);
    fn write_options<W: Write + Seek>(&self, w: &mut W, _: Endian, (widths,): (Widths,)) -> BinResult<()> {
        let v = if self.is_defined() { self.0 } else { all_ones(widths.offset) };
        write_uint(w, v, widths.offset)
    }
}

impl BinRead for Length {
    type Args<'a> = (Widths,);
    fn read_options<R: Read + Seek>(r: &mut R, _: Endian, (w,): (Widths,)) -> BinResult<Self> {
        read_wide(r, w.length).map(Length)
    }
}

impl BinWrite for Length {
    type Args<'a> = (Widths,);
    fn write_options<W: Write + Seek>(&self, w: &mut W, _: Endian, (widths,): (Widths,)) -> BinResult<()> {
        let v = if *self == Length::UNLIMITED { all_ones(widths.length) } else { self.0 };
        write_uint(w, v, widths.length)
    }
}

impl binrw::meta::ReadEndian for Addr {
    const ENDIAN: binrw::meta::EndianKind = binrw::meta::EndianKind::Endian(Endian::Little);
}
impl binrw::meta::WriteEndian for Addr {
    const ENDIAN: binrw::meta::EndianKind = binrw::meta::EndianKind::Endian(Endian::Little);
}
