//! Changing the attributes of an object, however it stores them.

use super::{AttributeInfo, StoredAttribute, attribute_info, info};
use crate::error::{Error, Result};
use crate::format::header::{RawMessage, SHARED};
use crate::format::message::attribute::{self, AttributeMessage};
use crate::format::message::{ATTRIBUTE, ATTRIBUTE_INFO};
use crate::model::shared;
use crate::model::dense::{Dense, Kind};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::wire::{Addr, decode, encode};

/// The most bytes of an attribute in a header.
const MAX_COMPACT_BYTES: usize = 65_500;

fn dense(info: &AttributeInfo) -> Dense {
    let order_index = info.order_index.filter(|a| a.is_defined());
    Dense { kind: Kind::Attributes, heap: info.heap, name_index: info.name_index, order_index }
}

fn name_of(body: &[u8]) -> Result<Vec<u8>> {
    Ok(StoredAttribute::parse(body, None)?.message.name)
}

fn stored_info(c: &Container, object: &HeaderEdit) -> Result<Option<AttributeInfo>> {
    let Some(m) = object.find(ATTRIBUTE_INFO) else { return Ok(None) };
    Ok(Some(decode::<AttributeInfo>(&m.body, (c.store.widths,), &attribute_info::HERE)?.0))
}

fn set_info(c: &Container, object: &mut HeaderEdit, info: &AttributeInfo) -> Result<()> {
    object.set(ATTRIBUTE_INFO, encode(info, (c.store.widths,), &attribute_info::HERE)?);
    Ok(())
}

/// Adds an attribute, or puts it in the place of the one with its name, whose creation index it gets. The
/// header is to be saved by the caller.
pub fn set(c: &Container, object: &mut HeaderEdit, attribute: &AttributeMessage) -> Result<()> {
    let encoded = encode(attribute, (), &attribute::HERE)?;
    let place = compact_place(c, object, &attribute.name)?;
    if let (Some(m), true) = (place.and_then(|i| object.messages.get_mut(i)), encoded.len() <= MAX_COMPACT_BYTES) {
        let old = std::mem::replace(m, RawMessage { flags: 0, body: encoded, ..m.clone() });
        return shared::edit::release_message(c, object.address(), &old);
    }
    let old = remove(c, object, &attribute.name)?;
    if object.version() == 1 {
        if encoded.len() > MAX_COMPACT_BYTES {
            let what = format!("an attribute of {} bytes on an object with a version 1 header", encoded.len());
            return Err(Error::unsupported(format!("{what}: it holds 64 KiB")));
        }
        object.messages.push(RawMessage { kind: ATTRIBUTE, flags: 0, order: None, body: encoded });
        return Ok(());
    }
    let mut info = stored_info(c, object)?.unwrap_or_else(|| AttributeInfo {
        max_creation_index: object.order_tracked().then_some(0),
        heap: Addr::UNDEFINED,
        name_index: Addr::UNDEFINED,
        order_index: object.order_indexed().then_some(Addr::UNDEFINED),
    });
    let order = match (old.and_then(|o| o.order), info.max_creation_index) {
        (Some(order), _) => order,
        (None, None) => 0,
        (None, Some(next)) => {
            let after = next.checked_add(1).ok_or_else(|| Error::limit("65535 attributes were made on this object"));
            info.max_creation_index = Some(after?);
            u32::from(next)
        }
    };
    let compact = object.messages.iter().filter(|m| m.kind == ATTRIBUTE).count();
    let room = compact < usize::from(object.phase_change().0) && encoded.len() <= MAX_COMPACT_BYTES;
    if !info.heap.is_defined() && room {
        let order = object.order_tracked().then(|| u16::try_from(order).unwrap_or(u16::MAX));
        object.messages.push(RawMessage { kind: ATTRIBUTE, flags: 0, order, body: encoded });
    } else {
        if !info.heap.is_defined() {
            into_heap(c, object, &mut info)?;
        }
        dense(&info).insert(&c.store, &attribute.name, i64::from(order), &encoded, &name_of)?;
    }
    set_info(c, object, &info)
}

