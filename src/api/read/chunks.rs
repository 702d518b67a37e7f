//! Going through a dataset chunk by chunk.

use ndarray::ArrayD;

use super::{PIECE_BYTES, Reader, shaped, sizes};
use crate::api::element::H5Type;
use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::selection::Span;

/// Gives each chunk's first element and its elements; those of the dataset's edge are smaller.
///
/// Chunks come in row-major order; ones that were never written are filled with the fill value.
pub struct ChunkIter<'d, T: H5Type> {
    reader: Reader<'d>,
    plan: T::Plan,
    dims: Vec<u64>,
    chunk: Vec<u64>,
    next: Option<Vec<u64>>,
}

impl<'d, T: H5Type> ChunkIter<'d, T> {
    pub(super) fn new(reader: Reader<'d>) -> Result<Self> {
        let plan = reader.plan::<T>()?;
        let dims = reader.dataset.dims()?.to_vec();
        let chunk = match reader.dataset.chunk_shape() {
            Some(chunk) => chunk,
            None => rows(&dims, u64::from(reader.dataset.datatype().size)),
        };
        if chunk.len() != dims.len() || chunk.contains(&0) {
            return Err(Error::damaged(format!("chunks of {chunk:?} in {dims:?}")));
        }
        let empty = reader.is_null() || dims.contains(&0);
        let next = (!empty).then(|| vec![0; dims.len()]);
        Ok(ChunkIter { reader, plan, dims, chunk, next })
    }
    /// The first element of the chunk after this one.
    fn after(&self, mut offset: Vec<u64>) -> Option<Vec<u64>> {
        for (at, (chunk, dim)) in offset.iter_mut().zip(self.chunk.iter().zip(&self.dims)).rev() {
            *at = at.saturating_add(*chunk);
            if *at < *dim {
                return Some(offset);
            }
            *at = 0;
        }
        None
    }
    fn chunk(&self, offset: &[u64]) -> Result<ArrayD<T>> {
        let lengths = offset.iter().zip(self.chunk.iter().zip(&self.dims));
        let shape: Vec<u64> = lengths.map(|(o, (c, d))| (*c).min(d.saturating_sub(*o))).collect();
        let spans = offset.iter().zip(&shape).map(|(o, n)| Span::range(*o, *n)).collect();
        let data = self.reader.selected::<T>(&self.plan, &Selection::Slab(spans))?;
        shaped(sizes(&shape)?, data)
    }
}

/// Pieces of whole rows of some megabytes.
fn rows(dims: &[u64], element: u64) -> Vec<u64> {
    let mut chunk: Vec<u64> = dims.iter().map(|d| (*d).max(1)).collect();
    let row = chunk.iter().skip(1).fold(element, |n, d| n.saturating_mul(*d)).max(1);
    if let Some(first) = chunk.first_mut() {
        *first = (*first).min((PIECE_BYTES / row).max(1));
    }
    chunk
}

impl<T: H5Type> Iterator for ChunkIter<'_, T> {
    type Item = Result<(Vec<u64>, ArrayD<T>)>;
    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.next.take()?;
        match self.chunk(&offset) {
            Ok(chunk) => {
                self.next = self.after(offset.clone());
                Some(Ok((offset, chunk)))
            }
            Err(e) => Some(Err(e)),
        }
    }
}

impl<T: H5Type> std::iter::FusedIterator for ChunkIter<'_, T> {}
