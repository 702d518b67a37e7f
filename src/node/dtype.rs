//! Element types by numpy's names, and arrays of them that are known only at run time.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, CharSet, Class, Datatype, StringPadding};
use crate::node::options::Profile;

/// A numpy dtype, of those that arrays of the node API have.
///
/// ```
/// use h5::node::DType;
/// let dtype: DType = "uint16".parse()?;
/// assert_eq!(dtype, DType::UInt16);
/// assert_eq!(DType::Bytes(5).name(), "bytes40"); // numpy tells bits
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DType {
    /// `bool`.
    Bool,
    /// `int8`.
    Int8,
    /// `int16`.
    Int16,
    /// `int32`.
    Int32,
    /// `int64`.
    Int64,
    /// `uint8`.
    UInt8,
    /// `uint16`.
    UInt16,
    /// `uint32`.
    UInt32,
    /// `uint64`.
    UInt64,
    /// `float16`.
    Float16,
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
    /// `float128`: the long double of x86, 80 bits in 16 bytes. Values are `f64` here.
    Float128,
    /// `complex64`.
    Complex64,
    /// `complex128`.
    Complex128,
    /// `complex256`: of two long doubles. Values are of `f64` here.
    Complex256,
    /// `S5`: strings of so many bytes.
    Bytes(u32),
}

const NAMES: [(&str, &str, DType); 16] = [
    ("bool", "?", DType::Bool),
    ("int8", "i1", DType::Int8),
    ("int16", "i2", DType::Int16),
    ("int32", "i4", DType::Int32),
    ("int64", "i8", DType::Int64),
    ("uint8", "u1", DType::UInt8),
    ("uint16", "u2", DType::UInt16),
    ("uint32", "u4", DType::UInt32),
    ("uint64", "u8", DType::UInt64),
    ("float16", "f2", DType::Float16),
    ("float32", "f4", DType::Float32),
    ("float64", "f8", DType::Float64),
    ("float128", "f16", DType::Float128),
    ("complex64", "c8", DType::Complex64),
    ("complex128", "c16", DType::Complex128),
    ("complex256", "c32", DType::Complex256),
];

impl DType {
    /// Numpy's name: `float64`, or `bytes40` for strings of 5 bytes.
    pub fn name(&self) -> String {
        match self {
            DType::Bytes(size) => format!("bytes{}", u64::from(*size).saturating_mul(8)),
            _ => NAMES.iter().find(|(.., d)| d == self).map_or("", |(name, ..)| name).to_string(),
        }
    }
    /// Numpy's code with the order of bytes: `<f8`, `|u1`, `|S5`.
    pub fn code(&self) -> String {
        let code = NAMES.iter().find(|(.., d)| d == self).map_or("", |(_, code, _)| code);
        match self {
            DType::Bytes(size) => format!("|S{size}"),
            DType::Bool => "|b1".to_string(),
            _ if self.size() == 1 => format!("|{code}"),
            _ => format!("<{code}"),
        }
    }
    /// Bytes of an element.
    pub fn size(&self) -> usize {
        match self {
            DType::Bool | DType::Int8 | DType::UInt8 => 1,
            DType::Int16 | DType::UInt16 | DType::Float16 => 2,
            DType::Int32 | DType::UInt32 | DType::Float32 => 4,
            DType::Int64 | DType::UInt64 | DType::Float64 | DType::Complex64 => 8,
            DType::Float128 | DType::Complex128 => 16,
            DType::Complex256 => 32,
            DType::Bytes(size) => usize::try_from(*size).unwrap_or(usize::MAX),
        }
    }
    /// The datatype that elements are stored as: little-endian; booleans as a bit field or, in the profile
    /// [`Profile::H5py`], as an enumeration.
    pub fn datatype(&self, profile: Profile) -> Result<Datatype> {
        let order = ByteOrder::Little;
        let bytes = u32::try_from(self.size()).unwrap_or(u32::MAX);
        match self {
            DType::Bool if profile == Profile::H5py => Datatype::boolean(),
            DType::Bool => Datatype::bitfield(1, order),
            DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 => Datatype::integer(bytes, true, order),
            DType::UInt8 | DType::UInt16 | DType::UInt32 | DType::UInt64 => {
                Datatype::integer(bytes, false, order)
            }
            DType::Float16 | DType::Float32 | DType::Float64 => Datatype::float(bytes, order),
            DType::Float128 => Ok(Datatype::long_double()),
            DType::Complex64 | DType::Complex128 => Datatype::complex_compound(Datatype::float(bytes / 2, order)?),
            DType::Complex256 => Datatype::complex_compound(Datatype::long_double()),
            DType::Bytes(size) => {
                let padding = match profile {
                    Profile::H5py => StringPadding::NullPadded,
                    Profile::Pymodaq => StringPadding::NullTerminated,
                };
                Datatype::fixed_string(*size, padding, CharSet::Ascii)
            }
        }
    }
    /// The dtype that stored elements have in numpy; none where they have another form.
    pub fn of(stored: &Datatype) -> Option<DType> {
        let of = |kind: &str| {
            let code = format!("{kind}{}", stored.bytes());
            NAMES.iter().find(|(_, c, _)| *c == code).map(|(.., d)| d.clone())
        };
        match &stored.class {
            Class::Integer { signed, .. } => of(if *signed { "i" } else { "u" }),
            Class::Float(_) => of("f"),
            Class::Bitfield(_) if stored.size == 1 => Some(DType::Bool),
            Class::Enum { .. } if stored.is_bool() => Some(DType::Bool),
            Class::String(_) => Some(DType::Bytes(stored.size)),
            _ if stored.complex_part().is_some() => of("c"),
            _ => None,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl FromStr for DType {
    type Err = Error;
    /// Reads numpy's names (`float64`, `bytes40`) and codes (`f8`, `<i4`, `?`, `S5`).
    fn from_str(text: &str) -> Result<DType> {
        let code = text.trim_start_matches(['<', '=', '|']);
        if let Some((.., dtype)) = NAMES.iter().find(|(name, c, _)| *name == text || *c == code) {
            return Ok(dtype.clone());
        }
        let size = code.strip_prefix('S').map(|n| n.parse::<u32>());
        let bits = text.strip_prefix("bytes").map(|n| n.parse::<u32>().map(|bits| bits / 8));
        match size.or(bits) {
            Some(Ok(size)) if size > 0 => Ok(DType::Bytes(size)),
            _ => Err(Error::usage(format!("{text:?} is no dtype of arrays: they are numbers, bool, and S1, S2, ..."))),
        }
    }
}
