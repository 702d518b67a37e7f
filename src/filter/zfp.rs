//! ZFP (32013): numbers in blocks of 4 along each dimension, transformed and cut to bit planes.
//!
//! Client data: versions (zfp in bits 16 to 31, codec in bits 12 to 15, this filter in bits 0 to
//! 11), then the bytes of a ZFP header in words of 32 bits: type and size of the chunk and the
//! parameters of the code. A writer on a big-endian machine leaves these words swapped. The chunk
//! itself is the bare bit stream. A block has a common exponent (floating-point types only) and
//! the bit planes of its transformed integers.

use super::{Context, Filter};
use crate::error::{Error, Result};

mod block;
mod header;
mod order;
mod planes;
mod scalar;
mod stream;
#[cfg(test)]
mod tests;

use header::{Header, Kind};
use scalar::Scalar;
use stream::BitStream;

/// The ZFP filter: decodes every mode; it does not encode.
pub struct Zfp;

impl Filter for Zfp {
    fn id(&self) -> u16 {
        32013
    }
    fn name(&self) -> &'static str {
        "zfp"
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let header = Header::read(ctx.client_data)?;
        let (Some(bytes), Some(blocks)) = (header.bytes(), header.blocks()) else {
            return Err(Error::limit(format!("filter zfp: an array of {:?} values is too large", header.sizes)));
        };
        ctx.check("zfp", bytes)?;
        // No block has fewer bits than these; empty ones of the reversible mode are not filled up.
        let least_bits = if header.parameters.reversible { 1 } else { header.parameters.least_bits };
        let least = blocks.saturating_mul(u64::from(least_bits)).div_ceil(8);
        if least > input.len() as u64 {
            return Err(Error::damaged(format!(
                "filter zfp: found {} bytes for {blocks} blocks, expected at least {least}",
                input.len()
            )));
        }
        out.resize(bytes, 0);
        match header.kind {
            Kind::Int32 => decode::<i32>(input, out, &header),
            Kind::Int64 => decode::<i64>(input, out, &header),
            Kind::Float => decode::<f32>(input, out, &header),
            Kind::Double => decode::<f64>(input, out, &header),
        }?;
        if header.swapped {
            out.chunks_exact_mut(header.kind.bytes()).for_each(<[u8]>::reverse);
        }
        Ok(())
    }
}

/// Decodes an array of one type into `out`, which has its size.
fn decode<S: Scalar>(input: &[u8], out: &mut [u8], header: &Header) -> Result<()> {
    match header.rank {
        1 => decode_blocks::<S, 4, 1>(input, out, header),
        2 => decode_blocks::<S, 16, 1>(input, out, header),
        3 => decode_blocks::<S, 64, 1>(input, out, header),
        _ => decode_blocks::<S, 256, 4>(input, out, header),
    }
}

/// Decodes an array in blocks of `SIZE` values (`GROUPS` times 64, rounded up).
fn decode_blocks<S: Scalar, const SIZE: usize, const GROUPS: usize>(
    input: &[u8],
    out: &mut [u8],
    header: &Header,
) -> Result<()> {
    let mut stream = BitStream::new(input);
    let mut groups = [[0; 64]; GROUPS];
    let mut values = [S::default(); SIZE];
    // The sizes fit: their product does.
    let sizes = header.sizes.map(|size| size as usize);
    let [_, size_y, size_z, size_w] = sizes;
    for w in (0..size_w).step_by(4) {
        for z in (0..size_z).step_by(4) {
            for y in (0..size_y).step_by(4) {
                for x in (0..sizes[0]).step_by(4) {
                    block::decode::<S, SIZE, GROUPS>(&mut stream, &header.parameters, &mut groups, &mut values);
                    if stream.overrun() {
                        return Err(Error::damaged(format!(
                            "filter zfp: found {} bytes, expected more: the block at {x}, {y}, {z}, {w} \
                             (fastest dimension first) ends at bit {}",
                            input.len(),
                            stream.position()
                        )));
                    }
                    scatter(&values, out, sizes, [x, y, z, w]);
                }
            }
        }
    }
    Ok(())
}

/// Puts a block's values at their places, but for those outside of the array.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn scatter<S: Scalar>(values: &[S], out: &mut [u8], sizes: [usize; 4], [x, y, z, w]: [usize; 4]) {
    let [size_x, size_y, size_z, size_w] = sizes;
    let width = size_x.saturating_sub(x).min(4).wrapping_mul(S::BYTES);
    let slabs = values.chunks(64).zip(w..size_w);
    for (slab, w) in slabs {
        for (plane, z) in slab.chunks(16).zip(z..size_z) {
            for (row, y) in plane.chunks(4).zip(y..size_y) {
                // None of this wraps: the place is inside of `out`.
                let line = w.wrapping_mul(size_z).wrapping_add(z).wrapping_mul(size_y).wrapping_add(y);
                let from = line.wrapping_mul(size_x).wrapping_add(x).wrapping_mul(S::BYTES);
                let Some(target) = out.get_mut(from..from.wrapping_add(width)) else { return };
                for (bytes, value) in target.chunks_exact_mut(S::BYTES).zip(row) {
                    bytes.copy_from_slice(value.bytes().as_ref());
                }
            }
        }
    }
}
