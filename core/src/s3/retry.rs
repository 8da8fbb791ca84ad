//! Which failures are tried again, when, and how often: one policy for every request, whoever sends it.
//!
//! Invariant: a failed attempt has changed nothing that a second could harm. However many calls fail at once,
//! the tokens that all of a bucket's calls share bound the retries, so that a server in trouble is not buried
//! under them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::failure::{Attempt, Cause, Failure};
use super::integrity::Integrity;
use crate::config::Settings;
use crate::error::{Error, ErrorKind, Result};
use crate::http::retries::{self, ATTEMPTS, COST, COST_OF_TIMEOUT, Tokens};
use crate::http::{Clock, RequestLimiter, noting_connections};
use crate::observe::{Level, count, event, heard};
use crate::runtime;
use crate::tally::Tally;

/// Sets the clock by the server's, if the difference is why it refused.
fn corrected(clock: &Clock, failure: &Failure) -> bool {
    let date = failure.date.filter(|_| matches!(failure.error.status(), Some(400 | 403)));
    let Some(ahead) = date.and_then(|date| clock.correct(date)) else { return false };
    event(
        Level::Warning,
        format!(
            "the server's clock is {ahead} s ahead of this machine's; requests are signed for the server's \
             time"
        ),
    );
    true
}

/// What all calls to one bucket at one endpoint share of its responses.
pub(super) struct Health {
    tokens: Tokens,
    pub(super) clock: Arc<Clock>,
    pub(super) pace: RequestLimiter,
    /// Responses that asked for less, and those that did not come in time.
    complaints: AtomicU64,
}

impl Health {
    /// The health of a bucket, shared within the process; the clock is the endpoint's.
    pub(super) fn of(endpoint: Option<&str>, bucket: &str) -> Result<Arc<Health>> {
        let (generation, endpoint) = (runtime::current()?, endpoint.unwrap_or_default());
        let clock = generation.shared(&format!("clock {endpoint}"), Clock::default);
        Ok(generation.shared(&format!("health {endpoint} {bucket}"), || Health::new(clock)))
    }

    /// How often the server asked for less, or did not answer in time.
    pub(super) fn complaints(&self) -> u64 {
        self.complaints.load(Ordering::Relaxed)
    }

    fn new(clock: Arc<Clock>) -> Health {
        Health {
            tokens: Tokens::default(),
            clock,
            pace: RequestLimiter::default(),
            complaints: AtomicU64::new(0),
        }
    }
}

/// How one store tries.
pub(super) struct Retries {
    pub(super) health: Arc<Health>,
    integrity: Arc<Integrity>,
    attempts: u32,
    adaptive: bool,
    attempt_timeout: Option<Duration>,
    operation_timeout: Option<Duration>,
    /// Host and port, as messages name them.
    server: String,
    /// Places for requests, if the store has a limit.
    places: Option<Semaphore>,
}

impl Retries {
    pub(super) fn new(
        settings: &Settings,
        health: Arc<Health>,
        integrity: Arc<Integrity>,
        server: String,
    ) -> Retries {
        Retries {
            health,
            integrity,
            attempts: settings.max_attempts.unwrap_or(ATTEMPTS),
            adaptive: settings.retry_mode.as_deref() == Some("adaptive"),
            attempt_timeout: settings.attempt_timeout,
            operation_timeout: settings.operation_timeout,
            server,
            places: settings.max_requests.map(|most| Semaphore::new(most as usize)),
        }
    }

