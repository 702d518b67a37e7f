//! Data in one run of bytes: contiguous, compact, or spread over external files.

use std::sync::Arc;

use super::walk::{Block, Walk};
use crate::error::{Error, Result};
use crate::format::message::external_files;
use crate::model::dataset::ExternalPart;
use crate::source::ReadAt;
use crate::store::Store;
use crate::wire::Addr;

/// Bytes that are read at once where single runs are short.
const COVER_BYTES: u64 = 1 << 20;
/// Runs from this size on are read straight into the output.
const LONG_RUN_BYTES: u64 = 16 << 10;

/// A run of bytes that holds a whole dataset.
pub enum Linear<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// At an address of the file.
    InFile(&'a Store, Addr),
    /// One after the other in other files.
    External(Vec<(Arc<dyn ReadAt>, ExternalPart)>),
}

impl Linear<'_> {
    /// Fills `out` from byte `offset` of the data.
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        match self {
            Linear::Bytes(all) => {
                out.copy_from_slice(crate::source::slice_of(all, offset, out.len())?);
                Ok(())
            }
            Linear::InFile(store, address) => store.raw(address.plus(offset), out),
            Linear::External(parts) => read_external(parts, offset, out),
        }
    }
    fn in_memory(&self, len: u64) -> Option<&[u8]> {
        match self {
            Linear::Bytes(all) => Some(all),
            Linear::InFile(store, address) => store.raw_bytes(*address, len),
            Linear::External(_) => None,
        }
    }
    /// Copies the selected part of the data, whose extent is `block.shape`, into `out`.
    pub fn copy(&self, block: Block<'_>, total: u64, out: &mut [u8]) -> Result<()> {
        let Some(walk) = Walk::new(block) else { return Ok(()) };
        if let Some(all) = self.in_memory(total) {
            return walk.copy(all, out);
        }
        self.gather(&walk, out)
    }
    /// Reads by covering stretches: long runs straight into the output, short ones through a buffer.
    fn gather(&self, walk: &Walk, out: &mut [u8]) -> Result<()> {
        let mut window: Vec<(u64, u64, u64)> = Vec::new();
        let mut buffer = Vec::new();
        walk.each(&mut |from, to, len| {
            if len >= LONG_RUN_BYTES {
                let target = target_of(out, to, len)?;
                return self.read(from, target);
            }
            let first = window.first().map_or(from, |w| w.0);
            let end = from.saturating_add(len);
            if end.saturating_sub(first) > COVER_BYTES || from < first {
                self.flush(&mut window, &mut buffer, out)?;
            }
            window.push((from, to, len));
            Ok(())
        })?;
        self.flush(&mut window, &mut buffer, out)
    }
    fn flush(&self, window: &mut Vec<(u64, u64, u64)>, buffer: &mut Vec<u8>, out: &mut [u8]) -> Result<()> {
        let (Some(first), Some(last)) = (window.first().copied(), window.last().copied()) else { return Ok(()) };
        let cover = last.0.saturating_add(last.2).saturating_sub(first.0);
        let wanted: u64 = window.iter().map(|w| w.2).sum();
        if cover > wanted.saturating_mul(64).max(4096) {
            // Sparse: single reads are cheaper than the stretch between them.
            for (from, to, len) in window.drain(..) {
                self.read(from, target_of(out, to, len)?)?;
            }
            return Ok(());
        }
        buffer.resize(usize::try_from(cover).unwrap_or(0), 0);
        self.read(first.0, buffer)?;
        for (from, to, len) in window.drain(..) {
            let skip = usize::try_from(from.saturating_sub(first.0)).unwrap_or(usize::MAX);
            let size = usize::try_from(len).unwrap_or(usize::MAX);
            let source = buffer.get(skip..).and_then(|b| b.get(..size));
            let source = source.ok_or_else(|| Error::damaged("a run outside of its stretch"))?;
            target_of(out, to, len)?.copy_from_slice(source);
        }
        Ok(())
    }
}

fn target_of(out: &mut [u8], to: u64, len: u64) -> Result<&mut [u8]> {
    let range = usize::try_from(to).ok().zip(usize::try_from(to.saturating_add(len)).ok());
    let target = range.and_then(|(a, b)| out.get_mut(a..b));
    target.ok_or_else(|| Error::usage("the output is shorter than the selection"))
}

fn read_external(parts: &[(Arc<dyn ReadAt>, ExternalPart)], offset: u64, out: &mut [u8]) -> Result<()> {
    let mut start = 0u64;
    let (mut at, mut left) = (offset, out);
    for (source, part) in parts {
        if left.is_empty() {
            break;
        }
        let end = part.bytes.map_or(u64::MAX, |n| start.saturating_add(n));
        if at < end {
            let n = end.saturating_sub(at).min(u64::try_from(left.len()).unwrap_or(u64::MAX));
            let (now, later) = left.split_at_mut(usize::try_from(n).unwrap_or(left.len()));
            let from = part.offset.saturating_add(at.saturating_sub(start));
            read_or_zeros(source, from, now)?;
            left = later;
            at = at.saturating_add(n);
        }
        start = end;
    }
    if !left.is_empty() {
        return Err(external_files::HERE.damaged(format!("the files end {} bytes before the data", left.len())));
    }
    Ok(())
}

/// An external file may be shorter than its part: what is not there reads as zeros, as in libhdf5.
pub(super) fn read_or_zeros(source: &Arc<dyn ReadAt>, from: u64, out: &mut [u8]) -> Result<()> {
    let there = source.len()?.saturating_sub(from).min(u64::try_from(out.len()).unwrap_or(u64::MAX));
    let (now, rest) = out.split_at_mut(usize::try_from(there).unwrap_or(0));
    rest.fill(0);
    if now.is_empty() { Ok(()) } else { source.read_at(from, now) }
}
