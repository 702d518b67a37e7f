//! Every fixture reads as libhdf5 reads it.

use std::collections::BTreeMap;
use std::path::Path;

use h5::ops::digest::{Options, digest_path};
use serde_json::Value;

use super::support::{fixture, root};

/// Datasets that this crate refuses to read, by name: file, path, and why.
const REFUSED: [(&str, &str, &str); 3] = [
    ("filters_rare_latest.h5", "/fcidecomp", "filter 32018: JPEG-LS is not built in"),
    ("filters_rare_latest.h5", "/sperr", "filter 32028: SPERR is not built in"),
    ("filters_rare_latest.h5", "/sz3 absolute", "filter 32024: SZ3 is not built in"),
];

/// Keys that say how a description came to be, not what is in the file.
const UNJUDGED: [&str; 4] = ["file", "format", "features", "head"];

fn is_judged(key: &str) -> bool {
    !UNJUDGED.contains(&key)
}

/// The descriptions by the name that opens the file.
fn expectations() -> BTreeMap<String, Value> {
    let folder = root().join("tests/files/expected");
    let entries = std::fs::read_dir(&folder).expect("the folder of expectations can be listed");
    let named = entries.map(|entry| {
        let path = entry.expect("an expectation can be listed").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("an expectation can be read");
        let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        (name.trim_end_matches(".json").to_string(), value)
    });
    named.collect()
}

/// Lists where `found` differs from `expected`.
fn compare(at: &str, expected: &Value, found: &Value, out: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(e), Value::Object(f)) => {
            let keys = e.keys().chain(f.keys().filter(|k| !e.contains_key(*k)));
            for key in keys.filter(|k| is_judged(k)) {
                match (e.get(key), f.get(key)) {
                    (Some(e), Some(f)) => compare(&format!("{at}.{key}"), e, f, out),
                    (Some(e), None) => out.push(format!("{at}: no {key}, expected {}", short(e))),
                    (None, f) => {
                        out.push(format!("{at}: unexpected {key}: {}", short(f.unwrap_or(&Value::Null))))
                    }
                }
            }
        }
        (Value::Array(e), Value::Array(f)) => {
            let name = |v: &Value| v.get("name").or(v.get("path")).map_or(String::new(), Value::to_string);
            if e.iter().map(name).ne(f.iter().map(name)) {
                let lists = [e, f].map(|list| list.iter().map(name).collect::<Vec<_>>().join(" "));
                out.push(format!(
                    "{at}: {} things, expected {}:\n    {}\n    {}",
                    f.len(),
                    e.len(),
                    lists[1],
                    lists[0]
                ));
                return;
            }
            for (i, (e, f)) in e.iter().zip(f).enumerate() {
                compare(&format!("{at}[{i} {}]", name(e)), e, f, out);
            }
        }
        _ if expected != found => out.push(format!("{at}: {}, expected {}", short(found), short(expected))),
        _ => {}
    }
}

fn short(v: &Value) -> String {
    v.to_string().chars().take(300).collect()
}

/// An object that libhdf5 could not read has to be listed, no more.
fn compare_object(at: &str, expected: &Value, found: &Value, out: &mut Vec<String>) {
    if expected.get("error").is_some() {
        for key in ["path", "kind"] {
            compare(&format!("{at}.{key}"), &expected[key], &found[key], out);
        }
    } else {
        compare(at, expected, found, out);
    }
}

/// The differences of one file.
fn judge(name: &str, expected: &Value, found: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let list = |v: &Value| v.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
    if expected.get("error").is_some() {
        return out;
    }
    if let Some(e) = found.get("error") {
        return vec![format!("{name}: {}", short(e))];
    }
    let (expected, found) = (list(expected), list(found));
    let paths = |objects: &[Value]| objects.iter().map(|o| o["path"].to_string()).collect::<Vec<_>>();
    let (wanted, got) = (paths(&expected), paths(&found));
    out.extend(wanted.iter().filter(|p| !got.contains(p)).map(|p| format!("{name}: {p} is missing")));
    out.extend(got.iter().filter(|p| !wanted.contains(p)).map(|p| format!("{name}: {p} is not in the file")));
    if !out.is_empty() {
        return out;
    }
    if wanted != got {
        out.push(format!("{name}: objects come as {got:?}, expected {wanted:?}"));
        return out;
    }
    for (e, f) in expected.iter().zip(&found) {
        let path = e["path"].as_str().unwrap_or("?");
        let refused = REFUSED.iter().find(|(file, p, _)| *file == name && *p == path);
        let told = f.get("error").and_then(Value::as_str);
        match (refused, told) {
            (Some((_, _, why)), Some(told)) if told.contains("unsupported") => {
                let mut rest = e.clone();
                if let Some(o) = rest.as_object_mut() {
                    o.remove("digest");
                    o.insert("error".into(), Value::from(told));
                }
                assert!(!why.is_empty(), "{name} {path}: an exception has a reason");
                compare(&format!("{name} {path}"), &rest, f, &mut out);
            }
            (Some(_), _) => {
                out.push(format!("{name} {path}: no longer refused; take it off the list of exceptions"))
            }
            (None, _) => compare_object(&format!("{name} {path}"), e, f, &mut out),
        }
    }
    out
}

