//! Header messages: one file each.

pub mod dataspace;
pub mod link_info;
