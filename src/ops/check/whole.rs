//! What belongs to the whole file: superblock and extension, shared messages, free space.

use std::collections::HashMap;

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::btree2::records::{self, Record, SharedPlace};
use crate::format::cache_image::HERE as IMAGE;
use crate::format::message::driver_info::{self, DriverBlock};
use crate::format::message::file_space::FileSpaceInfo;
use crate::format::message::{self};
use crate::format::shared_table::{
    HERE as TABLE, IndexKind, LIST, MasterTable, Place, SharedIndex, SharedList,
};
use crate::format::superblock::{HERE, SWMR_ACCESS, Superblock, WRITE_ACCESS};
use crate::store::cache_image;
use crate::store::header::ObjectHeader;
use crate::store::shared::SharedMessages;
use crate::wire::{Addr, decode};

/// References and heap ID of a shared message; none where it still lies in an object header.
type Shared = Option<(u32, [u8; 8])>;

impl<'f> Check<'f> {
    /// Checks the superblock and what it points to, but for the root group.
    pub(super) fn superblock(&mut self) -> Result<()> {
        let c = self.c;
        let s = &c.superblock;
        let size = s.encode().map(|b| u64::try_from(b.len()).unwrap_or(0)).unwrap_or(0);
        self.claim(Addr::new(0), size, Kind::File, &HERE);
        let (end, stored) = (self.store.end(), s.eof().raw().wrapping_sub(s.base().get().unwrap_or(0)));
        if end < stored {
            self.mismatch(
                &HERE,
                Addr::new(0),
                "end of the file",
                format!("{end:#x}"),
                format!("{stored:#x}"),
            );
        } else if end > stored {
            self.note(format!("{} bytes follow the end of the file", end.saturating_sub(stored)));
        }
        if s.version() == 3 && s.flags() & WRITE_ACCESS != 0 {
            let how = if s.flags() & SWMR_ACCESS != 0 { "for writing with readers" } else { "for writing" };
            self.problem(
                &HERE,
                Some(0),
                format!("the file is marked as open {how}: its writer did not close it"),
            );
        }
        if let Superblock::Old(old) = s {
            if let Some((Ok((btree, heap)), 1)) = Some((self.scratch(&old.root.scratch), old.root.cache_type))
            {
                self.cached_group(old.root.header, btree, heap)?;
            }
            if old.driver_info.is_defined() {
                let result =
                    self.driver_block(old.driver_info).at(&driver_info::BLOCK, old.driver_info.raw());
                self.told(result)?;
            }
        }
        if s.extension().is_defined() {
            self.on("(superblock extension)".to_string());
            self.extension(s.extension())?;
            self.path = 0;
        }
        Ok(())
    }
    fn scratch(&self, scratch: &[u8; 16]) -> Result<(Addr, Addr)> {
        let w = self.store.widths;
        let (btree, used) = decode::<Addr>(scratch, (w,), &HERE)?;
        let (heap, _) = decode::<Addr>(scratch.get(used..).unwrap_or_default(), (w,), &HERE)?;
        Ok((btree, heap))
    }
    fn driver_block(&mut self, address: Addr) -> Result<()> {
        let at = driver_info::BLOCK;
        let block = self.store.block_up_to(address, 1024, &at)?;
        let (_, used) = decode::<DriverBlock>(&block, (), &at)?;
        self.claim(address, u64::try_from(used).unwrap_or(0), Kind::File, &at);
        Ok(())
    }
    fn extension(&mut self, address: Addr) -> Result<()> {
        if !self.enter(address, &crate::format::header::V2) || !self.header(address)? {
            return Ok(());
        }
        let header = ObjectHeader::load(self.store, address)?;
        let w = self.store.widths;
        if let Some(image) = self.c.extension.cache_image.filter(|i| i.address.is_defined() && i.bytes.0 > 0)
        {
            let read = cache_image::read(self.store, image.address, image.bytes.0);
            if self.told(read.at(&IMAGE, image.address.raw()))?.is_some() {
                self.claim(image.address, image.bytes.0, Kind::File, &IMAGE);
            }
        }
        if let Some(m) = header.find(message::FILE_SPACE) {
            let info = decode::<FileSpaceInfo>(&m.body, (w,), &message::structure(m.kind));
            let managers: Vec<Addr> = match info {
                Ok((FileSpaceInfo::Draft { managers, .. }, _)) => managers.into_iter().flatten().collect(),
                Ok((FileSpaceInfo::Current(f), _)) => f.managers.into_iter().flatten().collect(),
                Err(_) => Vec::new(),
            };
            for manager in managers.into_iter().filter(|a| a.is_defined()) {
                for (offset, _, bytes) in self.manager(manager, Kind::FreeSpace)?.unwrap_or_default() {
                    self.claim(Addr::new(offset), bytes, Kind::Free, &crate::format::free_space::SECTIONS);
                }
            }
        }
        Ok(())
    }
    /// Checks the shared message tables, after all uses of their messages were counted.
    pub(super) fn shared_messages(&mut self) -> Result<()> {
        let Some(m) = self.c.extension.shared_table.filter(|m| m.table.is_defined()) else { return Ok(()) };
        let opened = SharedMessages::open(self.store, m.table, m.indexes).at(&TABLE, m.table.raw());
        let Some(open) = self.told(opened)? else { return Ok(()) };
        let size = MasterTable::encoded_size(m.indexes, self.store.widths);
        self.claim(m.table, size, Kind::SharedMessages, &TABLE);
        for (number, index) in open.table.indexes.iter().enumerate() {
            let result = self.shared_index(&open, number, index);
            self.told(result)?;
        }
        Ok(())
    }
    fn shared_index(&mut self, open: &SharedMessages, number: usize, index: &SharedIndex) -> Result<()> {
        let w = self.store.widths;
        if !index.index.is_defined() {
            return Ok(());
        }
        let Some(mut heap) = self.fractal_heap(index.heap)? else { return Ok(()) };
        let mut found: Vec<Shared> = Vec::new();
        let mut last = None;
        match index.kind {
            IndexKind::List => {
                self.claim(
                    index.index,
                    SharedList::encoded_size(index.list_max, w),
                    Kind::SharedMessages,
                    &LIST,
                );
                let listed = self.store_list(open, index)?;
                found.extend(listed);
            }
            IndexKind::Tree => {
                self.btree2(index.index, &[7], Kind::SharedMessages, &mut |check, kind, raw| {
                    let r = records::SharedMessage::decode(raw, kind, w)?;
                    if last.is_some_and(|l| l > r.hash) {
                        check.problem(&records::HERE, index.index.get(), "records out of order");
                    }
                    last = Some(r.hash);
                    found.push(match r.place {
                        SharedPlace::Heap { references, heap_id } => Some((references, heap_id)),
                        SharedPlace::Header { .. } => None,
                    });
                    Ok(())
                })?;
            }
        }
        if found.len() != usize::from(index.messages) {
            self.mismatch(&TABLE, index.index, "messages", index.messages, found.len());
        }
        let mut known = HashMap::new();
        for place in found {
            let Some((references, id)) = place else { continue };
            let object = heap.object(self, &id).at(&TABLE, index.heap.raw());
            // The hash is seeded with the message's type, which the record does not tell.
            if self.told(object)?.is_some() {
                known.insert(id, references);
            }
        }
        let used: Vec<_> =
            self.shared_uses.iter().filter(|((n, _), _)| *n == number).map(|((_, i), u)| (*i, *u)).collect();
        for (id, uses) in used {
            match known.remove(&id) {
                // The first user keeps its own copy of a message that was not shared yet, and is counted.
                Some(references) if u64::from(references) >= uses => {}
                Some(references) => self.mismatch(
                    &TABLE,
                    index.index,
                    "uses of a message",
                    references,
                    format!("at least {uses}"),
                ),
                None => {
                    self.problem(&TABLE, index.index.get(), "a message in use that the index does not name")
                }
            }
        }
        if !known.is_empty() {
            self.note(format!("{} shared messages that nothing uses", known.len()));
        }
        self.heap_objects(heap)
    }
    fn store_list(&mut self, open: &SharedMessages, index: &SharedIndex) -> Result<Vec<Shared>> {
        let listed = open.list(self.store, index)?;
        let place = |p: &Place| match p {
            Place::Heap { references, id } => Some((*references, *id)),
            Place::Header { .. } => None,
        };
        Ok(listed.iter().map(|r| place(&r.place)).collect())
    }
}
