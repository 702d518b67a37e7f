//! Python's values from Rust's, and back.

use std::borrow::Cow;

use num_bigint::BigInt;
use num_complex::{Complex, Complex64};

use super::{Date, DateTime, NumpyScalar, Other, PyArray, PyValue, Time};
use crate::error::{Error, Result};

macro_rules! variants {
    ($($from:ty => $variant:ident;)*) => {$(
        impl From<$from> for PyValue {
            fn from(value: $from) -> Self {
                PyValue::$variant(value.into())
            }
        }
    )*};
}

variants! {
    bool => Bool;
    i8 => Int; i16 => Int; i32 => Int; i64 => Int; i128 => Int; isize => Int;
    u8 => Int; u16 => Int; u32 => Int; u64 => Int; u128 => Int; usize => Int;
    BigInt => Int;
    f32 => Float; f64 => Float;
    Complex64 => Complex;
    &str => Str; String => Str; &String => Str; Cow<'_, str> => Str;
    DateTime => DateTime; Date => Date; Time => Time;
    NumpyScalar => Scalar; PyArray => Array; Other => Other;
}

impl From<Complex<f32>> for PyValue {
    fn from(c: Complex<f32>) -> Self {
        PyValue::Complex(Complex64::new(c.re.into(), c.im.into()))
    }
}

impl<T: Into<PyValue>> From<Vec<T>> for PyValue {
    fn from(items: Vec<T>) -> Self {
        PyValue::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Clone + Into<PyValue>> From<&[T]> for PyValue {
    fn from(items: &[T]) -> Self {
        PyValue::List(items.iter().cloned().map(Into::into).collect())
    }
}

impl<T: Into<PyValue>, const N: usize> From<[T; N]> for PyValue {
    fn from(items: [T; N]) -> Self {
        PyValue::tuple(items)
    }
}

impl<T: Into<PyValue>> From<Option<T>> for PyValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(PyValue::None, Into::into)
    }
}

impl From<()> for PyValue {
    fn from((): ()) -> Self {
        PyValue::Tuple(Vec::new())
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Into<PyValue>),+> From<($($name,)+)> for PyValue {
            #[expect(non_snake_case, reason = "the types' names serve for the fields")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                PyValue::Tuple(vec![$($name.into()),+])
            }
        }
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }

macro_rules! integers {
    ($($to:ty)*) => {$(
        impl TryFrom<&PyValue> for $to {
            type Error = Error;
            fn try_from(value: &PyValue) -> Result<Self> {
                let int = value.as_int().ok_or_else(|| value.not("an integer"))?;
                <$to>::try_from(int).map_err(|_| {
                    let bits = int.bits();
                    Error::usage(format!("an integer of {bits} bits does not fit {}", stringify!($to)))
                })
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

macro_rules! others {
    ($($to:ty, $what:literal, $get:expr;)*) => {$(
        impl TryFrom<&PyValue> for $to {
            type Error = Error;
            fn try_from(value: &PyValue) -> Result<Self> {
                let get: fn(&PyValue) -> Option<$to> = $get;
                get(value).ok_or_else(|| value.not($what))
            }
        }
    )*};
}

others! {
    bool, "a bool", PyValue::as_bool;
    f64, "a number", PyValue::as_f64;
    Complex64, "a number", PyValue::as_complex;
    String, "a string", |v| v.as_str().map(String::from);
    PyValue, "a value", |v| Some(v.clone());
}
