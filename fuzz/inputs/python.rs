//! The first byte chooses the decoder, the rest is what it reads. What is read can be written, and read again as the same.

use h5::node::python::{Numpy, PyValue, json2object, literal, object2json, repr, unpickle};

/// Values are told by their texts: not-a-number is equal to nothing.
fn same(a: &PyValue, b: &PyValue) {
    assert_eq!(repr(a, Numpy::Two), repr(b, Numpy::Two));
}

pub(crate) fn run(data: &[u8]) {
    let Some((which, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    match which % 3 {
        0 => {
            json2object(&text);
        }
        1 => {
            if let Ok(value) = literal::parse(&text) {
                // The signs of zeros in complex numbers come and go, as in Python.
                let written = repr(&value, Numpy::Two);
                if let Ok(again) = literal::parse(&written)
                    && !written.contains('j')
                {
                    same(&value, &again);
                }
                json2object(&object2json(&value, Numpy::One));
            }
        }
        _ => {
            if let Ok(value) = unpickle(rest) {
                json2object(&object2json(&value, Numpy::Two));
            }
        }
    }
}
