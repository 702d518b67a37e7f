//! Damaged and hostile files: typed errors that name a structure, never a panic, never much time.

use std::time::{Duration, Instant};

use h5::ops::digest::{Options, digest};
use h5::{ErrorKind, File, OpenOptions, Selection};
use serde_json::Value;

use super::support::{Random, Walked, bytes, fixture, walk};

/// Small files of every kind of structure, older and newer.
pub(crate) const SMALL: [&str; 22] = [
    "superblock1_earliest.h5",
    "superblock3_latest.h5",
    "btree_k_latest.h5",
    "fills_earliest.h5",
    "fills_latest.h5",
    "sizes_4_8_latest.h5",
    "sizes_2_2_earliest.h5",
    "links_earliest.h5",
    "links_latest.h5",
    "links_target_earliest.h5",
    "committed_earliest.h5",
    "references_old_earliest.h5",
    "references_new_latest.h5",
    "spaces_latest.h5",
    "enums_latest.h5",
    "arrays_earliest.h5",
    "complex_latest.h5",
    "times_earliest.h5",
    "external_earliest.h5",
    "virtual_earliest.h5",
    "virtual_a_earliest.h5",
    "filters_rare_latest.h5",
];

/// No damaged fixture takes longer, even on a slow machine.
const TIME: Duration = Duration::from_secs(5);

/// Opens bytes whatever their end, and reads all of it.
fn read(bytes: Vec<u8>) -> Result<Walked, h5::Error> {
    let started = Instant::now();
    let walked = OpenOptions::new().truncated(true).parallel(false).from_bytes(bytes).map(|file| walk(&file));
    assert!(started.elapsed() < TIME, "{:?} for one damaged file", started.elapsed());
    walked
}

/// What is wrong with the error of a damaged file, if anything: it names a structure or says what is unsupported.
fn fault(e: &h5::Error) -> Option<String> {
    let is_structure = |p: &h5::error::Place| matches!(p, h5::error::Place::Structure(..));
    let names = e.trail().iter().any(is_structure) || e.to_string().contains(", clause ");
    let fine = match e.kind() {
        ErrorKind::Damaged => names,
        // A value may be more than the limits allow or not known; the text says which.
        ErrorKind::Limit | ErrorKind::Unsupported => !e.what().is_empty(),
        // What lies in other files is not opened, which only the object's path can tell.
        ErrorKind::Usage | ErrorKind::NotFound => e.path().is_some(),
        _ => false,
    };
    (!fine).then(|| format!("{e:?}"))
}

/// Collects faults, each only once.
#[derive(Default)]
struct Faults(std::collections::BTreeMap<String, String>);

impl Faults {
    fn judge(&mut self, case: &str, read: &Result<Walked, h5::Error>) {
        let errors = match read {
            Ok(walked) => &walked.errors[..],
            Err(e) => std::slice::from_ref(e),
        };
        for text in errors.iter().filter_map(fault) {
            let is_word = |w: &&str| w.chars().all(|c| c.is_ascii_alphabetic());
            let same = text.split(' ').filter(is_word).collect::<Vec<_>>().join(" ");
            self.0.entry(same).or_insert(format!("{case}: {text}"));
        }
    }
    fn none(self) {
        let list: Vec<_> = self.0.into_values().collect();
        assert!(list.is_empty(), "{} errors name no structure:\n{}\n", list.len(), list.join("\n"));
    }
}

#[test]
fn every_prefix_is_refused_with_its_length() {
    for name in SMALL {
        let whole = bytes(name);
        for length in 0..whole.len() {
            let e = match File::from_bytes(whole[..length].to_vec()) {
                Err(e) => e,
                Ok(_) => panic!("{name}: {length} of {} bytes open", whole.len()),
            };
            assert_eq!(e.kind(), ErrorKind::Damaged, "{name}, {length} bytes: {e:?}");
            assert!(e.to_string().contains("superblock"), "{name}, {length} bytes: {e:?}");
        }
    }
}

#[test]
fn every_prefix_is_read_as_far_as_it_goes() {
    let mut faults = Faults::default();
    for (seed, name) in (0..).zip(SMALL) {
        let whole = bytes(name);
        let mut random = Random(seed);
        let mut length = 0;
        while length < whole.len() {
            faults.judge(&format!("{name}, {length} bytes"), &read(whole[..length].to_vec()));
            // Step by step through the first structures, then in strides.
            length += if length < 256 { 1 } else { 1 + random.below(48) as usize };
        }
    }
    faults.none();
}