    /// Host and port of the server, as messages name it.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// Tries until it works, until a retry can't help, or until the time is over. `mend` looks at a failure
    /// that waiting does not help (expired credentials, another region) and returns whether it did something
    /// about it.
    pub(super) async fn run<T, A, M>(
        &self,
        operation: &str,
        attempt: impl Fn() -> A,
        mend: impl Fn(Cause) -> M,
    ) -> Result<T>
    where
        A: Future<Output = Attempt<T>>,
        M: Future<Output = bool>,
    {
        let progress = Progress::default();
        let tries = self.tries(operation, &progress, attempt, mend);
        if self.attempt_timeout.is_none() && self.operation_timeout.is_none() {
            return tries.await;
        }
        // A limit that passes takes the request with it; whether that had a connection is known by then only
        // from here.
        let tries = noting_connections(progress.connected.clone(), tries);
        let Some(limit) = self.operation_timeout else { return tries.await };
        tokio::time::timeout(limit, tries).await.unwrap_or_else(|_| {
            let late = self.late("operation_timeout", limit, &progress);
            Err(progress.told(if late.sent { late.error.unsure() } else { late.error }))
        })
    }

    async fn tries<T, A, M>(
        &self,
        operation: &str,
        progress: &Progress,
        attempt: impl Fn() -> A,
        mend: impl Fn(Cause) -> M,
    ) -> Result<T>
    where
        A: Future<Output = Attempt<T>>,
        M: Future<Output = bool>,
    {
        let (mut spent, mut unsure) = (0, false);
        let mut mended = HashSet::new();
        loop {
            let tries = progress.tries.fetch_add(1, Ordering::Relaxed) + 1;
            let failure = {
                // Never closed, so there is always a place in the end.
                let _place = match &self.places {
                    Some(places) => places.acquire().await.ok(),
                    None => None,
                };
                let _pace = self.health.pace.enter(self.adaptive).await;
                let sent = Instant::now();
                count(|tally| tally.request(tries));
                let outcome = self.attempt(progress, &attempt).await;
                if outcome.as_ref().map_or_else(|failure| failure.error.status().is_some(), |_| true) {
                    count(|tally| tally.answer(sent.elapsed()));
                }
                match outcome {
                    Ok(answer) => {
                        if heard(Level::Debug) {
                            event(Level::Debug, format!("{operation}: answered (attempt {tries})"));
                        }
                        self.health.pace.went_well(self.adaptive);
                        // What the retries of a call that came through cost is paid back; one that needed
                        // none mends the bucket slowly.
                        self.health.tokens.refund(spent.max(1));
                        return Ok(answer);
                    }
                    Err(failure) => failure,
                }
            };
            unsure |= failure.unsure();
            let given_up = |failure: Failure| {
                tell(operation, &failure, tries, None);
                let error = progress.told(failure.error);
                Err(if unsure { error.unsure() } else { error })
            };
            let slow = failure.cause == Cause::Throttled || failure.error.status() == Some(503);
            if slow || matches!(failure.cause, Cause::Timeout) {
                self.health.complaints.fetch_add(1, Ordering::Relaxed);
            }
            if slow {
                self.health.pace.slow_down(self.adaptive);
                count(Tally::throttled);
            }
            let cost = match failure.cause {
                Cause::Transient | Cause::Throttled => COST,
                Cause::Timeout => COST_OF_TIMEOUT,
                // Each of these is mended once, and tried again at once.
                Cause::Final | Cause::Elsewhere(_)
                    if corrected(&self.health.clock, &failure) && mended.insert("clock") =>
                {
                    tell(operation, &failure, tries, None);
                    continue;
                }
                Cause::Final if self.demands_md5(&failure) && mended.insert("md5") => {
                    tell(operation, &failure, tries, None);
                    continue;
                }
                Cause::Expired | Cause::Unexplained
                    if mended.insert("credentials") && mend(failure.cause.clone()).await =>
                {
                    tell(operation, &failure, tries, None);
                    continue;
                }
                Cause::Elsewhere(_) if mended.insert("region") && mend(failure.cause.clone()).await => {
                    tell(operation, &failure, tries, None);
                    continue;
                }
                _ => return given_up(failure),
            };
            if tries >= self.attempts || !self.health.tokens.spend(cost) {
                return given_up(failure);
            }
            spent += cost;
            let pause = retries::pause(failure.cause == Cause::Throttled, tries, failure.after);
            tell(operation, &failure, tries, Some((self.attempts, pause)));
            tokio::time::sleep(pause).await;
        }
    }

