//! What filters are told of a dataset's elements and chunks when it is made.

use crate::error::{Error, Result};
use crate::filter::{Registry, Stage};
use crate::format::message::datatype::{ByteOrder, Class, Datatype};
use crate::format::message::fill::FillValue;

/// The elements and chunks of a new dataset.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// Type of an element, as the file holds it.
    pub datatype: &'a Datatype,
    /// Dimensions of a chunk in elements.
    pub chunk: &'a [u64],
    /// What unwritten elements read as.
    pub fill: &'a FillValue,
}

/// Completes the client data of all stages; what cannot be written is refused by name.
pub fn prepare(filters: &Registry, stages: &mut [Stage], shape: &Shape<'_>) -> Result<()> {
    for stage in stages.iter_mut() {
        let Some(filter) = filters.get(stage.id) else {
            let name = stage.name.as_deref().unwrap_or("no name");
            return Err(Error::unsupported(format!("filter {} ({name})", stage.id)));
        };
        let name = filter.name();
        shape.complete(stage).map_err(|e| Error::usage(format!("filter {name}: {}", e.what())))?;
    }
    Ok(())
}

impl Shape<'_> {
    fn elements(&self) -> Result<u32> {
        let n = self.chunk.iter().try_fold(1u64, |n, c| n.checked_mul(*c));
        n.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| Error::usage("chunks of more than 2^32 elements"))
    }
    fn chunk_bytes(&self) -> Result<u32> {
        self.elements()?.checked_mul(self.datatype.size).ok_or_else(|| Error::usage("chunks of more than 4 GiB"))
    }
    fn complete(&self, stage: &mut Stage) -> Result<()> {
        let values = &mut stage.client_data;
        let size = self.datatype.size;
        let mut set = |from: usize, new: &[u32]| {
            values.resize(values.len().max(from.saturating_add(new.len())), 0);
            values.iter_mut().skip(from).zip(new).for_each(|(to, from)| *to = *from);
        };
        match stage.id {
            2 => *values = vec![size],
            4 => self.szip(values)?,
            5 => *values = self.nbit()?,
            6 => self.scale_offset(values)?,
            32000 => *values = vec![4, 0x0105, self.chunk_bytes()?],
            32001 => {
                let base = match &self.datatype.class {
                    Class::Array { base, .. } => base.size,
                    _ => size,
                };
                // Blosc sorts the bytes of elements of up to 255 bytes; larger ones are taken as bytes.
                set(0, &[2, 2, if base > 255 { 1 } else { base }, self.chunk_bytes()?]);
            }
            32008 => set(0, &[0, 4, size]),
            _ => {}
        }
        Ok(())
    }
    fn szip(&self, values: &mut Vec<u32>) -> Result<()> {
        const MOST_BLOCKS: u64 = 128;
        const MOST_PIXELS: u64 = 4096;
        let size = self.datatype.size.saturating_mul(8);
        if size > 32 && size != 64 {
            return Err(Error::usage(format!("elements of {size} bits")));
        }
        let (order, precision, offset) = number(self.datatype)?;
        let precision = if offset == 0 { precision } else { size };
        let precision = match precision {
            25..=32 => 32,
            33..=64 => 64,
            other => other,
        };
        let (mask, per_block) = match values.as_slice() {
            [mask, per_block, ..] => (*mask, *per_block),
            _ => return Err(Error::usage("neither options nor pixels of a block are given")),
        };
        if per_block == 0 || per_block > 32 || per_block.checked_rem(2) != Some(0) {
            return Err(Error::usage(format!("{per_block} pixels in a block, expected an even number up to 32")));
        }
        let all = u64::from(self.elements()?);
        let line = self.chunk.last().copied().unwrap_or(1);
        let most = u64::from(per_block).saturating_mul(MOST_BLOCKS);
        let scanline = match line {
            short if short < u64::from(per_block) && all < u64::from(per_block) => {
                return Err(Error::usage(format!("blocks of {per_block} pixels in chunks of {all} elements")));
            }
            short if short < u64::from(per_block) => all.min(most),
            line if line <= MOST_PIXELS => line.min(most),
            _ => most,
        };
        let order = if order == ByteOrder::Big { 16 } else { 8 };
        let scanline = u32::try_from(scanline).unwrap_or(u32::MAX);
        *values = vec![mask & !24 | order, per_block, precision, scanline];
        Ok(())
    }
    fn nbit(&self) -> Result<Vec<u32>> {
        let mut out = vec![0, 1, self.elements()?];
        let mut useless = true;
        if matches!(
            self.datatype.class,
            Class::Integer { .. } | Class::Float(_) | Class::Array { .. } | Class::Compound(_)
        ) {
            nbit_type(self.datatype, &mut out, &mut useless, 0)?;
        }
        if out.len() > 4096 {
            return Err(Error::usage("a type with more than 4096 parameters"));
        }
        let count = u32::try_from(out.len()).unwrap_or(0);
        if let Some(head) = out.first_chunk_mut::<2>() {
            *head = [count, u32::from(useless)];
        }
        Ok(out)
    }
    fn scale_offset(&self, values: &mut Vec<u32>) -> Result<()> {
        let (order, ..) = number(self.datatype)?;
        let (class, sign) = match &self.datatype.class {
            Class::Integer { signed, .. } if matches!(self.datatype.size, 1 | 2 | 4 | 8) => (0, u32::from(*signed)),
            Class::Float(_) if matches!(self.datatype.size, 4 | 8) => (1, 0),
            _ => return Err(Error::usage(format!("elements of {}", self.datatype.describe()))),
        };
        let (kind, factor) = match values.as_slice() {
            [kind, factor, ..] => (*kind, *factor),
            _ => return Err(Error::usage("neither kind nor factor is given")),
        };
        if (class == 0) != (kind == 2) {
            return Err(Error::usage("integers and floating-point numbers are scaled in different ways"));
        }
        let big = u32::from(order == ByteOrder::Big);
        let mut out = vec![kind, factor, self.elements()?, class, self.datatype.size, sign, big];
        let mut fill = match self.fill {
            FillValue::Undefined => None,
            FillValue::Default => Some(vec![0; self.datatype.bytes()]),
            FillValue::Given(v) => Some(v.clone()),
        };
        out.push(u32::from(fill.is_some()));
        if let Some(bytes) = &mut fill {
            if big == 1 {
                bytes.reverse();
            }
            out.extend(bytes.chunks(4).map(|c| c.iter().rev().fold(0u32, |n, b| n << 8 | u32::from(*b))));
        }
        out.resize(20, 0);
        *values = out;
        Ok(())
    }
}

