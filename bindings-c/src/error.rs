//! Errors: the kind, the message and the place, as C text; and the border of the functions that fail.
//!
//! Invariant: an error is written only on failure.

use std::ffi::{CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null;

use oarlock::{Error, ErrorKind, Result};

use crate::border::{self, OK, Status};

/// An error and its texts, which C reads in place.
pub struct ErrorHandle {
    error: Error,
    message: CString,
    verb: Option<CString>,
    bucket: Option<CString>,
    key: Option<CString>,
    code: Option<CString>,
    request_id: Option<CString>,
}

impl ErrorHandle {
    /// Makes the error readable from C.
    pub fn new(error: Error) -> Self {
        ErrorHandle {
            message: border::c_text(error.message()),
            verb: error.verb().map(border::c_text),
            bucket: error.bucket().map(border::c_text),
            key: error.key().map(border::c_text),
            code: error.code().map(border::c_text),
            request_id: error.request_id().map(border::c_text),
            error,
        }
    }
}

/// The border of functions that return a status: `body` returns OK, PENDING or an error, which goes to
/// `error`.
///
/// # Safety
/// `error` is NULL or valid for writing a pointer.
pub unsafe fn status(error: *mut *mut ErrorHandle, body: impl FnOnce() -> Result<Status>) -> Status {
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(defect()));
    match outcome {
        Ok(status) => status,
        Err(why) => {
            let kind = why.kind() as Status;
            if !error.is_null() {
                // SAFETY: not NULL, so valid for writing, as the caller promises.
                unsafe { error.write(border::give(ErrorHandle::new(why))) };
            }
            kind
        }
    }
}

fn defect() -> Error {
    Error::new(ErrorKind::Internal, "a defect in oarlock stopped the call; please report it")
}

/// One text of an error; NULL if the error is NULL or has no such text.
unsafe fn text_of(
    error: *const ErrorHandle,
    text: impl FnOnce(&ErrorHandle) -> Option<&CString>,
) -> *const c_char {
    border::plain(null(), || {
        // SAFETY: the header's conventions.
        unsafe { error.as_ref() }.and_then(text).map_or(null(), |text| text.as_ptr())
    })
}

/// The error's kind: the status that the function returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_kind(error: *const ErrorHandle) -> Status {
    // SAFETY: the header's conventions.
    border::plain(OK, || unsafe { error.as_ref() }.map_or(OK, |error| error.error.kind() as Status))
}

/// The sentence to show. Like the other texts, it lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_message(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| Some(&error.message)) }
}

/// The verb that failed, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_verb(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| error.verb.as_ref()) }
}

/// The bucket, or the directory of a `file://` store, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_bucket(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| error.bucket.as_ref()) }
}

/// The key as the caller gave it, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_key(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| error.key.as_ref()) }
}

/// S3's own error code, for example `NoSuchKey`, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_code(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| error.code.as_ref()) }
}

/// The server's request id, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_request_id(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { text_of(error, |error| error.request_id.as_ref()) }
}

/// The HTTP status, or 0 if no server responded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_http_status(error: *const ErrorHandle) -> c_int {
    border::plain(0, || {
        // SAFETY: the header's conventions.
        unsafe { error.as_ref() }.and_then(|error| error.error.status()).map_or(0, c_int::from)
    })
}

/// Whether the same call may succeed later without a change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_retryable(error: *const ErrorHandle) -> bool {
    // SAFETY: the header's conventions.
    border::plain(false, || unsafe { error.as_ref() }.is_some_and(|error| error.error.retryable()))
}

/// Frees an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_free(error: *mut ErrorHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(error) }));
}
