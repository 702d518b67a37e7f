//! Stored numbers of one type as stored numbers of another: for a virtual dataset over a source of another type.

use super::number::{NumberLayout, decode_one};
use crate::error::{Error, Result};
use crate::format::message::datatype::{ByteOrder, Class, Datatype};

/// Puts elements of `from` into `to`, by HDF5's rules: what does not fit becomes the nearest value that does.
pub fn restate(from: &Datatype, stored: &[u8], to: &Datatype, out: &mut [u8]) -> Result<()> {
    let refused = || Error::unsupported(format!("{} as {}", from.describe(), to.describe()));
    let layout = NumberLayout::of(from)?.ok_or_else(refused)?;
    let order = match (&to.class, NumberLayout::of(to)?) {
        (Class::Integer { bits, .. }, Some(NumberLayout::Plain { .. })) => bits.order,
        (Class::Float(f), Some(NumberLayout::Plain { .. })) => f.order,
        _ => return Err(refused()),
    };
    let (read, write) = (from.bytes().max(1), to.bytes().max(1));
    for (one, place) in stored.chunks_exact(read).zip(out.chunks_exact_mut(write)) {
        store(&layout, one, to, place).ok_or_else(refused)??;
        if order == ByteOrder::Big {
            place.reverse();
        }
    }
    Ok(())
}

/// Stores one number little-endian; none where the target's size is not one of Rust's numbers.
fn store(layout: &NumberLayout, one: &[u8], to: &Datatype, place: &mut [u8]) -> Option<Result<()>> {
    macro_rules! put {
        ($t:ty) => {
            decode_one::<$t>(layout, one, true).map(|v| place.copy_from_slice(&v.to_le_bytes()))
        };
    }
    Some(match (&to.class, place.len()) {
        (Class::Float(_), 4) => put!(f32),
        (Class::Float(_), 8) => put!(f64),
        (Class::Integer { signed: true, .. }, 1) => put!(i8),
        (Class::Integer { signed: true, .. }, 2) => put!(i16),
        (Class::Integer { signed: true, .. }, 4) => put!(i32),
        (Class::Integer { signed: true, .. }, 8) => put!(i64),
        (Class::Integer { signed: false, .. }, 1) => put!(u8),
        (Class::Integer { signed: false, .. }, 2) => put!(u16),
        (Class::Integer { signed: false, .. }, 4) => put!(u32),
        (Class::Integer { signed: false, .. }, 8) => put!(u64),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::message::datatype::BitNumbers;

    fn integer(size: u32, order: ByteOrder, signed: bool) -> Datatype {
        let precision = u16::try_from(size * 8).unwrap();
        let bits = BitNumbers { order, low_pad: false, high_pad: false, offset: 0, precision };
        Datatype { version: 1, size, class: Class::Integer { bits, signed } }
    }

    #[test]
    fn orders_sizes_and_clamping() {
        let from = integer(2, ByteOrder::Big, true);
        let to = integer(4, ByteOrder::Little, true);
        let mut out = [0; 8];
        restate(&from, &[0xff, 0xfe, 0x01, 0x02], &to, &mut out).unwrap();
        assert_eq!(out, [0xfe, 0xff, 0xff, 0xff, 2, 1, 0, 0]);
        let mut small = [0; 2];
        restate(&from, &[0xff, 0xfe, 0x01, 0x02], &integer(1, ByteOrder::Little, false), &mut small).unwrap();
        assert_eq!(small, [0, 255]);
    }
}
