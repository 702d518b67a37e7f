//! Object headers at work: load the chain of chunks, find messages.

use std::collections::HashSet;
use std::sync::Arc;

use super::block::Store;
use crate::error::{At, Error, Result, Structure};
use crate::format::header::{self, Continuation, PrefixV1, PrefixV2, RawMessage, Times};
use crate::format::message;
use crate::wire::{Addr, checksum, decode};

/// An object header with all its messages, continuations followed, NIL messages left out.
#[derive(Debug)]
pub struct ObjectHeader {
    /// Where it starts.
    pub address: Addr,
    /// The number of the object: another one once it was deleted and its space is used again.
    pub(super) life: u64,
    /// 1 or 2.
    pub version: u8,
    /// Hard links to the object, by the header.
    pub references: u32,
    /// Times, where a version 2 header stores them.
    pub times: Option<Times>,
    /// Whether attributes carry a creation order.
    pub order_tracked: bool,
    /// The messages, in the order of the chunks.
    pub messages: Vec<RawMessage>,
    /// A message that nobody here knows and that forbids to open the object; it is among the messages.
    pub forbidden: Option<u16>,
    /// What broke while continuations were followed; the messages before it are there.
    pub broken: Option<Error>,
}

impl ObjectHeader {
    /// Loads the header at `address`.
    pub fn load(store: &Store, address: Addr) -> Result<Arc<ObjectHeader>> {
        let loaded = Self::load_any(store, address)?;
        match loaded.forbidden {
            None => Ok(loaded),
            Some(kind) => {
                let what = format!("message {kind:#x} is unknown, and the object may not be opened without it");
                Err(Error::unsupported(what).within(&header::V2, Some(address.raw())))
            }
        }
    }
    /// Loads a header that may forbid to open its object, for whoever only passes it on.
    pub fn load_any(store: &Store, address: Addr) -> Result<Arc<ObjectHeader>> {
        store.cached(address, &header::V2, || {
            let head = store.block_on_page(address, 4, &header::V2)?;
            let is_v2 = head.starts_with(&header::SIGNATURE);
            let loaded = if is_v2 { load_v2(store, address, head) } else { load_v1(store, address, head) }?;
            let weight = loaded.messages.iter().map(|m| m.body.len().saturating_add(64)).sum::<usize>();
            Ok((loaded, u64::try_from(weight).unwrap_or(u64::MAX)))
        })
    }
    /// The first message with this number.
    pub fn find(&self, kind: u16) -> Option<&RawMessage> {
        self.messages.iter().find(|m| m.kind == kind)
    }
    /// The messages with this number.
    pub fn all(&self, kind: u16) -> impl Iterator<Item = &RawMessage> {
        self.messages.iter().filter(move |m| m.kind == kind)
    }
    fn add(&mut self, found: Vec<RawMessage>, queue: &mut Vec<Continuation>, store: &Store) -> Result<()> {
        for m in found {
            match m.kind {
                message::NIL => {}
                message::CONTINUATION => {
                    let at = message::structure(message::CONTINUATION);
                    queue.push(decode::<Continuation>(&m.body, (store.widths,), &at)?.0);
                }
                kind => {
                    if kind > message::CACHE_IMAGE && m.flags & header::FAIL_IF_UNKNOWN != 0 {
                        self.forbidden = self.forbidden.or(Some(kind));
                    }
                    self.messages.push(m);
                }
            }
        }
        Ok(())
    }
    /// Follows the continuations; a broken one is kept as [`ObjectHeader::broken`]. Bytes that cannot be had
    /// now are an error: the header is not to be kept without them.
    fn follow<F>(&mut self, store: &Store, mut queue: Vec<Continuation>, cut: F) -> Result<()>
    where
        F: Fn(&Self, &[u8]) -> Result<Vec<RawMessage>>,
    {
        let mut seen = HashSet::from([self.address]);
        let mut next = 0;
        while let Some(&Continuation { address, bytes }) = queue.get(next) {
            next = next.saturating_add(1);
            let step = if seen.insert(address) {
                store.block(address, bytes.0, &header::CONTINUATION).and_then(|block| {
                    let found = cut(self, &block).at(&header::CONTINUATION, address.raw())?;
                    self.add(found, &mut queue, store)
                })
            } else {
                Err(header::CONTINUATION.damaged("the header continues in a chunk that it had before"))
            };
            if let Err(e) = step {
                let e = e.within(&header::CONTINUATION, Some(address.raw()));
                if e.is_missing() || e.is_io() {
                    return Err(e);
                }
                self.broken = Some(e);
                break;
            }
        }
        Ok(())
    }
}

