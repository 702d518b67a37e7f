//! Filters: bytes to bytes, knowing no dataset.
//!
//! A chunk (or a block of a fractal heap) passes through a pipeline of filters: forward when it
//! is written, backward when it is read. Each filter is one file of this folder and one row of
//! the table at the end; a user's own implements [`Filter`] and is given to a [`Registry`].

// Without it, what only encodes is not called.
#![cfg_attr(not(feature = "write"), allow(dead_code, unused_imports))]

use std::sync::Arc;

use crate::error::{Error, Result};

mod bits;
mod b2frame;
pub mod bitshuffle;
pub mod blosc;
pub mod blosc2;
mod blosc_chunk;
mod blosc_codec;
mod blosc_steps;
mod blosclz;
pub mod bzip2;
pub mod deflate;
pub mod fletcher32;
pub mod lz4;
pub mod lzf;
pub mod nbit;
mod pipeline;
pub mod quantize;
pub mod scaleoffset;
pub mod shuffle;
pub mod stages;
pub mod szip;
pub mod zfp;
pub mod zstd;

pub use pipeline::{Registry, Stage};

/// What a filter is told about the block at hand.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The filter's client data values, as stored in the pipeline message.
    pub client_data: &'a [u32],
    /// Never produce more bytes than this: more is [`ErrorKind::Limit`](crate::ErrorKind::Limit).
    pub limit: usize,
    /// The size that the block has when every filter is undone (a hint for this filter).
    pub expected: usize,
}

impl Context<'_> {
    /// A client data value, or the given one where the list is shorter.
    pub fn value(&self, index: usize, default: u32) -> u32 {
        self.client_data.get(index).copied().unwrap_or(default)
    }
    /// An error where `size` is over the limit.
    pub fn check(&self, filter: &str, size: usize) -> Result<()> {
        if size > self.limit {
            return Err(Error::limit(format!(
                "filter {filter}: output of {size} bytes, at most {} allowed",
                self.limit
            )));
        }
        Ok(())
    }
}

/// One filter, both directions.
pub trait Filter: Send + Sync {
    /// The registered number of the filter.
    fn id(&self) -> u16;
    /// The name that is written into pipeline messages and told to users.
    fn name(&self) -> &'static str;
    /// Whether the filter is there to make blocks smaller: then one that did not is left out where it may be.
    fn compresses(&self) -> bool {
        true
    }
    /// Undoes the filter: replaces the content of `out` by the decoded bytes of `input`.
    ///
    /// `out` comes with any content and any capacity; it is cleared first and reused so that no
    /// memory is allocated for each chunk.
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()>;
    /// Applies the filter: replaces the content of `out` by the encoded bytes of `input`.
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        let _ = (input, out, ctx);
        Err(Error::unsupported(format!("filter {} ({}) cannot be written", self.name(), self.id())))
    }
}

/// The table of the filters that are built in.
fn builtin() -> Vec<Arc<dyn Filter>> {
    vec![
        Arc::new(deflate::Deflate),
        Arc::new(shuffle::Shuffle),
        Arc::new(fletcher32::Fletcher32),
        Arc::new(szip::Szip),
        Arc::new(nbit::Nbit),
        Arc::new(scaleoffset::ScaleOffset),
        Arc::new(lzf::Lzf),
        Arc::new(lz4::Lz4),
        Arc::new(zstd::Zstd),
        Arc::new(bzip2::Bzip2),
        Arc::new(bitshuffle::Bitshuffle),
        Arc::new(blosc::Blosc),
        Arc::new(blosc2::Blosc2),
        Arc::new(zfp::Zfp),
        Arc::new(quantize::Quantize::BIT_GROOM),
        Arc::new(quantize::Quantize::GRANULAR_BIT_ROUND),
    ]
}
