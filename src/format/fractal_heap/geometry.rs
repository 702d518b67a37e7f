//! What follows from a fractal heap's header: widths, rows and columns, the forms of heap IDs.
//!
//! Clause III.G; note `spec-notes/fractal_heap.md`.

use std::io::Cursor;

use super::{HERE, HeapHeader, ID, IndirectForm};
use crate::error::Result;
use crate::wire::integers::{read_uint, write_uint};
use crate::wire::{Addr, Length, Widths, decode, encode};

const MANAGED: u8 = 0x00;
const HUGE: u8 = 0x10;
const TINY: u8 = 0x20;
const TYPE: u8 = 0x30;
const VERSION: u8 = 0xc0;
const LOW: u8 = 0x0f;
/// Bytes of the longest tiny object whose length fits in the ID's first byte.
const SHORT_TINY: u64 = 16;

/// The arithmetic of one heap. Rows and columns count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    widths: Widths,
    width: u64,
    start_block: u64,
    first_row_bits: u32,
    max_direct_rows: u32,
    max_rows: u32,
    checksummed: bool,
    filtered: bool,
    id_length: u64,
    /// Bytes of an offset in the heap's address space.
    pub offset_width: u8,
    /// Bytes of an object's length in a managed ID.
    pub length_width: u8,
}

