//! Steps on groups, links, attributes, and on the whole file.

use h5::{Bound, ErrorKind, File, Group, Node, OpenOptions};

use super::model::{Array, Is, Kind, Model, Object, Target};
use super::{Input, Run, compare};

const NAMES: [&str; 12] =
    ["a", "b", "c", "d e", "Ä", "f0", "g", "h", "long name of a link that takes more room", "j", "k", "l"];

pub fn name(input: &mut Input<'_>) -> String {
    NAMES[input.below(NAMES.len())].to_string()
}

/// A refused call: it says so as a mistake of the caller's.
pub fn refused<T>(result: h5::Result<T>) {
    let e = result.err().expect("the call is refused");
    assert!(matches!(e.kind(), ErrorKind::Usage | ErrorKind::NotFound | ErrorKind::Unsupported), "{e}");
}

impl Run {
    /// One of the objects that `wanted` takes.
    pub fn pick(&self, input: &mut Input<'_>, wanted: impl Fn(&Object) -> bool) -> Option<(String, usize)> {
        let mut all = self.model.paths();
        all.retain(|(_, id)| wanted(&self.model.objects[id]));
        let at = input.below(all.len());
        all.into_iter().nth(at)
    }
    pub fn pick_group(&self, input: &mut Input<'_>) -> (Group, usize) {
        let (path, id) = self.pick(input, |o| matches!(o.is, Is::Group(_))).expect("the root group");
        let root = self.file.root().expect("the root group");
        (if id == 0 { root } else { root.group(&path).expect("a group") }, id)
    }
    fn pick_node(&self, input: &mut Input<'_>) -> (Node, String, usize) {
        let (path, id) = self.pick(input, |_| true).expect("the root group");
        let node = match id {
            0 => Node::Group(self.file.root().expect("the root group")),
            _ => self.file.get(&path).expect("an object").expect("an object"),
        };
        (node, path, id)
    }
    /// A name that is free in this group.
    pub fn free_name(&self, group: usize, input: &mut Input<'_>) -> String {
        let mut name = name(input);
        while self.model.links(group).contains_key(&name) {
            name.push('\'');
        }
        name
    }
    pub fn link(&mut self, group: usize, name: &str, target: Target) {
        self.model.links_mut(group).insert(name.to_string(), target);
    }
}

pub fn create_group(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let name = name(input);
    if run.model.links(id).contains_key(&name) {
        return refused(group.create_group(&name));
    }
    group.create_group(&name).expect("a new group");
    let new = run.model.add(Object::new(Is::Group(Default::default())));
    run.link(id, &name, Target::Hard(new));
}

pub fn groups_on_the_way(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let (first, second) = (run.free_name(id, input), name(input));
    group.require_group(&format!("{first}/{second}")).expect("new groups");
    let inner = run.model.add(Object::new(Is::Group(Default::default())));
    let outer = run.model.add(Object::new(Is::Group([(second, Target::Hard(inner))].into())));
    run.link(id, &first, Target::Hard(outer));
    group.require_group(&first).expect("a group that is there");
}

pub fn many_groups(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    for n in 0..20 + input.below(20) {
        let name = format!("many {n}");
        if !run.model.links(id).contains_key(&name) {
            group.create_group(&name).expect("a new group");
            let new = run.model.add(Object::new(Is::Group(Default::default())));
            run.link(id, &name, Target::Hard(new));
        }
    }
}

pub fn delete_many(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let every = 1 + input.below(3);
    let names: Vec<String> = run.model.links(id).keys().filter(|n| n.starts_with("many")).cloned().collect();
    for name in names.iter().step_by(every) {
        group.delete(name).expect("a link that is there");
        run.model.links_mut(id).remove(name);
    }
    run.model.settle();
}

pub fn link_hard(run: &mut Run, input: &mut Input<'_>) {
    let (_, path, target) = run.pick_node(input);
    let (group, id) = run.pick_group(input);
    let name = run.free_name(id, input);
    group.link_hard(&path, &name).expect("a hard link");
    run.link(id, &name, Target::Hard(target));
}

pub fn link_soft(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let (name, to) = (run.free_name(id, input), format!("/{}/nowhere", name(input)));
    group.link_soft(&to, &name).expect("a soft link");
    run.link(id, &name, Target::Soft(to));
}

pub fn link_external(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    if run.file.bound() == Bound::Earliest {
        return;
    }
    let (name, to) = (run.free_name(id, input), format!("/{}", name(input)));
    group.link_external("other.h5", &to, &name).expect("an external link");
    run.link(id, &name, Target::External("other.h5".into(), to));
}

pub fn rename(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let at = input.below(run.model.links(id).len());
    let Some((old, target)) = run.model.links(id).iter().nth(at).map(|(n, t)| (n.clone(), t.clone())) else {
        return;
    };
    let new = name(input);
    if new != old && run.model.links(id).contains_key(&new) {
        return refused(group.rename(&old, &new));
    }
    group.rename(&old, &new).expect("a rename");
    run.model.links_mut(id).remove(&old);
    run.link(id, &new, target);
}

