//! New datasets: which messages their header gets.

use super::create::{NewGroup, new_header};
use super::dataset::DatasetInfo;
use super::shared;
use crate::error::{Error, Result};
use crate::filter::Stage;
use crate::format::header::{RawMessage, SHARED};
use crate::format::message::dataspace::{self, Dataspace, SpaceClass};
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::external_files::{self, ExternalFiles, Slot};
use crate::format::message::fill::{self, Fill, FillRules, FillValue};
use crate::format::message::filter_pipeline::{self, FilterPipeline};
use crate::format::message::layout::{
    self, BTree2Parameters, Chunked, ExtensibleArrayParameters, FixedArrayParameters, IndexKind, Layout, LayoutClass,
};
use crate::format::message::times::{self, ModificationTime};
use crate::format::message::{DATASPACE, DATATYPE, EXTERNAL_FILES, FILL, FILTERS, LAYOUT, TIME};
use crate::format::versions::Bound;
use crate::store::header::edit::{HeaderEdit, NewHeader};
use crate::store::heap::local;
use crate::store::open::Container;
use crate::wire::{Addr, Length, encode};

/// Space allocation: at once, on the first write, chunk by chunk.
pub const EARLY: u8 = 1;
/// Space is allocated with the first write.
pub const LATE: u8 = 2;
/// Space is allocated chunk by chunk.
pub const INCREMENTAL: u8 = 3;
/// The fill value is written where one was given.
const FILL_IF_GIVEN: u8 = 2;

/// Room in the header of a new dataset for attributes.
const ROOM: usize = 200;

/// Where the elements of a new dataset go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewLayout {
    /// Into the header.
    Compact,
    /// Into one run of bytes.
    Contiguous,
    /// Into chunks of this shape.
    Chunked(Vec<u64>),
    /// Into other files, in this order: name, offset, bytes (none: without end).
    External(Vec<(Vec<u8>, u64, Option<u64>)>),
    /// They lie in other datasets: the mapping is a global heap object.
    Virtual(Addr, u32),
}

/// What a new dataset is told.
#[derive(Debug, Clone)]
pub struct NewDataset {
    /// Type of an element, as the file holds it.
    pub datatype: Datatype,
    /// The body of the datatype message where it is a pointer to a committed type.
    pub committed: Option<Vec<u8>>,
    /// Extent.
    pub space: Dataspace,
    /// Where the elements go.
    pub layout: NewLayout,
    /// Filters of the chunks, prepared for the type.
    pub filters: Vec<Stage>,
    /// What unwritten elements read as.
    pub fill: FillValue,
    /// Whether the fill value is never written.
    pub fill_never: bool,
    /// Whether space is allocated at once.
    pub early: bool,
    /// Whether chunks at the edge are stored without filters.
    pub edges_unfiltered: bool,
    /// The time of its creation and the order of attributes.
    pub object: NewGroup,
}

/// The chunk index that libhdf5 takes for this extent.
pub fn index_of(bound: Bound, space: &Dataspace, chunk: &[u64], filtered: bool, early: bool) -> IndexKind {
    if bound < Bound::V110 {
        return IndexKind::BTree1;
    }
    let max = space.maximum();
    let unlimited = max.iter().filter(|m| m.is_none()).count();
    let one = max.iter().zip(&space.dims).zip(chunk).all(|((m, d), c)| *m == Some(d.0) && d.0 == *c);
    match unlimited {
        0 if one => IndexKind::Single(filtered.then_some((Length(0), 0))),
        0 if early && !filtered => IndexKind::Implicit,
        0 => IndexKind::FixedArray(FixedArrayParameters { page_bits: 10 }),
        1 => IndexKind::ExtensibleArray(ExtensibleArrayParameters {
            max_elements_bits: 32,
            index_block_elements: 4,
            super_block_min_pointers: 4,
            data_block_min_elements: 16,
            page_bits: 10,
        }),
        _ => IndexKind::BTree2(BTree2Parameters { node_bytes: 2048, split_percent: 100, merge_percent: 40 }),
    }
}

