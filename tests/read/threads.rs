//! Many threads read what one thread reads.

use h5::format::selection::Span;
use h5::{Dataset, File, OpenOptions, Selection};

use super::support::{Random, fixture};

const THREADS: u64 = 8;

/// The elements of a slab, cut from the whole dataset by hand.
fn cut(all: &[u8], dims: &[u64], size: usize, spans: &[Span]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut picks = vec![0usize];
    for (dim, span) in dims.iter().zip(spans) {
        let dim = usize::try_from(*dim).expect("a fixture is small");
        let taken =
            (0..span.count).flat_map(|i| (0..span.block).map(move |b| span.start + i * span.stride + b));
        let taken: Vec<usize> = taken.map(|i| usize::try_from(i).expect("a fixture is small")).collect();
        picks = picks.iter().flat_map(|p| taken.iter().map(move |i| p * dim + i)).collect();
    }
    picks.iter().for_each(|p| out.extend_from_slice(&all[p * size..][..size]));
    out
}

/// A slab that lies within the dimensions; every other one has gaps.
fn random_slab(random: &mut Random, dims: &[u64]) -> Vec<Span> {
    let one = |random: &mut Random, dim: u64| {
        let start = random.below(dim);
        let room = dim - start;
        if random.below(2) == 0 {
            return Span::range(start, 1 + random.below(room));
        }
        let stride = 1 + random.below(room);
        let block = 1 + random.below(stride);
        let count = (room.saturating_sub(block)) / stride + 1;
        let block = block.min(room);
        Span { start, stride, count: 1 + random.below(count), block }
    };
    dims.iter().map(|d| one(random, *d)).collect()
}

/// Reads random slabs of one dataset on all threads at once and compares with one thread's reading.
pub(crate) fn slabs_agree(shared: &Dataset, alone: &Dataset, slabs: u64) {
    let dims = shared.shape().expect("it has a shape");
    let size = shared.datatype().bytes();
    let all = alone.read_stored(&Selection::All).expect("one thread reads it");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (dims, all) = (&dims, &all);
            scope.spawn(move || {
                let mut random = Random(thread);
                for _ in 0..slabs {
                    let spans = random_slab(&mut random, dims);
                    let expected = cut(all, dims, size, &spans);
                    let read = shared.read_stored(&Selection::Slab(spans.clone()));
                    assert!(read.as_ref().is_ok_and(|r| *r == expected), "{}: {spans:?}", shared.path());
                }
            });
        }
    });
}

#[test]
fn threads_read_the_same_of_every_index() {
    for (name, paths) in [
        (
            "chunks_latest.h5",
            &["/btree2 filtered", "/extensible array rank 3", "/fixed array with gaps filtered"][..],
        ),
        ("chunks_earliest.h5", &["/btree2 with gaps filtered", "/extensible array edges unfiltered"]),
        ("filters_earliest.h5", &["/all three", "/deflate twice", "/lzf shuffle"]),
        ("szip_latest.h5", &[]),
    ] {
        let many = File::open(fixture(name)).expect("it opens");
        // No cache of chunks and no threads of its own: every read decodes for itself.
        let bare = OpenOptions::new().parallel(false).chunk_cache(0).open(fixture(name)).expect("it opens");
        let all: Vec<String> = match paths {
            [] => many.root().and_then(|r| r.names()).expect("it has members"),
            some => some.iter().map(|p| p.to_string()).collect(),
        };
        for path in all {
            let dataset = |file: &File| file.dataset(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
            slabs_agree(&dataset(&many), &dataset(&bare), 20);
            slabs_agree(&dataset(&bare), &dataset(&many), 5);
        }
    }
}

#[test]
fn threads_share_a_small_cache() {
    let small = OpenOptions::new().chunk_cache(3000).open(fixture("filters_latest.h5")).expect("it opens");
    let usual = File::open(fixture("filters_latest.h5")).expect("it opens");
    let path = "/all three";
    slabs_agree(&small.dataset(path).expect("it is there"), &usual.dataset(path).expect("it is there"), 60);
}

#[test]
fn threads_list_the_same() {
    let file = File::open(fixture("groups_latest.h5")).expect("it opens");
    let listed = super::support::walk(&file);
    assert!(listed.errors.is_empty(), "{:?}", listed.errors);
    let again = File::open(fixture("groups_latest.h5")).expect("it opens");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let walked = super::support::walk(&again);
                assert_eq!(walked.objects, listed.objects);
                assert_eq!((&walked.links, walked.attributes), (&listed.links, listed.attributes));
            });
        }
    });
}
