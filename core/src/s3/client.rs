//! `S3`: a bucket with a prefix, and how its requests are tried until one succeeds.
//!
//! Invariant: opening touches neither network nor thread; a forked child makes its own connections; the
//! process shares them for each way of trusting servers. A request sent to the wrong region is sent once more
//! to the right one. Must not know an operation.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_types::app_name::AppName;
use http::{HeaderMap, Method};
use tokio::sync::{OnceCell, Semaphore};

use super::connection::Connection;
use super::endpoint::{Endpoint, Subject};
use super::failure::{Attempt, Cause};
use super::integrity::Integrity;
use super::offers::{self, Point};
use super::regions;
use super::route::{misplaced, route};
use super::session;
use super::slots::{self, PartSlot};
use super::wire::{Request, read_document};
use crate::ambient::{self, Completed};
use crate::config::{Config, Settings, Sources, Target};
use crate::credentials::{CredentialSource, Resolved};
use crate::crypto::Encryption;
use crate::error::{Result, fail};
use crate::http::Watched;
use crate::observe::{Level, event};
use crate::runtime::PerGeneration;
use crate::xml::Malformed;

/// A bucket with a prefix. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct S3(Arc<S3Inner>);

struct S3Inner {
    bucket: String,
    prefix: String,
    settings: Settings,
    sources: Sources,
    /// Shared with other buckets under the same settings: a source that asks the host is this store's own.
    resolved: Arc<Resolved>,
    /// Shared with them too: what encrypts objects before they leave, if anything does.
    encryption: Option<Arc<Encryption>>,
    connection: PerGeneration<OnceCell<Arc<Connection>>>,
    /// The connection to the bucket's real region, after a server named it.
    moved: PerGeneration<OnceCell<Arc<Connection>>>,
    integrity: PerGeneration<Arc<Integrity>>,
    slots: PerGeneration<Arc<Semaphore>>,
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
        Ok(S3(Arc::new(S3Inner {
            bucket: bucket.clone(),
            prefix,
            settings: config.settings.clone(),
            sources: config.sources.clone(),
            resolved,
            encryption,
            connection: PerGeneration::new(),
            moved: PerGeneration::new(),
            integrity: PerGeneration::new(),
            slots: PerGeneration::new(),
        })))
    }

    /// Another bucket under the same settings.
    pub(crate) fn elsewhere(&self, bucket: &str) -> S3 {
        S3(Arc::new(S3Inner {
            bucket: bucket.to_owned(),
            prefix: String::new(),
            settings: self.0.settings.clone(),
            sources: self.0.sources.clone(),
            resolved: self.0.resolved.clone(),
            encryption: self.0.encryption.clone(),
            connection: PerGeneration::new(),
            moved: PerGeneration::new(),
            integrity: PerGeneration::new(),
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
    async fn resolved(&self) -> Result<&(Completed, CredentialSource)> {
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
    pub(crate) fn sources(&self) -> &Sources {
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

    /// A slot for one of the parts that may move at a time, besides each transfer's first request, which
    /// never waits.
    pub(crate) async fn slot(&self) -> Result<PartSlot> {
        slots::acquire(self.slots().await?).await
    }

    /// A slot if there is one at once.
    pub(crate) async fn try_slot(&self) -> Result<Option<PartSlot>> {
        slots::try_acquire(self.slots().await?)
    }

    async fn slots(&self) -> Result<&Arc<Semaphore>> {
        let most = self.concurrency().await? as usize;
        self.0.slots.get(|| Ok(Arc::new(Semaphore::new(most))))
    }

    /// How many parts may move at a time: as many as the store's settings allow, or else the process.
    pub(crate) async fn concurrency(&self) -> Result<u32> {
        let wanted = self.completed().await?.max_concurrency;
        slots::limited(wanted)
    }

    /// How often the bucket's server asked for less, or did not answer in time.
    pub(crate) fn complaints(&self) -> u64 {
        let connection = self.0.connection.made().and_then(OnceCell::get);
        connection.map_or(0, |connection| connection.retries.health.complaints())
    }

    /// The key with the store's prefix.
    pub(crate) fn full(&self, key: &str) -> String {
        format!("{}{key}", self.0.prefix)
    }

    /// What is known of the settings without waiting: inside of `send` they are complete.
    fn known(&self) -> &Settings {
        self.0.resolved.known().map_or(&self.0.settings, |(completed, _)| &completed.settings)
    }

    /// The header that makes the requester pay.
    async fn payer(&self) -> Result<Option<&'static str>> {
        Ok((self.completed().await?.request_payer == Some(true)).then_some("requester"))
    }

    /// Whether downloads ask for their checksum and are held against it.
    pub(crate) fn validates(&self) -> bool {
        self.known().response_checksum_validation.as_deref() != Some("when_required")
    }

    /// Whether uploads carry a checksum that no server demands.
    pub(crate) fn checksums(&self) -> bool {
        self.known().request_checksum_calculation.as_deref() != Some("when_required")
    }

    /// The connection that requests go through.
    async fn connection(&self) -> Result<Arc<Connection>> {
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
                Connection::open(settings, &self.0.bucket, region).await.map(Arc::new)
            })
        };
        self.0.connection.get(|| Ok(OnceCell::new()))?.get_or_try_init(open).await.cloned()
    }

    /// The region that requests are signed for.
    pub(crate) async fn region(&self) -> Result<String> {
        let connection = self.connection().await?;
        // An access point's ARN may name another region than the settings.
        let of_arn = Point::of(&self.0.bucket).and(connection.endpoint.signing_region());
        Ok(of_arn.unwrap_or(&connection.region).to_owned())
    }

    /// The bucket's address, to tell it from all others.
    pub(crate) async fn place(&self) -> Result<String> {
        let route = route(self.completed().await?, &self.0.bucket)?;
        Ok(format!("{}/{}", route.url.as_deref().unwrap_or("AWS").trim_end_matches('/'), self.0.bucket))
    }

    /// How the server checks bodies, as far as it has shown it.
    pub(super) async fn integrity(&self) -> Result<&Integrity> {
        let settings = self.completed().await?;
        let of_route = || Integrity::of(route(settings, &self.0.bucket)?.url.as_deref());
        self.0.integrity.get(of_route).map(|integrity| &**integrity)
    }

    /// The identity that signs requests.
    pub(crate) async fn identity(&self) -> Result<&CredentialSource> {
        self.resolved().await.map(|(_, identity)| identity)
    }

    /// A request about an object, with the header that names who pays.
    pub(super) async fn object(&self, operation: &'static str, method: Method, key: &str) -> Result<Request> {
        let payer = self.payer().await?;
        Request::of_object(operation, method, &self.full(key))?.header("x-amz-request-payer", payer)
    }

    /// A request about the bucket, with the same header. Its query names come in their order.
    pub(super) async fn bucket_request(&self, operation: &'static str, method: Method) -> Result<Request> {
        Request::of_bucket(operation, method).header("x-amz-request-payer", self.payer().await?)
    }

    /// Sends a request.
    pub(super) async fn ask(&self, request: &Request) -> Result<http::Response<Watched>> {
        let attempt = |connection: Arc<Connection>| async move { self.attempt(&connection, request).await };
        self.try_until(request.operation(), attempt).await
    }

    /// Sends a request whose response is a document, and reads it; one that broke off is requested again.
    pub(super) async fn ask_document<T>(
        &self,
        request: &Request,
        read: impl Fn(&HeaderMap, &[u8]) -> std::result::Result<T, Malformed>,
    ) -> Result<T> {
        let attempt = |connection: Arc<Connection>| {
            let read = &read;
            async move { self.attempt_document(&connection, request, read).await }
        };
        self.try_until(request.operation(), attempt).await
    }

    /// One attempt of a request whose response is a document.
    pub(super) async fn attempt_document<T>(
        &self,
        connection: &Connection,
        request: &Request,
        read: impl FnOnce(&HeaderMap, &[u8]) -> std::result::Result<T, Malformed>,
    ) -> Attempt<T> {
        let response = self.attempt(connection, request).await?;
        read_document(connection.retries.server(), response, read).await
    }

    /// One attempt.
    async fn attempt(&self, connection: &Connection, request: &Request) -> Attempt<http::Response<Watched>> {
        if request.subject() != Subject::Bucket {
            return Box::pin(self.attempt_elsewhere(connection, request)).await;
        }
        let keys = self.bucket_keys(connection).await?;
        connection.send(request, &connection.endpoint, keys.as_ref()).await
    }

    /// A URL of a request that carries its own permission for so long.
    pub(super) async fn presigned(&self, request: &Request, valid: Duration) -> Result<String> {
        let connection = self.connection().await?;
        let keys = self.bucket_keys(&connection).await.map_err(|failure| failure.error)?;
        connection.presigned(request, keys.as_ref(), valid)
    }

    /// The keys that requests about the bucket's objects are signed with; none where they go unsigned.
    async fn bucket_keys(&self, connection: &Connection) -> Attempt<Option<Credentials>> {
        match connection.endpoint.wants_session() {
            true => Box::pin(connection.session.keys(self.create_session(connection))).await.map(Some),
            false => Ok(self.keys().await?),
        }
    }

    /// One attempt at an endpoint other than that of the bucket's objects.
    async fn attempt_elsewhere(
        &self,
        connection: &Connection,
        request: &Request,
    ) -> Attempt<http::Response<Watched>> {
        let (settings, bucket) = (self.completed().await?, &self.0.bucket);
        let (route, region) = (&connection.route, &connection.region);
        let endpoint = Endpoint::resolve(settings, route, bucket, region, request.subject()).await?;
        connection.send(request, &endpoint, self.keys().await?.as_ref()).await
    }

    async fn create_session(&self, connection: &Connection) -> Attempt<Credentials> {
        let response = self.attempt_elsewhere(connection, &session::request()).await?;
        read_document(connection.retries.server(), response, |_, body| session::read(body)).await
    }

    /// The identity's keys to sign with now; none where requests go unsigned.
    async fn keys(&self) -> Result<Option<Credentials>> {
        Ok(match self.identity().await? {
            CredentialSource::Anonymous => None,
            CredentialSource::Keys(keys) => Some(keys.credentials.clone()),
            CredentialSource::Fetched(provider) => Some(provider.get().await?.credentials),
        })
    }

    /// Tries by the store's policy. A wrong region is corrected, and credentials that the server calls
    /// expired are fetched anew.
    pub(super) async fn try_until<T, F>(
        &self,
        operation: &str,
        attempt: impl Fn(Arc<Connection>) -> F,
    ) -> Result<T>
    where
        F: Future<Output = Attempt<T>>,
    {
        let (connection, attempt) = (self.connection().await?, &attempt);
        offers::check(&self.0.bucket, operation)?;
        let seen = match self.identity().await? {
            CredentialSource::Fetched(provider) => {
                // Before the request, so that none of its time limits runs while a person looks for a code.
                provider.get().await?;
                Some((provider, provider.fetches()))
            }
            _ => None,
        };
        let try_once = || async move { attempt(self.connection().await?).await };
        let mend = |cause| {
            let connection = connection.clone();
            async move {
                match (cause, seen) {
                    (Cause::Expired, Some((provider, seen))) => provider.renew(seen).await.is_ok(),
                    (Cause::Unexplained, Some((provider, seen))) => provider.suspect(seen).await,
                    (Cause::Elsewhere(region), _) => {
                        self.move_to(&connection, region).await.is_ok_and(|moved| moved)
                    }
                    _ => false,
                }
            }
        };
        // Boxed: the futures around it would grow by all of it, and with each layer of them anew.
        let outcome = Box::pin(connection.retries.run(operation, try_once, mend)).await;
        outcome.map_err(|error| match misplaced(connection.route.url.as_deref(), &self.0.bucket, &error) {
            Some(advice) => error.with_advice(&advice),
            None => error,
        })
    }

    /// Goes on in the region that a server named; false if that is where we asked.
    async fn move_to(&self, from: &Connection, region: String) -> Result<bool> {
        if from.region == region {
            return Ok(false);
        }
        event(Level::Info, format!("bucket {} lives in {region}", self.0.bucket));
        let settings = self.completed().await?;
        let moved = Connection::open(settings, &self.0.bucket, region.clone()).await?;
        regions::learn(route(settings, &self.0.bucket)?.url.as_deref(), &self.0.bucket, &region)?;
        // A failure to set it only means that another call was first.
        let _ = self.0.moved.get(|| Ok(OnceCell::new()))?.set(Arc::new(moved));
        Ok(true)
    }
}
