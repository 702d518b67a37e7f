//! Python judges: its `repr`, `json`, `ast.literal_eval` and `pickle` against ours.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use h5::half::f16;
use h5::node::python::{Numpy, NumpyScalar, PyValue, json, literal, object2json, pickle_str, repr, unpickle};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::values::{float, many, mutated, tagged, text, value};

#[allow(dead_code)]
#[path = "../../read/python.rs"]
pub(crate) mod python;

mod support {
    /// The folder of the repository.
    pub(super) fn root() -> &'static std::path::Path {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
    }
}

/// What Python answers; nothing where tests with Python are off.
fn ask(questions: &[Json]) -> Option<Vec<Json>> {
    let python: &Path = python::python()?;
    let mut child = Command::new(python)
        .arg(support::root().join("tests/nodes/python/judge.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = questions.iter().map(|q| format!("{q}\n")).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers: Vec<Json> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), questions.len(), "an answer for each question");
    Some(answers)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &Json) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// Asks Python about these values and compares all of its texts with ours.
fn compare(values: &[PyValue]) {
    let question = |v: &PyValue| {
        let mut q = json!({"ask": "value", "value": tagged(v), "repr": repr(v, Numpy::Two)});
        if let PyValue::Str(text) = v {
            q["pickle"] = hex(&pickle_str(text).unwrap()).into();
        }
        q
    };
    let Some(answers) = ask(&values.iter().map(question).collect::<Vec<_>>()) else { return };
    for (v, answer) in values.iter().zip(&answers) {
        let ours = repr(v, Numpy::Two);
        if answer["unassigned"] == json!(false) {
            assert_eq!(answer["repr"], ours, "repr of {v:?}");
            assert_eq!(answer["repr1"], repr(v, Numpy::One), "repr of numpy 1 of {v:?}");
            assert_eq!(answer["json"], object2json(v, Numpy::Two), "JSON text of {v:?}");
        }
        let read = literal::parse(&ours).map(|v| tagged(&v)).unwrap_or_default();
        assert_eq!(answer["evaluated"], read, "evaluation of {ours}");
        for pickle in answer["pickles"].as_array().unwrap() {
            let back = unpickle(&unhex(pickle)).unwrap_or_else(|e| panic!("{e}: {v:?} from {pickle}"));
            assert_eq!(tagged(&back), tagged(v), "from {pickle}");
        }
        if matches!(v, PyValue::Str(_)) {
            assert_eq!(answer["loaded"], tagged(v), "our pickle of {v:?}");
            assert_eq!(answer["dumped"], hex(&pickle_str(v.as_str().unwrap()).unwrap()), "pickle of {v:?}");
        }
    }
}

#[test]
fn values_have_the_texts_that_python_gives() {
    compare(&many(value(true), 4000));
}

#[test]
fn strings_have_the_texts_that_python_gives() {
    let mut values = many(text().prop_map(PyValue::from), 4000);
    for length in [0, 1, 254, 255, 256, 257, 65534, 65535, 65536, 65537, 200_000] {
        values.push("a".repeat(length).into());
        values.push("é".repeat(length / 2).into());
    }
    compare(&values);
}

#[test]
fn numbers_have_the_texts_that_python_gives() {
    compare(&many(float().prop_map(PyValue::from), 5000));
    let single = |f: f32| PyValue::from(NumpyScalar::new("float32", f64::from(f)).unwrap());
    compare(&many(any::<u32>().prop_map(move |bits| single(f32::from_bits(bits))), 3000));
    compare(&many((-1.0e-3f32..1.0e-3).prop_map(single), 1000));
    compare(&many((-2.0e7f32..2.0e7).prop_map(single), 1000));
    compare(&many((1u32..1 << 24, -40i32..40).prop_map(move |(m, e)| single(m as f32 * 2f32.powi(e))), 3000));
    let ties = (1u64 << 51..1 << 53, -4i32..4).prop_map(|(m, e)| PyValue::from(m as f64 * 2f64.powi(e)));
    compare(&many(ties, 3000));
    let half = |bits: u16| PyValue::from(NumpyScalar::new("float16", f16::from_bits(bits).to_f64()).unwrap());
    compare(&(0..=u16::MAX).step_by(7).map(half).collect::<Vec<_>>());
}

#[test]
fn the_same_characters_are_printable() {
    let Some(answers) = ask(&[json!({"ask": "printable"})]) else { return };
    let theirs = answers[0]["all"].as_str().unwrap();
    let mut compared = 0;
    for (code, kind) in (0u32..).zip(theirs.bytes()) {
        let Some(c) = char::from_u32(code).filter(|c| !matches!(c, '\'' | '\\')) else { continue };
        let raw = PyValue::from(c.to_string()).to_string() == format!("'{c}'");
        match kind {
            b'p' => assert!(raw, "U+{code:04X}"),
            b'n' => assert!(!raw, "U+{code:04X}"),
            _ => continue,
        }
        compared += 1;
    }
    assert!(compared > 140_000, "{compared}");
}

/// Compares what a text gives with what Python gives; some texts `ours` may refuse.
fn texts(
    ask_for: &str,
    texts: Vec<String>,
    ours: impl Fn(&str) -> h5::Result<PyValue>,
    refused: fn(&str) -> bool,
) {
    let question = |t: &String| json!({"ask": ask_for, "text": t});
    let Some(answers) = ask(&texts.iter().map(question).collect::<Vec<_>>()) else { return };
    let mut equal = [0, 0];
    for (text, answer) in texts.iter().zip(&answers) {
        match (ours(text), answer.get("value")) {
            (Ok(value), Some(theirs)) => assert_eq!(&tagged(&value), theirs, "{text:?}"),
            (Ok(value), None) => assert!(refused(text), "{text:?}: {value:?}, Python: {answer}"),
            (Err(e), Some(theirs)) => assert!(refused(text), "{text:?}: {e}, Python: {theirs}"),
            (Err(_), None) => equal[0] += 1,
        }
        equal[1] += 1;
    }
    assert!(equal[0] * 10 > equal[1] && equal[0] * 10 < equal[1] * 9, "{equal:?}");
}

#[test]
fn literals_are_read_as_python_does() {
    let seeds = many(value(false), 400);
    let seeds =
        seeds.iter().map(|v| repr(v, Numpy::Two)).filter(|t| !t.contains("nan") && !t.contains("inf"));
    let pieces = &[
        "(", ")", "[", "]", "{", "}", ",", ":", "'", "\"", "\\", "1", "0", "_", "e", ".", "j", "-", "+", " ",
        "\n", "#", "b", "r", "u", "\\1", "\\u0041", "\\x41", "'''", "None", "0x", "0o7", "1e5", "é", "\0",
        "\t", "", "", "'a'", "b'a'",
    ];
    // These the judge does not know; ours knows neither names of characters nor lone surrogates.
    let apart = |t: &str| {
        ["datetime", "\\N", "\\ud", "\\uD", "\\U0000d", "True", "False"].iter().any(|known| t.contains(known))
    };
    texts("literal", many(mutated(seeds.collect(), pieces), 6000), literal::parse, apart);
}

#[test]
fn json_is_read_as_python_does() {
    let mut seeds: Vec<String> = many(value(true), 300).iter().map(|v| object2json(v, Numpy::Two)).collect();
    let nested = r#"[1, -2.5e+3, 1E5, null, true, false, NaN, -Infinity, {"a": {}, "b": [], "a": "\u00e9\ud834\udd1e\b\/"}]"#;
    seeds.extend(std::iter::repeat_n(nested.to_string(), 300));
    let pieces = &[
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        "1",
        "0",
        "e",
        "E",
        ".",
        "-",
        "+",
        " ",
        "\n",
        "\t",
        "\u{1f}",
        "null",
        "NaN",
        "Infinity",
        "\\u00e9",
        "\\ud834",
        "\\udd1e",
        "\\n",
        "é",
        "\0",
        "\u{feff}",
        "",
        "",
        "{\"a\": 1}",
    ];
    texts("json", many(mutated(seeds, pieces), 6000), json::parse, |t| t.contains("\\ud"));
}

#[test]
fn arrays_are_read_as_numpy_wrote_them() {
    let makes = [
        "np.arange(6, dtype='<i4').reshape(2, 3)",
        "np.asfortranarray(np.arange(24, dtype='>u2').reshape(2, 3, 4))",
        "np.array([1.5, np.nan, -np.inf])",
        "np.array([1.5, 65504], dtype='f2')",
        "np.array([1.5, 2.5], dtype='>f4')",
        "np.array([[1+2j]], dtype='c8')",
        "np.array([True, False])",
        "np.array(['a', 'bcd', ''])",
        "np.array(['é𝄞', 'b'], dtype='>U4')",
        "np.array([b'a', b'bcd'])",
        "np.array(2**80)",
        "np.array([1, 'a', None, [2]], dtype=object)",
        "np.array(3.5)",
        "np.zeros((0,))",
        "np.zeros((2, 0, 3), dtype='i1')",
        "np.array([-1, 1], dtype='i1')",
        "np.array([2**64 - 1, 0], dtype='u8')",
        "np.bool_(True)",
        "np.str_('é𝄞')",
        "np.str_('')",
        "np.bytes_(b'ab')",
        "np.complex64(1-2j)",
        "np.float16(0.1)",
        "np.int64(-3)",
        "np.uint8(255)",
    ];
    let questions: Vec<Json> = makes.iter().map(|m| json!({"ask": "array", "make": m})).collect();
    let Some(answers) = ask(&questions) else { return };
    for (make, answer) in makes.iter().zip(&answers) {
        for (protocol, pickle) in answer["pickles"].as_array().unwrap().iter().enumerate() {
            let back =
                unpickle(&unhex(pickle)).unwrap_or_else(|e| panic!("{make}, protocol {protocol}: {e}"));
            assert_eq!(tagged(&back), answer["value"], "{make}, protocol {protocol}");
        }
    }
}

#[test]
fn damaged_pickles_give_what_python_gives() {
    let values = many(value(false), 500);
    let question = |v: &PyValue| json!({"ask": "value", "value": tagged(v), "repr": "None"});
    let Some(answers) = ask(&values.iter().map(question).collect::<Vec<_>>()) else { return };
    let pickles: Vec<Vec<u8>> =
        answers.iter().flat_map(|a| a["pickles"].as_array().unwrap().iter().map(unhex)).collect();
    let edit = (any::<prop::sample::Index>(), 0usize..2, prop::collection::vec(any::<u8>(), 0..2));
    let damaged =
        (prop::sample::select(pickles), prop::collection::vec(edit, 1..3)).prop_map(|(mut bytes, edits)| {
            for (at, taken, put) in edits {
                let at = at.index(bytes.len());
                bytes.splice(at..(at + taken).min(bytes.len()), put);
            }
            bytes
        });
    let damaged = many(damaged, 6000);
    let read: Vec<_> = damaged.iter().filter_map(|b| unpickle(b).ok().map(|v| (b, v))).collect();
    let questions: Vec<Json> = read.iter().map(|(b, _)| json!({"ask": "pickle", "bytes": hex(b)})).collect();
    let answers = ask(&questions).unwrap();
    let mut equal = 0;
    for ((bytes, value), answer) in read.iter().zip(&answers) {
        // The judge knows no names.
        if answer["error"].as_str().is_some_and(|e| e.contains("refused")) {
            continue;
        }
        assert_eq!(answer.get("value"), Some(&tagged(value)), "{}: {answer}", bytes.escape_ascii());
        equal += 1;
    }
    assert!(equal > 300, "{equal}");
}
