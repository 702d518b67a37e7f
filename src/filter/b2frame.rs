//! The contiguous frame of Blosc 2, which is what filter 32026 stores for a chunk of HDF5.
//!
//! A frame is a header, chunks of Blosc, an index chunk that holds the offset of each chunk, and a
//! trailer (not needed here). Where the header has a metalayer `b2nd` (`caterva` in old files), the
//! chunks and the blocks in them are tiles of an array, so each has to be put in its place. Numbers
//! of the header are big-endian, as MessagePack has them; its fields have fixed places.

use super::blosc_chunk::{Chunk, Scratch, Special};
use crate::error::{Error, Result};

const MAGIC: &[u8; 8] = b"b2frame\0";
/// The length of a header without metalayers.
const SHORTEST_HEADER: usize = 87;
/// The most metalayers and the most dimensions that the format allows.
const MOST: usize = 16;
/// The greatest version of frames that is known.
const VERSION_LAST: u8 = 3;
/// Padding and an index of that many bytes are fine however small the output is.
const SMALL: usize = 1 << 16;

/// A frame whose header has been read.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    /// What follows the header.
    body: &'a [u8],
    /// The decoded size of all chunks in bytes.
    size: usize,
    /// The stored size of all chunks in bytes.
    stored: usize,
    element: usize,
    /// The decoded size of each chunk but the last; 0 where the sizes vary.
    chunk_size: usize,
    /// The array that the chunks are tiles of.
    pub(super) array: Option<Array>,
}

/// The shape of an array and of its tiles, outermost dimension first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    chunk: Vec<usize>,
    block: Vec<usize>,
}

impl<'a> Frame<'a> {
    /// Reads the header of a frame.
    pub(super) fn read(input: &'a [u8]) -> Result<Frame<'a>> {
        if input.get(2..10) != Some(MAGIC) {
            return Err(damaged("the magic b2frame is missing"));
        }
        let header_size = positive("header length", i64::from(i32::from_be_bytes(field(input, 11)?)))?;
        let (header, body) = match input.split_at_checked(header_size) {
            Some(parts) if header_size >= SHORTEST_HEADER => parts,
            _ => {
                return Err(damaged(format!(
                    "header length: found {header_size}, expected {SHORTEST_HEADER} to {}",
                    input.len()
                )));
            }
        };
        let [general, kind] = field(header, 25)?;
        if general & 15 > VERSION_LAST {
            return Err(Error::unsupported(format!("blosc2 frame: version {}", general & 15)));
        }
        if general & 0x80 != 0 {
            return Err(Error::unsupported("blosc2 frame: chunks with blocks of variable length"));
        }
        if kind & 15 != 0 {
            return Err(Error::unsupported("blosc2 frame: not contiguous, its chunks are in other files"));
        }
        let frame = Frame {
            body,
            size: positive("size", i64::from_be_bytes(field(header, 30)?))?,
            stored: positive("stored size", i64::from_be_bytes(field(header, 39)?))?,
            element: positive("element size", i64::from(i32::from_be_bytes(field(header, 48)?)))?,
            chunk_size: positive("chunk size", i64::from(i32::from_be_bytes(field(header, 58)?)))?,
            array: Array::find(header)?,
        };
        if frame.element == 0 {
            return Err(damaged("elements of 0 bytes"));
        }
        Ok(frame)
    }

    /// Takes the size of an element from the filter's client data where the frame cannot tell it.
    ///
    /// Writers put 1 in frames of arrays whose elements have more than 255 bytes.
    pub(super) fn correct_element(&mut self, element: usize) {
        if self.element == 1 && element > 255 && self.array.is_some() {
            self.element = element;
        }
    }

    /// The size of the frame's content: of the array without the padding of its tiles.
    pub(super) fn decoded_size(&self) -> Result<usize> {
        match &self.array {
            Some(array) => product(&array.shape, self.element),
            None => Ok(self.size),
        }
    }

    /// Decodes the content; `out` has the decoded size, which the caller has held against the limit.
    pub(super) fn decode(&self, out: &mut [u8]) -> Result<()> {
        let mut scratch = Scratch::default();
        if out.is_empty() {
            return Ok(());
        }
        let index = self.index(out.len(), &mut scratch)?;
        if let Some(array) = &self.array {
            return self.decode_array(array, &index, out, &mut scratch);
        }
        let mut rest = out;
        for offset in index.as_chunks().0 {
            let chunk = self.chunk(i64::from_le_bytes(*offset), self.chunk_size.min(rest.len()))?;
            let left = rest.len();
            let Some((part, after)) = rest.split_at_mut_checked(chunk.size) else {
                return Err(damaged(format!("a chunk of {} bytes, {left} are missing", chunk.size)));
            };
            chunk.decode(part, &mut scratch)?;
            rest = after;
        }
        if !rest.is_empty() {
            return Err(damaged(format!("the chunks hold {} bytes less than the header says", rest.len())));
        }
        Ok(())
    }

    /// The offsets of the chunks, eight bytes each.
    fn index(&self, limit: usize, scratch: &mut Scratch) -> Result<Vec<u8>> {
        let place = self.body.get(self.stored..).ok_or_else(|| {
            damaged(format!(
                "stored size: found {}, {} bytes follow the header",
                self.stored,
                self.body.len()
            ))
        })?;
        let chunk = Chunk::read(place, Some(8))?;
        if chunk.size > limit.max(SMALL) {
            return Err(damaged(format!("an index of {} bytes for {limit} bytes of content", chunk.size)));
        }
        let mut index = vec![0; chunk.size];
        chunk.decode(&mut index, scratch)?;
        Ok(index)
    }

    /// The chunk at an offset; `size` is the decoded size that a chunk without bytes has.
    fn chunk(&self, offset: i64, size: usize) -> Result<Chunk<'a>> {
        let Ok(start) = usize::try_from(offset) else {
            let bits = offset.to_le_bytes().last().copied().unwrap_or_default() & 7;
            return match Special::from_bits(bits) {
                Some(special) => Chunk::special(special, size, self.element),
                None => Err(damaged(format!("offset {offset:#x} of a chunk stands for no known value"))),
            };
        };
        let bytes = self.body.get(..self.stored).and_then(|chunks| chunks.get(start..));
        let bytes = bytes
            .ok_or_else(|| damaged(format!("a chunk at {start}, the chunks have {} bytes", self.stored)))?;
        Chunk::read(bytes, Some(self.element))
    }

