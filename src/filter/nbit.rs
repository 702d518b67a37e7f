//! N-bit (5): only the significant bits of numbers, packed without gaps.
//!
//! Client data: count of values, whether the data stand unpacked, elements in the chunk, then the
//! datatype as a tree. Each node is a class and its fields: 1 number (size, order, precision,
//! offset), 2 array (size, base node), 3 compound (size, member count, then offset and node of
//! each), 4 bytes kept as they are (size). Bits are packed from the most significant one on;
//! those outside of the precision are 0 after decoding.

use super::bits::{BitReader, BitWriter};
use super::{Context, Filter};
use crate::error::{Error, Result};

#[cfg(test)]
mod tests;

/// The n-bit filter, both directions.
pub struct Nbit;

/// Nested arrays and compounds; more is taken for an attack.
const MOST_LEVELS: u32 = 64;

/// A number in memory: which of its bits are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Number {
    size: usize,
    big_endian: bool,
    precision: usize,
    offset: usize,
}

/// A node of the datatype.
#[derive(Debug, PartialEq)]
enum Node {
    Number(Number),
    Array { size: usize, base: Box<Node> },
    Compound { size: usize, members: Vec<(usize, Node)> },
    Bytes(usize),
}

impl Node {
    fn size(&self) -> usize {
        match self {
            Node::Number(number) => number.size,
            Node::Array { size, .. } | Node::Compound { size, .. } | Node::Bytes(size) => *size,
        }
    }

    /// The bits that a value takes when it is packed.
    fn packed_bits(&self) -> usize {
        match self {
            Node::Number(number) => number.precision,
            Node::Array { size, base } => {
                let count = size.checked_div(base.size()).unwrap_or(0);
                count.saturating_mul(base.packed_bits())
            }
            Node::Compound { members, .. } => {
                members.iter().fold(0, |sum, (_, member)| sum.saturating_add(member.packed_bits()))
            }
            Node::Bytes(size) => size.saturating_mul(8),
        }
    }
}

/// The client data values that are not read yet.
struct Values<'a>(&'a [u32]);

impl Values<'_> {
    fn next(&mut self) -> Result<usize> {
        let Some((&value, rest)) = self.0.split_first() else {
            return Err(Error::damaged("filter nbit: the client data end within the datatype"));
        };
        self.0 = rest;
        Ok(value as usize)
    }

    fn size(&mut self) -> Result<usize> {
        match self.next()? {
            0 => Err(Error::damaged("filter nbit: found a datatype of size 0")),
            size => Ok(size),
        }
    }

    /// Reads a node. The sizes of parts are within the size of the whole, so that a walk over one
    /// element is no longer than the element.
    fn node(&mut self, levels: u32) -> Result<Node> {
        let Some(levels) = levels.checked_sub(1) else {
            return Err(Error::limit(format!("filter nbit: more than {MOST_LEVELS} nested datatypes")));
        };
        let class = self.next()?;
        let size = self.size()?;
        match class {
            1 => self.number(size),
            2 => {
                let base = self.node(levels)?;
                // Arrays of kept bytes go as a whole: their base may give another size.
                if matches!(base, Node::Bytes(_)) {
                    return Ok(Node::Bytes(size));
                }
                if base.size() > size {
                    return Err(Error::damaged(format!(
                        "filter nbit: found an array of {size} bytes with elements of {}",
                        base.size()
                    )));
                }
                Ok(Node::Array { size, base: Box::new(base) })
            }
            3 => self.compound(size, levels),
            4 => Ok(Node::Bytes(size)),
            _ => Err(Error::damaged(format!("filter nbit: found the datatype class {class}, expected 1 to 4"))),
        }
    }

    fn number(&mut self, size: usize) -> Result<Node> {
        let big_endian = match self.next()? {
            0 => false,
            1 => true,
            other => {
                return Err(Error::damaged(format!("filter nbit: found the byte order {other}, expected 0 or 1")));
            }
        };
        let (precision, offset) = (self.next()?, self.next()?);
        if precision == 0 || precision.saturating_add(offset) > size.saturating_mul(8) {
            return Err(Error::damaged(format!(
                "filter nbit: found precision {precision} and offset {offset} in {size} bytes"
            )));
        }
        Ok(Node::Number(Number { size, big_endian, precision, offset }))
    }

    fn compound(&mut self, size: usize, levels: u32) -> Result<Node> {
        let count = self.next()?;
        let mut members = Vec::new();
        let mut used = 0usize;
        for _ in 0..count {
            let offset = self.next()?;
            let member = self.node(levels)?;
            used = used.saturating_add(member.size());
            if used > size || offset.saturating_add(member.size()) > size {
                return Err(Error::damaged(format!(
                    "filter nbit: found a member of {} bytes at {offset}, too much for a compound of {size}",
                    member.size()
                )));
            }
            members.push((offset, member));
        }
        Ok(Node::Compound { size, members })
    }
}

