//! A counting allocator: what is allocated now and at most, for each thread.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator of the system, with a count for each thread.
struct Counted;

#[global_allocator]
static ALLOCATOR: Counted = Counted;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// More than this at once is never granted, so that a test that asks for it fails and not the machine.
const NEVER: usize = 8 << 30;

fn asked(bytes: usize) -> bool {
    let _ = LARGEST.try_with(|l| l.set(l.get().max(bytes)));
    bytes <= NEVER
}

fn add(bytes: isize) {
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
    });
}

// SAFETY: every call goes to the system's allocator with the arguments it came with; only counts are added.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !asked(layout.size()) {
            return std::ptr::null_mut();
        }
        add(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !asked(layout.size()) {
            return std::ptr::null_mut();
        }
        add(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !asked(size) {
            return std::ptr::null_mut();
        }
        add(size as isize - layout.size() as isize);
        unsafe { System.realloc(at, layout, size) }
    }
}

/// What a call took: bytes at most beyond those before it, bytes left after it, the largest single request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    pub(crate) most: usize,
    pub(crate) left: isize,
    pub(crate) largest: usize,
}

/// Runs a call and tells what it took on this thread.
pub(crate) fn taken<T>(call: impl FnOnce() -> T) -> (T, Taken) {
    let before = NOW.get();
    MOST.set(before);
    LARGEST.set(0);
    let result = call();
    let most = usize::try_from(MOST.get() - before).unwrap_or(0);
    (result, Taken { most, left: NOW.get() - before, largest: LARGEST.get() })
}
