//! Structures at work in a file.
//!
//! - [`block`]: fetch, verify, cache
//! - [`space`]: which bytes are free
//! - [`changes`]: changed pages that are not in the file yet
//! - [`edit`]: allocate, write, free
//! - `sink`: where changes go
//! - [`snapshot`], [`swmr`]: readers beside a writer
//! - [`remember`]: free space from one session to the next
//! - [`commit`]: what was changed goes into the file, all of it or nothing
//! - [`heap`]: local, global and fractal heaps
//! - [`btree`]: B-trees version 1 and 2
//! - [`index`]: the chunk indexes
//! - [`shared`]: shared object header messages
//! - [`cache_image`]: the metadata cache image
//! - [`free_space`]: the gaps that a free-space manager keeps
//! - [`header`]: object headers: load the chain of chunks, find messages
//! - [`open`]: find the superblock, read the extension

pub mod block;
pub mod btree;
pub mod cache_image;
pub mod changes;
pub mod commit;
pub mod edit;
pub mod free_space;
pub mod heap;
pub mod header;
pub mod index;
mod lives;
pub mod open;
pub mod remember;
pub mod shared;
mod sink;
pub mod snapshot;
pub mod swmr;
pub mod space;
pub mod symbols;
#[cfg(test)]
pub(crate) mod testing;

pub use block::Store;
pub use space::Class;
