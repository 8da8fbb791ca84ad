//! The readers of envelopes, built from the core's sources without the rest of it: they know neither keys nor
//! S3, so a fuzzer of theirs need not build an SDK.
//!
//! Invariant: this crate states no law of its own; the laws are in `laws_tests`, which the core's tests check
//! too.

#![allow(dead_code, missing_docs, unused_imports)]

#[path = "../../core/src/error.rs"]
mod error;

#[path = "../../core/src/crypto"]
pub mod crypto {
    mod envelope;
    pub mod laws_tests;
    mod text;
}

pub use crypto::laws_tests as laws;
