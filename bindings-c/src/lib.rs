//! The C ABI of oarlock, and the safe face under it that the cxx bridge shares.
//!
//! One file a noun: its handle and its C functions. The header `include/oarlock.h` is generated from these
//! files and lists the functions in the order of the modules below.
//! Invariant: a C function turns pointers into references, calls safe code, and turns the result back, all
//! inside `error::status` or `border::plain`. It names no verb and no option: those come from
//! `oarlock::verbs::VERBS`.
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's conventions are the safety contract of every C function"
)]

pub mod served;

mod border;

mod options;

mod store;

mod classes;

mod stream;

mod call;

mod value;

mod error;

mod library;
