//! Errors as JavaScript throws them: an `Error` whose `kind` tells what kind it is, and whose `missing` lists the bytes
//! to fetch before the call is run again.

use h5::{Error, ErrorKind};
use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// What a call of this crate gives.
pub type Result<T> = std::result::Result<T, JsValue>;

fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Io => "Io",
        ErrorKind::Damaged => "Damaged",
        ErrorKind::Unsupported => "Unsupported",
        ErrorKind::NotFound => "NotFound",
        ErrorKind::Limit => "Limit",
        ErrorKind::Missing => "Missing",
        _ => "Usage",
    }
}

/// The error for JavaScript.
pub fn thrown(error: &Error) -> JsValue {
    let out = js_sys::Error::new(&error.to_string());
    let set = |name: &str, value: JsValue| Reflect::set(&out, &name.into(), &value).unwrap_or(false);
    set("kind", kind_name(error.kind()).into());
    if error.is_missing() {
        // Pairs of start and end; a double holds every offset below 2^53.
        let pairs = js_sys::Array::new();
        for range in error.missing() {
            pairs.push(&(range.start as f64).into());
            pairs.push(&(range.end as f64).into());
        }
        set("missing", pairs.into());
    }
    out.into()
}

/// Turns the errors of the core into those of JavaScript.
pub trait Throw<T> {
    /// The value, or the error that JavaScript sees.
    fn thrown(self) -> Result<T>;
}

impl<T> Throw<T> for h5::Result<T> {
    fn thrown(self) -> Result<T> {
        self.map_err(|e| thrown(&e))
    }
}
