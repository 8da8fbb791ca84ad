//! The readers of envelopes, built from the core's sources without the rest of it: they know neither keys nor
//! S3, so a fuzzer of theirs need not build an SDK.
//!
//! Law: nothing is said here of what should hold; that is `laws`, which the core's own tests hold as well.

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
