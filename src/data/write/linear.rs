//! Writing into one run of bytes: contiguous, compact, external, or a chunk without filters.

use std::sync::Arc;

use super::patch::{Part, Patch, Run};
use crate::data::linear::read_or_zeros;
use crate::data::walk::fill;
use crate::error::{Error, Result};
use crate::format::message::external_files;
use crate::model::dataset::ExternalPart;
use crate::source::{ReadAt, WriteAt};
use crate::store::Store;
use crate::wire::Addr;

/// Bytes that are changed at once where single runs are short; a store still writes so many with the commit.
const COVER_BYTES: u64 = 256 << 10;
/// Runs from this size on are written straight from the data.
const LONG_RUN_BYTES: u64 = 16 << 10;

/// A run of bytes that holds a block of elements.
pub enum Target<'a> {
    /// In memory.
    Bytes(&'a mut [u8]),
    /// At an address of the file.
    InFile(&'a Store, Addr),
    /// One after the other in other files.
    External(Vec<(Arc<dyn WriteAt>, ExternalPart)>),
}

impl Target<'_> {
    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        match self {
            Target::Bytes(all) => {
                out.copy_from_slice(crate::source::slice_of(all, offset, out.len())?);
                Ok(())
            }
            Target::InFile(store, address) => store.raw(address.plus(offset), out),
            Target::External(parts) => {
                let mut done = 0usize;
                each_part(parts, offset, out.len(), &mut |file, at, len| {
                    let end = done.saturating_add(len);
                    let file: Arc<dyn ReadAt> = file.clone();
                    read_or_zeros(&file, at, out.get_mut(done..end).unwrap_or_default())?;
                    done = end;
                    Ok(())
                })
            }
        }
    }
    /// Writes bytes from byte `offset` of the block on.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        match self {
            Target::Bytes(all) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let place = all.get_mut(start..).and_then(|a| a.get_mut(..bytes.len()));
                place
                    .ok_or_else(|| Error::damaged("the compact data are shorter than the dataset"))?
                    .copy_from_slice(bytes);
                Ok(())
            }
            Target::InFile(store, address) => store.write_raw(address.plus(offset), bytes),
            Target::External(parts) => {
                let mut done = 0usize;
                each_part(parts, offset, bytes.len(), &mut |file, at, len| {
                    let end = done.saturating_add(len);
                    file.write_at(at, bytes.get(done..end).unwrap_or_default())?;
                    done = end;
                    Ok(())
                })
            }
        }
    }
    /// Writes `bytes` bytes of repetitions of the fill value.
    pub fn fill(&mut self, element: &[u8], bytes: u64) -> Result<()> {
        if let Target::InFile(store, address) = self
            && element.iter().all(|b| *b == 0)
        {
            return store.zero_raw(*address, bytes);
        }
        let unit = u64::try_from(element.len()).unwrap_or(1).max(1);
        let stretch = COVER_BYTES.checked_div(unit).unwrap_or(0).max(1).saturating_mul(unit).min(bytes);
        let mut pattern = vec![0; usize::try_from(stretch).unwrap_or(0)];
        fill(element, &mut pattern);
        let mut at = 0u64;
        while at < bytes {
            let n = stretch.min(bytes.saturating_sub(at));
            let part = usize::try_from(n).ok().and_then(|n| pattern.get(..n)).unwrap_or_default();
            self.write(at, part)?;
            at = at.saturating_add(n.max(1));
        }
        Ok(())
    }
    /// Moves the data of a patch into the block: long runs straight from the data, short ones by stretches
    /// that are read, changed and written.
    pub fn patch(&mut self, patch: &Patch, part: Part, data: &[u8]) -> Result<()> {
        let element = u64::try_from(part.element).unwrap_or(u64::MAX).max(1);
        let most = COVER_BYTES.checked_div(element).unwrap_or(0).max(1).saturating_mul(element);
        let mut window = Window { runs: Vec::new(), part, data, buffer: Vec::new() };
        patch.each(&mut |run| {
            if part.is_whole() && run.len >= LONG_RUN_BYTES {
                window.flush(self)?;
                let source = usize::try_from(run.from).ok().zip(usize::try_from(run.len).ok());
                let source = source.and_then(|(from, len)| data.get(from..)?.get(..len));
                return self.write(run.at, source.ok_or_else(|| Error::usage("the data are too short"))?);
            }
            let mut done = 0u64;
            while done < run.len {
                let len = most.min(run.len.saturating_sub(done));
                let (at, from) = (run.at.saturating_add(done), run.from.saturating_add(done));
                window.add(self, Run { at, from, len })?;
                done = done.saturating_add(len.max(1));
            }
            Ok(())
        })?;
        window.flush(self)
    }
}

