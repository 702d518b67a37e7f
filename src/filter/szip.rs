//! Szip (4): extended-Rice coding of samples in scanlines, CCSDS 121.0-B.
//!
//! Client data: option mask, pixels per block, bits per pixel, pixels per scanline. A stored
//! chunk starts with its decoded size (u32, little-endian); the coded bits follow. One scanline,
//! filled up to whole blocks, is one reference sample interval. Pixels of 32 and 64 bits are
//! coded as 8-bit samples: first byte 0 of every pixel, then byte 1 of every pixel, and so on.

use super::bits::{BitReader, BitWriter};
use super::{Context, Filter};
use crate::error::{Error, Result};

mod code;
#[cfg(test)]
mod tests;

/// The szip filter, both directions.
pub struct Szip;

const MSB_FIRST: u32 = 16;
const NEAREST_NEIGHBOUR: u32 = 32;
/// Pixels of a block: even, at most this (libhdf5 allows 32, the standard 64).
const MOST_PIXELS_IN_BLOCK: u32 = 64;
const MOST_BLOCKS_IN_SCANLINE: usize = 4096;

/// How the samples of a chunk are laid out and coded.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// Samples in a block.
    block: usize,
    /// Samples in a scanline.
    scanline: usize,
    /// Samples in a scanline after it is filled up to whole blocks.
    padded: usize,
    /// Bits of a sample.
    bits: u32,
    /// Bytes of a sample: 1, 2 or 4.
    sample_bytes: usize,
    /// Bytes of a pixel that is coded byte by byte (4 or 8), else 1.
    planes: usize,
    /// Bits of a block's option identifier.
    id_bits: u32,
    msb_first: bool,
    /// Whether samples are coded as differences from the sample before.
    differences: bool,
}

impl Layout {
    fn new(ctx: &Context<'_>) -> Result<Layout> {
        let &[mask, block, pixel_bits, scanline, ..] = ctx.client_data else {
            return Err(Error::damaged(format!(
                "filter szip: found {} client data values, expected 4",
                ctx.client_data.len()
            )));
        };
        if block == 0 || block > MOST_PIXELS_IN_BLOCK || block & 1 != 0 {
            return Err(Error::damaged(format!(
                "filter szip: found {block} pixels per block, expected an even number of 2 to 64"
            )));
        }
        let (bits, planes) = match pixel_bits {
            32 => (8, 4),
            64 => (8, 8),
            1..=31 => (pixel_bits, 1),
            _ => {
                return Err(Error::damaged(format!(
                    "filter szip: found {pixel_bits} bits per pixel, expected 1 to 32 or 64"
                )));
            }
        };
        let (sample_bytes, id_bits) = match bits {
            ..=8 => (1, 3),
            9..=16 => (2, 4),
            _ => (4, 5),
        };
        let (block, scanline) = (block as usize, scanline as usize);
        let blocks = scanline.div_ceil(block);
        if blocks == 0 || blocks > MOST_BLOCKS_IN_SCANLINE {
            return Err(Error::damaged(format!(
                "filter szip: found {scanline} pixels per scanline, expected 1 to {MOST_BLOCKS_IN_SCANLINE} blocks of {block}"
            )));
        }
        Ok(Layout {
            block,
            scanline,
            padded: blocks.saturating_mul(block),
            bits,
            sample_bytes,
            planes,
            id_bits,
            msb_first: mask & MSB_FIRST != 0,
            differences: mask & NEAREST_NEIGHBOUR != 0,
        })
    }

    /// The greatest value of a sample.
    fn greatest(&self) -> u32 {
        u32::MAX.wrapping_shr(32u32.wrapping_sub(self.bits))
    }

    fn check_whole(&self, size: usize) -> Result<()> {
        let unit = self.sample_bytes.max(self.planes);
        if size.checked_rem(unit) == Some(0) {
            return Ok(());
        }
        Err(Error::damaged(format!("filter szip: found {size} bytes, expected a multiple of {unit}")))
    }
}

impl Filter for Szip {
    fn id(&self) -> u16 {
        4
    }

    fn name(&self) -> &'static str {
        "szip"
    }

    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let layout = Layout::new(ctx)?;
        let Some((size, coded)) = input.split_first_chunk::<4>() else {
            return Err(Error::damaged(format!(
                "filter szip: found {} bytes, expected the decoded size in 4",
                input.len()
            )));
        };
        let size = u32::from_le_bytes(*size) as usize;
        ctx.check("szip", size)?;
        layout.check_whole(size)?;
        // Each scanline takes an identifier and two bits at the least: less input cannot give `size`.
        let lines = size.checked_div(layout.sample_bytes).unwrap_or(0).div_ceil(layout.scanline);
        let least = lines.saturating_mul(layout.id_bits.saturating_add(2) as usize);
        if coded.len().saturating_mul(8) < least {
            return Err(truncated());
        }
        out.resize(size, 0);
        if layout.planes == 1 {
            return decode_lines(coded, out, &layout);
        }
        let mut planes = vec![0; size];
        decode_lines(coded, &mut planes, &layout)?;
        match layout.planes {
            4 => join_planes::<4>(&planes, out),
            _ => join_planes::<8>(&planes, out),
        }
        Ok(())
    }

    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let layout = Layout::new(ctx)?;
        layout.check_whole(input.len())?;
        let Ok(size) = u32::try_from(input.len()) else {
            return Err(Error::unsupported(format!(
                "filter szip: {} bytes in a chunk, at most 4 GiB can be stored",
                input.len()
            )));
        };
        out.extend_from_slice(&size.to_le_bytes());
        match layout.planes {
            4 => encode_lines(&split_planes::<4>(input), out, &layout, ctx),
            8 => encode_lines(&split_planes::<8>(input), out, &layout, ctx),
            _ => encode_lines(input, out, &layout, ctx),
        }
    }
}

