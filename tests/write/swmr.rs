//! One writer and many readers: in this process, and with libhdf5 in both roles.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use h5::ndarray::s;
use h5::{Bound, ErrorKind, File, OpenOptions};

use crate::python;

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("h5-swmr-{}-{name}.h5", std::process::id()))
}

/// Readers on other threads see whole commits only, while chunks move, space is given back, and objects come and go.
#[test]
fn snapshots_on_threads_see_whole_commits() {
    for bound in [Bound::Earliest, Bound::V110] {
        let file = OpenOptions::new().bound(bound).create(path(&format!("threads-{bound:?}"))).unwrap();
        let root = file.root().unwrap();
        let new = root.new_dataset::<u32>().shape([0, 10]).max_shape([None, Some(10)]).chunk([7, 10]);
        let log = new.deflate(1).create("log").unwrap();
        root.set_attribute("rows", &0u64).unwrap();
        file.commit().unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                let reader = file.snapshot().unwrap();
                let done = &done;
                threads.spawn(move || {
                    let log = reader.dataset("log").unwrap();
                    let (mut seen, mut looks) = (0, 0);
                    while !done.load(Ordering::Acquire) || looks < 3 {
                        reader.refresh().unwrap();
                        let rows =
                            reader.root().unwrap().attribute("rows").unwrap().read_scalar::<u64>().unwrap();
                        assert!(rows >= seen, "commits come in order");
                        seen = rows;
                        looks += 1;
                        assert_eq!(log.shape().unwrap(), [rows, 10]);
                        let values = log.read_2d::<u32>().unwrap();
                        let wrong =
                            values.rows().into_iter().zip(0..).find(|(row, n)| row.iter().any(|v| v != n));
                        assert!(wrong.is_none(), "{bound:?}, {rows} rows: {wrong:?}");
                        let expected: Vec<String> =
                            (rows.saturating_sub(3)..rows).map(|n| format!("g{n}")).collect();
                        let mut names = reader.root().unwrap().names().unwrap();
                        names.retain(|n| n.starts_with('g'));
                        names.sort_by_key(|n| n[1..].parse::<u64>().unwrap());
                        assert_eq!(names, expected);
                    }
                });
            }
            for n in 0..300u32 {
                log.append(0, &[n; 10]).unwrap();
                root.create_group(&format!("g{n}")).unwrap();
                if n >= 3 {
                    root.delete(&format!("g{}", n - 3)).unwrap();
                }
                root.set_attribute("rows", &u64::from(n + 1)).unwrap();
                file.commit().unwrap();
            }
            done.store(true, Ordering::Release);
        });
        file.close().unwrap();
    }
}

/// The same on one thread, with snapshots of all ages.
#[test]
fn snapshots_of_all_ages() {
    for seed in 0..40u64 {
        let bound = if seed % 2 == 0 { Bound::Earliest } else { Bound::V110 };
        let file = OpenOptions::new().bound(bound).create_in_memory().unwrap();
        let root = file.root().unwrap();
        let new = root.new_dataset::<u32>().shape([0, 10]).max_shape([None, Some(10)]).chunk([7, 10]);
        let log = new.deflate(1).create("log").unwrap();
        file.commit().unwrap();
        let mut readers: Vec<(u64, File)> = Vec::new();
        let mut random = seed;
        let mut below = |n: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % n
        };
        for n in 0..100u32 {
            log.append(0, &[n; 10]).unwrap();
            root.create_group(&format!("g{n}")).unwrap();
            if n >= 3 {
                root.delete(&format!("g{}", n - 3)).unwrap();
            }
            file.commit().unwrap();
            match below(4) {
                0 => readers.push((u64::from(n) + 1, file.snapshot().unwrap())),
                1 if !readers.is_empty() => {
                    let which = below(readers.len() as u64) as usize;
                    readers[which].1.refresh().unwrap();
                    readers[which].0 = u64::from(n) + 1;
                }
                2 if !readers.is_empty() => drop(readers.swap_remove(below(readers.len() as u64) as usize)),
                _ => {}
            }
            for (rows, reader) in &readers {
                let log = reader.dataset("log").unwrap();
                assert_eq!(log.shape().unwrap(), [*rows, 10]);
                let values = log.read_2d::<u32>().unwrap();
                let wrong = values.rows().into_iter().zip(0..).find(|(row, n)| row.iter().any(|v| v != n));
                assert!(wrong.is_none(), "seed {seed}, commit {n}, {rows} rows: {wrong:?}");
                if below(5) == 0 {
                    reader.refresh().unwrap();
                    reader.dataset("log").unwrap().read_2d::<u32>().unwrap();
                }
            }
            for (rows, reader) in &mut readers {
                *rows = reader.dataset("log").unwrap().shape().unwrap()[0];
            }
        }
    }
}

