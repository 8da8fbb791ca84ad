//! A `Store`: one place that holds objects, a bucket with a prefix or a directory.
//!
//! Law: opening one touches no network and no thread; cloning one is cheap; it works on after a fork.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;
use crate::error::Result;
use crate::keys::ErrorTarget;
use crate::local::Local;
use crate::s3::S3;
use crate::tally::Tallies;
use crate::value::Value;

/// One place that holds objects. Its verbs are on the page [`verbs`](crate::verbs).
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
    /// Whether calls run where they are waited for.
    inline: bool,
}

struct StoreState {
    config: Config,
    backend: Backend,
    tallies: Tallies,
}

/// The two kinds of place.
pub(crate) enum Backend {
    S3(S3),
    Local(Local),
}

impl Store {
    /// Opens the place that a URL names: `s3://bucket/prefix?setting=value` or `file:///directory`.
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

    /// The same store, for whoever waits for each call at once: its requests go out on the thread that waits,
    /// or within the task that awaits it, which saves waking another thread. Nothing moves before that, or
    /// while the caller does anything else.
    ///
    /// To await such a call takes a tokio runtime with I/O and time; on a thread of such a runtime it can't
    /// be waited for otherwise.
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

    /// Whether calls run where they are waited for; a directory's work would only be sent on.
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
