//! The properties of each class of datatype, as they follow the head.
//!
//! Clause IV.A.2.d; note `spec-notes/datatype.md`.

use binrw::binrw;

/// Order of an element's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
    /// VAX: pairs of bytes swapped (floats only).
    Vax,
}

/// Where the bits of an integer or a bit field lie in its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitNumbers {
    /// Byte order.
    pub order: ByteOrder,
    /// Whether unused low bits are 1.
    pub low_pad: bool,
    /// Whether unused high bits are 1.
    pub high_pad: bool,
    /// First used bit.
    pub offset: u16,
    /// Number of used bits.
    pub precision: u16,
}

/// How the most significant bit of a mantissa is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalization {
    /// No normalization.
    None,
    /// The bit is stored and always set (unless the value is 0).
    MsbSet,
    /// The bit is not stored, and set.
    Implied,
}

/// Layout of a floating-point number; all places are bit numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float {
    /// Byte order.
    pub order: ByteOrder,
    /// Whether unused low, high and inner bits are 1 (bits 0, 1 and 2).
    pub padding: u8,
    /// How the mantissa is normalized.
    pub normalization: Normalization,
    /// Sign bit.
    pub sign: u8,
    /// Bits and exponent.
    pub fields: FloatFields,
}

/// Stored fields of a floating-point number.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatFields {
    /// First used bit.
    pub offset: u16,
    /// Number of used bits.
    pub precision: u16,
    /// First bit of the exponent.
    pub exponent: u8,
    /// Bits of the exponent.
    pub exponent_bits: u8,
    /// First bit of the mantissa.
    pub mantissa: u8,
    /// Bits of the mantissa.
    pub mantissa_bits: u8,
    /// Exponent bias.
    pub bias: u32,
}

/// How a string of fixed length is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringPadding {
    /// NUL after the text.
    NullTerminated,
    /// NULs up to the length.
    NullPadded,
    /// Spaces up to the length.
    SpacePadded,
}

/// Character set of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharSet {
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
}

/// Padding and character set of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// How it is filled up.
    pub padding: StringPadding,
    /// Its character set.
    pub charset: CharSet,
}

/// What a reference refers to, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceKind {
    /// Object, by address (HDF5 1.0 to 1.10).
    OldObject,
    /// Region of a dataset, by global heap object (HDF5 1.0 to 1.10).
    OldRegion,
    /// Object (HDF5 1.12).
    Object,
    /// Region (HDF5 1.12).
    Region,
    /// Attribute (HDF5 1.12).
    Attribute,
}

/// Stored offset and precision of integers and bit fields.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Bits {
    pub offset: u16,
    pub precision: u16,
}

/// Head of a datatype: class and version, 24 class bits, size.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub class_and_version: u8,
    pub bits: [u8; 3],
    #[br(assert(size != 0, "a datatype of 0 bytes"))]
    pub size: u32,
}

/// The dimensions of an array member in a version 1 compound.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy)]
pub(super) struct MemberArray {
    #[br(assert(rank <= 4, "a member of {rank} dimensions, at most 4 are possible"))]
    pub rank: u8,
    #[br(temp)]
    #[bw(calc = [0; 11])]
    reserved: [u8; 11],
    pub dims: [u32; 4],
}

/// The dimensions of an array; up to version 2 with reserved bytes and permutations.
#[binrw]
#[brw(little, import(version: u8))]
#[derive(Debug, Clone)]
pub(super) struct ArrayShape {
    #[br(temp, assert(rank <= 32, "an array of {rank} dimensions, at most 32 are possible"))]
    #[bw(calc = u8::try_from(self.dims.len()).unwrap_or(u8::MAX))]
    rank: u8,
    #[br(temp, if(version < 3))]
    #[bw(calc = [0; 3], if(version < 3))]
    reserved: [u8; 3],
    #[br(count = rank)]
    pub dims: Vec<u32>,
    #[br(temp, if(version < 3), count = rank)]
    #[bw(calc = if version < 3 { vec![0; self.dims.len()] } else { Vec::new() })]
    permutation: Vec<u32>,
}
