use num_bigint::BigInt;
use num_complex::Complex64;

use super::*;
use crate::node::python::NumpyScalar;

#[test]
fn numbers() {
    for (text, want) in [
        ("0", PyValue::from(0)),
        ("00", 0.into()),
        ("-12", (-12).into()),
        ("+ - -5", 5.into()),
        ("0xFf", 255.into()),
        ("0x_ff", 255.into()),
        ("0o17", 15.into()),
        ("0B101", 5.into()),
        ("1_000", 1000.into()),
        ("1.", 1.0.into()),
        (".5", 0.5.into()),
        ("1e5", 1e5.into()),
        ("1_0.0_1e-1_0", 10.01e-10.into()),
        ("0777.5", 777.5.into()),
        ("1e400", f64::INFINITY.into()),
        ("1180591620717411303424", (BigInt::from(1) << 70u32).into()),
        ("2j", Complex64::new(0.0, 2.0).into()),
        ("(1+2j)", Complex64::new(1.0, 2.0).into()),
        ("1.5 - 2J", Complex64::new(1.5, -2.0).into()),
        ("-True", (-1).into()),
    ] {
        assert_eq!(parse(text).unwrap(), want, "{text}");
    }
    // As Python evaluates them: one sign is lost, one comes up.
    let sign = |text: &str| parse(text).unwrap().as_complex().unwrap().re.is_sign_negative();
    assert!(!sign("(-0-2j)"));
    assert!(sign("-2j"));
    for text in ["01", "1__0", "1_", "_1", "0x", "0b2", "1e", "1a", "1.2.3", "-'a'", "1+2", "1j+2", "- ", "1 2", "."] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&"9".repeat(4300)).is_ok());
    assert!(parse(&"9".repeat(4301)).is_err());
    assert!(parse(&format!("0x{}", "f".repeat(5000))).is_ok());
}

