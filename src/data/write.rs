//! Writing a selection of any dataset, as elements of its own datatype.
//!
//! - [`patch`]: which bytes of which block a selection touches
//! - [`linear`]: data in one run of bytes
//! - [`chunks`]: chunks, through their filters
//! - [`resize`]: other dimensions
//!
//! What of the dataset's header changes travels up as [`Changed`]; the caller rewrites the messages.

use crate::error::{At, Error, Result, Structure};
use crate::format::message::dataspace::SpaceClass;
use crate::format::message::layout::{self, Chunked, IndexKind, LayoutClass};
use crate::model::dataset::DatasetInfo;
use crate::store::Class;
use crate::store::index::ChunkIndex;
use crate::store::open::Container;
use crate::wire::{Addr, Length};

use super::cache::ChunkCache;
use super::reader::Opener;
use super::selection::Selection;
use chunks::ChunkWriter;
use linear::Target;
use patch::{Extent, Part, Plan};

pub mod chunks;
pub mod linear;
pub mod patch;
pub mod resize;
#[cfg(test)]
mod tests;

const HERE_DATA: Structure = Structure::new("contiguous data", "IV.A.2.i");

/// Bytes of each element that a write changes: those of one member of a compound type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// First byte in the element.
    pub offset: usize,
    /// Bytes; the data of a write hold so many for each element.
    pub size: usize,
}

/// All that writing a dataset needs.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// The file.
    pub container: &'a Container,
    /// Decoded chunks that readers keep; changed ones are forgotten.
    pub cache: &'a ChunkCache,
    /// Opens other files.
    pub opener: &'a dyn Opener,
    /// The dataset as it is.
    pub info: &'a DatasetInfo,
    /// Whether several threads may encode.
    pub parallel: bool,
    /// The bytes of each element that are written; none: all.
    pub field: Option<Field>,
}

/// What a dataset's header has to say anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Changed {
    /// The new layout, where it changed.
    pub layout: Option<LayoutClass>,
    /// The new dimensions, where they changed.
    pub dims: Option<Vec<u64>>,
}

impl Changed {
    /// Whether the header stays as it is.
    pub fn is_empty(&self) -> bool {
        self.layout.is_none() && self.dims.is_none()
    }
    /// Brings what is known of the dataset up to date.
    pub fn apply(&self, info: &mut DatasetInfo) {
        if let Some(layout) = &self.layout {
            info.layout.class = layout.clone();
        }
        let Some(dims) = &self.dims else { return };
        // Without maximum dimensions these are the current ones, which now change.
        info.space.max_dims.get_or_insert_with(|| info.space.dims.clone());
        info.space.dims = dims.iter().map(|d| Length(*d)).collect();
    }
    fn layout(layout: LayoutClass) -> Changed {
        Changed { layout: Some(layout), dims: None }
    }
}

/// The layout with another state of its index, where that differs.
pub(super) fn with_index(chunked: &Chunked, index: &ChunkIndex) -> Option<LayoutClass> {
    if ChunkIndex::from(chunked) == *index {
        return None;
    }
    let mut chunked = chunked.clone();
    match *index {
        ChunkIndex::Single { address, filtered } => {
            chunked.address = address;
            chunked.index = IndexKind::Single(filtered.map(|(size, mask)| (Length(size), mask)));
            match filtered {
                Some(_) => chunked.flags |= layout::SINGLE_FILTERED,
                None => chunked.flags &= !layout::SINGLE_FILTERED,
            }
        }
        ChunkIndex::BTree1 { root: address }
        | ChunkIndex::Implicit { address }
        | ChunkIndex::FixedArray { header: address }
        | ChunkIndex::ExtensibleArray { header: address }
        | ChunkIndex::BTree2 { header: address } => chunked.address = address,
    }
    Some(LayoutClass::Chunked(chunked))
}

