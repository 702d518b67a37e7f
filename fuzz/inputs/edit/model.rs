//! What a file must hold.

use std::collections::{BTreeMap, BTreeSet};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    Int(i32),
    Float(f64),
    Text(String),
    List(Vec<i16>),
    Pair(i32, f64),
}

/// What the elements of a dataset or an attribute are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Float,
    Text,
    List,
    Pair,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Int, Kind::Float, Kind::Text, Kind::List, Kind::Pair];
    /// What is read where nothing was written.
    pub fn empty(self) -> Element {
        self.value(0)
    }
    /// One of its values.
    pub fn value(self, n: usize) -> Element {
        match self {
            Kind::Int => Element::Int(n as i32 * 3),
            Kind::Float => Element::Float(n as f64 / 4.0),
            Kind::Text => Element::Text("ä".repeat(n % 5) + &"x".repeat(n / 5 % 40)),
            Kind::List => Element::List((0..n % 6).map(|i| (i * n) as i16).collect()),
            Kind::Pair => Element::Pair(n as i32, n as f64 / 2.0),
        }
    }
}

/// Elements with their shape; no shape: none at all, not even a scalar.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub kind: Kind,
    pub dims: Option<Vec<u64>>,
    pub elements: Vec<Element>,
}

impl Array {
    pub fn new(kind: Kind, dims: &[u64], fill: &Element) -> Array {
        let count = dims.iter().product::<u64>() as usize;
        Array { kind, dims: Some(dims.to_vec()), elements: vec![fill.clone(); count] }
    }
    /// The same elements in another shape, with `fill` where there was none.
    pub fn resized(&self, dims: &[u64], fill: &Element) -> Array {
        let mut out = Array::new(self.kind, dims, fill);
        let old = self.dims.clone().unwrap_or_default();
        for (n, element) in self.elements.iter().enumerate() {
            let at = position(n, &old);
            if at.iter().zip(dims).all(|(a, d)| a < d) {
                out.elements[index(&at, dims)] = element.clone();
            }
        }
        out
    }
}

/// The coordinates of the `n`th element.
pub fn position(mut n: usize, dims: &[u64]) -> Vec<u64> {
    let mut out = vec![0; dims.len()];
    for (at, dim) in out.iter_mut().zip(dims).rev() {
        *at = (n as u64) % *dim;
        n /= *dim as usize;
    }
    out
}

/// The number of the element at these coordinates.
pub fn index(at: &[u64], dims: &[u64]) -> usize {
    at.iter().zip(dims).fold(0, |n, (a, d)| n * d + a) as usize
}

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    pub array: Array,
    pub max: Vec<Option<u64>>,
    pub fill: Element,
    pub chunked: bool,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Hard(usize),
    Soft(String),
    External(String, String),
}

/// What an object is.
#[derive(Debug, Clone, PartialEq)]
pub enum Is {
    Group(BTreeMap<String, Target>),
    Data(Data),
    Type,
}

/// An object.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub is: Is,
    pub attributes: BTreeMap<String, Array>,
    pub comment: Option<String>,
}

impl Object {
    pub fn new(is: Is) -> Object {
        Object { is, attributes: BTreeMap::new(), comment: None }
    }
}

/// A whole file; the root group is object 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub objects: BTreeMap<usize, Object>,
    pub next: usize,
}

impl Default for Model {
    fn default() -> Self {
        let root = Object::new(Is::Group(BTreeMap::new()));
        Model { objects: BTreeMap::from([(0, root)]), next: 1 }
    }
}

impl Model {
    /// The links of a group.
    pub fn links(&self, group: usize) -> &BTreeMap<String, Target> {
        match &self.objects[&group].is {
            Is::Group(links) => links,
            other => panic!("object {group} is {other:?}"),
        }
    }
    pub fn links_mut(&mut self, group: usize) -> &mut BTreeMap<String, Target> {
        match self.objects.get_mut(&group).map(|o| &mut o.is) {
            Some(Is::Group(links)) => links,
            other => panic!("object {group} is {other:?}"),
        }
    }
    /// The data of a dataset.
    pub fn data_mut(&mut self, id: usize) -> &mut Data {
        match self.objects.get_mut(&id).map(|o| &mut o.is) {
            Some(Is::Data(data)) => data,
            other => panic!("object {id} is {other:?}"),
        }
    }
    /// Adds an object.
    pub fn add(&mut self, object: Object) -> usize {
        self.objects.insert(self.next, object);
        self.next += 1;
        self.next - 1
    }
    /// Every object with the path at which it is found first.
    pub fn paths(&self) -> Vec<(String, usize)> {
        let mut out = vec![("/".to_string(), 0)];
        let mut seen = BTreeSet::from([0]);
        let mut at = 0;
        while let Some((path, id)) = out.get(at).cloned() {
            at += 1;
            let Is::Group(links) = &self.objects[&id].is else { continue };
            for (name, target) in links {
                if let Target::Hard(id) = target
                    && seen.insert(*id)
                {
                    out.push((format!("{}/{name}", path.trim_end_matches('/')), *id));
                }
            }
        }
        out
    }
    /// Forgets what nothing leads to any more.
    pub fn settle(&mut self) {
        let reached: BTreeSet<usize> = self.paths().into_iter().map(|(_, id)| id).collect();
        self.objects.retain(|id, _| reached.contains(id));
    }
    /// All that an object leads to, itself too.
    pub fn below(&self, id: usize) -> BTreeSet<usize> {
        let (mut out, mut pending) = (BTreeSet::new(), vec![id]);
        while let Some(id) = pending.pop() {
            if let (true, Is::Group(links)) = (out.insert(id), &self.objects[&id].is) {
                pending.extend(
                    links.values().filter_map(|t| if let Target::Hard(id) = t { Some(*id) } else { None }),
                );
            }
        }
        out
    }
    /// A copy of an object with all that it leads to; what is met again is one object in the copy, too.
    pub fn copy(&mut self, from: &Model, id: usize) -> usize {
        let ids: Vec<usize> = from.below(id).into_iter().collect();
        let new: BTreeMap<usize, usize> = ids.iter().zip(self.next..).map(|(old, new)| (*old, new)).collect();
        for old in ids {
            let mut object = from.objects[&old].clone();
            if let Is::Group(links) = &mut object.is {
                for target in links.values_mut() {
                    if let Target::Hard(id) = target {
                        *id = new[id];
                    }
                }
            }
            self.add(object);
        }
        new[&id]
    }
}
