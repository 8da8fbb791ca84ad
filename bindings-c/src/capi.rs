//! The C functions, in the order of the header that cbindgen makes of this page.
//!
//! Law: a function here only turns pointers into references, calls the safe face and turns the answer back,
//! inside a border of `ffi`. Its doc is the header's. What every function asks of its pointers is written
//! once, in the header's conventions.
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's conventions are the safety contract of every function"
)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null;
use std::time::Duration;

use oarlock::table::FieldSpec;
use oarlock::value::Field as _;
use oarlock::{StorageClasses, Store, Value, value, verbs};

use crate::api;
use crate::ffi::{
    self, CallHandle, ClassesHandle, ErrorHandle, OK, OptionsHandle, Out, PENDING, SinkHandle, SourceHandle,
    Status, StoreHandle, ValueHandle,
};

/// The library's version, for example `"0.1.0"`.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Tells every verb as a list of maps: name, doc, params and options (each a list of maps: name, type,
/// required, doc), reply, pages, progress (`bytes` or `objects`: what `oarlock_call_on_progress` is told of;
/// null for a verb that is one request).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_verbs(table: *mut *mut ValueHandle, error: *mut *mut ErrorHandle) -> Status {
    let text = |text: &str| Value::Str(text.to_owned());
    let fields = |fields: &[FieldSpec]| {
        let field = |field: &FieldSpec| {
            Value::map([
                ("name", text(field.name)),
                ("type", Value::Str(field.kind.name())),
                ("required", Value::Bool(field.required)),
                ("doc", text(field.doc)),
            ])
        };
        Value::List(fields.iter().map(field).collect())
    };
    let verb = |verb: &verbs::Verb| {
        Value::map([
            ("name", text(verb.name)),
            ("doc", text(verb.doc)),
            ("params", fields(verb.params)),
            ("options", fields(verb.options.fields)),
            ("reply", Value::Str(verb.reply.name())),
            ("pages", Value::Bool(verb.pages())),
            ("progress", verb.progress.map_or(Value::Null, text)),
        ])
    };
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            Out::new(table, "table")?
                .set(ffi::give(ValueHandle::new(Value::List(verbs::VERBS.iter().map(verb).collect()))));
            Ok(OK)
        })
    }
}

/// Sets from which level on events reach the log callbacks of calls: 10 debug, 20 info, 30 warnings (the
/// default).
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_log_level(level: c_int) {
    ffi::plain((), || oarlock::observe::set_level(level));
}

/// Waits until no call of this process is under way, freed ones that still undo their work included;
/// OARLOCK_PENDING when the time is over.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_drain(timeout_ms: c_int) -> Status {
    ffi::plain(PENDING, || {
        if oarlock::drain(ffi::limit(timeout_ms).unwrap_or(Duration::from_secs(u32::MAX.into()))) {
            OK
        } else {
            PENDING
        }
    })
}

/// Begins a set of options. Free it with oarlock_options_free.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_options_new() -> *mut OptionsHandle {
    ffi::plain(std::ptr::null_mut(), || ffi::give(OptionsHandle::default()))
}

/// Copies options; a copy of NULL is empty. Free it with oarlock_options_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_copy(options: *const OptionsHandle) -> *mut OptionsHandle {
    // SAFETY: the header's conventions.
    ffi::plain(std::ptr::null_mut(), || ffi::give(unsafe { options.as_ref() }.cloned().unwrap_or_default()))
}

/// Copies the options that the verb takes and leaves out the others: for a program that gives the same set to
/// `head` and to `get`. A verb that does not exist takes none. Free the copy with oarlock_options_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_copy_for(
    options: *const OptionsHandle,
    verb: *const c_char,
) -> *mut OptionsHandle {
    ffi::plain(std::ptr::null_mut(), || {
        // SAFETY: the header's conventions.
        let mut copy = unsafe { options.as_ref() }.cloned().unwrap_or_default();
        // SAFETY: the same.
        let verb = unsafe { ffi::text(verb, "verb") }.unwrap_or_default();
        let verb = oarlock::verbs::VERBS.iter().find(|known| known.name == verb);
        let known: Vec<_> =
            verb.map_or_else(Vec::new, |verb| verb.params.iter().chain(verb.options.fields).collect());
        copy.values.retain(|(name, _)| known.iter().any(|field| field.name == name));
        ffi::give(copy)
    })
}

