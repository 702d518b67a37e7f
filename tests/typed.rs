//! Typed reads of files that libhdf5 wrote.
#![allow(missing_docs)]
#![cfg(feature = "derive")]

use h5::ndarray::{Array, arr1, arr2, s};
use h5::num_complex::Complex;
use h5::{ErrorKind, File, H5Type, Reference, Value};

fn both(name: &str) -> Vec<File> {
    let path = |bounds: &str| format!("tests/files/{name}_{bounds}.h5");
    ["earliest", "latest"].iter().map(|bounds| File::open(path(bounds)).unwrap()).collect()
}

#[test]
fn integers() {
    for file in both("integers") {
        for order in ["le", "be"] {
            let d = file.dataset(&format!("i64{order}")).unwrap();
            let edges = [i64::MIN, i64::MIN + 1, 0, 1, 77, i64::MAX - 1, i64::MAX];
            assert_eq!(d.read_1d::<i64>().unwrap(), arr1(&edges));
            assert_eq!(d.read_raw::<i128>().unwrap(), edges.map(i128::from));
            assert_eq!(d.read_raw::<f64>().unwrap(), edges.map(|v| v as f64));
            let e = d.read::<i16>().unwrap_err();
            assert_eq!(e.kind(), ErrorKind::Usage);
            assert!(e.to_string().contains("element 0: -9223372036854775808 does not fit in i16"), "{e}");
            let clamped = d.reader().clamp(true).read_1d::<u8>().unwrap();
            assert_eq!(clamped, arr1(&[0, 0, 0, 1, 77, 255, 255]));
            for (bits, offset) in [(17, 0), (20, 5), (24, 8), (31, 1)] {
                let of =
                    |sign: u8| file.dataset(&format!("{bits} bits at {offset} {order} sign {sign}")).unwrap();
                let half = 1i64 << (bits - 1);
                let expected = [0, 1, half - 1, half, 2 * half - 1];
                assert_eq!(of(0).read_raw::<i64>().unwrap(), expected);
                assert_eq!(of(1).read_raw::<i64>().unwrap(), [0, 1, half - 1, -half, -1]);
            }
        }
    }
}

#[test]
fn floats() {
    for file in both("floats") {
        let read = |name: &str| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
        assert_eq!(read("vax f"), [1.0, -1.5, 0.0, f64::from(std::f32::consts::PI)]);
        assert_eq!(read("vax d")[..2], [1.0, -3.0]);
        assert_eq!(read("x87 extended"), [0.0, 1.0, -2.5, 1e300, 1.0 / 3.0]);
        assert!((read("quadruple")[0] - 1.0 / 6.0).abs() < 1e-15, "{:?}", read("quadruple"));
        assert_eq!(read("no implied bit"), [1.0, 3.0]);
        // Mantissas of zero without an implied bit: libhdf5 makes small numbers of them, which they are not.
        assert_eq!(read("24 bits at 4 be"), [0.0, 0.0]);
        assert_eq!(read("24 bits at 4 le"), [0.0, 0.0]);
        assert_eq!(read("24 bits in 32"), [0.0, -0.0, 2f64.powi(-47)]);
        assert_eq!(read("bfloat16 be"), [0.0, 1.0, -1.5, f64::INFINITY]);
        for name in ["f16le", "f16be", "f32le", "f32be", "f64le", "f64be"] {
            let values = read(name);
            assert_eq!(values[..6], [0.0, -0.0, 1.0, -1.5, f64::INFINITY, f64::NEG_INFINITY]);
            assert!(values[6].is_nan());
        }
        let e = file.dataset("f64le").unwrap().read::<i32>().unwrap_err();
        assert!(e.to_string().contains("element 4: inf does not fit in i32"), "{e}");
        let fp8 = read("fp8 e4m3");
        assert_eq!(fp8[110..120], [112., 120., 128., 144., 160., 176., 192., 208., 224., 240.]);
        assert!(fp8[120].is_infinite() && fp8[121].is_nan() && fp8[129] == -1.953125e-3);
        assert_eq!(read("fp8 e5m2")[123], 57344.0);
    }
}

#[derive(H5Type, Debug, PartialEq)]
struct Packed {
    d: u32,
    a: i8,
    #[h5(rename = "c")]
    text: String,
    b: f64,
}

#[derive(H5Type, Debug, PartialEq, Clone, Copy)]
struct Position<T> {
    x: T,
    y: T,
}

#[derive(H5Type, Debug, PartialEq)]
struct Nested {
    id: i32,
    pos: Position<f32>,
    arr: [[i16; 3]; 2],
    pts: Vec<Position<f64>>,
}

