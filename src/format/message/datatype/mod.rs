//! Datatype message (0x03), versions 1 to 5.
//!
//! Clause IV.A.2.d; note `spec-notes/datatype.md`.
//!
//! The head (class, version, 24 class bits, size) is shared by all classes; each class declares its
//! properties in [`properties`], and [`codec`] joins the two in both directions.

use crate::error::{Result, Structure};
use crate::wire::decode;

pub mod codec;
pub mod properties;

pub use properties::{
    BitNumbers, ByteOrder, CharSet, Float, Normalization, ReferenceKind, StringPadding, Text,
};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("datatype message", "IV.A.2.d");

/// How deep datatypes may nest.
pub const MAX_DEPTH: u8 = 48;

/// The type of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datatype {
    /// 1 to 5; kept as it was read.
    pub version: u8,
    /// Bytes of one element in the file.
    pub size: u32,
    /// Class and properties.
    pub class: Class,
}

/// The class of a datatype, with its properties.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// Fixed-point number.
    Integer {
        /// Order, offset and precision.
        bits: BitNumbers,
        /// Two's complement; else unsigned.
        signed: bool,
    },
    /// Floating-point number.
    Float(Float),
    /// Time: order and precision only.
    Time {
        /// Byte order.
        order: ByteOrder,
        /// Bits that count.
        precision: u16,
    },
    /// String of fixed length.
    String(Text),
    /// Bit field.
    Bitfield(BitNumbers),
    /// Bytes without meaning, with a tag.
    Opaque {
        /// What the bytes are.
        tag: Vec<u8>,
    },
    /// Members side by side.
    Compound(Vec<Member>),
    /// Reference to an object, a region or an attribute.
    Reference(ReferenceKind),
    /// Named integer values.
    Enum {
        /// The integer type.
        base: Box<Datatype>,
        /// Names and values (as stored, `base.size` bytes each).
        members: Vec<(Vec<u8>, Vec<u8>)>,
    },
    /// Sequence of variable length.
    VarLen(Box<Datatype>),
    /// String of variable length.
    VarString {
        /// Padding and character set.
        text: Text,
        /// The stored base type, one byte; never used.
        base: Box<Datatype>,
    },
    /// Array of fixed shape.
    Array {
        /// Shape, slowest first.
        dims: Vec<u32>,
        /// Type of an element.
        base: Box<Datatype>,
    },
    /// Complex number: real and imaginary part.
    Complex(Box<Datatype>),
}

/// A member of a compound datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Name.
    pub name: Vec<u8>,
    /// Byte offset in the element.
    pub offset: u32,
    /// Type.
    pub datatype: Datatype,
}

impl Datatype {
    /// Decodes the message.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        decode::<Datatype>(bytes, (MAX_DEPTH,), &HERE).map(|(t, _)| t)
    }
}

#[cfg(test)]
mod tests;
