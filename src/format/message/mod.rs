//! Header messages: one file each.

pub mod dataspace;
pub mod filter_pipeline;
pub mod link_info;
