//! Does a file hold what the model says?

use std::collections::BTreeMap;

use h5::{Attribute, Dataset, File, Group, Node, Target as LinkTarget};

use super::model::{Array, Element, Is, Kind, Model, Object, Target};

/// The elements of a dataset.
pub fn elements(d: &Dataset, kind: Kind) -> h5::Result<Vec<Element>> {
    Ok(match kind {
        Kind::Int => d.read_raw()?.into_iter().map(Element::Int).collect(),
        Kind::Float => d.read_raw()?.into_iter().map(Element::Float).collect(),
        Kind::Text => d.read_raw()?.into_iter().map(Element::Text).collect(),
        Kind::List => d.read_raw()?.into_iter().map(Element::List).collect(),
        Kind::Pair => d.read_raw()?.into_iter().map(|(a, b)| Element::Pair(a, b)).collect(),
    })
}

fn values(a: &Attribute, kind: Kind) -> h5::Result<Vec<Element>> {
    Ok(match kind {
        Kind::Int => a.read_raw()?.into_iter().map(Element::Int).collect(),
        Kind::Float => a.read_raw()?.into_iter().map(Element::Float).collect(),
        Kind::Text => a.read_raw()?.into_iter().map(Element::Text).collect(),
        Kind::List => a.read_raw()?.into_iter().map(Element::List).collect(),
        Kind::Pair => a.read_raw()?.into_iter().map(|(a, b)| Element::Pair(a, b)).collect(),
    })
}

/// Compares attributes and comment.
fn common(path: &str, object: &Object, found: Vec<Attribute>, comment: Option<String>) {
    assert_eq!(comment, object.comment, "{path}: comment");
    let names: Vec<String> = found.iter().map(|a| a.name().to_string()).collect();
    let expected: Vec<String> = object.attributes.keys().cloned().collect();
    assert_eq!(names, expected, "{path}: attributes");
    for (attribute, (name, array)) in found.iter().zip(&object.attributes) {
        let Array { kind, dims, elements } = array;
        let shape = dims.clone().unwrap_or_default();
        assert_eq!(attribute.shape().expect("a shape"), shape, "{path}@{name}: shape");
        let values = values(attribute, *kind).unwrap_or_else(|e| panic!("{path}@{name}: {e}"));
        assert!(values == *elements, "{path}@{name}: {values:?}, expected {elements:?}");
    }
}

fn links(path: &str, group: &Group, expected: &BTreeMap<String, Target>) {
    let found = group.links().unwrap_or_else(|e| panic!("{path}: {e}"));
    let names: Vec<String> = found.iter().map(|l| String::from_utf8_lossy(&l.name).into_owned()).collect();
    assert_eq!(names, expected.keys().cloned().collect::<Vec<_>>(), "{path}: links");
    for (link, (name, target)) in found.iter().zip(expected) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match (&link.target, target) {
            (LinkTarget::Hard(_), Target::Hard(_)) => {}
            (LinkTarget::Soft(to), Target::Soft(expected)) => {
                assert_eq!(text(to), *expected, "{path}/{name}")
            }
            (LinkTarget::External { file, path: to, .. }, Target::External(f, p)) => {
                assert_eq!((text(file), text(to)), (f.clone(), p.clone()), "{path}/{name}");
            }
            (found, expected) => panic!("{path}/{name}: {found:?}, expected {expected:?}"),
        }
    }
}

/// Fails where the file does not hold exactly what the model says.
pub fn compare(file: &File, model: &Model) {
    let mut addresses = BTreeMap::new();
    for (path, id) in model.paths() {
        let object = &model.objects[&id];
        let node = match path.as_str() {
            "/" => Node::Group(file.root().expect("a root group")),
            _ => file
                .get(&path)
                .unwrap_or_else(|e| panic!("{path}: {e}"))
                .unwrap_or_else(|| panic!("{path} is missing")),
        };
        let address = match (&node, &object.is) {
            (Node::Group(g), Is::Group(expected)) => {
                links(&path, g, expected);
                common(&path, object, g.attributes().expect("attributes"), g.comment());
                g.address()
            }
            (Node::Dataset(d), Is::Data(data)) => {
                let shape = d.shape().unwrap_or_else(|e| panic!("{path}: {e}"));
                assert_eq!(shape, data.array.dims.clone().unwrap_or_default(), "{path}: shape");
                let found = elements(d, data.array.kind).unwrap_or_else(|e| panic!("{path}: {e}"));
                let wrong = found.iter().zip(&data.array.elements).position(|(a, b)| a != b);
                assert_eq!(found.len(), data.array.elements.len(), "{path}: elements");
                if let Some(at) = wrong {
                    panic!(
                        "{path}: element {at} of {shape:?}: {:?}, expected {:?}",
                        found[at], data.array.elements[at]
                    );
                }
                common(&path, object, d.attributes().expect("attributes"), d.comment());
                d.address()
            }
            (Node::Type(t), Is::Type) => {
                common(&path, object, t.attributes().expect("attributes"), None);
                t.address()
            }
            (_, expected) => panic!("{path}: another kind of object than {expected:?}"),
        };
        assert!(addresses.insert(address, path.clone()).is_none(), "{path}: it is one object with another");
    }
}

/// Fails where a structure of the file is not as it should be.
pub fn check(file: &File) {
    let report =
        h5::ops::check::check(file, &Default::default(), &mut |_| {}).expect("the file is looked at");
    assert!(report.is_clean(), "{:#?}", report.problems);
}
