use super::*;
use crate::filter::blosc2::Blosc2;

/// One chunk as another library wrote it, and the bytes it stands for.
pub(in crate::filter) struct Case {
    pub(in crate::filter) name: String,
    pub(in crate::filter) filter: u32,
    pub(in crate::filter) client_data: Vec<u32>,
    pub(in crate::filter) stored: Vec<u8>,
    pub(in crate::filter) plain: Vec<u8>,
}

/// Reads a file of cases; the script `tests/files/filters/make_blosc_cases.py` describes its layout.
pub(in crate::filter) fn cases(path: &std::path::Path) -> Vec<Case> {
    let bytes = std::fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut cases = Vec::new();
    while !rest.is_empty() {
        let name = String::from_utf8(take(&mut rest)).unwrap();
        let filter = number(&mut rest);
        let client_data = (0..number(&mut rest)).map(|_| number(&mut rest)).collect();
        let (stored, plain) = (take(&mut rest), take(&mut rest));
        cases.push(Case { name, filter, client_data, stored, plain });
    }
    cases
}

fn number(rest: &mut &[u8]) -> u32 {
    let (value, after) = rest.split_first_chunk().unwrap();
    *rest = after;
    u32::from_le_bytes(*value)
}

fn take(rest: &mut &[u8]) -> Vec<u8> {
    let size = number(rest) as usize;
    let (taken, after) = rest.split_at(size);
    *rest = after;
    taken.to_vec()
}

pub(in crate::filter) fn small_cases() -> Vec<Case> {
    cases(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files/filters/blosc.cases"))
}

pub(in crate::filter) fn decode_case(case: &Case, stored: &[u8], limit: usize) -> Result<Vec<u8>> {
    let ctx = Context { client_data: &case.client_data, limit, expected: case.plain.len() };
    let filter: &dyn Filter = if case.filter == 32001 { &Blosc } else { &Blosc2 };
    let mut out = vec![1, 2, 3];
    filter.decode(stored, &mut out, &ctx).map(|()| out)
}

fn check_all(cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        match decode_case(case, &case.stored, case.plain.len()) {
            Ok(out) if out == case.plain => {}
            Ok(out) => {
                let at = out.iter().zip(&case.plain).position(|(a, b)| a != b);
                wrong.push(format!(
                    "{}: {} bytes for {}, differ at {at:?}",
                    case.name,
                    out.len(),
                    case.plain.len()
                ));
            }
            Err(e) => wrong.push(format!("{}: {e}", case.name)),
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn chunks_of_other_libraries() {
    check_all(&small_cases());
}

/// For the big set that the script makes with `--all`: set `H5_BLOSC_CASES` to its path.
#[test]
#[ignore = "needs a file of cases"]
fn many_chunks_of_other_libraries() {
    check_all(&cases(std::path::Path::new(&std::env::var("H5_BLOSC_CASES").unwrap())));
}
