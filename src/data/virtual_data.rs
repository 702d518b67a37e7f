//! Virtual datasets: elements that lie in other datasets.
//!
//! A mapping pairs a selection of a source with a selection of the virtual dataset, in the order of their
//! elements. Selections without end follow the sources' current extent; `%b` in a name stands for the
//! number of the block.

use std::sync::Arc;

use super::reader::{Opener, Reader, SourceDataset};
use super::restate::restate;
use super::selection::Selection;
use super::walk::{Block, Walk};
use crate::error::{At, Error, Result};
use crate::format::message::datatype::{Class, Datatype};
use crate::format::selection::{Span, StoredSelection, UNLIMITED};
use crate::format::virtual_map::{HERE, Mapping, VirtualMap};
use crate::limits::Limits;
use crate::store::block::Lend;
use crate::store::heap::global;
use crate::store::open::Container;
use crate::wire::Addr;

/// The most blocks that a name with `%b` is tried for.
const MAX_BLOCKS: u64 = 1 << 20;

/// The mapping of a virtual dataset; without one there are no sources.
pub fn map(c: &Container, (collection, index): (Addr, u32)) -> Result<VirtualMap> {
    if !collection.is_defined() || collection == Addr::new(0) {
        return Ok(VirtualMap { version: 0, mappings: Vec::new() });
    }
    let object = global::object(&c.store, collection, index)?;
    VirtualMap::parse(&object, c.store.widths).at(&HERE, collection.raw())
}

/// The dimension along which a selection has no end.
fn endless(selection: &StoredSelection) -> Option<usize> {
    let StoredSelection::Regular(spans) = selection else { return None };
    spans.iter().position(|s| s.count == UNLIMITED || s.block == UNLIMITED)
}

/// Selected indices of an endless span that lie before `extent`.
fn slices(s: &Span, extent: u64) -> u64 {
    let Some(room) = extent.checked_sub(s.start).filter(|r| *r > 0) else { return 0 };
    if s.block == UNLIMITED || s.block == s.stride {
        return room;
    }
    let blocks = room.div_ceil(s.stride.max(1));
    let last_end = s.stride.saturating_mul(blocks.saturating_sub(1)).saturating_add(s.block);
    s.block.saturating_mul(blocks).saturating_sub(last_end.saturating_sub(room))
}

/// The extent that holds `slices` indices of an endless span.
fn extent(s: &Span, slices: u64) -> u64 {
    if slices == 0 {
        return 0;
    }
    if s.block == UNLIMITED || s.block == s.stride {
        return s.start.saturating_add(slices);
    }
    let blocks = slices.checked_div(s.block).unwrap_or(0);
    let rest = slices.saturating_sub(blocks.saturating_mul(s.block));
    let (whole, tail) = if rest > 0 { (blocks, rest) } else { (blocks.saturating_sub(1), s.block) };
    s.start.saturating_add(whole.saturating_mul(s.stride)).saturating_add(tail)
}

/// A name with `%b` replaced by a block's number, and `%%` by `%`.
fn name_of(template: &[u8], block: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let mut left = template;
    while let Some((first, rest)) = left.split_first() {
        match (first, rest.first()) {
            (b'%', Some(b'b')) => out.extend_from_slice(block.to_string().as_bytes()),
            (b'%', Some(b'%')) => out.push(b'%'),
            _ => {
                out.push(*first);
                left = rest;
                continue;
            }
        }
        left = rest.get(1..).unwrap_or_default();
    }
    out
}

fn has_blocks(template: &[u8]) -> bool {
    let mut left = template;
    while let Some(at) = left.iter().position(|b| *b == b'%') {
        match left.get(at.saturating_add(1)) {
            Some(b'b') => return true,
            _ => left = left.get(at.saturating_add(2)..).unwrap_or_default(),
        }
    }
    false
}

/// Sources that follow each other by number: how many exist without a gap.
fn blocks(opener: &dyn Opener, m: &Mapping) -> Result<u64> {
    let mut n = 0;
    while n < MAX_BLOCKS && opener.source(&name_of(&m.file, n), &name_of(&m.dataset, n))?.is_some() {
        n = n.saturating_add(1);
    }
    Ok(n)
}

