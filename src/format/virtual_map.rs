//! Mapping of a virtual dataset: an object of a global heap.
//!
//! Clause III.F; note `spec-notes/virtual_map.md`.

use std::io::{Read, Seek};
use std::sync::Arc;

use binrw::{BinRead, BinResult, Endian};

use super::selection::StoredSelection;
use crate::error::{Result, Structure};
use crate::wire::integers::{read_name, read_uint};
use crate::wire::{Widths, checksum, decode, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("virtual dataset mapping", "III.F");

const FILE_SHARED: u64 = 0x01;
const DATASET_SHARED: u64 = 0x02;
const SAME_FILE: u64 = 0x04;

/// One source of a virtual dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The source's file; `.` is the file of the virtual dataset. May hold `%b`. Entries of one name share it.
    pub file: Arc<[u8]>,
    /// The source's path in it. May hold `%b`.
    pub dataset: Arc<[u8]>,
    /// Elements of the source.
    pub source: StoredSelection,
    /// Their places in the virtual dataset.
    pub target: StoredSelection,
}

/// The sources of a virtual dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualMap {
    /// 0 or 1.
    pub version: u8,
    /// The sources, in the order they were added.
    pub mappings: Vec<Mapping>,
}

impl binrw::meta::ReadEndian for VirtualMap {
    const ENDIAN: binrw::meta::EndianKind = binrw::meta::EndianKind::Endian(Endian::Little);
}

impl BinRead for VirtualMap {
    type Args<'a> = (Widths,);
    fn read_options<R: Read + Seek>(r: &mut R, e: Endian, (w,): (Widths,)) -> BinResult<Self> {
        let version = u8::read_options(r, e, ())?;
        if version > 1 {
            return Err(refuse(0, format!("version {version}, expected 0 or 1")));
        }
        let count = read_uint(r, w.length)?;
        let mut mappings: Vec<Mapping> = Vec::new();
        for _ in 0..count {
            let flags = if version == 1 { read_uint(r, 1)? } else { 0 };
            if flags & !(FILE_SHARED | DATASET_SHARED | SAME_FILE) != 0 {
                return Err(refuse(0, format!("unknown flags {flags:#04x}")));
            }
            let file = match flags {
                f if f & SAME_FILE != 0 => Arc::from(&b"."[..]),
                f if f & FILE_SHARED != 0 => earlier(r, w, &mappings)?.file.clone(),
                _ => read_name(r, 1)?.into(),
            };
            let dataset = match flags & DATASET_SHARED {
                0 => read_name(r, 1)?.into(),
                _ => earlier(r, w, &mappings)?.dataset.clone(),
            };
            let source = StoredSelection::read_options(r, e, ())?;
            let target = StoredSelection::read_options(r, e, ())?;
            mappings.push(Mapping { file, dataset, source, target });
        }
        Ok(VirtualMap { version, mappings })
    }
}

fn earlier<'m, R: Read + Seek>(r: &mut R, w: Widths, so_far: &'m [Mapping]) -> BinResult<&'m Mapping> {
    let index = read_uint(r, w.length)?;
    let found = usize::try_from(index).ok().and_then(|i| so_far.get(i));
    found.ok_or_else(|| refuse(0, format!("entry {} shares a name with entry {index}", so_far.len())))
}

impl VirtualMap {
    /// Decodes the whole heap object, checksum included.
    pub fn parse(object: &[u8], w: Widths) -> Result<Self> {
        let body = checksum::verify(object, &HERE)?;
        let (map, used) = decode::<VirtualMap>(body, (w,), &HERE)?;
        if used != body.len() {
            return Err(HERE.mismatch("bytes", body.len(), used));
        }
        Ok(map)
    }
}

