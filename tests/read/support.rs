//! What the modules share: paths, repeatable random numbers, and walks that keep every error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use h5::api::group::Node;
use h5::source::ReadAt;
use h5::{Attribute, Error, File, Selection};

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fixture by its name.
pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("tests/files").join(name)
}

/// The bytes of a fixture.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Numbers that are random enough and the same in every run (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
}

/// Bytes of one dataset that a walk reads at most.
const READ_BYTES: u64 = 4 << 20;

/// Everything that was met on a walk, and every error.
#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) objects: Vec<String>,
    /// Links of each group by its path.
    pub(crate) links: BTreeMap<String, usize>,
    pub(crate) attributes: usize,
    pub(crate) errors: Vec<Error>,
}

/// Opens whatever can be opened and reads every value that is not huge.
pub(crate) fn walk(file: &File) -> Walked {
    let mut out = Walked::default();
    let visited = file.visit(&mut |v| {
        let path = String::from_utf8_lossy(&v.path).into_owned();
        out.links.insert(path.clone(), v.links.len());
        out.objects.push(path);
        out.errors.extend(v.broken);
        let attributes = match &v.node {
            Ok(Node::Group(g)) => g.attributes(),
            Ok(Node::Dataset(d)) => d.attributes(),
            Ok(Node::Type(t)) => t.attributes(),
            Err(_) | Ok(_) => Ok(Vec::new()),
        };
        out.attributes(attributes);
        match v.node {
            Ok(Node::Dataset(d)) => out.errors.extend(read(&d).err()),
            Ok(_) => {}
            Err(e) => out.errors.push(e),
        }
        Ok(())
    });
    out.errors.extend(visited.err());
    out
}

impl Walked {
    fn attributes(&mut self, list: h5::Result<Vec<Attribute>>) {
        match list {
            Ok(list) => {
                self.attributes += list.len();
                self.errors.extend(list.iter().filter_map(|a| a.parts().err()));
            }
            Err(e) => self.errors.push(e),
        }
    }
}

fn read(d: &h5::Dataset) -> h5::Result<()> {
    let bytes = d.len()?.saturating_mul(u64::from(d.datatype().size));
    if bytes <= READ_BYTES {
        d.read_stored(&Selection::All)?;
    }
    Ok(())
}

/// Counts what is read through it, in calls, bytes and blocks of 4 KiB.
pub(crate) struct Counting<S> {
    source: S,
    calls: AtomicU64,
    bytes: AtomicU64,
    blocks: Mutex<BTreeSet<u64>>,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) calls: u64,
    pub(crate) bytes: u64,
    pub(crate) blocks: usize,
}

impl<S: ReadAt> Counting<S> {
    pub(crate) fn new(source: S) -> Self {
        Counting { source, calls: AtomicU64::new(0), bytes: AtomicU64::new(0), blocks: Mutex::default() }
    }
    pub(crate) fn count(&self) -> Count {
        Count {
            calls: self.calls.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            blocks: self.blocks.lock().expect("no reader panics").len(),
        }
    }
}

impl<S: ReadAt> ReadAt for Counting<S> {
    fn len(&self) -> h5::Result<u64> {
        self.source.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> h5::Result<()> {
        let len = buf.len() as u64;
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(len, Ordering::Relaxed);
        let blocks = offset / 4096..(offset + len).div_ceil(4096);
        self.blocks.lock().expect("no reader panics").extend(blocks);
        self.source.read_at(offset, buf)
    }
}
