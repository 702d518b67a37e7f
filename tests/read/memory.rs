//! How much memory reading takes.
//!
//! A counting allocator keeps, for each thread, what is allocated now and at most; tests read on one thread.

use h5::format::message::layout::LayoutClass;
use h5::{File, OpenOptions, Selection};

pub(crate) use super::allocator::taken;
use super::damage::SMALL;
use super::support::{bytes, fixture, walk};

const MIB: usize = 1 << 20;

fn open(bytes: Vec<u8>) -> h5::Result<File> {
    OpenOptions::new().parallel(false).from_bytes(bytes)
}

#[test]
fn allocations_are_counted() {
    let (kept, t) = taken(|| {
        drop(vec![1u8; 3 * MIB]);
        vec![1u8; MIB]
    });
    assert!(t.most >= 3 * MIB && t.most < 4 * MIB, "{t:?}");
    assert!(t.left >= MIB as isize && t.left < 2 * MIB as isize, "{t:?}");
    assert_eq!((t.largest, kept.len()), (3 * MIB, MIB));
}

#[test]
fn opening_and_listing_is_bounded() {
    let larger = ["groups_latest.h5", "groups_earliest.h5", "attributes_latest.h5", "chunks_deep_latest.h5"];
    for name in SMALL.iter().chain(&larger) {
        let bytes = bytes(name);
        let length = bytes.len();
        let (file, t) = taken(|| open(bytes).expect("it opens"));
        assert!(t.most < MIB, "to open {name}: {t:?}");
        let (walked, t) = taken(|| walk(&file));
        assert!(!walked.objects.is_empty());
        // A read keeps a list of the chunks it meets, some of which have one byte each.
        assert!(t.most < 4 * MIB + 60 * length, "to list and read {name} of {length} bytes: {t:?}");
        drop(walked);
        let ((), t) = taken(|| drop(file));
        assert!(t.most < MIB);
    }
}

#[test]
fn a_closed_file_leaves_nothing() {
    // Once before, for what is made on first use.
    for name in ["attributes_latest.h5", "attributes_latest.h5", "chunks_latest.h5", "vlens_latest.h5"] {
        let (_, t) = taken(|| drop(walk(&open(bytes(name)).expect("it opens"))));
        if name != "attributes_latest.h5" {
            assert!(t.left < 64 << 10, "{name}: {t:?}");
        }
    }
}

/// `superblock0_earliest.h5` with another number of elements in `/contiguous`, and as many bytes put at the end.
fn with_elements(elements: u64, stored: usize) -> Vec<u8> {
    let mut whole = bytes("superblock0_earliest.h5");
    let file = File::open(fixture("superblock0_earliest.h5")).expect("it opens");
    let dataset = file.dataset("/contiguous").expect("it is there");
    let LayoutClass::Contiguous { address, .. } = dataset.info().layout.class else {
        panic!("it is contiguous")
    };
    let (element, size) = (dataset.datatype().bytes() as u64, dataset.info().elements().expect("a number"));
    let header = usize::try_from(dataset.address().raw()).expect("a small file");
    let end = whole.len() as u64;
    let mut change = |old: &[u8], new: &[u8]| {
        let at = (header..whole.len()).find(|at| whole[*at..].starts_with(old)).expect("it is in the header");
        whole[at..at + new.len()].copy_from_slice(new);
    };
    // The extent, and the greatest extent after it.
    change(
        &[size, size].map(u64::to_le_bytes).concat(),
        &[elements, elements].map(u64::to_le_bytes).concat(),
    );
    let layout =
        |address: u64, bytes: u64| [&[3, 1][..], &address.to_le_bytes(), &bytes.to_le_bytes()].concat();
    change(&layout(address.raw(), size * element), &layout(end, elements.saturating_mul(element)));
    whole.resize(whole.len() + stored, 0x5a);
    let eof = (whole.len() as u64).to_le_bytes();
    assert_eq!(whole[40..48], end.to_le_bytes());
    whole[40..48].copy_from_slice(&eof);
    whole
}

#[test]
fn contiguous_data_takes_its_own_bytes_and_little_more() {
    let element = File::open(fixture("superblock0_earliest.h5")).and_then(|f| f.dataset("/contiguous"));
    let element = element.expect("it is there").datatype().bytes();
    let size = 32 * MIB;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contiguous.h5");
    std::fs::write(&path, with_elements((size / element) as u64, size)).expect("a file");
    let file = OpenOptions::new().parallel(false).open(&path).expect("it opens");
    let dataset = file.dataset("/contiguous").expect("it is listed");
    let (read, t) = taken(|| dataset.read_stored(&Selection::All).expect("it reads"));
    assert_eq!(read.len(), size);
    assert!(read.iter().all(|b| *b == 0x5a));
    assert!(t.most <= size + (64 << 10), "{t:?}");
    let mut out = read;
    let ((), t) = taken(|| dataset.read_stored_into(&Selection::All, &mut out).expect("it reads"));
    assert!(t.most <= 64 << 10, "{t:?}");
}

#[test]
fn a_header_that_asks_for_all_memory_gets_little() {
    for elements in [1u64 << 27, 1 << 34, 1 << 40, 1 << 60, u64::MAX] {
        let file = open(with_elements(elements, 0));
        let (e, t) = taken(|| {
            let dataset = file.and_then(|f| f.dataset("/contiguous"))?;
            dataset.read_stored(&Selection::All)
        });
        let e = e.expect_err("there are no such bytes");
        assert!(t.largest < 256 * MIB && t.most < 256 * MIB, "{elements} elements: {t:?} {e:?}");
        assert!(e.to_string().contains("/contiguous"), "{e}");
    }
}

/// The most that reading one damaged file may ask for at once: a limit of [`h5::Limits`] and little more.
const ONE: usize = 257 * MIB;

#[test]
fn huge_counts_allocate_no_more_than_the_limit() {
    for name in SMALL {
        let whole = bytes(name);
        for width in [4, 8] {
            for at in (0..whole.len() - width).step_by(width * 23) {
                for huge in [0xfff_ffff, u64::from(u32::MAX), 1 << 40, i64::MAX as u64] {
                    let mut changed = whole.clone();
                    changed[at..at + width].copy_from_slice(&huge.to_le_bytes()[..width]);
                    let (_, t) = taken(|| {
                        let options = OpenOptions::new().truncated(true).parallel(false);
                        options.from_bytes(changed).map(|file| walk(&file))
                    });
                    assert!(t.largest < ONE, "{name}, {width} bytes at {at} of {huge:#x}: {t:?}");
                }
            }
        }
    }
}