    fn decode_array(&self, array: &Array, index: &[u8], out: &mut [u8], scratch: &mut Scratch) -> Result<()> {
        let padded: Vec<usize> = array
            .chunk
            .iter()
            .zip(&array.block)
            .map(|(chunk, block)| chunk.div_ceil(*block).saturating_mul(*block))
            .collect();
        let chunk_size = product(&padded, self.element)?;
        let block_size = product(&array.block, self.element)?;
        let chunks = Grid::new(array.shape.iter().zip(&array.chunk).map(|(all, tile)| all.div_ceil(*tile)));
        let blocks: Vec<usize> =
            padded.iter().zip(&array.block).map(|(all, tile)| all.div_ceil(*tile)).collect();
        let offsets = index.as_chunks().0;
        if chunks.count() != Some(offsets.len()) {
            return Err(damaged(format!("the index has {} chunks, the array another number", offsets.len())));
        }
        array.check_padding(block_size, out.len())?;
        let mut buffer = vec![0; block_size];
        let mut target = Target { out, shape: &array.shape, element: self.element };
        chunks.visit(|number, chunk_at| {
            let offset = offsets.get(number).copied().unwrap_or_default();
            let mut chunk = self.chunk(i64::from_le_bytes(offset), chunk_size)?;
            if chunk.size != chunk_size {
                return Err(damaged(format!("chunk size: found {}, expected {chunk_size}", chunk.size)));
            }
            chunk.expect_blocks(block_size)?;
            let origin: Vec<usize> =
                chunk_at.iter().zip(&array.chunk).map(|(at, size)| at.saturating_mul(*size)).collect();
            // The part of the chunk that is in the array; the blocks beside it are not decoded.
            let used: Vec<usize> = (origin.iter().zip(&array.shape).zip(&array.chunk))
                .map(|((origin, all), chunk)| all.saturating_sub(*origin).min(*chunk))
                .collect();
            let needed = Grid::new(used.iter().zip(&array.block).map(|(used, block)| used.div_ceil(*block)));
            needed.visit(|_, block_at| {
                let number = (block_at.iter().zip(&blocks))
                    .fold(0usize, |all, (at, count)| all.saturating_mul(*count).saturating_add(*at));
                chunk.decode_block(number, &mut buffer, scratch)?;
                let (mut start, mut extent) = ([0usize; MOST], [0usize; MOST]);
                let tiles = origin.iter().zip(&used).zip(array.block.iter().zip(block_at));
                for (((origin, used), (block, at)), (start, extent)) in
                    tiles.zip(start.iter_mut().zip(&mut extent))
                {
                    let within = at.saturating_mul(*block);
                    *start = origin.saturating_add(within);
                    *extent = (*block).min(used.saturating_sub(within));
                }
                let rank = array.shape.len();
                let (start, extent) = (start.get(..rank), extent.get(..rank));
                target.put(&buffer, &array.block, start.unwrap_or_default(), extent.unwrap_or_default());
                Ok(())
            })
        })
    }
}

