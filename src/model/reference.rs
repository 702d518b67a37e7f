//! References, old and new, resolved to what they point at.

use crate::error::{At, Error, Result};
use crate::format::message::datatype::ReferenceKind;
use crate::format::reference::{self, Reference as StoredReference, ReferenceHead};
use crate::format::selection::{self, StoredSelection};
use crate::store::heap::global;
use crate::store::open::Container;
use crate::wire::{Addr, decode};

/// What a reference points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// Nothing.
    Null,
    /// Something that exists, or existed.
    To {
        /// The object's header.
        object: Addr,
        /// Its file, where it is another.
        file: Option<Vec<u8>>,
        /// What of the object is meant.
        part: Part,
    },
}

/// What of an object a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// Some elements of a dataset; an error text where the selection cannot be decoded.
    Region(std::result::Result<StoredSelection, String>),
    /// One attribute.
    Attribute(Vec<u8>),
}

impl Reference {
    /// Decodes one stored element.
    pub fn decode(c: &Container, kind: ReferenceKind, stored: &[u8]) -> Result<Reference> {
        match kind {
            ReferenceKind::OldObject => Ok(Self::to(address(c, stored)?, None, Part::Whole)),
            ReferenceKind::OldRegion => Self::old_region(c, stored),
            _ => Self::new_style(c, stored),
        }
    }
    fn to(object: Addr, file: Option<Vec<u8>>, part: Part) -> Reference {
        if object == Addr::new(0) || !object.is_defined() {
            return Reference::Null;
        }
        Reference::To { object, file, part }
    }
    fn old_region(c: &Container, stored: &[u8]) -> Result<Reference> {
        let collection = address(c, stored)?;
        if collection == Addr::new(0) || !collection.is_defined() {
            return Ok(Reference::Null);
        }
        let index = number(stored.get(usize::from(c.store.widths.offset)..).unwrap_or_default(), 4)?;
        let object = global::object(&c.store, collection, index)?;
        let bytes: &[u8] = &object;
        let target = address(c, bytes)?;
        let rest = bytes.get(usize::from(c.store.widths.offset)..).unwrap_or_default();
        let region = decode::<StoredSelection>(rest, (), &selection::HERE);
        Ok(Self::to(target, None, Part::Region(region.map(|(s, _)| s).map_err(|e| e.to_string()))))
    }
    fn new_style(c: &Container, stored: &[u8]) -> Result<Reference> {
        let w = c.store.widths;
        if stored.first().is_none_or(|kind| *kind == 0) {
            return Ok(Reference::Null);
        }
        if let [2, 0, direct @ ..] = stored {
            let (r, _) = decode::<StoredReference>(direct, (2, 0), &reference::HERE)?;
            return Ok(Self::to(r.address(w), None, Part::Whole));
        }
        let (head, _) = decode::<ReferenceHead>(stored, (w,), &reference::HERE)?;
        if head.collection == Addr::new(0) || !head.collection.is_defined() {
            return Ok(Reference::Null);
        }
        let object = global::object(&c.store, head.collection, head.index)?;
        let (r, _) = decode::<StoredReference>(&object, (head.kind, head.flags), &reference::HERE)
            .at(&reference::HERE, head.collection.raw())?;
        let part = match (head.kind, &r.region, &r.attribute) {
            (3, Some(region), _) => Part::Region(Ok(region.selection.clone())),
            (4, _, Some(name)) => Part::Attribute(name.text.clone()),
            _ => Part::Whole,
        };
        let target = r.address(w);
        Ok(Self::to(target, r.file.map(|f| f.text), part))
    }
}

fn address(c: &Container, stored: &[u8]) -> Result<Addr> {
    let part = stored.get(..usize::from(c.store.widths.offset));
    let part = part.ok_or_else(|| Error::damaged("a reference shorter than an address"))?;
    decode::<Addr>(part, (c.store.widths,), &reference::HERE).map(|(a, _)| a)
}

fn number(stored: &[u8], width: usize) -> Result<u32> {
    let four = stored.get(..width).and_then(|b| b.try_into().ok());
    four.map(u32::from_le_bytes).ok_or_else(|| Error::damaged("a reference without its heap index"))
}
