//! Numbers, their signs, and a real part with an imaginary one.

use num_bigint::{BigInt, Sign};
use num_complex::Complex64;

use super::Parser;
use crate::error::Result;
use crate::node::python::DIGITS;
use crate::node::python::value::{PyValue, nearest};

/// The value with its sign; `-True` is -1.
pub(super) fn signed(value: PyValue, minus: bool) -> Option<PyValue> {
    Some(match value {
        PyValue::Int(int) if minus => {
            let (sign, magnitude) = int.into_parts();
            let sign = match sign {
                Sign::Plus => Sign::Minus,
                _ => Sign::Plus,
            };
            PyValue::Int(BigInt::from_biguint(sign, magnitude))
        }
        PyValue::Int(int) => PyValue::Int(int),
        PyValue::Float(f) => PyValue::Float(if minus { -f } else { f }),
        PyValue::Complex(c) => PyValue::Complex(if minus { Complex64::new(-c.re, -c.im) } else { c }),
        PyValue::Bool(b) => PyValue::from(if minus { i8::from(b).wrapping_neg() } else { i8::from(b) }),
        _ => return None,
    })
}

/// A real number and an imaginary one, as Python adds them: part by part, so that `-0-2j` loses a sign.
pub(super) fn sum(left: &PyValue, minus: bool, right: &PyValue) -> Option<PyValue> {
    let re = match left {
        PyValue::Float(f) => *f,
        PyValue::Int(int) => nearest(int)?,
        _ => return None,
    };
    let PyValue::Complex(right) = right else { return None };
    Some(PyValue::from(match minus {
        true => Complex64::new(re - right.re, 0.0 - right.im),
        false => Complex64::new(re + right.re, 0.0 + right.im),
    }))
}

impl Parser<'_> {
    /// Passes over the bytes that hold `which`, and gives them.
    fn run(&mut self, which: impl Fn(u8) -> bool) -> &str {
        let rest = self.rest();
        let length = rest.bytes().position(|b| !which(b)).unwrap_or(rest.len());
        self.step(length);
        rest.get(..length).unwrap_or("")
    }
    /// Digits of a base with single underscores between them.
    fn figures(&mut self, base: u32, leading: bool) -> Result<String> {
        let run = self.run(|b| char::from(b).is_digit(base) || b == b'_').to_string();
        let first = !leading && run.starts_with('_');
        if first || run.ends_with('_') || run.contains("__") {
            return Err(self.wrong("an underscore that is not between two digits"));
        }
        Ok(run.replace('_', ""))
    }
    /// A number; not its sign.
    pub(super) fn number(&mut self) -> Result<PyValue> {
        let mut bytes = self.rest().bytes();
        let base = match (bytes.next(), bytes.next()) {
            (Some(b'0'), Some(b'x' | b'X')) => 16,
            (Some(b'0'), Some(b'o' | b'O')) => 8,
            (Some(b'0'), Some(b'b' | b'B')) => 2,
            _ => 10,
        };
        let value = if base == 10 { self.decimal()? } else { self.based(base)? };
        match self.rest().chars().next() {
            Some(c) if c.is_alphanumeric() || c == '_' || c == '.' => Err(self.wrong("a letter in a number")),
            _ => Ok(value),
        }
    }
    fn based(&mut self, base: u32) -> Result<PyValue> {
        self.step(2);
        let figures = self.figures(base, true)?;
        let int = BigInt::parse_bytes(figures.as_bytes(), base);
        int.map(PyValue::Int).ok_or_else(|| self.wrong("no digit after the base"))
    }
    fn decimal(&mut self) -> Result<PyValue> {
        let mut text = self.figures(10, false)?;
        let mut whole = true;
        if self.take(b'.') {
            whole = false;
            text.push('.');
            text.push_str(&self.figures(10, false)?);
        }
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Err(self.wrong("a point without digits"));
        }
        if self.take(b'e') || self.take(b'E') {
            whole = false;
            text.push('e');
            if let Some(sign @ (b'+' | b'-')) = self.peek() {
                self.step(1);
                text.push(char::from(sign));
            }
            let power = self.figures(10, false)?;
            if power.is_empty() {
                return Err(self.wrong("no digit in an exponent"));
            }
            text.push_str(&power);
        }
        let imaginary = self.take(b'j') || self.take(b'J');
        if !whole || imaginary {
            let f: f64 = text.parse().map_err(|_| self.wrong("no number"))?;
            return Ok(if imaginary { PyValue::Complex(Complex64::new(0.0, f)) } else { PyValue::Float(f) });
        }
        if text.starts_with('0') && text.bytes().any(|b| b != b'0') {
            return Err(self.wrong("zeros before an integer"));
        }
        if text.len() > DIGITS {
            return Err(self.wrong(&format!("an integer of {} digits, Python takes {DIGITS}", text.len())));
        }
        BigInt::parse_bytes(text.as_bytes(), 10).map(PyValue::Int).ok_or_else(|| self.wrong("no number"))
    }
}
