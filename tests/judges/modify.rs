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
    // Files of 2.0 differ from those of 1.10 in their types, no more.
    let wanted = |m: &Made| match m.bound {
        Bound::Earliest => true,
        Bound::V18 => ["types", "layouts", "groups", "attributes"].iter().any(|n| m.name.starts_with(n)),
        Bound::V110 => !m.name.contains("tracked"),
        _ => m.name.starts_with("typ"),
    };
    settle(&modified("h5py", &copies("modify", wanted), &json!(null)));
}

#[test]
fn h5py_changes_our_files_with_its_latest_format() {
    let wanted = |m: &Made| ["types v110", "layouts v110 tracked", "groups v110 tracked"].contains(&&*m.name);
    settle(&modified("h5py", &copies("modify-latest", wanted), &json!("latest")));
}

#[test]
fn pytables_changes_our_files() {
    // PyTables dies of a group with attributes of so many types.
    let wanted = |m: &Made| {
        let few = m.bound != Bound::V18 && !m.name.contains("earliest tracked");
        m.is_for_tables() && !m.name.starts_with("typed") && few
    };
    settle(&modified("tables", &copies("modify-tables", wanted), &json!(null)));
}
