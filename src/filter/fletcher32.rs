//! Placeholder until the filter lands.
