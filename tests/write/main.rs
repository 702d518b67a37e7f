//! What is written: judged by reading it back, and by libhdf5.

mod datasets;
mod groups;
mod old_groups;
mod repack;
