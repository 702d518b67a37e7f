//! `h5 show`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use h5::format::message::datatype::{Class, Datatype};
use h5::ops::preview::{numbers, preview};
use h5::ops::show::{Fill, Layout, LinkTo, Object, Shown, ShownDataset, ShownFilter, show, time_text};
use h5::ops::text::{clipped, printable, value_text};
use h5::ops::tree::Leads;
use h5::{Attribute, Dataset, ErrorKind, File, Node, Value};

use crate::nodes::{Nodes, Told};
use crate::style::{self, Signs, brief, bytes_text, paint};
use crate::values::{Float, table};
use crate::{Failure, Outcome, json, open, plot, warn};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// The object's path, with a slice for its values: '/a/b[0:10, ::2]'
    path: String,
    /// Draw numeric values (done by itself in a terminal)
    #[arg(long)]
    plot: bool,
    /// Print every value, not only the ends of long axes
    #[arg(long)]
    all: bool,
    /// Everything as one JSON object, with every value of a slice
    #[arg(long)]
    json: bool,
    /// What is stored, without the titles and Python values of node files (PyMoDAQ, PyTables)
    #[arg(long)]
    raw: bool,
}

pub(crate) const SIGNS: Signs = Signs::new(false);
/// Without a slice, JSON holds the values of datasets up to this many elements.
const JSON_ELEMENTS: u64 = 100_000;
/// Characters of a type, a value and a text that are shown on a line.
const TYPE_CHARACTERS: usize = 72;
const VALUE_CHARACTERS: usize = 90;
/// Elements of an attribute that are shown, and that are read for it.
const ATTRIBUTE_ELEMENTS: usize = 8;
const READ_ELEMENTS: u64 = 100_000;
/// Members, enumeration values and sources that are listed.
const LISTED: usize = 200;
/// The column of names of facts.
const FACT_WIDTH: usize = 12;
const ATTRIBUTE_WIDTH: usize = 28;

/// The object at a path with a slice at its end: brackets that are part of a name win.
fn find(file: &File, path: &str) -> Result<(Node, String), Failure> {
    if let Ok(Some(node)) = file.get(path) {
        return Ok((node, String::new()));
    }
    let (name, slice) = match path.rfind('[') {
        Some(at) if path.ends_with(']') => path.split_at(at),
        _ => (path, ""),
    };
    match file.get(name)? {
        Some(node) => Ok((node, slice.to_string())),
        None => Err(Failure::Message(format!("{name}: there is no object here"))),
    }
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, truncated) = open(&args.file)?;
    let (node, slice) = find(&file, &args.path)?;
    if !slice.is_empty() && !matches!(node, Node::Dataset(_)) {
        return Err(Failure::Message(format!("{}: only datasets have elements to slice", node.path())));
    }
    if let Node::Dataset(d) = &node
        && !slice.is_empty()
    {
        h5::slice::parse_slice(&slice, &d.shape()?).map_err(|e| e.on_path(d.path()))?;
    }
    let shown = show(&node);
    let mut out = std::io::BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let mut broken: Vec<String> = shown.broken.iter().map(ToString::to_string).collect();
    let told = Nodes::of(&file, args.raw).at(node.path());
    let facts = Facts { shown: &shown, told: &told };
    broken.extend(facts.errors());
    if args.json {
        let (values, error) = match &node {
            Node::Dataset(d) => json_values(d, &slice, &told),
            _ => (None, None),
        };
        let attributes = json::attributes(&shown.attributes, &told, &mut broken);
        let mut object = json::object(&shown, attributes, &slice, values, error.as_ref());
        json::add_node(&mut object, &told);
        writeln!(out, "{object}")?;
        broken.extend(error.map(|e| e.to_string()));
    } else {
        facts.print(&mut out)?;
        facts.attributes(&mut out, &mut broken)?;
        if let Node::Dataset(d) = &node
            && let Err(e) = values(&mut out, d, &slice, args, &told)?
        {
            writeln!(out, "  {}", paint(style::BROKEN, &format!("! {}", brief(&e))))?;
            broken.push(e.to_string());
        }
    }
    out.flush()?;
    broken.iter().for_each(|message| warn(&args.file, message));
    Ok(if truncated || !broken.is_empty() { Outcome::Partial } else { Outcome::Whole })
}

