//! What is done to files whose crash states are looked at: steps, each followed by a commit.

use h5::ndarray::{Array2, array, s};
use h5::{Bound, File, Result};

type Step = Box<dyn Fn(&File) -> Result<()>>;

/// A named list of steps.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) bound: Bound,
    /// Whether libhdf5 is to open the file at every moment, and may see a commit object by object.
    pub(crate) readable: bool,
    pub(crate) steps: Vec<Step>,
}

fn step(f: impl Fn(&File) -> Result<()> + 'static) -> Step {
    Box::new(f)
}

fn repeated(first: Step, times: u32, f: impl Fn(&File, u32) -> Result<()> + Clone + 'static) -> Vec<Step> {
    let rest = (0..times).map(|i| {
        let f = f.clone();
        step(move |file: &File| f(file, i))
    });
    std::iter::once(first).chain(rest).collect()
}

fn groups() -> Vec<Step> {
    repeated(step(|f| f.root()?.create_group("a").map(|_| ())), 12, |f, i| {
        f.root()?.create_group(&format!("a/b{i}/c"))?;
        f.root()?.link_soft("/a", &format!("soft {i}"))
    })
}

fn attributes() -> Vec<Step> {
    repeated(step(|f| f.root()?.set_attribute("n", &0i32)), 14, |f, i| {
        f.root()?.set_attribute(&format!("n{i}"), &f64::from(i))?;
        f.root()?.set_attribute_str("text", &"x".repeat(40 * i as usize))
    })
}

fn attribute_rewrite() -> Vec<Step> {
    repeated(step(|f| f.root()?.set_attribute("n", &0i32)), 12, |f, i| {
        f.root()?.set_attribute("n", &(i as i32))
    })
}

fn delete_and_reuse() -> Vec<Step> {
    let first = step(|f| {
        let d = f.root()?.new_dataset::<i32>().shape([200]).create("d0")?;
        d.write_raw(&[7; 200])
    });
    repeated(first, 8, |f, i| {
        f.root()?.delete(&format!("d{i}"))?;
        let d = f.root()?.new_dataset::<i32>().shape([200]).create(&format!("d{}", i + 1))?;
        d.write_raw(&vec![i as i32; 200])
    })
}

fn rename() -> Vec<Step> {
    repeated(step(|f| f.root()?.create_group("g0/inner").map(|_| ())), 8, |f, i| {
        f.root()?.rename(&format!("g{i}"), &format!("g{}", i + 1))
    })
}

fn contiguous() -> Vec<Step> {
    let first = step(|f| f.root()?.write_dataset("m", &Array2::<f64>::zeros((20, 30))).map(|_| ()));
    repeated(first, 8, |f, i| {
        f.dataset("m")?.write_slice(s![i as usize, 0..3], &array![1.0, 2.0, f64::from(i)])
    })
}

fn compact() -> Vec<Step> {
    let first = step(|f| f.root()?.new_dataset::<i16>().shape([20]).compact().create("c").map(|_| ()));
    repeated(first, 8, |f, i| {
        f.dataset("c")?.write_slice(s![i as usize..i as usize + 2], &array![7i16, i as i16])
    })
}

fn append(max: [Option<u64>; 2], filtered: bool) -> Vec<Step> {
    let first = step(move |f| {
        let mut new = f.root()?.new_dataset::<i32>().shape([0, 4]).max_shape(max).chunk([2, 3]);
        if filtered {
            new = new.shuffle().deflate(3);
        }
        new.create("d").map(|_| ())
    });
    repeated(first, 14, |f, i| f.dataset("d")?.append(0, &[i as i32; 12]))
}

fn append_strings() -> Vec<Step> {
    let first =
        step(|f| f.root()?.new_dataset::<String>().shape([0]).resizable().chunk([4]).create("s").map(|_| ()));
    repeated(first, 10, |f, i| f.dataset("s")?.append(0, &[format!("line {i}"), "x".repeat(i as usize * 30)]))
}

fn resize() -> Vec<Step> {
    let first = step(|f| {
        let d = f
            .root()?
            .new_dataset::<i32>()
            .shape([20, 20])
            .max_shape([None, None])
            .chunk([6, 6])
            .create("r")?;
        d.write_raw(&(0..400).collect::<Vec<i32>>())
    });
    repeated(first, 8, |f, i| f.dataset("r")?.resize([5 + u64::from(i * 7 % 11), 25 - u64::from(i * 3)]))
}

fn scan() -> Vec<Step> {
    let first = step(|f| {
        let root = f.root()?;
        for detector in ["camera", "diode"] {
            let g = root.create_group(&format!("scan/{detector}"))?;
            g.new_dataset::<u16>().shape([0, 8, 8]).resizable().chunk([1, 8, 8]).deflate(1).create("data")?;
            g.new_dataset::<f64>().shape([0]).resizable().chunk([16]).create("axis")?;
        }
        root.new_dataset::<String>().shape([0]).resizable().chunk([8]).create("scan/log").map(|_| ())
    });
    repeated(first, 8, |f, i| {
        for detector in ["camera", "diode"] {
            let g = f.group(&format!("scan/{detector}"))?;
            g.dataset("data")?.append(0, &[i as u16; 64])?;
            g.dataset("axis")?.append(0, &[f64::from(i)])?;
            g.set_attribute("frames", &i)?;
        }
        f.dataset("scan/log")?.append(0, &[format!("frame {i}")])
    })
}

