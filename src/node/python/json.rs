//! PyMoDAQ's JSON texts of Python's values: `{"module": …, "type": …, "data": repr}`.
//!
//! The reader of JSON is our own: Python's `json` keeps integers of any size, takes `NaN` and `Infinity` and the
//! last of two equal keys. `serde_json` refuses the second and rounds the first (unless a feature is turned on that
//! would change it for every user of the program).

use num_bigint::BigInt;

use crate::error::{Error, Result};

use super::repr::{Numpy, repr};
use super::value::{Other, PyValue};
use super::{DEPTH, DIGITS, literal};

/// The types whose text PyMoDAQ reads back.
const READ: [&str; 11] =
    ["float", "int", "str", "datetime", "date", "time", "tuple", "list", "bool", "bytes", "float64"];

/// The JSON text that PyMoDAQ stores for a value, byte for byte.
///
/// [`PyValue::Other`] gives the text back from which it was read.
///
/// ```
/// use h5::node::python::{Numpy, PyValue, object2json};
///
/// let text = object2json(&PyValue::from("é"), Numpy::One);
/// assert_eq!(text, r#"{"module": "builtins", "type": "str", "data": "'\u00e9'"}"#);
/// ```
pub fn object2json(value: &PyValue, numpy: Numpy) -> String {
    let module = match value {
        PyValue::DateTime(_) | PyValue::Date(_) | PyValue::Time(_) => "datetime",
        PyValue::Scalar(_) | PyValue::Array(_) => "numpy",
        PyValue::Other(other) => &other.module,
        _ => "builtins",
    };
    let type_name = match value {
        PyValue::Scalar(scalar) if scalar.dtype() == "bool" && numpy == Numpy::One => "bool_",
        other => other.type_name(),
    };
    let mut out = String::new();
    for (start, text) in
        [("{\"module\": ", module), (", \"type\": ", type_name), (", \"data\": ", &repr(value, numpy))]
    {
        out.push_str(start);
        write_string(&mut out, text);
    }
    out.push('}');
    out
}

/// A JSON string in ASCII, as Python's `json.dumps` writes it.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}

/// The value of a text that PyMoDAQ stored; every text has one.
///
/// | text | value |
/// |---|---|
/// | an object with one of the types that PyMoDAQ reads | the literal in `data`, whatever its type is |
/// | an object of `module`, `type` and `data` with another type | [`PyValue::Other`] |
/// | such an object for a date or time with a time zone or a fold | [`PyValue::Other`]; Python has a value for it |
/// | another object with a `type` | the dict |
/// | other JSON | its value: `12` is an integer, `[1.0]` a list |
/// | anything else; a `data` that Python's `eval` refuses, such as `nan` | the text itself |
///
/// Lone surrogates (`"\ud800"`), which Rust's strings do not hold, give the text itself too, as do objects that nest
/// deeper than [`DEPTH`].
///
/// ```
/// use h5::node::python::{PyValue, json2object};
///
/// assert_eq!(json2object(r#"{"module": "builtins", "type": "int", "data": "5"}"#), PyValue::from(5));
/// assert_eq!(json2object("1.0"), PyValue::from(1.0));
/// assert_eq!(json2object("my title"), PyValue::from("my title"));
/// let evil = r#"{"type": "int", "data": "__import__('os')"}"#;
/// assert_eq!(json2object(evil), PyValue::from(evil));
/// ```
pub fn json2object(text: &str) -> PyValue {
    read(text).unwrap_or_else(|_| PyValue::from(text))
}

fn read(text: &str) -> Result<PyValue> {
    let value = parse(text)?;
    if !matches!(value, PyValue::Dict(_)) {
        return Ok(value);
    }
    let type_name = value.get("type").ok_or_else(|| Error::damaged("an object without a type"))?.as_str();
    let other = other(&value);
    let Some(type_name) = type_name.filter(|name| READ.contains(name)) else {
        return Ok(other.map_or(value, PyValue::Other));
    };
    let data = value.get("data").and_then(PyValue::as_str).ok_or_else(|| Error::damaged("no data"))?;
    match (literal::parse(data), other) {
        (Err(_), Some(other)) if zoned(type_name, data) => Ok(PyValue::Other(other)),
        (found, _) => found,
    }
}

/// Whether this is the text of a date or time that Python reads and [`DateTime`](super::DateTime) cannot hold.
fn zoned(type_name: &str, data: &str) -> bool {
    matches!(type_name, "datetime" | "time")
        && data.starts_with("datetime.")
        && (data.contains("tzinfo=") || data.contains("fold="))
}

/// The value of another type, if the dict is one.
fn other(dict: &PyValue) -> Option<Other> {
    let text = |key| dict.get(key).and_then(PyValue::as_str).map(String::from);
    let three = dict.pairs().is_some_and(|pairs| pairs.len() == 3);
    three.then_some(())?;
    Some(Other { module: text("module")?, type_name: text("type")?, data: text("data")? })
}

