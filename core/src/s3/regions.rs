//! The regions that servers corrected us to, for the whole process: a bucket's second store asks in the right
//! place at once.
//!
//! Invariant: holds only what a server returned. Lost with a fork, and learnt again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::runtime;

/// Endpoint and bucket, and where it lives.
type Regions = Mutex<HashMap<(Option<String>, String), String>>;

fn regions() -> Result<std::sync::Arc<Regions>> {
    Ok(runtime::current()?.shared("regions", Regions::default))
}

/// The bucket's region, if a server returned it.
pub(crate) fn known(endpoint: Option<&str>, bucket: &str) -> Result<Option<String>> {
    let regions = regions()?;
    let regions = regions.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(regions.get(&(endpoint.map(str::to_owned), bucket.to_owned())).cloned())
}

/// Keeps what a server returned.
pub(super) fn learn(endpoint: Option<&str>, bucket: &str, region: &str) -> Result<()> {
    regions()?
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert((endpoint.map(str::to_owned), bucket.to_owned()), region.to_owned());
    Ok(())
}
