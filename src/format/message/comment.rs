//! Object comment message (0x0D): a text about the object.
//!
//! Clause IV.A.2.n; note `spec-notes/comment.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::{put_rest, rest};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("object comment message", "IV.A.2.n");

/// A NUL-terminated comment.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text with its NUL and whatever padding follows.
    #[br(parse_with = rest)]
    #[bw(write_with = put_rest)]
    pub stored: Vec<u8>,
}

impl Comment {
    /// The text before its NUL.
    pub fn text(&self) -> &[u8] {
        self.stored.split(|&b| b == 0).next().unwrap_or_default()
    }
}
