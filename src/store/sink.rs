//! Where the changes of one file go, and what is kept until they are there.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::lives::Lives;
use super::snapshot::Snapshots;
use super::space::{Ranges, Space};
use crate::format::superblock::Superblock;
use crate::source::WriteAt;

/// How one file is changed.
pub(super) struct Edit {
    pub(super) sink: Arc<dyn WriteAt>,
    pub(super) space: Mutex<Space>,
    /// The superblock as the last commit left it.
    pub(super) superblock: Mutex<Superblock>,
    /// Set while nobody knows what of a commit is in the file, and for good where it failed then: the file is
    /// whole again once it is reopened.
    pub(super) halted: AtomicBool,
    /// Whether bytes were written into the file that no commit has waited for.
    pub(super) unsynced: AtomicBool,
    /// Whether nothing was written since the file was opened or closed last: until then the file keeps what lies behind its end.
    pub(super) untouched: Mutex<bool>,
    /// Readers in this process that see an older commit.
    pub(super) snapshots: Arc<Snapshots>,
    /// Readers in other processes look on: see [`Store::start_swmr`](super::block::Store::start_swmr).
    pub(super) swmr: AtomicBool,
    /// Whether what is being written is seen by nobody before an object header tells of it.
    pub(super) unseen: AtomicBool,
    /// Whether anything else was written since the last commit.
    pub(super) seen: AtomicBool,
    /// Whether libhdf5 is to be able to open the file at every moment, be it that it sees a commit object by object.
    pub(super) readable: AtomicBool,
    /// Whether structures were changed since the last commit that are whole only together.
    pub(super) interlocked: AtomicBool,
    /// Objects added to heaps that exist: their heads come after what follows them.
    pub(super) added: Mutex<Ranges>,
    /// Parts of object headers that change with this commit: with readers in other processes they come last.
    pub(super) headers: Mutex<Ranges>,
    /// Which objects the addresses of their headers stand for.
    pub(super) lives: Mutex<Lives>,
}
