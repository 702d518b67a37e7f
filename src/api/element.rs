//! Rust types that elements are read into and written from.
//!
//! A type is matched with the stored datatype once ([`H5Type::plan`]); the plan then decodes or encodes any
//! number of elements. Numbers, strings, arrays and so on are in the submodules; [`H5Type`] is derived for structs and
//! for enums without fields.

mod compound;
mod encoder;
mod numbers;
mod sequences;
mod text;
mod tuples;

pub use compound::{EnumPlan, Field, compound, member};
pub use encoder::{ElementsMut, Encoder};
pub use numbers::{BoolPlan, ComplexPlan, NumberPlan};
pub use sequences::{ArrayPlan, SequencePlan};
pub use text::TextPlan;
pub(crate) use text::{put_text, put_variable, string, unpadded, variable};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::format::message::datatype::{ByteOrder, Class, Datatype, ReferenceKind};
use crate::limits::Work;
use crate::model::reference::{Part, Reference};
use crate::store::heap::global::Collections;
use crate::store::open::Container;
use crate::wire::Addr;

/// A type that elements of a dataset or an attribute can be read as and written from.
///
/// Numbers, `bool`, `String`, `Vec<T>` (variable-length sequences), `[T; N]` (arrays), tuples, complex numbers,
/// [`Reference`] and [`Value`](crate::Value) have it; structs and enums without fields get it by
/// `#[derive(H5Type)]`:
///
/// ```
/// # #[cfg(feature = "derive")] {
/// #[derive(h5::H5Type, Debug)]
/// struct Sample {
///     time: f64,
///     #[h5(rename = "détecteur")]
///     detector: String,
///     counts: [u32; 4],
/// }
/// # }
/// ```
///
/// The members of a compound are found by name (for tuples by their place); those that are not named are not
/// decoded, and keep their bytes where an element is encoded.
pub trait H5Type: Sized {
    /// How elements of one datatype become this type, and this type such elements.
    type Plan: Send + Sync;
    /// Matches this type with a datatype; an error names what does not fit.
    fn plan(stored: &Datatype) -> Result<Self::Plan>;
    /// Decodes the element that `stored` is.
    fn decode(plan: &Self::Plan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Self>;
    /// Decodes `count` elements of `size` bytes that start `stride` bytes apart.
    fn decode_many(
        plan: &Self::Plan,
        elements: Elements<'_>,
        decoder: &mut Decoder<'_>,
        out: &mut Vec<Self>,
    ) -> Result<()> {
        out.reserve(elements.count);
        for (index, stored) in elements.iter().enumerate() {
            out.push(Self::decode(plan, stored, decoder).map_err(|e| at_element(e, index))?);
        }
        Ok(())
    }
    /// Reads `count` elements without a buffer between, where the stored form allows: `fill` is given the
    /// elements' own bytes.
    fn read_in_place(
        _plan: &Self::Plan,
        _count: usize,
        _fill: &mut dyn FnMut(&mut [u8]) -> Result<()>,
    ) -> Result<Option<Vec<Self>>> {
        Ok(None)
    }
    /// Decodes an array of elements, one after the other in `stored`.
    fn decode_array<const N: usize>(
        plan: &Self::Plan,
        elements: Elements<'_>,
        decoder: &mut Decoder<'_>,
    ) -> Result<[Self; N]> {
        let mut all = Vec::new();
        Self::decode_many(plan, elements, decoder, &mut all)?;
        let found = all.len();
        all.try_into().map_err(|_| Error::damaged(format!("{found} elements for an array of {N}")))
    }
    /// The datatype of what is created from values of this type: little-endian, as h5py would choose it.
    fn datatype() -> Result<Datatype>;
    /// The datatype of what is created from these values; differs from [`H5Type::datatype`] where a Rust type
    /// has values of several datatypes.
    fn datatype_for(_values: &[Self]) -> Result<Datatype> {
        Self::datatype()
    }
    /// Encodes this value into `out`, the bytes of one element.
    ///
    /// What does not belong to the value (members of a compound that this type lacks) stays as it is.
    fn encode(&self, plan: &Self::Plan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()>;
    /// Encodes values into as many elements; an error names the index of the value that does not fit.
    fn encode_many(
        plan: &Self::Plan,
        values: &[Self],
        encoder: &mut Encoder<'_>,
        out: ElementsMut<'_>,
    ) -> Result<()> {
        out.check(values.len())?;
        for (index, (value, place)) in values.iter().zip(out.places()).enumerate() {
            value.encode(plan, encoder, place).map_err(|e| at_element(e, index))?;
        }
        Ok(())
    }
    /// The bytes of the values, where these are what is stored.
    fn as_stored<'v>(_plan: &Self::Plan, _values: &'v [Self]) -> Option<&'v [u8]> {
        None
    }
    /// Whether strings and opaque data can be sequences of this type.
    #[doc(hidden)]
    const IS_BYTE: bool = false;
}

