//! Random values survive their texts; random texts and bytes give a value or an error.

use std::time::{Duration, Instant};

use h5::node::python::{Numpy, PyValue, json, json2object, literal, object2json, pickle_str, repr, unpickle};
use h5::num_complex::Complex64;
use proptest::prelude::*;

use super::values::{mutated, scalar, tagged, text, value};

/// What Python's evaluation makes of the value's text under numpy 2: complex numbers lose a sign of zero.
fn evaluated(value: &PyValue) -> PyValue {
    let all = |items: &[PyValue]| items.iter().map(evaluated).collect();
    match value {
        PyValue::Complex(c) => {
            // `re+imj` adds, `re-imj` subtracts, `-imj` alone turns both signs.
            let alone = c.re == 0.0 && c.re.is_sign_positive();
            let minus = c.im.is_sign_negative() && !c.im.is_nan();
            let re = match (alone, minus) {
                (true, true) => -0.0,
                (true, false) => 0.0,
                // The sign stands before an integer, which has no zero below zero.
                (false, _) if c.re == 0.0 => 0.0,
                (false, _) => c.re,
            };
            let im = match (alone, minus) {
                (true, _) => c.im,
                (false, true) => 0.0 - -c.im,
                (false, false) => 0.0 + c.im,
            };
            Complex64::new(re, im).into()
        }
        PyValue::Scalar(scalar) => {
            let inner = evaluated(scalar.value());
            h5::node::python::NumpyScalar::new(scalar.dtype(), inner).unwrap().into()
        }
        PyValue::Tuple(items) => PyValue::Tuple(all(items)),
        PyValue::List(items) => PyValue::List(all(items)),
        PyValue::Set(items) => PyValue::Set(all(items)),
        PyValue::Dict(pairs) => {
            PyValue::dict(pairs.iter().map(|(k, v)| (evaluated(k), evaluated(v)))).unwrap()
        }
        other => other.clone(),
    }
}

/// Whether `nan` or `inf` is in the value: Python does not evaluate its text.
fn has_names(value: &PyValue) -> bool {
    match value {
        PyValue::Float(f) => !f.is_finite(),
        PyValue::Complex(c) => !c.re.is_finite() || !c.im.is_finite(),
        PyValue::Scalar(s) => has_names(s.value()),
        PyValue::Dict(pairs) => pairs.iter().any(|(k, v)| has_names(k) || has_names(v)),
        other => other.items().is_some_and(|items| items.iter().any(has_names)),
    }
}

/// Whether PyMoDAQ reads the type back.
fn is_read(value: &PyValue) -> bool {
    let types =
        ["float", "int", "str", "datetime", "date", "time", "tuple", "list", "bool", "bytes", "float64"];
    types.contains(&value.type_name())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn values_survive_their_repr(value in value(true)) {
        let text = repr(&value, Numpy::Two);
        let back = literal::parse_repr(&text).unwrap();
        prop_assert_eq!(tagged(&back), tagged(&evaluated(&value)), "{}", text);
        prop_assert_eq!(literal::parse(&text).is_err(), has_names(&value), "{}", text);
    }
    #[test]
    fn scalars_survive_their_json_text_of_numpy_1(scalar in scalar()) {
        let value = PyValue::from(scalar);
        let text = object2json(&value, Numpy::One);
        match json2object(&text) {
            PyValue::Other(other) => {
                prop_assert_eq!(tagged(&other.interpret().unwrap()), tagged(&evaluated(&value)), "{}", text);
            }
            // Only float64 is read back, as a plain float.
            back if has_names(&value) => prop_assert_eq!(back, PyValue::from(text)),
            back => prop_assert_eq!(tagged(&back), tagged(value.plain()), "{}", text),
        }
    }
    #[test]
    fn values_survive_their_json_text(value in value(true)) {
        let text = object2json(&value, Numpy::Two);
        prop_assert!(text.is_ascii());
        let back = json2object(&text);
        if is_read(&value) && has_names(&value) {
            prop_assert_eq!(back, PyValue::from(text));
        } else if is_read(&value) {
            prop_assert_eq!(tagged(&back), tagged(&evaluated(&value)), "{}", text);
        } else {
            let PyValue::Other(other) = &back else { panic!("{back:?}") };
            prop_assert_eq!(tagged(&other.interpret().unwrap()), tagged(&evaluated(&value)), "{}", text);
            prop_assert_eq!(object2json(&back, Numpy::Two), text);
        }
    }
    #[test]
    fn strings_survive_their_pickle(text in text(), times in 1usize..5000) {
        let text = text.repeat(times);
        prop_assert_eq!(unpickle(&pickle_str(&text).unwrap()).unwrap(), PyValue::from(text));
    }
    #[test]
    fn any_text_gives_a_value_or_an_error(
        text in mutated(SEEDS.iter().map(|s| (*s).to_string()).collect(), PIECES), times in 1usize..200
    ) {
        let start = Instant::now();
        for text in [text.repeat(times), text] {
            let _ = literal::parse(&text);
            let _ = literal::parse_repr(&text);
            let _ = json::parse(&text);
            let value = json2object(&text);
            let _ = (repr(&value, Numpy::One), object2json(&value, Numpy::Two));
        }
        prop_assert!(start.elapsed() < Duration::from_secs(5));
    }
    #[test]
    fn any_bytes_give_a_value_or_an_error(
        bytes in prop::collection::vec(prop_oneof![prop::sample::select(OPCODES), any::<u8>()], 0..300)
    ) {
        let start = Instant::now();
        if let Ok(value) = unpickle(&bytes) {
            let _ = repr(&value, Numpy::Two);
        }
        let text = String::from_utf8_lossy(&bytes);
        let _ = (literal::parse(&text), json2object(&text));
        prop_assert!(start.elapsed() < Duration::from_secs(5));
    }
}

const SEEDS: &[&str] = &[
    "[1, -2.5e3, 'a\\n', b'\\xff', (1+2j), {'k': (1,)}, {3}, None, True]",
    "(datetime.datetime(2024, 1, 2, 3, 4), np.float64(0.5), np.str_('x'), 0x1f, 1_0)",
    r#"{"module": "builtins", "type": "tuple", "data": "(1, 'a', \u0031)"}"#,
    r#"{"type": "list", "data": "[]", "x": [1, 2.5, null, "\ud834\udd1e", {"a": NaN}]}"#,
];

const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "'",
    "\"",
    "\\",
    "1",
    "0",
    "_",
    "e",
    ".",
    "j",
    "-",
    "+",
    " ",
    "\n",
    "#",
    "b",
    "r",
    "u",
    "\\u12",
    "\\ud800",
    "\\x4",
    "'''",
    "None",
    "np.",
    "nan",
    "é",
    "\0",
    "\r",
    "null",
    "99999999999999999999",
    "",
];

const OPCODES: &[u8] = b"(.012FNIJKMLVXabcdeghjl]pqrst)uGUTSR}\n\x80\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8f\x90\x93\x94\x95\x00\x01\x02\x03";
