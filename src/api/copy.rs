//! Copies of objects, within a file and from file to file.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dataset::Dataset;
use super::group::{Group, Node};
use super::session::File;
use crate::data::cache::ChunkCache;
use crate::data::reader::{Opener, SourceDataset};
use crate::data::selection::Selection;
use crate::data::write::Writer;
use crate::error::{At, Error, Result};
use crate::format::message::layout::LayoutClass;
use crate::format::selection::Span;
use crate::model::copy::{Copier, CopyOptions, Progress, Recode, References};
use crate::model::dataset::DatasetInfo;
use crate::source::ReadAt;
use crate::store::header::ObjectHeader;
use crate::wire::Addr;

/// Elements that are decoded and encoded at once, where they are not in chunks.
const PIECE_BYTES: u64 = 8 << 20;

/// Decodes elements of one file and encodes them for another.
pub(crate) struct Recoder {
    pub(crate) source: File,
}

/// A copy needs no other files: external data and virtual datasets stay where they are.
struct NoOther;

impl Opener for NoOther {
    fn raw_file(&self, _: &[u8]) -> Result<Option<Arc<dyn ReadAt>>> {
        Ok(None)
    }
    fn source(&self, _: &[u8], _: &[u8]) -> Result<Option<Box<dyn SourceDataset>>> {
        Ok(None)
    }
}

impl Recode for Recoder {
    fn recode(&self, copier: &mut Copier<'_>, from: &DatasetInfo, to: Addr) -> Result<()> {
        let header = self.source.header(from.address)?;
        let old = Dataset::load(&self.source, header, format!("the object at {}", from.address))?;
        let target = copier.target;
        let mut new = DatasetInfo::load(target, &*ObjectHeader::load(&target.store, to)?)?;
        let cache = ChunkCache::new(0);
        for (start, shape) in blocks(&old, &new)? {
            let spans = start.iter().zip(&shape).map(|(s, n)| Span::range(*s, *n)).collect();
            let selection = Selection::Slab(spans);
            let stored = old.read_stored(&selection)?;
            let bytes = stored.len() as u64;
            let data = if from.datatype.is_variable() {
                copier.translated(&from.datatype, &stored)?
            } else {
                stored
            };
            let writer = Writer {
                container: target,
                cache: &cache,
                opener: &NoOther,
                info: &new,
                parallel: false,
                field: None,
            };
            let changed = writer.write(&selection, &data)?;
            changed.apply(&mut new);
            copier.done(bytes);
        }
        copier.set_layout(to, &new)
    }
}

/// A box of elements: its first corner and its shape.
type Block = (Vec<u64>, Vec<u64>);

/// The blocks in which elements were written, cut as the copy is.
fn blocks(old: &Dataset, new: &DatasetInfo) -> Result<Vec<Block>> {
    let dims = new.dims();
    let cut = match &new.layout.class {
        LayoutClass::Chunked(c) => c.dims.split_last().map(|(_, chunk)| chunk.to_vec()).unwrap_or_default(),
        _ => pieces(&dims, u64::from(new.datatype.size)),
    };
    // Where the source has chunks, only what it has is written.
    let mut starts = BTreeSet::new();
    match old.chunk_shape() {
        Some(shape) => old.each_chunk(&mut |chunk| add(&mut starts, &chunk.offset, &shape, &dims, &cut))?,
        None if is_written(old.info()) => add(&mut starts, &vec![0; dims.len()], &dims, &dims, &cut)?,
        None => {}
    }
    let block = |start: Vec<u64>| {
        let shape =
            start.iter().zip(&cut).zip(&dims).map(|((s, c), d)| (*c).min(d.saturating_sub(*s))).collect();
        (start, shape)
    };
    Ok(starts.into_iter().map(block).collect())
}

fn is_written(info: &DatasetInfo) -> bool {
    match &info.layout.class {
        LayoutClass::Contiguous { address, .. } => address.is_defined() || !info.external.is_empty(),
        _ => true,
    }
}

/// Adds the blocks that a box touches.
fn add(starts: &mut BTreeSet<Vec<u64>>, at: &[u64], shape: &[u64], dims: &[u64], cut: &[u64]) -> Result<()> {
    let ranges: Vec<(u64, u64)> = at
        .iter()
        .zip(shape)
        .zip(dims)
        .zip(cut)
        .map(|(((a, n), d), c)| (a / c, a.saturating_add(*n).min(*d).div_ceil(*c)))
        .collect();
    if ranges.iter().any(|(first, end)| first >= end) {
        return Ok(());
    }
    let mut here: Vec<u64> = ranges.iter().map(|(first, _)| *first).collect();
    loop {
        starts.insert(here.iter().zip(cut).map(|(h, c)| h.saturating_mul(*c)).collect());
        if starts.len() > 1 << 26 {
            return Err(Error::limit("more than 2^26 chunks in the copy of a dataset"));
        }
        let mut axis = here.len();
        loop {
            let Some(next) = axis.checked_sub(1) else { return Ok(()) };
            axis = next;
            here[axis] = here[axis].saturating_add(1);
            if here[axis] < ranges[axis].1 {
                break;
            }
            here[axis] = ranges[axis].0;
        }
    }
}

/// Boxes of whole rows of about [`PIECE_BYTES`].
fn pieces(dims: &[u64], element_bytes: u64) -> Vec<u64> {
    let mut left = PIECE_BYTES / element_bytes.max(1);
    let mut cut = vec![1; dims.len()];
    for (c, d) in cut.iter_mut().zip(dims).rev() {
        *c = (*d).min(left).max(1);
        left /= (*d).max(1);
    }
    cut
}

impl Group {
    /// Copies an object of this or another file to this path, with all that hard links lead to from it.
    ///
    /// Attributes, committed types, filters, times and the order of creation are copied, chunks as they are
    /// stored. References among the copied objects lead to the copies; those to others stay as they are within
    /// one file, and lead to nothing in another.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// let scan = h5::File::open("tests/files/pymodaq_scan.h5")?;
    /// let file = h5::File::create_in_memory()?;
    /// if let Some(data) = scan.root()?.get("RawData")? {
    ///     file.root()?.copy(&data, "first scan")?;
    /// }
    /// assert!(file.root()?.contains("first scan/Scan000")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy(&self, source: &Node, to: &str) -> Result<Node> {
        let within = self.file.is_same(source.file());
        let references = if within { References::Keep } else { References::Null };
        self.copy_with(source, to, &CopyOptions { references, ..CopyOptions::default() })
    }
    /// Copies an object as [`Group::copy`] does, with options; their bound is that of this file.
    pub fn copy_with(&self, source: &Node, to: &str, options: &CopyOptions) -> Result<Node> {
        let bound = self.file.editing().on(&self.path)?.bound;
        let options = CopyOptions { bound, ..options.clone() };
        let from = source.file().clone();
        if from.is_writable() {
            from.0.flush_buffers()?;
        }
        let recoder = Recoder { source: from.clone() };
        let address = self.add_object(to, |c| {
            let mut silent = |_: Progress| {};
            Copier::new(from.container(), c, options, &recoder, &mut silent).tree(source.address())
        })?;
        Node::open(&self.file, address, self.full(to))
    }
}

impl File {
    fn is_same(&self, other: &File) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