#[test]
fn strings() {
    for (text, want) in [
        (r"'a'", "a"),
        (r#""it's""#, "it's"),
        (r"'\\\'\a\b\f\n\r\t\v'", "\\'\x07\x08\x0c\n\r\t\x0b"),
        (r"'\0\12\1013\377\777'", "\0\nA3\u{ff}\u{1ff}"),
        (r"'\x41\u2603\U0001d11e'", "A☃𝄞"),
        (r"'\q\é'", "\\q\\é"),
        ("'a\\\nb'", "ab"),
        ("'a' \"b\"", "ab"),
        ("('a'\n  'b')", "ab"),
        (r"r'\n\'' u'x' R'\\'", "\\n\\'x\\\\"),
        ("'''a'\n''b\\''''", "a'\n''b'"),
        ("''", ""),
        ("''''''", ""),
        ("'''a\r\nb\rc'''", "a\nb\nc"),
    ] {
        assert_eq!(parse(text).unwrap(), PyValue::from(want), "{text}");
    }
    assert_eq!(parse(r#"b'\xff\0a' B"c" rb'\x'"#).unwrap(), PyValue::bytes(b"\xff\0ac\\x"));
    assert_eq!(parse(r"b'\u1234\400'").unwrap(), PyValue::bytes(b"\\u1234\0"));
    for text in [
        "'a", "'a\n'", "'''a''", r"'\x4'", r"'\u123'", r"'\ud800'", r"'\U00110000'", "b'é'", "b'a' 'b'", "f'a'",
        r"'\N{DIGIT ONE}'", "'a\0b'", "'\\", "rb'é'", "br'\\é'", "a'b'",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn containers() {
    for (text, want) in [
        ("()", "()"),
        ("(1)", "1"),
        ("(1,)", "(1,)"),
        (" 1, 2", "(1, 2)"),
        ("1,", "(1,)"),
        ("(1 ,2, )", "(1, 2)"),
        ("[ ]", "[]"),
        ("[1, 'a', None, True, [2.5,],]", "[1, 'a', None, True, [2.5]]"),
        ("{}", "{}"),
        ("{'a': 1, 'b': [1, 2], 'a': 3,}", "{'a': 3, 'b': [1, 2]}"),
        ("{1, 2, 1.0}", "{1, 2}"),
        ("{1}", "{1}"),
        ("set()", "set()"),
        ("[1, # one\n 2]  # two\n", "[1, 2]"),
        ("np.float64(0.25)", "0.25"),
        ("(numpy.int8(-3), np.True_, np.str_('x'))", "(-3, True, 'x')"),
        ("np.complex64(1+2j)", "(1+2j)"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), want, "{text}");
    }
    for text in [
        "", " ", "(", "[1", "[1 2]", "(,)", "[,]", "{1: 2, 3}", "{1, 2: 3}", "{[]: 1}", "{{}}", "[1]]", "1,,", "1,\n2",
        "nan", "inf", "[nan]", "os", "__import__('os')", "[x for x in ()]", "np.int8(300)", "np.float64(nan)",
        "np.load('x')", "None()", "True.x", "lambda: 1", "1 if 1 else 2", "(1).real", "[1][0]", "*[1]", "...",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn dates_and_times() {
    for text in [
        "datetime.datetime(2024, 1, 2, 3, 4, 5, 678)",
        "datetime.datetime(2024, 1, 2, 0, 0)",
        "datetime.date(2024, 2, 29)",
        "datetime.time(3, 4, 5)",
        "datetime.time(0, 0)",
        "[datetime.time(23, 59, 59, 999999)]",
    ] {
        assert_eq!(parse(text).unwrap().to_string(), text);
    }
    assert_eq!(parse("datetime.datetime(2024, 1, 2)").unwrap().to_string(), "datetime.datetime(2024, 1, 2, 0, 0)");
    for text in [
        "datetime.date(2023, 2, 29)",
        "datetime.date(2023, 2)",
        "datetime.time(24, 0)",
        "datetime.time(0, 0, 0, 0, 0)",
        "datetime.datetime(2024, 1)",
        "datetime.datetime(2024, 1, 2, 0, 0, fold=1)",
        "datetime.datetime(2024, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)",
        "datetime.date(0, 1, 1)",
        "datetime.date(99999999999, 1, 1)",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |n: usize, open: &str, close: &str| format!("{}1{}", open.repeat(n), close.repeat(n));
    for (open, close) in [("[", "]"), ("(", ",)"), ("{1: ", "}"), ("(", ")"), ("np.int8(", ")")] {
        assert!(parse(&nested(200, open, close)).is_ok(), "{open}");
        assert!(parse(&nested(201, open, close)).is_err(), "{open}");
        assert!(parse(&open.repeat(100_000)).is_err());
    }
    assert_eq!(parse(&format!("{}1", "-".repeat(100_001))).unwrap(), PyValue::from(-1));
}

#[test]
fn names_of_repr() {
    let items = parse_repr("[nan, -inf, (nan-infj), infj]").unwrap();
    let items = items.items().unwrap();
    assert!(items[0].as_f64().unwrap().is_nan());
    assert_eq!(items[1].as_f64(), Some(f64::NEG_INFINITY));
    let c = items[2].as_complex().unwrap();
    assert!(c.re.is_nan() && c.im == f64::NEG_INFINITY);
    let c = items[3].as_complex().unwrap();
    assert_eq!((c.re, c.im), (0.0, f64::INFINITY));
}

#[test]
fn texts_of_other_types() {
    let other = |module: &str, type_name: &str, data: &str| {
        Other { module: module.into(), type_name: type_name.into(), data: data.into() }.interpret()
    };
    assert_eq!(other("builtins", "NoneType", "None"), Some(PyValue::None));
    assert_eq!(other("builtins", "complex", "(1+2j)"), Some(Complex64::new(1.0, 2.0).into()));
    assert_eq!(other("builtins", "set", "{1}"), Some(PyValue::Set(vec![1.into()])));
    let seven = Some(PyValue::Scalar(NumpyScalar::new("int32", 7).unwrap()));
    assert_eq!(other("numpy", "int32", "7"), seven);
    assert_eq!(other("numpy", "int32", "np.int32(7)"), seven);
    assert_eq!(other("numpy", "bool_", "True"), Some(PyValue::Scalar(NumpyScalar::new("bool", true).unwrap())));
    assert_eq!(other("__main__", "Color", "<Color.red: 1>"), None);
    assert_eq!(other("numpy", "ndarray", "array([1, 2, 3])"), None);
}
