use super::*;
use crate::node::python::NumpyScalar;

fn text(type_name: &str, data: &str) -> String {
    format!(r#"{{"module": "m", "type": "{type_name}", "data": "{data}"}}"#)
}

#[test]
fn texts_are_written_as_python_does() {
    for (value, want) in [
        (PyValue::from("one"), r#"{"module": "builtins", "type": "str", "data": "'one'"}"#),
        ("it's \"q\"\n\\".into(), r#"{"module": "builtins", "type": "str", "data": "'it\\'s \"q\"\\n\\\\'"}"#),
        (PyValue::bytes(b"ab\x00\xff"), r#"{"module": "builtins", "type": "bytes", "data": "b'ab\\x00\\xff'"}"#),
        ("é𝄞".into(), r#"{"module": "builtins", "type": "str", "data": "'\u00e9\ud834\udd1e'"}"#),
        (true.into(), r#"{"module": "builtins", "type": "bool", "data": "True"}"#),
        (PyValue::None, r#"{"module": "builtins", "type": "NoneType", "data": "None"}"#),
        ((3,).into(), r#"{"module": "builtins", "type": "tuple", "data": "(3,)"}"#),
        (
            crate::node::python::Date::new(2024, 1, 2).unwrap().into(),
            r#"{"module": "datetime", "type": "date", "data": "datetime.date(2024, 1, 2)"}"#,
        ),
        (NumpyScalar::new("bool", true).unwrap().into(), r#"{"module": "numpy", "type": "bool_", "data": "True"}"#),
    ] {
        assert_eq!(object2json(&value, Numpy::One), want);
    }
    let scalar = |dtype, value: PyValue| object2json(&NumpyScalar::new(dtype, value).unwrap().into(), Numpy::Two);
    assert_eq!(scalar("float64", 1.5.into()), r#"{"module": "numpy", "type": "float64", "data": "np.float64(1.5)"}"#);
    assert_eq!(scalar("bool", true.into()), r#"{"module": "numpy", "type": "bool", "data": "np.True_"}"#);
}

#[test]
fn texts_of_types_that_are_read() {
    assert_eq!(json2object(&text("int", "5")), PyValue::from(5));
    assert_eq!(json2object(&text("int", "True")), PyValue::from(true));
    assert_eq!(json2object(&text("int", "(1,2)")), PyValue::from((1, 2)));
    assert_eq!(json2object(&text("bool", "np.True_")).as_bool(), Some(true));
    assert_eq!(json2object(&text("float64", "1.5")), PyValue::from(1.5));
    assert_eq!(json2object(&text("float64", "np.float64(1.5)")), NumpyScalar::new("float64", 1.5).unwrap().into());
    for failing in [text("float", "nan"), text("list", "[inf]"), text("int", "__import__('os')"), text("str", "x")] {
        assert_eq!(json2object(&failing), PyValue::from(failing.as_str()));
    }
    let zoned = text("datetime", "datetime.datetime(2024, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)");
    assert!(matches!(json2object(&zoned), PyValue::Other(_)));
}

#[test]
fn texts_of_other_types_come_back_as_they_were() {
    for (type_name, data) in [("NoneType", "None"), ("Color", "<Color.red: 1>"), ("int64", "np.int64(4)")] {
        let text = text(type_name, data);
        let value = json2object(&text);
        assert!(matches!(&value, PyValue::Other(o) if o.type_name == type_name && o.data == data), "{value:?}");
        assert_eq!(object2json(&value, Numpy::One), text);
    }
    assert_eq!(json2object(r#"{"type": 1, "x": 2}"#), PyValue::dict([("type", 1), ("x", 2)]).unwrap());
    assert_eq!(
        json2object(r#"{"type": "a", "type": "int", "data": "7"}"#),
        PyValue::from(7),
        "the last of two keys"
    );
}

#[test]
fn plain_json() {
    for (text, want) in [
        ("12", PyValue::from(12)),
        (" -0 ", 0.into()),
        ("null", PyValue::None),
        ("true", true.into()),
        ("[1, 2]", vec![1, 2].into()),
        ("[ ]", PyValue::List(vec![])),
        ("1.0", 1.0.into()),
        ("1E2", 100.0.into()),
        ("1e400", f64::INFINITY.into()),
        ("-Infinity", f64::NEG_INFINITY.into()),
        (r#""a\u00e9\ud834\udd1e\/\b""#, "aé𝄞/\x08".into()),
        ("1180591620717411303424", (BigInt::from(1) << 70u32).into()),
    ] {
        assert_eq!(json2object(text), want, "{text}");
    }
    assert!(json2object("NaN").as_f64().unwrap().is_nan());
    for itself in [
        "", " ", "a title", "01", "1.", ".5", "+1", "- 1", "1e", "0x1", "nan", "[1,]", "[1 2]", "{", "{}", r#"{"a": 1}"#,
        r#"{"type"}"#, "'a'", r#""a"#, "\"\n\"", r#""\x""#, r#""\ud800""#, r#""\ud800\u0041""#, r#""\u00g0""#,
        r#""\u+123""#, "1 2", "\u{feff}1", "truer", r#"{"type": "int"}"#, r#"{"type": "int", "data": 5}"#, "{\"a\" 1}",
        "{1: 2}",
    ] {
        assert_eq!(json2object(itself), PyValue::from(itself));
    }
    assert!(matches!(json2object(&"9".repeat(4300)), PyValue::Int(_)));
    assert!(matches!(json2object(&"9".repeat(4301)), PyValue::Str(_)));
}

#[test]
fn depth_is_bounded() {
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    assert!(matches!(json2object(&nested(200)), PyValue::List(_)));
    assert!(matches!(json2object(&nested(201)), PyValue::Str(_)));
    assert!(matches!(json2object(&"[".repeat(1_000_000)), PyValue::Str(_)));
    assert!(matches!(json2object(&"{\"a\":".repeat(100_000)), PyValue::Str(_)));
}
