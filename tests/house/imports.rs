//! Which file imports which: layers without an upward import, folders without a circle.
//!
//! The rule for circles: within one top-level folder the files may import one another, but no chain of imports
//! may lead back to where it began. A `mod.rs` is the face of its folder: children take shared traits and enums
//! from it while it names them, so it is no link of a chain (nor is `x.rs` beside a folder `x/`). An import of
//! something that a face re-exports counts as an import of the file where that lies.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{Token, shipped, text, tokens};

/// Every entry of `src/` and its place: an import leads to the same or a smaller number.
/// The tens are the layers of the architecture, the ones order the folders of one layer.
const LAYERS: [(&str, u32); 13] = [
    ("error", 0),
    ("limits", 1),
    ("wire", 10),
    ("source", 11),
    ("filter", 20),
    ("format", 21),
    ("store", 30),
    ("model", 40),
    ("data", 50),
    ("api", 60),
    ("ops", 70),
    ("node", 71),
    ("lib", 90),
];

/// One path in a source, resolved from the crate's root.
#[derive(Debug)]
struct Import {
    path: Vec<String>,
    line: usize,
}

/// A source file that ships.
struct File {
    name: String,
    /// The path of its module; empty for `lib.rs`.
    module: Vec<String>,
    imports: Vec<Import>,
    /// Names that it re-exports, and the paths from the crate's root where they lie.
    exports: BTreeMap<String, Vec<String>>,
}

/// Offences against layers and circles in the sources (name from `src/`, text).
pub(crate) fn offences(sources: &[(String, String)]) -> Vec<String> {
    let files: Vec<File> = sources.iter().map(|(name, source)| read(name, source)).collect();
    let modules: BTreeMap<&[String], &File> = files.iter().map(|f| (f.module.as_slice(), f)).collect();
    let mut found = Vec::new();
    let mut links: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for file in files.iter().filter(|f| !f.module.is_empty()) {
        for import in &file.imports {
            let path = settle(&modules, &import.path);
            let (own, theirs) = (layer(&file.module[0]), path.first().and_then(|n| layer(n)));
            let place = format!("src/{}:{}", file.name, import.line);
            let told = import.path.join("::");
            match (own, theirs) {
                (None, _) => found.push(format!("{place}: its folder is not in the table of layers")),
                (_, None) => {
                    found.push(format!("{place}: `{told}` leads to no entry of the table of layers"))
                }
                (Some(own), Some(theirs)) if theirs > own => {
                    found.push(format!("{place}: `{told}` leads upward, to {}", path[0]));
                }
                _ => {}
            }
            if let Some(target) = owner(&modules, &path)
                && target.module.first() == file.module.first()
                && target.name != file.name
                && !is_face(&modules, target)
                && !is_face(&modules, file)
            {
                links.entry(&file.name).or_default().entry(&target.name).or_insert(import.line);
            }
        }
    }
    found.sort();
    found.dedup();
    found.extend(circles(&links));
    found
}

/// Whether a file stands for a folder.
fn is_face(modules: &BTreeMap<&[String], &File>, file: &File) -> bool {
    let has_children = modules.keys().any(|m| m.len() > file.module.len() && m.starts_with(&file.module));
    file.name.ends_with("/mod.rs") || has_children
}

fn layer(name: &str) -> Option<u32> {
    LAYERS.iter().find(|(n, _)| *n == name).map(|(_, place)| *place)
}

/// The file in which a path lies: the one with the longest module path.
fn owner<'a>(modules: &BTreeMap<&[String], &'a File>, path: &[String]) -> Option<&'a File> {
    (0..=path.len()).rev().find_map(|n| modules.get(&path[..n]).copied())
}

/// Follows re-exports to the path where the thing is declared.
fn settle(modules: &BTreeMap<&[String], &File>, path: &[String]) -> Vec<String> {
    let mut path = path.to_vec();
    for _ in 0..8 {
        let Some(file) = owner(modules, &path) else { break };
        let depth = file.module.len();
        let Some(target) = path.get(depth).and_then(|name| file.exports.get(name)) else { break };
        let next: Vec<String> = target.iter().chain(path.iter().skip(depth + 1)).cloned().collect();
        if next == path {
            break;
        }
        path = next;
    }
    path
}

