//! Random edits of files against a model in memory, judged by our reader, by `check` and by h5py.
//!
//! `H5_MODEL_LONG=n` runs n times as many; `H5_MODEL_TRACE=1` names each step.

use std::collections::BTreeSet;
use std::process::Command;

use h5::Bound;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[allow(dead_code)]
#[path = "../../fuzz/inputs/edit/mod.rs"]
mod edit;
#[allow(dead_code)]
#[path = "../read/python.rs"]
mod python;

mod json;

mod support {
    /// The folder of the repository.
    pub(super) fn root() -> &'static std::path::Path {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
    }
}

fn sequences() -> u32 {
    let times: u32 = std::env::var("H5_MODEL_LONG").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    200 * times
}

/// Where the runs of one test leave their files for h5py.
struct Left {
    folder: tempfile::TempDir,
    files: std::cell::RefCell<Vec<std::path::PathBuf>>,
}

impl Left {
    fn add(&self, run: &edit::Run) {
        let path = self.folder.path().join(format!("{}.h5", self.files.borrow().len()));
        run.file.clone().close().unwrap();
        std::fs::write(&path, run.file.to_vec().unwrap()).unwrap();
        std::fs::write(path.with_extension("json"), json::describe(&run.model).to_string()).unwrap();
        self.files.borrow_mut().push(path);
    }
    /// Has h5py compare all files, at most 1000 of them.
    fn judge(&self) {
        let Some(python) = python::python() else { return };
        let script = support::root().join("tests/model/judge.py");
        let files = self.files.borrow();
        let output = Command::new(python).arg(script).args(files.iter().take(1000)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn random_edits_leave_what_the_model_says() {
    assert!(edit::steps::KINDS.iter().map(|(name, _)| name).collect::<BTreeSet<_>>().len() >= 50);
    let left = Left { folder: tempfile::tempdir().unwrap(), files: Default::default() };
    let done = std::cell::RefCell::new(vec![0; edit::steps::KINDS.len()]);
    let config = Config { cases: sequences(), failure_persistence: None, ..Config::default() };
    let mut runner = match std::env::var_os("H5_MODEL_LONG") {
        Some(_) => TestRunner::new(config),
        None => TestRunner::new_with_rng(
            config,
            proptest::test_runner::TestRng::deterministic_rng(Default::default()),
        ),
    };
    let strategy = (0usize..4, any::<bool>(), prop::collection::vec(any::<u8>(), 20..240));
    let result = runner.run(&strategy, |(bound, ordered, bytes)| {
        let bound = [Bound::Earliest, Bound::V18, Bound::V110, Bound::V200][bound];
        let run = edit::Run::new(bound, ordered).all(&bytes);
        done.borrow_mut().iter_mut().zip(&run.done).for_each(|(all, n)| *all += n);
        if left.files.borrow().len() < 1000 {
            left.add(&run);
        }
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
    let missing: Vec<_> = edit::steps::KINDS
        .iter()
        .zip(done.borrow().iter())
        .filter(|(_, n)| **n == 0)
        .map(|((name, _), _)| name)
        .collect();
    assert!(missing.is_empty(), "never done: {missing:?}");
    left.judge();
}
