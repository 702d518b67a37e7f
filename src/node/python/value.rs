//! One value of Python.

mod from;
mod key;
mod scalar;
mod time;

use num_bigint::BigInt;
use num_complex::Complex64;

use crate::error::{Error, Result};

pub(crate) use key::{distinct, dictionary};
pub use scalar::{NumpyScalar, PyArray};
pub use time::{Date, DateTime, Time};

/// One value of Python.
///
/// It is made `From` Rust's values and asked by `as_…`. `Display` gives Python's `repr`.
///
/// | Rust | Python |
/// |---|---|
/// | `bool`, every integer, `f32` and `f64`, `Complex`, strings | the same |
/// | `Vec<T>`, `&[T]` | list |
/// | `[T; N]`, tuples up to six, `()` | tuple: their length is fixed, as serde has it |
/// | `Option<T>` | the value or None |
/// | [`PyValue::bytes`] | bytes; a `Vec<u8>` is a list of integers as every other `Vec` |
///
/// `==` compares the Rust values: an integer is no float, a list no tuple, and not-a-number equals nothing.
///
/// ```
/// use h5::node::python::PyValue;
///
/// let v = PyValue::from(vec![PyValue::from(1), PyValue::from("it's"), PyValue::bytes(b"\x00")]);
/// assert_eq!(v.to_string(), r#"[1, "it's", b'\x00']"#);
/// assert_eq!(v.items().unwrap()[0].as_i64(), Some(1));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PyValue {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
    /// A string. Python's lone surrogates have no place in it.
    Str(String),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A tuple.
    Tuple(Vec<PyValue>),
    /// A list.
    List(Vec<PyValue>),
    /// A set, in the order in which it was written.
    Set(Vec<PyValue>),
    /// A dictionary, in its order; no key twice where it was read.
    Dict(Vec<(PyValue, PyValue)>),
    /// A `datetime.datetime` without a time zone.
    DateTime(DateTime),
    /// A `datetime.date`.
    Date(Date),
    /// A `datetime.time` without a time zone.
    Time(Time),
    /// A scalar of numpy.
    Scalar(NumpyScalar),
    /// An array of numpy.
    Array(Box<PyArray>),
    /// A value of another type, of which only the text is known.
    Other(Other),
}

/// A value of a type that PyMoDAQ stores as text and does not read back: Python sees the dict of these three.
///
/// ```
/// let v = h5::node::python::json2object(r#"{"module": "builtins", "type": "NoneType", "data": "None"}"#);
/// let h5::node::python::PyValue::Other(other) = v else { panic!() };
/// assert_eq!(other.type_name, "NoneType");
/// assert_eq!(other.interpret(), Some(h5::node::python::PyValue::None));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The module of the type, such as `builtins`.
    pub module: String,
    /// The name of the type, such as `complex`.
    pub type_name: String,
    /// What `repr` gave, such as `(1+2j)`.
    pub data: String,
}

impl Other {
    /// The dict that Python sees.
    pub fn to_dict(&self) -> PyValue {
        let pair = |key: &str, value: &str| (PyValue::from(key), PyValue::from(value));
        PyValue::Dict(vec![pair("module", &self.module), pair("type", &self.type_name), pair("data", &self.data)])
    }
}

