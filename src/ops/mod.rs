//! Whole-file work as library calls that return plain data.
//!
//! - [`tree`](mod@tree): what is in a file, entry by entry
//! - [`digest`](mod@digest): a canonical description of a file, for comparing files

pub mod digest;
pub mod tree;
