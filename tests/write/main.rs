//! What is written: judged by reading it back, and by libhdf5.

mod datasets;
mod groups;
mod old_groups;
mod reopened;
mod scale;
mod swmr;

#[allow(dead_code)]
#[path = "../read/allocator.rs"]
mod allocator;
mod repack;

#[allow(dead_code)]
#[path = "../read/python.rs"]
mod python;

mod support {
    /// The folder of the repository.
    pub(super) fn root() -> &'static std::path::Path {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
    }
}
