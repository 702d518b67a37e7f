//! The text that Python's `repr` gives for a value.

use std::fmt::{self, Write};

use half::f16;
use num_bigint::BigInt;
use num_complex::Complex64;

use super::value::{Date, NumpyScalar, PyArray, PyValue, Time};
use super::DIGITS;

/// How numpy's scalars are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Numpy {
    /// As numpy 1 does, without their type: `1.5`. PyMoDAQ 4 runs with it.
    #[default]
    One,
    /// As numpy 2.4 does: `np.float64(1.5)`. PyMoDAQ 5 runs with it.
    Two,
}

/// The text of a value, as Python 3.11's `repr` gives it.
///
/// Three things differ: an integer of more than 4300 decimal digits, for which Python raises an error, is written
/// in base 16, which Python reads; characters that Unicode took in after version 14 are printed as they are; the
/// text of an array of numpy is not laid out in columns.
///
/// ```
/// use h5::node::python::{Numpy, PyValue, repr};
///
/// assert_eq!(repr(&PyValue::from((1, 1e16, "it's\n")), Numpy::One), r#"(1, 1e+16, "it's\n")"#);
/// ```
pub fn repr(value: &PyValue, numpy: Numpy) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write_repr(&mut out, value, numpy);
    out
}

impl fmt::Display for PyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_repr(f, self, Numpy::One)
    }
}

/// What is left to write; values may nest deeper than the stack would bear.
enum Step<'a> {
    Value(&'a PyValue),
    Text(&'static str),
    Owned(String),
}

fn write_repr(out: &mut impl Write, value: &PyValue, numpy: Numpy) -> fmt::Result {
    let mut left = vec![Step::Value(value)];
    while let Some(step) = left.pop() {
        let value = match step {
            Step::Value(value) => value,
            Step::Text(text) => {
                out.write_str(text)?;
                continue;
            }
            Step::Owned(text) => {
                out.write_str(&text)?;
                continue;
            }
        };
        match value {
            PyValue::None => out.write_str("None")?,
            PyValue::Bool(b) => out.write_str(boolean(*b))?,
            PyValue::Int(int) => integer(out, int)?,
            PyValue::Float(f) => float(out, Style::PYTHON, *f)?,
            PyValue::Complex(c) => complex(out, Style::PYTHON, *c, true)?,
            PyValue::Str(text) => string(out, text)?,
            PyValue::Bytes(bytes) => byte_string(out, bytes)?,
            PyValue::Tuple(items) if items.len() == 1 => sequence(&mut left, items, "(", ",)"),
            PyValue::Tuple(items) => sequence(&mut left, items, "(", ")"),
            PyValue::List(items) => sequence(&mut left, items, "[", "]"),
            PyValue::Set(items) if items.is_empty() => out.write_str("set()")?,
            PyValue::Set(items) => sequence(&mut left, items, "{", "}"),
            PyValue::Dict(pairs) => dictionary(&mut left, pairs),
            PyValue::DateTime(at) => {
                out.write_str("datetime.datetime(")?;
                day(out, at.date())?;
                out.write_str(", ")?;
                moment(out, at.time())?;
            }
            PyValue::Date(at) => {
                out.write_str("datetime.date(")?;
                day(out, *at)?;
                out.write_char(')')?;
            }
            PyValue::Time(at) => {
                out.write_str("datetime.time(")?;
                moment(out, *at)?;
            }
            PyValue::Scalar(scalar) => numpy_scalar(out, scalar, numpy)?,
            PyValue::Array(array) => numpy_array(&mut left, array),
            PyValue::Other(other) => out.write_str(&other.data)?,
        }
    }
    Ok(())
}

fn boolean(b: bool) -> &'static str {
    if b { "True" } else { "False" }
}

fn sequence<'a>(left: &mut Vec<Step<'a>>, items: &'a [PyValue], open: &'static str, close: &'static str) {
    left.push(Step::Text(close));
    for (i, item) in items.iter().enumerate().rev() {
        left.push(Step::Value(item));
        if i > 0 {
            left.push(Step::Text(", "));
        }
    }
    left.push(Step::Text(open));
}

fn dictionary<'a>(left: &mut Vec<Step<'a>>, pairs: &'a [(PyValue, PyValue)]) {
    left.push(Step::Text("}"));
    for (i, (key, value)) in pairs.iter().enumerate().rev() {
        left.extend([Step::Value(value), Step::Text(": "), Step::Value(key)]);
        if i > 0 {
            left.push(Step::Text(", "));
        }
    }
    left.push(Step::Text("{"));
}

