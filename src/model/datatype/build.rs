//! Datatypes made by hand.

use crate::error::{Error, Result};
use crate::format::message::datatype::properties::FloatFields;
use crate::format::message::datatype::{
    BitNumbers, ByteOrder, CharSet, Class, Datatype, Float, Member, Normalization, ReferenceKind,
    StringPadding, Text,
};

/// Bytes of a heap's address and index, and of a length, where addresses have 8 bytes.
const VARIABLE_BYTES: u32 = 16;
/// The most members of a compound or an enumeration, and the most bytes of an opaque tag.
const MOST_MEMBERS: usize = 0xffff;
const LONGEST_TAG: usize = 248;

fn too_large() -> Error {
    Error::usage("a datatype of 4 GiB or more")
}

fn names_fit<'n>(names: impl Iterator<Item = &'n [u8]>, what: &str) -> Result<()> {
    let mut names: Vec<&[u8]> = names.collect();
    if names.len() > MOST_MEMBERS {
        return Err(Error::usage(format!("{} {what}, at most {MOST_MEMBERS} are possible", names.len())));
    }
    names.sort_unstable();
    if let Some((a, _)) = names.iter().zip(names.iter().skip(1)).find(|(a, b)| a == b) {
        return Err(Error::usage(format!("two {what} named {}", String::from_utf8_lossy(a))));
    }
    match names.iter().find(|n| n.contains(&0)) {
        Some(name) => Err(Error::usage(format!("a NUL in the name {:?}", String::from_utf8_lossy(name)))),
        None => Ok(()),
    }
}

