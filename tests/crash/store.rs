//! The proof one layer below: blocks that are allocated, written, freed and committed at random, against a model.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use h5::Limits;
use h5::filter::Registry;
use h5::format::superblock::Superblock;
use h5::source::WriteAt;
use h5::source::memory::{Growing, Memory};
use h5::source::recording::{Operation, Recording};
use h5::store::Class;
use h5::store::commit::Manner;
use h5::store::open::Container;
use h5::wire::{Addr, Widths};

use crate::generate::{Crash, Effort, Random, killed, power_cut};

/// Bytes by address: what a commit holds.
type Blocks = BTreeMap<u64, Vec<u8>>;

/// Space that is there from the beginning.
const FIRST: (u64, usize) = (512, 3000);

/// A file with this superblock and a block of zeros.
pub(crate) fn blank(version: u8) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    let superblock = Superblock::empty(version, Widths::EIGHT).with_end(0, 4096).with_root(Addr::new(128));
    let encoded = superblock.encode().unwrap();
    bytes[..encoded.len()].copy_from_slice(&encoded);
    bytes
}

pub(crate) fn open_writable(sink: Arc<dyn WriteAt>) -> h5::Result<Container> {
    Container::open_writable(sink, Limits::default(), Arc::new(Registry::default()))
}

fn open(bytes: Vec<u8>) -> h5::Result<Container> {
    Container::open(Arc::new(Memory(bytes)), Limits::default(), Arc::new(Registry::default()), false)
}

fn read(container: &Container, start: u64, len: usize) -> Option<Vec<u8>> {
    let mut out = vec![0; len];
    container.store.raw(Addr::new(start), &mut out).ok().map(|()| out)
}

fn holds(container: &Container, blocks: &Blocks) -> bool {
    blocks.iter().all(|(start, bytes)| read(container, *start, bytes.len()).as_ref() == Some(bytes))
}

/// One step at random: a block more, a block less, a block changed.
fn change(container: &Container, blocks: &mut Blocks, random: &mut Random) {
    let store = &container.store;
    let pick = random.below(blocks.len());
    let (start, mut bytes) = blocks.iter().nth(pick).map(|(s, b)| (*s, b.clone())).unwrap();
    match random.below(4) {
        0 | 1 => {
            let most = if random.below(4) == 0 { 4000 } else { 200 };
            let raw = random.below(2) == 0;
            let bytes = vec![random.next() as u8; 1 + random.below(most)];
            let class = if raw { Class::Raw } else { Class::Metadata };
            let start = store.allocate(bytes.len() as u64, class).unwrap();
            let write = if raw { h5::store::Store::write_raw } else { h5::store::Store::write };
            write(store, start, &bytes).unwrap();
            blocks.insert(start.raw(), bytes);
        }
        2 if start != FIRST.0 => {
            store.free(Addr::new(start), bytes.len() as u64).unwrap();
            blocks.remove(&start);
        }
        _ => {
            let from = random.below(bytes.len());
            let to = (from + 1 + random.below(300)).min(bytes.len());
            bytes[from..to].fill(random.next() as u8);
            store.write(Addr::new(start + from as u64), &bytes[from..to]).unwrap();
            blocks.insert(start, bytes);
        }
    }
}

/// A recorded run: what was done, and what each commit holds.
pub(crate) struct Run {
    initial: Vec<u8>,
    pub(crate) operations: Vec<Operation>,
    commits: Vec<Blocks>,
}

pub(crate) fn run(version: u8, power_safe: bool, seed: u64, commits: usize, changes: usize) -> Run {
    let mut random = Random(seed);
    let initial = blank(version);
    let sink = Arc::new(Recording::over(initial.clone()));
    let container = open_writable(sink.clone()).unwrap();
    let mut blocks = Blocks::from([(FIRST.0, vec![0; FIRST.1])]);
    let mut all = vec![blocks.clone()];
    for number in 0..commits {
        for _ in 0..1 + random.below(changes) {
            change(&container, &mut blocks, &mut random);
        }
        if random.below(5) == 0 {
            container.store.rollback().unwrap();
            blocks.clone_from(all.last().unwrap());
        }
        let closing = number + 1 == commits || random.below(6) == 0;
        container.store.commit(Manner { power_safe, closing }).unwrap();
        sink.mark("done");
        all.push(blocks.clone());
    }
    Run { initial, operations: sink.operations(), commits: all }
}

fn done(operations: &[Operation]) -> usize {
    operations.iter().filter(|o| matches!(o, Operation::Mark(_))).count()
}