/// Frees options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_free(options: *mut OptionsHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(options) }));
}

/// Sets an option to null, which counts as not given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_null(
    options: *mut OptionsHandle,
    name: *const c_char,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || Ok(Value::Null)) }
}

/// Sets an option to true or false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_bool(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: bool,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || Ok(Value::Bool(value))) }
}

/// Sets an option to a whole number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_int(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: i64,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || Ok(Value::Int(value))) }
}

/// Sets an option to NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_str(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || Ok(Value::Str(ffi::text(value, "value")?.to_owned()))) }
}

/// Sets an option to text of this size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_text(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const c_char,
    size: usize,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::set(options, name, || {
            Ok(Value::Str(ffi::utf8(ffi::bytes(value.cast(), size, "value")?, "value")?.to_owned()))
        })
    }
}

/// Sets an option to bytes, which are copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_bytes(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const u8,
    size: usize,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || ffi::copied(value, size).map(Value::Bytes)) }
}

/// Sets an option to a time: whole seconds, which may be negative, and nanoseconds below 1000000000 after
/// 1970 UTC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_time(
    options: *mut OptionsHandle,
    name: *const c_char,
    seconds: i64,
    nanoseconds: u32,
) -> Status {
    let time = || match nanoseconds {
        0..1_000_000_000 => Ok(Value::Time(value::from_unix(seconds, nanoseconds))),
        _ => Err(ffi::invalid(format!("a time takes fewer than 1000000000 nanoseconds, not {nanoseconds}"))),
    };
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, time) }
}

/// Sets an option to a map: a copy of these names and values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_map(
    options: *mut OptionsHandle,
    name: *const c_char,
    entries: *const OptionsHandle,
) -> Status {
    // SAFETY: the header's conventions.
    let status =
        unsafe { ffi::set(options, name, || ffi::lent(entries, "entries")?.built().map(Value::map)) };
    // SAFETY: the header's conventions; what is lent ends here, should both be the same.
    let functions = unsafe { entries.as_ref() }.map_or_else(Vec::new, |entries| entries.functions.clone());
    // SAFETY: the header's conventions.
    if let (OK, Some(options)) = (status, unsafe { options.as_mut() }) {
        options.functions.extend(functions);
    }
    status
}

/// Sets an option to a list: a copy of these values in their order; their names, usually NULL, do not matter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_list(
    options: *mut OptionsHandle,
    name: *const c_char,
    items: *const OptionsHandle,
) -> Status {
    let list =
        |values: Vec<(String, Value)>| Value::List(values.into_iter().map(|(_, value)| value).collect());
    // SAFETY: the header's conventions.
    unsafe { ffi::set(options, name, || ffi::lent(items, "items")?.built().map(list)) }
}