#[derive(H5Type, Debug, PartialEq)]
struct Varying {
    name: String,
    list: Vec<i64>,
    r#ref: Reference,
    n: u8,
}

#[test]
fn compounds() {
    for file in both("compounds") {
        let d = file.dataset("packed").unwrap();
        let expected = [
            Packed { a: -1, b: 2.5, text: "abc".into(), d: 7 },
            Packed { a: 2, b: -0.5, text: "x".into(), d: 65535 },
        ];
        assert_eq!(d.read_raw::<Packed>().unwrap(), expected);
        assert_eq!(d.read_field::<f32>("b").unwrap(), arr1(&[2.5, -0.5]).into_dyn());
        assert_eq!(d.read_field::<String>("c").unwrap(), arr1(&["abc".to_string(), "x".into()]).into_dyn());
        assert!(
            d.read_field::<f32>("e")
                .unwrap_err()
                .to_string()
                .contains("/packed: the compound has no member e")
        );
        assert!(
            d.read::<Position<f32>>().unwrap_err().to_string().contains("no member x; it has a, b, c, d")
        );
        let nested = file.dataset("nested").unwrap().read_raw::<Nested>().unwrap();
        assert_eq!(nested[0].pos, Position { x: 1.25, y: 0.0 });
        assert_eq!(nested[0].arr, [[-89, 5, -7], [81, -23, -67]]);
        assert_eq!(nested[0].pts, [Position { x: 0.0, y: 3.75 }; 2]);
        let varying = file.dataset("varying").unwrap().read_raw::<Varying>().unwrap();
        assert_eq!((varying[0].name.as_str(), varying[0].list.as_slice()), ("first", [0, 1, 2].as_slice()));
        assert_eq!((varying[1].name.as_str(), varying[1].list.len(), varying[1].n), ("é", 0, 2));
        let chunked = file.dataset("chunked").unwrap();
        let whole = chunked.read::<Packed>().unwrap();
        let mut at = 0;
        for part in chunked.iter_chunks::<Packed>().unwrap() {
            let (offset, part) = part.unwrap();
            assert_eq!(offset, [at as u64]);
            assert!(part.iter().eq(whole.iter().skip(at).take(part.len())));
            at += part.len();
        }
        assert_eq!(at, whole.len());
        let values = file.dataset("padded").unwrap().read_values().unwrap();
        assert_eq!(values[[0]].to_string(), "(a: 1, b: 0.5, c: -1)");
        assert_eq!(values[[2]].field("b").and_then(Value::as_f64), Some(2.5));
    }
}

#[derive(H5Type, Debug, PartialEq, Clone, Copy)]
enum Wide {
    #[h5(rename = "none")]
    Nothing,
    #[h5(rename = "half")]
    Half = 5,
    #[h5(rename = "all ones")]
    All,
}

#[derive(H5Type, Debug, PartialEq, Clone, Copy)]
enum ByValue {
    Zero,
    One,
}

#[test]
fn enumerations() {
    for file in both("enums") {
        let bools = file.dataset("bool").unwrap();
        assert_eq!(bools.read_raw::<bool>().unwrap(), [true, false, true]);
        assert_eq!(bools.read_raw::<u8>().unwrap(), [1, 0, 1]);
        assert_eq!(bools.read_raw::<String>().unwrap(), ["TRUE", "FALSE", "TRUE"]);
        assert_eq!(bools.read_values().unwrap()[[0]], Value::Bool(true));
        let wide = file.dataset("above the signed range").unwrap();
        assert_eq!(wide.read_raw::<Wide>().unwrap(), [Wide::All, Wide::Half]);
        assert_eq!(wide.read_raw::<u64>().unwrap(), [u64::MAX, 1 << 63]);
        assert_eq!(wide.read_values().unwrap()[[0]].as_str(), Some("all ones"));
        assert!(wide.read::<ByValue>().unwrap_err().to_string().contains("an enum of Zero, One"));
    }
    let file = File::open("tests/files/integers_latest.h5").unwrap();
    let e = file.dataset("u8le").unwrap().read::<ByValue>().unwrap_err();
    assert!(e.to_string().contains("element 4: 77 is none of Zero, One"), "{e}");
    let first = file.dataset("u8le").unwrap().read_slice::<ByValue, _>(s![..2]).unwrap();
    assert_eq!(first, arr1(&[ByValue::Zero, ByValue::One]).into_dyn());
}

