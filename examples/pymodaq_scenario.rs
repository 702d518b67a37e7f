//! Writes, reads and writes further a file as PyMoDAQ's own tests do: every kind of node and of attribute.
//!
//! ```text
//! cargo run --release --example pymodaq_scenario -- OUT.h5 [K] [BOUND]
//! ```
//!
//! `K` shifts the data (0 without it); `BOUND` is `v110` or `earliest`. At the end everything is read back and compared.

use h5::ndarray::{Array, Array2, Array3, ArrayD, IxDyn, array, s};
use h5::node::python::{Date, DateTime, PyValue, Time};
use h5::node::{
    Compression, DType, DynArray, EArray, GroupType, Location, Mode, Node, NodeFile, NodeOptions,
};
use h5::num_complex::Complex;
use h5::{Bound, Result};

/// Element `i` as a whole number, which wraps around in small types.
fn whole(i: usize, k: i64) -> i64 {
    7 * i as i64 + k
}

/// `n` elements of a dtype by the formulas of the scenario.
fn num(dtype: &str, n: usize, k: i64) -> DynArray {
    let ints = || (0..n).map(move |i| whole(i, k));
    let floats = || (0..n).map(move |i| 0.75 * i as f64 - 2.0 + k as f64);
    let complex = || (0..n).map(move |i| Complex::new(1.5 * i as f64 + k as f64, -(i as f64)));
    match dtype {
        "bool" => Array::from_iter((0..n).map(|i| (i as i64 + k) % 3 == 0)).into(),
        "int8" => Array::from_iter(ints().map(|v| v as i8)).into(),
        "int16" => Array::from_iter(ints().map(|v| v as i16)).into(),
        "int32" => Array::from_iter(ints().map(|v| v as i32)).into(),
        "int64" => Array::from_iter(ints()).into(),
        "uint8" => Array::from_iter(ints().map(|v| v as u8)).into(),
        "uint16" => Array::from_iter(ints().map(|v| v as u16)).into(),
        "uint32" => Array::from_iter(ints().map(|v| v as u32)).into(),
        "uint64" => Array::from_iter(ints().map(|v| v as u64)).into(),
        "float32" => Array::from_iter(floats().map(|v| v as f32)).into(),
        "float64" => Array::from_iter(floats()).into(),
        "complex64" => Array::from_iter(complex().map(|v| Complex::new(v.re as f32, v.im as f32))).into(),
        "complex128" => Array::from_iter(complex()).into(),
        other => {
            let text = Array::from_iter((0..n).map(|i| format!("s{i}").into_bytes()));
            DynArray::bytes(5, text).unwrap_or_else(|e| panic!("{other}: {e}"))
        }
    }
}

fn shaped(array: DynArray, shape: &[usize]) -> Result<DynArray> {
    array.into_shape(shape)
}

const DTYPES: [&str; 14] = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "S5",
];

const COMPRESSIONS: [(&str, u32); 3] = [("gzip", 0), ("gzip", 5), ("zlib", 9)];

/// The attributes of `/plain`, as they are in the end.
fn attributes(k: i64) -> Result<Vec<(&'static str, PyValue)>> {
    let big = PyValue::from(1u128 << 70);
    let mixed = PyValue::List(vec![1.into(), 2.5.into(), "a".into(), PyValue::None, true.into()]);
    let nested = PyValue::List(vec![(1, 2).into(), vec!["x"].into()]);
    Ok(vec![
        ("a_str", format!("one {k}").into()),
        ("a_uni", "é☃𝄞".into()),
        ("a_quote", "it's \"q\"\n\\".into()),
        ("a_empty", "".into()),
        ("a_bytes", PyValue::bytes(b"ab\x00\xff")),
        ("a_true", true.into()),
        ("a_false", false.into()),
        ("a_int", (6 + k).into()),
        ("a_neg", (-3).into()),
        ("a_big", big),
        ("a_float", (12.4 + k as f64).into()),
        ("a_exp", 1e300.into()),
        ("a_third", (1.0 / 3.0).into()),
        ("t_two", (10, 15 + k).into()),
        ("t_one", (3,).into()),
        ("t_empty", ().into()),
        ("l_mixed", mixed),
        ("l_nested", nested),
        ("dt", PyValue::DateTime(DateTime::new(2024, 1, 2, 3, 4, 5, 678)?)),
        ("d", PyValue::Date(Date::new(2024, 1, 2)?)),
        ("t", PyValue::Time(Time::new(3, 4, 5, 0)?)),
    ])
}

