//! Streams: where a call reads the bytes to send (sources) and where it writes the bytes it gets (sinks).
//!
//! Invariant: C's functions and C's memory are used only by the thread that serves the call.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use oarlock::Result;

use crate::border::{self};
use crate::served::{HostSink, HostSource};

/// A source, or the mistake made in making it.
pub struct SourceHandle(pub(crate) Result<HostSource>);

/// A sink, or the mistake made in making it.
pub struct SinkHandle(pub(crate) Result<HostSink>);

/// `ptrdiff_t (*)(void *userdata, uint8_t *buffer, size_t size)`
pub type ReadFn = unsafe extern "C" fn(userdata: *mut c_void, buffer: *mut u8, size: usize) -> isize;

/// `int (*)(void *userdata, const uint8_t *data, size_t size)`
pub type WriteFn = unsafe extern "C" fn(userdata: *mut c_void, data: *const u8, size: usize) -> c_int;

/// A source that C's function fills.
///
/// # Safety
/// The function may be called with its userdata, on the thread that serves the call, until the call is freed.
pub unsafe fn reader(read: ReadFn, userdata: *mut c_void, size: Option<u64>) -> HostSource {
    let read = move |room: &mut [u8]| {
        // SAFETY: as the caller promised; `room` is writable.
        let count = unsafe { read(userdata, room.as_mut_ptr(), room.len()) };
        match usize::try_from(count) {
            Ok(count) if count <= room.len() => Ok(count),
            Ok(count) => {
                Err(format!("the read callback returned {count} for a buffer of {} bytes", room.len()))
            }
            Err(_) => Err(format!("the read callback returned {count}")),
        }
    };
    HostSource::Read(Box::new(read), size)
}

/// A source that copies C's memory bit by bit, on the thread that waits, so that no worker ever reads it.
///
/// # Safety
/// `size` bytes stay valid and unchanged until the call is freed.
pub unsafe fn viewer(data: *const u8, size: usize) -> HostSource {
    let mut done = 0;
    let read = move |room: &mut [u8]| {
        let count = room.len().min(size - done);
        if count > 0 {
            // SAFETY: as the caller promised; `done + count <= size`.
            room[..count].copy_from_slice(unsafe { std::slice::from_raw_parts(data.add(done), count) });
        }
        done += count;
        Ok(count)
    };
    HostSource::Read(Box::new(read), Some(size as u64))
}

/// A sink that hands to C's function.
///
/// # Safety
/// As for `reader`.
pub unsafe fn writer(write: WriteFn, userdata: *mut c_void) -> HostSink {
    HostSink::Write(Box::new(move |data| {
        // SAFETY: as the caller promised; `data` is readable.
        match unsafe { write(userdata, data.as_ptr(), data.len()) } {
            0 => Ok(()),
            other => Err(format!("the write callback returned {other}")),
        }
    }))
}

/// A source of bytes that are copied now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_bytes(data: *const u8, size: usize) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe { border::copied(data, size) }.map(HostSource::Bytes))
}

/// A source of bytes that the caller keeps, unchanged, until the call is freed; they are read only by the
/// thread that waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_view(data: *const u8, size: usize) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe {
        // A few bytes are copied sooner than a thread is woken to read them.
        if size <= 64 << 10 {
            return border::copied(data, size).map(HostSource::Bytes);
        }
        border::bytes(data, size, "data").map(|_| viewer(data, size))
    })
}

/// A source that is a file, read by oarlock's own threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_file(path: *const c_char) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe { border::path(path) }.map(HostSource::File))
}

/// A source that a function fills: it writes into the buffer and returns how many bytes, 0 for the end, or a
/// negative number, which fails the call with OARLOCK_IO. `size` is how many bytes there will be in all, or
/// -1 if that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_callback(
    read: Option<unsafe extern "C" fn(userdata: *mut c_void, buffer: *mut u8, size: usize) -> isize>,
    userdata: *mut c_void,
    size: i64,
) -> *mut SourceHandle {
    source(|| {
        // SAFETY: the header's conventions.
        Ok(unsafe {
            reader(read.ok_or_else(|| border::invalid("`read` is NULL"))?, userdata, u64::try_from(size).ok())
        })
    })
}

/// A source of the bytes that oarlock_call_write is given; oarlock_call_wait ends it.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_source_pushed() -> *mut SourceHandle {
    source(|| Ok(HostSource::Pushed))
}

fn source(make: impl FnOnce() -> oarlock::Result<HostSource>) -> *mut SourceHandle {
    border::plain(null_mut(), || border::give(SourceHandle(make())))
}

/// Frees a source that was not given to oarlock_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_free(source: *mut SourceHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(source) }));
}

/// A sink that is memory: the reply's `body`. NULL means the same.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_sink_memory() -> *mut SinkHandle {
    sink(|| Ok(HostSink::Memory))
}

/// A sink that is a file: it appears, whole, only after the last byte was written and verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_file(path: *const c_char) -> *mut SinkHandle {
    // SAFETY: the header's conventions.
    sink(|| unsafe { border::path(path) }.map(HostSink::File))
}

/// A sink that hands the bytes, in order, to a function; if it returns anything but 0, the call fails with
/// OARLOCK_IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_callback(
    write: Option<unsafe extern "C" fn(userdata: *mut c_void, data: *const u8, size: usize) -> c_int>,
    userdata: *mut c_void,
) -> *mut SinkHandle {
    // SAFETY: the header's conventions.
    sink(|| Ok(unsafe { writer(write.ok_or_else(|| border::invalid("`write` is NULL"))?, userdata) }))
}

/// A sink whose bytes oarlock_call_read reads.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_sink_pulled() -> *mut SinkHandle {
    sink(|| Ok(HostSink::Pulled))
}

fn sink(make: impl FnOnce() -> oarlock::Result<HostSink>) -> *mut SinkHandle {
    border::plain(null_mut(), || border::give(SinkHandle(make())))
}

/// Frees a sink that was not given to oarlock_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_free(sink: *mut SinkHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(sink) }));
}
