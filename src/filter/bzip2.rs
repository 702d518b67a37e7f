//! bzip2, filter 307: one bzip2 stream; client data value 0 is the block size in units of 100 kB.

use bzip2::{Action, Compress, Compression, Decompress, Status};

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// Filter 307: bzip2 compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bzip2;

impl Filter for Bzip2 {
    fn id(&self) -> u16 {
        307
    }
    fn name(&self) -> &'static str {
        "bzip2"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        // The first buffer is what a stream of this size is likely to hold; it grows from there.
        let likely = input.len().saturating_mul(64).saturating_add(64);
        out.reserve(ctx.expected.min(ctx.limit).min(likely).saturating_add(1));
        let mut state = Decompress::new(false);
        loop {
            let (read, written) = (state.total_in(), out.len());
            let left = usize::try_from(read).ok().and_then(|read| input.get(read..)).unwrap_or_default();
            let status = state
                .decompress_vec(left, out)
                .map_err(|error| Error::damaged(format!("filter bzip2: {error} after {written} bytes")))?;
            ctx.check("bzip2", out.len())?;
            if status == Status::StreamEnd {
                return Ok(());
            }
            if out.len() == out.capacity() {
                // One byte over the limit may be written, so that passing it is noticed.
                let room = ctx.limit.saturating_sub(out.len()).saturating_add(1);
                out.reserve_exact(out.len().max(4096).min(room));
            } else if state.total_in() == read && out.len() == written {
                return Err(Error::damaged(format!(
                    "filter bzip2: the stream of {} bytes is cut off after {written} decoded bytes",
                    input.len()
                )));
            }
        }
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let mut state = Compress::new(Compression::new(ctx.value(0, 9).clamp(1, 9)), 0);
        out.clear();
        out.reserve(input.len().saturating_add(input.len() / 100).saturating_add(600));
        loop {
            let (read, written) = (state.total_in(), out.len());
            let left = usize::try_from(read).ok().and_then(|read| input.get(read..)).unwrap_or_default();
            let status = state
                .compress_vec(left, out, Action::Finish)
                .map_err(|error| Error::usage(format!("filter bzip2: {error}")))?;
            if status == Status::StreamEnd {
                return ctx.check("bzip2", out.len());
            }
            if out.len() == out.capacity() {
                out.reserve(out.len().max(4096));
            } else if state.total_in() == read && out.len() == written {
                return Err(Error::usage("filter bzip2: the compressor stands still"));
            }
        }
    }
}
