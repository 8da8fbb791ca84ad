//! All pointer work: what is behind each handle, how a pointer from C becomes a reference, and the border
//! that no panic crosses.
//!
//! Law: ownership is in the types. A handle that C owns is a `Box` given out by `give` and taken back by
//! `take_back`; what C lends is a reference that lives no longer than the function. Outputs are written only
//! on success, errors only on failure. Knows no verb.

use std::cell::UnsafeCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use oarlock::{Callback, Canceller, Error, ErrorKind, Result, StorageClasses, Store, Value};

use crate::api;

/// A status number, see `oarlock_status` in the header.
pub type Status = c_int;
/// A value's type, see `oarlock_type` in the header.
pub type TypeNumber = c_int;
/// Success.
pub const OK: Status = 0;
/// Not yet.
pub const PENDING: Status = -1;

/// An open store, its URL as C text and the functions among its settings.
pub struct StoreHandle {
    pub(crate) store: Store,
    pub(crate) functions: api::Functions,
    pub(crate) url: CString,
}

impl StoreHandle {
    /// A store for C to own.
    pub fn new(store: Store) -> Self {
        StoreHandle { url: c_text(&store.url()), functions: api::Functions::new(), store }
    }
}

/// What a package server's file says of its storage classes.
pub struct ClassesHandle {
    pub(crate) classes: StorageClasses,
    /// The functions among the settings, which go with each class's store.
    pub(crate) functions: api::Functions,
}

/// Values by name, built one by one, and the first mistake made in building them.
#[derive(Clone, Default)]
pub struct OptionsHandle {
    pub(crate) values: Vec<(String, Value)>,
    pub(crate) functions: api::Functions,
    pub(crate) mistake: Option<Error>,
}

/// A value whose texts and names all end in a NUL that is not part of them, so that C can read them in place.
#[repr(transparent)]
pub struct ValueHandle(Value);

/// A source, or the mistake made in making it.
pub struct SourceHandle(pub(crate) Result<api::Source>);

/// A sink, or the mistake made in making it.
pub struct SinkHandle(pub(crate) Result<api::Sink>);

/// An error and its texts as C text.
pub struct ErrorHandle {
    pub(crate) error: Error,
    pub(crate) texts: [Option<CString>; 6],
}

/// A call that one thread at a time serves while any thread may cancel it.
pub struct CallHandle {
    busy: AtomicBool,
    call: UnsafeCell<api::Call>,
    pub(crate) canceller: Canceller,
}

/// Milliseconds from C as a time limit: negative is none.
pub fn limit(milliseconds: c_int) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

/// An `InvalidInput` error.
pub fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

fn defect() -> Error {
    Error::new(ErrorKind::Internal, "a defect in oarlock stopped the call; please report it")
}

/// C text; inner NULs, which no name or key has, become a visible sign.
pub fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{2400}")).unwrap_or_default()
}

/// The border of functions that answer a status: `body` answers OK or PENDING, or an error, which goes to
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
                unsafe { error.write(give(ErrorHandle::new(why))) };
            }
            kind
        }
    }
}

/// The border of functions that answer a plain datum: NULL, 0 or false after a panic.
pub fn plain<T>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
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

/// What C lends for reading.
///
/// # Safety
/// `pointer` is NULL or valid, and nothing writes there during the function.
pub unsafe fn lent<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: NULL or valid, as the caller promises.
    unsafe { pointer.as_ref() }.ok_or_else(|| invalid(format!("`{name}` is NULL")))
}

/// What C lends for changing.
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

/// Answers where bytes are and, if C gave a place for it, how many.
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

impl ErrorHandle {
    /// Makes the error readable from C.
    pub fn new(error: Error) -> Self {
        let text = |text: Option<&str>| text.map(c_text);
        let texts = [
            Some(c_text(error.message())),
            text(error.verb()),
            text(error.bucket()),
            text(error.key()),
            text(error.code()),
            text(error.request_id()),
        ];
        ErrorHandle { error, texts }
    }
}

