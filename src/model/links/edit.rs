//! Changing the links of a group, however it stores them.

use super::{Storage, parse, storage};
use crate::error::{Error, Result};
use crate::format::header::RawMessage;
use crate::format::message::group_info::{self, GroupInfo};
use crate::format::message::link::{self, Link, Target};
use crate::format::message::link_info::{self, LinkInfo};
use crate::format::message::symbol_table::SymbolTableMessage;
use crate::format::message::{GROUP_INFO, LINK, LINK_INFO, SYMBOL_TABLE};
use crate::model::dense::{Dense, Kind};
use crate::store::header::ObjectHeader;
use crate::store::header::edit::HeaderEdit;
use crate::store::open::Container;
use crate::store::symbols::{NewSymbol, SymbolTable};
use crate::wire::{Addr, decode, encode};

/// The most bytes of a link message in a header.
const MAX_COMPACT_BYTES: usize = 65_000;

fn table(c: &Container, message: &SymbolTableMessage) -> SymbolTable {
    let (leaf_k, internal_k) = c.group_k();
    SymbolTable { tree: message.btree, heap: message.heap, leaf_k, internal_k }
}

fn dense(info: &LinkInfo) -> Dense {
    let order_index = info.order_index.filter(|a| a.is_defined());
    Dense { kind: Kind::Links, heap: info.heap, name_index: info.name_index, order_index }
}

fn name_of(c: &Container) -> impl Fn(&[u8]) -> Result<Vec<u8>> {
    move |body| Ok(parse(c, body)?.name)
}

fn phase_change(group: &HeaderEdit) -> Result<(u16, u16)> {
    let Some(m) = group.find(GROUP_INFO) else { return Ok((8, 6)) };
    let (info, _) = decode::<GroupInfo>(&m.body, (), &group_info::HERE)?;
    Ok(info.phase_change.map_or((8, 6), |p| (p.max_compact, p.min_dense)))
}

fn body(c: &Container, link: &Link) -> Result<Vec<u8>> {
    encode(link, (c.store.widths,), &link::HERE)
}

fn set_info(c: &Container, group: &mut HeaderEdit, info: &LinkInfo) -> Result<()> {
    group.set(LINK_INFO, encode(info, (c.store.widths,), &link_info::HERE)?);
    Ok(())
}

/// Adds a link under a name that is not there yet. The header is to be saved by the caller.
pub fn insert(c: &Container, group: &mut HeaderEdit, mut link: Link) -> Result<()> {
    let mut info = match storage(c, &group.messages)? {
        Storage::Symbols(message) => {
            let new = match &link.target {
                Target::Hard(address) => NewSymbol::Hard(*address),
                Target::Soft(path) => NewSymbol::Soft(path.clone()),
                Target::External { .. } | Target::User { .. } => {
                    convert(c, group)?;
                    return insert(c, group, link);
                }
            };
            return table(c, &message).insert(&c.store, &link.name, &new);
        }
        Storage::New(info) => info.unwrap_or(LinkInfo {
            max_creation_index: None,
            heap: Addr::UNDEFINED,
            name_index: Addr::UNDEFINED,
            order_index: None,
        }),
    };
    let next = info.max_creation_index;
    link.order = next;
    info.max_creation_index = next.map(|n| n.saturating_add(1));
    let encoded = body(c, &link)?;
    let compact = group.messages.iter().filter(|m| m.kind == LINK).count();
    let room = compact < usize::from(phase_change(group)?.0) && encoded.len() <= MAX_COMPACT_BYTES;
    if !info.heap.is_defined() && room {
        group.messages.push(RawMessage { kind: LINK, flags: 0, order: None, body: encoded });
    } else {
        if !info.heap.is_defined() {
            into_heap(c, group, &mut info)?;
        }
        dense(&info).insert(&c.store, &link.name, next.unwrap_or(0), &encoded, &name_of(c))?;
    }
    set_info(c, group, &info)
}

/// Moves the links in the header into a heap.
fn into_heap(c: &Container, group: &mut HeaderEdit, info: &mut LinkInfo) -> Result<()> {
    let new = Dense::create(&c.store, Kind::Links, info.order_index.is_some())?;
    (info.heap, info.name_index) = (new.heap, new.name_index);
    info.order_index = info.order_index.and(new.order_index);
    for m in group.messages.iter().filter(|m| m.kind == LINK) {
        let link = parse(c, &m.body)?;
        new.insert(&c.store, &link.name, link.order.unwrap_or(0), &m.body, &name_of(c))?;
    }
    group.remove(LINK);
    Ok(())
}

