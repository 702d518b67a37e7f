//! Filter pipeline message (0x0B): the filters of a chunked dataset or of a fractal heap.
//!
//! Clause IV.A.2.l; note `spec-notes/filter_pipeline.md`.

use binrw::{BinRead, BinResult, BinWrite, binrw};

use crate::error::{Result, Structure};
use crate::filter::Stage;
use crate::wire::integers::{read_bytes, read_each, read_uint, write_uint};
use crate::wire::{decode, refuse};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("filter pipeline message", "IV.A.2.l");

/// The most filters that a pipeline may have.
pub const MAX_FILTERS: u8 = 32;
/// In version 2, filters with smaller numbers have no name in the file.
const FIRST_NAMED: u16 = 256;
const OPTIONAL: u16 = 0x01;

/// The filters in the order in which they are applied when data are written.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterPipeline {
    /// Version 1 or 2; kept as it was read.
    #[br(assert(matches!(version, 1 | 2), "version {version}, only 1 and 2 are known"))]
    pub version: u8,
    #[br(temp, assert(count <= MAX_FILTERS, "{count} filters, at most {MAX_FILTERS} are possible"))]
    #[bw(try_calc = u8::try_from(self.filters.len()))]
    count: u8,
    #[br(temp, if(version == 1))]
    #[bw(calc = (self.version == 1).then_some([0; 6]))]
    _reserved: Option<[u8; 6]>,
    /// The filters.
    #[br(args { count: usize::from(count), inner: (version,) })]
    #[bw(args(*version))]
    pub filters: Vec<FilterEntry>,
}

/// One filter of a pipeline.
#[binrw]
#[brw(little, import(version: u8))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterEntry {
    /// The registered number.
    pub id: u16,
    #[br(temp, if(version == 1 || id >= FIRST_NAMED))]
    #[bw(try_calc = name_field(*id, version, name.as_deref()))]
    name_length: Option<u16>,
    /// Bit 0: the filter may be left out where it fails.
    pub flags: u16,
    #[br(temp)]
    #[bw(try_calc = u16::try_from(self.client_data.len()))]
    values: u16,
    /// The name without its NUL.
    #[br(parse_with = read_name, args(name_length))]
    #[bw(write_with = put_name, args(name_length))]
    pub name: Option<Vec<u8>>,
    /// Client data values.
    #[br(parse_with = read_values, args(version, values))]
    #[bw(write_with = put_values, args(version))]
    pub client_data: Vec<u32>,
}

/// The name length field: absent in version 2 for small numbers, a multiple of 8 in version 1.
fn name_field(id: u16, version: u8, name: Option<&[u8]>) -> Result<Option<u16>, std::num::TryFromIntError> {
    if version != 1 && id < FIRST_NAMED {
        return Ok(None);
    }
    let with_nul = name.map_or(0, |n| n.len().saturating_add(1));
    let length = if version == 1 { with_nul.checked_next_multiple_of(8).unwrap_or(with_nul) } else { with_nul };
    u16::try_from(length).map(Some)
}

#[binrw::parser(reader)]
fn read_name(length: Option<u16>) -> BinResult<Option<Vec<u8>>> {
    let field = read_bytes(reader, u64::from(length.unwrap_or(0)))?;
    if field.is_empty() {
        return Ok(None);
    }
    Ok(Some(field.into_iter().take_while(|&b| b != 0).collect()))
}

#[binrw::writer(writer)]
fn put_name(name: &Option<Vec<u8>>, length: Option<u16>) -> BinResult<()> {
    let Some(length) = length else { return Ok(()) };
    let mut field = name.clone().unwrap_or_default();
    if field.contains(&0) {
        return Err(refuse(0, "a filter name with a NUL in it"));
    }
    field.resize(usize::from(length), 0);
    Ok(writer.write_all(&field)?)
}

#[binrw::parser(reader, endian)]
fn read_values(version: u8, count: u16) -> BinResult<Vec<u32>> {
    let values = read_each(reader, endian, u64::from(count), |r, e| u32::read_options(r, e, ()))?;
    if version == 1 && count % 2 == 1 {
        read_uint(reader, 4)?;
    }
    Ok(values)
}

