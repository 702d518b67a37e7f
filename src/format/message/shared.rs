//! Shared message pointer: what stands in the place of a message that lies elsewhere.
//!
//! Clause IV.A.2; note `spec-notes/shared.md`.

use binrw::{BinResult, binrw};

use crate::error::Structure;
use crate::wire::integers::{read_bytes, read_uint, write_uint};
use crate::wire::{Addr, Widths, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("shared message", "IV.A.2");

/// Where the message lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// In the file's heap of shared messages, with this heap ID.
    Heap([u8; 8]),
    /// In the header of another object: a committed datatype.
    Object(Addr),
}

/// A pointer to a message, versions 1 to 3.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedMessage {
    /// 1 to 3.
    #[br(assert(matches!(version, 1..=3), "version {version}, expected 1 to 3"))]
    pub version: u8,
    /// Where the message lies.
    #[br(parse_with = read_location, args(version, w))]
    #[bw(write_with = write_location, args(*version, w))]
    pub location: Location,
}

#[binrw::parser(reader)]
fn read_location(version: u8, w: Widths) -> BinResult<Location> {
    let kind = read_uint(reader, 1)?;
    if version == 1 {
        // A symbol table entry in disguise: reserved bytes, a name offset that is not used, an address.
        read_bytes(reader, 6)?;
        read_bytes(reader, u64::from(w.length))?;
    }
    match (version, kind) {
        (3, 1) => {
            let id = read_bytes(reader, 8)?;
            id.try_into().map(Location::Heap).map_err(|_| refuse(2, "a heap ID of 8 bytes is missing"))
        }
        (3, 0) => Err(refuse(1, "a pointer of the type 'not shared'")),
        _ => <Addr as binrw::BinRead>::read_options(reader, binrw::Endian::Little, (w,)).map(Location::Object),
    }
}

#[binrw::writer(writer)]
fn write_location(location: &Location, version: u8, w: Widths) -> BinResult<()> {
    match (location, version) {
        (Location::Heap(id), 3) => {
            writer.write_all(&[1])?;
            writer.write_all(id)?;
        }
        (Location::Heap(_), _) => return Err(refuse(0, "a heap ID needs version 3 of the pointer")),
        (Location::Object(address), version) => {
            writer.write_all(&[if version == 3 { 2 } else { 0 }])?;
            if version == 1 {
                writer.write_all(&[0; 6])?;
                write_uint(writer, 0, w.length)?;
            }
            write_uint(writer, address.raw(), w.offset)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn all_versions() {
        let w = Widths { offset: 4, length: 4 };
        let examples: [(&[u8], Location); 4] = [
            (&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 3, 0, 0], Location::Object(Addr::new(0x320))),
            (&[2, 0, 0x20, 3, 0, 0], Location::Object(Addr::new(0x320))),
            (&[3, 2, 0x20, 3, 0, 0], Location::Object(Addr::new(0x320))),
            (&[3, 1, 1, 2, 3, 4, 5, 6, 7, 8], Location::Heap([1, 2, 3, 4, 5, 6, 7, 8])),
        ];
        for (bytes, location) in examples {
            let (shared, used) = decode::<SharedMessage>(bytes, (w,), &HERE).unwrap();
            assert_eq!((shared.location, used), (location, bytes.len()));
            assert_eq!(encode(&shared, (w,), &HERE).unwrap(), bytes);
        }
        assert!(decode::<SharedMessage>(&[4, 2, 0, 0, 0, 0], (w,), &HERE).is_err());
        assert!(decode::<SharedMessage>(&[3, 1, 0], (w,), &HERE).is_err());
        let old = SharedMessage { version: 2, location: Location::Heap([0; 8]) };
        assert!(encode(&old, (w,), &HERE).is_err(), "version 2 has no heap");
    }

    proptest! {
        #[test]
        fn round_trip(version in 1u8..4, id: [u8; 8], address in 0..u64::MAX, heap: bool) {
            let heap = heap && version == 3;
            let location = if heap { Location::Heap(id) } else { Location::Object(Addr::new(address)) };
            let shared = SharedMessage { version, location };
            let bytes = encode(&shared, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<SharedMessage>(&bytes, (Widths::EIGHT,), &HERE).unwrap(), (shared, bytes.len()));
        }
    }
}
