//! `h5 show`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anstyle::Style;
use h5::format::message::datatype::{Class, Datatype};
use h5::format::message::fill::FillValue;
use h5::format::message::layout::LayoutClass;
use h5::ndarray::ArrayD;
use h5::{Attribute, Dataset, Node, Value};
use serde_json::json;

use crate::style::Signs;
use crate::{Failure, Outcome, open, plot, warn};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// The object's path, with a slice for its values: '/a/b[0:10, ::2]'
    path: String,
    /// Draw numeric values (done by itself in a terminal)
    #[arg(long)]
    plot: bool,
    /// Everything as one JSON object
    #[arg(long)]
    json: bool,
}

/// Elements that a preview reads at most.
const PREVIEW_ELEMENTS: u64 = 100_000;
const SIGNS: Signs = Signs::new(false);
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

type Facts = Vec<(&'static str, String)>;

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, truncated) = open(&args.file)?;
    let (path, slice) = match args.path.find('[') {
        Some(at) if args.path.ends_with(']') && file.get(&args.path)?.is_none() => args.path.split_at(at),
        _ => (args.path.as_str(), ""),
    };
    let node = file.get(path)?.ok_or_else(|| Failure::Message(format!("{path}: there is no object here")))?;
    let mut out = std::io::BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    let mut partial = truncated;
    let (facts, attributes) = describe(&node);
    let attributes = attributes.unwrap_or_else(|e| {
        warn(&args.file, &e.to_string());
        partial = true;
        Vec::new()
    });
    let values = match &node {
        Node::Dataset(d) => values(d, slice).map(Some),
        _ if slice.is_empty() => Ok(None),
        _ => return Err(Failure::Message(format!("{path}: only datasets have elements to slice"))),
    };
    let values = match values {
        Ok(values) => values,
        Err(e) if slice.is_empty() => {
            warn(&args.file, &e.to_string());
            partial = true;
            None
        }
        Err(e) => return Err(e.into()),
    };
    if args.json {
        print_json(&mut out, path, &facts, &attributes, values.as_ref())?;
    } else {
        print(&mut out, path, &facts, &attributes)?;
        if let (Node::Dataset(d), Some(values)) = (&node, &values) {
            print_values(&mut out, d, slice, values, args)?;
        }
    }
    out.flush()?;
    Ok(if partial { Outcome::Partial } else { Outcome::Whole })
}

fn describe(node: &Node) -> (Facts, h5::Result<Vec<Attribute>>) {
    match node {
        Node::Group(g) => {
            let (links, broken) = g.links_found();
            let mut facts = vec![("kind", "group".to_string()), ("links", links.len().to_string())];
            if let Some(e) = broken {
                facts.push(("damage", e.to_string()));
            }
            facts.extend(g.comment().map(|c| ("comment", c)));
            (facts, g.attributes())
        }
        Node::Dataset(d) => (dataset_facts(d), d.attributes()),
        Node::Type(t) => (
            vec![("kind", "committed datatype".to_string()), ("type", type_text(t.datatype()))],
            t.attributes(),
        ),
        _ => (Vec::new(), Ok(Vec::new())),
    }
}

/// A type; compounds with one member on a line.
fn type_text(t: &Datatype) -> String {
    let Class::Compound(members) = &t.class else { return t.describe() };
    let lines =
        members.iter().map(|m| format!("\n    {:>6}  {}: {}", m.offset, m.name(), m.datatype.describe()));
    format!("compound of {} bytes{}", t.size, lines.collect::<String>())
}

fn dataset_facts(d: &Dataset) -> Facts {
    let info = d.info();
    let mut facts = vec![("kind", "dataset".to_string()), ("type", type_text(d.datatype()))];
    facts.push(("shape", d.shape().map_or_else(|e| e.to_string(), |s| SIGNS.shape(&s))));
    if d.max_shape().iter().map(|m| m.unwrap_or(u64::MAX)).ne(info.dims()) {
        let parts =
            d.max_shape().iter().map(|m| m.map_or("∞".to_string(), |m| m.to_string())).collect::<Vec<_>>();
        facts.push(("maximum shape", parts.join(" × ")));
    }
    facts.push(("layout", layout_text(d)));
    let filters = d.filters().iter().map(|f| {
        let name = f
            .name
            .clone()
            .or_else(|| h5::filter::Registry::default().get(f.id).map(|x| x.name().to_string()));
        format!("{} ({}) {:?}", name.unwrap_or_else(|| "unknown".to_string()), f.id, f.client_data)
    });
    let filters = filters.collect::<Vec<_>>();
    if !filters.is_empty() {
        facts.push(("filters", filters.join(", ")));
    }
    if let (Ok(stored), Ok(elements)) = (d.stored_bytes(), d.len()) {
        let whole = elements.saturating_mul(u64::from(info.datatype.size));
        let ratio = if stored > 0 && !d.filters().is_empty() {
            format!(", {:.2} times smaller than its {whole} bytes", whole as f64 / stored as f64)
        } else {
            String::new()
        };
        facts.push(("stored", format!("{stored} bytes{ratio}")));
    }
    match &info.fill {
        FillValue::Given(bytes) => {
            facts.push(("fill value", format!("0x{}", h5::ops::digest::canonical::hex(bytes))));
        }
        FillValue::Undefined => facts.push(("fill value", "undefined".to_string())),
        FillValue::Default => {}
    }
    for part in &info.external {
        let name = String::from_utf8_lossy(&part.file);
        facts.push(("external file", format!("{name} from byte {}", part.offset)));
    }
    facts.extend(d.mappings().unwrap_or_default().iter().map(|m| {
        ("source", format!("{}:{}", String::from_utf8_lossy(&m.file), String::from_utf8_lossy(&m.dataset)))
    }));
    facts.extend(d.comment().map(|c| ("comment", c)));
    facts
}

