//! Sockets that systemd opened for this process: `LISTEN_FDS` and `LISTEN_PID`.

use std::mem::ManuallyDrop;
use std::net::TcpListener;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

use super::Listener;
use crate::failure::{Failure, Result};

/// The first descriptor that systemd passes.
const FIRST: RawFd = 3;

/// The sockets that were passed to this process; none if it was started otherwise.
pub fn inherited() -> Result<Vec<Listener>> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let (Some(pid), Some(count)) = (number("LISTEN_PID"), number("LISTEN_FDS")) else {
        return Ok(Vec::new());
    };
    if pid != std::process::id() {
        return Ok(Vec::new());
    }
    (FIRST..FIRST + count as RawFd).map(listener).collect()
}

fn listener(descriptor: RawFd) -> Result<Listener> {
    // SAFETY: `LISTEN_PID` is this process, so by systemd's protocol these descriptors are open and its own.
    // Each of them is taken once.
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    let as_tcp = ManuallyDrop::new(TcpListener::from(owned.try_clone()?));
    if as_tcp.local_addr().is_ok() {
        let listener = TcpListener::from(owned);
        listener.set_nonblocking(true)?;
        return Ok(Listener::Tcp(tokio::net::TcpListener::from_std(listener)?));
    }
    let listener = UnixListener::from(owned);
    if listener.local_addr().is_err() {
        return Err(Failure::usage(format!("descriptor {descriptor} of systemd is no listening socket")));
    }
    listener.set_nonblocking(true)?;
    Ok(Listener::Unix(tokio::net::UnixListener::from_std(listener)?))
}