impl Geometry {
    /// Works the geometry out, after a check of what the header says.
    pub fn of(header: &HeapHeader, w: Widths) -> Result<Self> {
        let table = &header.table;
        let start_bits = power_of_two("starting block size", table.start_block.0)?;
        let max_direct_bits = power_of_two("maximum direct block size", table.max_direct.0)?;
        let width_bits = power_of_two("table width", u64::from(table.width))?;
        let first_row_bits = start_bits.saturating_add(width_bits);
        let max_bits = u32::from(table.max_bits);
        let (Some(beyond_first), 0..=64) = (max_bits.checked_sub(first_row_bits), max_bits) else {
            let expected = format!("{first_row_bits} to 64");
            return Err(HERE.mismatch("bits of the address space", max_bits, expected));
        };
        let Some(doublings) = max_direct_bits.checked_sub(start_bits) else {
            let expected = format!("at least {} (the starting block size)", table.start_block.0);
            return Err(HERE.mismatch("maximum direct block size", table.max_direct.0, expected));
        };
        let direct_width = max_direct_bits.div_ceil(8);
        let managed_width = header.max_managed.checked_ilog2().unwrap_or(0).wrapping_div(8).saturating_add(1);
        let max_rows = beyond_first.saturating_add(1);
        if u32::from(table.rows) > max_rows {
            return Err(HERE.mismatch("rows of the root block", table.rows, format!("at most {max_rows}")));
        }
        Ok(Geometry {
            widths: w,
            width: u64::from(table.width),
            start_block: table.start_block.0,
            first_row_bits,
            max_direct_rows: doublings.saturating_add(2),
            max_rows,
            checksummed: header.checksummed,
            filtered: header.filtered.is_some(),
            id_length: u64::from(header.id_length),
            offset_width: u8::try_from(max_bits.div_ceil(8)).unwrap_or(8),
            length_width: u8::try_from(direct_width.min(managed_width)).unwrap_or(8),
        })
    }
    /// Bytes of each block in `row`.
    pub fn block_size(&self, row: u32) -> u64 {
        self.start_block.checked_shl(row.saturating_sub(1)).unwrap_or(u64::MAX)
    }
    /// Where `row` starts, from the start of its indirect block.
    pub fn row_offset(&self, row: u32) -> u64 {
        let Some(doublings) = row.checked_sub(1) else { return 0 };
        self.start_block.saturating_mul(self.width).checked_shl(doublings).unwrap_or(u64::MAX)
    }
    /// The row and the column of the block that holds `offset`, from the start of its indirect block.
    pub fn locate(&self, offset: u64) -> (u32, u64) {
        let bits = offset.checked_ilog2().unwrap_or(0);
        let row = if bits < self.first_row_bits {
            0
        } else {
            bits.saturating_sub(self.first_row_bits).saturating_add(1)
        };
        let in_row = offset.saturating_sub(self.row_offset(row));
        (row, in_row.checked_div(self.block_size(row)).unwrap_or(0))
    }
    /// Rows of the indirect block that stands for one block of `row`.
    pub fn rows_below(&self, row: u32) -> u32 {
        let bits = self.block_size(row).checked_ilog2().unwrap_or(0);
        bits.checked_sub(self.first_row_bits).map_or(0, |rows| rows.saturating_add(1))
    }
    /// Whether the blocks of `row` are direct ones.
    pub fn is_direct(&self, row: u32) -> bool {
        row < self.max_direct_rows
    }
    /// The entry of an indirect block at `row` and `column`, among the direct or the indirect ones.
    pub fn entry(&self, row: u32, column: u64) -> Option<usize> {
        let first = if self.is_direct(row) { 0 } else { self.max_direct_rows };
        let before = u64::from(row.checked_sub(first)?).checked_mul(self.width)?;
        usize::try_from(before.checked_add(column)?).ok()
    }
    /// The form of an indirect block of `rows` rows.
    pub fn indirect_form(&self, rows: u32) -> Result<IndirectForm> {
        if rows == 0 || rows > self.max_rows {
            return Err(super::INDIRECT.mismatch("rows", rows, format!("1 to {}", self.max_rows)));
        }
        let direct = rows.min(self.max_direct_rows);
        let entries = |rows: u32| usize::try_from(self.width.saturating_mul(u64::from(rows))).unwrap_or(usize::MAX);
        Ok(IndirectForm {
            offset_width: self.offset_width,
            filtered: self.filtered,
            direct: entries(direct),
            indirect: entries(rows.saturating_sub(direct)),
        })
    }
    /// Bytes of an indirect block of this form, its checksum included.
    pub fn indirect_size(&self, form: IndirectForm) -> u64 {
        let filtered = if form.filtered { u64::from(self.widths.length).saturating_add(4) } else { 0 };
        let offset = u64::from(self.widths.offset);
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        let direct = count(form.direct).saturating_mul(offset.saturating_add(filtered));
        let indirect = count(form.indirect).saturating_mul(offset);
        let head = 9u64.saturating_add(offset).saturating_add(u64::from(self.offset_width));
        head.saturating_add(direct).saturating_add(indirect)
    }
    /// Bytes before the first object of a direct block.
    pub fn direct_overhead(&self) -> u64 {
        let checksum = if self.checksummed { 4 } else { 0 };
        let head = 5u64.saturating_add(u64::from(self.widths.offset));
        head.saturating_add(u64::from(self.offset_width)).saturating_add(checksum)
    }
    /// Bytes for objects in a direct block of `row`.
    pub fn usable(&self, row: u32) -> u64 {
        self.block_size(row).saturating_sub(self.direct_overhead())
    }
    /// What one block of each row stands for, by row.
    pub fn totals(&self) -> Vec<RowTotal> {
        let mut rows: Vec<RowTotal> = Vec::new();
        for row in 0..self.max_rows {
            if self.is_direct(row) {
                let free = self.usable(row);
                rows.push(RowTotal { free, sections: 1, section_bytes: free });
                continue;
            }
            let mut sum = RowTotal::default();
            let below = usize::try_from(self.rows_below(row)).unwrap_or(usize::MAX);
            for (q, one) in (0u32..).zip(rows.iter().take(below)) {
                let times = if self.is_direct(q) { 1 } else { self.width };
                sum.free = sum.free.saturating_add(one.free.saturating_mul(self.width));
                sum.sections = sum.sections.saturating_add(one.sections.saturating_mul(times));
                sum.section_bytes = sum.section_bytes.saturating_add(one.section_bytes.saturating_mul(times));
            }
            rows.push(sum);
        }
        rows
    }
    /// Bytes for objects in all blocks of the rows `from..to` of an indirect block.
    pub fn usable_rows(&self, from: u32, to: u32) -> u64 {
        let totals = self.totals();
        let rows = totals.iter().zip(0u32..).filter(|(_, row)| (from..to).contains(row));
        rows.map(|(t, _)| t.free.saturating_mul(self.width)).fold(0, u64::saturating_add)
    }
    /// Blocks in a row.
    pub fn width(&self) -> u64 {
        self.width
    }
    /// Rows of the largest root block.
    pub fn max_rows(&self) -> u32 {
        self.max_rows
    }
    /// The first row whose blocks, direct ones, have at least `bytes` bytes.
    pub fn row_of(&self, bytes: u64) -> Option<u32> {
        (0..self.max_direct_rows.min(self.max_rows)).find(|&row| self.block_size(row) >= bytes)
    }
    /// Bytes of the longest object that fits in an ID.
    pub fn max_tiny(&self) -> u64 {
        let room = self.id_length.saturating_sub(1);
        if self.extended_tiny() { room.saturating_sub(1) } else { room.min(SHORT_TINY) }
    }
    /// The largest key of a huge object.
    pub fn max_huge_key(&self) -> u64 {
        crate::wire::widths::all_ones(self.huge_key_width().min(self.widths.length))
    }
    /// Whether IDs of huge objects hold their addresses and sizes.
    pub fn huge_direct(&self) -> bool {
        let plain = u64::from(self.widths.offset).saturating_add(u64::from(self.widths.length));
        let filtered = u64::from(self.widths.length).saturating_add(4);
        let need = if self.filtered { plain.saturating_add(filtered) } else { plain };
        self.id_length.saturating_sub(1) >= need
    }
    fn huge_key_width(&self) -> u8 {
        u8::try_from(self.id_length.saturating_sub(1).min(8)).unwrap_or(8)
    }
    fn extended_tiny(&self) -> bool {
        self.id_length.saturating_sub(1) > SHORT_TINY.saturating_add(1)
    }
    /// Decodes a heap ID. A longer one than the header says is cut; a shorter one is an error.
    pub fn parse_id<'a>(&self, id: &'a [u8]) -> Result<HeapId<'a>> {
        let length = usize::try_from(self.id_length).unwrap_or(usize::MAX);
        let Some((&first, rest)) = id.get(..length).and_then(<[u8]>::split_first) else {
            return Err(ID.mismatch("bytes", id.len(), self.id_length));
        };
        if first & VERSION != 0 {
            return Err(ID.mismatch("version", first.wrapping_shr(6), 0));
        }
        match first & TYPE {
            MANAGED => {
                let mut from = Cursor::new(rest);
                let offset = number(&mut from, self.offset_width)?;
                Ok(HeapId::Managed { offset, length: number(&mut from, self.length_width)? })
            }
            HUGE if self.huge_direct() => {
                let (huge, _) = decode::<HugeObject>(rest, (self.widths, self.filtered), &ID)?;
                Ok(HeapId::Huge(huge))
            }
            HUGE => Ok(HeapId::HugeKey(number(&mut Cursor::new(rest), self.huge_key_width())?)),
            TINY => self.tiny(first, rest),
            _ => Err(ID.unsupported("type 3, which is reserved")),
        }
    }
    fn tiny<'a>(&self, first: u8, rest: &'a [u8]) -> Result<HeapId<'a>> {
        let high = usize::from(first & LOW);
        let (length, object) = match rest.split_first() {
            Some((&low, object)) if self.extended_tiny() => (high.wrapping_shl(8) | usize::from(low), object),
            _ => (high, rest),
        };
        let length = length.saturating_add(1);
        match object.get(..length) {
            Some(object) => Ok(HeapId::Tiny(object)),
            None => Err(ID.mismatch("bytes of a tiny object", length, format!("at most {}", object.len()))),
        }
    }
    /// Encodes a heap ID, filled up with zeros to the heap's length of IDs.
    pub fn encode_id(&self, id: &HeapId<'_>) -> Result<Vec<u8>> {
        let mut out = Cursor::new(Vec::new());
        let mut put = |value: u64, width: u8| {
            write_uint(&mut out, value, width).map_err(|e| ID.damaged(e.to_string()))
        };
        let mut tail = Vec::new();
        match id {
            HeapId::Managed { offset, length } => {
                put(u64::from(MANAGED), 1)?;
                put(*offset, self.offset_width)?;
                put(*length, self.length_width)?;
            }
            HeapId::Huge(huge) => {
                put(u64::from(HUGE), 1)?;
                tail = encode(huge, (self.widths, self.filtered), &ID)?;
            }
            HeapId::HugeKey(key) => {
                put(u64::from(HUGE), 1)?;
                put(*key, self.huge_key_width())?;
            }
            HeapId::Tiny(object) => {
                let stored = object.len().checked_sub(1).and_then(|n| u16::try_from(n).ok());
                let Some(stored) = stored else { return Err(ID.damaged("a tiny object of no or too many bytes")) };
                let [high, low] = stored.to_be_bytes();
                let extended = self.extended_tiny();
                let top = if extended { high } else { low };
                if top > LOW || (!extended && high > 0) {
                    return Err(ID.damaged("too many bytes for a tiny object"));
                }
                put(u64::from(TINY | top), 1)?;
                if extended {
                    put(u64::from(low), 1)?;
                }
                tail.extend_from_slice(object);
            }
        }
        let mut out = out.into_inner();
        out.append(&mut tail);
        let length = usize::try_from(self.id_length).unwrap_or(usize::MAX);
        if out.len() > length {
            return Err(ID.mismatch("bytes", out.len(), format!("at most {length}")));
        }
        out.resize(length, 0);
        Ok(out)
    }
}