/// The values for JSON, or why there are none.
fn json_values(d: &Dataset, slice: &str, told: &Told) -> (Option<serde_json::Value>, Option<h5::Error>) {
    match d.len() {
        Ok(n) if slice.is_empty() && n > JSON_ELEMENTS => (None, None),
        Ok(_) => match preview(d, slice, true) {
            Ok(mut p) => {
                told.decode(&mut p.values);
                (Some(json::array(&p.values)), None)
            }
            Err(e) => (None, Some(e)),
        },
        Err(e) => (None, Some(e)),
    }
}

/// Prints the values and a picture of them.
fn values(
    out: &mut impl Write,
    d: &Dataset,
    slice: &str,
    args: &Args,
    told: &Told,
) -> Result<Result<(), h5::Error>, std::io::Error> {
    let mut p = match preview(d, slice, args.all) {
        Ok(p) => p,
        Err(e) => return Ok(Err(e)),
    };
    told.decode(&mut p.values);
    writeln!(out, "\n  {}", paint(style::DIM, format!("values {slice}").trim_end()))?;
    let single = match &d.datatype().class {
        Class::Float(_) if d.datatype().size <= 4 => Float::Single,
        _ => Float::Double,
    };
    for line in table(&p, single) {
        writeln!(out, "{}", format!("  {line}").trim_end())?;
    }
    if !args.plot && !std::io::stdout().is_terminal() {
        return Ok(Ok(()));
    }
    let coloured = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    match numbers(d, slice) {
        Ok(Some(n)) => {
            if let Some(picture) = plot::draw(&n, coloured) {
                write!(out, "\n{picture}")?;
            }
            Ok(Ok(()))
        }
        Ok(None) => Ok(Ok(())),
        // Numbers that fit no double are shown, and not drawn.
        Err(e) if e.kind() == ErrorKind::Usage => Ok(Ok(())),
        Err(e) => Ok(Err(e)),
    }
}

/// What is printed of an object before its values.
struct Facts<'a> {
    shown: &'a Shown,
    told: &'a Told,
}

