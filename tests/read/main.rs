//! Reading whole files: what libhdf5 finds in them, through every source, on many threads, damaged, and large.

mod damage;
mod fixtures;
mod support;
mod threads;