/// Every file to which a chain of links leads.
fn reach<'a>(links: &BTreeMap<&'a str, BTreeMap<&'a str, usize>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut left: Vec<&BTreeMap<&'a str, usize>> = links.get(from).into_iter().collect();
    while let Some(next) = left.pop() {
        for to in next.keys().filter(|to| seen.insert(**to)).collect::<Vec<_>>() {
            left.extend(links.get(to));
        }
    }
    seen
}

/// The circles among the links, each told once.
fn circles(links: &BTreeMap<&str, BTreeMap<&str, usize>>) -> Vec<String> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = links.keys().map(|f| (*f, reach(links, f))).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (from, seen) in reached.iter().filter(|(from, seen)| seen.contains(*from)) {
        let back = |to: &&str| reached.get(to).is_some_and(|s| s.contains(from));
        let circle: Vec<&str> = seen.iter().copied().filter(|to| back(to)).collect();
        if told.insert(circle.clone()) {
            for file in &circle {
                for (to, line) in links[file].iter().filter(|(to, _)| circle.contains(to)) {
                    found.push(format!("src/{file}:{line}: part of a circle of imports, leads to src/{to}"));
                }
            }
        }
    }
    found
}

/// Reads a file's paths.
fn read(name: &str, source: &str) -> File {
    let module = module_of(name);
    let code = shipped(&tokens(source)).tokens;
    let mut file = File { name: name.to_string(), module, imports: Vec::new(), exports: BTreeMap::new() };
    let mut inner: Vec<(String, usize)> = Vec::new();
    let mut depth = 0usize;
    let mut i = 0;
    while i < code.len() {
        match code[i].text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                inner.pop_if(|(_, opened)| *opened == depth);
            }
            "mod" if text(&code, i + 2) == "{" => inner.push((code[i + 1].text.clone(), depth)),
            "use" if text(&code, i + 1) != "<" => {
                i = read_use(&code, i, &inner, &mut file);
                continue;
            }
            "crate" | "super" if text(&code, i + 1) == ":" && text(&code, i + 2) == ":" => {
                let (path, end) = plain_path(&code, i);
                let line = code[i].line;
                file.imports.extend(resolve(&file.module, &inner, &path).map(|path| Import { path, line }));
                i = end;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    file
}

/// The module of a file, named from `src/`.
pub(crate) fn module_of(name: &str) -> Vec<String> {
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    if stem == "lib" { Vec::new() } else { stem.split('/').map(String::from).collect() }
}

/// An inline path such as `crate::wire::Addr`, and the index after it.
fn plain_path(code: &[Token], at: usize) -> (Vec<String>, usize) {
    let mut path = vec![code[at].text.clone()];
    let mut i = at + 1;
    while text(code, i) == ":" && text(code, i + 1) == ":" && code.get(i + 2).is_some_and(Token::is_word) {
        path.push(code[i + 2].text.clone());
        i += 3;
    }
    (path, i)
}

/// Reads the `use` at `at`, and gives the index after its semicolon.
fn read_use(code: &[Token], at: usize, inner: &[(String, usize)], file: &mut File) -> usize {
    let public = at > 0 && (text(code, at - 1) == "pub" || text(code, at - 1) == ")");
    let mut leaves = Vec::new();
    let end = read_tree(code, at + 1, &[], &mut leaves);
    for (path, alias, line) in leaves {
        let first = path.first().map_or("", String::as_str);
        let resolved = match first {
            "crate" | "super" | "self" => resolve(&file.module, inner, &path),
            _ => Some(file.module.iter().cloned().chain(path.iter().cloned()).collect()),
        };
        let Some(resolved) = resolved else { continue };
        if public && inner.is_empty() {
            file.exports.insert(alias, resolved.clone());
        }
        if matches!(first, "crate" | "super") {
            file.imports.push(Import { path: resolved, line });
        }
    }
    end
}

/// Reads one tree of a `use` after the segments `before`; gives the index after it.
fn read_tree(
    code: &[Token],
    at: usize,
    before: &[String],
    leaves: &mut Vec<(Vec<String>, String, usize)>,
) -> usize {
    let mut path = before.to_vec();
    let mut i = at;
    let line = code.get(at).map_or(0, |t| t.line);
    while i < code.len() {
        match text(code, i) {
            ":" => i += 1,
            "{" => {
                i += 1;
                while i < code.len() && text(code, i) != "}" {
                    i = read_tree(code, i, &path, leaves);
                    i += usize::from(text(code, i) == ",");
                }
                let last = matches!(text(code, i + 1), ";");
                return i + 1 + usize::from(last && before.is_empty());
            }
            ";" | "," | "}" | "as" => break,
            "self" if !path.is_empty() => i += 1,
            segment => {
                path.push(segment.to_string());
                i += 1;
            }
        }
    }
    let mut alias = path.last().cloned().unwrap_or_default();
    if text(code, i) == "as" {
        alias = text(code, i + 1).to_string();
        i += 2;
    }
    leaves.push((path, alias, line));
    i + usize::from(text(code, i) == ";")
}

/// A path from the crate's root; nothing if it stays below the root of its own file's crate.
fn resolve(module: &[String], inner: &[(String, usize)], path: &[String]) -> Option<Vec<String>> {
    let mut here: Vec<String> = module.to_vec();
    here.extend(inner.iter().map(|(name, _)| name.clone()));
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        match first.as_str() {
            "crate" => here.clear(),
            "super" => drop(here.pop()),
            "self" => {}
            _ => break,
        }
        rest = tail;
    }
    here.extend(rest.iter().filter(|s| *s != "*").cloned());
    (!here.is_empty()).then_some(here)
}

