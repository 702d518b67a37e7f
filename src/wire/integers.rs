//! Integers of 1 to 8 bytes, byte runs and names, as parsers and writers for binrw fields.
//!
//! In a declaration: `#[br(parse_with = uint, args(width))] #[bw(write_with = put_uint, args(width))]`
//! for a `u64` field of a computed width, `bytes`/`put_bytes` for a run of a computed length.
//! Byte runs never use binrw's `count`, which reserves memory before it reads.

use std::io::{Read, Seek, Write};

use binrw::{BinResult, Endian};

use super::refuse;

/// Reads a little-endian unsigned integer of 0 to 8 bytes.
pub fn read_uint<R: Read + Seek>(reader: &mut R, width: u8) -> BinResult<u64> {
    let mut raw = [0u8; 8];
    match raw.get_mut(..usize::from(width)) {
        Some(part) => reader.read_exact(part)?,
        None => return Err(refuse(0, format!("an integer of {width} bytes, at most 8 are possible"))),
    }
    Ok(u64::from_le_bytes(raw))
}

/// Writes a little-endian unsigned integer of 0 to 8 bytes.
pub fn write_uint<W: Write + Seek>(writer: &mut W, value: u64, width: u8) -> BinResult<()> {
    let raw = value.to_le_bytes();
    match raw.split_at_checked(usize::from(width)) {
        Some((low, high)) if high.iter().all(|&b| b == 0) => Ok(writer.write_all(low)?),
        _ => Err(refuse(0, format!("{value} does not fit in {width} bytes"))),
    }
}

/// binrw parser: a little-endian integer of `width` bytes.
#[binrw::parser(reader)]
pub fn uint(width: u8) -> BinResult<u64> {
    read_uint(reader, width)
}

/// binrw writer: a little-endian integer of `width` bytes.
#[binrw::writer(writer)]
pub fn put_uint(value: &u64, width: u8) -> BinResult<()> {
    write_uint(writer, *value, width)
}

/// So much memory is taken without looking whether the bytes are there.
const PIECE_BYTES: u64 = 512;

/// Reads `count` bytes; memory grows only with the bytes that are there.
pub fn read_bytes<R: Read + Seek>(reader: &mut R, count: u64) -> BinResult<Vec<u8>> {
    let mut out = vec![0; usize::try_from(count.min(PIECE_BYTES)).unwrap_or_default()];
    reader.read_exact(&mut out)?;
    let left = count.saturating_sub(PIECE_BYTES);
    if left > 0 && u64::try_from(reader.take(left).read_to_end(&mut out)?).ok() != Some(left) {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(out)
}

/// binrw parser: a run of `count` bytes.
#[binrw::parser(reader)]
pub fn bytes(count: u64) -> BinResult<Vec<u8>> {
    read_bytes(reader, count)
}

/// binrw writer: a run of bytes; the argument (its length) is not needed but mirrors [`bytes`].
#[allow(clippy::ptr_arg)] // binrw hands over the field itself
#[binrw::writer(writer)]
pub fn put_bytes(value: &Vec<u8>, _count: u64) -> BinResult<()> {
    Ok(writer.write_all(value)?)
}

/// binrw parser: the rest of the block.
#[binrw::parser(reader)]
pub fn rest() -> BinResult<Vec<u8>> {
    let mut out = Vec::new();
    reader.read_to_end(&mut out)?;
    Ok(out)
}

/// binrw writer: all bytes, mirrors [`rest`].
#[allow(clippy::ptr_arg)] // binrw hands over the field itself
#[binrw::writer(writer)]
pub fn put_rest(value: &Vec<u8>) -> BinResult<()> {
    Ok(writer.write_all(value)?)
}

/// Reads a NUL-terminated name without its NUL; with `align` > 1, name and NUL are padded to a multiple of it.
pub fn read_name<R: Read + Seek>(reader: &mut R, align: u8) -> BinResult<Vec<u8>> {
    let mut out = Vec::new();
    let mut byte = [0u8; 1];
    loop {
        reader.read_exact(&mut byte)?;
        let [b] = byte;
        if b == 0 {
            break;
        }
        out.push(b);
    }
    let padding = name_padding(out.len(), align);
    read_bytes(reader, padding)?;
    Ok(out)
}

fn name_padding(len: usize, align: u8) -> u64 {
    let align = u64::from(align.max(1));
    let with_nul = u64::try_from(len).unwrap_or(u64::MAX).saturating_add(1);
    match with_nul.checked_rem(align) {
        Some(0) | None => 0,
        Some(r) => align.saturating_sub(r),
    }
}

/// binrw parser: a NUL-terminated name, padded to a multiple of `align` bytes (1: not padded).
#[binrw::parser(reader)]
pub fn name(align: u8) -> BinResult<Vec<u8>> {
    read_name(reader, align)
}

/// binrw writer: a NUL-terminated name, padded to a multiple of `align` bytes.
#[allow(clippy::ptr_arg)] // binrw hands over the field itself
#[binrw::writer(writer)]
pub fn put_name(value: &Vec<u8>, align: u8) -> BinResult<()> {
    writer.write_all(value)?;
    for _ in 0..=name_padding(value.len(), align) {
        writer.write_all(&[0])?;
    }
    Ok(())
}

/// Reads fixed-size items until `count` are read, growing only with what is there.
pub fn read_each<R, T>(
    reader: &mut R,
    endian: Endian,
    count: u64,
    mut one: impl FnMut(&mut R, Endian) -> BinResult<T>,
) -> BinResult<Vec<T>>
where
    R: Read + Seek,
{
    let mut out = Vec::new();
    for _ in 0..count {
        out.push(one(reader, endian)?);
    }
    Ok(out)
}
