//! Data layout message (0x08): where a dataset's elements lie.
//!
//! Clause IV.A.2.i; note `spec-notes/layout.md`.

use binrw::{BinRead, BinResult, BinWrite, binrw};

use crate::error::{Result, Structure};
use crate::wire::integers::{bytes, put_bytes, read_uint, write_uint};
use crate::wire::{Addr, Length, Widths, apart, decode, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("data layout message", "IV.A.2.i");

/// The most dimensions, the element's size included.
const MAX_DIMS: u8 = 33;
/// Chunk flag: the chunks at the edge are stored without their filters.
pub const EDGES_UNFILTERED: u8 = 0x01;
/// Chunk flag: the single chunk is filtered, its stored size follows.
pub const SINGLE_FILTERED: u8 = 0x02;

/// The layout of any version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// 1 to 5.
    pub version: u8,
    /// Where the elements lie.
    pub class: LayoutClass,
}

/// Where the elements lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayoutClass {
    /// In the message itself.
    Compact(Vec<u8>),
    /// In one block.
    Contiguous {
        /// The block; undefined while nothing is written.
        address: Addr,
        /// Its bytes; not stored in versions 1 and 2, and implied by type and space in all.
        size: Length,
    },
    /// In chunks of equal shape.
    Chunked(Chunked),
    /// In other datasets: the mapping is an object of a global heap.
    Virtual {
        /// The heap collection; undefined where there is no mapping.
        collection: Addr,
        /// The object in it.
        index: u32,
    },
}

/// A chunked layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunked {
    /// [`EDGES_UNFILTERED`], [`SINGLE_FILTERED`].
    pub flags: u8,
    /// Shape of a chunk in elements, slowest first; the last number is the element's size in bytes.
    pub dims: Vec<u64>,
    /// How chunks are found.
    pub index: IndexKind,
    /// The index's first structure.
    pub address: Addr,
}

/// The kinds of chunk index and their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexKind {
    /// B-tree version 1 (layout versions 1 to 3).
    BTree1,
    /// One chunk; its stored size and filter mask where it is filtered.
    Single(Option<(Length, u32)>),
    /// All chunks one after the other.
    Implicit,
    /// Fixed array.
    FixedArray(FixedArrayParameters),
    /// Extensible array.
    ExtensibleArray(ExtensibleArrayParameters),
    /// B-tree version 2.
    BTree2(BTree2Parameters),
}

/// Creation parameters of a fixed array.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedArrayParameters {
    /// log2 of the elements of a page.
    pub page_bits: u8,
}

/// Creation parameters of an extensible array.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtensibleArrayParameters {
    /// Bits that hold the largest element index.
    pub max_elements_bits: u8,
    /// Elements in the index block.
    pub index_block_elements: u8,
    /// Fewest data blocks of a super block.
    pub super_block_min_pointers: u8,
    /// Fewest elements of a data block.
    pub data_block_min_elements: u8,
    /// log2 of the elements of a page.
    pub page_bits: u8,
}

/// Creation parameters of a version 2 B-tree.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BTree2Parameters {
    /// Bytes of a node.
    pub node_bytes: u32,
    /// Fill in percent at which a node is split.
    pub split_percent: u8,
    /// Fill in percent at which nodes are merged.
    pub merge_percent: u8,
}

/// Versions 1 and 2.
#[binrw]
#[brw(little, import(w: Widths))]
struct Old {
    #[br(temp, assert(rank > 0 && rank <= MAX_DIMS, "{rank} dimensions"))]
    #[bw(calc = u8::try_from(self.dims.len()).unwrap_or(u8::MAX))]
    rank: u8,
    #[br(assert(class < 3, "layout class {class}, expected 0 to 2"))]
    class: u8,
    #[br(temp)]
    #[bw(calc = [0; 5])]
    reserved: [u8; 5],
    #[br(if(class != 0), args_raw = (w,))]
    #[bw(args_raw = (w,))]
    address: Option<Addr>,
    #[br(count = rank)]
    dims: Vec<u32>,
    #[br(temp, if(class == 0))]
    #[bw(calc = u32::try_from(self.data.len()).unwrap_or(u32::MAX), if(*class == 0))]
    data_bytes: u32,
    #[br(parse_with = bytes, args(u64::from(data_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    data: Vec<u8>,
}

/// Compact, versions 3 to 5.
#[binrw]
#[brw(little)]
struct Compact {
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.data.len()))]
    data_bytes: u16,
    #[br(parse_with = bytes, args(u64::from(data_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    data: Vec<u8>,
}

/// Contiguous, versions 3 to 5.
#[binrw]
#[brw(little, import(w: Widths))]
struct Contiguous {
    #[brw(args(w))]
    address: Addr,
    #[brw(args(w))]
    size: Length,
}

