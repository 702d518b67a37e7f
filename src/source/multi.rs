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
    /// Between the end of a part and the start of the next one lies nothing: it reads as zeros.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let (mut at, mut left) = (offset, buf);
        while !left.is_empty() {
            let Some(index) = self.parts.iter().rposition(|(start, _)| *start <= at) else {
                return Err(beyond(at, left.len(), 0));
            };
            let Some((start, part)) = self.parts.get(index) else { return Err(beyond(at, left.len(), 0)) };
            let next = self.parts.get(index.saturating_add(1)).map_or(u64::MAX, |(start, _)| *start);
            let room = usize::try_from(next.saturating_sub(at)).unwrap_or(usize::MAX);
            let (now, later) = left.split_at_mut(room.min(left.len()));
            let within = at.saturating_sub(*start);
            let there = usize::try_from(part.len()?.saturating_sub(within)).unwrap_or(usize::MAX);
            let taken = u64::try_from(now.len()).unwrap_or(u64::MAX);
            let (real, hole) = now.split_at_mut(there.min(now.len()));
            part.read_at(within, real)?;
            hole.fill(0);
            left = later;
            at = at.saturating_add(taken);
        }
        Ok(())
    }
}
