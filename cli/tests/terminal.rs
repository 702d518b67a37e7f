//! What reaches a terminal: colours, signs, damage, and JSON for every fixture.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/files")
}

fn file(name: &str) -> String {
    fixtures().join(name).display().to_string()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_h5"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.args(args);
    command
}

fn h5(args: &[&str]) -> Output {
    command(args).output().expect("the tool runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the output is UTF-8")
}

/// The output is that of a file in `snapshots`; `H5_UPDATE_SNAPSHOTS=1` writes it anew.
fn same(name: &str, args: &[&str]) {
    let out = h5(args);
    let found = text(&out.stdout);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("H5_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &found).expect("the snapshot is written");
    }
    let expected = std::fs::read_to_string(&path).expect("the snapshot");
    assert_eq!(found, expected.replace("\r\n", "\n"), "{name}: {}", text(&out.stderr));
}

/// A copy of a fixture with changed bytes, gone when the test ends.
struct Changed(PathBuf);

impl Changed {
    fn new(fixture: &str, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = std::fs::read(fixtures().join(fixture)).expect("the fixture");
        change(&mut bytes);
        let path = std::env::temp_dir().join(format!("h5-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("the changed file");
        Changed(path)
    }
    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn places(bytes: &[u8], what: &[u8]) -> Vec<usize> {
    bytes.windows(what.len()).enumerate().filter(|(_, w)| *w == what).map(|(at, _)| at).collect()
}

#[test]
fn snapshots() {
    let scan = file("pymodaq_scan.h5");
    let image = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    same("tree_scan.txt", &["tree", &scan]);
    same("tree_scan_attributes.txt", &["tree", &scan, "/RawData/Scan000/Actuator000", "--attrs"]);
    same("tree_links.txt", &["tree", &file("links_latest.h5")]);
    same("tree_ascii.txt", &["tree", &file("compounds_latest.h5"), "--ascii"]);
    same("show_image.txt", &["show", &scan, image]);
    same("show_image_plot.txt", &["show", &scan, &format!("{image}[2, 1]"), "--plot"]);
    let spectrum = "/RawData/Scan000/Detector000/Data1D/CH00/Data00[0, 0, ::-1]";
    same("show_line_plot.txt", &["show", &scan, spectrum, "--plot"]);
    same("show_group.txt", &["show", &file("links_latest.h5"), "/g"]);
    same("show_compound.txt", &["show", &file("compounds_latest.h5"), "/packed"]);
    same("show_virtual.txt", &["show", &file("virtual_latest.h5"), "/two sources"]);
    same("show_times.txt", &["show", &file("times_latest.h5"), "/"]);
}

#[test]
fn nodes_tell_titles_classes_and_values_of_python() {
    let (scan, tables) = (file("pymodaq_scan.h5"), file("pytables.h5"));
    let image = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    same("tree_scan_raw.txt", &["tree", &scan, "--raw"]);
    same(
        "tree_scan_attributes_raw.txt",
        &["tree", &scan, "/RawData/Scan000/Actuator000", "--attrs", "--raw"],
    );
    same("show_image_raw.txt", &["show", &scan, image, "--raw"]);
    same("show_strings.txt", &["show", &scan, "/RawData/Logger"]);
    same("show_root.txt", &["show", &scan, "/"]);
    same("tree_tables.txt", &["tree", &tables]);
    same("tree_tables_attributes.txt", &["tree", &tables, "/table", "--attrs"]);
    same("show_tables_group.txt", &["show", &tables, "/compressed"]);

    let json =
        |args: &[&str]| -> serde_json::Value { serde_json::from_slice(&h5(args).stdout).expect("JSON") };
    let strings = json(&["show", &scan, "/RawData/Logger[-1]", "--json"]);
    assert!(strings["values"].is_string(), "{strings}");
    assert_eq!(strings["class"], "StringARRAY");
    assert_eq!(strings["attributes"]["dtype"]["python"], "'uint8'");
    let raw = json(&["show", &scan, "/RawData/Logger[-1]", "--json", "--raw"]);
    assert!(raw["values"][0].is_number() && raw.get("class").is_none(), "{raw}");
    assert_eq!(raw["attributes"]["dtype"]["value"], strings["attributes"]["dtype"]["value"]);
    assert!(raw["attributes"]["dtype"].get("python").is_none(), "{raw}");
}

/// Files that are not of nodes are shown as they are, with or without the option.
#[test]
fn other_files_have_nothing_raw() {
    for name in ["attributes_latest.h5", "attributes_earliest.h5", "links_latest.h5", "strings_latest.h5"] {
        for args in [&["tree", "--attrs"][..], &["tree", "--attrs", "--json"], &["show"]] {
            let (path, mut args) = (file(name), args.to_vec());
            args.push(&path);
            if args[0] == "show" {
                args.push("/");
            }
            let whole = h5(&args);
            args.push("--raw");
            assert_eq!(text(&whole.stdout), text(&h5(&args).stdout), "{args:?}");
        }
    }
}

#[test]
fn what_cannot_be_decoded_is_shown_as_it_is_stored() {
    let damaged = Changed::new("pymodaq_scan.h5", "values_of_python.h5", |bytes| {
        for at in places(bytes, b"np.float64(") {
            bytes[at..at + 2].copy_from_slice(b"os");
        }
        for at in places(bytes, b"\x80\x04\x95") {
            bytes[at + 1] = 0x7f;
        }
    });
    let axis = "/RawData/Scan000/Actuator000/Axis00";
    let shown = text(&h5(&["show", &damaged.path(), axis]).stdout);
    assert!(shown.contains("os.float64(") && shown.contains("(6,)"), "{shown}");
    let out = h5(&["show", &damaged.path(), "/RawData/Logger"]);
    let shown = text(&out.stdout);
    assert!(shown.contains("{128, 127, 149, ") && shown.contains("string array"), "{shown}");
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));

    let broken = Changed::new("pymodaq_scan.h5", "class.h5", |bytes| {
        for at in places(bytes, b"PYTABLES_FORMAT_VERSION").into_iter().chain(places(bytes, b"CLASS")) {
            bytes[at] = 0xff;
        }
    });
    let out = h5(&["tree", &broken.path()]);
    assert!(text(&out.stdout).ends_with("12 groups, 13 datasets\n"), "{}", text(&out.stdout));
}

#[test]
fn colours_only_where_they_are_wanted() {
    let scan = file("pymodaq_scan.h5");
    let coloured = |variables: &[(&str, &str)]| {
        let mut command = command(&["tree", &scan]);
        command.envs(variables.iter().copied());
        text(&command.output().expect("the tool runs").stdout).contains('\u{1b}')
    };
    assert!(!coloured(&[]), "the output is a pipe");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[("NO_COLOR", "1")]));
    assert!(!coloured(&[("CLICOLOR", "0")]));
}

