//! Filters that round numbers when they are written: on reading there is nothing to undo.
//!
//! BitGroom (32022) and Granular BitRound (32023) shave bits of floating-point numbers so that a
//! compressor after them finds more to do. The bytes stay an array of the same numbers.

use super::{Context, Filter};
use crate::error::Result;

/// A filter that is the identity on reading, by its registered number and name.
#[derive(Debug, Clone, Copy)]
pub struct Quantize {
    id: u16,
    name: &'static str,
}

impl Quantize {
    /// BitGroom, filter 32022.
    pub const BIT_GROOM: Quantize = Quantize { id: 32022, name: "bitgroom" };
    /// Granular BitRound, filter 32023.
    pub const GRANULAR_BIT_ROUND: Quantize = Quantize { id: 32023, name: "granular-bitround" };
}

impl Filter for Quantize {
    fn id(&self) -> u16 {
        self.id
    }
    fn name(&self) -> &'static str {
        self.name
    }
    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        ctx.check(self.name, input.len())?;
        out.clear();
        out.extend_from_slice(input);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_copies_and_encode_is_refused() {
        let ctx = Context { client_data: &[3, 4, 0, 0, 0], limit: 4, expected: 4 };
        let mut out = vec![1; 9];
        Quantize::BIT_GROOM.decode(b"abcd", &mut out, &ctx).unwrap();
        assert_eq!(out, b"abcd");
        assert!(Quantize::GRANULAR_BIT_ROUND.encode(b"abcd", &mut out, &ctx).unwrap_err().is_unsupported());
        let error = Quantize::BIT_GROOM.decode(b"abcde", &mut out, &ctx).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Limit);
    }
}
