//! The elements of datasets: copied as they are stored wherever their bytes may stay as they are.

use super::header::too_wide;
use super::{Chunking, Copier, Filters};
use crate::error::{At, Error, Result, Structure};
use crate::filter::Stage;
use crate::format::message::layout::{self, Chunked, EDGES_UNFILTERED, IndexKind, Layout, LayoutClass, SINGLE_FILTERED};
use crate::format::versions::Bound;
use crate::format::virtual_map::{self, VirtualMap};
use crate::model::dataset::DatasetInfo;
use crate::model::{filters, new_dataset};
use crate::store::Class;
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::heap::global;
use crate::store::index::{Chunk, ChunkIndex, Grid};
use crate::wire::{Addr, Length, encode};

const HERE: Structure = Structure::new("contiguous data", "IV.A.2.i");

/// Bytes of contiguous data that are copied at once.
const PIECE_BYTES: u64 = 8 << 20;

/// Layout and filters of a copy.
pub(super) struct Plan {
    pub layout: Layout,
    pub filters: Vec<Stage>,
    /// Whether elements cannot stay in the blocks that they are in.
    pub recode: bool,
}

impl Copier<'_> {
    /// Layout, filters and manner of copying of a dataset.
    pub(super) fn plan(&mut self, info: &DatasetInfo) -> Result<Plan> {
        let mut filters = info.filters.clone();
        let rank = info.space.dims.len();
        let old_chunk = match &info.layout.class {
            LayoutClass::Chunked(c) => c.dims.split_last().map(|(_, dims)| dims.to_vec()),
            _ => None,
        };
        let movable = info.external.is_empty() && !matches!(info.layout.class, LayoutClass::Virtual { .. });
        let grows = info.max_dims().iter().zip(info.dims()).any(|(m, d)| *m != Some(d));
        let mut chunk = match &self.options.chunking {
            Chunking::Shape(shape) if movable && shape.len() == rank && rank > 0 => Some(clipped(shape, info)),
            Chunking::None if !grows => None,
            _ => old_chunk.clone(),
        };
        let new_filters = match &self.options.filters {
            Filters::Keep => None,
            Filters::Remove => Some(Vec::new()),
            Filters::New(stages) if movable => Some(stages.clone()),
            Filters::New(_) => None,
        };
        if let (None, Some(new)) = (&chunk, &new_filters)
            && !new.is_empty() && movable && rank > 0 && info.elements()? > 0
            && !matches!(self.options.chunking, Chunking::None)
            && !matches!(info.layout.class, LayoutClass::Compact(_))
        {
            chunk = Some(new_dataset::guess_chunk(&info.dims(), &info.max_dims(), info.datatype.size));
        }
        let to = self.type_in_target(&info.datatype);
        let mut refiltered = false;
        match (&chunk, new_filters) {
            (None, _) => filters.clear(),
            (Some(chunk), Some(mut stages)) => {
                let shape = filters::Shape { datatype: &to, chunk, fill: &info.fill };
                filters::prepare(&self.target.store.filters, &mut stages, &shape)?;
                refiltered = stages != filters;
                filters = stages;
            }
            (Some(_), None) => {}
        }
        let rechunked = chunk != old_chunk;
        let recode = rechunked || chunk.is_some() && (refiltered || info.datatype.is_variable());
        let class = match chunk {
            Some(chunk) => self.chunked(info, chunk, &filters, u64::from(to.size)),
            None if old_chunk.is_some() => {
                let bytes = info.elements()?.saturating_mul(u64::from(to.size));
                LayoutClass::Contiguous { address: Addr::UNDEFINED, size: Length(bytes) }
            }
            None => self.plain(info, u64::from(to.size))?,
        };
        let version = match &class {
            LayoutClass::Virtual { .. } => 4,
            LayoutClass::Chunked(c) if c.dims.iter().fold(1u64, |n, d| n.saturating_mul(*d)) > u64::from(u32::MAX) => {
                if self.options.bound < Bound::V200 {
                    return Err(Error::unsupported("chunks of more than 4 GiB for readers before HDF5 2.0"));
                }
                5
            }
            _ => self.options.bound.layout(),
        };
        Ok(Plan { layout: Layout { version, class }, filters, recode })
    }
    fn chunked(&self, info: &DatasetInfo, chunk: Vec<u64>, filters: &[Stage], element: u64) -> LayoutClass {
        let filtered = !filters.is_empty();
        let index = new_dataset::index_of(self.options.bound, &info.space, &chunk, filtered, false);
        let edges = match &info.layout.class {
            LayoutClass::Chunked(c) => c.flags & EDGES_UNFILTERED,
            _ => 0,
        };
        let edges = if self.options.bound >= Bound::V110 && filtered { edges } else { 0 };
        let single = if matches!(index, IndexKind::Single(Some(_))) { SINGLE_FILTERED } else { 0 };
        let mut dims = chunk;
        dims.push(element);
        LayoutClass::Chunked(Chunked { flags: edges | single, dims, index, address: Addr::UNDEFINED })
    }
    /// A layout without chunks; what is in the header is there at once, unless it leads elsewhere.
    fn plain(&mut self, info: &DatasetInfo, element: u64) -> Result<LayoutClass> {
        let bytes = match (info.elements(), &info.layout.class) {
            (Ok(n), _) => n.saturating_mul(element),
            // Nothing was written where there is no address, or it is in other files: any extent will do.
            (Err(_), LayoutClass::Contiguous { address, size }) if !address.is_defined() => size.0,
            (Err(e), _) => return Err(e),
        };
        Ok(match &info.layout.class {
            LayoutClass::Compact(data) => {
                let mut data = data.clone();
                data.resize(self.target.store.limits.allocation(bytes)?, 0);
                LayoutClass::Compact(data)
            }
            LayoutClass::Virtual { collection, index } => self.mapping(*collection, *index)?,
            _ => LayoutClass::Contiguous { address: Addr::UNDEFINED, size: Length(bytes) },
        })
    }
    /// The map of a virtual dataset, byte for byte where the target reads it so.
    fn mapping(&mut self, collection: Addr, index: u32) -> Result<LayoutClass> {
        if !collection.is_defined() || collection == Addr::new(0) {
            return Ok(LayoutClass::Virtual { collection, index });
        }
        let (from, to) = (self.source.store.widths, self.target.store.widths);
        let object = global::object(&self.source.store, collection, index)?.to_vec();
        let map = VirtualMap::parse(&object, from)?;
        let fits = from.length == to.length && (map.version == 0 || self.options.bound >= Bound::V200);
        let object = if fits { object } else { virtual_map::encode_map(&map.mappings, to)? };
        let (collection, index) = global::insert(&self.target.store, &object)?;
        Ok(LayoutClass::Virtual { collection, index })
    }
    /// Fills the copy of a dataset with its elements.
    pub(super) fn dataset(&mut self, header: &ObjectHeader, to: Addr) -> Result<()> {
        let info = DatasetInfo::load(self.source, header)?;
        let mut edit = HeaderEdit::load(&self.target.store, to)?;
        self.fill_value(&info, &mut edit)?;
        edit.save(&self.target.store)?;
        // The plan is the one that the header was made by; a map is not entered twice.
        if matches!(info.layout.class, LayoutClass::Virtual { .. }) || !info.external.is_empty() {
            return Ok(());
        }
        let plan = self.plan(&info)?;
        if plan.recode {
            let recode = self.recode;
            return recode.recode(self, &info, to);
        }
        let mut new = DatasetInfo::load(self.target, &*ObjectHeader::load(&self.target.store, to)?)?;
        let class = match &info.layout.class {
            LayoutClass::Compact(data) => self.compact(&info, &new, data)?,
            LayoutClass::Contiguous { address, .. } => self.contiguous(&info, *address)?,
            LayoutClass::Chunked(_) => self.chunks(&info, &new)?,
            LayoutClass::Virtual { .. } => None,
        };
        let Some(class) = class else { return Ok(()) };
        new.layout.class = class;
        new_dataset::update(self.target, &new, true, false)
    }
    fn compact(&mut self, info: &DatasetInfo, new: &DatasetInfo, data: &[u8]) -> Result<Option<LayoutClass>> {
        if !info.datatype.is_variable() {
            return Ok(None);
        }
        let mut data = self.translated(&info.datatype, data)?;
        let bytes = new.elements()?.saturating_mul(u64::from(new.datatype.size));
        data.resize(self.target.store.limits.allocation(bytes)?, 0);
        if data.len() > usize::from(u16::MAX) {
            return Err(too_wide("compact data of more than 64 KiB"));
        }
        Ok(Some(LayoutClass::Compact(data)))
    }
    fn contiguous(&mut self, info: &DatasetInfo, from: Addr) -> Result<Option<LayoutClass>> {
        if !from.is_defined() {
            return Ok(None);
        }
        let element = u64::from(info.datatype.size.max(1));
        let total = info.elements()?.checked_mul(element).ok_or_else(|| Error::limit("more than 2^64 bytes"))?;
        if total == 0 {
            return Ok(None);
        }
        if from.raw().saturating_add(total) > self.source.store.end() {
            let what = format!("{total} bytes in a file that ends at {:#x}", self.source.store.end());
            return Err(HERE.damaged(what).within(&HERE, Some(from.raw())));
        }
        let new_element = u64::from(self.type_in_target(&info.datatype).size);
        let new_total = info.elements()?.saturating_mul(new_element);
        let to = self.target.store.allocate(new_total, Class::Raw)?;
        let piece = PIECE_BYTES.checked_div(element).unwrap_or(1).max(1).saturating_mul(element);
        let (mut at, mut out) = (0u64, 0u64);
        let mut buffer = Vec::new();
        while at < total {
            let bytes = piece.min(total.saturating_sub(at));
            buffer.resize(self.source.store.limits.allocation(bytes)?, 0);
            self.source.store.raw(from.plus(at), &mut buffer).at(&HERE, from.raw())?;
            if info.datatype.is_variable() {
                let new = self.translated(&info.datatype, &buffer)?;
                self.target.store.write_raw(to.plus(out), &new)?;
                out = out.saturating_add(u64::try_from(new.len()).unwrap_or(0));
            } else {
                self.target.store.write_raw(to.plus(out), &buffer)?;
                out = out.saturating_add(bytes);
            }
            at = at.saturating_add(bytes);
            self.done(bytes);
        }
        Ok(Some(LayoutClass::Contiguous { address: to, size: Length(new_total) }))
    }
    /// Copies chunks as they are stored.
    fn chunks(&mut self, info: &DatasetInfo, new: &DatasetInfo) -> Result<Option<LayoutClass>> {
        let (Some((old_grid, old)), Some((grid, chunked))) = (info.grid()?, new.grid()?) else { return Ok(None) };
        let edges = old.flags & EDGES_UNFILTERED != 0;
        let edges_lost = edges && chunked.flags & EDGES_UNFILTERED == 0;
        let all_skipped = u32::MAX.checked_shr(32u32.saturating_sub(u32::try_from(info.filters.len()).unwrap_or(32)));
        let mut index = ChunkIndex::from(chunked);
        let (source, target) = (self.source, self.target);
        let mut buffer = Vec::new();
        ChunkIndex::from(old).each(&source.store, &old_grid, &mut |scaled, chunk| {
            if !chunk.address.is_defined() || !is_within(&old_grid, scaled) {
                return Ok(());
            }
            let bytes = chunk.stored_bytes;
            if bytes > source.store.end() {
                return Err(layout::HERE.damaged(format!("a chunk of {bytes} stored bytes")));
            }
            buffer.resize(source.store.limits.allocation(bytes)?, 0);
            source.store.raw(chunk.address, &mut buffer).at(&layout::HERE, chunk.address.raw())?;
            let address = target.store.allocate(bytes, Class::Raw)?;
            target.store.write_raw(address, &buffer)?;
            let skipped = edges_lost && is_partial(&old_grid, scaled);
            let filter_mask = if skipped { all_skipped.unwrap_or(0) } else { chunk.filter_mask };
            index.set(&target.store, &grid, scaled, Chunk { address, stored_bytes: bytes, filter_mask })?;
            self.done(bytes);
            Ok(())
        })?;
        Ok(Some(LayoutClass::Chunked(with_index(chunked, &index))))
    }
    /// The bytes of a message that says where elements are; for who writes elements above this layer.
    pub fn set_layout(&self, to: Addr, new: &DatasetInfo) -> Result<()> {
        let mut edit = HeaderEdit::load(&self.target.store, to)?;
        let body = encode(&new.layout, (self.target.store.widths,), &layout::HERE)?;
        edit.set(crate::format::message::LAYOUT, body);
        edit.save(&self.target.store)
    }
}

