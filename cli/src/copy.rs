//! `h5 copy`.

use std::path::{Path, PathBuf};

use h5::{CopyOptions, OpenOptions, References};

use crate::{Failure, Outcome, open};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// FILE:PATH of the object, or its file (with -s)
    pub(crate) from: String,
    /// FILE:PATH of the copy, or its file (with -d); the file is made if it is not there
    to: String,
    /// Path of the object
    #[arg(short, long, value_name = "PATH")]
    source: Option<String>,
    /// Path of the copy
    #[arg(short, long, value_name = "PATH")]
    destination: Option<String>,
    /// Copy what soft links lead to in their place
    #[arg(long)]
    follow: bool,
    /// Leave the groups in the group empty
    #[arg(long)]
    shallow: bool,
    /// Copy the objects that references lead to, too
    #[arg(long)]
    expand: bool,
}

pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let (from, source) = place(&args.from, args.source.as_deref())?;
    let (to, destination) = place(&args.to, args.destination.as_deref())?;
    let said = |e: h5::Error| Failure::Message(e.to_string());
    let same = matches!((from.canonicalize(), to.canonicalize()), (Ok(a), Ok(b)) if a == b);
    let target = OpenOptions::new().append(&to).map_err(said)?;
    let input = if same { target.clone() } else { open(&from)?.0 };
    let Some(object) = input.root()?.get(&source)? else {
        return Err(Failure::Message(format!("there is no {source} in {}", from.display())));
    };
    let root = target.root()?;
    if root.contains(&destination)? {
        return Err(Failure::Message(format!("{destination} is in {} already", to.display())));
    }
    let mut options = CopyOptions::default();
    options.follow_soft = args.follow;
    options.shallow = args.shallow;
    options.references = match (args.expand, same) {
        (true, _) => References::Expand,
        (false, true) => References::Keep,
        (false, false) => References::Null,
    };
    root.copy_with(&object, &destination, &options)?;
    target.close()?;
    Ok(Outcome::Whole)
}

/// The file and the path in it.
fn place(given: &str, path: Option<&str>) -> Result<(PathBuf, String), Failure> {
    if let Some(path) = path {
        return Ok((PathBuf::from(given), path.to_string()));
    }
    // A path begins after the last colon; on Windows the first one may be that of a drive.
    match given.rsplit_once(':') {
        Some((file, path)) if !file.is_empty() && !Path::new(given).is_file() && !path.is_empty() => {
            Ok((PathBuf::from(file), path.to_string()))
        }
        _ => Err(Failure::Message(format!(
            "{given} names no object: give FILE:PATH, or the file with -s and -d"
        ))),
    }
}
