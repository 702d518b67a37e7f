//! Values that lead elsewhere: variable-length data and references; global heap collections.

use super::context::Check;
use super::ledger::Kind;
use crate::error::{At, Error, Result};
use crate::format::global_heap::{CollectionHeader, HERE};
use crate::format::message::datatype::{Class, Datatype, ReferenceKind};
use crate::format::reference;
use crate::model::reference::Reference;
use crate::store::header::ObjectHeader;
use crate::store::heap::global::Collection;
use crate::wire::{Addr, decode};

/// Bytes of a gap that are searched at a time.
const SEARCHED_BYTES: u64 = 1 << 20;

impl Check<'_> {
    /// Follows what stored elements of this type lead to.
    pub(super) fn values(&mut self, t: &Datatype, stored: &[u8]) -> Result<()> {
        if !t.is_variable() {
            return Ok(());
        }
        for element in stored.chunks_exact(t.bytes().max(1)) {
            if !self.spend(1) {
                return Ok(());
            }
            let result = self.value(t, element, 0);
            self.told(result)?;
        }
        Ok(())
    }
    fn value(&mut self, t: &Datatype, stored: &[u8], depth: u32) -> Result<()> {
        self.store.limits.depth(depth)?;
        let deeper = depth.saturating_add(1);
        match &t.class {
            Class::Compound(members) => {
                for m in members.iter().filter(|m| m.datatype.is_variable()) {
                    let start = usize::try_from(m.offset).unwrap_or(usize::MAX);
                    let part = stored.get(start..).and_then(|s| s.get(..m.datatype.bytes()));
                    let part = part.ok_or_else(|| Error::damaged("a member lies outside of its element"))?;
                    self.value(&m.datatype, part, deeper)?;
                }
                Ok(())
            }
            Class::Array { base, .. } => {
                stored.chunks_exact(base.bytes().max(1)).try_for_each(|part| self.value(base, part, deeper))
            }
            Class::VarString { .. } => self.variable(stored, 1).map(drop),
            Class::VarLen(base) => {
                let bytes = self.variable(stored, base.bytes())?;
                if !base.is_variable() {
                    return Ok(());
                }
                bytes
                    .chunks_exact(base.bytes().max(1))
                    .try_for_each(|part| if self.spend(1) { self.value(base, part, deeper) } else { Ok(()) })
            }
            Class::Reference(kind) => {
                if stored.iter().all(|b| *b == 0) {
                    return Ok(());
                }
                self.reference_collection(*kind, stored)?;
                match Reference::decode(self.c, *kind, stored)? {
                    Reference::To { object, file: None, .. }
                        if ObjectHeader::load(self.store, object).is_err() =>
                    {
                        self.note(format!(
                            "a reference leads to {object}, where there is no object (any more)"
                        ));
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
    /// Accounts for the collection that a reference's region lies in.
    fn reference_collection(&mut self, kind: ReferenceKind, stored: &[u8]) -> Result<()> {
        let w = self.store.widths;
        let collection = match kind {
            ReferenceKind::OldObject => return Ok(()),
            ReferenceKind::OldRegion => decode::<Addr>(stored, (w,), &reference::HERE)?.0,
            _ => {
                let (head, _) = decode::<reference::ReferenceHead>(stored, (w,), &reference::HERE)?;
                if head.kind == 0 || head.is_direct() {
                    return Ok(());
                }
                head.collection
            }
        };
        if collection.is_defined() && collection != Addr::new(0) {
            self.collection(collection)
        } else {
            Ok(())
        }
    }
    fn variable(&mut self, stored: &[u8], unit: usize) -> Result<Vec<u8>> {
        let width = usize::from(self.store.widths.offset);
        let short = || Error::damaged("a variable-length element without its heap address");
        let (length, rest) = stored.split_first_chunk::<4>().ok_or_else(short)?;
        let (address, index) = rest.split_at_checked(width).ok_or_else(short)?;
        let index = index.first_chunk::<4>().ok_or_else(short)?;
        let wanted = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).saturating_mul(unit);
        let (address, _) = decode::<Addr>(address, (self.store.widths,), &HERE)?;
        if wanted == 0 || address == Addr::new(0) || !address.is_defined() {
            return Ok(Vec::new());
        }
        self.collection(address)?;
        let object = Collection::open(self.store, address)?.object(u32::from_le_bytes(*index))?;
        match object.get(..wanted) {
            Some(part) => Ok(part.to_vec()),
            None => Err(HERE.mismatch("bytes of an object", object.len(), wanted)).at(&HERE, address.raw()),
        }
    }
    /// Accounts for a global heap collection, at the first time it is met.
    pub(super) fn collection(&mut self, address: Addr) -> Result<()> {
        if self.first_time(address) {
            let size = self.collection_size(address)?;
            self.claim(address, size, Kind::GlobalHeaps, &HERE);
        }
        Ok(())
    }
    fn collection_size(&self, address: Addr) -> Result<u64> {
        let w = self.store.widths;
        Collection::open(self.store, address)?;
        let head = self.store.block(address, CollectionHeader::encoded_size(w), &HERE)?;
        Ok(decode::<CollectionHeader>(&head, (w,), &HERE)?.0.size.0)
    }
    /// Looks in a stretch that nobody uses for collections: without `Options::data`, elements that lead to
    /// them are not read. Gives the bytes that they take.
    pub(super) fn search_collections(&mut self, start: u64, end: u64) -> Result<Vec<(u64, u64)>> {
        let mut found = Vec::new();
        let mut at = start.next_multiple_of(8);
        while at < end && self.spend(1) {
            let part = end.saturating_sub(at).min(SEARCHED_BYTES);
            let block = self.store.block(Addr::new(at), part, &HERE)?;
            let hit = block.chunks(8).position(|b| b.starts_with(b"GCOL"));
            let Some(hit) = hit.and_then(|n| u64::try_from(n).ok()) else {
                at = at.saturating_add(part).next_multiple_of(8);
                continue;
            };
            at = at.saturating_add(hit.saturating_mul(8));
            match self.collection_size(Addr::new(at)) {
                Ok(size) if at.saturating_add(size) <= end => {
                    found.push((at, size));
                    at = at.saturating_add(size.max(8)).next_multiple_of(8);
                }
                _ => at = at.saturating_add(8),
            }
        }
        Ok(found)
    }
}
