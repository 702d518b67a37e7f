//! What users type.
//!
//! - [`file`](mod@file): open files, options
//! - [`group`], [`dataset`], [`attribute`], [`named`]: cheap handles
//! - [`options`]: how to open a file, and which other files it may lead to
//! - `append`: rows gathered in memory
//! - [`builder`]: new datasets and committed types
//! - [`change`], `editing`, [`lock`]: a file open for writing: transactions, commits
//! - [`copy`](mod@copy): copies of objects, within a file and from file to file
//! - [`create`]: new objects and links, renamed, moved, deleted
//! - [`session`]: an open file behind its handles
//! - [`path`]: paths through soft and external links
//! - [`element`], [`value`]: what elements are read as
//! - [`read`], [`slice`](mod@slice): reading, and which elements
//! - [`swmr`]: readers beside a writer
//! - [`visit`]: walking with hard links seen once

pub(crate) mod append;
pub mod attribute;
pub mod builder;
pub mod change;
pub mod copy;
pub mod create;
pub mod dataset;
pub(crate) mod editing;
pub mod element;
pub mod file;
pub mod group;
pub mod lock;
pub mod named;
pub mod options;
pub mod path;
pub mod read;
pub mod reference;
pub mod session;
pub mod slice;
pub mod swmr;
pub mod value;
pub mod visit;
