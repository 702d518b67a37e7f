//! Reading and writing datatypes: the head's class bits and the dispatch by class.
//!
//! Clause IV.A.2.d; note `spec-notes/datatype.md`.

use std::io::{Read, Seek, Write};

use binrw::meta::{EndianKind, ReadEndian, WriteEndian};
use binrw::{BinRead, BinResult, BinWrite, Endian};

use super::properties::*;
use super::{Class, Datatype, Member};
use crate::wire::integers::{read_bytes, read_name, read_uint, write_uint};
use crate::wire::refuse;

const LE: Endian = Endian::Little;

impl ReadEndian for Datatype {
    const ENDIAN: EndianKind = EndianKind::Endian(LE);
}
impl WriteEndian for Datatype {
    const ENDIAN: EndianKind = EndianKind::Endian(LE);
}

impl BinRead for Datatype {
    /// How much deeper the datatype may nest.
    type Args<'a> = (u8,);
    fn read_options<R: Read + Seek>(r: &mut R, _: Endian, (depth,): (u8,)) -> BinResult<Self> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(refuse(0, format!("nested deeper than {}", super::MAX_DEPTH)));
        };
        let head = Head::read_options(r, LE, ())?;
        let version = head.class_and_version >> 4;
        if !(1..=5).contains(&version) {
            return Err(refuse(0, format!("version {version}, expected 1 to 5")));
        }
        let [b0, b1, b2] = head.bits;
        let bits = u32::from_le_bytes([b0, b1, b2, 0]);
        let here = Reading { version, size: head.size, bits, depth };
        let class = here.class(r, head.class_and_version & 0x0f)?;
        Ok(Datatype { version, size: head.size, class })
    }
}

/// What the head of the datatype being read said.
struct Reading {
    version: u8,
    size: u32,
    bits: u32,
    depth: u8,
}