/// An array in one line, with the type of its elements.
fn numpy_array<'a>(left: &mut Vec<Step<'a>>, array: &'a PyArray) {
    let mut steps = vec![Step::Text("array(")];
    if array.values().is_empty() {
        steps.push(Step::Owned(format!("np.empty({:?})", array.shape())));
    }
    // How many elements one bracket of each axis holds.
    let sizes: Vec<usize> =
        (0..array.shape().len()).map(|i| array.shape().iter().skip(i).product()).collect();
    for (i, value) in array.values().iter().enumerate() {
        let opened = sizes.iter().filter(|size| i.checked_rem(**size) == Some(0)).count();
        if i > 0 {
            steps.push(Step::Owned(format!("{}, ", "]".repeat(opened))));
        }
        steps.push(Step::Owned("[".repeat(opened)));
        steps.push(Step::Value(value));
    }
    if !array.values().is_empty() {
        steps.push(Step::Owned("]".repeat(sizes.len())));
    }
    steps.push(Step::Owned(format!(", dtype='{}')", array.dtype())));
    left.extend(steps.into_iter().rev());
}

/// An integer in decimal digits, or in base 16 where Python takes no more of them.
fn integer(out: &mut impl Write, int: &BigInt) -> fmt::Result {
    // A decimal digit takes more than 3.32 bits, so that no count beyond this is below the bound.
    const BITS: u64 = DIGITS as u64 * 333 / 100;
    if int.bits() < BITS {
        let text = int.to_string();
        if text.trim_start_matches('-').len() <= DIGITS {
            return out.write_str(&text);
        }
    }
    let text = int.magnitude().to_str_radix(16);
    write!(out, "{}0x{text}", if int.sign() == num_bigint::Sign::Minus { "-" } else { "" })
}

/// Whether Python's `str.isprintable` holds for a character: Rust's standard library escapes the same categories, but for
/// quotes and backslashes. It escapes combining characters too where they come first.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    String::from_iter(['a', c]).escape_debug().nth(1) == Some(c)
}

/// A string with its quotes.
fn string(out: &mut impl Write, text: &str) -> fmt::Result {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.write_char(quote)?;
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if c == quote => write!(out, "\\{c}")?,
            ' '..='~' => out.write_char(c)?,
            c if !c.is_ascii() && is_printable(c) => out.write_char(c)?,
            _ if code <= 0xff => write!(out, "\\x{code:02x}")?,
            _ if code <= 0xffff => write!(out, "\\u{code:04x}")?,
            _ => write!(out, "\\U{code:08x}")?,
        }
    }
    out.write_char(quote)
}

/// A byte string with its prefix and quotes.
fn byte_string(out: &mut impl Write, bytes: &[u8]) -> fmt::Result {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    write!(out, "b{}", char::from(quote))?;
    for &b in bytes {
        match b {
            b'\\' => out.write_str("\\\\")?,
            b'\n' => out.write_str("\\n")?,
            b'\r' => out.write_str("\\r")?,
            b'\t' => out.write_str("\\t")?,
            b if b == quote => write!(out, "\\{}", char::from(b))?,
            b' '..=b'~' => out.write_char(char::from(b))?,
            _ => write!(out, "\\x{b:02x}")?,
        }
    }
    out.write_char(char::from(quote))
}

/// The type for which the shortest digits are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Width {
    Half,
    Single,
    Double,
}

/// Where and how a float is written.
#[derive(Debug, Clone, Copy)]
struct Style {
    width: Width,
    numpy: Numpy,
}

impl Style {
    const PYTHON: Style = Style { width: Width::Double, numpy: Numpy::One };

    /// From which size on the power of ten is told.
    fn end(self) -> f64 {
        match (self.width, self.numpy) {
            (Width::Half, Numpy::Two) => 1e3,
            (Width::Single, Numpy::Two) => 1e6,
            _ => 1e16,
        }
    }
}

