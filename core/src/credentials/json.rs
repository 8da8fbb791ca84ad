//! A service that speaks AWS's JSON protocol, asked by our own requests as a store's identity.
//!
//! Invariant: as through an SDK: signed, sent as often and at the pace that the store's settings give
//! (`max_attempts`, `retry_mode`), in the service's time if our clock is off, and once more with new keys if
//! it calls those that were sent expired. Answers are read to a bound, and neither they nor the requests
//! are ever logged.
//! Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use std::time::{Duration, Instant, SystemTime};

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::date_time::Format;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::CredentialSource;
use super::exchange::short_code;
use super::services::{Place, place};
use super::sign::{Headers, Signer, Unsigned, hex, value};
use crate::ambient::{self, root};
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::http::retries::{ATTEMPTS, COST, COST_OF_TIMEOUT, Tokens, pause};
use crate::http::{Clock, RequestLimiter, is_throttled};
use crate::observe::{Level, event};
use crate::version::VERSION;

/// Codes of a trouble that passes, whatever their status.
/// Source:
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_GenerateDataKey.html#API_GenerateDataKey_Errors>
const PASSING: &[&str] = &[
    "DependencyTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServiceError",
    "KMSInternalException",
    "KeyUnavailableException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];
/// Bytes of an answer that are read.
const LIMIT: usize = 64 << 10;

/// Why the service gave no answer.
pub(crate) struct ServiceFailure {
    pub(crate) kind: ErrorKind,
    /// The service's own code, if it refused.
    pub(crate) code: Option<String>,
    /// The service's message, or what went wrong on the way.
    pub(crate) said: String,
    /// Whether the same request may succeed later.
    pub(crate) passing: bool,
    /// The status and the request's id, if the service answered.
    pub(crate) status: Option<u16>,
    pub(crate) request_id: Option<String>,
    /// The service's time, and how long it asks to wait.
    date: Option<SystemTime>,
    after: Option<Duration>,
}

impl ServiceFailure {
    fn on_the_way(kind: ErrorKind, said: String, passing: bool) -> ServiceFailure {
        ServiceFailure {
            kind,
            code: None,
            said,
            passing,
            status: None,
            request_id: None,
            date: None,
            after: None,
        }
    }

    /// The same with the attempts that it took and their time, where there was no answer or more than one
    /// attempt.
    fn after(mut self, tries: u32, took: Duration) -> ServiceFailure {
        if tries > 1 || self.status.is_none() {
            let took = if took.as_secs() > 0 {
                format!("{:.1} s", took.as_secs_f64())
            } else {
                format!("{} ms", took.as_millis())
            };
            self.said += &format!(" ({tries} attempt{} in {took})", if tries == 1 { "" } else { "s" });
        }
        self
    }

    fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl From<Error> for ServiceFailure {
    fn from(error: Error) -> Self {
        ServiceFailure::on_the_way(error.kind(), error.message().to_owned(), false)
    }
}

impl From<ConnectorError> for ServiceFailure {
    fn from(error: ConnectorError) -> Self {
        let kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Network };
        ServiceFailure::on_the_way(kind, root(&error), error.is_timeout() || error.is_io())
    }
}

/// A service in one region.
pub(crate) struct Service {
    target: &'static str,
    region: String,
    place: Place,
    uri: Uri,
    signer: Signer,
    clock: Clock,
    attempts: u32,
    adaptive: bool,
    attempt_timeout: Option<Duration>,
    operation_timeout: Option<Duration>,
    tokens: Tokens,
    pace: RequestLimiter,
}

impl Service {
    /// The service of this region, else the settings'; `target` is what its operations' names begin with.
    pub(crate) async fn open(
        settings: &Settings,
        name: &str,
        target: &'static str,
        region: Option<&str>,
    ) -> Result<Service> {
        let region = region.unwrap_or_else(|| ambient::region(settings));
        let place = place(settings, name, region).await?;
        let Ok(uri) = format!("{}/", place.url.trim_end_matches('/')).parse() else {
            fail!(Config, "the endpoint of {name} is no address to ask");
        };
        Ok(Service {
            target,
            region: region.to_owned(),
            place,
            uri,
            signer: Signer::new(region, name),
            clock: Clock::default(),
            attempts: settings.max_attempts.unwrap_or(ATTEMPTS),
            adaptive: settings.retry_mode.as_deref() == Some("adaptive"),
            attempt_timeout: settings.attempt_timeout,
            operation_timeout: settings.operation_timeout,
            tokens: Tokens::default(),
            pace: RequestLimiter::default(),
        })
    }

    /// The region of the service.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The host and port that requests go to.
    fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// Asks for an operation.
    pub(crate) async fn ask(
        &self,
        identity: &CredentialSource,
        operation: &str,
        asked: &Value,
    ) -> std::result::Result<Map<String, Value>, ServiceFailure> {
        let tries = self.tries(identity, operation, asked);
        match self.operation_timeout {
            None => tries.await,
            Some(limit) => tokio::time::timeout(limit, tries)
                .await
                .unwrap_or_else(|_| Err(self.late("operation_timeout", limit))),
        }
    }

    async fn tries(
        &self,
        identity: &CredentialSource,
        operation: &str,
        asked: &Value,
    ) -> std::result::Result<Map<String, Value>, ServiceFailure> {
        let body = Bytes::from(asked.to_string());
        let (mut renewed, mut corrected, mut tries, mut spent) = (false, false, 0, 0);
        let started = Instant::now();
        loop {
            let seen = match identity {
                CredentialSource::Fetched(provider) => Some((provider, provider.fetches())),
                _ => None,
            };
            let keys = match identity {
                CredentialSource::Anonymous => return Err(unsigned().into()),
                CredentialSource::Keys(keys) => keys.credentials.clone(),
                CredentialSource::Fetched(provider) => provider.get().await?.credentials,
            };
            let refusal = {
                let _pace = self.pace.enter(self.adaptive).await;
                match self.attempt(operation, &body, &keys).await {
                    Ok(answer) => {
                        self.pace.went_well(self.adaptive);
                        self.tokens.refund(spent.max(1));
                        return Ok(answer);
                    }
                    Err(refusal) => refusal,
                }
            };
            tries += 1;
            if refusal.passing {
                let outcome = refusal
                    .status
                    .map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
                event(
                    Level::Warning,
                    format!("{operation} of {}: {outcome} (attempt {tries})", self.authority()),
                );
            }
            if refusal.kind == ErrorKind::Throttled || refusal.status == Some(503) {
                self.pace.slow_down(self.adaptive);
            }
            if let Some((provider, seen)) = seen
                && !renewed
                && refusal.is(&["ExpiredTokenException", "ExpiredToken"])
                && provider.renew(seen).await.is_ok()
            {
                renewed = true;
                continue;
            }
            if !refusal.passing && !corrected && self.corrected(&refusal) {
                corrected = true;
                continue;
            }
            let cost = if refusal.kind == ErrorKind::Timeout { COST_OF_TIMEOUT } else { COST };
            if !refusal.passing || tries >= self.attempts || !self.tokens.spend(cost) {
                return Err(refusal.after(tries, started.elapsed()));
            }
            spent += cost;
            tokio::time::sleep(pause(refusal.kind == ErrorKind::Throttled, tries, refusal.after)).await;
        }
    }

    async fn attempt(
        &self,
        operation: &str,
        body: &Bytes,
        keys: &Credentials,
    ) -> std::result::Result<Map<String, Value>, ServiceFailure> {
        let attempt = self.once(operation, body, keys);
        match self.attempt_timeout {
            None => attempt.await,
            Some(limit) => tokio::time::timeout(limit, attempt)
                .await
                .unwrap_or_else(|_| Err(self.late("attempt_timeout", limit))),
        }
    }

    /// The failure of an attempt, or of all of them, that took longer than a setting allows.
    fn late(&self, setting: &str, limit: Duration) -> ServiceFailure {
        let said = format!(
            "{} did not answer within {} s; see the setting `{setting}`",
            self.authority(),
            limit.as_secs_f64()
        );
        ServiceFailure::on_the_way(ErrorKind::Timeout, said, true)
    }

    async fn once(
        &self,
        operation: &str,
        body: &Bytes,
        keys: &Credentials,
    ) -> std::result::Result<Map<String, Value>, ServiceFailure> {
        let request = self.signed(operation, body, keys)?;
        let answer = self.place.http.send(request, self.place.patience.0, self.place.patience.1).await?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LIMIT).collect().await;
        let body = body
            .map_err(|error| ServiceFailure::on_the_way(ErrorKind::Network, root(&*error), true))?
            .to_bytes();
        // What can't be read as JSON explains nothing.
        let said: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
        if head.status.is_success() { Ok(said) } else { Err(refused(&Response::from_parts(head, said))) }
    }

    fn signed(&self, operation: &str, body: &Bytes, keys: &Credentials) -> Result<Request<SdkBody>> {
        let mut headers = Headers::from([
            (header::HOST, value(self.authority())?),
            (header::CONTENT_TYPE, value("application/x-amz-json-1.1")?),
            (header::CONTENT_LENGTH, value(&body.len().to_string())?),
            (HeaderName::from_static("x-amz-target"), value(&format!("{}.{operation}", self.target))?),
        ]);
        let mut payload = String::with_capacity(64);
        hex(&mut payload, &Sha256::digest(body));
        let unsigned = Unsigned { method: "POST", path: self.uri.path(), query: "", payload: &payload };
        self.signer.sign(&unsigned, &mut headers, keys, self.clock.now())?;
        headers.push((header::USER_AGENT, value(&format!("oarlock/{}", VERSION))?));
        let mut request = Request::new(SdkBody::from(body.clone()));
        (*request.method_mut(), *request.uri_mut()) = (Method::POST, self.uri.clone());
        *request.headers_mut() = HeaderMap::from_iter(headers);
        Ok(request)
    }

    /// Sets our clock by the service's, if the difference is why it refused.
    fn corrected(&self, refusal: &ServiceFailure) -> bool {
        refusal.date.filter(|_| refusal.code.is_some()).and_then(|date| self.clock.correct(date)).is_some()
    }
}

