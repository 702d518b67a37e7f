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
    #[bw(try_calc = self.flags())]
    flags: u8,
    #[br(temp)]
    #[bw(try_calc = name_length(&self.name))]
    name_bytes: u16,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.datatype.len()))]
    type_bytes: u16,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.dataspace.len()))]
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
    /// The flags to write; what a version cannot say is refused.
    fn flags(&self) -> Result<u8, String> {
        if self.version == 1 && (self.type_shared || self.space_shared) {
            return Err("version 1 of an attribute has no shared type or space".into());
        }
        if self.version < 3 && self.utf8 {
            return Err(format!("version {} of an attribute has no character set", self.version));
        }
        let shared_type = if self.type_shared { TYPE_SHARED } else { 0 };
        Ok(shared_type | if self.space_shared { SPACE_SHARED } else { 0 })
    }
}

/// Bytes of the name with its NUL.
fn name_length(name: &[u8]) -> Result<u16, String> {
    if name.contains(&0) {
        return Err("an attribute name with a NUL in it".into());
    }
    let length = u16::try_from(name.len().saturating_add(1));
    length.map_err(|_| format!("an attribute name of {} bytes", name.len()))
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
    if bytes > 0 {
        reader.take(u64::from(bytes)).read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

#[binrw::writer(writer)]
fn put_padded(value: &Vec<u8>, size: u16, version: u8) -> BinResult<()> {
    writer.write_all(value)?;
    let nul = usize::from(size).saturating_sub(value.len());
    let zeros = nul.saturating_add(usize::from(padding(size, version)));
    Ok(writer.write_all(&vec![0; zeros])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let mut bytes = vec![1, 0, 2, 0, 8, 0, 4, 0, b'a', 0, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 0, 0, 0, 0, 42, 0, 0, 0]);
        let (a, used) = decode::<AttributeMessage>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((a.name.as_slice(), a.dataspace.as_slice()), (&b"a"[..], &[9; 4][..]));
        assert_eq!((a.datatype.len(), a.data.as_slice()), (8, &[42, 0, 0, 0][..]));
        assert_eq!(encode(&a, (), &HERE).unwrap(), bytes);
        let (flagged, _) = decode::<AttributeMessage>(&[&[1, 0xff], &bytes[2..]].concat(), (), &HERE).unwrap();
        assert_eq!(flagged, a, "version 1 has no flags");
    }

    #[test]
    fn damaged() {
        assert!(decode::<AttributeMessage>(&[4, 0, 2, 0, 0, 0, 0, 0], (), &HERE).unwrap_err().is_damaged());
        let e = decode::<AttributeMessage>(&[2, 0, 2, 0, 9, 0, 0, 0, b'a', 0, 1], (), &HERE).unwrap_err();
        assert!(e.to_string().contains("IV.A.2.m"), "{e}");
    }

    #[test]
    fn what_cannot_be_stored_is_refused() {
        let (good, _) = decode::<AttributeMessage>(&[2, 0, 2, 0, 0, 0, 0, 0, b'a', 0], (), &HERE).unwrap();
        assert!(encode(&good, (), &HERE).is_ok());
        let bad = [
            AttributeMessage { utf8: true, ..good.clone() },
            AttributeMessage { version: 1, type_shared: true, ..good.clone() },
            AttributeMessage { name: b"a\0b".to_vec(), ..good.clone() },
            AttributeMessage { name: vec![b'a'; 65535], ..good.clone() },
            AttributeMessage { datatype: vec![0; 65536], ..good },
        ];
        for a in bad {
            assert!(encode(&a, (), &HERE).is_err(), "version {} name of {}", a.version, a.name.len());
        }
    }

    proptest! {
        #[test]
        fn round_trip(
            (version, bits) in (1u8..4, any::<[bool; 3]>()), name in "[^\\x00]{0,20}",
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 3),
        ) {
            let a = AttributeMessage {
                version,
                utf8: version == 3 && bits[0],
                name: name.into_bytes(),
                datatype: parts[0].clone(),
                type_shared: version > 1 && bits[1],
                dataspace: parts[1].clone(),
                space_shared: version > 1 && bits[2],
                data: parts[2].clone(),
            };
            let bytes = encode(&a, (), &HERE).unwrap();
            prop_assert_eq!(decode::<AttributeMessage>(&bytes, (), &HERE).unwrap(), (a, bytes.len()));
        }
    }
}