/// The array that blocks are put into.
struct Target<'o, 's> {
    out: &'o mut [u8],
    shape: &'s [usize],
    element: usize,
}

impl Target<'_, '_> {
    /// Copies the part of `block` that has the `extent` to `start`, row by row.
    fn put(&mut self, block: &[u8], block_shape: &[usize], start: &[usize], extent: &[usize]) {
        let row = extent.last().copied().unwrap_or(1).saturating_mul(self.element);
        let outer = extent.len().saturating_sub(1);
        let rows = Grid::new(extent.iter().take(outer).copied());
        let element = self.element;
        // No row is outside of the array: the extent has been cut to its shape.
        let _ = rows.visit(|_, at| {
            let (mut from, mut to) = (0usize, 0usize);
            let mut inner = at.iter();
            for ((width, all), first) in block_shape.iter().zip(self.shape).zip(start) {
                let at = inner.next().copied().unwrap_or_default();
                from = from.saturating_mul(*width).saturating_add(at);
                to = to.saturating_mul(*all).saturating_add(first.saturating_add(at));
            }
            let from = from.saturating_mul(element);
            let to = to.saturating_mul(element);
            let source = block.get(from..from.saturating_add(row));
            let target = self.out.get_mut(to..to.saturating_add(row));
            if let (Some(source), Some(target)) = (source, target) {
                target.copy_from_slice(source);
            }
            Ok(())
        });
    }
}

/// Counts through the places of a grid, the last dimension fastest.
struct Grid {
    counts: Vec<usize>,
}

impl Grid {
    fn new(counts: impl Iterator<Item = usize>) -> Grid {
        Grid { counts: counts.collect() }
    }
    fn count(&self) -> Option<usize> {
        self.counts.iter().try_fold(1usize, |all, count| all.checked_mul(*count))
    }
    fn visit(&self, mut visitor: impl FnMut(usize, &[usize]) -> Result<()>) -> Result<()> {
        let mut at = vec![0usize; self.counts.len()];
        for number in 0..self.count().unwrap_or_default() {
            visitor(number, &at)?;
            for (at, count) in at.iter_mut().zip(&self.counts).rev() {
                *at = at.saturating_add(1);
                if *at < *count {
                    break;
                }
                *at = 0;
            }
        }
        Ok(())
    }
}

impl Array {
    /// Looks for the metalayer of an array in the header of a frame.
    fn find(header: &[u8]) -> Result<Option<Array>> {
        let Some([0xde, high, low]) = header.get(91..).and_then(|rest| rest.first_chunk()) else {
            return Ok(None);
        };
        let count = usize::from(u16::from_be_bytes([*high, *low]));
        if count > MOST {
            return Err(damaged(format!("{count} metalayers, at most {MOST} are allowed")));
        }
        let mut at = Cursor { rest: header.get(94..).unwrap_or_default() };
        for _ in 0..count {
            let name_size = at.byte()?;
            if name_size & 0xe0 != 0xa0 {
                return Err(damaged(format!("a metalayer's name: found the marker {name_size:#04x}")));
            }
            let name = at.take(usize::from(name_size & 31))?;
            at.marker(0xd2)?;
            let place = positive("a metalayer's offset", i64::from(i32::from_be_bytes(at.array()?)))?;
            if name != b"b2nd" && name != b"caterva" {
                continue;
            }
            let mut content = Cursor { rest: header.get(place..).unwrap_or_default() };
            content.marker(0xc6)?;
            let size = positive("a metalayer's size", i64::from(i32::from_be_bytes(content.array()?)))?;
            return Array::read(content.take(size)?).map(Some);
        }
        Ok(None)
    }