/// Short runs that lie near each other, by their place.
struct Window<'d> {
    runs: Vec<Run>,
    part: Part,
    data: &'d [u8],
    buffer: Vec<u8>,
}

impl Window<'_> {
    fn add(&mut self, target: &mut Target<'_>, run: Run) -> Result<()> {
        if let Some(first) = self.runs.first()
            && (run.at < first.at || run.at.saturating_add(run.len).saturating_sub(first.at) > COVER_BYTES)
        {
            self.flush(target)?;
        }
        self.runs.push(run);
        Ok(())
    }
    fn flush(&mut self, target: &mut Target<'_>) -> Result<()> {
        let (Some(first), Some(last)) = (self.runs.first(), self.runs.last()) else { return Ok(()) };
        let start = first.at;
        let cover = last.at.saturating_add(last.len).saturating_sub(start);
        let wanted = self.runs.iter().fold(0u64, |n, r| n.saturating_add(r.len));
        if cover > wanted.saturating_mul(64).max(4096) {
            // Sparse: single writes are cheaper than the stretch between them.
            for run in std::mem::take(&mut self.runs) {
                self.stretch(target, &[run], run.at, run.len)?;
            }
            return Ok(());
        }
        let runs = std::mem::take(&mut self.runs);
        self.stretch(target, &runs, start, cover)?;
        self.runs = runs;
        self.runs.clear();
        Ok(())
    }
    /// Changes one stretch; it is read first unless the runs make all of it anew.
    fn stretch(&mut self, target: &mut Target<'_>, runs: &[Run], start: u64, cover: u64) -> Result<()> {
        let mut end = start;
        let gapless = runs.iter().all(|run| {
            let follows = run.at == end;
            end = run.at.saturating_add(run.len);
            follows
        });
        self.buffer.resize(usize::try_from(cover).unwrap_or(0), 0);
        if !(gapless && self.part.is_whole()) {
            target.read(start, &mut self.buffer)?;
        }
        for run in runs {
            let at = usize::try_from(run.at.saturating_sub(start)).unwrap_or(usize::MAX);
            let len = usize::try_from(run.len).unwrap_or(usize::MAX);
            let place = self.buffer.get_mut(at..).and_then(|b| b.get_mut(..len));
            let place = place.ok_or_else(|| Error::damaged("a run outside of its stretch"))?;
            self.part.put(self.data, run.from, place)?;
        }
        target.write(start, &self.buffer)
    }
}

/// What [`each_part`] calls: with a file, an offset in it, and bytes from there on.
type InFile<'a> = &'a mut dyn FnMut(&Arc<dyn WriteAt>, u64, usize) -> Result<()>;

/// Calls `f` with each file that holds some of `len` bytes from `offset` on.
fn each_part(
    parts: &[(Arc<dyn WriteAt>, ExternalPart)],
    offset: u64,
    len: usize,
    f: InFile<'_>,
) -> Result<()> {
    let mut start = 0u64;
    let (mut at, mut left) = (offset, len);
    for (file, part) in parts {
        if left == 0 {
            break;
        }
        let end = part.bytes.map_or(u64::MAX, |n| start.saturating_add(n));
        if at < end {
            let n = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(left);
            f(file, part.offset.saturating_add(at.saturating_sub(start)), n)?;
            left = left.saturating_sub(n);
            at = at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        }
        start = end;
    }
    if left > 0 {
        return Err(external_files::HERE.damaged(format!("the files end {left} bytes before the data")));
    }
    Ok(())
}
