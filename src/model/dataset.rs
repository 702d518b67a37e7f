//! A dataset's type, space, layout, filters and fill value, together.

use std::borrow::Cow;
use std::sync::Arc;

use super::{release, shared};
use crate::error::{At, Error, Result};
use crate::filter::Stage;
use crate::format::message::dataspace::{Dataspace, SpaceClass};
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::external_files::ExternalFiles;
use crate::format::message::fill::{ALLOCATE_EARLY, FILL_NEVER, Fill, FillRules, FillValue, OldFill};
use crate::format::message::filter_pipeline::FilterPipeline;
use crate::format::message::layout::{Chunked, IndexKind, Layout, LayoutClass};
use crate::format::message::{self, external_files, fill, layout};
use crate::store::header::ObjectHeader;
use crate::store::heap::local::LocalHeap;
use crate::store::index::{ChunkIndex, Grid};
use crate::store::open::Container;
use crate::wire::{Addr, Length, decode};

/// Part of a dataset's data in another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalPart {
    /// The file's name, as stored.
    pub file: Vec<u8>,
    /// Offset of the data in it.
    pub offset: u64,
    /// Bytes there; none: without end.
    pub bytes: Option<u64>,
}

/// What a dataset's header says.
#[derive(Debug, Clone)]
pub struct DatasetInfo {
    /// The address of the header.
    pub address: Addr,
    /// Type of an element.
    pub datatype: Arc<Datatype>,
    /// The committed datatype it uses, if any.
    pub committed: Option<Addr>,
    /// Extent.
    pub space: Dataspace,
    /// Where the elements lie.
    pub layout: Layout,
    /// Filters of the chunks, in the order of writing.
    pub filters: Vec<Stage>,
    /// What unwritten elements read as.
    pub fill: FillValue,
    /// Whether the value is never written, nor given to readers: unwritten elements read as zeros.
    pub fill_never: bool,
    /// Whether space for all elements is taken when the dataset is made or grows.
    pub early: bool,
    /// Files that hold the data, where they are not in this file.
    pub external: Vec<ExternalPart>,
    /// Half the number of children of a node of the file's version 1 chunk B-trees.
    pub chunk_k: u16,
    /// The local heap with the names of these files.
    pub external_heap: Option<Addr>,
}

/// The messages of a dataset's header. What few datasets have stays out of line: in a browser the function that loads them
/// is compiled while the page waits.
struct Messages<'a> {
    c: &'a Container,
    header: &'a ObjectHeader,
}

impl<'a> Messages<'a> {
    fn body(&self, kind: u16) -> Result<Option<Cow<'a, [u8]>>> {
        self.header.find(kind).map(|m| shared::body(self.c, m).map(|(b, _)| b)).transpose()
    }
    fn needed(&self, kind: u16) -> Result<Cow<'a, [u8]>> {
        self.body(kind)?.ok_or_else(|| message::structure(kind).damaged("the message is missing"))
    }
    #[inline(never)]
    fn filters(&self) -> Result<Vec<Stage>> {
        match self.body(message::FILTERS)? {
            Some(raw) => Ok(FilterPipeline::parse(&raw)?.stages()),
            None => Ok(Vec::new()),
        }
    }
    #[inline(never)]
    fn fill(&self) -> Result<FillRules> {
        if let Some(raw) = self.body(message::FILL)? {
            return Ok(Fill::parse(&raw)?.rules);
        }
        let old = self.body(message::FILL_OLD)?;
        let value = old.map(|raw| decode::<OldFill>(&raw, (), &fill::OLD)).transpose()?.map(|(old, _)| old.value);
        let given = value.filter(|value| !value.is_empty());
        Ok(FillRules { value: given.map_or(FillValue::Default, FillValue::Given), ..FillRules::default() })
    }
    #[inline(never)]
    fn external(&self) -> Result<(Vec<ExternalPart>, Option<Addr>)> {
        let Some(raw) = self.body(message::EXTERNAL_FILES)? else { return Ok((Vec::new(), None)) };
        let list = decode::<ExternalFiles>(&raw, (self.c.store.widths,), &external_files::HERE)?.0;
        Ok((external_parts(self.c, &list)?, Some(list.heap)))
    }
}

