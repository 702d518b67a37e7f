//! Whole-file work as library calls that return plain data.
//!
//! - [`digest`](mod@digest): a canonical description of a file, for comparing files

pub mod digest;
