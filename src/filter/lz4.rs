//! LZ4, filter 32004: LZ4 blocks in the framing of the HDF5 plugin.
//!
//! Facts: u64 size of the content and u32 size of a block, both big-endian; then for each block a
//! big-endian u32 size and that many bytes. A block as long as its content is stored as it is; the
//! last block holds what is left. Client data value 0 is the block size (0: 1 GiB).

use lz4_flex::block::{CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size};

use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// LZ4 turns one byte into at most this many.
pub(crate) const LARGEST_RATIO: usize = 255;
const DEFAULT_BLOCK: u32 = 1 << 30;

/// Filter 32004: LZ4 compression.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lz4;

impl Filter for Lz4 {
    fn id(&self) -> u16 {
        32004
    }
    fn name(&self) -> &'static str {
        "lz4"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let header = Header::read("lz4", input)?;
        let total = header.content("lz4", LARGEST_RATIO, ctx)?;
        if total == 0 {
            out.clear();
            return Ok(());
        }
        if header.block == 0 {
            return Err(Error::damaged("filter lz4: block size 0"));
        }
        out.resize(total, 0);
        let mut left = header.rest;
        for block in out.chunks_mut(header.block) {
            let data = take_sized("lz4", &mut left)?;
            if data.len() == block.len() {
                block.copy_from_slice(data);
            } else {
                decompress_block("lz4", data, block)?;
            }
        }
        Ok(())
    }
    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let block = match ctx.value(0, 0) {
            0 => DEFAULT_BLOCK,
            size => size.min(DEFAULT_BLOCK),
        };
        let block = usize::try_from(block).unwrap_or(usize::MAX).min(input.len()).max(1);
        out.clear();
        out.extend_from_slice(&(input.len() as u64).to_be_bytes());
        out.extend_from_slice(&(block as u32).to_be_bytes());
        let mut table = CompressTable::default();
        for content in input.chunks(block) {
            let start = out.len();
            compress_block(content, out, &mut table)?;
            // The size of the data alone; not smaller than the content means: store it.
            if out.len().saturating_sub(start).saturating_sub(4) >= content.len() {
                out.truncate(start);
                out.extend_from_slice(&(content.len() as u32).to_be_bytes());
                out.extend_from_slice(content);
            }
        }
        ctx.check("lz4", out.len())
    }
}

/// The first 12 bytes of an LZ4 or a bitshuffle chunk, and what follows them.
pub(crate) struct Header<'a> {
    /// The size of the content in bytes.
    pub(crate) total: u64,
    /// The size of a block of content in bytes.
    pub(crate) block: usize,
    /// The blocks.
    pub(crate) rest: &'a [u8],
}

impl<'a> Header<'a> {
    pub(crate) fn read(filter: &str, input: &'a [u8]) -> Result<Self> {
        let header = input.split_first_chunk::<8>().and_then(|(total, rest)| {
            let (block, rest) = rest.split_first_chunk::<4>()?;
            let block = usize::try_from(u32::from_be_bytes(*block)).ok()?;
            Some(Header { total: u64::from_be_bytes(*total), block, rest })
        });
        header.ok_or_else(|| {
            Error::damaged(format!("filter {filter}: {} bytes, expected a header of 12", input.len()))
        })
    }
    /// The size of the content, where the limit and the bytes at hand allow it.
    pub(crate) fn content(&self, filter: &str, ratio: usize, ctx: &Context<'_>) -> Result<usize> {
        let total = usize::try_from(self.total).unwrap_or(usize::MAX);
        ctx.check(filter, total)?;
        if total > self.rest.len().saturating_mul(ratio) {
            return Err(Error::damaged(format!(
                "filter {filter}: {total} bytes cannot come from {}",
                self.rest.len()
            )));
        }
        Ok(total)
    }
}

/// Takes a big-endian u32 size and that many bytes.
pub(crate) fn take_sized<'a>(filter: &str, left: &mut &'a [u8]) -> Result<&'a [u8]> {
    let parts = left
        .split_first_chunk::<4>()
        .and_then(|(size, rest)| rest.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?));
    let Some((data, rest)) = parts else {
        let found = left.len();
        return Err(Error::damaged(format!("filter {filter}: a block is cut off, {found} bytes are left")));
    };
    *left = rest;
    Ok(data)
}

/// Fills `block` from LZ4 data that must decode to exactly its length.
pub(crate) fn decompress_block(filter: &str, data: &[u8], block: &mut [u8]) -> Result<()> {
    let size = decompress_into(data, block)
        .map_err(|error| Error::damaged(format!("filter {filter}: LZ4 block: {error}")))?;
    if size != block.len() {
        let expected = block.len();
        return Err(Error::damaged(format!(
            "filter {filter}: LZ4 block of {size} bytes, expected {expected}"
        )));
    }
    Ok(())
}

/// Appends the size (big-endian u32) and the LZ4 data of the content.
pub(crate) fn compress_block(content: &[u8], out: &mut Vec<u8>, table: &mut CompressTable) -> Result<()> {
    let start = out.len();
    let room = start.saturating_add(4);
    out.resize(room.saturating_add(get_maximum_output_size(content.len())), 0);
    let to = out.get_mut(room..).unwrap_or_default();
    let size = compress_into_with_table(content, to, table)
        .map_err(|error| Error::usage(format!("LZ4 block of {} bytes: {error}", content.len())))?;
    out.truncate(room.saturating_add(size));
    let size = u32::try_from(size).map_err(|_| Error::usage("LZ4 block of more than 4 GiB"))?;
    if let Some(prefix) = out.get_mut(start..room) {
        prefix.copy_from_slice(&size.to_be_bytes());
    }
    Ok(())
}
