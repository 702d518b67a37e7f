//! The same bytes give the same file, wherever they come from.

use std::sync::{Arc, Mutex};

use h5::ops::digest::{Options, digest};
use h5::source::ReadAt;
use h5::source::file::DiskFile;
use h5::source::memory::Memory;
use h5::source::pages::{PAGE_BYTES, Sparse};
use h5::{External, File, OpenOptions, Selection};
use serde_json::Value;

use super::support::{Counting, bytes, fixture, walk};

/// What the file is without its name, which only a path tells.
fn described(file: &File) -> Value {
    let mut all = digest(file, &Options::default());
    all.as_object_mut().expect("a description is an object").remove("file");
    all
}

/// The fixtures of one file each that lead to no other.
fn alone() -> Vec<String> {
    let entries = std::fs::read_dir(fixture("")).expect("the folder of fixtures can be listed");
    let names =
        entries.map(|e| e.expect("a fixture can be listed").file_name().to_string_lossy().into_owned());
    let apart = ["links_", "external_", "virtual_", "references_new", "family_", "split_"];
    let mut names: Vec<String> =
        names.filter(|n| n.ends_with(".h5") && !apart.iter().any(|a| n.starts_with(a))).collect();
    names.sort();
    assert!(names.len() > 70, "the fixtures are found");
    names
}

#[test]
fn every_source_gives_the_same_file() {
    let options = OpenOptions::new().external(External::Nothing);
    for name in alone() {
        let expected = described(&options.from_bytes(bytes(&name)).expect("it opens from memory"));
        let path = fixture(&name);
        let disk = DiskFile::open(&path).expect("it opens");
        let opened = [
            ("path", options.open(&path)),
            #[cfg(feature = "mmap")]
            ("map", options.open_mmap(&path)),
            ("reader", options.from_reader(std::fs::File::open(&path).expect("it opens"))),
            ("cursor", options.from_reader(std::io::Cursor::new(bytes(&name)))),
            ("disk", options.from_source(Arc::new(Counting::new(disk)))),
            ("user", options.from_source(Arc::new(Scrambled::new(&bytes(&name))))),
        ];
        for (source, file) in opened {
            let file = file.unwrap_or_else(|e| panic!("{name} by {source}: {e}"));
            assert!(described(&file) == expected, "{name} by {source} differs from memory");
        }
    }
}

/// A source of a user's own: bytes that are not stored as they are.
struct Scrambled(Vec<u8>);

impl Scrambled {
    fn new(bytes: &[u8]) -> Self {
        Scrambled(bytes.iter().map(|b| b ^ 0x55).collect())
    }
}

