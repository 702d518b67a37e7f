//! Questions a datatype answers, and making new ones.
//!
//! - [`build`]: datatypes made by hand
//! - [`versions`]: message versions, and sizes by the file's widths

pub mod build;
pub mod versions;

use crate::wire::Widths;
use crate::format::message::datatype::{ByteOrder, CharSet, Class, Datatype, Normalization, ReferenceKind};

impl Datatype {
    /// Whether elements lead elsewhere: variable-length data or references at any depth.
    pub fn is_variable(&self) -> bool {
        match &self.class {
            Class::VarLen(_) | Class::VarString { .. } | Class::Reference(_) => true,
            Class::Array { base, .. } | Class::Complex(base) => base.is_variable(),
            Class::Compound(members) => members.iter().any(|m| m.datatype.is_variable()),
            _ => false,
        }
    }
    /// The type as its elements lie in a file: a variable-length element takes a length, a heap address and
    /// an index, whatever size the message gives (libhdf5 stores sizes in memory for some nested types).
    #[must_use]
    pub fn on_disk(mut self, w: Widths) -> Datatype {
        let element = u32::from(w.offset).saturating_add(8);
        match &mut self.class {
            Class::VarString { .. } => self.size = element,
            Class::VarLen(base) => {
                self.size = element;
                **base = base.as_ref().clone().on_disk(w);
            }
            // Type, flags and length come before the heap's address and index.
            Class::Reference(ReferenceKind::Object | ReferenceKind::Region | ReferenceKind::Attribute) => {
                self.size = element.saturating_add(2);
            }
            Class::Array { dims, base } if base.size != element => {
                if matches!(base.class, Class::VarLen(_) | Class::VarString { .. }) {
                    base.size = element;
                    self.size = dims.iter().fold(element, |n, d| n.saturating_mul(*d));
                }
            }
            _ => {}
        }
        self
    }
    /// The size as a `usize`.
    pub fn bytes(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }
    /// The same type, whatever message version describes it.
    pub fn same_as(&self, other: &Datatype) -> bool {
        if self.size != other.size {
            return false;
        }
        match (&self.class, &other.class) {
            (Class::VarLen(a), Class::VarLen(b)) | (Class::Complex(a), Class::Complex(b)) => a.same_as(b),
            (Class::Array { dims: d, base: a }, Class::Array { dims: e, base: b }) => d == e && a.same_as(b),
            (Class::Enum { base: a, members: m }, Class::Enum { base: b, members: n }) => m == n && a.same_as(b),
            (Class::VarString { text: a, .. }, Class::VarString { text: b, .. }) => a == b,
            (Class::Compound(a), Class::Compound(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|(m, n)| m.name == n.name && m.offset == n.offset && m.datatype.same_as(&n.datatype))
            }
            (a, b) => a == b,
        }
    }
    /// A short description, such as `float64`, `int16 (big-endian)` or `compound {x: float32, y: float32}`.
    pub fn describe(&self) -> String {
        match &self.class {
            Class::Integer { bits, signed } => {
                let sign = if *signed { "int" } else { "uint" };
                let odd = u32::from(bits.precision) != self.size.saturating_mul(8);
                let odd = if odd { format!(" ({} of {} bits)", bits.precision, self.size.saturating_mul(8)) } else { String::new() };
                format!("{sign}{}{odd}{}", self.size.saturating_mul(8), order(bits.order, self.size))
            }
            Class::Float(f) => {
                let p = &f.fields;
                let name = match (p.precision, p.exponent_bits, p.mantissa_bits) {
                    (16, 8, 7) => "bfloat16".to_string(),
                    (8, 4, 3) => "float8 (E4M3)".to_string(),
                    (8, 5, 2) => "float8 (E5M2)".to_string(),
                    (80, 15, 64) => "float80 (x87)".to_string(),
                    (n, _, _) => format!("float{n}"),
                };
                let plain = f.normalization == Normalization::Implied || p.precision == 80;
                format!("{name}{}{}", if plain { "" } else { " (not normalized)" }, order(f.order, self.size))
            }
            Class::Time { order: o, .. } => format!("time{}{}", self.size.saturating_mul(8), order(*o, self.size)),
            Class::String(t) => format!("string[{}] {}", self.size, charset(t.charset)),
            Class::VarString { text, .. } => format!("string {}", charset(text.charset)),
            Class::Bitfield(b) => format!("bitfield{}{}", self.size.saturating_mul(8), order(b.order, self.size)),
            Class::Opaque { tag } if tag.is_empty() => format!("opaque[{}]", self.size),
            Class::Opaque { tag } => format!("opaque[{}] \"{}\"", self.size, String::from_utf8_lossy(tag)),
            Class::Compound(members) => {
                let parts = members.iter().map(|m| format!("{}: {}", m.name(), m.datatype.describe()));
                format!("compound {{{}}}", listed(parts))
            }
            Class::Reference(kind) => match kind {
                ReferenceKind::OldObject | ReferenceKind::Object => "reference to object".to_string(),
                ReferenceKind::OldRegion | ReferenceKind::Region => "reference to region".to_string(),
                ReferenceKind::Attribute => "reference to attribute".to_string(),
            },
            Class::Enum { base, .. } if self.is_bool() => format!("bool ({})", base.describe()),
            Class::Enum { base, members } => {
                let names = members.iter().map(|(n, _)| String::from_utf8_lossy(n).into_owned());
                format!("enum {} {{{}}}", base.describe(), listed(names))
            }
            Class::VarLen(base) => format!("variable length of {}", base.describe()),
            Class::Array { dims, base } => format!("array {dims:?} of {}", base.describe()),
            Class::Complex(base) => format!("complex of {}", base.describe()),
        }
    }
    /// Whether this is the boolean of h5py and PyTables: an enumeration of FALSE = 0 and TRUE = 1.
    pub fn is_bool(&self) -> bool {
        let Class::Enum { members, .. } = &self.class else { return false };
        let is = |name: &[u8], one: u8| {
            members.iter().any(|(n, v)| n == name && v.first() == Some(&one) && v.iter().skip(1).all(|b| *b == 0))
        };
        members.len() == 2 && is(b"FALSE", 0) && is(b"TRUE", 1)
    }
    /// Real and imaginary part's type, where this is a complex number: class 11, or a compound of two equal
    /// floats named as h5py (`r`, `i`) or others write them.
    pub fn complex_part(&self) -> Option<&Datatype> {
        match &self.class {
            Class::Complex(base) => Some(base),
            Class::Compound(m) => match m.as_slice() {
                [re, im]
                    if matches!((re.name.as_slice(), im.name.as_slice()), (b"r", b"i") | (b"real", b"imag") | (b"re", b"im"))
                        && matches!(re.datatype.class, Class::Float(_))
                        && re.datatype.same_as(&im.datatype)
                        && re.offset == 0
                        && im.offset == re.datatype.size =>
                {
                    Some(&re.datatype)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl crate::format::message::datatype::Member {
    /// The member's name, as text.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

/// Members and names that a short description lists; of more, the number is told.
const LISTED: usize = 12;

fn listed(parts: impl ExactSizeIterator<Item = String>) -> String {
    let more = parts.len().saturating_sub(LISTED);
    let mut out: Vec<String> = parts.take(LISTED).collect();
    if more > 0 {
        out.push(format!("{more} more"));
    }
    out.join(", ")
}

fn order(order: ByteOrder, size: u32) -> &'static str {
    match order {
        ByteOrder::Big if size > 1 => " (big-endian)",
        ByteOrder::Vax => " (VAX)",
        _ => "",
    }
}

fn charset(charset: CharSet) -> &'static str {
    match charset {
        CharSet::Ascii => "(ascii)",
        CharSet::Utf8 => "(utf-8)",
    }
}
