//! The header of a copy: every message in the form of the target, and attributes.

use super::rescue::{Damage, Part};
use super::{Copier, Pending};
use crate::error::{Error, Result};
use crate::format::header::{PhaseChange, RawMessage, SHARED, Times, V2};
use crate::format::message::attribute::AttributeMessage;
use crate::format::message::dataspace::{self, Dataspace, SpaceClass};
use crate::format::message::datatype::{self, Datatype};
use crate::format::message::fill::{self, Fill, FillRules, FillValue, OldFill};
use crate::format::message::filter_pipeline::{self, FilterPipeline};
use crate::format::message::group_info::{self, GroupInfo};
use crate::format::message::layout;
use crate::format::message::link::Target;
use crate::format::message::link_info::{self, LinkInfo};
use crate::format::message::shared::{self as shared_pointer, Location, SharedMessage};
use crate::format::message::symbol_table::{self, SymbolTableMessage};
use crate::format::message::times::{self, ModificationTime};
use crate::format::message::{
    ATTRIBUTE, ATTRIBUTE_INFO, BTREE_K, CACHE_IMAGE, DATASPACE, DATATYPE, DRIVER_INFO, EXTERNAL_FILES,
    FILE_SPACE, FILL, FILL_OLD, FILTERS, GROUP_INFO, LAYOUT, LINK, LINK_INFO, REFERENCE_COUNT, SHARED_TABLE,
    SYMBOL_TABLE, TIME, TIME_OLD,
};
use crate::format::versions::Bound;
use crate::model::attributes::{self, StoredAttribute};
use crate::model::dataset::DatasetInfo;
use crate::model::object::ObjectKind;
use crate::model::shared;
use crate::store::header::ObjectHeader;
use crate::store::header::edit::{HeaderEdit, NewHeader};
use crate::store::symbols::SymbolTable;
use crate::wire::{Addr, decode, encode};

/// The most room that a header is given at first for attributes and links.
const MOST_ROOM: usize = 16 << 10;

fn message(kind: u16, flags: u8, body: Vec<u8>) -> RawMessage {
    RawMessage { kind, flags: flags & !SHARED, order: None, body }
}