/// The shortest digits that give the number back: its sign, `d.ddd`, `e` and the power of ten.
///
/// Of two that are equally near, Python and numpy take the even one; the standard library does so only where the
/// count of digits is given.
fn shortest(width: Width, f: f64) -> String {
    let half = f16::from_f64(f);
    let fits = |text: &String| match width {
        Width::Double => text.parse() == Ok(f),
        Width::Single => text.parse() == Ok(f as f32),
        Width::Half => text.parse().is_ok_and(|back| f16::from_f64(back) == half),
    };
    let found = match width {
        Width::Double => format!("{f:e}"),
        Width::Single => format!("{:e}", f as f32),
        Width::Half => {
            let rounded = (0..5).map(|digits| format!("{f:.digits$e}"));
            return rounded.into_iter().find(fits).unwrap_or_else(|| format!("{f:e}"));
        }
    };
    let figures = found.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    let places = figures.saturating_sub(1);
    Some(format!("{f:.places$e}")).filter(fits).unwrap_or(found)
}

/// A float without a point if it has no fraction; `pointed` then adds `.0`.
fn digits(out: &mut impl Write, style: Style, f: f64, pointed: bool) -> fmt::Result {
    if f.is_nan() {
        return out.write_str("nan");
    }
    if f.is_infinite() {
        return out.write_str(if f < 0.0 { "-inf" } else { "inf" });
    }
    let text = shortest(style.width, f);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Looking at the value, as numpy does: np.float32(1e-4) is below 1e-4.
    let scientific = f != 0.0 && !(1e-4..style.end()).contains(&f.abs());
    if scientific {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(out, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    if mantissa.starts_with('-') {
        out.write_char('-')?;
    }
    let figures: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let whole = usize::try_from(exponent).ok().map(|e| e.saturating_add(1));
    match whole {
        None => {
            let zeros = usize::try_from(exponent.unsigned_abs().saturating_sub(1)).unwrap_or(0);
            write!(out, "0.{}{figures}", "0".repeat(zeros))
        }
        Some(whole) => {
            let (before, after) = figures.split_at_checked(whole).unwrap_or((&figures, ""));
            write!(out, "{before:0<whole$}")?;
            match (after.is_empty(), pointed) {
                (false, _) => write!(out, ".{after}"),
                (true, true) => out.write_str(".0"),
                (true, false) => Ok(()),
            }
        }
    }
}

fn float(out: &mut impl Write, style: Style, f: f64) -> fmt::Result {
    digits(out, style, f, true)
}

fn complex(out: &mut impl Write, style: Style, c: Complex64, brackets: bool) -> fmt::Result {
    if c.re == 0.0 && c.re.is_sign_positive() {
        digits(out, style, c.im, false)?;
        return out.write_char('j');
    }
    if brackets {
        out.write_char('(')?;
    }
    digits(out, style, c.re, false)?;
    if c.im.is_nan() || c.im.is_sign_positive() {
        out.write_char('+')?;
    }
    digits(out, style, c.im, false)?;
    out.write_str(if brackets { "j)" } else { "j" })
}

fn day(out: &mut impl Write, date: Date) -> fmt::Result {
    write!(out, "{}, {}, {}", date.year(), date.month(), date.day())
}

/// Hour and minute always, seconds and microseconds where they are not zero.
fn moment(out: &mut impl Write, time: Time) -> fmt::Result {
    write!(out, "{}, {}", time.hour(), time.minute())?;
    match (time.second(), time.microsecond()) {
        (0, 0) => out.write_char(')'),
        (second, 0) => write!(out, ", {second})"),
        (second, microsecond) => write!(out, ", {second}, {microsecond})"),
    }
}

fn numpy_scalar(out: &mut impl Write, scalar: &NumpyScalar, numpy: Numpy) -> fmt::Result {
    let two = numpy == Numpy::Two;
    if let (PyValue::Bool(b), true) = (scalar.value(), two) {
        return write!(out, "np.{}_", boolean(*b));
    }
    if two {
        write!(out, "np.{}(", scalar.dtype())?;
    }
    let width = match scalar.dtype() {
        "float16" => Width::Half,
        "float32" | "complex64" => Width::Single,
        _ => Width::Double,
    };
    let style = Style { width, numpy };
    match scalar.value() {
        PyValue::Float(f) => float(out, style, *f)?,
        PyValue::Complex(c) => complex(out, style, *c, !two)?,
        PyValue::Int(int) => integer(out, int)?,
        PyValue::Str(text) => string(out, text)?,
        PyValue::Bytes(bytes) => byte_string(out, bytes)?,
        PyValue::Bool(b) => out.write_str(boolean(*b))?,
        _ => {}
    }
    if two { out.write_char(')') } else { Ok(()) }
}

#[cfg(test)]
mod tests;