/// Encodes version 0 of the block, checksum included.
pub fn encode_map(mappings: &[Mapping], w: Widths) -> Result<Vec<u8>> {
    let mut out = vec![0];
    let count = u64::try_from(mappings.len()).unwrap_or(u64::MAX).to_le_bytes();
    match count.split_at_checked(usize::from(w.length)) {
        Some((low, high)) if high.iter().all(|b| *b == 0) => out.extend_from_slice(low),
        _ => return Err(HERE.mismatch("entries", mappings.len(), format!("a number of {} bytes", w.length))),
    }
    for m in mappings {
        if m.file.contains(&0) || m.dataset.contains(&0) {
            return Err(crate::error::Error::usage("a NUL in the name of a virtual dataset's source"));
        }
        out.extend_from_slice(&m.file);
        out.push(0);
        out.extend_from_slice(&m.dataset);
        out.push(0);
        for selection in [&m.source, &m.target] {
            out.extend(crate::wire::encode(selection, (), &super::selection::HERE)?);
        }
    }
    checksum::seal(&mut out);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::selection::Span;

    #[test]
    fn a_map_survives_and_its_damage_is_seen() {
        let span = Span { start: 0, stride: 4, count: 1, block: 4 };
        let mapping = Mapping {
            file: Arc::from(&b"source_%b.h5"[..]),
            dataset: Arc::from(&b"/data"[..]),
            source: StoredSelection::All,
            target: StoredSelection::Regular(vec![span]),
        };
        let mut bytes = encode_map(&[mapping.clone(), mapping.clone()], Widths::EIGHT).unwrap();
        let map = VirtualMap::parse(&bytes, Widths::EIGHT).unwrap();
        assert_eq!(map.mappings, [mapping.clone(), mapping]);
        bytes[12] ^= 1;
        assert!(VirtualMap::parse(&bytes, Widths::EIGHT).unwrap_err().is_damaged());
    }

    #[test]
    fn version_1_shares_names() {
        let mut bytes = vec![1, 2, 0, 0, 0, 0, 0, 0, 0];
        let all = [3u32, 1, 0, 0].map(u32::to_le_bytes).concat();
        bytes.push(4);
        bytes.extend_from_slice(b"/d\0");
        bytes.extend_from_slice(&[&all[..], &all[..]].concat());
        bytes.push(1 | 2);
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice(&[&all[..], &all[..]].concat());
        checksum::seal(&mut bytes);
        let map = VirtualMap::parse(&bytes, Widths::EIGHT).unwrap();
        assert_eq!(&*map.mappings[1].file, b".");
        assert_eq!(&*map.mappings[1].dataset, b"/d");
        assert!(Arc::ptr_eq(&map.mappings[0].dataset, &map.mappings[1].dataset), "held once");
    }
    #[test]
    fn damaged() {
        let mut own = vec![1, 1, 0, 0, 0, 0, 0, 0, 0, 2];
        own.extend_from_slice(b"f\0");
        own.extend_from_slice(&[0; 40]);
        checksum::seal(&mut own);
        let e = VirtualMap::parse(&own, Widths::EIGHT).unwrap_err();
        assert!(e.to_string().contains("shares a name"), "an entry cannot share with itself: {e}");
        for bad in [&[2u8, 0, 0][..], &[1, 1, 0, 8]] {
            let mut bytes = bad.to_vec();
            checksum::seal(&mut bytes);
            let w = Widths { offset: 2, length: 2 };
            assert!(VirtualMap::parse(&bytes, w).unwrap_err().is_damaged(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn round_trip(names in proptest::collection::vec(("[a-z%]{0,9}", "[a-z/]{1,9}"), 0..5)) {
            let mapping = |(f, d): (String, String)| Mapping {
                file: f.into_bytes().into(),
                dataset: d.into_bytes().into(),
                source: StoredSelection::None,
                target: StoredSelection::All,
            };
            let mappings: Vec<_> = names.into_iter().map(mapping).collect();
            let w = Widths { offset: 4, length: 2 };
            let bytes = encode_map(&mappings, w).unwrap();
            proptest::prop_assert_eq!(VirtualMap::parse(&bytes, w).unwrap(), VirtualMap { version: 0, mappings });
        }
    }
}
