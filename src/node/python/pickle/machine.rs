//! The opcodes of a pickle, run on a stack of nodes that may be shared.

use std::borrow::Cow;
use std::collections::HashMap;

use num_bigint::BigInt;

use super::node::{Id, Node};
use crate::error::{Error, Result};
use crate::node::python::value::PyValue;
use crate::node::python::literal;

/// The opcodes that are known and never taken.
fn refused(opcode: u8) -> Option<&'static str> {
    Some(match opcode {
        b'P' => "PERSID",
        b'Q' => "BINPERSID",
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        0x91 => "FROZENSET",
        0x92 => "NEWOBJ_EX",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => return None,
    })
}

/// Runs a pickle: the nodes that it made, and the one that it gives.
pub(super) fn run(bytes: &[u8]) -> Result<(Vec<Node<'_>>, Id)> {
    let mut machine =
        Machine { bytes, at: 0, heap: Vec::new(), stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    loop {
        let opcode = machine.byte()?;
        if opcode == b'.' {
            let top = machine.pop()?;
            return Ok((machine.heap, top));
        }
        let known = machine.number(opcode)?
            || machine.text(opcode)?
            || machine.container(opcode)?
            || machine.memory(opcode)?
            || machine.call(opcode)?;
        if !known {
            return Err(match refused(opcode) {
                Some(name) => machine.refuse(name, "makes what is no plain data"),
                None => machine.wrong(&format!("the opcode {opcode:#04x}, which there is not,")),
            });
        }
    }
}

/// The state of a run.
pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) heap: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// How high the stack was at every mark that is open.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl<'a> Machine<'a> {
    #[cold]
    pub(super) fn wrong(&self, found: &str) -> Error {
        Error::damaged(format!("no pickle: {found} before byte {}", self.at))
    }
    #[cold]
    pub(super) fn refuse(&self, opcode: &str, why: &str) -> Error {
        Error::unsupported(format!("a pickle's opcode {opcode} before byte {} {why}", self.at))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let (found, _) = rest.split_at_checked(length).ok_or_else(|| self.wrong("an end too early"))?;
        self.at = self.at.saturating_add(length);
        Ok(found)
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| self.wrong("an end too early"))
    }
    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }
    /// As many bytes as a count of `N` bytes says.
    fn counted<const N: usize>(&mut self) -> Result<&'a [u8]> {
        let mut count = [0; 8];
        let stored = self.array::<N>()?;
        count.iter_mut().zip(stored).for_each(|(to, from)| *to = from);
        let count = usize::try_from(u64::from_le_bytes(count)).map_err(|_| self.wrong("a length"))?;
        self.take(count)
    }
    /// The bytes up to a line's end, which is passed over.
    fn line(&mut self) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let end = rest.iter().position(|b| *b == b'\n').ok_or_else(|| self.wrong("a line without an end"))?;
        let line = self.take(end)?;
        self.take(1)?;
        Ok(line)
    }
    pub(super) fn text_line(&mut self) -> Result<&'a str> {
        let line = self.line()?;
        std::str::from_utf8(line).map_err(|_| self.wrong("a line that is no text"))
    }

    pub(super) fn push(&mut self, node: Node<'a>) {
        self.stack.push(self.heap.len());
        self.heap.push(node);
    }
    pub(super) fn pop(&mut self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(self.wrong("an opcode that takes more than there is"));
        }
        self.stack.pop().ok_or_else(|| self.wrong("an empty stack"))
    }
    pub(super) fn top(&self) -> Result<Id> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let above = self.stack.get(floor..).unwrap_or(&[]);
        above.last().copied().ok_or_else(|| self.wrong("an opcode that takes more than there is"))
    }
    /// Everything above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop().ok_or_else(|| self.wrong("an opcode that wants a mark"))?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// None, bools and numbers; protocol and frames, which make nothing.
    fn number(&mut self, opcode: u8) -> Result<bool> {
        let value = match opcode {
            0x80 => {
                let protocol = self.byte()?;
                if protocol > 5 {
                    return Err(Error::unsupported(format!("a pickle of protocol {protocol}, 5 at most")));
                }
                return Ok(true);
            }
            0x95 => {
                let size = u64::from_le_bytes(self.array()?);
                let left = self.bytes.len().saturating_sub(self.at);
                if usize::try_from(size).map_or(true, |size| size > left) {
                    return Err(self.wrong(&format!("a frame of {size} bytes where {left} are left")));
                }
                return Ok(true);
            }
            b'N' => PyValue::None,
            0x88 => true.into(),
            0x89 => false.into(),
            b'I' => match self.line()? {
                b"00" => false.into(),
                b"01" => true.into(),
                line => self.integer(line)?.into(),
            },
            b'L' => {
                let line = self.line()?;
                self.integer(line.strip_suffix(b"L").unwrap_or(line))?.into()
            }
            b'J' => i32::from_le_bytes(self.array()?).into(),
            b'K' => self.byte()?.into(),
            b'M' => u16::from_le_bytes(self.array()?).into(),
            0x8a => BigInt::from_signed_bytes_le(self.counted::<1>()?).into(),
            0x8b => {
                let length = i32::from_le_bytes(self.array()?);
                let length = usize::try_from(length).map_err(|_| self.wrong("a length below zero"))?;
                BigInt::from_signed_bytes_le(self.take(length)?).into()
            }
            b'F' => {
                let line = self.text_line()?;
                line.parse::<f64>().map_err(|_| self.wrong("no number"))?.into()
            }
            b'G' => f64::from_be_bytes(self.array()?).into(),
            _ => return Ok(false),
        };
        self.push(Node::Plain(value));
        Ok(true)
    }
    /// An integer as Python's sources have it, with at most one sign.
    fn integer(&self, line: &[u8]) -> Result<BigInt> {
        let line = std::str::from_utf8(line).unwrap_or("").trim();
        let unsigned = line.strip_prefix(['+', '-']).unwrap_or(line);
        let value = literal::parse(line).ok().filter(|_| unsigned.starts_with(|c: char| c.is_ascii_digit()));
        match value {
            Some(PyValue::Int(int)) => Ok(int),
            _ => Err(self.wrong("no integer")),
        }
    }

    /// Strings and byte strings.
    fn text(&mut self, opcode: u8) -> Result<bool> {
        let node = match opcode {
            b'V' => {
                let line = self.line()?;
                Node::Text(raw_unicode(line).ok_or_else(|| self.wrong("an escape that is no character"))?.into())
            }
            b'X' => self.utf8(Self::counted::<4>)?,
            0x8c => self.utf8(Self::counted::<1>)?,
            0x8d => self.utf8(Self::counted::<8>)?,
            b'B' => Node::Bytes(self.counted::<4>()?),
            b'C' => Node::Bytes(self.counted::<1>()?),
            0x8e | 0x96 => Node::Bytes(self.counted::<8>()?),
            b'T' => Node::Text(latin1(self.counted::<4>()?)),
            b'U' => Node::Text(latin1(self.counted::<1>()?)),
            b'S' => {
                let line = self.text_line()?;
                let quoted = line.starts_with(['\'', '"']);
                let value = literal::parse(&format!("b{line}")).ok().filter(|_| quoted);
                let bytes = value.ok_or_else(|| self.wrong("no string"))?;
                Node::Text(latin1(bytes.as_bytes().unwrap_or(&[])).into_owned().into())
            }
            _ => return Ok(false),
        };
        self.push(node);
        Ok(true)
    }
    fn utf8(&mut self, get: fn(&mut Self) -> Result<&'a [u8]>) -> Result<Node<'a>> {
        let text = std::str::from_utf8(get(self)?);
        text.map(|text| Node::Text(text.into())).map_err(|_| self.wrong("a string that is not UTF-8"))
    }

    /// Tuples, lists, dicts and sets.
    fn container(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push(Node::Tuple(Vec::new())),
            b']' => self.push(Node::List(Vec::new())),
            b'}' => self.push(Node::Dict(Vec::new())),
            0x8f => self.push(Node::Set(Vec::new())),
            b't' => {
                let items = self.pop_mark()?;
                self.push(Node::Tuple(items));
            }
            b'l' => {
                let items = self.pop_mark()?;
                self.push(Node::List(items));
            }
            b'd' => {
                let items = self.pop_mark()?;
                let pairs = self.pairs(&items)?;
                self.push(Node::Dict(pairs));
            }
            0x85..=0x87 => {
                let mut items = (0x85..=opcode).map(|_| self.pop()).collect::<Result<Vec<Id>>>()?;
                items.reverse();
                self.push(Node::Tuple(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(&[item], false)?;
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                self.extend(&items, opcode == 0x90)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_mark()?;
                self.set_items(&items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
    fn pairs(&self, items: &[Id]) -> Result<Vec<(Id, Id)>> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(self.wrong("a key without a value"));
        }
        Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
    }
    fn extend(&mut self, items: &[Id], set: bool) -> Result<()> {
        let top = self.top()?;
        match (self.heap.get_mut(top), set) {
            (Some(Node::List(to)), false) | (Some(Node::Set(to)), true) => {
                to.extend_from_slice(items);
                Ok(())
            }
            _ => Err(self.wrong("elements of what is no list")),
        }
    }
    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let pairs = self.pairs(items)?;
        let top = self.top()?;
        match self.heap.get_mut(top) {
            Some(Node::Dict(to)) => {
                to.extend_from_slice(&pairs);
                Ok(())
            }
            _ => Err(self.wrong("pairs of what is no dict")),
        }
    }

    /// The stack's top and the memo.
    fn memory(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            b'0' => {
                // As Python: a mark on top is what is taken away.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            b'1' => drop(self.pop_mark()?),
            b'2' => {
                let top = self.top()?;
                self.stack.push(top);
            }
            b'p' | b'q' | b'r' | 0x94 => {
                let key = match opcode {
                    b'p' => self.memo_line()?,
                    b'q' => self.byte()?.into(),
                    b'r' => u32::from_le_bytes(self.array()?).into(),
                    _ => self.memo.len() as u64,
                };
                let top = self.top()?;
                self.memo.insert(key, top);
            }
            b'g' | b'h' | b'j' => {
                let key = match opcode {
                    b'g' => self.memo_line()?,
                    b'h' => self.byte()?.into(),
                    _ => u32::from_le_bytes(self.array()?).into(),
                };
                let id = self.memo.get(&key).copied();
                self.stack.push(id.ok_or_else(|| self.wrong(&format!("nothing was kept as {key}")))?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
    fn memo_line(&mut self) -> Result<u64> {
        let line = self.text_line()?;
        line.parse().map_err(|_| self.wrong("no number of what is kept"))
    }
}

/// Bytes as text, one character each.
fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => text.into(),
        _ => bytes.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// Latin-1 with `\uXXXX` and `\UXXXXXXXX`; any other backslash stands for itself and guards the next byte.
fn raw_unicode(line: &[u8]) -> Option<String> {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        out.push(char::from(*byte));
        if *byte != b'\\' {
            continue;
        }
        let Some((kind, tail)) = rest.split_first() else { break };
        let digits = match kind {
            b'u' => 4,
            b'U' => 8,
            _ => {
                out.push(char::from(*kind));
                rest = tail;
                continue;
            }
        };
        let (code, tail) = tail.split_at_checked(digits)?;
        let code = code.iter().try_fold(0u32, |code, b| {
            let digit = char::from(*b).to_digit(16)?;
            code.checked_mul(16)?.checked_add(digit)
        })?;
        out.pop();
        out.push(char::from_u32(code)?);
        rest = tail;
    }
    Some(out)
}
