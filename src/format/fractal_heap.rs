//! Fractal heap (FRHP, FHDB, FHIB): dense links and attributes, shared messages.
//!
//! Clause III.G; note `spec-notes/fractal_heap.md`.
//!
//! [`HeapHeader`], [`DirectBlockHead`] and [`IndirectBlock`] are the blocks; what follows from the
//! header (widths, the doubling table's arithmetic, the forms of heap IDs) is in [`geometry`].

use binrw::binrw;

use crate::error::Structure;
use crate::wire::integers::{bytes, put_uint, uint};
use crate::wire::{Addr, Length, Widths};

pub mod geometry;

pub use geometry::{Geometry, HeapId};

/// The header's name and clause.
pub const HERE: Structure = Structure::new("fractal heap header", "III.G");
/// The direct block's name and clause.
pub const DIRECT: Structure = Structure::new("fractal heap direct block", "III.G");
/// The indirect block's name and clause.
pub const INDIRECT: Structure = Structure::new("fractal heap indirect block", "III.G");
/// The name and clause of heap IDs.
pub const ID: Structure = Structure::new("fractal heap ID", "III.G");

const IDS_WRAPPED: u8 = 0x01;
const CHECKSUMMED: u8 = 0x02;

/// The header of a fractal heap, without its checksum.
#[binrw]
#[brw(little, magic = b"FRHP", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeapHeader {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Bytes of an ID of this heap.
    pub id_length: u16,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.filtered.as_ref().map_or(0, |f| f.pipeline.len())))]
    pipeline_length: u16,
    #[br(temp, assert(flags & !(IDS_WRAPPED | CHECKSUMMED) == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = self.flags())]
    flags: u8,
    /// Whether the numbers of huge objects have wrapped around.
    #[br(calc = flags & IDS_WRAPPED != 0)]
    #[bw(ignore)]
    pub ids_wrapped: bool,
    /// Whether direct blocks carry a checksum.
    #[br(calc = flags & CHECKSUMMED != 0)]
    #[bw(ignore)]
    pub checksummed: bool,
    /// Bytes of the largest object that lies in a direct block; larger ones are huge.
    pub max_managed: u32,
    /// The number of the next huge object, where huge objects are numbered.
    #[brw(args(w))]
    pub next_huge: Length,
    /// The B-tree version 2 (types 1 to 4) of the huge objects.
    #[brw(args(w))]
    pub huge_index: Addr,
    /// Free bytes in the direct blocks.
    #[brw(args(w))]
    pub free_bytes: Length,
    /// The free-space manager of the direct blocks.
    #[brw(args(w))]
    pub free_space: Addr,
    /// Bytes of the heap's address space: the end of its last block.
    #[brw(args(w))]
    pub managed_bytes: Length,
    /// Bytes of the direct blocks that exist.
    #[brw(args(w))]
    pub allocated_bytes: Length,
    /// Offset where the next direct block is made.
    #[brw(args(w))]
    pub next_block: Length,
    /// Managed objects.
    #[brw(args(w))]
    pub managed_objects: Length,
    /// Bytes of all huge objects.
    #[brw(args(w))]
    pub huge_bytes: Length,
    /// Huge objects.
    #[brw(args(w))]
    pub huge_objects: Length,
    /// Bytes of all tiny objects.
    #[brw(args(w))]
    pub tiny_bytes: Length,
    /// Tiny objects.
    #[brw(args(w))]
    pub tiny_objects: Length,
    /// The doubling table of the managed objects.
    #[brw(args(w))]
    pub table: DoublingTable,
    /// The filters of a filtered heap.
    #[br(if(pipeline_length > 0), args(w, pipeline_length))]
    #[bw(args(w, pipeline_length))]
    pub filtered: Option<FilteredRoot>,
}

impl HeapHeader {
    /// Bytes of the start of a header that tell its whole size.
    pub const PREFIX: u64 = 9;