fn seal(value: &mut Value) {
    match value {
        Value::Str(text) => text.push('\0'),
        Value::List(items) => items.iter_mut().for_each(seal),
        Value::Map(pairs) => pairs.iter_mut().for_each(|(name, value)| {
            name.to_mut().push('\0');
            seal(value);
        }),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Bytes(_)
        | Value::Time(_)
        | Value::Callback(_) => {}
    }
}

/// The text without the NUL that `seal` added.
fn unsealed(text: &str) -> &str {
    &text[..text.len() - 1]
}

impl ValueHandle {
    /// Makes the value readable from C.
    pub fn new(mut value: Value) -> Self {
        seal(&mut value);
        ValueHandle(value)
    }

    fn of(value: &Value) -> &ValueHandle {
        // SAFETY: `ValueHandle` is `repr(transparent)`, and what lies within a sealed value is sealed.
        unsafe { &*std::ptr::from_ref(value).cast::<ValueHandle>() }
    }

    /// The type as C numbers it, see `oarlock_type` in the header.
    pub fn type_number(&self) -> TypeNumber {
        match &self.0 {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Str(_) => 3,
            Value::Bytes(_) => 4,
            Value::Time(_) => 5,
            Value::List(_) => 6,
            Value::Map(_) => 7,
            Value::Callback(_) => 8,
        }
    }

    /// The plain datum; its texts still end in NUL.
    pub fn sealed(&self) -> &Value {
        &self.0
    }

    /// Text without its final NUL, which still follows it in memory.
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Value::Str(text) => Some(unsealed(text)),
            _ => None,
        }
    }

    /// How many items or entries.
    pub fn count(&self) -> usize {
        match &self.0 {
            Value::List(items) => items.len(),
            Value::Map(pairs) => pairs.len(),
            _ => 0,
        }
    }

    /// The item or entry's value at this place.
    pub fn at(&self, index: usize) -> Option<&ValueHandle> {
        match &self.0 {
            Value::List(items) => items.get(index).map(Self::of),
            Value::Map(pairs) => pairs.get(index).map(|(_, value)| Self::of(value)),
            _ => None,
        }
    }

    /// The entry's name at this place, followed by a NUL.
    pub fn name(&self, index: usize) -> Option<&str> {
        match &self.0 {
            Value::Map(pairs) => pairs.get(index).map(|(name, _)| unsealed(name)),
            _ => None,
        }
    }

    /// The entry's value under this name.
    pub fn get(&self, name: &str) -> Option<&ValueHandle> {
        match &self.0 {
            Value::Map(pairs) => {
                pairs.iter().find(|(known, _)| unsealed(known) == name).map(|(_, value)| Self::of(value))
            }
            _ => None,
        }
    }
}

impl OptionsHandle {
    /// Puts a value under a name, in place of one that was there; without a name it is added at the end.
    pub fn put(&mut self, name: Option<&str>, value: Value) {
        match name {
            None => self.values.push((String::new(), value)),
            Some(name) => match self.values.iter_mut().find(|(known, _)| known == name) {
                Some((_, place)) => *place = value,
                None => self.values.push((name.to_owned(), value)),
            },
        }
    }

    /// The values, unless a mistake was made.
    pub fn built(&self) -> Result<Vec<(String, Value)>> {
        match &self.mistake {
            Some(mistake) => Err(mistake.clone()),
            None => Ok(self.values.clone()),
        }
    }
}