fn groups(file: &NodeFile, k: i64) -> Result<()> {
    let root = file.root()?;
    root.attrs().set("file", "scenario.h5")?;
    root.attrs().set("count", 3 + k)?;
    root.attrs().set("pymodaq_version", "4.4.11")?;
    for kind in GroupType::ALL.iter().filter(|k| **k != GroupType::Optimizer) {
        let metadata = [("attr1", "attr1".into()), ("attr2", (21.4 + k as f64).into())];
        file.add_group(&format!("g_{kind}"), kind, "/", &format!("Title {kind}"), &metadata)?;
    }
    let plain = file.get_set_group("/", "plain", "plain group")?;
    assert_eq!(file.get_set_group("/", "plain", "another title")?, plain);
    assert_eq!(plain.title()?, "plain group");
    file.get_set_group("/plain", "inner", "")?;
    file.get_set_group("/plain/inner", "deep", "éà☃𝄞")?;
    for (name, value) in attributes(k)? {
        let first = if name == "a_int" { (5 + k).into() } else { value };
        plain.attrs().set(name, first)?;
    }
    plain.attrs().set("a_int", 6 + k)?;
    plain.attrs().set("title", format!("renamed {k}"))?;
    for name in ["arrays", "comp", "ext", "vl", "patch", "scratch"] {
        file.get_set_group("/", name, "")?;
    }
    file.commit()
}

fn arrays(file: &NodeFile, k: i64) -> Result<()> {
    for dtype in DTYPES {
        let data = shaped(num(dtype, 6, k), &[2, 3])?;
        file.create_carray("/arrays", &format!("c_{dtype}"), &data, &format!("c {dtype}"))?;
    }
    let big = big(k);
    for (library, level) in COMPRESSIONS {
        file.define_compression(Compression::named(library, level)?);
        let name = |kind: &str| format!("{kind}_{library}{level}");
        file.create_carray("/comp", &name("c"), &big, "")?;
        let rows = file.create_earray("/comp", &name("e"), DType::Float32, Some(&[100]), "")?;
        let varied = file.create_vlarray("/comp", &name("v"), DType::Float32, "")?;
        for row in big.rows().into_iter().take(10) {
            rows.append(&row)?;
        }
        varied.append(&big.row(0))?;
        varied.append(&big.slice(s![1, ..7]))?;
    }
    file.define_compression(None);
    file.commit()
}

/// The array that is compressed.
fn big(k: i64) -> Array2<f32> {
    Array2::from_shape_fn((40, 100), |(i, j)| (0.75 * (100 * i + j) as f64 - 2.0 + k as f64) as f32)
}

fn growing(file: &NodeFile, k: i64) -> Result<()> {
    let make = |name: &str, dtype: DType, shape: Option<&[usize]>| {
        file.create_earray("/ext", name, dtype, shape, "")
    };
    let rows = |array: &EArray, data: &DynArray, n: usize| -> Result<()> {
        (0..n).try_for_each(|i| array.append(&data.row(i)?))
    };
    let n = 4 + (k % 3) as usize;
    let elements = make("e_elem", DType::Float64, Some(&[3]))?;
    rows(&elements, &shaped(num("float64", 3 * n, k), &[n, 3])?, n)?;
    make("e_ens", DType::Float64, Some(&[3]))?.append(&shaped(num("float64", 12, k), &[4, 3])?)?;
    let line = make("e_1d", DType::Float64, None)?;
    line.append(&array![1.0 + k as f64])?;
    line.append_expanded(&array![2.0, 3.0, 4.0], false)?;
    let one = make("e_one", DType::Float64, Some(&[1]))?;
    one.append(&array![1.0])?;
    one.append(&array![[2.0], [3.0]])?;
    rows(&make("e_2d", DType::UInt32, Some(&[2, 3]))?, &shaped(num("uint32", 24, k), &[4, 2, 3])?, 4)?;
    make("e_empty", DType::Int16, Some(&[2]))?;
    rows(&make("e_bool", DType::Bool, Some(&[2]))?, &shaped(num("bool", 6, k), &[3, 2])?, 3)?;
    rows(&make("e_c128", DType::Complex128, Some(&[2]))?, &shaped(num("complex128", 4, k), &[2, 2])?, 2)?;
    file.commit()
}

