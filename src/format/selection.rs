//! Serialized dataspace selections, in region references and virtual dataset mappings.
//!
//! Clause VIII.A; note `spec-notes/selection.md`.

use std::io::{Read, Seek, Write};

use binrw::meta::{EndianKind, ReadEndian, WriteEndian};
use binrw::{BinRead, BinResult, BinWrite, Endian};

use crate::error::Structure;
use crate::wire::integers::{read_bytes, read_uint, write_uint};
use crate::wire::refuse;
use crate::wire::widths::all_ones;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("dataspace selection", "VIII.A");

/// Count or block length without end.
pub const UNLIMITED: u64 = u64::MAX;
const MAX_RANK: u64 = 32;

/// Elements of a dataspace, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredSelection {
    /// No element.
    None,
    /// Every element.
    All,
    /// Single elements, in this order.
    Points {
        /// Number of dimensions.
        rank: usize,
        /// `rank` coordinates for each point.
        coordinates: Vec<u64>,
    },
    /// Blocks at regular distances: one [`Span`] per dimension.
    Regular(Vec<Span>),
    /// Blocks of any shape, each given by its first and last corner.
    Blocks {
        /// Number of dimensions.
        rank: usize,
        /// `rank` first and `rank` last coordinates for each block.
        corners: Vec<u64>,
    },
}

/// A regular hyperslab along one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First element.
    pub start: u64,
    /// Distance of the blocks' starts.
    pub stride: u64,
    /// Number of blocks, or [`UNLIMITED`].
    pub count: u64,
    /// Elements of a block, or [`UNLIMITED`].
    pub block: u64,
}

impl ReadEndian for StoredSelection {
    const ENDIAN: EndianKind = EndianKind::Endian(Endian::Little);
}
impl WriteEndian for StoredSelection {
    const ENDIAN: EndianKind = EndianKind::Endian(Endian::Little);
}

impl BinRead for StoredSelection {
    type Args<'a> = ();
    fn read_options<R: Read + Seek>(r: &mut R, _: Endian, (): ()) -> BinResult<Self> {
        let kind = read_uint(r, 4)?;
        let version = read_uint(r, 4)?;
        match (kind, version) {
            (0 | 3, 1) => {
                read_bytes(r, 8)?;
                Ok(if kind == 0 { StoredSelection::None } else { StoredSelection::All })
            }
            (1, 1 | 2) => read_points(r, version),
            (2, 1..=3) => read_hyperslab(r, version),
            _ => Err(refuse(0, format!("selection type {kind} in version {version}"))),
        }
    }
}

fn number_width<R: Read + Seek>(r: &mut R) -> BinResult<u8> {
    match read_uint(r, 1)? {
        2 => Ok(2),
        4 => Ok(4),
        8 => Ok(8),
        other => Err(refuse(0, format!("numbers of {other} bytes, expected 2, 4 or 8"))),
    }
}

fn read_rank<R: Read + Seek>(r: &mut R) -> BinResult<u64> {
    match read_uint(r, 4)? {
        rank @ 1..=MAX_RANK => Ok(rank),
        rank => Err(refuse(0, format!("a selection of rank {rank}, expected 1 to 32"))),
    }
}

/// Reads `count` numbers of `width` bytes; memory grows only with the bytes that are there.
fn read_numbers<R: Read + Seek>(r: &mut R, count: u64, width: u8) -> BinResult<Vec<u64>> {
    let total = count.checked_mul(u64::from(width)).ok_or_else(|| refuse(0, "more numbers than a file can hold"))?;
    let raw = read_bytes(r, total)?;
    let chunks = raw.chunks_exact(usize::from(width).max(1));
    Ok(chunks.map(|c| c.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))).collect())
}

fn read_points<R: Read + Seek>(r: &mut R, version: u64) -> BinResult<StoredSelection> {
    let width = if version == 1 {
        read_bytes(r, 8)?;
        4
    } else {
        number_width(r)?
    };
    let rank = read_rank(r)?;
    let points = read_uint(r, width)?;
    let coordinates = read_numbers(r, points.saturating_mul(rank), width)?;
    Ok(StoredSelection::Points { rank: usize::try_from(rank).unwrap_or(0), coordinates })
}

fn read_hyperslab<R: Read + Seek>(r: &mut R, version: u64) -> BinResult<StoredSelection> {
    let flags = if version == 1 { 0 } else { read_uint(r, 1)? };
    let width = match version {
        1 => {
            read_bytes(r, 8)?;
            4
        }
        2 => {
            read_bytes(r, 4)?;
            8
        }
        _ => number_width(r)?,
    };
    let rank = read_rank(r)?;
    if flags & 1 == 0 {
        let blocks = read_uint(r, width)?;
        let corners = read_numbers(r, blocks.saturating_mul(rank).saturating_mul(2), width)?;
        return Ok(StoredSelection::Blocks { rank: usize::try_from(rank).unwrap_or(0), corners });
    }
    let endless = all_ones(width);
    let or_unlimited = |n: u64| if n == endless { UNLIMITED } else { n };
    let numbers = read_numbers(r, rank.saturating_mul(4), width)?;
    let spans = numbers.chunks_exact(4).map(|c| match c {
        &[start, stride, count, block] => {
            Ok(Span { start, stride, count: or_unlimited(count), block: or_unlimited(block) })
        }
        _ => Err(refuse(0, "a hyperslab cut short")),
    });
    spans.collect::<BinResult<Vec<_>>>().map(StoredSelection::Regular)
}

