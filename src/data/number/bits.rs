//! The bits of a number in the order of their worth.

use crate::format::message::datatype::ByteOrder;

/// The bytes of a number of up to 16 bytes, least significant first.
pub(super) fn little(stored: &[u8], order: ByteOrder) -> u128 {
    let mut wide = [0u8; 16];
    match order {
        ByteOrder::Little => wide.iter_mut().zip(stored).for_each(|(to, from)| *to = *from),
        ByteOrder::Big => wide.iter_mut().zip(stored.iter().rev()).for_each(|(to, from)| *to = *from),
        // Words of 16 bits, the most significant word first, each with its low byte first.
        ByteOrder::Vax => {
            for (to, from) in wide.chunks_exact_mut(2).zip(stored.rchunks_exact(2)) {
                to.copy_from_slice(from);
            }
        }
    }
    u128::from_le_bytes(wide)
}

/// Puts the bits of a number into its bytes: what [`little`] takes out.
pub(super) fn place(raw: u128, order: ByteOrder, out: &mut [u8]) {
    let wide = raw.to_le_bytes();
    match order {
        ByteOrder::Little => out.iter_mut().zip(wide).for_each(|(to, from)| *to = from),
        ByteOrder::Big => out.iter_mut().rev().zip(wide).for_each(|(to, from)| *to = from),
        ByteOrder::Vax => {
            for (to, from) in out.rchunks_exact_mut(2).zip(wide.chunks_exact(2)) {
                to.copy_from_slice(from);
            }
        }
    }
}

/// `bits` ones, the lowest at bit `at`.
pub(super) fn ones(at: u32, bits: u32) -> u128 {
    let run = match bits {
        0 => 0,
        _ => u128::MAX.checked_shr(128u32.saturating_sub(bits)).unwrap_or(u128::MAX),
    };
    run.checked_shl(at).unwrap_or(0)
}