/// Judges the files whose name starts with one of these words.
fn judge_all(belongs: impl Fn(&str) -> bool) {
    let mut files = 0;
    let mut differences = Vec::new();
    for (name, expected) in expectations().iter().filter(|(name, _)| belongs(name)) {
        files += 1;
        differences.extend(judge(name, expected, &digest_path(&fixture(name), &Options::default())));
    }
    assert!(files > 0, "there are expectations");
    assert!(
        differences.is_empty(),
        "{} differences in {files} files:\n{}\n",
        differences.len(),
        differences.join("\n")
    );
}

/// The first words of the names of the files of each theme; what has none here is read by the last test.
const STRUCTURES: [&str; 4] = ["groups", "links", "attributes", "shared"];
const TYPES: [&str; 12] = [
    "integers",
    "floats",
    "strings",
    "bitfield",
    "enums",
    "compounds",
    "arrays",
    "vlens",
    "references",
    "complex",
    "committed",
    "times",
];
const DATA: [&str; 6] = ["layouts", "fills", "spaces", "chunks", "external", "virtual"];
const FILTERS: [&str; 3] = ["filters", "szip", "nbit"];

fn is_of(theme: &[&str], name: &str) -> bool {
    let word = name.split(['_', '.']).next().unwrap_or_default();
    theme.contains(&word)
}

#[test]
fn groups_links_and_attributes_are_as_libhdf5_reads_them() {
    judge_all(|name| is_of(&STRUCTURES, name));
}

#[test]
fn types_are_as_libhdf5_reads_them() {
    judge_all(|name| is_of(&TYPES, name));
}

#[test]
fn layouts_are_as_libhdf5_reads_them() {
    judge_all(|name| is_of(&DATA, name));
}

#[test]
fn filters_are_as_libhdf5_reads_them() {
    judge_all(|name| is_of(&FILTERS, name));
}

#[test]
fn other_files_are_as_libhdf5_reads_them() {
    judge_all(|name| ![&STRUCTURES[..], &TYPES, &DATA, &FILTERS].iter().any(|theme| is_of(theme, name)));
}

#[test]
fn every_fixture_has_an_expectation() {
    let known = expectations();
    let entries = std::fs::read_dir(fixture("")).expect("the folder of fixtures can be listed");
    for entry in entries {
        let name = entry.expect("a fixture can be listed").file_name().to_string_lossy().into_owned();
        let part = name.starts_with("family_") || name.ends_with("-r.h5");
        if Path::new(&name).extension().is_some_and(|e| e == "h5") && !part {
            assert!(known.contains_key(&name), "{name} has no expectation");
        }
    }
    for (file, path, _) in REFUSED {
        let objects = &known.get(file).unwrap_or_else(|| panic!("{file} is no fixture"))["objects"];
        let there = objects.as_array().is_some_and(|list| list.iter().any(|o| o["path"] == path));
        assert!(there, "{file} has no {path}");
    }
}

#[test]
fn differences_are_told() {
    let parse = |text| serde_json::from_str::<Value>(text).expect("the text is JSON");
    let object = parse(r#"{"objects": [{"path": "/", "kind": "dataset", "digest": "1", "head": "2"}]}"#);
    let told = |text| judge("x", &object, &parse(text)).join("\n");
    assert_eq!(
        told(r#"{"file": "y", "objects": [{"path": "/", "kind": "dataset", "digest": "1", "head": "3"}]}"#),
        ""
    );
    assert!(told(r#"{"objects": [{"path": "/", "kind": "dataset", "digest": "2"}]}"#).contains("digest"));
    assert!(told(r#"{"objects": [{"path": "/", "kind": "dataset"}]}"#).contains("no digest"));
    assert!(
        told(r#"{"objects": [{"path": "/", "kind": "dataset", "digest": "1", "more": 1}]}"#).contains("more")
    );
    assert!(told(r#"{"objects": []}"#).contains("missing"));
    assert!(told(r#"{"error": "no"}"#).contains("no"));
}

#[test]
fn a_file_left_open_by_its_writer_has_what_was_flushed() {
    let file = h5::File::open(fixture("swmr_unclosed_latest.h5")).expect("it opens");
    assert!(file.is_marked_open());
    let rows = file.dataset("/rows").expect("the dataset is there");
    assert_eq!(rows.shape().expect("it has a shape"), [21, 5]);
    rows.read_stored(&h5::Selection::All).expect("the rows can be read");
}