/// A chunk shape that fits the extent.
fn clipped(shape: &[u64], info: &DatasetInfo) -> Vec<u64> {
    let limits = info.max_dims();
    shape.iter().zip(limits).map(|(c, m)| m.map_or(*c, |m| (*c).min(m)).max(1)).collect()
}

fn starts<'g>(grid: &'g Grid, scaled: &'g [u64]) -> impl Iterator<Item = (u64, u64, u64)> + 'g {
    let places = scaled.iter().zip(&grid.chunk).zip(&grid.dims);
    places.map(|((s, c), d)| (s.saturating_mul(*c), *c, *d))
}

fn is_within(grid: &Grid, scaled: &[u64]) -> bool {
    starts(grid, scaled).all(|(start, _, dim)| start < dim)
}

fn is_partial(grid: &Grid, scaled: &[u64]) -> bool {
    starts(grid, scaled).any(|(start, chunk, dim)| start.saturating_add(chunk) > dim)
}

/// The layout with another state of its index.
fn with_index(chunked: &Chunked, index: &ChunkIndex) -> Chunked {
    let mut out = chunked.clone();
    match *index {
        ChunkIndex::Single { address, filtered } => {
            out.address = address;
            out.index = IndexKind::Single(filtered.map(|(size, mask)| (Length(size), mask)));
        }
        ChunkIndex::BTree1 { root: address }
        | ChunkIndex::Implicit { address }
        | ChunkIndex::FixedArray { header: address }
        | ChunkIndex::ExtensibleArray { header: address }
        | ChunkIndex::BTree2 { header: address } => out.address = address,
    }
    out
}