fn compact_place(c: &Container, object: &HeaderEdit, name: &[u8]) -> Result<Option<usize>> {
    for (index, m) in object.messages.iter().enumerate().filter(|(_, m)| m.kind == ATTRIBUTE) {
        let (body, _) = shared::body(c, m)?;
        if name_of(&body)? == name {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn into_heap(c: &Container, object: &mut HeaderEdit, info: &mut AttributeInfo) -> Result<()> {
    let new = Dense::create(&c.store, Kind::Attributes, info.order_index.is_some())?;
    (info.heap, info.name_index) = (new.heap, new.name_index);
    info.order_index = info.order_index.and(new.order_index);
    for m in object.messages.iter().filter(|m| m.kind == ATTRIBUTE) {
        let (body, _) = shared::body(c, m)?;
        let order = i64::from(m.order.unwrap_or(0));
        if m.flags & SHARED != 0 {
            let own = shared::edit::unshared(c, StoredAttribute::parse(&body, None)?.message)?;
            let body = encode(&own, (), &attribute::HERE)?;
            new.insert(&c.store, &own.name, order, &body, &name_of)?;
            shared::edit::release_message(c, object.address(), m)?;
        } else {
            new.insert(&c.store, &name_of(&body)?, order, &body, &name_of)?;
        }
    }
    object.remove(ATTRIBUTE);
    Ok(())
}

/// Removes the attribute with this name; gives it. The header is to be saved by the caller.
pub fn remove(c: &Container, object: &mut HeaderEdit, name: &[u8]) -> Result<Option<StoredAttribute>> {
    if let Some(index) = compact_place(c, object, name)? {
        let m = object.messages.remove(index);
        let (body, _) = shared::body(c, &m)?;
        shared::edit::release_message(c, object.address(), &m)?;
        return StoredAttribute::parse(&body, m.order.map(u32::from)).map(Some);
    }
    let header = ObjectHeader::load(&c.store, object.address())?;
    let (Some(mut info), Some(found)) = (info(c, &header)?, super::find(c, &header, name)?) else { return Ok(None) };
    dense(&info).remove(&c.store, name, i64::from(found.order.unwrap_or(0)), &name_of)?;
    if found.dense {
        shared::edit::release_attribute(c, &found.message)?;
    }
    if dense(&info).count(&c.store)? < u64::from(object.phase_change().1) {
        out_of_heap(c, object, &mut info)?;
    }
    Ok(Some(found))
}

fn out_of_heap(c: &Container, object: &mut HeaderEdit, info: &mut AttributeInfo) -> Result<()> {
    let mut all = Vec::new();
    super::each_dense(c, info, &mut |a| {
        all.push(a?);
        Ok(())
    })?;
    all.sort_by(|a: &StoredAttribute, b| (a.order, &a.message.name).cmp(&(b.order, &b.message.name)));
    let mut messages = Vec::new();
    for a in &all {
        let own = if a.dense { a.message.clone() } else { shared::edit::unshared(c, a.message.clone())? };
        let body = encode(&own, (), &attribute::HERE)?;
        if body.len() > MAX_COMPACT_BYTES {
            return Ok(());
        }
        let order = object.order_tracked().then(|| u16::try_from(a.order.unwrap_or(0)).unwrap_or(u16::MAX));
        messages.push(RawMessage { kind: ATTRIBUTE, flags: 0, order, body });
    }
    dense(info).delete(&c.store)?;
    (info.heap, info.name_index) = (Addr::UNDEFINED, Addr::UNDEFINED);
    info.order_index = info.order_index.map(|_| Addr::UNDEFINED);
    object.messages.extend(messages);
    set_info(c, object, info)
}

/// Gives the space of attributes in a heap back.
pub fn delete(c: &Container, object: &HeaderEdit) -> Result<()> {
    match stored_info(c, object)?.filter(|i| i.heap.is_defined()) {
        Some(info) => dense(&info).delete(&c.store),
        None => Ok(()),
    }
}