impl Reading {
    fn flag(&self, bit: u32) -> bool {
        (self.bits >> (bit & 31)) & 1 == 1
    }
    fn nibble(&self, shift: u32) -> u32 {
        (self.bits >> (shift & 31)) & 0x0f
    }
    fn order(&self) -> ByteOrder {
        if self.flag(0) { ByteOrder::Big } else { ByteOrder::Little }
    }
    fn base<R: Read + Seek>(&self, r: &mut R) -> BinResult<Box<Datatype>> {
        Datatype::read_options(r, LE, (self.depth,)).map(Box::new)
    }
    fn class<R: Read + Seek>(&self, r: &mut R, class: u8) -> BinResult<Class> {
        Ok(match class {
            0 => Class::Integer { bits: self.bit_numbers(r)?, signed: self.flag(3) },
            1 => Class::Float(self.float(r)?),
            2 => Class::Time { order: self.order(), precision: u16::read_options(r, LE, ())? },
            3 => Class::String(text(self.nibble(0), self.nibble(4))?),
            4 => Class::Bitfield(self.bit_numbers(r)?),
            5 => self.opaque(r)?,
            6 => Class::Compound(self.members(r)?),
            7 => Class::Reference(self.reference()?),
            8 => self.enumeration(r)?,
            9 => self.variable(r)?,
            10 => self.array(r)?,
            11 if self.bits == 1 => Class::Complex(self.base(r)?),
            11 => return Err(refuse(0, format!("complex numbers with the class bits {:#x}", self.bits))),
            _ => return Err(refuse(0, format!("datatype class {class}, expected 0 to 11"))),
        })
    }
    fn bit_numbers<R: Read + Seek>(&self, r: &mut R) -> BinResult<BitNumbers> {
        let Bits { offset, precision } = Bits::read_options(r, LE, ())?;
        let end = u64::from(offset).saturating_add(u64::from(precision));
        let all = u64::from(self.size).saturating_mul(8);
        if precision == 0 || end > all {
            return Err(refuse(0, format!("bits {offset} to {end} of {all}")));
        }
        Ok(BitNumbers { order: self.order(), low_pad: self.flag(1), high_pad: self.flag(2), offset, precision })
    }
    #[inline(never)]
    fn float<R: Read + Seek>(&self, r: &mut R) -> BinResult<Float> {
        let order = match (self.version >= 3 && self.flag(6), self.flag(0)) {
            (true, true) => ByteOrder::Vax,
            (true, false) => return Err(refuse(0, "a float with byte order bit 6 alone")),
            (false, _) => self.order(),
        };
        let normalization = match (self.bits >> 4) & 3 {
            0 => Normalization::None,
            1 => Normalization::MsbSet,
            2 => Normalization::Implied,
            _ => return Err(refuse(0, "mantissa normalization 3, expected 0 to 2")),
        };
        let [_, sign, _, _] = self.bits.to_le_bytes();
        let fields = FloatFields::read_options(r, LE, ())?;
        check_float(self.size, sign, &fields)?;
        let [low, _, _, _] = (self.bits >> 1).to_le_bytes();
        Ok(Float { order, padding: low & 7, normalization, sign, fields })
    }
    #[inline(never)]
    fn opaque<R: Read + Seek>(&self, r: &mut R) -> BinResult<Class> {
        let bytes = self.bits & 0xff;
        if bytes & 7 != 0 {
            return Err(refuse(0, format!("an opaque tag of {bytes} bytes, expected a multiple of 8")));
        }
        let mut tag = read_bytes(r, u64::from(bytes))?;
        tag.truncate(tag.iter().position(|&b| b == 0).unwrap_or(tag.len()));
        Ok(Class::Opaque { tag })
    }
    #[inline(never)]
    fn members<R: Read + Seek>(&self, r: &mut R) -> BinResult<Vec<Member>> {
        let count = self.bits & 0xffff;
        if count == 0 {
            return Err(refuse(0, "a compound without members"));
        }
        let mut out: Vec<Member> = Vec::new();
        for _ in 0..count {
            let member = self.member(r)?;
            let end = u64::from(member.offset).saturating_add(u64::from(member.datatype.size));
            if end > u64::from(self.size) {
                let name = String::from_utf8_lossy(&member.name).into_owned();
                return Err(refuse(0, format!("member {name} ends at byte {end} of {}", self.size)));
            }
            out.push(member);
        }
        check_members(&out)?;
        Ok(out)
    }
    fn member<R: Read + Seek>(&self, r: &mut R) -> BinResult<Member> {
        let name = read_name(r, if self.version < 3 { 8 } else { 1 })?;
        let width = if self.version < 3 { 4 } else { offset_width(self.size) };
        let offset = u32::try_from(read_uint(r, width)?).unwrap_or(u32::MAX);
        let array = (self.version == 1).then(|| MemberArray::read_options(r, LE, ())).transpose()?;
        let mut datatype = *self.base(r)?;
        if let Some(MemberArray { rank: 1.., .. }) = array {
            datatype = array_of(array, datatype)?;
        }
        Ok(Member { name, offset, datatype })
    }
    #[inline(never)]
    fn reference(&self) -> BinResult<ReferenceKind> {
        let (kind, version) = (self.nibble(0), self.nibble(4));
        if kind >= 2 && version != 1 {
            return Err(refuse(0, format!("reference version {version}, expected 1")));
        }
        match kind {
            0 => Ok(ReferenceKind::OldObject),
            1 => Ok(ReferenceKind::OldRegion),
            2 => Ok(ReferenceKind::Object),
            3 => Ok(ReferenceKind::Region),
            4 => Ok(ReferenceKind::Attribute),
            _ => Err(refuse(0, format!("reference type {kind}, expected 0 to 4"))),
        }
    }
    #[inline(never)]
    fn enumeration<R: Read + Seek>(&self, r: &mut R) -> BinResult<Class> {
        let base = self.base(r)?;
        if base.size != self.size {
            return Err(refuse(0, format!("an enumeration of {} bytes over {}", self.size, base.size)));
        }
        let count = self.bits & 0xffff;
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(read_name(r, if self.version < 3 { 8 } else { 1 })?);
        }
        let mut members = Vec::new();
        for name in names {
            members.push((name, read_bytes(r, u64::from(base.size))?));
        }
        Ok(Class::Enum { base, members })
    }
    #[inline(never)]
    fn variable<R: Read + Seek>(&self, r: &mut R) -> BinResult<Class> {
        match self.nibble(0) {
            0 => Ok(Class::VarLen(self.base(r)?)),
            1 => Ok(Class::VarString { text: text(self.nibble(4), self.nibble(8))?, base: self.base(r)? }),
            other => Err(refuse(0, format!("variable-length type {other}, expected 0 or 1"))),
        }
    }
    #[inline(never)]
    fn array<R: Read + Seek>(&self, r: &mut R) -> BinResult<Class> {
        let shape = ArrayShape::read_options(r, LE, (self.version,))?;
        let base = self.base(r)?;
        let elements = shape.dims.iter().try_fold(1u64, |n, d| n.checked_mul(u64::from(*d)));
        if elements.and_then(|n| n.checked_mul(u64::from(base.size))) != Some(u64::from(self.size)) {
            let dims = &shape.dims;
            return Err(refuse(0, format!("an array {dims:?} of {} bytes each in {} bytes", base.size, self.size)));
        }
        Ok(Class::Array { dims: shape.dims, base })
    }
}

