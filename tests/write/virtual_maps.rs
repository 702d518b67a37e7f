//! Virtual datasets of ours, as libhdf5 reads them.

use std::process::Command;

use h5::format::selection::UNLIMITED;
use h5::ndarray::{Array1, Array2};
use h5::{Bound, ErrorKind, File, OpenOptions, Selection, Span};

use crate::python;

fn slab(spans: &[Span]) -> Selection {
    Selection::Slab(spans.to_vec())
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("h5-virtual-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn virtual_datasets_are_as_libhdf5_reads_them() {
    for bound in [Bound::Earliest, Bound::V110, Bound::V200] {
        let folder = folder(&format!("{bound:?}"));
        for n in 0..3u16 {
            let source = OpenOptions::new().bound(bound).create(folder.join(format!("part {n}.h5"))).unwrap();
            let rows = Array2::from_shape_fn((4, 5), |(i, j)| n * 100 + (i * 10 + j) as u16);
            source.root().unwrap().write_dataset("rows", &rows).unwrap();
            let grown =
                source.root().unwrap().new_dataset::<u16>().shape([0]).resizable().create("log").unwrap();
            grown.append(0, &[n; 7]).unwrap();
            source.close().unwrap();
        }
        let path = folder.join("all.h5");
        let file = OpenOptions::new().bound(bound).create(&path).unwrap();
        let root = file.root().unwrap();
        let mut stacked = root.new_dataset::<u16>().shape([3, 4, 5]).fill_value(9u16);
        let mut corners = root.new_dataset::<i32>().shape([2, 6]).fill_value(-1);
        for n in 0..3u64 {
            let name = format!("part {n}.h5");
            if n != 1 {
                let target = slab(&[Span::range(n, 1), Span::range(0, 4), Span::range(0, 5)]);
                stacked = stacked.virtual_map(&name, "/rows", Selection::All, target);
            }
            let every_third = Span { start: 0, stride: 3, count: 2, block: 1 };
            corners = corners.virtual_map(
                &name,
                "/rows",
                slab(&[every_third, every_third]),
                slab(&[Span::range(0, 2), Span::range(2 * n, 2)]),
            );
        }
        stacked.create("stacked").unwrap();
        corners.create("corners").unwrap();
        let one = Span { start: 0, stride: 1, count: UNLIMITED, block: 1 };
        let max = [None, Some(5)];
        let each = root.new_dataset::<u16>().shape([0, 5]).max_shape(max);
        let blocks = Span { start: 0, stride: 4, count: UNLIMITED, block: 4 };
        each.virtual_map("part %b.h5", "/rows", Selection::All, slab(&[blocks, Span::range(0, 5)]))
            .create("each")
            .unwrap();
        let log = root.new_dataset::<u16>().shape([0]).resizable();
        log.virtual_map("part 2.h5", "log", slab(&[one]), slab(&[one])).create("log").unwrap();
        root.write_dataset("own", &Array1::from_iter(0..10u8)).unwrap();
        let evens = Span { start: 0, stride: 2, count: 5, block: 1 };
        root.new_dataset::<u8>()
            .shape([5])
            .virtual_map(".", "/own", slab(&[evens]), Selection::All)
            .create("evens")
            .unwrap();
        file.close().unwrap();
        let file = File::open(&path).unwrap();
        assert_eq!(file.dataset("each").unwrap().shape().unwrap(), [12, 5]);
        assert_eq!(file.dataset("log").unwrap().read_raw::<u16>().unwrap(), [2; 7]);
        assert_eq!(file.dataset("evens").unwrap().read_raw::<u8>().unwrap(), [0, 2, 4, 6, 8]);
        let Some(python) = python::python() else { return };
        let script = r#"
import h5py, numpy as np, os, sys
os.chdir(os.path.dirname(sys.argv[1]))
part = lambda n: n * 100 + np.add.outer(np.arange(4) * 10, np.arange(5))
with h5py.File(sys.argv[1], "r") as f:
    a = f["stacked"][:]
    assert (a[0] == part(0)).all() and (a[1] == 9).all() and (a[2] == part(2)).all(), a
    assert (f["corners"][:] == np.hstack([part(n)[::3, ::3] for n in range(3)])).all(), f["corners"][:]
    assert (f["each"][:] == np.vstack([part(n) for n in range(3)])).all(), f["each"][:]
    assert (f["log"][:] == [2] * 7).all()
    assert (f["evens"][:] == [0, 2, 4, 6, 8]).all()
    assert len(f["stacked"].virtual_sources()) == 2
"#;
        let output = Command::new(python).args(["-c", script]).arg(&path).output().unwrap();
        assert!(output.status.success(), "{bound:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn maps_that_do_not_fit_are_refused() {
    let file = File::create_in_memory().unwrap();
    let root = file.root().unwrap();
    let new = || root.new_dataset::<u8>().shape([4]);
    let endless = Span { start: 0, stride: 1, count: UNLIMITED, block: 1 };
    let refused = [
        new().virtual_map(".", "a", slab(&[Span::range(0, 3)]), Selection::All).create("v").unwrap_err(),
        new().virtual_map(".", "a", Selection::All, slab(&[Span::range(2, 3)])).create("v").unwrap_err(),
        new().virtual_map(".", "a", slab(&[endless]), slab(&[Span::range(0, 4)])).create("v").unwrap_err(),
        new().virtual_map(".", "", Selection::All, Selection::All).create("v").unwrap_err(),
        new().chunk([2]).virtual_map(".", "a", Selection::All, Selection::All).create("v").unwrap_err(),
        root.new_dataset::<u8>()
            .shape([4])
            .resizable()
            .virtual_map(".", "a", slab(&[Span::range(0, 4)]), slab(&[endless]))
            .create("v")
            .unwrap_err(),
    ];
    for e in refused {
        assert_eq!(e.kind(), ErrorKind::Usage, "{e}");
    }
    assert!(root.names().unwrap().is_empty());
}
