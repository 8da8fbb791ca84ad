//! The uploads that this process is creating or has created, and that have not ended.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::runtime;

/// The uploads of this process.
#[derive(Default)]
pub(super) struct Uploads {
    /// How many are being created, by bucket and key.
    pub(super) beginning: HashMap<String, u32>,
    /// The ids of those that were created and have not ended.
    pub(super) ids: HashSet<String>,
}

#[derive(Default)]
pub(super) struct Known(Mutex<Uploads>);

impl Known {
    pub(super) fn here() -> Result<Arc<Known>> {
        Ok(runtime::current()?.shared("multipart uploads", Known::default))
    }

    pub(super) fn uploads(&self) -> MutexGuard<'_, Uploads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The upload has ended, and nobody takes it for a lost one any more.
pub(super) fn forget(upload_id: &str) {
    if let Ok(known) = Known::here() {
        known.uploads().ids.remove(upload_id);
    }
}
