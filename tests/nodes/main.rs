//! The node API, against what Python, PyTables and PyMoDAQ do.

mod backend;
mod foreign;
mod indexing;
mod python;
mod quirks;
