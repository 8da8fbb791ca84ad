//! How a bucket in one region is reached: endpoint, HTTP client, retries, and what its server showed.

use std::time::Duration;

use aws_credential_types::Credentials;
use http::Response;

use super::endpoint::{Endpoint, Subject};
use super::failure::Attempt;
use super::integrity::Integrity;
use super::retry::{Health, Retries};
use super::route::{Route, route};
use super::session::Session;
use super::wire::{Request, Sender};
use crate::config::Settings;
use crate::error::Result;
use crate::http::{Transport, Watched};

/// Made at the first request, and anew after a server named another region.
pub(super) struct Connection {
    pub(super) region: String,
    pub(super) route: Route,
    pub(super) endpoint: Endpoint,
    pub(super) retries: Retries,
    pub(super) session: Session,
    sender: Sender,
}

impl Connection {
    pub(super) async fn open(settings: &Settings, bucket: &str, region: String) -> Result<Connection> {
        let route = route(settings, bucket)?;
        let is_plain = route.url.as_ref().is_some_and(|url| url.starts_with("http://"));
        let way = Transport::of(settings)?;
        let http = if is_plain { way.plain() } else { way }.client()?;
        let health = Health::of(route.url.as_deref(), bucket)?;
        let integrity = Integrity::of(route.url.as_deref())?;
        let endpoint = Endpoint::resolve(settings, &route, bucket, &region, Subject::Bucket).await?;
        Ok(Connection {
            sender: Sender::new(settings, is_plain, http, integrity.clone())?,
            retries: Retries::new(settings, health, integrity, endpoint.server()),
            session: Session::default(),
            region,
            route,
            endpoint,
        })
    }

    /// One attempt at an endpoint of this connection.
    pub(super) async fn send(
        &self,
        request: &Request,
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
    ) -> Attempt<Response<Watched>> {
        let now = self.retries.health.clock.now();
        self.sender.send(request, endpoint, keys, now).await
    }

    /// A URL of a request that carries its own permission for so long.
    pub(super) fn presigned(
        &self,
        request: &Request,
        keys: Option<&Credentials>,
        valid: Duration,
    ) -> Result<String> {
        let now = self.retries.health.clock.now();
        self.sender.presigned(request, &self.endpoint, keys, now, valid)
    }
}