fn power_of_two(field: &str, value: u64) -> Result<u32> {
    if !value.is_power_of_two() {
        return Err(HERE.mismatch(field, value, "a power of two"));
    }
    Ok(value.trailing_zeros())
}

fn number(from: &mut Cursor<&[u8]>, width: u8) -> Result<u64> {
    read_uint(from, width).map_err(|_| ID.damaged("too short for its fields"))
}

/// What one block of a row stands for, the direct blocks below it included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RowTotal {
    /// Bytes for objects.
    pub free: u64,
    /// Sections that a free-space manager counts: one for each row of direct blocks.
    pub sections: u64,
    /// Bytes that it counts for them: one block's for each.
    pub section_bytes: u64,
}

/// Where an object of a fractal heap is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeapId<'a> {
    /// In a direct block.
    Managed {
        /// Offset in the heap's address space.
        offset: u64,
        /// Bytes of the object.
        length: u64,
    },
    /// In a block of its own in the file, which the ID names.
    Huge(HugeObject),
    /// In a block of its own in the file; the number is the key in the B-tree of the huge objects.
    HugeKey(u64),
    /// In the ID itself.
    Tiny(&'a [u8]),
}

/// Where a huge object lies, as heap IDs (and, with other fields, B-tree records 1 to 4) tell it.
#[binrw::binrw]
#[brw(little, import(w: Widths, filtered: bool))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HugeObject {
    /// The object's bytes.
    #[brw(args(w))]
    pub address: Addr,
    /// Bytes in the file.
    #[brw(args(w))]
    pub length: Length,
    /// In a filtered heap: what undoing the filters needs.
    #[br(if(filtered), args(w))]
    #[bw(args(w))]
    pub filtered: Option<FilteredHuge>,
}

/// What undoing the filters of a huge object needs.
#[binrw::binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilteredHuge {
    /// The stages that were skipped, one bit each.
    pub mask: u32,
    /// Bytes of the object once the filters are undone.
    #[brw(args(w))]
    pub memory_length: Length,
}