#[test]
fn every_byte_may_have_any_value() {
    let mut faults = Faults::default();
    for (seed, name) in (1000..).zip(SMALL) {
        let whole = bytes(name);
        let mut random = Random(seed);
        let mut at = random.below(16) as usize;
        while at < whole.len().min(2048) {
            for value in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = value;
                faults.judge(&format!("{name}, byte {at} set to {value}"), &read(changed));
            }
            at += 1 + random.below(200) as usize;
        }
    }
    faults.none();
}

/// The checksum that an error found and the one it expected.
fn checksums(e: &h5::Error) -> Option<[u32; 2]> {
    let (_, text) = e.what().split_once("checksum: found 0x")?;
    let (found, text) = text.split_once(", expected 0x")?;
    let number = |t: &str| u32::from_str_radix(t.get(..8)?, 16).ok();
    Some([number(found)?, number(text)?])
}

/// Sets every checksum right that the damage made wrong, so that what is behind it is read.
fn resealed(mut bytes: Vec<u8>) -> (Vec<u8>, Result<Walked, h5::Error>) {
    for _ in 0..4 {
        let walked = read(bytes.clone());
        let errors = match &walked {
            Ok(w) => &w.errors[..],
            Err(e) => std::slice::from_ref(e),
        };
        let wrong = errors.iter().find_map(checksums);
        let place = wrong.and_then(|[found, _]| {
            let found = found.to_le_bytes();
            (0..bytes.len().saturating_sub(3)).find(|at| bytes[*at..].starts_with(&found))
        });
        let (Some([_, expected]), Some(place)) = (wrong, place) else { return (bytes, walked) };
        bytes[place..place + 4].copy_from_slice(&expected.to_le_bytes());
    }
    let walked = read(bytes.clone());
    (bytes, walked)
}

#[test]
fn damage_behind_right_checksums_is_told() {
    let mut faults = Faults::default();
    let mut behind = 0;
    let more = [
        "sizes_2_2_latest.h5",
        "sizes_4_4_latest.h5",
        "superblock2_v18.h5",
        "virtual_latest.h5",
        "shared_list_latest.h5",
    ];
    let named = SMALL.into_iter().chain(more).filter(|n| !n.contains("earliest"));
    for (seed, name) in (4000..).zip(named) {
        let whole = bytes(name);
        let mut random = Random(seed);
        for _ in 0..SEALED {
            let at = random.below(whole.len() as u64) as usize;
            let mut changed = whole.clone();
            changed[at] = match random.below(4) {
                0 => 0xff,
                1 => changed[at].wrapping_add(1),
                2 => changed[at] ^ (1 << random.below(8)),
                _ => random.next() as u8,
            };
            let value = changed[at];
            let unsealed = changed.clone();
            let (sealed, walked) = resealed(changed);
            behind += usize::from(sealed != unsealed);
            faults.judge(&format!("{name}, byte {at} set to {value} and sealed"), &walked);
            if let Ok(file) = OpenOptions::new().truncated(true).from_bytes(sealed) {
                let _ = digest(&file, &Options::default());
            }
        }
    }
    assert!(behind > 500, "checksums were set right {behind} times");
    faults.none();
}

/// Damaged copies of each file whose checksums are set right.
const SEALED: usize = 400;

#[test]
fn every_byte_may_be_flipped() {
    for (seed, name) in (2000..).zip(SMALL) {
        let whole = bytes(name);
        let mut random = Random(seed);
        let mut at = 0;
        while at < whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1 << random.below(8);
            if let Ok(file) = File::from_bytes(changed) {
                let _ = digest(&file, &Options::default());
            }
            at += 1 + random.below(80) as usize;
        }
    }
}

/// Numbers that a hostile header holds.
const HUGE: [u64; 7] = [1 << 31, u32::MAX as u64, 1 << 32, 1 << 40, 1 << 62, i64::MAX as u64, u64::MAX];

#[test]
fn counts_and_sizes_may_be_huge() {
    let mut faults = Faults::default();
    for (seed, name) in (3000..).zip(SMALL) {
        let whole = bytes(name);
        let mut random = Random(seed);
        for width in [2, 4, 8] {
            let mut at = random.below(8) as usize * width;
            while at + width <= whole.len() {
                for huge in HUGE {
                    let mut changed = whole.clone();
                    changed[at..at + width].copy_from_slice(&huge.to_le_bytes()[8 - width..]);
                    faults.judge(&format!("{name}, {width} bytes at {at} of {huge:#x}"), &read(changed));
                }
                at += width * (1 + random.below(140) as usize);
            }
        }
    }
    faults.none();
}

