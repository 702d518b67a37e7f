//! The attributes of an object, however it stores them: in the header, or in a heap.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::shared;
use crate::error::{Error, Result};
use crate::format::btree2::records::AttributeByName;
use crate::format::header::SHARED;
use crate::format::message::attribute::{self, AttributeMessage};
use crate::format::message::attribute_info::{self, AttributeInfo};
use crate::format::message::dataspace::Dataspace;
use crate::format::message::datatype::Datatype;
use crate::format::message::{self};
use crate::store::btree::v2;
use crate::store::header::ObjectHeader;
use crate::store::heap::fractal::FractalHeap;
use crate::store::open::Container;
use crate::store::shared::SharedMessages;
use crate::wire::{Addr, checksum::lookup3, decode};

/// An attribute as it is stored, its type and space not yet decoded.
#[derive(Debug, Clone)]
pub struct StoredAttribute {
    /// The message.
    pub message: AttributeMessage,
    /// Creation index, where the object tracks it.
    pub order: Option<u32>,
    /// Whether it lies in the object's own heap.
    pub dense: bool,
}

/// An attribute's type, space and data.
#[derive(Debug, Clone)]
pub struct AttributeInfoParts {
    /// Type of an element.
    pub datatype: Arc<Datatype>,
    /// The committed datatype it uses, if any.
    pub committed: Option<Addr>,
    /// Extent.
    pub space: Dataspace,
    /// The elements as stored.
    pub data: Vec<u8>,
}

impl StoredAttribute {
    fn parse(body: &[u8], order: Option<u32>) -> Result<Self> {
        Ok(StoredAttribute { message: decode::<AttributeMessage>(body, (), &attribute::HERE)?.0, order, dense: false })
    }
    /// Decodes type and space, following pointers to shared messages, and cuts the data.
    pub fn parts(&self, c: &Container) -> Result<AttributeInfoParts> {
        let m = &self.message;
        let (raw, committed) = resolve(c, &m.datatype, m.type_shared, message::DATATYPE)?;
        let datatype = Arc::new(Datatype::parse(&raw)?.on_disk(c.store.widths));
        let (raw, _) = resolve(c, &m.dataspace, m.space_shared, message::DATASPACE)?;
        let space = Dataspace::parse(&raw, c.store.widths)?;
        let bytes = space.elements()?.checked_mul(u64::from(datatype.size));
        let size = c.store.limits.allocation(bytes.unwrap_or(u64::MAX))?;
        let Some(data) = m.data.get(..size) else {
            return Err(attribute::HERE.mismatch("bytes of data", m.data.len(), size));
        };
        Ok(AttributeInfoParts { datatype, committed, space, data: data.to_vec() })
    }
}

fn resolve<'m>(c: &Container, raw: &'m [u8], is_shared: bool, kind: u16) -> Result<(Cow<'m, [u8]>, Option<Addr>)> {
    if !is_shared {
        return Ok((Cow::Borrowed(raw), None));
    }
    shared::follow(c, raw, kind).map(|(bytes, committed)| (Cow::Owned(bytes), committed))
}

pub mod edit;

fn info(c: &Container, header: &ObjectHeader) -> Result<Option<AttributeInfo>> {
    let Some(m) = header.find(message::ATTRIBUTE_INFO) else { return Ok(None) };
    let (info, _) = decode::<AttributeInfo>(&m.body, (c.store.widths,), &attribute_info::HERE)?;
    Ok(info.heap.is_defined().then_some(info))
}

/// Visits every attribute, in the order of storage. What is broken comes last, as an error: the
/// attributes before it are sound.
pub fn each(
    c: &Container,
    header: &ObjectHeader,
    visit: &mut dyn FnMut(StoredAttribute) -> Result<()>,
) -> Result<()> {
    let mut broken = None;
    for m in header.all(message::ATTRIBUTE) {
        let parsed = shared::body(c, m).and_then(|(b, _)| StoredAttribute::parse(&b, m.order.map(u32::from)));
        match parsed {
            Ok(a) => visit(a)?,
            Err(e) => broken = broken.or(Some(e)),
        }
    }
    if let Some(info) = info(c, header)? {
        each_dense(c, &info, &mut |found| {
            match found {
                Ok(a) => visit(a)?,
                Err(e) => broken = broken.take().or(Some(e)),
            }
            Ok(())
        })?;
    }
    match (broken, &header.broken) {
        (Some(e), _) => Err(e),
        (None, Some(e)) => {
            Err(Error::damaged(format!("the header goes on in a part that cannot be read: {e}")))
        }
        (None, None) => Ok(()),
    }
}

/// Visits the attributes of a heap, in the order of the index by name.
fn each_dense(
    c: &Container,
    info: &AttributeInfo,
    give: &mut dyn FnMut(Result<StoredAttribute>) -> Result<()>,
) -> Result<()> {
    let heap = FractalHeap::open(&c.store, info.heap)?;
    v2::each::<AttributeByName>(&c.store, info.name_index, |record| give(dense(c, &heap, &record)))
}

fn dense(c: &Container, heap: &FractalHeap, record: &AttributeByName) -> Result<StoredAttribute> {
    if record.flags & SHARED != 0 {
        let table = c.extension.shared_table.as_ref();
        let table = table.ok_or_else(|| attribute::HERE.damaged("a shared attribute in a file without shared messages"))?;
        let id = &record.heap_id;
        let table = SharedMessages::open(&c.store, table.table, table.indexes)?;
        let body = table.message(&c.store, message::ATTRIBUTE, id)?;
        return StoredAttribute::parse(&body, Some(record.order));
    }
    let found = StoredAttribute::parse(&heap.object(&c.store, &record.heap_id)?, Some(record.order))?;
    Ok(StoredAttribute { dense: true, ..found })
}

/// The attribute with this name, if there is one.
pub fn find(c: &Container, header: &ObjectHeader, name: &[u8]) -> Result<Option<StoredAttribute>> {
    for m in header.all(message::ATTRIBUTE) {
        let (body, _) = shared::body(c, m)?;
        let a = StoredAttribute::parse(&body, m.order.map(u32::from))?;
        if a.message.name == name {
            return Ok(Some(a));
        }
    }
    let Some(info) = info(c, header)? else { return Ok(None) };
    let heap = FractalHeap::open(&c.store, info.heap)?;
    let hash = lookup3(name);
    let mut found = None;
    v2::find::<AttributeByName>(&c.store, info.name_index, |record| {
        Ok(match record.hash.cmp(&hash) {
            Ordering::Equal => {
                let a = dense(c, &heap, record)?;
                let order = a.message.name.as_slice().cmp(name);
                if order == Ordering::Equal {
                    found = Some(a);
                }
                order
            }
            other => other,
        })
    })?;
    Ok(found)
}
