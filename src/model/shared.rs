//! Shared messages: a body that says where the message lies is replaced by the message.

use std::borrow::Cow;

use crate::error::{At, Error, Result};
use crate::format::header::{RawMessage, SHARED};
use crate::format::message::shared::{HERE, Location, SharedMessage};
use crate::store::header::ObjectHeader;
use crate::store::open::Container;
use crate::store::shared::SharedMessages;
use crate::wire::{Addr, decode};

pub mod edit;

/// The body of a message, wherever it lies; with the committed datatype's address where that holds it.
pub fn body<'m>(c: &Container, m: &'m RawMessage) -> Result<(Cow<'m, [u8]>, Option<Addr>)> {
    if m.flags & SHARED == 0 {
        return Ok((Cow::Borrowed(&m.body), None));
    }
    let (bytes, committed) = follow(c, &m.body, m.kind)?;
    Ok((Cow::Owned(bytes), committed))
}

/// The message of this kind that a pointer leads to.
pub fn follow(c: &Container, pointer: &[u8], kind: u16) -> Result<(Vec<u8>, Option<Addr>)> {
    let (shared, _) = decode::<SharedMessage>(pointer, (c.store.widths,), &HERE)?;
    match shared.location {
        Location::Heap(id) => {
            let table = c.extension.shared_table.as_ref();
            let table = table.ok_or_else(|| HERE.damaged("a message in the shared heap of a file that has none"))?;
            let open = SharedMessages::open(&c.store, table.table, table.indexes)?;
            let found = open.message(&c.store, kind, &id).at(&HERE, table.table.raw())?;
            Ok((found.to_vec(), None))
        }
        Location::Object(address) => {
            let header = ObjectHeader::load(&c.store, address)?;
            match header.find(kind) {
                // A committed datatype is stored in its own header: one more step would be a circle.
                Some(m) if m.flags & SHARED == 0 => Ok((m.body.clone(), Some(address))),
                Some(m) => match decode::<SharedMessage>(&m.body, (c.store.widths,), &HERE)?.0.location {
                    Location::Heap(_) => follow(c, &m.body, kind).map(|(b, _)| (b, Some(address))),
                    Location::Object(_) => Err(HERE.damaged("a committed datatype that points to another")),
                },
                None => Err(Error::damaged(format!("no message {kind:#x} there")).within(&HERE, Some(address.raw()))),
            }
        }
    }
}
