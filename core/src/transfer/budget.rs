//! The process's budget of bytes in flight, shared by all calls. Every transfer waits here before it holds
//! bytes.
//!
//! Invariant: the budget counts the bytes that are held. A download to a file or a buffer holds what it
//! gathers, an upload the part it sends, a stream what it reads ahead. One gate a process, set by
//! `OARLOCK_MEMORY_BUDGET`. Default: 256 MiB.

use super::gate::{self, Gate, Permit};
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::runtime;
use crate::sync::Arc;
use crate::value::{Field, Value};

/// The environment variable that sets the budget: bytes, or a text such as `512MiB`.
const VARIABLE: &str = "OARLOCK_MEMORY_BUDGET";

/// Bytes that the process keeps in flight at most: 256 MiB.
const DEFAULT: u64 = 256 << 20;

/// With less, not even one transfer could move at full speed.
const LEAST: u64 = 8 << 20;

/// Waits until so many bytes may be held; they count until the permit is dropped.
pub(crate) async fn acquire(bytes: u64) -> Result<Permit> {
    Ok(gate::acquire(&gate()?, bytes).await)
}

/// A permit for bytes that wait for the host to take them, if there is some to spare now.
pub(crate) fn try_acquire_ahead(bytes: u64) -> Result<Option<Permit>> {
    Ok(gate::try_acquire_ahead(&gate()?, bytes))
}

/// Waits until one more call may have a connection: thousands of small calls at a time share what descriptors
/// the process has. Not for calls that wait for the host, which may wait for another call.
pub(crate) async fn call_slot() -> Result<Permit> {
    let calls: Arc<Arc<Gate>> = runtime::current()?
        .shared("turns", || Gate::new(u64::from(runtime::descriptors() / 4).clamp(1, 256)));
    Ok(gate::acquire(&calls, 1).await)
}

fn gate() -> Result<Arc<Gate>> {
    let size: Arc<Result<Arc<Gate>>> =
        runtime::current()?.shared("budget", || size(std::env::var(VARIABLE).ok().as_deref()).map(Gate::new));
    (*size).clone()
}

fn size(variable: Option<&str>) -> Result<u64> {
    let Some(text) = variable.filter(|text| !text.trim().is_empty()) else { return Ok(DEFAULT) };
    let bytes = config::size(Value::Str(text.to_owned())).and_then(u64::from_value);
    match bytes {
        Ok(bytes) if bytes >= LEAST => Ok(bytes),
        Ok(bytes) => {
            Err(Error::new(ErrorKind::Config, format!("{VARIABLE} takes 8 MiB or more, not {bytes} bytes")))
        }
        Err(why) => Err(Error::new(ErrorKind::Config, format!("{VARIABLE} {why}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_checked() {
        for (text, bytes) in
            [(None, DEFAULT), (Some(" "), DEFAULT), (Some("64MiB"), 64 << 20), (Some("1GB"), 1 << 30)]
        {
            assert_eq!(size(text).unwrap(), bytes);
        }
        for bad in ["1", "lots", "-1", "7MiB", "1.5GB"] {
            let error = size(Some(bad)).unwrap_err();
            assert!(error.kind() == ErrorKind::Config && error.message().contains(VARIABLE), "{error}");
        }
    }
}