/// The error of a store that has no keys to sign with.
fn unsigned() -> Error {
    Error::new(
        ErrorKind::Credentials,
        "the store sends its requests unsigned, and the service accepts signed ones only",
    )
}

fn refused(answer: &Response<Map<String, Value>>) -> ServiceFailure {
    let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let said = |name: &str| answer.body().get(name).and_then(Value::as_str);
    let code = text("x-amzn-errortype").or_else(|| said("__type")).or_else(|| said("code"));
    let code = code.map(|code| short_code(code).to_owned());
    let status = answer.status().as_u16();
    let slow = is_throttled(status, code.as_deref());
    let passing = slow
        || code.as_deref().is_some_and(|code| PASSING.contains(&code))
        || (status >= 500 && status != 501);
    let named = code.as_deref().map_or_else(|| format!("status {status}"), str::to_owned);
    let date = text("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    ServiceFailure {
        kind: if slow { ErrorKind::Throttled } else { ErrorKind::Service },
        said: said("message")
            .or_else(|| said("Message"))
            .map_or_else(|| named.clone(), |message| format!("{named}: {message}")),
        code,
        passing,
        status: Some(status),
        request_id: text("x-amzn-requestid").map(str::to_owned),
        after: text("retry-after").and_then(|seconds| seconds.trim().parse().ok()).map(Duration::from_secs),
        date: date.and_then(|date| SystemTime::try_from(date).ok()),
    }
}