impl Run {
    /// Whether a state holds the commit that returned last, or the next one; read, and written further.
    fn verify(&self, crash: &Crash, operations: &[Operation]) -> Result<(), String> {
        let k = done(&operations[..crash.until]);
        let told = |e: h5::Error| format!("{}: {e}", crash.how);
        let file = open(crash.bytes.clone()).map_err(told)?;
        let candidates = k..(k + 2).min(self.commits.len());
        let found: Vec<usize> = candidates.clone().filter(|k| holds(&file, &self.commits[*k])).collect();
        if found.is_empty() {
            return Err(format!("{}: none of the commits {candidates:?}", crash.how));
        }
        let sink = Arc::new(Growing::new(crash.bytes.clone()));
        let file = open_writable(sink.clone()).map_err(told)?;
        let Some(k) = found.into_iter().find(|k| holds(&file, &self.commits[*k])) else {
            return Err(format!("{}: opened for writing it is another commit", crash.how));
        };
        let new = file.store.allocate(700, Class::Metadata).map_err(told)?;
        file.store.write(new, &[77; 700]).map_err(told)?;
        file.store.write(Addr::new(FIRST.0), &[78; 900]).map_err(told)?;
        file.store.commit(Manner::default()).map_err(told)?;
        let again = open(sink.to_vec()).map_err(told)?;
        let mut expected = self.commits[k].clone();
        expected.insert(new.raw(), vec![77; 700]);
        if let Some(first) = expected.get_mut(&FIRST.0) {
            first[..900].fill(78);
        }
        if holds(&again, &expected) {
            Ok(())
        } else {
            Err(format!("{}: written further it broke", crash.how))
        }
    }
    /// Tries all states of these operations; gives their number and the first that was lost.
    fn prove(&self, operations: &[Operation], effort: Option<&Effort>, seed: u64) -> (usize, Option<String>) {
        let (mut tried, mut lost) = (0, None);
        let mut each = |crash: Crash| {
            tried += 1;
            match self.verify(&crash, operations) {
                Ok(()) => ControlFlow::Continue(()),
                Err(e) => {
                    lost = Some(e);
                    ControlFlow::Break(())
                }
            }
        };
        let _ = match effort {
            Some(effort) => power_cut(&self.initial, operations, effort, &mut Random(seed), &mut each),
            None => killed(&self.initial, operations, &mut each),
        };
        (tried, lost)
    }
}

#[test]
fn blocks_survive_a_killed_process() {
    let mut tried = 0;
    for seed in 0..12 * crate::long() as u64 {
        let version = [3, 2, 0][seed as usize % 3];
        let run = run(version, false, seed, 12, 12);
        let (n, lost) = run.prove(&run.operations, None, seed);
        assert_eq!(lost, None, "superblock {version}, seed {seed}");
        tried += n;
    }
    eprintln!("{tried} states of killed processes, blocks");
}

#[test]
fn blocks_survive_a_loss_of_power() {
    let mut tried = 0;
    let effort = if crate::long() > 1 { Effort::FULL } else { Effort::SOME };
    for seed in 0..12 * crate::long() as u64 {
        let version = [3, 2, 0][seed as usize % 3];
        let run = run(version, true, seed, 10, 12);
        let (n, lost) = run.prove(&run.operations, Some(&effort), seed);
        assert_eq!(lost, None, "superblock {version}, seed {seed}");
        tried += n;
    }
    eprintln!("{tried} states after a loss of power, blocks");
}

/// The operations without the `nth` sync of each commit, from 1 on.
fn without_sync(operations: &[Operation], nth: usize) -> Vec<Operation> {
    let mut number = 0;
    let mut keep = |o: &Operation| {
        match o {
            Operation::Mark(_) => number = 0,
            Operation::Sync => number += 1,
            _ => {}
        }
        *o != Operation::Sync || number != nth
    };
    operations.iter().filter(|o| keep(o)).cloned().collect()
}

/// The operations with what lies before the `nth` sync of each commit moved behind what lies after it.
fn swapped(operations: &[Operation], nth: usize) -> Vec<Operation> {
    let mut out = Vec::new();
    for commit in operations.split_inclusive(|o| matches!(o, Operation::Mark(_))) {
        let (mark, body) = commit.split_last().unwrap();
        let mut phases: Vec<&[Operation]> = body.split(|o| *o == Operation::Sync).collect();
        if phases.len() > nth {
            phases.swap(nth - 1, nth);
        }
        out.extend(phases.join(&Operation::Sync));
        out.push(mark.clone());
    }
    out
}

/// Whether a change of the operations is seen by the proof, for some seed.
fn is_seen(version: u8, power_safe: bool, mutate: &dyn Fn(&[Operation]) -> Vec<Operation>) -> bool {
    (100..140).any(|seed| {
        let run = run(version, power_safe, seed, 6, 8);
        let effort = power_safe.then_some(Effort { all: 8, random: 40, single: 20 });
        run.prove(&mutate(&run.operations), effort.as_ref(), seed).1.is_some()
    })
}

