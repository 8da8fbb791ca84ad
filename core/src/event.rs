//! What happens during a call: a level and a sentence. A mailbox carries both to the host's log.
//!
//! Invariant: an event never holds a secret, a signed URL or a body.

/// The level of an event; the numbers are those of Python's `logging`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// For finding a fault: each request and its answer.
    Debug = 10,
    /// Worth knowing.
    Info = 20,
    /// The call continues after a problem, such as a retry.
    Warning = 30,
}

/// Something that happened during a call.
#[derive(Clone, Debug)]
pub struct Event {
    /// The level.
    pub level: Level,
    /// A sentence without secrets.
    pub message: String,
}
