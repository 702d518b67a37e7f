//! One Blosc chunk: its header, its blocks and the transformations on them.
//!
//! The same container serves Blosc 1 (a header of 16 bytes) and Blosc 2 (a header of 32 bytes that
//! holds a pipeline of transformations and special values). A chunk is cut into blocks of one size;
//! a table of offsets says where the streams of each block begin.

use super::blosc_codec::{Codec, Decoders};
use super::bitshuffle::bit_unshuffle_block;
use super::blosc_steps::{undo_byte_delta, undo_first_delta};
use super::shuffle::unshuffle;
use crate::error::{Error, Result};

/// The length of the header of Blosc 1.
pub(super) const SHORT_HEADER: usize = 16;
/// The length of the extended header of Blosc 2.
const LONG_HEADER: usize = 32;

const FLAG_SHUFFLE: u8 = 0x01;
/// Set where the blocks are stored as they are.
pub(super) const FLAG_RAW: u8 = 0x02;
const FLAG_BITSHUFFLE: u8 = 0x04;
const FLAG_DELTA: u8 = 0x08;
/// Set where a block is one stream, however many bytes an element has.
pub(super) const FLAG_ONE_STREAM: u8 = 0x10;

/// The version byte of Blosc 1; greater ones are Blosc 2.
pub(super) const VERSION_1: u8 = 2;
const VERSION_2_ALPHA: u8 = 3;
/// The greatest version byte that is known.
const VERSION_LAST: u8 = 6;

/// One transformation to undo on a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Shuffle(usize),
    Bitshuffle(usize),
    ByteDelta(usize),
    /// Exclusive or with the first block (in the first block: with the element before).
    Delta(usize),
}

/// Where the bytes of the blocks come from.
#[derive(Debug, Clone)]
enum Content<'a> {
    Zeros,
    Repeated(&'a [u8]),
    Raw(&'a [u8]),
    Streams(&'a [[u8; 4]]),
}

/// The values that a whole chunk can consist of without being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    Zeros,
    NotANumber,
    /// The writer never set the values; they read as zeros.
    Unset,
}

impl Special {
    /// From the three bits of a chunk's flags or of an offset of a frame.
    pub(super) fn from_bits(bits: u8) -> Option<Special> {
        match bits {
            1 => Some(Special::Zeros),
            2 => Some(Special::NotANumber),
            4 => Some(Special::Unset),
            _ => None,
        }
    }
    fn content<'a>(self, element: usize) -> Result<Content<'a>> {
        match (self, element) {
            (Special::NotANumber, 4) => Ok(Content::Repeated(&[0, 0, 0xc0, 0x7f])),
            (Special::NotANumber, 8) => Ok(Content::Repeated(&[0, 0, 0, 0, 0, 0, 0xf8, 0x7f])),
            (Special::NotANumber, _) => Err(damaged(format!("NaN for elements of {element} bytes"))),
            (Special::Zeros | Special::Unset, _) => Ok(Content::Zeros),
        }
    }
}

/// A chunk whose header has been read and checked against the bytes at hand.
#[derive(Debug, Clone)]
pub(super) struct Chunk<'a> {
    bytes: &'a [u8],
    /// The decoded size in bytes.
    pub(super) size: usize,
    /// The decoded size of each block but the last, which may be shorter.
    pub(super) block_size: usize,
    version: u8,
    flags: u8,
    element: usize,
    codec: Codec,
    steps: Vec<Step>,
    content: Content<'a>,
}

/// Buffers and codec states that serve all chunks of one call.
#[derive(Default)]
pub(super) struct Scratch {
    decoders: Decoders,
    front: Vec<u8>,
    back: Vec<u8>,
    /// The first block of the chunk, which the delta step refers to.
    first: Vec<u8>,
}

