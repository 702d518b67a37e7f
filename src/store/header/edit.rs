//! An object header that is changed: its messages are laid out anew over its chunks.
//!
//! The first chunk stays where and as large as it is, since its address is the object. What does not fit into
//! it goes into one continuation.

use std::collections::HashSet;

use crate::error::{At, Error, Result};
use crate::format::header::{
    self, CONTINUATION_SIGNATURE, Continuation, FAIL_IF_UNKNOWN_AND_WRITING, MARK_IF_UNKNOWN, PhaseChange,
    PrefixV1, PrefixV2, RawMessage, SHAREABLE, SHARED, Times, V1_PREFIX_BYTES, WAS_UNKNOWN, head_bytes,
};
use crate::format::message::reference_count::{self, ReferenceCount};
use crate::format::message::{self, CACHE_IMAGE, CONTINUATION, NIL};
use crate::store::header::ObjectHeader;
use crate::store::Store;
use crate::wire::{Addr, Length, checksum, decode, encode};

/// Room for a few more messages in a new header or continuation.
const ROOM_BYTES: usize = 64;

/// Bytes of a continuation message's body.
fn continuation_bytes(store: &Store) -> usize {
    usize::from(store.widths.offset).saturating_add(usize::from(store.widths.length))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Prefix {
    V1 { references: u32 },
    V2(PrefixV2),
}

/// How a new header is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewHeader {
    /// 1 or 2.
    pub version: u8,
    /// Times, in version 2.
    pub times: Option<Times>,
    /// Whether attributes carry a creation order (version 2).
    pub order_tracked: bool,
    /// Whether attributes are indexed by creation order (version 2).
    pub order_indexed: bool,
    /// When attributes go into a heap, where not at the default numbers.
    pub phase_change: Option<PhaseChange>,
    /// Room for later messages, in bytes.
    pub room: usize,
}

/// An object header on its way to new content.
#[derive(Debug, Clone)]
pub struct HeaderEdit {
    address: Addr,
    prefix: Prefix,
    /// Bytes for messages in the first chunk.
    first_bytes: usize,
    continuations: Vec<Continuation>,
    /// All messages but NIL and continuations.
    pub messages: Vec<RawMessage>,
}

