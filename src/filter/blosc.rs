//! Filter 32001: Blosc 1, a container of blocks that are shuffled and compressed.
//!
//! Source: the chunk format of C-Blosc and the filter in the HDF Group's collection of plugins.
//! The client data are: revision of the filter, version of the format, size of an element, size
//! of a chunk, level (0 to 9), shuffle (0 none, 1 bytes, 2 bits), codec. Only writing needs them.

use super::blosc_chunk::{Chunk, FLAG_ONE_STREAM, FLAG_RAW, SHORT_HEADER, Scratch, VERSION_1};
use super::{Context, Filter, shuffle};
use crate::error::{Error, Result};

/// The size that blocks are cut to when written; small enough for a core's cache.
const BLOCK: usize = 256 << 10;

/// The filter Blosc 1 (32001): reads every codec of it, writes LZ4 and zlib.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blosc;

impl Filter for Blosc {
    fn id(&self) -> u16 {
        32001
    }

    fn name(&self) -> &'static str {
        "blosc"
    }

    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let chunk = Chunk::read(input, None)?;
        ctx.check(self.name(), chunk.size)?;
        out.resize(chunk.size, 0);
        chunk.decode(out, &mut Scratch::default())
    }

    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let settings = Settings::read(ctx)?;
        if i32::try_from(input.len().saturating_add(SHORT_HEADER)).is_err() {
            return Err(Error::usage(format!(
                "filter blosc: a chunk of {} bytes, at most 2 GiB",
                input.len()
            )));
        }
        ctx.check(self.name(), input.len().saturating_add(SHORT_HEADER))?;
        if settings.level == 0 || !encode_blocks(&settings, input, out)? {
            out.clear();
            settings.write_header(out, FLAG_RAW, input.len(), input.len());
            out.extend_from_slice(input);
        }
        let stored = u32::try_from(out.len()).unwrap_or(u32::MAX).to_le_bytes();
        if let Some(field) = out.get_mut(12..SHORT_HEADER) {
            field.copy_from_slice(&stored);
        }
        Ok(())
    }
}

/// What the client data ask for when a chunk is written.
struct Settings {
    element: u8,
    level: u32,
    shuffle: bool,
    zlib: bool,
}

impl Settings {
    fn read(ctx: &Context<'_>) -> Result<Settings> {
        let zlib = match ctx.value(6, 0) {
            1 | 2 => false,
            4 => true,
            other => {
                let name =
                    ["BloscLZ", "", "", "Snappy", "", "zstd"].get(other as usize).unwrap_or(&"unknown");
                return Err(Error::unsupported(format!(
                    "filter blosc: codec {other} ({name}) cannot be written, lz4 (1) and zlib (4) can"
                )));
            }
        };
        let shuffle = match ctx.value(5, 1) {
            0 => false,
            1 => true,
            other => {
                return Err(Error::unsupported(format!(
                    "filter blosc: shuffle {other} cannot be written, none (0) and bytes (1) can"
                )));
            }
        };
        // As the reference does: an element too large for the header is taken as bytes.
        let element = u8::try_from(ctx.value(2, 1)).unwrap_or(1).max(1);
        Ok(Settings { element, level: ctx.value(4, 5).min(9), shuffle, zlib })
    }

    /// Writes a header whose stored size is filled in later.
    fn write_header(&self, out: &mut Vec<u8>, flags: u8, size: usize, block: usize) {
        let codec = if self.zlib { 3 << 5 } else { 1 << 5 };
        let shuffle = u8::from(self.shuffle && self.element > 1);
        out.extend([VERSION_1, 1, flags | codec | shuffle | FLAG_ONE_STREAM, self.element]);
        for value in [size, block, 0] {
            out.extend(u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes());
        }
    }
}

/// Writes the compressed form of `input`; false where it would not be smaller.
fn encode_blocks(settings: &Settings, input: &[u8], out: &mut Vec<u8>) -> Result<bool> {
    let element = usize::from(settings.element);
    let block = BLOCK.min(input.len());
    let block = block.checked_div(element).unwrap_or_default().saturating_mul(element);
    if block == 0 {
        return Ok(false);
    }
    settings.write_header(out, 0, input.len(), block);
    let table = out.len();
    out.resize(table.saturating_add(input.len().div_ceil(block).saturating_mul(4)), 0);
    let mut shuffled = vec![0; block];
    let mut packed = vec![0; lz4_flex::block::get_maximum_output_size(block).max(block)];
    let mut deflate = flate2::Compress::new(flate2::Compression::new(settings.level), true);
    for (index, plain) in input.chunks(block).enumerate() {
        let start = u32::try_from(out.len()).unwrap_or(u32::MAX).to_le_bytes();
        let field = table.saturating_add(index.saturating_mul(4));
        if let Some(field) = out.get_mut(field..field.saturating_add(4)) {
            field.copy_from_slice(&start);
        }
        let source = match shuffled.get_mut(..plain.len()) {
            Some(shuffled) if settings.shuffle => {
                shuffle::shuffle(plain, element, shuffled);
                &*shuffled
            }
            _ => plain,
        };
        let size = if settings.zlib {
            deflate.reset();
            let status = deflate.compress(source, &mut packed, flate2::FlushCompress::Finish);
            match status {
                Ok(flate2::Status::StreamEnd) => usize::try_from(deflate.total_out()).unwrap_or(usize::MAX),
                _ => usize::MAX,
            }
        } else {
            lz4_flex::block::compress_into(source, &mut packed).unwrap_or(usize::MAX)
        };
        let stream = match packed.get(..size) {
            Some(stream) if size < source.len() => stream,
            _ => source,
        };
        out.extend(u32::try_from(stream.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(stream);
        if out.len() >= input.len().saturating_add(SHORT_HEADER) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
pub(super) mod tests;
