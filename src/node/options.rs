//! How a node file is opened and what its nodes are to be.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::filter::Stage;

/// What a file is opened for; PyMoDAQ's words `r`, `r+`, `a`, `w`, `x` are read by [`str::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// `r`: reading; the file is there.
    #[default]
    Read,
    /// `r+`: reading and writing; the file is there.
    ReadWrite,
    /// `a`: reading and writing; it is made where it is not there.
    Append,
    /// `w`: a new file, in the place of one that is there.
    Write,
    /// `x` or `w-`: a new file; an error where there is one.
    Create,
}

impl FromStr for Mode {
    type Err = Error;
    fn from_str(text: &str) -> Result<Mode> {
        Ok(match text {
            "r" => Mode::Read,
            "r+" => Mode::ReadWrite,
            "a" => Mode::Append,
            "w" => Mode::Write,
            "x" | "w-" => Mode::Create,
            _ => return Err(Error::usage(format!("{text:?} is no mode: r, r+, a, w or x"))),
        })
    }
}

/// Whose form new nodes have. All are read by PyMoDAQ, PyTables and h5py; they differ in how strings, booleans
/// and compression are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// As PyMoDAQ with PyTables writes them: at home in PyTables and in h5py.
    #[default]
    Pymodaq,
    /// As PyMoDAQ with h5py writes them: strings of variable length, booleans as enumerations.
    H5py,
}

impl Profile {
    /// What the attribute `backend` of nodes says.
    pub fn backend(self) -> &'static str {
        match self {
            Profile::Pymodaq => "tables",
            Profile::H5py => "h5py",
        }
    }
}

/// How new arrays are compressed.
///
/// ```
/// use h5::node::Compression;
/// assert_eq!(Compression::gzip(5)?, Compression::named("zlib", 5)?);
/// assert!(Compression::gzip(10).is_err());
/// # Ok::<(), h5::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Compression {
    stages: Vec<Stage>,
}

impl Compression {
    /// Deflate of level 0 to 9 behind a shuffle, as PyTables does it; every reader of HDF5 knows both. Level 0 is none.
    pub fn gzip(level: u32) -> Result<Compression> {
        match level {
            0 => Ok(Compression { stages: Vec::new() }),
            1..=9 => Ok(Compression { stages: vec![Stage::shuffle(), Stage::deflate(level)] }),
            _ => Err(Error::usage(format!("compression of level {level}: it can be 0 to 9"))),
        }
    }
    /// By PyMoDAQ's name: `gzip` or `zlib`.
    pub fn named(name: &str, level: u32) -> Result<Compression> {
        match name {
            "gzip" | "zlib" => Compression::gzip(level),
            "blosc" | "lzf" | "zstd" | "lz4" | "bzip2" | "lzo" | "szip" => Err(Error::usage(format!(
                "compression {name:?}: not every reader knows it; Compression::filters takes it all the same"
            ))),
            _ => Err(Error::usage(format!("compression {name:?}: it can be gzip or zlib"))),
        }
    }
    /// By any filters of this crate. **Readers without the plug-in cannot read the data then**: plain h5py knows deflate,
    /// shuffle, fletcher32, szip, n-bit, scale-offset and LZF only, PyTables in addition Blosc and bzip2.
    pub fn filters(stages: impl Into<Vec<Stage>>) -> Compression {
        Compression { stages: stages.into() }
    }
    /// The filters, in the order that chunks pass them.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }
}

macro_rules! group_types {
    ($($(#[$doc:meta])* $variant:ident $name:literal,)*) => {
        /// What a group is for in PyMoDAQ.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum GroupType {
            $($(#[$doc])* $variant,)*
            /// Any other, as PyMoDAQ 5 allows; made by [`GroupType::other`].
            Other(String),
        }
        impl GroupType {
            /// The types that PyMoDAQ 4 knows.
            pub const ALL: &'static [GroupType] = &[$(GroupType::$variant,)*];
            /// Its name, in lower case.
            pub fn name(&self) -> &str {
                match self {
                    $(GroupType::$variant => $name,)*
                    GroupType::Other(name) => name,
                }
            }
        }
    };
}

group_types! {
    /// A detector.
    Detector "detector",
    /// An actuator.
    Actuator "actuator",
    /// Data.
    Data "data",
    /// A channel.
    Ch "ch",
    /// A scan.
    Scan "scan",
    /// What lies in another file.
    ExternalH5 "external_h5",
    /// Data of one dimensionality.
    DataDim "data_dim",
    /// A data logger.
    DataLogger "data_logger",
    /// An optimizer (PyMoDAQ 5).
    Optimizer "optimizer",
}

impl GroupType {
    /// A type of any name, in lower case.
    pub fn other(name: &str) -> GroupType {
        let name = name.to_lowercase();
        let known = GroupType::ALL.iter().find(|t| t.name() == name);
        known.cloned().unwrap_or(GroupType::Other(name))
    }
}

impl fmt::Display for GroupType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for GroupType {
    type Err = Error;
    /// The name of a type that PyMoDAQ knows; [`GroupType::other`] takes any.
    fn from_str(text: &str) -> Result<GroupType> {
        match GroupType::other(text) {
            GroupType::Other(name) => Err(Error::usage(format!("{name:?} is no type of a group"))),
            known => Ok(known),
        }
    }
}
