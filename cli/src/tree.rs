//! `h5 tree`.

use std::io::Write;
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use h5::ops::tree::{Entry, Options, What, tree};
use serde_json::{Value, json};

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
    /// Branches in ASCII
    #[arg(long)]
    ascii: bool,
}

const GROUP: Style = AnsiColor::Blue.on_default().bold();
const DATASET: Style = Style::new().bold();
const LINK: Style = AnsiColor::Cyan.on_default();
const BROKEN: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();

#[derive(Default)]
struct Counts {
    groups: u64,
    datasets: u64,
    types: u64,
    links: u64,
    broken: u64,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, truncated) = open(&args.file)?;
    let options = Options { depth: args.depth, attributes: args.attrs };
    let mut out = std::io::BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let mut counts = Counts::default();
    let mut failed: Option<std::io::Error> = None;
    let result = tree(&file, &args.path, &options, &mut |entry| {
        counts.add(&entry);
        if let What::Broken(e) = &entry.what {
            warn(&args.file, &e.to_string());
        }
        let written =
            if args.json { writeln!(out, "{}", to_json(&entry)) } else { print(&mut out, &entry, args) };
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
        writeln!(out, "\n{DIM}{}{DIM:#}", counts.text())?;
    }
    out.flush()?;
    Ok(if truncated || counts.broken > 0 { Outcome::Partial } else { Outcome::Whole })
}

impl Counts {
    fn add(&mut self, entry: &Entry) {
        match entry.what {
            What::Group(_) => self.groups += 1,
            What::Dataset { .. } => self.datasets += 1,
            What::Datatype(_) => self.types += 1,
            What::Soft(..) | What::External(..) | What::User(_) => self.links += 1,
            What::Broken(_) => self.broken += 1,
            _ => {}
        }
    }
    fn text(&self) -> String {
        let parts = [
            (self.groups, "group", "groups"),
            (self.datasets, "dataset", "datasets"),
            (self.types, "datatype", "datatypes"),
            (self.links, "link", "links"),
            (self.broken, "damaged entry", "damaged entries"),
        ];
        let shown = parts.iter().filter(|(n, ..)| *n > 0);
        shown
            .map(|(n, one, many)| format!("{n} {}", if *n == 1 { one } else { many }))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

pub(crate) fn shape_text(shape: &[u64]) -> String {
    if shape.is_empty() {
        return "scalar".to_string();
    }
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ")
}

fn growth(shape: &[u64], max: &[Option<u64>]) -> String {
    if max.iter().zip(shape).all(|(m, s)| *m == Some(*s)) {
        return String::new();
    }
    let parts = max.iter().map(|m| m.map_or("∞".to_string(), |m| m.to_string()));
    format!(" (up to {})", parts.collect::<Vec<_>>().join(" × "))
}

fn print(out: &mut impl Write, entry: &Entry, args: &Args) -> std::io::Result<()> {
    let (pass, branch, end) =
        if args.ascii { ("|  ", "|- ", "`- ") } else { ("│  ", "├─ ", "└─ ") };
    if let Some((last, above)) = entry.last.split_last() {
        let lead: String = above.iter().map(|last| if *last { "   " } else { pass }).collect();
        write!(out, "{DIM}{lead}{}{DIM:#}", if *last { end } else { branch })?;
    }
    let name = &entry.name;
    match &entry.what {
        What::Group(_) if entry.depth == 0 => writeln!(out, "{GROUP}{name}{GROUP:#}"),
        What::Group(0) => writeln!(out, "{GROUP}{name}{GROUP:#}  {DIM}empty{DIM:#}"),
        What::Group(_) => writeln!(out, "{GROUP}{name}{GROUP:#}"),
        What::Dataset { datatype, shape, max_shape } => {
            let text = match shape {
                Some(shape) => format!("{}{}", shape_text(shape), growth(shape, max_shape)),
                None => "shape unknown".to_string(),
            };
            writeln!(out, "{DATASET}{name}{DATASET:#}  {text}  {DIM}{datatype}{DIM:#}")
        }
        What::Datatype(datatype) => {
            writeln!(out, "{DATASET}{name}{DATASET:#}  datatype  {DIM}{datatype}{DIM:#}")
        }
        What::Again(first) => writeln!(out, "{DATASET}{name}{DATASET:#}  {LINK}= {first}{LINK:#}"),
        What::Soft(target, kind) => {
            writeln!(out, "{name} {LINK}→ {target}{LINK:#}{}", dangling(kind.is_none()))
        }
        What::External(file, path, kind) => {
            writeln!(out, "{name} {LINK}→ {file}:{path}{LINK:#}{}", dangling(kind.is_none()))
        }
        What::User(class) => writeln!(out, "{name} {LINK}→ user-defined link of class {class}{LINK:#}"),
        What::Attribute { datatype, shape, value } => {
            let shape = if shape.is_empty() { String::new() } else { format!(" [{}]", shape_text(shape)) };
            writeln!(out, "{LINK}{name}{LINK:#} = {value}  {DIM}{datatype}{shape}{DIM:#}")
        }
        What::Broken(e) => writeln!(out, "{name}  {BROKEN}! {e}{BROKEN:#}"),
        _ => writeln!(out, "{name}"),
    }
}

fn dangling(yes: bool) -> String {
    if yes { format!("  {BROKEN}leads nowhere{BROKEN:#}") } else { String::new() }
}

fn to_json(entry: &Entry) -> Value {
    let mut o = match &entry.what {
        What::Group(links) => json!({"kind": "group", "links": links}),
        What::Dataset { datatype, shape, max_shape } => {
            json!({"kind": "dataset", "type": datatype, "shape": shape, "max_shape": max_shape})
        }
        What::Datatype(datatype) => json!({"kind": "datatype", "type": datatype}),
        What::Again(first) => json!({"kind": "hard link", "target": first}),
        What::Soft(target, kind) => {
            json!({"kind": "soft link", "target": target, "resolves": kind.is_some()})
        }
        What::External(file, path, kind) => {
            json!({"kind": "external link", "file": file, "target": path, "resolves": kind.is_some()})
        }
        What::User(class) => json!({"kind": "user link", "class": class}),
        What::Attribute { datatype, shape, value } => {
            json!({"kind": "attribute", "type": datatype, "shape": shape, "value": value})
        }
        What::Broken(e) => json!({"kind": "damaged", "error": e.to_string()}),
        _ => json!({}),
    };
    if let Some(o) = o.as_object_mut() {
        o.insert("name".to_string(), json!(entry.name));
        o.insert("depth".to_string(), json!(entry.depth));
    }
    o
}
