//! The tool as its users meet it: output, exit status, closed pipes.

use std::io::Read;
use std::process::{Command, Output, Stdio};

fn file(name: &str) -> String {
    format!("{}/../tests/files/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn h5(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_h5")).args(args).output().expect("the tool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is UTF-8")
}

#[test]
fn a_scan_of_pymodaq_is_listed() {
    let out = h5(&["tree", &file("pymodaq_scan.h5")]);
    let listed = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(listed.contains("Data00  5 × 4 × 24 × 32 (up to 10 × 4 × 24 × 32)  uint16"), "{listed}");
    assert!(listed.ends_with("12 groups, 13 datasets\n"), "{listed}");
    assert!(!listed.contains('\u{1b}'), "no colours where the output is no terminal");
}

#[test]
fn attributes_depth_and_a_start_are_respected() {
    let out = text(&h5(&["tree", &file("pymodaq_scan.h5"), "/RawData", "--attrs", "--depth", "1"]).stdout);
    assert!(out.contains("@TITLE = 'Data from PyMoDAQ modules'"), "{out}");
    assert!(out.contains("Scan000") && !out.contains("Detector000"), "{out}");
}

#[test]
fn every_line_of_json_is_an_object() {
    let out = text(&h5(&["tree", &file("links_latest.h5"), "--json"]).stdout);
    let kinds: Vec<String> = out
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            value["kind"].as_str().expect("a kind").to_string()
        })
        .collect();
    for kind in ["group", "dataset", "soft link", "external link", "user link", "hard link"] {
        assert!(kinds.iter().any(|k| k == kind), "no {kind} among {kinds:?}");
    }
}

#[test]
fn one_object_is_shown_with_a_slice_of_its_values() {
    let path = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    let out = h5(&["show", &file("pymodaq_scan.h5"), &format!("{path}[0, 0, :2, ::16]")]);
    let shown = text(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    for part in ["uint16", "5 × 4 × 24 × 32", "extensible_array", "attributes", "[["] {
        let index_or = shown.contains(part) || part == "extensible_array" && shown.contains("btree1");
        assert!(index_or, "no {part} in {shown}");
    }
    let plotted = text(&h5(&["show", &file("pymodaq_scan.h5"), &format!("{path}[0, 0]"), "--plot"]).stdout);
    assert!(plotted.contains('█'), "{plotted}");
}

#[test]
fn a_digest_is_one_line_of_json() {
    let out = h5(&["digest", &file("groups_latest.h5")]);
    let described = text(&out.stdout);
    assert_eq!(described.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&described).expect("JSON");
    assert!(value["objects"].as_array().is_some_and(|o| o.len() > 10));
}

#[test]
fn wrong_use_and_missing_files_end_with_2() {
    for args in [
        &["tree", "no such file.h5"][..],
        &["show", &file("groups_latest.h5"), "/no such object"],
        &["frobnicate"],
    ] {
        let out = h5(args);
        assert_eq!(out.status.code(), Some(2), "{args:?}");
        assert!(!out.stderr.is_empty(), "{args:?}");
    }
    let out = h5(&["tree", &file("README.md")]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("superblock"), "{}", text(&out.stderr));
}

#[test]
fn a_truncated_file_is_listed_as_far_as_it_goes_and_ends_with_1() {
    let whole = std::fs::read(file("integers_earliest.h5")).expect("the fixture");
    let folder = std::env::temp_dir().join(format!("h5-cli-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let cut = folder.join("cut.h5");
    std::fs::write(&cut, &whole[..whole.len() - whole.len() / 4]).expect("the cut file");
    let out = h5(&["tree", &cut.display().to_string()]);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    assert_eq!(out.status.code(), Some(1), "{}", text(&out.stderr));
    assert!(text(&out.stderr).contains("truncated"), "{}", text(&out.stderr));
    assert!(text(&out.stdout).lines().count() > 2);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_h5"))
        .args(["tree", &file("attributes_latest.h5"), "--attrs"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool runs");
    drop(child.stdout.take());
    let status = child.wait().expect("it ends");
    let mut said = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut said).expect("text");
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_check_tells_problems_by_its_exit_status() {
    let out = h5(&["check", &file("groups_earliest.h5"), "--data"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));
    assert!(text(&out.stdout).contains("no problem in"), "{}", text(&out.stdout));
    let out = h5(&["check", &file("swmr_unclosed_latest.h5"), "--json"]);
    assert_eq!(out.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_str(&text(&out.stdout)).expect("JSON");
    assert_eq!(report["clean"], false);
    assert_eq!(report["problems"][0]["structure"], "superblock");
    assert_eq!(h5(&["check", &file("README.md")]).status.code(), Some(2));
}

#[test]
fn a_file_is_written_anew_and_an_object_is_copied() {
    let folder = std::env::temp_dir().join(format!("h5-cli-repack-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let scan = file("pymodaq_scan.h5");
    let out = h5(&["repack", &scan, &path("new.h5"), "--filter", "shuffle", "--filter", "deflate=6"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stdout).starts_with("25 objects, "), "{}", text(&out.stdout));
    assert_eq!(h5(&["check", &path("new.h5"), "--data"]).status.code(), Some(0));
    let again = h5(&["repack", &scan, &path("new.h5")]);
    assert_eq!(again.status.code(), Some(2), "a file that is there stays");
    assert_eq!(h5(&["repack", &scan, &path("x.h5"), "--chunk", "0x4"]).status.code(), Some(2));
    let out = h5(&["copy", &format!("{scan}:/RawData/Scan000"), &format!("{}:/first", path("new.h5"))]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert_eq!(
        h5(&["copy", &scan, &path("new.h5"), "-s", "/RawData", "-d", "/first"]).status.code(),
        Some(2)
    );
    assert_eq!(h5(&["check", &path("new.h5")]).status.code(), Some(0));
    let out = h5(&["recover", &path("new.h5")]);
    assert_eq!(text(&out.stdout), "nothing to recover\n");
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}
