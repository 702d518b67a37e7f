//! Object headers, versions 1 and 2: prefix, chunks and the heads of their messages.
//!
//! Clauses IV.A.1.a, IV.A.1.b and IV.A.2.q; note `spec-notes/header.md`.

use binrw::binrw;

use super::message::structure;
use crate::error::{Error, Result, Structure};
use crate::wire::integers::{put_uint, uint};
use crate::wire::{Addr, Length, Widths, decode, encode};

/// The name and clause of version 1.
pub const V1: Structure = Structure::new("object header version 1", "IV.A.1.a");
/// The name and clause of version 2.
pub const V2: Structure = Structure::new("object header version 2", "IV.A.1.b");
/// The name and clause of a continuation block.
pub const CONTINUATION: Structure = Structure::new("object header continuation", "IV.A.2.q");

/// Bytes of a version 1 prefix with its padding.
pub const V1_PREFIX_BYTES: u64 = 16;
/// The signature of a version 2 header.
pub const SIGNATURE: [u8; 4] = *b"OHDR";
/// The signature of a version 2 continuation block.
pub const CONTINUATION_SIGNATURE: [u8; 4] = *b"OCHK";

/// Message flag: the body is a pointer to a message elsewhere.
pub const SHARED: u8 = 0x02;
/// Message flag: an index of shared messages names the message, which others may come to share.
pub const SHAREABLE: u8 = 0x40;
/// Message flag: an object with this message may not be opened by who does not know it, for writing.
pub const FAIL_IF_UNKNOWN_AND_WRITING: u8 = 0x08;
/// Message flag: who does not know the message and changes the object sets [`WAS_UNKNOWN`].
pub const MARK_IF_UNKNOWN: u8 = 0x10;
/// Message flag: the object was changed by who did not know the message.
pub const WAS_UNKNOWN: u8 = 0x20;
/// Message flag: an object with this message may not be opened by who does not know it.
pub const FAIL_IF_UNKNOWN: u8 = 0x80;

/// Prefix of a version 1 header.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixV1 {
    #[br(temp, assert(version == 1, "version {version}, expected 1 (or the signature of version 2)"))]
    #[bw(calc = 1)]
    version: u8,
    #[br(temp)]
    #[bw(calc = 0)]
    reserved: u8,
    /// Messages in all chunks, NIL messages included.
    pub messages: u16,
    /// Hard links to the object.
    pub references: u32,
    /// Bytes of messages in the first chunk.
    pub chunk_bytes: u32,
    #[br(temp)]
    #[bw(calc = 0)]
    padding: u32,
}

const SIZE_WIDTH: u8 = 0x03;
const ORDER_TRACKED: u8 = 0x04;
const ORDER_INDEXED: u8 = 0x08;
const PHASE_STORED: u8 = 0x10;
const TIMES_STORED: u8 = 0x20;

/// Access, modification, change and birth time in seconds since 1970.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// Last access.
    pub access: u32,
    /// Last modification of the data.
    pub modification: u32,
    /// Last change of the header.
    pub change: u32,
    /// Creation.
    pub birth: u32,
}

/// When attributes go from the header into a heap and back.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseChange {
    /// The most attributes kept in the header.
    pub max_compact: u16,
    /// The fewest attributes kept in a heap.
    pub min_dense: u16,
}

/// Prefix of a version 2 header.
#[binrw]
#[brw(little)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixV2 {
    #[br(temp, assert(signature == SIGNATURE, "no signature OHDR"))]
    #[bw(calc = SIGNATURE)]
    signature: [u8; 4],
    #[br(temp, assert(version == 2, "version {version}, expected 2"))]
    #[bw(calc = 2)]
    version: u8,
    /// Width of the chunk size, creation order of attributes, which fields are stored.
    #[br(assert(flags & 0xc0 == 0, "unknown flags {flags:#04x}"))]
    #[bw(map = |f: &u8| stored_flags(*f, times.is_some(), phase_change.is_some()))]
    pub flags: u8,
    /// Times, where they are stored.
    #[br(if(flags & TIMES_STORED != 0))]
    pub times: Option<Times>,
    /// Phase change of attributes, where it is not the default (8 and 6).
    #[br(if(flags & PHASE_STORED != 0))]
    pub phase_change: Option<PhaseChange>,
    /// Bytes of messages in the first chunk.
    #[br(parse_with = uint, args(1u8.wrapping_shl(u32::from(flags & SIZE_WIDTH))))]
    #[bw(write_with = put_uint, args(1u8.wrapping_shl(u32::from(flags & SIZE_WIDTH))))]
    pub chunk_bytes: u64,
}

