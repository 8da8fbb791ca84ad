//! The Ruby binding: a store, a call and the core's tables as Ruby objects. `lib/oarlock` builds the public
//! API from them.
//!
//! Invariant: this crate translates four things: value in, value out, call and error. It names no verb,
//! option or setting. Rust never calls host code (blocks, readers, loggers): Ruby takes a call's next step
//! and handles it, so `break`, `throw`, exceptions and `Thread#kill` unwind Ruby frames only. No Rust type
//! holds a Ruby value, so there is nothing to mark.

#![allow(missing_docs, reason = "public is only Ruby's entry, which a macro writes")]

mod call;
mod classes;
mod error;
mod store;
mod tables;
mod value;

use magnus::{Error, Module, RModule, Ruby, TypedData, function, prelude::*};

#[magnus::init]
fn init(ruby: &Ruby) -> Result<(), Error> {
    // SAFETY: called while Ruby loads this extension, as required; the extension keeps no state of a Ractor.
    unsafe { rb_sys::rb_ext_ractor_safe(true) };
    let native = ruby.define_module("Oarlock")?.define_module("Native")?;
    native.const_set("VERSION", oarlock::VERSION)?;
    native.define_singleton_method("drain", function!(drain, 1))?;
    native.define_singleton_method("log_level=", function!(oarlock::observe::set_level, 1))?;
    tables::define(native)?;
    store::define(ruby, native)?;
    classes::define(ruby, native)?;
    call::define(ruby, native)?;
    // magnus looks up a class when the first object is wrapped, under a lock. Two threads that did so at once
    // could wait for ever: one holds that lock, the other Ruby's.
    for look_up in [call::Call::class, store::Store::class, classes::StorageClasses::class] {
        look_up(ruby);
    }
    Ok(())
}

/// Waits at most so many seconds until no call of this process is in progress; returns whether none is.
fn drain(seconds: f64) -> bool {
    oarlock::drain(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// The module that `lib/oarlock` fills.
fn oarlock_module(ruby: &Ruby) -> Result<RModule, Error> {
    ruby.class_object().const_get("Oarlock")
}
