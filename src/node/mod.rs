//! Groups and arrays as PyMoDAQ, PyTables and h5py users have them: nodes with titles and attributes of Python's
//! values, in files that these programs open as their own.
//!
//! | PyMoDAQ | here |
//! |---|---|
//! | `H5Backend` | [`NodeFile`] |
//! | `GROUP`, `CARRAY`, `EARRAY`, `VLARRAY`, `StringARRAY` | [`Group`], [`CArray`], [`EArray`], [`VlArray`], [`StringArray`] |
//! | `node.attrs[...]` | [`Attributes`] |
//! | values of attributes | [`PyValue`] |
//!
//! The guide `docs/from-pymodaq.md` has all calls side by side.
//!
//! - `file`, `options`, `session`: files, and how they are opened
//! - `object`, `handle`, `class`: what nodes have in common, and what each is
//! - `group`, `array`, `vlen`, `table`, `node`: the nodes
//! - `create`, `edit`, `lookup`, `walk`: made, changed, found
//! - `attributes`, `text`, `stored`, [`python`]: attributes, and Python's values and their texts
//! - `dtype`, `data`, `index`: element types, arrays, indexing as numpy's

mod array;
mod attributes;
mod class;
mod create;
mod data;
mod dtype;
mod edit;
mod file;
mod group;
mod handle;
mod index;
mod lookup;
#[allow(clippy::module_inception)]
mod node;
mod object;
mod options;
pub mod python;
mod session;
mod stored;
mod table;
mod text;
mod vlen;
mod walk;

pub use array::{CArray, EArray};
pub use attributes::Attributes;
pub use data::{ArrayData, DynArray, Element};
pub use dtype::DType;
pub use file::NodeOptions;
pub use group::Group;
pub use handle::{Handle, Location};
pub use index::{Axis, Index};
pub use node::Node;
pub use options::{Compression, GroupType, Mode, Profile};
pub use python::PyValue;
pub use session::NodeFile;
pub use table::Table;
pub use vlen::{StringArray, VlArray};