#[test]
fn ascii_is_ascii() {
    for name in ["pymodaq_scan.h5", "compounds_latest.h5", "links_latest.h5"] {
        let out = text(&h5(&["tree", &file(name), "--ascii", "--attrs"]).stdout);
        assert!(out.is_ascii(), "{out}");
    }
}

#[test]
fn a_damaged_object_is_marked_and_the_others_are_listed() {
    let damaged = Changed::new("groups_latest.h5", "damaged.h5", |bytes| {
        let headers = places(bytes, b"OHDR");
        let at = headers[headers.len() / 2];
        bytes[at + 6] ^= 0x40;
    });
    let whole = text(&h5(&["tree", &file("groups_latest.h5")]).stdout);
    let out = h5(&["tree", &damaged.path()]);
    let (listed, said) = (text(&out.stdout), text(&out.stderr));
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(listed.contains("  ! ") && listed.contains("1 entry that cannot be read"), "{listed}");
    assert!(listed.lines().count() + 40 > whole.lines().count(), "{listed}");
    assert!(said.starts_with(&format!("h5: {}: /", damaged.path())), "{said}");
    let json = text(&h5(&["tree", &damaged.path(), "--json"]).stdout);
    assert!(json.contains("\"kind\":\"damaged\""), "{json}");
}

