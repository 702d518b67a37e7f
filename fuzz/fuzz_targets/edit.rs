//! A file that is edited at random holds what a model in memory says, and every structure of it is as it should be.
#![no_main]

#[path = "../inputs/edit/mod.rs"]
mod edit;

libfuzzer_sys::fuzz_target!(|data: &[u8]| edit::run(data));
