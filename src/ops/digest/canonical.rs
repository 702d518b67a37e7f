//! The canonical encoding of values: element after element, little-endian, members without padding,
//! variable-length data in place, references as paths.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Described;
use crate::data::virtual_data::coordinates;
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, Class, Datatype, ReferenceKind};
use crate::format::selection::{Span, StoredSelection, UNLIMITED};
use crate::limits::Limits;
use crate::model::reference::{Part, Reference};
use crate::store::heap::global::Collections;
use crate::wire::Addr;

/// Points of a selection that are listed; more are only counted.
const LISTED_POINTS: u64 = 1 << 20;

/// Hashes elements in their canonical encoding.
pub struct Canonical<'a> {
    described: &'a Described<'a>,
    datatype: &'a Datatype,
    heap: Collections<'a>,
    hash: Sha256,
    head: Vec<u8>,
    buffer: Vec<u8>,
}

impl<'a> Canonical<'a> {
    pub(crate) fn new(described: &'a Described<'a>, datatype: &'a Datatype) -> Self {
        let heap = Collections::new(&described.file.container().store);
        Canonical { described, datatype, heap, hash: Sha256::new(), head: Vec::new(), buffer: Vec::new() }
    }
    /// Adds stored elements.
    pub fn update(&mut self, stored: &[u8]) -> Result<()> {
        let datatype = self.datatype;
        if is_canonical(datatype) {
            self.add(stored);
            return Ok(());
        }
        for element in stored.chunks_exact(datatype.bytes().max(1)) {
            self.element(datatype, element, 0)?;
            if self.buffer.len() > 1 << 20 {
                self.flush();
            }
        }
        self.flush();
        Ok(())
    }
    /// The encoding of one element.
    pub(crate) fn encoded(mut self, stored: &[u8]) -> Result<Vec<u8>> {
        let datatype = self.datatype;
        self.element(datatype, stored, 0)?;
        Ok(self.buffer)
    }
    fn add(&mut self, bytes: &[u8]) {
        let missing = 32usize.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        self.hash.update(bytes);
    }
    fn flush(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.add(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
    }
    /// Writes the hash and the first bytes of the encoding.
    pub(crate) fn finish(self, o: &mut Map<String, Value>) {
        o.insert("digest".into(), json!(hex(&self.hash.finalize())));
        o.insert("head".into(), json!(hex(&self.head)));
    }
    fn element(&mut self, t: &Datatype, stored: &[u8], depth: u32) -> Result<()> {
        self.described.file.container().store.limits.depth(depth)?;
        let deeper = depth.saturating_add(1);
        match &t.class {
            Class::Integer { bits, .. } | Class::Bitfield(bits) => self.ordered(bits.order, stored),
            Class::Float(f) => self.ordered(f.order, stored),
            Class::Time { order, .. } => self.ordered(*order, stored),
            Class::String(_) | Class::Opaque { .. } => self.buffer.extend_from_slice(stored),
            Class::Enum { base, .. } => self.element(base, stored, deeper)?,
            Class::Compound(members) => {
                let mut sorted: Vec<_> = members.iter().collect();
                sorted.sort_by(|a, b| (a.offset, &a.name).cmp(&(b.offset, &b.name)));
                for m in sorted {
                    let start = usize::try_from(m.offset).unwrap_or(usize::MAX);
                    let part = stored.get(start..).and_then(|s| s.get(..m.datatype.bytes()));
                    let part = part.ok_or_else(|| Error::damaged("a member lies outside of its element"))?;
                    self.element(&m.datatype, part, deeper)?;
                }
            }
            Class::Array { base, .. } | Class::Complex(base) => {
                for part in stored.chunks_exact(base.bytes().max(1)) {
                    self.element(base, part, deeper)?;
                }
            }
            Class::VarString { .. } => {
                let bytes = self.variable(stored, 1)?;
                let text = bytes.split(|b| *b == 0).next().unwrap_or_default();
                self.count(text.len());
                self.buffer.extend_from_slice(text);
            }
            Class::VarLen(base) => {
                let bytes = self.variable(stored, base.bytes())?;
                self.count(bytes.len().checked_div(base.bytes().max(1)).unwrap_or(0));
                for part in bytes.chunks_exact(base.bytes().max(1)) {
                    self.element(base, part, deeper)?;
                }
            }
            Class::Reference(kind) => self.reference(*kind, stored)?,
        }
        Ok(())
    }
    fn ordered(&mut self, order: ByteOrder, stored: &[u8]) {
        if order == ByteOrder::Big {
            self.buffer.extend(stored.iter().rev());
        } else {
            self.buffer.extend_from_slice(stored);
        }
    }
    fn count(&mut self, n: usize) {
        self.number(u64::try_from(n).unwrap_or(u64::MAX));
    }
    fn number(&mut self, n: u64) {
        self.buffer.extend_from_slice(&n.to_le_bytes());
    }
    /// The bytes of a variable-length element: length, collection and index lead to a heap object.
    fn variable(&mut self, stored: &[u8], unit: usize) -> Result<Vec<u8>> {
        let width = usize::from(self.described.file.container().store.widths.offset);
        let short = || Error::damaged("a variable-length element without its heap address");
        let (length, rest) = stored.split_first_chunk::<4>().ok_or_else(short)?;
        let (address, index) = rest.split_at_checked(width).ok_or_else(short)?;
        let index = index.first_chunk::<4>().ok_or_else(short)?;
        let wanted = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX).saturating_mul(unit);
        let raw = address.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let undefined = address.iter().all(|b| *b == 0xff);
        if wanted == 0 || raw == 0 || undefined {
            return Ok(Vec::new());
        }
        let object = self.heap.get(Addr::new(raw), u32::from_le_bytes(*index))?;
        let part = object.get(..wanted);
        part.map(<[u8]>::to_vec).ok_or_else(|| {
            Error::damaged(format!("a heap object of {} bytes, expected {wanted}", object.len()))
        })
    }
    fn reference(&mut self, kind: ReferenceKind, stored: &[u8]) -> Result<()> {
        let described = self.described;
        let container = described.file.container();
        let is_new = !matches!(kind, ReferenceKind::OldObject | ReferenceKind::OldRegion);
        let decoded = match Reference::decode(container, kind, stored) {
            Ok(r) => r,
            Err(e) if is_new || kind == ReferenceKind::OldObject => return Err(e),
            Err(_) => {
                self.path(b"?");
                return Ok(());
            }
        };
        let Reference::To { object, file, part } = decoded else {
            if is_new {
                self.buffer.push(0)
            } else {
                self.number(0)
            }
            return Ok(());
        };
        if is_new {
            self.buffer.push(match part {
                Part::Whole => 2,
                Part::Region(_) => 3,
                Part::Attribute(_) => 4,
            });
        }
        let opens =
            kind == ReferenceKind::OldObject || file.is_some() || described.file.header(object).is_ok();
        let path = if file.is_some() { None } else { described.paths.get(&object) };
        let path = path.map_or(&b"?"[..], |p| p).to_vec();
        self.path(&path);
        if !opens {
            return Ok(());
        }
        if let Some(name) = &file
            && described.file.other(name, true).ok().flatten().is_none()
        {
            return Ok(());
        }
        match &part {
            Part::Whole => {}
            Part::Attribute(name) => {
                self.count(name.len());
                self.buffer.extend_from_slice(name);
            }
            Part::Region(Err(_)) => self.buffer.push(255),
            Part::Region(Ok(selection)) => self.selection(selection)?,
        }
        Ok(())
    }
    fn path(&mut self, path: &[u8]) {
        self.count(path.len());
        self.buffer.extend_from_slice(path);
    }
    fn selection(&mut self, selection: &StoredSelection) -> Result<()> {
        match selection {
            StoredSelection::None => self.buffer.push(0),
            StoredSelection::All => self.buffer.push(3),
            StoredSelection::Points { rank, coordinates } => {
                self.buffer.push(1);
                self.count(*rank);
                let n = u64::try_from(coordinates.len().checked_div((*rank).max(1)).unwrap_or(0))
                    .unwrap_or(u64::MAX);
                self.number(n);
                if n <= LISTED_POINTS {
                    coordinates.iter().for_each(|c| self.number(*c));
                }
            }
            StoredSelection::Regular(spans) => {
                self.buffer.push(2);
                self.count(spans.len());
                if spans.iter().any(|s| s.count == UNLIMITED || s.block == UNLIMITED) {
                    self.number(u64::MAX);
                    for field in
                        [|s: &Span| s.start, |s: &Span| s.stride, |s: &Span| s.count, |s: &Span| s.block]
                    {
                        spans.iter().for_each(|s| self.number(field(s)));
                    }
                    return Ok(());
                }
                let mut n = 1u64;
                for s in spans {
                    n = n.saturating_mul(s.elements()?);
                }
                self.number(n);
                if n <= LISTED_POINTS {
                    self.points(&coordinates(spans, &Limits::default())?);
                }
            }
            StoredSelection::Blocks { rank, .. } => {
                self.buffer.push(2);
                self.count(*rank);
                let boxes = crate::data::selection::Selection::from_stored(selection).boxes();
                let mut all = std::collections::BTreeSet::new();
                let mut n = 0u64;
                for spans in &boxes {
                    n = n.saturating_add(spans.iter().fold(1, |n: u64, s| n.saturating_mul(s.block)));
                    if n <= LISTED_POINTS {
                        all.extend(coordinates(spans, &Limits::default())?);
                    }
                }
                let listed = n <= LISTED_POINTS;
                self.number(if listed { u64::try_from(all.len()).unwrap_or(u64::MAX) } else { n });
                if listed {
                    all.iter().for_each(|p| p.iter().for_each(|c| self.number(*c)));
                }
            }
        }
        Ok(())
    }
    fn points(&mut self, points: &[Vec<u64>]) {
        points.iter().for_each(|p| p.iter().for_each(|c| self.number(*c)));
    }
}

/// Whether stored elements of this type are their own canonical encoding.
fn is_canonical(t: &Datatype) -> bool {
    let plain = |o: ByteOrder| o != ByteOrder::Big || t.size == 1;
    match &t.class {
        Class::Integer { bits, .. } | Class::Bitfield(bits) => plain(bits.order),
        Class::Float(f) => plain(f.order),
        Class::Time { order, .. } => plain(*order),
        Class::String(_) | Class::Opaque { .. } => true,
        Class::Enum { base, .. } | Class::Array { base, .. } | Class::Complex(base) => is_canonical(base),
        Class::Compound(members) => {
            let mut spans: Vec<_> = members.iter().map(|m| (m.offset, m.datatype.size)).collect();
            spans.sort_unstable();
            let end =
                spans.iter().try_fold(0u32, |at, (o, n)| if *o == at { at.checked_add(*n) } else { None });
            end == Some(t.size) && members.iter().all(|m| is_canonical(&m.datatype))
        }
        Class::VarLen(_) | Class::VarString { .. } | Class::Reference(_) => false,
    }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
