//! Ways to servers: whom to trust, which certificate to show, which proxy to go through. One client for the
//! process and each way, so that connections and root certificates are shared.
//!
//! Invariant: a file that can't be used is an error that names it, before anything is sent. The only room
//! that opens connections. Must not depend on S3.

mod body;
mod certificate;
mod clock;
mod codes;
mod connection;
mod connector;
mod meter;
mod names;
mod no_response;
mod pace;
mod plain;
mod pool;
mod proxy;
pub(crate) mod retries;
mod send;
mod tls;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::config::Settings;
use crate::error::Result;
use crate::observe::{Level, event};
use crate::runtime;
use pool::Pool;
use proxy::Proxies;

pub(crate) use body::Watched;
pub(crate) use clock::Clock;
pub(crate) use codes::is_throttled;
pub(crate) use meter::{InPieces, Meter};
pub(crate) use no_response::NoResponse;
pub(crate) use pace::RequestLimiter;
pub(crate) use plain::{PlainBody, PlainResponse, PlainTarget, percent_decoded, request};
pub(crate) use pool::most_connections;
pub(crate) use proxy::ProxyChoice;
pub(crate) use send::{Http, noting_connections};

/// The transport settings to servers, before a client is created.
#[derive(Clone)]
pub(crate) struct Transport {
    /// None without TLS.
    trust: Option<tls::Trust>,
    proxies: Arc<Proxies>,
}

impl Transport {
    /// The transport of completed settings.
    pub(crate) fn of(settings: &Settings) -> Result<Transport> {
        Ok(Transport { trust: Some(tls::Trust::of(settings)), proxies: Arc::new(Proxies::of(settings)?) })
    }

    /// The same transport to a server without TLS.
    pub(crate) fn plain(mut self) -> Transport {
        if !self.proxies.speak_tls() {
            self.trust = None;
        }
        self
    }

    /// The transport to metadata services: never through a proxy.
    pub(crate) fn direct(secure: bool) -> Transport {
        Transport { trust: secure.then(tls::Trust::default), proxies: Arc::default() }
    }

    /// The proxy for a URL.
    pub(crate) fn proxy_for(&self, url: &str) -> ProxyChoice {
        self.proxies.choose(url)
    }

    /// A key that is unique for each transport; it contains the proxies' secrets.
    pub(crate) fn key(&self) -> String {
        let mut key = String::from("http");
        // Writing to a String can't fail.
        let _ = write!(key, " {:?} {}", self.trust, self.proxies.key());
        key
    }

    /// The client of this transport.
    pub(crate) fn client(&self) -> Result<Http> {
        if self.trust.as_ref().is_some_and(tls::Trust::is_blind) {
            event(
                Level::Warning,
                "`verify` is false: whoever answers is trusted, and may read and change everything"
                    .to_owned(),
            );
        }
        // Before the lock that the other is made under: it takes the same one.
        let system = tls::system(self.trust.as_ref())?;
        let pool = Pool::current()?;
        let made = || {
            let believed = self.trust.as_ref().map(tls::Trust::believed).unwrap_or_default();
            tls::configs(self.trust.as_ref(), system)
                .map(|(server, hop)| Http::new(server, hop, self.proxies.clone(), believed, pool))
        };
        (*runtime::current()?.shared(&self.key(), made)).clone()
    }
}
