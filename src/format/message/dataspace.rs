//! Dataspace message (0x01): the rank and the dimensions of a dataset or an attribute.
//!
//! Clause IV.A.2.b; note `spec-notes/dataspace.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Length, Widths, decode, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("dataspace message", "IV.A.2.b");

/// The most dimensions that a dataspace may have.
pub const MAX_RANK: u8 = 32;
const HAS_MAX: u8 = 0x01;

/// Whether there are elements at all, and whether they have dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceClass {
    /// One element, no dimension.
    Scalar,
    /// An array of elements.
    Simple,
    /// No element.
    Null,
}

/// The extent of a dataset or an attribute.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataspace {
    /// Version 1 or 2; kept as it was read.
    #[br(assert(matches!(version, 1 | 2), "version {version}, only 1 and 2 are known"))]
    pub version: u8,
    #[br(temp, assert(rank <= MAX_RANK, "rank {rank}, at most {MAX_RANK} is possible"))]
    #[bw(try_calc = u8::try_from(self.dims.len()))]
    rank: u8,
    #[br(temp)]
    #[bw(calc = if self.max_dims.is_some() { HAS_MAX } else { 0 })]
    flags: u8,
    /// Scalar, simple or null.
    #[br(parse_with = read_class, args(version, rank))]
    #[bw(write_with = write_class, args(*version))]
    pub class: SpaceClass,
    /// Current dimensions in elements, slowest first.
    #[br(args { count: usize::from(rank), inner: (w,) })]
    #[bw(args(w))]
    pub dims: Vec<Length>,
    /// Maximum dimensions, [`Length::UNLIMITED`] where there is none; absent: equal to the current ones.
    #[br(if(flags & HAS_MAX != 0), args_raw = binrw::VecArgs { count: usize::from(rank), inner: (w,) })]
    #[bw(args(w))]
    pub max_dims: Option<Vec<Length>>,
}

#[binrw::parser(reader)]
fn read_class(version: u8, rank: u8) -> binrw::BinResult<SpaceClass> {
    let by_rank = if rank == 0 { SpaceClass::Scalar } else { SpaceClass::Simple };
    if version == 1 {
        crate::wire::integers::read_bytes(reader, 5)?;
        return Ok(by_rank);
    }
    match crate::wire::integers::read_uint(reader, 1)? {
        0 if rank == 0 => Ok(SpaceClass::Scalar),
        1 => Ok(by_rank),
        2 => Ok(SpaceClass::Null),
        other => Err(refuse(3, format!("dataspace class {other} with rank {rank}"))),
    }
}

#[binrw::writer(writer)]
fn write_class(class: &SpaceClass, version: u8) -> binrw::BinResult<()> {
    let code = match class {
        SpaceClass::Scalar => 0,
        SpaceClass::Simple => 1,
        SpaceClass::Null => 2,
    };
    let field: &[u8] = if version == 1 { &[0; 5] } else { &[code] };
    writer.write_all(field)?;
    Ok(())
}

impl Dataspace {
    /// Decodes the message and checks what holds between its fields.
    pub fn parse(bytes: &[u8], w: Widths) -> crate::error::Result<Self> {
        let (space, _) = decode::<Dataspace>(bytes, (w,), &HERE)?;
        for (now, max) in space.dims.iter().zip(space.max_dims.iter().flatten()) {
            if now.0 > max.0 {
                return Err(HERE.mismatch("dimension", now.0, format!("at most {}", max.0)));
            }
        }
        Ok(space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;
    use proptest::prelude::*;

    #[test]
    fn the_notes_examples() {
        let w = Widths { offset: 2, length: 2 };
        let v1 = [1, 2, 1, 0, 0, 0, 0, 0, 3, 0, 4, 0, 3, 0, 0xff, 0xff];
        let space = Dataspace::parse(&v1, w).unwrap();
        assert_eq!(space.dims, [Length(3), Length(4)]);
        assert_eq!(space.max_dims, Some(vec![Length(3), Length::UNLIMITED]));
        assert_eq!(encode(&space, (w,), &HERE).unwrap(), v1);
        let null = Dataspace::parse(&[2, 0, 0, 2], w).unwrap();
        assert_eq!(null.class, SpaceClass::Null);
    }

    #[test]
    fn damaged() {
        let w = Widths { offset: 2, length: 2 };
        assert!(Dataspace::parse(&[3, 0, 0, 0], w).is_err());
        assert!(Dataspace::parse(&[2, 33, 0, 1], w).is_err());
        assert!(Dataspace::parse(&[2, 1, 1, 1, 5, 0, 4, 0], w).is_err(), "larger than its maximum");
    }

    proptest! {
        #[test]
        fn round_trip(dims in prop::collection::vec(0u64..1 << 40, 0..32), version in 1u8..=2) {
            let dims: Vec<_> = dims.into_iter().map(Length).collect();
            let class = if dims.is_empty() { SpaceClass::Scalar } else { SpaceClass::Simple };
            let space = Dataspace { version, class, max_dims: Some(dims.clone()), dims };
            let bytes = encode(&space, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(Dataspace::parse(&bytes, Widths::EIGHT).unwrap(), space);
        }
    }
}
