//! HDF5 in pure Rust.

pub mod error;
pub mod filter;

pub use error::{Error, ErrorKind, Result};