#[cold]
fn truncated() -> Error {
    Error::damaged("filter szip: the coded bits end before the chunk is full")
}

/// Decodes scanlines until `out` is full.
fn decode_lines(coded: &[u8], out: &mut [u8], layout: &Layout) -> Result<()> {
    let mut reader = BitReader::new(coded);
    let mut samples = vec![0u32; layout.padded];
    let line_bytes = layout.scanline.saturating_mul(layout.sample_bytes).max(1);
    for line in out.chunks_mut(line_bytes) {
        let wanted = line.len().checked_div(layout.sample_bytes).unwrap_or(0);
        code::decode_interval(&mut reader, &mut samples, wanted, layout)?;
        let samples = samples.get_mut(..wanted).unwrap_or_default();
        if layout.differences {
            code::undo_differences(samples, layout.greatest());
        }
        store_samples(samples, line, layout);
    }
    Ok(())
}

fn store_samples(samples: &[u32], line: &mut [u8], layout: &Layout) {
    match (layout.sample_bytes, layout.msb_first) {
        (1, _) => line.iter_mut().zip(samples).for_each(|(to, &sample)| *to = sample as u8),
        (2, false) => store(samples, line, |sample| (sample as u16).to_le_bytes()),
        (2, true) => store(samples, line, |sample| (sample as u16).to_be_bytes()),
        (_, false) => store(samples, line, u32::to_le_bytes),
        (_, true) => store(samples, line, u32::to_be_bytes),
    }
}

fn store<const N: usize>(samples: &[u32], line: &mut [u8], bytes: impl Fn(u32) -> [u8; N]) {
    for (to, &sample) in line.as_chunks_mut::<N>().0.iter_mut().zip(samples) {
        *to = bytes(sample);
    }
}

fn load_samples(line: &[u8], samples: &mut [u32], layout: &Layout) {
    match (layout.sample_bytes, layout.msb_first) {
        (1, _) => samples.iter_mut().zip(line).for_each(|(to, &byte)| *to = u32::from(byte)),
        (2, false) => load(line, samples, |bytes| u32::from(u16::from_le_bytes(bytes))),
        (2, true) => load(line, samples, |bytes| u32::from(u16::from_be_bytes(bytes))),
        (_, false) => load(line, samples, u32::from_le_bytes),
        (_, true) => load(line, samples, u32::from_be_bytes),
    }
}

fn load<const N: usize>(line: &[u8], samples: &mut [u32], sample: impl Fn([u8; N]) -> u32) {
    for (to, &bytes) in samples.iter_mut().zip(line.as_chunks::<N>().0) {
        *to = sample(bytes);
    }
}

/// From byte planes to pixels of `N` bytes.
fn join_planes<const N: usize>(planes: &[u8], out: &mut [u8]) {
    let pixels = out.as_chunks_mut::<N>().0;
    for (index, plane) in planes.chunks_exact(pixels.len().max(1)).enumerate() {
        for (pixel, &byte) in pixels.iter_mut().zip(plane) {
            if let Some(to) = pixel.get_mut(index) {
                *to = byte;
            }
        }
    }
}

/// From pixels of `N` bytes to byte planes.
fn split_planes<const N: usize>(input: &[u8]) -> Vec<u8> {
    let pixels = input.as_chunks::<N>().0;
    let mut planes = vec![0; input.len()];
    for (index, plane) in planes.chunks_exact_mut(pixels.len().max(1)).enumerate() {
        for (to, pixel) in plane.iter_mut().zip(pixels) {
            *to = pixel.get(index).copied().unwrap_or(0);
        }
    }
    planes
}

/// Encodes `input` scanline by scanline; the last one is filled up like the others.
fn encode_lines(input: &[u8], out: &mut Vec<u8>, layout: &Layout, ctx: &Context<'_>) -> Result<()> {
    let mut writer = BitWriter::new(out);
    let mut samples = vec![0u32; layout.padded];
    let mut low = 0;
    for line in input.chunks(layout.scanline.saturating_mul(layout.sample_bytes).max(1)) {
        let count = line.len().checked_div(layout.sample_bytes).unwrap_or(0);
        let (held, fill) = samples.split_at_mut(count);
        load_samples(line, held, layout);
        if let Some(wide) = held.iter().find(|&&sample| sample > layout.greatest()) {
            return Err(Error::usage(format!(
                "filter szip: found the value {wide}, which has more than {} bits",
                layout.bits
            )));
        }
        fill.fill(if layout.differences { held.last().copied().unwrap_or(0) } else { 0 });
        let reference = samples.first().copied().unwrap_or(0);
        if layout.differences {
            code::take_differences(&mut samples, layout.greatest());
        }
        code::encode_interval(&mut writer, &samples, reference, &mut low, layout);
        ctx.check("szip", writer.len())?;
    }
    writer.finish();
    ctx.check("szip", out.len())
}
