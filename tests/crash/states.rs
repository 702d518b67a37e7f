//! Crash states of a recorded workload, and what each must open as.

use std::ops::ControlFlow;
use std::sync::Arc;

use h5::ops::digest::{Options, digest};
use h5::source::recording::{Operation, Recording};
use h5::{Durability, File, OpenOptions};

use crate::generate::{self, Crash, Effort, Random};
use crate::workloads::Workload;

/// A recorded run.
pub(crate) struct Run {
    pub(crate) operations: Vec<Operation>,
    /// What the file holds after each commit.
    pub(crate) digests: Vec<String>,
}

/// What a crash left.
pub(crate) struct State {
    pub(crate) bytes: Vec<u8>,
    /// The last commit that had returned; none: not even the first one.
    pub(crate) committed: Option<usize>,
    /// Whether the next commit had begun.
    pub(crate) in_flight: bool,
    /// Where the last write is cut, if it is there in part; systems cut between pages at most.
    #[allow(dead_code)]
    pub(crate) torn: Option<u64>,
}

pub(crate) fn digest_of(file: &File) -> String {
    digest(file, &Options::default()).to_string()
}

/// Runs a workload; `deaf` leaves out one sync of each commit.
pub(crate) fn record(workload: &Workload, durability: Durability, deaf: u64) -> Run {
    let source = Arc::new(if deaf > 0 { Recording::deaf(deaf) } else { Recording::new() });
    let mut digests = Vec::new();
    source.mark("begin");
    let options = OpenOptions::new().durability(durability).bound(workload.bound).parallel(false);
    let options = options
        .always_readable(workload.readable)
        .attribute_phase_change(if workload.readable { 64 } else { 8 }, 6);
    let file = options.create_in_source(source.clone()).unwrap();
    source.mark("done");
    digests.push(digest_of(&File::from_bytes(source.to_vec()).unwrap()));
    for step in &workload.steps {
        step(&file).unwrap();
        source.mark("begin");
        file.commit().unwrap();
        source.mark("done");
        digests.push(digest_of(&File::from_bytes(source.to_vec()).unwrap()));
    }
    source.mark("begin");
    file.close().unwrap();
    source.mark("done");
    digests.push(digests.last().unwrap().clone());
    Run { operations: source.operations(), digests }
}

/// Where a run stands after some of its operations.
fn progress(operations: &[Operation]) -> (Option<usize>, bool) {
    let count =
        |text: &str| operations.iter().filter(|o| matches!(o, Operation::Mark(m) if m == text)).count();
    let (begun, done) = (count("begin"), count("done"));
    (done.checked_sub(1), begun > done)
}

impl Run {
    fn state(&self, crash: Crash) -> State {
        let (committed, in_flight) = progress(&self.operations[..crash.until]);
        State { bytes: crash.bytes, committed, in_flight, torn: crash.torn }
    }
    /// States of a killed process: all operations up to one, and that one in part.
    pub(crate) fn killed(&self, visit: &mut dyn FnMut(State)) {
        let _ = generate::killed(&[], &self.operations, &mut |crash| {
            visit(self.state(crash));
            ControlFlow::Continue(())
        });
    }
    /// States after a loss of power: what was written since the last sync is there in part, sector by sector.
    pub(crate) fn power_cut(&self, random: &mut Random, effort: &Effort, visit: &mut dyn FnMut(State)) {
        let _ = generate::power_cut(&[], &self.operations, effort, random, &mut |crash| {
            visit(self.state(crash));
            ControlFlow::Continue(())
        });
    }
    /// The bytes of the file as each commit left it.
    #[allow(dead_code)]
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        for operation in &self.operations {
            operation.apply(&mut bytes);
            if matches!(operation, Operation::Mark(m) if m == "done") {
                out.push(bytes.clone());
            }
        }
        out
    }
    /// Whether a state opens as it must; the words say what is wrong.
    pub(crate) fn verify(&self, state: &State, write: bool) -> Result<usize, String> {
        let first = state.committed.unwrap_or(0);
        let allowed = first..=first + usize::from(state.in_flight && state.committed.is_some());
        let file = match File::from_bytes(state.bytes.clone()) {
            Ok(file) => file,
            Err(_) if state.committed.is_none() => return Ok(0),
            Err(e) => return Err(format!("does not open: {e}")),
        };
        let found = digest_of(&file);
        let Some(k) = allowed.clone().find(|k| self.digests.get(*k) == Some(&found)) else {
            if state.committed.is_none() {
                return Ok(0);
            }
            return Err(format!("is neither of the commits {allowed:?}"));
        };
        let flagged = file.is_marked_open() || state.bytes.get(11) == Some(&3);
        if write || flagged {
            self.go_on(state, k)?;
        }
        Ok(k)
    }
    /// The file can be written further.
    fn go_on(&self, state: &State, k: usize) -> Result<(), String> {
        let told = |e: h5::Error| format!("cannot be written further: {e}");
        let file = OpenOptions::new().edit_bytes(state.bytes.clone()).map_err(told)?;
        if digest_of(&file) != self.digests[k] {
            return Err("opened for writing it is another commit".into());
        }
        let root = file.root().map_err(told)?;
        root.create_group("after the crash").map_err(told)?;
        file.commit().map_err(told)?;
        root.delete("after the crash").map_err(told)?;
        file.commit().map_err(told)?;
        let bytes = file.to_vec().map_err(told)?;
        let again = File::from_bytes(bytes).map_err(told)?;
        match digest_of(&again) == self.digests[k] {
            true => Ok(()),
            false => Err("written further it holds something else".into()),
        }
    }
}
