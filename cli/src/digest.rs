//! `h5 digest`.

use std::io::Write;
use std::path::PathBuf;

use h5::ops::digest::{Options, digest_path};

use crate::{Failure, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// Hash every value; else large datasets are sampled
    #[arg(long)]
    full: bool,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let description = digest_path(&args.file, &Options { full: args.full });
    if description.get("objects").is_none() {
        let error = description.get("error").and_then(|e| e.as_str()).unwrap_or("it could not be described");
        return Err(Failure::Message(error.to_string()));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{description}")?;
    out.flush()?;
    Ok(Outcome::Whole)
}
