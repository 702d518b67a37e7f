#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::filter::blosc::tests::{Case, small_cases};

fn decode(stored: &[u8], client_data: &[u32], limit: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Blosc2.decode(stored, &mut out, &Context { client_data, limit, expected: limit }).map(|()| out)
}

fn case(name: &str) -> Case {
    small_cases().into_iter().find(|case| case.name.contains(name)).unwrap()
}

/// A chunk with the long header: the last byte of flags, filters, codec byte, bytes behind the header.
fn chunk(blosc2_flags: u8, filters: [u8; 6], codec: u8, size: u32, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![5, 1, 0x15 | if codec > 0 { 6 << 5 } else { 0 }, 4];
    bytes.extend(size.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend((32 + rest.len() as u32).to_le_bytes());
    bytes.extend(filters);
    bytes.extend([codec, 0, 0, 0, 0, 0, 0, 0, 0, blosc2_flags]);
    bytes.extend(rest);
    bytes
}

/// A frame without metalayers around one chunk.
fn frame(chunk: &[u8], size: u32) -> Vec<u8> {
    let mut bytes = vec![0x9e, 0xa8];
    bytes.extend(b"b2frame\0\xd2");
    bytes.extend(87u32.to_be_bytes());
    bytes.push(0xcf);
    bytes.extend(0u64.to_be_bytes());
    bytes.extend([0xa4, 0x12, 0, 0, 0, 0xd3]);
    bytes.extend(u64::from(size).to_be_bytes());
    bytes.push(0xd3);
    bytes.extend((chunk.len() as u64).to_be_bytes());
    for value in [4, size, size] {
        bytes.push(0xd2);
        bytes.extend(value.to_be_bytes());
    }
    bytes.resize(87, 0);
    bytes.extend(chunk);
    // the index: one offset of 0, as a chunk that stores it as it is
    bytes.extend([2, 1, 0x02, 8, 8, 0, 0, 0, 8, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

#[test]
fn worked_example() {
    // one block of one stream, whose four bytes are stored as they are
    let rest = [36, 0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 4];
    assert_eq!(decode(&frame(&chunk(0, [0; 6], 0, 4, &rest), 4), &[], 4).unwrap(), [1, 2, 3, 4]);
    // a stream that is a run of sevens
    let rest = [36, 0, 0, 0, 0xf9, 0xff, 0xff, 0xff, 1];
    assert_eq!(decode(&frame(&chunk(0, [0; 6], 0, 4, &rest), 4), &[], 4).unwrap(), [7; 4]);
}

#[test]
fn special_values() {
    let repeated = frame(&chunk(3 << 4, [0; 6], 0, 12, &[1, 2, 3, 4]), 12);
    assert_eq!(decode(&repeated, &[], 12).unwrap(), [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    let nan = frame(&chunk(2 << 4, [0; 6], 0, 8, &[]), 8);
    assert_eq!(decode(&nan, &[], 8).unwrap(), [0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f]);
    for flags in [1 << 4, 4 << 4] {
        assert_eq!(decode(&frame(&chunk(flags, [0; 6], 0, 8, &[]), 8), &[], 8).unwrap(), [0; 8]);
    }
    assert!(decode(&frame(&chunk(5 << 4, [0; 6], 0, 8, &[]), 8), &[], 8).unwrap_err().is_damaged());
    let misfit = frame(&chunk(3 << 4, [0; 6], 0, 11, &[1, 2, 3, 4]), 11);
    assert!(decode(&misfit, &[], 11).unwrap_err().is_damaged());
}

#[test]
fn refused_by_name() {
    let rest = [36, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3];
    for (flags, filters, codec, name) in [
        (1, [0; 6], 0, "dictionary"),
        (0, [0; 6], 32, "NDLZ"),
        (0, [0; 6], 34, "ZFP"),
        (0, [0; 6], 36, "OpenHTJ2K"),
        (0, [0; 6], 200, "codec 200"),
        (0, [0, 0, 0, 0, 0, 32], 0, "NDCELL"),
        (0, [0, 0, 0, 0, 0, 33], 0, "NDMEAN"),
        (0, [0, 0, 0, 0, 34, 0], 0, "bytedelta as first released"),
        (0, [0, 0, 0, 0, 160, 0], 0, "filter 160"),
        (0, [0, 0, 0, 0, 1, 3], 0, "delta behind"),
    ] {
        let error = decode(&frame(&chunk(flags, filters, codec, 4, &rest), 4), &[], 4).unwrap_err();
        assert!(error.is_unsupported() && error.what().contains(name), "{name}: {error}");
    }
}

#[test]
fn lies_of_the_frame() {
    let good = frame(&chunk(1 << 4, [0; 6], 0, 8, &[]), 8);
    for (at, value) in [(2, 0), (11, 0x80), (14, 3), (14, 255), (30, 0x80), (37, 9), (46, 200), (48, 255)] {
        let mut bad = good.clone();
        bad[at] = value;
        assert!(decode(&bad, &[], 100).unwrap_err().is_damaged(), "byte {at}");
    }
    let mut sparse = good.clone();
    sparse[26] = 1;
    assert!(decode(&sparse, &[], 100).unwrap_err().is_unsupported());
    let mut huge = good;
    huge[31] = 0x7f;
    assert_eq!(decode(&huge, &[], 100).unwrap_err().kind(), crate::ErrorKind::Limit);
}

#[test]
fn lies_of_the_array() {
    let case = case("b2nd shuffle <i2 (7, 9) (7, 9)");
    let find = |needle: &[u8]| case.stored.windows(needle.len()).position(|part| part == needle).unwrap();
    // the filter's chunk has another shape
    let mut client_data = case.client_data.clone();
    client_data[8] += 1;
    assert!(decode(&case.stored, &client_data, 1000).unwrap_err().is_damaged());
    // more dimensions than the format has, a tile of no extent, blocks beyond their chunk
    let rank = find(&[0x97, 0, 2, 0x92]);
    let chunk = find(&[0x92, 0xd2, 0, 0, 0, 7]);
    let block = find(&[0x92, 0xd2, 0, 0, 0, 3]);
    for (at, value) in
        [(rank + 2, 17), (chunk + 5, 0), (block + 5, 0), (block + 5, 8), (chunk + 5, 10), (rank + 3, 0)]
    {
        let mut bad = case.stored.clone();
        bad[at] = value;
        let ok = at == rank + 3;
        assert_eq!(decode(&bad, &[], 1000).is_ok_and(|out| out == case.plain), ok, "byte {at}");
    }
    // a dimension that makes the size overflow, one that passes the limit
    for (at, value) in [(rank + 5, 0x7f), (rank + 11, 1)] {
        let mut bad = case.stored.clone();
        bad[at] = value;
        assert!(decode(&bad, &[], 1000).is_err());
    }
}

#[test]
fn padding_out_of_proportion() {
    let case = case("b2nd zeros");
    let find = |needle: &[u8]| case.stored.windows(needle.len()).position(|part| part == needle).unwrap();
    let (chunk, block) = (find(&[0x92, 0xd2, 0, 0, 0, 4]), find(&[0x92, 0xd2, 0, 0, 0, 3]));
    // chunks of 2^30 columns in blocks of one: two chunks are left, and few of their blocks are needed
    let mut wide = case.stored.clone();
    wide[chunk + 7] = 0x40;
    assert!(decode(&wide, &[], 1000).unwrap_err().is_damaged());
    // blocks as wide as that
    wide[block + 7] = 0x40;
    assert!(decode(&wide, &[], 1000).is_err());
}