/// What the client data say: the element and how many of them; nothing where no packing is done.
fn parameters(ctx: &Context<'_>) -> Result<Option<(Node, usize)>> {
    let values = ctx.client_data;
    let &[count, unpacked, elements, ref tree @ ..] = values else {
        return Err(Error::damaged(format!(
            "filter nbit: found {} client data values, expected 3 or more",
            values.len()
        )));
    };
    if count as usize != values.len() {
        return Err(Error::damaged(format!(
            "filter nbit: found {} client data values, expected {count}",
            values.len()
        )));
    }
    if unpacked != 0 {
        return Ok(None);
    }
    Ok(Some((Values(tree).node(MOST_LEVELS)?, elements as usize)))
}

impl Filter for Nbit {
    fn id(&self) -> u16 {
        5
    }

    fn name(&self) -> &'static str {
        "nbit"
    }

    fn decode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let Some((node, elements)) = parameters(ctx)? else {
            ctx.check("nbit", input.len())?;
            out.extend_from_slice(input);
            return Ok(());
        };
        let size = elements.saturating_mul(node.size());
        ctx.check("nbit", size)?;
        let bits = elements.saturating_mul(node.packed_bits());
        if input.len().saturating_mul(8) < bits {
            return Err(Error::damaged(format!(
                "filter nbit: found {} bytes, expected {} for {elements} elements",
                input.len(),
                bits.div_ceil(8)
            )));
        }
        out.resize(size, 0);
        unpack_all(&node, &mut BitReader::new(input), out);
        Ok(())
    }

    #[cfg(feature = "write")]
    fn encode(&self, input: &[u8], out: &mut Vec<u8>, ctx: &Context<'_>) -> Result<()> {
        out.clear();
        let Some((node, elements)) = parameters(ctx)? else {
            ctx.check("nbit", input.len())?;
            out.extend_from_slice(input);
            return Ok(());
        };
        let size = elements.saturating_mul(node.size());
        if size != input.len() {
            return Err(Error::usage(format!(
                "filter nbit: found a chunk of {} bytes, expected {size}",
                input.len()
            )));
        }
        let packed = elements.saturating_mul(node.packed_bits()).wrapping_shr(3).saturating_add(1);
        ctx.check("nbit", packed)?;
        out.reserve(packed);
        let mut writer = BitWriter::new(out);
        pack_all(&node, &mut writer, input);
        writer.finish();
        // As libhdf5 has it: a byte is begun after the last full one.
        out.resize(packed, 0);
        Ok(())
    }
}

