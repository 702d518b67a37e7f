//! Writes states that crashes can leave of a file, each with what it must open as.
//!
//! ```text
//! cargo run --release --example crash_states -- --list
//! cargo run --release --example crash_states -- WORKLOAD DIR N SEED
//! ```
//!
//! Half of the N states are of a killed process, half of a loss of power. Beside `DIR/0000.h5` lies
//! `DIR/0000.json`, the digest (as `h5 digest` prints it) of the commit that the state opens as.

// The tests use all of these.
#[allow(dead_code)]
#[path = "../tests/crash/generate.rs"]
mod generate;
#[path = "../tests/crash/states.rs"]
mod states;
#[allow(dead_code)]
#[path = "../tests/crash/workloads.rs"]
mod workloads;

use std::path::Path;

use generate::{Effort, Random};
use h5::Durability;
use states::{State, record};

/// Gives states one by one.
type Each<'a> = &'a mut dyn FnMut(&mut dyn FnMut(State));

/// A sample of `n` of all states that `each` gives, every one as likely.
fn sample(n: usize, random: &mut Random, each: Each<'_>) -> Vec<State> {
    let (mut kept, mut seen) = (Vec::new(), 0);
    each(&mut |state| {
        if state.committed.is_none() {
            return;
        }
        seen += 1;
        if kept.len() < n {
            kept.push(state);
        } else {
            let at = random.below(seen);
            if at < n {
                kept[at] = state;
            }
        }
    });
    kept
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let all = workloads::all();
    if args.first().is_some_and(|a| a == "--list") {
        all.iter().for_each(|w| println!("{}", w.name));
        return;
    }
    let numbers =
        args.get(2).and_then(|n| n.parse::<usize>().ok()).zip(args.get(3).and_then(|s| s.parse().ok()));
    let workload = args.first().and_then(|name| all.iter().find(|w| w.name == name));
    let (Some(workload), Some(folder), Some((n, seed))) = (workload, args.get(1), numbers) else {
        eprintln!("usage: crash_states --list | WORKLOAD DIR N SEED");
        std::process::exit(2);
    };
    let (mut random, mut choice) = (Random(seed), Random(!seed));
    let killed = record(workload, Durability::Process, 0);
    let cut = record(workload, Durability::Power, 0);
    let half = n / 2;
    let mut made = Vec::new();
    for (run, n) in [(&killed, n - half), (&cut, half)] {
        let found = sample(n, &mut choice, &mut |visit| match std::ptr::eq(run, &killed) {
            true => run.killed(visit),
            false => {
                run.power_cut(&mut random, &Effort { all: 8, random: n.max(64), single: n.max(16) }, visit)
            }
        });
        made.extend(found.into_iter().map(|state| (run, state)));
    }
    for (i, (run, state)) in made.iter().enumerate() {
        let commit = run.verify(state, false).unwrap_or_else(|e| panic!("state {i} {e}"));
        let path = Path::new(folder).join(format!("{i:04}.h5"));
        let mut digest: serde_json::Value =
            serde_json::from_str(&run.digests[commit]).expect("a digest is JSON");
        digest["file"] = format!("{i:04}.h5").into();
        std::fs::write(&path, &state.bytes).expect("the folder can be written");
        std::fs::write(path.with_extension("json"), digest.to_string()).expect("the folder can be written");
    }
    println!("{} states of {}", made.len(), workload.name);
}
