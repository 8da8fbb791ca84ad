//! What a command prints: its result on standard output, its progress on standard error.
//!
//! Invariant: progress is one line that is written over on a terminal, and nothing at all elsewhere. Standard
//! output holds the result alone.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Progress on standard error.
pub struct Progress {
    shown: bool,
    drawn: Option<Instant>,
}

impl Progress {
    /// Shows progress if standard error is a terminal.
    pub fn new(quiet: bool) -> Progress {
        Progress { shown: !quiet && std::io::stderr().is_terminal(), drawn: None }
    }

    /// Replaces the line, at most ten times a second.
    pub fn show(&mut self, line: impl FnOnce() -> String) {
        if self.shown && self.drawn.is_none_or(|last| last.elapsed() > Duration::from_millis(100)) {
            self.drawn = Some(Instant::now());
            let _ = write!(std::io::stderr(), "\r\x1b[K{}", line());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// A warning on standard error.
pub fn warn(sentence: &str) {
    let _ = writeln!(std::io::stderr(), "oarlock-nix: {sentence}");
}

/// A line of the result; whether it could be written.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().write_all(b"\n");
}

/// Bytes for a person.
pub fn bytes(size: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut at = 0;
    let mut value = size as f64;
    while value >= 1024.0 && at + 1 < units.len() {
        value /= 1024.0;
        at += 1;
    }
    if at == 0 { format!("{size} B") } else { format!("{value:.1} {}", units[at]) }
}

/// A time of seconds since 1970, in UTC.
pub fn moment(seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M").to_string()
}
