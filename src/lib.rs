//! HDF5 in pure Rust.

pub mod error;
#[deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
pub mod filter;

pub use error::{Error, ErrorKind, Result};
