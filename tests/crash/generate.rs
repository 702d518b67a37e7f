//! The states in which a crash may leave a source, from the record of what was done to it.
//!
//! A killed process leaves a prefix of the operations, the last write torn; what lies in one sector is written
//! at once. A loss of power leaves any part of what was done since the last sync: each sector of each write
//! on its own, and the length as it was at any time since then.

use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};

use h5::source::recording::{Operation, put};

/// What a disk writes as a whole.
pub(crate) const SECTOR: usize = 512;
/// What a system copies in one step.
const PAGE: usize = 4096;

/// Numbers that look random, the same for the same seed everywhere.
#[derive(Clone)]
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

/// Which states after a loss of power are given, for each interval between two syncs.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// All combinations where there are at most so many parts.
    pub(crate) all: usize,
    /// Else so many combinations at random ..
    pub(crate) random: usize,
    /// .. and so many parts each missing alone, and each there alone.
    pub(crate) single: usize,
}

impl Effort {
    /// What the proof asks for.
    pub(crate) const FULL: Effort = Effort { all: 12, random: 4000, single: usize::MAX };
    /// A sample of it.
    pub(crate) const SOME: Effort = Effort { all: 5, random: 16, single: 8 };
}

/// What a crash left.
pub(crate) struct Crash {
    pub(crate) bytes: Vec<u8>,
    /// All operations before this one were begun.
    pub(crate) until: usize,
    /// Where the last write is cut.
    pub(crate) torn: Option<u64>,
    /// How it came about.
    pub(crate) how: String,
}

/// Whether to go on is for the receiver to say.
pub(crate) type Each<'a> = &'a mut dyn FnMut(Crash) -> ControlFlow<()>;

/// Where a write may be torn: at the ends of sectors, and between.
fn tears(offset: u64, len: usize) -> BTreeSet<usize> {
    let first = SECTOR - (offset % SECTOR as u64) as usize;
    if first >= len {
        return BTreeSet::new();
    }
    let last = first + (len - first - 1) / SECTOR * SECTOR;
    let page = PAGE - (offset % PAGE as u64) as usize;
    let near = [1, first, first + 1, len / 2, last, len.saturating_sub(30), len - 1, page, page + PAGE];
    near.into_iter().filter(|at| *at > 0 && *at < len).collect()
}

/// Gives every state in which a killed process may leave the source.
pub(crate) fn killed(initial: &[u8], operations: &[Operation], each: Each<'_>) -> ControlFlow<()> {
    let mut bytes = initial.to_vec();
    for (done, operation) in operations.iter().enumerate() {
        if matches!(operation, Operation::Mark(_) | Operation::Sync) {
            continue;
        }
        let how = format!("killed after {done} operations");
        each(Crash { bytes: bytes.clone(), until: done, torn: None, how: how.clone() })?;
        if let Operation::Write { offset, bytes: new } = operation {
            for torn in tears(*offset, new.len()) {
                let mut bytes = bytes.clone();
                put(&mut bytes, *offset, &new[..torn]);
                let how = format!("{how} and {torn} bytes of the next");
                each(Crash { bytes, until: done + 1, torn: Some(*offset + torn as u64), how })?;
            }
        }
        operation.apply(&mut bytes);
    }
    each(Crash { bytes, until: operations.len(), torn: None, how: "killed in the end".into() })
}

/// What was done between two syncs.
struct Interval<'a> {
    before: &'a [u8],
    /// Each is there or not: bytes in one sector, or a set length.
    parts: Vec<Operation>,
    /// Lengths the source had meanwhile, the last one last.
    lens: Vec<usize>,
    range: Range<usize>,
}

impl<'a> Interval<'a> {
    fn new(before: &'a [u8], all: &[Operation], range: Range<usize>) -> Self {
        let (mut parts, mut len) = (Vec::new(), before.len());
        let mut lens = vec![len];
        for operation in &all[range.clone()] {
            match operation {
                Operation::Write { offset, bytes } => {
                    let (mut at, mut left) = (*offset, bytes.as_slice());
                    while !left.is_empty() {
                        let n = (SECTOR - (at % SECTOR as u64) as usize).min(left.len());
                        parts.push(Operation::Write { offset: at, bytes: left[..n].to_vec() });
                        (at, left) = (at + n as u64, &left[n..]);
                    }
                    len = len.max(*offset as usize + bytes.len());
                }
                Operation::SetLen(new) => {
                    parts.push(operation.clone());
                    len = *new as usize;
                }
                Operation::Sync | Operation::Mark(_) => {}
            }
            lens.retain(|l| *l != len);
            lens.push(len);
        }
        Interval { before, parts, lens, range }
    }
    fn state(&self, there: &dyn Fn(usize) -> bool, len: usize) -> Crash {
        let mut bytes = self.before.to_vec();
        let chosen: Vec<usize> = (0..self.parts.len()).filter(|n| there(*n)).collect();
        chosen.iter().for_each(|n| self.parts[*n].apply(&mut bytes));
        bytes.resize(len, 0);
        let (parts, range) = (self.parts.len(), &self.range);
        let named: &[usize] = if chosen.len() <= 16 { &chosen } else { &[] };
        let how = format!(
            "power lost in operations {range:?}: {} of {parts} parts there {named:?}, {len} bytes",
            chosen.len()
        );
        Crash { bytes, until: self.range.end, torn: None, how }
    }
    fn each(&self, effort: &Effort, random: &mut Random, each: Each<'_>) -> ControlFlow<()> {
        let (count, last) = (self.parts.len(), self.lens[self.lens.len() - 1]);
        if count <= effort.all {
            for set in 0..1usize << count {
                for len in &self.lens {
                    each(self.state(&|n| set >> n & 1 == 1, *len))?;
                }
            }
            return ControlFlow::Continue(());
        }
        for len in &self.lens {
            each(self.state(&|_| true, *len))?;
            each(self.state(&|_| false, *len))?;
        }
        let singles = count.min(effort.single);
        for n in 0..singles {
            let one = if singles == count { n } else { random.below(count) };
            each(self.state(&|n| n != one, last))?;
            each(self.state(&|n| n == one, self.lens[random.below(self.lens.len())]))?;
        }
        for _ in 0..effort.random {
            // Few, some or most of the parts.
            let share = random.below(8) + 1;
            let set: Vec<bool> = (0..count).map(|_| random.below(9) < share).collect();
            let len = if random.below(2) == 0 { last } else { self.lens[random.below(self.lens.len())] };
            each(self.state(&|n| set[n], len))?;
        }
        ControlFlow::Continue(())
    }
}

/// Gives states in which a loss of power may leave the source. Each may come about right before the next sync
/// returns, so all that returned before is promised.
pub(crate) fn power_cut(
    initial: &[u8],
    operations: &[Operation],
    effort: &Effort,
    random: &mut Random,
    each: Each<'_>,
) -> ControlFlow<()> {
    let (mut bytes, mut start) = (initial.to_vec(), 0);
    for end in 0..=operations.len() {
        if !matches!(operations.get(end), Some(Operation::Sync) | None) {
            continue;
        }
        let interval = Interval::new(&bytes, operations, start..end);
        if !interval.parts.is_empty() {
            interval.each(effort, random, each)?;
        }
        operations[start..end].iter().for_each(|o| o.apply(&mut bytes));
        start = end + 1;
        if end == operations.len() {
            break;
        }
    }
    ControlFlow::Continue(())
}
