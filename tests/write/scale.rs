//! Much data and many small steps: memory stays small, and so does the file.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use h5::ndarray::{Array2, s};
use h5::source::{ReadAt, WriteAt};
use h5::{File, OpenOptions, Result};

use crate::allocator::taken;

const MIB: usize = 1 << 20;

/// A file of which only small writes are kept: structures. Elements come in larger ones, which are counted; where
/// they lie it reads as sevens.
#[derive(Default)]
struct Structures {
    small: Mutex<BTreeMap<u64, Vec<u8>>>,
    large: AtomicU64,
    len: AtomicU64,
}

/// Larger writes are elements.
const SMALL: usize = 32 << 10;

impl ReadAt for Structures {
    fn len(&self) -> Result<u64> {
        Ok(self.len.load(Ordering::Acquire))
    }
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let end = offset + buf.len() as u64;
        buf.fill(7);
        let small = self.small.lock().unwrap();
        for (start, bytes) in small.range(offset.saturating_sub(SMALL as u64)..end) {
            let (from, to) = ((*start).max(offset), (*start + bytes.len() as u64).min(end));
            if from < to {
                let part = &bytes[(from - start) as usize..(to - start) as usize];
                buf[(from - offset) as usize..(to - offset) as usize].copy_from_slice(part);
            }
        }
        Ok(())
    }
}

impl WriteAt for Structures {
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        self.len.fetch_max(offset + bytes.len() as u64, Ordering::AcqRel);
        if bytes.len() > SMALL {
            assert!(bytes.iter().all(|b| *b == 7), "{} bytes that are no elements", bytes.len());
            self.large.fetch_add(bytes.len() as u64, Ordering::AcqRel);
            return Ok(());
        }
        // Page by page, so that what is written again takes the place of what was.
        let mut at = 0;
        let mut small = self.small.lock().unwrap();
        while at < bytes.len() {
            let start = offset + at as u64;
            let page = start / 4096 * 4096;
            let len = ((page + 4096 - start) as usize).min(bytes.len() - at);
            let kept = small.entry(page).or_insert_with(|| vec![7; 4096]);
            kept[(start - page) as usize..][..len].copy_from_slice(&bytes[at..at + len]);
            at += len;
        }
        Ok(())
    }
    fn set_len(&self, len: u64) -> Result<()> {
        self.len.store(len, Ordering::Release);
        Ok(())
    }
    fn sync(&self) -> Result<()> {
        Ok(())
    }
}

const ROW: usize = 1 << 20;
const ROWS: usize = 4096;

#[test]
fn four_gibibytes_take_little_memory() {
    for chunked in [false, true] {
        let sink = Arc::new(Structures::default());
        let ((), taken) = taken(|| {
            let file = OpenOptions::new().parallel(false).create_in_source(sink.clone()).unwrap();
            let root = file.root().unwrap();
            let rows = Array2::<u8>::from_elem((16, ROW), 7);
            if chunked {
                let max = [None, Some(ROW as u64)];
                let new = root.new_dataset::<u8>().shape([0, ROW as u64]).max_shape(max);
                let d = new.chunk([1, 256 << 10]).create("rows").unwrap();
                for _ in 0..ROWS / 16 {
                    d.append(0, rows.as_slice().unwrap()).unwrap();
                }
            } else {
                let d = root.new_dataset::<u8>().shape([ROWS as u64, ROW as u64]).create("rows").unwrap();
                for row in (0..ROWS).step_by(16) {
                    d.write_slice(s![row..row + 16, ..], &rows).unwrap();
                }
            }
            file.close().unwrap();
        });
        assert!(taken.most < 128 * MIB, "chunked {chunked}: {} MiB", taken.most / MIB);
        assert_eq!(sink.large.load(Ordering::Acquire), (ROWS * ROW) as u64, "each element is written once");
        let file = OpenOptions::new().from_source(sink).unwrap();
        let d = file.dataset("rows").unwrap();
        assert_eq!(d.shape().unwrap(), [ROWS as u64, ROW as u64]);
        assert_eq!(
            d.read_slice::<u8, _>(s![4000..4002, ..3]).unwrap(),
            Array2::from_elem((2, 3), 7).into_dyn()
        );
    }
}

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("h5-scale-{}-{name}.h5", std::process::id()))
}

#[test]
fn a_million_rows_in_ten_thousand_commits() {
    let path = path("rows");
    let ((), taken) = taken(|| {
        let file = OpenOptions::new().parallel(false).create(&path).unwrap();
        let root = file.root().unwrap();
        let d = root.new_dataset::<f64>().shape([0]).resizable().chunk([1024]).create("x").unwrap();
        for i in 0..1_000_000 {
            d.append(0, &[f64::from(i)]).unwrap();
            if i % 100 == 99 {
                file.commit().unwrap();
            }
        }
        file.close().unwrap();
    });
    assert!(taken.most < 32 * MIB, "{} KiB", taken.most >> 10);
    let len = std::fs::metadata(&path).unwrap().len();
    assert!(len < 8_000_000 * 11 / 10, "{len} bytes for 8,000,000");
    let read = File::open(&path).unwrap().dataset("x").unwrap().read_raw::<f64>().unwrap();
    assert!(read.iter().copied().eq((0..1_000_000).map(f64::from)));
}

#[test]
fn a_hundred_thousand_texts_in_a_thousand_commits() {
    let path = path("texts");
    let text = |i: usize| format!("{i} {}", "abc".repeat(i % 13));
    let ((), taken) = taken(|| {
        let file = OpenOptions::new().parallel(false).create(&path).unwrap();
        let root = file.root().unwrap();
        let d = root.new_dataset::<String>().shape([0]).resizable().chunk([512]).create("log").unwrap();
        for i in 0..100_000 {
            d.append(0, &[text(i)]).unwrap();
            if i % 100 == 99 {
                file.commit().unwrap();
            }
        }
        file.close().unwrap();
    });
    assert!(taken.most < 32 * MIB, "{} KiB", taken.most >> 10);
    let live: usize = (0..100_000).map(|i| text(i).len().next_multiple_of(8) + 32).sum();
    let len = std::fs::metadata(&path).unwrap().len() as usize;
    assert!(len < live * 12 / 10, "{len} bytes for {live}");
    let read = File::open(&path).unwrap().dataset("log").unwrap().read_raw::<String>().unwrap();
    assert!(read.iter().cloned().eq((0..100_000).map(text)));
}