#[test]
fn a_snapshot_reads_on_after_space_was_given_back() {
    let file = File::create_in_memory().unwrap();
    let root = file.root().unwrap();
    let d = root.new_dataset::<u64>().shape([1000]).chunk([100]).deflate(3).create("d").unwrap();
    d.write_raw(&vec![1; 1000]).unwrap();
    file.commit().unwrap();
    let old = file.snapshot().unwrap();
    for round in 2..20u64 {
        d.write_raw(&(0..1000).map(|n| n * round).collect::<Vec<_>>()).unwrap();
        root.new_dataset::<u64>()
            .shape([500])
            .create(&format!("more{round}"))
            .unwrap()
            .write_raw(&[round; 500])
            .unwrap();
        file.commit().unwrap();
    }
    root.delete("d").unwrap();
    file.commit().unwrap();
    root.new_dataset::<u64>().shape([2000]).create("over").unwrap().write_raw(&[9; 2000]).unwrap();
    file.commit().unwrap();
    assert_eq!(old.dataset("d").unwrap().read_raw::<u64>().unwrap(), vec![1; 1000]);
    assert_eq!(old.root().unwrap().names().unwrap(), ["d"]);
    old.refresh().unwrap();
    assert!(old.dataset("d").is_err());
    drop(old);
    file.close().unwrap();
}

#[test]
fn what_readers_could_see_half_done_is_refused() {
    let file = File::create_in_memory().unwrap();
    let root = file.root().unwrap();
    root.new_dataset::<String>().shape([0]).resizable().create("texts").unwrap();
    root.new_dataset::<u8>().shape([0, 0]).max_shape([None, None]).create("plane").unwrap();
    let rows = root.new_dataset::<u8>().shape([0]).resizable().create("rows").unwrap();
    file.start_swmr().unwrap();
    let before = file.to_vec().unwrap();
    let refused = [
        root.create_group("g").err(),
        root.set_attribute("a", &1).err(),
        root.delete("rows").err(),
        root.rename("rows", "lines").err(),
        file.dataset("texts").unwrap().append(0, &["a".to_string()]).err(),
        file.dataset("plane").unwrap().resize([1, 1]).err(),
    ];
    for e in refused {
        let e = e.expect("it is refused");
        assert_eq!(e.kind(), ErrorKind::Unsupported, "{e}");
    }
    file.commit().unwrap();
    assert_eq!(file.to_vec().unwrap(), before);
    rows.append(0, &[1, 2]).unwrap();
    file.commit().unwrap();
    let old = OpenOptions::new().bound(Bound::Earliest).create_in_memory().unwrap();
    assert_eq!(old.start_swmr().unwrap_err().kind(), ErrorKind::Unsupported);
}

