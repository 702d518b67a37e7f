//! What users type.
//!
//! - [`file`](mod@file): open files, options
//! - [`group`], [`dataset`], [`attribute`], [`named`]: cheap handles
//! - [`opener`]: other files: external links, external data, virtual sources
//! - [`path`]: paths through soft and external links
//! - [`element`], [`value`]: what elements are read as
//! - [`read`], [`slice`]: reading, and which elements
//! - [`visit`]: walking with hard links seen once

pub mod attribute;
pub mod dataset;
pub mod element;
pub mod file;
pub mod group;
pub mod named;
pub mod opener;
pub mod path;
pub mod read;
pub mod reference;
pub mod slice;
pub mod value;
pub mod visit;
