//! Changing a version 1 B-tree of chunks.

use crate::error::{Error, Result};
use crate::store::Store;
use crate::store::index::{Chunk, Grid};
use crate::wire::Addr;

/// Enters a chunk, or changes where it is.
pub(in super::super) fn set(_: &Store, _: &Grid, _: &mut Addr, _: &[u64], _: Chunk) -> Result<()> {
    Err(Error::unsupported("writing chunks into a version 1 B-tree"))
}

/// Takes a chunk out.
pub(in super::super) fn remove(_: &Store, _: &Grid, _: Addr, _: &[u64]) -> Result<()> {
    Err(Error::unsupported("writing chunks into a version 1 B-tree"))
}

/// Gives the tree's space back.
pub(in super::super) fn delete(_: &Store, _: &Grid, _: Addr) -> Result<()> {
    Err(Error::unsupported("deleting chunks of a version 1 B-tree"))
}
