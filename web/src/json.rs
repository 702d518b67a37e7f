//! JSON as text, written as it comes: a list of ten thousand objects is made in milliseconds.

use std::cell::RefCell;
use std::rc::Rc;

use h5::Datatype;
use h5::ops::digest::describe;

/// Types are told apart by comparing them; files have few.
const MOST_TYPES: usize = 200;

/// The types that were told of, with their texts: a call writes a type once, and tells it by its number after that.
#[derive(Default)]
pub(crate) struct Types(RefCell<Vec<(Datatype, Rc<str>)>>);

impl Types {
    /// The text of a type, kept for the next time.
    fn text(&self, stored: &Datatype) -> Rc<str> {
        if let Some((_, text)) = self.0.borrow().iter().find(|(known, _)| known == stored) {
            return text.clone();
        }
        let text: Rc<str> = serde_json::Value::Object(describe::datatype(stored)).to_string().into();
        let mut all = self.0.borrow_mut();
        if all.len() < MOST_TYPES {
            all.push((stored.clone(), text.clone()));
        }
        text
    }
}

/// A text of JSON that is being written.
pub(crate) struct Json<'a> {
    text: String,
    known: &'a Types,
    /// Those of this text.
    types: Vec<Rc<str>>,
}

impl Json<'_> {
    pub(crate) fn new(known: &Types) -> Json<'_> {
        Json { text: String::from("{\"told\":"), known, types: Vec::new() }
    }
    /// Text that is JSON already.
    pub(crate) fn raw(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    pub(crate) fn string(&mut self, text: &str) -> &mut Self {
        let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\' && b != 0x7f;
        if text.bytes().all(plain) {
            self.text.push('"');
            self.text.push_str(text);
            self.text.push('"');
            return self;
        }
        let quoted = serde_json::to_string(text).unwrap_or_default();
        self.raw(&quoted)
    }
    pub(crate) fn number(&mut self, n: u64) -> &mut Self {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut left = n;
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.raw(std::str::from_utf8(&digits[at..]).unwrap_or_default())
    }
    /// Items with commas between them, in brackets.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        self.text.push('[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            each(self, item);
        }
        self.text.push(']');
        self
    }
    pub(crate) fn numbers(&mut self, items: &[u64]) -> &mut Self {
        self.list(items, |json, n| {
            json.number(*n);
        })
    }
    /// The number of a datatype in the list of types.
    pub(crate) fn datatype(&mut self, stored: &Datatype) -> &mut Self {
        let text = self.known.text(stored);
        let number = self.types.iter().position(|t| Rc::ptr_eq(t, &text));
        let number = number.unwrap_or_else(|| {
            self.types.push(text);
            self.types.len() - 1
        });
        self.number(number as u64)
    }
    /// Whether anything was written.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
    /// Takes back what was written after so many bytes.
    pub(crate) fn cut(&mut self, len: usize) {
        self.text.truncate(len);
    }
    /// What was written, with the list of types: `{"told": ..., "types": [...]}`.
    pub(crate) fn end(mut self) -> String {
        let types = std::mem::take(&mut self.types);
        self.raw(",\"types\":").list(types, |json, text| {
            json.raw(&text);
        });
        self.raw("}");
        self.text
    }
}
