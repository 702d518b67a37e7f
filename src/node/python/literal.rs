//! Python's literals, read without evaluating anything.
//!
//! What `repr` gives for plain values is read, and what a person may write by hand: numbers in every base, strings
//! and byte strings with every prefix and escape, tuples, lists, sets, dicts, `datetime`'s three types and numpy's
//! scalars. Names, operators, comprehensions and calls of anything else are errors. What Python itself refuses is
//! refused: brackets deeper than [`DEPTH`], decimal integers of more than [`DIGITS`](super::DIGITS) digits.

mod call;
mod number;
mod string;

use crate::error::{Error, Result};

use super::DEPTH;
use super::value::{Other, PyValue, dictionary, distinct};

/// Reads the text of a Python expression that is a literal, as Python's `eval` would.
///
/// `nan` and `inf` are names that Python's `eval` does not know: they are errors. A damaged error says what was
/// found and where.
///
/// ```
/// use h5::node::python::{PyValue, literal};
///
/// let v = literal::parse("(1, 0x10, 'a' \"b\", [None, {'k': 1+2j}], np.float64(0.25))")?;
/// assert_eq!(v.items().unwrap()[1].as_i64(), Some(16));
/// assert!(literal::parse("__import__('os')").is_err());
/// assert!(literal::parse("nan").is_err());
/// # Ok::<(), h5::Error>(())
/// ```
pub fn parse(text: &str) -> Result<PyValue> {
    read(text, false)
}

/// Reads the text that [`repr`](fn@super::repr) gives, `nan` and `inf` too.
///
/// ```
/// use h5::node::python::literal;
///
/// assert!(literal::parse_repr("[nan, -inf]")?.items().unwrap()[0].as_f64().unwrap().is_nan());
/// # Ok::<(), h5::Error>(())
/// ```
pub fn parse_repr(text: &str) -> Result<PyValue> {
    read(text, true)
}

impl Other {
    /// The value of the text, where it can be told: None, complex numbers, dicts, sets, numpy's scalars, and what
    /// else [`parse_repr`] reads. numpy's scalars that tell their type only beside the text keep it.
    pub fn interpret(&self) -> Option<PyValue> {
        let value = parse_repr(&self.data).ok()?;
        if self.module != "numpy" || matches!(value, PyValue::Scalar(_)) {
            return Some(value);
        }
        super::NumpyScalar::new(&self.type_name, value).ok().map(PyValue::Scalar)
    }
}

fn read(text: &str, names: bool) -> Result<PyValue> {
    // Python's reader of sources takes every form of a line's end for one.
    let unix;
    let text = if text.contains('\r') {
        unix = text.replace("\r\n", "\n").replace('\r', "\n");
        unix.as_str()
    } else {
        text
    };
    let mut parser = Parser { text, at: 0, depth: 0, names };
    if let Some(at) = text.find('\0') {
        parser.at = at;
        return Err(parser.wrong("a null character"));
    }
    parser.lines();
    let first = parser.expression()?;
    parser.blank();
    let value = if parser.peek() == Some(b',') { parser.tail(first, None)? } else { first };
    parser.lines();
    if parser.peek().is_some() { Err(parser.wrong("text after the value")) } else { Ok(value) }
}

/// A place in the text.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// How many brackets are open.
    depth: usize,
    /// Whether `nan` and `inf` are known.
    names: bool,
}

