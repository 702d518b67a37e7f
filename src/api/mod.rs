//! What users type.
//!
//! - [`file`](mod@file): open files, options
//! - [`group`], [`dataset`], [`attribute`], [`named`]: cheap handles
//! - [`opener`]: other files: external links, external data, virtual sources
//! - [`path`]: paths through soft and external links

//! - [`visit`]: walking with hard links seen once

pub mod attribute;
pub mod dataset;
pub mod file;
pub mod group;
pub mod named;
pub mod opener;
pub mod path;
pub mod reference;
pub mod visit;
