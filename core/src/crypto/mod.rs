//! Client-side encryption: what an object's bytes are encrypted with, on their way to the bucket and back.
//!
//! Law: one key encrypts one content; no key shows in a message, a log or an inspect, and none stays in memory when it is done with.
//! `gcm` is the cipher and knows neither S3 nor metadata; `content` is the cipher of one object.

pub(crate) mod content;
mod gcm;
