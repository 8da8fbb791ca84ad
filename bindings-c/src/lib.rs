//! The C ABI of oarlock and the safe face under it, which the cxx bridge shares.
//!
//! `api` is safe and knows calls; `ffi` does all pointer work; `capi` is the list of C functions from which
//! `include/oarlock.h` is generated. No S3 option is named here: verbs and options come from
//! `oarlock::verbs::VERBS`.

pub mod api;
mod capi;
mod ffi;