fn strings(k: i64) -> Vec<String> {
    let long = "x".repeat(300);
    [&format!("abc {k}"), "", "é☃𝄞", &long, "line\nbreak\\ \"q\""].map(str::to_string).to_vec()
}

fn rows_of_any_length(file: &NodeFile, k: i64) -> Result<()> {
    let numbers = file.create_vlarray("/vl", "v_u32", DType::UInt32, "")?;
    for row in [vec![10, 12, 15 + k as u32], vec![10, 4, 2, 4, 6, 4], vec![]] {
        numbers.append(&row)?;
    }
    let floats = file.create_vlarray("/vl", "v_f64", DType::Float64, "")?;
    floats.append(&num("float64", 5, k))?;
    floats.append(&num("float64", 1, k))?;
    let small = file.create_vlarray("/vl", "v_i16", DType::Int16, "")?;
    (0..30).try_for_each(|i| small.append(&num("int16", i, k)))?;
    let texts = file.create_string_array("/vl", "strings", "texts")?;
    strings(k).iter().try_for_each(|text| texts.append(text))?;
    texts.attrs().set("data_type", "strings")?;
    file.create_string_array("/vl", "none", "")?;
    file.commit()
}

fn changes(file: &NodeFile, k: i64) -> Result<()> {
    let patch = file.create_carray("/patch", "p", &Array2::<f64>::zeros((4, 5)), "")?;
    patch.set("1, 2", &(7.0 + k as f64))?;
    patch.set("3, :", &array![0.0, 1.0, 2.0, 3.0, 4.0])?;
    patch.set("..., 0", &-1.0)?;
    for name in ["a", "b", "c"] {
        file.create_carray("/scratch", name, &num("float64", 3, k), "")?;
    }
    let sub = file.get_set_group("/scratch", "sub", "")?;
    file.create_carray(&sub, "z", &num("float64", 3, k), "")?;
    file.group("/scratch")?.remove_children()?;
    file.create_carray("/scratch", "kept", &num("int32", 4, k), "")?;
    file.commit()
}

fn reopened(file: &NodeFile) -> Result<()> {
    file.get_node("/ext/e_elem")?.into_earray()?.append(&array![9.0, 9.0, 9.0])?;
    file.get_node("/vl/strings")?.into_string_array()?.append("reopened")?;
    file.get_node("/vl/v_u32")?.into_vlarray()?.append(&[1u32, 2])?;
    file.get_node("/plain")?.attrs().set("reopened", true)
}

fn same(file: &NodeFile, path: &str, wanted: &DynArray) -> Result<()> {
    assert_eq!(&file.read(path)?, wanted, "{path}");
    Ok(())
}