pub fn move_to_another_group(run: &mut Run, input: &mut Input<'_>) {
    let (from, id) = run.pick_group(input);
    let at = input.below(run.model.links(id).len());
    let Some((old, target)) = run.model.links(id).iter().nth(at).map(|(n, t)| (n.clone(), t.clone())) else {
        return;
    };
    let (path, to) = run.pick(input, |o| matches!(o.is, Is::Group(_))).expect("the root group");
    // A group that is moved into itself is lost.
    if matches!(target, Target::Hard(moved) if run.model.below(moved).contains(&to)) {
        return;
    }
    let new = run.free_name(to, input);
    from.rename(&old, &format!("{}/{new}", path.trim_end_matches('/'))).expect("a move");
    run.model.links_mut(id).remove(&old);
    run.link(to, &new, target);
    run.model.settle();
}

pub fn delete(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let at = input.below(run.model.links(id).len());
    let Some(name) = run.model.links(id).keys().nth(at).cloned() else {
        return refused(group.delete("what is not there"));
    };
    group.delete(&name).expect("a link that is there");
    run.model.links_mut(id).remove(&name);
    run.model.settle();
}

pub fn comment(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let text = "comment ".repeat(1 + input.below(9));
    group.set_comment(&text).expect("a comment");
    run.model.objects.get_mut(&id).expect("it is there").comment = Some(text);
}

pub fn commit_type(run: &mut Run, input: &mut Input<'_>) {
    let (group, id) = run.pick_group(input);
    let name = run.free_name(id, input);
    let datatype = <(i32, f64) as h5::H5Type>::datatype().expect("a compound");
    group.commit_type(&name, datatype).expect("a committed type");
    let new = run.model.add(Object::new(Is::Type));
    run.link(id, &name, Target::Hard(new));
}

/// Calls a method that groups, datasets and committed types have.
macro_rules! on {
    ($node:expr, $o:ident => $call:expr) => {
        match &$node {
            Node::Group($o) => $call,
            Node::Dataset($o) => $call,
            Node::Type($o) => $call,
            _ => unreachable!("there are no other kinds of objects"),
        }
    };
}

fn set(run: &mut Run, (node, id): (&Node, usize), name: &str, array: Array) {
    let one = array.dims.as_ref().is_some_and(Vec::is_empty);
    macro_rules! write {
        ($variant:ident) => {{
            let all: Vec<_> = array.elements.iter().map(|e| e.$variant()).collect();
            match one {
                true => on!(node, o => o.new_attribute(name).value(&all[0])),
                false => on!(node, o => o.new_attribute(name).list(&all)),
            }
        }};
    }
    let done = match array.kind {
        Kind::Int => write!(int),
        Kind::Float => write!(float),
        Kind::Text => write!(text),
        Kind::List => write!(list),
        Kind::Pair => write!(pair),
    };
    done.expect("an attribute");
    run.model.objects.get_mut(&id).expect("it is there").attributes.insert(name.to_string(), array);
}

/// An attribute of any kind, new or in the place of another.
fn attribute(run: &mut Run, input: &mut Input<'_>, kind: Kind, count: Option<usize>) {
    let (node, _, id) = run.pick_node(input);
    let (name, seed) = (name(input), input.below(200));
    let dims = count.map_or(Vec::new(), |n| vec![n as u64]);
    let elements = (0..count.unwrap_or(1)).map(|n| kind.value(seed + n)).collect();
    set(run, (&node, id), &name, Array { kind, dims: Some(dims), elements });
}

pub fn attribute_int(run: &mut Run, input: &mut Input<'_>) {
    attribute(run, input, Kind::Int, None);
}
pub fn attribute_text(run: &mut Run, input: &mut Input<'_>) {
    attribute(run, input, Kind::Text, None);
}
pub fn attribute_pair(run: &mut Run, input: &mut Input<'_>) {
    attribute(run, input, Kind::Pair, None);
}
pub fn attribute_sequence(run: &mut Run, input: &mut Input<'_>) {
    attribute(run, input, Kind::List, None);
}
pub fn attribute_floats(run: &mut Run, input: &mut Input<'_>) {
    let count = 1 + input.below(40);
    attribute(run, input, Kind::Float, Some(count));
}
pub fn attribute_texts(run: &mut Run, input: &mut Input<'_>) {
    let count = 1 + input.below(10);
    attribute(run, input, Kind::Text, Some(count));
}
pub fn attribute_large(run: &mut Run, input: &mut Input<'_>) {
    let count = 500 + input.below(200);
    attribute(run, input, Kind::Float, Some(count));
}

