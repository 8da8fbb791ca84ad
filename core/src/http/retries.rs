//! How often a failed request is sent again, and after which pause: the arithmetic that S3 and the services
//! beside it share.
//!
//! Invariant: pauses grow, are random and have an end; the tokens that calls share bound all their retries
//! together.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Attempts at a request where the setting `max_attempts` is not given.
pub(crate) const ATTEMPTS: u32 = 5;
/// The longest pause of our own accord, and the longest that a server may ask for.
pub(crate) const LONGEST: Duration = Duration::from_secs(20);
pub(crate) const LONGEST_ASKED: Duration = Duration::from_secs(60);
/// The first pause, and the first after a server asked to slow down.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_THROTTLED: Duration = Duration::from_secs(1);
/// What a retry costs.
pub(crate) const COST: u32 = 5;
pub(crate) const COST_OF_TIMEOUT: u32 = 10;

/// What calls have to spend on retries together.
pub(crate) struct Tokens(AtomicU32);

impl Tokens {
    /// As many as there are at most.
    pub(crate) const MOST: u32 = 500;

    /// Takes so many tokens, unless there are fewer.
    pub(crate) fn spend(&self, cost: u32) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(cost)).is_ok()
    }

    pub(crate) fn refund(&self, tokens: u32) {
        if self.0.load(Ordering::Relaxed) < Tokens::MOST {
            let _ = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                Some((held + tokens).min(Tokens::MOST))
            });
        }
    }
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens(AtomicU32::new(Tokens::MOST))
    }
}

/// How long to wait after so many tries: a random part of a span that doubles, but not less than the server
/// asks for.
pub(crate) fn pause(throttled: bool, tries: u32, asked: Option<Duration>) -> Duration {
    let first = if throttled { PAUSE_THROTTLED } else { PAUSE };
    let span = first.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST);
    let chance = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
    span.mul_f64(chance).max(asked.unwrap_or_default().min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        for tries in 1..40 {
            assert!(pause(false, tries, None) <= PAUSE.saturating_mul(1 << (tries - 1).min(16)).min(LONGEST));
        }
        assert_eq!(pause(false, 1, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(pause(true, 1, Some(Duration::from_secs(7000))), LONGEST_ASKED);
    }

    #[test]
    fn tokens_run_out_and_come_back() {
        let tokens = Tokens::default();
        assert_eq!((0..1000).filter(|_| tokens.spend(COST)).count() as u32, Tokens::MOST / COST);
        tokens.refund(COST_OF_TIMEOUT);
        assert!(tokens.spend(COST_OF_TIMEOUT) && !tokens.spend(1));
        tokens.refund(10 * Tokens::MOST);
        assert_eq!(tokens.0.load(Ordering::Relaxed), Tokens::MOST);
    }
}
