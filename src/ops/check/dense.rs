//! New groups and attributes: in the header or in a heap with its indexes.

use std::collections::{HashMap, HashSet};

use super::context::Check;
use super::fractal::Heap;
use super::ledger::Kind;
use crate::error::{At, Result};
use crate::format::btree2::records::{
    AttributeByName, AttributeByOrder, HERE as RECORD, LinkByName, LinkByOrder, Record,
};
use crate::format::header::SHARED;
use crate::format::message::attribute::{self, AttributeMessage};
use crate::format::message::attribute_info::{self, AttributeInfo};
use crate::format::message::link::{self, Link, Target};
use crate::format::message::link_info::{self, LinkInfo};
use crate::format::message::shared::{self as pointer, Location, SharedMessage};
use crate::format::message::{self};
use crate::model::attributes::StoredAttribute;
use crate::model::shared;
use crate::store::header::ObjectHeader;
use crate::store::shared::SharedMessages;
use crate::wire::{Addr, checksum::lookup3, decode};

/// The path of a link.
fn joined(group: &str, name: &[u8]) -> String {
    let slash = if group.ends_with('/') { "" } else { "/" };
    format!("{group}{slash}{}", String::from_utf8_lossy(name))
}

impl<'f> Check<'f> {
    /// Counts a link; the object that a hard link leads to is to be checked.
    pub(super) fn link(&mut self, link: &Link) {
        if link.name.is_empty() || link.name.contains(&b'/') {
            let name = String::from_utf8_lossy(&link.name).into_owned();
            self.problem(&link::HERE, None, format!("a link with the name {name:?}"));
        }
        let Target::Hard(address) = link.target else { return };
        let uses = self.uses.entry(address).or_default();
        *uses = uses.saturating_add(1);
        if *uses == 1 && self.spend(u64::try_from(link.name.len()).unwrap_or(u64::MAX)) {
            let path = joined(self.path_text(self.path), &link.name);
            if self.spend(u64::try_from(path.len()).unwrap_or(u64::MAX)) {
                self.pending.push((address, path));
            }
        }
    }
    /// Checks the links of a new group.
    pub(super) fn links(&mut self, header: &ObjectHeader) -> Result<()> {
        let w = self.store.widths;
        let info = match header.find(message::LINK_INFO) {
            Some(m) => Some(decode::<LinkInfo>(&m.body, (w,), &link_info::HERE)?.0),
            None => None,
        };
        let next = info.as_ref().and_then(|i| i.max_creation_index);
        let mut names = HashSet::new();
        for m in header.all(message::LINK) {
            let (link, _) = decode::<Link>(&m.body, (w,), &link::HERE)?;
            self.creation(&link_info::HERE, header.address, link.order, next);
            if !names.insert(link.name.clone()) {
                let name = String::from_utf8_lossy(&link.name).into_owned();
                self.problem(&link::HERE, header.address.get(), format!("a second link of the name {name}"));
            }
            self.link(&link);
        }
        match info.filter(|i| i.heap.is_defined()) {
            Some(_) if !names.is_empty() => {
                self.problem(
                    &link_info::HERE,
                    header.address.get(),
                    "links both in the header and in a heap",
                );
                Ok(())
            }
            Some(info) => self.dense_links(&info, header.address),
            None => Ok(()),
        }
    }
    /// Checks that a creation index is below the one that comes next.
    fn creation(
        &mut self,
        at: &crate::error::Structure,
        address: Addr,
        order: Option<i64>,
        next: Option<i64>,
    ) {
        if let (Some(order), Some(next)) = (order, next)
            && order >= next
        {
            self.mismatch(
                at,
                address,
                "next creation index",
                next,
                format!("greater than {order}, which is in use"),
            );
        }
    }
    fn dense_links(&mut self, info: &LinkInfo, address: Addr) -> Result<()> {
        let Some(mut heap) = self.fractal_heap(info.heap)? else { return Ok(()) };
        let w = self.store.widths;
        let mut by_id: HashMap<[u8; 7], Option<i64>> = HashMap::new();
        let mut last: Option<(u32, Vec<u8>)> = None;
        let named = self.btree2(info.name_index, &[5], Kind::FractalHeaps, &mut |check, kind, raw| {
            let r = LinkByName::decode(raw, kind, w)?;
            let object = heap.object(check, &r.heap_id)?;
            let (link, _) = decode::<Link>(&object, (w,), &link::HERE)?;
            check.creation(&link_info::HERE, address, link.order, info.max_creation_index);
            by_id.insert(r.heap_id, link.order);
            check.name_record(info.name_index, r.hash, &link.name, &mut last);
            check.link(&link);
            Ok(())
        })?;
        if let Some(order_index) = info.order_index.filter(|_| named.is_some()) {
            let mut last = None;
            let mut found = 0usize;
            self.btree2(order_index, &[6], Kind::FractalHeaps, &mut |check, kind, raw| {
                let r = LinkByOrder::decode(raw, kind, w)?;
                found = found.saturating_add(1);
                check.order_record(order_index, r.order, &mut last);
                match by_id.get(&r.heap_id) {
                    Some(Some(order)) if *order == r.order => {}
                    Some(order) => {
                        let expected = order.map_or("none".to_string(), |o| o.to_string());
                        check.mismatch(&RECORD, order_index, "creation index of a link", r.order, expected);
                    }
                    None => check.absent(order_index, "order", r.order),
                }
                Ok(())
            })?;
            if found != by_id.len() {
                self.mismatch(
                    &RECORD,
                    order_index,
                    "links by order",
                    found,
                    format!("{}, as by name", by_id.len()),
                );
            }
        }
        if named.is_some() {
            self.heap_objects(heap)?;
        }
        Ok(())
    }
    fn absent(&mut self, index: Addr, kind: &str, number: impl std::fmt::Display) {
        let what =
            format!("{kind} index: number {number} names a heap object that the name index does not name");
        self.problem(&RECORD, index.get(), what);
    }
    /// Checks a record by name: its hash and its place after the last one.
    fn name_record(&mut self, index: Addr, hash: u32, name: &[u8], last: &mut Option<(u32, Vec<u8>)>) {
        let shown = String::from_utf8_lossy(name).into_owned();
        if hash != lookup3(name) {
            let expected = format!("{:#010x} ({shown})", lookup3(name));
            self.mismatch(&RECORD, index, "hash of a name", format!("{hash:#010x}"), expected);
        }
        let key = (hash, name.to_vec());
        if last.as_ref().is_some_and(|l| *l >= key) {
            self.problem(&RECORD, index.get(), format!("the record of {shown} is out of order"));
        }
        *last = Some(key);
    }
    /// Checks that a record's creation index is greater than the last one.
    fn order_record<T: PartialOrd + Copy + std::fmt::Display>(
        &mut self,
        index: Addr,
        order: T,
        last: &mut Option<T>,
    ) {
        if let Some(before) = last.filter(|l| *l >= order) {
            self.problem(&RECORD, index.get(), format!("creation index {order} stands after {before}"));
        }
        *last = Some(order);
    }
    /// Checks the attributes of an object.
    pub(super) fn attributes(&mut self, header: &ObjectHeader) -> Result<()> {
        let w = self.store.widths;
        let info = match header.find(message::ATTRIBUTE_INFO) {
            Some(m) => Some(decode::<AttributeInfo>(&m.body, (w,), &attribute_info::HERE)?.0),
            None => None,
        };
        let mut names = HashSet::new();
        for m in header.all(message::ATTRIBUTE) {
            let read =
                shared::body(self.c, m).and_then(|(body, _)| self.attribute(&body, m.flags & SHARED != 0));
            let Some(name) = self.told(read.at(&attribute::HERE, header.address.raw()))? else { continue };
            let next = info.as_ref().and_then(|i| i.max_creation_index).map(i64::from);
            self.creation(&attribute_info::HERE, header.address, m.order.map(i64::from), next);
            if !names.insert(name.clone()) {
                let name = String::from_utf8_lossy(&name).into_owned();
                self.problem(
                    &attribute::HERE,
                    header.address.get(),
                    format!("a second attribute of the name {name}"),
                );
            }
        }
        match info.filter(|i| i.heap.is_defined()) {
            Some(info) => self.dense_attributes(&info, header.address),
            None => Ok(()),
        }
    }
    /// Checks an attribute: type, space, data, and what the data lead to. Gives its name.
    ///
    /// A shared one counts once as a user of its type and space, however many objects have it.
    fn attribute(&mut self, body: &[u8], is_shared: bool) -> Result<Vec<u8>> {
        self.report.attributes = self.report.attributes.saturating_add(1);
        let (m, _) = decode::<AttributeMessage>(body, (), &attribute::HERE)?;
        let in_heap = |pointer: &[u8]| {
            let place = decode::<SharedMessage>(pointer, (self.store.widths,), &pointer::HERE);
            is_shared && matches!(place, Ok((SharedMessage { location: Location::Heap(_), .. }, _)))
        };
        let (type_counts, space_counts) = (!in_heap(&m.datatype), !in_heap(&m.dataspace));
        if m.type_shared && type_counts {
            self.pointer(&m.datatype, message::DATATYPE)?;
        }
        if m.space_shared && space_counts {
            self.pointer(&m.dataspace, message::DATASPACE)?;
        }
        let name = m.name.clone();
        let parts = StoredAttribute { message: m, order: None, dense: false }.parts(self.c)?;
        self.values(&parts.datatype, &parts.data)?;
        Ok(name)
    }
    fn dense_attributes(&mut self, info: &AttributeInfo, address: Addr) -> Result<()> {
        let Some(mut heap) = self.fractal_heap(info.heap)? else { return Ok(()) };
        let w = self.store.widths;
        let mut by_id: HashMap<([u8; 8], u8), u32> = HashMap::new();
        let mut last: Option<(u32, Vec<u8>)> = None;
        let next = info.max_creation_index.map(i64::from);
        let named = self.btree2(info.name_index, &[8], Kind::FractalHeaps, &mut |check, kind, raw| {
            let r = AttributeByName::decode(raw, kind, w)?;
            let body = check.dense_attribute(&mut heap, &r)?;
            let name = check.attribute(&body, r.flags & SHARED != 0)?;
            check.creation(&attribute_info::HERE, address, Some(i64::from(r.order)), next);
            by_id.insert((r.heap_id, r.flags), r.order);
            check.name_record(info.name_index, r.hash, &name, &mut last);
            Ok(())
        })?;
        if let Some(order_index) = info.order_index.filter(|_| named.is_some()) {
            let (mut last, mut found) = (None, 0usize);
            self.btree2(order_index, &[9], Kind::FractalHeaps, &mut |check, kind, raw| {
                let r = AttributeByOrder::decode(raw, kind, w)?;
                found = found.saturating_add(1);
                check.order_record(order_index, r.order, &mut last);
                match by_id.get(&(r.heap_id, r.flags)) {
                    Some(order) if *order == r.order => {}
                    Some(order) => {
                        check.mismatch(&RECORD, order_index, "creation index of an attribute", r.order, order)
                    }
                    None => check.absent(order_index, "order", r.order),
                }
                Ok(())
            })?;
            if found != by_id.len() {
                let expected = format!("{}, as by name", by_id.len());
                self.mismatch(&RECORD, order_index, "attributes by order", found, expected);
            }
        }
        if named.is_some() {
            self.heap_objects(heap)?;
        }
        Ok(())
    }
    fn dense_attribute(&mut self, heap: &mut Heap, r: &AttributeByName) -> Result<Vec<u8>> {
        if r.flags & SHARED == 0 {
            return heap.object(self, &r.heap_id).map(|o| o.to_vec());
        }
        let table = self.c.extension.shared_table;
        let table = table
            .ok_or_else(|| attribute::HERE.damaged("a shared attribute in a file without shared messages"))?;
        self.shared_use(r.heap_id, message::ATTRIBUTE)?;
        let open = SharedMessages::open(self.store, table.table, table.indexes)?;
        open.message(self.store, message::ATTRIBUTE, &r.heap_id).map(|o| o.to_vec())
    }
}
