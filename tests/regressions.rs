//! Replays the inputs on which a fuzz target once failed, and a few that are worth keeping.

#[allow(dead_code)]
#[path = "../fuzz/inputs/edit/mod.rs"]
mod edit;
#[path = "../fuzz/inputs/filter.rs"]
mod filter;
#[path = "regressions/open.rs"]
mod open;
#[path = "../fuzz/inputs/python.rs"]
mod python;

/// Gives every input of a target to a function; tells which one fails.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/regressions").join(target);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("the folder of inputs can be listed").path();
        if path.extension().is_some_and(|e| e == "md") {
            continue;
        }
        let input = std::fs::read(&path).expect("the input can be read");
        let done = std::panic::catch_unwind(|| run(&input));
        assert!(done.is_ok(), "{} fails again", path.display());
    }
}

#[test]
fn edits_leave_what_the_model_says() {
    replay("edit", edit::run);
}

#[test]
fn filters_stand_what_once_broke_them() {
    replay("filter", filter::run);
}

#[test]
fn texts_of_python_stand_what_once_broke_them() {
    replay("python", python::run);
}

#[test]
fn filters_stand_any_short_input() {
    assert!(h5::filter::Registry::default().iter().count() > 0, "there are filters to try");
    for which in 0..32u8 {
        for shape in [0, 1, 5, 0x81, 0x85, 0x8f] {
            for length in 0..48u8 {
                for fill in [0, 1, 0x7f, 0xff] {
                    filter::run(&[&[which, shape, 0, 4][..], &vec![fill; usize::from(length)]].concat());
                }
            }
        }
    }
}
