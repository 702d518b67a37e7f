//! The codecs inside a Blosc chunk: each stream of a block is decoded by one of them.

use super::blosclz;
use crate::error::{Error, Result};

/// Which codec the streams of a chunk use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    BloscLz,
    Lz4,
    Snappy,
    Zlib,
    Zstd,
    /// Known by number only: a chunk that needs it is refused.
    Other(u8),
}

impl Codec {
    /// From the upper three bits of the chunk's flags and the byte of the extended header.
    pub(super) fn from_flags(flags: u8, plugin: u8) -> Codec {
        match flags >> 5 {
            0 => Codec::BloscLz,
            1 => Codec::Lz4,
            2 => Codec::Snappy,
            3 => Codec::Zlib,
            4 => Codec::Zstd,
            6 => Codec::Other(plugin),
            other => Codec::Other(other),
        }
    }
    /// An error for the codecs that this crate has no decoder for.
    pub(super) fn check(self) -> Result<()> {
        let Codec::Other(number) = self else { return Ok(()) };
        let name = match number {
            32 => "NDLZ",
            33 => "ZFP with fixed accuracy",
            34 => "ZFP with fixed precision",
            35 => "ZFP with fixed rate",
            36 => "OpenHTJ2K",
            37 => "Grok (JPEG 2000)",
            38 => "OpenZL",
            39 => "JPEG 2000",
            40 => "HTJ2K",
            _ => "unknown",
        };
        Err(Error::unsupported(format!("blosc: codec {number} ({name})")))
    }
}

/// The states of the codecs, made when first needed and kept for the further streams.
#[derive(Default)]
pub(super) struct Decoders {
    zlib: Option<flate2::Decompress>,
    zstd: Option<(zrip::DecompressContext, Vec<u8>)>,
}

impl Decoders {
    /// Decodes one stream, which must give exactly `out.len()` bytes.
    pub(super) fn decode(&mut self, codec: Codec, stream: &[u8], out: &mut [u8]) -> Result<()> {
        let found = match codec {
            Codec::BloscLz => return blosclz::decode(stream, out),
            Codec::Lz4 => lz4_flex::block::decompress_into(stream, out).map_err(|e| broken("lz4", e))?,
            Codec::Snappy => snappy(stream, out)?,
            Codec::Zlib => self.zlib(stream, out)?,
            Codec::Zstd => self.zstd(stream, out)?,
            Codec::Other(_) => return codec.check(),
        };
        if found != out.len() {
            return Err(Error::damaged(format!(
                "blosc: a stream holds {found} bytes, expected {}",
                out.len()
            )));
        }
        Ok(())
    }

    fn zlib(&mut self, stream: &[u8], out: &mut [u8]) -> Result<usize> {
        let state = self.zlib.get_or_insert_with(|| flate2::Decompress::new(true));
        state.reset(true);
        let status =
            state.decompress(stream, out, flate2::FlushDecompress::Finish).map_err(|e| broken("zlib", e))?;
        if status != flate2::Status::StreamEnd {
            return Err(broken("zlib", "the stream does not end within its block"));
        }
        Ok(usize::try_from(state.total_out()).unwrap_or(usize::MAX))
    }

    fn zstd(&mut self, stream: &[u8], out: &mut [u8]) -> Result<usize> {
        let (state, bytes) = self.zstd.get_or_insert_with(|| (zrip::DecompressContext::new(), Vec::new()));
        bytes.clear();
        state.decompress_into_with_limit(stream, bytes, out.len()).map_err(|e| broken("zstd", e))?;
        if bytes.len() == out.len() {
            out.copy_from_slice(bytes);
        }
        Ok(bytes.len())
    }
}

fn snappy(stream: &[u8], out: &mut [u8]) -> Result<usize> {
    snap::raw::Decoder::new().decompress(stream, out).map_err(|e| broken("snappy", e))
}

#[cold]
fn broken(codec: &str, what: impl std::fmt::Display) -> Error {
    Error::damaged(format!("blosc: a {codec} stream is broken: {what}"))
}