/// Byte order, precision and bit offset of a number.
fn number(t: &Datatype) -> Result<(ByteOrder, u32, u32)> {
    let found = match &t.class {
        Class::Integer { bits, .. } | Class::Bitfield(bits) => {
            (bits.order, u32::from(bits.precision), u32::from(bits.offset))
        }
        Class::Float(f) => (f.order, u32::from(f.fields.precision), u32::from(f.fields.offset)),
        Class::Enum { base, .. } => return number(base),
        _ => return Err(Error::usage(format!("elements of {}", t.describe()))),
    };
    if found.0 == ByteOrder::Vax {
        return Err(Error::usage("the byte order of VAX"));
    }
    Ok(found)
}

/// The parameters of one type: 1 a number, 2 an array, 3 a compound, 4 what is left as it is.
fn nbit_type(t: &Datatype, out: &mut Vec<u32>, useless: &mut bool, depth: u32) -> Result<()> {
    if depth > 32 || out.len() > 8192 {
        return Err(Error::usage("a type that is too deep"));
    }
    match &t.class {
        Class::Integer { .. } | Class::Float(_) => {
            let (order, precision, offset) = number(t)?;
            out.extend([1, t.size, u32::from(order == ByteOrder::Big), precision, offset]);
            *useless &= offset == 0 && precision == t.size.saturating_mul(8);
        }
        Class::Array { base, .. } => {
            out.extend([2, t.size]);
            nbit_type(base, out, useless, depth.saturating_add(1))?;
        }
        Class::Compound(members) => {
            out.extend([3, t.size, u32::try_from(members.len()).unwrap_or(u32::MAX)]);
            for m in members {
                out.push(m.offset);
                nbit_type(&m.datatype, out, useless, depth.saturating_add(1))?;
            }
        }
        _ => out.extend([4, t.size]),
    }
    Ok(())
}
