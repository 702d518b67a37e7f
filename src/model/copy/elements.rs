//! Elements whose bytes lead elsewhere: what they lead to is copied, too.

use super::Copier;
use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, ReferenceKind};
use crate::store::heap::{Collections, global};
use crate::wire::{Addr, Widths};

fn short(stored: &[u8]) -> Error {
    Error::damaged(format!("{} bytes of an element that leads elsewhere", stored.len()))
}

fn address(stored: &[u8], w: Widths) -> Option<(Addr, &[u8])> {
    let (raw, rest) = stored.split_at_checked(usize::from(w.offset))?;
    let value = raw.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    let undefined = raw.iter().all(|b| *b == 0xff);
    Some((if undefined { Addr::UNDEFINED } else { Addr::new(value) }, rest))
}

fn put(out: &mut [u8], bytes: &[u8]) {
    out.iter_mut().zip(bytes).for_each(|(o, b)| *o = *b);
}

fn address_bytes(address: Addr, w: Widths) -> Result<Vec<u8>> {
    let raw = address.raw().to_le_bytes();
    match raw.split_at_checked(usize::from(w.offset)) {
        Some((low, high)) if high.iter().all(|b| *b == 0) || !address.is_defined() => Ok(low.to_vec()),
        _ => Err(Error::limit(format!("the address {address} in a file of {} byte addresses", w.offset))),
    }
}

