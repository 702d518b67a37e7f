//! What all parts of a check share: the file, what was found, what was met.

use std::collections::{HashMap, HashSet};

use super::ledger::{Kind, Ledger, Region};
use super::report::{Note, Options, Problem, Progress, Report};
use crate::error::{Error, ErrorKind, Place, Result, Structure};
use crate::limits::Work;
use crate::store::Store;
use crate::store::open::Container;
use crate::wire::Addr;

/// Problems and notes that are kept.
const MOST_KEPT: usize = 1000;

/// A check under way.
pub(super) struct Check<'f> {
    pub(super) c: &'f Container,
    pub(super) store: &'f Store,
    pub(super) options: Options,
    pub(super) report: Report,
    pub(super) ledger: Ledger,
    pub(super) work: Work,
    /// Paths of the objects, by number; 0 is the file itself.
    paths: Vec<String>,
    /// The number of the object that is being checked.
    pub(super) path: u32,
    /// Structures that were entered.
    entered: HashSet<u64>,
    /// Objects to be checked.
    pub(super) pending: Vec<(Addr, String)>,
    /// For each object the hard links to it that were found and, of a committed type, its uses.
    pub(super) uses: HashMap<Addr, u64>,
    /// Uses of messages in the shared message heaps, by index of the table and heap ID.
    pub(super) shared_uses: HashMap<(usize, [u8; 8]), u64>,
    progress: &'f mut dyn FnMut(Progress),
    /// Whether the file makes more work than its size justifies.
    exhausted: bool,
}

impl<'f> Check<'f> {
    pub(super) fn new(c: &'f Container, options: Options, progress: &'f mut dyn FnMut(Progress)) -> Self {
        Check {
            c,
            store: &c.store,
            options,
            report: Report { file_bytes: c.store.end(), ..Report::default() },
            ledger: Ledger::default(),
            work: c.store.work(),
            paths: vec![String::new()],
            path: 0,
            entered: HashSet::new(),
            pending: Vec::new(),
            uses: HashMap::new(),
            shared_uses: HashMap::new(),
            progress,
            exhausted: false,
        }
    }
    /// The path with this number.
    pub(super) fn path_text(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|n| self.paths.get(n)).map_or("", String::as_str)
    }
    /// From here on the object at `path` is checked.
    pub(super) fn on(&mut self, path: String) {
        self.path = u32::try_from(self.paths.len()).unwrap_or(u32::MAX);
        self.paths.push(path);
    }
    /// Says that something is wrong.
    pub(super) fn problem(&mut self, at: &Structure, address: Option<u64>, what: impl Into<String>) {
        let path = self.path_text(self.path).to_string();
        self.add(Problem { path, structure: at.name, address, clause: at.clause, what: what.into() });
    }
    pub(super) fn add(&mut self, problem: Problem) {
        if self.report.problems.len() >= MOST_KEPT {
            self.report.more_problems = self.report.more_problems.saturating_add(1);
        } else if !self.report.problems.contains(&problem) {
            self.report.problems.push(problem);
        }
    }
    /// Says that a field is not what it has to be.
    pub(super) fn mismatch(
        &mut self,
        at: &Structure,
        address: Addr,
        field: &str,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) {
        self.problem(at, address.get(), format!("{field}: found {found}, expected {expected}"));
    }
    /// Says something worth knowing.
    pub(super) fn note(&mut self, what: impl Into<String>) {
        let note = Note { path: self.path_text(self.path).to_string(), what: what.into() };
        if self.report.notes.len() < MOST_KEPT && !self.report.notes.contains(&note) {
            self.report.notes.push(note);
        }
    }
    /// Turns an error about the file into a problem; what is no fault of the file ends the check.
    pub(super) fn told<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        let e = match result {
            Ok(value) => return Ok(Some(value)),
            Err(e) => e,
        };
        match e.kind() {
            ErrorKind::Io | ErrorKind::Missing => return Err(e),
            ErrorKind::Unsupported => self.note(e.to_string()),
            _ => self.tell(&e),
        }
        Ok(None)
    }
    fn tell(&mut self, e: &Error) {
        let places = e.trail().iter().filter_map(|p| match p {
            Place::Structure(s, a) => Some((*s, *a)),
            Place::Path(_) => None,
        });
        let (at, address) = places.fold((None, None), |(s, a), (s2, a2)| (s.or(Some(s2)), a.or(a2)));
        let limit = if e.kind() == ErrorKind::Limit { "limit reached: " } else { "" };
        let at: Structure = at.unwrap_or(Structure::new("file", ""));
        let what = e.what().split_whitespace().collect::<Vec<_>>().join(" ");
        self.problem(&at, address, format!("{limit}{what}"));
    }
    /// Whether a structure is met for the first time; else it is a problem, as structures have one owner.
    pub(super) fn enter(&mut self, address: Addr, at: &Structure) -> bool {
        let first = self.entered.insert(address.raw());
        if !first {
            self.problem(at, address.get(), "it is used in two places");
        }
        first
    }
    /// Whether a structure that may have several users is met for the first time.
    pub(super) fn first_time(&mut self, address: Addr) -> bool {
        self.entered.insert(address.raw())
    }
    /// Takes work off what the file's size justifies; false once nothing is left.
    pub(super) fn spend(&mut self, units: u64) -> bool {
        if self.exhausted {
            return false;
        }
        if self.work.spend(units).is_err() {
            self.exhausted = true;
            let at = Structure::new("file", "");
            self.problem(
                &at,
                None,
                "limit reached: its structures lead to more than its size justifies; the rest is not checked",
            );
        }
        !self.exhausted
    }
    /// Accounts for bytes in use. False where they do not lie in the file.
    pub(super) fn claim(&mut self, address: Addr, bytes: u64, kind: Kind, at: &Structure) -> bool {
        let Some(start) = address.get() else {
            self.problem(at, None, "its address is undefined");
            return false;
        };
        let end = start.checked_add(bytes).filter(|e| *e <= self.store.end());
        let Some(end) = end else {
            let what = format!("{bytes} bytes reach beyond the end of the file ({:#x})", self.store.end());
            self.problem(at, Some(start), what);
            return false;
        };
        if bytes > 0 {
            self.ledger.add(Region { start, end, kind, what: at.name, path: self.path });
        }
        true
    }
    /// Tells how far the check has come.
    pub(super) fn tick(&mut self) {
        let done_bytes = self.ledger.bytes.min(self.store.end());
        let (total_bytes, objects) = (self.store.end(), self.report.objects);
        (self.progress)(Progress { done_bytes, total_bytes, objects });
    }
}
