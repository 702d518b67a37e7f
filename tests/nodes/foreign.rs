//! Files of each profile and bound in h5py and PyTables: they see the values that were written, append to every array
//! that grows, and ours reads on and appends in its turn.

use std::path::Path;
use std::process::Command;

use h5::Bound;
use h5::half::f16;
use h5::ndarray::{ArrayD, IxDyn, array};
use h5::node::{Compression, DType, DynArray, Mode, Node, NodeFile, NodeOptions, Profile};
use h5::num_complex::Complex;
use serde_json::{Value as Json, json};

use super::python::judged::python::python;

/// Two rows of each dtype, and as Python tells them.
fn samples() -> Vec<(DynArray, Json)> {
    macro_rules! numbers {
        ($($t:ty),*) => {
            vec![$((array![[1 as $t, 2 as $t], [100 as $t, 0 as $t]].into(), json!([[1, 2], [100, 0]]))),*]
        };
    }
    let mut all: Vec<(DynArray, Json)> = numbers!(i8, i16, i32, i64, u8, u16, u32, u64);
    let half = |v: f32| f16::from_f32(v);
    all.extend([
        (array![half(1.5), half(-2.0)].into(), json!([1.5, -2.0])),
        (array![[1.5f32, -2.0], [0.25, 1e10]].into(), json!([[1.5, -2.0], [0.25, 1e10]])),
        (array![0.1f64, -1e300].into(), json!([0.1, -1e300])),
        (array![Complex::new(1.5f64, -2.0), Complex::new(0.0, 3.0)].into(), json!([[1.5, -2.0], [0.0, 3.0]])),
        (array![Complex::new(1.5f32, -2.0), Complex::new(0.0, 3.0)].into(), json!([[1.5, -2.0], [0.0, 3.0]])),
        (array![true, false].into(), json!([true, false])),
        (DynArray::bytes(3, array![b"abc".to_vec(), b"d".to_vec()]).unwrap(), json!(["abc", "d"])),
    ]);
    all
}

fn write(path: &Path, profile: Profile, bound: Bound) {
    let file = NodeOptions::new().profile(profile).bound(bound).open(path, Mode::Write).unwrap();
    for (compression, name) in [(None, "plain"), (Some(Compression::gzip(4).unwrap()), "packed")] {
        file.define_compression(compression);
        let group = file.get_set_group("/", name, "").unwrap();
        for (data, _) in samples() {
            let dtype = data.dtype();
            file.create_carray(&group, &format!("fixed_{dtype}"), &data, "").unwrap();
            let element = data.shape()[1..].to_vec();
            let element = (!element.is_empty()).then_some(element.as_slice());
            let grows = file.create_earray(&group, &format!("grows_{dtype}"), dtype, element, "").unwrap();
            grows.append(&data).unwrap();
        }
    }
    let rows = file.create_vlarray("/", "rows", DType::Int32, "").unwrap();
    rows.append(&[1i32, 2, 3]).unwrap();
    rows.append(&[-4i32]).unwrap();
    file.create_string_array("/", "texts", "").unwrap().append("é☃").unwrap();
    file.close().unwrap();
}

fn ask(python: &Path, path: &Path, reader: &str) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nodes/foreign.py");
    let output = Command::new(python).arg(script).arg(path).arg(reader).output().unwrap();
    assert!(output.status.success(), "{reader}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The sample with its last row so many times more.
fn longer(sample: &Json, rows: usize) -> Json {
    let mut all = sample.as_array().unwrap().clone();
    all.extend(vec![all.last().unwrap().clone(); rows]);
    all.into()
}

/// Compares what a reader saw; the arrays that grow are `rows` rows longer by then.
fn compare(seen: &Json, rows: usize, profile: Profile, reader: &str) {
    // h5py knows no bit fields: it shows PyTables' booleans as the numbers that they are.
    let bits =
        (profile == Profile::Pymodaq && reader == "h5py") || (profile == Profile::H5py && reader == "tables");
    for group in ["plain", "packed"] {
        for (data, sample) in samples() {
            let dtype = data.dtype();
            let sample = if dtype == DType::Bool && bits { json!([1, 0]) } else { sample };
            assert_eq!(seen[format!("/{group}/fixed_{dtype}")], sample, "{reader} {dtype}");
            assert_eq!(seen[format!("/{group}/grows_{dtype}")], longer(&sample, rows), "{reader} {dtype}");
        }
    }
    assert_eq!(seen["/rows"], longer(&json!([[1, 2, 3], [-4]]), rows), "{reader}");
    assert_eq!(seen["/texts"].as_array().unwrap().len(), 1 + rows, "{reader}");
}

/// Reads all, and appends the last row of each array that grows once more.
fn read_on(path: &Path, rows: usize) {
    let file = NodeFile::open(path, Mode::ReadWrite).unwrap();
    for (data, _) in samples() {
        for group in ["plain", "packed"] {
            let dtype = data.dtype();
            assert_eq!(file.read(format!("/{group}/fixed_{dtype}")).unwrap(), data);
            let grows = file.get_node(format!("/{group}/grows_{dtype}")).unwrap().into_earray().unwrap();
            let all = grows.read_any().unwrap();
            assert_eq!(all.shape()[0], 2 + rows, "{dtype}");
            for at in 2..2 + rows {
                assert_eq!(all.row(at).unwrap(), data.row(1).unwrap(), "{dtype}");
            }
            let last: DynArray = grows.get_any(-1).unwrap();
            let shape: Vec<usize> = std::iter::once(1).chain(last.shape()).collect();
            grows.append(&last.into_shape(&shape).unwrap()).unwrap();
        }
    }
    let Node::VlArray(array) = file.get_node("/rows").unwrap() else { panic!("no rows") };
    assert_eq!(array.read::<i32>().unwrap().len(), 2 + rows);
    array.append(&array.get::<i32>(-1).unwrap()).unwrap();
    let texts = file.get_node("/texts").unwrap().into_string_array().unwrap();
    assert_eq!(texts.read().unwrap(), vec!["é☃"; 1 + rows]);
    texts.append("é☃").unwrap();
    file.close().unwrap();
}

#[test]
fn h5py_and_pytables_read_and_append_and_ours_goes_on() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for profile in [Profile::Pymodaq, Profile::H5py] {
        for bound in [Bound::Earliest, Bound::V18, Bound::V110] {
            for order in [["h5py", "tables"], ["tables", "h5py"]] {
                let path = folder.path().join("foreign.h5");
                write(&path, profile, bound);
                let mut rows = 0;
                for reader in order {
                    compare(&ask(python, &path, reader), rows, profile, reader);
                    rows += 1;
                    read_on(&path, rows);
                    rows += 1;
                }
            }
        }
    }
}

#[test]
fn an_array_without_rows_is_one_for_all() {
    let file = NodeFile::create_in_memory("").unwrap();
    let empty = ArrayD::<f64>::zeros(IxDyn(&[0, 3]));
    let array = file.create_carray("/", "empty", &empty, "").unwrap();
    assert_eq!(array.read::<f64>().unwrap(), empty);
}