impl HeaderEdit {
    /// Loads the header at `address` to change it.
    pub fn load(store: &Store, address: Addr) -> Result<HeaderEdit> {
        Self::of(store, &*ObjectHeader::load(store, address)?)
    }
    /// A header that was loaded before, to change it.
    pub fn of(store: &Store, loaded: &ObjectHeader) -> Result<HeaderEdit> {
        let address = loaded.address;
        if loaded.broken.is_some() {
            return Err(header::CONTINUATION.damaged("the object cannot be changed, for its header is damaged"));
        }
        let (prefix, first_bytes, start) = if loaded.version == 1 {
            let head = store.block(address, V1_PREFIX_BYTES, &header::V1)?;
            let (prefix, _) = decode::<PrefixV1>(&head, (), &header::V1)?;
            (Prefix::V1 { references: prefix.references }, u64::from(prefix.chunk_bytes), V1_PREFIX_BYTES)
        } else {
            let head = store.block_up_to(address, 40, &header::V2)?;
            let (prefix, used) = decode::<PrefixV2>(&head, (), &header::V2)?;
            let bytes = prefix.chunk_bytes;
            (Prefix::V2(prefix), bytes, u64::try_from(used).unwrap_or(0))
        };
        let mut edit = HeaderEdit {
            address,
            prefix,
            first_bytes: store.limits.allocation(first_bytes)?,
            continuations: Vec::new(),
            messages: loaded.messages.clone(),
        };
        let first = store.block(address.plus(start), first_bytes, &header::V2)?;
        edit.find_continuations(store, first).at(&header::CONTINUATION, address.raw())?;
        Ok(edit)
    }
    fn find_continuations(&mut self, store: &Store, first: Vec<u8>) -> Result<()> {
        let mut seen = HashSet::new();
        let mut chunks = vec![first];
        while let Some(chunk) = chunks.pop() {
            for m in self.cut(&chunk)?.into_iter().filter(|m| m.kind == CONTINUATION) {
                let (next, _) = decode::<Continuation>(&m.body, (store.widths,), &header::CONTINUATION)?;
                if !seen.insert(next.address) {
                    return Err(header::CONTINUATION.damaged("the header continues in a chunk that it had before"));
                }
                self.continuations.push(next);
                let block = store.block(next.address, next.bytes.0, &header::CONTINUATION)?;
                let inner = match self.prefix {
                    Prefix::V1 { .. } => block,
                    Prefix::V2(_) => block.get(4..block.len().saturating_sub(4)).unwrap_or_default().to_vec(),
                };
                chunks.push(inner);
            }
        }
        Ok(())
    }
    fn cut(&self, chunk: &[u8]) -> Result<Vec<RawMessage>> {
        match &self.prefix {
            Prefix::V1 { .. } => header::messages_v1(chunk),
            Prefix::V2(p) => header::messages_v2(chunk, p.order_tracked()),
        }
    }
    /// Makes a header with these messages; gives its address.
    pub fn create(store: &Store, new: &NewHeader, messages: Vec<RawMessage>) -> Result<Addr> {
        let mut edit = HeaderEdit {
            address: Addr::UNDEFINED,
            prefix: Prefix::V1 { references: 1 },
            first_bytes: 0,
            continuations: Vec::new(),
            messages,
        };
        if new.version >= 2 {
            let mut prefix = PrefixV2::new(0, new.times, new.order_tracked, new.order_indexed);
            prefix.phase_change = new.phase_change;
            edit.prefix = Prefix::V2(prefix);
        }
        let encoded = edit.encode_messages()?;
        let bytes = encoded.iter().map(Vec::len).sum::<usize>().saturating_add(new.room).saturating_add(
            // A continuation must fit later.
            head_bytes(new.version, new.order_tracked).saturating_add(continuation_bytes(store)),
        );
        edit.first_bytes = bytes.next_multiple_of(8);
        if let Prefix::V2(p) = &mut edit.prefix {
            let phase_change = p.phase_change;
            let size = u64::try_from(edit.first_bytes).unwrap_or(u64::MAX);
            *p = PrefixV2 { phase_change, ..PrefixV2::new(size, new.times, new.order_tracked, new.order_indexed) };
        }
        let block = edit.empty_chunk()?;
        edit.address = store.allocate_in_page(u64::try_from(block.len()).unwrap_or(u64::MAX))?;
        store.object_is_born(edit.address);
        edit.save(store)?;
        Ok(edit.address)
    }
    /// Where the header is.
    pub fn address(&self) -> Addr {
        self.address
    }
    /// 1 or 2.
    pub fn version(&self) -> u8 {
        if matches!(self.prefix, Prefix::V1 { .. }) { 1 } else { 2 }
    }
    fn ordered(&self) -> bool {
        matches!(&self.prefix, Prefix::V2(p) if p.order_tracked())
    }
    /// Whether attributes are indexed by creation order.
    pub fn order_indexed(&self) -> bool {
        matches!(&self.prefix, Prefix::V2(p) if p.order_indexed())
    }
    /// Whether attributes carry a creation order.
    pub fn order_tracked(&self) -> bool {
        self.ordered()
    }
    /// When attributes go into a heap and back: the most in the header, the fewest in a heap.
    pub fn phase_change(&self) -> (u16, u16) {
        match &self.prefix {
            Prefix::V2(PrefixV2 { phase_change: Some(p), .. }) => (p.max_compact, p.min_dense),
            _ => (8, 6),
        }
    }
    /// The first message with this number.
    pub fn find(&self, kind: u16) -> Option<&RawMessage> {
        self.messages.iter().find(|m| m.kind == kind)
    }
    /// Replaces the body of the first message with this number, or adds one; flags stay as they are, but for a
    /// message that was shared: it has a body of its own now.
    pub fn set(&mut self, kind: u16, body: Vec<u8>) {
        match self.messages.iter_mut().find(|m| m.kind == kind) {
            Some(m) => (m.body, m.flags) = (body, m.flags & !(SHARED | SHAREABLE)),
            None => self.messages.push(RawMessage { kind, flags: 0, order: None, body }),
        }
    }
    /// Removes all messages with this number.
    pub fn remove(&mut self, kind: u16) {
        self.messages.retain(|m| m.kind != kind);
    }
    /// Hard links to the object, and uses of a committed type.
    pub fn references(&self) -> Result<u32> {
        match &self.prefix {
            Prefix::V1 { references } => Ok(*references),
            Prefix::V2(_) => match self.find(message::REFERENCE_COUNT) {
                Some(m) => Ok(decode::<ReferenceCount>(&m.body, (), &reference_count::HERE)?.0.count),
                None => Ok(1),
            },
        }
    }
    /// Sets the number of links to the object.
    pub fn set_references(&mut self, count: u32) -> Result<()> {
        match &mut self.prefix {
            Prefix::V1 { references } => *references = count,
            Prefix::V2(_) if count == 1 => self.remove(message::REFERENCE_COUNT),
            Prefix::V2(_) => {
                let body = encode(&ReferenceCount { count }, (), &reference_count::HERE)?;
                self.set(message::REFERENCE_COUNT, body);
            }
        }
        Ok(())
    }
    /// The object is changed now: its times say so where it has them.
    pub fn touch(&mut self, now: Option<u32>) {
        if let (Prefix::V2(PrefixV2 { times: Some(times), .. }), Some(now)) = (&mut self.prefix, now) {
            (times.modification, times.change) = (now, now);
        }
    }
    /// Unknown messages may forbid a change, or ask to be marked.
    fn mark_unknown(&mut self) -> Result<()> {
        for m in self.messages.iter_mut().filter(|m| m.kind > CACHE_IMAGE) {
            if m.flags & FAIL_IF_UNKNOWN_AND_WRITING != 0 {
                let what = format!("message {:#x} is unknown, and the object may not be changed without it", m.kind);
                return Err(Error::unsupported(what));
            }
            if m.flags & MARK_IF_UNKNOWN != 0 {
                m.flags |= WAS_UNKNOWN;
            }
        }
        Ok(())
    }
    fn encode_one(&self, m: &RawMessage) -> Result<Vec<u8>> {
        if self.version() == 1 { header::encode_v1(m) } else { header::encode_v2(m, self.ordered()) }
    }
    fn encode_messages(&self) -> Result<Vec<Vec<u8>>> {
        self.messages.iter().map(|m| self.encode_one(m)).collect()
    }
    /// Writes the messages over the header's chunks.
    pub fn save(&mut self, store: &Store) -> Result<()> {
        self.mark_unknown()?;
        self.save_copy(store)
    }
    /// Writes the messages of a copy: those that are unknown go with the object that they are about, which
    /// is as it was.
    pub fn save_copy(&mut self, store: &Store) -> Result<()> {
        let encoded = self.encode_messages()?;
        let total: usize = encoded.iter().map(Vec::len).sum();
        let head = head_bytes(self.version(), self.ordered());
        let pointer = head.saturating_add(continuation_bytes(store).next_multiple_of(if head == 8 { 8 } else { 1 }));
        let room = if total <= self.first_bytes { self.first_bytes } else { self.first_bytes.saturating_sub(pointer) };
        let mut fits = 0usize;
        let count = encoded.iter().take_while(|m| {
            fits = fits.saturating_add(m.len());
            fits <= room
        });
        let (first, rest) = encoded.split_at_checked(count.count()).unwrap_or((&encoded, &[]));
        let mut first = first.concat();
        let mut messages = encoded.len();
        if rest.is_empty() {
            self.drop_continuations(store, None)?;
        } else {
            if self.first_bytes < pointer {
                return Err(Error::unsupported("an object header whose first chunk holds no continuation"));
            }
            let (place, nil) = self.save_rest(store, &rest.concat())?;
            let body = encode(&place, (store.widths,), &header::CONTINUATION)?;
            let to_rest = RawMessage { kind: CONTINUATION, flags: 0, order: None, body };
            first.extend(self.encode_one(&to_rest)?);
            messages = messages.saturating_add(1).saturating_add(nil);
        }
        messages = messages.saturating_add(self.pad(&mut first, self.first_bytes)?);
        let block = self.chunk_with_prefix(&first, messages)?;
        write_changed(store, self.address, &block)?;
        store.evict::<ObjectHeader>(self.address);
        Ok(())
    }
    /// Fills a chunk up to `size`: by a NIL message, or by zeros where none fits. Gives the number of messages.
    fn pad(&self, chunk: &mut Vec<u8>, size: usize) -> Result<usize> {
        let head = head_bytes(self.version(), self.ordered());
        let mut added = 0usize;
        while let Some(body) = size.checked_sub(chunk.len()).and_then(|left| left.checked_sub(head)) {
            let body = vec![0; body.min(65_528)];
            chunk.extend(self.encode_one(&RawMessage { kind: NIL, flags: 0, order: None, body })?);
            added = added.saturating_add(1);
        }
        chunk.resize(size.max(chunk.len()), 0);
        Ok(added)
    }
    fn chunk_with_prefix(&self, messages: &[u8], count: usize) -> Result<Vec<u8>> {
        match &self.prefix {
            Prefix::V1 { references } => {
                let prefix = PrefixV1 {
                    messages: u16::try_from(count).map_err(|_| Error::usage("more than 65535 header messages"))?,
                    references: *references,
                    chunk_bytes: u32::try_from(self.first_bytes).unwrap_or(u32::MAX),
                };
                let mut block = encode(&prefix, (), &header::V1)?;
                block.extend_from_slice(messages);
                Ok(block)
            }
            Prefix::V2(prefix) => {
                let mut block = encode(prefix, (), &header::V2)?;
                block.extend_from_slice(messages);
                checksum::seal(&mut block);
                Ok(block)
            }
        }
    }
    fn empty_chunk(&self) -> Result<Vec<u8>> {
        self.chunk_with_prefix(&vec![0; self.first_bytes], 0)
    }
    /// Writes what does not fit into the first chunk; gives where, and the number of NIL messages.
    fn save_rest(&mut self, store: &Store, rest: &[u8]) -> Result<(Continuation, usize)> {
        let frame = if self.version() == 1 { 0 } else { 8 };
        let needed = rest.len().saturating_add(frame);
        let fits = |c: &&Continuation| {
            let have = usize::try_from(c.bytes.0).unwrap_or(usize::MAX);
            have >= needed && have <= needed.saturating_mul(4).saturating_add(1024)
        };
        let place = match self.continuations.iter().find(fits).copied() {
            Some(place) => place,
            None => {
                let bytes = needed.saturating_add(needed >> 1).saturating_add(ROOM_BYTES).next_multiple_of(8);
                let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                Continuation { address: store.allocate_in_page(bytes)?, bytes: Length(bytes) }
            }
        };
        self.drop_continuations(store, Some(place.address))?;
        self.continuations = vec![place];
        let size = usize::try_from(place.bytes.0).unwrap_or(usize::MAX).saturating_sub(frame);
        let mut messages = rest.to_vec();
        let nil = self.pad(&mut messages, size)?;
        let mut block = Vec::new();
        if frame > 0 {
            block.extend_from_slice(&CONTINUATION_SIGNATURE);
        }
        block.extend(messages);
        if frame > 0 {
            checksum::seal(&mut block);
        }
        write_changed(store, place.address, &block)?;
        Ok((place, nil))
    }
    fn drop_continuations(&mut self, store: &Store, keep: Option<Addr>) -> Result<()> {
        for old in std::mem::take(&mut self.continuations).iter().filter(|c| Some(c.address) != keep) {
            store.free(old.address, old.bytes.0)?;
        }
        Ok(())
    }
    /// Gives the header's space back.
    pub fn delete(mut self, store: &Store) -> Result<()> {
        self.drop_continuations(store, None)?;
        let block = self.empty_chunk()?;
        store.evict::<ObjectHeader>(self.address);
        store.object_has_ended(self.address);
        store.free(self.address, u64::try_from(block.len()).unwrap_or(0))
    }
}

