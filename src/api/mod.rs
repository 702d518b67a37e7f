//! What users type.
//!
//! - [`file`](mod@file): open files, options
//! - [`group`], [`dataset`], [`attribute`], [`named`]: cheap handles
//! - [`options`]: how to open a file, and which other files it may lead to
//! - [`session`]: an open file behind its handles
//! - [`path`]: paths through soft and external links

//! - [`visit`]: walking with hard links seen once

pub mod attribute;
pub mod dataset;
pub mod file;
pub mod group;
pub mod named;
pub mod options;
pub mod path;
pub mod reference;
pub mod session;
pub mod visit;