impl Facts<'_> {
    /// What could not be read of single facts.
    fn errors(&self) -> Vec<String> {
        let Object::Dataset(d) = &self.shown.object else { return Vec::new() };
        let chunks = match &d.layout {
            Layout::Chunked { written: Err(e), .. } => Some(e.to_string()),
            _ => None,
        };
        let stored = d.stored_bytes.as_ref().err().map(ToString::to_string);
        let shape = d.shape.as_ref().err().map(ToString::to_string);
        let mut all: Vec<String> = [chunks, stored, shape].into_iter().flatten().collect();
        all.dedup();
        all
    }
    fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        let shown = self.shown;
        let (kind, look) = match &shown.object {
            Object::Group { .. } => ("group", style::GROUP),
            Object::Dataset(_) => ("dataset", style::DATASET),
            _ => ("committed datatype", style::DATASET),
        };
        write!(out, "{}  {}", paint(look, &printable(&shown.path)), paint(style::DIM, kind))?;
        if let Some(class) = self.told.class() {
            write!(out, "  {class}")?;
        }
        if let Some(title) = self.told.title() {
            let title = format!("\"{}\"", clipped(&printable(title), VALUE_CHARACTERS));
            write!(out, "  {}", paint(style::DIM, &title))?;
        }
        writeln!(out)?;
        match &shown.object {
            Object::Dataset(d) => dataset(out, d)?,
            Object::Type(t) => datatype(out, t)?,
            _ => {}
        }
        let mut facts = Vec::new();
        let times = [
            ("created", shown.times.created),
            ("modified", shown.times.modified),
            ("changed", shown.times.changed),
            ("accessed", shown.times.accessed),
        ];
        // A writer that sets all four alike says one thing.
        let same = times.iter().all(|(_, t)| t.is_some() && *t == times[0].1);
        let told = if same { 1 } else { times.len() };
        facts.extend(times.iter().take(told).filter_map(|(name, t)| Some((*name, time_text((*t)?)))));
        if shown.references > 1 {
            facts.push(("hard links", shown.references.to_string()));
        }
        facts.extend(shown.comment.as_ref().map(|c| ("comment", printable(c).into_owned())));
        for (name, text) in &facts {
            fact(out, name, text)?;
        }
        if let Object::Group { links, count, ordered } = &shown.object {
            let ordered = if *ordered { ", in the order of their creation" } else { "" };
            fact(out, "links", &format!("{count}{}", paint(style::DIM, ordered)))?;
            let width = links.iter().map(|l| printable(&l.name).chars().count());
            let width = width.filter(|n| *n <= ATTRIBUTE_WIDTH).max().unwrap_or(0);
            for link in links {
                let name = printable(&link.name);
                let gap = " ".repeat(width.saturating_sub(name.chars().count()));
                writeln!(out, "    {name}{gap}  {}", link_text(&link.to))?;
            }
            if *count > links.len() {
                writeln!(out, "    {}", paint(style::DIM, &format!("… {} more", count - links.len())))?;
            }
        }
        for e in &shown.broken {
            writeln!(out, "  {}", paint(style::BROKEN, &format!("! {}", brief(e))))?;
        }
        Ok(())
    }
    fn attributes(&self, out: &mut impl Write, broken: &mut Vec<String>) -> std::io::Result<()> {
        let all = &self.shown.attributes;
        if all.is_empty() {
            return Ok(());
        }
        fact(out, "attributes", &all.len().to_string())?;
        let names: Vec<String> = all.iter().map(|a| printable(&a.name()).into_owned()).collect();
        let width =
            names.iter().map(|n| n.chars().count()).filter(|n| *n <= ATTRIBUTE_WIDTH).max().unwrap_or(0);
        for (a, name) in all.iter().zip(&names) {
            let gap = " ".repeat(width.saturating_sub(name.chars().count()));
            let text = match attribute_text(a, self.told) {
                Ok((value, kind)) => format!("{value}  {}", paint(style::DIM, &kind)),
                Err(e) => {
                    broken.push(e.to_string());
                    paint(style::BROKEN, &format!("! {}", brief(&e)))
                }
            };
            writeln!(out, "    {}{gap}  {text}", paint(style::ATTRIBUTE, name))?;
        }
        Ok(())
    }
}

fn fact(out: &mut impl Write, name: &str, text: &str) -> std::io::Result<()> {
    let gap = " ".repeat(FACT_WIDTH.saturating_sub(name.chars().count()));
    writeln!(out, "  {}{gap} {text}", paint(style::DIM, name))
}

/// Value and type of an attribute, each on a line's part.
fn attribute_text(a: &Attribute, told: &Told) -> h5::Result<(String, String)> {
    let datatype = a.datatype()?;
    let shape = a.shape()?;
    if let Some((value, kind)) = told.attribute(&a.name(), &shape) {
        return Ok((clipped(&printable(&value), VALUE_CHARACTERS).into_owned(), kind));
    }
    let kind = clipped(&printable(&datatype.describe()), TYPE_CHARACTERS).into_owned();
    let kind = if shape.is_empty() { kind } else { format!("{kind} [{}]", SIGNS.shape(&shape)) };
    let elements = a.space()?.elements()?;
    if elements > READ_ELEMENTS {
        return Ok((format!("[… {elements} elements]"), kind));
    }
    let values = a.reader().lossy(true).read::<Value>()?;
    let single = matches!(datatype.class, Class::Float(_)) && datatype.size <= 4;
    let text = |v: &Value| match v {
        Value::Float(x) if single => format!("{:?}", *x as f32),
        other => value_text(other),
    };
    let value = match (values.ndim(), values.first()) {
        (0, Some(value)) => text(value),
        _ => {
            let mut shown: Vec<String> = values.iter().take(ATTRIBUTE_ELEMENTS).map(text).collect();
            shown.extend((values.len() > ATTRIBUTE_ELEMENTS).then(|| "…".to_string()));
            format!("[{}]", shown.join(", "))
        }
    };
    Ok((clipped(&value, VALUE_CHARACTERS).into_owned(), kind))
}

