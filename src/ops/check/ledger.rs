//! Which bytes of a file are in use, by what and by whom.

/// What uses a stretch of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Superblock, driver information, metadata cache image.
    File,
    /// Object headers.
    Headers,
    /// B-trees and symbol table nodes of old groups.
    Groups,
    /// Local heaps.
    LocalHeaps,
    /// Fractal heaps and the B-trees that index them.
    FractalHeaps,
    /// Shared message tables.
    SharedMessages,
    /// Indexes of chunks.
    ChunkIndexes,
    /// Elements of datasets.
    Raw,
    /// Global heap collections.
    GlobalHeaps,
    /// Free-space managers.
    FreeSpace,
    /// Sections that a free-space manager keeps.
    Free,
}

impl Kind {
    /// A name for people and for JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::File => "superblock",
            Kind::Headers => "object headers",
            Kind::Groups => "group indexes",
            Kind::LocalHeaps => "local heaps",
            Kind::FractalHeaps => "fractal heaps",
            Kind::SharedMessages => "shared messages",
            Kind::ChunkIndexes => "chunk indexes",
            Kind::Raw => "raw data",
            Kind::GlobalHeaps => "global heaps",
            Kind::FreeSpace => "free-space managers",
            Kind::Free => "free space",
        }
    }
}

/// A stretch of the file in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) kind: Kind,
    /// The structure's name.
    pub(super) what: &'static str,
    /// Number of the path.
    pub(super) path: u32,
}

/// All stretches in use.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    regions: Vec<Region>,
    /// Bytes, overlaps counted twice.
    pub(super) bytes: u64,
}

impl Ledger {
    /// Adds a stretch. What follows its neighbour without a gap, of the same owner, becomes one with it.
    pub(super) fn add(&mut self, region: Region) {
        self.bytes = self.bytes.saturating_add(region.end.saturating_sub(region.start));
        if let Some(last) = self.regions.last_mut()
            && (last.end, last.kind, last.path) == (region.start, region.kind, region.path)
            && last.what == region.what
        {
            last.end = region.end;
            return;
        }
        self.regions.push(region);
    }
    /// Bytes by kind.
    pub(super) fn by_kind(&self) -> Vec<(Kind, u64)> {
        let mut sums = std::collections::BTreeMap::<Kind, u64>::new();
        for r in &self.regions {
            let sum = sums.entry(r.kind).or_default();
            *sum = sum.saturating_add(r.end.saturating_sub(r.start));
        }
        sums.into_iter().collect()
    }
    /// Sorts the stretches; gives `overlap` each that begins before an earlier one ends (with that one), and
    /// `gap` what lies between them (start and end), up to `end`.
    pub(super) fn sweep(
        &mut self,
        end: u64,
        mut overlap: impl FnMut(&Region, &Region),
        mut gap: impl FnMut(u64, u64),
    ) {
        self.regions.sort_by_key(|r| (r.start, r.end));
        let mut furthest: Option<Region> = None;
        for r in &self.regions {
            let reached = furthest.map_or(0, |f| f.end);
            match &furthest {
                Some(f) if r.start < f.end => overlap(f, r),
                _ if r.start > reached => gap(reached, r.start),
                _ => {}
            }
            if r.end >= reached {
                furthest = Some(*r);
            }
        }
        let reached = furthest.map_or(0, |f| f.end);
        if reached < end {
            gap(reached, end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_and_gaps_are_found() {
        let mut ledger = Ledger::default();
        let region = |start, end, path| Region { start, end, kind: Kind::Raw, what: "chunk", path };
        for r in [region(10, 20, 0), region(20, 30, 0), region(5, 8, 1), region(25, 40, 2), region(26, 27, 3)]
        {
            ledger.add(r);
        }
        let (mut overlaps, mut gaps) = (Vec::new(), Vec::new());
        ledger.sweep(50, |a, b| overlaps.push((a.path, b.path)), |a, b| gaps.push((a, b)));
        assert_eq!(overlaps, [(0, 2), (2, 3)]);
        assert_eq!(gaps, [(0, 5), (8, 10), (40, 50)]);
        assert_eq!(ledger.by_kind(), [(Kind::Raw, 39)]);
    }
}
