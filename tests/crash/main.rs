//! What was committed survives whatever happens: every state that a crash can leave is opened.

mod faults;
mod generate;
mod killed;
mod libhdf5;
mod states;
mod store;
mod workloads;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use generate::{Effort, Random};
use h5::Durability;
use h5::source::recording::Failing;
use states::{Run, State, record};

/// How much more than usual is tried: H5_CRASH_LONG, 1 without it.
fn long() -> usize {
    std::env::var("H5_CRASH_LONG").ok().and_then(|n| n.parse().ok()).unwrap_or(1)
}

/// How many states are tried for each interval between two syncs.
fn effort() -> Effort {
    if long() > 1 { Effort::FULL } else { Effort { all: 5, random: 20, single: 10 } }
}

/// Verifies states; gives their number, and what was wrong with those that were lost.
struct Proof<'r> {
    run: &'r Run,
    tried: usize,
    /// States that were verified already, by their hashes.
    known: HashSet<u64>,
    lost: Vec<String>,
}

impl Proof<'_> {
    fn take(&mut self, state: &State) {
        self.tried += 1;
        let mut hash = DefaultHasher::new();
        (&state.bytes, state.committed, state.in_flight).hash(&mut hash);
        if !self.known.insert(hash.finish()) {
            return;
        }
        if let Err(e) = self.run.verify(state, self.tried.is_multiple_of(16)) {
            self.lost.push(format!("state {} after commit {:?} {e}", self.tried, state.committed));
        }
    }
}

fn prove(durability: Durability, deaf: u64, seed: u64, only: Option<&str>) -> (usize, Vec<String>) {
    let (mut tried, mut lost) = (0, Vec::new());
    for workload in
        workloads::all().iter().chain(&workloads::by_object()).filter(|w| only.is_none_or(|o| o == w.name))
    {
        let run = record(workload, durability, deaf);
        let mut proof = Proof { run: &run, tried: 0, known: HashSet::new(), lost: Vec::new() };
        let mut random = Random(seed);
        match durability {
            Durability::Power => run.power_cut(&mut random, &effort(), &mut |s| proof.take(&s)),
            _ => run.killed(&mut |s| proof.take(&s)),
        }
        tried += proof.tried;
        lost.extend(proof.lost.iter().take(3).map(|l| format!("{}: {l}", workload.name)));
    }
    (tried, lost)
}

#[test]
fn a_killed_process_loses_nothing() {
    let (tried, lost) = prove(Durability::Process, 0, 1, None);
    eprintln!("{tried} states of killed processes");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(tried > 3000, "only {tried} states");
}

#[test]
fn a_loss_of_power_loses_nothing() {
    let (tried, lost) = prove(Durability::Power, 0, 2, None);
    eprintln!("{tried} states after a loss of power");
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(tried > 10_000, "only {tried} states");
}

/// Without any one of the barriers of a commit, something is lost: the proof would see it.
#[test]
fn every_barrier_is_needed() {
    for (barrier, workload) in [(1, "scan"), (2, "attributes"), (3, "attributes"), (4, "groups")] {
        let (_, lost) = prove(Durability::Power, barrier, 3, Some(workload));
        assert!(!lost.is_empty(), "without barrier {barrier} nothing was lost in {workload}");
    }
    for (barrier, workload) in [(1, "old-v18-groups"), (2, "old-append"), (3, "old-groups")] {
        let (_, lost) = prove(Durability::Power, barrier, 3, Some(workload));
        assert!(!lost.is_empty(), "without barrier {barrier} nothing was lost in {workload}");
    }
}

/// The first operation that fails, and all after it: an error, no panic, and the file is one of the commits.
#[test]
fn errors_of_the_disk_lose_nothing() {
    let mut tried = 0;
    for workload in
        workloads::all().iter().filter(|w| ["scan", "delete-reuse", "old-append"].contains(&w.name))
    {
        let run = record(workload, Durability::Power, 0);
        let new =
            || h5::OpenOptions::new().bound(workload.bound).parallel(false).durability(Durability::Power);
        for (n, kind) in (1u64..400)
            .step_by(3)
            .flat_map(|n| [std::io::ErrorKind::StorageFull, std::io::ErrorKind::Other].map(|kind| (n, kind)))
        {
            let source = std::sync::Arc::new(Failing::new(Vec::new(), n, kind));
            let quiet = new().on_close_error(|_| {});
            let mut committed = None;
            if let Ok(file) = quiet.create_in_source(source.clone()) {
                committed = Some(0);
                for (k, step) in workload.steps.iter().enumerate() {
                    if step(&file).and_then(|()| file.commit()).is_err() {
                        break;
                    }
                    committed = Some(k + 1);
                }
            }
            tried += 1;
            let state = State { bytes: source.to_vec(), committed, in_flight: true, torn: None };
            if let Err(e) = run.verify(&state, true) {
                panic!(
                    "{}: operation {n} failed ({kind:?}), after commit {committed:?} the file {e}",
                    workload.name
                );
            }
        }
    }
    eprintln!("{tried} runs with an error");
}