fn link_text(to: &LinkTo) -> String {
    let leads = |leads: &Leads| match leads {
        Leads::To(kind) => paint(style::DIM, &format!("  {}", json::kind(*kind))),
        Leads::Nowhere => paint(style::BROKEN, "  leads nowhere"),
        Leads::Barred(e) => paint(style::BROKEN, &format!("  ! {}", brief(e))),
        _ => String::new(),
    };
    let target = |text: &str| paint(style::LINK, &format!("{} {}", SIGNS.arrow, printable(text)));
    match to {
        LinkTo::Hard(Ok(kind)) => paint(style::DIM, json::kind(*kind)),
        LinkTo::Hard(Err(e)) => paint(style::BROKEN, &format!("! {}", brief(e))),
        LinkTo::Soft(path, to) => target(path) + &leads(to),
        LinkTo::External(file, path, to) => target(&format!("{file}:{path}")) + &leads(to),
        LinkTo::User(class) => target(&format!("user-defined link of class {class}")),
        _ => String::new(),
    }
}

/// A type; members and enumeration values come on lines of their own.
fn datatype(out: &mut impl Write, t: &Datatype) -> std::io::Result<()> {
    match &t.class {
        Class::Compound(members) => {
            fact(
                out,
                "type",
                &format!("compound of {} members, {}", members.len(), bytes_text(t.size.into())),
            )?;
            let width = members.iter().take(LISTED).map(|m| printable(&m.name()).chars().count());
            let width = width.filter(|n| *n <= ATTRIBUTE_WIDTH).max().unwrap_or(0);
            for m in members.iter().take(LISTED) {
                let name = printable(&m.name()).into_owned();
                let gap = " ".repeat(width.saturating_sub(name.chars().count()));
                let offset = paint(style::DIM, &format!("{:>6}", m.offset));
                writeln!(out, "    {offset}  {name}{gap}  {}", printable(&m.datatype.describe()))?;
            }
            more(out, members.len())
        }
        Class::Enum { base, members } if !t.is_bool() => {
            fact(out, "type", &format!("enum of {} values, {}", members.len(), base.describe()))?;
            for (name, value) in members.iter().take(LISTED) {
                let name = String::from_utf8_lossy(name);
                let value = h5::ops::digest::canonical::hex(value);
                writeln!(out, "    {}  {}", paint(style::DIM, &format!("0x{value}")), printable(&name))?;
            }
            more(out, members.len())
        }
        _ => fact(out, "type", &printable(&t.describe())),
    }
}

fn more(out: &mut impl Write, count: usize) -> std::io::Result<()> {
    match count.checked_sub(LISTED) {
        Some(left) if left > 0 => writeln!(out, "    {}", paint(style::DIM, &format!("… {left} more"))),
        _ => Ok(()),
    }
}

