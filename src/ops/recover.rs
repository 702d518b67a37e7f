//! Makes a file whole that a writer left: a commit that was cut short is completed, a mark that nobody holds
//! is cleared.

use std::path::Path;
use std::sync::Arc;

use crate::api::options::OpenOptions;
use crate::api::session::File;
use crate::error::Result;
use crate::filter::Registry;
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::source::file::DiskFile;
use crate::source::window::Window;
use crate::store::commit::{Manner, pending};
use crate::store::open::{Container, locate};

use super::check::{Options, check};

/// What was there to be done, and is done, but for problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The file was whole.
    Nothing,
    /// A commit that was cut short.
    Journal,
    /// The mark of a writer that did not close the file.
    Mark,
    /// The mark, and what is wrong with the file: it was left as it is.
    Problems(Vec<String>),
}

/// Recovers the file at `path`. A mark is cleared where a check finds no problem, or where `force` says so.
pub fn recover(path: &Path, force: bool) -> Result<Found> {
    let named = |e: crate::Error| e.on_path(&path.display().to_string());
    let disk: Arc<dyn ReadAt> = Arc::new(DiskFile::open(path)?);
    let (base, superblock) = locate(&disk).map_err(named)?;
    let journal = pending(&Window::new(disk, base), &superblock).map_err(named)?.is_some();
    if journal {
        OpenOptions::new().open_rw(path)?.close()?;
        return Ok(Found::Journal);
    }
    let file = File::open(path)?;
    if !file.is_marked_open() {
        return Ok(Found::Nothing);
    }
    let report = check(&file, &Options { data: true }, &mut |_| {})?;
    drop(file);
    if !report.is_clean() && !force {
        return Ok(Found::Problems(
            report.problems.iter().map(|p| format!("{}: {}", p.path, p.what)).collect(),
        ));
    }
    let sink = Arc::new(DiskFile::open_for_writing(path)?);
    crate::api::lock::exclusive(sink.file(), crate::Locking::default())?;
    let filters = Arc::new(Registry::default());
    let container = Container::open_marked(sink.clone(), Limits::default(), filters).map_err(named)?;
    container.store.commit(Manner { power_safe: true, closing: true }).map_err(named)?;
    crate::api::lock::release(sink.file())?;
    Ok(Found::Mark)
}
