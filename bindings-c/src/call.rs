//! Calls: a verb that runs, served by one thread at a time and cancelled from any.
//!
//! Invariant: only the thread that set `busy` touches the call inside the handle.

use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use oarlock::{Canceller, Error, ErrorKind, Result};

use crate::border::{self, OK, Out, PENDING, Status};
use crate::error::{self, ErrorHandle};
use crate::options::OptionsHandle;
use crate::served::{Log, Progress, ServedCall};
use crate::store::StoreHandle;
use crate::stream::{SinkHandle, SourceHandle};
use crate::value::ValueHandle;

/// A call that one thread at a time serves while any thread may cancel it.
pub struct CallHandle {
    busy: AtomicBool,
    call: UnsafeCell<ServedCall>,
    pub(crate) canceller: Canceller,
}

impl CallHandle {
    /// A call for C to own.
    pub fn new(call: ServedCall) -> Self {
        CallHandle { busy: AtomicBool::new(false), canceller: call.canceller(), call: UnsafeCell::new(call) }
    }

    /// Lets this thread, alone, work on the call.
    pub fn serve<T>(&self, work: impl FnOnce(&mut ServedCall) -> Result<T>) -> Result<T> {
        struct Idle<'a>(&'a AtomicBool);
        impl Drop for Idle<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }

        // First of all: in a forked child another thread of the parent may have left the call busy for ever.
        if self.canceller.forked() {
            return Err(Error::new(
                ErrorKind::Forked,
                "the call was started before this process was forked; start it again here",
            ));
        }
        if self.busy.swap(true, Ordering::Acquire) {
            return Err(border::invalid(
                "the call is in use: another thread waits for it, or one of its own callbacks called this",
            ));
        }
        let _idle = Idle(&self.busy);
        // SAFETY: `busy` was false and is true until `_idle` goes, so this is the only reference.
        work(unsafe { &mut *self.call.get() })
    }
}

/// Starts a call with C's parameters; `inline`: the caller waits for it at once.
///
/// # Safety
/// The header's conventions.
#[allow(clippy::too_many_arguments)] // They are the C function's.
pub unsafe fn start(
    inline: bool,
    store: *const StoreHandle,
    verb: *const c_char,
    options: *const OptionsHandle,
    source: *mut SourceHandle,
    sink: *mut SinkHandle,
    call: *mut *mut CallHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the caller's promise.
    unsafe {
        error::status(error, || {
            let (source, sink) = (border::take_back(source), border::take_back(sink));
            let place = Out::new(call, "call")?;
            let store = border::lent(store, "store")?;
            let values = options.as_ref().map_or(Ok(Vec::new()), OptionsHandle::built)?;
            let (source, sink) =
                (source.map(|made| made.0).transpose()?, sink.map(|made| made.0).transpose()?);
            let opened = if inline { &store.store.inline() } else { &store.store };
            let mut started = ServedCall::start(opened, border::text(verb, "verb")?, values, source, sink)?;
            let own = options.as_ref().map_or(&[][..], |options| &options.functions);
            started.on_ask(store.functions.iter().chain(own).cloned().collect());
            place.set(border::give(CallHandle::new(started)));
            Ok(OK)
        })
    }
}

/// `int (*)(void *userdata, uint64_t done, int64_t total)`
pub type ProgressFn = unsafe extern "C" fn(userdata: *mut c_void, done: u64, total: i64) -> c_int;

/// `void (*)(void *userdata, int level, const char *message)`
pub type LogFn = unsafe extern "C" fn(userdata: *mut c_void, level: c_int, message: *const c_char);

/// A progress function of C.
///
/// # Safety
/// As for `reader`.
pub unsafe fn reporter(report: ProgressFn, userdata: *mut c_void) -> Progress {
    Box::new(move |done, total| {
        let total = total.and_then(|total| i64::try_from(total).ok()).unwrap_or(-1);
        // SAFETY: as the caller promised.
        unsafe { report(userdata, done, total) == 0 }
    })
}

/// A log function of C.
///
/// # Safety
/// As for `reader`.
pub unsafe fn logger(log: LogFn, userdata: *mut c_void) -> Log {
    Box::new(move |level, message| {
        let message = border::c_text(message);
        // SAFETY: as the caller promised; the text is NUL-terminated.
        unsafe { log(userdata, level, message.as_ptr()) }
    })
}

/// Starts a verb by name, with its parameters and options by name. `options`, `source` and `sink` may be
/// NULL. The options stay the caller's; the source and the sink are taken over, on failure too. Free the call
/// with oarlock_call_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_start(
    store: *const StoreHandle,
    verb: *const c_char,
    options: *const OptionsHandle,
    source: *mut SourceHandle,
    sink: *mut SinkHandle,
    call: *mut *mut CallHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { start(false, store, verb, options, source, sink, call, error) }
}

