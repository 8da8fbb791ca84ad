//! The process's budget of bytes in flight: whoever moves bytes waits here for room, whatever the number of
//! calls.
//!
//! Law: what is counted is what is held: a download straight to its place holds what it gathers, an upload
//! the part it sends, a stream what it reads ahead. One gate a process, set by `OARLOCK_MEMORY_BUDGET`.

use super::gate::{self, Gate, Room};
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

/// Waits for room for so many bytes; they count until it is dropped.
pub(super) async fn room(bytes: u64) -> Result<Room> {
    Ok(gate::room(&gate()?, bytes).await)
}

/// Room for bytes that wait for the host to take them, if there is some to spare now.
pub(super) fn ahead(bytes: u64) -> Result<Option<Room>> {
    Ok(gate::ahead(&gate()?, bytes))
}

/// Waits until one more call may have a connection: thousands of small calls at a time share what descriptors
/// the process has. Not for calls that wait for the host, which may wait for another call.
pub(super) async fn turn() -> Result<Room> {
    let calls: Arc<Arc<Gate>> = runtime::current()?
        .shared("turns", || Gate::new(u64::from(runtime::descriptors() / 4).clamp(1, 256)));
    Ok(gate::room(&calls, 1).await)
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
