//! Zstandard, filter 32015: one or several zstd frames; client data value 0 is the level.

use std::cell::Cell;

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

thread_local! {
    /// The decoder's tables, kept from chunk to chunk.
    static DECOMPRESS: Cell<Option<zrip::DecompressContext>> = const { Cell::new(None) };
    /// The encoder's tables and the level they were made for.
    static COMPRESS: Cell<Option<(i32, zrip::CompressContext)>> = const { Cell::new(None) };
}

/// Filter 32015: zstd compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zstd;

impl Filter for Zstd {
    fn id(&self) -> u16 {
        32015
    }
    fn name(&self) -> &'static str {
        "zstd"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        if input.is_empty() {
            return Err(Error::damaged("filter zstd: no frame"));
        }
        out.reserve(ctx.expected.min(ctx.limit).min(largest(input)));
        decompress("zstd", input, out, ctx.limit)
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        compress(input, out, level(ctx.value(0, 3)))?;
        ctx.check("zstd", out.len())
    }
}

/// The level that is written for a stored one: the encoder knows -7 to 4; 0 means 3 to libzstd.
pub(crate) fn level(stored: u32) -> i32 {
    match stored.cast_signed() {
        0 => 3,
        level => level.clamp(-7, 4),
    }
}

/// What the frames can decode to at most: a block has 3 bytes and more, and 128 KiB of content.
fn largest(input: &[u8]) -> usize {
    (input.len() / 3).saturating_add(1).saturating_mul(128 << 10)
}

/// Appends the content of the frames, at most `limit` bytes.
pub(crate) fn decompress(filter: &str, input: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<()> {
    let mut state = DECOMPRESS.take().unwrap_or_default();
    let bound = limit.min(largest(input));
    let result = state.decompress_into_with_limit(input, out, bound);
    DECOMPRESS.set(Some(state));
    match result {
        Ok(_) => Ok(()),
        Err(zrip::DecompressError::OutputTooSmall) if bound == limit => {
            Err(Error::limit(format!("filter {filter}: output of more than {limit} bytes")))
        }
        Err(error) => Err(Error::damaged(format!("filter {filter}: zstd: {error}"))),
    }
}

/// Appends one frame with the input's size in its header.
pub(crate) fn compress(input: &[u8], out: &mut Vec<u8>, level: i32) -> Result<()> {
    let failed = |error| Error::usage(format!("filter zstd: level {level}: {error}"));
    let mut state = match COMPRESS.take() {
        Some((last, state)) if last == level => state,
        _ => zrip::CompressContext::new(level).map_err(failed)?,
    };
    let start = out.len();
    out.resize(start.saturating_add(zrip::compress_bound(input.len())), 0);
    let result = state.compress_into(input, out.get_mut(start..).unwrap_or_default());
    COMPRESS.set(Some((level, state)));
    out.truncate(start.saturating_add(result.map_err(failed)?));
    Ok(())
}
