//! `h5 view`: the viewer page and one file, served to the browser of this machine.

use std::path::PathBuf;

use crate::{Failure, Outcome};

#[cfg(feature = "viewer")]
mod server;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The HDF5 file
    pub(crate) file: PathBuf,
    /// The object to show first
    #[arg(value_name = "OBJECT")]
    object: Option<String>,
    /// The port to listen on [default: one that is free]
    #[arg(long)]
    port: Option<u16>,
    /// Print the address, and open no browser
    #[arg(long)]
    no_open: bool,
}

#[cfg(not(feature = "viewer"))]
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    let _ = (&args.object, args.port, args.no_open);
    Err(Failure::Message(
        "this build has no viewer in it: the released binaries have; or run web/build and \
         `cargo install --path cli --features viewer`"
            .to_string(),
    ))
}

#[cfg(feature = "viewer")]
pub(crate) fn run(args: &Args) -> Result<Outcome, Failure> {
    use std::io::Write;

    // What cannot be opened is told here, not on the page.
    crate::open(&args.file)?;
    let server = server::Server::new(&args.file, args.port).map_err(|e| Failure::Message(e.to_string()))?;
    let address = server.address(args.object.as_deref());
    let mut out = anstream::stdout();
    writeln!(out, "{address}\nOnly this machine reaches it, by this address; Ctrl-C ends it.")?;
    out.flush()?;
    if !args.no_open && open::that_detached(&address).is_err() {
        crate::warn(&args.file, "no browser could be opened: open the address yourself");
    }
    server.run();
    Ok(Outcome::Whole)
}