/// A commit whose journal marks the file waits four times: for new blocks and the journal, for the mark, for the
/// changes in place, for the end of the mark. One without a mark: for new blocks, for the journal, for the changes
/// in place.
#[test]
fn the_proof_sees_each_missing_barrier() {
    for (version, needed) in [(3, 4), (2, 3), (0, 3)] {
        for nth in 1..=needed {
            assert!(
                is_seen(version, true, &|o| without_sync(o, nth)),
                "superblock {version} without sync {nth}"
            );
        }
        for nth in 1..=3 {
            assert!(
                is_seen(version, true, &|o| swapped(o, nth)),
                "superblock {version}, phases {nth} swapped"
            );
        }
    }
}

/// Without barriers the order counts: the phases of a recorded commit with barriers tell which they are.
#[test]
fn the_proof_of_killed_processes_sees_each_wrong_order() {
    for version in [3, 2, 0] {
        for nth in 1..=3 {
            let seen = (100..140).any(|seed| {
                let run = run(version, true, seed, 6, 8);
                run.prove(&swapped(&run.operations, nth), None, seed).1.is_some()
            });
            assert!(seen, "superblock {version}, phases {nth} swapped");
        }
    }
}

/// What is opened after a crash may crash again while it is completed.
#[test]
fn a_crash_while_a_journal_is_completed() {
    let mut tried = 0;
    for (version, seed) in [(3, 1), (2, 2), (0, 3), (3, 4), (0, 5)] {
        let run = run(version, true, seed, 5, 10);
        let mut outer = Random(seed);
        let mut each = |crash: Crash| {
            let sink = Arc::new(Recording::over(crash.bytes.clone()));
            open_writable(sink.clone()).unwrap();
            let operations = sink.operations();
            if operations.is_empty() || outer.below(8) != 0 {
                return ControlFlow::Continue(());
            }
            let inner = |again: Crash| {
                tried += 1;
                let both =
                    Crash { until: crash.until, how: format!("{}, then {}", crash.how, again.how), ..again };
                run.verify(&both, &run.operations).unwrap();
                ControlFlow::Continue(())
            };
            let mut inner = inner;
            let _ = killed(&crash.bytes, &operations, &mut inner);
            power_cut(&crash.bytes, &operations, &Effort::SOME, &mut Random(seed), &mut inner)
        };
        let _ = power_cut(&run.initial, &run.operations, &Effort::SOME, &mut Random(seed), &mut each);
    }
    eprintln!("{tried} states of twofold crashes");
    assert!(tried > 500, "{tried}");
}

/// New space that nothing in the file leads to yet keeps its bytes over a commit.
#[test]
fn bytes_written_before_they_are_reachable() {
    let sink = Arc::new(Recording::over(blank(3)));
    let container = open_writable(sink.clone()).unwrap();
    let store = &container.store;
    let first = store.allocate(3000, Class::Metadata).unwrap();
    store.write(first, &[1; 3000]).unwrap();
    store.commit(Manner::default()).unwrap();
    store.free(first, 3000).unwrap();
    store.write(Addr::new(600), &[9; 8]).unwrap();
    store.commit(Manner::default()).unwrap();
    let second = store.allocate(100, Class::Metadata).unwrap();
    store.write(second, &[2; 100]).unwrap();
    store.commit(Manner::default()).unwrap();
    store.write(Addr::new(600), &[3; 8]).unwrap();
    store.commit(Manner::default()).unwrap();
    let again = open(sink.to_vec()).unwrap();
    assert_eq!(read(&again, second.raw(), 100).unwrap(), [2; 100]);
}

/// Raw data that is overwritten where it lies, too much for a journal, is safe once a commit has returned.
#[test]
fn a_commit_waits_for_data_written_in_place() {
    const LARGE: usize = 600 << 10;
    let sink = Arc::new(Recording::over(blank(3)));
    let container = open_writable(sink.clone()).unwrap();
    let store = &container.store;
    let data = store.allocate(LARGE as u64, Class::Raw).unwrap();
    store.write_raw(data, &vec![1; LARGE]).unwrap();
    let safe = Manner { power_safe: true, closing: false };
    store.commit(safe).unwrap();
    store.write_raw(data, &vec![2; LARGE]).unwrap();
    store.commit(safe).unwrap();
    assert_eq!(sink.operations().last(), Some(&Operation::Sync));
}

/// A step that fails leaves raw data that was there before it, though its space was given back in the step.
#[test]
fn an_undone_step_leaves_new_raw_data() {
    let container = open_writable(Arc::new(Growing::new(blank(3)))).unwrap();
    let store = &container.store;
    let data = store.allocate(5000, Class::Raw).unwrap();
    store.write_raw(data, &[1; 5000]).unwrap();
    store.mark().unwrap();
    store.free_raw(data, 5000).unwrap();
    let other = store.allocate(5000, Class::Raw).unwrap();
    store.write_raw(other, &[2; 5000]).unwrap();
    store.undo().unwrap();
    assert_eq!(read(&container, data.raw(), 5000).unwrap(), [1; 5000]);
}
