//! Signs a request and sends it once.
//!
//! Invariant: a response with an error status is a failure, with kind, cause and sentence from the one table.
//! Must not retry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_types::body::SdkBody;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::request::Request;
use super::response;
use crate::config::Settings;
use crate::credentials::sign::{UNSIGNED, Unsigned, value};
use crate::error::Result;
use crate::http::{Http, InPieces, Meter, Watched};
use crate::observe::count;
use crate::s3::endpoint::Endpoint;
use crate::s3::failure::{Attempt, Cause, Failure, is_of_identity};
use crate::s3::integrity::{Integrity, md5};
use crate::s3::refusal::unreachable;
use crate::s3::sentence::SKEW;
use crate::version::VERSION;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");

/// How long a connection, and the next byte of a response, may take without a setting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Sends requests by one store's settings.
pub(in crate::s3) struct Sender {
    http: Http,
    agent: HeaderValue,
    /// Whether an upload's bytes go into its signature.
    signs_payload: bool,
    integrity: Arc<Integrity>,
    connect_timeout: Duration,
    read_timeout: Duration,
    /// If the store's bandwidth has a limit.
    meter: Option<Arc<Meter>>,
    /// Whether the server has shown that it accepts the identity.
    accepts_identity: AtomicBool,
}

impl Sender {
    pub(in crate::s3) fn new(
        settings: &Settings,
        is_plain: bool,
        http: Http,
        integrity: Arc<Integrity>,
    ) -> Result<Sender> {
        let app = settings.app_name.as_ref().map(|name| format!(" app/{name}")).unwrap_or_default();
        Ok(Sender {
            http,
            agent: value(&format!("oarlock/{}{app}", VERSION))?,
            signs_payload: settings.payload_signing_enabled.unwrap_or(is_plain),
            integrity,
            connect_timeout: settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            read_timeout: settings.read_timeout.unwrap_or(READ_TIMEOUT),
            meter: settings.max_bandwidth.map(Meter::new),
            accepts_identity: AtomicBool::new(false),
        })
    }

    /// One attempt. `keys` is none where requests go unsigned.
    pub(in crate::s3) async fn send(
        &self,
        request: &Request,
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Attempt<Response<Watched>> {
        let answer = self.once(request, endpoint, keys, now).await?;
        if answer.status().is_success() {
            if response::is_strange(request, &answer) {
                return Err(response::refusal(&endpoint.server(), answer).await);
            }
            self.accepts_identity.store(true, Ordering::Relaxed);
            return Ok(answer.map(|body| body.metered(self.meter.clone())));
        }
        let mut failure = response::refusal(&endpoint.server(), answer).await;
        // Keys that expire are renewed before any question why.
        let is_renewable = failure.is_unexplained() && keys.is_some_and(|keys| keys.expiry().is_some());
        if request.is_head_of_object()
            && keys.is_some()
            && !is_renewable
            && self.may_doubt_identity(&failure, now)
        {
            failure = self.explained(request, endpoint, keys, now).await.unwrap_or(failure);
        }
        let code = failure.error.code();
        if code.is_some_and(|code| code != "NotFound") && !is_of_identity(code) {
            self.accepts_identity.store(true, Ordering::Relaxed);
        }
        // A HEAD with an expired session token gets this status, and has no body to say so.
        if failure.is_unexplained() && keys.is_some_and(|keys| keys.session_token().is_some()) {
            failure.cause = Cause::Unexplained;
        }
        Err(failure)
    }

    async fn once(
        &self,
        request: &Request,
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Attempt<Response<Watched>> {
        let request = self.signed(request, endpoint, keys, now)?;
        let response = self.http.send(request, self.connect_timeout, self.read_timeout).await;
        response.map_err(|error| unreachable(&error))
    }

    /// Whether a refusal of a HEAD leaves open if the server accepts the identity: it has no text, neither
    /// the region nor the clock explains it, and no request before proved it.
    fn may_doubt_identity(&self, failure: &Failure, now: SystemTime) -> bool {
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
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Option<Failure> {
        count(|tally| tally.request(1));
        let answer = self.once(&request.first_byte(), endpoint, keys, now).await.ok()?;
        if answer.status().is_success() {
            return None;
        }
        let failure = response::refusal(&endpoint.server(), answer).await;
        Some(failure).filter(|failure| failure.error.code().is_some())
    }

    /// A URL that carries its own permission; without keys a plain one.
    pub(in crate::s3) fn presigned(
        &self,
        request: &Request,
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
        now: SystemTime,
        valid: Duration,
    ) -> Result<String> {
        let path = format!("{}{}", endpoint.path, request.path());
        let query = request.canonical_query();
        let query = match keys {
            Some(keys) => {
                let mut headers = request.headers.clone();
                headers.push((header::HOST, endpoint.host.clone()));
                let method = request.method.as_str();
                let unsigned = Unsigned { method, path: &path, query: &query, payload: UNSIGNED };
                endpoint.signer.presign(&unsigned, &mut headers, keys, now, valid.as_secs())?
            }
            None => query.into_owned(),
        };
        let question = if query.is_empty() { "" } else { "?" };
        Ok(endpoint.uri(format!("{path}{question}{query}"))?.to_string())
    }

    fn signed(
        &self,
        request: &Request,
        endpoint: &Endpoint,
        keys: Option<&Credentials>,
        now: SystemTime,
    ) -> Result<http::Request<SdkBody>> {
        let path_and_query = format!("{}{}", endpoint.path, request.path_and_query);
        let mut headers = request.headers.clone();
        headers.push((header::HOST, endpoint.host.clone()));
        if let Some(body) = &request.body
            && self.integrity.demands_md5()
            && !headers.iter().any(|(name, _)| *name == CONTENT_MD5)
        {
            headers.push((CONTENT_MD5, value(&md5(body))?));
        }
        if let Some(keys) = keys {
            let path = &path_and_query[..endpoint.path.len() + request.path().len()];
            let query = request.canonical_query();
            let is_unsigned = request.body.is_some() && !request.is_document && !self.signs_payload;
            let payload = if is_unsigned { UNSIGNED.to_owned() } else { request.hash() };
            let unsigned =
                Unsigned { method: request.method.as_str(), path, query: &query, payload: &payload };
            endpoint.signer.sign(&unsigned, &mut headers, keys, now)?;
        }
        headers.push((header::USER_AGENT, self.agent.clone()));
        let mut map = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            map.append(name, value);
        }
        let body = match (request.body.clone(), &self.meter, &request.moved) {
            (None, ..) => SdkBody::empty(),
            (Some(body), None, None) => SdkBody::from(body),
            (Some(body), meter, moved) => {
                SdkBody::from_body_1_x(InPieces::new(body, meter.clone(), moved.clone()))
            }
        };
        let mut signed = http::Request::new(body);
        *signed.method_mut() = request.method.clone();
        *signed.uri_mut() = endpoint.uri(path_and_query)?;
        *signed.headers_mut() = map;
        Ok(signed)
    }
}