/// The datatype in a header, with the address of the committed one it is shared with.
pub fn datatype_of(c: &Container, header: &ObjectHeader) -> Result<(Arc<Datatype>, Option<Addr>)> {
    let m = header.find(message::DATATYPE).ok_or_else(|| datatype::HERE.damaged("the message is missing"))?;
    let (body, committed) = shared::body(c, m)?;
    Ok((Arc::new(Datatype::parse(&body)?.on_disk(c.store.widths)), committed))
}

impl DatasetInfo {
    /// Reads what the header of a dataset says.
    pub fn load(c: &Container, header: &ObjectHeader) -> Result<DatasetInfo> {
        let (datatype, committed) = datatype_of(c, header)?;
        let messages = Messages { c, header };
        let w = c.store.widths;
        let fill = messages.fill()?;
        let (external, external_heap) = messages.external()?;
        let info = DatasetInfo {
            address: header.address,
            datatype,
            committed,
            space: Dataspace::parse(&messages.needed(message::DATASPACE)?, w)?,
            layout: Layout::parse(&messages.needed(message::LAYOUT)?, w)?,
            filters: messages.filters()?,
            fill_never: fill.fill_time == FILL_NEVER,
            early: fill.allocation_time == ALLOCATE_EARLY,
            fill: fill.value,
            external,
            chunk_k: c.chunk_k(),
            external_heap,
        };
        info.check()?;
        Ok(info)
    }
    /// What must hold between the messages.
    fn check(&self) -> Result<()> {
        if let LayoutClass::Chunked(chunked) = &self.layout.class {
            let rank = self.space.dims.len();
            if chunked.dims.len() != rank.saturating_add(1) {
                let found = format!("{} chunk dimensions", chunked.dims.len().saturating_sub(1));
                return Err(message::layout::HERE.mismatch("rank", found, rank));
            }
        }
        Ok(())
    }
    /// Current dimensions in elements, slowest first.
    pub fn dims(&self) -> Vec<u64> {
        self.space.dims.iter().map(|d| d.0).collect()
    }
    /// Maximum dimensions; none: unlimited.
    pub fn max_dims(&self) -> Vec<Option<u64>> {
        self.space.maximum()
    }
    /// Elements; an error where the number does not fit in 64 bits.
    pub fn elements(&self) -> Result<u64> {
        self.space.elements()
    }
    /// The grid of chunks, where the layout is chunked.
    pub fn grid(&self) -> Result<Option<(Grid, &Chunked)>> {
        let LayoutClass::Chunked(chunked) = &self.layout.class else { return Ok(None) };
        let (_, chunk) = chunked.dims.split_last().unwrap_or((&0, &[]));
        let element_size = u64::from(self.datatype.size);
        let bytes = chunk.iter().try_fold(element_size, |n, d| n.checked_mul(*d));
        let chunk_bytes = bytes.ok_or_else(|| message::layout::HERE.damaged("a chunk of more than 2^64 bytes"))?;
        let mut grid = Grid {
            dims: self.dims(),
            max_dims: self.max_dims(),
            chunk: chunk.to_vec(),
            element_size,
            chunk_bytes,
            filtered: !self.filters.is_empty(),
            layout_version: self.layout.version,
            chunk_k: self.chunk_k,
            page_bits: None,
            extensible: None,
            tree: None,
        };
        match &chunked.index {
            IndexKind::FixedArray(p) => grid.page_bits = Some(p.page_bits),
            IndexKind::ExtensibleArray(p) => grid.extensible = Some(*p),
            IndexKind::BTree2(p) => grid.tree = Some(*p),
            IndexKind::BTree1 | IndexKind::Single(_) | IndexKind::Implicit => {}
        }
        Ok(Some((grid, chunked)))
    }
    /// Checks that the file can hold `bytes` bytes of the elements, before memory is taken for them. Chunks may
    /// be missing or compressed: of those nothing is known here.
    pub fn check_stored(&self, bytes: usize, file_end: u64) -> Result<()> {
        let stored = match &self.layout.class {
            LayoutClass::Compact(data) => data.len(),
            LayoutClass::Contiguous { address, .. } if self.external.is_empty() => match address.get() {
                Some(start) => usize::try_from(file_end.saturating_sub(start)).unwrap_or(usize::MAX),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        if bytes > stored {
            return Err(layout::HERE.mismatch("bytes of elements", stored, bytes));
        }
        Ok(())
    }
    /// The fill value as one stored element; none: zeros.
    pub fn fill_element(&self) -> Option<&[u8]> {
        match &self.fill {
            FillValue::Given(v) if v.len() == self.datatype.bytes() && !self.fill_never => Some(v),
            _ => None,
        }
    }
    /// The fill value as it is put in the place of elements that nobody wrote; empty: zeros.
    pub fn fill_to_write(&self) -> Cow<'_, [u8]> {
        let element = self.fill_element().unwrap_or_default();
        if !self.datatype.is_variable() {
            return Cow::Borrowed(element);
        }
        let mut element = element.to_vec();
        release::detach_empty(&self.datatype, &mut element);
        Cow::Owned(element)
    }
}

impl Dataspace {
    /// Number of elements; an error where it does not fit in 64 bits.
    pub fn elements(&self) -> Result<u64> {
        match self.class {
            SpaceClass::Null => Ok(0),
            _ => {
                let n = self.dims.iter().try_fold(1u64, |n, d| n.checked_mul(d.0));
                n.ok_or_else(|| Error::limit("a dataspace of more than 2^64 elements"))
            }
        }
    }
    /// Maximum dimensions; none: unlimited.
    pub fn maximum(&self) -> Vec<Option<u64>> {
        let max = self.max_dims.as_ref().unwrap_or(&self.dims);
        max.iter().map(|d| (*d != Length::UNLIMITED).then_some(d.0)).collect()
    }
}

impl From<&Chunked> for ChunkIndex {
    fn from(c: &Chunked) -> ChunkIndex {
        let address = c.address;
        match &c.index {
            IndexKind::BTree1 => ChunkIndex::BTree1 { root: address },
            IndexKind::Single(filtered) => {
                ChunkIndex::Single { address, filtered: filtered.map(|(size, mask)| (size.0, mask)) }
            }
            IndexKind::Implicit => ChunkIndex::Implicit { address },
            IndexKind::FixedArray(_) => ChunkIndex::FixedArray { header: address },
            IndexKind::ExtensibleArray(_) => ChunkIndex::ExtensibleArray { header: address },
            IndexKind::BTree2(_) => ChunkIndex::BTree2 { header: address },
        }
    }
}

impl IndexKind {
    /// The index's name, as tools write it.
    pub fn name(&self) -> &'static str {
        match self {
            IndexKind::BTree1 => "btree1",
            IndexKind::Single(_) => "single",
            IndexKind::Implicit => "implicit",
            IndexKind::FixedArray(_) => "fixed_array",
            IndexKind::ExtensibleArray(_) => "extensible_array",
            IndexKind::BTree2(_) => "btree2",
        }
    }
}

fn external_parts(c: &Container, list: &ExternalFiles) -> Result<Vec<ExternalPart>> {
    let heap = LocalHeap::open(&c.store, list.heap).at(&external_files::HERE, list.heap.raw())?;
    let part = |slot: &external_files::Slot| {
        let file = heap.name_at(slot.name.0)?.to_vec();
        let bytes = (slot.bytes != Length::UNLIMITED && slot.bytes.0 != 0).then_some(slot.bytes.0);
        Ok(ExternalPart { file, offset: slot.offset.0, bytes })
    };
    list.slots.iter().map(part).collect()
}
