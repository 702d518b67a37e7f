//! Numbers of any layout as Rust's own, and back.
//!
//! - [`layout`]: which layout a datatype has
//! - [`integer`]: integers of any width, order, offset and precision
//! - [`float`]: floating-point numbers of any layout, exactly
//! - [`numeric`]: the Rust types, and what fits into them
//! - [`bulk`]: many numbers at once
//! - [`store`]: Rust's numbers as stored ones
//!
//! Conversion follows libhdf5 (fractions are cut off, what is too large for a float becomes infinite) but is
//! checked: what does not fit is an error, unless clamping is asked for.

mod bits;
pub mod bulk;
pub mod float;
pub mod integer;
pub mod layout;
pub mod numeric;
pub mod store;

pub use bulk::{decode_into, decode_one};
pub use float::Real;
pub use layout::NumberLayout;
pub use numeric::Numeric;
pub use store::{encode_into, encode_number, encode_one};

/// Numbers that Rust has a type for, but for their byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Plain {
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F16,
    BF16,
    F32,
    F64,
}

/// A stored number, without loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A signed integer of at most 64 bits.
    Signed(i64),
    /// An unsigned integer of at most 64 bits.
    Unsigned(u64),
    /// A signed integer of more than 64 bits.
    WideSigned(i128),
    /// An unsigned integer of more than 64 bits.
    WideUnsigned(u128),
    /// A floating-point number that a double holds exactly.
    Float(f64),
    /// Any other floating-point number.
    Real(Real),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Number::Signed(v) => write!(f, "{v}"),
            Number::Unsigned(v) => write!(f, "{v}"),
            Number::WideSigned(v) => write!(f, "{v}"),
            Number::WideUnsigned(v) => write!(f, "{v}"),
            Number::Float(v) => write!(f, "{v:?}"),
            Number::Real(v) => write!(f, "{:?}", v.to_f64()),
        }
    }
}

#[cfg(test)]
mod tests;