/// Makes datatypes. Elements that lead to heaps are sized for files with addresses of 8 bytes, as almost all
/// are; writing into another file adapts them.
impl Datatype {
    fn simple(size: u32, class: Class) -> Datatype {
        Datatype { version: 1, size, class }
    }
    fn whole_bits(bytes: u32, order: ByteOrder) -> Result<BitNumbers> {
        let precision =
            bytes.checked_mul(8).and_then(|bits| u16::try_from(bits).ok()).filter(|bits| *bits > 0);
        let precision = precision.ok_or_else(|| Error::usage(format!("numbers of {bytes} bytes")))?;
        Ok(BitNumbers { order, low_pad: false, high_pad: false, offset: 0, precision })
    }
    /// An integer of this many bytes.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// use h5::Datatype;
    /// use h5::format::message::datatype::ByteOrder;
    /// assert_eq!(Datatype::integer(2, true, ByteOrder::Big)?.describe(), "int16 (big-endian)");
    /// # Ok(())
    /// # }
    /// ```
    pub fn integer(bytes: u32, signed: bool, order: ByteOrder) -> Result<Datatype> {
        let bits = Self::whole_bits(bytes, order)?;
        Ok(Self::simple(bytes, Class::Integer { bits, signed }))
    }
    /// A bit field of this many bytes.
    pub fn bitfield(bytes: u32, order: ByteOrder) -> Result<Datatype> {
        Ok(Self::simple(bytes, Class::Bitfield(Self::whole_bits(bytes, order)?)))
    }
    /// An IEEE 754 number of 2, 4, 8 or 16 bytes.
    pub fn float(bytes: u32, order: ByteOrder) -> Result<Datatype> {
        let (exponent_bits, mantissa_bits) = match bytes {
            2 => (5, 10),
            4 => (8, 23),
            8 => (11, 52),
            16 => (15, 112),
            _ => return Err(Error::usage(format!("a float of {bytes} bytes: it can have 2, 4, 8 or 16"))),
        };
        Ok(Self::binary_float(bytes, exponent_bits, mantissa_bits, order))
    }
    /// A bfloat16: the upper half of a float of 4 bytes.
    pub fn bfloat16(order: ByteOrder) -> Datatype {
        Self::binary_float(2, 8, 7, order)
    }
    /// The long double of x86: 80 bits, the leading one of the mantissa among them, in 16 bytes (little-endian).
    pub fn long_double() -> Datatype {
        let (precision, exponent, exponent_bits, mantissa_bits) = (80, 64, 15, 64);
        let fields =
            FloatFields { offset: 0, precision, exponent, exponent_bits, mantissa: 0, mantissa_bits, bias: 16383 };
        let (order, normalization) = (ByteOrder::Little, Normalization::None);
        Self::simple(16, Class::Float(Float { order, padding: 0, normalization, sign: 79, fields }))
    }
    /// A float laid out as IEEE 754 does it: sign, exponent, mantissa.
    fn binary_float(bytes: u32, exponent_bits: u8, mantissa_bits: u8, order: ByteOrder) -> Datatype {
        let sign = exponent_bits.saturating_add(mantissa_bits);
        let half = 1u32.checked_shl(u32::from(exponent_bits).saturating_sub(1)).unwrap_or(0);
        let fields = FloatFields {
            offset: 0,
            precision: u16::from(sign).saturating_add(1),
            exponent: mantissa_bits,
            exponent_bits,
            mantissa: 0,
            mantissa_bits,
            bias: half.saturating_sub(1),
        };
        let normalization = Normalization::Implied;
        Self::simple(bytes, Class::Float(Float { order, padding: 0, normalization, sign, fields }))
    }
    /// A string of this many bytes.
    pub fn fixed_string(bytes: u32, padding: StringPadding, charset: CharSet) -> Result<Datatype> {
        if bytes == 0 {
            return Err(Error::usage("a string of 0 bytes"));
        }
        Ok(Self::simple(bytes, Class::String(Text { padding, charset })))
    }
    /// A string of variable length.
    pub fn var_string(charset: CharSet) -> Datatype {
        let bits =
            BitNumbers { order: ByteOrder::Little, low_pad: false, high_pad: false, offset: 0, precision: 8 };
        let base = Box::new(Self::simple(1, Class::Integer { bits, signed: false }));
        let text = Text { padding: StringPadding::NullTerminated, charset };
        Self::simple(VARIABLE_BYTES, Class::VarString { text, base })
    }
    /// A sequence of variable length.
    pub fn vlen(base: Datatype) -> Datatype {
        let version = base.version;
        Datatype { version, size: VARIABLE_BYTES, class: Class::VarLen(Box::new(base)) }
    }
    /// An array of fixed shape, slowest dimension first.
    pub fn array(base: Datatype, dims: &[u32]) -> Result<Datatype> {
        if dims.is_empty() || dims.len() > 32 || dims.contains(&0) {
            return Err(Error::usage(format!("an array of the shape {dims:?}")));
        }
        let size = dims.iter().try_fold(base.size, |n, d| n.checked_mul(*d)).ok_or_else(too_large)?;
        let version = base.version.max(2);
        Ok(Datatype { version, size, class: Class::Array { dims: dims.to_vec(), base: Box::new(base) } })
    }
    /// Bytes without meaning, with a tag that says what they are.
    pub fn opaque(bytes: u32, tag: &str) -> Result<Datatype> {
        if bytes == 0 || tag.len() > LONGEST_TAG || tag.contains('\0') {
            let what = format!("opaque data of {bytes} bytes with a tag of {} bytes", tag.len());
            return Err(Error::usage(format!("{what}: a tag has at most {LONGEST_TAG}, and no NUL")));
        }
        Ok(Self::simple(bytes, Class::Opaque { tag: tag.as_bytes().to_vec() }))
    }
    /// A reference.
    pub fn reference(kind: ReferenceKind) -> Datatype {
        let (version, size) = match kind {
            ReferenceKind::OldObject => (1, 8),
            ReferenceKind::OldRegion => (1, 12),
            _ => (4, 18),
        };
        Datatype { version, size, class: Class::Reference(kind) }
    }
    /// A complex number of HDF5 2.0, of two floats; older libraries cannot read it.
    pub fn complex(part: Datatype) -> Result<Datatype> {
        let size = part.size.checked_mul(2).ok_or_else(too_large)?;
        match part.class {
            Class::Float(_) => Ok(Datatype { version: 5, size, class: Class::Complex(Box::new(part)) }),
            _ => Err(Error::usage(format!("complex numbers of {}", part.describe()))),
        }
    }
    /// A complex number as h5py stores it: a compound of `r` and `i`.
    pub fn complex_compound(part: Datatype) -> Result<Datatype> {
        Self::compound(&[("r", part.clone()), ("i", part)])
    }
    /// Named values of an integer type.
    pub fn enumeration(base: Datatype, names: &[(&str, i128)]) -> Result<Datatype> {
        let Class::Integer { bits, signed } = &base.class else {
            return Err(Error::usage(format!("an enumeration of {}", base.describe())));
        };
        if bits.order == ByteOrder::Vax
            || bits.offset != 0
            || u32::from(bits.precision) != base.size.saturating_mul(8)
        {
            return Err(Error::usage(format!(
                "an enumeration of {}: not all bits are used",
                base.describe()
            )));
        }
        names_fit(names.iter().map(|(name, _)| name.as_bytes()), "values")?;
        let spare = 128u32.saturating_sub(u32::from(bits.precision)).min(127);
        let (low, high) = match signed {
            true => (i128::MIN >> spare, i128::MAX >> spare),
            false => (0, i128::try_from(u128::MAX >> spare).unwrap_or(i128::MAX)),
        };
        let mut members = Vec::new();
        for (name, value) in names {
            if *value < low || *value > high {
                return Err(Error::usage(format!("{name} = {value} does not fit in {}", base.describe())));
            }
            let sign = if *value < 0 { 0xff } else { 0 };
            let wide = value.to_le_bytes().into_iter().chain(std::iter::repeat(sign));
            let mut stored: Vec<u8> = wide.take(base.bytes()).collect();
            if bits.order == ByteOrder::Big {
                stored.reverse();
            }
            if members.iter().any(|(_, other)| *other == stored) {
                return Err(Error::usage(format!("two names for {value}")));
            }
            members.push((name.as_bytes().to_vec(), stored));
        }
        Ok(Datatype {
            version: base.version,
            size: base.size,
            class: Class::Enum { base: Box::new(base), members },
        })
    }
    /// A boolean as h5py stores it: an enumeration of FALSE and TRUE.
    pub fn boolean() -> Result<Datatype> {
        Self::enumeration(Self::integer(1, true, ByteOrder::Little)?, &[("FALSE", 0), ("TRUE", 1)])
    }
    /// Members one after the other, without gaps.
    pub fn compound<N: AsRef<str>>(members: &[(N, Datatype)]) -> Result<Datatype> {
        Self::laid_out(members, false)
    }
    /// Members as C lays out a struct: each at a multiple of its alignment, the whole too.
    pub fn compound_aligned<N: AsRef<str>>(members: &[(N, Datatype)]) -> Result<Datatype> {
        Self::laid_out(members, true)
    }
    /// Members at these byte offsets, in an element of `size` bytes.
    pub fn compound_at<N: AsRef<str>>(members: &[(N, u32, Datatype)], size: u32) -> Result<Datatype> {
        let member = |(name, offset, datatype): &(N, u32, Datatype)| Member {
            name: name.as_ref().as_bytes().to_vec(),
            offset: *offset,
            datatype: datatype.clone(),
        };
        let members: Vec<Member> = members.iter().map(member).collect();
        names_fit(members.iter().map(|m| m.name.as_slice()), "members")?;
        let mut spans: Vec<(u64, u64)> = Vec::new();
        for m in &members {
            let start = u64::from(m.offset);
            spans.push((start, start.saturating_add(u64::from(m.datatype.size))));
        }
        spans.sort_unstable();
        if spans.iter().zip(spans.iter().skip(1)).any(|(a, b)| a.1 > b.0) {
            return Err(Error::usage("members of a compound overlap"));
        }
        match spans.last() {
            Some((_, end)) if *end <= u64::from(size) => {
                let version = members.iter().map(|m| m.datatype.version).max().unwrap_or(1);
                Ok(Datatype { version, size, class: Class::Compound(members) })
            }
            Some((_, end)) => {
                Err(Error::usage(format!("members up to byte {end} in a compound of {size} bytes")))
            }
            None => Err(Error::usage("a compound without members")),
        }
    }
    fn laid_out<N: AsRef<str>>(members: &[(N, Datatype)], aligned: bool) -> Result<Datatype> {
        let step = |d: &Datatype| if aligned { d.alignment() } else { 1 };
        let mut end = 0u32;
        let mut placed = Vec::new();
        for (name, datatype) in members {
            let offset = end.checked_next_multiple_of(step(datatype)).ok_or_else(too_large)?;
            end = offset.checked_add(datatype.size).ok_or_else(too_large)?;
            placed.push((name.as_ref(), offset, datatype.clone()));
        }
        let widest = members.iter().map(|(_, d)| step(d)).max().unwrap_or(1);
        Self::compound_at(&placed, end.checked_next_multiple_of(widest).ok_or_else(too_large)?)
    }
    /// Alignment of the type in C.
    fn alignment(&self) -> u32 {
        match &self.class {
            Class::Integer { .. }
            | Class::Float(_)
            | Class::Bitfield(_)
            | Class::Enum { .. }
            | Class::Time { .. } => {
                let is_aligned = self.size.is_power_of_two();
                if is_aligned { self.size.min(16) } else { 1 }
            }
            Class::Compound(members) => members.iter().map(|m| m.datatype.alignment()).max().unwrap_or(1),
            Class::Array { base, .. } | Class::Complex(base) => base.alignment(),
            Class::VarLen(_) | Class::VarString { .. } | Class::Reference(ReferenceKind::OldObject) => 8,
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        let int = || Datatype::integer(1, true, ByteOrder::Little).unwrap();
        assert!(Datatype::integer(0, true, ByteOrder::Little).is_err());
        assert!(Datatype::float(3, ByteOrder::Little).is_err());
        assert!(Datatype::array(int(), &[]).is_err());
        assert!(Datatype::array(int(), &[1 << 20, 1 << 20]).is_err());
        assert!(Datatype::opaque(1, &"x".repeat(249)).is_err());
        assert!(Datatype::complex(int()).is_err());
        for names in [&[("a", 128)][..], &[("a", 1), ("a", 2)], &[("a", 1), ("b", 1)], &[("a\0", 1)]] {
            assert!(Datatype::enumeration(int(), names).is_err(), "{names:?}");
        }
        assert!(Datatype::compound::<&str>(&[]).is_err());
        assert!(Datatype::compound(&[("a", int()), ("a", int())]).is_err());
        assert!(Datatype::compound_at(&[("a", 0, int()), ("b", 0, int())], 4).is_err());
        assert!(Datatype::compound_at(&[("a", 4, int())], 4).is_err());
    }

    #[test]
    fn what_libhdf5_writes_for_native_types() {
        use crate::format::message::datatype::{HERE, MAX_DEPTH};
        let encoded = |t: &Datatype| crate::wire::encode(t, (MAX_DEPTH,), &HERE).unwrap();
        let float = Datatype::float(8, ByteOrder::Little).unwrap();
        assert_eq!(
            encoded(&float),
            [0x11, 0x20, 0x3f, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0]
        );
        let text = encoded(&Datatype::var_string(CharSet::Utf8));
        assert_eq!(text, [0x19, 1, 1, 0, 16, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]);
    }
}