/// Removes the link with this name; gives it. The header is to be saved by the caller.
pub fn remove(c: &Container, group: &mut HeaderEdit, name: &[u8]) -> Result<Option<Link>> {
    let header = ObjectHeader::load(&c.store, group.address())?;
    let Some(link) = super::find(c, &header, name)? else { return Ok(None) };
    match storage(c, &group.messages)? {
        Storage::Symbols(message) => {
            table(c, &message).remove(&c.store, name)?;
        }
        Storage::New(info) => {
            let mut kept = Vec::new();
            for m in std::mem::take(&mut group.messages) {
                if m.kind != LINK || parse(c, &m.body)?.name != name {
                    kept.push(m);
                }
            }
            group.messages = kept;
            if let Some(mut info) = info.filter(|i| i.heap.is_defined()) {
                let order = link.order.unwrap_or(0);
                dense(&info).remove(&c.store, name, order, &name_of(c))?;
                if dense(&info).count(&c.store)? < u64::from(phase_change(group)?.1) {
                    out_of_heap(c, group, &mut info)?;
                }
            }
        }
    }
    Ok(Some(link))
}

/// Moves few links out of their heap into the header.
fn out_of_heap(c: &Container, group: &mut HeaderEdit, info: &mut LinkInfo) -> Result<()> {
    let mut links = Vec::new();
    super::each_dense(c, info, &mut |link| {
        links.push(link?);
        Ok(())
    })?;
    links.sort_by(|a: &Link, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let bodies = links.iter().map(|l| body(c, l)).collect::<Result<Vec<_>>>()?;
    if bodies.iter().any(|b| b.len() > MAX_COMPACT_BYTES) {
        return Ok(());
    }
    dense(info).delete(&c.store)?;
    (info.heap, info.name_index) = (Addr::UNDEFINED, Addr::UNDEFINED);
    info.order_index = info.order_index.map(|_| Addr::UNDEFINED);
    group.messages.extend(bodies.into_iter().map(|body| RawMessage { kind: LINK, flags: 0, order: None, body }));
    set_info(c, group, info)
}

/// Turns a group with a symbol table into one of the new style, which can hold links of all kinds.
fn convert(c: &Container, group: &mut HeaderEdit) -> Result<()> {
    let header = ObjectHeader::load(&c.store, group.address())?;
    let mut links = Vec::new();
    super::each(c, &header, &mut |link| {
        links.push(link);
        Ok(())
    })?;
    delete(c, group)?;
    group.remove(SYMBOL_TABLE);
    add_messages(c, group, false, false)?;
    links.into_iter().try_for_each(|link| insert(c, group, link))
}

/// Adds the messages of an empty new-style group.
pub fn add_messages(c: &Container, group: &mut HeaderEdit, track: bool, index: bool) -> Result<()> {
    let info = LinkInfo {
        max_creation_index: (track || index).then_some(0),
        heap: Addr::UNDEFINED,
        name_index: Addr::UNDEFINED,
        order_index: index.then_some(Addr::UNDEFINED),
    };
    set_info(c, group, &info)?;
    let hints = encode(&GroupInfo { phase_change: None, estimate: None }, (), &group_info::HERE)?;
    group.messages.push(RawMessage { kind: GROUP_INFO, flags: 1, order: None, body: hints });
    Ok(())
}

/// Gives the space of the links back, not that of what they lead to.
pub fn delete(c: &Container, group: &HeaderEdit) -> Result<()> {
    match storage(c, &group.messages)? {
        Storage::Symbols(message) => table(c, &message).delete(&c.store),
        Storage::New(Some(info)) if info.heap.is_defined() => dense(&info).delete(&c.store),
        Storage::New(_) => Ok(()),
    }
}

/// An error where a name cannot be that of a link.
pub fn check_name(name: &[u8]) -> Result<()> {
    let bad = match name {
        [] => "empty",
        b"." => "`.`",
        _ if name.contains(&b'/') => "one with a slash",
        _ if name.contains(&0) => "one with a NUL",
        _ => return Ok(()),
    };
    Err(Error::usage(format!("the name of a link is not to be {bad}")))
}