/// The current dimensions of a virtual dataset: where its selections have no end, as far as its sources go.
pub fn dims(c: &Container, opener: &dyn Opener, place: (Addr, u32), stored: &[u64]) -> Result<Vec<u64>> {
    let map = map(c, place)?;
    let mut out = stored.to_vec();
    let mut grown: Vec<Option<u64>> = vec![None; stored.len()];
    for m in &map.mappings {
        let (Some(d), StoredSelection::Regular(spans)) = (endless(&m.target), &m.target) else { continue };
        let Some(span) = spans.get(d) else { continue };
        let reached = if has_blocks(&m.file) || has_blocks(&m.dataset) {
            extent(span, blocks(opener, m)?.saturating_mul(span.block))
        } else {
            match (opener.source(&name_of(&m.file, 0), &name_of(&m.dataset, 0))?, &m.source) {
                (Some(source), StoredSelection::Regular(from)) => match endless(&m.source) {
                    Some(e) => {
                        let size = source.dims().get(e).copied().unwrap_or(0);
                        extent(span, from.get(e).map_or(0, |s| slices(s, size)))
                    }
                    None => 0,
                },
                _ => 0,
            }
        };
        if let Some(g) = grown.get_mut(d) {
            *g = Some(g.unwrap_or(0).max(reached));
        }
    }
    // Mappings with an end hold the dataset open at least as far as they go.
    for m in map.mappings.iter().filter(|m| endless(&m.target).is_none()) {
        if let StoredSelection::Regular(spans) = &m.target {
            for (g, s) in grown.iter_mut().zip(spans) {
                *g = g.map(|n| n.max(s.end()));
            }
        }
    }
    for (o, g) in out.iter_mut().zip(grown) {
        *o = g.unwrap_or(*o);
    }
    Ok(out)
}

/// Reads the spans of a virtual dataset into `out`, which holds the fill value.
pub fn read(r: &Reader<'_>, place: (Addr, u32), spans: &[Span], output: &[u64], out: &mut [u8]) -> Result<()> {
    let map = map(r.container, place)?;
    for m in &map.mappings {
        read_mapping(r, m, spans, output, out).at(&HERE, place.0.raw())?;
    }
    Ok(())
}

/// Whether a mapping's target can hold what is wanted: its source is not opened otherwise.
fn meets(target: &StoredSelection, wanted: &[Span]) -> bool {
    let StoredSelection::Regular(spans) = target else { return true };
    spans.iter().zip(wanted).all(|(t, w)| {
        let open_end = t.count == UNLIMITED || t.block == UNLIMITED;
        t.start < w.end() && (open_end || t.end() > w.start)
    })
}

fn read_mapping(r: &Reader<'_>, m: &Mapping, spans: &[Span], output: &[u64], out: &mut [u8]) -> Result<()> {
    if !meets(&m.target, spans) {
        return Ok(());
    }
    let numbered = has_blocks(&m.file) || has_blocks(&m.dataset);
    match (endless(&m.target), &m.target) {
        (Some(d), StoredSelection::Regular(all)) if numbered => {
            let Some(span) = all.get(d) else { return Ok(()) };
            let size = r.dims.get(d).copied().unwrap_or(0);
            let wanted = spans.get(d).map_or((0, 0), |s| (s.start, s.end()));
            let mut n = 0u64;
            loop {
                let start = span.start.saturating_add(n.saturating_mul(span.stride));
                if start >= size.min(wanted.1) || n >= MAX_BLOCKS {
                    return Ok(());
                }
                if start.saturating_add(span.block) > wanted.0 {
                    let mut one = all.clone();
                    if let Some(s) = one.get_mut(d) {
                        *s = Span::range(start, span.block.min(size.saturating_sub(start)));
                    }
                    let names = (name_of(&m.file, n), name_of(&m.dataset, n));
                    if let Some(source) = r.opener.source(&names.0, &names.1)? {
                        let from = bounded(&m.source, &source.dims(), None)?;
                        pair(r, source.as_ref(), &from, &Selection::Slab(one), (spans, output), out)?;
                    }
                }
                n = n.saturating_add(1);
            }
        }
        (unlimited, _) => {
            let Some(source) = r.opener.source(&name_of(&m.file, 0), &name_of(&m.dataset, 0))? else { return Ok(()) };
            let dims = source.dims();
            let from = bounded(&m.source, &dims, None)?;
            let along = unlimited.zip(endless(&m.source)).and_then(|(d, e)| match &m.source {
                StoredSelection::Regular(s) => Some((d, slices(s.get(e)?, *dims.get(e)?))),
                _ => None,
            });
            let to = bounded(&m.target, r.dims, along)?;
            pair(r, source.as_ref(), &from, &to, (spans, output), out)
        }
    }
}

