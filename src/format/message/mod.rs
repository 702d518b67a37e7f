//! Header messages: one file each, and the table of their numbers.

pub mod attribute;
pub mod attribute_info;
pub mod btree_k;
pub mod cache_image;
pub mod comment;
pub mod dataspace;
pub mod datatype;
pub mod driver_info;
pub mod external_files;
pub mod file_space;
pub mod fill;
pub mod filter_pipeline;
pub mod group_info;
pub mod layout;
pub mod link;
pub mod link_info;
pub mod reference_count;
pub mod shared;
pub mod shared_table;
pub mod symbol_table;
pub mod times;

use crate::error::Structure;

macro_rules! table {
    ($($number:literal $name:ident $text:literal $clause:literal;)*) => {
        $(#[doc = concat!("Number of the message: ", $text, ".")]
        pub const $name: u16 = $number;)*
        /// Every message of the specification, and 0x18, which has no clause: number, name and clause.
        pub const TABLE: &[(u16, Structure)] = &[$(($number, Structure::new($text, $clause))),*];
    };
}

table! {
    0x00 NIL "NIL message" "IV.A.2.a";
    0x01 DATASPACE "dataspace message" "IV.A.2.b";
    0x02 LINK_INFO "link info message" "IV.A.2.c";
    0x03 DATATYPE "datatype message" "IV.A.2.d";
    0x04 FILL_OLD "old fill value message" "IV.A.2.e";
    0x05 FILL "fill value message" "IV.A.2.f";
    0x06 LINK "link message" "IV.A.2.g";
    0x07 EXTERNAL_FILES "external data files message" "IV.A.2.h";
    0x08 LAYOUT "data layout message" "IV.A.2.i";
    0x09 BOGUS "bogus message" "IV.A.2.j";
    0x0a GROUP_INFO "group info message" "IV.A.2.k";
    0x0b FILTERS "filter pipeline message" "IV.A.2.l";
    0x0c ATTRIBUTE "attribute message" "IV.A.2.m";
    0x0d COMMENT "object comment message" "IV.A.2.n";
    0x0e TIME_OLD "old modification time message" "IV.A.2.o";
    0x0f SHARED_TABLE "shared message table message" "IV.A.2.p";
    0x10 CONTINUATION "header continuation message" "IV.A.2.q";
    0x11 SYMBOL_TABLE "symbol table message" "IV.A.2.r";
    0x12 TIME "modification time message" "IV.A.2.s";
    0x13 BTREE_K "B-tree K values message" "IV.A.2.t";
    0x14 DRIVER_INFO "driver info message" "IV.A.2.u";
    0x15 ATTRIBUTE_INFO "attribute info message" "IV.A.2.v";
    0x16 REFERENCE_COUNT "object reference count message" "IV.A.2.w";
    0x17 FILE_SPACE "file space info message" "IV.A.2.x";
    0x18 CACHE_IMAGE "metadata cache image message" "";
}

/// The message's name and clause.
pub fn structure(number: u16) -> Structure {
    let known = TABLE.iter().find(|(n, _)| *n == number);
    known.map_or(Structure::new("unknown message", "IV.A.2"), |(_, s)| *s)
}
