//! What libhdf5 writes, changed by us and judged by libhdf5.

use std::path::Path;

use h5::api::group::Node;
use h5::{Dataset, File, OpenOptions, Selection, Span, Value};
use serde_json::{Value as Json, json};

use crate::create::{command, make_target};
use crate::dump::{compare_dumps, dump};
use crate::foreign::{agrees, ask, compare, dump_refuses, folder, settle};

/// What was done to a file.
#[derive(Default)]
struct Done {
    /// Datasets that grew along their first axis, and by how many rows; those that grew along another.
    grown: Vec<(String, u64)>,
    across: Vec<String>,
    deleted: Vec<String>,
    moved: Option<(String, String)>,
}

/// Makes a dataset longer by its own first rows, if it can be.
fn grow(d: &Dataset, path: &str, done: &mut Done) -> h5::Result<()> {
    let (dims, max) = (d.shape()?, d.max_shape());
    if d.chunk_shape().is_none() {
        return Ok(());
    }
    let grows = |(n, m): (&u64, &Option<u64>)| m.is_none_or(|m| m >= n + 3);
    let Some(axis) = dims.iter().zip(&max).position(grows) else { return Ok(()) };
    let rows = dims[axis].min(3);
    let span = |(a, n): (usize, &u64)| Span::range(0, if a == axis { rows } else { *n });
    let first: Vec<Value> = d
        .reader()
        .read_slice::<Value, _>(Selection::Slab(dims.iter().enumerate().map(span).collect()))?
        .into_iter()
        .collect();
    d.append(axis, &first)?;
    match axis {
        0 => done.grown.push((path.to_string(), rows)),
        _ => done.across.push(path.to_string()),
    }
    Ok(())
}

fn names_of(node: &Node) -> h5::Result<Vec<String>> {
    let all = match node {
        Node::Group(g) => g.attributes()?,
        Node::Dataset(d) => d.attributes()?,
        Node::Type(t) => t.attributes()?,
        _ => Vec::new(),
    };
    Ok(all.iter().map(h5::Attribute::name).collect())
}

/// Replaces one attribute, removes another, adds a third.
fn change_attributes(node: &Node) -> h5::Result<()> {
    let names = names_of(node)?;
    let set = |name: &str| match node {
        Node::Group(g) => g.new_attribute(name),
        Node::Dataset(d) => d.new_attribute(name),
        Node::Type(t) => t.new_attribute(name),
        _ => unreachable!("there are three kinds of objects"),
    };
    if let Some(first) = names.first() {
        set(first).list(&[3i32, 1, 4, 1, 5])?;
    }
    if let (Some(second), true) = (names.get(1), names.len() > 2) {
        match node {
            Node::Group(g) => g.delete_attribute(second)?,
            Node::Dataset(d) => d.delete_attribute(second)?,
            Node::Type(t) => t.delete_attribute(second)?,
            _ => {}
        }
    }
    set("added by h5").value(&"größer".to_string())
}

fn change(path: &Path) -> h5::Result<Done> {
    let file: File = OpenOptions::new().open_rw(path)?;
    let root = file.root()?;
    let mut objects = Vec::new();
    file.visit(&mut |v| {
        objects.push((String::from_utf8_lossy(&v.path).into_owned(), v.node?));
        Ok(())
    })?;
    let mut done = Done::default();
    for (path, node) in &objects {
        if let Node::Dataset(d) = node {
            grow(d, path, &mut done)?;
        }
        change_attributes(node)?;
    }
    file.commit()?;
    let new = root.new_dataset::<f64>().shape([10, 10]).resizable().chunk([3, 4]).deflate(4);
    new.create("by h5/numbers")?.write_raw(&(0..100).map(f64::from).collect::<Vec<_>>())?;
    let words = root.new_dataset::<String>().shape([3]).create("by h5/words")?;
    words.write_raw(&["eins", "zwei", "größer"].map(str::to_string))?;
    for i in 0..70 {
        root.link_soft(&format!("/target {i}"), &format!("by h5/many/link {i}"))?;
    }
    root.link_hard("by h5/numbers", "by h5/many/hard")?;
    file.commit()?;
    let datasets = objects.iter().filter(|(_, n)| matches!(n, Node::Dataset(_))).map(|(p, _)| p.clone());
    done.deleted = datasets.skip(2).step_by(9).collect();
    for victim in &done.deleted {
        root.delete(victim)?;
    }
    let is_moved = |(p, n): &&(String, Node)| matches!(n, Node::Group(_)) && p.len() > 1;
    if let Some((from, _)) = objects.iter().find(is_moved) {
        root.rename(from, "by h5/moved")?;
        done.moved = Some((from.clone(), "/by h5/moved".to_string()));
    }
    file.close()?;
    Ok(done)
}