/// Chunked, version 3.
#[binrw]
#[brw(little, import(w: Widths))]
struct Chunked3 {
    #[br(temp, assert((2..=MAX_DIMS).contains(&rank), "{rank} dimensions with the element's size"))]
    #[bw(calc = u8::try_from(self.dims.len()).unwrap_or(u8::MAX))]
    rank: u8,
    #[brw(args(w))]
    address: Addr,
    #[br(count = rank)]
    dims: Vec<u32>,
}

/// Chunked, versions 4 and 5, up to the index.
#[binrw]
#[brw(little)]
struct Chunked4 {
    #[br(assert(flags & !(EDGES_UNFILTERED | SINGLE_FILTERED) == 0, "unknown chunk flags {flags:#04x}"))]
    flags: u8,
    #[br(temp, assert((2..=MAX_DIMS).contains(&rank), "{rank} dimensions with the element's size"))]
    #[bw(calc = u8::try_from(self.dims.len()).unwrap_or(u8::MAX))]
    rank: u8,
    #[br(temp, assert((1..=8).contains(&width), "chunk dimensions of {width} bytes"))]
    #[bw(calc = dims_width(&self.dims))]
    width: u8,
    #[br(parse_with = read_dims, args(rank, width))]
    #[bw(write_with = write_dims, args(width))]
    dims: Vec<u64>,
    kind: u8,
}

/// Virtual, versions 4 and 5.
#[binrw]
#[brw(little, import(w: Widths))]
struct Virtual {
    #[brw(args(w))]
    collection: Addr,
    index: u32,
}

fn dims_width(dims: &[u64]) -> u8 {
    let bits = dims.iter().max().map_or(1, |d| 64u32.saturating_sub(d.leading_zeros()).max(1));
    u8::try_from(bits.div_ceil(8)).unwrap_or(8)
}

#[binrw::parser(reader)]
fn read_dims(rank: u8, width: u8) -> BinResult<Vec<u64>> {
    (0..rank).map(|_| read_uint(reader, width)).collect()
}

#[binrw::writer(writer)]
fn write_dims(dims: &Vec<u64>, width: u8) -> BinResult<()> {
    dims.iter().try_for_each(|d| write_uint(writer, *d, width))
}

impl Layout {
    /// Decodes the message of any version.
    pub fn parse(raw: &[u8], w: Widths) -> Result<Self> {
        decode::<Layout>(raw, (w,), &HERE).map(|(layout, _)| layout)
    }
}

impl binrw::meta::ReadEndian for Layout {
    const ENDIAN: binrw::meta::EndianKind = binrw::meta::EndianKind::Endian(binrw::Endian::Little);
}
impl binrw::meta::WriteEndian for Layout {
    const ENDIAN: binrw::meta::EndianKind = binrw::meta::EndianKind::Endian(binrw::Endian::Little);
}

impl BinRead for Layout {
    type Args<'a> = (Widths,);
    fn read_options<R: std::io::Read + std::io::Seek>(r: &mut R, e: binrw::Endian, (w,): (Widths,)) -> BinResult<Self> {
        let version = u8::read_options(r, e, ())?;
        let class = match version {
            1 | 2 => from_old(apart::<Old, _>(r, e, (w,))?)?,
            3..=5 => match (u8::read_options(r, e, ())?, version) {
                (0, _) => LayoutClass::Compact(apart::<Compact, _>(r, e, ())?.data),
                (1, _) => {
                    let c = apart::<Contiguous, _>(r, e, (w,))?;
                    LayoutClass::Contiguous { address: c.address, size: c.size }
                }
                (2, 3) => {
                    let c = apart::<Chunked3, _>(r, e, (w,))?;
                    chunked(0, c.dims.into_iter().map(u64::from).collect(), IndexKind::BTree1, c.address)?
                }
                (2, _) => {
                    let c = apart::<Chunked4, _>(r, e, ())?;
                    let index = read_index(r, e, w, c.kind, c.flags)?;
                    chunked(c.flags, c.dims, index, Addr::read_options(r, e, (w,))?)?
                }
                (3, 4 | 5) => {
                    let v = apart::<Virtual, _>(r, e, (w,))?;
                    LayoutClass::Virtual { collection: v.collection, index: v.index }
                }
                (class, _) => return Err(refuse(1, format!("layout class {class} in version {version}"))),
            },
            _ => return Err(refuse(0, format!("version {version}, expected 1 to 5"))),
        };
        Ok(Layout { version, class })
    }
}

fn chunked(flags: u8, dims: Vec<u64>, index: IndexKind, address: Addr) -> BinResult<LayoutClass> {
    if dims.contains(&0) {
        return Err(refuse(0, "a chunk dimension of 0"));
    }
    Ok(LayoutClass::Chunked(Chunked { flags, dims, index, address }))
}

