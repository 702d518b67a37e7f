//! Whole-file work as library calls that return plain data.
