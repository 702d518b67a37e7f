//! One file in several parts, each with its own range of addresses: the multi and split drivers.

use std::sync::Arc;

use super::{ReadAt, beyond};
use crate::error::Result;

/// Parts by the address they start at.
pub struct Multi {
    parts: Vec<(u64, Arc<dyn ReadAt>)>,
}

impl Multi {
    /// Joins parts; each holds the addresses from its start to the next part's start.
    pub fn new(mut parts: Vec<(u64, Arc<dyn ReadAt>)>) -> Self {
        parts.sort_by_key(|(start, _)| *start);
        Multi { parts }
    }
}

impl ReadAt for Multi {
    fn len(&self) -> Result<u64> {
        match self.parts.last() {
            Some((start, part)) => Ok(start.saturating_add(part.len()?)),
            None => Ok(0),
        }
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        match self.parts.iter().rev().find(|(start, _)| *start <= offset) {
            Some((start, part)) => part.read_at(offset.saturating_sub(*start), buf),
            None => Err(beyond(offset, buf.len(), 0)),
        }
    }
}
