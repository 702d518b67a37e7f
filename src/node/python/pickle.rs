//! Pickles: strings are written, plain data is read; nothing is ever called.
//!
//! The reader knows the opcodes of protocols 0 to 5 that make plain data. Of those that call, `REDUCE` and `BUILD`,
//! it takes only the closed list of patterns by which Python, numpy and PyTables write plain data: byte strings and
//! sets of old protocols, complex numbers, dates and times, numpy's scalars and arrays. Everything else is refused.

mod array;
mod call;
mod machine;
mod node;
mod result;

use crate::error::{Error, Result};

use super::value::PyValue;

/// From this length of its text on, Python writes a string outside of a frame.
const FRAME: usize = 64 * 1024;

/// The pickle of a string, byte for byte as Python 3.11 writes it (protocol 4, which Python reads from 3.4 on).
///
/// Fails with a limit error for texts of 4 GiB and more.
///
/// ```
/// use h5::node::python::{pickle_str, unpickle};
///
/// let pickle = pickle_str("abc")?;
/// assert_eq!(pickle, b"\x80\x04\x95\x07\0\0\0\0\0\0\0\x8c\x03abc\x94.");
/// assert_eq!(unpickle(&pickle)?.as_str(), Some("abc"));
/// # Ok::<(), h5::Error>(())
/// ```
pub fn pickle_str(text: &str) -> Result<Vec<u8>> {
    let length = u32::try_from(text.len())
        .map_err(|_| Error::limit(format!("a string of {} bytes to be pickled, 4 GiB at most", text.len())))?;
    let mut out = Vec::with_capacity(text.len().saturating_add(32));
    out.extend_from_slice(&[0x80, 4]);
    let mut opcode = [b'X', 0, 0, 0, 0];
    let opcode = match u8::try_from(length) {
        Ok(short) => &[0x8c, short][..],
        Err(_) => {
            let [_, size @ ..] = &mut opcode;
            *size = length.to_le_bytes();
            &opcode[..]
        }
    };
    if text.len() < FRAME {
        // The opcode, the text, MEMOIZE and STOP.
        let frame = u64::from(length).saturating_add(if opcode.len() == 2 { 4 } else { 7 });
        out.push(0x95);
        out.extend_from_slice(&frame.to_le_bytes());
    }
    out.extend_from_slice(opcode);
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(&[0x94, b'.']);
    Ok(out)
}

/// The value of a pickle of plain data, of any protocol; bytes after its end are passed over, as Python does.
///
/// Strings of Python 2 are read as Latin-1, as PyTables does. A damaged error for bytes that are no pickle, an
/// unsupported one that names the opcode for what is no plain data, a limit error if the value would be much larger
/// than the pickle (it may hold one value at many places) or nest deeper than [`DEPTH`](super::DEPTH).
///
/// ```
/// use h5::node::python::unpickle;
///
/// assert_eq!(unpickle(b"(I1\nVa\np0\nF2.5\ntp1\n.")?.to_string(), "(1, 'a', 2.5)");
/// let refused = unpickle(b"cos\nsystem\n(S'ls'\ntR.").unwrap_err();
/// assert!(refused.to_string().contains("GLOBAL"), "{refused}");
/// # Ok::<(), h5::Error>(())
/// ```
pub fn unpickle(bytes: &[u8]) -> Result<PyValue> {
    let (heap, top) = machine::run(bytes)?;
    result::value(&heap, top, bytes.len())
}

/// Whether PyTables takes the bytes of a string attribute for a pickle; if they are none, it gives the bytes.
///
/// ```
/// use h5::node::python::looks_like_pickle;
///
/// assert!(looks_like_pickle(b"N."));
/// assert!(!looks_like_pickle(b"0."));
/// ```
pub fn looks_like_pickle(bytes: &[u8]) -> bool {
    bytes.ends_with(b".") && bytes != b"0."
}

#[cfg(test)]
mod tests;
