//! The forms in which texts are stored in attributes.

use super::options::Profile;
use super::python::PyValue;
use crate::api::attribute::write::AttributeBuilder;
use crate::error::Result;
use crate::format::message::datatype::{CharSet, Datatype, StringPadding};

/// The longest text that is stored as a string of fixed length; longer ones go to a heap, where PyTables reads
/// them just as well.
const FIXED_BYTES: usize = 64_000;

/// Sets a text in the form of a profile.
pub(super) fn write_text(builder: AttributeBuilder, profile: Profile, text: &str) -> Result<()> {
    let bytes = text.as_bytes();
    let fixed = profile == Profile::Pymodaq && bytes.len() <= FIXED_BYTES;
    if !fixed || bytes.contains(&0) {
        return builder.value(&text.to_string());
    }
    let size = u32::try_from(bytes.len().max(1)).unwrap_or(u32::MAX);
    let builder = builder.datatype(Datatype::fixed_string(size, StringPadding::NullTerminated, CharSet::Utf8)?);
    if bytes.is_empty() { builder.empty() } else { builder.stored(&[], bytes) }
}

/// A shape as Python's tuple.
pub(super) fn shape_value(shape: &[u64]) -> PyValue {
    PyValue::Tuple(shape.iter().map(|n| PyValue::from(*n)).collect())
}