impl Copier<'_> {
    /// Makes the header of a copy: all but attributes, links and elements is there.
    pub(super) fn create(&mut self, from: Addr, emptied: bool) -> Result<Addr> {
        let header = ObjectHeader::load_any(&self.source.store, from)?;
        let old = HeaderEdit::of(&self.source.store, &header)?;
        let version = self.version(&header, &old);
        let mut room: usize = header.all(ATTRIBUTE).map(|m| m.body.len().saturating_add(16)).sum();
        let messages = match header.kind() {
            ObjectKind::Group => {
                let links: usize = header.all(LINK).map(|m| m.body.len().saturating_add(8)).sum();
                room = room.saturating_add(if emptied { 0 } else { links });
                self.group(&header, version)?
            }
            ObjectKind::Dataset => self.dataset_messages(&header, version)?,
            ObjectKind::Datatype => self.type_messages(&header, version)?,
            ObjectKind::Unknown if self.options.damage == Damage::LeaveOut => {
                return Err(V2.damaged("the header describes neither group nor dataset nor datatype"));
            }
            ObjectKind::Unknown => self.others(&header, version)?,
        };
        let phase = old.phase_change();
        let times = header.times.or_else(|| (version == 2).then(|| old_times(&header)).flatten());
        let new = NewHeader {
            version,
            times: times.filter(|_| version == 2),
            order_tracked: old.order_tracked(),
            order_indexed: old.order_indexed(),
            phase_change: (version == 2 && phase != (8, 6))
                .then_some(PhaseChange { max_compact: phase.0, min_dense: phase.1 }),
            room: room.min(MOST_ROOM).saturating_add(32),
        };
        let to = HeaderEdit::create(&self.target.store, &new, messages)?;
        let unknown: Vec<RawMessage> = header.messages.iter().filter(|m| m.kind > CACHE_IMAGE).cloned().collect();
        if !unknown.is_empty() {
            self.unknown.push((to, unknown));
        }
        Ok(to)
    }
    /// Version 2 in files for readers that know it, and where what the object has needs it.
    fn version(&self, header: &ObjectHeader, old: &HeaderEdit) -> u8 {
        let own = Bound::of_superblock(self.source.superblock.version()) == Bound::Earliest;
        let needed = header.version == 2 && (own || old.order_tracked() || old.phase_change() != (8, 6));
        if needed { 2 } else { self.options.bound.header() }
    }
    /// The messages that copies of all objects have as they are.
    fn others(&self, header: &ObjectHeader, version: u8) -> Result<Vec<RawMessage>> {
        let mut out = Vec::new();
        for m in &header.messages {
            match m.kind {
                DATASPACE | DATATYPE | FILL | FILL_OLD | FILTERS | EXTERNAL_FILES | LAYOUT => {}
                ATTRIBUTE | ATTRIBUTE_INFO | REFERENCE_COUNT | SYMBOL_TABLE | LINK_INFO | LINK | GROUP_INFO => {}
                TIME | TIME_OLD if version == 2 => {}
                // They are about a whole file, and mean nothing on its objects.
                SHARED_TABLE | BTREE_K | DRIVER_INFO | FILE_SPACE | CACHE_IMAGE => {}
                unknown if unknown > CACHE_IMAGE => {}
                _ if m.flags & SHARED != 0 => out.push(message(m.kind, m.flags, shared::body(self.source, m)?.0.into_owned())),
                // Version 1 pads bodies; in version 2 the padding would be a part of them.
                _ => out.push(message(m.kind, m.flags, m.body.clone())),
            }
        }
        if let (1, Some(times)) = (version, header.times)
            && header.kind() == ObjectKind::Dataset
        {
            out.push(message(TIME, 0, encode(&ModificationTime { seconds: times.modification }, (), &times::HERE)?));
        }
        Ok(out)
    }
    fn group(&mut self, header: &ObjectHeader, version: u8) -> Result<Vec<RawMessage>> {
        let others = self.others(header, version)?;
        let w = self.source.store.widths;
        let info = match header.find(LINK_INFO) {
            Some(m) => match decode::<LinkInfo>(&m.body, (w,), &link_info::HERE) {
                Err(e) if !self.spares(&e) => return Err(e),
                read => read.ok().map(|(info, _)| info),
            },
            None => None,
        };
        let mut names = 0u64;
        let mut plain = true;
        let (links, read) = super::links_of(self.source, header);
        match read {
            Err(e) if !self.spares(&e) => return Err(e),
            _ => {}
        }
        for link in links {
            let value = match &link.target {
                Target::Soft(path) => path.len().saturating_add(9),
                Target::Hard(_) => 0,
                Target::External { .. } | Target::User { .. } => {
                    plain = false;
                    0
                }
            };
            let bytes = link.name.len().saturating_add(9).saturating_add(value);
            names = names.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
        let tracked = info.as_ref().is_some_and(|i| i.max_creation_index.is_some());
        let was_old = header.find(SYMBOL_TABLE).is_some();
        let converted = Bound::of_superblock(self.source.superblock.version()) > Bound::Earliest;
        let mut out = Vec::new();
        if self.options.bound == Bound::Earliest && plain && !tracked && (was_old || converted) {
            let (leaf_k, internal_k) = self.target.group_k();
            let table = SymbolTable::create(&self.target.store, leaf_k, internal_k, names.clamp(88, 1 << 20))?;
            let body = SymbolTableMessage { btree: table.tree, heap: table.heap };
            out.push(message(SYMBOL_TABLE, 0, encode(&body, (self.target.store.widths,), &symbol_table::HERE)?));
        } else {
            let new = LinkInfo {
                max_creation_index: tracked.then_some(0),
                heap: Addr::UNDEFINED,
                name_index: Addr::UNDEFINED,
                order_index: info.and_then(|i| i.order_index).map(|_| Addr::UNDEFINED),
            };
            out.push(message(LINK_INFO, 0, encode(&new, (self.target.store.widths,), &link_info::HERE)?));
            let hints = match header.find(GROUP_INFO) {
                Some(m) => self.group_hints(m)?,
                None => encode(&GroupInfo { phase_change: None, estimate: None }, (), &group_info::HERE)?,
            };
            out.push(message(GROUP_INFO, 1, hints));
        }
        out.extend(others);
        Ok(out)
    }
    fn group_hints(&self, m: &RawMessage) -> Result<Vec<u8>> {
        let body = shared::body(self.source, m)?.0;
        match decode::<GroupInfo>(&body, (), &group_info::HERE) {
            Ok(_) => Ok(body.into_owned()),
            Err(e) if self.spares(&e) => {
                encode(&GroupInfo { phase_change: None, estimate: None }, (), &group_info::HERE)
            }
            Err(e) => Err(e),
        }
    }
    /// The body and the flags of a datatype message.
    fn type_message(&mut self, stored: &[u8], committed: Option<Addr>) -> Result<RawMessage> {
        match committed {
            Some(address) => Ok(RawMessage { flags: 1 | SHARED, ..message(DATATYPE, 1, self.pointer(address)?) }),
            None => Ok(message(DATATYPE, 1, self.type_body(stored)?)),
        }
    }
    /// A pointer to the copy of a committed type.
    fn pointer(&mut self, committed: Addr) -> Result<Vec<u8>> {
        let location = Location::Object(self.committed(committed)?);
        let version = if self.options.bound == Bound::Earliest { 2 } else { 3 };
        encode(&SharedMessage { version, location }, (self.target.store.widths,), &shared_pointer::HERE)
    }
    /// A datatype's bytes: as they are, where the target's readers know them.
    fn type_body(&self, stored: &[u8]) -> Result<Vec<u8>> {
        let parsed = Datatype::parse(stored)?;
        let new = self.type_in_target(&parsed).with_version_for(self.options.bound.datatype());
        if new == parsed { Ok(stored.to_vec()) } else { encode(&new, (0,), &datatype::HERE) }
    }
    fn type_messages(&mut self, header: &ObjectHeader, version: u8) -> Result<Vec<RawMessage>> {
        let mut out = Vec::new();
        if let Some(m) = header.find(DATATYPE) {
            let (body, _) = shared::body(self.source, m)?;
            out.push(message(DATATYPE, 1, self.type_body(&body)?));
        }
        out.extend(self.others(header, version)?);
        Ok(out)
    }
    fn space_body(&self, space: &Dataspace) -> Result<Vec<u8>> {
        let version = if space.class == SpaceClass::Null { 2 } else { self.options.bound.dataspace() };
        encode(&Dataspace { version, ..space.clone() }, (self.target.store.widths,), &dataspace::HERE)
    }
    fn dataset_messages(&mut self, header: &ObjectHeader, version: u8) -> Result<Vec<RawMessage>> {
        let info = DatasetInfo::load(self.source, header)?;
        let others = self.others(header, version)?;
        let bound = self.options.bound;
        let mut out = vec![message(DATASPACE, 0, self.space_body(&info.space)?)];
        let plan = self.plan(&info)?;
        if let Some(rules) = self.fill_rules(header)? {
            out.push(message(FILL, 1, encode(&Fill { version: bound.fill(), rules }, (), &fill::HERE)?));
        }
        if !plan.filters.is_empty() {
            let pipeline = FilterPipeline::from_stages(bound.filter_pipeline(), &plan.filters);
            out.push(message(FILTERS, 1, encode(&pipeline, (), &filter_pipeline::HERE)?));
        }
        if !info.external.is_empty() {
            let parts: Vec<_> = info.external.iter().map(|p| (p.file.clone(), p.offset, p.bytes)).collect();
            out.push(message(EXTERNAL_FILES, 1, crate::model::new_dataset::external(self.target, &parts)?));
        }
        out.push(message(LAYOUT, 0, encode(&plan.layout, (self.target.store.widths,), &layout::HERE)?));
        out.extend(others);
        // Last, when nothing can fail any more: a committed type counts its uses.
        if let Some(m) = header.find(DATATYPE) {
            let (body, committed) = shared::body(self.source, m)?;
            out.insert(1, self.type_message(&body, committed)?);
        }
        Ok(out)
    }
    /// The rules of the fill value; a value that leads elsewhere is translated when the object is filled.
    fn fill_rules(&self, header: &ObjectHeader) -> Result<Option<FillRules>> {
        if let Some(m) = header.find(FILL) {
            return Ok(Some(Fill::parse(&shared::body(self.source, m)?.0)?.rules));
        }
        let Some(m) = header.find(FILL_OLD) else { return Ok(None) };
        let value = decode::<OldFill>(&shared::body(self.source, m)?.0, (), &fill::OLD)?.0.value;
        let value = if value.is_empty() { FillValue::Default } else { FillValue::Given(value) };
        Ok(Some(FillRules { allocation_time: 2, fill_time: 2, value }))
    }
    /// Translates a fill value that leads elsewhere.
    pub(super) fn fill_value(&mut self, info: &DatasetInfo, edit: &mut HeaderEdit) -> Result<()> {
        let FillValue::Given(value) = &info.fill else { return Ok(()) };
        if !info.datatype.is_variable() || value.len() != info.datatype.bytes() {
            return Ok(());
        }
        let value = self.translated(&info.datatype, value)?;
        let Some(m) = edit.find(FILL) else { return Ok(()) };
        let mut fill = Fill::parse(&m.body)?;
        fill.rules.value = FillValue::Given(value);
        edit.set(FILL, encode(&fill, (), &fill::HERE)?);
        Ok(())
    }
    /// Copies the attributes of an object.
    pub(super) fn attributes(&mut self, header: &ObjectHeader, object: &Pending) -> Result<()> {
        let mut all: Vec<StoredAttribute> = Vec::new();
        let read = attributes::each(self.source, header, &mut |a| {
            all.push(a);
            Ok(())
        });
        self.lose(&object.path, Part::Attributes, read.map_err(|e| e.on_path(&object.path)))?;
        if all.is_empty() {
            return Ok(());
        }
        all.sort_by_key(|a| a.order);
        let mut edit = HeaderEdit::load(&self.target.store, object.to)?;
        for a in &all {
            let message = self.attribute(a, edit.version()).map(Some).map_err(|e| {
                e.on_path(&format!("{}, attribute {}", object.path, String::from_utf8_lossy(&a.message.name)))
            });
            let Some(message) = self.lose(&object.path, Part::Attributes, message)? else { continue };
            attributes::edit::set(self.target, &mut edit, &message)?;
        }
        edit.save(&self.target.store)
    }
    fn attribute(&mut self, a: &StoredAttribute, header_version: u8) -> Result<AttributeMessage> {
        let parts = a.parts(self.source)?;
        let m = &a.message;
        // First, since it can fail: a committed type counts its uses.
        let data = self.translated(&parts.datatype, &parts.data)?;
        let datatype = match (parts.committed, m.type_shared) {
            (Some(address), _) => self.pointer(address)?,
            (None, true) => self.type_body(&shared::follow(self.source, &m.datatype, DATATYPE)?.0)?,
            (None, false) => self.type_body(&m.datatype)?,
        };
        let needed = match (m.utf8, parts.committed.is_some()) {
            (true, _) => 3,
            (false, true) => 2,
            (false, false) => 1,
        };
        let version = if header_version == 2 { 3 } else { needed };
        Ok(AttributeMessage {
            version,
            utf8: m.utf8,
            name: m.name.clone(),
            datatype,
            type_shared: parts.committed.is_some(),
            dataspace: self.space_body(&parts.space)?,
            space_shared: false,
            data,
        })
    }
}

/// The times of an object whose old header has them as a message.
fn old_times(header: &ObjectHeader) -> Option<Times> {
    let m = header.find(TIME)?;
    let (time, _) = decode::<ModificationTime>(&m.body, (), &times::HERE).ok()?;
    let t = time.seconds;
    Some(Times { access: t, modification: t, change: t, birth: t })
}

/// An error for what the target cannot hold.
#[cold]
pub(super) fn too_wide(what: &str) -> Error {
    Error::unsupported(format!("{what} in a file of these widths"))
}
