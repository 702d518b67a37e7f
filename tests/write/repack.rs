//! Copies of objects and files hold the same as what they were copied from.

use std::path::{Path, PathBuf};

use h5::ops::check::check;
use h5::ops::digest;
use h5::ops::repack::{Chunking, Damage, Filters, Options, Part, repack};
use h5::{Bound, CopyOptions, External, File, OpenOptions, References};

/// A folder with all files of the tests, so that names of other files lead to them.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("h5-repack-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir("tests/files").unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
    }
    folder
}

/// What is in a file, without the kinds of chunk indexes.
fn described(path: &Path, without: &[&str]) -> Vec<serde_json::Value> {
    let options = OpenOptions::new().external(External::SameFolder);
    let mut all = digest::digest(&options.open(path).unwrap(), &digest::Options { full: true });
    let mut objects = std::mem::take(all["objects"].as_array_mut().unwrap());
    // A reference to an object that is gone leads to nothing in a new file.
    objects.retain(|o| o["path"].as_str().is_none_or(|p| !p.ends_with("/dangling")));
    for object in &mut objects {
        let object = object.as_object_mut().unwrap();
        without.iter().for_each(|key| drop(object.remove(*key)));
        // Errors name addresses, which differ.
        object.entry("error").and_modify(|e| *e = true.into());
        if let Some(layout) = object.get_mut("layout").and_then(|l| l.as_object_mut()) {
            layout.remove("index");
        }
    }
    objects
}

fn same(a: &Path, b: &Path, without: &[&str]) {
    let (old, new) = (described(a, without), described(b, without));
    for (o, n) in old.iter().zip(&new) {
        assert_eq!(o, n, "{}", a.display());
    }
    assert_eq!(old.len(), new.len(), "{}", a.display());
    let report = check(&File::open(b).unwrap(), &Default::default(), &mut |_| {}).unwrap();
    assert!(report.is_clean(), "{}: {:?}", a.display(), report.problems);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<PathBuf> = all
        .filter(|p| p.extension().is_some_and(|e| e == "h5"))
        .filter(|p| !p.file_name().unwrap().to_string_lossy().starts_with("family"))
        .filter(|p| File::open(p).is_ok())
        .collect();
    all.sort();
    all
}

#[test]
fn all_test_files_survive() {
    let folder = folder("all");
    for path in files(&folder) {
        let out = folder.join("rewritten.out");
        let options = OpenOptions::new().external(External::SameFolder);
        let mut how = Options::default();
        how.replace = true;
        if let Err(e) = repack(&options.open(&path).unwrap(), &out, &how, &mut |_| {}) {
            panic!("{}: {e}", path.display());
        }
        same(&path, &out, &[]);
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn other_bounds_filters_and_chunks_hold_the_same_values() {
    let folder = folder("other");
    let input = folder.join("pymodaq_scan.h5");
    let file = File::open(&input).unwrap();
    let deflate = h5::filter::Stage { id: 1, name: None, optional: true, client_data: vec![1] };
    for bound in [Bound::Earliest, Bound::V18, Bound::V110, Bound::V200] {
        for filters in [Filters::Keep, Filters::Remove, Filters::New(vec![deflate.clone()])] {
            for chunking in [Chunking::Keep, Chunking::None, Chunking::Shape(vec![2, 3, 7, 5])] {
                let mut how = Options::default();
                (how.bound, how.replace) = (Some(bound), true);
                (how.filters, how.chunking) = (filters.clone(), chunking);
                let out = folder.join("rewritten.out");
                repack(&file, &out, &how, &mut |_| {}).unwrap();
                same(&input, &out, &["layout", "filters"]);
            }
        }
    }
    assert!(repack(&file, &input, &Options::default(), &mut |_| {}).is_err(), "what is there stays");
    drop(file);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn objects_are_copied_within_a_file_and_into_another() {
    let file = File::create_in_memory().unwrap();
    let root = file.root().unwrap();
    let run = root.create_group("run").unwrap();
    let names = run.new_dataset::<String>().shape([2]).create("names").unwrap();
    names.write_raw(&["a".to_string(), "grüße".to_string()]).unwrap();
    run.link_hard("names", "again").unwrap();
    run.link_soft("names", "soft").unwrap();
    run.set_attribute_str("title", "one").unwrap();
    let node = root.get("run").unwrap().unwrap();
    root.copy(&node, "copy").unwrap();
    root.delete("run").unwrap();
    let copied = file.dataset("copy/names").unwrap();
    assert_eq!(copied.read_raw::<String>().unwrap(), ["a", "grüße"]);
    assert_eq!(copied.address(), file.dataset("copy/again").unwrap().address());
    let other = File::create_in_memory().unwrap();
    let node = root.get("copy").unwrap().unwrap();
    let options = CopyOptions { follow_soft: true, references: References::Expand, ..CopyOptions::default() };
    other.root().unwrap().copy_with(&node, "deep/copy", &options).unwrap();
    let group = other.group("deep/copy").unwrap();
    assert_eq!(group.names().unwrap(), ["again", "names", "soft"]);
    assert_eq!(group.dataset("soft").unwrap().read_raw::<String>().unwrap()[1], "grüße");
    assert_eq!(group.attribute("title").unwrap().read_string().unwrap(), "one");
    other.commit().unwrap();
    let written = File::from_bytes(other.to_vec().unwrap()).unwrap();
    assert!(check(&written, &Default::default(), &mut |_| {}).unwrap().is_clean());
}

/// A damaged object becomes an empty group that says so; all else is there, and nothing is replaced by less.
#[test]
fn what_is_damaged_is_left_out_and_named() {
    let folder = std::env::temp_dir().join(format!("h5-repack-damaged-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (input, output) = (folder.join("in.h5"), folder.join("out.h5"));
    let file = OpenOptions::new().create(&input).unwrap();
    let root = file.root().unwrap();
    for name in ["bad", "good"] {
        root.new_dataset::<i32>().shape([3]).create(name).unwrap().write_raw(&[1, 2, 3]).unwrap();
    }
    let address = usize::try_from(file.dataset("bad").unwrap().address().raw()).unwrap();
    file.close().unwrap();
    let mut bytes = std::fs::read(&input).unwrap();
    bytes[address + 12] ^= 1;
    std::fs::write(&input, &bytes).unwrap();

    let file = File::open(&input).unwrap();
    assert!(repack(&file, &output, &Options::default(), &mut |_| {}).unwrap_err().is_damaged());
    assert!(!output.exists());
    let mut how = Options::default();
    how.damage = Damage::LeaveOut;
    let report = repack(&file, &output, &how, &mut |_| {}).unwrap();
    let [loss] = &report.losses[..] else { panic!("{:?}", report.losses) };
    assert_eq!((loss.path.as_str(), loss.part, loss.grave), ("/bad", Part::Object, false));
    let copy = File::open(&output).unwrap();
    assert!(copy.group("bad").unwrap().names().unwrap().is_empty());
    assert_eq!(copy.dataset("good").unwrap().read_raw::<i32>().unwrap(), [1, 2, 3]);
    assert!(check(&copy, &Default::default(), &mut |_| {}).unwrap().is_clean());
    how.replace = true;
    assert!(repack(&file, &input, &how, &mut |_| {}).unwrap_err().to_string().contains("not replaced"));
    assert_eq!(std::fs::read(&input).unwrap(), bytes);
    std::fs::remove_dir_all(&folder).unwrap();
}
