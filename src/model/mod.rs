//! What the structures mean: further `impl` blocks on the types of `format`, no mirror structs.
//!
//! - [`shared`]: follows pointers to shared messages
//! - [`object`]: what kind of object a header describes
//! - [`datatype`]: questions a datatype answers
//! - [`links`]: the links of a group, however it stores them
//! - [`attributes`]: the attributes of an object, however it stores them
//! - [`copy`](mod@copy): copies of objects, within a file and from file to file
//! - [`create`]: new files and groups
//! - [`delete`]: objects that nothing leads to any more
//! - [`dense`]: links or attributes in a heap with its indexes
//! - [`dataset`]: type, space, layout, filters and fill value of a dataset, together
//! - [`filters`]: what filters are told of elements and chunks
//! - [`new_dataset`]: which messages the header of a new dataset gets
//! - [`reference`](mod@reference): references, old and new, resolved to addresses and selections
//! - [`release`]: frees what overwritten elements led to
//! - [`family`]: how a file in several parts is put together

pub mod attributes;
pub mod copy;
pub mod create;
pub mod dataset;
pub mod delete;
pub mod dense;
pub mod datatype;
pub mod family;
pub mod filters;
pub mod links;
pub mod new_dataset;
pub mod object;
pub mod reference;
pub mod release;
pub mod shared;
