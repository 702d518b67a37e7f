//! Which elements of a dataset are meant.

use crate::error::{Error, Result};
use crate::format::selection::{Span, StoredSelection, UNLIMITED};

/// Elements of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// Every element.
    All,
    /// A regular hyperslab: one span per dimension, slowest first.
    Slab(Vec<Span>),
    /// Single elements in any order: `rank` coordinates each.
    Points {
        /// Number of dimensions.
        rank: usize,
        /// Coordinates, one point after the other.
        coordinates: Vec<u64>,
    },
    /// Boxes that may have any place, given by first and last corner; read in row-major order of the elements.
    Blocks {
        /// Number of dimensions.
        rank: usize,
        /// `rank` first and `rank` last coordinates for each box.
        corners: Vec<u64>,
    },
}

/// A span of `count` elements from `start`, each `step` apart.
pub const fn span(start: u64, step: u64, count: u64) -> Span {
    Span { start, stride: step, count, block: 1 }
}

impl Span {
    /// Elements `start..start + count`.
    pub const fn range(start: u64, count: u64) -> Span {
        Span { start, stride: count, count: 1, block: count }
    }
    /// Selected elements; an error where they are without end or more than 2^64.
    pub fn elements(&self) -> Result<u64> {
        if self.count == UNLIMITED || self.block == UNLIMITED {
            return Err(Error::usage("a selection without end"));
        }
        self.count.checked_mul(self.block).ok_or_else(|| Error::limit("a selection of more than 2^64 elements"))
    }
    /// The element after the last selected one.
    pub fn end(&self) -> u64 {
        if self.count == 0 || self.block == 0 {
            return self.start;
        }
        let last = self.stride.saturating_mul(self.count.saturating_sub(1));
        self.start.saturating_add(last).saturating_add(self.block)
    }
    /// Checks that blocks do not overlap and that the span lies within `size` elements.
    fn check(&self, size: u64) -> Result<()> {
        if self.count > 1 && self.stride < self.block.max(1) {
            return Err(Error::usage(format!("blocks of {} elements every {}", self.block, self.stride)));
        }
        self.elements()?;
        if self.end() > size {
            return Err(Error::usage(format!("elements up to {} selected of {size}", self.end())));
        }
        Ok(())
    }
    /// The part of the span before `size`; blocks that would be cut are cut.
    pub fn clipped(&self, size: u64) -> Vec<Span> {
        if self.start >= size || self.count == 0 || self.block == 0 {
            return Vec::new();
        }
        if self.count == 1 || self.stride == 0 {
            let block = self.block.min(size.saturating_sub(self.start));
            return vec![Span { block, count: 1, ..*self }];
        }
        let room = size.saturating_sub(self.start);
        let whole = match room.checked_sub(self.block) {
            Some(after) => after.checked_div(self.stride).unwrap_or(0).saturating_add(1).min(self.count),
            None => 0,
        };
        let mut out = Vec::new();
        if whole > 0 {
            out.push(Span { count: whole, ..*self });
        }
        let next = self.start.saturating_add(self.stride.saturating_mul(whole));
        if whole < self.count && next < size {
            let block = self.block.min(size.saturating_sub(next));
            out.push(Span { start: next, stride: block, count: 1, block });
        }
        out
    }
}

impl Selection {
    /// The selection as spans over `dims`, checked; none for points and boxes.
    pub fn spans(&self, dims: &[u64]) -> Result<Option<Vec<Span>>> {
        match self {
            Selection::All => Ok(Some(dims.iter().map(|d| Span::range(0, *d)).collect())),
            Selection::Slab(spans) => {
                if spans.len() != dims.len() {
                    let (n, rank) = (spans.len(), dims.len());
                    return Err(Error::usage(format!("a selection of {n} dimensions in a dataset of {rank}")));
                }
                spans.iter().zip(dims).try_for_each(|(s, d)| s.check(*d))?;
                Ok(Some(spans.clone()))
            }
            Selection::Points { rank, coordinates } => check_corners(*rank, coordinates, dims, 1).map(|()| None),
            Selection::Blocks { rank, corners } => check_corners(*rank, corners, dims, 2).map(|()| None),
        }
    }
    /// The shape that the selected elements come in.
    pub fn shape(&self, dims: &[u64]) -> Result<Vec<u64>> {
        match self {
            Selection::All => Ok(dims.to_vec()),
            Selection::Slab(spans) => spans.iter().map(Span::elements).collect(),
            Selection::Points { .. } | Selection::Blocks { .. } => Ok(vec![self.elements(dims)?]),
        }
    }
    /// How many elements are selected.
    pub fn elements(&self, dims: &[u64]) -> Result<u64> {
        let product = |sizes: &[u64]| {
            let n = sizes.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
            n.ok_or_else(|| Error::limit("a selection of more than 2^64 elements"))
        };
        match self {
            Selection::Points { rank, coordinates } => {
                Ok(u64::try_from(coordinates.len().checked_div(*rank).unwrap_or(0)).unwrap_or(u64::MAX))
            }
            Selection::Blocks { .. } => self.boxes().iter().try_fold(0u64, |n, b| {
                let sizes: Vec<u64> = b.iter().map(|s| s.block).collect();
                n.checked_add(product(&sizes)?).ok_or_else(|| Error::limit("more than 2^64 elements"))
            }),
            _ => product(&self.shape(dims)?),
        }
    }
    /// The boxes of [`Selection::Blocks`], as spans.
    pub fn boxes(&self) -> Vec<Vec<Span>> {
        let Selection::Blocks { rank, corners } = self else { return Vec::new() };
        let each = corners.chunks_exact(rank.saturating_mul(2).max(1));
        let spans = each.map(|c| {
            let (first, last) = c.split_at(*rank);
            first.iter().zip(last).map(|(a, b)| Span::range(*a, b.saturating_sub(*a).saturating_add(1))).collect()
        });
        spans.collect()
    }
    /// A stored selection that has an end, in a space of these dimensions.
    pub fn from_stored(stored: &StoredSelection) -> Selection {
        match stored {
            StoredSelection::All => Selection::All,
            StoredSelection::None => Selection::Points { rank: 1, coordinates: Vec::new() },
            StoredSelection::Points { rank, coordinates } => {
                Selection::Points { rank: *rank, coordinates: coordinates.clone() }
            }
            StoredSelection::Regular(spans) => Selection::Slab(spans.clone()),
            StoredSelection::Blocks { rank, corners } => {
                Selection::Blocks { rank: *rank, corners: corners.clone() }
            }
        }
    }
}

fn check_corners(rank: usize, corners: &[u64], dims: &[u64], per_item: usize) -> Result<()> {
    if corners.is_empty() {
        return Ok(());
    }
    if rank != dims.len() {
        return Err(Error::usage(format!("points of rank {rank} in a dataset of rank {}", dims.len())));
    }
    if rank == 0 || corners.len().checked_rem(rank.saturating_mul(per_item)) != Some(0) {
        return Err(Error::usage(format!("{} coordinates for points of rank {rank}", corners.len())));
    }
    for point in corners.chunks_exact(rank) {
        if let Some((c, d)) = point.iter().zip(dims).find(|(c, d)| c >= d) {
            return Err(Error::usage(format!("element {c} selected of {d}")));
        }
    }
    Ok(())
}
