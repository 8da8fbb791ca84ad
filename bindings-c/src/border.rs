//! The border between C and Rust: no panic crosses it, and each pointer from C becomes a reference here.
//!
//! Invariant: a handle that C owns is a `Box`, made by `give` and taken back by `take_back`. A reference to
//! C's memory lives no longer than the function. Outputs are written only on success.
//! Depends on no handle.

use std::ffi::{CStr, CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use oarlock::{Error, ErrorKind, Result};

/// A status number, see `oarlock_status` in the header.
pub type Status = c_int;

/// Success.
pub const OK: Status = 0;

/// Not yet.
pub const PENDING: Status = -1;

/// The border of functions that return plain data: NULL, 0 or false after a panic.
pub fn plain<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

/// An `InvalidInput` error.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// Gives ownership to C.
pub fn give<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes ownership back from C; NULL is nothing.
///
/// # Safety
/// `pointer` is NULL or came from `give` and is used no more.
pub unsafe fn take_back<T>(pointer: *mut T) -> Option<T> {
    // SAFETY: not NULL, so it is the box that `give` made and C hands back.
    (!pointer.is_null()).then(|| unsafe { *Box::from_raw(pointer) })
}

/// A reference to what C lends for reading.
///
/// # Safety
/// `pointer` is NULL or valid, and nothing writes there during the function.
pub unsafe fn lent<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: NULL or valid, as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| invalid(format!("`{name}` is NULL")))
}

/// A reference to what C lends for changing.
///
/// # Safety
/// `pointer` is NULL or valid, and nothing else uses what is there during the function.
pub unsafe fn lent_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: NULL or valid and unshared, as the caller promises.
    unsafe { pointer.as_mut() }.ok_or_else(|| invalid(format!("`{name}` is NULL")))
}

/// A place for an output.
pub struct Out<T>(*mut T);

impl<T> Out<T> {
    /// Checks that there is a place.
    ///
    /// # Safety
    /// `place` is NULL or valid for writing for as long as the `Out` is used.
    pub unsafe fn new(place: *mut T, name: &str) -> Result<Self> {
        if place.is_null() { Err(invalid(format!("`{name}` is NULL"))) } else { Ok(Out(place)) }
    }

    /// Writes the output.
    pub fn set(self, value: T) {
        // SAFETY: `new` was promised a place valid for writing; what stood there needs no drop, it is C's.
        unsafe { self.0.write(value) }
    }
}

/// Milliseconds from C as a time limit: negative is none.
pub fn limit(milliseconds: c_int) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// Bytes that C lends.
///
/// # Safety
/// `data` is NULL or valid for reading `size` bytes during the function.
pub unsafe fn bytes<'a>(data: *const u8, size: usize, name: &str) -> Result<&'a [u8]> {
    match (data.is_null(), size) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(invalid(format!("`{name}` is NULL"))),
        // SAFETY: not NULL, so valid for `size` bytes.
        (false, _) => Ok(unsafe { std::slice::from_raw_parts(data, size) }),
    }
}

/// A copy of C's bytes.
///
/// # Safety
/// As for `bytes`.
pub unsafe fn copied(data: *const u8, size: usize) -> Result<Bytes> {
    // SAFETY: as the caller promises.
    unsafe { bytes(data, size, "data") }.map(Bytes::copy_from_slice)
}

/// Room that C lends.
///
/// # Safety
/// `buffer` is NULL or valid for writing `size` bytes, and nothing else uses it during the function.
pub unsafe fn room<'a>(buffer: *mut u8, size: usize) -> Result<&'a mut [u8]> {
    if buffer.is_null() || size == 0 {
        return Err(invalid("`buffer` is NULL or has no room"));
    }
    // SAFETY: not NULL, so valid for `size` bytes and unshared; a byte of any origin is a byte.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer, size) })
}

/// Returns where bytes are and writes how many, if C gave a place for that.
///
/// # Safety
/// `size` is NULL or valid for writing.
pub unsafe fn span(bytes: Option<&[u8]>, size: *mut usize) -> *const u8 {
    if !size.is_null() {
        // SAFETY: not NULL, so valid for writing.
        unsafe { size.write(bytes.map_or(0, <[u8]>::len)) };
    }
    bytes.map_or(std::ptr::null(), <[u8]>::as_ptr)
}

/// NUL-terminated text that C lends.
///
/// # Safety
/// `text` is NULL or NUL-terminated and valid during the function.
pub unsafe fn text<'a>(text: *const c_char, name: &str) -> Result<&'a str> {
    if text.is_null() {
        return Err(invalid(format!("`{name}` is NULL")));
    }
    // SAFETY: not NULL, so NUL-terminated.
    utf8(unsafe { CStr::from_ptr(text) }.to_bytes(), name)
}

/// Text of bytes.
pub fn utf8<'a>(bytes: &'a [u8], name: &str) -> Result<&'a str> {
    std::str::from_utf8(bytes).map_err(|_| invalid(format!("`{name}` is not UTF-8")))
}

/// A path, in whatever bytes the file system has.
///
/// # Safety
/// As for `text`.
pub unsafe fn path(path: *const c_char) -> Result<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    if path.is_null() {
        return Err(invalid("`path` is NULL"));
    }
    // SAFETY: not NULL, so NUL-terminated.
    Ok(PathBuf::from(std::ffi::OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes())))
}

/// C text; inner NULs, which no name or key has, become a visible sign.
pub fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{2400}")).unwrap_or_default()
}
