//! Texts and pickles that Python programs leave in files give a value or an error, whatever bytes they are.
#![no_main]

#[path = "../inputs/python.rs"]
mod python;

libfuzzer_sys::fuzz_target!(|data: &[u8]| python::run(data));
