//! Structures at work in a file.
//!
//! - [`block`]: fetch, verify, cache
//! - [`heap`]: local, global and fractal heaps
//! - [`btree`]: B-trees version 1 and 2
//! - [`index`]: the chunk indexes
//! - [`header`]: object headers: load the chain of chunks, find messages
//! - [`open`]: find the superblock, read the extension

pub mod block;
pub mod btree;
pub mod heap;
pub mod header;
pub mod index;
pub mod open;

pub use block::Store;
