//! `h5`: look into HDF5 files.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use h5::ops::text::printable;
use h5::{External, File, OpenOptions};

mod bar;
mod check;
mod copy;
mod digest;
mod json;
mod nodes;
mod plot;
mod recover;
mod repack;
mod show;
mod style;
mod tree;
mod values;
mod view;

/// Look into HDF5 files.
#[derive(Parser)]
#[command(
    name = "h5",
    version,
    after_help = "Exit status: 0 all was read, 1 something in the file could not be read, \
2 wrong use or the file could not be opened.\nA family of files is named by its pattern: h5 tree 'run_%05d.h5'."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the groups, datasets, links and attributes of a file
    #[command(
        after_help = "Examples:\n  h5 tree scan.h5\n  h5 tree scan.h5 /RawData --attrs --depth 2\n  h5 tree scan.h5 --json | jq .\n\nOf files of PyMoDAQ and PyTables titles, classes (earray, vlarray, string array, table) and attributes\nas Python's values are shown, too; h5 tree scan.h5 --attrs --raw shows what is stored."
    )]
    Tree(tree::Args),
    /// Show everything about one object, with values or a preview
    #[command(
        after_help = "Examples:\n  h5 show scan.h5 /RawData/Scan000\n  h5 show scan.h5 '/image[0:10, ::2, ..., -1]'\n  h5 show scan.h5 /trace --plot\n  h5 show scan.h5 '/table[-5:]' --all\n  h5 show scan.h5 '/image[0]' --json | jq .values\n\nWithout a slice the ends of long axes are shown; only what is shown is read.\n\nOf files of PyMoDAQ and PyTables title and class are shown, attributes as Python's values, lists of strings\nas strings; h5 show scan.h5 /RawData --raw shows what is stored."
    )]
    Show(show::Args),
    /// Print a canonical description of a file as JSON, for comparing files
    #[command(after_help = "Examples:\n  h5 digest a.h5 > a.json\n  h5 digest --full archive.h5")]
    Digest(digest::Args),
    /// Check every structure, checksum and address of a file
    #[command(
        after_help = "Examples:\n  h5 check scan.h5\n  h5 check scan.h5 --data\n  h5 check scan.h5 --json | jq .problems\n\nReports what breaks the format: with the object, the structure, its address and the clause of the specification.\nCompared are checksums, sizes, counts, the order of names and keys, indexes with what they name, and whether any two\nstructures overlap. Space that nothing uses is no problem: HDF5 leaves some behind whatever writes the file.\n\nExit status: 0 no problem, 1 problems, 2 wrong use or the file could not be opened."
    )]
    Check(check::Args),
    /// Write a file anew: without unused space, for other readers, with other filters or chunks
    #[command(
        after_help = "Examples:\n  h5 repack scan.h5 small.h5\n  h5 repack scan.h5 small.h5 --filter shuffle --filter deflate=6\n  h5 repack new.h5 old.h5 --bound earliest --filter none --chunk none\n  h5 repack scan.h5 scan.h5 --force --chunk 64x64\n\nEverything is kept: attributes, links, committed types, references, times, the order of creation, the user block.\nChunks are copied as they are stored unless filters or chunks change. The new file is there only once it is whole.\n\nWhat is damaged is left out and named: an object that cannot be opened becomes an empty group whose comment says why.\nNo file is replaced by one that lacks something.\n\nExit status: 0 written with all that can be opened, 1 links or values are missing, or nothing was written, 2 wrong use."
    )]
    Repack(repack::Args),
    /// Copy an object with all that is in it, within a file or into another
    #[command(
        after_help = "Examples:\n  h5 copy scan.h5:/RawData/Scan000 best.h5:/first\n  h5 copy scan.h5 best.h5 -s /RawData/Scan000 -d /first\n  h5 copy scan.h5:/RawData scan.h5:/backup --follow\n\nReferences among the copied objects lead to the copies; others stay within one file and lead to nothing in another.\n\nExit status: 0 copied, 1 something in the file could not be read, 2 wrong use."
    )]
    Copy(copy::Args),
    /// Make a file whole that a killed program left open for writing
    #[command(
        after_help = "Examples:\n  h5 recover scan.h5\n\nCompletes a commit that was cut short. The mark that libhdf5 leaves in a file whose writer was killed is cleared once a\ncheck of all structures and data finds no problem.\n\nExit status: 0 the file is whole, 1 it is not, 2 wrong use or the file could not be opened."
    )]
    Recover(recover::Args),
    /// Show a file in the browser
    #[command(
        after_help = "Examples:\n  h5 view scan.h5\n  h5 view scan.h5 /RawData/Scan000\n  h5 view scan.h5 --no-open --port 8080\n\nThe page and the file are served on 127.0.0.1 under an address that nobody can guess; nothing else can be reached, and\nnothing leaves the machine. Only the parts of the file that are shown are read."
    )]
    View(view::Args),
}

