//! Free-space manager (FSHD) and its sections (FSSE): the gaps of a file or of a fractal heap.
//!
//! Clause III.H; note `spec-notes/free_space.md`.

use binrw::{BinRead, BinResult, BinWrite, binrw};

use crate::error::Structure;
use crate::wire::integers::{put_uint, read_each, read_uint, uint, write_uint};
use crate::wire::{Addr, Length, Widths, refuse};

/// The manager's name and clause.
pub const HERE: Structure = Structure::new("free-space manager header", "III.H");
/// The section list's name and clause.
pub const SECTIONS: Structure = Structure::new("free-space section list", "III.H");

/// Whose gaps a manager keeps.
#[binrw]
#[brw(little, repr = u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// Offsets in the address space of a fractal heap.
    FractalHeap = 0,
    /// Addresses in the file.
    File = 1,
}

/// The header of a free-space manager, without its checksum.
#[binrw]
#[brw(little, magic = b"FSHD", import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagerHeader {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// Whose gaps these are.
    pub client: Client,
    /// Bytes of all sections.
    #[brw(args(w))]
    pub total_bytes: Length,
    /// Sections, serialized and ghost ones.
    #[brw(args(w))]
    pub sections: Length,
    /// Sections that the section list holds.
    #[brw(args(w))]
    pub serialized: Length,
    /// Sections that are worked out from others when the list is loaded.
    #[brw(args(w))]
    pub ghosts: Length,
    /// Classes of sections that the writer knew.
    pub classes: u16,
    /// Percent of its allocated size below which the section list shrinks.
    pub shrink_percent: u16,
    /// Percent to which the section list's allocated size grows.
    pub expand_percent: u16,
    /// log2 of the size of the address space in which the sections lie.
    pub address_bits: u16,
    /// Bytes of the largest section that is kept.
    #[brw(args(w))]
    pub max_section: Length,
    /// The section list; undefined where there is none.
    #[brw(args(w))]
    pub list: Addr,
    /// Bytes of the section list in use.
    #[brw(args(w))]
    pub list_used: Length,
    /// Bytes of the section list in the file.
    #[brw(args(w))]
    pub list_allocated: Length,
}

impl ManagerHeader {
    /// Bytes of the header with its checksum.
    pub fn encoded_size(w: Widths) -> u64 {
        let lengths = u64::from(w.length).saturating_mul(7);
        18u64.saturating_add(lengths).saturating_add(u64::from(w.offset))
    }
    /// The form of this manager's section list.
    pub fn form(&self) -> SectionForm {
        let width = |limit: u64| limit.checked_ilog2().unwrap_or(0).wrapping_div(8).saturating_add(1);
        let narrow = |width: u32| u8::try_from(width).unwrap_or(u8::MAX);
        SectionForm {
            client: self.client,
            serialized: self.serialized.0,
            count_width: narrow(width(self.serialized.0)),
            offset_width: narrow(u32::from(self.address_bits).div_ceil(8)),
            length_width: narrow(width(self.max_section.0)),
        }
    }
    /// The form that the first releases of 1.8 wrote: sizes had no room for the largest section itself.
    pub fn early_form(&self) -> SectionForm {
        let bits = self.max_section.0.checked_ilog2().unwrap_or(0).max(1);
        SectionForm { length_width: u8::try_from(bits.div_ceil(8)).unwrap_or(8), ..self.form() }
    }
}

/// What decides the form of a section list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SectionForm {
    /// Whose gaps these are.
    pub client: Client,
    /// Sections in the list.
    pub serialized: u64,
    /// Bytes of the number of sections of one size.
    pub count_width: u8,
    /// Bytes of a section's offset.
    pub offset_width: u8,
    /// Bytes of a section's size.
    pub length_width: u8,
}

/// The section list, without the gap and the checksum at its end.
#[binrw]
#[brw(little, magic = b"FSSE", import(w: Widths, form: SectionForm))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionList {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    /// The manager's header.
    #[brw(args(w))]
    pub owner: Addr,
    /// The sections, by size.
    #[br(parse_with = read_groups, args(form))]
    #[bw(args(form))]
    pub groups: Vec<SectionGroup>,
}

/// All sections of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionGroup {
    /// Bytes of each section.
    pub size: u64,
    /// The sections.
    pub sections: Vec<Section>,
}

/// One section of free space.
#[binrw]
#[brw(little, import(form: SectionForm))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where it starts: in the file or in the heap's address space.
    #[br(parse_with = uint, args(form.offset_width))]
    #[bw(write_with = put_uint, args(form.offset_width))]
    pub offset: u64,
    /// The class, by client. Heap: 0 bytes of a direct block, 1 first row, 2 further row, 3 blocks of an
    /// indirect block; file: 0 simple, 1 small, 2 large.
    #[br(assert(class < classes(form.client), "section class {class}, unknown for this client"))]
    pub class: u8,
    /// Which blocks of an indirect block are meant (heap classes 1 and 3).
    #[br(if(form.client == Client::FractalHeap && matches!(class, 1 | 3)), args(form))]
    #[bw(args(form))]
    pub blocks: Option<BlockSpan>,
}

fn classes(client: Client) -> u8 {
    match client {
        Client::FractalHeap => 4,
        Client::File => 3,
    }
}

/// Blocks that do not exist yet, in an indirect block of a fractal heap.
#[binrw]
#[brw(little, import(form: SectionForm))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockSpan {
    /// Where the indirect block starts in the heap's address space.
    #[br(parse_with = uint, args(form.offset_width))]
    #[bw(write_with = put_uint, args(form.offset_width))]
    pub indirect_offset: u64,
    /// Row of the first block.
    pub row: u16,
    /// Column of the first block.
    pub column: u16,
    /// Blocks.
    pub entries: u16,
}