/// Sets a setting, or an option of a call, to a function that is asked on the thread that serves a call
/// (oarlock_call_wait, _read, _write). It looks at the question, a map or, of a call's option, a list, which
/// lives until it returns, fills the empty `answer` and returns 0; a single value under the name NULL is the
/// answer itself, else the answer is the map of all that was set. Not 0: it failed, and a text under the name
/// NULL says why. It may be asked from any thread that serves a call. `release` (or NULL) is called once with
/// `userdata` when the last of the options, stores and calls that know the function is freed, or at once if
/// it can't be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_callback(
    options: *mut OptionsHandle,
    name: *const c_char,
    ask: Option<
        unsafe extern "C" fn(
            userdata: *mut c_void,
            question: *const ValueHandle,
            answer: *mut OptionsHandle,
        ) -> c_int,
    >,
    userdata: *mut c_void,
    release: Option<unsafe extern "C" fn(userdata: *mut c_void)>,
) -> Status {
    // SAFETY: the header's conventions.
    let (callback, answer) = unsafe { ffi::asker(ask, userdata, release) };
    let number = callback.number();
    let value = || if ask.is_some() { Ok(callback.into()) } else { Err(ffi::invalid("`ask` is NULL")) };
    // SAFETY: the header's conventions.
    let status = unsafe { ffi::set(options, name, value) };
    // SAFETY: the header's conventions.
    if let (OK, Some(options)) = (status, unsafe { options.as_mut() }) {
        options.functions.push((number, answer));
    }
    status
}

/// Opens the place that a URL names, `s3://bucket/prefix` or `file:///directory`; settings may be NULL. No
/// network is touched. Free the store with oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_open(
    url: *const c_char,
    settings: *const OptionsHandle,
    store: *mut *mut StoreHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(store, "store")?;
            let functions = settings.as_ref().map_or_else(Vec::new, |settings| settings.functions.clone());
            let settings = settings.as_ref().map_or(Ok(Vec::new()), OptionsHandle::built)?;
            let store = Store::open(ffi::text(url, "url")?, settings)?;
            place.set(ffi::give(StoreHandle { functions, ..StoreHandle::new(store) }));
            Ok(OK)
        })
    }
}

/// Makes another handle of the same store, which is cheap; NULL for NULL. Free it with oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_clone(store: *const StoreHandle) -> *mut StoreHandle {
    let copy = |store: &StoreHandle| {
        ffi::give(StoreHandle {
            store: store.store.clone(),
            functions: store.functions.clone(),
            url: store.url.clone(),
        })
    };
    // SAFETY: the header's conventions.
    ffi::plain(std::ptr::null_mut(), || unsafe { store.as_ref() }.map_or(std::ptr::null_mut(), copy))
}

/// Frees a store; calls under way go on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_free(store: *mut StoreHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(store) }));
}

/// The store's URL without settings and secrets; it lives as long as the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_url(store: *const StoreHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    ffi::plain(null(), || unsafe { store.as_ref() }.map_or(null(), |store| store.url.as_ptr()))
}

/// Tells the settings that the store was given, as a map with secrets left out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_store_settings(
    store: *const StoreHandle,
    settings: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(settings, "settings")?;
            place.set(ffi::give(ValueHandle::new(Value::map(ffi::lent(store, "store")?.store.settings()))));
            Ok(OK)
        })
    }
}

/// Reads the storage classes that a package server's `.gcfg` file names: of a file, or of the file's text,
/// which is what holds a line break. Free them with oarlock_classes_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_open(
    path_or_text: *const c_char,
    classes: *mut *mut ClassesHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(classes, "classes")?;
            let classes = StorageClasses::read(ffi::text(path_or_text, "path_or_text")?)?;
            place.set(ffi::give(ClassesHandle { classes, functions: Vec::new() }));
            Ok(OK)
        })
    }
}

/// The same with settings that win over what the file says: `settings` for all classes that are kept in S3,
/// `overrides` for single ones, each a map (oarlock_options_set_map) under the class's name, which wins over
/// both; either may be NULL. A key to encrypt with that the file names stays in force. Free them with
/// oarlock_classes_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_open_with(
    path_or_text: *const c_char,
    settings: *const OptionsHandle,
    overrides: *const OptionsHandle,
    classes: *mut *mut ClassesHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(classes, "classes")?;
            let given = [settings, overrides].map(|given| given.as_ref());
            let functions =
                given.iter().flatten().flat_map(|given| given.functions.iter().cloned()).collect();
            let [settings, overrides] = given.map(|given| given.map_or(Ok(Vec::new()), OptionsHandle::built));
            let classes = StorageClasses::read(ffi::text(path_or_text, "path_or_text")?)?
                .with(settings?, overrides?)?;
            place.set(ffi::give(ClassesHandle { classes, functions }));
            Ok(OK)
        })
    }
}