/// Fills values that follow each other.
fn unpack_all(node: &Node, reader: &mut BitReader<'_>, values: &mut [u8]) {
    let Node::Number(number) = node else {
        return values.chunks_exact_mut(node.size()).for_each(|value| unpack(node, reader, value));
    };
    let take = number.precision as u32;
    let place = number.offset as u32;
    macro_rules! numbers {
        ($type:ty) => {
            for to in values.as_chunks_mut().0 {
                let value = reader.wide_bits(take).wrapping_shl(place) as $type;
                *to = if number.big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
            }
        };
    }
    match number.size {
        1 => numbers!(u8),
        2 => numbers!(u16),
        4 => numbers!(u32),
        8 => numbers!(u64),
        _ => values.chunks_exact_mut(number.size).for_each(|value| unpack_wide(number, reader, value)),
    }
}

fn unpack(node: &Node, reader: &mut BitReader<'_>, value: &mut [u8]) {
    match node {
        Node::Number(_) => unpack_all(node, reader, value),
        Node::Array { base, .. } => unpack_all(base, reader, value),
        Node::Compound { members, .. } => {
            for (offset, member) in members {
                let end = offset.saturating_add(member.size());
                if let Some(part) = value.get_mut(*offset..end) {
                    unpack(member, reader, part);
                }
            }
        }
        Node::Bytes(_) => value.iter_mut().for_each(|to| *to = reader.bits(8) as u8),
    }
}

/// The bytes of a number from the most significant one on, each with its stored bits: how many
/// they are and how many bits stand below them.
fn byte_parts(number: &Number) -> impl Iterator<Item = (usize, u32, u32)> + use<> {
    let Number { size, big_endian, precision, offset } = *number;
    let end = offset.saturating_add(precision);
    (offset.wrapping_shr(3)..end.div_ceil(8)).rev().map(move |place| {
        let base = place.saturating_mul(8);
        let low = offset.saturating_sub(base).min(8);
        let high = end.saturating_sub(base).min(8);
        let index = if big_endian { size.saturating_sub(place).saturating_sub(1) } else { place };
        (index, high.saturating_sub(low) as u32, low as u32)
    })
}

/// A number of any size, such as 3 or 16 bytes.
fn unpack_wide(number: &Number, reader: &mut BitReader<'_>, value: &mut [u8]) {
    for (index, count, low) in byte_parts(number) {
        let bits = reader.bits(count).wrapping_shl(low);
        if let Some(to) = value.get_mut(index) {
            *to = bits as u8;
        }
    }
}

/// Stores values that follow each other.
fn pack_all(node: &Node, writer: &mut BitWriter<'_>, values: &[u8]) {
    let Node::Number(number) = node else {
        return values.chunks_exact(node.size()).for_each(|value| pack(node, writer, value));
    };
    let take = number.precision as u32;
    let place = number.offset as u32;
    macro_rules! numbers {
        ($type:ty) => {
            for &bytes in values.as_chunks().0 {
                let value =
                    if number.big_endian { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) };
                writer.wide_bits(u64::from(value).wrapping_shr(place), take);
            }
        };
    }
    match number.size {
        1 => numbers!(u8),
        2 => numbers!(u16),
        4 => numbers!(u32),
        8 => numbers!(u64),
        _ => values.chunks_exact(number.size).for_each(|value| pack_wide(number, writer, value)),
    }
}

fn pack(node: &Node, writer: &mut BitWriter<'_>, value: &[u8]) {
    match node {
        Node::Number(_) => pack_all(node, writer, value),
        Node::Array { base, .. } => pack_all(base, writer, value),
        Node::Compound { members, .. } => {
            for (offset, member) in members {
                let end = offset.saturating_add(member.size());
                pack(member, writer, value.get(*offset..end).unwrap_or_default());
            }
        }
        Node::Bytes(_) => value.iter().for_each(|&byte| writer.bits(u64::from(byte), 8)),
    }
}

fn pack_wide(number: &Number, writer: &mut BitWriter<'_>, value: &[u8]) {
    for (index, count, low) in byte_parts(number) {
        let byte = value.get(index).copied().unwrap_or(0);
        writer.bits(u64::from(byte).wrapping_shr(low), count);
    }
}