/// The value of a JSON text, as Python's `json.loads` reads it: integers of up to 4300 digits, `NaN`, `Infinity` and
/// `-Infinity`; of two equal keys the last.
///
/// ```
/// use h5::node::python::json;
///
/// assert_eq!(json::parse(r#"{"a": [1, 2.0, null]}"#)?.to_string(), "{'a': [1, 2.0, None]}");
/// assert!(json::parse("{'a': 1}").is_err());
/// # Ok::<(), h5::Error>(())
/// ```
pub fn parse(text: &str) -> Result<PyValue> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    match parser.next() {
        None => Ok(value),
        Some(_) => Err(parser.wrong("text after the value")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    #[cold]
    fn wrong(&self, found: &str) -> Error {
        Error::damaged(format!("no JSON: {found} at byte {}", self.at))
    }
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }
    fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    /// The next byte that is no blank.
    fn next(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.step(1);
        }
        self.peek()
    }
    fn take(&mut self, byte: u8) -> bool {
        let found = self.next() == Some(byte);
        if found {
            self.step(1);
        }
        found
    }
    fn value(&mut self, depth: usize) -> Result<PyValue> {
        const WORDS: [(&str, PyValue); 6] = [
            ("null", PyValue::None),
            ("true", PyValue::Bool(true)),
            ("false", PyValue::Bool(false)),
            ("NaN", PyValue::Float(f64::NAN)),
            ("Infinity", PyValue::Float(f64::INFINITY)),
            ("-Infinity", PyValue::Float(f64::NEG_INFINITY)),
        ];
        if depth > DEPTH {
            return Err(self.wrong(&format!("more than {DEPTH} brackets in one another")));
        }
        let next = self.next();
        if let Some((word, value)) = WORDS.into_iter().find(|(word, _)| self.rest().starts_with(word)) {
            self.step(word.len());
            return Ok(value);
        }
        match next {
            Some(b'"') => self.string().map(PyValue::Str),
            Some(b'[') => self.array(depth.saturating_add(1)),
            Some(b'{') => self.object(depth.saturating_add(1)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.wrong("no value")),
        }
    }
    fn array(&mut self, depth: usize) -> Result<PyValue> {
        self.step(1);
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(PyValue::List(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.take(b']') {
                return Ok(PyValue::List(items));
            }
            if !self.take(b',') {
                return Err(self.wrong("no comma"));
            }
        }
    }
    fn object(&mut self, depth: usize) -> Result<PyValue> {
        self.step(1);
        let mut pairs = Vec::new();
        if self.take(b'}') {
            return Ok(PyValue::Dict(pairs));
        }
        loop {
            if self.next() != Some(b'"') {
                return Err(self.wrong("no key"));
            }
            let key = self.string()?;
            if !self.take(b':') {
                return Err(self.wrong("no colon"));
            }
            pairs.push((PyValue::Str(key), self.value(depth)?));
            if self.take(b'}') {
                return PyValue::dict(pairs);
            }
            if !self.take(b',') {
                return Err(self.wrong("no comma"));
            }
        }
    }
    fn string(&mut self) -> Result<String> {
        self.step(1);
        let mut found = String::new();
        loop {
            let rest = self.rest();
            let end = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
            found.push_str(rest.get(..end).unwrap_or(""));
            self.step(end);
            match self.peek() {
                Some(b'"') => {
                    self.step(1);
                    return Ok(found);
                }
                Some(b'\\') => {
                    self.step(1);
                    found.push(self.escape()?);
                }
                Some(_) => return Err(self.wrong("a control character in a string")),
                None => return Err(self.wrong("a string without an end")),
            }
        }
    }
    /// An escape, from behind its backslash on.
    fn escape(&mut self) -> Result<char> {
        let c = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.units(),
            _ => return Err(self.wrong("an unknown escape")),
        };
        self.step(1);
        Ok(c)
    }
    /// A character in one or two units of UTF-16.
    fn units(&mut self) -> Result<char> {
        let first = self.unit()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.step(1);
            units.push(self.unit()?);
        }
        match char::decode_utf16(units).next() {
            Some(Ok(c)) => Ok(c),
            _ => Err(self.wrong("a lone surrogate")),
        }
    }
    fn unit(&mut self) -> Result<u16> {
        self.step(1);
        let digits = self.rest().get(..4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        self.step(4);
        unit.ok_or_else(|| self.wrong("no four digits after \\u"))
    }
    fn number(&mut self) -> Result<PyValue> {
        let rest = self.rest();
        let digits = |from: &str| from.bytes().take_while(u8::is_ascii_digit).count();
        let after = |at: usize| rest.get(at..).unwrap_or("");
        let sign = usize::from(rest.starts_with('-'));
        let whole = if after(sign).starts_with('0') { 1 } else { digits(after(sign)) };
        if whole == 0 {
            return Err(self.wrong("a sign without digits"));
        }
        let mut end = sign.saturating_add(whole);
        let mut is_whole = true;
        if let Some(tail) = after(end).strip_prefix('.') {
            let length = digits(tail);
            if length > 0 {
                is_whole = false;
                end = end.saturating_add(length).saturating_add(1);
            }
        }
        if let Some(tail) = after(end).strip_prefix(['e', 'E']) {
            let signed = usize::from(tail.starts_with(['+', '-']));
            let length = digits(tail.get(signed..).unwrap_or(""));
            if length > 0 {
                is_whole = false;
                end = end.saturating_add(length).saturating_add(signed).saturating_add(1);
            }
        }
        let number = rest.get(..end).unwrap_or("");
        self.step(end);
        if !is_whole {
            return number.parse().map(PyValue::Float).map_err(|_| self.wrong("no number"));
        }
        if whole > DIGITS {
            return Err(self.wrong(&format!("an integer of {whole} digits, Python takes {DIGITS}")));
        }
        BigInt::parse_bytes(number.as_bytes(), 10).map(PyValue::Int).ok_or_else(|| self.wrong("no number"))
    }
}

#[cfg(test)]
mod tests;
