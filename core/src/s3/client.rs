//! `S3`: a bucket with a prefix, and the SDK client that speaks for it, built from the store's settings at the first request.
//!
//! Law: opening touches neither network nor thread; a forked child builds its own client; the process shares one HTTP client
//! per way of trusting servers. A request sent to the wrong region is sent once more to the right one.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    AppName, BehaviorVersion, IdentityCache, Region, RequestChecksumCalculation, ResponseChecksumValidation, SharedAsyncSleep,
    SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::RequestPayer;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::http::Response;
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};

use super::agent::Agent;
use super::answers::Answers;
use super::clients;
use super::endpoint::{Route, route};
use super::error;
use super::integrity::{ContentMd5, Endpoint};
use super::observe::Observe;
use super::regions;
use super::unsigned::Unsigned;
use crate::ambient::{self, Completed};
use crate::config::{Config, Settings, Sources, Target};
use crate::credentials::{self, Identity};
use crate::error::{Error, ErrorKind, Result, fail};
use crate::http::Way;
use crate::observe::{Level, event};
use crate::runtime::{self, PerGeneration};

/// How long an answer, or the next piece of it, may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

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
    resolved: Arc<PerGeneration<OnceCell<(Completed, Identity)>>>,
    client: PerGeneration<OnceCell<Arc<Client>>>,
    /// The client for the bucket's real region, once a server corrected us.
    moved: PerGeneration<OnceCell<Client>>,
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
        Ok(S3(Arc::new(Inner {
            bucket: bucket.clone(),
            prefix,
            settings: config.settings.clone(),
            sources: config.sources.clone(),
            resolved: Arc::new(PerGeneration::new()),
            client: PerGeneration::new(),
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
            client: PerGeneration::new(),
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
        let resolve = || async {
            let mut completed = ambient::complete(&self.0.settings).await?;
            let identity = credentials::identity(&mut completed)?;
            Ok((completed, identity))
        };
        self.0.resolved.get(|| Ok(OnceCell::new()))?.get_or_try_init(resolve).await
    }

    /// Where the host gave each of its settings.
    pub(super) fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// What comes before every key.
    pub(crate) fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// The parts that may move at a time besides each transfer's first request, which never waits.
    pub(crate) async fn slot(&self) -> Result<SemaphorePermit<'_>> {
        let most = self.concurrency().await? as usize;
        let slots = self.0.slots.get(|| Ok(Semaphore::new(most)))?;
        slots.acquire().await.map_err(|_| Error::new(ErrorKind::Internal, "the store's slots are gone"))
    }

    /// How many parts may move at a time: each takes a connection, and the process must keep descriptors for itself.
    pub(crate) async fn concurrency(&self) -> Result<u32> {
        let wanted = self.completed().await?.max_concurrency.unwrap_or(CONCURRENCY);
        Ok(wanted.min(runtime::descriptors() / 4).max(1))
    }

    /// The key as the server knows it.
    pub(crate) fn full(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// The key as the caller knows it.
    pub(crate) fn short(&self, key: &str) -> String {
        key.strip_prefix(&self.0.prefix).unwrap_or(key).to_owned()
    }

    pub(crate) fn read_timeout(&self) -> Duration {
        self.0.settings.read_timeout.unwrap_or(READ_TIMEOUT)
    }

    /// What is known of the settings without waiting: inside of `send` they are complete.
    fn known(&self) -> &Settings {
        let resolved = self.0.resolved.get(|| Ok(OnceCell::new())).ok().and_then(OnceCell::get);
        resolved.map_or(&self.0.settings, |(completed, _)| &completed.settings)
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

    /// The SDK's client of this process.
    pub(crate) async fn client(&self) -> Result<&Client> {
        if let Some(moved) = self.0.moved.get(|| Ok(OnceCell::new()))?.get() {
            return Ok(moved);
        }
        self.0
            .client
            .get(|| Ok(OnceCell::new()))?
            .get_or_try_init(|| async { client_of(self.completed().await?, &self.0.bucket, self.identity().await?) })
            .await
            .map(|client| &**client)
    }

    /// The bucket's address, to tell it from all others.
    pub(crate) async fn place(&self) -> Result<String> {
        let route = route(self.completed().await?, &self.0.bucket)?;
        Ok(format!("{}/{}", route.url.as_deref().unwrap_or("AWS").trim_end_matches('/'), self.0.bucket))
    }

    /// What is known of how the server checks bodies.
    pub(super) async fn endpoint(&self) -> Result<&Endpoint> {
        let settings = self.completed().await?;
        self.0.endpoint.get(|| Endpoint::of(route(settings, &self.0.bucket)?.url.as_deref())).map(|endpoint| &**endpoint)
    }

    /// The region that requests are signed for.
    pub(crate) async fn region(&self) -> Result<String> {
        Ok(self.client().await?.config().region().map_or_else(|| "us-east-1".to_owned(), Region::to_string))
    }

    /// Who the requests are signed as.
    pub(crate) async fn identity(&self) -> Result<&Identity> {
        self.resolved().await.map(|(_, identity)| identity)
    }

    /// Sends a request, given as what to do with a client, and translates its failure; a wrong region is corrected once, and
    /// credentials that the server calls expired are fetched anew once.
    pub(crate) async fn send<T, E, F>(&self, request: impl Fn(Client) -> F) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, SdkError<E, Response>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let client = self.client().await?;
        let provider = match self.identity().await? {
            Identity::Fetched(provider) => {
                // Before the request, so that none of its time limits runs while a person looks for a code.
                provider.get().await?;
                Some((provider, provider.fetches()))
            }
            _ => None,
        };
        let error = match request(client.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if self.endpoint().await?.demanded_md5(error.code(), error.message()) {
            return request(client.clone()).await.map_err(error::translate);
        }
        if let Some((provider, seen)) = provider
            && matches!(error.code(), Some("ExpiredToken" | "TokenRefreshRequired"))
            && provider.renew(seen).await.is_ok()
        {
            return request(client.clone()).await.map_err(error::translate);
        }
        let used = client.config().region().map(Region::as_ref);
        match error::right_region(&error) {
            Some(region) if used != Some(&region) => {
                event(Level::Info, format!("bucket {} lives in {region}", self.0.bucket));
                let moved = Client::from_conf(client.config().to_builder().region(Region::new(region.clone())).build());
                let answer = request(moved.clone()).await.map_err(error::translate)?;
                let route = route(self.completed().await?, &self.0.bucket)?;
                regions::learn(route.url.as_deref(), &self.0.bucket, &region)?;
                // A later failure to set it only means that another call was first.
                let _ = self.0.moved.get(|| Ok(OnceCell::new()))?.set(moved);
                Ok(answer)
            }
            _ => Err(error::translate(error)),
        }
    }
}

fn client_of(settings: &Settings, bucket: &str, identity: &Identity) -> Result<Arc<Client>> {
    let route = route(settings, bucket)?;
    let plain = route.url.as_ref().is_some_and(|url| url.starts_with("http://"));
    let way = Way::of(settings)?;
    let way = if plain { way.plain() } else { way };
    let http: SharedHttpClient = way.client()?.into();
    let region = match regions::known(route.url.as_deref(), bucket)? {
        Some(region) => region,
        None => ambient::region(settings).to_owned(),
    };
    clients::shared(settings, &route, &region, identity, &way.key(), || build(settings, &route, &region, identity, http))
}

fn build(settings: &Settings, route: &Route, region: &str, identity: &Identity, http: SharedHttpClient) -> Result<Client> {
    let url = route.url.clone();
    let plain = url.as_ref().is_some_and(|url| url.starts_with("http://"));
    let mut timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.connect_timeout.unwrap_or(Duration::from_secs(5)))
        .read_timeout(settings.read_timeout.unwrap_or(READ_TIMEOUT));
    timeouts.set_operation_attempt_timeout(settings.attempt_timeout);
    timeouts.set_operation_timeout(settings.operation_timeout);
    let retries = if settings.retry_mode.as_deref() == Some("adaptive") { RetryConfig::adaptive() } else { RetryConfig::standard() };
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .region(Region::new(region.to_owned()))
        .force_path_style(route.path_style)
        .use_arn_region(true)
        .use_fips(settings.use_fips_endpoint == Some(true))
        .use_dual_stack(settings.use_dualstack_endpoint == Some(true))
        .accelerate(settings.use_accelerate_endpoint == Some(true))
        .retry_config(retries.with_max_attempts(settings.max_attempts.unwrap_or(5)))
        .timeout_config(timeouts.build())
        // `Body::next` watches the body by the read timeout; the SDK's guard costs CPU for each chunk.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // The provider keeps and renews them itself, for all stores together.
        .identity_cache(IdentityCache::no_cache())
        .interceptor(Agent)
        .interceptor(Answers)
        // What an object's bytes carry, `put` says; the rest carry what S3 requires.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .interceptor(ContentMd5(Endpoint::of(url.as_deref())?))
        .interceptor(Observe);
    config.set_endpoint_url(url);
    // `transfer` holds downloads against their checksums: it knows which bytes make up the whole.
    config = config.response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    if !settings.payload_signing_enabled.unwrap_or(plain) {
        config = config.interceptor(Unsigned);
    }
    config.set_app_name(settings.app_name.clone().and_then(|name| AppName::new(name).ok()));
    config = match identity {
        Identity::Anonymous => config.allow_no_auth(),
        Identity::Keys(keys) => config.credentials_provider(keys.credentials.clone()),
        Identity::Fetched(provider) => config.credentials_provider(provider.clone()),
    };
    Ok(Client::from_conf(config.build()))
}