/// The flags with the bits of the optional fields as the fields are.
fn stored_flags(flags: u8, times: bool, phase_change: bool) -> u8 {
    let times = if times { TIMES_STORED } else { 0 };
    let phase_change = if phase_change { PHASE_STORED } else { 0 };
    flags & !(TIMES_STORED | PHASE_STORED) | times | phase_change
}

impl PrefixV2 {
    /// A prefix for a first chunk of `chunk_bytes` bytes.
    pub fn new(chunk_bytes: u64, times: Option<Times>, order_tracked: bool, order_indexed: bool) -> Self {
        let width = match chunk_bytes {
            0..=0xff => 0,
            0x100..=0xffff => 1,
            0x1_0000..=0xffff_ffff => 2,
            _ => 3,
        };
        let tracked = if order_tracked { ORDER_TRACKED } else { 0 };
        let indexed = if order_indexed { ORDER_INDEXED } else { 0 };
        PrefixV2 { flags: width | tracked | indexed, times, phase_change: None, chunk_bytes }
    }
    /// Whether attributes carry a creation order.
    pub fn order_tracked(&self) -> bool {
        self.flags & ORDER_TRACKED != 0
    }
    /// Whether attributes are indexed by creation order.
    pub fn order_indexed(&self) -> bool {
        self.flags & ORDER_INDEXED != 0
    }
}

/// Head of a message in a version 1 header.
#[binrw]
#[brw(little)]
struct HeadV1 {
    kind: u16,
    size: u16,
    flags: u8,
    #[br(temp)]
    #[bw(calc = [0; 3])]
    reserved: [u8; 3],
}

/// Head of a message in a version 2 header.
#[binrw]
#[brw(little, import(ordered: bool))]
struct HeadV2 {
    kind: u8,
    size: u16,
    flags: u8,
    #[br(if(ordered))]
    order: Option<u16>,
}

/// One message of a header, its body not yet decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawMessage {
    /// The message's number.
    pub kind: u16,
    /// Message flags.
    pub flags: u8,
    /// Creation index of an attribute, where it is tracked.
    pub order: Option<u16>,
    /// The body.
    pub body: Vec<u8>,
}

/// Cuts the messages of one chunk of a version 1 header.
pub fn messages_v1(chunk: &[u8]) -> Result<Vec<RawMessage>> {
    let mut out = Vec::new();
    let mut left = chunk;
    while left.len() >= 8 {
        let (head, used) = decode::<HeadV1>(left, (), &V1)?;
        let (body, rest) = cut(left, used, head.size, &V1)?;
        out.push(RawMessage { kind: head.kind, flags: head.flags, order: None, body: body.to_vec() });
        left = rest;
    }
    Ok(out)
}

/// Cuts the messages of one chunk of a version 2 header: without signature, prefix and checksum.
pub fn messages_v2(chunk: &[u8], ordered: bool) -> Result<Vec<RawMessage>> {
    let smallest = if ordered { 6 } else { 4 };
    let mut out = Vec::new();
    let mut left = chunk;
    while left.len() >= smallest {
        let (head, used) = decode::<HeadV2>(left, (ordered,), &V2)?;
        let (body, rest) = cut(left, used, head.size, &V2)?;
        let kind = u16::from(head.kind);
        out.push(RawMessage { kind, flags: head.flags, order: head.order, body: body.to_vec() });
        left = rest;
    }
    Ok(out)
}

/// Bytes of a message's head.
pub fn head_bytes(version: u8, ordered: bool) -> usize {
    match (version, ordered) {
        (1, _) => 8,
        (_, false) => 4,
        (_, true) => 6,
    }
}

/// Encodes one message of a version 1 header, its body padded to a multiple of 8 bytes.
pub fn encode_v1(message: &RawMessage) -> Result<Vec<u8>> {
    let padded = message.body.len().next_multiple_of(8);
    let size = u16::try_from(padded).map_err(|_| too_large(message))?;
    let mut out = encode(&HeadV1 { kind: message.kind, size, flags: message.flags }, (), &V1)?;
    out.extend_from_slice(&message.body);
    out.resize(out.len().next_multiple_of(8), 0);
    Ok(out)
}

/// Encodes one message of a version 2 header.
pub fn encode_v2(message: &RawMessage, ordered: bool) -> Result<Vec<u8>> {
    let size = u16::try_from(message.body.len()).map_err(|_| too_large(message))?;
    let kind = u8::try_from(message.kind).map_err(|_| Error::usage("a message number over 255"))?;
    let order = ordered.then_some(message.order.unwrap_or(0));
    let mut out = encode(&HeadV2 { kind, size, flags: message.flags, order }, (ordered,), &V2)?;
    out.extend_from_slice(&message.body);
    Ok(out)
}