/// Writes the part of a block that differs from what is there.
fn write_changed(store: &Store, address: Addr, block: &[u8]) -> Result<()> {
    let len = u64::try_from(block.len()).unwrap_or(u64::MAX);
    if store.is_new(address, len)? {
        return store.write_header(address, block);
    }
    let old = store.block(address, len, &header::V2)?;
    let same = |(a, b): &(&u8, &u8)| a == b;
    let front = block.iter().zip(&old).take_while(same).count();
    let back = block.iter().rev().zip(old.iter().rev()).take_while(same).count();
    let end = block.len().saturating_sub(back);
    match block.get(front..end) {
        Some(part) if !part.is_empty() => store.write_header(address.plus(u64::try_from(front).unwrap_or(0)), part),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::writable;
    use proptest::prelude::*;

    fn message(kind: u16, size: usize) -> RawMessage {
        let body = (0..size).map(|n| u8::try_from((n + usize::from(kind)) % 251).unwrap()).collect();
        RawMessage { kind, flags: 0, order: None, body }
    }

    proptest! {
        /// Messages come back as they were set, whatever was set and removed before, and no space is lost.
        #[test]
        fn messages_come_back(
            version in 1u8..3, ordered: bool,
            steps in prop::collection::vec((0x30u16..0x36, 0usize..400, any::<bool>()), 1..30),
        ) {
            let store = writable();
            let new = NewHeader { version, order_tracked: ordered, ..NewHeader::default() };
            let at = HeaderEdit::create(&store, &new, vec![message(0x0d, 24)]).unwrap();
            let mut model = vec![message(0x0d, 24)];
            for (kind, size, remove) in steps {
                let size = if version == 1 { size.next_multiple_of(8) } else { size };
                let mut edit = HeaderEdit::load(&store, at).unwrap();
                let place = model.iter().position(|m: &RawMessage| m.kind == kind);
                if remove {
                    edit.remove(kind);
                    model.retain(|m| m.kind != kind);
                } else {
                    edit.set(kind, message(kind, size).body);
                    match place {
                        Some(i) => model[i] = message(kind, size),
                        None => model.push(message(kind, size)),
                    }
                }
                edit.set_references(u32::try_from(size).unwrap() + 1).unwrap();
                edit.save(&store).unwrap();
                let read = ObjectHeader::load(&store, at).unwrap();
                prop_assert_eq!(read.references, u32::try_from(size).unwrap() + 1);
                let mut got: Vec<_> = read.messages.iter().filter(|m| m.kind != message::REFERENCE_COUNT).cloned().collect();
                got.iter_mut().for_each(|m| m.order = None);
                prop_assert_eq!(&got, &model);
            }
            HeaderEdit::load(&store, at).unwrap().delete(&store).unwrap();
            prop_assert_eq!(store.with_space(|s| s.end() - s.fresh().bytes()).unwrap() - 512,
                store.with_space(|s| s.free_ranges().iter().map(|r| r.end - r.start).sum::<u64>()).unwrap());
            prop_assert_eq!(store.with_space(|s| s.fresh().bytes()).unwrap(), 0, "all space was given back");
        }
    }
}