    fn demands_md5(&self, failure: &Failure) -> bool {
        self.integrity.demanded_md5(failure.error.code(), Some(failure.error.message()))
    }

    async fn attempt<T, A>(&self, progress: &Progress, attempt: &impl Fn() -> A) -> Attempt<T>
    where
        A: Future<Output = Attempt<T>>,
    {
        match self.attempt_timeout {
            None => attempt().await,
            Some(limit) => tokio::time::timeout(limit, attempt())
                .await
                .unwrap_or_else(|_| Err(self.late("attempt_timeout", limit, progress))),
        }
    }

    /// The failure of an attempt, or of all of them, that took longer than a setting allows.
    fn late(&self, setting: &str, limit: Duration, progress: &Progress) -> Failure {
        let message = format!("{} did not answer within {} s", self.server, limit.as_secs_f64());
        let error =
            Error::new(ErrorKind::Timeout, message).with_advice(&format!("see the setting `{setting}`"));
        Failure { cause: Cause::Timeout, sent: progress.connected.load(Ordering::Relaxed), ..error.into() }
    }
}

/// How far a request has come.
struct Progress {
    started: Instant,
    tries: AtomicU32,
    /// Whether one of them had a connection; kept up only where a time limit may end an attempt.
    connected: Arc<AtomicBool>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { started: Instant::now(), tries: AtomicU32::new(0), connected: Arc::default() }
    }
}

impl Progress {
    /// The error with the attempts it took and their time: of a server that gave no response, or got more
    /// than one request.
    fn told(&self, error: Error) -> Error {
        let (tries, took) = (self.tries.load(Ordering::Relaxed), self.started.elapsed());
        let is_unanswered =
            error.status().is_none() && matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout);
        if tries < 2 && !is_unanswered {
            return error;
        }
        let took = if took.as_secs() > 0 {
            format!("{:.1} s", took.as_secs_f64())
        } else {
            format!("{} ms", took.as_millis())
        };
        error.with_detail(&format!("{tries} attempt{} in {took}", if tries == 1 { "" } else { "s" }))
    }
}

/// Logs an attempt's outcome: never a URL, a header or a body; those may hold signatures and data. `next` is
/// how many attempts are allowed, and the pause before the next one. Only a retry is worth a warning: a
/// failure becomes an error.
fn tell(operation: &str, failure: &Failure, tries: u32, next: Option<(u32, Duration)>) {
    let status = failure.error.status();
    let is_warning = next.is_some() && status.is_none_or(|status| status >= 500 || status == 429);
    let level = if is_warning { Level::Warning } else { Level::Debug };
    if heard(level) {
        let code = failure.error.code().map_or_else(String::new, |code| format!(" {code}"));
        let outcome =
            status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}{code}"));
        let attempt = match next {
            None => format!("attempt {tries}"),
            Some((most, pause)) => {
                format!("attempt {tries} of {most}; the next follows in {} ms", pause.as_millis())
            }
        };
        event(level, format!("{operation}: {outcome} ({attempt})"));
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn failure(cause: Cause) -> Failure {
        Failure { cause, ..Error::new(ErrorKind::Service, "no").with_answer(Some(500), None, None).into() }
    }

    #[test]
    fn the_servers_clock_is_learnt_once() {
        let clock = Clock::default();
        let skewed = |date| Failure {
            date: Some(date),
            ..Error::new(ErrorKind::PermissionDenied, "no")
                .with_answer(Some(403), Some("RequestTimeTooSkewed"), None)
                .into()
        };
        let ahead = SystemTime::now() + Duration::from_secs(3600);
        assert!(corrected(&clock, &skewed(ahead)));
        assert!(clock.now().duration_since(ahead - Duration::from_secs(5)).is_ok());
        assert!(!corrected(&clock, &skewed(ahead)), "the clock is right now");
        assert!(
            !corrected(&clock, &Failure { date: Some(SystemTime::now()), ..failure(Cause::Final) }),
            "a 500 is no sign of a wrong clock"
        );
    }
}
