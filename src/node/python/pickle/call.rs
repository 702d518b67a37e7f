//! Names and calls: the closed list of what makes plain data.

use super::array::{Dtype, MOST_AXES};
use super::machine::Machine;
use super::node::{Global, Id, Node, global};
use crate::error::Result;
use crate::node::python::value::{Date, DateTime, PyValue, Time};

impl<'a> Machine<'a> {
    fn node(&self, id: Id) -> Option<&Node<'a>> {
        self.heap.get(id)
    }
    fn text_of(&self, id: Id) -> Option<&str> {
        match self.node(id)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }
    fn plain_of(&self, id: Id) -> Option<&PyValue> {
        match self.node(id)? {
            Node::Plain(value) => Some(value),
            _ => None,
        }
    }
    fn tuple_of(&self, id: Id) -> Option<&[Id]> {
        match self.node(id)? {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }
    fn dtype_of(&self, id: Id) -> Option<Dtype> {
        match self.node(id)? {
            Node::Dtype(dtype) => Some(*dtype),
            _ => None,
        }
    }

    /// Names, and what they are called with.
    pub(super) fn call(&mut self, opcode: u8) -> Result<bool> {
        match opcode {
            b'c' => {
                let (module, name) = (self.text_line()?, self.text_line()?);
                let found = global(module, name);
                let node = found.ok_or_else(|| self.refuse("GLOBAL", &format!("names {module}.{name}")))?;
                self.push(Node::Global(node));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let names = self.text_of(module).zip(self.text_of(name));
                let (module, name) = names.ok_or_else(|| self.wrong("a name that is no string"))?;
                let found = global(module, name);
                let node = found.ok_or_else(|| self.refuse("STACK_GLOBAL", &format!("names {module}.{name}")))?;
                self.push(Node::Global(node));
            }
            b'R' => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let Some(Node::Global(function)) = self.node(function) else {
                    return Err(self.refuse("REDUCE", "calls what is no function"));
                };
                let function = *function;
                let made = self.tuple_of(arguments).and_then(|arguments| self.reduce(function, arguments));
                let made = made.ok_or_else(|| self.refuse("REDUCE", &format!("calls {function:?} in another way")))?;
                self.push(made);
            }
            b'b' => {
                let state = self.pop()?;
                let top = self.top()?;
                let built = self.tuple_of(state).and_then(|state| self.build(top, state));
                let built = built.ok_or_else(|| self.refuse("BUILD", "changes what is no array of plain data"))?;
                if let Some(node) = self.heap.get_mut(top) {
                    *node = built;
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
    /// What a call gives; nothing if the arguments are others than those of the pattern.
    fn reduce(&self, function: Global, arguments: &[Id]) -> Option<Node<'a>> {
        let is_latin1 = |id: Id| matches!(self.text_of(id), Some("latin1" | "latin-1" | "iso8859-1"));
        Some(match (function, arguments) {
            (Global::Bytes | Global::ByteArray, []) => Node::Bytes(&[]),
            (Global::Encode | Global::ByteArray, [text, coding]) if is_latin1(*coding) => {
                self.text_of(*text)?;
                Node::Encoded(*text)
            }
            (Global::ByteArray, [bytes]) => match self.node(*bytes)? {
                Node::Bytes(bytes) => Node::Bytes(bytes),
                Node::Encoded(text) => Node::Encoded(*text),
                _ => return None,
            },
            (Global::Complex, [re, im]) => {
                let (re, im) = (self.plain_of(*re)?.as_f64()?, self.plain_of(*im)?.as_f64()?);
                Node::Plain(num_complex::Complex64::new(re, im).into())
            }
            (Global::Set, [list]) => match self.node(*list)? {
                Node::List(_) => Node::SetOf(*list),
                _ => return None,
            },
            (Global::DateTime | Global::Date | Global::Time, [state]) => {
                Node::Plain(moment(function, &self.short(*state)?)?)
            }
            (Global::Dtype, [spec, ..]) => Node::Dtype(Dtype::parse(self.text_of(*spec)?)?),
            (Global::Reconstruct, [kind, _, _]) => match self.node(*kind)? {
                Node::Global(Global::NdArray) => Node::Bare,
                _ => return None,
            },
            (Global::Scalar, [dtype, raw]) => Node::Scalar { dtype: self.dtype_of(*dtype)?, raw: *raw },
            (Global::FromBuffer, [raw, dtype, shape, order]) => Node::Array {
                dtype: self.dtype_of(*dtype)?,
                shape: self.shape(*shape)?,
                columns_first: self.text_of(*order)? == "F",
                raw: *raw,
            },
            _ => return None,
        })
    }
    /// The bytes of a short byte string, however it was written.
    fn short(&self, id: Id) -> Option<Vec<u8>> {
        let id = if let Node::Encoded(text) = self.node(id)? { *text } else { id };
        match self.node(id)? {
            Node::Bytes(bytes) if bytes.len() <= 16 => Some(bytes.to_vec()),
            Node::Text(text) if text.len() <= 32 => {
                text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
            }
            _ => None,
        }
    }
    fn shape(&self, id: Id) -> Option<Vec<usize>> {
        let axes = self.tuple_of(id).filter(|axes| axes.len() <= MOST_AXES)?;
        axes.iter().map(|axis| usize::try_from(self.plain_of(*axis)?.as_int()?).ok()).collect()
    }
    /// What a state makes of a node.
    fn build(&self, top: Id, state: &[Id]) -> Option<Node<'a>> {
        match (self.node(top)?, state) {
            (Node::Dtype(dtype), [version, order, subarray, names, fields, ..]) => {
                self.plain_of(*version)?.as_int()?;
                let plain = [subarray, names, fields].iter().all(|id| {
                    self.plain_of(**id).is_some_and(PyValue::is_none)
                });
                plain.then_some(())?;
                Some(Node::Dtype(dtype.ordered(self.text_of(*order)?)?))
            }
            (Node::Bare, [_, shape, dtype, columns_first, raw]) => Some(Node::Array {
                dtype: self.dtype_of(*dtype)?,
                shape: self.shape(*shape)?,
                columns_first: match self.plain_of(*columns_first)? {
                    PyValue::Bool(b) => *b,
                    other => other.as_i64()? != 0,
                },
                raw: *raw,
            }),
            _ => None,
        }
    }
}

/// A date or a time from its state: year in two bytes, then one byte each, microseconds in three.
fn moment(kind: Global, state: &[u8]) -> Option<PyValue> {
    let day = |high: u8, low, month, day| Date::new(u16::from_be_bytes([high, low]), month, day).ok();
    let time = |h, m, s, [a, b, c]: [u8; 3]| Time::new(h, m, s, u32::from_be_bytes([0, a, b, c])).ok();
    Some(match (kind, state) {
        (Global::DateTime, &[y, z, n, d, h, m, s, a, b, c]) => {
            DateTime::from((day(y, z, n, d)?, time(h, m, s, [a, b, c])?)).into()
        }
        (Global::Date, &[y, z, n, d]) => day(y, z, n, d)?.into(),
        (Global::Time, &[h, m, s, a, b, c]) => time(h, m, s, [a, b, c])?.into(),
        _ => return None,
    })
}