pub fn many_attributes(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, id) = run.pick_node(input);
    for n in 0..8 + input.below(8) {
        let array = Array { kind: Kind::Int, dims: Some(Vec::new()), elements: vec![Kind::Int.value(n)] };
        set(run, (&node, id), &format!("many {n}"), array);
    }
}

pub fn delete_attribute(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, id) = run.pick_node(input);
    let attributes = &mut run.model.objects.get_mut(&id).expect("it is there").attributes;
    let at = input.below(attributes.len());
    let Some(name) = attributes.keys().nth(at).cloned() else {
        return refused(on!(node, o => o.delete_attribute("what is not there")));
    };
    on!(node, o => o.delete_attribute(&name)).expect("an attribute that is there");
    attributes.remove(&name);
}

pub fn delete_all_attributes(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, id) = run.pick_node(input);
    let attributes = &mut run.model.objects.get_mut(&id).expect("it is there").attributes;
    for name in std::mem::take(attributes).keys() {
        on!(node, o => o.delete_attribute(name)).expect("an attribute that is there");
    }
}

pub fn rename_attribute(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, id) = run.pick_node(input);
    let new = name(input);
    let attributes = &mut run.model.objects.get_mut(&id).expect("it is there").attributes;
    let at = input.below(attributes.len());
    let Some(old) = attributes.keys().nth(at).cloned() else { return };
    if new != old && attributes.contains_key(&new) {
        return refused(on!(node, o => o.rename_attribute(&old, &new)));
    }
    on!(node, o => o.rename_attribute(&old, &new)).expect("an attribute that is there");
    let array = attributes.remove(&old).expect("it is there");
    attributes.insert(new, array);
}

pub fn copy(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, from) = run.pick_node(input);
    let (group, id) = run.pick_group(input);
    // A group is not copied into itself, and copies of copies do not get large.
    if run.model.below(from).contains(&id) || run.model.objects.len() > 150 {
        return;
    }
    let name = run.free_name(id, input);
    group.copy(&node, &name).expect("a copy");
    let model = run.model.clone();
    let new = run.model.copy(&model, from);
    run.link(id, &name, Target::Hard(new));
}

/// Everything goes into another file, of another bound.
pub fn copy_to_another_file(run: &mut Run, input: &mut Input<'_>) {
    let (node, _, from) = run.pick_node(input);
    let bound = [Bound::V18, Bound::V110, Bound::V200][input.below(3)];
    let other = OpenOptions::new().bound(bound).parallel(false).create_in_memory().expect("a file in memory");
    other.root().expect("the root group").copy(&node, "copy").expect("a copy");
    let mut model = Model::default();
    let new = model.copy(&run.model, from);
    model.links_mut(0).insert("copy".into(), Target::Hard(new));
    compare(&other, &model);
    other.clone().close().expect("it is closed");
    let read = File::from_bytes(other.to_vec().expect("its bytes")).expect("it opens");
    compare(&read, &model);
    super::check(&read);
}

pub fn commit(run: &mut Run, _: &mut Input<'_>) {
    run.file.commit().expect("a commit");
    run.committed = run.model.clone();
}

pub fn rollback(run: &mut Run, _: &mut Input<'_>) {
    run.file.rollback().expect("a rollback");
    run.model = run.committed.clone();
    compare(&run.file, &run.model);
}

pub fn reopen(run: &mut Run, _: &mut Input<'_>) {
    run.reopen(None);
}

pub fn reopen_with_another_bound(run: &mut Run, input: &mut Input<'_>) {
    let bound = [Bound::Earliest, Bound::V18, Bound::V110, Bound::V200][input.below(4)];
    run.reopen(Some(bound));
}

pub fn snapshot(run: &mut Run, _: &mut Input<'_>) {
    let reader = run.file.snapshot().expect("a snapshot");
    compare(&reader, &run.committed);
    run.file.commit().expect("a commit");
    run.committed = run.model.clone();
    reader.refresh().expect("a newer snapshot");
    compare(&reader, &run.committed);
}

pub fn look(run: &mut Run, _: &mut Input<'_>) {
    compare(&run.file, &run.model);
}

/// Nothing can be changed in a file that is open for reading.
pub fn read_only(run: &mut Run, input: &mut Input<'_>) {
    let reader = run.file.snapshot().expect("a snapshot");
    let root = reader.root().expect("the root group");
    let name = name(input);
    refused(root.create_group(&name));
    refused(root.set_attribute(&name, &1));
    refused(root.delete(&name));
    refused(reader.commit());
}

/// Names that cannot be.
pub fn bad_names(run: &mut Run, input: &mut Input<'_>) {
    let (group, _) = run.pick_group(input);
    refused(group.create_group(""));
    refused(group.create_group("a\0b"));
    refused(group.link_hard("/what/is/not/there", "new"));
    refused(group.new_attribute("a\0b").value(&1));
}
