use super::*;

#[test]
fn rust_values_become_python_values() {
    for (value, text) in [
        (PyValue::from(true), "True"),
        (PyValue::from(-3i8), "-3"),
        (PyValue::from(u128::MAX), "340282366920938463463374607431768211455"),
        (PyValue::from(7usize), "7"),
        (PyValue::from(0.5f32), "0.5"),
        (PyValue::from("a"), "'a'"),
        (PyValue::from(vec![1u8, 2]), "[1, 2]"),
        (PyValue::from([1u8, 2]), "(1, 2)"),
        (PyValue::from(()), "()"),
        (PyValue::from((1,)), "(1,)"),
        (PyValue::from((1, "a", 2.0, false, None::<i32>, Some(3))), "(1, 'a', 2.0, False, None, 3)"),
        (PyValue::from(Complex64::new(1.0, 2.0)), "(1+2j)"),
        (PyValue::bytes(b"ab"), "b'ab'"),
        (PyValue::from(DateTime::new(2024, 1, 2, 3, 4, 0, 0).unwrap()), "datetime.datetime(2024, 1, 2, 3, 4)"),
    ] {
        assert_eq!(value.to_string(), text);
    }
}

#[test]
fn accessors_take_the_kinds_they_name() {
    assert_eq!(PyValue::from(3).as_f64(), Some(3.0));
    assert_eq!(PyValue::from(true).as_i64(), None);
    assert_eq!(PyValue::from(u64::MAX).as_i64(), None);
    assert_eq!(PyValue::from(u64::MAX).as_u64(), Some(u64::MAX));
    // Half way between two floats: to the even one.
    assert_eq!(PyValue::from((1u64 << 53) + 1).as_f64(), Some(9007199254740992.0));
    assert_eq!(PyValue::from(BigInt::from(1) << 1024u32).as_f64(), None);
    assert_eq!(usize::try_from(&PyValue::from(-1)).unwrap_err().kind(), crate::error::ErrorKind::Usage);
    assert!(PyValue::from(vec![1, 2]).to_vec::<bool>().is_err());
    assert_eq!(PyValue::from(NumpyScalar::new("str_", "x").unwrap()).as_str(), Some("x"));
}

#[test]
fn keys_are_equal_as_in_python() {
    let pairs = [
        (PyValue::from(1), PyValue::from("int")),
        (PyValue::from(1.0), PyValue::from("float")),
        (PyValue::from(true), PyValue::from("bool")),
        (PyValue::from("1"), PyValue::from("str")),
        (PyValue::from((1.0, -0.0)), PyValue::from("tuple")),
        (PyValue::from((1, 0)), PyValue::from("tuple again")),
        (PyValue::from(f64::NAN), PyValue::from("nan")),
        (PyValue::from(f64::NAN), PyValue::from("another nan")),
        (PyValue::from(Complex64::new(1.0, 0.0)), PyValue::from("complex")),
    ];
    let text = "{1: 'complex', '1': 'str', (1.0, -0.0): 'tuple again', nan: 'nan', nan: 'another nan'}";
    assert_eq!(PyValue::dict(pairs).unwrap().to_string(), text);
    assert!(PyValue::dict([(PyValue::from(vec![1]), 1)]).is_err());
}

#[test]
fn scalars_are_held_to_their_type() {
    assert!(NumpyScalar::new("uint8", 255).is_ok());
    for (dtype, value) in [
        ("uint8", PyValue::from(-1)),
        ("int64", PyValue::from(u64::MAX)),
        ("int32", PyValue::from(1.5)),
        ("str_", PyValue::from(1)),
        ("float128", PyValue::from(1.0)),
    ] {
        assert!(NumpyScalar::new(dtype, value).is_err(), "{dtype}");
    }
    assert_eq!(NumpyScalar::new("float16", 0.1).unwrap().value(), &PyValue::Float(0.0999755859375));
    assert_eq!(NumpyScalar::new("bool_", true).unwrap().dtype(), "bool");
}
