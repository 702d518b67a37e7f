//! The BloscLZ codec: a byte-oriented LZ77 that Blosc 1 and Blosc 2 use by default.
//!
//! A stream is a row of instructions. A control byte below 32 announces that many literals plus
//! one; any other announces a match, whose length stands in the upper three bits (7: more length
//! bytes follow, each 255 says that another follows) and whose distance stands in the lower five
//! bits and one more byte. The greatest near distance announces a far one of two more bytes. The
//! first instruction is always literals, its upper three bits carry no meaning.

use crate::error::{Error, Result};

/// Distances from here on are stored as two big-endian bytes on top of it.
const FAR: usize = 8192;
/// Added to each stored match length: shorter matches do not pay.
const MIN_MATCH: usize = 3;

/// Decodes one stream that is known to hold `out.len()` bytes, no more and no fewer.
pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Result<()> {
    let mut rest = input;
    let mut at = 0usize;
    let mut control = next(&mut rest)? & 31;
    loop {
        if control < 32 {
            let count = usize::from(control).saturating_add(1);
            let (literals, after) = rest.split_at_checked(count).ok_or_else(truncated)?;
            let end = at.saturating_add(count);
            out.get_mut(at..end).ok_or_else(too_long)?.copy_from_slice(literals);
            rest = after;
            at = end;
        } else {
            let (length, distance) = read_match(control, &mut rest)?;
            copy_match(out, at, length, distance)?;
            at = at.saturating_add(length);
        }
        match rest.split_first() {
            Some((&byte, after)) => {
                control = byte;
                rest = after;
            }
            None => break,
        }
    }
    if at != out.len() {
        return Err(Error::damaged(format!("blosclz stream: found {at} bytes, expected {}", out.len())));
    }
    Ok(())
}

/// The length and the distance of the match that `control` announces.
fn read_match(control: u8, rest: &mut &[u8]) -> Result<(usize, usize)> {
    let mut length = usize::from(control >> 5).saturating_sub(1).saturating_add(MIN_MATCH);
    if control >> 5 == 7 {
        loop {
            let more = next(rest)?;
            length = length.saturating_add(usize::from(more));
            if more != 255 {
                break;
            }
        }
    }
    let (high, low) = (control & 31, next(rest)?);
    let distance = if high == 31 && low == 255 {
        usize::from(u16::from_be_bytes([next(rest)?, next(rest)?])).saturating_add(FAR)
    } else {
        usize::from(u16::from_be_bytes([high, low])).saturating_add(1)
    };
    Ok((length, distance))
}

/// Repeats `length` bytes from `distance` before `at`; the two may overlap.
fn copy_match(out: &mut [u8], at: usize, length: usize, distance: usize) -> Result<()> {
    let end = at.saturating_add(length);
    let area = out.get_mut(..end).ok_or_else(too_long)?;
    let from = at.checked_sub(distance).ok_or_else(|| {
        Error::damaged(format!("blosclz stream: match {distance} bytes back, only {at} are decoded"))
    })?;
    if distance >= length {
        let (before, target) = area.split_at_mut(at);
        if let Some(source) = before.get(from..from.saturating_add(length)) {
            target.copy_from_slice(source);
        }
        return Ok(());
    }
    if distance == 1 {
        let value = area.get(from).copied().unwrap_or_default();
        area.get_mut(at..).unwrap_or_default().fill(value);
        return Ok(());
    }
    // Each turn doubles the stretch that can be repeated without overlap.
    let mut done = at;
    while done < end {
        let count = done.saturating_sub(from).min(end.saturating_sub(done));
        area.copy_within(from..from.saturating_add(count), done);
        done = done.saturating_add(count);
    }
    Ok(())
}

fn next(rest: &mut &[u8]) -> Result<u8> {
    let (&byte, after) = rest.split_first().ok_or_else(truncated)?;
    *rest = after;
    Ok(byte)
}

#[cold]
fn truncated() -> Error {
    Error::damaged("blosclz stream: ends inside an instruction")
}

#[cold]
fn too_long() -> Error {
    Error::damaged("blosclz stream: holds more bytes than its block")
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    #[test]
    fn literals_then_overlapping_match() {
        // 3 literals "abc", then a match of length 3+3 at distance 3.
        let stream = [2, b'a', b'b', b'c', (4 << 5), 2];
        let mut out = [0; 9];
        decode(&stream, &mut out).unwrap();
        assert_eq!(&out, b"abcabcabc");
    }

    #[test]
    fn long_run_and_far_match() {
        // one literal, a run of 9 + 255 + 1 bytes; the meaningless bits of the first control are set
        let stream = [0xe0, 7, 0xe0, 255, 1, 0];
        let mut out = [0; 1 + 9 + 255 + 1];
        decode(&stream, &mut out).unwrap();
        assert!(out.iter().all(|&b| b == 7));
        // a far match: 8192 bytes back
        let mut stream = vec![0, 9, 0xe0];
        let mut left = 8191usize - 9;
        while left >= 255 {
            stream.push(255);
            left -= 255;
        }
        stream.extend([left as u8, 0, 0x3f, 255, 0, 0]);
        let mut out = vec![0; 8192 + 3];
        decode(&stream, &mut out).unwrap();
        assert!(out.iter().all(|&b| b == 9));
    }

    #[test]
    fn damage_is_told() {
        for (stream, size) in [
            (&[][..], 1),
            (&[2, 1, 2][..], 3),             // literals cut off
            (&[0, 1][..], 2),                // too few bytes
            (&[1, 1, 2][..], 1),             // too many bytes
            (&[0, 1, 0x20, 1][..], 4),       // match before the start
            (&[0, 1, 0x40, 0][..], 3),       // match beyond the end
            (&[0, 1, 0xe0][..], 30),         // length cut off
            (&[0, 1, 0x3f, 255, 0][..], 30), // distance cut off
        ] {
            assert!(decode(stream, &mut vec![0; size]).unwrap_err().is_damaged(), "{stream:?}");
        }
    }
}