impl PyValue {
    /// A byte string.
    ///
    /// ```
    /// assert_eq!(h5::node::python::PyValue::bytes(b"a\xff").to_string(), r"b'a\xff'");
    /// ```
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> PyValue {
        PyValue::Bytes(bytes.into())
    }
    /// A tuple of any length.
    pub fn tuple(items: impl IntoIterator<Item = impl Into<PyValue>>) -> PyValue {
        PyValue::Tuple(items.into_iter().map(Into::into).collect())
    }
    /// A dict; of a key that is there twice the last value is kept, as Python does.
    ///
    /// Fails with a usage error if a key cannot be one: lists, dicts and sets.
    ///
    /// ```
    /// use h5::node::python::PyValue;
    /// let d = PyValue::dict([("a", 1), ("b", 2), ("a", 3)])?;
    /// assert_eq!(d.to_string(), "{'a': 3, 'b': 2}");
    /// assert_eq!(d.get("b").and_then(PyValue::as_i64), Some(2));
    /// # Ok::<(), h5::Error>(())
    /// ```
    pub fn dict<K: Into<PyValue>, V: Into<PyValue>>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<PyValue> {
        let pairs = pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        dictionary(pairs).map(PyValue::Dict)
    }
    /// The value inside a scalar of numpy, or the value itself.
    pub fn plain(&self) -> &PyValue {
        match self {
            PyValue::Scalar(scalar) => scalar.value(),
            other => other,
        }
    }
    /// Whether this is None.
    pub fn is_none(&self) -> bool {
        matches!(self, PyValue::None)
    }
    /// The text of a string (numpy's too).
    pub fn as_str(&self) -> Option<&str> {
        match self.plain() {
            PyValue::Str(text) => Some(text),
            _ => None,
        }
    }
    /// The bytes of a byte string (numpy's too).
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self.plain() {
            PyValue::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
    /// A bool (numpy's too); numbers are none.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain() {
            PyValue::Bool(b) => Some(*b),
            _ => None,
        }
    }
    /// An integer of any size (numpy's too); bools and floats are none.
    pub fn as_int(&self) -> Option<&BigInt> {
        match self.plain() {
            PyValue::Int(int) => Some(int),
            _ => None,
        }
    }
    /// An integer (numpy's too) that an `i64` can hold.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_int().and_then(|int| i64::try_from(int).ok())
    }
    /// An integer (numpy's too) that a `u64` can hold.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_int().and_then(|int| u64::try_from(int).ok())
    }
    /// A float or an integer (numpy's too), rounded to the nearest; nothing for an integer beyond the largest float.
    pub fn as_f64(&self) -> Option<f64> {
        match self.plain() {
            PyValue::Float(float) => Some(*float),
            PyValue::Int(int) => nearest(int),
            _ => None,
        }
    }
    /// A number (numpy's too) as a complex one.
    pub fn as_complex(&self) -> Option<Complex64> {
        match self.plain() {
            PyValue::Complex(c) => Some(*c),
            other => other.as_f64().map(|re| Complex64::new(re, 0.0)),
        }
    }
    /// The elements of a tuple, a list or a set.
    pub fn items(&self) -> Option<&[PyValue]> {
        match self {
            PyValue::Tuple(items) | PyValue::List(items) | PyValue::Set(items) => Some(items),
            _ => None,
        }
    }
    /// The pairs of a dict.
    pub fn pairs(&self) -> Option<&[(PyValue, PyValue)]> {
        match self {
            PyValue::Dict(pairs) => Some(pairs),
            _ => None,
        }
    }
    /// The value of a string key in a dict.
    pub fn get(&self, key: &str) -> Option<&PyValue> {
        self.pairs()?.iter().rev().find_map(|(k, v)| (k.as_str() == Some(key)).then_some(v))
    }
    /// The elements of a tuple, a list or a set as Rust's values.
    ///
    /// Fails with a usage error if this is none of them, or an element does not fit.
    ///
    /// ```
    /// let shape = h5::node::python::json2object(r#"{"module": "builtins", "type": "tuple", "data": "(3, 4)"}"#);
    /// assert_eq!(shape.to_vec::<usize>()?, [3, 4]);
    /// # Ok::<(), h5::Error>(())
    /// ```
    pub fn to_vec<'a, T: TryFrom<&'a PyValue, Error = Error>>(&'a self) -> Result<Vec<T>> {
        let items = self.items().ok_or_else(|| self.not("a tuple or a list"))?;
        items.iter().map(T::try_from).collect()
    }
    /// The name of the value's type, as Python has it; numpy's scalars by the name of their element type.
    pub fn type_name(&self) -> &str {
        match self {
            PyValue::None => "NoneType",
            PyValue::Bool(_) => "bool",
            PyValue::Int(_) => "int",
            PyValue::Float(_) => "float",
            PyValue::Complex(_) => "complex",
            PyValue::Str(_) => "str",
            PyValue::Bytes(_) => "bytes",
            PyValue::Tuple(_) => "tuple",
            PyValue::List(_) => "list",
            PyValue::Set(_) => "set",
            PyValue::Dict(_) => "dict",
            PyValue::DateTime(_) => "datetime",
            PyValue::Date(_) => "date",
            PyValue::Time(_) => "time",
            PyValue::Scalar(scalar) => scalar.dtype(),
            PyValue::Array(_) => "ndarray",
            PyValue::Other(other) => &other.type_name,
        }
    }
    #[cold]
    fn not(&self, what: &str) -> Error {
        Error::usage(format!("a value of Python's type {} is not {what}", self.type_name()))
    }
}

/// The float that is nearest to an integer; nothing beyond the largest float.
pub(crate) fn nearest(int: &BigInt) -> Option<f64> {
    if int.bits() > 1024 {
        return None;
    }
    int.to_string().parse().ok().filter(|f: &f64| f.is_finite())
}

#[cfg(test)]
mod tests;
