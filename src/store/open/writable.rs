//! Opening a file for writing: what a crash left is completed, what only holds for an unchanged file is undone.

use std::sync::Arc;

use super::{Container, Extension, locate};
use crate::error::{At, Error, Result};
use crate::filter::Registry;
use crate::format::message::file_space::{FileSpace, FileSpaceInfo, HERE as FILE_SPACE_HERE};
use crate::format::message::{CACHE_IMAGE, FILE_SPACE};
use crate::format::superblock::{HERE, SWMR_ACCESS, Superblock, WRITE_ACCESS};
use crate::limits::Limits;
use crate::source::{ReadAt, WriteAt, window::Window};
use crate::store::header::edit::HeaderEdit;
use crate::store::commit::Manner;
use crate::store::{Class, Store, commit, free_space};
use crate::wire::{Addr, encode};

/// File space strategy: space is given out by pages.
const PAGED: u8 = 1;

impl Container {
    /// Opens the file in `sink` for reading and writing.
    ///
    /// A journal that is pending is written to where it belongs first. A metadata cache image and free-space
    /// managers in the file are taken into memory, and the file has them no more.
    pub fn open_writable(sink: Arc<dyn WriteAt>, limits: Limits, filters: Arc<Registry>) -> Result<Self> {
        Self::writable(sink, limits, filters, false)
    }
    /// Opens the file in `sink` as [`Container::open_writable`] does, though it is marked as open for writing;
    /// the first commit clears the mark.
    pub fn open_marked(sink: Arc<dyn WriteAt>, limits: Limits, filters: Arc<Registry>) -> Result<Self> {
        Self::writable(sink, limits, filters, true)
    }
    fn writable(sink: Arc<dyn WriteAt>, limits: Limits, filters: Arc<Registry>, marked: bool) -> Result<Self> {
        let (base, superblock) = locate(&sink)?;
        let source: Arc<dyn ReadAt> = sink.clone();
        if let Some(journal) = commit::pending(&Window::new(source.clone(), base), &superblock)? {
            commit::complete(&*sink, base, &journal)?;
        } else if !marked && superblock.version() == 3 && superblock.flags() & (WRITE_ACCESS | SWMR_ACCESS) != 0 {
            let what = "the file is marked as open for writing: by a program that is at work, or one that was killed";
            return Err(Error::usage(format!("{what} (`h5 recover` clears the mark)")).within(&HERE, Some(base)));
        }
        let mut container = Container::open(source, limits, filters, false)?;
        if let Some(driver) = &container.extension.driver {
            let name = String::from_utf8_lossy(&driver.driver).into_owned();
            return Err(Error::unsupported(format!("writing a file in several parts (driver {name})")));
        }
        let space = match &container.extension.file_space {
            Some(FileSpaceInfo::Current(space)) => Some(space.clone()),
            _ => None,
        };
        let page = space.as_ref().filter(|s| s.strategy == PAGED).map(|s| s.page_bytes.0);
        let superblock = container.superblock.clone();
        container.store.set_writable(sink, &superblock, page);
        if marked {
            container.superblock = superblock.with_flags(0);
            container.store.set_superblock(&container.superblock)?;
        }
        container.store.recall_free().at(&HERE, base)?;
        container.settle(space).at(&HERE, base)?;
        if container.store.has_changes() {
            // Committed for itself: a rollback is not to bring it back.
            container.store.commit(Manner { power_safe: true, closing: false }).at(&HERE, base)?;
        }
        Ok(container)
    }
    /// Takes cache image and persisted free space out of the file.
    fn settle(&mut self, space: Option<FileSpace>) -> Result<()> {
        let extension = self.superblock.extension();
        if !extension.is_defined() {
            return Ok(());
        }
        let image = self.extension.cache_image.filter(|i| i.address.is_defined() && i.bytes.0 > 0);
        let managers = space.and_then(|s| s.managers.map(|m| (s.clone(), m)));
        if image.is_none() && managers.is_none() && self.extension.cache_image.is_none() {
            return Ok(());
        }
        let mut header = HeaderEdit::load(&self.store, extension)?;
        if let Some(image) = image {
            self.store.free(image.address, image.bytes.0)?;
        }
        header.remove(CACHE_IMAGE);
        if let Some((mut space, all)) = managers {
            for (index, address) in all.into_iter().enumerate().filter(|(_, a)| a.is_defined()) {
                // Small and large sections of six kinds: the third is raw data, the fourth global heaps.
                let raw = matches!(index.checked_rem(6), Some(2 | 3));
                take_free(&self.store, address, if raw { Class::Raw } else { Class::Metadata })?;
            }
            space.managers = Some([Addr::UNDEFINED; 12]);
            space.end_before_managers = Addr::UNDEFINED;
            let body = encode(&FileSpaceInfo::Current(space), (self.store.widths,), &FILE_SPACE_HERE)?;
            header.set(FILE_SPACE, body);
        }
        header.save(&self.store)?;
        self.extension = Extension::load(&self.store, &self.superblock)?;
        Ok(())
    }
    /// A new file in `sink`, to which a root group is to be given by [`Container::found`].
    pub fn blank(sink: Arc<dyn WriteAt>, base: u64, superblock: Superblock, limits: Limits, filters: Arc<Registry>) -> Result<Self> {
        let source: Arc<dyn ReadAt> = sink.clone();
        let first = u64::try_from(superblock.encode()?.len()).unwrap_or(0);
        let superblock = superblock.with_end(base, first);
        let mut store = Store::new(Window::new(source, base), superblock.widths(), limits, filters)?;
        store.set_writable(sink, &superblock, None);
        Ok(Container { store, superblock, extension: Extension::default() })
    }
    /// Gives a new file its root group, and its superblock an extension if there is to be one.
    pub fn found(&mut self, root: Addr, extension: Addr) -> Result<()> {
        let superblock = self.superblock.clone().with_root(root).with_extension(extension);
        self.store.set_superblock(&superblock)?;
        self.superblock = superblock;
        self.extension = Extension::load(&self.store, &self.superblock)?;
        Ok(())
    }
}

/// The free space that a manager in the file keeps becomes known, and its own space free.
fn take_free(store: &Store, address: Addr, class: Class) -> Result<()> {
    use crate::format::free_space::ManagerHeader;
    let found = free_space::load(store, address)?;
    for (bytes, section) in &found.sections {
        store.add_free(Addr::new(section.offset), *bytes, class)?;
    }
    if found.header.list.is_defined() {
        store.free(found.header.list, found.header.list_allocated.0)?;
    }
    store.free(address, ManagerHeader::encoded_size(store.widths))
}
