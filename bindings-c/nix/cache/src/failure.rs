//! Why a command ended: a sentence and an exit code.
//!
//! Invariant: a message has what failed, why, and what to do, and never a secret. Must not depend on a
//! command.

use std::fmt;

/// The command line is wrong; nothing was done.
pub const USAGE: u8 = 2;
/// The command ran, and found a fault in the cache or could not do a part of its work.
pub const FINDINGS: u8 = 3;

/// A failed command.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The exit code.
    pub code: u8,
    /// A sentence for a person.
    pub message: String,
}

/// The result of what a command does.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure while the command ran.
    pub fn new(message: impl Into<String>) -> Failure {
        Failure { code: 1, message: message.into() }
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { code: USAGE, message: message.into() }
    }

    /// A fault that the command found.
    pub fn findings(message: impl Into<String>) -> Failure {
        Failure { code: FINDINGS, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<oarlock::Error> for Failure {
    fn from(error: oarlock::Error) -> Self {
        Failure::new(sentence(&error))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::new(error.to_string())
    }
}

/// An error of a store as one line: verb, object, reason.
pub fn sentence(error: &oarlock::Error) -> String {
    let verb = error.verb().unwrap_or("call");
    match (error.bucket(), error.key()) {
        (Some(bucket), Some(key)) => format!("{verb} {bucket}/{key}: {} ({})", error.message(), error.kind()),
        (Some(bucket), None) => format!("{verb} {bucket}: {} ({})", error.message(), error.kind()),
        _ => format!("{verb}: {} ({})", error.message(), error.kind()),
    }
}

/// What a task's panic or abortion becomes.
pub fn stopped(error: tokio::task::JoinError) -> Failure {
    Failure::new(format!("a defect in oarlock-nix stopped a task: {error}; please report it"))
}