/// Frees storage classes; stores that were opened by them stay open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_free(classes: *mut ClassesHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(classes) }));
}

/// Tells the names of the classes, as a list of text in order.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_names(
    classes: *const ClassesHandle,
    names: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(names, "names")?;
            let names = ffi::lent(classes, "classes")?.classes.names();
            place.set(ffi::give(ValueHandle::new(Value::List(names.into_iter().map(Value::Str).collect()))));
            Ok(OK)
        })
    }
}

/// Opens the store of a class, such as `packages`. No network is touched. Free the store with
/// oarlock_store_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_store(
    classes: *const ClassesHandle,
    name: *const c_char,
    store: *mut *mut StoreHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(store, "store")?;
            let classes = ffi::lent(classes, "classes")?;
            let store = StoreHandle::new(classes.classes.class(ffi::text(name, "name")?)?);
            place.set(ffi::give(StoreHandle { functions: classes.functions.clone(), ..store }));
            Ok(OK)
        })
    }
}

/// Tells what the file says of a class, as a StorageClass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_classes_about(
    classes: *const ClassesHandle,
    name: *const c_char,
    about: *mut *mut ValueHandle,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(about, "about")?;
            place.set(ffi::give(ValueHandle::new(
                ffi::lent(classes, "classes")?.classes.about(ffi::text(name, "name")?)?.into_value(),
            )));
            Ok(OK)
        })
    }
}

/// A source of bytes that are copied now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_bytes(data: *const u8, size: usize) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe { ffi::copied(data, size) }.map(api::Source::Bytes))
}

/// A source of bytes that the caller keeps, unchanged, until the call is freed; they are read only by the
/// thread that waits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_view(data: *const u8, size: usize) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe {
        // A few bytes are copied sooner than a thread is woken to read them.
        if size <= 64 << 10 {
            return ffi::copied(data, size).map(api::Source::Bytes);
        }
        ffi::bytes(data, size, "data").map(|_| ffi::viewer(data, size))
    })
}

/// A source that is a file, read by oarlock's own threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_file(path: *const c_char) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| unsafe { ffi::path(path) }.map(api::Source::File))
}

/// A source that asks a function: it fills the buffer and answers how many bytes, 0 for the end, or a
/// negative number, which fails the call with OARLOCK_IO. `size` is how many bytes there will be in all, or
/// -1 if that is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_callback(
    read: Option<unsafe extern "C" fn(userdata: *mut c_void, buffer: *mut u8, size: usize) -> isize>,
    userdata: *mut c_void,
    size: i64,
) -> *mut SourceHandle {
    // SAFETY: the header's conventions.
    source(|| {
        Ok(unsafe {
            ffi::reader(
                read.ok_or_else(|| ffi::invalid("`read` is NULL"))?,
                userdata,
                u64::try_from(size).ok(),
            )
        })
    })
}

/// A source of what oarlock_call_write is given; oarlock_call_wait ends it.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_source_pushed() -> *mut SourceHandle {
    source(|| Ok(api::Source::Pushed))
}

fn source(make: impl FnOnce() -> oarlock::Result<api::Source>) -> *mut SourceHandle {
    ffi::plain(std::ptr::null_mut(), || ffi::give(SourceHandle(make())))
}

/// Frees a source that was not given to oarlock_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_source_free(source: *mut SourceHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(source) }));
}

/// A sink that is memory: the reply's `body`. NULL means the same.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_sink_memory() -> *mut SinkHandle {
    sink(|| Ok(api::Sink::Memory))
}

