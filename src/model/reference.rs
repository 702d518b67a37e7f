//! References, old and new, resolved to what they point at.

use super::dataset::DatasetInfo;
use crate::error::{At, Error, Result};
use crate::format::message::datatype::ReferenceKind;
use crate::format::reference::{self, Reference as StoredReference, ReferenceHead, RegionPart, Text};
use crate::format::selection::{self, StoredSelection, UNLIMITED};
use crate::store::header::ObjectHeader;
use crate::store::heap::global;
use crate::store::open::Container;
use crate::wire::{Addr, decode, encode};

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

/// A regular hyperslab of at most this many blocks is stored as blocks in files that HDF5 1.8 reads: it knows
/// no other form.
const FEW_BLOCKS: u64 = 1024;

impl Reference {
    /// Encodes the reference as one stored element; regions and attributes go into a global heap.
    pub fn encode(&self, c: &Container, kind: ReferenceKind, out: &mut [u8]) -> Result<()> {
        let Reference::To { object, file, part } = self else {
            out.fill(0);
            return Ok(());
        };
        let stored = match (kind, part, file) {
            (ReferenceKind::OldObject, Part::Whole, None) => address_bytes(c, *object)?,
            (ReferenceKind::OldRegion, Part::Region(Ok(selection)), None) => {
                let mut bytes = address_bytes(c, *object)?;
                let old = c.superblock.version() < 3;
                let selection = if old { as_blocks(selection) } else { selection.clone() };
                bytes.append(&mut encode(&selection, (), &selection::HERE)?);
                let (collection, index) = global::insert(&c.store, &bytes)?;
                [address_bytes(c, collection)?, index.to_le_bytes().to_vec()].concat()
            }
            (ReferenceKind::OldObject | ReferenceKind::OldRegion, ..) => {
                let what = match (part, file) {
                    (_, Some(_)) => "an object of another file",
                    (Part::Whole, _) => "an object",
                    (Part::Region(_), _) => "a region",
                    (Part::Attribute(_), _) => "an attribute",
                };
                let kind = if kind == ReferenceKind::OldObject { "objects of this file" } else { "regions" };
                return Err(Error::usage(format!("a reference to {what} does not fit in references to {kind}")));
            }
            _ => self.new_style_bytes(c, *object, file.as_deref(), part)?,
        };
        let room = out.len();
        let Some((place, rest)) = out.split_at_mut_checked(stored.len()) else {
            return Err(Error::damaged(format!("{room} bytes for a reference of {}", stored.len())));
        };
        place.copy_from_slice(&stored);
        rest.fill(0);
        Ok(())
    }
    fn new_style_bytes(&self, c: &Container, object: Addr, file: Option<&[u8]>, part: &Part) -> Result<Vec<u8>> {
        let (kind, region, attribute) = match part {
            Part::Whole => (2, None, None),
            Part::Region(Ok(selection)) => {
                let rank = region_rank(c, object, file, selection)?;
                (3, Some(RegionPart { rank, selection: selection.clone() }), None)
            }
            Part::Region(Err(text)) => {
                return Err(Error::usage(format!("the reference's region could not be decoded: {text}")));
            }
            Part::Attribute(name) => (4, None, Some(Text { text: name.clone() })),
        };
        let flags = u8::from(file.is_some());
        let file = file.map(|name| Text { text: name.to_vec() });
        let full = StoredReference { token: address_bytes(c, object)?, file, region, attribute };
        let bytes = encode(&full, (kind, flags), &reference::HERE)?;
        if kind == 2 && flags == 0 {
            return Ok([vec![kind, flags], bytes].concat());
        }
        let (collection, index) = global::insert(&c.store, &bytes)?;
        let bytes = u32::try_from(bytes.len()).map_err(|_| Error::usage("a reference of 4 GiB"))?;
        let head = ReferenceHead { kind, flags, bytes, collection, index };
        encode(&head, (c.store.widths,), &reference::HERE)
    }
}

fn address_bytes(c: &Container, address: Addr) -> Result<Vec<u8>> {
    encode(&address, (c.store.widths,), &reference::HERE)
}

/// Rank of the dataset whose region it is.
fn region_rank(c: &Container, object: Addr, file: Option<&[u8]>, selection: &StoredSelection) -> Result<u32> {
    let rank = match selection {
        StoredSelection::Points { rank, .. } | StoredSelection::Blocks { rank, .. } => *rank,
        StoredSelection::Regular(spans) => spans.len(),
        StoredSelection::None | StoredSelection::All if file.is_none() => {
            DatasetInfo::load(c, &*ObjectHeader::load(&c.store, object)?)?.dims().len()
        }
        StoredSelection::None | StoredSelection::All => {
            return Err(Error::unsupported("a region of all or no elements of a dataset in another file"));
        }
    };
    u32::try_from(rank).map_err(|_| Error::usage(format!("a region of rank {rank}")))
}

/// A regular hyperslab as its blocks, where these are few.
fn as_blocks(selection: &StoredSelection) -> StoredSelection {
    let StoredSelection::Regular(spans) = selection else { return selection.clone() };
    let endless = spans.iter().any(|s| s.count == UNLIMITED || s.block == UNLIMITED);
    let count = spans.iter().fold(1u64, |n, s| n.saturating_mul(s.count));
    if endless || count == 0 || count > FEW_BLOCKS {
        return selection.clone();
    }
    let mut corners = Vec::new();
    for nth in 0..count {
        let mut left = nth;
        let mut starts = Vec::new();
        for span in spans.iter().rev() {
            let step = left.checked_rem(span.count).unwrap_or(0);
            left = left.checked_div(span.count).unwrap_or(0);
            starts.push(span.start.saturating_add(step.saturating_mul(span.stride)));
        }
        starts.reverse();
        let ends = starts.iter().zip(spans).map(|(s, span)| s.saturating_add(span.block).saturating_sub(1));
        let ends: Vec<u64> = ends.collect();
        corners.extend(starts.into_iter().chain(ends));
    }
    StoredSelection::Blocks { rank: spans.len(), corners }
}
