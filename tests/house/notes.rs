//! Code, notes and the index of the notes agree on clause and file.

use std::collections::{BTreeMap, BTreeSet};

/// The texts that are joined, by name.
pub(crate) struct Texts<'a> {
    /// Files of `src/format/` that hold a structure, by their path in the repository.
    pub(crate) code: &'a BTreeMap<String, String>,
    /// Notes by the name of their file, without the index.
    pub(crate) notes: &'a BTreeMap<String, String>,
    /// `spec-notes/README.md`.
    pub(crate) index: &'a str,
}

/// Offences, each with its file and line.
pub(crate) fn offences(texts: &Texts<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut named = BTreeSet::new();
    for (file, source) in texts.code {
        let head = head(source);
        let clauses = clauses(&head);
        let Some(note) = note_of(&head).filter(|_| !clauses.is_empty()) else {
            found.push(format!("{file}:1: its head says no \"Clause X; note `spec-notes/NAME.md`\""));
            continue;
        };
        named.insert(note.clone());
        let Some(text) = texts.notes.get(&note) else {
            found.push(format!("{file}:1: there is no note spec-notes/{note}"));
            continue;
        };
        let row = row_of(texts.index, &note);
        for (place, text) in [(format!("{note}:1"), text.as_str()), (format!("README.md:{}", row.0), row.1)] {
            for clause in clauses.iter().filter(|c| !names(text, c)) {
                found.push(format!("spec-notes/{place}: does not name clause {clause} of {file}"));
            }
            if !text.contains(&format!("`{file}`")) {
                found.push(format!(
                    "spec-notes/{place}: does not name `{file}`, whose head names spec-notes/{note}"
                ));
            }
        }
    }
    for (note, text) in texts.notes {
        if !named.contains(note) {
            found.push(format!("spec-notes/{note}:1: no file of src/format names this note"));
        }
        for (i, file) in text.lines().enumerate().flat_map(|(i, l)| quoted(l).map(move |q| (i, q))) {
            let is_code = file.starts_with("src/format/") && file.ends_with(".rs");
            if is_code && !file.ends_with("/mod.rs") && !texts.code.contains_key(file) {
                found.push(format!("spec-notes/{note}:{}: there is no `{file}`", i + 1));
            }
        }
    }
    for (i, line) in texts.index.lines().enumerate() {
        let linked = line.split("](").skip(1).filter_map(|l| l.split(')').next());
        for name in linked.filter(|n| n.ends_with(".md") && !n.contains('/') && !texts.notes.contains_key(*n))
        {
            found.push(format!("spec-notes/README.md:{}: there is no note {name}", i + 1));
        }
    }
    found
}

/// The `//!` lines that a file opens with, as one text.
fn head(source: &str) -> String {
    let lines = source.lines().map_while(|l| l.strip_prefix("//!"));
    lines.map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The clauses that a head names after `Clause` or `Clauses`, up to the note.
fn clauses(head: &str) -> Vec<String> {
    let starts = ["Clause ", "Clauses ", "Clause: "];
    let Some(at) = starts.iter().find_map(|s| head.find(s)) else { return Vec::new() };
    let part = head[at..].split([';', '`']).next().unwrap_or_default();
    let words = part.split([' ', ',', '(', ')']).map(|w| w.trim_end_matches('.'));
    words.filter(|w| is_clause(w)).map(String::from).collect()
}

/// Whether a word is a label such as `IV.A.2.b`, or `none` for a structure that only libhdf5's source lays down.
fn is_clause(word: &str) -> bool {
    if word == "none" {
        return true;
    }
    let mut parts = word.split('.');
    let roman = parts.next().is_some_and(|p| !p.is_empty() && p.chars().all(|c| "IVX".contains(c)));
    roman && parts.all(|p| !p.is_empty() && p.len() <= 2 && p.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// Whether a text holds the label, not as the beginning of a longer one.
fn names(text: &str, clause: &str) -> bool {
    let in_label = |c: char| c.is_ascii_alphanumeric();
    text.match_indices(clause).any(|(at, _)| {
        let after = &text[at + clause.len()..];
        let longer = after.starts_with('.') && after[1..].starts_with(in_label);
        !longer && !after.starts_with(in_label) && !text[..at].ends_with(|c: char| in_label(c) || c == '.')
    })
}

fn note_of(head: &str) -> Option<String> {
    let (_, after) = head.split_once("note `spec-notes/")?;
    after.split_once('`').map(|(name, _)| name.to_string())
}

/// The line of the index that links to a note.
fn row_of<'a>(index: &'a str, note: &str) -> (usize, &'a str) {
    let link = format!("]({note})");
    let row = index.lines().enumerate().find(|(_, l)| l.contains(&link));
    row.map_or((1, ""), |(i, line)| (i + 1, line))
}

/// The parts of a line between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn notes_that_do_not_fit_are_seen() {
    let map = |name: &str, text: &str| BTreeMap::from([(name.to_string(), text.to_string())]);
    let check = |code: &str, note: &str, index: &str| {
        let (code, notes) = (map("src/format/a.rs", code), map("a.md", note));
        offences(&Texts { code: &code, notes: &notes, index })
    };
    let code = "//! A: what it is.\n//!\n//! Clauses III.A and III.B; note `spec-notes/a.md`.\n";
    let note = "# A\n\nClauses III.A and III.B. Code: `src/format/a.rs`.\n";
    let index = "| [a](a.md) | A | III.A, III.B | `src/format/a.rs` |\n";
    assert_eq!(check(code, note, index), [""; 0]);
    assert_eq!(check("//! A.\n", note, index).len(), 2, "no head, and the note is an orphan");
    assert_eq!(check(code, "Clause III.A. Code: `src/format/a.rs`", index).len(), 1, "a clause is wanting");
    assert_eq!(check(code, "Clauses III.A.1 and III.B `src/format/a.rs`", index).len(), 1, "another clause");
    assert_eq!(check(code, "Clauses III.A, III.B `src/format/b.rs`", index).len(), 2, "another file");
    assert_eq!(check(code, note, "").len(), 3, "not in the index");
    assert_eq!(check(code, note, &format!("{index}[b](b.md)")).len(), 1, "a row without a note");
}
