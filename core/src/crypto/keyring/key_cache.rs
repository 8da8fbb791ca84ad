//! Data keys that KMS unwrapped, kept for the next reads of one store.
//!
//! Invariant: a key is found only under the whole request to KMS and the identity that sent it. It serves a
//! limited number of reads and a limited time, and is wiped when removed. The cache holds at most 1024 keys.
//! Stores share none, and a forked child starts with none.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::PlainKey;
use crate::error::Result;
use crate::runtime::PerGeneration;

/// Keys that are kept at most.
const MOST: usize = 1024;

/// Identifies a data key among those that a store's KMS key unwraps.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Label([u8; 32]);

impl Label {
    /// The label of a wrapped key under its encryption context, for one identity.
    pub(super) fn of(identity: &str, wrapped: &[u8], context: &BTreeMap<String, String>) -> Label {
        let mut hash = Sha256::new();
        let texts = context.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        for part in [identity.as_bytes(), wrapped].into_iter().chain(texts) {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Label(hash.finalize().into())
    }
}

/// The keys of one store.
pub(crate) struct KeyCache {
    /// Reads that one key serves.
    reads: u64,
    age: Duration,
    slots: PerGeneration<Mutex<HashMap<Label, CacheSlot>>>,
}

/// Locked during the request to KMS, so that concurrent readers send one request.
type CacheSlot = Arc<tokio::sync::Mutex<Option<CachedKey>>>;

struct CachedKey {
    key: PlainKey,
    since: Instant,
    used: u64,
}

impl KeyCache {
    pub(crate) fn new(reads: u64, age: Duration) -> KeyCache {
        KeyCache { reads, age, slots: PerGeneration::new() }
    }

    /// The key of this label: one that is kept, else what `ask` answers.
    pub(super) async fn get(
        &self,
        label: Label,
        ask: impl Future<Output = Result<PlainKey>>,
    ) -> Result<PlainKey> {
        let slot = self.slot(label)?;
        let mut held = slot.lock().await;
        if let Some(entry) = held.as_mut().filter(|entry| self.serves(entry)) {
            entry.used += 1;
            return Ok(entry.key.clone());
        }
        *held = None;
        let key = ask.await?;
        *held = Some(CachedKey { key: key.clone(), since: Instant::now(), used: 1 });
        Ok(key)
    }

    fn serves(&self, entry: &CachedKey) -> bool {
        entry.used < self.reads && entry.since.elapsed() < self.age
    }

    fn slots(&self) -> Result<MutexGuard<'_, HashMap<Label, CacheSlot>>> {
        Ok(self.slots.get(|| Ok(Mutex::default()))?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The place for a key, once those are gone that serve nobody any more.
    fn slot(&self, label: Label) -> Result<CacheSlot> {
        let mut slots = self.slots()?;
        if let Some(slot) = slots.get(&label) {
            return Ok(slot.clone());
        }
        // One that is locked is being asked for.
        slots.retain(|_, slot| {
            slot.try_lock().map_or(true, |held| held.as_ref().is_some_and(|entry| self.serves(entry)))
        });
        if slots.len() >= MOST {
            let since = |slot: &CacheSlot| {
                slot.try_lock().ok().and_then(|held| held.as_ref().map(|entry| entry.since))
            };
            let oldest = slots
                .iter()
                .filter_map(|(label, slot)| Some((since(slot)?, *label)))
                .min_by_key(|(since, _)| *since);
            oldest.map(|(_, label)| slots.remove(&label));
        }
        let slot = CacheSlot::default();
        if slots.len() < MOST {
            slots.insert(label, slot.clone());
        }
        Ok(slot)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use zeroize::Zeroizing;

    use super::*;

    fn label(number: usize) -> Label {
        Label::of("AKID", &number.to_le_bytes(), &BTreeMap::new())
    }

    #[test]
    fn whatever_differs_is_another_key() {
        let context = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let labels = [
            Label::of("a", b"wrapped", &context("n", "v")),
            Label::of("b", b"wrapped", &context("n", "v")),
            Label::of("a", b"wrappe", &context("n", "v")),
            Label::of("a", b"wrapped", &context("nv", "")),
            Label::of("a", b"wrapped", &context("", "nv")),
            Label::of("a", b"wrapped", &BTreeMap::new()),
            Label::of("aw", b"rapped", &context("n", "v")),
        ];
        assert_eq!(labels.iter().collect::<std::collections::HashSet<_>>().len(), labels.len());
    }

    #[tokio::test]
    async fn a_key_serves_so_many_reads_and_grows_so_old() {
        let asked = AtomicU64::new(0);
        let ask = || async {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(Zeroizing::new(vec![7; 32]))
        };
        let kept = KeyCache::new(3, Duration::from_secs(300));
        for _ in 0..7 {
            assert_eq!(*kept.get(label(0), ask()).await.unwrap(), vec![7; 32]);
        }
        assert_eq!(asked.swap(0, Ordering::Relaxed), 3);
        let kept = KeyCache::new(3, Duration::ZERO);
        for _ in 0..4 {
            kept.get(label(0), ask()).await.unwrap();
        }
        assert_eq!(asked.swap(0, Ordering::Relaxed), 4);
        // All who want it at once ask once; a refusal is not kept.
        let kept = KeyCache::new(100, Duration::from_secs(300));
        let gate = tokio::sync::Semaphore::new(0);
        let slow = || async {
            let _pass = gate.acquire().await;
            ask().await
        };
        let all = futures_util::future::join_all((0..10).map(|_| kept.get(label(1), slow())));
        let open = async { gate.add_permits(1) };
        assert!(tokio::join!(all, open).0.into_iter().all(|found| found.is_ok()));
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1);
        let refuse = || async { Err(crate::crypto::refused()) };
        assert!(kept.get(label(2), refuse()).await.is_err() && kept.get(label(2), ask()).await.is_ok());
    }

    #[tokio::test]
    async fn there_are_never_more_than_so_many() {
        let kept = KeyCache::new(100, Duration::from_secs(300));
        for number in 0..MOST + 10 {
            kept.get(label(number), async { Ok(Zeroizing::new(vec![0; 32])) }).await.unwrap();
        }
        assert_eq!(kept.slots().unwrap().len(), MOST);
        let gone = kept.get(label(0), async { Ok(Zeroizing::new(vec![1; 32])) }).await.unwrap();
        assert_eq!(*gone, vec![1; 32], "the oldest went first");
    }
}
