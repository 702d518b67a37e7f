//! Python's values and the texts that Python programs store in files; nothing here knows of HDF5.
//!
//! | module | what for |
//! |---|---|
//! | [`value`] | [`PyValue`]: one value of Python |
//! | [`repr`](mod@repr) | the text that Python's `repr` gives |
//! | [`literal`] | such texts read back; nothing is evaluated |
//! | [`json`] | PyMoDAQ's JSON texts: module, type, repr |
//! | [`pickle`] | strings written as pickles; pickles of plain data read |
//!
//! ```
//! use h5::node::python::{Numpy, PyValue, json2object, object2json};
//!
//! let text = object2json(&PyValue::from((1, 2.5, "a")), Numpy::One);
//! assert_eq!(text, r#"{"module": "builtins", "type": "tuple", "data": "(1, 2.5, 'a')"}"#);
//! assert_eq!(json2object(&text).items().unwrap()[1].as_f64(), Some(2.5));
//! ```

pub mod json;
pub mod literal;
pub mod pickle;
pub mod repr;
pub mod value;

pub use json::{json2object, object2json};
pub use pickle::{looks_like_pickle, pickle_str, unpickle};
pub use repr::{Numpy, repr};
pub use value::{Date, DateTime, NumpyScalar, Other, PyArray, PyValue, Time};

/// How deep values may nest in the texts that are read: as deep as Python's own parser lets brackets nest.
pub const DEPTH: usize = 200;

/// How many decimal digits an integer may have in the texts that are read: as many as Python 3.11 takes.
pub const DIGITS: usize = 4300;