fn several_objects() -> Vec<Step> {
    repeated(step(|f| f.root()?.create_group("g").map(|_| ())), 5, |f, i| {
        f.root()?.set_attribute("round", &i)?;
        f.root()?.rename(if i % 2 == 0 { "g" } else { "h" }, if i % 2 == 0 { "h" } else { "g" })?;
        f.root()?.write_dataset(&format!("d{i}"), &array![i, i + 1, i + 2])?;
        f.root()?.link_hard(&format!("d{i}"), &format!("again{i}"))
    })
}

fn swmr() -> Vec<Step> {
    let first = step(|f| {
        let root = f.root()?;
        root.new_dataset::<u16>().shape([0, 6]).resizable().chunk([2, 6]).deflate(1).create("frames")?;
        root.new_dataset::<f64>().shape([0]).resizable().chunk([3]).create("axis")?;
        root.new_dataset::<u8>().shape([40]).chunk([4]).shuffle().deflate(1).create("fixed").map(|_| ())
    });
    repeated(first, 12, |f, i| {
        if i == 0 {
            f.start_swmr()?;
        }
        f.dataset("frames")?.append(0, &[i as u16; 6])?;
        f.dataset("axis")?.append(0, &[f64::from(i); 2])?;
        f.dataset("fixed")?.write_slice(s![3 * i as usize..3 * i as usize + 4], &array![1u8, 2, 3, i as u8])
    })
}

fn fixed_text(d: &h5::Dataset, name: &str, text: &str) -> Result<()> {
    let datatype =
        h5::Datatype::fixed_string(text.len() as u32, h5::StringPadding::NullPadded, h5::CharSet::Utf8)?;
    d.new_attribute(name).datatype(datatype).stored(&[], text.as_bytes())
}

/// Arrays with the attributes that nodes have, one of which changes with the rows.
fn nodes() -> Vec<Step> {
    let first = step(|f| {
        let root = f.root()?;
        for name in ["image", "axis"] {
            let d =
                root.new_dataset::<u16>().shape([0, 5]).resizable().chunk([2, 5]).deflate(1).create(name)?;
            for a in 0..12 {
                fixed_text(&d, &format!("attribute {a}"), &format!("{{\"data\": {a}}}"))?;
            }
        }
        root.new_dataset::<f64>().shape([20, 4]).create("map")?;
        root.new_dataset::<String>().shape([0]).resizable().chunk([8]).create("log").map(|_| ())
    });
    repeated(first, 20, |f, i| {
        for name in ["image", "axis"] {
            let d = f.dataset(name)?;
            d.append(0, &[i as u16; 5])?;
            fixed_text(&d, "attribute 3", &format!("({}, 5)", i + 1))?;
        }
        f.dataset("map")?.write_slice(s![i as usize % 20, ..], &array![1.0, 2.0, 3.0, f64::from(i)])?;
        f.dataset("log")?.append(0, &["x".repeat(100 + 40 * i as usize)])
    })
}

/// Objects that come one by one, each with its attributes.
fn objects() -> Vec<Step> {
    repeated(step(|f| f.root()?.create_group("scan").map(|_| ())), 6, |f, i| {
        let g = f.group("scan")?.create_group(&format!("g{i}"))?;
        g.set_attribute("n", &i)?;
        f.root()?.set_attribute("last", &i)?;
        g.write_dataset("data", &array![i, i + 1, i + 2]).map(|_| ())
    })
}

/// Workloads of which libhdf5 may see a commit object by object while it is applied, but is never refused.
pub(crate) fn by_object() -> Vec<Workload> {
    let new = |name, readable, steps| Workload { name, bound: Bound::V110, readable, steps };
    vec![
        new("swmr", false, swmr()),
        new("readable-scan", true, scan()),
        new("readable-nodes", true, nodes()),
        new("readable-strings", true, append_strings()),
        new("readable-objects", true, objects()),
        new("readable-compact", true, compact()),
        new("readable-contiguous", true, contiguous()),
    ]
}

/// All workloads of which libhdf5 sees whole commits, or is refused; those on superblocks before version 3 begin with `old-`.
pub(crate) fn all() -> Vec<Workload> {
    let (rows, all) = ([None, Some(4)], [None, None]);
    let new = |name, steps| Workload { name, bound: Bound::V110, readable: false, steps };
    let old = |name, bound, steps| Workload { name, bound, readable: false, steps };
    vec![
        new("groups", groups()),
        new("attributes", attributes()),
        new("attribute-rewrite", attribute_rewrite()),
        new("delete-reuse", delete_and_reuse()),
        new("rename", rename()),
        new("contiguous", contiguous()),
        new("compact", compact()),
        new("append-array", append(rows, false)),
        new("append-array-filtered", append(rows, true)),
        new("append-tree", append(all, false)),
        new("append-tree-filtered", append(all, true)),
        new("append-fixed", append([Some(100), Some(4)], true)),
        new("append-strings", append_strings()),
        new("resize", resize()),
        new("scan", scan()),
        new("several-objects", several_objects()),
        old("old-v18-groups", Bound::V18, groups()),
        old("old-v18-attributes", Bound::V18, attributes()),
        old("old-v18-contiguous", Bound::V18, contiguous()),
        old("old-v18-append", Bound::V18, append(rows, true)),
        old("old-groups", Bound::Earliest, groups()),
        old("old-attributes", Bound::Earliest, attributes()),
        old("old-delete-reuse", Bound::Earliest, delete_and_reuse()),
        old("old-append", Bound::Earliest, append(rows, true)),
        old("old-rename", Bound::Earliest, rename()),
    ]
}
