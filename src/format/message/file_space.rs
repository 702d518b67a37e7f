//! File space info message (0x17): how free space is kept, in a superblock extension.
//!
//! Clause IV.A.2.x; note `spec-notes/file_space.md`.

use binrw::binrw;

use crate::error::Structure;
use crate::wire::{Addr, Length, Widths};

/// The structure's name and clause.
pub const HERE: Structure = Structure::new("file space info message", "IV.A.2.x");

/// The largest page.
const MAX_PAGE: u64 = 1 << 30;

/// How the file's space is handled.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSpaceInfo {
    /// Version 0, written by pre-releases of 1.10 only.
    #[brw(magic = 0u8)]
    Draft {
        /// 1: all managed and kept, 2: managed while open, 3: aggregation only, 4: none.
        #[br(assert(matches!(strategy, 1..=4), "strategy {strategy}, expected 1 to 4"))]
        strategy: u8,
        /// Smallest free section that is tracked.
        #[brw(args(w))]
        threshold: Length,
        /// The managers of the six kinds of data, with strategy 1.
        #[br(if(strategy == 1), args_raw = (w,))]
        #[bw(args_raw = (w,))]
        managers: Option<[Addr; 6]>,
    },
    /// Version 1.
    #[brw(magic = 1u8)]
    Current(#[brw(args_raw = (w,))] FileSpace),
}

/// Version 1 of the message.
#[binrw]
#[brw(little, import_raw(args: (Widths,)))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpace {
    /// 0: managers with aggregation, 1: pages, 2: aggregation only, 3: none.
    pub strategy: u8,
    #[br(temp)]
    #[bw(calc = u8::from(self.managers.is_some()))]
    persist: u8,
    /// Smallest free section that is tracked.
    #[brw(args_raw = args)]
    pub threshold: Length,
    /// Bytes of a page.
    #[br(assert((1..=MAX_PAGE).contains(&page_bytes.0), "pages of {} bytes, at most {MAX_PAGE} are possible", page_bytes.0))]
    #[brw(args_raw = args)]
    pub page_bytes: Length,
    /// Smallest free end of a page that is tracked.
    pub page_end_threshold: u16,
    /// End of allocated space before the managers themselves were written.
    #[brw(args_raw = args)]
    pub end_before_managers: Addr,
    /// Six managers for small and six for large sections, where free space is kept in the file.
    #[br(if(persist != 0), args_raw = args)]
    #[bw(args_raw = args)]
    pub managers: Option<[Addr; 12]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{decode, encode};
    use proptest::prelude::*;

    const W: (Widths,) = (Widths { offset: 4, length: 4 },);

    #[test]
    fn the_notes_example() {
        let bytes = [1, 1, 0, 1, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        let (v, used) = decode::<FileSpaceInfo>(&bytes, W, &HERE).unwrap();
        assert_eq!(used, bytes.len());
        let FileSpaceInfo::Current(space) = &v else { panic!("{v:?}") };
        assert_eq!((space.strategy, space.page_bytes, &space.managers), (1, Length(4096), &None));
        assert_eq!(encode(&v, W, &HERE).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<FileSpaceInfo>(&[2; 99], W, &HERE).unwrap_err().is_damaged(), "version 2");
        assert!(decode::<FileSpaceInfo>(&[1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], W, &HERE).unwrap_err().is_damaged(), "no page");
        assert!(decode::<FileSpaceInfo>(&[0, 5, 1, 0, 0, 0], W, &HERE).unwrap_err().is_damaged(), "strategy 5");
        assert!(decode::<FileSpaceInfo>(&[0, 1, 1, 0, 0, 0, 7], W, &HERE).unwrap_err().is_damaged(), "cut short");
    }

    proptest! {
        #[test]
        fn round_trip(strategy in 1u8..5, kept: bool, draft: bool, at in 0u64..0xffff_ffff, page_end_threshold: u16) {
            let v = if draft {
                let managers = (strategy == 1).then_some([Addr::new(at); 6]);
                FileSpaceInfo::Draft { strategy, threshold: Length(at), managers }
            } else {
                FileSpaceInfo::Current(FileSpace {
                    strategy,
                    threshold: Length(1),
                    page_bytes: Length(512),
                    page_end_threshold,
                    end_before_managers: Addr::new(at),
                    managers: kept.then_some([Addr::UNDEFINED; 12]),
                })
            };
            let bytes = encode(&v, W, &HERE).unwrap();
            prop_assert_eq!(decode::<FileSpaceInfo>(&bytes, W, &HERE).unwrap(), (v, bytes.len()));
        }
    }
}