#[test]
fn strings() {
    for file in both("strings") {
        for charset in ["ascii", "utf8"] {
            let read = |pad: &str| file.dataset(&format!("fixed {charset} {pad}")).unwrap();
            assert_eq!(read("nullpad").read_raw::<String>().unwrap()[..4], ["abc", "", "12345678", "a b  "]);
            assert_eq!(read("nullterm").read_raw::<String>().unwrap()[..4], ["abc", "", "1234567", "a b  "]);
            assert_eq!(read("spacepad").read_raw::<String>().unwrap()[..4], ["abc", "", "12345678", "a b"]);
            assert_eq!(read("nullpad").read_raw::<Vec<u8>>().unwrap()[3], b"a b  ");
            assert_eq!(read("nullpad").read_raw::<[u8; 8]>().unwrap()[3], *b"a b  \0\0\0");
        }
        let last = file.dataset("fixed utf8 nullpad").unwrap().read_raw::<String>().unwrap().pop();
        assert_eq!(last.as_deref(), Some("é☃"));
        assert_eq!(file.dataset("scalar variable").unwrap().read_string().unwrap(), "a scalar");
        assert_eq!(file.dataset("scalar fixed").unwrap().read_scalar::<String>().unwrap(), "scalar");
        assert_eq!(file.dataset("unwritten variable").unwrap().read_raw::<String>().unwrap(), ["", "", ""]);
        let filled = file.dataset("variable with fill").unwrap().read_raw::<String>().unwrap();
        assert_eq!(filled, ["also set", "filled", "filled", "set"]);
        let many = file.dataset("many variable").unwrap().read_raw::<String>().unwrap();
        assert_eq!((many.len(), many[3].as_str()), (700, "text 3 yyy"));
        let bytes = file.dataset("many variable").unwrap().read_raw::<Vec<u8>>().unwrap();
        assert!(bytes.iter().zip(&many).all(|(b, t)| b == t.as_bytes()));
        assert!(file.dataset("many variable").unwrap().read::<f64>().is_err());
    }
}

#[test]
fn sequences_and_arrays() {
    for file in both("vlens") {
        let lists = file.dataset("of i4").unwrap().read_raw::<Vec<i16>>().unwrap();
        assert_eq!(lists, [vec![0, 1, 2], vec![], vec![-1]]);
        let nested = file.dataset("of vlen").unwrap().read_raw::<Vec<Vec<i32>>>().unwrap();
        assert_eq!(nested[1], [[1, 2]]);
        assert_eq!(nested[0], [vec![1, 2], vec![], vec![3]]);
        let texts = file.dataset("of strings").unwrap().read_raw::<Vec<String>>().unwrap();
        assert_eq!(texts, [vec!["a", "", "third"], vec![]]);
        let long = file.dataset("long").unwrap().read_raw::<Vec<u8>>().unwrap();
        assert_eq!((long[0].len(), long[1].len(), long[2].len()), (70000, 5000, 1));
        let pairs = file.dataset("of array").unwrap().read_raw::<Vec<[i16; 2]>>().unwrap();
        assert_eq!(pairs, [[[0, 1], [2, 3]]]);
        let values = file.dataset("of compound").unwrap().read_values().unwrap();
        assert_eq!(values[[0]].to_string(), "{(a: 1, b: 2.5), (a: 3, b: 4.5)}");
    }
    for file in both("arrays") {
        let d = file.dataset("matrix of f8 be").unwrap();
        assert_eq!(d.read_raw::<[[f64; 2]; 2]>().unwrap()[1], [[4.0, 5.0], [6.0, 7.0]]);
        let nested = file.dataset("array of array").unwrap().read_raw::<[[i32; 2]; 3]>().unwrap();
        assert_eq!(nested[1], [[6, 7], [8, 9], [10, 11]]);
        let texts = file.dataset("of variable strings").unwrap().read_raw::<[String; 2]>().unwrap();
        assert_eq!(texts, [["one", "two"], ["", "four"]]);
    }
}

#[test]
fn complex_and_references() {
    for file in both("complex") {
        for name in ["class 32 BE", "class 64 LE", "compound 64", "compound 128 be"] {
            let values = file.dataset(name).unwrap().read_raw::<Complex<f64>>().unwrap();
            assert_eq!(values[..2], [Complex::new(1.0, 2.0), Complex::new(-3.0, 0.5)], "{name}");
            let values = file.dataset(name).unwrap().read_raw::<Complex<f32>>().unwrap();
            assert_eq!(values[0], Complex::new(1.0, 2.0));
            assert_eq!(file.dataset(name).unwrap().read_values().unwrap()[[1]].to_string(), "-3.0+0.5i");
        }
    }
    for file in both("references_old").into_iter().chain(both("references_new")) {
        let name = if file.dataset("objects").is_ok() { "objects" } else { "refs" };
        let all = file.dataset(name).unwrap().read_raw::<Reference>().unwrap();
        assert!(all.contains(&Reference::Null) && all.iter().any(|r| *r != Reference::Null));
        let values = file.dataset(name).unwrap().read_values().unwrap();
        assert!(values.iter().zip(all).all(|(v, r)| *v == Value::Reference(r)));
    }
}

