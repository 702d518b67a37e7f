//! Attribute message (0x0C): name, type, space and data of one attribute.
//!
//! Clause IV.A.2.m; note `spec-notes/attribute.md`.
//!
//! Type and space stay raw here: either may be a pointer to a shared message, which only the layers
//! above can follow; and the size of the data follows from both.

use std::io::{Read, Seek};

use binrw::{BinResult, binrw};

use crate::error::Structure;
use crate::wire::integers::{put_rest, read_bytes, rest};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("attribute message", "IV.A.2.m");

const TYPE_SHARED: u8 = 0x01;
const SPACE_SHARED: u8 = 0x02;

/// An attribute as it is stored. Version 1 pads name, type and space to 8 bytes each.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeMessage {
    /// Version 1 to 3.
    #[br(assert(matches!(version, 1..=3), "version {version}, expected 1 to 3"))]
    pub version: u8,
    #[br(temp, map = |f: u8| if version == 1 { 0 } else { f })]
    #[bw(calc = self.flags())]
    flags: u8,
    #[br(temp)]
    #[bw(calc = length(&self.name).saturating_add(1))]
    name_bytes: u16,
    #[br(temp)]
    #[bw(calc = length(&self.datatype))]
    type_bytes: u16,
    #[br(temp)]
    #[bw(calc = length(&self.dataspace))]
    space_bytes: u16,
    /// Whether the name is UTF-8 (version 3); ASCII otherwise.
    #[br(if(version == 3), map = |c: u8| c == 1)]
    #[bw(if(*version == 3), map = |c: &bool| u8::from(*c))]
    pub utf8: bool,
    /// The name, without NUL.
    #[br(parse_with = padded, args(name_bytes, version), map = until_nul)]
    #[bw(write_with = put_padded, args(name_bytes, *version))]
    pub name: Vec<u8>,
    /// The datatype message, or a pointer to a shared one.
    #[br(parse_with = padded, args(type_bytes, version))]
    #[bw(write_with = put_padded, args(type_bytes, *version))]
    pub datatype: Vec<u8>,
    /// Whether `datatype` is a pointer.
    #[br(calc = flags & TYPE_SHARED != 0)]
    #[bw(ignore)]
    pub type_shared: bool,
    /// The dataspace message, or a pointer to a shared one.
    #[br(parse_with = padded, args(space_bytes, version))]
    #[bw(write_with = put_padded, args(space_bytes, *version))]
    pub dataspace: Vec<u8>,
    /// Whether `dataspace` is a pointer.
    #[br(calc = flags & SPACE_SHARED != 0)]
    #[bw(ignore)]
    pub space_shared: bool,
    /// The rest of the message: the data, and perhaps padding.
    #[br(parse_with = rest)]
    #[bw(write_with = put_rest)]
    pub data: Vec<u8>,
}

impl AttributeMessage {
    fn flags(&self) -> u8 {
        let shared_type = if self.type_shared { TYPE_SHARED } else { 0 };
        shared_type | if self.space_shared { SPACE_SHARED } else { 0 }
    }
}

fn length(bytes: &[u8]) -> u16 {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX)
}

fn until_nul(mut name: Vec<u8>) -> Vec<u8> {
    if let Some(end) = name.iter().position(|&b| b == 0) {
        name.truncate(end);
    }
    name
}

fn padding(size: u16, version: u8) -> u16 {
    if version == 1 { size.wrapping_neg() & 7 } else { 0 }
}

#[binrw::parser(reader)]
fn padded(size: u16, version: u8) -> BinResult<Vec<u8>> {
    let out = read_bytes(reader, u64::from(size))?;
    skip_up_to(reader, padding(size, version))?;
    Ok(out)
}

/// The padding may be cut short at the end of a message.
fn skip_up_to<R: Read + Seek>(reader: &mut R, bytes: u16) -> BinResult<()> {
    let mut sink = Vec::new();
    reader.take(u64::from(bytes)).read_to_end(&mut sink)?;
    Ok(())
}

#[binrw::writer(writer)]
fn put_padded(value: &Vec<u8>, size: u16, version: u8) -> BinResult<()> {
    writer.write_all(value)?;
    let nul = usize::from(size).saturating_sub(value.len());
    let zeros = nul.saturating_add(usize::from(padding(size, version)));
    Ok(writer.write_all(&vec![0; zeros])?)
}
