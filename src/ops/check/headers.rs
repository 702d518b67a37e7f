//! Object headers: all chunks, all messages.

use std::collections::HashSet;

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::header::{self, Continuation, PrefixV1, PrefixV2, RawMessage, SHARED};
use crate::format::message::attribute_info::AttributeInfo;
use crate::format::message::btree_k::BtreeK;
use crate::format::message::cache_image::CacheImageMessage;
use crate::format::message::dataspace::Dataspace;
use crate::format::message::datatype::Datatype;
use crate::format::message::driver_info::DriverInfo;
use crate::format::message::external_files::ExternalFiles;
use crate::format::message::file_space::FileSpaceInfo;
use crate::format::message::fill::{Fill, OldFill};
use crate::format::message::filter_pipeline::FilterPipeline;
use crate::format::message::group_info::GroupInfo;
use crate::format::message::layout::Layout;
use crate::format::message::link::Link;
use crate::format::message::link_info::LinkInfo;
use crate::format::message::reference_count::ReferenceCount;
use crate::format::message::shared::{self as pointer, Location, SharedMessage};
use crate::format::message::shared_table::SharedTableMessage;
use crate::format::message::symbol_table::SymbolTableMessage;
use crate::format::message::times::{ModificationTime, OldTime};
use crate::format::message::{self};
use crate::model::shared;
use crate::store::shared::SharedMessages;
use crate::wire::{Addr, checksum, decode};

/// Bytes of the head of a message in a version 1 header.
const HEAD_V1: usize = 8;

/// The cut of one chunk into its messages.
type Cut<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<RawMessage>>;

