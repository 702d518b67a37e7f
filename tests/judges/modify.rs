//! What we write, changed by libhdf5: we read exactly that, and nothing else has changed.

use h5::Bound;
use serde_json::{Value as Json, json};

use crate::create::{Made, command, copies, only_wide};
use crate::dump::{compare_dumps, dump};
use crate::foreign::{agrees, ask, dump_refuses, settle};

/// Has a foreign library change these files and judges what came of it.
fn modified(library: &str, made: &[Made], libver: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    let with = |m: &Made| {
        let mut command = command("modify", &m.path);
        command["libver"] = libver.clone();
        command
    };
    let commands: Vec<Json> = made.iter().map(with).collect();
    let Some(answers) = ask(library, &commands) else { return wrong };
    let (mut touched, mut skipped) = (0, 0);
    for (m, answer) in made.iter().zip(&answers) {
        agrees(&m.name, &m.path, answer, &mut wrong);
        if answer.get("failed").is_some() {
            continue;
        }
        let unread = compare_dumps(&m.name, &answer["dump"], &dump(&m.path), &mut wrong);
        wrong.extend(unread);
        only_wide(&compare_dumps(&m.name, &dump(&m.path), &answer["dump"], &mut wrong), &mut wrong);
        let lost = answer["lost"].as_array().unwrap();
        wrong.extend(lost.iter().map(|l| format!("{}: lost {l}", m.name)));
        touched += answer["touched"].as_array().unwrap().len();
        skipped += answer["skipped"].as_object().unwrap().len();
        // The latest format is not for 1.10.
        if m.is_for_dump() && libver.is_null() {
            wrong.extend(dump_refuses(&m.path));
        }
    }
    eprintln!("{library} {libver}: {touched} datasets grew in {} files, {skipped} could not", made.len());
    wrong
}

#[test]
fn h5py_changes_our_files() {
    settle(&modified("h5py", &copies("modify", |_| true), &json!(null)));
}

#[test]
fn h5py_changes_our_files_with_its_latest_format() {
    settle(&modified("h5py", &copies("modify-latest", |m| m.bound == Bound::V110), &json!("latest")));
}

#[test]
fn pytables_changes_our_files() {
    settle(&modified("tables", &copies("modify-tables", Made::is_for_tables), &json!(null)));
}