/// Sets one option: NULL handle and mistakes are answered, and a mistake is also kept for the function that
/// takes the options.
///
/// # Safety
/// `options` is NULL or a live options handle that no other thread uses; `name` as for `text`.
pub unsafe fn set(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: impl FnOnce() -> Result<Value>,
) -> Status {
    let body = || {
        // SAFETY: as the caller promises.
        let options = unsafe { lent_mut(options, "options") }?;
        // SAFETY: as the caller promises.
        let named = if name.is_null() { Ok(None) } else { unsafe { text(name, "name") }.map(Some) };
        let label = |error: Error, name: Option<&str>| match name {
            Some(name) => invalid(format!("option `{name}`: {}", error.message())),
            None => error,
        };
        match named.and_then(|name| Ok((name, value().map_err(|error| label(error, name))?))) {
            Ok((name, value)) => {
                options.put(name, value);
                Ok(OK)
            }
            Err(mistake) => {
                options.mistake.get_or_insert(mistake.clone());
                Err(mistake)
            }
        }
    };
    // SAFETY: no place for an error is given.
    unsafe { status(std::ptr::null_mut(), body) }
}

impl CallHandle {
    /// A call for C to own.
    pub fn new(call: api::Call) -> Self {
        CallHandle { busy: AtomicBool::new(false), canceller: call.canceller(), call: UnsafeCell::new(call) }
    }

    /// Lets this thread, alone, work on the call.
    pub fn serve<T>(&self, work: impl FnOnce(&mut api::Call) -> Result<T>) -> Result<T> {
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
                "the call was begun before this process was forked; begin it again here",
            ));
        }
        if self.busy.swap(true, Ordering::Acquire) {
            return Err(invalid(
                "the call is in use: another thread waits for it, or one of its own callbacks called this",
            ));
        }
        let _idle = Idle(&self.busy);
        // SAFETY: `busy` was false and is true until `_idle` goes, so this is the only reference.
        work(unsafe { &mut *self.call.get() })
    }
}

/// Starts a call with what C gave; `inline`: the caller waits for it at once.
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
        status(error, || {
            let (source, sink) = (take_back(source), take_back(sink));
            let place = Out::new(call, "call")?;
            let store = lent(store, "store")?;
            let values = options.as_ref().map_or(Ok(Vec::new()), OptionsHandle::built)?;
            let (source, sink) =
                (source.map(|made| made.0).transpose()?, sink.map(|made| made.0).transpose()?);
            let opened = if inline { &store.store.inline() } else { &store.store };
            let mut begun = api::Call::start(opened, text(verb, "verb")?, values, source, sink)?;
            let own = options.as_ref().map_or(&[][..], |options| &options.functions);
            begun.on_ask(store.functions.iter().chain(own).cloned().collect());
            place.set(give(CallHandle::new(begun)));
            Ok(OK)
        })
    }
}

/// `ptrdiff_t (*)(void *userdata, uint8_t *buffer, size_t size)`
pub type ReadFn = unsafe extern "C" fn(userdata: *mut c_void, buffer: *mut u8, size: usize) -> isize;
/// `int (*)(void *userdata, const uint8_t *data, size_t size)`
pub type WriteFn = unsafe extern "C" fn(userdata: *mut c_void, data: *const u8, size: usize) -> c_int;
/// `int (*)(void *userdata, uint64_t done, int64_t total)`
pub type ProgressFn = unsafe extern "C" fn(userdata: *mut c_void, done: u64, total: i64) -> c_int;
/// `int (*)(void *userdata, const oarlock_value *question, oarlock_options *answer)`
pub type AskFn = unsafe extern "C" fn(
    userdata: *mut c_void,
    question: *const ValueHandle,
    answer: *mut OptionsHandle,
) -> c_int;
/// `void (*)(void *userdata)`
pub type FreeFn = unsafe extern "C" fn(userdata: *mut c_void);
/// `void (*)(void *userdata, int level, const char *message)`
pub type LogFn = unsafe extern "C" fn(userdata: *mut c_void, level: c_int, message: *const c_char);

/// A source that asks C's function.
///
/// # Safety
/// The function may be called with its userdata, on the thread that serves the call, until the call is freed.
pub unsafe fn reader(read: ReadFn, userdata: *mut c_void, size: Option<u64>) -> api::Source {
    let read = move |room: &mut [u8]| {
        // SAFETY: as the caller promised; `room` is writable.
        let count = unsafe { read(userdata, room.as_mut_ptr(), room.len()) };
        match usize::try_from(count) {
            Ok(count) if count <= room.len() => Ok(count),
            Ok(count) => {
                Err(format!("the read callback told of {count} bytes in a buffer of {}", room.len()))
            }
            Err(_) => Err(format!("the read callback answered {count}")),
        }
    };
    api::Source::Read(Box::new(read), size)
}

