//! Objects that nothing leads to any more: their space is given back.

mod values;

use super::dataset::DatasetInfo;
use super::object::ObjectKind;
use super::{attributes, links, release, shared};
use crate::error::Result;
use crate::format::header::SHARED;
use crate::format::message::layout::LayoutClass;
use crate::format::message::link::Target;
use crate::format::message::shared::{HERE, Location, SharedMessage};
use crate::format::message::{DATATYPE, FILL};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::heap::{global, local};
use crate::store::index::ChunkIndex;
use crate::store::open::Container;
use crate::wire::{Addr, decode};

/// One more link leads to the object at `address`, or one more dataset or attribute uses it as its type.
pub fn link(c: &Container, address: Addr) -> Result<()> {
    let mut header = HeaderEdit::load(&c.store, address)?;
    let count = header.references()?;
    header.set_references(count.saturating_add(1))?;
    header.save(&c.store)
}

/// One link less leads to the object at `address`; the last one takes the object with it, and what only it
/// led to. Gives the addresses of the objects that are gone.
pub fn unlink(c: &Container, address: Addr) -> Result<Vec<Addr>> {
    let (mut gone, mut left) = (Vec::new(), vec![address]);
    while let Some(address) = left.pop() {
        let mut header = HeaderEdit::load(&c.store, address)?;
        let count = header.references()?;
        if count > 1 {
            header.set_references(count.saturating_sub(1))?;
            header.save(&c.store)?;
            continue;
        }
        let loaded = ObjectHeader::load(&c.store, address)?;
        match loaded.kind() {
            ObjectKind::Group => {
                links::each(c, &loaded, &mut |link| {
                    if let Target::Hard(child) = link.target {
                        left.push(child);
                    }
                    Ok(())
                })?;
                links::edit::delete(c, &header)?;
            }
            ObjectKind::Dataset => delete_data(c, &loaded)?,
            ObjectKind::Datatype | ObjectKind::Unknown => {}
        }
        left.extend(types_of_attributes(c, &loaded)?);
        left.extend(committed(c, &header)?);
        attributes::edit::delete(c, &header)?;
        shared::edit::release_header(c, address, &loaded.messages)?;
        header.delete(&c.store)?;
        gone.push(address);
    }
    Ok(gone)
}

/// The committed type that a dataset's messages lead to.
fn committed(c: &Container, header: &HeaderEdit) -> Result<Option<Addr>> {
    let Some(m) = header.find(DATATYPE).filter(|m| m.flags & SHARED != 0) else { return Ok(None) };
    match decode::<SharedMessage>(&m.body, (c.store.widths,), &HERE)?.0.location {
        Location::Object(address) => Ok(Some(address)),
        Location::Heap(_) => Ok(None),
    }
}

/// Gives back what the attributes' elements lead to; gives the committed types that they use.
fn types_of_attributes(c: &Container, header: &ObjectHeader) -> Result<Vec<Addr>> {
    let mut types = Vec::new();
    attributes::each(c, header, &mut |a| {
        let parts = a.parts(c)?;
        release::release(&parts.datatype, &parts.data, &c.store)?;
        types.extend(parts.committed);
        if a.dense {
            shared::edit::release_attribute(c, &a.message)?;
        }
        Ok(())
    })?;
    Ok(types)
}

/// Gives back the elements of a dataset, and what they lead to.
fn delete_data(c: &Container, header: &ObjectHeader) -> Result<()> {
    let info = DatasetInfo::load(c, header)?;
    values::release_values(c, &info)?;
    if header.find(FILL).is_some()
        && let Some(fill) = info.fill_element()
    {
        release::release(&info.datatype, fill, &c.store)?;
    }
    match &info.layout.class {
        LayoutClass::Compact(data) => release::release(&info.datatype, data, &c.store).map(|_| ()),
        LayoutClass::Contiguous { address, .. } if address.is_defined() && info.external.is_empty() => {
            let bytes = info.elements()?.saturating_mul(u64::from(info.datatype.size));
            c.store.free_raw(*address, bytes)
        }
        LayoutClass::Contiguous { .. } => match info.external_heap {
            Some(heap) => local::delete(&c.store, heap),
            None => Ok(()),
        },
        LayoutClass::Virtual { collection, index } => {
            if collection.is_defined() && collection.raw() != 0 {
                global::remove(&c.store, *collection, *index)?;
            }
            Ok(())
        }
        LayoutClass::Chunked(chunked) => {
            let Some((grid, _)) = info.grid()? else { return Ok(()) };
            let mut index = ChunkIndex::from(chunked);
            index.delete(&c.store, &grid, &mut |_, chunk| {
                if chunk.address.is_defined() {
                    c.store.free_raw(chunk.address, chunk.stored_bytes)?;
                }
                Ok(())
            })
        }
    }
}
