//! The server's state between two requests: options, objects, and what tests steer and read.
//!
//! Invariant: two locks, never held together for longer than a statement, and a reset leaves nothing behind.
//! It must not know sockets or operations.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::auth::Credential;
use crate::clock;
use crate::faults::{self, Fault, Rule};
use crate::log::Entry;
use crate::request::Request;
use crate::store::{Bucket, Store};

/// The options of the command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// The region that this endpoint claims to be in.
    pub region: String,
    /// Access key and secret key pairs.
    pub keys: Vec<(String, String)>,
    /// Buckets that exist from the start and that anyone may read.
    pub anonymous_read: Vec<String>,
    /// The smallest size of a part that is not the last, in bytes.
    pub min_part: u64,
}

/// The whole state of the server.
pub struct World {
    pub(crate) options: Options,
    pub(crate) arrivals: Notify,
    store: Mutex<Store>,
    desk: Mutex<Desk>,
}

/// What tests steer and read: plan, log, latency, credentials.
#[derive(Default)]
pub(crate) struct Desk {
    pub rules: Vec<Rule>,
    pub log: Vec<Entry>,
    pub latency: u64,
    /// Bytes a second of each response.
    pub rate: Option<u64>,
    pub credentials: Vec<Credential>,
    requests: u64,
}

impl World {
    /// An empty server.
    pub fn new(options: Options) -> Arc<World> {
        let world =
            World { options, arrivals: Notify::new(), store: Mutex::default(), desk: Mutex::default() };
        world.reset(false);
        Arc::new(world)
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn new_bucket(&self) -> Bucket {
        Bucket { region: self.options.region.clone(), created: clock::now(), ..Bucket::default() }
    }

    pub(crate) fn reset(&self, keep_objects: bool) {
        let credential = |(access_key, secret_key): &(String, String)| Credential {
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
            session_token: None,
            expired: false,
        };
        let mut desk = self.desk();
        // The count goes on, so that a request still running cannot write into another's entry.
        *desk = Desk {
            credentials: self.options.keys.iter().map(credential).collect(),
            requests: desk.requests,
            ..Desk::default()
        };
        drop(desk);
        if !keep_objects {
            let mut store = self.store();
            *store = Store::default();
            for name in &self.options.anonymous_read {
                store.buckets.insert(name.clone(), Bucket { anonymous_read: true, ..self.new_bucket() });
            }
        }
    }

    /// Logs an arrival; answers its number, the fault that is due, and the latency of the hour.
    pub(crate) fn arrive(&self, request: &Request) -> (u64, Option<Fault>, u64) {
        let mut desk = self.desk();
        desk.requests += 1;
        let n = desk.requests;
        let fault = faults::due(&mut desk.rules, request);
        let mut entry = Entry::of(n, request);
        entry.fault = fault.as_ref().map(Fault::name);
        desk.log.push(entry);
        let latency = desk.latency;
        drop(desk);
        self.arrivals.notify_waiters();
        (n, fault, latency)
    }

    pub(crate) fn note(&self, n: u64, change: impl FnOnce(&mut Entry)) {
        let mut desk = self.desk();
        if let Ok(at) = desk.log.binary_search_by_key(&n, |entry| entry.n) {
            change(&mut desk.log[at]);
        }
    }
}