/// As oarlock_start, for a caller that goes on to oarlock_call_wait at once. The waiting thread then does
/// short work itself, at half the cost of waking another. Nothing moves before the wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_start_blocking(
    store: *const StoreHandle,
    verb: *const c_char,
    options: *const OptionsHandle,
    source: *mut SourceHandle,
    sink: *mut SinkHandle,
    call: *mut *mut CallHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { start(true, store, verb, options, source, sink, call, error) }
}

/// Serves the call, callbacks included, until it ends, and gives its reply: once. Free the reply with
/// oarlock_value_free. OARLOCK_PENDING: the time is over, or a signal was handled; the call goes on, wait
/// again. With 0 it never waits. A pushed source ends here, and unread bytes of a pulled sink are dropped.
/// `reply` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_wait(
    call: *mut CallHandle,
    timeout_ms: c_int,
    reply: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let Some(value) =
                border::lent(call, "call")?.serve(|call| call.wait(border::limit(timeout_ms)))?
            else {
                return Ok(PENDING);
            };
            if let Ok(place) = Out::new(reply, "reply") {
                place.set(border::give(ValueHandle::new(value)));
            }
            Ok(OK)
        })
    }
}

/// Reads the next bytes of a pulled sink. `count` is 0 only at the end, after which oarlock_call_wait gives
/// the reply. The last byte comes only after the whole was checked: if the bytes are wrong, the read that
/// would give it fails, and so does every later one. OARLOCK_PENDING: nothing came in time, or a signal was
/// handled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_read(
    call: *mut CallHandle,
    timeout_ms: c_int,
    buffer: *mut u8,
    size: usize,
    count: *mut usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(count, "count")?;
            let room = border::room(buffer, size)?;
            let Some(read) =
                border::lent(call, "call")?.serve(|call| call.read(room, border::limit(timeout_ms)))?
            else {
                return Ok(PENDING);
            };
            place.set(read);
            Ok(OK)
        })
    }
}

/// Gives the next bytes, all of them, to a pushed source; they are copied. OARLOCK_PENDING: they were not
/// taken in time, or a signal was handled; write them again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_write(
    call: *mut CallHandle,
    timeout_ms: c_int,
    data: *const u8,
    size: usize,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let data = border::bytes(data, size, "data")?;
            let written =
                border::lent(call, "call")?.serve(|call| call.write(data, border::limit(timeout_ms)))?;
            Ok(written.map_or(PENDING, |()| OK))
        })
    }
}

/// Writes a descriptor that is readable (poll, epoll) while there is something to serve: call
/// oarlock_call_wait with 0 then. It is the call's own: never read, write or close it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_fd(
    call: *mut CallHandle,
    fd: *mut c_int,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(error, || {
            let place = Out::new(fd, "fd")?;
            place.set(border::lent(call, "call")?.serve(|call| call.fd())?);
            Ok(OK)
        })
    }
}

/// Cancels the call, from any thread: it ends with OARLOCK_CANCELLED once its unfinished work is undone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_cancel(call: *const CallHandle) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(null_mut(), || {
            border::lent(call, "call")?.canceller.cancel();
            Ok(OK)
        })
    }
}

/// Writes, from any thread, the bytes moved so far and the total, -1 if it is not known. Either place may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_progress(
    call: *const CallHandle,
    done: *mut u64,
    total: *mut i64,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(null_mut(), || {
            let (moved, whole) = border::lent(call, "call")?.canceller.progress().unwrap_or_default();
            if let Ok(place) = Out::new(done, "done") {
                place.set(moved);
            }
            if let Ok(place) = Out::new(total, "total") {
                place.set(whole.and_then(|whole| i64::try_from(whole).ok()).unwrap_or(-1));
            }
            Ok(OK)
        })
    }
}

/// Sets a function that the waiting thread calls with the bytes moved and the total, or -1. If it returns
/// anything but 0, the call is cancelled and ends with OARLOCK_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_on_progress(
    call: *mut CallHandle,
    progress: Option<unsafe extern "C" fn(userdata: *mut c_void, done: u64, total: i64) -> c_int>,
    userdata: *mut c_void,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(null_mut(), || {
            let progress = progress.ok_or_else(|| border::invalid("`progress` is NULL"))?;
            border::lent(call, "call")?.serve(|call| {
                call.on_progress(reporter(progress, userdata));
                Ok(OK)
            })
        })
    }
}

/// Sets a function that the waiting thread calls with events of the call (a retry, for example), from
/// oarlock_log_level on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_on_log(
    call: *mut CallHandle,
    log: Option<unsafe extern "C" fn(userdata: *mut c_void, level: c_int, message: *const c_char)>,
    userdata: *mut c_void,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        error::status(null_mut(), || {
            let log = log.ok_or_else(|| border::invalid("`log` is NULL"))?;
            border::lent(call, "call")?.serve(|call| {
                call.on_log(logger(log, userdata));
                Ok(OK)
            })
        })
    }
}

/// Frees a call and cancels it if it is still under way; no callback of it runs after this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_free(call: *mut CallHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(call) }));
}
