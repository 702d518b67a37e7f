//! The node API of PyMoDAQ's files, and what it stands on.
//!
//! - [`python`]: Python's values and their texts

pub mod python;
