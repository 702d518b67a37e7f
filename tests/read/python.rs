//! A Python with the packages that make the test files, pinned in `tests/python/requirements.txt`.
//!
//! - `H5_TEST_PYTHON` names a Python that has the packages already
//! - `H5_SKIP_PYTHON_TESTS=1` turns the tests off that need one
//! - else an environment is made, once, in `python-env` of the folder `target`

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::support::root;

/// The folder of everything that is built.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder lies in target")
}

/// What holds for these contents, as a word.
pub(crate) fn stamp(of: &[PathBuf]) -> String {
    let mut hash = Sha256::new();
    for path in of {
        hash.update(std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        hash.update(b"\0");
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Makes `folder` by `make` unless its stamp says that this was done; other processes wait.
pub(crate) fn once(folder: &Path, stamp: &str, make: impl FnOnce()) {
    let beside = |what: &str| PathBuf::from(format!("{}.{what}", folder.display()));
    std::fs::create_dir_all(folder.parent().expect("it lies in target")).expect("target can be written");
    let lock = File::create(beside("lock")).expect("target can be written");
    lock.lock().expect("a file can be locked");
    let mark = beside("stamp");
    if std::fs::read_to_string(&mark).is_ok_and(|s| s == stamp) && folder.is_dir() {
        return;
    }
    let _ = std::fs::remove_file(&mark);
    let _ = std::fs::remove_dir_all(folder);
    make();
    std::fs::write(&mark, stamp).expect("target can be written");
}

/// The Python to run, or none where these tests are turned off. Fails where there is none.
pub(crate) fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    PYTHON.get_or_init(find).as_deref()
}

fn find() -> Option<PathBuf> {
    if std::env::var_os("H5_SKIP_PYTHON_TESTS").is_some_and(|v| v == "1") {
        eprintln!("H5_SKIP_PYTHON_TESTS=1: tests that need Python are skipped");
        return None;
    }
    if let Some(given) = std::env::var_os("H5_TEST_PYTHON") {
        return Some(PathBuf::from(given));
    }
    let folder = target().join("python-env");
    let requirements = root().join("tests/python/requirements.txt");
    once(&folder, &stamp(std::slice::from_ref(&requirements)), || make(&folder, &requirements));
    Some(interpreter(&folder))
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

fn make(folder: &Path, requirements: &Path) {
    let has = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
    let system = ["python3", "python"].into_iter().find(has);
    let system = system.expect(
        "no Python is installed, and some tests make their files by one: install Python 3, or name one that has \
         the packages of tests/python/requirements.txt in H5_TEST_PYTHON, or set H5_SKIP_PYTHON_TESTS=1",
    );
    run(Path::new(system), ["-m".as_ref(), "venv".as_ref(), folder.as_os_str()]);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"].map(OsStr::new);
    run(&interpreter(folder), pip.into_iter().chain([requirements.as_os_str()]));
}

/// Runs a Python; its output is shown where it fails.
pub(crate) fn run<'a>(python: &Path, arguments: impl IntoIterator<Item = &'a OsStr>) {
    let arguments: Vec<_> = arguments.into_iter().collect();
    let output = Command::new(python).args(&arguments).env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output = output.unwrap_or_else(|e| panic!("{} does not run: {e}", python.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{} {arguments:?} failed:\n{}{}\n(H5_TEST_PYTHON may name another Python, H5_SKIP_PYTHON_TESTS=1 skips this)",
        python.display(),
        text(&output.stdout),
        text(&output.stderr)
    );
}