/// A selection with an end: an endless dimension is cut at the extent, or where `slices` indices are taken.
fn bounded(stored: &StoredSelection, dims: &[u64], along: Option<(usize, u64)>) -> Result<Selection> {
    let (Some(d), StoredSelection::Regular(spans)) = (endless(stored), stored) else {
        return Ok(Selection::from_stored(stored));
    };
    let (Some(span), Some(size)) = (spans.get(d), dims.get(d)) else {
        return Err(HERE.damaged("a selection of another rank than its dataset"));
    };
    let end = match along {
        Some((_, n)) => extent(span, n).min(*size),
        None => *size,
    };
    let whole = if span.block == UNLIMITED || span.block == span.stride {
        vec![Span::range(span.start, end.saturating_sub(span.start))]
    } else {
        let room = end.saturating_sub(span.start);
        Span { count: room.div_ceil(span.stride.max(1)), ..*span }.clipped(end)
    };
    match whole.as_slice() {
        [] => Ok(Selection::Points { rank: dims.len(), coordinates: Vec::new() }),
        [one] => {
            let mut out = spans.clone();
            if let Some(s) = out.get_mut(d) {
                *s = *one;
            }
            Ok(Selection::Slab(out))
        }
        parts => {
            // A last block that is cut: whole blocks and the rest, as boxes.
            let mut corners = Vec::new();
            for part in parts {
                for k in 0..part.count {
                    let start = part.start.saturating_add(k.saturating_mul(part.stride));
                    let mut one = spans.clone();
                    if let Some(s) = one.get_mut(d) {
                        *s = Span::range(start, part.block);
                    }
                    corners.extend(one.iter().map(|s| s.start));
                    corners.extend(one.iter().map(|s| s.end().saturating_sub(1)));
                }
            }
            Ok(Selection::Blocks { rank: dims.len(), corners })
        }
    }
}

/// All coordinates of a hyperslab in row-major order.
pub fn coordinates(spans: &[Span], limits: &Limits) -> Result<Vec<Vec<u64>>> {
    let mut total = 8u64;
    for s in spans {
        total = total.saturating_mul(s.elements()?.max(1));
    }
    limits.allocation(total.saturating_mul(u64::try_from(spans.len()).unwrap_or(1)))?;
    let mut out = vec![Vec::new()];
    for s in spans {
        let picks: Vec<u64> = (0..s.count)
            .flat_map(|k| {
                let start = s.start.saturating_add(k.saturating_mul(s.stride));
                start..start.saturating_add(s.block)
            })
            .collect();
        out = out.iter().flat_map(|o: &Vec<u64>| picks.iter().map(move |p| [o.as_slice(), &[*p]].concat())).collect();
    }
    Ok(out)
}

type Wanted<'a> = (&'a [Span], &'a [u64]);

