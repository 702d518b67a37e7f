//! The core of `h5` for JavaScript: what the package in `web/ts` is built on.
//!
//! - [`source`]: bytes that JavaScript has: at hand, or fetched when they are missed
//! - [`file`](mod@file): an open file: objects, attributes, values
//! - [`describe`]: objects as JSON
//! - [`values`]: elements as typed arrays and JavaScript values
//! - [`mod@write`]: a new file in memory
//! - [`error`]: errors as JavaScript throws them

pub mod describe;
pub mod error;
pub mod file;
mod json;
pub mod source;
pub mod values;
pub mod write;