fn array_of(array: Option<MemberArray>, base: Datatype) -> BinResult<Datatype> {
    let Some(MemberArray { rank, dims }) = array else { return Ok(base) };
    let dims: Vec<u32> = dims.into_iter().take(usize::from(rank)).collect();
    let size = dims.iter().try_fold(base.size, |n, d| n.checked_mul(*d));
    match size {
        Some(size) if size > 0 => {
            Ok(Datatype { version: base.version.max(2), size, class: Class::Array { dims, base: Box::new(base) } })
        }
        _ => Err(refuse(0, format!("a member {dims:?} of {} bytes each", base.size))),
    }
}

fn check_members(members: &[Member]) -> BinResult<()> {
    let mut spans: Vec<_> = members.iter().map(|m| (m.offset, m.offset.saturating_add(m.datatype.size))).collect();
    spans.sort_unstable();
    if let Some(w) = spans.iter().zip(spans.iter().skip(1)).find(|(a, b)| a.1 > b.0) {
        return Err(refuse(0, format!("members at bytes {:?} and {:?} overlap", w.0, w.1)));
    }
    let mut names: Vec<_> = members.iter().map(|m| &m.name).collect();
    names.sort_unstable();
    if let Some((a, _)) = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b) {
        return Err(refuse(0, format!("two members named {}", String::from_utf8_lossy(a))));
    }
    Ok(())
}

fn check_float(size: u32, sign: u8, f: &FloatFields) -> BinResult<()> {
    let all = u64::from(size).saturating_mul(8);
    let span = |at: u8, bits: u8| (u64::from(at), u64::from(at).saturating_add(u64::from(bits)));
    let (sign, exponent, mantissa) = (span(sign, 1), span(f.exponent, f.exponent_bits), span(f.mantissa, f.mantissa_bits));
    let apart = |a: (u64, u64), b: (u64, u64)| a.1 <= b.0 || b.1 <= a.0;
    let inside = [sign, exponent, mantissa].iter().all(|s| s.0 < s.1 && s.1 <= all);
    if !inside || !apart(sign, exponent) || !apart(sign, mantissa) || !apart(exponent, mantissa) {
        return Err(refuse(0, format!("sign {sign:?}, exponent {exponent:?} and mantissa {mantissa:?} in {all} bits")));
    }
    Ok(())
}