    /// An error where decoding the blocks takes far more bytes than the array has.
    ///
    /// Blocks may stand out of the chunks and chunks out of the array, by any factor if the file
    /// is hostile; both memory and time have to be in proportion to the array.
    fn check_padding(&self, block_size: usize, size: usize) -> Result<()> {
        let blocks =
            self.shape.iter().zip(&self.chunk).zip(&self.block).try_fold(1usize, |all, dimension| {
                let ((all_items, chunk), block) = dimension;
                let whole = all_items.checked_div(*chunk)?.checked_mul(chunk.div_ceil(*block))?;
                let rest = all_items.checked_rem(*chunk)?.div_ceil(*block);
                all.checked_mul(whole.checked_add(rest)?)
            });
        let work = blocks.and_then(|blocks| blocks.checked_mul(block_size)).unwrap_or(usize::MAX);
        let justified = size.max(SMALL);
        if block_size > justified.saturating_mul(8) || work > justified.saturating_mul(64) {
            return Err(Error::limit(format!(
                "blosc2: the blocks of an array of {size} bytes have {work} bytes, {block_size} each"
            )));
        }
        Ok(())
    }

    fn read(content: &[u8]) -> Result<Array> {
        let mut at = Cursor { rest: content };
        at.take(2)?;
        let rank = usize::from(at.byte()?);
        if rank > MOST {
            return Err(damaged(format!("an array of {rank} dimensions, at most {MOST} are allowed")));
        }
        at.byte()?;
        let mut shape = Vec::with_capacity(rank);
        for _ in 0..rank {
            at.marker(0xd3)?;
            shape.push(positive("a dimension", i64::from_be_bytes(at.array()?))?);
        }
        let chunk = at.tile(rank)?;
        let block = at.tile(rank)?;
        if chunk.iter().zip(&block).any(|(chunk, block)| block > chunk) {
            return Err(damaged("the blocks of the array are larger than its chunks"));
        }
        Ok(Array { shape, chunk, block })
    }
}

/// Takes the bytes of a metalayer from the front.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or_else(|| damaged("a metalayer ends early"))?;
        self.rest = rest;
        Ok(taken)
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.first_chunk().copied().ok_or_else(|| damaged("a metalayer ends early"))
    }
    fn byte(&mut self) -> Result<u8> {
        self.array().map(|[byte]| byte)
    }
    fn marker(&mut self, expected: u8) -> Result<()> {
        let found = self.byte()?;
        if found != expected {
            return Err(damaged(format!("a metalayer: found {found:#04x}, expected {expected:#04x}")));
        }
        Ok(())
    }
    /// The shape of chunks or blocks: no dimension of it is 0.
    fn tile(&mut self, rank: usize) -> Result<Vec<usize>> {
        self.byte()?;
        let mut tile = Vec::with_capacity(rank);
        for _ in 0..rank {
            self.marker(0xd2)?;
            let size = positive("a tile's dimension", i64::from(i32::from_be_bytes(self.array()?)))?;
            if size == 0 {
                return Err(damaged("a tile of an array has the dimension 0"));
            }
            tile.push(size);
        }
        Ok(tile)
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N]> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or_else(|| damaged(format!("the header ends before byte {}", at.saturating_add(N))))
}

fn positive(name: &str, value: i64) -> Result<usize> {
    usize::try_from(value).map_err(|_| damaged(format!("{name}: found {value}")))
}

fn product(shape: &[usize], element: usize) -> Result<usize> {
    shape
        .iter()
        .try_fold(element, |all, size| all.checked_mul(*size))
        .ok_or_else(|| damaged(format!("an array of shape {shape:?} is too large")))
}

#[cold]
fn damaged(what: impl std::fmt::Display) -> Error {
    Error::damaged(format!("blosc2 frame: {what}"))
}