fn dataset(out: &mut impl Write, d: &ShownDataset) -> std::io::Result<()> {
    datatype(out, &d.datatype)?;
    if let Some(address) = d.committed {
        fact(out, "", &paint(style::DIM, &format!("committed at byte {address}")))?;
    }
    let shape = match (&d.shape, d.space) {
        (_, h5::format::message::dataspace::SpaceClass::Null) => "null: no elements".to_string(),
        (Ok(shape), _) => SIGNS.shape(shape) + &paint(style::DIM, &SIGNS.growth(shape, &d.max_shape)),
        (Err(e), _) => paint(style::BROKEN, &format!("! {}", brief(e))),
    };
    fact(out, "shape", &shape)?;
    fact(out, "layout", &layout(d))?;
    if let Layout::Chunked { written, of, index, .. } = &d.layout {
        let of = of.map_or_else(String::new, |n| format!(" of {n}"));
        let written = match written {
            Ok(n) => format!("{n}{of} written"),
            Err(e) => paint(style::BROKEN, &format!("! {}", brief(e))),
        };
        fact(out, "chunks", &format!("{written}, index {index}"))?;
    }
    for (i, f) in d.filters.iter().enumerate() {
        fact(out, if i == 0 { "filters" } else { "" }, &filter(f))?;
    }
    if let Ok(stored) = &d.stored_bytes
        && !matches!(d.layout, Layout::Virtual)
    {
        fact(out, "stored", &stored_text(*stored, d))?;
    }
    match &d.fill {
        Fill::Undefined => fact(out, "fill value", "undefined")?,
        Fill::Value(v) => fact(out, "fill value", &clipped(&value_text(v), VALUE_CHARACTERS))?,
        Fill::Bytes(b) => {
            let hex = h5::ops::digest::canonical::hex(b);
            fact(out, "fill value", &clipped(&format!("0x{hex}"), VALUE_CHARACTERS))?;
        }
        _ => {}
    }
    for (i, part) in d.external.iter().take(LISTED).enumerate() {
        let name = String::from_utf8_lossy(&part.file).into_owned();
        let size = part.bytes.map_or_else(|| "to its end".to_string(), bytes_text);
        let text = format!("{}  from byte {}, {size}", paint(style::LINK, &printable(&name)), part.offset);
        fact(out, if i == 0 { "files" } else { "" }, &text)?;
    }
    for (i, (file, path)) in d.sources.iter().take(LISTED).enumerate() {
        let text = if file == "." { path.clone() } else { format!("{file}:{path}") };
        fact(out, if i == 0 { "sources" } else { "" }, &paint(style::LINK, &printable(&text)))?;
    }
    more(out, d.external.len().max(d.sources.len()))
}

fn layout(d: &ShownDataset) -> String {
    match &d.layout {
        Layout::Compact => "compact, in the header".to_string(),
        Layout::Contiguous(_) if !d.external.is_empty() => "contiguous, in external files".to_string(),
        Layout::Contiguous(Some(at)) => format!("contiguous, from byte {at}"),
        Layout::Contiguous(None) => "contiguous, not written".to_string(),
        Layout::Virtual => format!("virtual, {} sources", d.sources.len()),
        Layout::Chunked { chunk, bytes, .. } => {
            let size = bytes.map_or_else(String::new, |b| format!(", {} each", bytes_text(b)));
            format!("chunks of {}{size}", SIGNS.shape(chunk))
        }
        _ => String::new(),
    }
}

fn filter(f: &ShownFilter) -> String {
    let id = paint(style::DIM, &format!("({})", f.stage.id));
    let parameters = if !f.parameters.is_empty() {
        format!("  {}", f.parameters)
    } else if f.stage.client_data.is_empty() {
        String::new()
    } else {
        format!("  {:?}", f.stage.client_data)
    };
    let unknown = if f.known { String::new() } else { paint(style::BROKEN, "  cannot be decoded") };
    format!("{} {id}{parameters}{unknown}", printable(&f.name))
}

fn stored_text(stored: u64, d: &ShownDataset) -> String {
    let size = bytes_text(stored);
    match d.bytes {
        Some(bytes) if stored > 0 && bytes != stored => {
            let ratio = bytes as f64 / stored as f64;
            // Chunks that were never written are no success of the filters.
            let whole = matches!(&d.layout, Layout::Chunked { written: Ok(w), of: Some(of), .. } if w == of);
            let told = whole && !d.filters.is_empty();
            let ratio = if told { format!(", {ratio:.2} : 1") } else { String::new() };
            format!("{size} for {}{ratio}", bytes_text(bytes))
        }
        _ => size,
    }
}
