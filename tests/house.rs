//! The house test: what the house style (`CONTRIBUTING.md`) asks for and no compiler checks.
//!
//! It reads the sources as text. Each rule lists every offence as `file:line: what`, and each proves itself
//! on planted sources in the module that holds it.

use std::collections::BTreeMap;
use std::path::Path;

#[path = "house/imports.rs"]
mod imports;
#[path = "house/notes.rs"]
mod notes;
#[path = "house/rules.rs"]
mod rules;
#[path = "house/support.rs"]
mod support;
#[path = "house/tokens.rs"]
mod tokens;

use rules::Offence;

/// Folders with code that ships.
const CODE: [&str; 4] = ["src", "cli/src", "derive/src", "web/src"];
/// Folders that hold nothing of ours, wherever they lie.
const FOREIGN: [&str; 4] = ["target", ".git", "node_modules", "__pycache__"];

/// The files of the repository below a folder, by path, `/` between the names; only those that are text.
fn texts(below: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    let mut left = vec![below.to_string()];
    while let Some(folder) = left.pop() {
        let Ok(entries) = std::fs::read_dir(root.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry.expect("a folder of the repository can be listed");
            let name = entry.file_name().into_string().expect("names in the repository are UTF-8");
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if FOREIGN.contains(&name.as_str()) || path == "fuzz/corpus" {
                continue;
            }
            let kind = entry.file_type().expect("an entry has a type");
            if kind.is_dir() {
                left.push(path);
            } else if kind.is_file()
                && let Ok(text) = std::fs::read_to_string(entry.path())
            {
                found.insert(path, text);
            }
        }
    }
    found
}

/// The Rust sources below these folders.
fn rust(folders: &[&str]) -> BTreeMap<String, String> {
    let all = folders.iter().flat_map(|f| texts(f));
    all.filter(|(path, _)| path.ends_with(".rs")).collect()
}

/// The Rust sources that ship, without files of tests.
fn shipped(folders: &[&str]) -> BTreeMap<String, String> {
    let mut all = rust(folders);
    let mut tests: Vec<String> = Vec::new();
    for (path, text) in &all {
        let folder =
            path.strip_suffix("/mod.rs").or(path.strip_suffix("/lib.rs")).or(path.strip_suffix("/main.rs"));
        let folder = folder.unwrap_or(path.trim_end_matches(".rs"));
        let modules = tokens::shipped(&tokens::tokens(text)).test_modules;
        tests.extend(modules.iter().map(|module| format!("{folder}/{module}")));
    }
    all.retain(|path, _| {
        let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
        let declared = tests.iter().any(|t| module == t || module.starts_with(&format!("{t}/")));
        !declared && !path.ends_with("/tests.rs") && !path.contains("/tests/")
    });
    all
}

/// Reads every file for a rule.
fn each(files: &BTreeMap<String, String>, rule: impl Fn(&str) -> Vec<Offence>) -> Vec<String> {
    let told = |path: &str, (line, what): Offence| format!("{path}:{line}: {what}");
    files.iter().flat_map(|(path, text)| rule(text).into_iter().map(move |o| told(path, o))).collect()
}

#[track_caller]
fn none(offences: Vec<String>) {
    assert!(offences.is_empty(), "{} offences:\n{}\n", offences.len(), offences.join("\n"));
}

#[test]
fn imports_go_down_and_not_in_circles() {
    let sources = shipped(&["src"]);
    assert!(sources.len() > 20, "the sources are found");
    let named =
        sources.into_iter().filter_map(|(path, text)| Some((path.strip_prefix("src/")?.to_string(), text)));
    none(imports::offences(&named.collect::<Vec<_>>()));
}

#[test]
fn files_and_functions_are_short() {
    none(each(&shipped(&CODE), rules::sizes));
}

#[test]
fn structures_have_clause_and_note() {
    let mut code = shipped(&["src/format"]);
    code.retain(|path, _| !path.ends_with("/mod.rs"));
    let notes = texts("spec-notes").into_iter();
    let mut notes: BTreeMap<_, _> =
        notes.map(|(path, text)| (path.replace("spec-notes/", ""), text)).collect();
    let index = notes.remove("README.md").expect("the index of the notes");
    none(notes::offences(&notes::Texts { code: &code, notes: &notes, index: &index }));
}

#[test]
fn unsafe_code_is_in_one_file() {
    let mut sources = rust(&CODE);
    sources.remove("src/source/mmap.rs");
    none(each(&sources, rules::unsafe_code));
}

#[test]
fn numbers_are_not_cast_near_the_bytes() {
    none(each(&shipped(&["src/format", "src/wire", "src/store"]), rules::casts));
}

#[test]
fn binrw_is_used_without_its_hazards() {
    none(each(&shipped(&["src/format"]), rules::binrw_hazards));
}

#[test]
fn nothing_is_left_unfinished() {
    none(each(&rust(&["src", "cli", "derive", "web", "fuzz", "tests"]), rules::marks));
}

#[test]
fn no_machine_is_named() {
    let all = texts("");
    assert!(all.contains_key("Cargo.toml") && all.contains_key("tests/house.rs"));
    none(
        all.iter()
            .flat_map(|(path, text)| {
                rules::machine_names(path, text)
                    .into_iter()
                    .map(move |(line, what)| format!("{path}:{line}: {what}"))
            })
            .collect(),
    );
}
