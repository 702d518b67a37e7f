//! Heaps: where names, variable-length data and large messages live.
