//! Random values, and the form in which they are told to Python.

use h5::node::python::{Date, DateTime, NumpyScalar, PyValue, Time};
use h5::num_bigint::BigInt;
use h5::num_complex::Complex64;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value as Json, json};

/// Strings with what `repr` and JSON treat apart.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let c = prop_oneof![
        4 => any::<char>(),
        3 => proptest::char::range(' ', '~'),
        2 => proptest::char::range('\0', '\u{ff}'),
        1 => prop::sample::select(vec!['\'', '"', '\\', '\n', '\r', '\t', '\u{a0}', '\u{2028}', '\u{feff}', '\u{10ffff}']),
    ];
    prop::collection::vec(c, 0..12).prop_map(String::from_iter)
}

/// Floats of every size, and those with short digits.
pub(crate) fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        (-20i32..20, -100_000i64..100_000).prop_map(|(e, m)| m as f64 * 10f64.powi(e)),
        (-1074i32..1024, prop::sample::select(vec![-1i64, 0, 1]))
            .prop_map(|(e, by)| { f64::from_bits(2f64.powi(e).to_bits().saturating_add_signed(by)) }),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            1e16,
            1e15,
            1e-4,
            1e-5
        ]),
    ]
}

fn integer() -> impl Strategy<Value = BigInt> {
    let big = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(minus, bytes)| {
        let int = BigInt::from_signed_bytes_le(&bytes);
        if minus { -int } else { int }
    });
    prop_oneof![(-300i64..300).prop_map(BigInt::from), any::<i64>().prop_map(BigInt::from), big]
}

fn moment() -> impl Strategy<Value = DateTime> {
    let micro = prop_oneof![Just(0), 0..1_000_000u32];
    let second = prop_oneof![Just(0), 0..60u8];
    (1..=9999u16, 1..=12u8, 1..=28u8, 0..24u8, 0..60u8, second, micro)
        .prop_map(|(y, n, d, h, m, s, us)| DateTime::new(y, n, d, h, m, s, us).unwrap())
}

/// Scalars of numpy.
pub(crate) fn scalar() -> impl Strategy<Value = NumpyScalar> {
    let floats = ["float16", "float32", "float64"];
    let complexes = ["complex64", "complex128"];
    let integers = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"];
    prop_oneof![
        (prop::sample::select(floats.to_vec()), float()).prop_map(|(t, f)| NumpyScalar::new(t, f).unwrap()),
        (prop::sample::select(complexes.to_vec()), float(), float())
            .prop_map(|(t, re, im)| NumpyScalar::new(t, Complex64::new(re, im)).unwrap()),
        (prop::sample::select(integers.to_vec()), any::<i64>()).prop_map(
            |(t, int)| NumpyScalar::new(t, int).unwrap_or_else(|_| NumpyScalar::new(t, 100).unwrap())
        ),
        any::<bool>().prop_map(|b| NumpyScalar::new("bool", b).unwrap()),
        // numpy cuts zeros off the end.
        text().prop_map(|s| NumpyScalar::new("str_", s.trim_end_matches('\0')).unwrap()),
        prop::collection::vec(1u8.., 0..9)
            .prop_map(|b| NumpyScalar::new("bytes_", PyValue::bytes(b)).unwrap()),
    ]
}

/// Values without parts; numpy's scalars if `numpy`.
fn leaf(numpy: bool) -> BoxedStrategy<PyValue> {
    let plain = prop_oneof![
        Just(PyValue::None),
        any::<bool>().prop_map(PyValue::from),
        integer().prop_map(PyValue::from),
        float().prop_map(PyValue::from),
        (float(), float()).prop_map(|(re, im)| Complex64::new(re, im).into()),
        text().prop_map(PyValue::from),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(PyValue::bytes),
        moment().prop_map(PyValue::from),
        moment().prop_map(|at| at.date().into()),
        moment().prop_map(|at| at.time().into()),
    ];
    if numpy { prop_oneof![3 => plain, 1 => scalar().prop_map(PyValue::from)].boxed() } else { plain.boxed() }
}

/// Values of every kind.
pub(crate) fn value(numpy: bool) -> impl Strategy<Value = PyValue> {
    leaf(numpy).prop_recursive(4, 24, 6, move |inner| {
        let items = || prop::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            items().prop_map(PyValue::Tuple),
            items().prop_map(PyValue::List),
            // Of more than one element the order is Python's own.
            leaf(false).prop_map(|v| PyValue::Set(vec![v])),
            prop::collection::vec((leaf(false), inner.clone()), 0..4)
                .prop_map(|pairs| PyValue::dict(pairs).unwrap()),
        ]
    })
}

/// As many values as asked for, the same in every run.
pub(crate) fn many<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn bits(f: f64) -> String {
    if f.is_nan() { "nan".to_string() } else { format!("{:016x}", f.to_bits()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn time(at: Time) -> Vec<u32> {
    vec![at.hour().into(), at.minute().into(), at.second().into(), at.microsecond()]
}

fn date(at: Date) -> Vec<u32> {
    vec![at.year().into(), at.month().into(), at.day().into()]
}

/// The value as JSON that tells type and bits; not-a-numbers are all the same.
pub(crate) fn tagged(value: &PyValue) -> Json {
    let all = |items: &[PyValue]| items.iter().map(tagged).collect::<Vec<Json>>();
    match value {
        PyValue::None => json!(["none"]),
        PyValue::Bool(b) => json!(["bool", b]),
        PyValue::Int(int) => json!(["int", int.to_str_radix(16)]),
        PyValue::Float(f) => json!(["float", bits(*f)]),
        PyValue::Complex(c) => json!(["complex", bits(c.re), bits(c.im)]),
        PyValue::Str(s) => json!(["str", s]),
        PyValue::Bytes(b) => json!(["bytes", hex(b)]),
        PyValue::Tuple(items) => json!(["tuple", all(items)]),
        PyValue::List(items) => json!(["list", all(items)]),
        PyValue::Set(items) => {
            let mut items: Vec<String> = all(items).iter().map(Json::to_string).collect();
            items.sort();
            json!(["set", items])
        }
        PyValue::Dict(pairs) => {
            json!(["dict", pairs.iter().map(|(k, v)| [tagged(k), tagged(v)]).collect::<Vec<_>>()])
        }
        PyValue::DateTime(at) => json!(["datetime", ([date(at.date()), time(at.time())].concat())]),
        PyValue::Date(at) => json!(["date", date(*at)]),
        PyValue::Time(at) => json!(["time", time(*at)]),
        PyValue::Scalar(scalar) => json!(["numpy", scalar.dtype(), tagged(scalar.value())]),
        PyValue::Array(array) => json!(["array", array.dtype(), array.shape(), all(array.values())]),
        PyValue::Other(other) => tagged(&other.to_dict()),
        other => panic!("{other:?}"),
    }
}

/// Texts near those of a list: pieces of it are put in, taken out and moved.
pub(crate) fn mutated(texts: Vec<String>, pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0usize..4, prop::sample::select(pieces));
    (prop::sample::select(texts), prop::collection::vec(edit, 0..4)).prop_map(|(text, edits)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (at, taken, piece) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + taken).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        chars.into_iter().collect()
    })
}
