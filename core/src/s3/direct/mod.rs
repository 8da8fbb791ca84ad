//! The short way for the requests that move data, and for listings: GET, HEAD, PUT, UploadPart, DELETE and
//! List, written, signed and sent by ourselves, because the SDK spends several times more on each than all
//! the rest of a small request costs.
//!
//! Law: to a server and to a caller the same as through the SDK, which the tests hold it against: the same
//! request, the same answer, the same error. Where it goes and who signs comes from the SDK; connections are
//! shared with it.

mod answer;
mod endpoint;
mod request;
mod session;
#[cfg(test)]
mod tests;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};

use super::endpoint::Route;
use super::error::unreachable;
use super::failure::is_of_identity;
use super::integrity;
use super::retry::{Cause, Failure};
use super::sentence::SKEW;
use crate::config::Settings;
use crate::credentials::sign::{UNSIGNED, Unsigned, value};
use crate::error::Result;
use crate::http::{Http, Meter, Metered, Watched};
use crate::observe::count;
use endpoint::Endpoint;

pub(super) use answer::{DOCUMENT, meta, text, whole};
pub(super) use request::{Request, encode};
pub(super) use session::Session;
pub(super) use xml::{Broken, Document};

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// How one bucket in one region is asked.
pub(super) struct Direct {
    endpoint: Endpoint,
    http: Http,
    agent: HeaderValue,
    /// Whether an upload's bytes go into its signature.
    signs_payload: bool,
    integrity: Arc<integrity::Endpoint>,
    connect_timeout: Duration,
    read_timeout: Duration,
    /// If the store's bandwidth has a limit.
    meter: Option<Arc<Meter>>,
    /// Whether the server has shown that it accepts the identity.
    accepts_identity: AtomicBool,
}

impl Direct {
    pub(super) async fn new(
        settings: &Settings,
        route: &Route,
        bucket: &str,
        region: &str,
        http: Http,
        timeouts: (Duration, Duration),
        integrity: Arc<integrity::Endpoint>,
    ) -> Result<Direct> {
        let plain = route.url.as_ref().is_some_and(|url| url.starts_with("http://"));
        let app = settings.app_name.as_ref().map(|name| format!(" app/{name}")).unwrap_or_default();
        Ok(Direct {
            endpoint: Endpoint::resolve(settings, route, bucket, region).await?,
            http,
            agent: value(&format!("oarlock/{}{app}", crate::VERSION))?,
            signs_payload: settings.payload_signing_enabled.unwrap_or(plain),
            integrity,
            connect_timeout: timeouts.0,
            read_timeout: timeouts.1,
            meter: settings.max_bandwidth.map(Meter::new),
            accepts_identity: AtomicBool::new(false),
        })
    }

    /// Host and port of the server.
    pub(super) fn server(&self) -> String {
        self.endpoint.server()
    }

    /// Whether requests are signed with the keys of a session, which the caller then brings.
    pub(super) fn wants_session(&self) -> bool {
        self.endpoint.sessions
    }

    /// The one region that signatures name; none where they name a set.
    pub(super) fn signing_region(&self) -> Option<&str> {
        self.endpoint.region.as_deref()
    }

    /// One attempt; `keys` is none where requests go unsigned. An answer that says no is a failure.
    pub(super) async fn send(
        &self,
        request: &Request,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> std::result::Result<Response<Watched>, Failure> {
        let answer = self.once(request, keys, now).await?;
        if answer.status().is_success() {
            if answer::is_strange(&request.method, &answer) {
                return Err(answer::refusal(&self.server(), answer).await);
            }
            self.accepts_identity.store(true, Ordering::Relaxed);
            return Ok(answer.map(|body| body.metered(self.meter.clone())));
        }
        let mut failure = answer::refusal(&self.server(), answer).await;
        // Keys that expire are renewed before any question why.
        let renewable = failure.unexplained() && keys.is_some_and(|keys| keys.expiry().is_some());
        if request.method == Method::HEAD
            && keys.is_some()
            && !renewable
            && self.is_unexplained(&failure, now)
        {
            failure = self.explained(request, keys, now).await.unwrap_or(failure);
        }
        let code = failure.error.code();
        if code.is_some_and(|code| code != "NotFound") && !is_of_identity(code) {
            self.accepts_identity.store(true, Ordering::Relaxed);
        }
        // What a session token that has expired gets for a HEAD, which has no body to say so.
        if failure.unexplained() && keys.is_some_and(|keys| keys.session_token().is_some()) {
            failure.cause = Cause::Unexplained;
        }
        Err(failure)
    }

    async fn once(
        &self,
        request: &Request,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> std::result::Result<Response<Watched>, Failure> {
        let request = self.signed(request, keys, now)?;
        self.http
            .send(request, self.connect_timeout, self.read_timeout)
            .await
            .map_err(|error| unreachable(&error))
    }

    /// Whether a refusal of a HEAD leaves open if the server accepts the identity: it has no text, neither
    /// the region nor the clock explains it, and no request before proved it.
    fn is_unexplained(&self, failure: &Failure, now: SystemTime) -> bool {
        let error = &failure.error;
        let distance = |date: SystemTime| date.duration_since(now).unwrap_or_else(|ahead| ahead.duration());
        error.code().is_none()
            && matches!(error.status(), Some(400 | 401 | 403))
            && failure.cause == Cause::Final
            && failure.date.is_none_or(|date| distance(date) < SKEW)
            && !self.accepts_identity.load(Ordering::Relaxed)
    }

    /// Why a HEAD was refused, by a GET of the same object's first byte, whose response has a text.
    async fn explained(
        &self,
        request: &Request,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Option<Failure> {
        count(|tally| tally.request(1));
        let answer = self.once(&request.first_byte(), keys, now).await.ok()?;
        if answer.status().is_success() {
            return None;
        }
        Some(answer::refusal(&self.server(), answer).await).filter(|failure| failure.error.code().is_some())
    }

    fn signed(
        &self,
        request: &Request,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Result<http::Request<SdkBody>> {
        let target = format!("{}{}", self.endpoint.path, request.target);
        let mut headers = request.headers.clone();
        headers.push((header::HOST, self.endpoint.host.clone()));
        if let Some(body) = &request.body
            && self.integrity.demands_md5()
            && !headers.iter().any(|(name, _)| *name == CONTENT_MD5)
        {
            headers.push((CONTENT_MD5, value(&integrity::md5(body))?));
        }
        if let Some(keys) = keys {
            let (path, query) = target.split_at(self.endpoint.path.len() + request.path_length);
            let unsigned = request.body.is_some() && !self.signs_payload;
            let payload = if unsigned { UNSIGNED.to_owned() } else { request.hash() };
            let unsigned = Unsigned {
                method: request.method.as_str(),
                path,
                query: query.trim_start_matches('?'),
                payload: &payload,
            };
            self.endpoint.signer.sign(&unsigned, &mut headers, keys, now)?;
        }
        headers.push((header::USER_AGENT, self.agent.clone()));
        let mut map = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            map.append(name, value);
        }
        let body = match (request.body.clone(), &self.meter) {
            (None, _) => SdkBody::empty(),
            (Some(body), None) => SdkBody::from(body),
            (Some(body), Some(meter)) => SdkBody::from_body_1_x(Metered::new(body, meter.clone())),
        };
        let mut signed = http::Request::new(body);
        *signed.method_mut() = request.method.clone();
        *signed.uri_mut() = self.endpoint.url(target)?;
        *signed.headers_mut() = map;
        Ok(signed)
    }
}
