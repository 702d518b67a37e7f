//! Any bytes can be opened and walked without a panic, an abort or work without end.
#![no_main]

#[path = "../inputs/open.rs"]
mod open;

libfuzzer_sys::fuzz_target!(|data: &[u8]| open::run(data));
