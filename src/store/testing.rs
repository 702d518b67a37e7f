//! A store over bytes in memory, for tests.

use std::sync::Arc;

use super::Store;
use crate::filter::{Context, Filter, Registry};
use crate::limits::Limits;
use crate::source::memory::{Growing, Memory};
use crate::source::window::Window;
use crate::wire::Widths;

/// The number of [`Flip`].
pub(crate) const FLIP: u16 = 40000;

/// A filter that flips all bits and stores one byte more.
struct Flip;

impl Filter for Flip {
    fn id(&self) -> u16 {
        FLIP
    }
    fn name(&self) -> &'static str {
        "flip"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> crate::Result<()> {
        ctx.check("flip", input.len())?;
        out.clear();
        out.extend(input.iter().skip(1).map(|b| !b));
        Ok(())
    }
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, _: &Context<'_>) -> crate::Result<()> {
        out.clear();
        out.push(0);
        out.extend(input.iter().map(|b| !b));
        Ok(())
    }
}

/// A store with 8-byte addresses and lengths, which knows the filter [`FLIP`].
pub(crate) fn store(bytes: Vec<u8>) -> Store {
    let mut filters = Registry::default();
    filters.register(Arc::new(Flip));
    let window = Window::new(Arc::new(Memory(bytes)), 0);
    Store::new(window, Widths::EIGHT, Limits::default(), Arc::new(filters)).unwrap()
}

/// The bytes as [`Flip`] stores them.
pub(crate) fn flipped(bytes: &[u8]) -> Vec<u8> {
    let ctx = Context { client_data: &[], limit: usize::MAX, expected: 0 };
    let mut out = Vec::new();
    Flip.encode(bytes, &mut out, &ctx).unwrap();
    out
}

/// A writable store in memory over these bytes, with 8-byte addresses and lengths; it knows [`FLIP`].
pub(crate) fn writable_over(bytes: Vec<u8>) -> (Store, Arc<Growing>) {
    let mut filters = Registry::default();
    filters.register(Arc::new(Flip));
    let end = u64::try_from(bytes.len()).unwrap();
    let file = Arc::new(Growing::new(bytes));
    let window = Window::new(file.clone(), 0);
    let mut store = Store::new(window, Widths::EIGHT, Limits::default(), Arc::new(filters)).unwrap();
    let mut superblock = crate::format::superblock::Superblock::empty(3, Widths::EIGHT);
    if let Ok(found) = crate::format::superblock::Superblock::parse(&file.to_vec()) {
        superblock = found;
    }
    store.set_writable(file.clone(), &superblock.with_end(0, end), None);
    (store, file)
}

/// A writable store in memory, empty but for 512 reserved bytes.
pub(crate) fn writable() -> Store {
    writable_over(vec![0; 512]).0
}
