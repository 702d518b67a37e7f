//! Reading whole files: what libhdf5 finds in them, through every source, on many threads, damaged, and large.
//!
//! The large files and those of some other tests are made by Python when the tests run first; see `python.rs`
//! for the environment variables `H5_TEST_PYTHON` and `H5_SKIP_PYTHON_TESTS`.

mod allocator;
mod check;
mod damage;
mod fixtures;
mod large;
mod memory;
mod python;
mod sources;
mod support;
mod threads;
