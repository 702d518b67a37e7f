use std::sync::Arc;

use super::*;
use crate::source::memory::{Growing, Memory};
use crate::store::Class;
use crate::store::testing::writable_over;
use crate::wire::{Addr, Widths};

/// A file of one page with a superblock and nothing else.
fn file() -> Vec<u8> {
    let mut bytes = vec![0; 2048];
    let superblock = match Superblock::empty(3, Widths::EIGHT).with_end(0, 2048) {
        Superblock::New(s) => Superblock::New(crate::format::superblock::NewSuperblock { root: Addr::new(96), ..s }),
        old => old,
    };
    let encoded = superblock.encode().unwrap();
    bytes[..encoded.len()].copy_from_slice(&encoded);
    bytes
}

#[test]
fn nothing_is_in_the_file_before_a_commit() {
    let (store, sink) = writable_over(file());
    store.write(Addr::new(1000), &[7; 100]).unwrap();
    let a = store.allocate(100, Class::Metadata).unwrap();
    store.write(a, &[8; 100]).unwrap();
    assert_eq!(sink.to_vec(), file());
    store.rollback().unwrap();
    store.commit(Manner::default()).unwrap();
    assert_eq!(sink.to_vec(), file(), "nothing was left to commit");
    store.write(Addr::new(1000), &[7; 100]).unwrap();
    store.commit(Manner { closing: true, ..Manner::default() }).unwrap();
    let mut expected = file();
    expected[1000..1100].fill(7);
    assert_eq!(sink.to_vec(), expected);
}

#[test]
fn a_pending_journal_is_completed() {
    let (store, sink) = writable_over(file());
    store.write(Addr::new(100), &[7; 1000]).unwrap();
    let edit = store.editing().unwrap();
    let before = edit.superblock.lock().unwrap().clone();
    let reachable = vec![(100, vec![7; 1000])];
    let commit = Commit { edit, base: 0, after: before.clone(), before, reachable, ordered: false, manner: Manner::default() };
    let (start, bytes, _) = commit.journal().unwrap();
    commit.write(start, &bytes).unwrap();
    let unflagged = sink.to_vec();
    let window = |bytes: Vec<u8>| Window::new(Arc::new(Memory(bytes)), 0);
    let superblock = Superblock::parse(&unflagged).unwrap();
    assert_eq!(pending(&window(unflagged.clone()), &superblock).unwrap(), None, "not flagged yet");
    let flagged = superblock.clone().with_flags(3);
    let journal = pending(&window(unflagged.clone()), &flagged).unwrap().unwrap();
    let mut other = unflagged.clone();
    let at = other.len() - 40;
    other[at] ^= 1;
    assert_eq!(pending(&window(other), &flagged).unwrap(), None, "damaged");
    let sink = Growing::new(unflagged);
    complete(&sink, 0, &journal).unwrap();
    complete(&sink, 0, &journal).unwrap();
    let mut expected = file();
    expected[100..1100].fill(7);
    assert_eq!(sink.to_vec(), expected);
}