/// Moves the elements of `from` in the source to `to` in the virtual dataset, as far as they are wanted.
fn pair(
    r: &Reader<'_>,
    source: &dyn SourceDataset,
    from: &Selection,
    to: &Selection,
    wanted: Wanted<'_>,
    out: &mut [u8],
) -> Result<()> {
    let foreign = !std::ptr::eq(source.lender().store(), &r.container.store);
    if foreign && r.info.datatype.is_variable()
        && (!can_borrow(&r.info.datatype) || r.container.store.widths != source.lender().store().widths) {
            let t = r.info.datatype.describe();
            return Err(Error::unsupported(format!("a virtual dataset of {t} over another file")));
        }
    let dims = source.dims();
    if from.elements(&dims)? != to.elements(r.dims)? {
        return Err(HERE.mismatch("elements", from.elements(&dims)?, to.elements(r.dims)?));
    }
    if let (Some(source_spans), Some(target_spans)) = (from.spans(&dims)?, to.spans(r.dims)?)
        && pair_boxes(r, source, &source_spans, &target_spans, wanted, out)?
    {
        return Ok(());
    }
    let element = r.info.datatype.bytes();
    let bytes = from.elements(&dims)?.saturating_mul(u64::from(r.info.datatype.size));
    let mut data = vec![0; r.container.store.limits.allocation(bytes)?];
    read_source(r, source, from, &mut data)?;
    let places = match to.spans(r.dims)? {
        Some(spans) => coordinates(&spans, &r.container.store.limits)?,
        None => places(to, &r.container.store.limits)?,
    };
    for (place, data) in places.iter().zip(data.chunks_exact(element.max(1))) {
        let Some(index) = index_of(wanted, place) else { continue };
        let start = index.saturating_mul(element);
        if let Some(target) = out.get_mut(start..start.saturating_add(element)) {
            target.copy_from_slice(data);
        }
    }
    Ok(())
}

/// Whether elements of this type can lead into another file's heap: strings and sequences of fixed size.
fn can_borrow(t: &Datatype) -> bool {
    match &t.class {
        Class::VarLen(base) => !base.is_variable(),
        Class::Array { base, .. } | Class::Complex(base) => can_borrow(base),
        Class::Compound(members) => members.iter().all(|m| can_borrow(&m.datatype)),
        Class::Reference(_) => false,
        _ => true,
    }
}

/// Reads elements of a source; what leads into its heap is made to lead there from here.
fn read_source(r: &Reader<'_>, source: &dyn SourceDataset, from: &Selection, data: &mut [u8]) -> Result<()> {
    if !source.datatype().same_as(&r.info.datatype) {
        let elements = from.elements(&source.dims())?;
        let bytes = elements.saturating_mul(u64::from(source.datatype().size));
        let mut stored = vec![0; r.container.store.limits.allocation(bytes)?];
        source.read(from, &mut stored)?;
        return restate(source.datatype(), &stored, &r.info.datatype, data);
    }
    source.read(from, data)?;
    let lender = source.lender();
    if !r.info.datatype.is_variable() || std::ptr::eq(lender.store(), &r.container.store) {
        return Ok(());
    }
    let width = usize::from(r.container.store.widths.offset);
    data.chunks_exact_mut(r.info.datatype.bytes().max(1))
        .try_for_each(|element| borrow(r, &lender, &r.info.datatype, width, element))
}

fn borrow(r: &Reader<'_>, lender: &Arc<dyn Lend>, t: &Datatype, width: usize, element: &mut [u8]) -> Result<()> {
    match &t.class {
        Class::VarLen(_) | Class::VarString { .. } => {
            let Some(field) = element.get_mut(4..).and_then(|e| e.get_mut(..width)) else { return Ok(()) };
            let raw = field.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
            if raw != 0 && field.iter().any(|b| *b != 0xff) {
                let lent = r.container.store.borrow(lender, Addr::new(raw)).raw().to_le_bytes();
                let bytes = lent.get(..width).filter(|_| width == lent.len());
                field.copy_from_slice(bytes.ok_or_else(|| Error::unsupported("offsets below 8 bytes in a virtual dataset of variable length"))?);
            }
            Ok(())
        }
        Class::Array { base, .. } => {
            element.chunks_exact_mut(base.bytes().max(1)).try_for_each(|e| borrow(r, lender, base, width, e))
        }
        Class::Compound(members) => members.iter().try_for_each(|m| {
            let start = usize::try_from(m.offset).unwrap_or(usize::MAX);
            let part = element.get_mut(start..).and_then(|e| e.get_mut(..m.datatype.bytes()));
            part.map_or(Ok(()), |e| borrow(r, lender, &m.datatype, width, e))
        }),
        _ => Ok(()),
    }
}

