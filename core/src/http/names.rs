//! The addresses of a server's name. New connections are spread over all of them.
//!
//! Invariant: the family that the system prefers stays in front, so that the connector's race of IPv6 against
//! IPv4 (300 ms apart) is what the system wants.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::vec::IntoIter;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::runtime;

/// Requests the addresses of a name from the system, on the process's threads for what blocks.
#[derive(Clone)]
pub(super) struct Names {
    system: GaiResolver,
    /// How far the next connection moves along the addresses.
    turn: Arc<AtomicUsize>,
}

impl Default for Names {
    fn default() -> Names {
        // Processes that start together start at different addresses.
        let turn = RandomState::new().hash_one(0) as usize;
        Names { system: GaiResolver::new(), turn: Arc::new(AtomicUsize::new(turn)) }
    }
}

impl Service<Name> for Names {
    type Response = IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<IntoIter<SocketAddr>>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let _workers = runtime::workers().enter();
        let found = self.system.call(name);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move { Ok(spread(found.await?.collect(), turn).into_iter()) })
    }
}

/// The addresses, each family of them moved on by `turn`.
fn spread(addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    let prefers_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == prefers_v6);
    for family in [&mut first, &mut second] {
        let length = family.len().max(1);
        family.rotate_left(turn % length);
    }
    first.append(&mut second);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn every_address_comes_first_in_its_turn_and_families_keep_their_order() {
        let found = addresses(&["::1", "10.0.0.1", "::2", "10.0.0.2", "10.0.0.3"]);
        for (turn, expected) in [
            (0, ["::1", "::2", "10.0.0.1", "10.0.0.2", "10.0.0.3"]),
            (1, ["::2", "::1", "10.0.0.2", "10.0.0.3", "10.0.0.1"]),
            (5, ["::2", "::1", "10.0.0.3", "10.0.0.1", "10.0.0.2"]),
            (usize::MAX - 1, ["::1", "::2", "10.0.0.3", "10.0.0.1", "10.0.0.2"]),
        ] {
            assert_eq!(spread(found.clone(), turn), addresses(&expected), "{turn}");
        }
        let found = addresses(&["10.0.0.1", "::1"]);
        assert_eq!(spread(found.clone(), 7), found);
        assert!(spread(Vec::new(), 7).is_empty());
    }
}