fn layout_text(d: &Dataset) -> String {
    match &d.info().layout.class {
        LayoutClass::Compact(_) => "compact, in the header".to_string(),
        LayoutClass::Contiguous { .. } if !d.info().external.is_empty() => {
            "contiguous, in external files".to_string()
        }
        LayoutClass::Contiguous { address, .. } if address.is_defined() => {
            format!("contiguous, at {address}")
        }
        LayoutClass::Contiguous { .. } => "contiguous, not written".to_string(),
        LayoutClass::Virtual { .. } => "virtual".to_string(),
        LayoutClass::Chunked(c) => {
            let shape = d.chunk_shape().unwrap_or_default();
            let mut written = 0u64;
            let counted = d.each_chunk(&mut |_| {
                written += 1;
                Ok(())
            });
            let count = counted.map_or_else(|e| e.to_string(), |()| format!("{written} written"));
            format!("chunks of {}, {count}, index {}", SIGNS.shape(&shape), c.index.name())
        }
    }
}

/// The values of a slice, or those of a preview.
fn values(d: &Dataset, slice: &str) -> h5::Result<ArrayD<Value>> {
    if !slice.is_empty() {
        return d.read_slice::<Value, _>(slice);
    }
    let shape = d.shape()?;
    if d.len()? <= PREVIEW_ELEMENTS {
        return d.read_values();
    }
    // The first part along the slowest dimensions that fits.
    let mut left = PREVIEW_ELEMENTS;
    let mut parts: Vec<String> = Vec::new();
    for size in shape.iter().rev() {
        let n = (*size).min(left.max(1));
        parts.push(format!("0:{n}"));
        left /= n.max(1);
    }
    parts.reverse();
    d.read_slice::<Value, _>(parts.join(",").as_str())
}

fn print(out: &mut impl Write, path: &str, facts: &Facts, attributes: &[Attribute]) -> std::io::Result<()> {
    writeln!(out, "{BOLD}{path}{BOLD:#}")?;
    for (name, text) in facts {
        writeln!(out, "  {DIM}{name:<14}{DIM:#} {text}")?;
    }
    if !attributes.is_empty() {
        writeln!(out, "  {DIM}attributes{DIM:#}")?;
    }
    let width = attributes.iter().map(|a| a.name().chars().count()).max().unwrap_or(0).min(32);
    for a in attributes {
        let value = a.read::<Value>().map_or_else(|e| format!("! {e}"), |v| one_line(&v));
        let datatype = a.datatype().map_or_else(|_| String::new(), |t| t.describe());
        writeln!(out, "    {:<width$} = {value}  {DIM}{datatype}{DIM:#}", a.name())?;
    }
    Ok(())
}

fn one_line(values: &ArrayD<Value>) -> String {
    match (values.ndim(), values.first()) {
        (0, Some(value)) => value.to_string(),
        _ => format!("{values}").replace('\n', ""),
    }
}

fn print_values(
    out: &mut impl Write,
    d: &Dataset,
    slice: &str,
    values: &ArrayD<Value>,
    args: &Args,
) -> Result<(), Failure> {
    let all = d.len().is_ok_and(|n| n == values.len() as u64);
    let what = if slice.is_empty() && !all { "first values" } else { "values" };
    writeln!(out, "  {DIM}{what} {}{DIM:#}", slice)?;
    if values.ndim() == 0 {
        writeln!(out, "{}", values.first().map(Value::to_string).unwrap_or_default())?;
    } else {
        writeln!(out, "{values}")?;
    }
    if args.plot || std::io::stdout().is_terminal() {
        let numbers: Vec<f64> = values.iter().filter_map(Value::as_f64).collect();
        let picture = match values.shape() {
            _ if numbers.len() != values.len() || numbers.len() < 2 => None,
            [_] => plot::line(&numbers),
            [rows, columns] => plot::image(&numbers, *rows, *columns),
            _ => None,
        };
        if let Some(picture) = picture {
            write!(out, "{picture}")?;
        }
    }
    Ok(())
}

fn print_json(
    out: &mut impl Write,
    path: &str,
    facts: &Facts,
    attributes: &[Attribute],
    values: Option<&ArrayD<Value>>,
) -> std::io::Result<()> {
    let facts: serde_json::Map<String, serde_json::Value> =
        facts.iter().map(|(k, v)| ((*k).to_string(), json!(v))).collect();
    let attributes: serde_json::Map<String, serde_json::Value> = attributes
        .iter()
        .map(|a| {
            (a.name(), a.read::<Value>().map_or_else(|e| json!({"error": e.to_string()}), |v| array_json(&v)))
        })
        .collect();
    let description =
        json!({"path": path, "facts": facts, "attributes": attributes, "values": values.map(array_json)});
    writeln!(out, "{description}")
}

/// Nested lists of the values; what JSON has no form for is text.
fn array_json(values: &ArrayD<Value>) -> serde_json::Value {
    if values.ndim() == 0 {
        return values.first().map_or(serde_json::Value::Null, value_json);
    }
    values.outer_iter().map(|part| array_json(&part.to_owned())).collect()
}

fn value_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Integer(v) | Value::Time(v) => json!(v),
        Value::Unsigned(v) | Value::Bitfield(v) => json!(v),
        Value::Float(v) if v.is_finite() => json!(v),
        Value::Bool(v) => json!(v),
        Value::String(v) => json!(v),
        Value::Array(items) | Value::Sequence(items) => items.iter().map(value_json).collect(),
        Value::Compound(members) => {
            let members = members.iter().map(|(name, v)| (name.to_string(), value_json(v)));
            serde_json::Value::Object(members.collect())
        }
        other => json!(other.to_string()),
    }
}
