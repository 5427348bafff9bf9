//! Counts memory while a reader works. A length that a file merely claims must not decide how
//! much of it is asked for.

#![expect(unsafe_code, reason = "a global allocator is unsafe by nature; this one only counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a reader may hold at once. Units: bytes, and bytes for each byte of input. A line of one
/// letter may become an entry of a map with a name and a place of its own, which is about 200
/// bytes; texts of what was read (`{:?}`) are counted too.
const FREE: usize = 4 << 20;
const EACH: usize = 1024;

/// Bytes in use now, and what they may come to; no limit between two inputs.
static USED: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(size: usize) {
    let used = USED.fetch_add(size, Relaxed).wrapping_add(size);
    let limit = LIMIT.load(Relaxed);
    // A panic is reported with its stack, which takes memory of its own.
    if used > limit && !std::thread::panicking() {
        LIMIT.store(usize::MAX, Relaxed);
        eprintln!("memory: {used} bytes are in use, and the input is worth no more than {limit}");
        std::process::abort();
    }
}

fn uncount(size: usize) {
    USED.fetch_sub(size, Relaxed);
}

// Safety: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        uncount(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size);
        uncount(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs one reader on one input with its memory counted.
///
/// # Panics
///
/// When the reader does; aborts when it asks for too much memory.
pub fn fuzz(reader: fn(&[u8]), bytes: &[u8]) {
    LIMIT.store(USED.load(Relaxed) + FREE + EACH * bytes.len(), Relaxed);
    reader(bytes);
    LIMIT.store(usize::MAX, Relaxed);
}
