//! What libhdf5 sees of crash states: a commit, or nothing where a journal is pending.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use h5::Durability;
use h5::source::memory::Memory;
use h5::source::window::Window;
use h5::store::commit::pending;
use h5::store::open::locate;

use crate::generate::{Effort, Random};
use crate::states::{State, record};
use crate::workloads;

#[allow(dead_code)]
#[path = "../read/python.rs"]
mod python;

mod support {
    /// The folder of the repository.
    pub(super) fn root() -> &'static std::path::Path {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
    }
}

/// How libhdf5 takes a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// All that it finds, as a hash.
    Holds(String),
    Refused(String),
    Broken(String),
}

/// What h5py reads of these files; none where tests with Python are turned off.
pub(crate) fn look(paths: &[&Path]) -> Option<Vec<Look>> {
    let python = python::python()?;
    let script = support::root().join("tests/crash/look.py");
    let mut child = Command::new(python)
        .arg(script)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let names: String = paths.iter().map(|p| format!("{}\n", p.display())).collect();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(names.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let look = |line: &str| match line.split_once(' ') {
        Some(("holds", hash)) => Look::Holds(hash.to_string()),
        Some(("refused", why)) => Look::Refused(why.to_string()),
        _ => Look::Broken(line.to_string()),
    };
    let looks: Vec<Look> = text.lines().map(look).collect();
    assert_eq!(looks.len(), paths.len(), "a line for each file");
    Some(looks)
}

/// What h5dump says of a file, without its name; none where it says that it cannot.
fn dump(path: &Path) -> Option<String> {
    let output = Command::new("h5dump").arg(path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output
        .status
        .success()
        .then(|| text.split_once('\n').map(|(_, rest)| rest.to_string()).unwrap_or_default())
}

/// Whether a journal is pending in a file.
pub(crate) fn is_pending(bytes: &[u8]) -> bool {
    let source: Arc<Memory<Vec<u8>>> = Arc::new(Memory(bytes.to_vec()));
    let (base, superblock) = locate(&source).unwrap();
    pending(&Window::new(source, base), &superblock).unwrap().is_some()
}

/// Gives states one by one.
type Each<'a> = &'a mut dyn FnMut(&mut dyn FnMut(State));

/// One in so many of the states that `each` gives.
fn some(every: usize, random: &mut Random, each: Each<'_>) -> Vec<State> {
    let mut out = Vec::new();
    each(&mut |state| {
        if state.committed.is_some() && random.below(every) == 0 {
            out.push(state);
        }
    });
    out
}

#[test]
fn libhdf5_sees_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: String, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let (mut states, mut paths, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    let mut old_pending = 0;
    for (number, workload) in workloads::all().iter().enumerate() {
        let mut random = Random(number as u64);
        let mut choice = Random(!(number as u64));
        let per_run = 2 * crate::long();
        for durability in [Durability::Process, Durability::Power] {
            let run = record(workload, durability, 0);
            let few = Effort { all: 3, random: 4, single: 4 };
            let every = 300 / per_run.min(100);
            let found = match durability {
                Durability::Power => {
                    some(every * 4, &mut choice, &mut |v| run.power_cut(&mut random, &few, v))
                }
                _ => some(every, &mut choice, &mut |v| run.killed(v)),
            };
            let files = run.files();
            for state in found {
                let waits = is_pending(&state.bytes);
                if waits && workload.name.starts_with("old-") {
                    // Without a flag libhdf5 sees a part of the one commit that is pending, and may hang on it.
                    old_pending += 1;
                    continue;
                }
                // No system cuts a write within a page, where a header may lie beside the index it tells of.
                if waits && state.torn.is_some() {
                    continue;
                }
                let k = state.committed.unwrap();
                let name = format!("{}-{durability:?}-{}", workload.name, states.len());
                paths.push(write(format!("{name}.h5"), &state.bytes));
                for j in [k, (k + 1).min(files.len() - 1)] {
                    commits.push(write(format!("{name}-commit{j}.h5"), &files[j]));
                }
                // Of a block that is written in part libhdf5 says that its checksum is wrong.
                states.push((name, waits, waits && durability == Durability::Power));
            }
        }
    }
    let all: Vec<&Path> = paths.iter().chain(&commits).map(|p| p.as_path()).collect();
    let Some(looks) = look(&all) else { return };
    let (seen, allowed) = looks.split_at(paths.len());
    let dumps = Command::new("h5dump").arg("--version").output().is_ok();
    let (mut refused, mut dumped, mut wrong) = (0, 0, Vec::new());
    for (i, ((name, pending, parts), seen)) in states.iter().zip(seen).enumerate() {
        let allowed = &allowed[2 * i..2 * i + 2];
        assert!(allowed.iter().all(|l| matches!(l, Look::Holds(_))), "{name}: {allowed:?}");
        if !allowed.contains(seen) {
            match (seen, pending) {
                (Look::Refused(_), true) => refused += 1,
                (Look::Broken(why), true) if *parts && why.contains("checksum") => refused += 1,
                _ => wrong.push(format!("{name} pending {pending}: {seen:?}")),
            }
        }
        if dumps && !pending && (crate::long() > 1 || i % 4 == 0) {
            dumped += 1;
            let two: Vec<_> = commits[2 * i..2 * i + 2].iter().map(|p| dump(p)).collect();
            let own = dump(&paths[i]);
            if own.is_none() || !two.contains(&own) {
                wrong.push(format!("{name}: h5dump sees something else"));
            }
        }
    }
    let (all, whole) = (states.len() + old_pending, states.len() - refused);
    eprintln!(
        "{all} states: {whole} opened by libhdf5 without repair, {dumped} of them by h5dump too; with a pending journal {refused} refused, and \
         {old_pending} without a mark not looked at"
    );
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), states.len(), &wrong[..wrong.len().min(10)]);
}

/// Where libhdf5 is never to be refused, it opens every state that a killed process leaves, and all that is in it.
#[test]
fn libhdf5_opens_every_state_of_an_always_readable_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (number, workload) in workloads::by_object().iter().filter(|w| w.readable).enumerate() {
        let run = record(workload, Durability::Process, 0);
        let mut choice = Random(number as u64);
        let (mut marked, mut all) = (0, 0);
        run.killed(&mut |state| {
            // A write is cut between pages at most.
            if state.committed.is_none() || state.torn.is_some_and(|at| at % 4096 != 0) {
                return;
            }
            all += 1;
            marked += usize::from(state.bytes[11] != 0);
            if state.torn.is_some() || choice.below(8) == 0 {
                let path = folder.path().join(format!("{}-{}.h5", workload.name, paths.len()));
                std::fs::write(&path, &state.bytes).unwrap();
                paths.push(path);
            }
        });
        assert_eq!(marked, 0, "{}: {marked} of {all} states are marked", workload.name);
    }
    let Some(looks) = look(&paths.iter().map(|p| p.as_path()).collect::<Vec<_>>()) else { return };
    let is_wrong = |(_, seen): &(&std::path::PathBuf, &Look)| !matches!(seen, Look::Holds(_));
    let wrong: Vec<_> = paths.iter().zip(&looks).filter(is_wrong).collect();
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), looks.len(), &wrong[..wrong.len().min(5)]);
    eprintln!("{} states of always readable files opened", looks.len());
}