fn from_old(old: Old) -> BinResult<LayoutClass> {
    let dims = old.dims.into_iter().map(u64::from).collect::<Vec<_>>();
    match (old.class, old.address) {
        (1, Some(address)) => Ok(LayoutClass::Contiguous { address, size: Length::UNLIMITED }),
        (2, Some(_)) if dims.len() < 2 => Err(refuse(1, "chunks of no dimension")),
        (2, Some(address)) => chunked(0, dims, IndexKind::BTree1, address),
        _ => Ok(LayoutClass::Compact(old.data)),
    }
}

#[inline(never)]
fn read_index<R: std::io::Read + std::io::Seek>(
    r: &mut R,
    e: binrw::Endian,
    w: Widths,
    kind: u8,
    flags: u8,
) -> BinResult<IndexKind> {
    Ok(match kind {
        1 if flags & SINGLE_FILTERED != 0 => {
            IndexKind::Single(Some((Length::read_options(r, e, (w,))?, u32::read_options(r, e, ())?)))
        }
        1 => IndexKind::Single(None),
        2 => IndexKind::Implicit,
        3 => IndexKind::FixedArray(BinRead::read_options(r, e, ())?),
        4 => IndexKind::ExtensibleArray(BinRead::read_options(r, e, ())?),
        5 => IndexKind::BTree2(BinRead::read_options(r, e, ())?),
        _ => return Err(refuse(0, format!("chunk index {kind}, expected 1 to 5"))),
    })
}

impl BinWrite for Layout {
    type Args<'a> = (Widths,);
    fn write_options<W: std::io::Write + std::io::Seek>(
        &self,
        out: &mut W,
        e: binrw::Endian,
        (w,): (Widths,),
    ) -> BinResult<()> {
        match (self.version, &self.class) {
            (..3, _) => return Err(refuse(0, "layout versions 1 and 2 are read, never written")),
            (6.., _) => return Err(refuse(0, format!("layout version {}, expected 3 to 5", self.version))),
            (3, LayoutClass::Virtual { .. }) => return Err(refuse(0, "a virtual layout needs version 4")),
            _ => {}
        }
        self.version.write_options(out, e, ())?;
        match &self.class {
            LayoutClass::Compact(data) => (0u8, Compact { data: data.clone() }).write_options(out, e, ()),
            LayoutClass::Contiguous { address, size } => {
                1u8.write_options(out, e, ())?;
                Contiguous { address: *address, size: *size }.write_options(out, e, (w,))
            }
            LayoutClass::Virtual { collection, index } => {
                3u8.write_options(out, e, ())?;
                Virtual { collection: *collection, index: *index }.write_options(out, e, (w,))
            }
            LayoutClass::Chunked(c) => {
                2u8.write_options(out, e, ())?;
                write_chunked(out, e, w, self.version, c)
            }
        }
    }
}

fn write_chunked<W: std::io::Write + std::io::Seek>(
    out: &mut W,
    e: binrw::Endian,
    w: Widths,
    version: u8,
    c: &Chunked,
) -> BinResult<()> {
    let kind = match &c.index {
        IndexKind::BTree1 if version > 3 || c.flags != 0 => {
            return Err(refuse(0, "chunk B-trees of version 1 need layout version 3, which has no flags"));
        }
        IndexKind::BTree1 => {
            let dims = c.dims.iter().map(|d| u32::try_from(*d)).collect::<std::result::Result<Vec<_>, _>>();
            let dims = dims.map_err(|_| refuse(0, "a chunk dimension over 32 bits needs layout version 4"))?;
            return Chunked3 { address: c.address, dims }.write_options(out, e, (w,));
        }
        _ if version < 4 => return Err(refuse(0, "this chunk index needs layout version 4")),
        IndexKind::Single(_) => 1,
        IndexKind::Implicit => 2,
        IndexKind::FixedArray(_) => 3,
        IndexKind::ExtensibleArray(_) => 4,
        IndexKind::BTree2(_) => 5,
    };
    let flags = match &c.index {
        IndexKind::Single(Some(_)) => c.flags | SINGLE_FILTERED,
        IndexKind::Single(None) => c.flags & !SINGLE_FILTERED,
        _ => c.flags,
    };
    Chunked4 { flags, dims: c.dims.clone(), kind }.write_options(out, e, ())?;
    match &c.index {
        IndexKind::Single(Some((size, mask))) => {
            size.write_options(out, e, (w,))?;
            mask.write_options(out, e, ())?;
        }
        IndexKind::FixedArray(p) => p.write_options(out, e, ())?,
        IndexKind::ExtensibleArray(p) => p.write_options(out, e, ())?,
        IndexKind::BTree2(p) => p.write_options(out, e, ())?,
        IndexKind::Single(None) | IndexKind::Implicit | IndexKind::BTree1 => {}
    }
    c.address.write_options(out, e, (w,))
}

#[cfg(test)]
mod tests;