impl NewDataset {
    /// What does not fit together is refused before anything changes.
    fn check(&self) -> Result<()> {
        let rank = self.space.dims.len();
        let resizable = self.space.max_dims.as_ref().is_some_and(|m| *m != self.space.dims);
        match &self.layout {
            NewLayout::Chunked(chunk) => {
                if rank == 0 || chunk.len() != rank || chunk.contains(&0) {
                    return Err(Error::usage(format!("chunks of {chunk:?} for {rank} dimensions")));
                }
                for ((c, d), m) in chunk.iter().zip(&self.space.dims).zip(self.space.maximum()) {
                    if m.is_some_and(|m| *c > m.max(1)) {
                        return Err(Error::usage(format!("chunks of {c} elements along a dimension of {}", d.0)));
                    }
                }
                let bytes = chunk.iter().fold(u64::from(self.datatype.size), |n, c| n.saturating_mul(*c));
                if bytes > u64::from(u32::MAX) {
                    let what = format!("chunks of {bytes} bytes; the layout holds 4 GiB");
                    return Err(Error::usage(what));
                }
            }
            _ if !self.filters.is_empty() => return Err(Error::usage("filters are for chunked datasets only")),
            NewLayout::External(_) | NewLayout::Virtual(..) => {}
            _ if resizable => return Err(Error::usage("only chunked datasets change their size")),
            NewLayout::Compact => {
                let bytes = self.space.elements()?.saturating_mul(u64::from(self.datatype.size));
                if bytes > 64_000 {
                    return Err(Error::usage(format!("{bytes} bytes in a compact dataset, which holds 64000")));
                }
            }
            NewLayout::Contiguous => {}
        }
        if let FillValue::Given(v) = &self.fill
            && v.len() != self.datatype.bytes()
        {
            return Err(Error::usage("a fill value of another size than the elements"));
        }
        Ok(())
    }
    fn layout(&self, bound: Bound) -> Result<Layout> {
        let undefined = Addr::UNDEFINED;
        let bytes = self.space.elements()?.saturating_mul(u64::from(self.datatype.size));
        let class = match &self.layout {
            NewLayout::Compact => {
                let mut data = vec![0; usize::try_from(bytes).unwrap_or(0)];
                if let FillValue::Given(v) = &self.fill {
                    data.chunks_exact_mut(v.len().max(1)).for_each(|place| place.copy_from_slice(v));
                }
                LayoutClass::Compact(data)
            }
            NewLayout::Contiguous | NewLayout::External(_) => {
                LayoutClass::Contiguous { address: undefined, size: Length(bytes) }
            }
            NewLayout::Virtual(collection, index) => {
                LayoutClass::Virtual { collection: *collection, index: *index }
            }
            NewLayout::Chunked(chunk) => {
                let filtered = !self.filters.is_empty();
                let index = index_of(bound, &self.space, chunk, filtered, self.early);
                let edges = self.edges_unfiltered && bound >= Bound::V110 && filtered;
                let mut dims = chunk.clone();
                dims.push(u64::from(self.datatype.size));
                let edges = if edges { layout::EDGES_UNFILTERED } else { 0 };
                let single = matches!(index, IndexKind::Single(Some(_)));
                let flags = edges | if single { layout::SINGLE_FILTERED } else { 0 };
                LayoutClass::Chunked(Chunked { flags, dims, index, address: undefined })
            }
        };
        let version = if matches!(class, LayoutClass::Virtual { .. }) { 4 } else { bound.layout() };
        Ok(Layout { version, class })
    }
    fn allocation(&self) -> u8 {
        match &self.layout {
            _ if self.early => EARLY,
            NewLayout::Compact => EARLY,
            NewLayout::Chunked(_) | NewLayout::Virtual(..) => INCREMENTAL,
            _ => LATE,
        }
    }
    /// Makes the dataset's header; gives its address. Nothing leads to it yet, and with early allocation its
    /// space is still to be [allocated](crate::data::write::Writer::allocate).
    pub fn create(&self, c: &Container, bound: Bound) -> Result<Addr> {
        self.check()?;
        let w = c.store.widths;
        let mut messages = Vec::new();
        let mut add = |kind: u16, flags: u8, body: Vec<u8>| {
            messages.push(RawMessage { kind, flags, order: None, body });
        };
        add(DATASPACE, 0, encode(&self.space, (w,), &dataspace::HERE)?);
        match &self.committed {
            Some(pointer) => add(DATATYPE, 1 | SHARED, pointer.clone()),
            None => add(DATATYPE, 1, encode(&self.datatype, (0,), &datatype::HERE)?),
        }
        let fill_time = if self.fill_never { fill::FILL_NEVER } else { FILL_IF_GIVEN };
        let rules = FillRules { allocation_time: self.allocation(), fill_time, value: self.fill.clone() };
        add(FILL, 1, encode(&Fill { version: bound.fill(), rules }, (), &fill::HERE)?);
        if !self.filters.is_empty() {
            let pipeline = FilterPipeline::from_stages(bound.filter_pipeline(), &self.filters);
            add(FILTERS, 1, encode(&pipeline, (), &filter_pipeline::HERE)?);
        }
        if let NewLayout::External(parts) = &self.layout {
            add(EXTERNAL_FILES, 1, external(c, parts)?);
        }
        add(LAYOUT, 0, encode(&self.layout(bound)?, (w,), &layout::HERE)?);
        let header = new_header(bound, &self.object);
        if let (Some(times), 1) = (self.object.times, header.version) {
            add(TIME, 0, encode(&ModificationTime { seconds: times.modification }, (), &times::HERE)?);
        }
        HeaderEdit::create(&c.store, &NewHeader { room: ROOM, ..header }, messages)
    }
}