/// A source that copies C's memory bit by bit, on the thread that waits, so that no worker ever reads it.
///
/// # Safety
/// `size` bytes stay valid and unchanged until the call is freed.
pub unsafe fn viewer(data: *const u8, size: usize) -> api::Source {
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
    api::Source::Read(Box::new(read), Some(size as u64))
}

/// A sink that hands to C's function.
///
/// # Safety
/// As for `reader`.
pub unsafe fn writer(write: WriteFn, userdata: *mut c_void) -> api::Sink {
    api::Sink::Write(Box::new(move |data| {
        // SAFETY: as the caller promised; `data` is readable.
        match unsafe { write(userdata, data.as_ptr(), data.len()) } {
            0 => Ok(()),
            other => Err(format!("the write callback answered {other}")),
        }
    }))
}

/// A function of C that answers questions, with what it is given.
struct Asked {
    ask: Option<AskFn>,
    userdata: *mut c_void,
    free: Option<FreeFn>,
}

// SAFETY: the header asks that the function and its userdata may be used from any thread.
unsafe impl Send for Asked {}
// SAFETY: as above.
unsafe impl Sync for Asked {}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the last handle that could call the function is going.
            unsafe { free(self.userdata) }
        }
    }
}

impl Asked {
    fn answer(&self, question: Value) -> std::result::Result<Value, String> {
        let Some(ask) = self.ask else { return Err("it is NULL".to_owned()) };
        let question = ValueHandle::new(question);
        let mut answer = OptionsHandle::default();
        // SAFETY: as `asker` was promised; both handles live until the function returns.
        let status = unsafe { ask(self.userdata, &question, &mut answer) };
        let values = answer.built().map_err(|mistake| mistake.message().to_owned())?;
        let whole = match values.as_slice() {
            [(name, value)] if name.is_empty() => value.clone(),
            _ => Value::map(values),
        };
        match (status, whole) {
            (0, whole) => Ok(whole),
            (_, Value::Str(why)) => Err(why),
            (status, _) => Err(format!("it answered {status}")),
        }
    }
}

/// A function of C, and the callback that stands for it. Whatever becomes of them, `free` is called once, at
/// the end.
///
/// # Safety
/// The function may be called with its userdata, on threads that serve calls, until `free` is.
pub unsafe fn asker(
    ask: Option<AskFn>,
    userdata: *mut c_void,
    free: Option<FreeFn>,
) -> (Callback, api::Answer) {
    let asked = Asked { ask, userdata, free };
    (Callback::elsewhere(), Arc::new(move |question| asked.answer(question)))
}

/// A progress function of C.
///
/// # Safety
/// As for `reader`.
pub unsafe fn progress(progress: ProgressFn, userdata: *mut c_void) -> api::Progress {
    Box::new(move |done, total| {
        let total = total.and_then(|total| i64::try_from(total).ok()).unwrap_or(-1);
        // SAFETY: as the caller promised.
        unsafe { progress(userdata, done, total) == 0 }
    })
}

/// A log function of C.
///
/// # Safety
/// As for `reader`.
pub unsafe fn log(log: LogFn, userdata: *mut c_void) -> api::Log {
    Box::new(move |level, message| {
        let message = c_text(message);
        // SAFETY: as the caller promised; the text is NUL-terminated.
        unsafe { log(userdata, level, message.as_ptr()) }
    })
}

/// A copy of C's bytes.
///
/// # Safety
/// As for `bytes`.
pub unsafe fn copied(data: *const u8, size: usize) -> Result<Bytes> {
    // SAFETY: as the caller promises.
    unsafe { bytes(data, size, "data") }.map(Bytes::copy_from_slice)
}
