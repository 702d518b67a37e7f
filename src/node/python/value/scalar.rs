//! Scalars and arrays of numpy.

use half::f16;
use num_bigint::BigInt;
use num_complex::Complex64;

use super::{PyValue, nearest};
use crate::error::{Error, Result};

/// A scalar of numpy, such as `np.float64(1.5)`: a plain value and the name of its type.
///
/// ```
/// use h5::node::python::{Numpy, NumpyScalar, PyValue, repr};
///
/// let v = PyValue::from(NumpyScalar::new("float32", 0.1)?);
/// assert_eq!(repr(&v, Numpy::Two), "np.float32(0.1)");
/// assert_eq!(v.as_f64(), Some(f64::from(0.1f32)));
/// assert!(NumpyScalar::new("int8", 300).is_err());
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NumpyScalar {
    dtype: &'static str,
    value: Box<PyValue>,
}

/// The types by the names that `repr` shows; the second has numpy's other names.
const TYPES: [(&str, &[&str]); 16] = [
    ("bool", &["bool_"]),
    ("int8", &["byte"]),
    ("int16", &["short"]),
    ("int32", &["intc"]),
    ("int64", &["int_", "longlong"]),
    ("uint8", &["ubyte"]),
    ("uint16", &["ushort"]),
    ("uint32", &["uintc"]),
    ("uint64", &["uint", "ulonglong"]),
    ("float16", &["half"]),
    ("float32", &["single"]),
    ("float64", &["double"]),
    ("complex64", &["csingle"]),
    ("complex128", &["cdouble"]),
    ("str_", &["str"]),
    ("bytes_", &["bytes"]),
];

impl NumpyScalar {
    /// A scalar of a numpy type: `bool`, `int8`…`int64`, `uint8`…`uint64`, `float16`…`float64`, `complex64`,
    /// `complex128`, `str_` or `bytes_`. Floats are rounded to the type.
    ///
    /// A usage error if the type has another name, or the value does not fit it.
    pub fn new(dtype: &str, value: impl Into<PyValue>) -> Result<NumpyScalar> {
        let value = value.into();
        let Some((name, _)) = TYPES.iter().find(|(name, other)| *name == dtype || other.contains(&dtype)) else {
            return Err(Error::usage(format!("numpy's scalars of type {dtype:?} are not known")));
        };
        let fit = fit(name, value.plain());
        let value = fit.ok_or_else(|| Error::usage(format!("{} does not fit numpy's {name}", value.type_name())))?;
        Ok(NumpyScalar { dtype: name, value: Box::new(value) })
    }
    /// numpy's name of the type, such as `float64`; `bool` also for numpy 1, which says `bool_`.
    pub fn dtype(&self) -> &str {
        self.dtype
    }
    /// The plain value.
    pub fn value(&self) -> &PyValue {
        &self.value
    }
}

/// The value as one of the type.
fn fit(name: &str, value: &PyValue) -> Option<PyValue> {
    let integer = || match value {
        PyValue::Int(int) => Some(int.clone()),
        PyValue::Bool(b) => Some(BigInt::from(*b)),
        _ => None,
    };
    let float = || match value {
        PyValue::Float(f) => Some(*f),
        _ => integer().and_then(|int| nearest(&int)),
    };
    let complex = || match value {
        PyValue::Complex(c) => Some(*c),
        _ => float().map(|f| Complex64::new(f, 0.0)),
    };
    let bounded = |low: i128, high: i128| {
        let fits = |int: &BigInt| *int >= BigInt::from(low) && *int <= BigInt::from(high);
        integer().filter(fits).map(PyValue::Int)
    };
    match name {
        "bool" => value.as_bool().map(PyValue::Bool),
        "int8" => bounded(i8::MIN.into(), i8::MAX.into()),
        "int16" => bounded(i16::MIN.into(), i16::MAX.into()),
        "int32" => bounded(i32::MIN.into(), i32::MAX.into()),
        "int64" => bounded(i64::MIN.into(), i64::MAX.into()),
        "uint8" => bounded(0, u8::MAX.into()),
        "uint16" => bounded(0, u16::MAX.into()),
        "uint32" => bounded(0, u32::MAX.into()),
        "uint64" => bounded(0, u64::MAX.into()),
        "float16" => float().map(|f| PyValue::Float(f16::from_f64(f).to_f64())),
        "float32" => float().map(|f| PyValue::Float(to_single(f))),
        "float64" => float().map(PyValue::Float),
        "complex64" => complex().map(|c| PyValue::Complex(Complex64::new(to_single(c.re), to_single(c.im)))),
        "complex128" => complex().map(PyValue::Complex),
        "str_" => value.as_str().map(PyValue::from),
        "bytes_" => value.as_bytes().map(PyValue::bytes),
        _ => None,
    }
}

fn to_single(f: f64) -> f64 {
    f64::from(f as f32)
}

/// An array of numpy, as pickles hold it: the element type, the shape and every element in C order.
///
/// ```
/// use h5::node::python::{PyArray, PyValue};
///
/// let a = PyArray::new("<i4", vec![2, 2], [1, 2, 3, 4].map(PyValue::from).to_vec())?;
/// assert_eq!(a.shape(), [2, 2]);
/// assert!(PyArray::new("<i4", vec![3], vec![]).is_err());
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PyArray {
    dtype: String,
    shape: Vec<usize>,
    values: Vec<PyValue>,
}

impl PyArray {
    /// An array; `dtype` is numpy's `dtype.str`, such as `<f8`, `|O` or `<U3`.
    ///
    /// A usage error if the shape does not count the values.
    pub fn new(dtype: &str, shape: Vec<usize>, values: Vec<PyValue>) -> Result<PyArray> {
        let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        if count != Some(values.len()) {
            return Err(Error::usage(format!("{} values do not fill an array of shape {shape:?}", values.len())));
        }
        Ok(PyArray { dtype: dtype.to_string(), shape, values })
    }
    /// The element type as numpy's `dtype.str`, such as `<f8`.
    pub fn dtype(&self) -> &str {
        &self.dtype
    }
    /// The lengths of the axes; empty for an array of one element without axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// The elements in C order.
    pub fn values(&self) -> &[PyValue] {
        &self.values
    }
}
