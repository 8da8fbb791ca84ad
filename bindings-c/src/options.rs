//! Sets of options: parameters, options and settings that C builds by name.
//!
//! Invariant: a set keeps its first mistake, and the function that takes the set reports it.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::Arc;

use oarlock::verbs::VERBS;
use oarlock::{Callback, Error, Result, Value, value};

use crate::border::{self, OK, Status};
use crate::error;
use crate::served::{Functions, HostFunction};
use crate::value::ValueHandle;

/// Values by name, built one by one, and the first mistake made in building them.
#[derive(Clone, Default)]
pub struct OptionsHandle {
    pub(crate) values: Vec<(String, Value)>,
    pub(crate) functions: Functions,
    pub(crate) mistake: Option<Error>,
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

/// Sets one option. A NULL handle or a mistake gives its status. A mistake is also kept for the function that
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
        let options = unsafe { border::lent_mut(options, "options") }?;
        // SAFETY: as the caller promises.
        let named = if name.is_null() { Ok(None) } else { unsafe { border::text(name, "name") }.map(Some) };
        let label = |error: Error, name: Option<&str>| match name {
            Some(name) => border::invalid(format!("option `{name}`: {}", error.message())),
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
    unsafe { error::status(null_mut(), body) }
}

/// `int (*)(void *userdata, const oarlock_value *question, oarlock_options *answer)`
pub type AskFn = unsafe extern "C" fn(
    userdata: *mut c_void,
    question: *const ValueHandle,
    answer: *mut OptionsHandle,
) -> c_int;

/// `void (*)(void *userdata)`
pub type FreeFn = unsafe extern "C" fn(userdata: *mut c_void);

/// A function of C that the core calls with questions, and its userdata.
struct Asked {
    ask: Option<AskFn>,
    userdata: *mut c_void,
    free: Option<FreeFn>,
}

// SAFETY: the header requires that the function and its userdata may be used from any thread.
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
            (status, _) => Err(format!("it returned {status}")),
        }
    }
}

/// A function of C, and the callback that stands for it. `free` is called once in every case, at the end.
///
/// # Safety
/// The function may be called with its userdata, on threads that serve calls, until `free` is.
pub unsafe fn asker(
    ask: Option<AskFn>,
    userdata: *mut c_void,
    free: Option<FreeFn>,
) -> (Callback, HostFunction) {
    let asked = Asked { ask, userdata, free };
    (Callback::elsewhere(), Arc::new(move |question| asked.answer(question)))
}

/// Makes a set of options. Free it with oarlock_options_free.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_options_new() -> *mut OptionsHandle {
    border::plain(null_mut(), || border::give(OptionsHandle::default()))
}

/// Copies options; a copy of NULL is empty. Free it with oarlock_options_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_copy(options: *const OptionsHandle) -> *mut OptionsHandle {
    // SAFETY: the header's conventions.
    border::plain(null_mut(), || border::give(unsafe { options.as_ref() }.cloned().unwrap_or_default()))
}

/// Copies the options that the verb takes and leaves out the others: for a program that gives the same set to
/// `head` and to `get`. A verb that does not exist takes none. Free the copy with oarlock_options_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_copy_for(
    options: *const OptionsHandle,
    verb: *const c_char,
) -> *mut OptionsHandle {
    border::plain(null_mut(), || {
        // SAFETY: the header's conventions.
        let mut copy = unsafe { options.as_ref() }.cloned().unwrap_or_default();
        // SAFETY: the same.
        let verb = unsafe { border::text(verb, "verb") }.unwrap_or_default();
        let verb = VERBS.iter().find(|known| known.name == verb);
        let known: Vec<_> =
            verb.map_or_else(Vec::new, |verb| verb.params.iter().chain(verb.options.fields).collect());
        copy.values.retain(|(name, _)| known.iter().any(|field| field.name == name));
        border::give(copy)
    })
}

/// Frees options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_free(options: *mut OptionsHandle) {
    // SAFETY: the header's conventions.
    border::plain((), || drop(unsafe { border::take_back(options) }));
}

/// Sets an option to null, which counts as not given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_null(
    options: *mut OptionsHandle,
    name: *const c_char,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { set(options, name, || Ok(Value::Null)) }
}

/// Sets an option to true or false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_bool(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: bool,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { set(options, name, || Ok(Value::Bool(value))) }
}

/// Sets an option to a whole number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_int(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: i64,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { set(options, name, || Ok(Value::Int(value))) }
}

/// Sets an option to NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_str(
    options: *mut OptionsHandle,
    name: *const c_char,
    value: *const c_char,
) -> Status {
    // SAFETY: the header's conventions.
    unsafe { set(options, name, || Ok(Value::Str(border::text(value, "value")?.to_owned()))) }
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
        set(options, name, || {
            Ok(Value::Str(border::utf8(border::bytes(value.cast(), size, "value")?, "value")?.to_owned()))
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
    unsafe { set(options, name, || border::copied(value, size).map(Value::Bytes)) }
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
        _ => {
            Err(border::invalid(format!("a time takes fewer than 1000000000 nanoseconds, not {nanoseconds}")))
        }
    };
    // SAFETY: the header's conventions.
    unsafe { set(options, name, time) }
}

/// Sets an option to a map: a copy of these names and values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oarlock_options_set_map(
    options: *mut OptionsHandle,
    name: *const c_char,
    entries: *const OptionsHandle,
) -> Status {
    // SAFETY: the header's conventions.
    let status = unsafe { set(options, name, || border::lent(entries, "entries")?.built().map(Value::map)) };
    // SAFETY: the header's conventions; this borrow ends here, in case both are the same.
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
    unsafe { set(options, name, || border::lent(items, "items")?.built().map(list)) }
}

/// Sets a setting, or an option of a call, to a function that the thread that serves a call runs
/// (oarlock_call_wait, _read, _write). The question is a map or, for a call's option, a list, and lives until
/// the function returns. The function fills the empty `answer` and returns 0. A single value under the name
/// NULL is the answer itself, else the answer is the map of all that was set. If it returns anything but 0,
/// it failed, and a text under the name NULL is the reason. Any thread that serves a call may run it.
/// `release` (or NULL) is called once with `userdata`: when the last of the options, stores and calls that
/// hold the function is freed, or at once if it can't be set.
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
    let (callback, answer) = unsafe { asker(ask, userdata, release) };
    let number = callback.number();
    let value = || if ask.is_some() { Ok(callback.into()) } else { Err(border::invalid("`ask` is NULL")) };
    // SAFETY: the header's conventions.
    let status = unsafe { set(options, name, value) };
    // SAFETY: the header's conventions.
    if let (OK, Some(options)) = (status, unsafe { options.as_mut() }) {
        options.functions.push((number, answer));
    }
    status
}