fn places(selection: &Selection, limits: &Limits) -> Result<Vec<Vec<u64>>> {
    if let Selection::Points { rank, coordinates } = selection {
        return Ok(coordinates.chunks_exact((*rank).max(1)).map(<[u64]>::to_vec).collect());
    }
    let mut all = Vec::new();
    for spans in selection.boxes() {
        all.extend(coordinates(&spans, limits)?);
    }
    all.sort();
    Ok(all)
}

/// The place of an element in the output, if it is wanted.
fn index_of((spans, output): Wanted<'_>, place: &[u64]) -> Option<usize> {
    let mut index = 0u64;
    for ((s, n), c) in spans.iter().zip(output).zip(place) {
        let after = c.checked_sub(s.start)?;
        let (k, rest) = if s.count <= 1 { (0, after) } else { (after.checked_div(s.stride)?, after.checked_rem(s.stride)?) };
        if k >= s.count || rest >= s.block {
            return None;
        }
        index = index.saturating_mul(*n).saturating_add(k.saturating_mul(s.block)).saturating_add(rest);
    }
    usize::try_from(index).ok()
}

/// The common case: boxes of equal shape on both sides. Only what is wanted is read. False where it is not this case.
fn pair_boxes(
    r: &Reader<'_>,
    source: &dyn SourceDataset,
    from: &[Span],
    to: &[Span],
    (spans, output): Wanted<'_>,
    out: &mut [u8],
) -> Result<bool> {
    let is_range = |s: &Span| s.count == 1 || s.stride == s.block;
    let size = |s: &Span| s.count.saturating_mul(s.block);
    if !from.iter().chain(to).all(is_range) {
        return Ok(false);
    }
    // Dimensions of one element may be missing on either side.
    let long = |spans: &[Span]| spans.iter().map(size).filter(|n| *n != 1).collect::<Vec<_>>();
    if long(from) != long(to) {
        return Ok(false);
    }
    let mut cut: Vec<Span> = from.iter().map(|s| Span::range(s.start, size(s))).collect();
    let mut origin = Vec::new();
    let mut shape = Vec::new();
    let mut sources = (0..cut.len()).filter(|i| cut.get(*i).is_some_and(|s| s.block != 1)).collect::<Vec<_>>().into_iter();
    for (t, want) in to.iter().zip(spans) {
        let (first, last) = (t.start.max(want.start), t.start.saturating_add(size(t)).min(want.end()));
        if first >= last {
            return Ok(true);
        }
        if size(t) != 1
            && let Some(s) = sources.next().and_then(|i| cut.get_mut(i))
        {
            *s = Span::range(s.start.saturating_add(first.saturating_sub(t.start)), last.saturating_sub(first));
        }
        origin.push(first);
        shape.push(last.saturating_sub(first));
    }
    let element = u64::from(r.info.datatype.size);
    let bytes = shape.iter().fold(element, |n, d| n.saturating_mul(*d));
    let block = Block { origin: &origin, shape: &shape, spans, output, element };
    let mut data = vec![0; r.container.store.limits.allocation(bytes)?];
    read_source(r, source, &Selection::Slab(cut), &mut data)?;
    if let Some(walk) = Walk::new(block) {
        walk.copy(&data, out)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_blocks() {
        assert_eq!(name_of(b"f_%b.h5", 12), b"f_12.h5");
        assert_eq!(name_of(b"100%%_%b_%b", 3), b"100%_3_3");
        assert!(has_blocks(b"a%%%b") && !has_blocks(b"a%%b"));
    }

    #[test]
    fn extents_follow_slices() {
        let s = Span { start: 2, stride: 5, count: UNLIMITED, block: 3 };
        for (end, n) in [(0, 0), (2, 0), (3, 1), (5, 3), (7, 3), (8, 4), (10, 6), (12, 6)] {
            assert_eq!(slices(&s, end), n, "extent {end}");
        }
        assert_eq!(extent(&s, 0), 0);
        assert_eq!(extent(&s, 4), 8);
        assert_eq!(extent(&s, 6), 10);
        let all = Span { start: 4, stride: 1, count: UNLIMITED, block: 1 };
        assert_eq!(extent(&all, slices(&all, 9)), 9);
    }
}