fn verify(file: &NodeFile, k: i64) -> Result<()> {
    let n = 4 + (k % 3) as usize;
    for (name, value) in attributes(k)? {
        assert_eq!(file.get_node("/plain")?.attrs().get(name)?, value, "{name}");
    }
    assert_eq!(file.get_node("/plain")?.attrs().get("reopened")?, PyValue::Bool(true));
    assert_eq!(file.get_node("/plain")?.title()?, format!("renamed {k}"));
    assert_eq!(file.get_node("/plain/inner/deep")?.title()?, "éà☃𝄞");
    for kind in GroupType::ALL.iter().filter(|k| **k != GroupType::Optimizer) {
        let group = file.get_group_by_title("/", &format!("Title {kind}"))?;
        assert_eq!(group.map(|g| g.path().to_string()), Some(format!("/G_{kind}")));
    }
    for dtype in DTYPES {
        same(file, &format!("/arrays/c_{dtype}"), &shaped(num(dtype, 6, k), &[2, 3])?)?;
    }
    for (library, level) in COMPRESSIONS {
        same(file, &format!("/comp/c_{library}{level}"), &big(k).into())?;
        same(file, &format!("/comp/e_{library}{level}"), &big(k).slice_move(s![..10, ..]).into())?;
        let rows = file.get_node(format!("/comp/v_{library}{level}"))?.into_vlarray()?.read::<f32>()?;
        assert_eq!(rows, [big(k).row(0).to_vec(), big(k).slice(s![1, ..7]).to_vec()]);
    }
    let elements = file.get_node("/ext/e_elem")?.into_earray()?;
    assert_eq!(elements.get_any(..n)?, shaped(num("float64", 3 * n, k), &[n, 3])?);
    assert_eq!(elements.get::<f64>(-1)?, ArrayD::from_elem(IxDyn(&[3]), 9.0));
    same(file, "/ext/e_ens", &shaped(num("float64", 12, k), &[4, 3])?)?;
    same(file, "/ext/e_1d", &array![1.0 + k as f64, 2.0, 3.0, 4.0].into())?;
    same(file, "/ext/e_one", &array![[1.0], [2.0], [3.0]].into())?;
    same(file, "/ext/e_2d", &shaped(num("uint32", 24, k), &[4, 2, 3])?)?;
    same(file, "/ext/e_empty", &Array2::<i16>::zeros((0, 2)).into())?;
    same(file, "/ext/e_bool", &shaped(num("bool", 6, k), &[3, 2])?)?;
    same(file, "/ext/e_c128", &shaped(num("complex128", 4, k), &[2, 2])?)?;
    let numbers = file.get_node("/vl/v_u32")?.into_vlarray()?.read::<u32>()?;
    assert_eq!(numbers, [vec![10, 12, 15 + k as u32], vec![10, 4, 2, 4, 6, 4], vec![], vec![1, 2]]);
    let small = file.get_node("/vl/v_i16")?.into_vlarray()?.read_any()?;
    assert_eq!(small, (0..30).map(|i| num("int16", i, k)).collect::<Vec<_>>());
    let texts = file.get_node("/vl/strings")?.into_string_array()?.read()?;
    assert_eq!(texts, [strings(k), vec!["reopened".to_string()]].concat());
    assert!(file.get_node("/vl/none")?.into_string_array()?.is_empty()?);
    let mut patched = Array2::<f64>::zeros((4, 5));
    patched[[1, 2]] = 7.0 + k as f64;
    patched.row_mut(3).assign(&array![0.0, 1.0, 2.0, 3.0, 4.0]);
    patched.column_mut(0).fill(-1.0);
    same(file, "/patch/p", &patched.into())?;
    same(file, "/scratch/kept", &num("int32", 4, k))?;
    assert_eq!(file.group("/scratch")?.children_name()?, ["kept"]);
    let shapes = Array3::<u32>::zeros((4, 2, 3)).shape().to_vec();
    assert_eq!(
        file.get_node("/ext/e_2d")?.attrs().get("shape")?.to_string(),
        format!("({})", joined(&shapes))
    );
    Ok(())
}

fn joined(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

fn refuses_writes(file: &NodeFile) {
    let array = file.get_node("/patch/p").and_then(Node::into_carray);
    assert!(array.is_ok_and(|a| a.set(.., &0.0).is_err()));
    assert!(file.get_set_group("/", "new", "").is_err());
    assert!(file.root().is_ok_and(|r| r.attrs().set("new", 1).is_err()));
    assert_eq!("plain".location(), "/plain");
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let path = args.first().ok_or("usage: pymodaq_scenario OUT.h5 [K] [BOUND]")?;
    let k: i64 = args.get(1).map_or(Ok(0), |k| k.parse())?;
    let bound = match args.get(2).map(String::as_str) {
        None | Some("v110") => Bound::V110,
        Some("earliest") => Bound::Earliest,
        Some(other) => return Err(format!("{other:?} is no bound: v110 or earliest").into()),
    };
    let options = NodeOptions::new().title(&format!("Rust scenario {k}")).bound(bound);
    let file = options.open(path, Mode::Write)?;
    groups(&file, k)?;
    arrays(&file, k)?;
    growing(&file, k)?;
    rows_of_any_length(&file, k)?;
    changes(&file, k)?;
    file.close()?;
    let file = NodeFile::open(path, Mode::Append)?;
    reopened(&file)?;
    file.close()?;
    let before = std::fs::read(path)?;
    let file = NodeFile::open(path, Mode::Read)?;
    verify(&file, k)?;
    refuses_writes(&file);
    assert!(std::fs::read(path)? == before, "reading changed the file");
    Ok(())
}
