//! HDF5 in pure Rust: reads every HDF5 file, without libhdf5.
//!
//! Start with [`File::open`]; a file gives [`Group`]s, [`Dataset`]s and [`Attribute`]s, which are cheap handles
//! that are `Clone + Send + Sync`. Elements are read as any [`H5Type`] ([`Dataset::read`],
//! [`Dataset::read_slice`]), or as [`Value`]s where the type is known only at run time.
//!
//! ```
//! # fn main() -> h5::Result<()> {
//! use h5::ndarray::s;
//!
//! let file = h5::File::open("tests/files/pymodaq_scan.h5")?;
//! let image = file.dataset("/RawData/Scan000/Detector000/Data2D/CH00/Data00")?;
//! assert_eq!(image.shape()?, [5, 4, 24, 32]);
//! let part = image.read_slice_2d::<f32, _>(s![0, 0, ..10, ..;2])?;
//! assert_eq!(part.shape(), [10, 16]);
//! # Ok(())
//! # }
//! ```
//!
//! # The map
//!
//! The crate is built in layers; each uses only those below it.
//!
//! | layer | modules | what for |
//! |---|---|---|
//! | 7 | [`ops`], [`node`] | whole-file work: tree, digest; the node API of PyMoDAQ's files |
//! | 6 | [`api`] | what users type: files, groups, datasets, attributes, values |
//! | 5 | [`data`] | moving elements: selections, chunks, conversion, virtual datasets |
//! | 4 | [`model`] | what the structures mean: links, attributes, datasets, references |
//! | 3 | [`store`] | structures at work in a file: headers, heaps, B-trees, chunk indexes |
//! | 2 | [`format`](mod@format), [`filter`] | every on-disk structure, declared once; every filter |
//! | 1 | [`source`], [`wire`] | bytes from anywhere; the vocabulary of encodings |
//! | 0 | [`error`], [`limits`] | what can go wrong; limits against hostile files |
//!
//! # Safety
//!
//! No byte sequence makes the default API panic, hang or take unbounded memory; what is broken gives an [`Error`]
//! that names the object, the structure, its address and the clause of the specification. There is no unsafe code
//! but the memory map's (feature `mmap`).

pub mod error;
pub mod limits;

/// The layers below the API, held to stricter lints: no panic may be reachable from a file.
macro_rules! layers {
    ($($(#[$doc:meta])* $vis:vis mod $name:ident;)*) => {$(
        $(#[$doc])*
        #[cfg_attr(not(test), deny(
            clippy::unwrap_used,
            clippy::expect_used,
            clippy::panic,
            clippy::indexing_slicing,
            clippy::arithmetic_side_effects
        ))]
        $vis mod $name;
    )*};
}

layers! {
    pub mod source;
    #[cfg_attr(not(test), deny(clippy::as_conversions))]
    pub mod wire;
    pub mod filter;
    pub mod format;
    #[cfg_attr(not(test), deny(clippy::as_conversions))]
    pub mod store;
    pub mod model;
    pub mod data;
}

// Derived code names this crate.
extern crate self as h5;

pub mod api;
pub mod ops;

layers! {
    pub mod node;
}

pub use api::attribute::{Attribute, write::AttributeBuilder};
pub use api::builder::DatasetBuilder;
pub use api::dataset::{Dataset, StoredChunk};
pub use api::element::{self, H5Type};
pub use api::group::{Group, Node};
pub use api::named::NamedType;
pub use api::options::{Durability, External, Locking, OpenOptions};
pub use api::read::{AttributeReader, ChunkIter, Reader};
pub use api::session::File;
pub use api::slice::{self, IntoSelection};
pub use api::value::Value;
pub use data::selection::Selection;
pub use error::{Error, ErrorKind, Result};
pub use filter::Stage as FilterStage;
pub use format::message::datatype::{ByteOrder, CharSet, Datatype, ReferenceKind, StringPadding};
pub use format::message::link::{Link, Target};
pub use format::selection::Span;
pub use format::versions::Bound;
#[cfg(feature = "derive")]
pub use h5_derive::H5Type;
pub use limits::Limits;
pub use model::copy::{CopyOptions, References};
pub use model::reference::Reference;
pub use {half, ndarray, num_bigint, num_complex};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../docs/writing.md")]
struct Writing;

#[cfg(doctest)]
#[doc = include_str!("../docs/from-pymodaq.md")]
struct FromPymodaq;