impl Writer<'_> {
    /// Writes the selected elements from `data`, which holds exactly them.
    ///
    /// Arguments are checked before a byte changes; after any later error the transaction must be given up.
    pub fn write(&self, selection: &Selection, data: &[u8]) -> Result<Changed> {
        let dims = self.info.dims();
        let part = self.part()?;
        let elements = match self.info.space.class {
            SpaceClass::Null => 0,
            _ => selection.elements(&dims)?,
        };
        let bytes = elements.checked_mul(u64::try_from(part.size).unwrap_or(u64::MAX));
        if bytes != u64::try_from(data.len()).ok() {
            return Err(Error::usage(format!(
                "{} bytes for {elements} elements of {}",
                data.len(),
                part.size
            )));
        }
        selection.spans(&dims)?;
        if data.is_empty() {
            return Ok(Changed::default());
        }
        match &self.info.layout.class {
            LayoutClass::Chunked(chunked) => {
                let mut writer = ChunkWriter::new(self)?;
                writer.write(selection, part, data)?;
                Ok(Changed { layout: with_index(chunked, &writer.index), dims: None })
            }
            LayoutClass::Compact(old) => {
                let mut bytes = self.compact(old)?;
                self.patch(&mut Target::Bytes(&mut bytes), selection, part, data)?;
                Ok(Changed::layout(LayoutClass::Compact(bytes)))
            }
            LayoutClass::Contiguous { .. } if !self.info.external.is_empty() => {
                self.patch(&mut self.external()?, selection, part, data)?;
                Ok(Changed::default())
            }
            LayoutClass::Contiguous { address, .. } => {
                let whole = part.is_whole() && self.total()? == u64::try_from(data.len()).unwrap_or(0);
                self.write_contiguous(*address, selection, part, (data, whole))
            }
            LayoutClass::Virtual { .. } => Err(Error::unsupported("writing to a virtual dataset")),
        }
    }
    /// What each element takes part with, checked.
    pub(super) fn part(&self) -> Result<Part> {
        let element = self.info.datatype.bytes();
        let Some(field) = self.field else { return Ok(Part::whole(element)) };
        if field.size == 0 || field.offset.checked_add(field.size).is_none_or(|end| end > element) {
            return Err(Error::usage(format!("{field:?} in elements of {element} bytes")));
        }
        Ok(Part { element, offset: field.offset, size: field.size })
    }
    /// Bytes of all elements.
    fn total(&self) -> Result<u64> {
        let bytes = self.info.elements()?.checked_mul(u64::from(self.info.datatype.size));
        bytes.ok_or_else(|| Error::limit("a dataset of more than 2^64 bytes"))
    }
    fn patch(&self, target: &mut Target<'_>, selection: &Selection, part: Part, data: &[u8]) -> Result<()> {
        let dims = self.info.dims();
        let element = u64::from(self.info.datatype.size);
        let plan = Plan::new(selection, Extent { dims: &dims, block: &dims, element })?;
        plan.into_iter().try_for_each(|(_, patch)| target.patch(&patch, part, data))
    }
    /// The data of a compact dataset, as long as they should be.
    fn compact(&self, old: &[u8]) -> Result<Vec<u8>> {
        let total = self.total()?;
        if total > u64::from(u16::MAX) {
            return Err(layout::HERE.damaged(format!("{total} bytes of compact data")));
        }
        let mut bytes = vec![0; usize::try_from(total).unwrap_or(0)];
        super::walk::fill(&self.info.fill_to_write(), &mut bytes);
        let there = old.len().min(bytes.len());
        if let (Some(place), Some(old)) = (bytes.get_mut(..there), old.get(..there)) {
            place.copy_from_slice(old);
        }
        Ok(bytes)
    }
    fn external(&self) -> Result<Target<'_>> {
        let open =
            self.info.external.iter().map(|p| Ok((self.opener.raw_file_for_writing(&p.file)?, p.clone())));
        Ok(Target::External(open.collect::<Result<Vec<_>>>()?))
    }
    fn write_contiguous(
        &self,
        address: Addr,
        selection: &Selection,
        part: Part,
        (data, whole): (&[u8], bool),
    ) -> Result<Changed> {
        if address.is_defined() {
            let mut target = Target::InFile(&self.container.store, address);
            self.patch(&mut target, selection, part, data).at(&HERE_DATA, address.raw())?;
            return Ok(Changed::default());
        }
        // A selection may have every element more than once: only the plain ones are known to have all.
        let all = whole && matches!(selection, Selection::All | Selection::Slab(_));
        let (address, changed) = self.allocate_contiguous(!all)?;
        self.patch(&mut Target::InFile(&self.container.store, address), selection, part, data)?;
        Ok(changed)
    }
    /// Allocates the data of a contiguous dataset, with the fill value where asked.
    fn allocate_contiguous(&self, fill: bool) -> Result<(Addr, Changed)> {
        let (store, total) = (&self.container.store, self.total()?);
        let address = store.allocate(total, Class::Raw)?;
        if fill {
            Target::InFile(store, address).fill(&self.info.fill_to_write(), total)?;
        }
        let layout = LayoutClass::Contiguous { address, size: Length(total) };
        Ok((address, Changed::layout(layout)))
    }
    /// Allocates and fills the space of all elements: for datasets whose space is allocated early.
    pub fn allocate(&self) -> Result<Changed> {
        match &self.info.layout.class {
            LayoutClass::Contiguous { address, .. }
                if !address.is_defined() && self.info.external.is_empty() && self.total()? > 0 =>
            {
                Ok(self.allocate_contiguous(true)?.1)
            }
            LayoutClass::Chunked(chunked) => {
                let mut writer = ChunkWriter::new(self)?;
                let none = vec![0; self.info.space.dims.len()];
                writer.allocate_beyond(&none)?;
                Ok(Changed { layout: with_index(chunked, &writer.index), dims: None })
            }
            LayoutClass::Compact(old) => Ok(Changed::layout(LayoutClass::Compact(self.compact(old)?))),
            _ => Ok(Changed::default()),
        }
    }
}
