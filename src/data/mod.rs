//! Moving elements: from their place in the file into memory.
//!
//! - [`restate`]: stored numbers of one type as those of another
//! - [`selection`]: which elements, and the shape they come in
//! - [`walk`]: pairs runs of a block with runs of the output
//! - [`cache`]: decoded chunks
//! - [`reader`]: what reading needs, and how it reaches other files
//! - [`transfer`]: reads a selection of any dataset as stored elements
//! - [`chunks`]: fetches and decodes chunks
//! - [`linear`]: data in one run of bytes: contiguous, compact, or in external files
//! - [`virtual_data`]: data in other datasets
//! - [`write`](mod@write): writes a selection of any dataset, and gives it other dimensions
//! - [`append`]: a buffer for many small writes

pub mod append;
pub mod cache;
pub mod chunks;
pub mod linear;
pub mod number;
pub mod reader;
pub mod restate;
pub mod selection;
pub mod transfer;
pub mod virtual_data;
pub mod walk;
pub mod write;