impl<'a> Chunk<'a> {
    /// Reads the header. `frame_element` is the size of an element by the frame around the chunk.
    pub(super) fn read(bytes: &'a [u8], frame_element: Option<usize>) -> Result<Chunk<'a>> {
        let Some((&[version, _, flags, element, a, b, c, d, e, f, g, h, i, j, k, l], _)) =
            bytes.split_first_chunk::<SHORT_HEADER>()
        else {
            return Err(damaged(format!("found {} bytes, the header has {SHORT_HEADER}", bytes.len())));
        };
        let size = length("size", [a, b, c, d])?;
        let stored_block_size = length("block size", [e, f, g, h])?;
        let stored = length("stored size", [i, j, k, l])?;
        let Some(bytes) = bytes.get(..stored) else {
            return Err(damaged(format!("stored size: found {stored}, at hand are {} bytes", bytes.len())));
        };
        if !(VERSION_1..=VERSION_LAST).contains(&version) {
            return Err(Error::unsupported(format!("blosc: version {version} of the chunk format")));
        }
        if element == 0 {
            return Err(damaged("elements of 0 bytes"));
        }
        if stored_block_size == 0 && size > 0 {
            return Err(damaged("blocks of 0 bytes"));
        }
        let mut chunk = Chunk {
            bytes,
            size,
            block_size: stored_block_size.min(size).max(1),
            version,
            flags,
            element: usize::from(element),
            codec: Codec::from_flags(flags, 0),
            steps: Vec::new(),
            content: Content::Zeros,
        };
        let long =
            version > VERSION_1 && flags & (FLAG_SHUFFLE | FLAG_BITSHUFFLE) == FLAG_SHUFFLE | FLAG_BITSHUFFLE;
        let header = if long {
            chunk.read_extension(frame_element)?
        } else {
            chunk.steps_from_flags()?;
            None
        };
        if size == 0 {
            return Ok(chunk);
        }
        chunk.content = match header {
            Some(content) => content,
            None => chunk.stored_content(if long { LONG_HEADER } else { SHORT_HEADER })?,
        };
        Ok(chunk)
    }

    /// A chunk that is not stored at all.
    pub(super) fn special(special: Special, size: usize, element: usize) -> Result<Chunk<'a>> {
        Ok(Chunk {
            bytes: &[],
            size,
            block_size: size.max(1),
            version: VERSION_LAST,
            flags: 0,
            element,
            codec: Codec::BloscLz,
            steps: Vec::new(),
            content: special.content(element)?,
        })
    }

    fn steps_from_flags(&mut self) -> Result<()> {
        if self.flags & FLAG_DELTA != 0 {
            // Blosc 1 has no such flag, and Blosc 2 stores its pipeline in the long header.
            return Err(Error::unsupported("blosc: delta in a chunk with a short header"));
        }
        if self.flags & FLAG_SHUFFLE != 0 {
            self.steps.push(Step::Shuffle(self.element));
        } else if self.flags & FLAG_BITSHUFFLE != 0 {
            self.steps.push(Step::Bitshuffle(self.element));
        }
        Ok(())
    }

