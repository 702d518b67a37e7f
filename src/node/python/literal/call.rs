//! Names: constants, and the few types whose `repr` is a call.

use num_complex::Complex64;

use super::Parser;
use crate::error::{Error, Result};
use crate::node::python::value::{Date, DateTime, NumpyScalar, PyValue, Time};

impl Parser<'_> {
    /// A name with its points, and its arguments if it is called.
    pub(super) fn name(&mut self) -> Result<PyValue> {
        let rest = self.rest();
        let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or("");
        let constant = match name {
            "None" => Some(PyValue::None),
            "True" => Some(PyValue::Bool(true)),
            "False" => Some(PyValue::Bool(false)),
            "np.True_" | "numpy.True_" => Some(PyValue::Scalar(NumpyScalar::new("bool", true)?)),
            "np.False_" | "numpy.False_" => Some(PyValue::Scalar(NumpyScalar::new("bool", false)?)),
            "nan" if self.names => Some(PyValue::Float(f64::NAN)),
            "inf" if self.names => Some(PyValue::Float(f64::INFINITY)),
            "nanj" if self.names => Some(PyValue::Complex(Complex64::new(0.0, f64::NAN))),
            "infj" if self.names => Some(PyValue::Complex(Complex64::new(0.0, f64::INFINITY))),
            _ => None,
        };
        if let Some(constant) = constant {
            self.step(length);
            return Ok(constant);
        }
        let scalar = name.strip_prefix("np.").or_else(|| name.strip_prefix("numpy."));
        let known = scalar.is_some() || matches!(name, "datetime.datetime" | "datetime.date" | "datetime.time" | "set");
        if !known {
            return Err(self.wrong(&format!("the name {name:?}, which is not read,")));
        }
        self.step(length);
        self.blank();
        if self.peek() != Some(b'(') {
            return Err(self.wrong(&format!("no arguments of {name:?}")));
        }
        self.open()?;
        let arguments = self.items(Vec::new(), b')')?;
        let value = match (name, scalar, arguments.as_slice()) {
            (_, Some(dtype), [value]) => NumpyScalar::new(dtype, value.clone()).map(PyValue::Scalar),
            (_, Some(_), _) => Err(Error::usage("other than one argument")),
            ("set", ..) if arguments.is_empty() => Ok(PyValue::Set(Vec::new())),
            ("datetime.datetime", ..) => moment(&arguments).map(PyValue::DateTime),
            ("datetime.date", ..) => day(&arguments).map(PyValue::Date),
            ("datetime.time", ..) => time(&arguments).map(PyValue::Time),
            _ => Err(Error::usage("arguments")),
        };
        value.map_err(|e| self.wrong(&format!("in the call of {name:?}: {}", e.what())))
    }
}

/// An argument, or zero where it is left out.
fn argument<T: for<'a> TryFrom<&'a PyValue, Error = Error> + Default>(from: &[PyValue], i: usize) -> Result<T> {
    from.get(i).map_or(Ok(T::default()), |value| T::try_from(value))
}

fn moment(from: &[PyValue]) -> Result<DateTime> {
    let (date, rest) = from.split_at_checked(3).ok_or_else(|| Error::usage("too few arguments"))?;
    Ok(DateTime::from((day(date)?, time(rest)?)))
}

fn day(from: &[PyValue]) -> Result<Date> {
    match from {
        [year, month, day] => Date::new(year.try_into()?, month.try_into()?, day.try_into()?),
        _ => Err(Error::usage("other than three arguments")),
    }
}

fn time(from: &[PyValue]) -> Result<Time> {
    if from.len() > 4 {
        return Err(Error::usage("too many arguments"));
    }
    Time::new(argument(from, 0)?, argument(from, 1)?, argument(from, 2)?, argument(from, 3)?)
}
