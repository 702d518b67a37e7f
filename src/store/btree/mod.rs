//! B-trees, version 1 and 2.
//!
//! - [`v1`]: old groups, and chunks up to layout version 3
//! - [`v2`]: everything newer
//!
//! Nodes are cached decoded. A walk ends: each step goes one level down, and all steps are counted as work.

pub mod v1;
pub mod v2;
