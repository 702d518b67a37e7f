//! The links of a group, however it stores them: symbol table, in the header, or in a heap.

use std::cmp::Ordering;

use crate::error::{At, Error, Result};
use crate::format::btree2::records::LinkByName;
use crate::format::header::RawMessage;
use crate::format::message::link::{self, Link, Target};
use crate::format::message::link_info::{self, LinkInfo};
use crate::format::message::symbol_table::{self, SymbolTableMessage};
use crate::format::message::{self};
use crate::format::symbols::{self, Cached, SymbolEntry};
use crate::store::Store;
use crate::store::btree::{v1, v2};
use crate::store::header::ObjectHeader;
use crate::store::heap::fractal::FractalHeap;
use crate::store::heap::local::LocalHeap;
use crate::store::open::Container;
use crate::store::symbols::node as table_node;
use crate::wire::{checksum::lookup3, decode};

/// Where a group keeps its links beyond those in its header.
enum Storage {
    Symbols(SymbolTableMessage),
    New(Option<LinkInfo>),
}

pub mod edit;

fn storage(c: &Container, messages: &[RawMessage]) -> Result<Storage> {
    let w = c.store.widths;
    let find = |kind: u16| messages.iter().find(|m| m.kind == kind);
    if let Some(m) = find(message::SYMBOL_TABLE) {
        let (body, _) = super::shared::body(c, m)?;
        return Ok(Storage::Symbols(decode(&body, (w,), &symbol_table::HERE)?.0));
    }
    match find(message::LINK_INFO) {
        Some(m) => Ok(Storage::New(Some(decode(&m.body, (w,), &link_info::HERE)?.0))),
        None => Ok(Storage::New(None)),
    }
}

/// Whether the group tracks the creation order of its links.
pub fn order_tracked(c: &Container, header: &ObjectHeader) -> bool {
    matches!(storage(c, &header.messages), Ok(Storage::New(Some(info))) if info.max_creation_index.is_some())
}

/// The link with this name, if there is one.
pub fn find(c: &Container, header: &ObjectHeader, name: &[u8]) -> Result<Option<Link>> {
    match storage(c, &header.messages)? {
        Storage::Symbols(table) => find_symbol(&c.store, &table, name),
        Storage::New(info) => {
            for m in header.all(message::LINK) {
                let link = parse(c, &m.body)?;
                if link.name == name {
                    return Ok(Some(link));
                }
            }
            match info {
                Some(info) if info.heap.is_defined() => find_dense(c, &info, name),
                _ => broken(header).map(|()| None),
            }
        }
    }
}

/// Visits every link, in the order of storage. What is broken comes last, as an error: the links before
/// it are sound.
pub fn each(c: &Container, header: &ObjectHeader, visit: &mut dyn FnMut(Link) -> Result<()>) -> Result<()> {
    let mut lost = None;
    let mut give = |link: Result<Link>| match link {
        Ok(link) => visit(link),
        Err(e) => keep(&mut lost, e),
    };
    match storage(c, &header.messages)? {
        Storage::Symbols(table) => {
            let heap = LocalHeap::open(&c.store, table.heap)?;
            v1::each_symbols(&c.store, table.btree, &mut |node| match table_node(&c.store, node) {
                Ok(node) => node.entries.iter().try_for_each(|entry| give(link_of(&heap, entry))),
                Err(e) => give(Err(e)),
            })?;
        }
        Storage::New(info) => {
            header.all(message::LINK).try_for_each(|m| give(parse(c, &m.body)))?;
            if let Some(info) = info.filter(|info| info.heap.is_defined()) {
                each_dense(c, &info, &mut give)?;
            }
        }
    }
    lost.map_or_else(|| broken(header), Err)
}

/// Visits the links of a heap, in the order of the index by name.
fn each_dense(c: &Container, info: &LinkInfo, give: &mut dyn FnMut(Result<Link>) -> Result<()>) -> Result<()> {
    let heap = FractalHeap::open(&c.store, info.heap)?;
    v2::each::<LinkByName>(&c.store, info.name_index, |record| {
        give(heap.object(&c.store, &record.heap_id).and_then(|body| parse(c, &body)))
    })
}

/// Keeps the first error about a broken link; one of the source of the bytes ends the walk at once.
fn keep(lost: &mut Option<Error>, e: Error) -> Result<()> {
    if e.is_missing() || e.is_io() {
        return Err(e);
    }
    lost.get_or_insert(e);
    Ok(())
}

/// A header whose continuation is broken may hide links.
fn broken(header: &ObjectHeader) -> Result<()> {
    match &header.broken {
        Some(e) => Err(Error::damaged(format!("the header goes on in a part that cannot be read: {e}"))),
        None => Ok(()),
    }
}

fn parse(c: &Container, body: &[u8]) -> Result<Link> {
    decode::<Link>(body, (c.store.widths,), &link::HERE).map(|(link, _)| link)
}

fn find_dense(c: &Container, info: &LinkInfo, name: &[u8]) -> Result<Option<Link>> {
    let heap = FractalHeap::open(&c.store, info.heap)?;
    let hash = lookup3(name);
    let mut found = None;
    v2::find::<LinkByName>(&c.store, info.name_index, |record| {
        Ok(match record.hash.cmp(&hash) {
            Ordering::Equal => {
                let link = parse(c, &heap.object(&c.store, &record.heap_id)?)?;
                let order = link.name.as_slice().cmp(name);
                if order == Ordering::Equal {
                    found = Some(link);
                }
                order
            }
            other => other,
        })
    })?;
    Ok(found)
}

fn link_of(heap: &LocalHeap, entry: &SymbolEntry) -> Result<Link> {
    let name = heap.name_at(entry.name_offset.0)?.to_vec();
    let target = match entry.cached {
        Cached::SoftLink { value_offset } => Target::Soft(heap.name_at(u64::from(value_offset))?.to_vec()),
        _ => Target::Hard(entry.header),
    };
    Ok(Link { order: None, utf8: false, name, target })
}

fn find_symbol(store: &Store, table: &SymbolTableMessage, name: &[u8]) -> Result<Option<Link>> {
    let heap = LocalHeap::open(store, table.heap)?;
    let node = v1::find_symbols(store, table.btree, &mut |offset| Ok(heap.name_at(offset)?.cmp(name)))?;
    let Some(address) = node else { return Ok(None) };
    let node = table_node(store, address).at(&symbols::HERE, address.raw())?;
    for entry in &node.entries {
        if heap.name_at(entry.name_offset.0)? == name {
            return link_of(&heap, entry).map(Some);
        }
    }
    Ok(None)
}
