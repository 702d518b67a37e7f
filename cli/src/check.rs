//! `h5 check`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use h5::File;
use h5::ops::check::{Options, Problem, Report, check};
use h5::ops::text::printable;
use serde_json::{Value, json};

use crate::bar::Bar;
use crate::style::{self, bytes_text, paint};
use crate::{Failure, Outcome, open};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// Decode all elements, too, and follow what they refer to
    #[arg(long)]
    data: bool,
    /// The whole report as one JSON object
    #[arg(long)]
    json: bool,
    /// Only the exit status
    #[arg(short, long)]
    quiet: bool,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, _) = open(&args.file)?;
    let mut bar = Bar::new(!args.quiet && std::io::stderr().is_terminal());
    let report =
        check(&file, &Options { data: args.data }, &mut |p| bar.show(p.done_bytes, p.total_bytes, p.objects));
    bar.clear();
    let report = report?;
    let mut out = std::io::BufWriter::new(anstream::AutoStream::auto(std::io::stdout().lock()));
    match (args.quiet, args.json) {
        (true, _) => {}
        (_, true) => writeln!(out, "{}", to_json(&report))?,
        _ => print(&mut out, &file, &report)?,
    }
    out.flush()?;
    Ok(if report.is_clean() { Outcome::Whole } else { Outcome::Partial })
}

fn print(out: &mut dyn Write, file: &File, report: &Report) -> std::io::Result<()> {
    for p in &report.problems {
        writeln!(out, "{} {}", paint(style::BROKEN, "problem:"), printable(&sentence(p)))?;
    }
    if report.more_problems > 0 {
        writeln!(out, "{} {} more", paint(style::BROKEN, "problem:"), report.more_problems)?;
    }
    for n in &report.notes {
        let text = if n.path.is_empty() { n.what.clone() } else { format!("{}: {}", n.path, n.what) };
        writeln!(out, "{} {}", paint(style::DIM, "note:"), printable(&text))?;
    }
    if !report.problems.is_empty() || !report.notes.is_empty() {
        writeln!(out)?;
    }
    let wide =
        report.bytes.iter().map(|(kind, _)| kind.name().len()).max().unwrap_or(0).max("unaccounted".len());
    let kinds = report.bytes.iter().map(|(kind, bytes)| (kind.name(), *bytes));
    let left = (report.unaccounted_bytes > 0).then_some(("unaccounted", report.unaccounted_bytes));
    for (name, bytes) in kinds.chain(left) {
        writeln!(out, "{name:wide$}  {}", bytes_text(bytes))?;
    }
    if file.user_block() > 0 {
        writeln!(out, "addresses count from the end of the user block of {} bytes", file.user_block())?;
    }
    let kept = u64::try_from(report.problems.len()).unwrap_or(u64::MAX);
    let found = match kept.saturating_add(report.more_problems) {
        0 => "no problem".to_string(),
        1 => paint(style::BROKEN, "1 problem"),
        n => paint(style::BROKEN, &format!("{n} problems")),
    };
    let (objects, attributes, chunks) = (report.objects, report.attributes, report.chunks);
    writeln!(out, "\n{found} in {objects} objects, {attributes} attributes, {chunks} chunks")
}

/// `/path: what (structure at 0x60, clause IV.A)`.
fn sentence(p: &Problem) -> String {
    let path = if p.path.is_empty() { String::new() } else { format!("{}: ", p.path) };
    let address = p.address.map_or(String::new(), |a| format!(" at {a:#x}"));
    let clause = if p.clause.is_empty() { String::new() } else { format!(", clause {}", p.clause) };
    format!("{path}{} ({}{address}{clause})", p.what, p.structure)
}

fn to_json(report: &Report) -> Value {
    let problems = report.problems.iter().map(|p| {
        json!({"path": p.path, "structure": p.structure, "address": p.address, "clause": p.clause, "what": p.what})
    });
    let notes = report.notes.iter().map(|n| json!({"path": n.path, "what": n.what}));
    let bytes: serde_json::Map<String, Value> =
        report.bytes.iter().map(|(kind, bytes)| (kind.name().to_string(), json!(bytes))).collect();
    let gaps = report.unaccounted.iter().map(|(at, bytes)| json!({"address": at, "bytes": bytes}));
    json!({
        "clean": report.is_clean(),
        "problems": problems.collect::<Vec<_>>(),
        "more_problems": report.more_problems,
        "notes": notes.collect::<Vec<_>>(),
        "objects": report.objects,
        "attributes": report.attributes,
        "chunks": report.chunks,
        "file_bytes": report.file_bytes,
        "bytes": bytes,
        "unaccounted_bytes": report.unaccounted_bytes,
        "unaccounted": gaps.collect::<Vec<_>>(),
    })
}