mod alive;
/// Changing a header.
pub mod edit;

/// Exactly `len` bytes, of which the first may be there already.
fn first_bytes(store: &Store, address: Addr, mut there: Vec<u8>, len: u64, at: &Structure) -> Result<Vec<u8>> {
    match usize::try_from(len) {
        Ok(len) if len <= there.len() => {
            there.truncate(len);
            Ok(there)
        }
        _ => store.block(address, len, at),
    }
}

#[inline(never)]
fn load_v1(store: &Store, address: Addr, head: Vec<u8>) -> Result<ObjectHeader> {
    let head = first_bytes(store, address, head, header::V1_PREFIX_BYTES, &header::V1)?;
    let (prefix, used) = decode::<PrefixV1>(&head, (), &header::V1).at(&header::V1, address.raw())?;
    let size = header::V1_PREFIX_BYTES.saturating_add(u64::from(prefix.chunk_bytes));
    let block = first_bytes(store, address, head, size, &header::V1)?;
    let mut loaded = ObjectHeader {
        address,
        life: store.life(address),
        version: 1,
        references: prefix.references,
        times: None,
        order_tracked: false,
        messages: Vec::new(),
        forbidden: None,
        broken: None,
    };
    // The prefix counts the messages too, but libhdf5 trusts what it finds.
    let mut queue = Vec::new();
    let first = header::messages_v1(block.get(used..).unwrap_or_default()).at(&header::V1, address.raw())?;
    loaded.add(first, &mut queue, store)?;
    loaded.follow(store, queue, |_, block| header::messages_v1(block))?;
    Ok(loaded)
}

#[inline(never)]
fn load_v2(store: &Store, address: Addr, head: Vec<u8>) -> Result<ObjectHeader> {
    let head = if head.len() < 40 { store.block_up_to(address, 40, &header::V2)? } else { head };
    let (prefix, used) = decode::<PrefixV2>(&head, (), &header::V2)?;
    let size = u64::try_from(used).unwrap_or(0).checked_add(prefix.chunk_bytes).and_then(|n| n.checked_add(4));
    let block = first_bytes(store, address, head, size.unwrap_or(u64::MAX), &header::V2)?;
    let body = checksum::verify(&block, &header::V2)?;
    let mut loaded = ObjectHeader {
        address,
        life: store.life(address),
        version: 2,
        references: 1,
        times: prefix.times,
        order_tracked: prefix.order_tracked(),
        messages: Vec::new(),
        forbidden: None,
        broken: None,
    };
    let mut queue = Vec::new();
    let first = header::messages_v2(body.get(used..).unwrap_or_default(), prefix.order_tracked())?;
    loaded.add(first, &mut queue, store)?;
    loaded.follow(store, queue, |h, block| {
        let body = checksum::verify(block, &header::CONTINUATION)?;
        match body.split_first_chunk::<4>() {
            Some((&header::CONTINUATION_SIGNATURE, messages)) => header::messages_v2(messages, h.order_tracked),
            _ => Err(header::CONTINUATION.damaged("no signature OCHK")),
        }
    })?;
    if let Some(count) = loaded.find(message::REFERENCE_COUNT) {
        let at = message::reference_count::HERE;
        loaded.references = decode::<message::reference_count::ReferenceCount>(&count.body, (), &at)?.0.count;
    }
    Ok(loaded)
}
