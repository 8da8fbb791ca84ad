//! Credentials as all stores of one source share them: fetched once, renewed before they expire.
//!
//! Invariant: however many calls want them, one fetch is under way at a time. Five minutes before they expire
//! they are renewed behind the calls' backs; while that fails the last good ones serve until they expire. A
//! fetch outlives the call that began it, unless it may have to ask the host: then it is the work of a call
//! that someone waits for, and of the next one if that is cancelled.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::answer::WINDOW;
use super::chain::Chain;
use super::trail::Trail;
use super::{SourcedCredentials, asks};
use crate::error::{Error, ErrorKind, Result};
use crate::observe::{self, Level, event, inherited};
use crate::runtime;

const JITTER: u64 = 60;
/// How long to leave a source alone that failed to renew, or gave keys that are short of time already.
const PAUSE: Duration = Duration::from_secs(60);

/// One source of credentials with what it gave last.
#[derive(Clone)]
pub(crate) struct Provider(Arc<ProviderInner>);

struct ProviderInner {
    chain: Chain,
    held: RwLock<HeldCredentials>,
    flight: Arc<Mutex<()>>,
    /// The fetch whose keys are above suspicion.
    trusted: AtomicU64,
}

/// What the last fetch came to.
#[derive(Default)]
struct HeldCredentials {
    /// Counts the fetches: who waited for one takes its outcome.
    fetches: u64,
    keys: Option<SourcedCredentials>,
    renew_at: Option<SystemTime>,
    failure: Option<Error>,
    trail: Arc<Trail>,
}

impl HeldCredentials {
    fn valid(&self) -> Option<&SourcedCredentials> {
        self.keys
            .as_ref()
            .filter(|keys| keys.credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now()))
    }

    fn outcome(&self) -> Result<SourcedCredentials> {
        match (&self.failure, &self.keys) {
            (None, Some(keys)) => Ok(keys.clone()),
            (Some(error), _) => Err(error.clone()),
            (None, None) => Err(Error::new(ErrorKind::Internal, "a fetch of credentials left nothing")),
        }
    }

    fn settle(&mut self, outcome: Result<SourcedCredentials>) {
        let now = SystemTime::now();
        let renewal = self.fetches > 0;
        self.fetches += 1;
        match outcome {
            Ok(keys) => {
                self.renew_at = keys.credentials.expiry().map(|expiry| {
                    let due = expiry - WINDOW - Duration::from_secs(random() % JITTER);
                    if renewal { due.max(now + pause(expiry, now)) } else { due }
                });
                (self.keys, self.failure) = (Some(keys), None);
            }
            Err(error) => {
                if let Some(expiry) = self.valid().and_then(|keys| keys.credentials.expiry()) {
                    event(
                        Level::Warning,
                        format!("credentials could not be renewed yet: {}", error.message()),
                    );
                    self.renew_at = Some(now + pause(expiry, now));
                } else {
                    self.keys = None;
                }
                self.failure = Some(error);
            }
        }
    }
}

