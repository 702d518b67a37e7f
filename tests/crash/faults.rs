//! Errors of the disk, a full one too, at operations of every workload: an error is told, nothing panics, the file
//! is one of the commits, and a handle that lives on works or says that it does not.

use std::io::ErrorKind;
use std::sync::Arc;

use h5::ops::digest::digest_path;
use h5::source::recording::{Failing, Fault};
use h5::{Durability, Error, File, OpenOptions};

use crate::states::{Run, State, digest_of, record};
use crate::workloads::{self, Workload};

/// Where a run ended: commits that returned, and whether a commit failed (else a step did).
struct Ended {
    committed: usize,
    in_commit: bool,
    error: Error,
}

fn steps(file: &File, workload: &Workload) -> Option<Ended> {
    for (committed, step) in workload.steps.iter().enumerate() {
        if let Err(error) = step(file) {
            return Some(Ended { committed, in_commit: false, error });
        }
        if let Err(error) = file.commit() {
            return Some(Ended { committed, in_commit: true, error });
        }
    }
    None
}

/// Goes on with a handle after an error that is gone; tells what is wrong.
fn live_on(file: &File, run: &Run, ended: &Ended, again: bool) -> Result<(), String> {
    let refused = |e: Error| match e.to_string().contains("reopen") || e.to_string().contains("in SWMR mode")
    {
        true => Ok(()),
        false => Err(format!("refused without saying what to do: {e}")),
    };
    let done = || -> h5::Result<()> {
        if again && ended.in_commit {
            file.commit()?;
        } else {
            file.rollback()?;
        }
        file.root()?.create_group("later")?;
        file.commit()?;
        file.root()?.delete("later")?;
        file.commit()
    };
    if let Err(e) = done() {
        return refused(e);
    }
    let found = File::from_bytes(file.to_vec().unwrap()).map(|f| digest_of(&f)).map_err(|e| e.to_string())?;
    let wanted = &run.digests[ended.committed..];
    let most = 1 + usize::from(again && ended.in_commit);
    match wanted[..most.min(wanted.len())].contains(&found) {
        true => Ok(()),
        false => Err("the handle that lived on holds something else".into()),
    }
}

fn try_fault(workload: &Workload, run: &Run, durability: Durability, fault: Fault) -> Result<bool, String> {
    let source = Arc::new(Failing::with(Vec::new(), fault));
    let new = OpenOptions::new().bound(workload.bound).parallel(false).durability(durability);
    let Ok(file) = new.on_close_error(|_| {}).create_in_source(source.clone()) else { return Ok(true) };
    let Some(ended) = steps(&file, workload) else { return Ok(false) };
    if !ended.error.is_io() {
        return Err(format!("told as another kind of error: {}", ended.error));
    }
    let verify = |in_flight: bool| {
        let state = State { bytes: source.to_vec(), committed: Some(ended.committed), in_flight, torn: None };
        run.verify(&state, true).map(|_| ())
    };
    verify(true)?;
    source.repair();
    live_on(&file, run, &ended, fault.at.is_multiple_of(2))?;
    drop(file);
    verify(true).map(|()| true)
}

#[test]
fn errors_of_the_disk_lose_nothing_and_handles_live_on() {
    let (mut tried, mut lost) = (0, Vec::new());
    for workload in workloads::all().into_iter().chain(workloads::by_object()) {
        for durability in [Durability::Power, Durability::Process] {
            let run = record(&workload, durability, 0);
            let operations = run.operations.len() as u64;
            let points = 16 * crate::long() as u64;
            for n in 0..points {
                let at = 3 + n * operations / points + n % 3;
                let kind = if n % 3 == 0 { ErrorKind::Other } else { ErrorKind::StorageFull };
                let percent = [0, 50, 100][n as usize % 3];
                let fault = Fault { at, kind, percent, lasting: n % 4 == 0 };
                match try_fault(&workload, &run, durability, fault) {
                    Ok(failed) => tried += usize::from(failed),
                    Err(e) => lost.push(format!("{} {durability:?} {fault:?}: {e}", workload.name)),
                }
            }
        }
    }
    eprintln!("{tried} runs with an error");
    assert!(lost.is_empty(), "{}: {:#?}", lost.len(), &lost[..lost.len().min(10)]);
    assert!(tried > 400, "{tried}");
}

/// What opening for writing takes out of a file (a cache image, persisted free space) stays out of it after a
/// rollback, and the file means the same.
#[test]
fn a_rollback_after_opening() {
    let fixtures = [
        "cache_image_latest.h5",
        "cache_image_v110.h5",
        "space_aggregate_persist_latest.h5",
        "space_page_persist_latest.h5",
    ];
    for name in fixtures {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
        let mut before = digest_path(&path, &Default::default());
        let file = OpenOptions::new().edit_bytes(std::fs::read(&path).unwrap()).unwrap();
        file.rollback().unwrap();
        file.root().unwrap().create_group("new one").unwrap();
        file.rollback().unwrap();
        let data = vec![7u8; 50_000];
        file.root()
            .unwrap()
            .new_dataset::<u8>()
            .shape([50_000])
            .create("new one")
            .unwrap()
            .write_raw(&data)
            .unwrap();
        file.commit().unwrap();
        let report = h5::ops::check::check(
            &File::from_bytes(file.to_vec().unwrap()).unwrap(),
            &Default::default(),
            &mut |_| {},
        );
        let report = report.unwrap();
        assert!(report.problems.is_empty(), "{name}: {:?}", report.problems);
        file.root().unwrap().delete("new one").unwrap();
        file.commit().unwrap();
        let mut after: serde_json::Value =
            serde_json::from_str(&digest_of(&File::from_bytes(file.to_vec().unwrap()).unwrap())).unwrap();
        before["file"].take();
        after["file"].take();
        assert_eq!(before, after, "{name}");
    }
}
