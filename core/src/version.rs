//! The version of this library, for every room that reports it.

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
