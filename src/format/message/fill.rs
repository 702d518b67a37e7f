//! Fill value messages (0x04 and 0x05): what unwritten elements read as, and when they are written.
//!
//! Clauses IV.A.2.e and IV.A.2.f; note `spec-notes/fill.md`.

use binrw::{BinResult, binrw};

use crate::error::{Result, Structure};
use crate::wire::integers::{put_bytes, read_bytes, read_uint};
use crate::wire::{decode, refuse};

/// The old message's name and clause.
pub const OLD: Structure = Structure::new("old fill value message", "IV.A.2.e");
/// The message's name and clause.
pub const HERE: Structure = Structure::new("fill value message", "IV.A.2.f");

/// The value itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FillValue {
    /// Unwritten elements are undefined.
    Undefined,
    /// Zeros.
    #[default]
    Default,
    /// One element of the dataset's type.
    Given(Vec<u8>),
}

/// Old fill value message (0x04); without bytes the value is the default.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldFill {
    #[br(temp)]
    #[bw(try_calc = u32::try_from(self.value.len()))]
    value_bytes: u32,
    /// One element of the dataset's type.
    #[br(parse_with = crate::wire::integers::bytes, args(u64::from(value_bytes)))]
    #[bw(write_with = put_bytes, args(0))]
    pub value: Vec<u8>,
}

/// Fill value message (0x05), versions 1 to 3.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// 1 to 3.
    #[br(assert(matches!(version, 1..=3), "version {version}, expected 1 to 3"))]
    pub version: u8,
    /// When space is allocated and filled, and the value.
    #[br(parse_with = read_rules, args(version))]
    #[bw(write_with = write_rules, args(*version))]
    pub rules: FillRules,
}

/// Fill time: the value is never written.
pub const FILL_NEVER: u8 = 1;

/// Allocation time: space is taken when the dataset is made.
pub const ALLOCATE_EARLY: u8 = 1;

/// When space is allocated and filled, and with what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FillRules {
    /// 1 early, 2 late, 3 incremental.
    pub allocation_time: u8,
    /// 0 on allocation, 1 never, 2 if a value is given.
    pub fill_time: u8,
    /// The value.
    pub value: FillValue,
}

const UNDEFINED: u8 = 0x10;
const GIVEN: u8 = 0x20;

impl Fill {
    /// Decodes the message.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        decode::<Fill>(bytes, (), &HERE).map(|(fill, _)| fill)
    }
}

#[binrw::parser(reader)]
fn read_rules(version: u8) -> BinResult<FillRules> {
    if version == 3 {
        let [flags] = <[u8; 1]>::try_from(read_bytes(reader, 1)?).unwrap_or_default();
        let value = match (flags & UNDEFINED != 0, flags & GIVEN != 0) {
            _ if flags & 0xc0 != 0 => return Err(refuse(1, format!("unknown flags {flags:#04x}"))),
            (true, true) => return Err(refuse(1, "a value is both undefined and given")),
            (true, false) => FillValue::Undefined,
            (false, false) => FillValue::Default,
            (false, true) => {
                let size = read_uint(reader, 4)?;
                match read_bytes(reader, size)? {
                    value if value.is_empty() => FillValue::Default,
                    value => FillValue::Given(value),
                }
            }
        };
        return Ok(FillRules { allocation_time: flags & 3, fill_time: (flags >> 2) & 3, value });
    }
    let [allocation_time, fill_time, defined] = <[u8; 3]>::try_from(read_bytes(reader, 3)?).unwrap_or_default();
    let value = if defined == 0 {
        FillValue::Undefined
    } else {
        match read_uint(reader, 4)? {
            0 => FillValue::Default,
            size if size > u64::from(i32::MAX.unsigned_abs()) => FillValue::Undefined,
            size => FillValue::Given(read_bytes(reader, size)?),
        }
    };
    Ok(FillRules { allocation_time, fill_time, value })
}

#[binrw::writer(writer)]
fn write_rules(rules: &FillRules, version: u8) -> BinResult<()> {
    let value: &[u8] = match &rules.value {
        FillValue::Given(v) => v,
        _ => &[],
    };
    let size = u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes();
    if version == 3 {
        let kind = match rules.value {
            FillValue::Undefined => UNDEFINED,
            FillValue::Default => 0,
            FillValue::Given(_) => GIVEN,
        };
        writer.write_all(&[(rules.allocation_time & 3) | (rules.fill_time & 3) << 2 | kind])?;
        if kind == GIVEN {
            writer.write_all(&size)?;
            writer.write_all(value)?;
        }
        return Ok(());
    }
    let defined = u8::from(rules.value != FillValue::Undefined);
    writer.write_all(&[rules.allocation_time, rules.fill_time, defined])?;
    if defined == 1 {
        writer.write_all(&size)?;
        writer.write_all(value)?;
    } else if version == 1 {
        writer.write_all(&(-1i32).to_le_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::encode;
    use proptest::prelude::*;

    #[test]
    fn the_notes_examples() {
        for bytes in [&[2u8, 2, 2, 1, 4, 0, 0, 0, 9, 9, 9, 9][..], &[3, 0x2a, 2, 0, 0, 0, 7, 7], &[3, 0x1a], &[2, 2, 2, 0]] {
            let fill = Fill::parse(bytes).unwrap();
            assert_eq!(encode(&fill, (), &HERE).unwrap(), bytes);
        }
        let fill = Fill::parse(&[2, 2, 2, 1, 0xff, 0xff, 0xff, 0xff]).unwrap();
        assert_eq!(fill.rules.value, FillValue::Undefined, "size -1");
    }

    #[test]
    fn damaged() {
        assert!(Fill::parse(&[3, 0x30, 0, 0, 0, 0]).is_err());
        assert!(Fill::parse(&[3, 0x40]).is_err());
        assert!(Fill::parse(&[2, 2, 2, 1, 9, 0, 0, 0, 1]).is_err());
        assert!(Fill::parse(&[4, 2, 2, 1]).is_err());
    }

    #[test]
    fn the_old_message() {
        let bytes = [2, 0, 0, 0, 7, 7];
        let (old, _) = decode::<OldFill>(&bytes, (), &OLD).unwrap();
        assert_eq!(old.value, [7, 7]);
        assert_eq!(encode(&old, (), &OLD).unwrap(), bytes);
        assert!(decode::<OldFill>(&[9, 0, 0, 0, 7], (), &OLD).unwrap_err().is_damaged());
        assert_eq!(Fill::parse(&[3, 0x2a, 0, 0, 0, 0]).unwrap().rules.value, FillValue::Default, "no bytes");
    }

    proptest! {
        #[test]
        fn round_trip(
            (version, allocation_time, fill_time) in (1u8..4, 0u8..4, 0u8..4),
            value in prop_oneof![
                Just(FillValue::Undefined),
                Just(FillValue::Default),
                prop::collection::vec(any::<u8>(), 1..40).prop_map(FillValue::Given),
            ],
        ) {
            let fill = Fill { version, rules: FillRules { allocation_time, fill_time, value } };
            prop_assert_eq!(Fill::parse(&encode(&fill, (), &HERE).unwrap()).unwrap(), fill);
        }
    }
}
