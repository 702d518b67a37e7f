//! Which version of each structure is written, by the oldest libhdf5 that is to read the file.
//!
//! Clause: none, it follows libhdf5's version bounds; note `spec-notes/versions.md`.

/// The oldest libhdf5 that reads what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Bound {
    /// Every libhdf5 since 1.6: superblock 0, object headers 1, symbol tables, B-trees version 1.
    Earliest,
    /// 1.8 and later: superblock 2, object headers 2, links in headers and heaps.
    V18,
    /// 1.10 and later: superblock 3, the chunk indexes of layout version 4.
    #[default]
    V110,
    /// 2.0 and later: datatypes version 5. Layout version 5 where its larger sizes are needed.
    V200,
}

impl Bound {
    /// The bound that a file's superblock was written for.
    pub fn of_superblock(version: u8) -> Bound {
        match version {
            0 | 1 => Bound::Earliest,
            2 => Bound::V18,
            _ => Bound::V110,
        }
    }
    /// Superblock version.
    pub fn superblock(self) -> u8 {
        match self {
            Bound::Earliest => 0,
            Bound::V18 => 2,
            Bound::V110 | Bound::V200 => 3,
        }
    }
    /// Object header version.
    pub fn header(self) -> u8 {
        if self == Bound::Earliest { 1 } else { 2 }
    }
    /// Data layout message version; virtual datasets have 4 at least.
    pub fn layout(self) -> u8 {
        if self >= Bound::V110 { 4 } else { 3 }
    }
    /// Datatype message version, where the type needs no higher one.
    pub fn datatype(self) -> u8 {
        if self == Bound::Earliest { 1 } else { 3 }
    }
    /// Attribute message version.
    pub fn attribute(self) -> u8 {
        if self == Bound::Earliest { 1 } else { 3 }
    }
    /// Fill value message version.
    pub fn fill(self) -> u8 {
        if self == Bound::Earliest { 2 } else { 3 }
    }
    /// Filter pipeline message version.
    pub fn filter_pipeline(self) -> u8 {
        if self == Bound::Earliest { 1 } else { 2 }
    }
    /// Dataspace message version; null spaces have 2.
    pub fn dataspace(self) -> u8 {
        if self == Bound::Earliest { 1 } else { 2 }
    }
}
