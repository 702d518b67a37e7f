//! Whole-file work as library calls that return plain data.
//!
//! - [`tree`](mod@tree): what is in a file, entry by entry
//! - [`show`](mod@show): all that is known about one object
//! - [`preview`](mod@preview): its values, in an amount that a person takes in
//! - [`check`](mod@check): every structure, checksum and address of a file
//! - [`digest`](mod@digest): a canonical description of a file, for comparing files
//! - [`recover`](mod@recover): a file that a writer left is made whole
//! - [`repack`](mod@repack): a file written anew
//! - [`text`]: text of a file made fit for a line of a terminal

pub mod check;
pub mod digest;
pub mod preview;
pub mod recover;
pub mod repack;
pub mod show;
pub mod text;
pub mod tree;
