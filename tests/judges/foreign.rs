//! The foreign libraries: a child process for each, asked by lines of JSON.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use h5::ops::check::check;
use h5::ops::digest::{Options, digest_path};
use h5::{External, OpenOptions};
use serde_json::Value as Json;

#[allow(dead_code)]
#[path = "../read/python.rs"]
mod python;

mod support {
    /// The folder of the repository.
    pub(super) fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }
    use super::Path;
}

/// An empty folder of this test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The answers of a foreign library (`h5py` or `tables`) to these commands; none where tests with Python are off.
pub(crate) fn ask(library: &str, commands: &[Json]) -> Option<Vec<Json>> {
    let python = python::python()?;
    let mut child = Command::new(python)
        .arg(support::root().join("tests/judges/judge.py"))
        .arg(library)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: String = commands.iter().map(|c| format!("{c}\n")).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Json> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), commands.len(), "an answer for each command");
    Some(answers)
}

/// What h5dump says against a file; none where it dumps it, or is not installed.
pub(crate) fn dump_refuses(path: &Path) -> Option<String> {
    // Names of other files are looked for in the working directory.
    let mut command = Command::new("h5dump");
    let output = command.arg(path).current_dir(path.parent().unwrap()).output().ok()?;
    let wrong = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success() || !wrong.is_empty()).then(|| {
        let all = String::from_utf8_lossy(&output.stdout).into_owned();
        let last: Vec<&str> = all.lines().rev().take(6).collect();
        format!("{}: {:?} {wrong} after {last:?}", path.display(), output.status.code())
    })
}

/// Lists where `found` differs from `expected`.
pub(crate) fn compare(at: &str, expected: &Json, found: &Json, out: &mut Vec<String>) {
    match (expected, found) {
        (Json::Object(e), Json::Object(f)) => {
            let keys = e.keys().chain(f.keys().filter(|k| !e.contains_key(*k)));
            // The first bytes of the values are only for people.
            for key in keys.filter(|k| *k != "head") {
                let null = Json::Null;
                let (e, f) = (e.get(key).unwrap_or(&null), f.get(key).unwrap_or(&null));
                compare(&format!("{at}.{key}"), e, f, out);
            }
        }
        (Json::Array(e), Json::Array(f)) if e.len() == f.len() => {
            for (i, (e, f)) in e.iter().zip(f).enumerate() {
                compare(&format!("{at}[{i}]"), e, f, out);
            }
        }
        _ if !same(expected, found) => {
            let short = |v: &Json| v.to_string().chars().take(200).collect::<String>();
            out.push(format!("{at}: {}, expected {}", short(found), short(expected)));
        }
        _ => {}
    }
}

fn same(a: &Json, b: &Json) -> bool {
    // PyTables knows booleans of enumerations as numbers.
    let number = |v: &Json| v.as_f64().or(v.as_bool().map(f64::from));
    a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if a == b)
}

/// Compares the description of a file by libhdf5 with ours, and runs our check.
pub(crate) fn agrees(name: &str, path: &Path, answer: &Json, out: &mut Vec<String>) {
    if let Some(failed) = answer["failed"].as_str() {
        out.push(format!("{name}: {failed}"));
        return;
    }
    let theirs = &answer["described"];
    let ours = digest_path(path, &Options { full: true });
    let objects = |v: &Json| v["objects"].as_array().cloned().unwrap_or_default();
    if theirs.get("error").is_some() || ours.get("error").is_some() {
        out.push(format!("{name}: theirs {} ours {}", theirs["error"], ours["error"]));
        return;
    }
    let (theirs, ours) = (objects(theirs), objects(&ours));
    let paths = |all: &[Json]| all.iter().map(|o| o["path"].clone()).collect::<Vec<_>>();
    if paths(&theirs) != paths(&ours) {
        out.push(format!("{name}: objects {:?}, ours {:?}", paths(&theirs), paths(&ours)));
        return;
    }
    for (theirs, ours) in theirs.iter().zip(&ours) {
        compare(&format!("{name} (ours) {}", theirs["path"]), theirs, ours, out);
    }
    is_clean(name, path, out);
}

/// Runs our check of a file.
pub(crate) fn is_clean(name: &str, path: &Path, out: &mut Vec<String>) {
    let checked = || {
        let file = OpenOptions::new().external(External::Anywhere).open(path)?;
        check(&file, &Default::default(), &mut |_| {})
    };
    match checked() {
        Ok(report) if report.is_clean() => {}
        Ok(report) => out.push(format!("{name}: {:?}", report.problems)),
        Err(e) => out.push(format!("{name}: check: {e}")),
    }
}

/// Ends a test with what was wrong.
pub(crate) fn settle(wrong: &[String]) {
    let some: Vec<&String> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} things are wrong:\n{some:#?}", wrong.len());
}
