//! SDK clients, shared by the stores of a process that would build the same one: each holds some 25 KiB.
//!
//! Law: two stores share a client only if all that it is made of is the same. It lives as long as a store
//! that uses it, and a forked child builds its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aws_sdk_s3::Client;
use sha2::{Digest, Sha256};

use super::endpoint::Route;
use crate::config::Settings;
use crate::credentials::Identity;
use crate::error::Result;
use crate::runtime;

type Clients = Mutex<HashMap<[u8; 32], Weak<Client>>>;

/// The client that is made of these, built if no store has it.
pub(super) fn shared(
    settings: &Settings,
    route: &Route,
    region: &str,
    identity: &Identity,
    way: &str,
    build: impl FnOnce() -> Result<Client>,
) -> Result<Arc<Client>> {
    let made_of = made_of(settings, route, region, identity, way);
    let clients = runtime::current()?.shared("s3 clients", Clients::default);
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(&made_of).and_then(Weak::upgrade) {
        return Ok(client);
    }
    let client = Arc::new(build()?);
    clients.retain(|_, client| client.strong_count() > 0);
    clients.insert(made_of, Arc::downgrade(&client));
    Ok(client)
}

/// All that a client is made of, hashed, for it holds secrets.
fn made_of(settings: &Settings, route: &Route, region: &str, identity: &Identity, way: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    add(&format!("{:?} {} {region} {}", route.url, route.path_style, identity.source()));
    add(way);
    for (name, value) in settings.to_pairs() {
        add(&name);
        add(&format!("{value:?}"));
    }
    hash.finalize().into()
}
