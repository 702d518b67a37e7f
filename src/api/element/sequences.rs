//! Arrays and sequences.

use super::text::{put_text, put_variable, unpadded, variable};
use super::{Decoder, Elements, ElementsMut, Encoder, H5Type, byte_type, mismatch};
use crate::error::{Error, Result};
use crate::format::message::datatype::{Class, Datatype, StringPadding};

/// How stored elements become sequences.
#[derive(Debug, Clone)]
pub struct SequencePlan<P> {
    from: From,
    item: P,
    size: usize,
}

/// Where the items of a sequence lie.
#[derive(Debug, Clone, Copy)]
enum From {
    /// In a heap.
    Heap,
    /// In a heap, up to the first NUL.
    HeapText,
    /// In the element.
    Inline,
    /// In the element, up to the padding.
    InlineText(StringPadding),
}

impl<T: H5Type> H5Type for Vec<T> {
    type Plan = SequencePlan<T::Plan>;
    fn plan(stored: &Datatype) -> Result<Self::Plan> {
        let bytes = byte_type();
        let (from, base) = match &stored.class {
            Class::VarLen(base) => (From::Heap, &**base),
            Class::Array { base, .. } => (From::Inline, &**base),
            Class::VarString { .. } if T::IS_BYTE => (From::HeapText, &bytes),
            Class::String(text) if T::IS_BYTE => (From::InlineText(text.padding), &bytes),
            Class::Opaque { .. } if T::IS_BYTE => (From::Inline, &bytes),
            _ => return Err(mismatch(stored, "a sequence of that type")),
        };
        Ok(SequencePlan { from, item: T::plan(base)?, size: base.bytes() })
    }
    fn decode(plan: &Self::Plan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Vec<T>> {
        let heap;
        let items = match plan.from {
            From::Heap => {
                heap = decoder.copied_sequence(stored, plan.size)?.1;
                heap.as_slice()
            }
            From::HeapText => {
                heap = variable(decoder, stored)?.to_vec();
                heap.as_slice()
            }
            From::Inline => stored,
            From::InlineText(padding) => unpadded(stored, padding),
        };
        let mut out = Vec::new();
        T::decode_many(&plan.item, Elements::packed(items, plan.size), decoder, &mut out)?;
        Ok(out)
    }
    fn datatype() -> Result<Datatype> {
        Ok(Datatype::vlen(T::datatype()?))
    }
    fn datatype_for(values: &[Self]) -> Result<Datatype> {
        match values.iter().find(|items| !items.is_empty()) {
            Some(items) => Ok(Datatype::vlen(T::datatype_for(items)?)),
            None => Self::datatype(),
        }
    }
    fn encode(&self, plan: &Self::Plan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        if let From::Inline = plan.from {
            let room = out.len() / plan.size.max(1);
            if self.len() != room {
                return Err(Error::usage(format!("{} items for an array of {room}", self.len())));
            }
            return T::encode_many(&plan.item, self, encoder, ElementsMut::packed(out, plan.size));
        }
        let owned;
        let bytes = match T::as_stored(&plan.item, self) {
            Some(bytes) => bytes,
            None => {
                let needed = self.len().checked_mul(plan.size);
                let needed = needed.ok_or_else(|| Error::limit(format!("{} items", self.len())))?;
                let mut room = vec![0; needed];
                T::encode_many(&plan.item, self, encoder, ElementsMut::packed(&mut room, plan.size))?;
                owned = room;
                owned.as_slice()
            }
        };
        match plan.from {
            From::HeapText => put_variable(bytes, encoder, out),
            // As numpy does it: bytes may fill the room of the terminating NUL.
            From::InlineText(StringPadding::NullTerminated)
                if bytes.len() == out.len() && !bytes.contains(&0) =>
            {
                out.copy_from_slice(bytes);
                Ok(())
            }
            From::InlineText(padding) => put_text(bytes, padding, encoder.truncate, out),
            From::Heap | From::Inline => encoder.sequence(self.len(), bytes, out),
        }
    }
}

/// How stored elements become arrays.
#[derive(Debug, Clone)]
pub struct ArrayPlan<P> {
    item: P,
    size: usize,
}

impl<T: H5Type, const N: usize> H5Type for [T; N] {
    type Plan = ArrayPlan<T::Plan>;
    fn plan(stored: &Datatype) -> Result<Self::Plan> {
        let count = u64::try_from(N).unwrap_or(u64::MAX);
        match &stored.class {
            Class::Array { dims, base } => {
                let all = dims.iter().map(|d| u64::from(*d)).product::<u64>();
                if let Some((first, rest)) = dims.split_first().filter(|(_, rest)| !rest.is_empty())
                    && u64::from(*first) == count
                    && let Some(size) = stored.size.checked_div(*first)
                {
                    let class = Class::Array { dims: rest.to_vec(), base: base.clone() };
                    let row = Datatype { version: stored.version, size, class };
                    if let Ok(item) = T::plan(&row) {
                        return Ok(ArrayPlan { item, size: row.bytes() });
                    }
                }
                if all != count {
                    return Err(mismatch(stored, &format!("an array of {N}")));
                }
                Ok(ArrayPlan { item: T::plan(base)?, size: base.bytes() })
            }
            Class::Opaque { .. } | Class::String(_) if T::IS_BYTE && u64::from(stored.size) == count => {
                Ok(ArrayPlan { item: T::plan(&byte_type())?, size: 1 })
            }
            _ => Err(mismatch(stored, &format!("an array of {N}"))),
        }
    }
    #[inline]
    fn decode(plan: &Self::Plan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<[T; N]> {
        let elements = Elements::packed(stored, plan.size);
        if elements.count < N {
            return Err(Error::damaged(format!("{} elements for an array of {N}", elements.count)));
        }
        T::decode_array(&plan.item, elements, decoder)
    }
    fn datatype() -> Result<Datatype> {
        array_of::<N>(T::datatype()?)
    }
    fn datatype_for(values: &[Self]) -> Result<Datatype> {
        match values.first() {
            Some(items) => array_of::<N>(T::datatype_for(items)?),
            None => Self::datatype(),
        }
    }
    #[inline]
    fn encode(&self, plan: &Self::Plan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
        T::encode_many(&plan.item, self, encoder, ElementsMut::packed(out, plan.size))
    }
    fn as_stored<'v>(plan: &Self::Plan, values: &'v [Self]) -> Option<&'v [u8]> {
        T::as_stored(&plan.item, values.as_flattened())
    }
}

/// Arrays of arrays become one of more dimensions.
fn array_of<const N: usize>(item: Datatype) -> Result<Datatype> {
    let count = u32::try_from(N).map_err(|_| Error::usage(format!("an array of {N}")))?;
    match item.class {
        Class::Array { dims, base } if dims.len() < 32 => {
            let all: Vec<u32> = std::iter::once(count).chain(dims).collect();
            Datatype::array(*base, &all)
        }
        _ => Datatype::array(item, &[count]),
    }
}