/// A sink that is a file: it appears, whole, only after the last byte was written and verified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_file(path: *const c_char) -> *mut SinkHandle {
    // SAFETY: the header's conventions.
    sink(|| unsafe { ffi::path(path) }.map(api::Sink::File))
}

/// A sink that hands the bytes, in order, to a function; an answer other than 0 fails the call with
/// OARLOCK_IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_callback(
    write: Option<unsafe extern "C" fn(userdata: *mut c_void, data: *const u8, size: usize) -> c_int>,
    userdata: *mut c_void,
) -> *mut SinkHandle {
    // SAFETY: the header's conventions.
    sink(|| Ok(unsafe { ffi::writer(write.ok_or_else(|| ffi::invalid("`write` is NULL"))?, userdata) }))
}

/// A sink whose bytes oarlock_call_read reads.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_sink_pulled() -> *mut SinkHandle {
    sink(|| Ok(api::Sink::Pulled))
}

fn sink(make: impl FnOnce() -> oarlock::Result<api::Sink>) -> *mut SinkHandle {
    ffi::plain(std::ptr::null_mut(), || ffi::give(SinkHandle(make())))
}

/// Frees a sink that was not given to oarlock_start.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_sink_free(sink: *mut SinkHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(sink) }));
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
    unsafe { ffi::start(false, store, verb, options, source, sink, call, error) }
}

/// As oarlock_start, for a caller who waits at once with oarlock_call_wait: what is short is then done by the
/// waiting thread, which costs half as much as waking another. Nothing moves before the wait.
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
    unsafe { ffi::start(true, store, verb, options, source, sink, call, error) }
}

/// Serves the call, callbacks included, until it ends, and gives its reply: once. Free the reply with
/// oarlock_value_free. OARLOCK_PENDING: the time is over, or a signal was handled; the call goes on, wait
/// again. With 0 it never waits. A pushed source ends here; what was not read of a pulled sink is dropped.
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
        ffi::status(error, || {
            let Some(value) = ffi::lent(call, "call")?.serve(|call| call.wait(ffi::limit(timeout_ms)))?
            else {
                return Ok(PENDING);
            };
            if let Ok(place) = Out::new(reply, "reply") {
                place.set(ffi::give(ValueHandle::new(value)));
            }
            Ok(OK)
        })
    }
}

/// Reads what comes for a pulled sink: `count` is 0 only at the end, after which oarlock_call_wait gives the
/// reply. The last byte comes only after the whole was checked: if the bytes are wrong, the read that would
/// give it fails, and so does every later one.
/// OARLOCK_PENDING: nothing came in time, or a signal was handled.
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
        ffi::status(error, || {
            let place = Out::new(count, "count")?;
            let room = ffi::room(buffer, size)?;
            let Some(read) =
                ffi::lent(call, "call")?.serve(|call| call.read(room, ffi::limit(timeout_ms)))?
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
        ffi::status(error, || {
            let data = ffi::bytes(data, size, "data")?;
            let written = ffi::lent(call, "call")?.serve(|call| call.write(data, ffi::limit(timeout_ms)))?;
            Ok(written.map_or(PENDING, |()| OK))
        })
    }
}

/// Tells a descriptor that is readable (poll, epoll) while there is something to serve: call
/// oarlock_call_wait with 0 then. It is the call's own: never read, write or close it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_fd(
    call: *mut CallHandle,
    fd: *mut c_int,
    error: *mut *mut ErrorHandle,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(error, || {
            let place = Out::new(fd, "fd")?;
            place.set(ffi::lent(call, "call")?.serve(|call| call.fd())?);
            Ok(OK)
        })
    }
}

/// Asks the call to stop, from any thread: it ends with OARLOCK_CANCELLED once it has undone what it began.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_cancel(call: *const CallHandle) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(std::ptr::null_mut(), || {
            ffi::lent(call, "call")?.canceller.cancel();
            Ok(OK)
        })
    }
}

