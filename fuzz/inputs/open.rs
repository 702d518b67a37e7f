//! What an input of the target `open` means; `tests/regressions.rs` replays those that once failed.

use h5::ops::digest::{Options, digest};

/// Opens a file and reads everything in it. An error is a fine answer; the limits bound time and memory.
pub(crate) fn run(data: &[u8]) {
    let Ok(file) = h5::File::from_bytes(data.to_vec()) else { return };
    let _ = digest(&file, &Options::default());
}
