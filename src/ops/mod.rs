//! Whole-file work as library calls that return plain data.
//!
//! - [`tree`](mod@tree): what is in a file, entry by entry
//! - [`digest`](mod@digest): a canonical description of a file, for comparing files
//! - [`text`]: text of a file made fit for a line of a terminal

pub mod digest;
pub mod text;
pub mod tree;
