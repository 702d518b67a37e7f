//! Foreign judges: libhdf5 in three versions (h5py, PyTables, h5dump) reads what we write and changes it, and we read
//! and change what they write.

mod create;
mod dump;
mod filters;
mod foreign;
mod kinds;
mod modify;
mod theirs;