/// Stored elements that lie `stride` bytes apart.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a> {
    /// The first element, and all that follows it.
    pub stored: &'a [u8],
    /// How many there are.
    pub count: usize,
    /// Bytes of an element.
    pub size: usize,
    /// Bytes from one element to the next.
    pub stride: usize,
}

impl<'a> Elements<'a> {
    /// All elements of `size` bytes in `stored`.
    pub fn packed(stored: &'a [u8], size: usize) -> Self {
        let size = size.max(1);
        Elements { stored, count: stored.len() / size, size, stride: size }
    }
    /// The elements.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let size = self.size;
        let chunks = self.stored.chunks(self.stride.max(1)).take(self.count);
        chunks.map(move |chunk| chunk.get(..size).unwrap_or(chunk))
    }
}

/// What decoding needs besides the bytes: the file's heaps, and how to treat what does not fit.
pub struct Decoder<'a> {
    pub(crate) container: Option<&'a Container>,
    heaps: Option<Collections<'a>>,
    work: Work,
    /// Whether numbers that do not fit become the nearest one that does.
    pub(crate) clamp: bool,
    /// Whether bytes that are no UTF-8 become replacement characters.
    pub(crate) lossy: bool,
}

impl<'a> Decoder<'a> {
    /// For elements that take `stored_bytes` outside of heaps.
    pub(crate) fn new(container: &'a Container, stored_bytes: usize) -> Self {
        let store = &container.store;
        let bytes = u64::try_from(stored_bytes).unwrap_or(u64::MAX);
        Decoder {
            container: Some(container),
            heaps: Some(Collections::new(store)),
            work: Work::new(&store.limits, store.end().saturating_add(bytes)),
            clamp: false,
            lossy: false,
        }
    }
    /// Without a file: elements that lead elsewhere cannot be decoded.
    pub fn detached() -> Decoder<'static> {
        let work = Work::new(&crate::Limits::default(), 0);
        Decoder { container: None, heaps: None, work, clamp: false, lossy: false }
    }
    /// Whether numbers that do not fit become the nearest one that does.
    pub fn clamps(&self) -> bool {
        self.clamp
    }
    fn no_file() -> Error {
        Error::usage("the element leads to a heap, and there is no file at hand")
    }
    /// Bytes of an address in the file.
    fn offset_width(&self) -> usize {
        self.container.map_or(8, |c| usize::from(c.store.widths.offset))
    }
    /// The count and the bytes of a variable-length element.
    pub(crate) fn sequence(&mut self, stored: &[u8]) -> Result<(usize, &[u8])> {
        let width = self.offset_width();
        let parts = stored.split_first_chunk::<4>().and_then(|(count, rest)| {
            let (address, rest) = rest.split_at_checked(width)?;
            Some((u32::from_le_bytes(*count), address, u32::from_le_bytes(*rest.first_chunk::<4>()?)))
        });
        let Some((count, address, index)) = parts else {
            return Err(Error::damaged(format!("{} bytes of a variable-length element", stored.len())));
        };
        let raw = address.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let null = raw == 0 || address.iter().all(|b| *b == 0xff);
        if null || count == 0 {
            return Ok((0, &[]));
        }
        let heaps = self.heaps.as_mut().ok_or_else(Self::no_file)?;
        let bytes = heaps.get(Addr::new(raw), index)?;
        self.work.spend(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        Ok((usize::try_from(count).unwrap_or(usize::MAX), bytes))
    }
    /// Bytes that may be decoded from elements of variable length are limited: an object can be named often.
    pub(crate) fn copied_sequence(&mut self, stored: &[u8], size: usize) -> Result<(usize, Vec<u8>)> {
        let (count, bytes) = self.sequence(stored)?;
        let needed = count.checked_mul(size);
        match needed.and_then(|n| bytes.get(..n)) {
            Some(bytes) => Ok((count, bytes.to_vec())),
            None => Err(short_sequence(count, size, bytes.len())),
        }
    }
    /// The reference that an element is.
    pub(crate) fn reference(&self, kind: ReferenceKind, stored: &[u8]) -> Result<Reference> {
        Reference::decode(self.container.ok_or_else(Self::no_file)?, kind, stored)
    }
}