fn text(padding: u32, charset: u32) -> BinResult<Text> {
    let padding = match padding {
        0 => StringPadding::NullTerminated,
        1 => StringPadding::NullPadded,
        2 => StringPadding::SpacePadded,
        _ => return Err(refuse(0, format!("string padding {padding}, expected 0 to 2"))),
    };
    match charset {
        0 => Ok(Text { padding, charset: CharSet::Ascii }),
        1 => Ok(Text { padding, charset: CharSet::Utf8 }),
        _ => Err(refuse(0, format!("character set {charset}, expected 0 or 1"))),
    }
}

/// Bytes of a member's offset from version 3 on.
fn offset_width(size: u32) -> u8 {
    match size {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

impl BinWrite for Datatype {
    type Args<'a> = (u8,);
    fn write_options<W: Write + Seek>(&self, out: &mut W, _: Endian, args: (u8,)) -> BinResult<()> {
        self.check_writable()?;
        let (class, bits) = class_bits(&self.class);
        let [b0, b1, b2, _] = bits.to_le_bytes();
        let class_and_version = class | self.version << 4;
        Head { class_and_version, bits: [b0, b1, b2], size: self.size }.write_options(out, LE, ())?;
        match &self.class {
            Class::Integer { bits, .. } | Class::Bitfield(bits) => {
                Bits { offset: bits.offset, precision: bits.precision }.write_options(out, LE, ())
            }
            Class::Float(f) => f.fields.write_options(out, LE, ()),
            Class::Time { precision, .. } => precision.write_options(out, LE, ()),
            Class::String(_) | Class::Reference(_) => Ok(()),
            Class::Opaque { tag } => {
                let zeros = padded_tag(tag).saturating_sub(tag.len());
                out.write_all(tag)?;
                Ok(out.write_all(&vec![0; zeros])?)
            }
            Class::Compound(members) => members.iter().try_for_each(|m| self.write_member(out, m, args)),
            Class::Enum { base, members } => {
                base.write_options(out, LE, args)?;
                members.iter().try_for_each(|(name, _)| write_name(out, name, self.version))?;
                members.iter().try_for_each(|(_, value)| Ok(out.write_all(value)?))
            }
            Class::VarLen(base) | Class::VarString { base, .. } | Class::Complex(base) => {
                base.write_options(out, LE, args)
            }
            Class::Array { dims, base } => {
                ArrayShape { dims: dims.clone() }.write_options(out, LE, (self.version,))?;
                base.write_options(out, LE, args)
            }
        }
    }
}

impl Datatype {
    /// Refuses what the encoding cannot hold: it would be read back as something else.
    fn check_writable(&self) -> BinResult<()> {
        let refused = |what: &str| Err(refuse(0, format!("{what} cannot be stored in a datatype of version {}", self.version)));
        let bad_name = |name: &[u8]| name.contains(&0);
        match &self.class {
            _ if !(1..=5).contains(&self.version) => refused("anything"),
            Class::Float(f) if f.order == ByteOrder::Vax && self.version < 3 => refused("the VAX byte order"),
            Class::Opaque { tag } if tag.len() > MAX_TAG || bad_name(tag) => refused("this opaque tag"),
            Class::Compound(members) if members.is_empty() || members.len() > MAX_MEMBERS => {
                refused("this number of members")
            }
            Class::Compound(members) if members.iter().any(|m| bad_name(&m.name)) => refused("a NUL in a name"),
            Class::Compound(members) if self.version == 1 && members.iter().any(|m| m.has_rank_over_4()) => {
                refused("an array of more than 4 dimensions")
            }
            Class::Enum { members, .. } if members.len() > MAX_MEMBERS => refused("this number of members"),
            Class::Enum { members, .. } if members.iter().any(|(name, _)| bad_name(name)) => {
                refused("a NUL in a name")
            }
            Class::Enum { base, members } if !members.iter().all(|(_, v)| fits(v, base.size)) => {
                refused("a value of another size than the base type")
            }
            _ => Ok(()),
        }
    }
    fn write_member<W: Write + Seek>(&self, out: &mut W, m: &Member, args: (u8,)) -> BinResult<()> {
        write_name(out, &m.name, self.version)?;
        let width = if self.version < 3 { 4 } else { offset_width(self.size) };
        write_uint(out, u64::from(m.offset), width)?;
        match (&m.datatype.class, self.version) {
            (Class::Array { dims, base }, 1) => {
                let mut four = [0; 4];
                for (to, from) in four.iter_mut().zip(dims) {
                    *to = *from;
                }
                let rank = u8::try_from(dims.len()).unwrap_or(u8::MAX);
                MemberArray { rank, dims: four }.write_options(out, LE, ())?;
                base.write_options(out, LE, args)
            }
            (_, 1) => {
                MemberArray { rank: 0, dims: [0; 4] }.write_options(out, LE, ())?;
                m.datatype.write_options(out, LE, args)
            }
            _ => m.datatype.write_options(out, LE, args),
        }
    }
}

/// The most members of a compound or an enumeration.
const MAX_MEMBERS: usize = 0xffff;
/// The most bytes of an opaque tag: a multiple of 8 that the class bits hold.
const MAX_TAG: usize = 248;

fn fits(value: &[u8], size: u32) -> bool {
    u32::try_from(value.len()).is_ok_and(|n| n == size)
}

impl Member {
    fn has_rank_over_4(&self) -> bool {
        matches!(&self.datatype.class, Class::Array { dims, .. } if dims.len() > 4)
    }
}

fn write_name<W: Write + Seek>(out: &mut W, name: &[u8], version: u8) -> BinResult<()> {
    out.write_all(name)?;
    let padded = if version < 3 { name.len().saturating_add(8) & !7 } else { name.len().saturating_add(1) };
    Ok(out.write_all(&vec![0; padded.saturating_sub(name.len())])?)
}

fn padded_tag(tag: &[u8]) -> usize {
    tag.len().next_multiple_of(8)
}

/// The number of a class and its class bits.
fn class_bits(class: &Class) -> (u8, u32) {
    let order = |o: ByteOrder| match o {
        ByteOrder::Little => 0,
        ByteOrder::Big => 1,
        ByteOrder::Vax => 0x41,
    };
    let numbers = |b: &BitNumbers| order(b.order) | u32::from(b.low_pad) << 1 | u32::from(b.high_pad) << 2;
    let text = |t: &Text| {
        let padding = match t.padding {
            StringPadding::NullTerminated => 0,
            StringPadding::NullPadded => 1,
            StringPadding::SpacePadded => 2,
        };
        padding | if t.charset == CharSet::Utf8 { 0x10 } else { 0 }
    };
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX) & 0xffff;
    match class {
        Class::Integer { bits, signed } => (0, numbers(bits) | u32::from(*signed) << 3),
        Class::Float(f) => {
            let normalization = match f.normalization {
                Normalization::None => 0,
                Normalization::MsbSet => 1,
                Normalization::Implied => 2,
            };
            let low = order(f.order) | u32::from(f.padding & 7) << 1 | normalization << 4;
            (1, low | u32::from(f.sign) << 8)
        }
        Class::Time { order: o, .. } => (2, order(*o)),
        Class::String(t) => (3, text(t)),
        Class::Bitfield(b) => (4, numbers(b)),
        Class::Opaque { tag } => (5, count(padded_tag(tag)) & 0xff),
        Class::Compound(members) => (6, count(members.len())),
        Class::Reference(kind) => (
            7,
            match kind {
                ReferenceKind::OldObject => 0,
                ReferenceKind::OldRegion => 1,
                ReferenceKind::Object => 0x12,
                ReferenceKind::Region => 0x13,
                ReferenceKind::Attribute => 0x14,
            },
        ),
        Class::Enum { members, .. } => (8, count(members.len())),
        Class::VarLen(_) => (9, 0),
        Class::VarString { text: t, .. } => (9, 1 | text(t) << 4),
        Class::Array { .. } => (10, 0),
        Class::Complex(_) => (11, 1),
    }
}