fn pause(expiry: SystemTime, now: SystemTime) -> Duration {
    PAUSE.min(expiry.duration_since(now).unwrap_or_default() / 4)
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl Provider {
    pub(super) fn new(chain: Chain) -> Self {
        Provider(Arc::new(ProviderInner {
            chain,
            held: RwLock::default(),
            flight: Arc::default(),
            trusted: AtomicU64::new(0),
        }))
    }

    /// Credentials that are good now.
    pub(crate) async fn get(&self) -> Result<SourcedCredentials> {
        let (seen, keys, due) = {
            let held = self.held();
            (held.fetches, held.valid().cloned(), held.renew_at.is_some_and(|at| at <= SystemTime::now()))
        };
        let Some(keys) = keys else { return self.renew(seen).await };
        if due
            && let Ok(guard) = self.0.flight.clone().try_lock_owned()
            && self.fetches() == seen
        {
            if !asks(&self.0.chain.settings) {
                runtime::workers().spawn(inherited(self.clone().fetch(guard)));
            } else if observe::current().is_some() {
                let renewed = self.clone().fetch(guard).await;
                return renewed.or_else(|error| self.held().valid().cloned().ok_or(error));
            }
        }
        Ok(keys)
    }

    /// The way that the last fetch took, and when the keys are to be renewed.
    pub(crate) fn told(&self) -> (Arc<Trail>, Option<SystemTime>) {
        let held = self.held();
        (held.trail.clone(), held.renew_at)
    }

    fn held(&self) -> RwLockReadGuard<'_, HeldCredentials> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many fetches there have been: taken before a request, for `renew` after it.
    pub(crate) fn fetches(&self) -> u64 {
        self.held().fetches
    }

    /// Credentials newer than those of fetch `seen`, which a server refused or which are not there; fetched
    /// at most once for all who ask.
    pub(crate) async fn renew(&self, seen: u64) -> Result<SourcedCredentials> {
        let guard = tokio::select! {
            biased;
            guard = self.0.flight.clone().lock_owned() => guard,
            never = self.0.chain.host.lend() => match never {},
        };
        {
            let held = self.held();
            if held.fetches != seen {
                return held.outcome();
            }
        }
        if asks(&self.0.chain.settings) {
            return self.clone().fetch(guard).await;
        }
        // A task of its own: a call that is cancelled must not take the fetch away from the others.
        runtime::workers()
            .spawn(inherited(self.clone().fetch(guard)))
            .await
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a fetch of credentials was lost")))
    }

    /// Renews keys of fetch `seen` that a server refused without a reason; false if that was tried already,
    /// with these for its outcome.
    pub(crate) async fn suspect(&self, seen: u64) -> bool {
        if self.0.trusted.load(Ordering::Relaxed) == seen {
            return false;
        }
        let renewed = self.renew(seen).await.is_ok();
        self.0.trusted.store(self.fetches(), Ordering::Relaxed);
        renewed
    }

    async fn fetch(self, _guard: OwnedMutexGuard<()>) -> Result<SourcedCredentials> {
        let mut trail = Trail::default();
        // Boxed, so that what waits for it does not become as deep a type as it is.
        let fetching: Pin<Box<dyn Future<Output = Result<SourcedCredentials>> + Send + '_>> =
            Box::pin(self.0.chain.fetch(&mut trail));
        let outcome = fetching.await;
        // A call that was cancelled while it asked has learned nothing of the source.
        if let Err(error) = &outcome
            && error.kind() == ErrorKind::Cancelled
        {
            return outcome;
        }
        let mut held = self.0.held.write().unwrap_or_else(PoisonError::into_inner);
        held.trail = Arc::new(trail);
        held.settle(outcome);
        held.outcome()
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("oarlock::Provider")
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.get().await.map(|keys| keys.credentials).map_err(CredentialsError::provider_error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(id: &str, seconds: u64) -> SourcedCredentials {
        let expiry = SystemTime::now() + Duration::from_secs(seconds);
        SourcedCredentials {
            credentials: aws_credential_types::Credentials::new(id, "s", None, Some(expiry), "test"),
            provider: "test",
        }
    }

    #[test]
    fn renewed_within_the_window_and_not_at_every_call() {
        let mut held = HeldCredentials::default();
        held.settle(Ok(keys("a", 3600)));
        let at = held.renew_at.unwrap().duration_since(SystemTime::now()).unwrap();
        assert!(at > Duration::from_secs(3600 - 361) && at <= Duration::from_secs(3300), "{at:?}");
        held.settle(Ok(keys("b", 100)));
        assert!(held.renew_at.unwrap() > SystemTime::now() + Duration::from_secs(20));
    }

    #[test]
    fn the_last_good_ones_are_kept_until_they_expire() {
        let mut held = HeldCredentials::default();
        held.settle(Ok(keys("a", 200)));
        assert!(held.renew_at.unwrap() <= SystemTime::now());
        held.settle(Err(Error::new(ErrorKind::Credentials, "no")));
        assert_eq!(held.valid().unwrap().credentials.access_key_id(), "a");
        assert!(held.renew_at.unwrap() > SystemTime::now());
        held.keys = Some(keys("a", 0));
        held.settle(Err(Error::new(ErrorKind::Credentials, "no")));
        assert!(held.valid().is_none() && held.outcome().is_err());
    }
}