#[cold]
pub(crate) fn short_sequence(count: usize, size: usize, found: usize) -> Error {
    Error::damaged(format!("a sequence of {count} elements of {size} bytes has {found} bytes in its heap"))
}

/// The same error with other words; kind and trail stay.
#[cold]
pub(crate) fn reworded(e: Error, what: String) -> Error {
    let new = match e.kind() {
        ErrorKind::Damaged => Error::damaged(what),
        ErrorKind::Usage => Error::usage(what),
        ErrorKind::Unsupported => Error::unsupported(what),
        ErrorKind::Limit => Error::limit(what),
        _ => return e,
    };
    e.trail().iter().fold(new, |new, place| match place {
        Place::Structure(s, address) => new.within(s, *address),
        Place::Path(path) => new.on_path(path),
    })
}

#[cold]
pub(crate) fn at_element(e: Error, index: usize) -> Error {
    let what = format!("element {index}: {}", e.what());
    reworded(e, what)
}

#[cold]
pub(crate) fn in_member(e: Error, name: &str) -> Error {
    let what = format!("member {name}: {}", e.what());
    reworded(e, what)
}

/// The error for a type that does not go with a datatype.
#[cold]
pub(crate) fn mismatch(stored: &Datatype, rust: &str) -> Error {
    Error::usage(format!("elements of {} do not go with {rust}", stored.describe()))
}

/// The datatype of one byte.
pub(crate) fn byte_type() -> Datatype {
    let bits = crate::format::message::datatype::BitNumbers {
        order: ByteOrder::Little,
        low_pad: false,
        high_pad: false,
        offset: 0,
        precision: 8,
    };
    Datatype { version: 1, size: 1, class: Class::Integer { bits, signed: false } }
}

impl H5Type for Reference {
    type Plan = ReferenceKind;
    fn plan(stored: &Datatype) -> Result<ReferenceKind> {
        match &stored.class {
            Class::Reference(kind) => Ok(*kind),
            _ => Err(mismatch(stored, "a reference")),
        }
    }
    fn decode(kind: &ReferenceKind, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Self> {
        decoder.reference(*kind, stored)
    }
    /// References to objects in the form that every library reads.
    fn datatype() -> Result<Datatype> {
        Ok(Datatype::reference(ReferenceKind::OldObject))
    }
    /// Of the oldest form that holds them all.
    fn datatype_for(values: &[Self]) -> Result<Datatype> {
        let is = |part: fn(&Part) -> bool| {
            let fits = |r: &Reference| match r {
                Reference::Null => true,
                Reference::To { file, part: p, .. } => file.is_none() && part(p),
            };
            values.iter().all(fits)
        };
        Ok(Datatype::reference(match () {
            () if is(|p| matches!(p, Part::Whole)) => ReferenceKind::OldObject,
            () if is(|p| matches!(p, Part::Region(_))) => ReferenceKind::OldRegion,
            () => ReferenceKind::Object,
        }))
    }
    fn encode(&self, kind: &ReferenceKind, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        encoder.reference(self, *kind, out)
    }
}

#[cfg(test)]
mod tests;
