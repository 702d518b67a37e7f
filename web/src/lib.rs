//! The core of `h5` for JavaScript: what the package in `web/ts` is built on.
//!
//! - [`source`]: bytes that JavaScript has: at hand, or fetched when they are missed
//! - [`file`](mod@file): an open file: objects, attributes, values
//! - [`describe`]: objects as JSON
//! - [`values`]: elements as typed arrays and JavaScript values
//! - [`mod@write`]: a new file in memory
//! - [`error`]: errors as JavaScript throws them

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(feature = "read")]
pub mod describe;
pub mod error;
#[cfg(feature = "read")]
pub mod file;
#[cfg(feature = "read")]
mod json;
#[cfg(feature = "read")]
pub mod source;
#[cfg(feature = "read")]
pub mod values;
#[cfg(feature = "write")]
pub mod write;
