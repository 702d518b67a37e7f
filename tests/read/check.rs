//! `ops::check`: nothing is wrong with sound files, and planted damage is found.

use h5::ops::check::{Kind, Options, Report, check};
use h5::wire::checksum::lookup3;
use h5::{File, OpenOptions};

use super::support::{bytes, fixture};

fn report(file: &File, data: bool) -> Report {
    check(file, &Options { data }, &mut |_| {}).expect("the bytes can be read")
}

/// What is wrong with these bytes: each problem as one text.
fn problems(bytes: Vec<u8>) -> Vec<String> {
    let file = match OpenOptions::new().truncated(true).from_bytes(bytes) {
        Ok(file) => file,
        Err(e) => return vec![e.to_string()],
    };
    let found = report(&file, false);
    found.problems.iter().map(|p| format!("{}: {} ({})", p.path, p.what, p.structure)).collect()
}

fn expect(bytes: Vec<u8>, text: &str) {
    let found = problems(bytes);
    assert!(found.iter().any(|p| p.contains(text)), "no {text:?} in {found:#?}");
}

fn position(bytes: &[u8], from: usize, part: &[u8]) -> usize {
    let found = bytes[from..].windows(part.len()).position(|w| w == part);
    from + found.unwrap_or_else(|| panic!("no {part:?}"))
}

/// The end of the block at `start`: where its lookup3 checksum is right.
fn sealed(bytes: &[u8], start: usize, step: usize, head: usize) -> usize {
    let ends = (1..500).map(|n| start + head + n * step);
    let right = |end: &usize| bytes[*end..*end + 4] == lookup3(&bytes[start..*end]).to_le_bytes();
    ends.take_while(|end| end + 4 <= bytes.len()).find(right).expect("a checksum")
}

