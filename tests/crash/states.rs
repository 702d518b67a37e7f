//! Crash states of a recorded workload, and what each must open as.

use std::sync::Arc;

use h5::ops::digest::{Options, digest};
use h5::source::recording::{Operation, Recording, put};
use h5::{Durability, File, OpenOptions};

use crate::workloads::Workload;

/// Bytes that are old or new as a whole when the power fails.
const SECTOR: u64 = 512;

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
}

/// A small generator of numbers: the same seed gives the same states everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
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
    /// States of a killed process: all operations up to one, and that one in part.
    pub(crate) fn killed(&self, random: &mut Random, torn: usize, visit: &mut dyn FnMut(State)) {
        let mut bytes = Vec::new();
        for (i, operation) in self.operations.iter().enumerate() {
            if let Operation::Mark(_) = operation {
                continue;
            }
            let (committed, in_flight) = progress(&self.operations[..=i]);
            if let Operation::Write { offset, bytes: new } = operation {
                // A sector is written as a whole.
                let first = (SECTOR - offset % SECTOR) as usize;
                let cuts = new.len().saturating_sub(first).div_ceil(SECTOR as usize);
                for _ in 0..torn.min(cuts) {
                    let mut state = bytes.clone();
                    put(&mut state, *offset, &new[..first + random.below(cuts) * SECTOR as usize]);
                    visit(State { bytes: state, committed, in_flight });
                }
            }
            operation.apply(&mut bytes);
            visit(State { bytes: bytes.clone(), committed, in_flight });
        }
    }
    /// States after a loss of power: what was written since the last sync is there in part, sector by sector.
    pub(crate) fn power_cut(&self, random: &mut Random, most: usize, visit: &mut dyn FnMut(State)) {
        let mut safe = Vec::new();
        let mut start = 0;
        for end in 0..=self.operations.len() {
            let ends = end == self.operations.len() || self.operations[end] == Operation::Sync;
            if !ends {
                continue;
            }
            self.interval(start, end, &safe, (&mut *random, most), visit);
            self.operations[start..end].iter().for_each(|o| o.apply(&mut safe));
            start = (end + 1).min(self.operations.len());
        }
    }
    fn interval(
        &self,
        start: usize,
        end: usize,
        safe: &[u8],
        (random, most): (&mut Random, usize),
        visit: &mut dyn FnMut(State),
    ) {
        // Each piece with the number of operations after which it may be there.
        let mut pieces: Vec<(usize, Operation)> = Vec::new();
        for i in start..end {
            match &self.operations[i] {
                Operation::Write { offset, bytes } => {
                    let mut at = *offset;
                    let mut left = bytes.as_slice();
                    while !left.is_empty() {
                        let n = ((SECTOR - at % SECTOR) as usize).min(left.len());
                        pieces.push((i, Operation::Write { offset: at, bytes: left[..n].to_vec() }));
                        at += n as u64;
                        left = &left[n..];
                    }
                }
                Operation::SetLen(n) => pieces.push((i, Operation::SetLen(*n))),
                Operation::Sync | Operation::Mark(_) => {}
            }
        }
        let mut give = |until: usize, chosen: &dyn Fn(usize) -> bool| {
            let mut bytes = safe.to_vec();
            let there = pieces.iter().enumerate().filter(|(n, (i, _))| *i < until && chosen(*n));
            there.for_each(|(_, (_, piece))| piece.apply(&mut bytes));
            let (committed, in_flight) = progress(&self.operations[..until]);
            visit(State { bytes, committed, in_flight });
        };
        let n = pieces.len();
        if n <= 12 && (1 << n) <= most {
            (0..1u32 << n).for_each(|mask| give(end, &|i| mask >> i & 1 == 1));
            return;
        }
        for one in 0..n.min(most / 4) {
            give(end, &|i| i != one);
            give(end, &|i| i == one);
        }
        for _ in 0..most / 2 {
            let (until, seed) = (start + 1 + random.below(end - start), random.next());
            let density = random.below(4) as u64 + 1;
            give(until, &|i| Random(seed ^ i as u64).next() % 5 < density);
        }
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