impl Check<'_> {
    /// Accounts for all chunks of a header and decodes its messages. True where all is sound.
    pub(super) fn header(&mut self, address: Addr) -> Result<bool> {
        let head = self.store.block_up_to(address, 4, &header::V2);
        let Some(head) = self.told(head)? else { return Ok(false) };
        let walked =
            if head == header::SIGNATURE { self.header_v2(address) } else { self.header_v1(address) };
        let Some(messages) = self.told(walked)? else { return Ok(false) };
        for m in &messages {
            let at = message::structure(m.kind);
            match self.message(m).at(&at, address.raw()) {
                // It only says how free space is kept; pre-releases of libhdf5 1.10 wrote forms of their own.
                Err(e) if m.kind == message::FILE_SPACE && e.is_damaged() => {
                    self.note("a file space info message of a form that no release wrote");
                }
                result => drop(self.told(result)?),
            }
        }
        Ok(true)
    }
    fn header_v1(&mut self, address: Addr) -> Result<Vec<RawMessage>> {
        let head = self.store.block(address, header::V1_PREFIX_BYTES, &header::V1)?;
        let (prefix, _) = decode::<PrefixV1>(&head, (), &header::V1).at(&header::V1, address.raw())?;
        let bytes = u64::from(prefix.chunk_bytes);
        self.claim(address, bytes.saturating_add(header::V1_PREFIX_BYTES), Kind::Headers, &header::V1);
        let chunk = self.store.block(address.plus(header::V1_PREFIX_BYTES), bytes, &header::V1)?;
        let first = header::messages_v1(&chunk).at(&header::V1, address.raw())?;
        let messages = self.continuations(address, first, &|block| header::messages_v1(block))?;
        if messages.len() != usize::from(prefix.messages) {
            self.mismatch(&header::V1, address, "messages", prefix.messages, messages.len());
        }
        if let Some(m) = messages.iter().find(|m| m.body.len() % HEAD_V1 != 0) {
            let what = format!("message {:#x} of {} bytes, which is no multiple of 8", m.kind, m.body.len());
            self.problem(&header::V1, address.get(), what);
        }
        Ok(messages)
    }
    fn header_v2(&mut self, address: Addr) -> Result<Vec<RawMessage>> {
        let head = self.store.block_up_to(address, 40, &header::V2)?;
        let (prefix, used) = decode::<PrefixV2>(&head, (), &header::V2).at(&header::V2, address.raw())?;
        let size =
            u64::try_from(used).unwrap_or(u64::MAX).saturating_add(prefix.chunk_bytes).saturating_add(4);
        let block = self.store.block(address, size, &header::V2)?;
        self.claim(address, size, Kind::Headers, &header::V2);
        let body = checksum::verify(&block, &header::V2).at(&header::V2, address.raw())?;
        let ordered = prefix.order_tracked();
        let first = header::messages_v2(body.get(used..).unwrap_or_default(), ordered);
        self.continuations(address, first.at(&header::V2, address.raw())?, &|block| match checksum::verify(
            block,
            &header::CONTINUATION,
        )?
        .split_first_chunk::<4>()
        {
            Some((&header::CONTINUATION_SIGNATURE, messages)) => header::messages_v2(messages, ordered),
            _ => Err(header::CONTINUATION.damaged("no signature OCHK")),
        })
    }
    /// Follows the continuations from the first messages on; gives all messages.
    fn continuations(
        &mut self,
        address: Addr,
        first: Vec<RawMessage>,
        cut: Cut<'_>,
    ) -> Result<Vec<RawMessage>> {
        let mut messages = first;
        let mut seen = HashSet::from([address]);
        let mut next = 0;
        while let Some(m) = messages.get(next) {
            next = next.saturating_add(1);
            if m.kind != message::CONTINUATION {
                continue;
            }
            let at = message::structure(message::CONTINUATION);
            let (to, _) =
                decode::<Continuation>(&m.body, (self.store.widths,), &at).at(&header::V2, address.raw())?;
            if !self.spend(1) || !seen.insert(to.address) {
                return Err(
                    header::CONTINUATION.damaged("the header continues in a chunk that it had before")
                );
            }
            let block = self.store.block(to.address, to.bytes.0, &header::CONTINUATION)?;
            self.claim(to.address, to.bytes.0, Kind::Headers, &header::CONTINUATION);
            messages.extend(cut(&block).at(&header::CONTINUATION, to.address.raw())?);
        }
        Ok(messages)
    }
    /// Decodes a message, wherever it lies, and counts the use of one that lies elsewhere.
    fn message(&mut self, m: &RawMessage) -> Result<()> {
        if m.kind > message::CACHE_IMAGE {
            self.note(format!("message {:#x} is unknown", m.kind));
            return Ok(());
        }
        if m.flags & SHARED != 0 {
            self.pointer(&m.body, m.kind)?;
        }
        let (body, _) = shared::body(self.c, m)?;
        let (b, w, at) = (&*body, self.store.widths, message::structure(m.kind));
        match m.kind {
            message::DATASPACE => Dataspace::parse(b, w).map(drop),
            message::LINK_INFO => decode::<LinkInfo>(b, (w,), &at).map(drop),
            message::DATATYPE => Datatype::parse(b).map(drop),
            message::FILL_OLD => decode::<OldFill>(b, (), &at).map(drop),
            message::FILL => Fill::parse(b).map(drop),
            message::LINK => decode::<Link>(b, (w,), &at).map(drop),
            message::EXTERNAL_FILES => decode::<ExternalFiles>(b, (w,), &at).map(drop),
            message::LAYOUT => Layout::parse(b, w).map(drop),
            message::GROUP_INFO => decode::<GroupInfo>(b, (), &at).map(drop),
            message::FILTERS => FilterPipeline::parse(b).map(drop),
            message::TIME_OLD => decode::<OldTime>(b, (), &at).map(drop),
            message::SHARED_TABLE => decode::<SharedTableMessage>(b, (w,), &at).map(drop),
            message::SYMBOL_TABLE => decode::<SymbolTableMessage>(b, (w,), &at).map(drop),
            message::TIME => decode::<ModificationTime>(b, (), &at).map(drop),
            message::BTREE_K => decode::<BtreeK>(b, (), &at).map(drop),
            message::DRIVER_INFO => decode::<DriverInfo>(b, (), &at).map(drop),
            message::ATTRIBUTE_INFO => decode::<AttributeInfo>(b, (w,), &at).map(drop),
            message::REFERENCE_COUNT => decode::<ReferenceCount>(b, (), &at).map(drop),
            message::FILE_SPACE => decode::<FileSpaceInfo>(b, (w,), &at).map(drop),
            message::CACHE_IMAGE => decode::<CacheImageMessage>(b, (w,), &at).map(drop),
            // Attributes are checked with the dense ones; the rest has no fields.
            _ => Ok(()),
        }
    }
    /// Counts the use of what a shared message's pointer leads to: a committed type, or a message in a heap.
    pub(super) fn pointer(&mut self, body: &[u8], kind: u16) -> Result<()> {
        let (to, _) = decode::<SharedMessage>(body, (self.store.widths,), &pointer::HERE)?;
        match to.location {
            Location::Object(address) => {
                let uses = self.uses.entry(address).or_default();
                *uses = uses.saturating_add(1);
                if *uses == 1 {
                    let path = format!("(datatype of {})", self.path_text(self.path));
                    self.pending.push((address, path));
                }
            }
            Location::Heap(id) => self.shared_use(id, kind)?,
        }
        Ok(())
    }
    /// Counts a use of a message in a shared message heap.
    pub(super) fn shared_use(&mut self, id: [u8; 8], kind: u16) -> Result<()> {
        let Some(table) = self.c.extension.shared_table else { return Ok(()) };
        let open = SharedMessages::open(self.store, table.table, table.indexes)?;
        if let Some(index) = open.table.indexes.iter().position(|i| i.holds(kind)) {
            let uses = self.shared_uses.entry((index, id)).or_default();
            *uses = uses.saturating_add(1);
        }
        Ok(())
    }
}