#[test]
fn selections() {
    for file in both("references_old") {
        let d = file.dataset("data").unwrap();
        let all = Array::from_iter(0..60i64).into_shape_with_order((6, 10)).unwrap();
        assert_eq!(d.read_2d::<i64>().unwrap(), all);
        assert_eq!(d.read_slice_2d::<i64, _>(s![1..4, ..;3]).unwrap(), all.slice(s![1..4, ..;3]));
        assert_eq!(d.read_slice_2d::<i64, _>(s![..;-2, -1..;-1]).unwrap(), all.slice(s![..;-2, -1..;-1]));
        assert_eq!(d.read_slice_1d::<i64, _>(s![-1, ..]).unwrap(), all.slice(s![-1, ..]));
        assert_eq!(d.read_slice::<i64, _>(s![2, 3]).unwrap(), Array::from_elem((), 23).into_dyn());
        assert_eq!(d.read_slice::<i64, _>("2, ::-1").unwrap(), all.slice(s![2, ..;-1]).into_dyn());
        assert_eq!(d.read_slice::<i64, _>(..).unwrap(), all.clone().into_dyn());
        assert!(d.read_slice_1d::<i64, _>(s![.., ..]).is_err());
        assert!(d.read_1d::<i64>().is_err());
        assert_eq!(d.read_points::<i64, _>(&[[5, 0], [0, 9], [5, 0]]).unwrap(), arr1(&[50, 9, 50]));
        assert!(d.read_points::<i64, _>(&[[6, 0]]).is_err());
        assert!(d.read_points::<i64, [u64; 1]>(&[[6]]).is_err());
        let mask = all.mapv(|v| v % 7 == 3);
        let expected: Vec<i64> = (0..60).filter(|v| v % 7 == 3).collect();
        assert_eq!(d.read_mask::<i64>(mask.view().into_dyn()).unwrap().to_vec(), expected);
        assert!(d.read_mask::<i64>(mask.slice(s![1.., ..]).into_dyn()).is_err());
    }
    for file in both("spaces") {
        assert_eq!(file.dataset("null").unwrap().read::<i64>().unwrap().len(), 0);
        assert_eq!(file.dataset("zero in the middle").unwrap().read::<i64>().unwrap().shape(), [3, 0, 2]);
        assert_eq!(file.dataset("zero").unwrap().iter_chunks::<i64>().unwrap().count(), 0);
        assert_eq!(file.dataset("scalar").unwrap().read_scalar::<f64>().unwrap(), 1.5);
        assert_eq!(file.dataset("scalar").unwrap().iter_chunks::<f64>().unwrap().count(), 1);
        assert!(file.dataset("zero").unwrap().read_scalar::<i64>().is_err());
        let small = file.dataset("unlimited last").unwrap().read_2d::<i8>().unwrap();
        assert_eq!(small, arr2(&[[0, 1, 2], [3, 4, 5]]));
    }
}

#[test]
fn attributes() {
    for file in both("attributes") {
        let d = file.dataset("dataset").unwrap();
        assert_eq!(d.attribute("units").unwrap().read_string().unwrap(), "mm");
        let a = file.root().unwrap().group("few").unwrap();
        for attribute in a.attributes().unwrap() {
            attribute.read_values().unwrap();
        }
        let z = a.attribute("complex").unwrap().read_scalar::<Complex<f32>>().unwrap();
        assert_eq!(z, Complex::new(1.0, -2.0));
        let e = a.attribute("complex").unwrap().read::<String>().unwrap_err();
        assert!(e.to_string().starts_with("/few attribute complex: elements of"), "{e}");
    }
}

/// Every dataset of every fixture can be read as values, or says in plain words why not.
#[test]
fn all_values() {
    let mut read = 0;
    for entry in std::fs::read_dir("tests/files").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "h5") {
            continue;
        }
        let Ok(file) = File::open(&path) else { continue };
        let Ok(root) = file.root() else { continue };
        for d in root.datasets().unwrap_or_default() {
            if d.len().is_ok_and(|n| n < 100_000) {
                match d.read_values() {
                    Ok(values) => {
                        read += 1;
                        values.iter().take(20).for_each(|v| assert!(!v.to_string().is_empty()));
                    }
                    Err(e) => println!("{}: {e}", path.display()),
                }
            }
        }
    }
    assert!(read > 300, "{read}");
}
