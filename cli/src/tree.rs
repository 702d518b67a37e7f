//! `h5 tree`.

use std::io::Write;
use std::path::PathBuf;

use anstyle::Style;
use h5::ops::text::{clipped, printable};
use h5::ops::tree::{Entry, Leads, Options, What, tree};
use serde_json::{Value, json};

use crate::nodes::{Nodes, Told};
use crate::style::{self, Signs, brief};
use crate::{Failure, Outcome, open, warn};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// Where to start
    #[arg(default_value = "/")]
    path: String,
    /// List attributes with their values
    #[arg(short, long)]
    attrs: bool,
    /// How many levels to list
    #[arg(short, long, value_name = "N")]
    depth: Option<usize>,
    /// One JSON object for each entry, one on a line
    #[arg(long)]
    json: bool,
    /// Branches and signs in ASCII
    #[arg(long)]
    ascii: bool,
    /// What is stored, without the titles and Python values of node files (PyMoDAQ, PyTables)
    #[arg(long)]
    raw: bool,
}

/// Characters of a type that are shown.
const TYPE_CHARACTERS: usize = 72;
/// Characters of a title and of an attribute's value that are shown.
const TEXT_CHARACTERS: usize = 60;
/// Columns are aligned up to these widths.
const NAME_WIDTH: usize = 32;
const SHAPE_WIDTH: usize = 32;
/// Lines that are held back to align them.
const HELD_LINES: usize = 256;

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, truncated) = open(&args.file)?;
    let options = Options { depth: args.depth, attributes: args.attrs };
    let mut out = std::io::BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let mut counts = Counts::default();
    let mut lines = Lines { signs: Signs::new(args.ascii), held: Vec::new() };
    let mut failed: Option<std::io::Error> = None;
    let nodes = Nodes::of(&file, args.raw);
    let mut told = Told::default();
    let result = tree(&file, &args.path, &options, &mut |entry| {
        counts.add(&entry);
        // Attributes come after their object.
        match entry.what {
            What::Attribute { .. } => {}
            What::Group(_) | What::Dataset { .. } => told = nodes.at(&entry.path),
            _ => told = Told::default(),
        }
        let written = match args.json {
            true => writeln!(out, "{}", to_json(&entry, &told)),
            false => lines.add(&mut out, &entry, &told),
        };
        if let Some(e) = entry.what.error() {
            warn(&args.file, &e.to_string());
        }
        written.map_err(|e| {
            failed = Some(e);
            h5::Error::usage("the output is closed")
        })
    });
    if let Some(e) = failed {
        return Err(e.into());
    }
    result?;
    if !args.json {
        lines.flush(&mut out)?;
        writeln!(out, "\n{}", style::paint(style::DIM, &counts.text()))?;
    }
    out.flush()?;
    Ok(if truncated || counts.broken > 0 { Outcome::Partial } else { Outcome::Whole })
}

#[derive(Default)]
struct Counts {
    groups: u64,
    datasets: u64,
    types: u64,
    links: u64,
    dangling: u64,
    attributes: u64,
    broken: u64,
}

