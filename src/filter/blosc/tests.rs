#![allow(clippy::arithmetic_side_effects)]

use super::*;
use crate::filter::blosc2::Blosc2;

/// One chunk as another library wrote it, and the bytes it stands for.
pub(in crate::filter) struct Case {
    pub(in crate::filter) name: String,
    pub(in crate::filter) filter: u32,
    pub(in crate::filter) client_data: Vec<u32>,
    pub(in crate::filter) stored: Vec<u8>,
    pub(in crate::filter) plain: Vec<u8>,
}

/// Reads a file of cases; the script `tests/files/filters/make_blosc_cases.py` describes its layout.
pub(in crate::filter) fn cases(path: &std::path::Path) -> Vec<Case> {
    let bytes = std::fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let name = String::from_utf8(take(&mut rest)).unwrap();
        let filter = number(&mut rest);
        let client_data = (0..number(&mut rest)).map(|_| number(&mut rest)).collect();
        let (stored, plain) = (take(&mut rest), take(&mut rest));
        cases.push(Case { name, filter, client_data, stored, plain });
    }
    cases
}

fn number(rest: &mut &[u8]) -> u32 {
    let (value, after) = rest.split_first_chunk().unwrap();
    *rest = after;
    u32::from_le_bytes(*value)
}

fn take(rest: &mut &[u8]) -> Vec<u8> {
    let size = number(rest) as usize;
    let (taken, after) = rest.split_at(size);
    *rest = after;
    taken.to_vec()
}

