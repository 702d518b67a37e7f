//! `h5 recover`.

use std::io::Write;
use std::path::PathBuf;

use h5::ops::recover::{Found, recover};

use crate::{Failure, Outcome};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// Clear the mark of a writer even where the check finds problems
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let found = recover(&args.file, args.force)?;
    let mut out = anstream::stdout();
    match found {
        Found::Nothing => writeln!(out, "nothing to recover")?,
        Found::Journal => writeln!(out, "completed a commit that was cut short")?,
        Found::Mark => {
            writeln!(out, "cleared the mark of a writer that was killed; the file has no problem")?
        }
        Found::Problems(problems) => {
            for problem in &problems {
                writeln!(out, "problem: {}", h5::ops::text::printable(problem))?;
            }
            writeln!(out, "a writer left the file damaged; it was left as it is (--force clears the mark)")?;
            return Ok(Outcome::Partial);
        }
    }
    Ok(Outcome::Whole)
}