impl<'a> Parser<'a> {
    #[cold]
    fn wrong(&self, found: &str) -> Error {
        Error::damaged(format!("no Python literal: {found} at byte {}", self.at))
    }
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }
    /// Takes this byte if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.step(1);
        }
        found
    }
    fn expect(&mut self, byte: u8) -> Result<()> {
        self.blank();
        match self.take(byte) {
            true => Ok(()),
            false => Err(self.wrong(&format!("no `{}`", char::from(byte)))),
        }
    }
    /// Passes over blanks, in brackets also over lines' ends and comments.
    fn blank(&mut self) {
        self.skip(self.depth > 0);
    }
    /// Passes over blanks, lines' ends and comments.
    fn lines(&mut self) {
        self.skip(true);
    }
    fn skip(&mut self, lines: bool) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\x0c' => self.step(1),
                b'\n' if lines => self.step(1),
                b'#' if lines => self.step(self.rest().find('\n').unwrap_or(self.rest().len())),
                _ => break,
            }
        }
    }
    /// Opens a bracket.
    fn open(&mut self) -> Result<()> {
        self.step(1);
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH {
            return Err(self.wrong(&format!("more than {DEPTH} brackets in one another")));
        }
        self.blank();
        Ok(())
    }
    /// Closes a bracket if this is next.
    fn close(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.take(byte);
        if found {
            self.depth = self.depth.saturating_sub(1);
        }
        found
    }

    /// A value, or a real number with an imaginary one.
    fn expression(&mut self) -> Result<PyValue> {
        let left = self.signed()?;
        self.blank();
        let Some(sign @ (b'+' | b'-')) = self.peek() else { return Ok(left) };
        self.step(1);
        self.blank();
        let right = self.atom()?;
        number::sum(&left, sign == b'-', &right).ok_or_else(|| self.wrong("an operator"))
    }
    /// A value with any number of signs before it.
    fn signed(&mut self) -> Result<PyValue> {
        let (mut signs, mut minus) = (false, false);
        loop {
            self.blank();
            match self.peek() {
                Some(b'-') => minus = !minus,
                Some(b'+') => {}
                _ => break,
            }
            signs = true;
            self.step(1);
        }
        let value = self.atom()?;
        match signs {
            true => number::signed(value, minus).ok_or_else(|| self.wrong("a sign before what is no number")),
            false => Ok(value),
        }
    }
    fn atom(&mut self) -> Result<PyValue> {
        match self.peek() {
            None => Err(self.wrong("the end")),
            Some(b'(') => self.tuple(),
            Some(b'[') => {
                self.open()?;
                self.items(Vec::new(), b']').map(PyValue::List)
            }
            Some(b'{') => self.braces(),
            Some(b'0'..=b'9' | b'.') => self.number(),
            Some(_) if self.at_string() => self.strings(),
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => self.name(),
            Some(_) => {
                let found = self.rest().chars().next().unwrap_or_default();
                Err(self.wrong(&format!("{found:?}")))
            }
        }
    }
    /// A tuple, or a value in brackets.
    fn tuple(&mut self) -> Result<PyValue> {
        self.open()?;
        if self.close(b')') {
            return Ok(PyValue::Tuple(Vec::new()));
        }
        let first = self.expression()?;
        if self.close(b')') {
            return Ok(first);
        }
        self.tail(first, Some(b')'))
    }
    /// The rest of a tuple from the first comma on; without `end` to the end of the line.
    fn tail(&mut self, first: PyValue, end: Option<u8>) -> Result<PyValue> {
        if let Some(end) = end {
            self.expect(b',')?;
            return self.items(vec![first], end).map(PyValue::Tuple);
        }
        let mut items = vec![first];
        loop {
            self.blank();
            if !self.take(b',') {
                break;
            }
            self.blank();
            if matches!(self.peek(), None | Some(b'\n' | b'#')) {
                break;
            }
            items.push(self.expression()?);
        }
        Ok(PyValue::Tuple(items))
    }
    /// Elements with commas between them (one may follow the last) up to the bracket `end`.
    fn items(&mut self, mut items: Vec<PyValue>, end: u8) -> Result<Vec<PyValue>> {
        while !self.close(end) {
            items.push(self.expression()?);
            if self.close(end) {
                break;
            }
            self.expect(b',')?;
        }
        Ok(items)
    }
    /// A dict or a set.
    fn braces(&mut self) -> Result<PyValue> {
        self.open()?;
        if self.close(b'}') {
            return Ok(PyValue::Dict(Vec::new()));
        }
        let first = self.expression()?;
        self.blank();
        if self.peek() != Some(b':') {
            let mut items = vec![first];
            if !self.close(b'}') {
                self.expect(b',')?;
                items = self.items(items, b'}')?;
            }
            return distinct(items).map(PyValue::Set).map_err(|e| self.wrong(e.what()));
        }
        self.step(1);
        let mut pairs = vec![(first, self.value()?)];
        while !self.close(b'}') {
            self.expect(b',')?;
            if self.close(b'}') {
                break;
            }
            let key = self.value()?;
            self.expect(b':')?;
            pairs.push((key, self.value()?));
        }
        dictionary(pairs).map(PyValue::Dict).map_err(|e| self.wrong(e.what()))
    }
    fn value(&mut self) -> Result<PyValue> {
        self.blank();
        self.expression()
    }
}

#[cfg(test)]
mod tests;
