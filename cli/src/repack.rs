//! `h5 repack`.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use h5::Bound;
use h5::ops::repack::{Chunking, Damage, Filters, Options, Part, repack};

use crate::bar::Bar;
use crate::style::bytes_text;
use crate::{Failure, Outcome, open, warn};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// The new file
    out: PathBuf,
    /// The oldest HDF5 that is to read the new file (as the old file says, if not given)
    #[arg(long, value_enum)]
    bound: Option<BoundArg>,
    /// Filters of chunked datasets, in this order: shuffle, deflate[=LEVEL], fletcher32, lzf, an ID[=VALUE,…], or none
    #[arg(long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Chunk shape of datasets of this rank (64x64), or none: contiguous, where the size is fixed
    #[arg(long, value_name = "SHAPE")]
    chunk: Option<String>,
    /// Replace the new file if it is there
    #[arg(short, long)]
    force: bool,
    /// Write nothing where something in the file is damaged
    #[arg(long)]
    strict: bool,
    /// Print nothing
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum BoundArg {
    Earliest,
    V18,
    V110,
    V200,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (file, truncated) = open(&args.file)?;
    if truncated {
        return Err(Failure::Unreadable(
            "a truncated file is not written anew: data would be missing".into(),
        ));
    }
    let mut options = Options::default();
    options.bound = args.bound.map(|b| match b {
        BoundArg::Earliest => Bound::Earliest,
        BoundArg::V18 => Bound::V18,
        BoundArg::V110 => Bound::V110,
        BoundArg::V200 => Bound::V200,
    });
    options.filters = filters(&args.filter)?;
    options.chunking = chunking(args.chunk.as_deref())?;
    options.replace = args.force;
    options.damage = if args.strict { Damage::Refuse } else { Damage::LeaveOut };
    let total = std::fs::metadata(&args.file).map_or(0, |m| m.len());
    let mut bar = Bar::new(!args.quiet && std::io::stderr().is_terminal());
    let report = repack(&file, &args.out, &options, &mut |p| bar.show(p.bytes, total, p.objects));
    bar.clear();
    let report = report?;
    for loss in &report.losses {
        let lacks = match loss.part {
            Part::Object => "could not be opened and is an empty group in the copy",
            Part::Attributes => "is without an attribute in the copy",
            Part::Links => "is without links in the copy",
            _ => "is without values in the copy",
        };
        warn(&args.file, &format!("{} {lacks}: {}", loss.path, loss.why));
    }
    if !args.quiet {
        let (old, new) = (bytes_text(report.old_bytes), bytes_text(report.new_bytes));
        writeln!(anstream::stdout(), "{} objects, {old} → {new}", report.objects)?;
    }
    Ok(if report.losses.iter().any(|l| l.grave) { Outcome::Partial } else { Outcome::Whole })
}

fn wrong(what: String) -> Failure {
    Failure::Message(what)
}

fn filters(given: &[String]) -> Result<Filters, Failure> {
    let given: Vec<&str> = given.iter().flat_map(|g| g.split('+')).collect();
    match given.as_slice() {
        [] => Ok(Filters::Keep),
        ["none"] => Ok(Filters::Remove),
        all => all.iter().map(|one| stage(one)).collect::<Result<_, _>>().map(Filters::New),
    }
}

fn stage(text: &str) -> Result<h5::filter::Stage, Failure> {
    let (name, value) = text.split_once('=').map_or((text, None), |(n, v)| (n, Some(v)));
    let number =
        |v: &str| v.parse::<u32>().map_err(|_| wrong(format!("{v} in the filter {text} is no number")));
    let values = value.map_or(Ok(Vec::new()), |v| v.split(',').map(number).collect::<Result<Vec<_>, _>>())?;
    let (id, optional, client_data) = match name {
        "deflate" | "gzip" => (1, true, if values.is_empty() { vec![6] } else { values }),
        "shuffle" => (2, true, Vec::new()),
        "fletcher32" => (3, false, Vec::new()),
        "lzf" => (32000, true, values),
        "bzip2" => (307, true, values),
        "zstd" => (32015, true, if values.is_empty() { vec![3] } else { values }),
        "lz4" => (32004, true, values),
        "none" => return Err(wrong("`none` stands alone".into())),
        id => match id.parse() {
            Ok(id) => (id, false, values),
            Err(_) => {
                let known =
                    "shuffle, deflate[=LEVEL], fletcher32, lzf, lz4, bzip2, zstd[=LEVEL], none or a number";
                return Err(wrong(format!("the filter {id} is not known: give {known}")));
            }
        },
    };
    Ok(h5::filter::Stage { id, name: None, optional, client_data })
}

fn chunking(given: Option<&str>) -> Result<Chunking, Failure> {
    match given {
        None => Ok(Chunking::Keep),
        Some("none") => Ok(Chunking::None),
        Some(shape) => {
            let sizes = shape.split(['x', ',']).map(str::parse::<u64>).collect::<Result<Vec<_>, _>>();
            match sizes {
                Ok(sizes) if !sizes.contains(&0) => Ok(Chunking::Shape(sizes)),
                _ => Err(wrong(format!("{shape} is no chunk shape: give sizes as in 64x64, or none"))),
            }
        }
    }
}
