//! Opening a file: find the superblock, set up the store, read the superblock's extension.
//!
//! A file is opened for writing in [`writable`].

use std::sync::Arc;

use super::block::Store;
use super::header::ObjectHeader;
use crate::error::{At, Error, Result};
use crate::filter::Registry;
use crate::format::message::cache_image::CacheImageMessage;
use crate::format::message::driver_info::{self, DriverBlock, DriverInfo};
use crate::format::message::file_space::FileSpaceInfo;
use crate::format::message::shared_table::SharedTableMessage;
use crate::format::message::{self, btree_k::BtreeK};
use crate::format::superblock::{self, Superblock};
use crate::limits::Limits;
use crate::source::ReadAt;
use crate::source::window::Window;
use crate::wire::decode;

/// What the superblock's extension says about the whole file.
#[derive(Debug, Default)]
pub struct Extension {
    /// Where the table of shared messages lies.
    pub shared_table: Option<SharedTableMessage>,
    /// Node sizes of version 1 B-trees.
    pub btree_k: Option<BtreeK>,
    /// How the parts of the file are put together.
    pub driver: Option<DriverInfo>,
    /// How free space is kept.
    pub file_space: Option<FileSpaceInfo>,
    /// Where the metadata cache image lies.
    pub cache_image: Option<CacheImageMessage>,
}

/// An open file: its bytes, its superblock and what holds for all of it.
pub struct Container {
    /// The bytes.
    pub store: Store,
    /// The superblock.
    pub superblock: Superblock,
    /// The superblock's extension.
    pub extension: Extension,
}

/// Finds the superblock: at 0, 512, 1024, 2048 and so on. Gives its offset and the block it opens.
pub fn locate(source: &dyn ReadAt) -> Result<(u64, Superblock)> {
    let end = source.len()?;
    let mut offset = 0u64;
    while offset.saturating_add(8) <= end {
        let mut signature = [0; 8];
        source.read_at(offset, &mut signature)?;
        if signature == superblock::SIGNATURE {
            let size = end.saturating_sub(offset).min(superblock::MAX_BYTES);
            let mut block = vec![0; usize::try_from(size).unwrap_or(0)];
            source.read_at(offset, &mut block)?;
            return Ok((offset, Superblock::parse(&block).at(&superblock::HERE, offset)?));
        }
        offset = if offset == 0 { 512 } else { offset.saturating_mul(2) };
    }
    let what = if end == 0 { "the file is empty" } else { "no HDF5 signature at 0, 512, 1024 and so on" };
    Err(superblock::HERE.damaged(what))
}

impl Container {
    /// Half the numbers of entries in a symbol table node and of children in a group's B-tree node.
    pub fn group_k(&self) -> (u16, u16) {
        match (&self.superblock, &self.extension.btree_k) {
            (Superblock::Old(s), _) => (s.group_leaf_k, s.group_internal_k),
            (_, Some(k)) => (k.group_leaf_k, k.group_internal_k),
            _ => (4, 16),
        }
    }
    /// Half the number of children in a chunk B-tree node.
    pub fn chunk_k(&self) -> u16 {
        match (&self.superblock, &self.extension.btree_k) {
            (Superblock::Old(s), _) if s.version == 1 => s.chunk_k,
            (_, Some(k)) => k.chunk_k,
            _ => 32,
        }
    }
    /// Opens the file in `source`. A file shorter than its superblock says is refused unless `truncated`.
    pub fn open(source: Arc<dyn ReadAt>, limits: Limits, filters: Arc<Registry>, truncated: bool) -> Result<Self> {
        let (offset, mut superblock) = locate(&source)?;
        let length = source.len()?;
        let window = Window::new(source, offset);
        let journal = super::commit::pending(&window, &superblock)?;
        let moved = superblock.base().get().unwrap_or(0);
        let stored_end = superblock.eof().raw().wrapping_sub(moved).wrapping_add(offset);
        if length < stored_end && !truncated {
            let e = superblock::HERE.damaged(format!(
                "the file is truncated: found {length} bytes, expected {stored_end}"
            ));
            return Err(e.within(&superblock::HERE, Some(offset)));
        }
        let mut store = Store::new(window, superblock.widths(), limits, filters)?;
        if let Some(journal) = &journal {
            superblock = store.overlay_journal(journal)?;
        }
        let extension = Extension::load(&store, &superblock)?;
        if let Some(image) = extension.cache_image
            && image.address.is_defined()
            && image.bytes.0 > 0
        {
            super::cache_image::apply(&mut store, image.address, image.bytes.0)?;
            store.forget_structures();
        }
        Ok(Container { store, superblock, extension })
    }
    /// Looks at the file anew, of which another may have written a part.
    pub fn refresh(&self) -> Result<()> {
        if self.extension.cache_image.is_some() {
            return Err(Error::unsupported("looking anew at a file with a metadata cache image: open it again"));
        }
        self.store.forget()?;
        if self.store.is_writable() {
            return Ok(());
        }
        let window = self.store.window();
        let mut block = vec![0; usize::try_from(window.len()?.min(superblock::MAX_BYTES)).unwrap_or(0)];
        window.read_at(0, &mut block)?;
        let superblock = Superblock::parse(&block).at(&superblock::HERE, self.store.base())?;
        if let Some(journal) = super::commit::pending(window, &superblock)? {
            self.store.overlay_journal(&journal)?;
        }
        Ok(())
    }
}

pub mod writable;


impl Extension {
    fn load(store: &Store, superblock: &Superblock) -> Result<Self> {
        let mut out = Extension::default();
        if let Some(address) = superblock.driver_info().get() {
            out.driver = driver_block(store, address).ok();
        }
        if !superblock.extension().is_defined() {
            return Ok(out);
        }
        let header = ObjectHeader::load(store, superblock.extension())?;
        let w = store.widths;
        for m in &header.messages {
            let at = message::structure(m.kind);
            match m.kind {
                message::SHARED_TABLE => out.shared_table = Some(decode(&m.body, (w,), &at)?.0),
                message::BTREE_K => out.btree_k = Some(decode(&m.body, (), &at)?.0),
                message::DRIVER_INFO => out.driver = Some(decode(&m.body, (), &at)?.0),
                message::FILE_SPACE => out.file_space = decode(&m.body, (w,), &at).ok().map(|(info, _)| info),
                message::CACHE_IMAGE => out.cache_image = Some(decode(&m.body, (w,), &at)?.0),
                _ => {}
            }
        }
        Ok(out)
    }
}

/// The driver information block of superblocks 0 and 1, in the form of the message.
fn driver_block(store: &Store, address: u64) -> Result<DriverInfo> {
    let at = driver_info::BLOCK;
    let block = store.block_up_to(crate::wire::Addr::new(address), 1024, &at)?;
    let (block, _) = decode::<DriverBlock>(&block, (), &at)?;
    Ok(DriverInfo { driver: block.driver, data: block.data })
}
