//! Random edits of a file, and what the file must hold after them.
//!
//! Any bytes are a list of steps. Each step is done to a file and to a model in memory, and the two are compared.
//! Used by the fuzz target `edit` and by the model test.

#![allow(unreachable_pub)]

mod compare;
mod data;
mod links;
pub mod model;
pub mod steps;

pub use compare::{check, compare};
use h5::{Bound, File, OpenOptions};
use model::Model;

/// The bytes that decide, one after the other; zeros where they end.
pub struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n.max(1)
    }
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A file that is edited, with what it must hold.
pub struct Run {
    pub file: File,
    pub model: Model,
    pub committed: Model,
    /// How often each kind of step was done.
    pub done: Vec<usize>,
}

/// Steps of one run.
const MOST_STEPS: usize = 60;

impl Run {
    /// A new file.
    pub fn new(bound: Bound, track_order: bool) -> Run {
        let options = OpenOptions::new().bound(bound).track_order(track_order).parallel(false);
        Run {
            file: options.create_in_memory().expect("a file in memory"),
            model: Model::default(),
            committed: Model::default(),
            done: vec![0; steps::KINDS.len()],
        }
    }
    /// Does what the bytes say, and compares file and model in the end, before and after it is opened anew.
    pub fn all(mut self, bytes: &[u8]) -> Run {
        let mut input = Input(bytes);
        let trace = std::env::var_os("H5_MODEL_TRACE").is_some();
        for _ in 0..MOST_STEPS {
            if input.is_empty() {
                break;
            }
            let kind = input.below(steps::KINDS.len());
            if trace {
                eprintln!("{}", steps::KINDS[kind].0);
            }
            (steps::KINDS[kind].1)(&mut self, &mut input);
            self.done[kind] += 1;
        }
        compare(&self.file, &self.model);
        self.file.commit().expect("a commit");
        self.committed = self.model.clone();
        self.reopen(None);
        self
    }
    /// Closes the file, looks at its bytes, and opens them again.
    pub fn reopen(&mut self, bound: Option<Bound>) {
        let file = std::mem::replace(&mut self.file, File::create_in_memory().expect("a file in memory"));
        file.clone().close().expect("the file is closed");
        let bytes = file.to_vec().expect("its bytes");
        self.committed = self.model.clone();
        let read = File::from_bytes(bytes.clone()).expect("what was closed opens");
        compare(&read, &self.model);
        check(&read);
        let mut options = OpenOptions::new().parallel(false);
        if let Some(bound) = bound {
            options = options.bound(bound);
        }
        self.file = options.edit_bytes(bytes).expect("what was closed opens for writing");
    }
}

/// The fuzz target: the first byte chooses the form of the file.
pub fn run(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let bound = [Bound::Earliest, Bound::V18, Bound::V110, Bound::V200][usize::from(*first) % 4];
    Run::new(bound, *first & 4 != 0).all(rest);
}
