//! Dense storage: links or attributes in a fractal heap, indexed by name and perhaps by creation order.
//!
//! Links and attributes differ in their records and in what their messages hold, and in nothing else.

use std::cmp::Ordering;

use crate::error::{Error, Result};
use crate::format::btree2::HERE;
use crate::format::btree2::records::{AttributeByName, AttributeByOrder, LinkByName, LinkByOrder, Record};
use crate::store::Store;
use crate::store::btree::v2::{self, NewTree};
use crate::store::heap::fractal::{self, FractalHeap, NewHeap};
use crate::wire::{Addr, Widths, checksum::lookup3, encode};

/// What is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Links: record types 5 and 6.
    Links,
    /// Attributes: record types 8 and 9.
    Attributes,
}

/// Where it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dense {
    /// What it is.
    pub kind: Kind,
    /// The fractal heap with the messages.
    pub heap: Addr,
    /// The index by name.
    pub name_index: Addr,
    /// The index by creation order, if there is one.
    pub order_index: Option<Addr>,
}

/// An entry of the name index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    hash: u32,
    /// Where the message is in the heap.
    pub heap_id: Vec<u8>,
    flags: u8,
    /// Creation index of an attribute (links have theirs in the message).
    pub order: u32,
}

/// Reads the name out of a stored message.
pub type NameOf<'a> = &'a dyn Fn(&[u8]) -> Result<Vec<u8>>;

fn fixed<const N: usize>(id: &[u8]) -> Result<[u8; N]> {
    id.try_into().map_err(|_| Error::damaged(format!("a heap ID of {} bytes, expected {N}", id.len())))
}

impl Kind {
    fn entry(self, record: &[u8]) -> Result<Entry> {
        match self {
            Kind::Links => {
                let r = LinkByName::decode(record, 5, Widths::EIGHT)?;
                Ok(Entry { hash: r.hash, heap_id: r.heap_id.to_vec(), flags: 0, order: 0 })
            }
            Kind::Attributes => {
                let r = AttributeByName::decode(record, 8, Widths::EIGHT)?;
                Ok(Entry { hash: r.hash, heap_id: r.heap_id.to_vec(), flags: r.flags, order: r.order })
            }
        }
    }
    fn by_name(self, e: &Entry) -> Result<Vec<u8>> {
        match self {
            Kind::Links => encode(&LinkByName { hash: e.hash, heap_id: fixed(&e.heap_id)? }, (), &HERE),
            Kind::Attributes => {
                let heap_id = fixed(&e.heap_id)?;
                encode(&AttributeByName { heap_id, flags: e.flags, order: e.order, hash: e.hash }, (), &HERE)
            }
        }
    }
    fn by_order(self, e: &Entry, order: i64) -> Result<Vec<u8>> {
        match self {
            Kind::Links => encode(&LinkByOrder { order, heap_id: fixed(&e.heap_id)? }, (), &HERE),
            Kind::Attributes => {
                let heap_id = fixed(&e.heap_id)?;
                encode(&AttributeByOrder { heap_id, flags: e.flags, order: e.order }, (), &HERE)
            }
        }
    }
    fn order_of(self, record: &[u8]) -> Result<i64> {
        match self {
            Kind::Links => Ok(LinkByOrder::decode(record, 6, Widths::EIGHT)?.order),
            Kind::Attributes => Ok(AttributeByOrder::decode(record, 9, Widths::EIGHT)?.order.into()),
        }
    }
}

impl Dense {
    /// Makes an empty store.
    pub fn create(store: &Store, kind: Kind, by_order: bool) -> Result<Dense> {
        let (heap, name, order) = match kind {
            Kind::Links => (NewHeap::links(), NewTree::small(5, 11), NewTree::small(6, 15)),
            Kind::Attributes => (NewHeap::attributes(), NewTree::small(8, 17), NewTree::small(9, 13)),
        };
        Ok(Dense {
            kind,
            heap: fractal::create(store, &heap)?,
            name_index: v2::create(store, &name)?,
            order_index: if by_order { Some(v2::create(store, &order)?) } else { None },
        })
    }
    /// How many messages there are.
    pub fn count(&self, store: &Store) -> Result<u64> {
        v2::total(store, self.name_index)
    }
    fn compare<'a>(
        &self,
        store: &'a Store,
        name: &'a [u8],
        name_of: NameOf<'a>,
    ) -> impl FnMut(&[u8]) -> Result<Ordering> + use<'a> {
        let (kind, heap, hash) = (self.kind, self.heap, lookup3(name));
        move |record| {
            let entry = kind.entry(record)?;
            Ok(match entry.hash.cmp(&hash) {
                // A shared attribute lies in another heap; its name is looked at by the caller before.
                Ordering::Equal if entry.flags & 2 != 0 => Ordering::Equal,
                Ordering::Equal => {
                    let body = FractalHeap::open(store, heap)?.object(store, &entry.heap_id)?;
                    name_of(&body)?.as_slice().cmp(name)
                }
                other => other,
            })
        }
    }
    /// Adds a message under a name that is not there yet.
    pub fn insert(&self, store: &Store, name: &[u8], order: i64, body: &[u8], name_of: NameOf<'_>) -> Result<()> {
        let heap_id = fractal::insert(store, self.heap, body)?;
        let number = u32::try_from(order).unwrap_or(0);
        let entry = Entry { hash: lookup3(name), heap_id, flags: 0, order: number };
        v2::insert(store, self.name_index, &self.kind.by_name(&entry)?, self.compare(store, name, name_of))?;
        if let Some(index) = self.order_index {
            let kind = self.kind;
            let record = kind.by_order(&entry, order)?;
            v2::insert(store, index, &record, |r| Ok(kind.order_of(r)?.cmp(&order)))?;
        }
        Ok(())
    }
    /// Removes the message with this name; gives it.
    pub fn remove(&self, store: &Store, name: &[u8], order: i64, name_of: NameOf<'_>) -> Result<Option<Vec<u8>>> {
        let Some(record) = v2::remove(store, self.name_index, self.compare(store, name, name_of))? else {
            return Ok(None);
        };
        let entry = self.kind.entry(&record)?;
        if let Some(index) = self.order_index {
            let kind = self.kind;
            v2::remove(store, index, |r| Ok(kind.order_of(r)?.cmp(&order)))?;
        }
        if entry.flags & 2 != 0 {
            return Ok(Some(Vec::new()));
        }
        let body = FractalHeap::open(store, self.heap)?.object(store, &entry.heap_id)?.to_vec();
        fractal::remove(store, self.heap, &entry.heap_id)?;
        Ok(Some(body))
    }
    /// Gives all space back.
    pub fn delete(&self, store: &Store) -> Result<()> {
        let mut nothing = |_: &[u8]| Ok(());
        v2::delete(store, self.name_index, &mut nothing)?;
        if let Some(index) = self.order_index {
            v2::delete(store, index, &mut nothing)?;
        }
        fractal::delete(store, self.heap)
    }
}
