//! What an input of the target `filter` means; `tests/regressions.rs` replays those that once failed.

/// The most bytes that a filter may make of one input.
const MOST_BYTES: usize = 1 << 20;

/// Decodes a block with one built-in filter.
///
/// Byte 0 chooses the filter; the low nibble of byte 1 is the number of client data values, bit 7 chooses whether
/// they are small; 2 bytes are the expected size; then the values, 4 bytes each (or 1, small), then the block.
pub(crate) fn run(data: &[u8]) {
    let Some(([which, shape, low, high], rest)) = data.split_first_chunk::<4>() else { return };
    let registry = h5::filter::Registry::default();
    let count = registry.iter().count();
    let Some(filter) = registry.iter().nth(usize::from(*which) % count.max(1)) else { return };
    let width = if shape & 0x80 != 0 { 1 } else { 4 };
    let values = usize::from(shape & 0x0f);
    let Some((values, block)) = rest.split_at_checked(values * width) else { return };
    let value = |bytes: &[u8]| bytes.iter().rev().fold(0u32, |n, b| n << 8 | u32::from(*b));
    let stage = h5::filter::Stage {
        id: filter.id(),
        name: None,
        optional: false,
        client_data: values.chunks_exact(width).map(value).collect(),
    };
    let expected = usize::from(u16::from_le_bytes([*low, *high]));
    let (mut bytes, mut scratch) = (block.to_vec(), Vec::new());
    if registry.decode(&[stage], 0, &mut bytes, &mut scratch, (expected, MOST_BYTES)).is_ok() {
        assert!(bytes.len() <= MOST_BYTES, "filter {} made {} bytes", filter.name(), bytes.len());
    }
}