impl Copier<'_> {
    /// The type as the target holds it.
    pub fn type_in_target(&self, datatype: &Datatype) -> Datatype {
        let (from, to) = (self.source.store.widths, self.target.store.widths);
        if from.offset == to.offset { datatype.clone() } else { datatype.clone().for_widths(to) }
    }
    /// Elements of the source, packed, as the target holds them.
    pub fn translated(&mut self, datatype: &Datatype, stored: &[u8]) -> Result<Vec<u8>> {
        if !datatype.is_variable() {
            return Ok(stored.to_vec());
        }
        let to = self.type_in_target(datatype);
        let source = self.source;
        let mut heaps = Collections::new(&source.store);
        self.items(datatype, &to, stored, &mut heaps)
    }
    fn items(&mut self, from: &Datatype, to: &Datatype, stored: &[u8], heaps: &mut Collections<'_>) -> Result<Vec<u8>> {
        let (size, new) = (from.bytes().max(1), to.bytes().max(1));
        let count = stored.len().checked_div(size).unwrap_or(0);
        let mut out = vec![0; count.saturating_mul(new)];
        for (element, place) in stored.chunks_exact(size).zip(out.chunks_exact_mut(new)) {
            self.element(from, to, element, place, heaps)?;
        }
        Ok(out)
    }
    fn element(
        &mut self,
        from: &Datatype,
        to: &Datatype,
        stored: &[u8],
        out: &mut [u8],
        heaps: &mut Collections<'_>,
    ) -> Result<()> {
        match (&from.class, &to.class) {
            (Class::VarLen(base), Class::VarLen(new)) => {
                let items = base.is_variable().then_some((base.as_ref(), new.as_ref()));
                self.sequence(stored, base.bytes(), items, out, heaps)
            }
            (Class::VarString { .. }, _) => self.sequence(stored, 1, None, out, heaps),
            (Class::Array { base, .. }, Class::Array { base: new, .. }) | (Class::Complex(base), Class::Complex(new)) => {
                if base.is_variable() {
                    let items = self.items(base, new, stored, heaps)?;
                    put(out, &items);
                } else {
                    put(out, stored);
                }
                Ok(())
            }
            (Class::Compound(members), Class::Compound(new)) => {
                if stored.len() == out.len() {
                    put(out, stored);
                }
                for (member, place) in members.iter().zip(new) {
                    let at = |m: u32| usize::try_from(m).unwrap_or(usize::MAX);
                    let old = stored.get(at(member.offset)..).and_then(|s| s.get(..member.datatype.bytes()));
                    let out = out.get_mut(at(place.offset)..).and_then(|s| s.get_mut(..place.datatype.bytes()));
                    let (Some(old), Some(out)) = (old, out) else { return Err(short(stored)) };
                    self.element(&member.datatype, &place.datatype, old, out, heaps)?;
                }
                Ok(())
            }
            (Class::Reference(kind), _) => self.reference(*kind, stored, out, heaps),
            _ => {
                put(out, stored);
                Ok(())
            }
        }
    }
    /// A string or sequence of variable length.
    fn sequence(
        &mut self,
        stored: &[u8],
        item_bytes: usize,
        items: Option<(&Datatype, &Datatype)>,
        out: &mut [u8],
        heaps: &mut Collections<'_>,
    ) -> Result<()> {
        let w = self.source.store.widths;
        let parts = stored.split_first_chunk::<4>().and_then(|(count, rest)| {
            let (collection, rest) = address(rest, w)?;
            Some((u32::from_le_bytes(*count), collection, u32::from_le_bytes(*rest.first_chunk::<4>()?)))
        });
        let Some((count, collection, index)) = parts else { return Err(short(stored)) };
        out.fill(0);
        if collection == Addr::new(0) || !collection.is_defined() {
            return Ok(());
        }
        let needed = usize::try_from(count).ok().and_then(|n| n.checked_mul(item_bytes));
        let bytes = match heaps.get(collection, index) {
            // Nothing is missing from an empty one.
            Err(e) if count == 0 && e.is_damaged() => return Ok(()),
            other => other?,
        };
        let found = bytes.len();
        let Some((bytes, rest)) = needed.and_then(|n| bytes.split_at_checked(n)) else {
            let what = format!("a sequence of {count} elements of {item_bytes} bytes has {found} bytes in its heap");
            return Err(Error::damaged(what));
        };
        self.spend(found)?;
        // Types of other machines may tell larger items: what follows them is a part of the object.
        let rest = rest.to_vec();
        let mut bytes = bytes.to_vec();
        if let Some((from, to)) = items {
            bytes = self.items(from, to, &bytes, heaps)?;
        }
        bytes.extend(rest);
        let (collection, index) = global::insert(&self.target.store, &bytes)?;
        self.place(out, &count.to_le_bytes(), collection, index)
    }
    /// Puts head, address and index of a heap object into an element.
    fn place(&self, out: &mut [u8], head: &[u8], collection: Addr, index: u32) -> Result<()> {
        let address = address_bytes(collection, self.target.store.widths)?;
        put(out, &[head, &address, &index.to_le_bytes()].concat());
        Ok(())
    }
    fn reference(
        &mut self,
        kind: ReferenceKind,
        stored: &[u8],
        out: &mut [u8],
        heaps: &mut Collections<'_>,
    ) -> Result<()> {
        let (from, to) = (self.source.store.widths, self.target.store.widths);
        out.fill(0);
        match kind {
            ReferenceKind::OldObject => {
                let (object, _) = address(stored, from).ok_or_else(|| short(stored))?;
                let copy = self.referenced(object)?;
                put(out, &address_bytes(copy, to)?);
                Ok(())
            }
            ReferenceKind::OldRegion => {
                let parts = address(stored, from).and_then(|(c, rest)| Some((c, rest.first_chunk::<4>()?)));
                let Some((collection, index)) = parts else { return Err(short(stored)) };
                if collection == Addr::new(0) || !collection.is_defined() {
                    return Ok(());
                }
                let bytes = heaps.get(collection, u32::from_le_bytes(*index))?.to_vec();
                self.spend(bytes.len())?;
                let (object, selection) = address(&bytes, from).ok_or_else(|| short(&bytes))?;
                let copy = self.referenced(object)?;
                if copy == Addr::new(0) {
                    return Ok(());
                }
                let bytes = [&address_bytes(copy, to)?, selection].concat();
                let (collection, index) = global::insert(&self.target.store, &bytes)?;
                self.place(out, &[], collection, index)
            }
            _ => self.new_reference(stored, out, heaps),
        }
    }
    /// A reference of HDF5 1.12: direct, or in a heap.
    fn new_reference(&mut self, stored: &[u8], out: &mut [u8], heaps: &mut Collections<'_>) -> Result<()> {
        let from = self.source.store.widths;
        match stored {
            [] | [0, ..] => Ok(()),
            [2, 0, rest @ ..] => {
                if let Some(token) = self.token(rest, 0)? {
                    put(out, &[&[2, 0][..], &token].concat());
                }
                Ok(())
            }
            [kind, flags, rest @ ..] => {
                let parts = rest.split_first_chunk::<4>().and_then(|(_, rest)| {
                    let (collection, rest) = address(rest, from)?;
                    Some((collection, u32::from_le_bytes(*rest.first_chunk::<4>()?)))
                });
                let Some((collection, index)) = parts else { return Err(short(stored)) };
                if collection == Addr::new(0) || !collection.is_defined() {
                    return Ok(());
                }
                let bytes = heaps.get(collection, index)?.to_vec();
                self.spend(bytes.len())?;
                let Some(bytes) = self.token(&bytes, *flags)? else { return Ok(()) };
                let size = u32::try_from(bytes.len()).map_err(|_| Error::limit("a reference of 4 GiB"))?;
                let (collection, index) = global::insert(&self.target.store, &bytes)?;
                let head = [&[*kind, *flags][..], &size.to_le_bytes()].concat();
                self.place(out, &head, collection, index)
            }
            [_] => Err(short(stored)),
        }
    }
    /// The stored form that begins with an object's token, with that of its copy; none where nothing is copied.
    /// The token of an object in another file (flag 1) stays.
    fn token(&mut self, stored: &[u8], flags: u8) -> Result<Option<Vec<u8>>> {
        if flags & 1 != 0 {
            return Ok(Some(stored.to_vec()));
        }
        let parts = stored.split_first().and_then(|(n, rest)| rest.split_at_checked(usize::from(*n)));
        let Some((token, rest)) = parts else { return Err(short(stored)) };
        let Some((object, _)) = address(token, self.source.store.widths) else { return Err(short(stored)) };
        let copy = self.referenced(object)?;
        if copy == Addr::new(0) {
            return Ok(None);
        }
        let to = self.target.store.widths;
        Ok(Some([&[to.offset][..], &address_bytes(copy, to)?, rest].concat()))
    }
}
