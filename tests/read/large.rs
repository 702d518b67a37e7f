//! Files larger than anything that is kept in the repository, made when the tests run first.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use h5::format::message::link::Target;
use h5::format::selection::Span;
use h5::source::file::DiskFile;
use h5::{Dataset, File, OpenOptions, Selection};
use serde_json::Value;

use super::memory::taken;
use super::python::{once, python, run, stamp, target};
use super::support::{Counting, Random, root};
use super::threads::slabs_agree;

/// The files of one maker of a script, with what a reader has to find; none where Python is turned off.
fn made(script: &str, maker: &str) -> Option<Vec<(PathBuf, Vec<Value>)>> {
    // The scripts find h5py's libhdf5 in /proc.
    if !cfg!(target_os = "linux") {
        return None;
    }
    let python = python()?;
    let folder = target().join("test-data/large").join(maker);
    let files = root().join("tests/files");
    let script = files.join(script);
    let sources = [script.clone(), files.join("lib5.py"), root().join("tests/python/requirements.txt")];
    once(&folder, &stamp(&sources), || {
        std::fs::create_dir_all(&folder).expect("target can be written");
        run(python, [script.as_os_str(), folder.as_os_str(), maker.as_ref()]);
    });
    let entries = std::fs::read_dir(&folder).expect("the folder can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("a file can be listed").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "h5"));
    paths.sort();
    let facts = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(format!("{}.json", path.display())).expect("facts of the file");
        let facts: Value = serde_json::from_str(&text).expect("facts are JSON");
        (path, facts["objects"].as_array().expect("facts of objects").clone())
    });
    Some(facts.collect())
}

fn text(v: &Value) -> &str {
    v.as_str().expect("a text")
}

fn numbers(v: &Value) -> Vec<u64> {
    v.as_array().expect("a list").iter().map(|n| n.as_u64().expect("a number")).collect()
}

fn pairs(v: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    v.as_array().expect("a list").iter().map(|p| (&p[0], &p[1]))
}

/// The element at a place, of one byte.
fn element(d: &Dataset, at: &[u64]) -> u64 {
    let one = Selection::Slab(at.iter().map(|c| Span::range(*c, 1)).collect());
    let read = d.read_stored(&one).unwrap_or_else(|e| panic!("{at:?}: {e}"));
    assert_eq!(read.len(), 1);
    u64::from(read[0])
}

