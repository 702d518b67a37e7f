//! Any node, and what all kinds have.

use std::fmt;

use super::array::{CArray, EArray};
use super::class::{self, Class};
use super::group::Group;
use super::handle::{Handle, Location};
use super::python::PyValue;
use super::table::Table;
use super::vlen::{StringArray, VlArray};
use crate::error::{Error, Result};

/// Any node.
///
/// ```
/// # fn main() -> h5::Result<()> {
/// use h5::node::{Mode, Node, NodeFile};
/// let file = NodeFile::open("tests/files/pymodaq_scan.h5", Mode::Read)?;
/// for node in file.walk_nodes("/")? {
///     if let Node::CArray(array) = &node {
///         println!("{} {:?} of {}", node.path(), array.shape()?, array.dtype()?);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Node {
    /// A group.
    Group(Group),
    /// An array of fixed shape.
    CArray(CArray),
    /// An array that grows along its first axis.
    EArray(EArray),
    /// An array whose rows have a length of their own.
    VlArray(VlArray),
    /// A list of strings.
    StringArray(StringArray),
    /// A table of PyTables.
    Table(Table),
}

impl Node {
    pub(super) fn new(handle: Handle) -> Result<Node> {
        Ok(match class::of(&handle)? {
            Class::Group => Node::Group(Group { handle }),
            Class::CArray => Node::CArray(CArray { handle }),
            Class::EArray => Node::EArray(EArray { array: CArray { handle } }),
            Class::VlArray => Node::VlArray(VlArray { handle }),
            Class::Strings => Node::StringArray(StringArray { rows: VlArray { handle } }),
            Class::Table => Node::Table(Table { handle }),
        })
    }
    /// Python's name of the class: `GROUP`, `CARRAY`, `EARRAY`, `VLARRAY`, `StringARRAY`, `TABLE`.
    pub fn class_name(&self) -> &'static str {
        match self {
            Node::Group(_) => "GROUP",
            Node::CArray(_) => "CARRAY",
            Node::EArray(_) => "EARRAY",
            Node::VlArray(_) => "VLARRAY",
            Node::StringArray(_) => "StringARRAY",
            Node::Table(_) => "TABLE",
        }
    }
    fn is_not(&self, wanted: &str) -> Error {
        Error::usage(format!("a {wanted} is asked for, and this is a {}", self.class_name())).on_path(self.path())
    }
}

macro_rules! turned_into {
    ($($method:ident $variant:ident $name:literal;)*) => {
        impl Node {
            $(
                #[doc = concat!("The node as a [`", stringify!($variant), "`]; an error where it is another.")]
                pub fn $method(self) -> Result<$variant> {
                    match self {
                        Node::$variant(node) => Ok(node),
                        other => Err(other.is_not($name)),
                    }
                }
            )*
        }
        impl std::ops::Deref for Node {
            type Target = Handle;
            fn deref(&self) -> &Handle {
                match self {
                    $(Node::$variant(node) => node,)*
                }
            }
        }
        $(
            impl From<$variant> for Node {
                fn from(node: $variant) -> Node {
                    Node::$variant(node)
                }
            }
            impl From<&$variant> for Node {
                fn from(node: &$variant) -> Node {
                    Node::$variant(node.clone())
                }
            }
            impl fmt::Display for $variant {
                /// As PyMoDAQ tells it: path, class, title.
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(&Node::from(self), f)
                }
            }
            impl fmt::Debug for $variant {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_tuple(stringify!($variant)).field(&self.path()).finish()
                }
            }
            impl PartialEq for $variant {
                /// Whether both are the same object of the same file.
                fn eq(&self, other: &Self) -> bool {
                    self.is_same(other)
                }
            }
            impl Location for $variant {
                fn location(&self) -> String {
                    self.path().to_string()
                }
                fn handle(&self) -> Option<&Handle> {
                    Some(self)
                }
            }
        )*
    };
}

turned_into! {
    into_group Group "group";
    into_carray CArray "CARRAY";
    into_earray EArray "EARRAY";
    into_vlarray VlArray "VLARRAY";
    into_string_array StringArray "string array";
    into_table Table "table";
}

impl fmt::Display for Node {
    /// As PyMoDAQ tells it: path, class, title.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.title().map_err(|_| fmt::Error)?;
        write!(f, "{} ({}) {}", self.path(), self.class_name(), PyValue::Str(title))
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.class_name()).field(&self.path()).finish()
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other)
    }
}

impl Location for Node {
    fn location(&self) -> String {
        self.path().to_string()
    }
    fn handle(&self) -> Option<&Handle> {
        Some(self)
    }
}
