//! A `Store` of objects: a bucket with a prefix, or a directory.
//!
//! Invariant: opening a store sends no request and starts no thread. Cloning one is cheap. It works after a
//! fork.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::keys::ErrorTarget;
use crate::local::Local;
use crate::s3::S3;
use crate::tally::Tallies;
use crate::value::Value;

/// A store of objects. [`verbs`](crate::verbs) lists its verbs.
///
/// ```
/// use oarlock::Store;
/// let directory = tempfile::tempdir().unwrap();
/// let store = Store::open(&format!("file://{}", directory.path().display()), vec![]).unwrap();
/// store.put("greeting", "hello", Default::default()).wait(None).unwrap();
/// assert!(store.exists("greeting", Default::default()).wait(None).unwrap());
/// ```
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreState>,
    /// Whether calls run on the thread that waits for them.
    inline: bool,
}

struct StoreState {
    config: Config,
    backend: Backend,
    tallies: Tallies,
}

/// The two kinds of store.
#[derive(Clone)]
pub(crate) enum Backend {
    S3(S3),
    Local(Local),
}

impl Store {
    /// Opens the store that a URL names: `s3://bucket/prefix?setting=value` or `file:///directory`.
    ///
    /// `settings` (names: [`config::keys`](crate::config::keys)) win over those in the URL. No network is
    /// touched.
    ///
    /// # Errors
    /// `Config` for a malformed URL, an unknown setting or settings that exclude each other.
    pub fn open(url: &str, settings: Vec<(String, Value)>) -> Result<Store> {
        let config = Config::from_url(url, settings)?;
        let backend = match config.directory() {
            Some(directory) => Backend::Local(Local::open(directory, &config)?),
            None => Backend::S3(S3::open(&config)?),
        };
        Ok(Store {
            inner: Arc::new(StoreState { config, backend, tallies: Tallies::default() }),
            inline: false,
        })
    }

    /// The same store, for callers that wait for each call at once. The waiting thread, or the awaiting task,
    /// sends the requests itself, which saves waking another thread. Nothing happens before the wait, or
    /// while the caller does anything else.
    ///
    /// Awaiting such a call requires a tokio runtime with I/O and time. On a thread of such a runtime, await
    /// it instead of blocking.
    ///
    /// ```
    /// # use oarlock::Store;
    /// # let directory = tempfile::tempdir().unwrap();
    /// let store = Store::open(&format!("file://{}", directory.path().display()), vec![]).unwrap().inline();
    /// store.put("greeting", "hello", Default::default()).wait(None).unwrap();
    /// ```
    pub fn inline(&self) -> Store {
        Store { inner: self.inner.clone(), inline: true }
    }

    /// Whether calls run on the thread that waits. A directory's calls do not: other threads do their work
    /// anyway.
    pub(crate) fn runs_inline(&self) -> bool {
        self.inline && matches!(self.backend(), Backend::S3(_))
    }

    /// The store's settings by name, as given, with secrets left out.
    pub fn settings(&self) -> Vec<(String, Value)> {
        self.inner.config.shown()
    }

    /// The store's settings by name, secrets included: enough to open it again in another process.
    pub fn to_pairs(&self) -> Vec<(String, Value)> {
        self.inner.config.to_pairs()
    }

    /// The store's URL without settings and secrets.
    pub fn url(&self) -> String {
        self.inner.config.url()
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.inner.backend
    }

    pub(crate) fn tallies(&self) -> &Tallies {
        &self.inner.tallies
    }

    pub(crate) fn place(&self) -> ErrorTarget {
        ErrorTarget { bucket: self.inner.config.place(), key: None }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.url())
    }
}