#[binrw::writer(writer, endian)]
fn put_values(values: &Vec<u32>, version: u8) -> BinResult<()> {
    values.write_options(writer, endian, ())?;
    if version == 1 && values.len() % 2 == 1 {
        write_uint(writer, 0, 4)?;
    }
    Ok(())
}

impl FilterPipeline {
    /// Decodes the message.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        Ok(decode::<FilterPipeline>(bytes, (), &HERE)?.0)
    }
    /// A message of these stages; version 2 is read by libhdf5 1.8 and later.
    pub fn from_stages(version: u8, stages: &[Stage]) -> Self {
        let filters = stages.iter().map(|s| FilterEntry {
            id: s.id,
            flags: if s.optional { OPTIONAL } else { 0 },
            name: s.name.as_ref().map(|n| n.as_bytes().to_vec()),
            client_data: s.client_data.clone(),
        });
        FilterPipeline { version, filters: filters.collect() }
    }
    /// The stages as the filters take them.
    pub fn stages(&self) -> Vec<Stage> {
        let stage = |f: &FilterEntry| Stage {
            id: f.id,
            name: f.name.as_ref().map(|n| String::from_utf8_lossy(n).into_owned()),
            optional: f.flags & OPTIONAL != 0,
            client_data: f.client_data.clone(),
        };
        self.filters.iter().map(stage).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;
    use proptest::prelude::*;

    #[test]
    fn the_notes_examples() {
        let v1 = b"\x01\x01\0\0\0\0\0\0\x01\0\x08\0\x01\0\x01\0deflate\0\x06\0\0\0\0\0\0\0";
        let pipeline = FilterPipeline::parse(v1).unwrap();
        let deflate =
            Stage { id: 1, name: Some("deflate".into()), optional: true, client_data: vec![6] };
        assert_eq!(pipeline.stages(), std::slice::from_ref(&deflate));
        assert_eq!(encode(&pipeline, (), &HERE).unwrap(), v1);
        assert_eq!(FilterPipeline::from_stages(1, &[deflate]), pipeline);

        let v2 = b"\x02\x02\x02\0\x01\0\x01\0\x04\0\0\0\x0f\x7d\x05\0\0\0\0\0zstd\0";
        let pipeline = FilterPipeline::parse(v2).unwrap();
        assert_eq!(pipeline.filters[0].client_data, [4]);
        assert_eq!(pipeline.filters[1].name.as_deref(), Some(&b"zstd"[..]));
        assert_eq!(encode(&pipeline, (), &HERE).unwrap(), v2);
    }

    #[test]
    fn damaged() {
        assert!(FilterPipeline::parse(&[3, 0]).unwrap_err().is_damaged());
        assert!(FilterPipeline::parse(&[2, 33]).unwrap_err().to_string().contains("33 filters"));
        assert!(FilterPipeline::parse(&[2, 1, 1, 0, 0, 0, 0xff, 0xff]).is_err(), "values are missing");
        assert!(FilterPipeline::parse(&[2, 1, 0, 1, 0xff, 0xff, 0, 0, 0, 0]).is_err(), "the name is missing");
    }

    proptest! {
        #[test]
        fn round_trip(
            version in 1u8..=2,
            raw in prop::collection::vec(
                (any::<u16>(), 0u16..2, "[a-z]{1,20}", prop::collection::vec(any::<u32>(), 0..9)), 0..9),
        ) {
            let filters = raw.into_iter().map(|(id, flags, name, client_data)| {
                let name = (version == 1 || id >= FIRST_NAMED).then(|| name.into_bytes());
                FilterEntry { id, flags, name, client_data }
            });
            let pipeline = FilterPipeline { version, filters: filters.collect() };
            let bytes = encode(&pipeline, (), &HERE).unwrap();
            prop_assert_eq!(FilterPipeline::parse(&bytes).unwrap(), pipeline);
        }
    }
}
