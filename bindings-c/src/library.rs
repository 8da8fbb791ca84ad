//! The library itself: its version, its table of verbs, its log level, and the wait for its end.

use std::ffi::{c_char, c_int};
use std::time::Duration;

use oarlock::table::FieldSpec;
use oarlock::{Value, verbs};

use crate::border::{self, OK, Out, PENDING, Status};
use crate::error::{self, ErrorHandle};
use crate::value::ValueHandle;

/// The library's version, for example `"0.1.0"`.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Gives every verb as a list of maps: name, doc, params and options (each a list of maps: name, type,
/// required, doc), reply, pages, progress (`bytes` or `objects`: what `oarlock_call_on_progress` reports;
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
        error::status(error, || {
            Out::new(table, "table")?
                .set(border::give(ValueHandle::new(Value::List(verbs::VERBS.iter().map(verb).collect()))));
            Ok(OK)
        })
    }
}

/// Sets from which level on events reach the log callbacks of calls: 10 debug, 20 info, 30 warnings (the
/// default).
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_log_level(level: c_int) {
    border::plain((), || oarlock::observe::set_level(level));
}

/// Waits until no call of this process is under way, freed ones that still undo their work included;
/// OARLOCK_PENDING when the time is over.
#[unsafe(no_mangle)]
pub extern "C" fn oarlock_drain(timeout_ms: c_int) -> Status {
    border::plain(PENDING, || {
        if oarlock::drain(border::limit(timeout_ms).unwrap_or(Duration::from_secs(u32::MAX.into()))) {
            OK
        } else {
            PENDING
        }
    })
}
