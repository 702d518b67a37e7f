use super::*;
use crate::node::python::DateTime;

fn text(value: impl Into<PyValue>) -> String {
    value.into().to_string()
}

#[test]
fn floats() {
    for (f, want) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (12.4, "12.4"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000.0"),
        (9999999999999998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.5e16, "1.5e+16"),
        (1e-4, "0.0001"),
        (1.25e-4, "0.000125"),
        (1e-5, "1e-05"),
        (1.2345e-7, "1.2345e-07"),
        (1e300, "1e+300"),
        (2f64.powi(50) + 0.25, "1125899906842624.2"),
        (2f64.powi(50) + 0.75, "1125899906842624.8"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::NAN, "nan"),
        (f64::NEG_INFINITY, "-inf"),
    ] {
        assert_eq!(text(f), want);
    }
}

#[test]
fn complexes() {
    for (re, im, want) in [
        (1.0, 2.0, "(1+2j)"),
        (0.0, 2.0, "2j"),
        (0.0, -0.0, "-0j"),
        (-0.0, 2.5, "(-0+2.5j)"),
        (1e16, -1e-5, "(1e+16-1e-05j)"),
        (f64::NAN, f64::NEG_INFINITY, "(nan-infj)"),
        (0.0, -f64::NAN, "nanj"),
        (1.0, -f64::NAN, "(1+nanj)"),
    ] {
        assert_eq!(text(Complex64::new(re, im)), want);
    }
}

#[test]
fn strings() {
    for (s, want) in [
        ("a", "'a'"),
        ("it's", "\"it's\""),
        ("it's \"q\"\n\\", r#"'it\'s "q"\n\\'"#),
        ("\t\r\0\x1b\x7f", r"'\t\r\x00\x1b\x7f'"),
        ("é☃𝄞", "'é☃𝄞'"),
        ("\u{a0}\u{ad}\u{2028}\u{e000}\u{e0001}\u{10ffff}", r"'\xa0\xad\u2028\ue000\U000e0001\U0010ffff'"),
    ] {
        assert_eq!(text(s), want);
    }
    assert_eq!(text(PyValue::bytes(b"a'\x00\xff\t")), r#"b"a'\x00\xff\t""#);
    assert_eq!(text(PyValue::bytes(b"'\"")), r#"b'\'"'"#);
}

#[test]
fn nested() {
    let dict = PyValue::dict([(PyValue::from("a"), PyValue::from(vec![1])), (2.into(), ((),).into())]).unwrap();
    assert_eq!(text(dict), "{'a': [1], 2: ((),)}");
    assert_eq!(text(PyValue::Set(vec![])), "set()");
    assert_eq!(text(PyValue::Set(vec![1.into(), 2.into()])), "{1, 2}");
    let at = |s, us| text(DateTime::new(2024, 1, 2, 0, 0, s, us).unwrap());
    assert_eq!(at(0, 0), "datetime.datetime(2024, 1, 2, 0, 0)");
    assert_eq!(at(5, 0), "datetime.datetime(2024, 1, 2, 0, 0, 5)");
    assert_eq!(at(0, 6), "datetime.datetime(2024, 1, 2, 0, 0, 0, 6)");
    assert_eq!(text(Time::new(3, 0, 0, 0).unwrap()), "datetime.time(3, 0)");
}

#[test]
fn scalars_of_numpy() {
    for (dtype, value, one, two) in [
        ("float64", PyValue::from(1.5), "1.5", "np.float64(1.5)"),
        ("float32", 1e-4.into(), "1e-04", "np.float32(1e-04)"),
        ("float32", 0.1.into(), "0.1", "np.float32(0.1)"),
        ("float16", 0.1.into(), "0.1", "np.float16(0.1)"),
        ("float16", 65504.0.into(), "65500.0", "np.float16(6.55e+04)"),
        ("int32", (-7).into(), "-7", "np.int32(-7)"),
        ("bool", true.into(), "True", "np.True_"),
        ("str_", "x".into(), "'x'", "np.str_('x')"),
        ("bytes_", PyValue::bytes(b"x"), "b'x'", "np.bytes_(b'x')"),
        ("complex64", Complex64::new(0.1, 1.0).into(), "(0.1+1j)", "np.complex64(0.1+1j)"),
    ] {
        let value = PyValue::from(NumpyScalar::new(dtype, value).unwrap());
        assert_eq!((repr(&value, Numpy::One).as_str(), repr(&value, Numpy::Two).as_str()), (one, two));
    }
}

#[test]
fn integers_beyond_what_python_writes_are_in_base_16() {
    let largest: BigInt = BigInt::from(10).pow(4300) - 1;
    assert_eq!(text(largest.clone()), "9".repeat(4300));
    let beyond: BigInt = largest + 1;
    let text = text(-beyond);
    assert!(text.starts_with("-0x"), "{text}");
}

#[test]
fn deep_values_are_written() {
    let mut value = PyValue::None;
    for _ in 0..2000 {
        value = PyValue::List(vec![value]);
    }
    assert_eq!(text(value), format!("{}None{}", "[".repeat(2000), "]".repeat(2000)));
}

#[test]
fn arrays() {
    let values = |n: i32| (0..n).map(PyValue::from).collect();
    let array = |shape: Vec<usize>, n| text(PyArray::new("<i8", shape, values(n)).unwrap());
    assert_eq!(array(vec![2, 2], 4), "array([[0, 1], [2, 3]], dtype='<i8')");
    assert_eq!(array(vec![], 1), "array(0, dtype='<i8')");
    assert_eq!(array(vec![2, 0], 0), "array(np.empty([2, 0]), dtype='<i8')");
}