    /// Bytes of a header with its checksum, where the pipeline takes `pipeline_length` bytes.
    pub fn encoded_size(pipeline_length: u16, w: Widths) -> u64 {
        let (offset, length) = (u64::from(w.offset), u64::from(w.length));
        let filtered = match u64::from(pipeline_length) {
            0 => 0,
            n => length.saturating_add(4).saturating_add(n),
        };
        26u64
            .saturating_add(length.saturating_mul(12))
            .saturating_add(offset.saturating_mul(3))
            .saturating_add(filtered)
    }
    fn flags(&self) -> u8 {
        let wrapped = if self.ids_wrapped { IDS_WRAPPED } else { 0 };
        let checksummed = if self.checksummed { CHECKSUMMED } else { 0 };
        wrapped | checksummed
    }
}

/// How the blocks of a heap grow: each row of `width` blocks (from the third on) has blocks twice as large.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoublingTable {
    /// Blocks in a row: a power of two.
    pub width: u16,
    /// Bytes of a block of the first two rows: a power of two.
    #[brw(args(w))]
    pub start_block: Length,
    /// Bytes of the largest direct block: a power of two.
    #[brw(args(w))]
    pub max_direct: Length,
    /// log2 of the size of the heap's address space.
    pub max_bits: u16,
    /// Rows that the root indirect block has when it is made.
    pub start_rows: u16,
    /// The root block; undefined while the heap holds no managed object.
    #[brw(args(w))]
    pub root: Addr,
    /// Rows of the root indirect block; 0: the root is a direct block.
    pub rows: u16,
}

/// What the header of a filtered heap adds.
#[binrw]
#[brw(little, import(w: Widths, pipeline_length: u16))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilteredRoot {
    /// Bytes in the file of the root block, where that is a direct block.
    #[brw(args(w))]
    pub size: Length,
    /// The stages that were skipped for it, one bit each.
    pub mask: u32,
    /// The encoded filter pipeline message.
    #[br(parse_with = bytes, args(u64::from(pipeline_length)))]
    pub pipeline: Vec<u8>,
}

/// The head of a direct block; the objects follow.
#[binrw]
#[brw(little, magic = b"FHDB", import(w: Widths, offset_width: u8, checksummed: bool))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectBlockHead {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The header of the heap.
    #[brw(args(w))]
    pub owner: Addr,
    /// Where the block starts in the heap's address space.
    #[br(parse_with = uint, args(offset_width))]
    #[bw(write_with = put_uint, args(offset_width))]
    pub offset: u64,
    /// The checksum of the whole unfiltered block with this field zero, where the header asks for it.
    #[br(if(checksummed))]
    pub checksum: Option<u32>,
}

/// A block of addresses of further blocks, without its checksum.
#[binrw]
#[brw(little, magic = b"FHIB", import(w: Widths, form: IndirectForm))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndirectBlock {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The header of the heap.
    #[brw(args(w))]
    pub owner: Addr,
    /// Where the block starts in the heap's address space.
    #[br(parse_with = uint, args(form.offset_width))]
    #[bw(write_with = put_uint, args(form.offset_width))]
    pub offset: u64,
    /// The direct blocks, row by row.
    #[br(args { count: form.direct, inner: (w, form.filtered) })]
    #[bw(args(w, form.filtered))]
    pub direct: Vec<DirectChild>,
    /// The indirect blocks, row by row.
    #[br(args { count: form.indirect, inner: (w,) })]
    #[bw(args(w))]
    pub indirect: Vec<Addr>,
}

/// What decides the form of an indirect block; from [`Geometry::indirect_form`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndirectForm {
    /// Bytes of an offset in the heap's address space.
    pub offset_width: u8,
    /// Whether sizes and masks stand with the direct blocks.
    pub filtered: bool,
    /// Entries for direct blocks.
    pub direct: usize,
    /// Entries for indirect blocks.
    pub indirect: usize,
}

/// Where a direct block lies.
#[binrw]
#[brw(little, import(w: Widths, filtered: bool))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirectChild {
    /// The block; undefined where there is none.
    #[brw(args(w))]
    pub address: Addr,
    /// Its size in the file and the stages skipped for it, in a filtered heap.
    #[br(if(filtered), args(w))]
    #[bw(args(w))]
    pub filtered: Option<FilteredChild>,
}

/// The stored form of a filtered direct block.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilteredChild {
    /// Bytes in the file.
    #[brw(args(w))]
    pub size: Length,
    /// The stages that were skipped, one bit each.
    pub mask: u32,
}

#[cfg(test)]
mod tests;
