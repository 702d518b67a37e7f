//! Every on-disk structure of HDF5, declared once for reading and writing. No I/O.
//!
//! Each file opens with its clause of the File Format Specification 4.0 and its note in
//! `spec-notes/`. A structure that lies in a block of its own names itself in a `HERE` constant,
//! which errors carry.

#![allow(clippy::ptr_arg)] // binrw hands the field itself to a writer

pub mod btree1;
pub mod btree2;
pub mod cache_image;
pub mod extensible_array;
pub mod fixed_array;
pub mod fractal_heap;
pub mod free_record;
pub mod free_space;
pub mod global_heap;
pub mod header;
pub mod journal;
pub mod local_heap;
pub mod message;
pub mod reference;
pub mod selection;
pub mod shared_table;
pub mod superblock;
pub mod symbols;
pub mod versions;
pub mod virtual_map;
