//! The value of a node: shared nodes are copied, within a budget.

use super::array::{Dtype, by_rows};
use super::node::{Id, Node};
use crate::error::{Error, Result};
use crate::node::python::DEPTH;
use crate::node::python::value::{NumpyScalar, PyArray, PyValue, dictionary, distinct};

/// What one value is charged for, besides its text.
const VALUE: usize = 64;
/// What every pickle may take, however short: numpy's arrays and repeated strings are larger than their pickle.
const FREE: usize = 1 << 20;

/// The value of the node `top` of a pickle of this many bytes.
pub(super) fn value(heap: &[Node<'_>], top: Id, bytes: usize) -> Result<PyValue> {
    let left = bytes.saturating_mul(VALUE).saturating_add(FREE);
    Copier { heap, left, open: vec![false; heap.len()] }.value(top, 0)
}

struct Copier<'a, 'b> {
    heap: &'a [Node<'b>],
    /// How many bytes may still be taken.
    left: usize,
    /// The nodes whose parts are being copied.
    open: Vec<bool>,
}

#[cold]
fn wrong(what: &str) -> Error {
    Error::damaged(format!("no pickle of plain data: {what}"))
}

impl<'a, 'b> Copier<'a, 'b> {
    fn charge(&mut self, bytes: usize) -> Result<()> {
        let left = self.left.checked_sub(bytes.saturating_add(VALUE));
        self.left = left.ok_or_else(|| Error::limit("a pickle whose value is much larger than itself"))?;
        Ok(())
    }
    fn node(&self, id: Id) -> Result<&'a Node<'b>> {
        self.heap.get(id).ok_or_else(|| wrong("a node that is not there"))
    }
    fn value(&mut self, id: Id, depth: usize) -> Result<PyValue> {
        if self.open.get(id).copied().unwrap_or(true) {
            return Err(Error::unsupported("a pickle of a value that holds itself"));
        }
        if depth > DEPTH {
            return Err(Error::limit(format!("a pickle that nests deeper than {DEPTH}")));
        }
        self.set_open(id, true);
        let value = self.parts(id, depth.saturating_add(1))?;
        self.set_open(id, false);
        Ok(value)
    }
    fn set_open(&mut self, id: Id, open: bool) {
        if let Some(flag) = self.open.get_mut(id) {
            *flag = open;
        }
    }
    fn parts(&mut self, id: Id, depth: usize) -> Result<PyValue> {
        Ok(match self.node(id)? {
            Node::Plain(value) => {
                let bytes = value.as_int().map_or(0, |int| usize::try_from(int.bits() / 8).unwrap_or(usize::MAX));
                self.charge(bytes)?;
                value.clone()
            }
            Node::Text(text) => {
                self.charge(text.len())?;
                PyValue::from(text.as_ref())
            }
            Node::Bytes(_) | Node::Encoded(_) => PyValue::Bytes(self.bytes(id)?),
            Node::Tuple(items) => PyValue::Tuple(self.items(items, depth)?),
            Node::List(items) => PyValue::List(self.items(items, depth)?),
            Node::Set(items) => self.set(items, depth)?,
            Node::SetOf(list) => match self.node(*list)? {
                Node::List(items) => self.set(items, depth)?,
                _ => return Err(wrong("a set of what is no list")),
            },
            Node::Dict(pairs) => {
                self.charge(0)?;
                let mut copied = Vec::new();
                for (key, value) in pairs {
                    copied.push((self.value(*key, depth)?, self.value(*value, depth)?));
                }
                PyValue::Dict(dictionary(copied).map_err(|e| wrong(e.what()))?)
            }
            Node::Scalar { dtype, raw } => {
                let bytes = self.bytes(*raw)?;
                if bytes.len() != dtype.size() || dtype.is_object() {
                    return Err(wrong("a scalar of numpy of another size than its type"));
                }
                let value = dtype.element(&bytes).ok_or_else(|| wrong("text that is none"))?;
                NumpyScalar::new(&dtype.scalar_name(), value).map_err(|e| wrong(e.what()))?.into()
            }
            Node::Array { dtype, shape, columns_first, raw } => {
                let values = self.elements(*dtype, shape, *raw, depth)?;
                let values = if *columns_first { by_rows(values, shape) } else { values };
                PyArray::new(&dtype.name(), shape.clone(), values).map_err(|e| wrong(e.what()))?.into()
            }
            Node::Global(_) | Node::Dtype(_) | Node::Bare => {
                return Err(Error::unsupported("a pickle of a type, or of a function"));
            }
        })
    }
    fn items(&mut self, items: &[Id], depth: usize) -> Result<Vec<PyValue>> {
        self.charge(0)?;
        // Not reserved: what is shared may run out of the budget.
        let mut copied = Vec::new();
        for item in items {
            copied.push(self.value(*item, depth)?);
        }
        Ok(copied)
    }
    fn set(&mut self, items: &[Id], depth: usize) -> Result<PyValue> {
        let items = self.items(items, depth)?;
        distinct(items).map(PyValue::Set).map_err(|e| wrong(e.what()))
    }
    /// The bytes of a byte string, or of a text of one byte a character.
    fn bytes(&mut self, id: Id) -> Result<Vec<u8>> {
        let id = if let Node::Encoded(text) = self.node(id)? { *text } else { id };
        match self.node(id)? {
            Node::Bytes(bytes) => {
                self.charge(bytes.len())?;
                Ok(bytes.to_vec())
            }
            Node::Text(text) => {
                self.charge(text.len())?;
                let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).ok());
                bytes.collect::<Option<_>>().ok_or_else(|| wrong("a byte string with characters beyond U+00FF"))
            }
            _ => Err(wrong("no byte string where one is due")),
        }
    }
    fn elements(&mut self, dtype: Dtype, shape: &[usize], raw: Id, depth: usize) -> Result<Vec<PyValue>> {
        if dtype.is_object() {
            return match self.node(raw)? {
                Node::List(items) => self.items(items, depth),
                _ => Err(wrong("an array of objects without a list of them")),
            };
        }
        let bytes = self.bytes(raw)?;
        let count = shape.iter().try_fold(1usize, |n, length| n.checked_mul(*length));
        let size = count.and_then(|count| count.checked_mul(dtype.size()));
        if size != Some(bytes.len()) || (bytes.is_empty() && count != Some(0)) {
            return Err(wrong(&format!("an array of shape {shape:?} of {} bytes", bytes.len())));
        }
        // The bytes fill the array, so that the count is one that they justify.
        self.charge(count.unwrap_or(0).saturating_mul(VALUE))?;
        let elements = bytes.chunks_exact(dtype.size().max(1)).map(|element| dtype.element(element));
        elements.collect::<Option<_>>().ok_or_else(|| wrong("text that is none"))
    }
}