/// Checks the facts that are told of datasets.
fn check_dataset(file: &File, facts: &Value) -> Dataset {
    let path = text(&facts["path"]);
    let d = file.dataset(path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(d.shape().expect("a shape"), numbers(&facts["dims"]), "{path}");
    for (at, value) in pairs(&facts["values"]) {
        assert_eq!(element(&d, &numbers(at)), value.as_u64().expect("a number"), "{path} at {at}");
    }
    if let Some(written) = facts["written"].as_u64() {
        let started = Instant::now();
        let chunks = d.chunks().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(chunks.len() as u64, written, "{path}: chunks");
        assert!(started.elapsed() < Duration::from_secs(5), "{path}: {:?} to list chunks", started.elapsed());
    }
    d
}

#[test]
fn datasets_of_two_to_the_41_elements() {
    for (path, objects) in made("make_large.py", "sparse").unwrap_or_default() {
        let file = OpenOptions::new().parallel(false).open(&path).expect("it opens");
        assert!(objects.len() >= 5);
        for facts in &objects {
            let (d, t) = taken(|| check_dataset(&file, facts));
            // The chunks have 16 MiB each; the file keeps 64 MiB of them.
            assert!(t.most < 200 << 20, "{}: {t:?}", facts["path"]);
            let e = d.read_stored(&Selection::All).expect_err("2 TiB");
            assert!(e.to_string().contains(text(&facts["path"])) || !e.what().is_empty(), "{e:?}");
        }
    }
}

#[test]
fn a_chunk_tree_of_depth_3() {
    for (path, objects) in made("make_large.py", "btree2").unwrap_or_default() {
        let file = File::open(&path).expect("it opens");
        for facts in &objects {
            let d = check_dataset(&file, facts);
            let side = numbers(&facts["dims"])[0];
            let mut random = Random(7);
            for _ in 0..300 {
                let (i, j) = (random.below(side), random.below(side));
                assert_eq!(element(&d, &[i, j]), (i * side + j) % 251, "at {i}, {j}");
            }
            let all = d.read_stored(&Selection::All).expect("it reads");
            assert!(all.iter().zip(0u64..).all(|(b, n)| u64::from(*b) == n % 251));
        }
    }
}

#[test]
fn seventy_thousand_attributes() {
    for (path, objects) in made("make_large.py", "attributes").unwrap_or_default() {
        for facts in &objects {
            // Opened anew: nothing is in the caches.
            let source = Arc::new(Counting::new(DiskFile::open(&path).expect("it opens")));
            let file = OpenOptions::new().from_source(source.clone()).expect("it opens");
            let group = file.group(text(&facts["path"])).expect("it is there");
            let count = usize::try_from(facts["attributes"].as_u64().expect("a number")).expect("small");
            let value = |name: &str| {
                let parts = group.attribute(name).and_then(|a| a.parts()).unwrap_or_else(|e| panic!("{e}"));
                i64::from(i32::from_le_bytes(parts.data.try_into().expect("4 bytes")))
            };
            for (name, expected) in pairs(&facts["attribute_values"]) {
                let before = source.count();
                assert_eq!(Some(value(text(name))), expected.as_i64(), "{name}");
                let blocks = source.count().blocks - before.blocks;
                assert!(blocks <= 24, "{name}: {blocks} blocks of 4 KiB to find one of {count}");
            }
            assert!(group.attribute("attribute x").is_err_and(|e| e.is_not_found()));
            let started = Instant::now();
            let all = group.attributes().expect("they can be listed");
            assert_eq!(all.len(), count);
            assert!(all.windows(2).all(|w| w[0].name_bytes() < w[1].name_bytes()), "they are sorted");
            assert!(started.elapsed() < Duration::from_secs(10), "{:?} to list {count}", started.elapsed());
        }
    }
}

#[test]
fn a_hundred_thousand_links() {
    for (path, objects) in made("make_large.py", "links").unwrap_or_default() {
        for facts in &objects {
            let source = Arc::new(Counting::new(DiskFile::open(&path).expect("it opens")));
            let file = OpenOptions::new().from_source(source.clone()).expect("it opens");
            let group = file.group(text(&facts["path"])).expect("it is there");
            let before = source.count();
            let hard = group.dataset("hard 050000").expect("a hard link leads to the dataset");
            assert_eq!(element(&hard, &[]), 5);
            let read = source.count();
            // The names of a symbol table lie in one heap, which is read as a whole.
            if path.to_string_lossy().contains("latest") {
                assert!(read.blocks - before.blocks <= 24, "{read:?} to find one link, before {before:?}");
            }
            assert!(!group.contains("link x").expect("it can be looked for"));
            let started = Instant::now();
            let links = group.links().expect("they can be listed");
            assert_eq!(links.len() as u64, facts["links"].as_u64().expect("a number"));
            assert!(started.elapsed() < Duration::from_secs(10), "{:?} to list them", started.elapsed());
            for (name, target) in pairs(&facts["link_targets"]) {
                let at = links.binary_search_by(|l| l.name.as_slice().cmp(text(name).as_bytes()));
                let link = &links[at.unwrap_or_else(|_| panic!("{name} is listed"))];
                assert_eq!(link.target, Target::Soft(text(target).as_bytes().to_vec()), "{name}");
            }
            let (started, before) = (Instant::now(), source.count());
            let mut random = Random(3);
            for _ in 0..2000 {
                let name = format!("link {:06}", random.below(100_000));
                let found = group.get(&name).expect("it can be followed");
                assert!(found.is_none(), "{name} dangles");
            }
            assert!(started.elapsed() < Duration::from_secs(5), "{:?} for 2000 lookups", started.elapsed());
            let bytes = source.count().bytes - before.bytes;
            assert!(bytes < 64 << 20, "{bytes} bytes are read for 2000 lookups: what they share is not kept");
        }
    }
}

#[test]
fn one_value_of_a_gigabyte_costs_few_pages() {
    for (path, objects) in made("make_large.py", "objects").unwrap_or_default() {
        let read = |facts: &Value| {
            let source = Arc::new(Counting::new(DiskFile::open(&path).expect("it opens")));
            let ((), t) = taken(|| {
                let file = OpenOptions::new().parallel(false).from_source(source.clone()).expect("it opens");
                check_dataset(&file, facts);
            });
            (source.count(), t)
        };
        for facts in objects.iter().filter(|o| o.get("values").is_some()) {
            let (count, t) = read(facts);
            assert!(count.bytes <= 64 << 10, "{}: {count:?}", facts["path"]);
            assert!(t.most < 1 << 20, "{}: {t:?}", facts["path"]);
        }
        // The listing of the root is a small part of the file.
        let source = Arc::new(Counting::new(DiskFile::open(&path).expect("it opens")));
        let file = OpenOptions::new().from_source(source.clone()).expect("it opens");
        let links = file.root().and_then(|r| r.len()).expect("it can be listed");
        assert_eq!(Some(links as u64), objects[0]["links"].as_u64());
        assert!(source.count().bytes <= 1 << 20, "{:?} to list the root", source.count());
    }
}

#[test]
fn walking_twenty_thousand_objects_keeps_memory_constant() {
    for (path, objects) in made("make_large.py", "objects").unwrap_or_default() {
        let (count, t) = taken(|| {
            let file = OpenOptions::new().parallel(false).open(&path).expect("it opens");
            let mut count = 0u64;
            let visited = file.visit(&mut |v| v.node.map(|_| count += 1));
            visited.expect("every object opens");
            count
        });
        // All below the root, and the root.
        assert_eq!(Some(count - 1), objects[0]["objects_below"].as_u64());
        assert!(t.most < 64 << 20, "{t:?}");
    }
}

#[test]
fn threads_read_the_same_of_a_large_dataset() {
    for (path, _) in made("make_threads.py", "threads").unwrap_or_default() {
        let (many, bare) = (File::open(&path), OpenOptions::new().parallel(false).chunk_cache(0).open(&path));
        let (many, bare) = (many.expect("it opens"), bare.expect("it opens"));
        for name in ["/deflate", "/plain", "/shuffle"] {
            slabs_agree(
                &many.dataset(name).expect("it is there"),
                &bare.dataset(name).expect("it is there"),
                12,
            );
        }
    }
}
