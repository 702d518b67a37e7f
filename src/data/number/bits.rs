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
