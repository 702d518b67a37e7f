//! Datasets: layout, chunks, external files, virtual maps.

use super::context::Check;
use super::ledger::Kind;
use super::symbols::Siblings;
use crate::data::chunks::HERE as CHUNK;
use crate::error::{At, Result};
use crate::format::btree1::{self, ChunkEntries, NodeClass, NodeHeader};
use crate::format::btree2::records::{ChunkRecord, HERE as RECORD};
use crate::format::global_heap;
use crate::format::message::external_files::{self, ExternalFiles};
use crate::format::message::fill::FillValue;
use crate::format::message::layout::{Chunked, EDGES_UNFILTERED, HERE, LayoutClass};
use crate::format::message::{self};
use crate::format::virtual_map::{self, VirtualMap};
use crate::model::dataset::DatasetInfo;
use crate::store::header::ObjectHeader;
use crate::store::heap::global::Collection;
use crate::store::index::{Chunk, ChunkIndex, Grid};
use crate::wire::{Addr, Length, decode};

/// Raw data are read in pieces of this many bytes.
const PIECE_BYTES: u64 = 1 << 20;

/// A chunked dataset.
pub(super) struct Chunks<'a> {
    pub(super) info: &'a DatasetInfo,
    pub(super) grid: Grid,
    pub(super) layout: &'a Chunked,
}

