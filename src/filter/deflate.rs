//! Deflate, filter 1: a zlib stream; client data value 0 is the level.

use std::cell::Cell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// Deflate turns one byte into at most this many.
const LARGEST_RATIO: usize = 1032;

thread_local! {
    /// The decoder's window and tables, kept from chunk to chunk.
    static DECOMPRESS: Cell<Option<Decompress>> = const { Cell::new(None) };
    /// The encoder's state and the level it was made for.
    static COMPRESS: Cell<Option<(u32, Compress)>> = const { Cell::new(None) };
}

/// Filter 1: zlib compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deflate;

impl Filter for Deflate {
    fn id(&self) -> u16 {
        1
    }
    fn name(&self) -> &'static str {
        "deflate"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let mut state = DECOMPRESS.take().unwrap_or_else(|| Decompress::new(true));
        state.reset(true);
        let result = inflate(&mut state, input, out, ctx);
        DECOMPRESS.set(Some(state));
        result
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let level = ctx.value(0, 6).min(9);
        let mut state = match COMPRESS.take() {
            Some((last, state)) if last == level => state,
            _ => Compress::new(Compression::new(level), true),
        };
        state.reset();
        let result = deflate(&mut state, input, out);
        COMPRESS.set(Some((level, state)));
        result?;
        ctx.check("deflate", out.len())
    }
}

fn inflate(state: &mut Decompress, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
    let largest = input.len().saturating_mul(LARGEST_RATIO);
    // A little more than the content, so that the stream ends within the first call. What the buffer holds from the last
    // chunk is written over: it is not filled with zeros again.
    out.resize(ctx.expected.min(ctx.limit).min(largest).saturating_add(64), 0);
    let (mut left, mut written) = (input, 0);
    loop {
        let (read, before) = (state.total_in(), written);
        let room = out.get_mut(written..).unwrap_or_default();
        let status = state.decompress(left, room, FlushDecompress::Finish).map_err(|error| {
            Error::damaged(format!("filter deflate: {error} after {} bytes", state.total_out()))
        })?;
        written = usize::try_from(state.total_out()).unwrap_or(usize::MAX);
        ctx.check("deflate", written)?;
        if matches!(status, Status::StreamEnd) {
            out.truncate(written);
            return Ok(());
        }
        let consumed = usize::try_from(state.total_in().wrapping_sub(read)).unwrap_or(usize::MAX);
        left = left.get(consumed..).unwrap_or_default();
        if written >= out.len() {
            // One byte over the limit may be written, so that passing it is noticed.
            let more = ctx.limit.saturating_sub(written).saturating_add(1).min(written.max(4096));
            out.reserve_exact(more);
            out.resize(written.saturating_add(more), 0);
        } else if consumed == 0 && written == before {
            return Err(Error::damaged(format!(
                "filter deflate: the stream of {} bytes is cut off after {written} decoded bytes",
                input.len()
            )));
        }
    }
}

fn deflate(state: &mut Compress, input: &[u8], out: &mut Vec<u8>) -> Result<()> {
    out.clear();
    out.reserve(input.len().saturating_add(input.len() >> 9).saturating_add(64));
    let mut left = input;
    loop {
        let (read, written) = (state.total_in(), out.len());
        let status = state
            .compress_vec(left, out, FlushCompress::Finish)
            .map_err(|error| Error::usage(format!("filter deflate: {error}")))?;
        if matches!(status, Status::StreamEnd) {
            return Ok(());
        }
        let consumed = usize::try_from(state.total_in().wrapping_sub(read)).unwrap_or(usize::MAX);
        left = left.get(consumed..).unwrap_or_default();
        if out.len() == out.capacity() {
            out.reserve(out.len().max(4096));
        } else if consumed == 0 && out.len() == written {
            return Err(Error::usage("filter deflate: the compressor stands still"));
        }
    }
}
