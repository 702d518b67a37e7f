//! Dereferencing.

use super::group::Node;
use super::session::File;
use crate::error::{Error, Result};
use crate::model::reference::{Part, Reference};

impl File {
    /// The object that a reference points at; none for a null reference.
    ///
    /// A reference into another file opens it as an external link would.
    pub fn dereference(&self, reference: &Reference) -> Result<Option<Node>> {
        let Reference::To { object, file, part } = reference else { return Ok(None) };
        let home = match file {
            Some(name) => match self.other(name, true)? {
                Some(other) => other,
                None => {
                    return Err(Error::usage(format!(
                        "the file {} is not there",
                        String::from_utf8_lossy(name)
                    )));
                }
            },
            None => self.clone(),
        };
        if let Part::Region(Err(text)) = part {
            return Err(Error::damaged(format!("the reference's region cannot be decoded: {text}")));
        }
        let path = format!("(object at {object})");
        home.node_at(*object, path).map(Some)
    }
}