pub(in crate::filter) fn small_cases() -> Vec<Case> {
    cases(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/filters/blosc.cases"))
}

pub(in crate::filter) fn decode_case(case: &Case, stored: &[u8], limit: usize) -> Result<Vec<u8>> {
    let ctx = Context { client_data: &case.client_data, limit, expected: case.plain.len() };
    let filter: &dyn Filter = if case.filter == 32001 { &Blosc } else { &Blosc2 };
    let mut out = vec![1, 2, 3];
    filter.decode(stored, &mut out, &ctx).map(|()| out)
}

fn check_all(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        match decode_case(case, &case.stored, case.plain.len()) {
            Ok(out) if out == case.plain => {}
            Ok(out) => {
                let at = out.iter().zip(&case.plain).position(|(a, b)| a != b);
                wrong.push(format!(
                    "{}: {} bytes for {}, differ at {at:?}",
                    case.name,
                    out.len(),
                    case.plain.len()
                ));
            }
            Err(e) => wrong.push(format!("{}: {e}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn chunks_of_other_libraries() {
    check_all(&small_cases());
    // The big set that the script makes with `--all`, where it is there.
    if let Ok(path) = std::env::var("H5_BLOSC_CASES") {
        check_all(&cases(std::path::Path::new(&path)));
    }
}

/// A Blosc 1 chunk of one block: flags, element size, plain size, bytes behind the table of offsets.
fn chunk(flags: u8, element: u8, size: u32, streams: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 1, flags, element];
    bytes.extend(size.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend((20 + streams.len() as u32).to_le_bytes());
    bytes.extend(20u32.to_le_bytes());
    bytes.extend(streams);
    bytes
}

fn decode(input: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Blosc.decode(input, &mut out, &Context { client_data: &[], limit, expected: limit }).map(|()| out)
}

#[test]
fn worked_example() {
    // two elements of two bytes, shuffled, stored as they are in one stream of four bytes
    let bytes = chunk(0x11, 2, 4, &[4, 0, 0, 0, 1, 3, 2, 4]);
    assert_eq!(decode(&bytes, 4).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn snappy_inside() {
    let plain: Vec<u8> = (0..200u8).map(|i| i / 50).collect();
    let packed = snap::raw::Encoder::new().compress_vec(&plain).unwrap();
    let mut streams = (packed.len() as u32).to_le_bytes().to_vec();
    streams.extend(&packed);
    assert_eq!(decode(&chunk(0x50, 1, 200, &streams), 200).unwrap(), plain);
    // the stream's own size must be the block's
    assert!(decode(&chunk(0x50, 1, 201, &streams), 300).unwrap_err().is_damaged());
}

#[test]
fn sizes_are_checked_before_memory_is_taken() {
    let huge = chunk(0x10, 1, i32::MAX as u32, &[0; 8]);
    assert_eq!(decode(&huge, 1000).unwrap_err().kind(), crate::ErrorKind::Limit);
    let negative = chunk(0x10, 1, u32::MAX, &[0; 8]);
    assert!(decode(&negative, usize::MAX).unwrap_err().is_damaged());
    let mut small_blocks = chunk(0x10, 1, 1 << 20, &[0; 8]);
    small_blocks[8..12].copy_from_slice(&1u32.to_le_bytes());
    assert!(decode(&small_blocks, 1 << 20).unwrap_err().what().contains("offsets of 1048576 blocks"));
    for case in small_cases() {
        if let Some(limit) = case.plain.len().checked_sub(1) {
            let error = decode_case(&case, &case.stored, limit).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Limit, "{}", case.name);
        }
    }
}

#[test]
fn refused_by_name() {
    let mut future = chunk(0x10, 1, 4, &[4, 0, 0, 0, 1, 2, 3, 4]);
    future[0] = 7;
    assert!(decode(&future, 4).unwrap_err().is_unsupported());
    // the codec's bits of the flags: 5 is reserved
    let error = decode(&chunk(0xb0, 1, 4, &[3, 0, 0, 0, 1, 2, 3]), 4).unwrap_err();
    assert!(error.is_unsupported(), "{error}");
}

#[test]
fn truncated_chunks() {
    for case in small_cases() {
        for end in (0..case.stored.len()).step_by(1 + case.stored.len() / 50) {
            // a frame's trailer is not needed, anything else is
            match decode_case(&case, &case.stored[..end], case.plain.len()) {
                Ok(out) => assert!(case.filter == 32026 && out == case.plain, "{} cut to {end}", case.name),
                Err(e) => assert!(e.is_damaged(), "{} cut to {end}: {e}", case.name),
            }
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    let mut state = 1u32;
    for case in small_cases() {
        let header = case.stored.len().min(200);
        for _ in 0..200 {
            let mut stored = case.stored.clone();
            for _ in 0..1 + state % 3 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let spread = if state & 4 == 0 { stored.len() } else { header };
                let at = (state >> 8) as usize % spread;
                stored[at] = if state & 3 == 0 { 0xff } else { stored[at] ^ (1 << (state >> 4 & 7)) };
            }
            if let Ok(out) = decode_case(&case, &stored, 2 * case.plain.len()) {
                assert!(out.len() <= 2 * case.plain.len());
            }
        }
    }
}

#[test]
fn what_is_written_comes_back() {
    for size in [0usize, 1, 15, 1000, 300_001, 1 << 20] {
        for element in [1, 3, 8, 300] {
            for (level, shuffle, codec) in [(5, 1, 1), (5, 0, 4), (0, 1, 1), (9, 1, 4)] {
                let noisy = |i: usize| if i.is_multiple_of(5) { ((i * i) >> 7) as u8 } else { 3 };
                let plain: Vec<u8> = (0..size).map(noisy).collect();
                let client_data = [2, 2, element, size as u32, level, shuffle, codec];
                let ctx = Context { client_data: &client_data, limit: 2 << 20, expected: size };
                let mut stored = Vec::new();
                Blosc.encode(&plain, &mut stored, &ctx).unwrap();
                assert!(stored.len() <= size + SHORT_HEADER);
                assert_eq!(decode(&stored, size).unwrap(), plain, "{size} {client_data:?}");
                if let Ok(folder) = std::env::var("H5_BLOSC_WRITE") {
                    let name = format!("{folder}/{size}-{element}-{level}-{shuffle}-{codec}");
                    std::fs::write(format!("{name}.blosc"), &stored).unwrap();
                    std::fs::write(format!("{name}.plain"), &plain).unwrap();
                }
            }
        }
    }
    let ctx = Context { client_data: &[2, 2, 4, 0, 5, 1, 0], limit: 100, expected: 4 };
    let error = Blosc.encode(&[1, 2, 3, 4], &mut Vec::new(), &ctx).unwrap_err();
    assert!(error.is_unsupported() && error.what().contains("BloscLZ"), "{error}");
}