impl Counts {
    fn add(&mut self, entry: &Entry) {
        match &entry.what {
            What::Group(_) => self.groups += 1,
            What::Dataset { .. } => self.datasets += 1,
            What::Datatype(_) => self.types += 1,
            What::Soft(_, leads) | What::External(_, _, leads) => {
                self.links += 1;
                self.dangling += u64::from(matches!(leads, Leads::Nowhere));
            }
            What::User(_) | What::Again(_) => self.links += 1,
            What::Attribute { .. } => self.attributes += 1,
            _ => {}
        }
        self.broken += u64::from(entry.what.error().is_some());
    }
    fn text(&self) -> String {
        let parts = [
            (self.groups, "group", "groups"),
            (self.datasets, "dataset", "datasets"),
            (self.types, "datatype", "datatypes"),
            (self.links, "link", "links"),
            (self.attributes, "attribute", "attributes"),
            (self.broken, "entry that cannot be read", "entries that cannot be read"),
        ];
        let shown = parts.iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| {
            let dangling = match self.dangling {
                1 if *one == "link" => " (1 leads nowhere)".to_string(),
                d if d > 0 && *one == "link" => format!(" ({d} lead nowhere)"),
                _ => String::new(),
            };
            format!("{n} {}{dangling}", if *n == 1 { one } else { many })
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// A line of the tree: branches, name, and what follows it.
struct Line {
    depth: usize,
    branches: String,
    name: (String, Style),
    cells: Vec<(String, Style)>,
    /// What parts name and cells.
    gap: &'static str,
    /// Whether it is aligned with its neighbours.
    aligned: bool,
}

/// Lines on their way out; neighbours are held back until their columns are known.
struct Lines {
    signs: Signs,
    held: Vec<Line>,
}

fn pad(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}

impl Lines {
    fn add(&mut self, out: &mut impl Write, entry: &Entry, told: &Told) -> std::io::Result<()> {
        let line = self.line(entry, told);
        let fits = |l: &Line| l.aligned && line.aligned && l.depth == line.depth;
        if self.held.len() >= HELD_LINES || !self.held.last().is_none_or(fits) {
            self.flush(out)?;
        }
        self.held.push(line);
        Ok(())
    }
    fn flush(&mut self, out: &mut impl Write) -> std::io::Result<()> {
        let widest = |widths: &mut dyn Iterator<Item = usize>, most: usize| {
            widths.filter(|n| *n <= most).max().unwrap_or(0)
        };
        let name_width = widest(&mut self.held.iter().map(|l| l.name.0.chars().count()), NAME_WIDTH);
        let several = self.held.iter().filter(|l| l.cells.len() > 1);
        let first = &mut several.filter_map(|l| l.cells.first()).map(|c| c.0.chars().count());
        let cell_width = widest(first, SHAPE_WIDTH);
        for line in self.held.drain(..) {
            write!(
                out,
                "{}{}",
                style::paint(style::DIM, &line.branches),
                style::paint(line.name.1, &line.name.0)
            )?;
            if !line.cells.is_empty() {
                write!(out, "{}", pad(&line.name.0, if line.aligned { name_width } else { 0 }))?;
            }
            for (i, (text, look)) in line.cells.iter().enumerate() {
                write!(out, "{}{}", if i == 0 { line.gap } else { "  " }, style::paint(*look, text))?;
                if i == 0 && line.aligned && line.cells.len() > 1 {
                    write!(out, "{}", pad(text, cell_width))?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
    fn line(&self, entry: &Entry, told: &Told) -> Line {
        let signs = &self.signs;
        let mut branches = String::new();
        if let Some((last, above)) = entry.last.split_last() {
            branches.extend(above.iter().map(|last| if *last { "   " } else { signs.pass }));
            branches.push_str(if *last { signs.end } else { signs.branch });
        }
        let plain = |text: String| if signs.ascii { text.replace('…', "...") } else { text };
        let kind = |text: &str| (plain(clipped(&printable(text), TYPE_CHARACTERS).into_owned()), style::DIM);
        let broken = |e: &h5::Error| (format!("! {}", brief(e)), style::BROKEN);
        let target = |text: &str| (format!("{} {}", signs.arrow, printable(text)), style::LINK);
        let (look, mut cells) = match &entry.what {
            What::Group(0) => (style::GROUP, vec![("empty".to_string(), style::DIM)]),
            What::Group(_) => (style::GROUP, Vec::new()),
            What::Dataset { datatype, shape: Ok(shape), max_shape } => {
                let shape = format!("{}{}", signs.shape(shape), signs.growth(shape, max_shape));
                (style::DATASET, vec![(shape, style::PLAIN), kind(datatype)])
            }
            What::Dataset { datatype, shape: Err(e), .. } => {
                (style::DATASET, vec![kind(datatype), broken(e)])
            }
            What::Datatype(datatype) => {
                (style::DATASET, vec![("datatype".to_string(), style::PLAIN), kind(datatype)])
            }
            What::Again(first) => (style::DATASET, vec![(format!("= {}", printable(first)), style::LINK)]),
            What::Soft(path, leads) => (style::PLAIN, [vec![target(path)], self.leads(leads)].concat()),
            What::External(file, path, leads) => {
                (style::PLAIN, [vec![target(&format!("{file}:{path}"))], self.leads(leads)].concat())
            }
            What::User(class) => (style::PLAIN, vec![target(&format!("user-defined link of class {class}"))]),
            What::Attribute { datatype, shape, value } => 'attribute: {
                if let Some((value, kind)) = python(entry, told) {
                    let value = clipped(&printable(&value), TEXT_CHARACTERS).into_owned();
                    let cells = vec![(plain(format!("= {value}")), style::PLAIN), (kind, style::DIM)];
                    break 'attribute (style::ATTRIBUTE, cells);
                }
                let shape =
                    if shape.is_empty() { String::new() } else { format!(" [{}]", signs.shape(shape)) };
                let value = match value {
                    Ok(value) => (plain(format!("= {value}")), style::PLAIN),
                    Err(e) => broken(e),
                };
                (style::ATTRIBUTE, vec![value, (kind(datatype).0 + &shape, style::DIM)])
            }
            What::Broken(e) => (style::PLAIN, vec![broken(e)]),
            _ => (style::PLAIN, Vec::new()),
        };
        if matches!(entry.what, What::Group(_) | What::Dataset { .. }) {
            cells.extend(told.class().map(|class| (class.to_string(), style::PLAIN)));
            cells.extend(told.title().map(|title| (plain(quoted(title)), style::DIM)));
        }
        let aligned = matches!(
            &entry.what,
            What::Dataset { shape: Ok(_), .. }
                | What::Datatype(_)
                | What::Soft(..)
                | What::External(..)
                | What::User(_)
                | What::Again(_)
        );
        Line {
            depth: entry.depth,
            branches,
            name: (plain(printable(&entry.name).into_owned()), look),
            cells,
            gap: if matches!(entry.what, What::Attribute { .. }) { " " } else { "  " },
            aligned,
        }
    }
    fn leads(&self, leads: &Leads) -> Vec<(String, Style)> {
        match leads {
            Leads::Nowhere => vec![("leads nowhere".to_string(), style::BROKEN)],
            Leads::Barred(e) => vec![(format!("! {}", brief(e)), style::BROKEN)],
            _ => Vec::new(),
        }
    }
}

/// A title on a line.
fn quoted(title: &str) -> String {
    format!("\"{}\"", clipped(&printable(title), TEXT_CHARACTERS))
}

/// The value and type of an attribute that can be told as Python's.
fn python(entry: &Entry, told: &Told) -> Option<(String, String)> {
    match &entry.what {
        What::Attribute { shape, value: Ok(_), .. } => told.attribute(entry.name.strip_prefix('@')?, shape),
        _ => None,
    }
}

fn to_json(entry: &Entry, told: &Told) -> Value {
    let leads = |leads: &Leads| match leads {
        Leads::Barred(e) => json!({"resolves": false, "error": e.to_string()}),
        other => json!({"resolves": matches!(other, Leads::To(_))}),
    };
    let (mut o, more) = match &entry.what {
        What::Group(links) => (json!({"kind": "group", "links": links}), json!({})),
        What::Dataset { datatype, shape, max_shape } => {
            let error = shape.as_ref().err().map_or(json!({}), |e| json!({"error": e.to_string()}));
            let shape = shape.as_ref().ok();
            (json!({"kind": "dataset", "type": datatype, "shape": shape, "max_shape": max_shape}), error)
        }
        What::Datatype(datatype) => (json!({"kind": "datatype", "type": datatype}), json!({})),
        What::Again(first) => (json!({"kind": "hard link", "target": first}), json!({})),
        What::Soft(target, to) => (json!({"kind": "soft link", "target": target}), leads(to)),
        What::External(file, path, to) => {
            (json!({"kind": "external link", "file": file, "target": path}), leads(to))
        }
        What::User(class) => (json!({"kind": "user link", "class": class}), json!({})),
        What::Attribute { datatype, shape, value } => {
            let value =
                value.as_ref().map_or_else(|e| json!({"error": e.to_string()}), |v| json!({"value": v}));
            (json!({"kind": "attribute", "type": datatype, "shape": shape}), value)
        }
        What::Broken(e) => (json!({"kind": "damaged", "error": e.to_string()}), json!({})),
        _ => (json!({}), json!({})),
    };
    if let (Some(o), Value::Object(more)) = (o.as_object_mut(), more) {
        o.extend(more);
        o.insert("name".to_string(), json!(entry.name));
        o.insert("path".to_string(), json!(entry.path));
        o.insert("depth".to_string(), json!(entry.depth));
        if let Some((value, _)) = python(entry, told) {
            o.insert("python".to_string(), json!(value));
        }
        if let (What::Group(_) | What::Dataset { .. }, Some(class)) = (&entry.what, told.class_name()) {
            o.insert("class".to_string(), json!(class));
            o.insert("title".to_string(), json!(told.title().unwrap_or_default()));
        }
    }
    o
}