/// How a command ended.
enum Outcome {
    /// All was read.
    Whole,
    /// Something in the file could not be read; it was said.
    Partial,
}

/// What ends a command early.
enum Failure {
    /// Wrong use, or the file cannot be opened: the message for the user.
    Message(String),
    /// The file is open, but what was asked for cannot be read.
    Unreadable(String),
    /// Whoever reads our output has seen enough.
    PipeClosed,
}

impl From<std::io::Error> for Failure {
    fn from(e: std::io::Error) -> Self {
        match e.kind() {
            ErrorKind::BrokenPipe => Failure::PipeClosed,
            _ => Failure::Message(e.to_string()),
        }
    }
}

impl From<h5::Error> for Failure {
    fn from(e: h5::Error) -> Self {
        match e.kind() {
            h5::ErrorKind::Usage | h5::ErrorKind::NotFound => Failure::Message(e.to_string()),
            _ => Failure::Unreadable(e.to_string()),
        }
    }
}

/// Opens a file for looking: a truncated one is opened with a warning. True where it is truncated.
fn open(path: &Path) -> Result<(File, bool), Failure> {
    let options = OpenOptions::new().external(External::SameFolder);
    let said = |e: h5::Error| Failure::Message(e.to_string());
    if path.as_os_str() == "-" {
        return Err(Failure::Message(
            "standard input cannot be read: HDF5 needs a file to seek in".to_string(),
        ));
    }
    match options.open(path) {
        Ok(file) => Ok((file, false)),
        Err(e) if e.is_damaged() => match options.truncated(true).open(path) {
            Ok(file) => {
                warn(path, &format!("{}; what is there is shown", e.what()));
                Ok((file, true))
            }
            Err(_) => Err(said(e)),
        },
        Err(e) => Err(said(e)),
    }
}

/// A message on the standard error output.
fn warn(path: &Path, message: &str) {
    let shown = path.display().to_string();
    let message = message.strip_prefix(&format!("{shown}: ")).unwrap_or(message);
    let _ = writeln!(anstream::stderr(), "h5: {}: {}", printable(&shown), printable(message));
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let code = if e.use_stderr() { 2 } else { 0 };
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    let (path, result): (PathBuf, _) = match cli.command {
        Command::Tree(args) => (args.file.clone(), tree::run(&args)),
        Command::Show(args) => (args.file.clone(), show::run(&args)),
        Command::Check(args) => (args.file.clone(), check::run(&args)),
        Command::Repack(args) => (args.file.clone(), repack::run(&args)),
        Command::Copy(args) => (PathBuf::from(&args.from), copy::run(&args)),
        Command::Recover(args) => (args.file.clone(), recover::run(&args)),
        Command::Digest(args) => (args.file.clone(), digest::run(&args)),
        Command::View(args) => (args.file.clone(), view::run(&args)),
    };
    match result {
        Ok(Outcome::Whole) | Err(Failure::PipeClosed) => ExitCode::SUCCESS,
        Ok(Outcome::Partial) => ExitCode::from(1),
        Err(Failure::Unreadable(message)) => {
            warn(&path, &message);
            ExitCode::from(1)
        }
        Err(Failure::Message(message)) => {
            warn(&path, &message);
            ExitCode::from(2)
        }
    }
}
