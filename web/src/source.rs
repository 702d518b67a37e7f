//! Bytes that JavaScript has.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use h5::error::{Error, Result};
use h5::source::ReadAt;
use h5::source::pages::Sparse;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// `{ readInto(offset, into) }`.
    #[wasm_bindgen(typescript_type = "{ readInto(offset: number, into: Uint8Array): void }")]
    #[derive(Clone)]
    pub type Bytes;

    /// Fills an array, which is memory of this module: nothing is copied on the way.
    #[wasm_bindgen(method, catch, js_name = readInto)]
    fn read_into(this: &Bytes, offset: f64, into: &mut [u8]) -> std::result::Result<(), JsValue>;
}

thread_local! {
    /// The objects of [`Called`] sources: they belong to this thread, sources are sent between threads.
    static OBJECTS: RefCell<HashMap<u32, Bytes>> = RefCell::default();
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Bytes that an object gives at once.
struct Called {
    id: u32,
    len: u64,
}

impl ReadAt for Called {
    fn len(&self) -> Result<u64> {
        Ok(self.len)
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let failed = |what: String| Error::from(std::io::Error::other(what));
        let wanted = buf.len() as u64;
        if offset.checked_add(wanted).is_none_or(|end| end > self.len) {
            return Err(Error::damaged(format!(
                "{wanted} bytes at offset {offset:#x} lie beyond the end of the file ({:#x})",
                self.len
            )));
        }
        let object = OBJECTS.with_borrow(|all| all.get(&self.id).cloned());
        let object = object.ok_or_else(|| failed("the source was closed".into()))?;
        object
            .read_into(offset as f64, buf)
            .map_err(|e| failed(format!("the source failed: {}", text_of(&e))))
    }
}

impl Drop for Called {
    fn drop(&mut self) {
        OBJECTS.with_borrow_mut(|all| all.remove(&self.id));
    }
}

/// What a thrown value says.
fn text_of(thrown: &JsValue) -> String {
    thrown.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{thrown:?}"), |e| String::from(e.message()))
}

/// The bytes of a file, wherever they are.
#[wasm_bindgen]
pub struct Source {
    sparse: Option<Arc<Sparse>>,
    bytes: Arc<dyn ReadAt>,
}

#[wasm_bindgen]
impl Source {
    /// Bytes that an object gives at once.
    pub fn called(size: f64, bytes: Bytes) -> Source {
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        OBJECTS.with_borrow_mut(|all| all.insert(id, bytes));
        Source { sparse: None, bytes: Arc::new(Called { id, len: size as u64 }) }
    }
    /// Bytes of which none are there yet: calls throw an error of kind `Missing`, the bytes that it lists are
    /// [provided](Source::provide), and the call is run again.
    pub fn sparse(size: f64) -> Source {
        let sparse = Arc::new(Sparse::new(size as u64));
        Source { bytes: sparse.clone(), sparse: Some(sparse) }
    }
    /// Gives bytes from an offset on, which is a multiple of [`Source::page_bytes`], to such a multiple or the end.
    pub fn provide(&self, offset: f64, bytes: &[u8]) {
        if let Some(sparse) = &self.sparse {
            sparse.provide(offset as u64, bytes);
        }
    }
    /// Lets the oldest of the provided bytes go until at most so many are left.
    pub fn keep(&self, most: f64) {
        if let Some(sparse) = &self.sparse {
            sparse.keep(most as u64);
        }
    }
    /// Bytes are provided in pages of this size.
    pub fn page_bytes() -> f64 {
        h5::source::pages::PAGE_BYTES as f64
    }
}

impl Source {
    pub(crate) fn bytes(&self) -> Arc<dyn ReadAt> {
        self.bytes.clone()
    }
}
