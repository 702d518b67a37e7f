//! Shared messages that are used less: their counts, and what the indexes say of headers that go.

use super::follow;
use crate::error::{At, Result};
use crate::format::btree2::records::{Record, SharedMessage as TreeRecord, SharedPlace};
use crate::format::header::{RawMessage, SHAREABLE, SHARED};
use crate::format::message::attribute::{self, AttributeMessage};
use crate::format::message::shared::{HERE, Location, SharedMessage};
use crate::format::message::{ATTRIBUTE, DATASPACE, DATATYPE};
use crate::format::shared_table::{HERE as TABLE, IndexKind, LIST, Place, SharedList};
use crate::store::btree::v2;
use crate::store::heap::fractal;
use crate::store::open::Container;
use crate::store::shared::SharedMessages;
use crate::wire::checksum::seal;
use crate::wire::{Addr, decode, encode};

/// A record of an index, found for a change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// The message with this heap ID.
    Id([u8; 8]),
    /// Those that lie in this object header, of this type or of any.
    In(Addr, Option<u16>),
}

impl Wanted {
    /// What becomes of a record: nothing, or fewer uses; with 0 it goes.
    fn uses_left(self, place: &Place) -> Option<u32> {
        match (self, place) {
            (Wanted::Id(wanted), Place::Heap { references, id }) if *id == wanted => {
                Some(references.saturating_sub(1))
            }
            (Wanted::In(wanted, kind), Place::Header { header, message_type, .. }) => {
                let fits = kind.is_none_or(|k| k == u16::from(*message_type));
                (fits && *header == wanted).then_some(0)
            }
            _ => None,
        }
    }
}

/// A header goes, with these messages: those that it shares have one use less, and no index names it any more.
/// Messages of attributes in heaps are to be given back one by one.
pub fn release_header(c: &Container, header: Addr, messages: &[RawMessage]) -> Result<()> {
    for m in messages {
        release_body(c, m)?;
    }
    if messages.iter().any(|m| m.flags & SHAREABLE != 0) {
        change(c, None, Wanted::In(header, None))?;
    }
    Ok(())
}

/// A message goes from the header at `header`, or gets another body.
pub fn release_message(c: &Container, header: Addr, m: &RawMessage) -> Result<()> {
    if m.flags & SHAREABLE != 0 {
        change(c, Some(m.kind), Wanted::In(header, Some(m.kind)))?;
    }
    release_body(c, m)
}

fn release_body(c: &Container, m: &RawMessage) -> Result<()> {
    if m.flags & SHARED != 0 {
        release_pointer(c, m.kind, &m.body)
    } else if m.kind == ATTRIBUTE {
        release_attribute(c, &decode::<AttributeMessage>(&m.body, (), &attribute::HERE)?.0)
    } else {
        Ok(())
    }
}

/// An attribute goes: its type and space may be shared.
pub fn release_attribute(c: &Container, m: &AttributeMessage) -> Result<()> {
    if m.type_shared {
        release_pointer(c, DATATYPE, &m.datatype)?;
    }
    if m.space_shared {
        release_pointer(c, DATASPACE, &m.dataspace)?;
    }
    Ok(())
}

/// The attribute with a type and space of its own where they lie in a heap of shared messages: a copy of a
/// shared attribute would have to be counted there.
pub fn unshared(c: &Container, mut m: AttributeMessage) -> Result<AttributeMessage> {
    if m.type_shared
        && let (body, None) = follow(c, &m.datatype, DATATYPE)?
    {
        (m.datatype, m.type_shared) = (body, false);
    }
    if m.space_shared {
        (m.dataspace, m.space_shared) = (follow(c, &m.dataspace, DATASPACE)?.0, false);
    }
    Ok(m)
}

/// A pointer to a shared message goes; committed types count their uses themselves.
fn release_pointer(c: &Container, kind: u16, pointer: &[u8]) -> Result<()> {
    match decode::<SharedMessage>(pointer, (c.store.widths,), &HERE)?.0.location {
        Location::Heap(id) => change(c, Some(kind), Wanted::Id(id)),
        Location::Object(_) => Ok(()),
    }
}