#[test]
fn what_is_no_hdf5_file_is_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let png = folder.path().join("image.h5");
    std::fs::write(&png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").expect("a file");
    let empty = folder.path().join("empty.h5");
    std::fs::write(&empty, b"").expect("a file");
    let refused = |path: &std::path::Path| match File::open(path) {
        Ok(_) => panic!("{} opens", path.display()),
        Err(e) => e,
    };
    let e = refused(&png);
    assert_eq!(e.kind(), ErrorKind::Damaged);
    assert!(e.to_string().contains("signature") && e.to_string().contains("image.h5"), "{e}");
    let e = refused(&empty);
    assert_eq!(e.kind(), ErrorKind::Damaged);
    assert!(e.to_string().contains("empty"), "{e}");
    let e = refused(folder.path());
    assert_eq!(e.kind(), ErrorKind::Usage, "{e}");
    assert!(e.to_string().contains("folder"), "{e}");
    let e = refused(&folder.path().join("none.h5"));
    assert_eq!(e.kind(), ErrorKind::Io);
    assert!(e.to_string().contains("none.h5"), "{e}");
    for foreign in [&b"CDF\x01\0\0\0\0"[..], b"PK\x03\x04", b"\x0e\x03\x13\x01 HDF 4", &[0; 5000]] {
        let e = File::from_bytes(foreign.to_vec()).expect_err("it is no HDF5 file");
        assert!(e.is_damaged() && e.to_string().contains("superblock"), "{e}");
    }
}

