//! `S3`: a bucket with a prefix, and the two ways to speak to it, made of the store's settings at the first
//! request.
//!
//! Law: opening touches neither network nor thread; a forked child makes its own; the process shares
//! connections for each way of trusting servers. Both ways try by one policy: a request sent to the wrong
//! region is sent once more to the right one, and so on.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedAsyncSleep, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::RequestPayer;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::http::Response;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use super::agent::Agent;
use super::answers::Answers;
use super::clients;
use super::creation;
use super::direct::{Broken, Direct, Request, Session, whole};
use super::endpoint::{Route, misplaced, route};
use super::error;
use super::integrity::{ContentMd5, Endpoint};
use super::offers::{self, Point};
use super::regions;
use super::retry::{Cause, Failure, Health, Retries};
use super::rules::{GlobalEndpoint, is_legacy};
use crate::ambient::{self, Completed};
use crate::config::{Config, Settings, Sources, Target};
use crate::credentials::{Identity, Resolved};
use crate::crypto::Encryption;
use crate::error::{Error, ErrorKind, Result, fail};
use crate::http::{Clock, Transport, Watched};
use crate::observe::{Level, event};
use crate::runtime::{self, PerGeneration};

/// How long an answer, or the next piece of it, may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Parts that move at a time.
const CONCURRENCY: u32 = 8;

/// A bucket with a prefix. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct S3(Arc<Inner>);

struct Inner {
    bucket: String,
    prefix: String,
    settings: Settings,
    sources: Sources,
    /// Shared with other buckets under the same settings: a source that asks the host is this store's own.
    resolved: Arc<Resolved>,
    /// Shared with them too: what encrypts objects before they leave, if anything does.
    encryption: Option<Arc<Encryption>>,
    line: PerGeneration<OnceCell<Arc<Line>>>,
    /// The line to the bucket's real region, once a server corrected us.
    moved: PerGeneration<OnceCell<Arc<Line>>>,
    endpoint: PerGeneration<Arc<Endpoint>>,
    slots: PerGeneration<Semaphore>,
}

impl S3 {
    pub(crate) fn open(config: &Config) -> Result<S3> {
        let Target::Bucket { bucket, prefix } = &config.target else { fail!(Internal, "not a bucket") };
        let mut prefix = prefix.clone();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        if let Some(name) = &config.settings.app_name
            && AppName::new(name.clone()).is_err()
        {
            fail!(Config, "setting `app_name` takes letters, digits and !#$%&'*+-.^_`|~, not {name:?}");
        }
        let resolved = Arc::new(Resolved::new(&config.settings));
        let encryption = Encryption::of(config, resolved.clone())?.map(Arc::new);
        Ok(S3(Arc::new(Inner {
            bucket: bucket.clone(),
            prefix,
            settings: config.settings.clone(),
            sources: config.sources.clone(),
            resolved,
            encryption,
            line: PerGeneration::new(),
            moved: PerGeneration::new(),
            endpoint: PerGeneration::new(),
            slots: PerGeneration::new(),
        })))
    }

    /// Another bucket under the same settings.
    pub(crate) fn elsewhere(&self, bucket: &str) -> S3 {
        S3(Arc::new(Inner {
            bucket: bucket.to_owned(),
            prefix: String::new(),
            settings: self.0.settings.clone(),
            sources: self.0.sources.clone(),
            resolved: self.0.resolved.clone(),
            encryption: self.0.encryption.clone(),
            line: PerGeneration::new(),
            moved: PerGeneration::new(),
            endpoint: PerGeneration::new(),
            slots: PerGeneration::new(),
        }))
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.0.bucket
    }

    /// The settings as the host gave them.
    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The settings, completed by the environment and the profile.
    pub(crate) async fn completed(&self) -> Result<&Settings> {
        self.resolved().await.map(|(completed, _)| &completed.settings)
    }

    /// The completed settings, and who they make of us.
    async fn resolved(&self) -> Result<&(Completed, Identity)> {
        self.0.resolved.get().await
    }

    /// An encryption by other settings, as the same identity.
    pub(crate) fn encryption_by(&self, settings: &Settings) -> Result<Option<Encryption>> {
        Encryption::by(settings, &Sources::default(), self.0.resolved.clone())
    }

