//! What a pickle makes while it is run.

use std::borrow::Cow;

use super::array::Dtype;
use crate::node::python::value::PyValue;

/// The place of a node in the heap.
pub(super) type Id = usize;

/// What a pickle has made so far. Large things are named by their place, never copied: a pickle may name one
/// again and again at the cost of a few bytes.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A value without parts.
    Plain(PyValue),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    /// The Latin-1 bytes of a text.
    Encoded(Id),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Set(Vec<Id>),
    /// The set of a list's elements.
    SetOf(Id),
    Global(Global),
    Dtype(Dtype),
    /// An array that awaits its state.
    Bare,
    Array { dtype: Dtype, shape: Vec<usize>, columns_first: bool, raw: Id },
    Scalar { dtype: Dtype, raw: Id },
}

/// What a pickle may call, or give to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Global {
    Encode,
    Bytes,
    ByteArray,
    Complex,
    Set,
    DateTime,
    Date,
    Time,
    Reconstruct,
    NdArray,
    Dtype,
    Scalar,
    FromBuffer,
}

/// What a name stands for; nothing for all but a few.
pub(super) fn global(module: &str, name: &str) -> Option<Global> {
    Some(match (module, name) {
        ("_codecs", "encode") => Global::Encode,
        ("builtins" | "__builtin__", "bytes") => Global::Bytes,
        ("builtins" | "__builtin__", "bytearray") => Global::ByteArray,
        ("builtins" | "__builtin__", "complex") => Global::Complex,
        ("builtins" | "__builtin__", "set") => Global::Set,
        ("datetime", "datetime") => Global::DateTime,
        ("datetime", "date") => Global::Date,
        ("datetime", "time") => Global::Time,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Global::Reconstruct,
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Global::Scalar,
        ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Global::FromBuffer,
        ("numpy", "ndarray") => Global::NdArray,
        ("numpy", "dtype") => Global::Dtype,
        _ => return None,
    })
}