    /// Reads the second half of the long header; gives the content if it is a special value.
    fn read_extension(&mut self, frame_element: Option<usize>) -> Result<Option<Content<'a>>> {
        let Some(extension) = self
            .bytes
            .get(SHORT_HEADER..)
            .and_then(|rest| rest.first_chunk::<{ LONG_HEADER - SHORT_HEADER }>())
        else {
            return Err(damaged(format!(
                "stored size: found {}, the long header alone has {LONG_HEADER}",
                self.bytes.len()
            )));
        };
        let &[f0, f1, f2, f3, f4, f5, plugin, _, m0, m1, m2, m3, m4, m5, more_flags, blosc2_flags] =
            extension;
        self.codec = Codec::from_flags(self.flags, plugin);
        if more_flags & 1 != 0 {
            return Err(Error::unsupported("blosc: blocks of variable length"));
        }
        if more_flags != 0 {
            return Err(Error::unsupported(format!("blosc: further flags {more_flags:#04x} of the chunk")));
        }
        if blosc2_flags & 0x08 != 0 {
            return Err(damaged("a lazy chunk, whose blocks are elsewhere"));
        }
        let special = blosc2_flags >> 4 & 7;
        let rest = self.bytes.get(LONG_HEADER..).unwrap_or_default();
        match Special::from_bits(special) {
            Some(special) => return Ok(Some(special.content(self.element)?)),
            None if special == 3 && !rest.is_empty() => return Ok(Some(Content::Repeated(rest))),
            None if special != 0 => return Err(damaged(format!("special value {special} is not defined"))),
            None => {}
        }
        if blosc2_flags & 0x01 != 0 {
            return Err(Error::unsupported("blosc: compression with a dictionary"));
        }
        if blosc2_flags & 0x84 != 0 {
            return Err(Error::unsupported(format!("blosc: flags {blosc2_flags:#04x} of the chunk")));
        }
        let sixth = self.version != VERSION_2_ALPHA;
        let pipeline = [(f0, m0), (f1, m1), (f2, m2), (f3, m3), (f4, m4), (f5, m5)];
        for (index, (filter, meta)) in pipeline.into_iter().enumerate().rev() {
            if index < 5 || sixth {
                self.add_step(filter, usize::from(meta), frame_element)?;
            }
        }
        Ok(None)
    }

    /// Adds what undoes one filter of the pipeline; the last filter comes first.
    fn add_step(&mut self, filter: u8, meta: usize, frame_element: Option<usize>) -> Result<()> {
        let step = match filter {
            // nothing, truncated precision of floats and of integers: nothing to undo
            0 | 4 | 36 => return Ok(()),
            1 => Step::Shuffle(if meta == 0 { self.element } else { meta }),
            2 => Step::Bitshuffle(self.element),
            3 => Step::Delta(match self.element {
                width @ (1 | 2 | 4 | 8) => width,
                size if size.is_multiple_of(8) => 8,
                _ => 1,
            }),
            35 => Step::ByteDelta(if meta == 0 { frame_element.unwrap_or(self.element) } else { meta }),
            _ => {
                let name = match filter {
                    32 => "NDCELL",
                    33 => "NDMEAN",
                    34 => "bytedelta as first released, whose result depends on the writer's machine",
                    _ => "unknown",
                };
                return Err(Error::unsupported(format!("blosc: filter {filter} ({name})")));
            }
        };
        if self.steps.iter().any(|step| matches!(step, Step::Delta(_))) {
            return Err(Error::unsupported("blosc: delta behind another filter of the pipeline"));
        }
        self.steps.push(step);
        Ok(())
    }

    /// The blocks behind a header of `header` bytes.
    fn stored_content(&self, header: usize) -> Result<Content<'a>> {
        let body = self.bytes.get(header..).unwrap_or_default();
        if self.flags & FLAG_RAW != 0 {
            if body.len() != self.size {
                return Err(damaged(format!(
                    "not compressed: found {} bytes, expected {}",
                    body.len(),
                    self.size
                )));
            }
            return Ok(Content::Raw(body));
        }
        self.codec.check()?;
        let count = self.size.div_ceil(self.block_size);
        match body.as_chunks().0.get(..count) {
            Some(starts) => Ok(Content::Streams(starts)),
            None => Err(damaged(format!(
                "offsets of {count} blocks do not fit in the {} bytes behind the header",
                body.len()
            ))),
        }
    }

    /// Takes the chunk as cut into blocks of `size` bytes, as the array around it says.
    pub(super) fn expect_blocks(&mut self, size: usize) -> Result<()> {
        if matches!(self.content, Content::Streams(_)) && self.block_size != size {
            return Err(damaged(format!("block size: found {}, expected {size}", self.block_size)));
        }
        self.block_size = size.max(1);
        Ok(())
    }

    /// Decodes all blocks; `out` has the chunk's size.
    pub(super) fn decode(&self, out: &mut [u8], scratch: &mut Scratch) -> Result<()> {
        for (index, block) in out.chunks_mut(self.block_size).enumerate() {
            self.decode_block(index, block, scratch)?;
        }
        Ok(())
    }

    /// Decodes one block; `out` has the block's size. Block 0 has to be decoded before any other.
    pub(super) fn decode_block(&self, index: usize, out: &mut [u8], scratch: &mut Scratch) -> Result<()> {
        match &self.content {
            Content::Zeros => out.fill(0),
            Content::Repeated(value) => {
                if !out.len().is_multiple_of(value.len()) {
                    return Err(damaged(format!(
                        "a value of {} bytes does not fill a block of {}",
                        value.len(),
                        out.len()
                    )));
                }
                for item in out.chunks_exact_mut(value.len()) {
                    item.copy_from_slice(value);
                }
            }
            Content::Raw(bytes) => {
                let start = index.saturating_mul(self.block_size);
                let source = bytes.get(start..).and_then(|rest| rest.get(..out.len()));
                out.copy_from_slice(source.ok_or_else(|| damaged("a block lies outside of its chunk"))?);
            }
            Content::Streams(starts) => {
                let start = starts.get(index).ok_or_else(|| damaged("a block lies outside of its chunk"))?;
                let start = length("block offset", *start)?;
                let input = self.bytes.get(start..).unwrap_or_default();
                self.decode_streams_and_steps(index, input, out, scratch)?;
            }
        }
        Ok(())
    }

    fn decode_streams_and_steps(
        &self,
        index: usize,
        input: &[u8],
        out: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<()> {
        let whole = out.len() == self.block_size;
        let Scratch { decoders, front, back, first } = scratch;
        let (moving, delta) = match self.steps.split_last() {
            Some((Step::Delta(width), before)) => (before, Some(*width)),
            _ => (self.steps.as_slice(), None),
        };
        match moving.split_last() {
            None => self.decode_streams(input, out, whole, decoders)?,
            Some((last, others)) => {
                front.resize(out.len(), 0);
                self.decode_streams(input, front, whole, decoders)?;
                for step in others {
                    back.resize(out.len(), 0);
                    self.undo(*step, front, back);
                    std::mem::swap(front, back);
                }
                self.undo(*last, front, out);
            }
        }
        match delta {
            Some(width) if index == 0 => {
                undo_first_delta(width, out);
                first.clear();
                first.extend_from_slice(out);
            }
            Some(width) => {
                let length = out.len().checked_div(width).unwrap_or_default().saturating_mul(width);
                for (byte, reference) in out.iter_mut().zip(first.iter()).take(length) {
                    *byte ^= reference;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn undo(&self, step: Step, source: &[u8], target: &mut [u8]) {
        match step {
            Step::Shuffle(size) => unshuffle(source, size, target),
            Step::Bitshuffle(size) => {
                let count = source.len().checked_div(size).unwrap_or_default();
                // Blosc 1 leaves a block alone whose number of elements is not a multiple of 8.
                if self.version == VERSION_1 && count & 7 != 0 {
                    target.copy_from_slice(source);
                } else {
                    bit_unshuffle_block(source, size, target);
                }
            }
            Step::ByteDelta(size) => undo_byte_delta(size, source, target),
            Step::Delta(_) => target.copy_from_slice(source),
        }
    }

    /// The number of streams of a block.
    fn streams(&self, whole: bool) -> usize {
        if self.flags & FLAG_ONE_STREAM != 0 || !whole {
            return 1;
        }
        // Before Blosc 1 had the flag, these bounds decided.
        let items = self.block_size.checked_div(self.element).unwrap_or_default();
        if self.version == VERSION_1 && (self.element > 16 || items < 128) {
            return 1;
        }
        self.element
    }

    /// Decodes the streams at the start of `input` into one block.
    fn decode_streams(
        &self,
        input: &[u8],
        out: &mut [u8],
        whole: bool,
        decoders: &mut Decoders,
    ) -> Result<()> {
        let streams = self.streams(whole);
        let each = out.len().checked_div(streams).unwrap_or_default();
        if each == 0 || each.saturating_mul(streams) != out.len() {
            return Err(damaged(format!(
                "a block of {} bytes cannot be cut into {streams} streams",
                out.len()
            )));
        }
        // No codec stores more than this where plain bytes would do.
        let longest = each.saturating_add(each / 6).saturating_add(64);
        let mut rest = input;
        for part in out.chunks_exact_mut(each) {
            let Some((size, after)) = rest.split_first_chunk::<4>() else {
                return Err(damaged("the bytes end before a stream's size"));
            };
            let size = i32::from_le_bytes(*size);
            rest = after;
            if size <= 0 && self.version > VERSION_1 {
                rest = decode_run(size, rest, part)?;
                continue;
            }
            let size = usize::try_from(size).unwrap_or_default();
            let Some((stream, after)) = rest.split_at_checked(size) else {
                return Err(damaged(format!("a stream of {size} bytes, {} are left", rest.len())));
            };
            rest = after;
            if size == each {
                part.copy_from_slice(stream);
            } else if size > longest || size == 0 {
                return Err(damaged(format!("a stream of {size} bytes for {each} bytes")));
            } else {
                decoders.decode(self.codec, stream, part)?;
            }
        }
        Ok(())
    }
}

/// A stream without content: zeros where `size` is 0, else a byte that is repeated.
fn decode_run<'a>(size: i32, rest: &'a [u8], part: &mut [u8]) -> Result<&'a [u8]> {
    if size == 0 {
        part.fill(0);
        return Ok(rest);
    }
    let (&token, after) = rest.split_first().ok_or_else(|| damaged("the bytes end before a run's token"))?;
    let value = u8::try_from(size.unsigned_abs());
    match (token & 1, value) {
        (1, Ok(value)) => {
            part.fill(value);
            Ok(after)
        }
        _ => Err(damaged(format!("a stream of size {size} with token {token:#04x}"))),
    }
}

/// A stored size, which is signed but never negative.
fn length(name: &str, bytes: [u8; 4]) -> Result<usize> {
    let value = i32::from_le_bytes(bytes);
    usize::try_from(value).map_err(|_| damaged(format!("{name}: found {value}, expected no negative number")))
}

#[cold]
fn damaged(what: impl std::fmt::Display) -> Error {
    Error::damaged(format!("blosc chunk: {what}"))
}
