//! Heaps: where names, variable-length data and large messages live.
//!
//! - [`local`]: names of an old-style group
//! - [`global`]: variable-length data
//! - [`fractal`]: dense links and attributes, shared messages

use std::ops::{Deref, Range};
use std::sync::Arc;

pub mod fractal;
pub mod global;
pub mod local;

pub use fractal::FractalHeap;
pub use global::Collections;
pub use local::LocalHeap;

/// An object of a heap: a part of a block that stays in memory as long as the object. Not copied.
#[derive(Clone)]
pub struct HeapObject {
    block: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl HeapObject {
    /// The part `range` of a block; `None` where the block ends before.
    fn new(block: &Arc<Vec<u8>>, range: Range<usize>) -> Option<Self> {
        block.get(range.clone())?;
        Some(HeapObject { block: block.clone(), range })
    }
    /// All bytes of a block.
    fn whole(bytes: Vec<u8>) -> Self {
        let range = 0..bytes.len();
        HeapObject { block: Arc::new(bytes), range }
    }
}

impl Deref for HeapObject {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.block.get(self.range.clone()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for HeapObject {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl std::fmt::Debug for HeapObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("HeapObject").field(&&**self).finish()
    }
}