impl Done {
    /// Where an object is now; none where it is gone.
    fn place(&self, path: &str) -> Option<String> {
        if self.deleted.iter().any(|d| d == path) {
            return None;
        }
        match &self.moved {
            Some((from, to)) if path == from || path.starts_with(&format!("{from}/")) => {
                Some(format!("{to}{}", &path[from.len()..]))
            }
            _ => Some(path.to_string()),
        }
    }
    /// Compares what was in the file with what is, as libhdf5 sees both.
    fn judge(&self, name: &str, before: &Json, after: &Json, out: &mut Vec<String>) {
        for (path, old) in before.as_object().unwrap() {
            let Some(place) = self.place(path) else { continue };
            let Some(new) = after.get(&place) else {
                // An object with another hard link may now come first by that one.
                let hard = ["/again", "/group0/hard", "/group1/hard", "/group2/hard"];
                if !self.deleted.is_empty() && hard.iter().any(|h| after.get(*h).is_some()) {
                    continue;
                }
                out.push(format!("{name} {path} is gone"));
                continue;
            };
            let mut expected = old["value"].clone();
            if self.across.contains(path) || expected.to_string().contains("\"ref\"") {
                continue;
            }
            if let Some((_, rows)) = self.grown.iter().find(|(p, _)| p == path) {
                let length = expected["shape"][0].as_u64().unwrap();
                expected["shape"][0] = json!(length + rows);
                let flat = expected["flat"].as_array_mut().unwrap();
                let row = flat.len() / (length.max(1) as usize);
                let first: Vec<Json> = flat.iter().take(row * *rows as usize).cloned().collect();
                flat.extend(first);
            }
            compare(&format!("{name} {path}"), &expected, &new["value"], out);
            let count = |o: &Json| o["attributes"].as_object().unwrap().len();
            let expected = count(old) + 1 - usize::from(count(old) > 2);
            if count(new) != expected {
                out.push(format!("{name} {path}: {} attributes, expected {expected}", count(new)));
            }
        }
    }
}

/// Has a library make files, changes them, and asks for its judgement.
fn judged(library: &str, files: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let folder = folder(&format!("theirs-{library}"));
    make_target(&folder);
    let path = |libver: &&str| folder.join(format!("{library} {libver}.h5"));
    let make = |libver: &&str| {
        let mut command = command("make", &path(libver));
        command["libver"] = json!(libver);
        command
    };
    let Some(before) = ask(library, &files.iter().map(make).collect::<Vec<_>>()) else { return wrong };
    let mut all = Vec::new();
    for (libver, before) in files.iter().zip(&before) {
        let path = path(libver);
        agrees(libver, &path, before, &mut wrong);
        if before.get("failed").is_some() {
            continue;
        }
        match change(&path) {
            Ok(done) => all.push((libver, path, before, done)),
            Err(e) => wrong.push(format!("{libver}: {e}")),
        }
    }
    let commands: Vec<Json> = all.iter().map(|(_, path, ..)| command("look", path)).collect();
    for judge in ["h5py", "tables"] {
        let Some(answers) = ask(judge, &commands) else { return wrong };
        for ((libver, path, before, done), answer) in all.iter().zip(&answers) {
            let old = library == "tables" || **libver == "earliest" || libver.starts_with("v1");
            if judge == "tables" && library != "tables" {
                // Its libhdf5 has neither szip nor plugins: what it opens is enough.
                if old && answer.get("failed").is_some() {
                    wrong.push(format!("{libver} by {judge}: {answer}"));
                }
                continue;
            }
            agrees(&format!("{libver} by {judge}"), path, answer, &mut wrong);
            if answer.get("failed").is_none() {
                let unread = compare_dumps(libver, &dump(path), &answer["dump"], &mut wrong);
                wrong.extend(unread);
                done.judge(libver, &before["dump"], &answer["dump"], &mut wrong);
            }
        }
    }
    wrong.extend(all.iter().filter(|_| library == "tables").filter_map(|(_, path, ..)| dump_refuses(path)));
    wrong
}

#[test]
fn we_change_files_of_h5py() {
    settle(&judged("h5py", &["earliest", "v108", "v110", "latest"]));
}

#[test]
fn we_change_files_of_pytables() {
    settle(&judged("tables", &["default"]));
}
