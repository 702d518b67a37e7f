//! What encoding needs besides values and plans.

use crate::error::{Error, Result};
use crate::format::message::datatype::ReferenceKind;
use crate::model::reference::Reference;
use crate::store::heap::global;
use crate::store::open::Container;
use crate::wire::{Addr, encode};

/// Places of elements that lie `stride` bytes apart.
#[derive(Debug)]
pub struct ElementsMut<'a> {
    /// The first element, and all that follows it.
    pub stored: &'a mut [u8],
    /// How many there are.
    pub count: usize,
    /// Bytes of an element.
    pub size: usize,
    /// Bytes from one element to the next.
    pub stride: usize,
}

impl<'a> ElementsMut<'a> {
    /// All elements of `size` bytes in `stored`.
    pub fn packed(stored: &'a mut [u8], size: usize) -> Self {
        let size = size.max(1);
        ElementsMut { count: stored.len() / size, stored, size, stride: size }
    }
    /// The places.
    #[inline]
    pub fn places(self) -> impl Iterator<Item = &'a mut [u8]> + use<'a> {
        let size = self.size;
        let chunks = self.stored.chunks_mut(self.stride.max(1)).take(self.count);
        chunks.map(move |chunk| {
            let size = size.min(chunk.len());
            chunk.get_mut(..size).unwrap_or_default()
        })
    }
    /// An error where there are fewer places than values.
    pub(crate) fn check(&self, values: usize) -> Result<()> {
        match values > self.count {
            true => Err(Error::usage(format!("{values} values for {} elements", self.count))),
            false => Ok(()),
        }
    }
}

/// What encoding needs besides the values: the file's heaps, and how to treat what does not fit.
pub struct Encoder<'a> {
    container: Option<&'a Container>,
    pub(crate) clamp: bool,
    pub(crate) truncate: bool,
}

impl<'a> Encoder<'a> {
    /// For elements of this file, which is open for writing.
    pub fn new(container: &'a Container) -> Self {
        Encoder { container: Some(container), clamp: false, truncate: false }
    }
    /// Without a file: elements that lead elsewhere cannot be encoded.
    pub fn detached() -> Encoder<'static> {
        Encoder { container: None, clamp: false, truncate: false }
    }
    /// Whether numbers that do not fit become the nearest one that does; else they are errors.
    #[must_use]
    pub fn clamp(mut self, clamp: bool) -> Self {
        self.clamp = clamp;
        self
    }
    /// Whether text that is too long for its element is cut off; else it is an error.
    #[must_use]
    pub fn truncate(mut self, truncate: bool) -> Self {
        self.truncate = truncate;
        self
    }
    fn file(&self) -> Result<&'a Container> {
        self.container
            .ok_or_else(|| Error::usage("the element leads to a heap, and there is no file at hand"))
    }
    /// Encodes an element of variable length: `count` items with these bytes; nothing where there are none.
    pub(crate) fn sequence(&mut self, count: usize, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        if count == 0 {
            out.fill(0);
            return Ok(());
        }
        self.heap_object(count, bytes, out)
    }
    /// Encodes an element of variable length with a heap object even if it is empty: an empty string is not
    /// a missing one.
    pub(crate) fn heap_object(&mut self, count: usize, bytes: &[u8], out: &mut [u8]) -> Result<()> {
        let file = self.file()?;
        let w = file.store.widths;
        let number =
            u32::try_from(count).map_err(|_| Error::usage(format!("a sequence of {count} elements")))?;
        if out.len() != usize::from(w.offset).saturating_add(8) {
            return Err(Error::damaged(format!("{} bytes for a variable-length element", out.len())));
        }
        let (collection, index): (Addr, u32) = global::insert(&file.store, bytes)?;
        let address = encode(&collection, (w,), &crate::format::global_heap::HERE)?;
        let parts = number.to_le_bytes().into_iter().chain(address).chain(index.to_le_bytes());
        out.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        Ok(())
    }
    /// Encodes a reference.
    pub(crate) fn reference(
        &mut self,
        reference: &Reference,
        kind: ReferenceKind,
        out: &mut [u8],
    ) -> Result<()> {
        if matches!(reference, Reference::Null) {
            out.fill(0);
            return Ok(());
        }
        reference.encode(self.file()?, kind, out)
    }
}

#[cfg(test)]
mod tests;