#[binrw::parser(reader, endian)]
fn read_groups(form: SectionForm) -> BinResult<Vec<SectionGroup>> {
    let mut groups = Vec::new();
    let mut left = form.serialized;
    while left > 0 {
        let count = read_uint(reader, form.count_width)?;
        let size = read_uint(reader, form.length_width)?;
        let Some(rest) = left.checked_sub(count).filter(|_| count > 0) else {
            return Err(refuse(0, format!("a group of {count} sections, {left} are left")));
        };
        left = rest;
        let sections = read_each(reader, endian, count, |r, e| Section::read_options(r, e, (form,)))?;
        groups.push(SectionGroup { size, sections });
    }
    Ok(groups)
}

impl BinWrite for SectionGroup {
    type Args<'a> = (SectionForm,);
    fn write_options<W: std::io::Write + std::io::Seek>(
        &self,
        writer: &mut W,
        endian: binrw::Endian,
        (form,): Self::Args<'_>,
    ) -> BinResult<()> {
        let count = u64::try_from(self.sections.len()).unwrap_or(u64::MAX);
        write_uint(writer, count, form.count_width)?;
        write_uint(writer, self.size, form.length_width)?;
        self.sections.write_options(writer, endian, (form,))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{checksum, decode, encode};
    use proptest::prelude::*;

    fn header(client: Client, serialized: u64) -> ManagerHeader {
        ManagerHeader {
            client,
            total_bytes: Length(300),
            sections: Length(serialized),
            serialized: Length(serialized),
            ghosts: Length(0),
            classes: 4,
            shrink_percent: 80,
            expand_percent: 120,
            address_bits: 32,
            max_section: Length(512),
            list: Addr::new(0x500),
            list_used: Length(40),
            list_allocated: Length(48),
        }
    }

    #[test]
    fn the_notes_examples() {
        let w = Widths { offset: 4, length: 2 };
        let mut bytes = b"FSHD\0\x00\x2c\x01\x02\0\x02\0\0\0\x04\0\x50\0\x78\0\x20\0\0\x02\0\x05\0\0\x28\0\x30\0".to_vec();
        let (head, used) = decode::<ManagerHeader>(&bytes, (w,), &HERE).unwrap();
        assert_eq!((&head, used), (&header(Client::FractalHeap, 2), bytes.len()));
        assert_eq!(encode(&head, (w,), &HERE).unwrap(), bytes);
        checksum::seal(&mut bytes);
        assert_eq!(u64::try_from(bytes.len()).unwrap(), ManagerHeader::encoded_size(w));

        let form = head.form();
        assert_eq!((form.count_width, form.offset_width, form.length_width), (1, 4, 2));
        let mut bytes = b"FSSE\0\0\x04\0\0".to_vec();
        bytes.extend(b"\x01\x20\0\x60\0\0\0\0");
        bytes.extend(b"\x01\0\x02\0\x08\0\0\x01\0\0\0\0\x01\0\x02\0\x02\0");
        let (list, used) = decode::<SectionList>(&bytes, (w, form), &SECTIONS).unwrap();
        assert_eq!((used, list.owner), (bytes.len(), Addr::new(0x400)));
        assert_eq!((list.groups[0].size, list.groups[0].sections[0].offset), (32, 96));
        let span = BlockSpan { indirect_offset: 0, row: 1, column: 2, entries: 2 };
        assert_eq!(list.groups[1].sections[0].blocks, Some(span));
        assert_eq!(encode(&list, (w, form), &SECTIONS).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        let w = Widths::EIGHT;
        assert!(decode::<ManagerHeader>(b"FSHD\x01", (w,), &HERE).unwrap_err().is_damaged());
        assert!(decode::<ManagerHeader>(b"FSHD\0\x02\0", (w,), &HERE).is_err(), "client 2");
        let form = header(Client::File, 1).form();
        for bad in [b"\x02\x20\0\x60\0\0\0\0", b"\x00\x20\0\x60\0\0\0\0", b"\x01\x20\0\x60\0\0\0\x03"] {
            let bytes = [&b"FSSE\0\0\0\0\0\0\0\0\0"[..], bad].concat();
            assert!(decode::<SectionList>(&bytes, (w, form), &SECTIONS).unwrap_err().is_damaged());
        }
    }

    proptest! {
        #[test]
        fn round_trip(raw in prop::collection::vec((1u64..512, prop::collection::vec(any::<u32>(), 1..9)), 0..9)) {
            let groups: Vec<_> = raw.into_iter().map(|(size, offsets)| {
                let one = |o| Section { offset: u64::from(o), class: 0, blocks: None };
                SectionGroup { size, sections: offsets.into_iter().map(one).collect() }
            }).collect();
            let count = groups.iter().map(|g| g.sections.len()).sum::<usize>();
            let head = header(Client::File, u64::try_from(count).unwrap());
            let bytes = encode(&head, (Widths::EIGHT,), &HERE).unwrap();
            prop_assert_eq!(decode::<ManagerHeader>(&bytes, (Widths::EIGHT,), &HERE).unwrap().0, head.clone());
            let list = SectionList { owner: Addr::new(7), groups };
            let args = (Widths::EIGHT, head.form());
            let bytes = encode(&list, args, &SECTIONS).unwrap();
            prop_assert_eq!(decode::<SectionList>(&bytes, args, &SECTIONS).unwrap().0, list);
        }
    }
}