/// Tells, from any thread, the bytes moved so far and the total, -1 if it is not known. Either place may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_progress(
    call: *const CallHandle,
    done: *mut u64,
    total: *mut i64,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(std::ptr::null_mut(), || {
            let (moved, whole) = ffi::lent(call, "call")?.canceller.progress().unwrap_or_default();
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

/// Has a function told, by the thread that waits, how many bytes have moved and the total or -1; an answer
/// other than 0 cancels the call, which then ends with OARLOCK_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_on_progress(
    call: *mut CallHandle,
    progress: Option<unsafe extern "C" fn(userdata: *mut c_void, done: u64, total: i64) -> c_int>,
    userdata: *mut c_void,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(std::ptr::null_mut(), || {
            let progress = progress.ok_or_else(|| ffi::invalid("`progress` is NULL"))?;
            ffi::lent(call, "call")?.serve(|call| {
                call.on_progress(ffi::progress(progress, userdata));
                Ok(OK)
            })
        })
    }
}

/// Has a function told, by the thread that waits, what happens inside the call (a retry, for example), from
/// oarlock_log_level on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_on_log(
    call: *mut CallHandle,
    log: Option<unsafe extern "C" fn(userdata: *mut c_void, level: c_int, message: *const c_char)>,
    userdata: *mut c_void,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe {
        ffi::status(std::ptr::null_mut(), || {
            let log = log.ok_or_else(|| ffi::invalid("`log` is NULL"))?;
            ffi::lent(call, "call")?.serve(|call| {
                call.on_log(ffi::log(log, userdata));
                Ok(OK)
            })
        })
    }
}

/// Frees a call and cancels it if it is still under way; no callback of it runs after this.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_call_free(call: *mut CallHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(call) }));
}

/// The value's type; that of NULL is OARLOCK_TYPE_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_type(value: *const ValueHandle) -> ffi::TypeNumber {
    // SAFETY: the header's conventions.
    ffi::plain(0, || unsafe { value.as_ref() }.map_or(0, ValueHandle::type_number))
}

/// The value, if it is a bool; else false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_bool(value: *const ValueHandle) -> bool {
    // SAFETY: the header's conventions.
    ffi::plain(false, || {
        matches!(unsafe { value.as_ref() }.map(ValueHandle::sealed), Some(Value::Bool(true)))
    })
}

/// The value, if it is an int; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_int(value: *const ValueHandle) -> i64 {
    // SAFETY: the header's conventions.
    ffi::plain(0, || match unsafe { value.as_ref() }.map(ValueHandle::sealed) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    })
}

/// The NUL-terminated text and its size without the NUL, if it is a str; else NULL and 0. `size` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_str(value: *const ValueHandle, size: *mut usize) -> *const c_char {
    ffi::plain(null(), || {
        // SAFETY: the header's conventions.
        let text = unsafe { value.as_ref() }.and_then(ValueHandle::text);
        // SAFETY: the header's conventions.
        unsafe { ffi::span(text.map(str::as_bytes), size) }.cast()
    })
}

/// The bytes and how many, if it is bytes; else NULL and 0. `size` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_bytes(value: *const ValueHandle, size: *mut usize) -> *const u8 {
    ffi::plain(null(), || {
        // SAFETY: the header's conventions.
        let bytes = match unsafe { value.as_ref() }.map(ValueHandle::sealed) {
            Some(Value::Bytes(bytes)) => Some(bytes.as_ref()),
            _ => None,
        };
        // SAFETY: the header's conventions.
        unsafe { ffi::span(bytes, size) }
    })
}