/// Changes the records of the index for messages of this type, or of all indexes.
fn change(c: &Container, kind: Option<u16>, wanted: Wanted) -> Result<()> {
    let Some(at) = c.extension.shared_table.as_ref().filter(|m| m.table.is_defined()) else { return Ok(()) };
    let open = SharedMessages::open(&c.store, at.table, at.indexes)?;
    let mut table = open.table.clone();
    let mut attributes = Vec::new();
    for index in table.indexes.iter_mut().filter(|i| kind.is_none_or(|k| i.holds(k)) && i.index.is_defined()) {
        let gone = match index.kind {
            IndexKind::List => {
                let records = open.list(&c.store, index)?;
                change_list(c, index.index, records, wanted)?
            }
            IndexKind::Tree => change_tree(c, index.index, wanted)?,
        };
        index.messages = index.messages.saturating_sub(gone);
        if let (Wanted::Id(id), 1..) = (wanted, gone) {
            if kind == Some(ATTRIBUTE) {
                attributes.push(open.message(&c.store, ATTRIBUTE, &id)?.to_vec());
            }
            fractal::remove(&c.store, index.heap, &id)?;
        }
    }
    if table != open.table {
        let mut bytes = encode(&table, (c.store.widths,), &TABLE)?;
        seal(&mut bytes);
        c.store.write(at.table, &bytes)?;
        c.store.evict::<SharedMessages>(at.table);
    }
    attributes.iter().try_for_each(|body| {
        release_attribute(c, &decode::<AttributeMessage>(body, (), &attribute::HERE)?.0)
    })
}

/// Gives the number of records that are gone.
fn change_list(
    c: &Container,
    address: Addr,
    mut records: Vec<crate::format::shared_table::SharedRecord>,
    wanted: Wanted,
) -> Result<u16> {
    let (before, old) = (records.len(), records.clone());
    for record in &mut records {
        if let Some(left) = wanted.uses_left(&record.place)
            && let Place::Heap { references, .. } = &mut record.place
        {
            *references = left;
        }
    }
    records.retain(|r| match &r.place {
        Place::Heap { references, .. } => *references > 0,
        place => wanted.uses_left(place).is_none(),
    });
    if records != old {
        let gone = before.saturating_sub(records.len());
        let mut bytes = encode(&SharedList { records }, (c.store.widths,), &LIST)?;
        seal(&mut bytes);
        c.store.write(address, &bytes)?;
        return Ok(u16::try_from(gone).unwrap_or(u16::MAX));
    }
    Ok(0)
}

/// Gives the number of records that are gone.
fn change_tree(c: &Container, address: Addr, wanted: Wanted) -> Result<u16> {
    let w = c.store.widths;
    let mut found = Vec::new();
    v2::each::<TreeRecord>(&c.store, address, |record| {
        if let Some(left) = wanted.uses_left(&place(&record.place)) {
            found.push((record, left));
        }
        Ok(())
    })?;
    let mut gone = 0u16;
    for (record, left) in found {
        let same = |raw: &[u8]| {
            let other = TreeRecord::decode(raw, 7, w)?;
            Ok(if other == record { std::cmp::Ordering::Equal } else { other.hash.cmp(&record.hash) })
        };
        let removed = v2::remove(&c.store, address, same).at(&TABLE, address.raw())?;
        let (Some(mut raw), SharedPlace::Heap { heap_id, .. }, 1..) = (removed, record.place, left) else {
            gone = gone.saturating_add(1);
            continue;
        };
        let fewer = TreeRecord { place: SharedPlace::Heap { references: left, heap_id }, ..record };
        let bytes = encode(&fewer, (w,), &crate::format::btree2::records::HERE)?;
        raw.iter_mut().zip(&bytes).for_each(|(r, b)| *r = *b);
        v2::insert(&c.store, address, &raw, same)?;
    }
    Ok(gone)
}

fn place(place: &SharedPlace) -> Place {
    match *place {
        SharedPlace::Heap { references, heap_id } => Place::Heap { references, id: heap_id },
        SharedPlace::Header { message_type, index, header } => Place::Header { message_type, index, header },
    }
}