/// Our writer, libhdf5's readers: each commit is seen whole, at once, and other writers are locked out.
#[test]
fn libhdf5_looks_on() {
    let Some(python) = python::python() else { return };
    let script = r#"
import h5py, sys, time
names = ["plain", "packed", "fixed"]
with h5py.File(sys.argv[1], "r", libver="latest", swmr=True) as f:
    print("ready", flush=True)
    last, looks = 0, 0
    while last < 2000:
        for name in names:
            d = f[name]
            d.refresh()
            n = d.shape[0] if name != "fixed" else 0
            a = d[:n]
            assert (a == a.dtype.type(1) * __import__("numpy").arange(n)).all(), (name, n)
        assert f["plain"].shape[0] >= last
        last = f["plain"].shape[0]
        looks += 1
    print("looks", looks, flush=True)
try:
    h5py.File(sys.argv[1], "r+")
    print("written by another")
except OSError:
    print("locked")
"#;
    let path = path("looked-on");
    let file = File::create(&path).unwrap();
    let root = file.root().unwrap();
    let plain = root.new_dataset::<u32>().shape([0]).resizable().chunk([50]).create("plain").unwrap();
    let packed =
        root.new_dataset::<u64>().shape([0]).resizable().chunk([16]).deflate(1).create("packed").unwrap();
    let fixed =
        root.new_dataset::<u16>().shape([3000]).chunk([100]).shuffle().deflate(1).create("fixed").unwrap();
    file.start_swmr().unwrap();
    let mut child =
        Command::new(python).args(["-c", script]).arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    for n in 0..2000u32 {
        plain.append(0, &[n]).unwrap();
        packed.append(0, &[u64::from(n)]).unwrap();
        fixed.write_slice(s![n as usize..n as usize + 1], &h5::ndarray::array![n as u16]).unwrap();
        if n % 5 == 4 {
            file.commit().unwrap();
        }
    }
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success());
    assert!(rest[0].starts_with("looks ") && rest[1] == "locked", "{rest:?}");
    file.close().unwrap();
    let read = File::open(&path).unwrap().dataset("packed").unwrap().read_raw::<u64>().unwrap();
    assert!(read.into_iter().eq(0..2000));
}

/// libhdf5's writer, our reader.
#[test]
fn we_look_on() {
    let Some(python) = python::python() else { return };
    let script = r#"
import h5py, sys
with h5py.File(sys.argv[1], "w", libver="latest") as f:
    d = f.create_dataset("x", shape=(0, 4), maxshape=(None, 4), chunks=(8, 4), dtype="<i4", compression="gzip")
    b = f.create_dataset("both", shape=(0, 0), maxshape=(None, None), chunks=(4, 4), dtype="<i4")
    f.swmr_mode = True
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(1, 1500):
        d.resize(n, axis=0)
        d[n - 1] = n - 1
        d.flush()
        if n % 20 == 0:
            b.resize((n // 20, n // 20))
            b[n // 20 - 1, :] = 7
            b[:, n // 20 - 1] = 7
            b.flush()
"#;
    let path = path("theirs");
    let mut child = Command::new(python)
        .args(["-c", script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let file = OpenOptions::new().swmr(true).open(&path).unwrap();
    let (d, both) = (file.dataset("x").unwrap(), file.dataset("both").unwrap());
    writeln!(child.stdin.take().unwrap()).unwrap();
    let (mut last, mut looks) = (0, 0);
    while last < 1499 {
        file.refresh().unwrap();
        let rows = d.shape().unwrap()[0];
        assert!(rows >= last);
        last = rows;
        looks += 1;
        let values = d.read_slice::<i32, _>(s![..rows as usize, ..]).unwrap();
        let right =
            values.outer_iter().zip(0..).all(|(row, n)| row.iter().all(|v| *v == n || n + 1 == rows as i32));
        assert!(right, "{rows} rows");
        assert!(both.read_raw::<i32>().unwrap().iter().all(|v| *v == 7 || *v == 0));
        if child.try_wait().unwrap().is_some_and(|s| !s.success()) {
            panic!("the writer failed");
        }
    }
    assert!(looks > 1);
    assert!(child.wait().unwrap().success());
}