#[test]
fn sound_files_are_clean() {
    let folder = fixture("");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("the fixtures") {
        let path = entry.expect("a fixture").path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        // Parts of files, and one that its writer left open.
        let part = name.starts_with("family_") || name.starts_with("multi") || name.starts_with("split");
        if !name.ends_with(".h5") || part || name.starts_with("swmr_unclosed") {
            continue;
        }
        let file = File::open(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
        let found = report(&file, true);
        assert!(found.is_clean(), "{name}: {:#?}", found.problems);
        let bytes: u64 = found.bytes.iter().map(|(_, bytes)| bytes).sum();
        assert!(bytes + found.unaccounted_bytes <= found.file_bytes, "{name}");
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

#[test]
fn a_family_is_clean_and_an_unclosed_file_is_not() {
    let family = File::open(fixture("family_latest_%02d.h5")).expect("the family opens");
    assert!(report(&family, true).is_clean(), "{:#?}", report(&family, true).problems);
    expect(bytes("swmr_unclosed_latest.h5"), "its writer did not close it");
}

#[test]
fn a_flipped_bit_in_any_checksummed_structure_is_found() {
    let files = [
        "groups_latest.h5",
        "chunks_latest.h5",
        "attributes_latest.h5",
        "shared_list_latest.h5",
        "chunks_deep_latest.h5",
    ];
    let signatures = [
        "OHDR", "OCHK", "FRHP", "FHDB", "FHIB", "BTHD", "BTLF", "BTIN", "FAHD", "FADB", "EAHD", "EAIB",
        "EASB", "EADB", "FSHD", "FSSE", "SMTB", "SMLI",
    ];
    for signature in signatures {
        let mut tried = 0;
        for name in files {
            let sound = bytes(name);
            let before = report(&File::from_bytes(sound.clone()).expect("it opens"), false);
            let used = |at: usize| {
                !before.unaccounted.iter().any(|(from, len)| (*from..from + len).contains(&(at as u64)))
            };
            let places: Vec<_> =
                sound.windows(4).enumerate().filter(|(_, w)| *w == signature.as_bytes()).collect();
            for (at, _) in places.iter().filter(|(at, _)| used(*at)).take(2) {
                let mut damaged = sound.clone();
                damaged[at + 7] ^= 1;
                assert!(!problems(damaged).is_empty(), "{name}: {signature} at {at:#x}");
                tried += 1;
            }
        }
        assert!(tried > 0, "no {signature}");
    }
}

#[test]
fn counts_of_an_old_header_are_compared() {
    let sound = bytes("groups_earliest.h5");
    let file = File::from_bytes(sound.clone()).expect("it opens");
    let group = file.root().and_then(|r| r.links()).expect("links");
    let h5::Node::Group(_) = file.root().and_then(|r| r.get("small")).expect("a group").expect("it is there")
    else {
        panic!("no group")
    };
    let link = group.iter().find(|l| l.name == b"small").expect("a link");
    let h5::format::message::link::Target::Hard(address) = link.target else { panic!("no hard link") };
    let at = address.raw() as usize;
    assert_eq!(sound[at], 1, "a version 1 header");
    let mut damaged = sound.clone();
    damaged[at + 4] = 9;
    expect(damaged, "/small: hard links: found 9, expected 1");
    let mut damaged = sound;
    damaged[at + 2] += 1;
    expect(damaged, "messages: found");
}

#[test]
fn names_out_of_order_in_a_symbol_table_node_are_found() {
    let mut damaged = bytes("groups_earliest.h5");
    let node = position(&damaged, 0, b"SNOD");
    let (first, second) = damaged[node + 8..node + 88].split_at_mut(40);
    first.swap_with_slice(second);
    expect(damaged, "stands after");
}

#[test]
fn names_in_free_space_of_a_local_heap_are_found() {
    let mut damaged = bytes("groups_earliest.h5");
    let heap = position(&damaged, 0, b"HEAP");
    let segment = u64::from_le_bytes(damaged[heap + 24..heap + 32].try_into().expect("8 bytes")) as usize;
    // One free block over everything but the empty name.
    damaged[heap + 16..heap + 24].copy_from_slice(&8u64.to_le_bytes());
    let names = problems(damaged.clone());
    assert!(!names.is_empty());
    damaged[segment + 8..segment + 16].copy_from_slice(&1u64.to_le_bytes());
    damaged[segment + 16..segment + 24].copy_from_slice(&24u64.to_le_bytes());
    assert!(!problems(damaged).is_empty());
}

#[test]
fn chunks_at_one_address_overlap() {
    let sound = bytes("chunks_earliest.h5");
    let file = File::from_bytes(sound.clone()).expect("it opens");
    let chunks = file.dataset("/btree2").and_then(|d| d.chunks()).expect("chunks");
    let (first, second) = (chunks[0].address.to_le_bytes(), chunks[1].address.to_le_bytes());
    let mut damaged = sound;
    let tree = position(&damaged, 0, &second);
    damaged[tree..tree + 8].copy_from_slice(&first);
    expect(damaged, "overlap");
}

#[test]
fn an_order_index_that_names_something_else_is_found() {
    let mut damaged = bytes("groups_latest.h5");
    let leaf = position(&damaged, 0, b"BTLF\x00\x06");
    let end = sealed(&damaged, leaf, 15, 6);
    damaged[leaf + 6 + 9] ^= 1;
    let sum = lookup3(&damaged[leaf..end]);
    damaged[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    expect(damaged, "that the name index does not name");
}

#[test]
fn a_record_out_of_order_is_found() {
    let mut damaged = bytes("groups_latest.h5");
    let leaf = position(&damaged, 0, b"BTLF\x00\x05");
    let end = sealed(&damaged, leaf, 11, 6);
    let (first, second) = damaged[leaf + 6..leaf + 28].split_at_mut(11);
    first.swap_with_slice(second);
    let sum = lookup3(&damaged[leaf..end]);
    damaged[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    expect(damaged, "out of order");
}

#[test]
fn a_wrong_count_in_a_heap_is_found() {
    let mut damaged = bytes("groups_latest.h5");
    let heap = position(&damaged, 0, b"FRHP");
    // Managed objects: after 14 bytes and seven fields of 8 bytes.
    damaged[heap + 14 + 7 * 8] ^= 1;
    let end = heap + 142;
    let sum = lookup3(&damaged[heap..end]);
    damaged[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    expect(damaged, "managed objects: found");
}

#[test]
fn every_byte_of_a_small_file_is_accounted_for_by_kind() {
    let file = File::open(fixture("spaces_latest.h5")).expect("it opens");
    let found = report(&file, false);
    let of = |kind| found.bytes.iter().find(|(k, _)| *k == kind).map_or(0, |(_, bytes)| *bytes);
    assert_eq!(of(Kind::File), 48);
    assert!(of(Kind::Headers) > 100);
    let all: u64 = found.bytes.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!(all + found.unaccounted_bytes, found.file_bytes);
}
