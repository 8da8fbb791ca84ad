//! `copy`: paths with their closure from one cache into another, on the server where that is possible.
//!
//! Invariant: a NAR is copied before its narinfo, and a narinfo after those of its references. Narinfos keep
//! their signatures.

use std::collections::{BTreeMap, BTreeSet};

use oarlock::options;
use serde_json::json;

use crate::arguments::{Arguments, CommandRow};
use crate::cache::Cache;
use crate::failure::{Failure, Result, stopped};
use crate::narinfo::NarInfo;
use crate::output::{Progress, print};
use crate::store_path::StorePath;

/// Objects that are copied at a time.
const AT_A_TIME: usize = 32;

/// The command.
pub const ROW: CommandRow = CommandRow {
    name: "copy",
    words: "FROM-URL TO-URL [PATHS…]",
    doc: "Copies paths with their closure, or a whole cache, into another cache.",
    options: &[],
};

/// Runs the command.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let (from_url, rest) = arguments.url()?;
    let Some((to_url, given)) = rest.split_first() else {
        return Err(Failure::usage("the second word must be the URL of the cache to copy into"));
    };
    let settings = arguments.path("settings-file");
    let from = Cache::open(from_url, settings.as_deref())?;
    let to = Cache::open(to_url, settings.as_deref())?;
    let mut progress = Progress::new(arguments.has("quiet"));
    let mut wanted = given.to_vec();
    if wanted.is_empty() {
        progress.show(|| "listing the cache".to_owned());
        let keys: Vec<String> =
            from.list("").await?.into_keys().filter(|key| key.ends_with(".narinfo")).collect();
        let read = from.narinfos(&keys, |_| {}).await?;
        wanted.extend(read.into_values().flatten().map(|narinfo| narinfo.full_path()));
    }
    let copied = paths(&from, from_url.to_owned(), &to, &wanted, &mut progress).await?;
    drop(progress);
    if arguments.has("json") {
        print(&json!({"copied": copied}).to_string());
    } else {
        print(&format!("copied {} paths", copied.len()));
    }
    Ok(())
}

/// Copies the closure of these paths, as far as the source has it; returns the base names that were copied.
pub async fn paths(
    from: &Cache,
    from_url: String,
    to: &Cache,
    wanted: &[String],
    progress: &mut Progress,
) -> Result<Vec<String>> {
    let closure = closure(from, wanted).await?;
    let keys: Vec<String> = closure.keys().map(StorePath::narinfo_key).collect();
    let (there, _) = to.heads(&keys).await?;
    let mut left: BTreeMap<StorePath, NarInfo> =
        closure.into_iter().filter(|(path, _)| !there.contains_key(&path.narinfo_key())).collect();
    let settings = options::SecretMap(
        from.store.to_pairs().into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect(),
    );
    let from_url = from_url.split('?').next().unwrap_or_default().to_owned();
    let count = left.len();
    let mut copied = Vec::new();
    let nars: BTreeSet<String> = left.values().filter_map(NarInfo::nar_key).map(str::to_owned).collect();
    let mut running = tokio::task::JoinSet::new();
    let permits = std::sync::Arc::new(tokio::sync::Semaphore::new(AT_A_TIME));
    for key in nars {
        let how = options::Copy {
            source_store: Some(from_url.clone()),
            source_settings: Some(settings.clone()),
            ..Default::default()
        };
        let (to, permits) = (to.clone(), permits.clone());
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            to.store.copy(key.clone(), key, how).await.map(drop)
        });
    }
    while let Some(joined) = running.join_next().await {
        joined.map_err(stopped)??;
        progress.show(|| format!("{} NARs left of {count} paths", running.len()));
    }
    // Each round writes those whose references are all written.
    while !left.is_empty() {
        let ready: Vec<StorePath> = left
            .values()
            .filter(|info| !info.other_references().any(|path| left.contains_key(path)))
            .map(|info| info.path.clone())
            .collect();
        if ready.is_empty() {
            return Err(Failure::new("the references of some narinfos make a circle"));
        }
        for batch in ready.chunks(AT_A_TIME) {
            let mut running = tokio::task::JoinSet::new();
            for narinfo in batch.iter().filter_map(|path| left.remove(path)) {
                let to = to.clone();
                running.spawn(
                    async move { to.write_narinfo(&narinfo).await.map(|()| narinfo.path.to_string()) },
                );
            }
            while let Some(joined) = running.join_next().await {
                copied.push(joined.map_err(stopped)??);
            }
        }
    }
    copied.sort();
    Ok(copied)
}

fn text(value: oarlock::Value) -> Option<String> {
    match value {
        oarlock::Value::Str(text) => Some(text),
        oarlock::Value::Bool(flag) => Some(flag.to_string()),
        oarlock::Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

async fn closure(from: &Cache, wanted: &[String]) -> Result<BTreeMap<StorePath, NarInfo>> {
    let mut found = BTreeMap::new();
    let mut waiting: BTreeSet<StorePath> =
        wanted.iter().map(|path| StorePath::parse(path).map_err(Failure::usage)).collect::<Result<_>>()?;
    while !waiting.is_empty() {
        let keys: Vec<String> = waiting.iter().map(StorePath::narinfo_key).collect();
        waiting.clear();
        for (key, read) in from.narinfos(&keys, |_| {}).await? {
            let narinfo =
                read.map_err(|why| Failure::new(format!("{}/{key} is damaged: {why}", from.url())))?;
            found.insert(narinfo.path.clone(), narinfo);
        }
        for narinfo in found.values() {
            waiting.extend(narinfo.other_references().filter(|path| !found.contains_key(path)).cloned());
        }
        // What the source has not is not looked for twice.
        waiting.retain(|path| !keys.contains(&path.narinfo_key()));
        if found.is_empty() {
            break;
        }
    }
    Ok(found)
}
