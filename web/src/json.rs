//! JSON as text, written as it comes: a list of ten thousand objects is made in milliseconds.

use h5::Datatype;
use h5::ops::digest::describe;

/// A text of JSON that is being written.
#[derive(Default)]
pub(crate) struct Json {
    text: String,
    /// The types that were told of: a type is written once, and told by its number after that.
    types: Vec<Datatype>,
}

/// Types are told apart by comparing them; files have few.
const MOST_TYPES: usize = 200;

impl Json {
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
        digits[at..].iter().for_each(|d| self.text.push(char::from(*d)));
        self
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
    /// The number of a datatype in the list of types, or the type itself where that is full.
    pub(crate) fn datatype(&mut self, stored: &Datatype) -> &mut Self {
        let known = self.types.iter().position(|t| t == stored);
        let number = known.or_else(|| {
            let next = self.types.len();
            (next < MOST_TYPES).then(|| self.types.push(stored.clone())).map(|()| next)
        });
        match number {
            Some(number) => self.number(number as u64),
            None => self.raw(&described(stored)),
        }
    }
    /// Whether anything was written.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }
    /// Takes back what was written after so many bytes.
    pub(crate) fn cut(&mut self, len: usize) {
        self.text.truncate(len);
    }
    /// What was written, with the list of types: `{"types": [...], "told": ...}`.
    pub(crate) fn end(self) -> String {
        let types: Vec<String> = self.types.iter().map(described).collect();
        format!("{{\"types\":[{}],\"told\":{}}}", types.join(","), self.text)
    }
}

fn described(stored: &Datatype) -> String {
    serde_json::Value::Object(describe::datatype(stored)).to_string()
}