#[test]
fn damaged_values_are_told_and_the_rest_is_shown() {
    let path = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    let whole = text(&h5(&["show", &file("pymodaq_scan.h5"), path, "--json"]).stdout);
    let described: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!(described["layout"]["chunks_written"], 1);
    let damaged = Changed::new("pymodaq_scan.h5", "values.h5", |bytes| {
        for at in places(bytes, &[0x78, 0x5e]) {
            bytes[at + 2..at + 6].fill(0xff);
        }
    });
    for more in [&[][..], &["--json"]] {
        let out = h5(&[&["show", &damaged.path(), path], more].concat());
        let (shown, said) = (text(&out.stdout), text(&out.stderr));
        assert_eq!(out.status.code(), Some(1), "{said}");
        assert!(said.contains(path), "{said}");
        assert!(shown.contains("uint16") && shown.contains("Camera"), "{shown}");
    }
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let hostile = Changed::new("groups_earliest.h5", "hostile.h5", |bytes| {
        for at in places(bytes, b"attribute order") {
            bytes[at..at + 4].copy_from_slice(b"\x1b[2J");
        }
    });
    for args in [&["tree"][..], &["tree", "--attrs"], &["show"], &["show", "--all"]] {
        let path = hostile.path();
        let rest = if args[0] == "show" { vec![path.as_str(), "/"] } else { vec![path.as_str()] };
        let out = text(&h5(&[args, &rest[..]].concat()).stdout);
        assert!(!out.contains('\u{1b}') && out.contains("\\u{1b}[2Jibute order"), "{out}");
    }
}

#[test]
fn wrong_slices_end_with_2_and_say_why() {
    let scan = file("pymodaq_scan.h5");
    let image = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    for (path, why) in [
        (format!("{image}[99]"), "index 99"),
        (format!("{image}[0, 0, 0, 0, 0]"), "5 dimensions"),
        (format!("{image}[a]"), "integer"),
        ("/RawData[0]".to_string(), "only datasets"),
        ("/nothing[0]".to_string(), "no object"),
    ] {
        let out = h5(&["show", &scan, &path]);
        assert_eq!(out.status.code(), Some(2), "{path}");
        assert!(text(&out.stderr).contains(why), "{path}: {}", text(&out.stderr));
        assert!(out.stdout.is_empty(), "{path}");
    }
    assert_eq!(h5(&["tree", "-"]).status.code(), Some(2));
    assert_eq!(h5(&["--version"]).status.code(), Some(0));
    assert_eq!(h5(&[]).status.code(), Some(2));
}

#[test]
fn slices_hold_the_values_that_were_asked_for() {
    let path = "/RawData/Scan000/Detector000/Data2D/CH00/Data00";
    let scan = file("pymodaq_scan.h5");
    let values = |slice: &str| {
        let out = text(&h5(&["show", &scan, &format!("{path}{slice}"), "--json"]).stdout);
        serde_json::from_str::<serde_json::Value>(&out).expect("JSON")["values"].clone()
    };
    let whole = values("");
    assert_eq!(values("[1:4, 2, ::-5, -1]")[0][1], whole[1][2][18][31]);
    assert_eq!(values("[..., 3]").as_array().expect("an axis").len(), 5);
    let all = text(&h5(&["show", &scan, path, "--all"]).stdout);
    assert!(!all.contains('…'), "every value");
}

/// Every object of every fixture: no panic, valid JSON, an exit status that says what happened.
#[test]
fn every_fixture_is_listed_and_shown() {
    let mut objects = 0;
    for entry in std::fs::read_dir(fixtures()).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "h5") {
            continue;
        }
        let path = path.display().to_string();
        let out = h5(&["tree", &path, "--attrs", "--json"]);
        if out.status.code() == Some(2) {
            assert!(text(&out.stderr).starts_with("h5: "), "{path}");
            continue;
        }
        let mut looked = 0;
        for line in text(&out.stdout).lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let kind = entry["kind"].as_str().expect("a kind");
            if looked >= 12 || !["dataset", "group", "datatype"].contains(&kind) {
                continue;
            }
            looked += 1;
            objects += 1;
            let name = entry["path"].as_str().expect("a path");
            let shown = h5(&["show", &path, name, "--json"]);
            let said = text(&shown.stderr);
            assert!(matches!(shown.status.code(), Some(0 | 1)), "{path} {name}: {said}");
            let described: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
            assert_eq!(described["kind"], kind, "{path} {name}");
            if looked <= 4 {
                let shown = h5(&["show", &path, name, "--plot"]);
                assert!(matches!(shown.status.code(), Some(0 | 1)), "{path} {name}");
                assert!(!said.contains("panicked"), "{path} {name}: {said}");
            }
        }
    }
    assert!(objects > 100, "{objects} objects");
}
