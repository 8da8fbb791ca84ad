//! Reading ahead: the narinfos that a narinfo refers to, and the small NARs of narinfos that were requested.
//!
//! Invariant: bounded in bytes and in requests. Only what exists is kept, and for a minute: what is missing
//! now may be pushed at any moment. Each object is fetched once at a time.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};

use crate::cache::{Cache, Small, read_narinfo};
use crate::narinfo::NarInfo;

/// How long a narinfo is kept.
const FRESH: Duration = Duration::from_secs(60);
/// NARs up to this size are read ahead.
const SMALL_NAR: u64 = 1 << 20;
/// Requests of reading ahead at a time.
const REQUESTS: usize = 32;
/// Levels of references that are read ahead of a request.
const LEVELS: u32 = 2;
/// NARs that may wait for their turn.
const WAITING: usize = 10_000;

type Fetch = Arc<OnceCell<Option<Small>>>;

/// What was read ahead.
pub struct Ahead {
    cache: Cache,
    most: u64,
    requests: Semaphore,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    objects: HashMap<String, (Small, Instant, u64)>,
    /// By age, the oldest first.
    order: BTreeMap<u64, String>,
    count: u64,
    bytes: u64,
    running: HashMap<String, Fetch>,
    /// NARs of narinfos that were requested: they will be too.
    wanted: VecDeque<String>,
}

impl Kept {
    fn remove(&mut self, key: &str) -> Option<Small> {
        let (small, _, at) = self.objects.remove(key)?;
        self.order.remove(&at);
        self.bytes -= weight(key, &small);
        Some(small)
    }

    fn insert(&mut self, key: &str, small: Small, most: u64) {
        self.remove(key);
        let size = weight(key, &small);
        if size > most {
            return;
        }
        while self.bytes + size > most {
            let Some(oldest) = self.order.values().next().cloned() else { break };
            self.remove(&oldest);
        }
        self.count += 1;
        self.bytes += size;
        self.order.insert(self.count, key.to_owned());
        self.objects.insert(key.to_owned(), (small, Instant::now(), self.count));
    }
}

fn weight(key: &str, small: &Small) -> u64 {
    (small.body.len() + 2 * key.len() + 200) as u64
}

impl Ahead {
    /// Keeps at most so many bytes.
    pub fn new(cache: Cache, most: u64) -> Ahead {
        Ahead { cache, most, requests: Semaphore::new(REQUESTS), kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A small file, from memory or from the cache.
    pub async fn read(&self, key: &str) -> oarlock::Result<Option<Small>> {
        let fetch = {
            let mut kept = self.kept();
            match kept.objects.get(key) {
                Some((small, since, _)) if since.elapsed() < FRESH => return Ok(Some(small.clone())),
                _ => kept.running.entry(key.to_owned()).or_default().clone(),
            }
        };
        let read = fetch.get_or_try_init(|| self.cache.read(key)).await.cloned();
        let mut kept = self.kept();
        if kept.running.get(key).is_some_and(|running| Arc::ptr_eq(running, &fetch)) {
            kept.running.remove(key);
            if let Ok(Some(small)) = &read {
                kept.insert(key, small.clone(), self.most);
            }
        }
        read
    }

    /// Forgets a file that is written now.
    pub fn forget(&self, key: &str) {
        let mut kept = self.kept();
        kept.remove(key);
        kept.running.remove(key);
    }

    /// A client has requested this narinfo: its references and its NAR come next.
    pub fn requested(self: &Arc<Self>, small: &Small) {
        if self.most == 0 {
            return;
        }
        let encoding = small.content_encoding.as_deref().unwrap_or_default();
        // To decode others takes a process each.
        if !encoding.is_empty() {
            return;
        }
        let Ok(narinfo) = read_narinfo(encoding, &small.body) else { return };
        self.want(&narinfo);
        self.follow(&narinfo, LEVELS);
    }

    fn want(&self, narinfo: &NarInfo) {
        let is_small = narinfo.file_size.is_some_and(|size| size <= SMALL_NAR);
        if let Some(key) = narinfo.nar_key().filter(|_| is_small) {
            let mut kept = self.kept();
            if kept.wanted.len() == WAITING {
                kept.wanted.pop_front();
            }
            kept.wanted.push_back(key.to_owned());
        }
    }

    fn follow(self: &Arc<Self>, narinfo: &NarInfo, levels: u32) {
        if levels == 0 {
            return;
        }
        for key in narinfo.other_references().map(|path| path.narinfo_key()) {
            if self.kept().objects.contains_key(&key) || self.kept().running.contains_key(&key) {
                continue;
            }
            let ahead = self.clone();
            tokio::spawn(async move {
                let Ok(_permit) = ahead.requests.acquire().await else { return };
                // A failure is found again by the client's own request.
                let Ok(Some(small)) = ahead.read(&key).await else { return };
                if small.content_encoding.is_none()
                    && let Ok(narinfo) = read_narinfo("", &small.body)
                {
                    ahead.follow(&narinfo, levels - 1);
                }
            });
        }
    }

    /// A client requests this NAR: those of the other narinfos that it requested come next.
    pub fn follow_nars(self: &Arc<Self>, now: &str) {
        if self.most == 0 {
            return;
        }
        let next: Vec<String> = {
            let mut kept = self.kept();
            kept.wanted.retain(|key| key != now);
            let room = REQUESTS.saturating_sub(kept.running.len());
            let count = if kept.bytes > self.most / 2 { 0 } else { room.min(kept.wanted.len()) };
            kept.wanted.drain(..count).collect()
        };
        for key in next {
            let ahead = self.clone();
            tokio::spawn(async move {
                let _ = ahead.read(&key).await;
            });
        }
    }

    /// A NAR that was read ahead, or is just being: nothing is fetched for this. It is not kept.
    pub async fn take(&self, key: &str) -> Option<Small> {
        let running = {
            let mut kept = self.kept();
            match kept.remove(key) {
                Some(small) => return Some(small),
                None => kept.running.get(key).cloned()?,
            }
        };
        // The fetch goes on by itself; this only joins it.
        let read = running.get_or_try_init(|| self.cache.read(key)).await.ok().cloned().flatten();
        self.kept().remove(key);
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(size: usize) -> Small {
        Small { body: vec![0; size].into(), content_type: None, content_encoding: None }
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let mut kept = Kept::default();
        for number in 0..100 {
            kept.insert(&number.to_string(), small(1000), 10_000);
            assert!(kept.bytes <= 10_000);
        }
        assert!(kept.objects.contains_key("99") && !kept.objects.contains_key("0"));
        assert_eq!(kept.order.len(), kept.objects.len());
        kept.insert("99", small(20_000), 10_000);
        assert!(!kept.objects.contains_key("99"));
        for number in 0..100 {
            kept.remove(&number.to_string());
        }
        assert_eq!((kept.bytes, kept.order.len()), (0, 0));
    }
}