impl ReadAt for Scrambled {
    fn len(&self) -> h5::Result<u64> {
        Ok(self.0.len() as u64)
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> h5::Result<()> {
        let part = self.0.get(offset as usize..).and_then(|b| b.get(..buf.len()));
        let part = part.ok_or_else(|| h5::Error::damaged("beyond the end"))?;
        buf.iter_mut().zip(part).for_each(|(to, from)| *to = from ^ 0x55);
        Ok(())
    }
}

/// Pages on demand that remember what was asked for in vain.
struct Remote {
    pages: Sparse,
    asked: Mutex<Vec<std::ops::Range<u64>>>,
}

impl Remote {
    fn new(len: u64) -> Arc<Self> {
        Arc::new(Remote { pages: Sparse::new(len), asked: Mutex::default() })
    }
    /// Provides the pages that were asked for since; whether there were any.
    fn fetch(&self, bytes: &[u8]) -> bool {
        let asked = std::mem::take(&mut *self.asked.lock().expect("no reader panics"));
        self.provide(bytes, &asked);
        !asked.is_empty()
    }
    fn provide(&self, bytes: &[u8], ranges: &[std::ops::Range<u64>]) {
        for r in ranges {
            assert_eq!(r.start % PAGE_BYTES, 0, "a range starts at a page");
            self.pages.provide(r.start, &bytes[r.start as usize..r.end as usize]);
        }
    }
}

impl ReadAt for Remote {
    fn len(&self) -> h5::Result<u64> {
        self.pages.len()
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> h5::Result<()> {
        let read = self.pages.read_at(offset, buf);
        if let Err(e) = &read {
            assert!(e.is_missing() && !e.missing().is_empty(), "{e:?}");
            self.asked.lock().expect("no reader panics").extend_from_slice(e.missing());
        }
        read
    }
}

/// Opens a file of which no page is there, page by page; gives it and the number of fetches.
fn open_remote(name: &str, bytes: &[u8], remote: &Arc<Remote>) -> (File, usize) {
    let options = OpenOptions::new().external(External::Nothing).parallel(false);
    for fetches in 0.. {
        match options.from_source(remote.clone()) {
            Ok(file) => return (file, fetches),
            Err(e) => {
                assert!(e.is_missing(), "{name}: {e:?}");
                remote.provide(bytes, e.missing());
                remote.fetch(bytes);
            }
        }
        assert!(fetches < 1000, "{name}: no end of fetches");
    }
    unreachable!()
}

#[test]
fn a_file_of_missing_pages_is_read_as_they_come() {
    let options = OpenOptions::new().external(External::Nothing).parallel(false);
    // Each page costs a description of the whole file: small files show as much as large ones.
    for name in alone() {
        let bytes = bytes(&name);
        if bytes.len() > 40_000 {
            continue;
        }
        let expected = described(&options.from_bytes(bytes.clone()).expect("it opens from memory"));
        let remote = Remote::new(bytes.len() as u64);
        let (file, _) = open_remote(&name, &bytes, &remote);
        // One open file all along: nothing that it keeps may come from a call that failed.
        let limit = bytes.len() / PAGE_BYTES as usize + 2;
        for round in 0.. {
            let found = described(&file);
            if !remote.fetch(&bytes) {
                assert!(found == expected, "{name} differs from memory: {}", difference(&expected, &found));
                break;
            }
            assert!(round <= limit, "{name}: no end of fetches");
        }
    }
}

/// The first place where two descriptions differ.
fn difference(expected: &Value, found: &Value) -> String {
    match (expected, found) {
        (Value::Object(e), Value::Object(f)) => {
            let key = f.keys().chain(e.keys()).find(|k| e.get(*k) != f.get(*k)).cloned().unwrap_or_default();
            format!("{key}: {}", difference(&e[&key], f.get(&key).unwrap_or(&Value::Null)))
        }
        (Value::Array(e), Value::Array(f)) if e.len() == f.len() => {
            let (e, f) = e.iter().zip(f).find(|(e, f)| e != f).expect("they differ");
            format!("{}{} {}", e["path"], e["name"], difference(e, f))
        }
        _ => format!("{found:.300}, expected {expected:.300}"),
    }
}

#[test]
fn missing_pages_are_told_by_the_error_of_every_call() {
    for name in [
        "groups_latest.h5",
        "attributes_earliest.h5",
        "chunks_latest.h5",
        "strings_latest.h5",
        "fills_latest.h5",
    ] {
        let bytes = bytes(name);
        let whole = walk(&File::from_bytes(bytes.clone()).expect("it opens from memory"));
        assert!(whole.errors.is_empty(), "{name}: {:?}", whole.errors);
        let remote = Remote::new(bytes.len() as u64);
        let (file, _) = open_remote(name, &bytes, &remote);
        loop {
            let walked = walk(&file);
            for e in &walked.errors {
                assert!(e.is_missing() && !e.missing().is_empty(), "{name}: {e:?}");
                remote.provide(&bytes, e.missing());
            }
            if walked.errors.is_empty() {
                assert_eq!(walked.objects, whole.objects, "{name}");
                assert_eq!((walked.links, walked.attributes), (whole.links, whole.attributes), "{name}");
                break;
            }
        }
    }
}

#[test]
fn opening_a_remote_file_takes_few_fetches() {
    for name in ["groups_latest.h5", "attributes_latest.h5", "pymodaq_scan.h5", "chunks_deep_latest.h5"] {
        let bytes = bytes(name);
        let remote = Remote::new(bytes.len() as u64);
        let (_, fetches) = open_remote(name, &bytes, &remote);
        assert!(fetches <= 3, "{name}: {fetches} fetches");
    }
}

#[test]
fn nothing_is_read_twice() {
    let source = Arc::new(Counting::new(DiskFile::open(&fixture("chunks_latest.h5")).expect("it opens")));
    let file = OpenOptions::new().parallel(false).from_source(source.clone()).expect("it opens");
    let opened = source.count();
    assert!(opened.blocks <= 2 && opened.calls <= 4, "to open it: {opened:?}");
    let read =
        |path: &str| file.dataset(path).and_then(|d| d.read_stored(&Selection::All)).expect("it reads");
    let first = read("/btree2 filtered");
    let once = source.count();
    assert!(once.bytes < 64 << 10, "{once:?}");
    assert_eq!(read("/btree2 filtered"), first);
    assert_eq!(source.count(), once, "a second reading comes from the caches");
    file.refresh().unwrap();
    assert_eq!(read("/btree2 filtered"), first);
    assert!(source.count().calls > once.calls, "after a refresh the file is read again");
}

#[test]
fn a_source_that_fails_is_told() {
    struct Failing(Memory<Vec<u8>>);
    impl ReadAt for Failing {
        fn len(&self) -> h5::Result<u64> {
            self.0.len()
        }
        fn read_at(&self, offset: u64, buf: &mut [u8]) -> h5::Result<()> {
            if offset >= 4096 {
                return Err(std::io::Error::other("the cable is cut").into());
            }
            self.0.read_at(offset, buf)
        }
    }
    let source = Arc::new(Failing(Memory(bytes("groups_latest.h5"))));
    let file = OpenOptions::new().from_source(source).expect("what opens it is there");
    let walked = walk(&file);
    assert!(!walked.errors.is_empty());
    for e in walked.errors {
        assert!(e.is_io() && e.to_string().contains("the cable is cut"), "{e:?}");
        assert!(std::error::Error::source(&e).is_some());
    }
}
