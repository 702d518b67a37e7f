//! A file that is changed again and again, in one session or in many, stays as large as what it holds.

use std::path::Path;
use std::process::Command;

use crate::python;
use h5::ops::{check, repack};
use h5::{Bound, File, OpenOptions};

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("h5-reopened-{}-{name}.h5", std::process::id()))
}

/// One session: some attributes replaced, a dataset deleted and made anew, each with a commit.
fn session(file: &File, session: u32, rounds: u32) {
    let root = file.root().unwrap();
    for round in 0..rounds {
        let n = session * rounds + round;
        let text = "x".repeat(20 + (n as usize * 7) % 60);
        root.set_attribute("note", &text).unwrap();
        root.set_attribute("table", &vec![f64::from(n); 50 + (n as usize * 13) % 50]).unwrap();
        let group = root.group("runs").unwrap();
        if n > 0 {
            group.delete("last").unwrap();
        }
        let rows = 100 + u64::from(n % 5) * 10;
        let d = group.new_dataset::<f64>().shape([rows]).chunk([40]).deflate(1).create("last").unwrap();
        d.write_raw(&vec![f64::from(n); usize::try_from(rows).unwrap()]).unwrap();
        d.set_attribute("unit", &text).unwrap();
        if round % 10 == 9 {
            file.commit().unwrap();
        }
    }
}

fn assert_clean(path: &Path) {
    let report = check::check(&File::open(path).unwrap(), &check::Options::default(), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

fn live_bytes(path: &Path, copy: &Path) -> u64 {
    let mut how = repack::Options::default();
    how.replace = true;
    repack::repack(&File::open(path).unwrap(), copy, &how, &mut |_| {}).unwrap().new_bytes
}

#[test]
fn a_hundred_sessions_of_a_hundred_rounds() {
    for bound in [Bound::Earliest, Bound::V110] {
        let path = path(&format!("{bound:?}"));
        let options = OpenOptions::new().bound(bound);
        let file = options.create(&path).unwrap();
        file.root().unwrap().create_group("runs").unwrap();
        file.root().unwrap().write_dataset("kept", &h5::ndarray::Array1::from_iter(0..500)).unwrap();
        file.close().unwrap();
        let mut first = 0;
        for n in 0..100 {
            let file = options.open_rw(&path).unwrap();
            session(&file, n, 100);
            file.close().unwrap();
            if n == 0 {
                first = std::fs::metadata(&path).unwrap().len();
            }
        }
        let last = std::fs::metadata(&path).unwrap().len();
        let live = live_bytes(&path, &path.with_extension("copy"));
        assert!(
            last <= 2 * live,
            "{bound:?}: {last} bytes, {live} of them live, {first} after the first session"
        );
        assert_clean(&path);
    }
}

/// Attributes replaced, datasets with chunks and with texts deleted and made anew, while the file is open.
#[test]
fn ten_thousand_rounds_in_one_session() {
    for bound in [Bound::Earliest, Bound::V110] {
        let path = path(&format!("open-{bound:?}"));
        let file = OpenOptions::new().bound(bound).create(&path).unwrap();
        let root = file.root().unwrap();
        root.write_dataset("kept", &h5::ndarray::Array1::from_iter((0..10_000).map(f64::from))).unwrap();
        let mut longest = 0;
        for n in 0..10_000usize {
            root.set_attribute("note", &"x".repeat(20 + n * 7 % 60)).unwrap();
            root.set_attribute("table", &vec![n as f64; 50 + n * 13 % 50]).unwrap();
            if n > 0 {
                root.delete("numbers").unwrap();
                root.delete("texts").unwrap();
            }
            let rows = 100 + n as u64 % 50;
            let d = root.new_dataset::<f64>().shape([rows]).chunk([40]).deflate(1).create("numbers").unwrap();
            d.write_raw(&vec![n as f64; rows as usize]).unwrap();
            let d = root.new_dataset::<String>().shape([5]).create("texts").unwrap();
            d.write_raw(&(0..5).map(|i| "t".repeat((n + i) % 50)).collect::<Vec<_>>()).unwrap();
            if n % 10 == 9 {
                file.commit().unwrap();
                longest = longest.max(std::fs::metadata(&path).unwrap().len());
            }
        }
        file.close().unwrap();
        let live = live_bytes(&path, &path.with_extension("copy"));
        let last = std::fs::metadata(&path).unwrap().len();
        assert!(
            longest <= 2 * live && last <= 2 * live,
            "{bound:?}: {longest}, then {last} bytes, {live} of them live"
        );
        assert_clean(&path);
    }
}

#[test]
fn a_session_that_changes_nothing_leaves_the_file_alone() {
    let path = path("unchanged");
    let file = OpenOptions::new().create(&path).unwrap();
    file.root().unwrap().create_group("runs").unwrap();
    session(&file, 0, 20);
    file.close().unwrap();
    let before = std::fs::read(&path).unwrap();
    for _ in 0..2 {
        File::open_rw(&path).unwrap().close().unwrap();
        assert!(std::fs::read(&path).unwrap() == before);
    }
}

#[test]
fn what_libhdf5_wrote_meanwhile_is_safe() {
    let Some(python) = python::python() else { return };
    let path = path("between");
    let file = OpenOptions::new().create(&path).unwrap();
    file.root().unwrap().create_group("runs").unwrap();
    session(&file, 0, 20);
    file.close().unwrap();
    for n in 0..3 {
        let script = "import h5py, sys\nwith h5py.File(sys.argv[1], 'r+') as f:\n f['theirs' + sys.argv[2]] = list(range(3000))\n f.attrs['a' + sys.argv[2]] = [1.0] * 300\n del f['runs/last']";
        let done = Command::new(python).arg("-c").arg(script).arg(&path).arg(n.to_string()).status().unwrap();
        assert!(done.success());
        let file = File::open_rw(&path).unwrap();
        session(&file, 0, 20);
        file.close().unwrap();
        let file = File::open(&path).unwrap();
        for earlier in 0..=n {
            let theirs = file.dataset(&format!("theirs{earlier}")).unwrap().read_raw::<i64>().unwrap();
            assert!(theirs.iter().copied().eq(0..3000));
        }
        assert_clean(&path);
    }
}