impl BinWrite for StoredSelection {
    type Args<'a> = ();
    /// Writes the oldest version that holds the selection: version 1 has numbers of 4 bytes and no regular
    /// hyperslabs, which are of version 2, and only version 3 has blocks of 8 bytes.
    fn write_options<W: Write + Seek>(&self, w: &mut W, _: Endian, (): ()) -> BinResult<()> {
        match self {
            StoredSelection::None => [0, 1, 0, 0].iter().try_for_each(|n| write_uint(w, *n, 4)),
            StoredSelection::All => [3, 1, 0, 0].iter().try_for_each(|n| write_uint(w, *n, 4)),
            StoredSelection::Points { rank, coordinates } => {
                let width = write_listed_head(w, 1, coordinates)?;
                if width == 8 {
                    write_uint(w, 8, 1)?;
                }
                write_list(w, *rank, coordinates, 1, width)
            }
            StoredSelection::Regular(spans) => {
                let rank = u64::try_from(spans.len()).unwrap_or(u64::MAX);
                write_uint(w, 2, 4)?;
                write_uint(w, 2, 4)?;
                write_uint(w, 1, 1)?;
                write_uint(w, rank.saturating_mul(32).saturating_add(4), 4)?;
                write_uint(w, rank, 4)?;
                let numbers = spans.iter().flat_map(|s| [s.start, s.stride, s.count, s.block]);
                numbers.into_iter().try_for_each(|n| write_uint(w, n, 8))
            }
            StoredSelection::Blocks { rank, corners } => {
                let width = write_listed_head(w, 2, corners)?;
                if width == 8 {
                    w.write_all(&[0, 8])?;
                }
                write_list(w, *rank, corners, 2, width)
            }
        }
    }
}

/// Writes kind and version of points (1) or blocks (2); gives the width of the numbers.
fn write_listed_head<W: Write + Seek>(w: &mut W, kind: u64, numbers: &[u64]) -> BinResult<u8> {
    write_uint(w, kind, 4)?;
    let is_short = |n: &u64| *n < u64::from(u32::MAX);
    if !numbers.iter().all(is_short) || numbers.len() > 1 << 28 {
        write_uint(w, kind.saturating_add(1), 4)?;
        return Ok(8);
    }
    let length = u64::try_from(numbers.len()).unwrap_or(u64::MAX).saturating_mul(4).saturating_add(8);
    [1, 0, length].iter().try_for_each(|n| write_uint(w, *n, 4))?;
    Ok(4)
}

fn write_list<W: Write + Seek>(
    w: &mut W,
    rank: usize,
    numbers: &[u64],
    corners: usize,
    width: u8,
) -> BinResult<()> {
    let item = rank.saturating_mul(corners);
    let Some(items) = numbers.len().checked_div(item).filter(|n| n.checked_mul(item) == Some(numbers.len())) else {
        return Err(refuse(0, format!("{} coordinates of rank {rank}", numbers.len())));
    };
    write_uint(w, u64::try_from(rank).unwrap_or(u64::MAX), 4)?;
    write_uint(w, u64::try_from(items).unwrap_or(u64::MAX), width)?;
    numbers.iter().try_for_each(|n| write_uint(w, *n, width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_examples() {
        let unlimited = [2, 0, 0, 0, 3, 0, 0, 0, 1, 2, 1, 0, 0, 0, 5, 0, 2, 0, 0xff, 0xff, 1, 0];
        let (s, used) = decode::<StoredSelection>(&unlimited, (), &HERE).unwrap();
        assert_eq!(used, unlimited.len());
        assert_eq!(s, StoredSelection::Regular(vec![Span { start: 5, stride: 2, count: UNLIMITED, block: 1 }]));
        let old = [2u32, 1, 0, 99, 1, 1, 3, 7].map(u32::to_le_bytes).concat();
        let (s, _) = decode::<StoredSelection>(&old, (), &HERE).unwrap();
        assert_eq!(s, StoredSelection::Blocks { rank: 1, corners: vec![3, 7] });
    }

    #[test]
    fn damaged() {
        for bad in [&[9u32, 1][..], &[2, 1, 0, 0, 0, 1], &[2, 1, 0, 0, 33, 1], &[1, 1, 0, 0, 2, 0xffff_ffff, 1]] {
            let bytes: Vec<u8> = bad.iter().flat_map(|n| n.to_le_bytes()).collect();
            assert!(decode::<StoredSelection>(&bytes, (), &HERE).is_err(), "{bad:?}");
        }
        for s in [(2, vec![1, 2, 3]), (0, vec![])] {
            let s = StoredSelection::Points { rank: s.0, coordinates: s.1 };
            assert!(encode(&s, (), &HERE).is_err(), "{s:?}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(mut numbers in prop::collection::vec(0u64..u64::MAX, 8), kind in 0..5, short: bool) {
            if short {
                numbers.iter_mut().for_each(|n| *n >>= 33);
            }
            let start = numbers[0];
            let s = match kind {
                0 => StoredSelection::None,
                1 => StoredSelection::All,
                2 => StoredSelection::Points { rank: 2, coordinates: numbers },
                3 => StoredSelection::Blocks { rank: 2, corners: numbers },
                _ => StoredSelection::Regular(vec![Span { start, stride: 1, count: UNLIMITED, block: 2 }; 3]),
            };
            let bytes = encode(&s, (), &HERE).unwrap();
            prop_assert_eq!(decode::<StoredSelection>(&bytes, (), &HERE).unwrap(), (s, bytes.len()));
        }
    }
}