#[cold]
fn too_large(message: &RawMessage) -> Error {
    let at = structure(message.kind);
    Error::usage(format!("{} bytes in a header message, which holds 65535", message.body.len())).within(&at, None)
}

fn cut<'a>(bytes: &'a [u8], head: usize, size: u16, at: &Structure) -> Result<(&'a [u8], &'a [u8])> {
    let body = bytes.get(head..).and_then(|b| b.split_at_checked(usize::from(size)));
    body.ok_or_else(|| at.damaged(format!("a message of {size} bytes does not fit into its chunk")))
}

/// Body of a continuation message (0x10): where the header goes on.
#[binrw]
#[brw(little, import(w: Widths))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continuation {
    /// The next chunk.
    #[brw(args(w))]
    pub address: Addr,
    /// Its bytes, signature and checksum included.
    #[brw(args(w))]
    pub bytes: Length,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn version_1() {
        let mut bytes = vec![1, 0, 2, 0, 1, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0];
        let (prefix, used) = decode::<PrefixV1>(&bytes, (), &V1).unwrap();
        assert_eq!(used, 16);
        assert_eq!(prefix, PrefixV1 { messages: 2, references: 1, chunk_bytes: 24 });
        assert_eq!(encode(&prefix, (), &V1).unwrap(), bytes);
        bytes.extend_from_slice(&[0x0d, 0, 8, 0, 1, 9, 9, 9, b'h', b'i', 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0]);
        let messages = messages_v1(&bytes[16..]).unwrap();
        assert_eq!(messages.len(), 2, "a NIL message without a body counts");
        assert_eq!((messages[0].kind, messages[0].flags, messages[0].body.len()), (0x0d, 1, 8));
    }

    #[test]
    fn version_2() {
        let bytes = *b"OHDR\x02\x04\x0b\x16\x05\0\0\x07\0\0\x02\0\0\0";
        let (prefix, used) = decode::<PrefixV2>(&bytes, (), &V2).unwrap();
        assert!(prefix.order_tracked() && !prefix.order_indexed());
        assert_eq!((prefix.chunk_bytes, used), (11, 7));
        assert_eq!(encode(&prefix, (), &V2).unwrap(), bytes[..7]);
        let messages = messages_v2(&bytes[7..], prefix.order_tracked()).unwrap();
        let expected = RawMessage { kind: 0x16, flags: 0, order: Some(7), body: vec![0, 2, 0, 0, 0] };
        assert_eq!(messages, std::slice::from_ref(&expected));
        let with_gap = [&bytes[7..], &[0; 5]].concat();
        assert_eq!(messages_v2(&with_gap, true).unwrap(), [expected], "five bytes are a gap");
    }

    #[test]
    fn continuation() {
        let w = Widths { offset: 4, length: 2 };
        let bytes = [0, 2, 0, 0, 0x40, 0];
        let (c, used) = decode::<Continuation>(&bytes, (w,), &CONTINUATION).unwrap();
        assert_eq!((c.address, c.bytes, used), (Addr::new(0x200), Length(64), 6));
        assert_eq!(encode(&c, (w,), &CONTINUATION).unwrap(), bytes);
    }

    #[test]
    fn damaged() {
        assert!(decode::<PrefixV1>(&[2; 16], (), &V1).unwrap_err().is_damaged());
        assert!(decode::<PrefixV2>(b"OHDR\x03\0\0", (), &V2).is_err(), "version 3");
        assert!(decode::<PrefixV2>(b"OHDR\x02\x40\0", (), &V2).is_err(), "flag 0x40");
        assert!(messages_v1(&[1, 0, 9, 0, 0, 0, 0, 0, 1]).is_err(), "a body of 9 bytes with 1 there");
        assert!(messages_v2(&[1, 2, 0, 0, 0], false).is_err());
    }

    proptest! {
        #[test]
        fn round_trip(
            (flags, chunk) in (0u8..16, any::<u8>()), t: Option<[u32; 4]>, p: Option<(u16, u16)>,
        ) {
            let times = t.map(|[access, modification, change, birth]| Times { access, modification, change, birth });
            let phase_change = p.map(|(max_compact, min_dense)| PhaseChange { max_compact, min_dense });
            let flags = stored_flags(flags, t.is_some(), p.is_some());
            let prefix = PrefixV2 { flags, times, phase_change, chunk_bytes: u64::from(chunk) };
            let bytes = encode(&prefix, (), &V2).unwrap();
            prop_assert_eq!(decode::<PrefixV2>(&bytes, (), &V2).unwrap(), (prefix, bytes.len()));
        }
    }
}
