//! New virtual datasets: which elements of which datasets they are made of.

use std::sync::Arc;

use crate::data::selection::Selection;
use crate::error::{Error, Result};
use crate::format::selection::{Span, StoredSelection, UNLIMITED};
use crate::format::virtual_map::{Mapping, encode_map};
use crate::model::new_dataset::NewLayout;
use crate::store::heap::global;
use crate::store::open::Container;

/// Elements of one dataset, and their places in the virtual one.
pub(super) struct Source {
    pub(super) file: Arc<[u8]>,
    pub(super) dataset: Arc<[u8]>,
    pub(super) source: Selection,
    pub(super) target: Selection,
}

/// How many elements a selection has.
enum Count {
    /// This many.
    Fixed(u64),
    /// As many as the dataset has.
    Whole,
    /// It has no end.
    Endless,
}

fn endless(span: &Span) -> bool {
    span.count == UNLIMITED || span.block == UNLIMITED
}

fn count(selection: &Selection) -> Result<Count> {
    Ok(match selection {
        Selection::All => Count::Whole,
        Selection::Slab(spans) if spans.iter().any(endless) => Count::Endless,
        Selection::Slab(spans) => {
            let all = spans.iter().try_fold(1u64, |n, s| Ok::<_, Error>(n.saturating_mul(s.elements()?)));
            Count::Fixed(all?)
        }
        _ => return Err(Error::unsupported("points and irregular blocks in the map of a virtual dataset")),
    })
}

fn stored(selection: Selection) -> Result<StoredSelection> {
    match selection {
        Selection::All => Ok(StoredSelection::All),
        Selection::Slab(spans) => Ok(StoredSelection::Regular(spans)),
        _ => Err(Error::unsupported("points and irregular blocks in the map of a virtual dataset")),
    }
}

impl Source {
    /// Whether a name stands for several: it holds `%b`, and not as a part of `%%b`.
    fn is_pattern(&self) -> bool {
        let holds = |name: &[u8]| {
            let mut rest = name;
            while let Some(at) = rest.iter().position(|b| *b == b'%') {
                match rest.get(at.saturating_add(1)) {
                    Some(b'b') => return true,
                    _ => rest = rest.get(at.saturating_add(2)..).unwrap_or_default(),
                }
            }
            false
        };
        holds(&self.file) || holds(&self.dataset)
    }
    /// Checks what libhdf5 asks of a mapping, as far as it can be known without the source.
    fn check(&self, max_dims: &[Option<u64>]) -> Result<()> {
        if self.dataset.is_empty() || self.file.is_empty() {
            return Err(Error::usage("a source without a name"));
        }
        if let Selection::Slab(spans) = &self.target {
            let fits = |(s, max): (&Span, &Option<u64>)| max.is_none_or(|max| endless(s) || s.end() <= max);
            if spans.len() != max_dims.len() || !spans.iter().zip(max_dims).all(fits) {
                return Err(Error::usage(format!("a target of {spans:?} in at most {max_dims:?}")));
            }
            if spans.iter().filter(|s| endless(s)).count() > 1 {
                return Err(Error::usage("a target without end in more than one dimension"));
            }
        }
        let target = match count(&self.target)? {
            Count::Whole => max_dims
                .iter()
                .try_fold(1u64, |n, d| d.map(|d| n.saturating_mul(d)))
                .map_or(Count::Endless, Count::Fixed),
            other => other,
        };
        match (count(&self.source)?, target) {
            (Count::Fixed(a), Count::Fixed(b)) if a != b && !self.is_pattern() => {
                Err(Error::usage(format!("{a} elements of a source for {b} of the virtual dataset")))
            }
            (Count::Endless, Count::Fixed(_)) => {
                Err(Error::usage("a source without end for a target that has one"))
            }
            (Count::Fixed(_), Count::Endless) if !self.is_pattern() => {
                Err(Error::usage("a target without end for a source that has one, and no %b in its name"))
            }
            _ => Ok(()),
        }
    }
}

/// Writes the map of a new virtual dataset.
pub(super) fn store(c: &Container, sources: Vec<Source>, max_dims: &[Option<u64>]) -> Result<NewLayout> {
    let mut mappings = Vec::new();
    for source in sources {
        source.check(max_dims)?;
        let Source { file, dataset, source, target } = source;
        mappings.push(Mapping { file, dataset, source: stored(source)?, target: stored(target)? });
    }
    let object = encode_map(&mappings, c.store.widths)?;
    let (collection, index) = global::insert(&c.store, &object)?;
    Ok(NewLayout::Virtual(collection, index))
}
