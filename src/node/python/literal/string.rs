//! Strings and byte strings.

use super::Parser;
use crate::error::Result;
use crate::node::python::value::PyValue;

/// What stands before the quotes.
struct Prefix {
    length: usize,
    bytes: bool,
    raw: bool,
}

impl Parser<'_> {
    /// The prefix of a string that begins here.
    fn prefix(&self) -> Option<Prefix> {
        let rest = self.rest().as_bytes();
        let length = rest.iter().take(3).position(|b| matches!(b, b'\'' | b'"'))?;
        let (bytes, raw) = match rest.get(..length)?.to_ascii_lowercase().as_slice() {
            b"" | b"u" => (false, false),
            b"r" => (false, true),
            b"b" => (true, false),
            b"br" | b"rb" => (true, true),
            _ => return None,
        };
        Some(Prefix { length, bytes, raw })
    }
    pub(super) fn at_string(&self) -> bool {
        self.prefix().is_some()
    }
    /// Strings after one another, which make one.
    pub(super) fn strings(&mut self) -> Result<PyValue> {
        let mut found = Vec::new();
        let mut kind = None;
        while let Some(prefix) = self.prefix() {
            if kind.is_some_and(|bytes| bytes != prefix.bytes) {
                return Err(self.wrong("strings beside byte strings"));
            }
            kind = Some(prefix.bytes);
            self.step(prefix.length);
            self.string(&prefix, &mut found)?;
            self.blank();
        }
        match kind {
            Some(true) => Ok(PyValue::Bytes(found)),
            _ => String::from_utf8(found).map(PyValue::Str).map_err(|_| self.wrong("no text")),
        }
    }
    /// One string from its quotes on; text is added as UTF-8.
    fn string(&mut self, prefix: &Prefix, found: &mut Vec<u8>) -> Result<()> {
        let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|q| self.rest().starts_with(q)).unwrap_or("'");
        self.step(quotes.len());
        loop {
            let rest = self.rest();
            let end = rest.find(['\'', '"', '\\', '\n']).unwrap_or(rest.len());
            let plain = rest.get(..end).unwrap_or("");
            if prefix.bytes && !plain.is_ascii() {
                return Err(self.wrong("a byte string that is not ASCII"));
            }
            found.extend_from_slice(plain.as_bytes());
            self.step(end);
            if self.rest().starts_with(quotes) {
                self.step(quotes.len());
                return Ok(());
            }
            match self.peek() {
                None => return Err(self.wrong("a string without an end")),
                Some(b'\n') if quotes.len() == 1 => return Err(self.wrong("a line's end in a string")),
                Some(b'\\') if prefix.raw => self.raw_pair(prefix, found)?,
                Some(b'\\') => self.escape(prefix.bytes, found)?,
                Some(byte) => {
                    found.push(byte);
                    self.step(1);
                }
            }
        }
    }
    /// A backslash of a raw string and what follows it: both are kept.
    fn raw_pair(&mut self, prefix: &Prefix, found: &mut Vec<u8>) -> Result<()> {
        let pair: String = self.rest().chars().take(2).collect();
        if prefix.bytes && !pair.is_ascii() {
            return Err(self.wrong("a byte string that is not ASCII"));
        }
        found.extend_from_slice(pair.as_bytes());
        self.step(pair.len());
        Ok(())
    }
    /// An escape, from its backslash on.
    fn escape(&mut self, bytes: bool, found: &mut Vec<u8>) -> Result<()> {
        self.step(1);
        let Some(next) = self.peek() else { return Err(self.wrong("a string without an end")) };
        let plain = match next {
            b'\n' => {
                self.step(1);
                return Ok(());
            }
            b'\\' | b'\'' | b'"' => next,
            b'a' => 7,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'0'..=b'7' => {
                let code = self.code(3, 8)?;
                return self.push(code, bytes, found);
            }
            b'x' => return self.hexadecimal(2, bytes, found),
            b'u' if !bytes => return self.hexadecimal(4, bytes, found),
            b'U' if !bytes => return self.hexadecimal(8, bytes, found),
            b'N' if !bytes => return Err(self.wrong("a character by its name, which is not supported,")),
            // An unknown escape stands for itself, backslash and all.
            _ => {
                found.push(b'\\');
                return Ok(());
            }
        };
        found.push(plain);
        self.step(1);
        Ok(())
    }
    fn hexadecimal(&mut self, digits: usize, bytes: bool, found: &mut Vec<u8>) -> Result<()> {
        self.step(1);
        let from = self.at;
        let code = self.code(digits, 16)?;
        if self.at.saturating_sub(from) != digits {
            return Err(self.wrong(&format!("an escape without its {digits} digits")));
        }
        self.push(code, bytes, found)
    }
    /// Up to `most` digits of a base.
    fn code(&mut self, most: usize, base: u32) -> Result<u32> {
        let rest = self.rest();
        let length = rest.bytes().take(most).take_while(|b| char::from(*b).is_digit(base)).count();
        let digits = rest.get(..length).unwrap_or("");
        self.step(length);
        u32::from_str_radix(digits, base).map_err(|_| self.wrong("an escape without digits"))
    }
    fn push(&self, code: u32, bytes: bool, found: &mut Vec<u8>) -> Result<()> {
        if bytes {
            // Python keeps the low eight bits of octal digits.
            found.push((code & 0xff) as u8);
            return Ok(());
        }
        let c = char::from_u32(code).ok_or_else(|| self.wrong(&format!("U+{code:04X}, which is no character,")))?;
        found.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }
}
