//! Writes a file anew: without unused space, for other readers, with other filters or chunks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::api::copy::Recoder;
use crate::api::session::File;
use crate::error::{Error, Result};
use crate::format::superblock::Superblock;
use crate::format::versions::Bound;
pub use crate::model::copy::rescue::{Damage, Loss, Part};
pub use crate::model::copy::{Chunking, Filters, Progress};
use crate::model::copy::{Copier, CopyOptions, References};
use crate::source::file::DiskFile;
use crate::source::{ReadAt, WriteAt};
use crate::store::commit::Manner;
use crate::store::open::Container;
use crate::wire::{Addr, Widths};

/// How a file is written anew; as it is, by default.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// The oldest libhdf5 that is to read the new file; none: as the superblock of the old one says.
    pub bound: Option<Bound>,
    /// Filters of chunked datasets.
    pub filters: Filters,
    /// Layout of datasets.
    pub chunking: Chunking,
    /// Whether a file that is at the new path is replaced.
    pub replace: bool,
    /// What becomes of what is damaged. A file is never replaced by one that lacks something.
    pub damage: Damage,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Objects in the new file.
    pub objects: u64,
    /// Bytes of the old file.
    pub old_bytes: u64,
    /// Bytes of the new file.
    pub new_bytes: u64,
    /// What the new file lacks; empty unless [`Options::damage`] allows it.
    pub losses: Vec<Loss>,
}

/// Writes all that is in `input` into a new file at `output`, which is there only once it is whole.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// # let folder = std::env::temp_dir().join("h5-doc-repack");
/// # std::fs::create_dir_all(&folder)?;
/// use h5::ops::repack::{Options, repack};
/// let scan = h5::File::open("tests/files/pymodaq_scan.h5")?;
/// let report = repack(&scan, &folder.join("small.h5"), &Options::default(), &mut |_| {})?;
/// assert!(report.new_bytes > 0);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
pub fn repack(
    input: &File,
    output: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report> {
    let named = |e: Error| e.on_path(&output.display().to_string());
    if output.exists() && !options.replace {
        return Err(named(Error::usage("there is a file already")));
    }
    if input.is_writable() {
        input.flush()?;
    }
    let temporary = beside(output);
    let written = write(input, &temporary, options, progress);
    let done = written.and_then(|report| {
        if let (Some(loss), true) = (report.losses.first(), output.exists()) {
            let what =
                format!("the file that is there is not replaced by one that lacks something: {}", loss.why);
            return Err(named(Error::damaged(what)));
        }
        std::fs::rename(&temporary, output).map_err(|e| named(e.into()))?;
        Ok(report)
    });
    if done.is_err() {
        // What is left of a file that failed is of no use to anybody.
        let _ = std::fs::remove_file(&temporary);
    }
    done
}

/// A name in the same folder that nobody has.
fn beside(output: &Path) -> PathBuf {
    let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let id = std::process::id();
    let mut number = 0u32;
    loop {
        let path = output.with_file_name(format!(".{name}.{id}.{number}.tmp"));
        if !path.exists() {
            return path;
        }
        number = number.saturating_add(1);
    }
}

fn write(input: &File, path: &Path, options: &Options, progress: &mut dyn FnMut(Progress)) -> Result<Report> {
    let source = input.container();
    let bound = options.bound.unwrap_or_else(|| input.bound());
    let disk = Arc::new(DiskFile::create(path, true)?);
    user_block(source, &disk)?;
    let (limits, filters) = (source.store.limits, source.store.filters.clone());
    let mut target =
        Container::blank(disk.clone(), source.store.base(), superblock(source, bound), limits, filters)?;
    let recoder = Recoder { source: input.clone() };
    let mut objects = 0;
    let mut watch = |p: Progress| {
        objects = p.objects;
        progress(p);
    };
    let copy = CopyOptions {
        references: References::Expand,
        filters: options.filters.clone(),
        chunking: options.chunking.clone(),
        damage: options.damage,
        ..CopyOptions::new(bound)
    };
    let mut copier = Copier::new(source, &target, copy, &recoder, &mut watch);
    let root = copier.tree(source.superblock.root())?;
    let losses = std::mem::take(&mut copier.losses);
    target.found(root, Addr::UNDEFINED)?;
    target.store.commit(Manner { power_safe: true, closing: true })?;
    Ok(Report {
        objects,
        old_bytes: source.store.end().saturating_add(source.store.base()),
        new_bytes: disk.len()?,
        losses,
    })
}

/// The superblock of the new file: node sizes of the old one are kept where it has room for them.
fn superblock(source: &Container, bound: Bound) -> Superblock {
    let mut new = Superblock::empty(bound.superblock(), Widths::EIGHT);
    if let Superblock::Old(s) = &mut new {
        (s.group_leaf_k, s.group_internal_k) = source.group_k();
        if source.chunk_k() != 32 {
            (s.version, s.chunk_k) = (1, source.chunk_k());
        }
    }
    new
}

/// Copies what the user keeps before the superblock.
fn user_block(source: &Container, sink: &DiskFile) -> Result<()> {
    let bytes = source.store.base();
    let mut at = 0u64;
    let mut buffer = vec![0; 1 << 20];
    while at < bytes {
        let part = bytes.saturating_sub(at).min(buffer.len() as u64);
        let piece = buffer.get_mut(..part as usize).unwrap_or_default();
        source.store.before_superblock(at, piece)?;
        sink.write_at(at, piece)?;
        at = at.saturating_add(part);
    }
    Ok(())
}
