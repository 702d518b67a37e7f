//! Edits any HDF5 file in place by a fixed script, and prints as JSON what it did.
//!
//! An attribute is added to the root group and replaced; a group with two datasets is added and one of them
//! deleted; the first dataset that can grow gets one more row; the first group is moved.
//!
//! ```text
//! cargo run --release --example edit_file -- FILE
//! {"added": [paths], "deleted": [paths], "moved": {from: to}, "touched": [paths]}
//! ```

use std::collections::HashSet;

use h5::{Dataset, File, Group, Node, Result, Selection};
use serde_json::json;

/// Where new things go.
const NEW: &str = "/h5 edit";

/// What hard links of a group lead to, as far as it can be opened.
fn members(group: &Group) -> Vec<Node> {
    let links = group.links().unwrap_or_default();
    let hard = links.iter().filter(|link| matches!(link.target, h5::Target::Hard(_)));
    hard.filter_map(|link| group.follow(link).ok().flatten()).collect()
}

/// All datasets, each once.
fn datasets(root: &Group) -> Vec<Dataset> {
    let mut found = Vec::new();
    let mut seen = HashSet::from([root.address()]);
    let mut left = vec![root.clone()];
    while let Some(group) = left.pop() {
        let mut below = Vec::new();
        for node in members(&group) {
            match node {
                Node::Dataset(d) if seen.insert(d.address()) => found.push(d),
                Node::Group(g) if seen.insert(g.address()) => below.push(g),
                _ => {}
            }
        }
        left.extend(below.into_iter().rev());
    }
    found
}

/// The dimension along which one more row fits.
fn axis(dataset: &Dataset) -> Option<usize> {
    dataset.chunk_shape()?;
    let shape = dataset.shape().ok()?;
    let grows = |(s, m): (&u64, Option<u64>)| m.is_none_or(|m| m > *s);
    let axis = shape.iter().zip(dataset.max_shape()).position(grows)?;
    let row: u64 = shape.iter().enumerate().filter(|(d, _)| *d != axis).map(|(_, n)| n).product();
    if row * u64::from(dataset.datatype().size) >= 1 << 20 {
        return None;
    }
    // Chunks that cannot be decoded cannot be added to.
    let readable = shape[axis] == 0 || dataset.read_stored(&slab(&shape, axis, shape[axis] - 1)).is_ok();
    readable.then_some(axis)
}

/// One row: that at `index` along `axis`.
fn slab(shape: &[u64], axis: usize, index: u64) -> Selection {
    let mut part: Vec<_> = shape.iter().map(|n| h5::Span::range(0, *n)).collect();
    part[axis] = h5::Span::range(index, 1);
    Selection::Slab(part)
}

fn append_zeros(dataset: &Dataset, axis: usize) -> Result<()> {
    let old = dataset.shape()?;
    let mut dims = old.clone();
    dims[axis] += 1;
    dataset.resize(&dims)?;
    let selection = slab(&dims, axis, old[axis]);
    let bytes = selection.elements(&dims)? * u64::from(dataset.datatype().size);
    dataset.write_stored(&selection, &vec![0; bytes as usize])
}

fn edit(path: &str) -> Result<serde_json::Value> {
    let file = File::open_rw(path)?;
    let root = file.root()?;
    let mut touched = vec!["/".to_string()];
    root.set_attribute("h5 edit", &1i32)?;
    root.set_attribute_str("h5 edit", "replaced, by a value of another type and size")?;

    root.create_group(NEW)?;
    let kept = root.new_dataset::<f64>().shape([3, 4]).create(&format!("{NEW}/kept"))?;
    kept.write_raw(&(0..12).map(f64::from).collect::<Vec<_>>())?;
    let dropped = format!("{NEW}/dropped");
    root.new_dataset::<i32>()
        .shape([100])
        .resizable()
        .deflate(6)
        .create(&dropped)?
        .write_raw(&[7i32; 100])?;
    file.commit()?;
    root.delete(&dropped)?;
    let added = [NEW.to_string(), format!("{NEW}/kept")];

    let all = datasets(&root);
    let old = || all.iter().filter(|d| !d.path().starts_with(NEW));
    // Values that lead elsewhere are left alone: a row of zeros is nothing for them.
    if let Some((dataset, axis)) = old().find_map(|d| Some((d, axis(d)?))) {
        append_zeros(dataset, axis)?;
        touched.push(dataset.path().to_string());
    }

    let mut moved = serde_json::Map::new();
    let by_path = old().any(|d| d.mappings().is_ok_and(|m| !m.is_empty()));
    let mut groups = members(&root).into_iter().filter_map(|node| match node {
        Node::Group(g) if g.path() != NEW && g.address() != root.address() => Some(g),
        _ => None,
    });
    if let Some(group) = groups.next().filter(|_| !by_path) {
        let to = format!("{NEW}/moved");
        root.rename(group.path(), &to)?;
        moved.insert(group.path().to_string(), json!(to));
    }
    file.close()?;
    Ok(json!({"touched": touched, "added": added, "deleted": [dropped], "moved": moved}))
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: edit_file FILE");
        std::process::exit(2);
    };
    match edit(&path) {
        Ok(done) => println!("{done}"),
        Err(e) => {
            eprintln!("edit_file: {e}");
            std::process::exit(1);
        }
    }
}
