//! Link message (0x06): one link of a new-style group, in its header or its heap.
//!
//! Clause IV.A.2.g; note `spec-notes/link.md`.

use binrw::{BinResult, binrw};

use crate::error::Structure;
use crate::wire::integers::{read_bytes, read_uint, write_uint};
use crate::wire::{Addr, Widths, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("link message", "IV.A.2.g");

const NAME_WIDTH: u8 = 0x03;
const ORDER: u8 = 0x04;
const KIND: u8 = 0x08;
const CHARSET: u8 = 0x10;

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To an object header of this file.
    Hard(Addr),
    /// To whatever the path leads to when it is followed.
    Soft(Vec<u8>),
    /// To an object of another file.
    External {
        /// The file's name, as stored.
        file: Vec<u8>,
        /// The object's path in it.
        path: Vec<u8>,
    },
    /// To something that only its writer's program knows.
    User {
        /// The link class, 65 to 255.
        class: u8,
        /// Its data.
        data: Vec<u8>,
    },
}

/// A link.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    #[br(temp, assert(version == 1, "version {version}, only 1 is known"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp, assert(flags & 0xe0 == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = self.flags())]
    flags: u8,
    #[br(temp, if(flags & KIND != 0))]
    #[bw(calc = self.kind(), if(self.kind() != 0))]
    kind: u8,
    /// Creation index, where the group tracks it.
    #[br(if(flags & ORDER != 0))]
    pub order: Option<i64>,
    /// Whether the name is UTF-8; ASCII where absent.
    #[br(if(flags & CHARSET != 0), map = |c: u8| c == 1)]
    #[bw(if(*utf8), map = |c: &bool| u8::from(*c))]
    pub utf8: bool,
    /// The name.
    #[br(parse_with = read_name, args(flags))]
    #[bw(write_with = write_name, args(flags))]
    pub name: Vec<u8>,
    /// Where it leads.
    #[br(parse_with = read_target, args(kind, w))]
    #[bw(write_with = write_target, args(w))]
    pub target: Target,
}

impl Link {
    fn flags(&self) -> u8 {
        let width = match self.name.len() {
            0..=0xff => 0,
            0x100..=0xffff => 1,
            0x1_0000..=0xffff_ffff => 2,
            _ => 3,
        };
        let order = if self.order.is_some() { ORDER } else { 0 };
        let kind = if self.kind() != 0 { KIND } else { 0 };
        width | order | kind | if self.utf8 { CHARSET } else { 0 }
    }
    fn kind(&self) -> u8 {
        match &self.target {
            Target::Hard(_) => 0,
            Target::Soft(_) => 1,
            Target::External { .. } => 64,
            Target::User { class, .. } => *class,
        }
    }
}

fn name_width(flags: u8) -> u8 {
    1u8.wrapping_shl(u32::from(flags & NAME_WIDTH))
}

#[binrw::parser(reader)]
fn read_name(flags: u8) -> BinResult<Vec<u8>> {
    let size = read_uint(reader, name_width(flags))?;
    read_bytes(reader, size)
}

#[binrw::writer(writer)]
fn write_name(name: &Vec<u8>, flags: u8) -> BinResult<()> {
    write_uint(writer, u64::try_from(name.len()).unwrap_or(u64::MAX), name_width(flags))?;
    Ok(writer.write_all(name)?)
}

#[binrw::parser(reader)]
fn read_target(kind: u8, w: Widths) -> BinResult<Target> {
    if kind == 0 {
        return <Addr as binrw::BinRead>::read_options(reader, binrw::Endian::Little, (w,)).map(Target::Hard);
    }
    let size = read_uint(reader, 2)?;
    let value = read_bytes(reader, size)?;
    match kind {
        1 => Ok(Target::Soft(value)),
        64 => {
            let mut parts = value.get(1..).unwrap_or_default().split(|&b| b == 0);
            let file = parts.next().unwrap_or_default().to_vec();
            let path = parts.next().ok_or_else(|| refuse(0, "an external link without a path"))?.to_vec();
            Ok(Target::External { file, path })
        }
        65.. => Ok(Target::User { class: kind, data: value }),
        _ => Err(refuse(0, format!("link class {kind}, reserved"))),
    }
}

#[binrw::writer(writer)]
fn write_target(target: &Target, w: Widths) -> BinResult<()> {
    let value = match target {
        Target::User { class: ..65, .. } => return Err(refuse(0, "a user-defined link of a class below 65")),
        Target::External { file, path } if file.contains(&0) || path.contains(&0) => {
            return Err(refuse(0, "a NUL in an external link"));
        }
        Target::Hard(address) => return write_uint(writer, address.raw(), w.offset),
        Target::Soft(path) => path.clone(),
        Target::External { file, path } => [&[0], &file[..], &[0], &path[..], &[0]].concat(),
        Target::User { data, .. } => data.clone(),
    };
    write_uint(writer, u64::try_from(value.len()).unwrap_or(u64::MAX), 2)?;
    Ok(writer.write_all(&value)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = [1, 0x18, 1, 1, 2, 0xc3, 0xa9, 2, 0, b'/', b'a'];
        let (link, used) = decode::<Link>(&bytes, (Widths::EIGHT,), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!((link.name.as_slice(), link.utf8), ("é".as_bytes(), true));
        assert_eq!(link.target, Target::Soft(b"/a".to_vec()));
        assert_eq!(encode(&link, (Widths::EIGHT,), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<Link>(&[1, 0, 9, b'a'], (Widths::EIGHT,), &HERE).is_err());
        assert!(decode::<Link>(&[1, 8, 2, 1, b'a', 0, 0], (Widths::EIGHT,), &HERE).is_err());
        assert!(decode::<Link>(&[1, 8, 64, 1, b'a', 2, 0, 0, b'f'], (Widths::EIGHT,), &HERE).is_err());
    }

    #[test]
    fn what_cannot_be_stored_is_refused() {
        let targets = [
            Target::User { class: 64, data: vec![] },
            Target::External { file: b"a\0b".to_vec(), path: b"/".to_vec() },
            Target::Soft(vec![b'a'; 65536]),
        ];
        for target in targets {
            let link = Link { order: None, utf8: false, name: b"a".to_vec(), target };
            assert!(encode(&link, (Widths::EIGHT,), &HERE).is_err());
        }
    }

    proptest! {
        #[test]
        fn round_trip(name in prop::collection::vec(1u8.., 1..300), order: Option<i64>, utf8: bool, kind in 0..4) {
            let target = match kind {
                0 => Target::Hard(Addr::new(0x1234)),
                1 => Target::Soft(b"x/y".to_vec()),
                2 => Target::External { file: b"f.h5".to_vec(), path: b"/z".to_vec() },
                _ => Target::User { class: 187, data: vec![0, 1, 2] },
            };
            let link = Link { order, utf8, name, target };
            let bytes = encode(&link, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<Link>(&bytes, (Widths::EIGHT,), &HERE).unwrap(), (link, bytes.len()));
        }
    }
}
