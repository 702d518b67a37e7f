//! HDF5 in pure Rust.

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

pub use api::attribute::Attribute;
pub use api::dataset::{Dataset, StoredChunk};
pub use api::element::{self, H5Type};
pub use api::group::{Group, Node};
pub use api::named::NamedType;
pub use api::options::{External, OpenOptions};
pub use api::read::{AttributeReader, ChunkIter, Reader};
pub use api::session::File;
pub use api::slice::{self, IntoSelection};
pub use api::value::Value;
pub use data::selection::Selection;
pub use error::{Error, ErrorKind, Result};
pub use format::message::datatype::Datatype;
#[cfg(feature = "derive")]
pub use h5_derive::H5Type;
pub use limits::Limits;
pub use model::reference::Reference;
pub use {half, ndarray, num_complex};