    /// What encrypts the store's objects before they leave, if anything does.
    pub(crate) fn encryption(&self) -> Option<&Encryption> {
        self.0.encryption.as_deref()
    }

    /// Where the host gave each of its settings.
    pub(super) fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// What comes before every key.
    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// Refuses to copy from here what the server would not.
    pub(crate) fn check_copy_source(&self) -> Result<()> {
        offers::check(&self.0.bucket, offers::SOURCE)
    }

    /// The parts that may move at a time besides each transfer's first request, which never waits.
    pub(crate) async fn slot(&self) -> Result<SemaphorePermit<'_>> {
        let most = self.concurrency().await? as usize;
        let slots = self.0.slots.get(|| Ok(Semaphore::new(most)))?;
        slots.acquire().await.map_err(|_| Error::new(ErrorKind::Internal, "the store's slots are gone"))
    }

    /// How many parts may move at a time: each takes a connection, and the process must keep descriptors for
    /// itself.
    pub(crate) async fn concurrency(&self) -> Result<u32> {
        let wanted = self.completed().await?.max_concurrency.unwrap_or(CONCURRENCY);
        Ok(wanted.min(runtime::descriptors() / 4).max(1))
    }

    /// The key as the server knows it.
    pub(crate) fn full(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// What is known of the settings without waiting: inside of `send` they are complete.
    fn known(&self) -> &Settings {
        self.0.resolved.known().map_or(&self.0.settings, |(completed, _)| &completed.settings)
    }

    pub(crate) fn payer(&self) -> Option<RequestPayer> {
        (self.known().request_payer == Some(true)).then_some(RequestPayer::Requester)
    }

    /// Whether downloads ask for their checksum and are held against it.
    pub(crate) fn validates(&self) -> bool {
        self.known().response_checksum_validation.as_deref() != Some("when_required")
    }

    /// Whether uploads carry a checksum that no server demands.
    pub(crate) fn checksums(&self) -> bool {
        self.known().request_checksum_calculation.as_deref() != Some("when_required")
    }

    /// How the bucket is spoken to.
    async fn line(&self) -> Result<Arc<Line>> {
        if let Some(moved) = self.0.moved.get(|| Ok(OnceCell::new()))?.get() {
            return Ok(moved.clone());
        }
        let open = || {
            Box::pin(async {
                let settings = self.completed().await?;
                let endpoint = route(settings, &self.0.bucket)?.url;
                let region = match regions::known(endpoint.as_deref(), &self.0.bucket)? {
                    Some(region) => region,
                    None => ambient::region(settings).to_owned(),
                };
                Line::open(settings, &self.0.bucket, self.identity().await?, region).await.map(Arc::new)
            })
        };
        self.0.line.get(|| Ok(OnceCell::new()))?.get_or_try_init(open).await.cloned()
    }

    /// The SDK's client of this process.
    pub(crate) async fn client(&self) -> Result<Client> {
        self.line().await.map(|line| Client::clone(&line.client))
    }

    /// The region that requests are signed for.
    pub(crate) async fn region(&self) -> Result<String> {
        let line = self.line().await?;
        // An access point's ARN may name another region than the settings.
        let of_arn = Point::of(&self.0.bucket).and(line.direct.signing_region());
        Ok(of_arn.unwrap_or(&line.region).to_owned())
    }

    /// The bucket's address, to tell it from all others.
    pub(crate) async fn place(&self) -> Result<String> {
        let route = route(self.completed().await?, &self.0.bucket)?;
        Ok(format!("{}/{}", route.url.as_deref().unwrap_or("AWS").trim_end_matches('/'), self.0.bucket))
    }

    /// What is known of how the server checks bodies.
    pub(super) async fn endpoint(&self) -> Result<&Endpoint> {
        let settings = self.completed().await?;
        self.0
            .endpoint
            .get(|| Endpoint::of(route(settings, &self.0.bucket)?.url.as_deref()))
            .map(|endpoint| &**endpoint)
    }

    /// Who the requests are signed as.
    pub(crate) async fn identity(&self) -> Result<&Identity> {
        self.resolved().await.map(|(_, identity)| identity)
    }

    /// Sends a request through the SDK, given as what to do with a client, and translates its failure.
    pub(crate) async fn send<T, E, F>(&self, request: impl Fn(Client) -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, Response>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        // "GetObjectError" of some path: the only name of the operation that is at hand here.
        let name = std::any::type_name::<E>();
        let operation = name.rsplit("::").next().unwrap_or(name).trim_end_matches("Error");
        let attempt = |line: Arc<Line>| {
            let sending = request(Client::clone(&line.client));
            async move { sending.await.map_err(|error| error::failure(line.retries.server(), error)) }
        };
        self.try_until(operation, attempt).await
    }

    /// Sends a request of ours.
    pub(super) async fn ask(&self, request: &Request) -> Result<http::Response<Watched>> {
        let attempt = |line: Arc<Line>| async move {
            let keys = self.keys(&line).await?;
            line.direct.send(request, keys.as_ref(), line.retries.health.clock.now()).await
        };
        self.try_until(request.operation(), attempt).await
    }

    /// Sends a request of ours whose answer is a document, and reads it; one that broke off is asked for
    /// again.
    pub(super) async fn ask_whole<T>(
        &self,
        request: &Request,
        read: impl Fn(&[u8]) -> std::result::Result<T, Broken>,
    ) -> Result<T> {
        self.ask_dated(request, read).await.map(|(answer, _)| answer)
    }

    /// The same, with the server's time.
    pub(super) async fn ask_dated<T>(
        &self,
        request: &Request,
        read: impl Fn(&[u8]) -> std::result::Result<T, Broken>,
    ) -> Result<(T, Option<SystemTime>)> {
        let read = &read;
        let attempt = |line: Arc<Line>| async move {
            let keys = self.keys(&line).await?;
            let answer = line.direct.send(request, keys.as_ref(), line.retries.health.clock.now()).await?;
            let date = creation::date(answer.headers());
            whole(line.retries.server(), answer, read).await.map(|answer| (answer, date))
        };
        self.try_until(request.operation(), attempt).await
    }

    /// Tries by the store's policy. A wrong region is corrected, and credentials that the server calls
    /// expired are fetched anew.
    async fn try_until<T, F>(&self, operation: &str, attempt: impl Fn(Arc<Line>) -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Failure>>,
    {
        let (line, attempt) = (self.line().await?, &attempt);
        offers::check(&self.0.bucket, operation)?;
        let seen = match self.identity().await? {
            Identity::Fetched(provider) => {
                // Before the request, so that none of its time limits runs while a person looks for a code.
                provider.get().await?;
                Some((provider, provider.fetches()))
            }
            _ => None,
        };
        let try_once = || async move { attempt(self.line().await?).await };
        let mend = |cause| {
            let line = line.clone();
            async move {
                match (cause, seen) {
                    (Cause::Expired, Some((provider, seen))) => provider.renew(seen).await.is_ok(),
                    (Cause::Unexplained, Some((provider, seen))) => provider.suspect(seen).await,
                    (Cause::Elsewhere(region), _) => {
                        self.move_to(&line, region).await.is_ok_and(|moved| moved)
                    }
                    _ => false,
                }
            }
        };
        // Boxed: the futures around it would grow by all of it, and with each layer of them anew.
        let outcome = Box::pin(line.retries.run(operation, try_once, mend)).await;
        outcome.map_err(|error| match misplaced(line.url.as_deref(), &self.0.bucket, &error) {
            Some(advice) => error.with_advice(&advice),
            None => error,
        })
    }

    /// Goes on in the region that a server named; false if that is where we asked.
    async fn move_to(&self, line: &Line, region: String) -> Result<bool> {
        if line.region == region {
            return Ok(false);
        }
        event(Level::Info, format!("bucket {} lives in {region}", self.0.bucket));
        let settings = self.completed().await?;
        let moved = Line::open(settings, &self.0.bucket, self.identity().await?, region.clone()).await?;
        regions::learn(route(settings, &self.0.bucket)?.url.as_deref(), &self.0.bucket, &region)?;
        // A failure to set it only means that another call was first.
        let _ = self.0.moved.get(|| Ok(OnceCell::new()))?.set(Arc::new(moved));
        Ok(true)
    }

    /// The keys to sign with now; none where requests go unsigned.
    async fn keys(&self, line: &Line) -> std::result::Result<Option<Credentials>, Failure> {
        if line.direct.wants_session() {
            return Box::pin(line.session.keys(&line.client, line.retries.server(), &self.0.bucket))
                .await
                .map(Some);
        }
        Ok(match self.identity().await? {
            Identity::Anonymous => None,
            Identity::Keys(keys) => Some(keys.credentials.clone()),
            Identity::Fetched(provider) => Some(provider.get().await?.credentials),
        })
    }
}

/// How a bucket in one region is spoken to: directly for its data, through the SDK for all else.
struct Line {
    region: String,
    /// The endpoint that the settings name.
    url: Option<String>,
    client: Arc<Client>,
    direct: Direct,
    session: Session,
    retries: Retries,
}

impl Line {
    async fn open(settings: &Settings, bucket: &str, identity: &Identity, region: String) -> Result<Line> {
        let route = route(settings, bucket)?;
        let plain = route.url.as_ref().is_some_and(|url| url.starts_with("http://"));
        let way = Transport::of(settings)?;
        let way = if plain { way.plain() } else { way };
        let http = way.client()?;
        let health = Health::of(route.url.as_deref(), bucket)?;
        let integrity = Endpoint::of(route.url.as_deref())?;
        let timeouts = (
            settings.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            settings.read_timeout.unwrap_or(READ_TIMEOUT),
        );
        let direct =
            Direct::new(settings, &route, bucket, &region, http.clone(), timeouts, integrity.clone()).await?;
        Ok(Line {
            client: clients::shared(settings, &route, &region, identity, &way.key(), || {
                Ok(build(
                    settings,
                    &route,
                    identity,
                    &region,
                    http.into(),
                    timeouts,
                    health.clock.clone(),
                    integrity.clone(),
                ))
            })?,
            session: Session::default(),
            retries: Retries::new(settings, health, integrity, direct.server()),
            direct,
            region,
            url: route.url,
        })
    }
}

#[allow(clippy::too_many_arguments)]
fn build(
    settings: &Settings,
    route: &Route,
    identity: &Identity,
    region: &str,
    http: SharedHttpClient,
    timeouts: (Duration, Duration),
    clock: Arc<Clock>,
    integrity: Arc<Endpoint>,
) -> Client {
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(ServerTime(clock))
        .region(Region::new(region.to_owned()))
        .force_path_style(route.path_style)
        .use_arn_region(settings.use_arn_region != Some(false))
        .use_fips(settings.use_fips_endpoint == Some(true))
        .use_dual_stack(settings.use_dualstack_endpoint == Some(true))
        .accelerate(settings.use_accelerate_endpoint == Some(true))
        .disable_multi_region_access_points(settings.disable_multiregion_access_points == Some(true))
        .disable_s3_express_session_auth(settings.disable_express_session_auth == Some(true))
        // Tried again by ourselves, as what goes past the SDK is.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(timeouts.0).read_timeout(timeouts.1).build())
        // The client watches the body by the read timeout; the SDK's guard costs CPU for each chunk.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The provider keeps and renews them itself, for all stores together.
        .identity_cache(IdentityCache::no_cache())
        .interceptor(Agent)
        .interceptor(Answers)
        // What an object's bytes carry, `put` says; the rest carry what S3 requires.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .interceptor(ContentMd5(integrity))
        // `transfer` holds downloads against their checksums: it knows which bytes make up the whole.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    config.set_endpoint_url(route.url.clone());
    if is_legacy(settings) {
        config = config.endpoint_resolver(GlobalEndpoint::new());
    }
    config.set_app_name(settings.app_name.clone().and_then(|name| AppName::new(name).ok()));
    config = match identity {
        Identity::Anonymous => config.allow_no_auth(),
        Identity::Keys(keys) => config.credentials_provider(keys.credentials.clone()),
        Identity::Fetched(provider) => config.credentials_provider(provider.clone()),
    };
    Client::from_conf(config.build())
}

/// The server's time for the SDK's signatures.
struct ServerTime(Arc<Clock>);

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTime")
    }
}

impl TimeSource for ServerTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}
