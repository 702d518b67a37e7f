//! Files with shared messages stay sound when objects and attributes come and go.

use std::process::Command;

use h5::ops::check::check;
use h5::{File, Node};

use super::python::python;

/// libhdf5 adds what is equal to what is or was there, deletes, and reads all.
const SCRIPT: &str = "
import h5py, sys, numpy
def read(f):
    def each(name, o):
        dict(o.attrs)
        if isinstance(o, h5py.Dataset): o[()]
    f.visititems(each); dict(f.attrs)
with h5py.File(sys.argv[1], 'r+', libver='latest') as f:
    read(f)
    for name in list(f):
        old = f.get(name)
        if isinstance(old, h5py.Dataset):
            new = f.create_dataset('new ' + name, data=old[()], dtype=old.dtype)
            for key, value in old.attrs.items(): new.attrs.create(key, value)
            del f[name]
            f['again ' + name] = new[()]
with h5py.File(sys.argv[1], 'r') as f: read(f)
";

fn assert_clean(path: &std::path::Path, when: &str) {
    let report = check(&File::open(path).unwrap(), &Default::default(), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{} {when}: {:?}", path.display(), report.problems);
}

#[test]
fn objects_come_and_go() {
    let folder = std::env::temp_dir().join(format!("h5-shared-messages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir("tests/files").unwrap() {
        let original = entry.unwrap().path();
        let name = original.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.starts_with("shared_") && name.ends_with(".h5")) {
            continue;
        }
        files += 1;
        for turn in 0..3 {
            let path = folder.join(format!("{turn}-{name}"));
            std::fs::copy(&original, &path).unwrap();
            let file = File::open_rw(&path).unwrap();
            let root = file.root().unwrap();
            for (i, member) in root.names().unwrap().iter().enumerate() {
                if (i + turn) % 3 == 0 {
                    root.delete(member).unwrap();
                    continue;
                }
                let Some(Node::Dataset(d)) = root.get(member).unwrap() else { continue };
                for (k, a) in d.attributes().unwrap().iter().enumerate() {
                    if (k + turn) % 2 == 0 {
                        d.delete_attribute(&a.name()).unwrap();
                    } else {
                        d.set_attribute(&a.name(), &7i32).unwrap();
                    }
                }
                (0..12).for_each(|k| d.set_attribute(&format!("new {k}"), &vec![k; 9]).unwrap());
                let shape = d.shape().unwrap();
                if d.max_shape().first() == Some(&None) {
                    d.resize([&[shape[0] + 1], &shape[1..]].concat()).unwrap();
                }
            }
            file.close().unwrap();
            assert_clean(&path, "after us");
            let Some(python) = python() else { continue };
            let output = Command::new(python).args(["-c", SCRIPT]).arg(&path).output().unwrap();
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            assert_clean(&path, "after libhdf5");
        }
    }
    assert!(files > 0);
    std::fs::remove_dir_all(&folder).unwrap();
}