/// The time as whole seconds, which may be negative, and nanoseconds after 1970 UTC; false if it is none.
/// Either place may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_time(
    value: *const ValueHandle,
    seconds: *mut i64,
    nanoseconds: *mut u32,
) -> bool {
    ffi::plain(false, || {
        // SAFETY: the header's conventions.
        let Some(Value::Time(time)) = unsafe { value.as_ref() }.map(ValueHandle::sealed) else {
            return false;
        };
        let (whole, rest) = value::to_unix(*time);
        // SAFETY: the header's conventions.
        if let Ok(place) = unsafe { Out::new(seconds, "seconds") } {
            place.set(whole);
        }
        // SAFETY: the header's conventions.
        if let Ok(place) = unsafe { Out::new(nanoseconds, "nanoseconds") } {
            place.set(rest);
        }
        true
    })
}

/// How many items a list or entries a map has; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_count(value: *const ValueHandle) -> usize {
    // SAFETY: the header's conventions.
    ffi::plain(0, || unsafe { value.as_ref() }.map_or(0, ValueHandle::count))
}

/// The item of a list, or the value of a map's entry, at this place; else NULL. It lives as long as the whole
/// value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_at(value: *const ValueHandle, index: usize) -> *const ValueHandle {
    // SAFETY: the header's conventions.
    ffi::plain(null(), || {
        unsafe { value.as_ref() }.and_then(|value| value.at(index)).map_or(null(), std::ptr::from_ref)
    })
}

/// The name of a map's entry at this place; else NULL. It lives as long as the whole value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_name(value: *const ValueHandle, index: usize) -> *const c_char {
    // SAFETY: the header's conventions.
    ffi::plain(null(), || {
        unsafe { value.as_ref() }
            .and_then(|value| value.name(index))
            .map_or(null(), |name| name.as_ptr().cast())
    })
}

/// The value of a map's entry of this name; else NULL. It lives as long as the whole value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_get(
    value: *const ValueHandle,
    name: *const c_char,
) -> *const ValueHandle {
    ffi::plain(null(), || {
        // SAFETY: the header's conventions.
        let (value, name) = (unsafe { value.as_ref() }, unsafe { ffi::text(name, "name") }.ok());
        value.zip(name).and_then(|(value, name)| value.get(name)).map_or(null(), std::ptr::from_ref)
    })
}

/// Frees a whole value; never one that lies within another.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_value_free(value: *mut ValueHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(value) }));
}

/// The error's kind: the status that the function answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_kind(error: *const ErrorHandle) -> Status {
    // SAFETY: the header's conventions.
    ffi::plain(OK, || unsafe { error.as_ref() }.map_or(OK, |error| error.error.kind() as Status))
}

/// The sentence to show. Like the other texts, it lives as long as the error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_message(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 0) }
}

/// The verb that failed, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_verb(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 1) }
}

/// The bucket, or the directory of a `file://` store, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_bucket(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 2) }
}

/// The key as the caller gave it, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_key(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 3) }
}

/// S3's own error code, for example `NoSuchKey`, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_code(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 4) }
}

/// The server's request id, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_request_id(error: *const ErrorHandle) -> *const c_char {
    // SAFETY: the header's conventions.
    unsafe { fact(error, 5) }
}

unsafe fn fact(error: *const ErrorHandle, index: usize) -> *const c_char {
    // SAFETY: the header's conventions.
    ffi::plain(null(), || {
        unsafe { error.as_ref() }
            .and_then(|error| error.texts.get(index)?.as_ref())
            .map_or(null(), |text| text.as_ptr())
    })
}

/// The HTTP status, or 0 if no server answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_http_status(error: *const ErrorHandle) -> c_int {
    // SAFETY: the header's conventions.
    ffi::plain(0, || unsafe { error.as_ref() }.and_then(|error| error.error.status()).map_or(0, c_int::from))
}

/// Whether the same call may succeed later without a change.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_retryable(error: *const ErrorHandle) -> bool {
    // SAFETY: the header's conventions.
    ffi::plain(false, || unsafe { error.as_ref() }.is_some_and(|error| error.error.retryable()))
}

/// Frees an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_error_free(error: *mut ErrorHandle) {
    // SAFETY: the header's conventions.
    ffi::plain((), || drop(unsafe { ffi::take_back(error) }));
}
