//! The core's error as an exception: the class is `Oarlock::`, the kind's name and `Error`, written in Ruby
//! in `lib/oarlock/errors.rb`.
//!
//! Invariant: errors cross only here. Their fields cross unchanged; the message is the core's.

use magnus::value::ReprValue;
use magnus::{Class, Error, ExceptionClass, KwArgs, Module, Ruby};
use oarlock::ErrorKind;

/// The exception for this error; if creating it fails, that failure.
pub(crate) fn exception(ruby: &Ruby, error: &oarlock::Error) -> Error {
    let make = || {
        let class: ExceptionClass = crate::oarlock_module(ruby)?.const_get(class_name(error.kind()))?;
        let facts = ruby.hash_new();
        facts.aset(ruby.to_symbol("verb"), error.verb())?;
        facts.aset(ruby.to_symbol("bucket"), error.bucket())?;
        facts.aset(ruby.to_symbol("key"), error.key())?;
        facts.aset(ruby.to_symbol("status"), error.status())?;
        facts.aset(ruby.to_symbol("code"), error.code())?;
        facts.aset(ruby.to_symbol("request_id"), error.request_id())?;
        facts.aset(ruby.to_symbol("retryable"), error.retryable())?;
        class.new_instance((ruby.str_new(error.message()).as_value(), KwArgs(facts)))
    };
    match make() {
        Ok(exception) => exception.into(),
        Err(error) => error,
    }
}

/// The name of the kind's exception class within `Oarlock`.
pub(crate) fn class_name(kind: ErrorKind) -> String {
    format!("{}Error", kind.name())
}
