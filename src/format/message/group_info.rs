//! Group info message (0x0A): how a new-style group is to grow.
//!
//! Clause IV.A.2.k; note `spec-notes/group_info.md`.

use binrw::binrw;

use super::super::header::PhaseChange;
use crate::error::Structure;

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("group info message", "IV.A.2.k");

/// Hints for a group's links.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupInfo {
    #[br(temp, assert(version == 0, "version {version}, only 0 is known"))]
    #[bw(calc = 0)]
    version: u8,
    #[br(temp, assert(flags & !3 == 0, "unknown flags {flags:#04x}"))]
    #[bw(calc = u8::from(self.phase_change.is_some()) | u8::from(self.estimate.is_some()) << 1)]
    flags: u8,
    /// When links go from the header into a heap and back; absent: 8 and 6.
    #[br(if(flags & 1 != 0))]
    pub phase_change: Option<PhaseChange>,
    /// Expected number of links and length of their names; absent: 4 and 8.
    #[br(if(flags & 2 != 0))]
    pub estimate: Option<(u16, u16)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    #[test]
    fn the_notes_example() {
        let bytes = [0, 3, 16, 0, 12, 0, 4, 0, 8, 0];
        let (v, used) = decode::<GroupInfo>(&bytes, (), &HERE).unwrap();
        assert_eq!(used, bytes.len());
        assert_eq!(v.phase_change, Some(PhaseChange { max_compact: 16, min_dense: 12 }));
        assert_eq!(v.estimate, Some((4, 8)));
        assert_eq!(encode(&v, (), &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<GroupInfo>(&[1, 0], (), &HERE).unwrap_err().is_damaged(), "version 1");
        assert!(decode::<GroupInfo>(&[0, 4], (), &HERE).unwrap_err().is_damaged(), "flag 4");
        assert!(decode::<GroupInfo>(&[0, 1, 8], (), &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(phase: Option<(u16, u16)>, estimate: Option<(u16, u16)>) {
            let v = {
                let phase_change = phase.map(|(max_compact, min_dense)| PhaseChange { max_compact, min_dense });
                GroupInfo { phase_change, estimate }
            };
            let bytes = encode(&v, (), &HERE).unwrap();
            prop_assert_eq!(decode::<GroupInfo>(&bytes, (), &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
