//! Message versions, and sizes by the file's widths.

use crate::format::message::datatype::{ByteOrder, Class, Datatype, ReferenceKind};
use crate::wire::Widths;

impl Datatype {
    /// The type with the message versions that libhdf5 writes where its oldest readers know version `low`: 1 for
    /// all, 3 for HDF5 1.8, 4 for 1.12, 5 for 2.0. A version is never below that of what it contains, and never
    /// too low for the class.
    #[must_use]
    pub fn with_version_for(mut self, low: u8) -> Datatype {
        let low = low.clamp(1, 5);
        self.version = match &mut self.class {
            Class::Compound(members) => {
                for member in members.iter_mut() {
                    let datatype = std::mem::replace(&mut member.datatype, Datatype::placeholder());
                    member.datatype = datatype.with_version_for(low);
                }
                members.iter().map(|m| m.datatype.version).max().unwrap_or(1).max(low)
            }
            Class::Array { base, .. } => base.renew(low).max(low).max(2),
            Class::Enum { base, .. } => base.renew(low).max(low),
            Class::VarLen(base) | Class::VarString { base, .. } => base.renew(low),
            Class::Complex(base) => base.renew(low).max(5),
            Class::Reference(ReferenceKind::OldObject | ReferenceKind::OldRegion) => 1,
            Class::Reference(_) => 4,
            Class::Float(f) if f.order == ByteOrder::Vax => 3,
            _ => 1,
        };
        self
    }
    fn renew(&mut self, low: u8) -> u8 {
        let datatype = std::mem::replace(self, Datatype::placeholder());
        *self = datatype.with_version_for(low);
        self.version
    }
    fn placeholder() -> Datatype {
        Datatype { version: 1, size: 1, class: Class::Opaque { tag: Vec::new() } }
    }
    /// The type with the sizes that its elements have in a file of these widths: heap addresses and references
    /// are as wide as the file's addresses. Members behind one that changes its size move.
    #[must_use]
    pub fn for_widths(mut self, w: Widths) -> Datatype {
        let offset = u32::from(w.offset);
        let old_size = self.size;
        self.size = match &mut self.class {
            Class::VarLen(base) => {
                base.widen(w);
                offset.saturating_add(8)
            }
            Class::VarString { .. } => offset.saturating_add(8),
            Class::Reference(ReferenceKind::OldObject) => offset,
            Class::Reference(ReferenceKind::OldRegion) => offset.saturating_add(4),
            Class::Reference(_) => offset.saturating_add(10),
            Class::Array { dims, base } => {
                base.widen(w);
                dims.iter().fold(base.size, |n, d| n.saturating_mul(*d))
            }
            Class::Compound(members) => {
                // Growth in the order of the offsets, whatever the order of the members.
                let mut order: Vec<usize> = (0..members.len()).collect();
                order.sort_by_key(|i| members.get(*i).map_or(0, |m| m.offset));
                let mut grown = 0i64;
                for i in order {
                    let Some(member) = members.get_mut(i) else { continue };
                    member.offset = moved(member.offset, grown);
                    let before = i64::from(member.datatype.size);
                    member.datatype.widen(w);
                    let after = i64::from(member.datatype.size);
                    grown = grown.saturating_add(after.saturating_sub(before));
                }
                moved(old_size, grown)
            }
            _ => old_size,
        };
        self
    }
    fn widen(&mut self, w: Widths) {
        let datatype = std::mem::replace(self, Datatype::placeholder());
        *self = datatype.for_widths(w);
    }
}

fn moved(place: u32, by: i64) -> u32 {
    u32::try_from(i64::from(place).saturating_add(by)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::message::datatype::{CharSet, HERE, MAX_DEPTH};
    use crate::wire::encode;

    fn row() -> Datatype {
        let int = Datatype::integer(4, true, ByteOrder::Little).unwrap();
        let list = Datatype::vlen(Datatype::array(int.clone(), &[2, 3]).unwrap());
        Datatype::compound(&[
            ("name", Datatype::var_string(CharSet::Utf8)),
            ("n", int),
            ("lists", list),
            ("object", Datatype::reference(ReferenceKind::OldObject)),
        ])
        .unwrap()
    }

    #[test]
    fn versions_by_bound() {
        let parts = |t: &Datatype| {
            let Class::Compound(m) = &t.class else { panic!() };
            (t.version, m[0].datatype.version, m[1].datatype.version, m[2].datatype.version)
        };
        assert_eq!(parts(&row().with_version_for(1)), (2, 1, 1, 2), "a list of arrays needs 2");
        assert_eq!(parts(&row().with_version_for(3)), (3, 1, 1, 3));
        assert_eq!(parts(&row().with_version_for(5)), (5, 1, 1, 5));
        for low in 1..=5 {
            let t = row().with_version_for(low);
            let bytes = encode(&t, (MAX_DEPTH,), &HERE).unwrap();
            assert_eq!(Datatype::parse(&bytes).unwrap(), t);
        }
        let float = Datatype::float(8, ByteOrder::Little).unwrap();
        let new = [Datatype::complex(float).unwrap(), Datatype::reference(ReferenceKind::Region)];
        let of = |t: &Datatype| Datatype::compound(&[("x", t.clone())]).unwrap().with_version_for(1).version;
        assert_eq!(new.each_ref().map(of), [5, 4]);
    }

    #[test]
    fn sizes_by_width() {
        assert_eq!(row().for_widths(Widths::EIGHT), row());
        let small = row().for_widths(Widths { offset: 4, length: 4 });
        let Class::Compound(m) = &small.class else { panic!() };
        let places: Vec<_> = m.iter().map(|m| (m.offset, m.datatype.size)).collect();
        assert_eq!((small.size, places), (32, vec![(0, 12), (12, 4), (16, 12), (28, 4)]));
    }
}
