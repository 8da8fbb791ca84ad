//! Lends a Python `bytes` object to the core without a copy.
//!
//! Invariant: no worker thread enters the interpreter, not even to drop a reference. A worker that releases
//! the bytes pushes the object on a lock-free stack; the next call from Python drops it. A lock here could be
//! held by a worker at a fork.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The objects to drop: a stack, newest first.
struct Grave {
    object: Py<PyBytes>,
    next: *mut Grave,
}

static GRAVES: AtomicPtr<Grave> = AtomicPtr::new(ptr::null_mut());

struct Owner {
    grave: *mut Grave,
    data: *const u8,
    length: usize,
}

// SAFETY: the bytes are immutable and kept alive by `grave`, which is only moved to the stack, never looked
// into, off the GIL.
unsafe impl Send for Owner {}
// SAFETY: as above; shared access only reads immutable bytes.
unsafe impl Sync for Owner {}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the storage of a `bytes` object neither moves nor changes while a reference to it is held.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let mut head = GRAVES.load(Ordering::Relaxed);
        loop {
            // SAFETY: this owner alone holds the grave until the exchange below publishes it.
            unsafe { (*self.grave).next = head };
            match GRAVES.compare_exchange_weak(head, self.grave, Ordering::Release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => head = other,
            }
        }
    }
}

/// The same bytes for the core, which keep the object alive.
pub(crate) fn lend(object: &Bound<'_, PyBytes>) -> bytes::Bytes {
    let slice = object.as_bytes();
    let (data, length) = (slice.as_ptr(), slice.len());
    let grave = Box::new(Grave { object: object.clone().unbind(), next: ptr::null_mut() });
    bytes::Bytes::from_owner(Owner { grave: Box::into_raw(grave), data, length })
}

/// Drops the objects that workers have released.
pub(crate) fn bury(_attached: Python<'_>) {
    if GRAVES.load(Ordering::Relaxed).is_null() {
        return;
    }
    let mut next = GRAVES.swap(ptr::null_mut(), Ordering::Acquire);
    while !next.is_null() {
        // SAFETY: the swap made this thread the only owner of the whole stack; each grave came from
        // `Box::into_raw`.
        let grave = unsafe { Box::from_raw(next) };
        next = grave.next;
        drop(grave.object);
    }
}
