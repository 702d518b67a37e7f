//! Every built-in filter decodes any bytes with any client data without a panic and within its bound.
#![no_main]

#[path = "../inputs/filter.rs"]
mod filter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| filter::run(data));