/// The message that lists external files.
pub fn external(c: &Container, parts: &[(Vec<u8>, u64, Option<u64>)]) -> Result<Vec<u8>> {
    let names = parts.iter().map(|(name, ..)| name.len().saturating_add(9)).sum::<usize>();
    let heap = local::create(&c.store, u64::try_from(names).unwrap_or(0).saturating_add(16))?;
    // libhdf5 begins every such heap with the empty name.
    local::insert(&c.store, heap, b"")?;
    let slot = |(name, offset, bytes): &(Vec<u8>, u64, Option<u64>)| {
        let name = Length(local::insert(&c.store, heap, name)?);
        Ok(Slot { name, offset: Length(*offset), bytes: bytes.map_or(Length::UNLIMITED, Length) })
    };
    let slots = parts.iter().map(slot).collect::<Result<Vec<_>>>()?;
    let allocated_slots = u16::try_from(slots.len()).map_err(|_| Error::usage("more than 65535 external files"))?;
    encode(&ExternalFiles { allocated_slots, heap, slots }, (c.store.widths,), &external_files::HERE)
}

/// A chunk shape for a dataset of which nobody said how it is used: about 64 KiB, at most 1 MiB, of the
/// dataset's proportions; along dimensions that grow from nothing, as long as that allows.
pub fn guess_chunk(dims: &[u64], max: &[Option<u64>], element_bytes: u32) -> Vec<u64> {
    const LEAST: u64 = 8 << 10;
    const MOST: u64 = 1 << 20;
    let element = u64::from(element_bytes.max(1));
    let mut chunk: Vec<u64> = dims.iter().map(|d| if *d == 0 { 1024 } else { *d }).collect();
    let bytes = |chunk: &[u64]| chunk.iter().fold(element, |n, c| n.saturating_mul(*c));
    let whole = bytes(&chunk);
    // Larger datasets take larger chunks, so that their index stays small.
    let target = (64u64 << 10).saturating_mul(u64::from(whole.checked_div(64 << 20).unwrap_or(0).checked_ilog2().map_or(1, |l| l.saturating_add(2)))).clamp(LEAST, MOST);
    let mut axis = 0usize;
    while bytes(&chunk) > target && chunk.iter().any(|c| *c > 1) {
        if let Some(c) = chunk.get_mut(axis) {
            *c = c.div_ceil(2);
        }
        axis = axis.saturating_add(1).checked_rem(chunk.len()).unwrap_or(0);
    }
    for (c, m) in chunk.iter_mut().zip(max) {
        *c = m.map_or(*c, |m| (*c).min(m.max(1))).max(1);
    }
    chunk
}

/// The layout as it is written: versions 1 and 2 become 3, which also tells the bytes of contiguous data.
fn written(info: &DatasetInfo) -> Result<Layout> {
    let mut layout = info.layout.clone();
    if layout.version < 3 {
        layout.version = 3;
        if let LayoutClass::Contiguous { size, .. } = &mut layout.class {
            *size = Length(info.elements()?.saturating_mul(u64::from(info.datatype.size)));
        }
    }
    Ok(layout)
}

/// What of a dataset's header has to say anew after a write.
pub fn update(c: &Container, info: &DatasetInfo, layout: bool, dims: bool) -> Result<()> {
    let mut edit = HeaderEdit::load(&c.store, info.address)?;
    let w = c.store.widths;
    if layout {
        edit.set(LAYOUT, encode(&written(info)?, (w,), &layout::HERE)?);
    }
    if dims {
        if let Some(old) = edit.find(DATASPACE) {
            shared::edit::release_message(c, info.address, old)?;
        }
        edit.set(DATASPACE, encode(&info.space, (w,), &dataspace::HERE)?);
    }
    edit.save(&c.store)
}

/// A dataspace of these dimensions.
pub fn space(bound: Bound, dims: &[u64], max: Option<&[Option<u64>]>) -> Dataspace {
    let class = if dims.is_empty() { SpaceClass::Scalar } else { SpaceClass::Simple };
    let max_dims = max.map(|m| m.iter().map(|m| m.map_or(Length::UNLIMITED, Length)).collect());
    Dataspace { version: bound.dataspace(), class, dims: dims.iter().map(|d| Length(*d)).collect(), max_dims }
}
