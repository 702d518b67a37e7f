//! What kind of object a header describes.

use crate::format::message;
use crate::store::header::ObjectHeader;

/// The kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ObjectKind {
    /// Holds links to objects.
    Group,
    /// Holds an array of elements.
    Dataset,
    /// Is a committed datatype.
    Datatype,
    /// Is none of these: its header lacks the messages.
    Unknown,
}

impl ObjectHeader {
    /// What the header describes, by its messages.
    pub fn kind(&self) -> ObjectKind {
        let has = |kind| self.find(kind).is_some();
        if has(message::SYMBOL_TABLE) || has(message::LINK_INFO) {
            ObjectKind::Group
        } else if has(message::DATATYPE) && has(message::DATASPACE) {
            ObjectKind::Dataset
        } else if has(message::DATATYPE) {
            ObjectKind::Datatype
        } else {
            ObjectKind::Unknown
        }
    }
    /// The object's comment, if it has one.
    pub fn comment(&self) -> Option<Vec<u8>> {
        let text = self.find(message::COMMENT)?.body.split(|&b| b == 0).next()?.to_vec();
        (!text.is_empty()).then_some(text)
    }
}
