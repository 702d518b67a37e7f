//! `#[derive(H5Type)]` for the `h5` crate.
