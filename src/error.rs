//! What can go wrong, by who is to act on it.
//!
//! An [`Error`] is one pointer wide. Its [`kind`](Error::kind) says who is to act; its trail says
//! where: the object's path, the structure, its address in the file and the clause of the
//! HDF5 File Format Specification that it breaks. This file imports nothing of the crate.

use std::fmt;
use std::ops::Range;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who is to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system or the source of the bytes failed.
    Io,
    /// The file breaks the format: its writer or its keeper is to act.
    Damaged,
    /// The file is sound, but this crate cannot do this (yet).
    Unsupported,
    /// The call does not fit the file: the caller is to act.
    Usage,
    /// There is no object, attribute or node of the name that was asked for.
    NotFound,
    /// A [limit](crate::Limits) against hostile files was reached.
    Limit,
    /// Bytes are not there yet: fetch [`Error::missing`] and run the call again.
    Missing,
}

/// A named structure of the format and the clause that lays it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Structure {
    /// The specification's name of the structure.
    pub name: &'static str,
    /// The clause of the File Format Specification 4.0, such as `"IV.A.2.a"`.
    pub clause: &'static str,
}

impl Structure {
    /// Names a structure and its clause.
    pub const fn new(name: &'static str, clause: &'static str) -> Self {
        Structure { name, clause }
    }
    /// An error: the file breaks this structure's clause.
    #[cold]
    pub fn damaged(&self, what: impl Into<String>) -> Error {
        Error::damaged(what).within(self, None)
    }
    /// An error: this form of the structure cannot be read.
    #[cold]
    pub fn unsupported(&self, what: impl Into<String>) -> Error {
        Error::unsupported(what).within(self, None)
    }
    /// An error: the structure holds `found` where the clause asks for `expected`.
    #[cold]
    pub fn mismatch(&self, field: &str, found: impl fmt::Display, expected: impl fmt::Display) -> Error {
        self.damaged(format!("{field}: found {found}, expected {expected}"))
    }
}

/// One place of an error's trail, innermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Inside a structure, at this address (relative to the base address) if it is known.
    Structure(Structure, Option<u64>),
    /// On the object with this path.
    Path(String),
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    trail: Vec<Place>,
    missing: Vec<Range<u64>>,
    io: Option<std::io::Error>,
}

/// The error of every call of this crate.
///
/// ```
/// let e = h5::File::from_bytes(b"not an HDF5 file".to_vec()).unwrap_err();
/// assert_eq!(e.kind(), h5::ErrorKind::Damaged);
/// assert!(e.to_string().contains("superblock"));
/// ```
pub struct Error(Box<Inner>);

impl Error {
    #[cold]
    fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, what: what.into(), trail: Vec::new(), missing: Vec::new(), io: None }))
    }
    /// The file breaks the format.
    #[cold]
    pub fn damaged(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Damaged, what)
    }
    /// The file is sound, but this crate cannot do this.
    #[cold]
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, what)
    }
    /// The call does not fit the file.
    #[cold]
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }
    /// There is nothing of this name.
    #[cold]
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, what)
    }
    /// A limit was reached.
    #[cold]
    pub fn limit(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, what)
    }
    /// These ranges of the source (absolute offsets) are not there yet; they are sorted, and joined where they touch.
    #[cold]
    pub fn missing_ranges(mut ranges: Vec<Range<u64>>) -> Self {
        let mut e = Self::new(ErrorKind::Missing, "bytes of the source are not fetched yet");
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        for range in ranges {
            match e.0.missing.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => e.0.missing.push(range),
            }
        }
        e
    }
    /// Adds the structure (and its address) to the trail.
    #[cold]
    #[must_use]
    pub fn within(mut self, s: &Structure, address: Option<u64>) -> Self {
        match self.0.trail.last_mut() {
            Some(Place::Structure(t, a)) if t == s && (a.is_none() || *a == address) => *a = address,
            _ => self.0.trail.push(Place::Structure(*s, address)),
        }
        self
    }
    /// Adds the object's path to the trail; the innermost path stays the one that is told.
    #[cold]
    #[must_use]
    pub fn on_path(mut self, path: &str) -> Self {
        if !self.0.trail.iter().any(|p| matches!(p, Place::Path(_))) {
            self.0.trail.push(Place::Path(path.to_string()));
        }
        self
    }
    /// Who is to act.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    /// What is wrong, without the place.
    pub fn what(&self) -> &str {
        &self.0.what
    }
    /// Where it is wrong, innermost place first.
    pub fn trail(&self) -> &[Place] {
        &self.0.trail
    }
    /// The ranges of the source to fetch before the call is run again; empty for other kinds.
    pub fn missing(&self) -> &[Range<u64>] {
        &self.0.missing
    }
    /// The path of the object, where it is known.
    pub fn path(&self) -> Option<&str> {
        self.0.trail.iter().find_map(|p| match p {
            Place::Path(p) => Some(p.as_str()),
            Place::Structure(..) => None,
        })
    }
    /// Whether the file breaks the format.
    pub fn is_damaged(&self) -> bool {
        self.0.kind == ErrorKind::Damaged
    }
    /// Whether this crate cannot do what was asked.
    pub fn is_unsupported(&self) -> bool {
        self.0.kind == ErrorKind::Unsupported
    }
    /// Whether there is nothing of the name that was asked for.
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }
    /// Whether bytes have to be fetched and the call run again.
    pub fn is_missing(&self) -> bool {
        self.0.kind == ErrorKind::Missing
    }
    /// Whether the operating system failed.
    pub fn is_io(&self) -> bool {
        self.0.kind == ErrorKind::Io
    }
}

impl From<std::io::Error> for Error {
    #[cold]
    fn from(e: std::io::Error) -> Self {
        let mut err = Self::new(ErrorKind::Io, e.to_string());
        err.0.io = Some(e);
        err
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(p) = self.path() {
            write!(f, "{p}: ")?;
        }
        let lead = match self.0.kind {
            ErrorKind::Unsupported => "unsupported: ",
            ErrorKind::Limit => "limit reached: ",
            _ => "",
        };
        write!(f, "{lead}{}", self.0.what)?;
        let mut lead = " (";
        for p in &self.0.trail {
            if let Place::Structure(s, a) = p {
                write!(f, "{lead}{}", s.name)?;
                if let Some(a) = a {
                    write!(f, " at {a:#x}")?;
                }
                if !s.clause.is_empty() {
                    write!(f, ", clause {}", s.clause)?;
                }
                lead = "; in ";
            }
        }
        if lead != " (" {
            write!(f, ")")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.io.as_ref().map(|e| e as _)
    }
}

/// Adds places to the error of a result.
pub trait At<T> {
    /// The structure that was being read, and its address.
    fn at(self, s: &Structure, address: u64) -> Result<T>;
    /// The object that was being read.
    fn on(self, path: &str) -> Result<T>;
}

impl<T> At<T> for Result<T> {
    fn at(self, s: &Structure, address: u64) -> Result<T> {
        self.map_err(|e| e.within(s, Some(address)))
    }
    fn on(self, path: &str) -> Result<T> {
        self.map_err(|e| e.on_path(path))
    }
}