impl<'f> Check<'f> {
    /// Checks a dataset.
    pub(super) fn dataset(&mut self, header: &ObjectHeader) -> Result<()> {
        let info = DatasetInfo::load(self.c, header)?;
        if let FillValue::Given(value) = &info.fill
            && value.len() == info.datatype.bytes()
            && info.datatype.is_variable()
        {
            self.values(&info.datatype, value)?;
        }
        if let Some(m) = header.find(message::EXTERNAL_FILES) {
            self.external(&m.body)?;
        }
        let bytes = info.elements().ok().and_then(|n| n.checked_mul(u64::from(info.datatype.size)));
        let too_large = || HERE.damaged("elements of more than 2^64 bytes");
        match &info.layout.class {
            LayoutClass::Compact(data) => {
                let bytes = bytes.ok_or_else(too_large)?;
                let held = u64::try_from(data.len()).unwrap_or(u64::MAX);
                if held < bytes {
                    self.mismatch(&HERE, header.address, "bytes of a compact dataset", held, bytes);
                }
                self.values(&info.datatype, data)
            }
            // An extent that no file holds is sound while nothing of it is written.
            LayoutClass::Contiguous { address, .. } if !address.is_defined() => Ok(()),
            LayoutClass::Contiguous { address, size } => {
                let bytes = bytes.ok_or_else(too_large)?;
                let size = if *size == Length::UNLIMITED { bytes } else { size.0 };
                if size < bytes {
                    self.mismatch(&HERE, header.address, "bytes of a contiguous dataset", size, bytes);
                }
                match info.external.is_empty() {
                    true => self.contiguous(&info, *address, size, bytes),
                    false => Ok(()),
                }
            }
            LayoutClass::Chunked(chunked) => {
                let Some((grid, _)) = info.grid()? else { return Ok(()) };
                self.chunked(&Chunks { info: &info, grid, layout: chunked })
            }
            LayoutClass::Virtual { collection, index } => self.virtual_map(*collection, *index),
        }
    }
    fn contiguous(&mut self, info: &DatasetInfo, address: Addr, size: u64, bytes: u64) -> Result<()> {
        if !self.claim(address, size, Kind::Raw, &HERE) || !self.options.data {
            return Ok(());
        }
        let element = u64::from(info.datatype.size).max(1);
        let step = PIECE_BYTES.checked_div(element).unwrap_or(1).max(1).saturating_mul(element);
        let mut at = 0u64;
        while at < bytes {
            let part = step.min(bytes.saturating_sub(at));
            let mut buffer = vec![0; self.store.limits.allocation(part)?];
            self.store.raw(address.plus(at), &mut buffer).at(&HERE, address.raw())?;
            self.values(&info.datatype, &buffer)?;
            at = at.saturating_add(part);
            self.tick();
        }
        Ok(())
    }
    fn external(&mut self, body: &[u8]) -> Result<()> {
        let w = self.store.widths;
        let (list, _) = decode::<ExternalFiles>(body, (w,), &external_files::HERE)?;
        let Some((heap, header)) = self.local_heap(list.heap)? else { return Ok(()) };
        let mut names = Vec::new();
        for slot in &list.slots {
            let named = heap.name_at(slot.name.0).map(<[u8]>::len);
            if let Some(len) = self.told(named)? {
                if len == 0 {
                    self.problem(&external_files::HERE, list.heap.get(), "an external file without a name");
                }
                names.push((slot.name.0, u64::try_from(len).unwrap_or(u64::MAX).saturating_add(1)));
            }
        }
        self.local_heap_names(list.heap, &header, &heap, names)
    }
    fn virtual_map(&mut self, collection: Addr, index: u32) -> Result<()> {
        if !collection.is_defined() {
            return Ok(());
        }
        self.collection(collection)?;
        let object = Collection::open(self.store, collection)?.object(index)?;
        VirtualMap::parse(&object, self.store.widths).at(&virtual_map::HERE, collection.raw()).map(drop)?;
        if object.is_empty() {
            self.problem(&global_heap::HERE, collection.get(), format!("object {index} is empty"));
        }
        Ok(())
    }
    fn chunked(&mut self, d: &Chunks<'_>) -> Result<()> {
        if !d.layout.address.is_defined() {
            return Ok(());
        }
        if d.layout.dims.last() != Some(&u64::from(d.info.datatype.size)) {
            let found = d.layout.dims.last().copied().unwrap_or(0);
            self.mismatch(&HERE, d.info.address, "bytes of an element", found, d.info.datatype.size);
        }
        match ChunkIndex::from(d.layout) {
            ChunkIndex::BTree1 { root } => {
                let mut siblings = Siblings::default();
                self.chunk_node(d, root, None, &mut siblings, &mut None)?;
                self.end_siblings(&siblings);
                return Ok(());
            }
            ChunkIndex::BTree2 { header } => return self.chunk_tree(d, header),
            ChunkIndex::FixedArray { header } => self.fixed_array(d, header)?,
            ChunkIndex::ExtensibleArray { header } => self.extensible_array(d, header)?,
            ChunkIndex::Single { .. } | ChunkIndex::Implicit { .. } => {}
        }
        let index = ChunkIndex::from(d.layout);
        index.each(self.store, &d.grid, &mut |scaled, chunk| self.chunk(d, scaled, &chunk))
    }
    /// Checks one chunk.
    pub(super) fn chunk(&mut self, d: &Chunks<'_>, scaled: &[u64], chunk: &Chunk) -> Result<()> {
        self.report.chunks = self.report.chunks.saturating_add(1);
        if !self.spend(1) || !chunk.address.is_defined() {
            return Ok(());
        }
        if self.report.chunks.is_multiple_of(1024) {
            self.tick();
        }
        // An implicit index has room for all chunks up to the maximum extent.
        let implicit = matches!(ChunkIndex::from(d.layout), ChunkIndex::Implicit { .. });
        let starts = scaled.iter().zip(&d.grid.chunk).map(|(s, c)| s.checked_mul(*c));
        let inside = starts.zip(&d.grid.dims).all(|(start, dim)| start.is_some_and(|s| s < *dim));
        if !inside && !implicit {
            // libhdf5 makes such chunks itself where an array has room for them.
            self.note(format!("chunks outside of the extent {:?} are kept", d.grid.dims));
        }
        if !d.grid.filtered && chunk.stored_bytes != d.grid.chunk_bytes {
            self.mismatch(&CHUNK, chunk.address, "bytes of a chunk", chunk.stored_bytes, d.grid.chunk_bytes);
        }
        if !self.claim(chunk.address, chunk.stored_bytes, Kind::Raw, &CHUNK) || !self.options.data {
            return Ok(());
        }
        let result = self.chunk_data(d, scaled, chunk).at(&CHUNK, chunk.address.raw());
        self.told(result).map(drop)
    }
    fn chunk_data(&mut self, d: &Chunks<'_>, scaled: &[u64], chunk: &Chunk) -> Result<()> {
        let size = self.store.limits.allocation(d.grid.chunk_bytes)?;
        let mut data = vec![0; self.store.limits.allocation(chunk.stored_bytes)?];
        self.store.raw(chunk.address, &mut data)?;
        let ends = scaled.iter().zip(&d.grid.chunk).map(|(s, c)| s.saturating_add(1).saturating_mul(*c));
        let partial = ends.zip(&d.grid.dims).any(|(end, dim)| end > *dim);
        if d.grid.filtered && !(partial && d.layout.flags & EDGES_UNFILTERED != 0) {
            let limit = size.saturating_mul(2).saturating_add(64 << 10);
            let mask = chunk.filter_mask;
            self.store.filters.decode(&d.info.filters, mask, &mut data, &mut Vec::new(), (size, limit))?;
        }
        if data.len() < size {
            return Err(CHUNK.mismatch("bytes after its filters", data.len(), size));
        }
        self.values(&d.info.datatype, data.get(..size).unwrap_or_default())
    }
    fn chunk_tree(&mut self, d: &Chunks<'_>, header: Addr) -> Result<()> {
        let w = self.store.widths;
        let rank = d.grid.chunk.len();
        let size_width = d.grid.size_width(self.store);
        let types: &[u8] = if d.grid.filtered { &[11] } else { &[10] };
        let mut last: Option<Vec<u64>> = None;
        self.btree2(header, types, Kind::ChunkIndexes, &mut |check, _, raw| {
            let (r, used) = decode::<ChunkRecord>(raw, (w, size_width, rank), &RECORD)?;
            if used != raw.len() {
                return Err(RECORD.mismatch("record size", raw.len(), used));
            }
            if last.as_ref().is_some_and(|l| *l >= r.scaled) {
                check.problem(
                    &RECORD,
                    header.get(),
                    format!("the record of chunk {:?} is out of order", r.scaled),
                );
            }
            let stored_bytes = if d.grid.filtered { r.entry.stored } else { d.grid.chunk_bytes };
            let chunk = Chunk { address: r.entry.address, stored_bytes, filter_mask: r.entry.filter_mask };
            check.chunk(d, &r.scaled, &chunk)?;
            last = Some(r.scaled);
            Ok(())
        })
        .map(drop)
    }
    fn chunk_node(
        &mut self,
        d: &Chunks<'_>,
        address: Addr,
        level: Option<u8>,
        siblings: &mut Siblings,
        last: &mut Option<Vec<u64>>,
    ) -> Result<()> {
        let (w, k) = (self.store.widths, self.node_sizes().chunk_k);
        let coordinates = u8::try_from(d.layout.dims.len()).unwrap_or(u8::MAX);
        let Some(head) = self.node1(address, NodeClass::Chunks, level, k)? else { return Ok(()) };
        let room = ChunkEntries::bytes(w, coordinates, k.saturating_mul(2));
        let size = NodeHeader::bytes(w).saturating_add(room);
        self.claim(address, size, Kind::ChunkIndexes, &btree1::HERE);
        self.sibling(siblings, address, &head);
        let at = address.plus(NodeHeader::bytes(w));
        let read = self.store.block(at, ChunkEntries::bytes(w, coordinates, head.entries), &btree1::HERE);
        let read = read
            .and_then(|body| decode::<ChunkEntries>(&body, (w, coordinates, head.entries), &btree1::HERE))
            .at(&btree1::HERE, address.raw());
        let Some((entries, _)) = self.told(read)? else { return Ok(()) };
        for (index, &child) in entries.children.iter().enumerate() {
            let Some(key) = entries.key(index) else { break };
            if let Some(below) = head.level.checked_sub(1) {
                self.chunk_node(d, child, Some(below), siblings, last)?;
                continue;
            }
            if last.as_ref().is_some_and(|l| l.as_slice() >= key) {
                self.problem(&btree1::HERE, address.get(), format!("the key {key:?} is out of order"));
            }
            *last = Some(key.to_vec());
            let mut scaled = Vec::new();
            for (offset, chunk) in key.iter().zip(&d.grid.chunk) {
                if offset.checked_rem(*chunk) != Some(0) {
                    self.mismatch(
                        &btree1::HERE,
                        address,
                        "offset of a chunk",
                        offset,
                        format!("a multiple of {chunk}"),
                    );
                }
                scaled.push(offset.checked_div(*chunk).unwrap_or(0));
            }
            let stored_bytes = u64::from(entries.sizes.get(index).copied().unwrap_or(0));
            let filter_mask = entries.masks.get(index).copied().unwrap_or(0);
            self.chunk(d, &scaled, &Chunk { address: child, stored_bytes, filter_mask })?;
        }
        Ok(())
    }
}