/// Replaces the one place where `old` lies.
fn replace(bytes: &mut [u8], old: &[u8], new: &[u8]) {
    assert_eq!(old.len(), new.len());
    let places: Vec<usize> =
        (0..=bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert_eq!(places.len(), 1, "the place to change is found: {places:?}");
    bytes[places[0]..][..old.len()].copy_from_slice(new);
}

/// `filters_earliest.h5` with one chunk of `/deflate 6` replaced by `stream`, which is put at the end.
fn with_chunk(stream: &[u8]) -> (Vec<u8>, Vec<h5::StoredChunk>) {
    let mut whole = bytes("filters_earliest.h5");
    let file = File::from_bytes(whole.clone()).expect("the fixture opens");
    let chunks = file.dataset("/deflate 6").and_then(|d| d.chunks()).expect("it has chunks");
    let chunk = chunks[1].clone();
    let end = whole.len() as u64;
    // The key of the chunk: stored bytes, filter mask, offsets (and one of the element), then the child's address.
    let key = |stored: u64, address: u64| {
        let size = u32::try_from(stored).expect("a small chunk").to_le_bytes();
        let offset = chunk.offset[0].to_le_bytes();
        [&size[..], &[0; 4], &offset, &[0; 8], &address.to_le_bytes()].concat()
    };
    replace(&mut whole, &key(chunk.bytes, chunk.address), &key(stream.len() as u64, end));
    whole.extend_from_slice(stream);
    // Superblock 1: the address of the end of the file.
    let eof = (whole.len() as u64).to_le_bytes();
    assert_eq!(whole[44..52], end.to_le_bytes());
    whole[44..52].copy_from_slice(&eof);
    (whole, chunks)
}

/// Zeros, deflated.
fn bomb(size: usize) -> Vec<u8> {
    use h5::filter::{Context, Filter, deflate::Deflate};
    let mut out = Vec::new();
    let ctx = Context { client_data: &[9], limit: usize::MAX, expected: size };
    Deflate.encode(&vec![0; size], &mut out, &ctx).expect("zeros can be deflated");
    out
}

#[test]
fn a_decompression_bomb_is_cut_short() {
    let stream = bomb(200 << 20);
    assert!(stream.len() < 1 << 20, "a bomb is small");
    let (file, chunks) = with_chunk(&stream);
    let file = File::from_bytes(file).expect("it opens");
    let bombed = file.dataset("/deflate 6").expect("it is listed");
    let started = Instant::now();
    let e = bombed.read_stored(&Selection::All).expect_err("a chunk of 200 MiB where 4000 bytes belong");
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(matches!(e.kind(), ErrorKind::Limit | ErrorKind::Damaged), "{e:?}");
    assert!(e.to_string().contains("/deflate 6"), "{e}");
    // The chunk before it is read as ever.
    assert_eq!(chunks[0].offset, [0]);
    let whole =
        File::open(fixture("filters_earliest.h5")).and_then(|f| f.dataset("/deflate 6")).expect("it opens");
    let first = Selection::Slab(vec![h5::format::selection::Span::range(0, chunks[1].offset[0])]);
    assert_eq!(bombed.read_stored(&first).expect("chunk 0"), whole.read_stored(&first).expect("chunk 0"));
}

#[test]
fn an_honest_chunk_may_be_moved() {
    let whole =
        File::open(fixture("filters_earliest.h5")).and_then(|f| f.dataset("/deflate 6")).expect("it opens");
    let (_, stream) = whole.read_chunk_raw(&[500]).expect("it can be read").expect("it was written");
    let moved =
        File::from_bytes(with_chunk(&stream).0).and_then(|f| f.dataset("/deflate 6")).expect("it opens");
    let read = |d: &h5::Dataset| d.read_stored(&Selection::All).expect("it can be read");
    assert_eq!(read(&moved), read(&whole));
}

#[test]
fn a_damaged_chunk_hides_no_other() {
    let name = "filters_earliest.h5";
    let whole = File::open(fixture(name)).expect("it opens");
    let mut changed = bytes(name);
    let chunk = whole.dataset("/deflate 9").and_then(|d| d.chunks()).expect("it has chunks")[1].clone();
    changed[chunk.address as usize..][..chunk.bytes as usize].fill(0xee);
    let file = File::from_bytes(changed).expect("it opens");
    let damaged = file.dataset("/deflate 9").expect("it is listed");
    let sound = whole.dataset("/deflate 9").expect("it is there");
    for (start, count, is_sound) in [(0, 500, true), (500, 500, false), (1000, 200, true), (0, 501, false)] {
        let part = Selection::Slab(vec![h5::format::selection::Span::range(start, count)]);
        match damaged.read_stored(&part) {
            Ok(read) => assert!(is_sound && read == sound.read_stored(&part).expect("sound"), "from {start}"),
            Err(e) => assert!(!is_sound && fault(&e).is_none() && e.is_damaged(), "from {start}: {e:?}"),
        }
    }
    let (before, after) = (walk(&whole), walk(&file));
    assert_eq!(before.objects, after.objects);
    assert_eq!(after.errors.len(), 1, "{:?}", after.errors);
}

/// The names of the attributes of an object of a description, and whether an error is told.
fn listed(file: &File, path: &str, what: &str) -> (Vec<String>, bool) {
    let all = digest(file, &Options::default());
    let objects = all["objects"].as_array().expect("it has objects");
    let object = objects.iter().find(|o| o["path"] == path).unwrap_or_else(|| panic!("{path} is listed"));
    let list = object[what].as_array().cloned().unwrap_or_default();
    let sound = list.iter().filter(|a| a.get("error").is_none());
    let names = sound.map(|a| a["name"].as_str().unwrap_or("?").to_string()).collect();
    let broken =
        object.get(format!("{what}_error")).is_some() || list.iter().any(|a| a.get("error").is_some());
    (names, broken)
}

#[test]
fn a_damaged_attribute_hides_no_other() {
    let name = "attributes_earliest.h5";
    let whole = File::open(fixture(name)).expect("it opens");
    let (names, _) = listed(&whole, "/many", "attributes");
    assert_eq!(names.len(), 120);
    let victim = &names[60];
    // An attribute message of version 1: version, a zero, size of the name, ...
    let bytes = bytes(name);
    let padded = [victim.as_bytes(), b"\0"].concat();
    let places = (0..bytes.len() - padded.len()).filter(|at| bytes[*at..].starts_with(&padded));
    let mut tried = 0;
    for place in places {
        let mut changed = bytes.clone();
        changed[place - 8] = 77;
        let file = File::from_bytes(changed).expect("it opens");
        let (left, broken) = listed(&file, "/many", "attributes");
        if left.len() < names.len() {
            tried += 1;
            assert!(broken, "the damage is told");
            assert_eq!(left.len(), names.len() - 1, "only {victim} is lost");
            assert!(!left.contains(victim));
        }
    }
    assert_eq!(tried, 1, "one attribute was damaged");
}

#[test]
fn a_damaged_symbol_hides_no_other_link() {
    let name = "superblock0_earliest.h5";
    let whole = File::open(fixture(name)).expect("it opens");
    let (names, _) = listed(&whole, "/", "links");
    let bytes = bytes(name);
    let mut tried = 0;
    // Symbol nodes: 8 bytes, then entries of 40 bytes that start with the offset of a name in the local heap.
    for node in (0..bytes.len() - 8).filter(|at| bytes[*at..].starts_with(b"SNOD\x01")) {
        let count = usize::from(u16::from_le_bytes([bytes[node + 6], bytes[node + 7]]));
        for entry in 0..count {
            let mut changed = bytes.clone();
            changed[node + 8 + 40 * entry..][..8].fill(0x7f);
            let (left, broken) = listed(&File::from_bytes(changed).expect("it opens"), "/", "links");
            if left != names {
                tried += 1;
                assert!(broken, "the damage is told");
                assert_eq!(left.len(), names.len() - 1, "entry {entry} of the node at {node}: {left:?}");
            }
        }
    }
    assert_eq!(tried, names.len(), "each link of the root was damaged once");
}

/// Seals the checksum of the header at `at` again, whose messages end at `end`.
fn seal(bytes: &mut [u8], at: usize, end: usize) {
    let sum = h5::wire::checksum::lookup3(&bytes[at..end]);
    bytes[end..end + 4].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn a_damaged_link_message_hides_no_other() {
    // A group of several links in its header, and what is below it.
    let name = "groups_latest.h5";
    let whole = File::open(fixture(name)).expect("it opens");
    let before = walk(&whole);
    let original = bytes(name);
    // Every header of version 2 whose first part holds link messages (kind 6, version 1).
    let mut tried = 0;
    for at in (0..original.len() - 32).filter(|at| original[*at..].starts_with(b"OHDR\x02")) {
        let flags = original[at + 5];
        let prefix = 6 + if flags & 0x20 != 0 { 16 } else { 0 } + if flags & 0x10 != 0 { 4 } else { 0 };
        let width = 1 << (flags & 3);
        let size = (0..width).map(|i| usize::from(original[at + prefix + i]) << (8 * i)).sum::<usize>();
        let (start, end) = (at + prefix + width, at + prefix + width + size);
        let step = 4 + if flags & 4 != 0 { 2 } else { 0 };
        let mut message = start;
        while message + step <= end {
            let bytes = usize::from(u16::from_le_bytes([original[message + 1], original[message + 2]]));
            if original[message] == 6 {
                let mut changed = original.clone();
                changed[message + step] = 99;
                seal(&mut changed, at, end);
                let file = File::from_bytes(changed).expect("it opens");
                let after = walk(&file);
                // What is below the lost link is lost with it.
                let fewer = after.links.iter().map(|(path, n)| before.links[path] - n).collect::<Vec<_>>();
                assert_eq!(fewer.iter().sum::<usize>(), 1, "only the link at {message} is lost");
                assert!(
                    !after.errors.is_empty() && after.errors.iter().all(|e| fault(e).is_none()),
                    "{:?}",
                    after.errors
                );
                tried += 1;
            }
            message += step + bytes;
        }
    }
    assert!(tried > 0, "a link was damaged");
}

#[test]
fn a_description_tells_what_is_damaged() {
    let mut changed = bytes("superblock0_earliest.h5");
    let file = File::from_bytes(changed.clone()).expect("it opens");
    let chunk = file.dataset("/chunked").and_then(|d| d.chunks()).expect("it has chunks")[0].clone();
    changed[chunk.address as usize] ^= 0xff;
    let told = digest(&File::from_bytes(changed).expect("it opens"), &Options::default());
    let object =
        |v: &Value| v["objects"].as_array().and_then(|l| l.iter().find(|o| o["path"] == "/chunked").cloned());
    let error =
        object(&told).and_then(|o| o["error"].as_str().map(str::to_string)).expect("the error is told");
    assert!(error.contains("/chunked") && error.contains("deflate"), "{error}");
}

/// Forty virtual datasets, each of which takes its elements twice from the next: 2^40 sources to open.
#[test]
fn virtual_datasets_that_multiply_end_in_a_limit() {
    let file = h5::File::open(fixture("hostile/virtual.h5")).expect("the file itself is sound");
    let shallow = file.dataset("38").and_then(|d| d.read_raw::<i32>()).expect("four sources are few");
    assert_eq!(shallow, [0, 1]);
    let error = file.dataset("00").and_then(|d| d.read_raw::<i32>()).expect_err("the limit is reached");
    assert_eq!(error.kind(), h5::ErrorKind::Limit, "{error}");
}