fn source(name: &str, text: &str) -> (String, String) {
    (name.to_string(), text.to_string())
}

/// Offences of planted sources.
fn planted(sources: &[(&str, &str)]) -> Vec<String> {
    offences(&sources.iter().map(|(name, text)| source(name, text)).collect::<Vec<_>>())
}

#[test]
fn an_upward_import_is_seen_in_any_position() {
    for bad in [
        "use crate::model::Kind;",
        "use crate::{wire::Addr, model::{self, deep::{Kind as K}}};",
        "fn f() -> crate::model::Kind { loop {} }",
        "mod inner { fn f(x: super::super::super::model::Kind) {} }",
        "use super::super::model;",
        "#[cfg(not(test))] use crate::model::Kind;",
        "pub use crate::Kind;",
        "use crate::nowhere::X;",
    ] {
        let lib = ("lib.rs", "pub use model::Kind;");
        let found = planted(&[lib, ("model/mod.rs", "pub struct Kind;"), ("wire/a.rs", bad)]);
        assert!(!found.is_empty(), "{bad}");
        assert!(found.iter().all(|f| f.starts_with("src/wire/a.rs:1: ")), "{found:?}");
    }
}

#[test]
fn what_is_no_upward_import() {
    for good in [
        "use crate::error::Error;",
        "// use crate::model::Kind;\nconst X: &str = \"crate::model::Kind\"; const Y: &str = r#\"\" crate::model::K\"#;",
        "#[cfg(test)] mod tests { use crate::model::Kind; }",
        "#[cfg(test)] use crate::model::Kind;",
        "/* crate::model::Kind /* nested */ super::super::model */ fn f<'a>(x: &'a str, c: char) { c == '\"'; }",
        "pub(crate) fn f() {}",
    ] {
        let found = planted(&[("model/mod.rs", ""), ("error.rs", ""), ("wire/a.rs", good)]);
        assert!(found.is_empty(), "{good}: {found:?}");
    }
}

#[test]
fn a_circle_is_seen() {
    let a = ("store/a.rs", "use super::b::B;");
    let found = planted(&[
        a,
        ("store/b.rs", "use crate::store::deep::c::C;"),
        ("store/deep/c.rs", "use super::super::a;"),
    ]);
    assert_eq!(found.len(), 3, "{found:?}");
    let face = ("store/mod.rs", "pub use b::B; pub trait Shared {}");
    let found = planted(&[face, ("store/a.rs", "use super::B;"), ("store/b.rs", "fn f() { super::a::g() }")]);
    assert_eq!(found.len(), 2, "through a re-export: {found:?}");
    let found =
        planted(&[face, ("store/a.rs", "use super::{B, Shared};"), ("store/b.rs", "use super::Shared;")]);
    assert!(found.is_empty(), "the face is no link: {found:?}");
}
