//! One file in several members, one after the other: the family driver.

use std::sync::Arc;

use super::{ReadAt, beyond};
use crate::error::Result;

/// Members of equal length, but for the last.
pub struct Family {
    members: Vec<Arc<dyn ReadAt>>,
    member_bytes: u64,
    len: u64,
}

impl Family {
    /// Joins members of `member_bytes` bytes each.
    pub fn new(members: Vec<Arc<dyn ReadAt>>, member_bytes: u64) -> Result<Self> {
        let last = members.last().map_or(Ok(0), |m| m.len())?;
        let before = u64::try_from(members.len().saturating_sub(1)).unwrap_or(u64::MAX);
        let member_bytes = member_bytes.max(1);
        Ok(Family { members, member_bytes, len: before.saturating_mul(member_bytes).saturating_add(last) })
    }
}

impl ReadAt for Family {
    fn len(&self) -> Result<u64> {
        Ok(self.len)
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let (mut at, mut left) = (offset, buf);
        while !left.is_empty() {
            let index = at.checked_div(self.member_bytes).unwrap_or(0);
            let within = at.checked_rem(self.member_bytes).unwrap_or(0);
            let Some(member) = usize::try_from(index).ok().and_then(|i| self.members.get(i)) else {
                return Err(beyond(at, left.len(), self.len));
            };
            let room = self.member_bytes.saturating_sub(within);
            let n = usize::try_from(room).unwrap_or(usize::MAX).min(left.len());
            let (now, later) = left.split_at_mut(n);
            // A member may end early: what its neighbours' place promises but nobody wrote is zeros.
            let there = member.len()?.saturating_sub(within);
            let (real, hole) = now.split_at_mut(usize::try_from(there).unwrap_or(usize::MAX).min(n));
            hole.fill(0);
            member.read_at(within, real)?;
            left = later;
            at = at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        }
        Ok(())
    }
}
