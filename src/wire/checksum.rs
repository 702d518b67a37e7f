//! lookup3, the checksum of metadata blocks and the hash of link and attribute names.
//!
//! Clause: III.A (checksums of B-trees version 2) and all other checksummed blocks; the function is
//! Bob Jenkins' "hashlittle" with the initial value 0.

use crate::error::{Result, Structure};

/// lookup3 "hashlittle" of the bytes, initial value 0.
pub fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let (mut a, mut b, mut c) = (start, start, start);
    let mut left = bytes;
    while let (true, Some((block, rest))) = (left.len() > 12, left.split_first_chunk::<12>()) {
        let (x, y, z) = words(block);
        a = a.wrapping_add(x);
        b = b.wrapping_add(y);
        c = c.wrapping_add(z);
        (a, b, c) = mix(a, b, c);
        left = rest;
    }
    if left.is_empty() {
        return c;
    }
    let mut last = [0u8; 12];
    for (to, from) in last.iter_mut().zip(left) {
        *to = *from;
    }
    let (x, y, z) = words(&last);
    finish(a.wrapping_add(x), b.wrapping_add(y), c.wrapping_add(z))
}

fn words(block: &[u8; 12]) -> (u32, u32, u32) {
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11] = *block;
    (
        u32::from_le_bytes([b0, b1, b2, b3]),
        u32::from_le_bytes([b4, b5, b6, b7]),
        u32::from_le_bytes([b8, b9, b10, b11]),
    )
}

fn mix(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    for (r1, r2, r3) in [(4, 6, 8), (16, 19, 4)] {
        a = a.wrapping_sub(c) ^ c.rotate_left(r1);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(r2);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(r3);
        b = b.wrapping_add(a);
    }
    (a, b, c)
}

fn finish(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// Checks that `block` ends in the lookup3 checksum of what precedes it; gives what precedes it.
pub fn verify<'a>(block: &'a [u8], at: &Structure) -> Result<&'a [u8]> {
    let Some((body, stored)) = block.split_last_chunk::<4>() else {
        return Err(at.damaged(format!("{} bytes, too few for a checksum", block.len())));
    };
    let (stored, computed) = (u32::from_le_bytes(*stored), lookup3(body));
    if stored != computed {
        return Err(at.mismatch("checksum", format!("{stored:#010x}"), format!("{computed:#010x}")));
    }
    Ok(body)
}

/// Appends the lookup3 checksum of the bytes to them.
pub fn seal(block: &mut Vec<u8>) {
    let sum = lookup3(block);
    block.extend_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }

    #[test]
    fn sealed_blocks_verify_and_damaged_ones_do_not() {
        let at = Structure::new("test", "");
        let mut block = b"OHDR and more".to_vec();
        seal(&mut block);
        assert_eq!(verify(&block, &at).unwrap(), b"OHDR and more");
        block[3] ^= 1;
        assert!(verify(&block, &at).unwrap_err().is_damaged());
        assert!(verify(b"abc", &at).is_err());
    }
}
