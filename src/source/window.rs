//! A source seen from a base offset: the user block before the superblock is out of sight.

use std::ops::Range;
use std::sync::Arc;

use super::ReadAt;
use crate::error::Result;

/// The bytes of a source from `base` on.
#[derive(Clone)]
pub struct Window {
    source: Arc<dyn ReadAt>,
    base: u64,
}

impl Window {
    /// Looks at `source` from `base` on.
    pub fn new(source: Arc<dyn ReadAt>, base: u64) -> Self {
        Window { source, base }
    }
    /// The offset in the source of this window's byte 0.
    pub fn base(&self) -> u64 {
        self.base
    }
    /// The source behind the window.
    pub fn source(&self) -> &Arc<dyn ReadAt> {
        &self.source
    }
}

impl ReadAt for Window {
    fn len(&self) -> Result<u64> {
        Ok(self.source.len()?.saturating_sub(self.base))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.source.read_at(offset.saturating_add(self.base), buf)
    }
    fn read_ranges(&self, ranges: &mut [(u64, &mut [u8])]) -> Result<()> {
        for (offset, _) in ranges.iter_mut() {
            *offset = offset.saturating_add(self.base);
        }
        self.source.read_ranges(ranges)
    }
    fn is_partial(&self) -> bool {
        self.source.is_partial()
    }
    fn prepare(&self, ranges: &[Range<u64>]) -> Result<()> {
        let moved = |r: &Range<u64>| r.start.saturating_add(self.base)..r.end.saturating_add(self.base);
        self.source.prepare(&ranges.iter().map(moved).collect::<Vec<_>>())
    }
    fn bytes(&self) -> Option<&[u8]> {
        self.source.bytes()?.get(usize::try_from(self.base).ok()?..)
    }
}
