//! The metadata cache image at work: laid over the file before anything else is read.

use std::collections::HashSet;

use crate::error::{At, Result};
use crate::format::cache_image::{CacheImage, HERE, ImageEntry};
use crate::store::Store;
use crate::wire::checksum::verify;
use crate::wire::{Addr, decode};

/// Reads the image of `length` bytes at `address` (message 0x18) and lays its entries over the store.
///
/// An undefined address or a length of 0 means that there is no image. Gives the number of entries.
pub fn apply(store: &mut Store, address: Addr, length: u64) -> Result<usize> {
    if !address.is_defined() || length == 0 {
        return Ok(0);
    }
    let entries = read(store, address, length).at(&HERE, address.raw())?;
    let count = entries.len();
    for entry in entries {
        store.overlay(entry.address, &entry.image)?;
    }
    Ok(count)
}

/// The entries of the image of `length` bytes at `address`.
pub fn read(store: &Store, address: Addr, length: u64) -> Result<Vec<ImageEntry>> {
    let w = store.widths;
    let block = store.block(address, length, &HERE)?;
    let (image, _) = decode::<CacheImage>(verify(&block, &HERE)?, (w,), &HERE)?;
    if image.length.0 != length {
        return Err(HERE.mismatch("length", image.length.0, length));
    }
    let mut entries = Vec::new();
    let mut seen = HashSet::new();
    let mut rest = image.entries.as_slice();
    for _ in 0..image.count {
        let (entry, used) = decode::<ImageEntry>(rest, (w,), &HERE)?;
        let end = entry.address.get().and_then(|a| a.checked_add(entry.length.0));
        if end.is_none_or(|end| end > store.end()) {
            let what = format!("an entry of {} bytes at {}, beyond the end of the file", entry.length.0, entry.address);
            return Err(HERE.damaged(what));
        }
        if !seen.insert(entry.address) {
            return Err(HERE.damaged(format!("two entries for the address {}", entry.address)));
        }
        rest = rest.get(used..).unwrap_or_default();
        entries.push(entry);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Structure;
    use crate::store::testing::store;
    use crate::wire::{Length, Widths, checksum::seal, encode};

    fn file(entries: &[(u64, &[u8])]) -> (Vec<u8>, u64) {
        let w = (Widths::EIGHT,);
        let mut all = Vec::new();
        for (at, image) in entries {
            let length = Length(u64::try_from(image.len()).unwrap());
            let entry = ImageEntry {
                kind: 5, flags: 1, ring: 1, age: 0, children: 0, dirty_children: 0, rank: -1,
                address: Addr::new(*at), length, parents: vec![], image: image.to_vec(),
            };
            all.extend(encode(&entry, w, &HERE).unwrap());
        }
        let length = 22 + u64::try_from(all.len()).unwrap();
        let count = u32::try_from(entries.len()).unwrap();
        let mut bytes = encode(&CacheImage { length: Length(length), count, entries: all }, w, &HERE).unwrap();
        seal(&mut bytes);
        bytes.extend([0; 64]);
        (bytes, length)
    }

    #[test]
    fn entries_replace_the_bytes_of_the_file() {
        let (bytes, length) = file(&[(8, b"new"), (60, b"newer")]);
        let mut store = store(bytes);
        assert_eq!(apply(&mut store, Addr::new(0), length).unwrap(), 2);
        let at = Structure::new("test", "");
        assert_eq!(store.block(Addr::new(60), 5, &at).unwrap(), b"newer");
        assert_eq!(apply(&mut store, Addr::UNDEFINED, 9).unwrap(), 0);
        assert_eq!(apply(&mut store, Addr::new(4), 0).unwrap(), 0);
    }

    #[test]
    fn damaged() {
        for entries in [&[(8, &b"a"[..]), (8, b"b")][..], &[(1 << 40, b"a")], &[(u64::MAX - 1, b"abc")]] {
            let (bytes, length) = file(entries);
            assert!(apply(&mut store(bytes), Addr::new(0), length).unwrap_err().is_damaged());
        }
        let (bytes, length) = file(&[(8, b"a")]);
        assert!(apply(&mut store(bytes.clone()), Addr::new(0), length - 1).unwrap_err().is_damaged());
        assert!(apply(&mut store(bytes), Addr::new(0), 1 << 40).unwrap_err().is_damaged());
    }
}
