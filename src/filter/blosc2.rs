//! Filter 32026: Blosc 2, whose chunks stand in a contiguous frame.
//!
//! Source: the descriptions of chunk, frame and array metalayer in C-Blosc2, and the filter in the
//! HDF Group's collection of plugins. The client data are: revision of the filter, size of a block,
//! size of an element, size of a chunk, level, shuffle, codec, then (for two and more dimensions)
//! the number of dimensions and the chunk's dimensions. A frame tells all but the last, which have
//! to agree with the array in the frame.

use super::b2frame::Frame;
use super::{Context, Filter};
use crate::error::{Error, Result};

/// The filter Blosc 2 (32026): reads frames, plain or with an array (B2ND) in them.
///
/// Dictionaries, blocks of variable length and the codecs and filters that are plugins of Blosc 2
/// (other than bytedelta and the truncation of integers) are unsupported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Blosc2;

impl Filter for Blosc2 {
    fn id(&self) -> u16 {
        32026
    }

    fn name(&self) -> &'static str {
        "blosc2"
    }

    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let mut frame = Frame::read(input)?;
        frame.correct_element(ctx.value(2, 0) as usize);
        if let (Some(array), Some((&rank, dimensions))) =
            (&frame.array, ctx.client_data.get(7..).and_then(<[u32]>::split_first))
        {
            let expected = dimensions.get(..rank as usize).unwrap_or(dimensions);
            if !array.shape.iter().copied().eq(expected.iter().map(|size| *size as usize)) {
                return Err(Error::damaged(format!(
                    "blosc2 frame: array of shape {:?}, the filter's chunk has {expected:?}",
                    array.shape
                )));
            }
        }
        let size = frame.decoded_size()?;
        ctx.check(self.name(), size)?;
        out.resize(size, 0);
        frame.decode(out)
    }
}

#[cfg(test)]
mod tests;
